"""How the clinic works, as far as its records tell: counts, lengths, hours and kinds.

Nothing here names a patient or quotes what was written about one. A name that the clinic keeps
in a list of its own (types of visit, locations, ways to pay, practitioners) is shown as it is;
any other text only where several patients have it (see `workings_tally`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from pydantic import TypeAdapter

from workbench.staging.times import Order


@dataclass(frozen=True, slots=True)
class VisitFields:
    """Under which paths a visit tells what; empty: it does not.

    Args:
        patient: whose visit it is.
        start: date and time in one.
        date: the day, where the time stands apart.
        time: the time of day, where the day stands apart.
        end: date and time in one.
        minutes: how long it takes, where no end is told.
        status: how it stands.
        kind: its type, in words.
        kind_id: its type, by its id in the list of types.
        place: the location, in words.
        place_id: the location, by its id.
        practitioner: the practitioner's id.
        created: when it was booked.
        reminded: whether a reminder went out.
        zone: the IANA zone of local times.
        orders: path → how a date with the year last is written there.
    """

    patient: str = "patient_id"
    start: str = ""
    date: str = ""
    time: str = ""
    end: str = ""
    minutes: str = ""
    status: str = ""
    kind: str = ""
    kind_id: str = ""
    place: str = ""
    place_id: str = ""
    practitioner: str = ""
    created: str = "created"
    reminded: str = ""
    zone: str = "UTC"
    orders: Mapping[str, Order] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lists:
    """The clinic's own lists: id → name, and what else stands there of a type of visit.

    `statuses`: the visits' statuses that are on the map; `places`: locations, likewise.
    """

    types: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, str] = field(default_factory=dict)
    practitioners: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    statuses: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Spread:
    """How whole numbers lie: the middle one, and between which the middle 80 % are."""

    count: int
    median: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Named counts; `rare`: values too rare to be shown, `rest`: the records that have one."""

    shown: Mapping[str, int] = field(default_factory=dict)
    rare: int = 0
    rest: int = 0

    @property
    def ranked(self) -> list[tuple[str, int]]:
        """The names with their counts, most frequent first, then by name."""
        return sorted(self.shown.items(), key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True, slots=True)
class VisitType:
    """One type of visit; lengths in minutes, `details` as the clinic's list has them."""

    name: str
    visits: int
    minutes: Spread | None
    statuses: Mapping[str, int]
    reminded: int
    details: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """When a practitioner sees patients: weekday (0: Monday) → first and last usual hour.

    Args:
        id: the practitioner's.
        name: as the list of practitioners has it; empty: none there.
        visits: how many in all.
        years: the calendar year it was read from, or all of them where visits are few.
        days: weekday → visits, usual first start and usual last end, in minutes of the day.
    """

    id: str
    name: str
    visits: int
    years: str
    days: Mapping[int, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What the visits tell.

    Args:
        visits: those of patients.
        blocks: entries of the calendar without a patient.
        types: types of visit, most frequent first; one without a name: none is told.
        rare: types too rare to be shown, each with its share in the last of `types`.
        statuses: how visits stand.
        odd: visits whose length is none: they end before they start, at once, or half a day on.
        unread: visits whose start cannot be read.
        ahead: days between booking and visit.
        afterwards: visits that were entered after they began.
        reminded: visits that say a reminder went out; None: no field says so.
        places: locations.
        origins: field → values, of fields that seem to say how a visit was booked.
        weeks: practitioners, most visits first.
    """

    visits: int = 0
    blocks: int = 0
    types: tuple[VisitType, ...] = ()
    rare: int = 0
    statuses: Counted = Counted()
    odd: int = 0
    unread: int = 0
    ahead: Spread | None = None
    afterwards: int = 0
    reminded: int | None = None
    places: Counted = Counted()
    origins: Mapping[str, Counted] = field(default_factory=dict)
    weeks: tuple[Week, ...] = ()


class ReadsAs(StrEnum):
    """What a kind of message seems to be; by its own name, else by when it is sent."""

    REMINDER = "reminder"
    CONFIRMATION = "confirmation of a booking"
    FOLLOW_UP = "follow-up after a visit"
    RECALL = "recall"
    UNKNOWN = "not told"


@dataclass(frozen=True, slots=True)
class LogKind:
    """One kind of line in the patients' logs.

    Args:
        name: type and sub-type.
        lines: how many.
        channel: "SMS", "e-mail" and so on; empty: it is no message.
        reads_as: what the message seems to be.
        by_name: whether its own name says so; else its timing does.
        hours: hours from the message to the visit that follows within two weeks.
        ahead: bucket of such hours → messages, in order.
        after: messages with no such visit, within two days after one.
        alone: messages with no visit near them, or without a time.
    """

    name: str
    lines: int
    channel: str = ""
    reads_as: ReadsAs = ReadsAs.UNKNOWN
    by_name: bool = False
    hours: Spread | None = None
    ahead: Mapping[str, int] = field(default_factory=dict)
    after: int = 0
    alone: int = 0


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What the patients' logs tell: kinds, most frequent first; `rare` and `rest` as elsewhere."""

    kinds: tuple[LogKind, ...] = ()
    rare: int = 0
    rest: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form: how many were asked it, and how many answered."""

    words: str
    kind: str
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Form:
    """One form with its questions, in the order they are asked; `rare`: those too rare to show."""

    name: str
    responses: int
    questions: tuple[Question, ...]
    rare: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Care plans of one pattern: visits and duration in the plan's own unit."""

    name: str
    plans: int
    active: int
    visits: Spread | None
    duration: Spread | None


@dataclass(frozen=True, slots=True)
class Package:
    """One package of visits: how often sold, how many still run, visits and price in it."""

    name: str
    sold: int
    active: int
    shared: int
    visits: Spread | None
    price: Spread | None


@dataclass(frozen=True, slots=True)
class Money:
    """Invoices and payments, counted; no sum of anybody's stands here."""

    invoices: int = 0
    of_visits: int = 0
    payments: int = 0
    methods: Counted = Counted()


@dataclass(frozen=True, slots=True)
class Workings:
    """How the clinic works.

    Args:
        held: resource → distinct records, of all that were looked at.
        visits: what the visits tell.
        logs: what the patients' logs tell.
        states: field of a patient → its values, of recall and communication.
        forms: forms, most answered first.
        rare_forms: forms too rare to be shown.
        plans: patterns of care plans.
        rare_plans: care plans of patterns too rare to be shown.
        packages: packages and memberships.
        rare_packages: packages sold under names too rare to be shown.
        money: invoices and payments.
        bookable: practitioners whom patients may book online; None: no field says so.
    """

    held: Mapping[str, int] = field(default_factory=dict)
    visits: VisitFacts = VisitFacts()
    logs: LogFacts = LogFacts()
    states: Mapping[str, Counted] = field(default_factory=dict)
    forms: tuple[Form, ...] = ()
    rare_forms: int = 0
    plans: tuple[Plan, ...] = ()
    rare_plans: int = 0
    packages: tuple[Package, ...] = ()
    rare_packages: int = 0
    money: Money = Money()
    bookable: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the facts as a document."""
        made: dict[str, Any] = _SHAPE.dump_python(self, mode="json")
        return made

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read the facts back from their document."""
        return TypeAdapter(cls).validate_python(document)


_SHAPE = TypeAdapter(Workings)
