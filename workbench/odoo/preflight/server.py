"""What runs there, where, and what it leaves room for: version, edition, hosting, disk, clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from workbench.config import Config
from workbench.odoo.client import JSON2_SINCE
from workbench.odoo.hosting import Hosting, hosting_of, is_loopback
from workbench.odoo.preflight.finding import (
    Finding,
    Glance,
    blocker,
    fine,
    unseen,
    warning,
)

OLDEST = 17
"""The oldest major version whose views and fields are known to fit."""
TESTED = 19
"""The major version that the tests run against."""
CLOCK_SECONDS = 60.0
"""Clocks further apart are worth a word: a delta asks what changed since a time."""
BODY_BYTES = 128 * 2**20
"""What Odoo takes in one call where nothing else is set (Odoo 19: 128 MiB)."""
SMALL_MB = 25
"""A limit below this turns ordinary scans away."""
SOON = timedelta(days=30)


def version(look: Glance, _: Config) -> Iterator[Finding]:
    """Say which version and edition it is, and which protocol is spoken."""
    odoo = look.odoo
    found = odoo.version()
    if found.major < OLDEST:
        yield blocker(
            "version", f"Odoo {found.text} is older than {OLDEST}.", "Upgrade Odoo first."
        )
    elif found.major != TESTED:
        yield warning(
            "version", f"Odoo {found.text}; the tests run against {TESTED}.",
            "Look closely at the sample before the full load.",
        )  # fmt: skip
    else:
        yield fine("version", f"Odoo {found.text}.")
    named = look.installed("web_enterprise")
    if found.enterprise or named:
        yield fine("edition", "Enterprise.")
    elif named is None:
        yield unseen("edition", "Which edition it is")
    else:
        yield fine(
            "edition", "Community: without Studio, Appointments, Documents and Sign.",
            "None is needed: fields, views, visits and files are made without them.",
        )  # fmt: skip
    if found.major >= JSON2_SINCE and odoo.protocol == "jsonrpc":
        yield warning(
            "protocol", "JSON-RPC is used though JSON-2 is there.",
            "Set protocol to auto under [odoo]: JSON-RPC ends with Odoo 22.",
        )  # fmt: skip
    else:
        yield fine("protocol", "JSON-2." if odoo.protocol == "json2" else "JSON-RPC.")


def hosting(look: Glance, config: Config) -> Iterator[Finding]:
    """Say who runs the server, whether its plan has the API, and the pace that is kept."""
    odoo = look.odoo
    where = hosting_of(odoo.url, database=odoo.database, version=odoo.version().text)
    named = f"{where.value[0].upper()}{where.value[1:]}."
    if where is Hosting.ONLINE:
        yield fine("hosting", named, "Modules of your own cannot be installed there.")
        yield warning(
            "plan", "The API answers, but Odoo allows it on the Custom plan alone.",
            "See at odoo.com, My Databases, that the plan is Custom before the load starts.",
        )  # fmt: skip
    elif where is Hosting.SH:
        yield warning(
            "hosting", named, "Push nothing to the branch during the load: it restarts Odoo.",
        )  # fmt: skip
    elif where is Hosting.SH_BUILD:
        yield warning(
            "hosting", f"{named} A new build replaces it, its mails are caught, and its "
            "scheduled actions run a few times a day.",
            "Use it to rehearse; the migration itself goes into the production branch.",
        )  # fmt: skip
    else:
        yield fine("hosting", named)
    if where is not Hosting.ONLINE:
        yield fine("plan", "API access is part of it; there is no plan that lacks it.")
    yield _pace(look, where, wished=config.odoo.calls_per_second)
    if urlsplit(odoo.url).scheme != "https" and not is_loopback(odoo.url):
        yield warning(
            "hosting", "The address is not https: patients would travel openly.",
            "Use the https address.",
        )  # fmt: skip
    yield from _standing(look)


def _pace(look: Glance, where: Hosting, *, wished: float) -> Finding:
    kept = look.odoo.calls_per_second
    if wished > kept > 0:
        return warning(
            "pace", f"calls_per_second is {wished:g}; {where.value} gets {kept:g} a second.",
            "Leave it at 0: beyond the agreed pace the whole account may be cut off.",
        )  # fmt: skip
    said = f"At most {kept:g} call(s) a second." if kept else "Calls are not held back."
    return fine("pace", said, "" if kept else "Set calls_per_second where staff work meanwhile.")


def _standing(look: Glance) -> Iterator[Finding]:
    """Say whether this is a copy, and whether it is about to run out."""
    copied, ends = (look.parameter(f"database.{key}") for key in
                    ("is_neutralized", "expiration_date"))  # fmt: skip
    if copied is None or ends is None:
        yield unseen("database", "Whether it is a copy, or about to run out,")
        return
    if copied.casefold() in {"true", "1", "t"}:
        yield warning(
            "database", "This is a neutralised copy: it mails nobody and runs few schedules.",
            "Use it to rehearse; the migration itself is a run of its own, on the real database.",
        )  # fmt: skip
    try:
        until = datetime.fromisoformat(ends).replace(tzinfo=UTC)
    except ValueError:  # not set, as in Community
        return
    if until - datetime.now(UTC) < SOON:
        yield warning(
            "database", f"The subscription or trial ends on {until:%Y-%m-%d}.",
            "Renew it first: a database that ran out answers nothing.",
        )  # fmt: skip


def room(look: Glance, _: Config) -> Iterator[Finding]:
    """Say where files go, how large one may be, and how the clocks stand."""
    odoo = look.odoo
    where = hosting_of(odoo.url, database=odoo.database, version=odoo.version().text)
    if where is Hosting.ONLINE:
        yield fine("disk", "Odoo looks after the disk; the plan's storage limit applies.")
    else:
        yield warning(
            "disk", "Odoo's API does not tell how much disk is free.",
            "Ask who runs the server for twice the size of PracticeHub's files, and a backup.",
        )  # fmt: skip
    place, limit = (look.parameter(key) for key in
                    ("ir_attachment.location", "web.max_file_upload_size"))  # fmt: skip
    if place is None or limit is None:
        yield unseen("files", "Where Odoo keeps files and how large they may be")
    else:
        yield from _files(place, int(limit) if limit.isdigit() else BODY_BYTES)
    yield _clock(odoo.ahead)


def _files(place: str, limit: int) -> Iterator[Finding]:
    if place == "db":
        yield warning(
            "files", "Files are kept inside the database (ir_attachment.location = db).",
            "Expect the database and its backups to grow by the files' whole size.",
        )  # fmt: skip
    largest = limit * 3 // 4 // 1_000_000  # base64 makes four bytes of three
    if largest < SMALL_MB:
        yield warning(
            "files", f"One call takes files of up to {largest} MB; larger ones are refused.",
            "Raise web.max_file_upload_size (developer mode, Settings > Technical).",
        )  # fmt: skip
    else:
        yield fine(
            "files", f"One call takes files of up to {largest} MB.",
            "A proxy in front of Odoo may take less: see the largest files in the sample.",
        )  # fmt: skip


def _clock(ahead: float | None) -> Finding:
    if ahead is None:
        return unseen("clock", "Odoo's clock", "See that the server keeps time (NTP).")
    if abs(ahead) < CLOCK_SECONDS:
        return fine("clock", "Odoo's clock and this machine's agree.")
    which = "ahead of" if ahead > 0 else "behind"
    return warning(
        "clock", f"Odoo's clock is {abs(ahead):,.0f} s {which} this machine's.",
        "Set the wrong one right (NTP): what changed since the load is told by time.",
    )  # fmt: skip
