"""Fields that reconcile finds changed in Odoo: they are asked about, as the delta asks.

What a person did there is no fault of the migration, and no reason to overwrite it. Whatever
differs otherwise stays a difference that nobody can decide away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from workbench.errors import LookupFailedError
from workbench.mapping.rows import LoadRow
from workbench.odoo import EDITED, CellName, Plain, edited, held_mark, marks_of, read_back, resolved
from workbench.phases import conflicts
from workbench.phases.conflicts import Cell
from workbench.proof import WHOLE_RECORD, Match
from workbench.proof.diff import Decided
from workbench.state import Difference

if TYPE_CHECKING:
    from workbench.phases.expectations import Due
    from workbench.phases.steps import Steps
    from workbench.state import Store

HAD_ITS_OWN = "the contact was in Odoo before and keeps its own value, which changed since"
_STANDS = " stays in Odoo without this change"


def keeps(store: Store, types: Mapping[str, Mapping[str, str]]) -> Decided:
    """Give a look-up of whether a person decided that a cell keeps just the value it has.

    Args:
        store: the run's state.
        types: model to field to Odoo's type; filled while records are compared.
    """
    kept = conflicts.kept(store)

    def decided(row: LoadRow, name: str, got: object) -> bool:
        theirs = kept.get((row.external_id, name))
        kind = types.get(row.model, {}).get(name)
        if theirs is None or kind is None:
            return theirs is not None and name == WHOLE_RECORD
        return held_mark(cast("Plain", got), kind=kind) == theirs

    return decided


class Edits:
    """Takes in the comparison window by window, and asks about what people changed.

    Args:
        steps: the phase on whose behalf.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps, self._store = steps, steps.store
        self._open = {(one.external_id, one.field) for one in steps.store.conflicts.all()}
        self._refused = {
            one.outcome.removesuffix(_STANDS): one.rule
            for one in steps.store.lists.refused()
            if one.outcome.endswith(_STANDS)
        }

    def window(self, dues: Sequence[Due], cells: Sequence[Difference]) -> None:
        """Ask about the cells of one window that differ, and that somebody changed."""
        self._open -= {(one.external_id, one.field) for one in cells}
        apart = {(one.external_id, one.field) for one in cells
                 if one.verdict == Match.DIFFERENT and not one.rule}  # fmt: skip
        names = {external_id for external_id, _ in apart} - {WHOLE_RECORD}
        rows = {row.external_id: row for due in dues for row in due.expected.rows
                if row.external_id in names}  # fmt: skip
        conflicts.ask(
            self._steps,
            [cell for row, name, actual in self._read(rows, apart)
             if (cell := self._cell(row, name, actual)) is not None],
        )  # fmt: skip

    def finish(self) -> frozenset[CellName]:
        """Take back the questions about what does not differ any more, and give those fields."""
        conflicts.settled(self._steps, sorted(self._open))
        return frozenset(self._open)

    def _read(
        self, rows: Mapping[str, LoadRow], apart: set[tuple[str, str]]
    ) -> list[tuple[LoadRow, str, Plain]]:
        """Read the cells that differ once more, in the spelling that hashes are made of."""
        fields: dict[str, set[str]] = {}
        for external_id, name in apart:
            fields.setdefault(rows[external_id].model, set()).add(name)
        found = []
        for model, wanted in sorted(fields.items()):
            only = frozenset(one for one, row in rows.items() if row.model == model)
            for external_id, values in read_back(
                self._steps.run.destination, self._store, model, sorted(wanted), only=only
            ):
                found += [(rows[external_id], name, values[name]) for name in sorted(wanted)
                          if values is not None and (external_id, name) in apart]  # fmt: skip
        return found

    def _cell(self, row: LoadRow, name: str, actual: Plain) -> Cell | None:
        """Say what is asked about one cell; None where nobody changed it in Odoo."""
        kind = str(self._steps.run.destination.fields(row.model)[name]["type"])
        link = self._store.destination.link(row.external_id)
        told = marks_of(link.sent).get(name) if link else None
        if name in row.stays:
            ours, reason = cast("Plain", row.stays[name]), HAD_ITS_OWN
        elif row.external_id in self._refused:
            ours = self._wanted(row, name, kind)
            reason = self._refused[row.external_id]
        elif edited(told, actual, kind=kind):
            ours, reason = self._wanted(row, name, kind), EDITED
        else:
            return None
        return Cell(row.external_id, name, held_mark(ours, kind=kind),
                    held_mark(actual, kind=kind), reason)  # fmt: skip

    def _wanted(self, row: LoadRow, name: str, kind: str) -> Plain:
        try:
            return resolved(row.values[name], kind=kind, resolve=self._steps.run.lookups.resolve)
        except LookupFailedError:
            return None  # what it leads to is not there: PracticeHub's side is nothing
