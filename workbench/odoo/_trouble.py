"""Telling a server in trouble from a bad record: the one stops a load, the other is refused.

A full disk makes Odoo refuse every record, one as good as the other. Refusing them all one
by one would take hours and leave a clinic of rejected patients; the load stops instead, and
goes on when the server is well again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from workbench.errors import OdooServerError

_SAID = {
    r"no space left on device|disk full|could not extend file|errno 28\b|errno 122\b":
        "has no space left on its disk",
    r"read-only (?:transaction|file system)|errno 30\b": "may only read its disk or its database",
    r"errno 13\b": "may not write its folder of files",
    r"out of memory|errno 12\b|class 'MemoryError'": "has no memory left",
    r"too many (?:connections|clients)|connection pool is full|remaining connection slots":
        "has no connection to its database left",
    r"terminating connection|connection (?:already )?closed|closed the connection"
    r"|the database system is": "lost its database: that is being stopped or started",
}  # fmt: skip
"""Words of PostgreSQL and of the operating system, in English, and what they mean.

PostgreSQL set to another language says the first and the last otherwise; its SQLSTATE does not
come through `load()`. The operating system's numbers do, in any language.
"""

_KINDS = {
    "DiskFull": "has no space left on its disk",
    "ReadOnlySqlTransaction": "may only read its disk or its database",
    "OutOfMemory": "has no memory left",
    "MemoryError": "has no memory left",
    "TooManyConnections": "has no connection to its database left",
    "PoolError": "has no connection to its database left",
    "AdminShutdown": "lost its database: that is being stopped or started",
    "CrashShutdown": "lost its database: that is being stopped or started",
    "CannotConnectNow": "lost its database: that is being stopped or started",
    "InterfaceError": "lost its database: that is being stopped or started",
}
"""Names of error classes, without their module."""


def said(message: str, *, values: Iterable[object] = ()) -> OdooServerError | None:
    """Give the error that a row's message stands for; None where it is about the row.

    Args:
        message: what Odoo said of the row.
        values: the row's values: words that are theirs, and only quoted, say nothing.
    """
    for words, what in _SAID.items():
        found = re.search(words, message, re.IGNORECASE)
        if found and not any(found[0].casefold() in str(one).casefold() for one in values):
            return OdooServerError(f"Odoo's server {what}.")
    return None


def of_kind(kind: str) -> OdooServerError | None:
    """Give the error that a class name stands for; None where it is not the server's."""
    what = _KINDS.get(kind.rpartition(".")[2])
    return OdooServerError(f"Odoo's server {what}.") if what else None
