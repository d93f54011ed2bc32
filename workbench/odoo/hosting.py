"""Where an Odoo runs, told from its address, and the pace that is agreed there."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

ONLINE_PACE = 1.0
"""Calls a second on Odoo Online: what Odoo agrees with those who build against it."""

_SH_DATABASE = re.compile(r".+-\d{3,}")
"""Odoo.sh names a database after project, branch and number of the build."""


class Hosting(StrEnum):
    """Who runs the server, as far as it can be told from outside."""

    OWN = "a server of your own"
    ONLINE = "Odoo Online"
    SH = "Odoo.sh, production"
    SH_BUILD = "Odoo.sh, a staging or development build"


def hosting_of(url: str, *, database: str = "", version: str = "") -> Hosting:
    """Tell where an Odoo runs.

    Production branches of Odoo.sh share the domain of Odoo Online; the database's name
    tells them apart. An intermediate version ("saas~18.3") runs on Odoo Online alone,
    whatever the domain in front of it.

    Args:
        url: the address as configured.
        database: its name.
        version: as Odoo writes it; empty where it was not asked for yet.

    Source:
        Odoo's documentation: supported versions; Odoo.sh, branches and builds.
    """
    host = (urlsplit(url).hostname or "").casefold()
    if host.endswith((".dev.odoo.com", ".odoo.sh")):
        return Hosting.SH_BUILD
    if host.endswith(".odoo.com"):
        named = database != host.partition(".")[0] and _SH_DATABASE.fullmatch(database)
        return Hosting.SH if named else Hosting.ONLINE
    return Hosting.ONLINE if version.startswith("saas~") else Hosting.OWN


def pace_at(hosting: Hosting, *, wished: float) -> float:
    """Give the calls a second to keep to; 0 is no limit.

    On Odoo Online a slower pace is kept and a faster one is not: a whole account may be cut
    off there. A production branch of Odoo.sh gets the same pace unless another is set.
    """
    if hosting is Hosting.ONLINE:
        return min(wished or ONLINE_PACE, ONLINE_PACE)
    if hosting is Hosting.SH:
        return wished or ONLINE_PACE
    return wished


def is_loopback(url: str) -> bool:
    """Whether an address leads to this very machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False
