"""The desk of the delta: fields that people changed in Odoo, and what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.panels.asking import TableDesk, line_of
from workbench.panels.desk import Brief, Show
from workbench.panels.table import Cell, Heads, Line, Options
from workbench.state import Conflict, Decision, Store

KINDS = {
    "conflict:": "Changed in Odoo since the load",
    "deleted:": "Deleted in PracticeHub",
    "remade:": "Deleted in PracticeHub and made anew",
}
"""How the subjects begin, and what their section is called."""


class ChangesDesk(TableDesk):
    """Conflicts with both values, masked or not, and what was deleted, resource by resource.

    Args:
        store: the run's state.
        brief: what is asked.
        shown: how a value is shown: masked, or as it is.
    """

    heads = Heads(("What", "In PracticeHub", "In Odoo"), "What counts")
    narrowed_by = "Kind"

    def __init__(self, store: Store, *, brief: Brief, shown: Callable[[object], str]) -> None:
        super().__init__(store, prefix="", brief=brief)
        self._shown = shown

    def questions(self, show: Show = Show.ALL, *, resource: str = "") -> list[Decision]:
        """List the questions of all three kinds, kind by kind."""
        found = [one for prefix in KINDS for one in self._store.decisions.questions(prefix)]
        if resource:
            found = [one for one in found if one.subject.partition(":")[2] == resource]
        if show is Show.ALL:
            return found
        return [one for one in found if one.is_open is (show is Show.OPEN)]

    def section_of(self, subject: str) -> str:
        """Name the kind of a question."""
        return next(name for prefix, name in KINDS.items() if subject.startswith(prefix))

    def ordered(self, show: Show = Show.ALL, *, section: str = "") -> list[Decision]:
        """List kind by kind, open ones first."""
        found = [one for one in self.questions(show)
                 if not section or self.section_of(one.subject) == section]  # fmt: skip
        kinds = list(KINDS.values())
        return sorted(
            found,
            key=lambda one: (kinds.index(self.section_of(one.subject)), not one.is_open,
                             one.subject),
        )  # fmt: skip

    def values(self, subject: str) -> tuple[str, str] | None:
        """Give PracticeHub's and Odoo's value of a field that is asked about, as they are."""
        found = self._sides().get(subject)
        return (found.wanted, found.held) if found else None

    def _sides(self) -> dict[str, Conflict]:
        return {f"conflict:{one.external_id}.{one.field}": one
                for one in self._store.conflicts.all()}  # fmt: skip

    def lines(self, asked: Sequence[Decision]) -> list[Line]:
        """Give each question with what is known of the two sides."""
        sides = self._sides()
        lines = []
        for one in asked:
            conflict = sides.get(one.subject)
            about = one.subject.partition(":")[2]
            cells = (
                (Cell(about), Cell(self._shown(conflict.wanted)), Cell(self._shown(conflict.held)))
                if conflict else (Cell(one.question), Cell("not there any more"), Cell("there"))
            )  # fmt: skip
            lines.append(
                line_of(
                    one, about=about, label=f"What counts for {about}", cells=cells,
                    options=(Options("", tuple((o, o) for o in one.options)),), free=False,
                )
            )  # fmt: skip
        return lines
