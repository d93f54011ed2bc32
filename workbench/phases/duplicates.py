"""Who may be one person: patients entered twice, and contacts that Odoo has already."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from workbench.errors import GateError
from workbench.mapping import (
    People,
    contact_pair,
    duplicate_questions,
    patient_fields,
    who_is_whom,
)
from workbench.mapping.model import pair_ids
from workbench.phases import gates, knowledge, linking
from workbench.staging import Patients, birth_dates
from workbench.state import Decision, How, Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

_AS_BEFORE = "Decide about the two as before, or roll back first and migrate anew."


_ANEW = "Decide one of these pairs anew, then go on."


def look(steps: Steps) -> None:
    """Find pairs, put the questions, and keep who is whom as far as that is decided."""
    store = steps.store
    records = ((r.source_id, r.data) for r in store.source.records("patients"))
    patients = Patients(records, fields=patient_fields(knowledge.draft(steps).mapping))
    asked = duplicate_questions(patients.pairs())
    contacts, stands = linking.look(steps, patients)
    asked += contacts
    subjects = {question.subject for question in asked} | stands
    with store.transaction():
        store.decisions.ask(asked)
        store.decisions.withdraw(
            decision.subject
            for decision in store.decisions.questions(gates.DUPLICATE)
            if decision.subject not in subjects
        )
    if not contradictions(steps):  # the phase says so, and the load refuses them
        settle(steps)


def contradictions(steps: Steps) -> list[str]:
    """Say where what was decided about pairs cannot be together; ids, no value."""
    people = who_is_whom(_decided(steps.store))
    found = [f"{pair} {what}" for pair, what in people.faults.items()]
    if people.survivors or people.linked:
        found += _born_on_two_days(steps, people)
    return found


def _decided(store: Store) -> dict[str, str]:
    """Give pair to choice, of the questions that are not open."""
    return {
        one.subject.removeprefix(gates.DUPLICATE): one.choice or ""
        for one in store.decisions.questions(gates.DUPLICATE)
        if not one.is_open
    }


def _born_on_two_days(steps: Steps, people: People) -> list[str]:
    """Say which patients have two birth dates, and become one by way of a third."""
    fields = patient_fields(knowledge.draft(steps).mapping)
    contacts = linking.held_contacts(steps.store)
    found: list[str] = []
    for stays in sorted({*people.survivors.values(), *people.linked}):
        days: dict[str, frozenset[str]] = {}
        for one in people.group(stays):
            record = steps.store.source.record("patients", one)
            if record is not None and (read := birth_dates(record.data, fields)):
                days[f"patient_{one}"] = read
        contact = people.linked.get(stays)
        if born := str(contacts.get(str(contact), {}).get("birth") or ""):
            days[f"contact_{contact}"] = frozenset({born})
        found += [
            f"{a}+{b} have two birth dates, and are made one by way of other pairs"
            for a, b in combinations(days, 2)
            if not days[a] & days[b]
        ]
    return found


def settle(steps: Steps) -> dict[str, str]:
    """Keep merged patient id to the id of the patient that stays, as decided so far.

    While a question is open again, what was decided before stands; so does a merge that was
    carried out in Odoo and is no longer asked about. Which patient fills which contact of
    Odoo's is kept by `linking.settle`, in the same way.

    Raises:
        GateError: what was decided contradicts itself, or what was carried out in Odoo.
    """
    store = steps.store
    wrong = contradictions(steps)
    if wrong:
        what = f"Decisions about pairs contradict each other: {'; '.join(wrong)}."
        raise GateError(what, do=_ANEW)
    people = who_is_whom(_decided(store))
    survivors = dict(people.survivors)
    for goes, stays in merged(store).items():
        if goes in survivors:
            continue
        asked, done = _asked_about(store, goes), _how(store, goes) is How.MERGED
        if any(one.is_open for one in asked) or (done and not asked):
            survivors[goes] = stays
        elif done:
            what = f"patient_{goes} and patient_{stays} are one record in Odoo."
            raise GateError(what, do=_AS_BEFORE)
    for goes in survivors:
        if _how(store, goes) in {How.CREATED, How.LINKED}:
            what = f"patient_{goes} has a record of its own in Odoo."
            raise GateError(what, do=_AS_BEFORE)
    survivors = dict(sorted(survivors.items()))
    # who stands from before takes along the contact that a merged patient is
    fills = {survivors.get(one, one): contact for one, contact in people.linked.items()}
    overwrites = frozenset(survivors.get(one, one) for one in people.overwrites)
    linking.settle(store, People(survivors, fills, {}, overwrites), as_before=_AS_BEFORE)
    store.journey.set_document("duplicates", survivors)
    return survivors


def _asked_about(store: Store, patient: str) -> list[Decision]:
    """List the questions whether a patient is somebody else too."""
    return [
        decision
        for decision in store.decisions.questions(gates.DUPLICATE)
        if not contact_pair(decision.subject.removeprefix(gates.DUPLICATE))
        and patient in pair_ids(decision.subject.removeprefix(gates.DUPLICATE))
    ]


def _how(store: Store, patient: str) -> How | None:
    link = store.destination.link(f"patient_{patient}")
    return link.how if link else None


def merged(store: Store) -> dict[str, str]:
    """Give merged patient id to the id that stays, as last settled."""
    found = store.journey.document("duplicates")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
