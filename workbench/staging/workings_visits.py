"""What the visits tell of the clinic's workings: types, lengths, endings, hours, bookings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from workbench.staging import normalise
from workbench.staging.findings import Clean, Reading
from workbench.staging.paths import is_empty, value_at
from workbench.staging.times import Order, join_instant, read_instant
from workbench.staging.workings import Counted, Lists, VisitFacts, VisitFields, VisitType, Week
from workbench.staging.workings_tally import (
    ENOUGH,
    OTHER,
    Shelf,
    Sums,
    Tally,
    label,
    quantile,
    spread,
)
from workbench.state import id_text

Record = Mapping[str, object]

LONGEST_VISIT = 12 * 60
"""Minutes; what takes longer is no length of a visit but a slip."""
FURTHEST = 400
"""Days ahead that are told apart; a visit booked earlier counts as so many."""
ENOUGH_A_YEAR = 20
"""Visits a year must have for a practitioner's week to be read from it alone."""
LEAST_SHARE = 0.03
"""A weekday with a smaller share of the visits is an exception, not a habit."""
ORIGIN = re.compile(
    r"online|self_?book|web_?book|(book(ed|ing)|created|made|entered)_?(by|via|from|channel|source)"
    r"|(^|_)(source|channel|origin)(_|$)",
    re.IGNORECASE,
)
"""Names of fields that may say how a visit was booked."""
_PLAIN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_MOST_STATUSES = 40
_MOST_ORIGINS = 10
_DAY = 24 * 60
_EARLY, _LATE = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class Span:
    """When a visit is, and how many minutes it takes; None: not told, or not readable.

    `odd`: a length is told that cannot be one.
    """

    start: datetime | None
    minutes: int | None
    odd: bool = False


class Times:
    """Reads the times of visits, in the clinic's zone."""

    def __init__(self, fields: VisitFields) -> None:
        self._fields = fields
        self.zone = ZoneInfo(fields.zone)

    def instant(self, record: Record, path: str, *, later: bool = False) -> datetime | None:
        """Read date and time at a path, with its zone; None where there is none."""
        if not path:
            return None
        order = self._fields.orders.get(path, Order.ISO)
        return at(value_at(record, path), self._fields.zone, order, later=later)

    def start(self, record: Record) -> datetime | None:
        """Read when a visit begins."""
        fields = self._fields
        found = self.instant(record, fields.start)
        if found is None and fields.date and not is_empty(value_at(record, fields.date)):
            found = _instant(
                join_instant(value_at(record, fields.date), value_at(record, fields.time),
                             zone=fields.zone, order=fields.orders.get(fields.date, Order.ISO))
            )  # fmt: skip
        return found

    def span(self, record: Record) -> Span:
        """Read when a visit is and how long it takes: real minutes, also when clocks change."""
        fields = self._fields
        start = self.start(record)
        told = value_at(record, fields.minutes) if fields.minutes else None
        if not is_empty(told):
            read = normalise.decimal(told)
            length = _number(read)
        else:
            end = self.instant(record, fields.end)
            if start is None or end is None:
                return Span(start, None)
            if end <= start:  # the clocks may have passed the end twice
                end = self.instant(record, fields.end, later=True) or end
            length = (end - start).total_seconds() / 60
        if length is None or not 0 < length <= LONGEST_VISIT:
            return Span(start, None, odd=True)
        return Span(start, max(1, round(length)))


