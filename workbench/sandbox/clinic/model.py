"""The synthetic clinic as a whole: its records, its files, and what was planted in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal, Protocol

from workbench.sandbox.clinic import brief, observed
from workbench.sandbox.clinic.blobs import Blobs, draw
from workbench.sandbox.clinic.history import history
from workbench.sandbox.clinic.papers import Cabinet, Paper, cabinet
from workbench.sandbox.clinic.people import (
    ACTIVE_PRACTITIONERS,
    ORPHAN_PATIENT_IDS,
    Person,
    Population,
    Practitioner,
    population,
    practitioners,
)
from workbench.sandbox.clinic.randomness import stamp
from workbench.sandbox.clinic.visits import Visit, visits

Record = dict[str, object]
Vocabulary = Literal["brief", "observed"]

DEFAULT_TODAY = date(2026, 11, 20)
URL_FIELDS = MappingProxyType(
    {
        "brief": {"prescriptions": "pdf_url", "documents": "file_url", "files": "file_url"},
        "observed": {"files": "url"},
    }
)


class Shape(Protocol):
    """How a vocabulary writes the facts down; the modules `brief` and `observed` are such.

    UNKNOWN_RESOURCES: what an account of this vocabulary answers with 404.
    """

    UNKNOWN_RESOURCES: frozenset[str]

    def patient(self, one: Person) -> Record:
        """Shape one patient."""

    def practitioner(self, mate: Practitioner, place: int) -> Record:
        """Shape one practitioner, the `place`-th of the staff (0-based)."""

    def appointment(self, visit: Visit, one: Person | None, mate: Practitioner) -> Record:
        """Shape one visit of `one` with `mate`."""

    def file(self, paper: Paper, size: int) -> Record:
        """Shape one file of `size` bytes."""

    def papers(self, kept: Cabinet) -> dict[str, list[Paper]]:
        """Say which papers appear as which resource."""

    def further(self, kept: Cabinet) -> dict[str, list[Record]]:
        """Give the resources that only this vocabulary has."""


SHAPES: Mapping[str, Shape] = MappingProxyType({"brief": brief, "observed": observed})


class Clinic(Mapping[str, list[Record]]):
    """Resource name -> its records, ordered by id, distinct, JSON-ready.

    A field that holds a link reads `blob:<key>`; `blobs[key]` are the bytes behind it, and the
    simulator puts a signed link in its place. A resource the vocabulary does not have is no
    key of this mapping.

    Attributes:
        vocabulary: "brief" or "observed".
        seed: what everything was drawn from.
        today: the clinic's present day; moves as days pass.
        blobs: object key -> bytes, drawn when asked for.
        staff: the practitioners.
        people: patient id -> the facts behind the record.
        visits: appointment id -> the facts behind the record.
        planted: what was planted on purpose: "families", "duplicates", "lookalikes" (tuples
            of patient ids) and "orphans" (patient ids that other records refer to in vain).
        revision: grows with every change, so that readers can keep sorted copies.
    """

    def __init__(self, vocabulary: Vocabulary, *, seed: int, today: date) -> None:
        self.vocabulary: Vocabulary = vocabulary
        self.seed = seed
        self.today = today
        self.shape = SHAPES[vocabulary]
        self.blobs = Blobs()
        self.staff: list[Practitioner] = []
        self.people: dict[int, Person] = {}
        self.visits: dict[int, Visit] = {}
        self.planted: dict[str, list[tuple[int, ...]]] = {}
        self.revision = 0
        self.days = 0
        self._records: dict[str, list[Record]] = {}
        self._last_ids: dict[str, int] = {}

    def __getitem__(self, resource: str) -> list[Record]:
        return self._records[resource]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def add(self, resource: str, records: list[Record]) -> None:
        """Put a whole resource in, ordered by id."""
        self._records[resource] = records
        self._last_ids[resource] = max((_number(record) for record in records), default=0)
        self.revision += 1

    def next_id(self, resource: str) -> int:
        """Give an id that was never used in the resource, not even by a deleted record."""
        self._last_ids[resource] += 1
        return self._last_ids[resource]

    def insert(self, resource: str, record: Record) -> None:
        """Add one record whose id came from `next_id`."""
        self._records[resource] = [*self._records[resource], record]
        self.revision += 1

    def replace(self, resource: str, record: Record) -> None:
        """Put a record in the place of the one with the same id."""
        self._records[resource] = [
            record if old["id"] == record["id"] else old for old in self._records[resource]
        ]
        self.revision += 1

    def remove(self, resource: str, number: int) -> None:
        """Delete a record; what refers to it stays behind as an orphan."""
        self._records[resource] = [old for old in self._records[resource] if old["id"] != number]
        if resource == "patients":
            self.people.pop(number, None)
        if resource == "appointments":
            self.visits.pop(number, None)
        self.revision += 1

    def copy_newest(self, resource: str, at: datetime) -> None:
        """Add a copy of the newest record under a new id, entered at `at`."""
        record = {**self._records[resource][-1], "id": self.next_id(resource)}
        for name in ("created", "updated"):
            if name in record:
                record[name] = stamp(at)
        self.insert(resource, record)

    def keep_patient(self, one: Person) -> None:
        """Add or change a patient."""
        known = one.id in self.people
        self.people[one.id] = one
        record = self.shape.patient(one)
        self.replace("patients", record) if known else self.insert("patients", record)

    def keep_visit(self, visit: Visit) -> None:
        """Add or change a visit."""
        known = visit.id in self.visits
        self.visits[visit.id] = visit
        record = self.appointment(visit)
        self.replace("appointments", record) if known else self.insert("appointments", record)

    def appointment(self, visit: Visit) -> Record:
        """Shape a visit with what is known of its patient and practitioner."""
        one = self.people.get(visit.patient) if visit.patient is not None else None
        return self.shape.appointment(visit, one, self.staff[visit.practitioner])

    def keep_paper(self, paper: Paper) -> Record:
        """Promise the bytes of a paper and shape it as a file, with its true size."""
        return self.shape.file(self.promise(paper), len(draw(paper.recipe)))

    def promise(self, paper: Paper) -> Paper:
        """Have the bytes of a paper drawn when they are asked for; give the paper back."""
        if paper.key is not None:
            self.blobs.add(paper.key, paper.recipe)
        return paper

    def a_day_passes(self, days: int = 1, *, at: datetime | None = None) -> dict[str, list[object]]:
        """Let `days` days go by: records come, change, go, and come again under another id.

        Args:
            days: how many, one after the other.
            at: the instant written as `created` and `updated` (naive local time). None: six
                in the evening of the new day, which makes the outcome a matter of the seed only.

        Returns:
            "new", "changed", "deleted": `resource/id` of each record; "recreated": pairs
            (old, new) of appointment ids.
        """
        from workbench.sandbox.clinic.day import pass_one_day  # noqa: PLC0415 - the day needs the clinic

        told: dict[str, list[object]] = {"new": [], "changed": [], "deleted": [], "recreated": []}
        for _ in range(days):
            self.days += 1
            self.today += timedelta(days=1)
            for what, which in pass_one_day(self, at=at).items():
                told[what] += which
        return told

    def counts(self) -> dict[str, int]:
        """Count the records of each resource."""
        return {name: len(records) for name, records in self._records.items()}


def _number(record: Record) -> int:
    number = record["id"]
    assert isinstance(number, int)  # noqa: S101 - every record made here has a number for an id
    return number


def generate(
    *,
    seed: int = 7,
    patients: int = 200,
    vocabulary: Vocabulary = "brief",
    today: date = DEFAULT_TODAY,
    files: bool = True,
) -> Clinic:
    """Make a clinic of about `patients` patients and five times as many visits.

    The same arguments give the same clinic, to the byte, with the same releases of Faker,
    fpdf2 and Pillow.

    Args:
        seed: what everything is drawn from.
        patients: how many patients, at least 1.
        vocabulary: which field names the records use.
        today: the clinic's present day; visits reach four years back and 75 days ahead.
        files: False leaves out documents, files and the PDFs of prescriptions.
    """
    clinic = Clinic(vocabulary, seed=seed, today=today)
    clinic.staff = practitioners(seed, today)
    crowd: Population = population(seed, patients, today=today, staff=clinic.staff)
    clinic.people = {one.id: one for one in crowd.people}
    clinic.planted = {
        "families": list(crowd.families),
        "duplicates": list(crowd.duplicates),
        "lookalikes": list(crowd.lookalikes),
        "orphans": [(number,) for number in ORPHAN_PATIENT_IDS],
    }
    booked = visits(seed, crowd.people, today=today, staff=clinic.staff)
    clinic.visits = {visit.id: visit for visit in booked}
    shape = clinic.shape
    clinic.add("patients", [shape.patient(one) for one in crowd.people])
    clinic.add(
        "practitioners",
        [shape.practitioner(mate, place) for place, mate in enumerate(clinic.staff)],
    )
    clinic.add("appointments", [clinic.appointment(visit) for visit in booked])
    kept = cabinet(seed, crowd.people, today=today, staff=clinic.staff)
    if not files:
        kept = _without_bytes(kept)
    for scan in (one.paper for one in kept.prescriptions if one.paper):
        clinic.promise(scan)
    for resource, papers in shape.papers(kept).items():
        if resource == "documents":
            clinic.add(resource, [brief.document(clinic.promise(one)) for one in papers])
        else:
            clinic.add(resource, [clinic.keep_paper(one) for one in papers])
    for resource, records in shape.further(kept).items():
        clinic.add(resource, records)
    for resource, records in history(seed, crowd.people, booked, today=today).items():
        if resource not in shape.UNKNOWN_RESOURCES:
            clinic.add(resource, records)
    return clinic


def _without_bytes(kept: Cabinet) -> Cabinet:
    return Cabinet(prescriptions=[replace(one, paper=None) for one in kept.prescriptions])


def practitioner_accounts(seed: int = 7) -> list[tuple[str, str]]:
    """Say which practitioners have a user in the sandbox's Odoo: all active ones but the last.

    The people are the same in either vocabulary.

    Args:
        seed: seed of the clinic.

    Returns:
        Name and e-mail (which is the login) of each, ordered by practitioner id.
    """
    staff = practitioners(seed, DEFAULT_TODAY)[: ACTIVE_PRACTITIONERS - 1]
    return [(f"{mate.first_name} {mate.last_name}", mate.email) for mate in staff]
