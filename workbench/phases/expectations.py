"""What every record should be in Odoo: made from what is held, the map and the decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.mapping import Context, Expected, Expecter, Mapping, Practitioner, login_of
from workbench.mapping.answers import answering
from workbench.mapping.clinical import apart, clinical_id
from workbench.mapping.model import INVITE
from workbench.mapping.outcome import ANSWERED, ENDS_LATER, NAMED, OUTSIDE, held_back
from workbench.mapping.transforms import TRANSFORMS
from workbench.phases import agreement, duplicates, knowledge, linking, offers
from workbench.phases.waiting import Waiting, who_waits
from workbench.staging import TYPED_RULES
from workbench.state import Issue, Record, Store

if TYPE_CHECKING:
    from workbench.run import Run

REFERENCES = ("practitioners", "appointment_types", "payment_methods", "locations")
FILES = ("documents", "files", "prescriptions")
"""Resources whose records carry a file."""
OWN_STAGE = {*REFERENCES, *FILES, "patients", "appointments"}
"""Every other resource is kept as messages on the patient."""

STAGES = ("references", "patients", "appointments", "messages", "files")
"""Dependency order: what a stage refers to was loaded by one before it."""

_TOGETHER = 500
"""Records whose issues are written in one transaction."""

RULES = {*TRANSFORMS, NAMED, ENDS_LATER, ANSWERED, OUTSIDE} - TYPED_RULES
"""The rules that only expected values are held against; the others belong to single values."""


@dataclass(frozen=True, slots=True)
class Due:
    """One source record and what is expected of it; `is_file`: of the file it carries."""

    resource: str
    source_id: str
    expected: Expected
    is_file: bool = False

    def issues(self, phase: str) -> list[Issue]:
        """Give what was odd, as rows of the issue list."""
        return [
            Issue(f.kind, f.resource, f.source_id, f.field, f.rule, f.outcome, phase)
            for f in self.expected.issues
        ]


def tell_issues(store: Store, dues: Iterable[Due], *, phase: str) -> None:
    """List what is odd about records, and take off the list what no longer is.

    A record's file and the record itself are told of together.
    """
    found: dict[tuple[str, str], list[Issue]] = {}
    for due in dues:
        found.setdefault((due.resource, due.source_id), []).extend(due.issues(phase))
    store.staging.tell_issues(found, rules=RULES)


class Expectations:
    """Yields, stage by stage, what each record held should become."""

    def __init__(self, run: Run) -> None:
        self._store = run.store
        draft = knowledge.draft(run.extract)
        self._mapping = draft.mapping
        self._undecided = bool(draft.open)
        self._forms = answering(draft.mapping)
        self._merged = duplicates.merged(run.store)
        self._into: dict[str, list[str]] = {}
        for goes, stays in self._merged.items():
            self._into.setdefault(stays, []).append(goes)
        self._names: dict[str, str] = {}
        context = _context(run, self._mapping, self._merged, patient_name=self._name_of)
        self._expecter = Expecter(self._mapping, context)
        self._run, self._context = run, context
        self._filling = linking.Filling(run, context)
        self._clinical = agreement.clinical_fields(
            run.config, draft.mapping, knowledge.odoo_fields(run.extract)
        )

    def of_stage(self, stage: str, *, patients: set[str] | None = None) -> Iterator[Due]:
        """Yield what one stage's records should become, in the source's order.

        Args:
            stage: one of STAGES.
            patients: only records of these patients (a sample); None: all of them.
        """
        if stage == "patients":
            yield from self._patients(patients)
            return
        for resource in self._resources(stage):
            for record in self._of(resource, patients):
                expected = self._expected(stage, resource, record)
                if expected is not None:
                    yield Due(resource, record.source_id, expected, stage == "files")

    def _expected(self, stage: str, resource: str, record: Record) -> Expected | None:
        """Give what is expected of a record; None where it has nothing to do with the stage."""
        expecter, data = self._expecter, record.data
        held = self._store.source.file(resource, record.source_id) if stage == "files" else None
        if stage == "files" and held is None:
            return None  # a prescription without a paper, or nobody fetched files
        waits = self._waiting.of(self._survivor(record), visit=stage == "appointments")
        if waits:
            return held_back([*waits], [])
        if held is not None:
            return expecter.attachment(resource, data, held)
        if stage == "references":
            return expecter.reference(resource, data)
        if stage == "appointments":
            return expecter.appointment(data)
        return expecter.message(resource, data)

    def hold_contacts(self, patients: set[str] | None = None) -> None:
        """Read and keep what contacts hold that a load is about to fill for the first time.

        Args:
            patients: only those that these patients fill (a sample); None: all of them.

        Raises:
            GateError: a contact is not in Odoo any more.
        """
        fill = self._filling.patients if patients is None else self._filling.patients & patients
        new = [one for one in sorted(fill)
               if self._store.destination.link(f"patient_{one}") is None]  # fmt: skip
        records = (self._store.source.record("patients", one) for one in new)
        linking.hold(self._run, {r.source_id: self._plain(r) for r in records if r is not None})
        self._filling = linking.Filling(self._run, self._context)

    def count(self, stage: str, *, patients: set[str] | None = None) -> int:
        """Count a stage's records, for the progress."""
        return sum(1 for resource in self._resources(stage)
                   for record in self._of(resource, patients)
                   if stage != "files"
                   or self._store.source.file(resource, record.source_id))  # fmt: skip

    def list_issues(self, told: Callable[[int, int | None, str], None], *, phase: str) -> None:
        """Go through all records once and list what the load will meet.

        What is odd about a single value was listed when it was read; this adds what shows
        only between fields, between records, or between a value and what Odoo has.
        """
        done = 0
        total = sum(self.count(stage) for stage in STAGES)
        batch: list[Due] = []
        for stage in STAGES:
            for due in self.of_stage(stage):
                batch.append(due)
                done += 1
                if len(batch) >= _TOGETHER:
                    tell_issues(self._store, batch, phase=phase)
                    batch = []
                told(done, total, "")
        tell_issues(self._store, batch, phase=phase)

    @cached_property
    def _waiting(self) -> Waiting:
        if not self._undecided:
            return Waiting()
        return who_waits(self._store, self._plain)

    def _survivor(self, record: Record) -> str | None:
        """Give the id of the patient whose contact a record is about."""
        patient = record.patient_id
        return None if patient is None else self._merged.get(patient, patient)

    def _name_of(self, patient: str) -> str | None:
        """Give a patient's name as it is expected in Odoo: visits are titled with it."""
        if patient not in self._names:
            stays = self._merged.get(patient, patient)
            record = self._store.source.record("patients", stays)
            if record is None:
                return None
            if kept := self._filling.name_of(stays):
                self._names[patient] = kept
                return kept
            row = next(iter(self._expecter.patient(record.data).rows), None)
            # a patient who waits for a value's decision has a name all the same
            name = row.values.get("name") if row else self._expecter.patient_name(record.data)
            self._names[patient] = str(name or "")
        return self._names[patient] or None

    def _patients(self, patients: set[str] | None) -> Iterator[Due]:
        for record in self._of("patients", patients):
            twins = self._waiting.twins.get(record.source_id)
            expected = (
                held_back([*twins], [])
                if twins
                else self._filling(record.source_id, self._plain(record))
            )
            yield Due("patients", record.source_id, expected)
        for record in self._of("prescriptions", patients):
            waits = self._waiting.of(self._survivor(record), visit=False)
            expected = (
                held_back([*waits], []) if waits else self._expecter.prescription(record.data)
            )
            yield Due("prescriptions", record.source_id, expected)

    def _plain(self, record: Record) -> Expected:
        """Give what is expected of a patient as if Odoo had no contact of theirs yet."""
        source = self._store.source
        mine = [record.source_id, *self._into.get(record.source_id, ())]
        twins = [source.record("patients", one) for one in mine[1:]]
        expected = self._expecter.patient(
            record.data,
            prescriptions=[p.data for one in mine
                           for p in source.records_of_patient("prescriptions", one)],
            merged=[twin.data for twin in twins if twin is not None],
            responses=[(form, r.data) for form in self._forms for one in mine
                       for r in source.records_of_patient(form, one)],
        )  # fmt: skip
        there = self._store.destination.link(clinical_id(record.source_id)) is not None
        rows = [part for row in expected.rows
                for part in apart(row, self._clinical, there=there)]  # fmt: skip
        return replace(expected, rows=tuple(rows))

    def _resources(self, stage: str) -> tuple[str, ...]:
        fixed = {
            "references": REFERENCES, "patients": ("patients", "prescriptions"),
            "appointments": ("appointments",), "files": FILES,
        }  # fmt: skip
        if stage in fixed:
            return fixed[stage]
        return tuple(r for r in self._store.source.resources() if r not in OWN_STAGE)

    def _of(self, resource: str, patients: set[str] | None) -> Iterator[Record]:
        source = self._store.source
        if patients is None or resource in REFERENCES:
            yield from source.records(resource)
            return
        family = patients | {goes for goes, stays in self._merged.items() if stays in patients}
        if resource == "patients":
            yield from (r for r in source.records("patients") if r.source_id in family)
            return
        for one in sorted(family, key=lambda number: (len(number), number)):
            yield from source.records_of_patient(resource, one)


