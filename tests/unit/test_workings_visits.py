"""What visits tell of the clinic's workings: types, lengths, endings, weeks, bookings."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.staging.findings import Clean
from workbench.staging.times import read_instant
from workbench.staging.workings import Lists, Spread, VisitFacts, VisitFields
from workbench.staging.workings_tally import ENOUGH, MOST, OTHER, Shelf
from workbench.staging.workings_visits import Record, at, visit_facts

AMSTERDAM = "Europe/Amsterdam"
FIELDS = VisitFields(
    start="start", end="end", status="status", kind="kind", kind_id="type_id", place="place",
    place_id="location_id", practitioner="practitioner_id", reminded="reminded", zone=AMSTERDAM,
)  # fmt: skip
NOW = "2026-03-02 09:00:00"  # a Monday


def visit(patient: object = 1, start: str = NOW, end: str = "", **more: object) -> Record:
    """Give a visit as PracticeHub would."""
    return {"id": 1, "patient_id": patient, "start": start, "end": end, **more}


def told(*visits: Record, lists: Lists | None = None, fields: VisitFields = FIELDS) -> VisitFacts:
    """Tell what some visits show."""
    return visit_facts(iter(visits), fields, lists or Lists())


def lengths(*spans: tuple[str, str]) -> tuple[Spread | None, int]:
    """Give how long visits take, and how many have a length that is none."""
    facts = told(*(visit(start=start, end=end) for start, end in spans))
    return facts.types[0].minutes, facts.odd


def test_without_visits_nothing_is_told() -> None:
    """A clinic without a calendar has no types, no statuses and no week."""
    assert told() == VisitFacts(reminded=0)


def test_one_visit_is_told_as_one() -> None:
    """A single record of a listed type: its length is the usual one, and both ends of the span."""
    lists = Lists(types={"3": "Follow-up"}, statuses=frozenset({"processed"}))
    facts = told(visit(end="2026-03-02 09:20:00", type_id=3, status="processed"), lists=lists)

    [kind] = facts.types
    assert (kind.name, kind.visits, kind.statuses) == ("Follow-up", 1, {"processed": 1})
    assert kind.minutes == Spread(count=1, median=20, low=20, high=20)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-02 09:00:00", "2026-03-02 09:45:00", 45),
        ("2026-03-29 01:30:00", "2026-03-29 03:30:00", 60),
        ("2026-10-25 01:30:00", "2026-10-25 03:30:00", 180),
        ("2026-10-25 02:45:00", "2026-10-25 02:15:00", 30),
        ("2026-03-02 23:50:00", "2026-03-03 00:10:00", 20),
    ],
    ids=["ordinary", "hour lost", "hour twice", "ends in the second hour", "over midnight"],
)
def test_lengths_are_real_minutes(start: str, end: str, minutes: int) -> None:
    """The night the clocks change makes no visit an hour longer or shorter than it was."""
    found, odd = lengths((start, end))

    assert odd == 0
    assert found == Spread(1, minutes, minutes, minutes)


@pytest.mark.parametrize(
    "end",
    ["2026-03-02 09:00:00", "2026-03-02 08:00:00", "2026-03-02 21:00:01", "2036-03-02 09:30:00"],
    ids=["no length", "backwards", "over half a day", "ten years"],
)
def test_a_length_that_cannot_be_one_is_counted_apart(end: str) -> None:
    """A slip of the pen does not move what is usual; it is counted, not hidden."""
    found, odd = lengths((NOW, end), (NOW, "2026-03-02 09:30:00"))

    assert odd == 1
    assert found == Spread(1, 30, 30, 30)


@pytest.mark.parametrize(
    ("minutes", "expected", "odd"),
    [(30, 30, 0), ("45", 45, 0), (0, None, 1), (-5, None, 1), (99999, None, 1), ("soon", None, 1)],
)
def test_minutes_may_stand_in_a_field_of_their_own(
    minutes: object, expected: int | None, odd: int
) -> None:
    """The other vocabulary tells day, time of day and minutes."""
    fields = VisitFields(date="day", time="time", minutes="duration")
    record = {"patient_id": 1, "day": "2026-03-02", "time": "09:00", "duration": minutes}
    facts = told(record, fields=fields)

    found = facts.types[0].minutes
    assert (found.median if found else None, facts.odd) == (expected, odd)


def test_a_start_that_cannot_be_read_is_counted() -> None:
    """Such a visit counts as a visit, and for no week."""
    facts = told(visit(start="soon", practitioner_id=4))

    assert (facts.visits, facts.unread, facts.weeks) == (1, 1, ())


def test_overlapping_visits_both_count() -> None:
    """Two patients at one time are two visits."""
    facts = told(*(visit(one, practitioner_id=4, end="2026-03-02 09:30:00") for one in range(6)))

    assert facts.visits == 6
    assert facts.weeks[0].days == {0: (6, 9 * 60, 9 * 60 + 30)}


def test_entries_without_a_patient_are_no_visits() -> None:
    """A team meeting has no type, no length and no place in anybody's week."""
    facts = told(visit(None, kind="Team meeting"), visit(None), visit(7))

    assert (facts.visits, facts.blocks) == (1, 2)
    assert [one.name for one in facts.types] == [""]


