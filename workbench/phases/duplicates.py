"""Patients who are probably one person: found, asked about, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.mapping import duplicate_questions, patient_fields
from workbench.phases import knowledge
from workbench.staging import candidates
from workbench.state import Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps


def look(steps: Steps) -> int:
    """Find pairs, put the questions, and keep which patients are merged into which.

    Returns:
        How many pairs were found.
    """
    store = steps.store
    patients = ((r.source_id, r.data) for r in store.source.records("patients"))
    fields = patient_fields(knowledge.draft(steps).mapping)
    pairs = list(candidates(patients, fields=fields))
    questions = duplicate_questions(pairs)
    asked = {question.subject for question in questions}
    with store.transaction():
        store.decisions.ask(questions)
        store.decisions.withdraw(
            decision.subject
            for decision in store.decisions.questions(knowledge.DUPLICATE)
            if decision.subject not in asked
        )
    settle(steps)
    return len(pairs)


def settle(steps: Steps) -> dict[str, str]:
    """Keep merged patient id to the id of the patient that stays, as decided so far."""
    survivors = dict(sorted(knowledge.draft(steps).mapping.survivors.items()))
    steps.store.journey.set_document("duplicates", survivors)
    return survivors


def merged(store: Store) -> dict[str, str]:
    """Give merged patient id to the id that stays, as last settled."""
    found = store.journey.document("duplicates")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
