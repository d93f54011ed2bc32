"""What every record should be in Odoo: made from what is held, the map and the decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.mapping import Context, Expected, Expecter, Mapping
from workbench.mapping.model import FALLBACK, NAME_ONLY
from workbench.phases import duplicates, knowledge, offers
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
"""Issues written in one transaction."""


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


class Expectations:
    """Yields, stage by stage, what each record held should become."""

    def __init__(self, run: Run) -> None:
        self._store = run.store
        self._mapping = knowledge.draft(run.extract).mapping
        self._merged = duplicates.merged(run.store)
        self._into: dict[str, list[str]] = {}
        for goes, stays in self._merged.items():
            self._into.setdefault(stays, []).append(goes)
        self._names: dict[str, str] = {}
        context = _context(run, self._mapping, self._merged, patient_name=self._name_of)
        self._expecter = Expecter(self._mapping, context)

    def of_stage(self, stage: str, *, patients: set[str] | None = None) -> Iterator[Due]:
        """Yield what one stage's records should become, in the source's order.

        Args:
            stage: one of STAGES.
            patients: only records of these patients (a sample); None: all of them.
        """
        expecter = self._expecter
        if stage == "patients":
            yield from self._patients(patients)
            return
        for resource in self._resources(stage):
            for record in self._of(resource, patients):
                data = record.data
                if stage == "references":
                    expected = expecter.reference(resource, data)
                elif stage == "appointments":
                    expected = expecter.appointment(data)
                elif stage == "messages":
                    expected = expecter.message(resource, data)
                else:
                    held = self._store.source.file(resource, record.source_id)
                    if held is None:  # a prescription without a paper, or nobody fetched files
                        continue
                    expected = expecter.attachment(resource, data, held)
                yield Due(resource, record.source_id, expected, stage == "files")

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
        batch: list[Issue] = []
        for stage in STAGES:
            for due in self.of_stage(stage):
                batch += due.issues(phase)
                done += 1
                if len(batch) >= _TOGETHER:
                    self._store.staging.add_issues(batch, beside=True)
                    batch = []
                told(done, total, "")
        self._store.staging.add_issues(batch, beside=True)

    def _name_of(self, patient: str) -> str | None:
        """Give a patient's name as it is expected in Odoo: visits are titled with it."""
        if patient not in self._names:
            stays = self._merged.get(patient, patient)
            record = self._store.source.record("patients", stays)
            if record is None:
                return None
            row = next(iter(self._expecter.patient(record.data).rows), None)
            self._names[patient] = str(row.values.get("name") or "") if row else ""
        return self._names[patient] or None

    def _patients(self, patients: set[str] | None) -> Iterator[Due]:
        source = self._store.source
        for record in self._of("patients", patients):
            mine = [record.source_id, *self._into.get(record.source_id, ())]
            twins = [source.record("patients", one) for one in mine[1:]]
            expected = self._expecter.patient(
                record.data,
                prescriptions=[p.data for one in mine
                               for p in source.records_of_patient("prescriptions", one)],
                merged=[twin.data for twin in twins if twin is not None],
            )  # fmt: skip
            yield Due("patients", record.source_id, expected)
        for record in self._of("prescriptions", patients):
            yield Due("prescriptions", record.source_id, self._expecter.prescription(record.data))

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
    logins = _logins(run, mapping)

    def patient_key(source_id: str) -> str | None:
        if source_id not in known:
            return None
        return f"patient_{merged.get(source_id, source_id)}"

    return Context(
        timezone=run.config.practicehub.timezone,
        patient_key=patient_key,
        patient_name=patient_name,
        country=mapping.region,
        appointment_types=_names(store, "appointment_types"),
        payment_methods=_names(store, "payment_methods"),
        practitioners={
            number: replace(who, login=logins.get(number))
            for number, who in knowledge.practitioners(store).items()
        },
        languages=found.languages,
        contacts=found.contacts,
        companies=found.companies,
        states=found.states,
        note_subtype=found.note_subtype,
    )


def _logins(run: Run, mapping: Mapping) -> dict[str, str]:
    """Give the Odoo user decided on for each practitioner who has one."""
    fallback = run.config.migration.fallback_user
    chosen = {
        number: fallback if choice == FALLBACK else choice
        for number, choice in mapping.practitioners.items()
        if choice != NAME_ONLY
    }
    return {number: login for number, login in chosen.items() if login}


def _names(store: Store, resource: str) -> dict[str, str]:
    records = store.source.records(resource)
    return {r.source_id: str(r.data["name"]) for r in records if r.data.get("name")}