def test_a_typed_type_is_shown_where_enough_patients_have_it() -> None:
    """What only a few patients have may be about one of them, and stands under no name."""
    usual = [visit(one, kind="Massage") for one in range(ENOUGH)]
    facts = told(*usual, *(visit(n % (ENOUGH - 1), kind="For Zebedeus") for n in range(40)))

    assert [(one.name, one.visits) for one in facts.types] == [("Massage", 5), (OTHER, 40)]
    assert facts.rare == 1


def test_a_listed_type_is_shown_however_rare() -> None:
    """A clinic's own list of types names no patient; nor does a number that is not in it."""
    facts = told(visit(type_id="3"), visit(type_id=88), lists=Lists(types={"3": "X-ray"}))

    assert {one.name for one in facts.types} == {"X-ray", "type 88"}


def test_statuses_are_told_by_type_and_rare_ones_stand_together() -> None:
    """Shares of cancelled and missed visits stand beside each type."""
    lists = Lists(types={"3": "X-ray"}, statuses=frozenset({"processed", "missed"}))
    facts = told(*(visit(type_id=3, status=one)
                   for one in ("processed", "processed", "missed", "rang to say ill", None)),
                 lists=lists)  # fmt: skip

    assert facts.types[0].statuses == {"processed": 2, "missed": 1, OTHER: 1, "": 1}
    assert facts.statuses.ranked == [("processed", 2), ("", 1), ("missed", 1)]
    assert (facts.statuses.rare, facts.statuses.rest) == (1, 1)


def test_reminders_noted_on_visits_are_counted() -> None:
    """Yes in any spelling; where the map knows no such field, it is not told."""
    marks = (True, "1", "yes", False, None, "maybe")
    noted = told(*(visit(reminded=one) for one in marks))
    without = told(visit(reminded=True), fields=VisitFields(start="start"))

    assert noted.reminded == 3
    assert without.reminded is None


def test_a_practitioners_week_is_read_from_the_last_full_year() -> None:
    """Hours of ten years ago are nobody's habit; a weekday with few visits is left empty."""
    old = [visit(n, f"2016-03-05 07:{n:02}:00", practitioner_id=4) for n in range(50)]
    monday = [visit(n, f"2026-03-02 {8 + n % 9:02}:00:00", f"2026-03-02 {8 + n % 9:02}:30:00",
                    practitioner_id=4) for n in range(40)]  # fmt: skip
    friday = [visit(n, "2026-03-06 11:00:00", practitioner_id=4) for n in range(ENOUGH - 1)]
    facts = told(*old, *monday, *friday, lists=Lists(practitioners={"4": "Noor Visser"}))

    [week] = facts.weeks
    assert (week.id, week.name, week.visits, week.years) == ("4", "Noor Visser", 94, "2026")
    assert week.days == {0: (40, 8 * 60, 16 * 60 + 30)}


def test_few_visits_are_read_together() -> None:
    """Where no year has enough of them, a week is read from all years."""
    spread = [visit(n, f"202{n}-03-0{8 - n} 10:00:00", practitioner_id=9) for n in range(1, 7)]
    facts = told(*spread)

    assert facts.weeks[0].years == "2021 to 2026"


