"""What a person is asked about the map, and the map that their answers make."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.mapping.choices import may_be_text
from workbench.mapping.faults import AS_TEXT, DAY_FIRST, MONTH_FIRST
from workbench.mapping.model import field_subject
from workbench.mapping.people import practitioner_fault, practitioner_questions
from workbench.mapping.propose import Proposal
from workbench.mapping.values import value_questions
from workbench.state.decisions import Question

__all__ = [
    "field_questions",
    "practitioner_fault",
    "practitioner_questions",
    "value_questions",
]

PHASE = "map"


def field_questions(proposals: Iterable[Proposal]) -> list[Question]:
    """Ask for each field what becomes of it; least certain first within a resource.

    The basis is the proposed row, so more records of the same kind do not reopen anything.
    Where nobody can tell the day of a date from the month, nothing is proposed.
    """
    order: dict[str, int] = {}
    listed = list(proposals)
    for proposal in listed:
        order.setdefault(proposal.row.resource, len(order))
    listed.sort(key=lambda one: (order[one.row.resource], one.confidence, one.row.field))
    return [_field_question(one) for one in listed]


def _field_question(proposal: Proposal) -> Question:
    row = proposal.row
    options = [row.choice]
    if row.order.is_open:
        options = [f"{row.choice}{how}" for how in (DAY_FIRST, MONTH_FIRST)]
        # parts of a visit's time feed a time; a field of dates alone may stay what was typed
        options += [f"{row.choice}{AS_TEXT}"] if may_be_text(row) else []
    if not proposal.fixed:
        options += [choice for choice in ("keep", "drop") if choice != row.choice]
    return Question(
        subject=field_subject(row.field),
        phase=PHASE,
        question=f"What becomes of {row.path} in {row.resource}?"
        + (" Which comes first in its dates, the day or the month?" if row.order.is_open else ""),
        options=options,
        basis={"row": row.as_json()},
        proposal=None if row.order.is_open else row.choice,
        reasons=proposal.reasons,
        confidence=None if row.order.is_open else proposal.confidence,
        open_value=not proposal.fixed,
    )
