"""Patients who are probably one person: found, asked about, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import GateError
from workbench.mapping import duplicate_questions, patient_fields
from workbench.mapping.model import pair_ids
from workbench.phases import gates, knowledge
from workbench.staging import candidates
from workbench.state import Decision, How, Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

_AS_BEFORE = "Decide about the two as before, or roll back first and migrate anew."


def look(steps: Steps) -> None:
    """Find pairs, put the questions, and keep which patients are merged into which."""
    store = steps.store
    patients = ((r.source_id, r.data) for r in store.source.records("patients"))
    fields = patient_fields(knowledge.draft(steps).mapping)
    questions = duplicate_questions(candidates(patients, fields=fields))
    asked = {question.subject for question in questions}
    with store.transaction():
        store.decisions.ask(questions)
        store.decisions.withdraw(
            decision.subject
            for decision in store.decisions.questions(gates.DUPLICATE)
            if decision.subject not in asked
        )
    settle(steps)


def settle(steps: Steps) -> dict[str, str]:
    """Keep merged patient id to the id of the patient that stays, as decided so far.

    While a question is open again, what was decided before stands; so does a merge that was
    carried out in Odoo and is no longer asked about.

    Raises:
        GateError: what was decided since contradicts what was carried out in Odoo.
    """
    store = steps.store
    survivors = dict(knowledge.draft(steps).mapping.survivors)
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
    store.journey.set_document("duplicates", survivors)
    return survivors


def _asked_about(store: Store, patient: str) -> list[Decision]:
    """List the questions whether a patient is somebody else too."""
    return [
        decision
        for decision in store.decisions.questions(gates.DUPLICATE)
        if patient in pair_ids(decision.subject.removeprefix(gates.DUPLICATE))
    ]


def _how(store: Store, patient: str) -> How | None:
    link = store.destination.link(f"patient_{patient}")
    return link.how if link else None


def merged(store: Store) -> dict[str, str]:
    """Give merged patient id to the id that stays, as last settled."""
    found = store.journey.document("duplicates")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