def test_hours_are_those_of_the_clinics_clock() -> None:
    """Nine in the morning is nine in summer and in winter."""
    days = [f"2026-{month}-{day:02} 09:00:00" for month, day in
            (("01", 5), ("01", 12), ("07", 6), ("07", 13), ("07", 20))]  # fmt: skip
    facts = told(*(visit(n, day, practitioner_id=4) for n, day in enumerate(days)))

    assert facts.weeks[0].days == {0: (5, 9 * 60, 9 * 60)}


def test_bookings_are_told_by_days_ahead() -> None:
    """A visit that was entered after it began was not booked ahead at all."""
    facts = told(visit(created="2026-02-20 09:00:00"), visit(created="2026-03-02 08:59:00"),
                 visit(created="2026-03-03 09:00:00"), visit(created=None))  # fmt: skip

    assert facts.ahead == Spread(count=2, median=0, low=0, high=10)
    assert facts.afterwards == 1


def test_fields_that_tell_how_a_visit_was_booked_are_found() -> None:
    """By their names; values that few patients have are not shown."""
    visits = [visit(n, booked_online=n % 2 == 0, booking_source="website") for n in range(10)]
    facts = told(*visits, visit(3, booking_source="Zebedeus rang himself"))

    assert facts.origins["booked_online"].shown == {"yes": 5, "no": 5}
    assert facts.origins["booking_source"].shown == {"website": 10}
    assert facts.origins["booking_source"].rest == 1


def test_a_location_is_named_by_its_list_or_by_its_number() -> None:
    """A location of the list, one that is not in it, and one that was typed once."""
    facts = told(visit(location_id=1), visit(location_id=2), visit(place="At Anna's house"),
                 lists=Lists(locations={"1": "Haarlem"}))  # fmt: skip

    assert facts.places.shown == {"Haarlem": 1, "location 2": 1}
    assert facts.places.rest == 1


@given(
    st.one_of(
        st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0")),
        st.integers(60, 240).map(lambda n: f"2026-03-29 {n // 60:02}:{n % 60:02}:00"),
        st.integers(60, 240).map(lambda n: f"2026-10-25 {n // 60:02}:{n % 60:02}:00"),
        st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", fullmatch=True),
    ),
    st.booleans(),
)
def test_the_quick_way_to_read_a_time_reads_the_same(value: str, later: bool) -> None:  # noqa: FBT001 - drawn
    """Ordinary times are read by a shorter way, to the same instant or to none."""
    slow = read_instant(value, zone=AMSTERDAM, later=later)
    expected = slow.value if isinstance(slow, Clean) else None
    found = at(value, AMSTERDAM, later=later)

    assert (None if found is None else found.isoformat(" ")[:19]) == expected


class _Row(dict[str, object]):
    """A record that tells whether anybody still holds it."""


def test_no_more_than_a_few_records_are_held_at_once() -> None:
    """Two hundred thousand visits need no more memory than two hundred."""
    alive: weakref.WeakValueDictionary[int, _Row] = weakref.WeakValueDictionary()
    most = 0

    def stream() -> Iterator[Record]:
        nonlocal most
        for number in range(3000):
            row = _Row(visit(number, f"2026-03-02 09:{number % 60:02}:00", kind=f"kind {number}",
                             status=f"status {number}", practitioner_id=number % 7))  # fmt: skip
            alive[number] = row
            most = max(most, len(alive))
            yield row
            del row
            if number % 500 == 0:
                gc.collect()

    facts = visit_facts(stream(), FIELDS, Lists())

    assert facts.visits == 3000
    assert most <= 3


def test_a_shelf_does_not_grow_with_what_people_type() -> None:
    """Names beyond the limit are counted, not kept; so are texts that are no names."""
    shelf = Shelf()
    for number in range(MOST + 500):
        shelf.at(f"name {number}", str(number))["n"][""] += 1
    shelf.at("x" * 400, "1")["n"][""] += 1

    assert len(shelf._sums) == MOST
    assert sum(shelf.rest()[1]["n"].values()) == MOST + 501
