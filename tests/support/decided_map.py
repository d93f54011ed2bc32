"""A synthetic clinic, the map that accepting every proposal makes of it, and what it expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from workbench.mapping import (
    AppointmentsTo,
    Context,
    Expected,
    Expecter,
    MapOptions,
    Mapping,
    OdooUser,
    Offered,
    Proposal,
    duplicate_questions,
    field_questions,
    mapping_from,
    patient_fields,
    pick_lists,
    practitioner_of,
    practitioner_questions,
    propose,
    value_questions,
)
from workbench.phases.expectations import FILES, REFERENCES
from workbench.sandbox.clinic import Clinic, generate
from workbench.staging import FieldProfile, candidates, profile_records
from workbench.state import FileState, HeldFile
from workbench.state.decisions import Question

Record = dict[str, object]
Vocabulary = Literal["brief", "observed"]

ODOO_FIELDS: dict[str, dict[str, dict[str, object]]] = {
    "res.partner": {
        **{
            name: {"type": "char"}
            for name in ("name", "ref", "email", "phone", "street", "street2", "city", "zip")
        },
        "lang": {"type": "selection"}, "comment": {"type": "html"},
        "state_id": {"type": "many2one"}, "country_id": {"type": "many2one"},
    },
}  # fmt: skip
"""What Odoo 19 offers on a contact: no `mobile` among it."""


@dataclass(frozen=True)
class World:
    """Everything that a decided map of one clinic consists of."""

    clinic: Clinic
    profiles: list[FieldProfile]
    proposals: list[Proposal]
    questions: list[Question]
    mapping: Mapping
    context: Context

    def expected(self) -> Iterator[tuple[str, Record, Expected]]:
        """Give for each record of the clinic what is expected of it."""
        expecter = Expecter(self.mapping, self.context)
        for resource in self.clinic:
            for record in self.clinic[resource]:
                yield resource, record, self._one(expecter, resource, record)

    def _one(self, expecter: Expecter, resource: str, record: Record) -> Expected:
        if resource == "patients":
            return expecter.patient(
                record, prescriptions=self._prescriptions(record), merged=self._merged(record)
            )
        if resource == "appointments":
            return expecter.appointment(record)
        if resource == "prescriptions":
            return expecter.prescription(record)
        if resource in FILES:
            return expecter.attachment(resource, record, held(resource, record))
        if resource in REFERENCES:
            return expecter.reference(resource, record)
        return expecter.message(resource, record)

    def _merged(self, record: Record) -> list[Record]:
        survivors = self.mapping.survivors
        return [
            one for one in self.clinic["patients"]
            if survivors.get(str(one["id"])) == str(record["id"])
        ]  # fmt: skip

    def _prescriptions(self, record: Record) -> list[Record]:
        survivors = self.mapping.survivors
        return [
            one for one in self.clinic.get("prescriptions", [])
            if survivors.get(str(one["patient_id"]), str(one["patient_id"])) == str(record["id"])
        ]  # fmt: skip


def held(resource: str, record: Record) -> HeldFile:
    """Stand for a fetched file."""
    return HeldFile(
        resource, str(record["id"]), FileState.HELD, None, None, 3, "a" * 40, "b" * 64, ""
    )


@lru_cache(maxsize=6)
def world(
    vocabulary: Vocabulary, to: AppointmentsTo = AppointmentsTo.LEAD, *, patients: int = 60
) -> World:
    """Make a clinic and accept every proposal; who has none becomes "name only"."""
    clinic = generate(vocabulary=vocabulary, patients=patients)
    profiles = [one for name in clinic for one in profile_records(name, clinic[name])]
    options = MapOptions(timezone="Europe/Amsterdam", country="NL", appointments_to=to)
    proposals = propose(profiles, odoo_fields=ODOO_FIELDS, options=options)
    fields = field_questions(proposals)
    answers = {one.subject: one.proposal for one in fields}
    draft = mapping_from(proposals, answers.get, options=options, odoo_fields=ODOO_FIELDS)
    lists = {
        field: known
        for name in clinic
        for field, known in pick_lists(draft.mapping, name, clinic[name]).items()
    }
    values = value_questions(draft.mapping, lists, offered=Offered(languages=("en_US", "nl_NL")))
    people = practitioner_questions(
        {str(one["id"]): practitioner_of(one, None) for one in clinic["practitioners"]},
        {
            one.email: OdooUser(f"{one.first_name} {one.last_name}", one.email)
            for one in clinic.staff[:3]
        },
        Counter(str(one["practitioner_id"]) for one in clinic["appointments"]),
        active={str(one["id"]): one["active"] == "1" for one in clinic["practitioners"]},
    )
    pairs = duplicate_questions(
        candidates(
            ((str(one["id"]), one) for one in clinic["patients"]),
            fields=patient_fields(draft.mapping),
        )
    )
    asked = [*fields, *values, *people, *pairs]
    answers = {one.subject: one.proposal or "name only" for one in asked}
    mapping = mapping_from(
        proposals, answers.get, options=options, values=values, practitioners=people,
        duplicates=pairs, odoo_fields=ODOO_FIELDS,
    ).mapping  # fmt: skip
    return World(clinic, profiles, proposals, asked, mapping, context_of(clinic, mapping))


def context_of(clinic: Clinic, mapping: Mapping) -> Context:
    """Make the context of a clinic."""
    known = {str(one["id"]) for one in clinic["patients"]}

    def key(one: str) -> str | None:
        return f"patient_{mapping.survivors.get(one, one)}" if one in known else None

    logins = {one: login for one, login in mapping.practitioners.items() if "@" in login}
    return Context(
        timezone=mapping.zone,
        country=mapping.region,
        patient_key=key,
        patient_name=lambda one: f"Patient {one}",
        appointment_types=_names(clinic, "appointment_types"),
        payment_methods=_names(clinic, "payment_methods"),
        practitioners={
            str(one["id"]): practitioner_of(one, logins.get(str(one["id"])))
            for one in clinic["practitioners"]
        },
        contacts={"m.vos@example.org": 77},
        companies={"goudvink zorg": 78},
    )


def _names(clinic: Clinic, resource: str) -> dict[str, str]:
    return {str(one["id"]): str(one["name"]) for one in clinic.get(resource, [])}


def first(vocabulary: Vocabulary, resource: str, **changes: object) -> tuple[Expecter, Record]:
    """Give an expecter and a clinic's first record of a resource, changed as said."""
    made = world(vocabulary)
    return Expecter(made.mapping, made.context), {**made.clinic[resource][0], **changes}
