"""Dates and times: read by explicit formats, local times brought to UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from workbench.staging.findings import EMPTY, Clean, Reading, Refused
from workbench.staging.paths import is_empty
from workbench.state import IssueKind

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_PARTS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_FIRST_LIKELY, _LAST_LIKELY = 1900, 2100


class Order(StrEnum):
    """In which order a date with the year last names day and month."""

    ISO = "iso"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


def read_date(value: object, *, order: Order = Order.ISO) -> Reading:
    """Read a date as "YYYY-MM-DD".

    Args:
        value: `YYYY-MM-DD`, with midnight after it or nothing; or, where `order` says how,
            day, month and year parted by dash, slash or point.
        order: how a date with the year last is to be read; ISO refuses such a date.

    Returns:
        The date; years before 1900 or after 2100 are noted. Anything else is refused,
        the database's "0000-00-00" too.
    """
    if is_empty(value):
        return EMPTY
    raw = str(value).strip() if isinstance(value, str | int) else ""
    day, rest = _split(raw)
    if rest and not re.fullmatch(r"00:00(:00(\.0+)?)?Z?", rest):
        return Refused(IssueKind.DATE_UNREADABLE)
    found = _date(day, order)
    if found is None:
        return Refused(IssueKind.DATE_UNREADABLE)
    likely = _FIRST_LIKELY <= found.year <= _LAST_LIKELY
    return Clean(found.isoformat(), () if likely else (IssueKind.DATE_IMPLAUSIBLE,))


def _split(raw: str) -> tuple[str, str]:
    day, _, rest = raw.replace("T", " ", 1).partition(" ")
    return day, rest.strip()


def _date(raw: str, order: Order) -> date | None:
    if found := _ISO.fullmatch(raw):
        year, month, day = (int(part) for part in found.groups())
    elif order is not Order.ISO and (found := _PARTS.fullmatch(raw)):
        first, second, year = (int(part) for part in found.groups())
        day, month = (first, second) if order is Order.DAY_FIRST else (second, first)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_instant(
    value: object, *, zone: str, order: Order = Order.ISO, later: bool = False
) -> Reading:
    """Read a date and time as "YYYY-MM-DD HH:MM:SS" in UTC.

    Args:
        value: date and time of day, or a date alone (midnight). A time that carries its
            own offset is taken at its word, any other is local.
        zone: the IANA zone of local times.
        order: as for `read_date`.
        later: of a local time that the clocks passed twice, take the second.

    Returns:
        The instant. A local time that the clocks jumped over counts from the offset before
        the jump (02:30 becomes what was called 03:30), one passed twice is the first of
        the two; both are noted, and so is a fraction of a second that went.
    """
    if is_empty(value):
        return EMPTY
    if not isinstance(value, str):
        return Refused(IssueKind.TIME_UNREADABLE)
    day_text, clock_text = _split(value.strip())
    return join_instant(day_text, clock_text or "00:00", zone=zone, order=order, later=later)


def join_instant(
    day: object, clock: object, *, zone: str, order: Order = Order.ISO, later: bool = False
) -> Reading:
    """Read a date and a time of day that stand in two fields; else as `read_instant`."""
    if is_empty(day):
        return EMPTY if is_empty(clock) else Refused(IssueKind.TIME_UNREADABLE)
    day_read = read_date(day, order=order)
    found = _CLOCK.fullmatch(str(clock).strip()) if not is_empty(clock) else None
    if isinstance(day_read, Refused) or not isinstance(day_read.value, str) or found is None:
        return Refused(IssueKind.TIME_UNREADABLE)
    hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
    if found.group(5):
        if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock face
            return Refused(IssueKind.TIME_UNREADABLE)
        hour = hour % 12 + (12 if found.group(5)[0] in "Pp" else 0)
    try:
        local = datetime.combine(date.fromisoformat(day_read.value), time(hour, minute, second))
        made, notes = _utc(local, zone, found.group(6), later=later)
    except (ValueError, OverflowError):
        return Refused(IssueKind.TIME_UNREADABLE)
    if found.group(4) and int(found.group(4)):
        notes = (*notes, IssueKind.TIME_ROUNDED)
    return Clean(made.isoformat(" ", "seconds")[:19], (*day_read.notes, *notes))


def _utc(
    local: datetime, zone: str, offset: str | None, *, later: bool
) -> tuple[datetime, tuple[IssueKind, ...]]:
    if offset:
        spelt = "+00:00" if offset == "Z" else f"{offset[:3]}:{offset[-2:]}"
        return datetime.fromisoformat(f"{local.isoformat()}{spelt}").astimezone(UTC), ()
    place = ZoneInfo(zone)
    first, second = local.replace(tzinfo=place), local.replace(tzinfo=place, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before == after:
        return first.astimezone(UTC), ()
    if before < after:
        return first.astimezone(UTC), (IssueKind.TIME_SKIPPED,)
    return (second if later else first).astimezone(UTC), (IssueKind.TIME_TWICE,)