def _context(
    run: Run,
    mapping: Mapping,
    merged: dict[str, str],
    *,
    patient_name: Callable[[str], str | None],
) -> Context:
    store = run.store
    known = {r.source_id for r in store.source.records("patients")}
    found = offers.gather(run, mapping)

    def patient_key(source_id: str) -> str | None:
        key = f"patient_{merged.get(source_id, source_id)}"
        if source_id in known:
            return key
        # deleted in PracticeHub since, and in Odoo still: what refers to the contact keeps it
        return key if store.destination.link(f"patient_{source_id}") is not None else None

    return Context(
        timezone=run.config.practicehub.timezone,
        patient_key=patient_key,
        patient_name=patient_name,
        country=mapping.region,
        appointment_types=_names(store, "appointment_types"),
        payment_methods=_names(store, "payment_methods"),
        practitioners=_practitioners(run, mapping),
        stored=knowledge.stored(run.extract),
        contacts=found.contacts,
        companies=found.companies,
        states=found.states,
        note_subtype=found.note_subtype,
    )


def _practitioners(run: Run, mapping: Mapping) -> dict[str, Practitioner]:
    """Give the practitioners, each with the Odoo user decided on.

    Their records wait while nobody has decided, and while a user who is to be invited is
    not in Odoo: a visit is never loaded without its user unseen.
    """
    users = knowledge.odoo_users(run.extract)
    fallback = run.config.migration.fallback_user
    found = {}
    for number, who in knowledge.practitioners(run.store).items():
        choice = mapping.practitioners.get(number)
        login = login_of(choice, who, users, fallback=fallback) if choice else None
        waits = choice is None or (choice == INVITE and login is None)
        found[number] = replace(who, login=login, waits=waits)
    return found


def _names(store: Store, resource: str) -> dict[str, str]:
    records = store.source.records(resource)
    return {r.source_id: str(r.data["name"]) for r in records if r.data.get("name")}