def at(
    value: object, zone: str, order: Order = Order.ISO, *, later: bool = False
) -> datetime | None:
    """Read a local date and time as `read_instant` does; None where it is none."""
    if not isinstance(value, str):
        return None
    if later or not _PLAIN.fullmatch(value):
        return _instant(read_instant(value, zone=zone, order=order, later=later))
    # how nearly all are written: read by the machine's own means, in a tenth of the time
    try:
        local = datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(zone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _instant(read: Reading) -> datetime | None:
    if not isinstance(read, Clean) or not isinstance(read.value, str):
        return None
    return datetime.fromisoformat(read.value).replace(tzinfo=UTC)


def _number(read: Reading) -> float | None:
    value = read.value if isinstance(read, Clean) else None
    return None if value is None else float(value)


def visit_facts(records: Iterable[Record], fields: VisitFields, lists: Lists) -> VisitFacts:
    """Tell what visits show of the clinic's workings, in one pass and in flat memory.

    Args:
        records: visits as PracticeHub has them.
        fields: where they tell what.
        lists: the clinic's own lists.
    """
    book = _Book(fields, lists)
    for record in records:
        book.read(record)
    return book.facts()


class _Book:
    """What was counted of the visits so far."""

    def __init__(self, fields: VisitFields, lists: Lists) -> None:
        self._fields, self._lists = fields, lists
        self._times = Times(fields)
        self._types = Shelf(_known(lists.types, "type"))
        self._statuses = Shelf(lists.statuses.__contains__, most=_MOST_STATUSES)
        self._places = Tally(_known(lists.locations, "location", lists.places))
        self._origins: dict[str, Tally] = {}
        self._weeks: dict[str, Sums] = {}
        self._sums = Sums()
        self._counts = self._sums[""]

    def read(self, record: Record) -> None:
        """Count one visit."""
        fields = self._fields
        patient = id_text(value_at(record, fields.patient))
        if patient is None:
            self._counts["blocks"] += 1
            return
        self._counts["visits"] += 1
        status = label(value_at(record, fields.status)) if fields.status else ""
        self._statuses.at(status, patient)["n"][""] += 1
        kind = self._types.at(self._kind(record), patient)
        kind["n"][""] += 1
        kind["status"][self._statuses.apart(status)] += 1
        span = self._times.span(record)
        if span.minutes is not None:
            kind["minutes"][span.minutes] += 1
        self._counts["odd"] += span.odd
        self._counts["unread"] += span.start is None
        if fields.reminded:
            read = normalise.boolean(value_at(record, fields.reminded))
            if isinstance(read, Clean) and read.value:
                kind["reminded"][""] += 1
        self._places.add(self._place(record), patient)
        self._booked(record, patient, span)
        self._worked(record, span)

    def _kind(self, record: Record) -> str:
        fields = self._fields
        number = id_text(value_at(record, fields.kind_id)) if fields.kind_id else None
        if number is not None:
            return self._lists.types.get(number) or f"type {number}"
        return label(value_at(record, fields.kind)) if fields.kind else ""

    def _place(self, record: Record) -> str:
        fields = self._fields
        number = id_text(value_at(record, fields.place_id)) if fields.place_id else None
        if number is not None:
            return self._lists.locations.get(number) or f"location {number}"
        return label(value_at(record, fields.place)) if fields.place else ""

    def _booked(self, record: Record, patient: str, span: Span) -> None:
        """Count how long before it was booked, and what may say how."""
        made = self._times.instant(record, self._fields.created)
        if made is not None and span.start is not None:
            if made > span.start:
                self._counts["afterwards"] += 1
            else:
                self._sums["ahead"][min(FURTHEST, (span.start - made).days)] += 1
        for path, value in record.items():
            if path in self._origins:
                self._origins[path].add(value, patient)
            elif len(self._origins) < _MOST_ORIGINS and ORIGIN.search(path):
                self._origins.setdefault(path, Tally()).add(value, patient)

    def _worked(self, record: Record, span: Span) -> None:
        """Count when the practitioner was at work, by year and weekday on the clinic's clock."""
        fields = self._fields
        mate = id_text(value_at(record, fields.practitioner)) if fields.practitioner else None
        if mate is None or span.start is None:
            return
        local = span.start.astimezone(self._times.zone)
        week = self._weeks.setdefault(mate, Sums())
        week["visits"][local.year] += 1
        begins = local.hour * 60 + local.minute
        week[f"{local.year} {local.weekday()} from"][begins] += 1
        week[f"{local.year} {local.weekday()} to"][min(_DAY, begins + (span.minutes or 0))] += 1

    # what came of it -----------------------------------------------------------------------

    def facts(self) -> VisitFacts:
        """Tell what was counted."""
        rare, rest = self._types.rest()
        types = [self._type(name, sums) for name, sums in self._types.shown()]
        types.sort(key=lambda one: (-one.visits, one.name))
        if rare:
            types.append(self._type(OTHER, rest))
        few, others = self._statuses.rest()
        statuses = {name: sums["n"].total() for name, sums in self._statuses.shown()}
        reminded = sum(one.reminded for one in types)
        return VisitFacts(
            visits=self._counts["visits"],
            blocks=self._counts["blocks"],
            types=tuple(types),
            rare=rare,
            statuses=Counted(statuses, few, others["n"].total()),
            odd=self._counts["odd"],
            unread=self._counts["unread"],
            ahead=spread(self._sums["ahead"]),
            afterwards=self._counts["afterwards"],
            reminded=reminded if self._fields.reminded else None,
            places=self._places.counted(),
            origins={path: tally.counted() for path, tally in sorted(self._origins.items())},
            weeks=tuple(self._practitioners()),
        )

    def _type(self, name: str, sums: Sums) -> VisitType:
        statuses: dict[str, int] = {}
        for status, count in sums["status"].items():
            shown = str(status) if self._statuses.may_show(str(status)) else OTHER
            statuses[shown] = statuses.get(shown, 0) + count
        return VisitType(
            name, sums["n"].total(), sums.spread("minutes"), statuses,
            sums["reminded"].total(), self._lists.details.get(name, ""),
        )  # fmt: skip

    def _practitioners(self) -> list[Week]:
        weeks = [self._week(mate, sums) for mate, sums in self._weeks.items()]
        return sorted(weeks, key=lambda one: (-one.visits, one.id))

    def _week(self, mate: str, sums: Sums) -> Week:
        """Read a practitioner's week: from the last year with enough visits, else from all."""
        by_year = {int(year): count for year, count in sums["visits"].items()}
        enough = [year for year, count in by_year.items() if count >= ENOUGH_A_YEAR]
        years = [max(enough)] if enough else sorted(by_year)
        total = sum(by_year[year] for year in years)
        days: dict[int, tuple[int, int, int]] = {}
        for day in range(7):
            starts: Counter[int | str] = Counter()
            ends: Counter[int | str] = Counter()
            for year in years:
                starts.update(sums.get(f"{year} {day} from", ()))
                ends.update(sums.get(f"{year} {day} to", ()))
            count = starts.total()
            if count >= ENOUGH and count >= LEAST_SHARE * total:
                days[day] = (count, quantile(starts, _EARLY), quantile(ends, _LATE))
        name = self._lists.practitioners.get(mate, "")
        told = str(years[0]) if len(years) == 1 else f"{years[0]} to {years[-1]}"
        return Week(mate, name, sum(by_year.values()), told, days)


def _known(
    listed: Mapping[str, str], word: str, further: Collection[str] = ()
) -> Callable[[str], bool]:
    """Know the names of a list, those on the map, and what is only known by its number."""
    names = frozenset((*listed.values(), *further))
    bare = re.compile(rf"{word} \d+")
    return lambda name: name in names or bare.fullmatch(name) is not None
