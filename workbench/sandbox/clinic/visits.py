"""When patients come: visits over four years, as facts without a vocabulary."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from workbench.sandbox.clinic import texts
from workbench.sandbox.clinic.people import ORPHAN_PATIENT_IDS, Person, Practitioner
from workbench.sandbox.clinic.randomness import chance, pick, quarter, stream, weighted

FIRST_VISIT_ID = 5001
FUTURE_DAYS = 75
VISITS_EACH = ((0, 5), (1, 10), (2, 12), (3, 13), (4, 13), (5, 12), (6, 10), (8, 10), (10, 7),
               (14, 5), (18, 3))  # fmt: skip


class Status(StrEnum):
    """How a visit stands, in the words of public PracticeHub clients."""

    PENDING = "pending"
    ARRIVED = "arrived"
    PROCESSED = "processed"
    CANCELLED = "cancelled"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Visit:
    """One entry of the calendar; `patient` is null for a block without a patient."""

    id: int
    patient: int | None
    practitioner: int
    start: datetime
    minutes: int
    kind: int | None
    location: int
    status: Status
    planned: date | None
    reminded: bool | None
    note: str | None
    created: datetime
    updated: datetime


def visits(
    seed: int, people: list[Person], *, today: date, staff: list[Practitioner]
) -> list[Visit]:
    """Make about five visits for each patient, ordered by the time they were booked.

    Besides them: calendar blocks, visits of patients who no longer exist, one visit at a
    local time that happened twice and one at a local time that never happened.
    """
    made: list[Visit] = []
    for one in people:
        made += _of_person(seed, one, today=today, staff=staff)
    made += _planted(seed, people, today=today, staff=staff)
    made.sort(key=lambda visit: (visit.created, visit.start, visit.patient or 0))
    return [replace(visit, id=FIRST_VISIT_ID + place) for place, visit in enumerate(made)]


def _of_person(seed: int, one: Person, *, today: date, staff: list[Practitioner]) -> list[Visit]:
    rng = stream(seed, "visits", one.id)
    day = one.created.date() + timedelta(days=rng.randrange(1, 12))
    made: list[Visit] = []
    for turn in range(weighted(rng, VISITS_EACH)):
        start = quarter(rng, day)
        if start.date() > today + timedelta(days=FUTURE_DAYS):
            break
        made.append(visit(rng, one, start, today=today, staff=staff, first=turn == 0))
        day = start.date() + timedelta(days=rng.randrange(4, 60))
    if chance(rng, 0.12):
        start = quarter(rng, today + timedelta(days=rng.randrange(1, FUTURE_DAYS)))
        made.append(visit(rng, one, start, today=today, staff=staff, first=not made))
    return made


def visit(
    rng: random.Random,
    one: Person,
    start: datetime,
    *,
    today: date,
    staff: list[Practitioner],
    first: bool,
) -> Visit:
    """Invent one visit of a patient at `start` (naive local time); the id is still 0."""
    here = [mate for mate in staff if mate.left is None or start < mate.left]
    own = staff[one.practitioner]
    mate = own if own in here and chance(rng, 0.8) else pick(rng, here)
    kind = 0 if first else rng.randrange(1, len(texts.VISIT_TYPES))
    status = status_at(rng, start, today)
    booked = max(
        one.created, start - timedelta(days=rng.randrange(1, 40), minutes=rng.randrange(300))
    )
    booked = min(booked, datetime.combine(today, time(8)) - timedelta(minutes=rng.randrange(900)))
    touched = booked if status is Status.PENDING else max(booked, start + timedelta(minutes=35))
    return Visit(
        id=0,
        patient=one.id,
        practitioner=staff.index(mate),
        start=start,
        minutes=texts.VISIT_MINUTES[kind],
        kind=None if chance(rng, 0.03) else kind,
        location=one.location if one.location is not None else 0,
        status=status,
        planned=start.date() if chance(rng, 0.6) else None,
        reminded=pick(rng, (True, True, False, None)),
        note=texts.remark(rng) if chance(rng, 0.3) else pick(rng, (None, "")),
        created=booked,
        updated=min(touched, datetime.combine(today, time(18))),
    )


def status_at(rng: random.Random, start: datetime, today: date) -> Status:
    """Choose a likely status for a visit at `start`, seen from `today`."""
    if start.date() == today:
        return pick(rng, (Status.ARRIVED, Status.ARRIVED, Status.PENDING, Status.PROCESSED))
    if start.date() > today:
        return weighted(rng, ((Status.PENDING, 92), (Status.CANCELLED, 8)))
    return weighted(
        rng,
        (
            (Status.PROCESSED, 82),
            (Status.CANCELLED, 11),
            (Status.MISSED, 5),
            (Status.PENDING, 2),
        ),
    )


def last_sunday(year: int, month: int) -> date:
    """Give the last Sunday of a 31-day month: when clocks change in Europe."""
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def clock_changes(today: date) -> tuple[datetime, datetime]:
    """Give the latest local times before today that happened never, and twice (Amsterdam)."""
    spring = max(
        day for year in (today.year, today.year - 1) if (day := last_sunday(year, 3)) < today
    )
    autumn = max(
        day for year in (today.year, today.year - 1) if (day := last_sunday(year, 10)) < today
    )
    return datetime.combine(spring, time(2, 30)), datetime.combine(autumn, time(2, 30))


def _planted(
    seed: int, people: list[Person], *, today: date, staff: list[Practitioner]
) -> list[Visit]:
    rng = stream(seed, "planted visits")
    made: list[Visit] = []
    never, twice = clock_changes(today)
    starts = (
        never,
        twice,
        datetime.combine(never.date(), time(9)),
        datetime.combine(twice.date(), time(9)),
        datetime.combine(today, time(9, 30)),
        datetime.combine(today, time(10, 15)),
    )
    for turn, start in enumerate(starts):
        one = people[turn % len(people)]
        early = replace(one, created=min(one.created, start - timedelta(days=3)))
        entry = visit(rng, early, start, today=today, staff=staff, first=False)
        status = Status.ARRIVED if start.date() == today else Status.PROCESSED
        made.append(replace(entry, status=status))
    for number in ORPHAN_PATIENT_IDS[:2]:
        start = quarter(rng, today - timedelta(days=700 + number))
        ghost = replace(people[0], id=number, created=start - timedelta(days=20))
        made.append(visit(rng, ghost, start, today=today, staff=staff, first=False))
    for turn in range(3):
        start = quarter(rng, today - timedelta(days=40 * turn + 3))
        block = visit(rng, people[0], start, today=today, staff=staff, first=False)
        made.append(
            replace(block, patient=None, kind=None, status=Status.PENDING, note="Team meeting",
                    created=start - timedelta(days=9), updated=start - timedelta(days=9))
        )  # fmt: skip
    return made
