"""Fields that somebody changed in Odoo: a person decides, nothing is overwritten in silence.

Odoo's value is told from ours by hashes: of what we sent last, of what PracticeHub wants there
now, of what is there. Neither value stands in the question, in its reasons or in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as hidden
from typing import TYPE_CHECKING

from workbench.odoo import EDITED, CellName, Plain, Said
from workbench.phases.sides import CONFLICT, KEEP, WRITE, kept, subject, to_write
from workbench.state import Conflict, Issue, IssueKind, Question, Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

__all__ = [
    "KEEP", "OPTIONS", "PREFIX", "WRITE", "Cell", "ask", "forget", "kept", "said", "settled",
    "subject", "to_write",
]  # fmt: skip

PREFIX = CONFLICT
OPTIONS = (KEEP, WRITE)

_NOTHING_LOST = "what PracticeHub says stays in the run folder, and can still be written later"


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one record that is not as PracticeHub wants it.

    `ours` and `theirs`: hashes (`odoo.held_mark`) of what PracticeHub wants there, and of what
    Odoo holds. `reason`: why it was left alone; no value stands in it. `wanted` and `held`: the
    two values themselves, shown masked to whoever decides.
    """

    external_id: str
    field: str
    ours: str
    theirs: str
    reason: str = EDITED
    wanted: Plain = hidden(default=None, repr=False)
    held: Plain = hidden(default=None, repr=False)


def ask(steps: Steps, cells: Iterable[Cell]) -> None:
    """Ask about fields; one that was decided on these very values stays decided.

    While it is open the field is left alone, and the phase waits; everything else goes on.
    """
    found, store = list(cells), steps.store
    if not found:
        return
    with store.transaction():
        store.conflicts.keep(
            Conflict(
                one.external_id, one.field, one.ours, one.theirs, _text(one.wanted), _text(one.held)
            )
            for one in found
        )
        store.decisions.ask(_question(one, steps.name) for one in found)
        links = store.destination.links_of({one.external_id for one in found})
        store.staging.add_issues(
            Issue(IssueKind.EDITED_IN_ODOO, link.resource, link.source_id, one.field, one.reason,
                  "Odoo's value stays until somebody decides", steps.name)
            for one in found if (link := links.get(one.external_id)) is not None
        )  # fmt: skip


def _text(value: Plain) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _question(cell: Cell, phase: str) -> Question:
    return Question(
        subject(cell.external_id, cell.field),
        phase,
        f"{cell.field} of {cell.external_id} is not as PracticeHub has it: whose value counts?",
        OPTIONS,
        basis={"ours": cell.ours, "theirs": cell.theirs},
        proposal=KEEP,
        reasons=(cell.reason, _NOTHING_LOST),
    )


def settled(steps: Steps, cells: Iterable[CellName]) -> None:
    """Take back the questions about fields that are as PracticeHub wants them by now."""
    found, store = list(cells), steps.store
    if not found:
        return
    with store.transaction():
        store.conflicts.drop(found)
        store.decisions.withdraw(subject(*cell) for cell in found)
        for link in store.destination.links_of({name for name, _ in found}).values():
            fields = {field for name, field in found if name == link.external_id}
            still = [one for one in store.staging.issues(
                kind=IssueKind.EDITED_IN_ODOO, resource=link.resource)
                if one.source_id == link.source_id and one.field not in fields]  # fmt: skip
            store.staging.replace_issues(
                link.resource, link.source_id, (IssueKind.EDITED_IN_ODOO,), by=still
            )


def said(store: Store) -> Said:
    """Give what the loader is told: which fields to look at again, and which to write."""
    watched = frozenset((one.external_id, one.field) for one in store.conflicts.all())
    return Said(watched, to_write(store))


def forget(store: Store) -> None:
    """Forget all of it: after a rollback Odoo holds nothing of ours."""
    asked = [one.subject for one in store.decisions.questions(PREFIX)]
    with store.transaction():
        store.conflicts.drop((one.external_id, one.field) for one in store.conflicts.all())
        store.decisions.withdraw(asked)
