"""Dates and times: read by explicit formats, local times brought to UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from workbench.staging.findings import EMPTY, Clean, Reading, Refused
from workbench.staging.normalise import line
from workbench.staging.paths import is_empty
from workbench.state import IssueKind

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_PARTS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_MIDNIGHT = re.compile(r"00:00(:00(\.0+)?)?Z?")
_ZERO = "0000-00-00"
_FIRST_LIKELY, _LAST_LIKELY = 1900, 2100


class Order(StrEnum):
    """In which order a date with the year last names day and month.

    ISO: no such date is expected. EITHER: the records do not tell. MIXED: some of them can
    only be read day first, others only month first. Under these three none is read.
    """

    ISO = "iso"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    EITHER = "either"
    MIXED = "mixed"

    @property
    def is_told(self) -> bool:
        """Whether a date with the year last can be read."""
        return self in {Order.DAY_FIRST, Order.MONTH_FIRST}

    @property
    def is_open(self) -> bool:
        """Whether a person must say which it is."""
        return self in {Order.EITHER, Order.MIXED}


def read_date(value: object, *, order: Order = Order.ISO) -> Reading:
    """Read a date as "YYYY-MM-DD".

    Args:
        value: `YYYY-MM-DD`, with midnight after it or nothing; or, where `order` says how,
            day, month and year parted by dash, slash or point.
        order: how a date with the year last is to be read; where it is not told, such a
            date is refused.

    Returns:
        The date; years before 1900 or after 2100 are noted. The database's "0000-00-00" is
        empty, and noted. Anything else is refused: years of two digits, months by name, weeks.
    """
    if is_empty(value):
        return EMPTY
    if not isinstance(value, str | int):
        return Refused(IssueKind.DATE_UNREADABLE)
    read = line(value)
    if not isinstance(read.value, str):
        return read
    day, rest = _split(read.value)
    midnight = not rest or _MIDNIGHT.fullmatch(rest)
    if midnight and day == _ZERO:
        return Clean(None, (*read.notes, IssueKind.DATE_ZERO))
    found = _date(day, order) if midnight else None
    if found is None:
        return Refused(IssueKind.DATE_UNREADABLE)
    likely = _FIRST_LIKELY <= found.year <= _LAST_LIKELY
    notes = read.notes if likely else (*read.notes, IssueKind.DATE_IMPLAUSIBLE)
    return Clean(found.isoformat(), notes)


def _split(raw: str) -> tuple[str, str]:
    day, _, rest = raw.replace("T", " ", 1).partition(" ")
    return day, rest.strip()


def _date(raw: str, order: Order) -> date | None:
    if found := _ISO.fullmatch(raw):
        year, month, day = (int(part) for part in found.groups())
    elif order.is_told and (found := _PARTS.fullmatch(raw)):
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
        the two; both are noted, and so is a fraction of a second that went. There is no
        24:00 and no second 60.
    """
    if is_empty(value):
        return EMPTY
    if not isinstance(value, str):
        return Refused(IssueKind.TIME_UNREADABLE)
    whole = line(value)
    if not isinstance(whole.value, str):
        return whole
    day, clock = _split(whole.value)
    read = join_instant(day, clock or "00:00", zone=zone, order=order, later=later)
    return Clean(read.value, (*whole.notes, *read.notes)) if isinstance(read, Clean) else read


def join_instant(
    day: object, clock: object, *, zone: str, order: Order = Order.ISO, later: bool = False
) -> Reading:
    """Read a date and a time of day that stand in two fields; else as `read_instant`.

    Of a date "0000-00-00" the time of day is refused, unless it is midnight or empty too.
    """
    if is_empty(day):
        return EMPTY if is_empty(clock) else Refused(IssueKind.TIME_UNREADABLE)
    day_read = read_date(day, order=order)
    spelt = line(clock).value if isinstance(clock, str) else None
    if day_read == Clean(None, (IssueKind.DATE_ZERO,)) and (
        is_empty(clock) or _MIDNIGHT.fullmatch(str(spelt))
    ):
        return day_read
    found = _CLOCK.fullmatch(str(spelt))
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
