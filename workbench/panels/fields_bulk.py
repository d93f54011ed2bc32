"""Confirming many proposals at once: they are listed by name before it can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets

from workbench.panels.desk import Show, spoken
from workbench.panels.fields_desk import CERTAIN, FieldsDesk
from workbench.panels.fields_detail import names
from workbench.panels.fields_facts import percent
from workbench.state import Decision


class Bulk(ipywidgets.VBox):  # type: ignore[misc]
    """Two offers: the certain proposals, and those of the list; each is looked at first."""

    def __init__(self, desk: FieldsDesk, on_accept: Callable[[Sequence[Decision]], None]) -> None:
        self._desk = desk
        self._certain: list[Decision] = []
        self._listed: list[Decision] = []
        self._reviewed: list[Decision] = []
        self.certain = ipywidgets.Button()
        self.listed = ipywidgets.Button()
        self.names = ipywidgets.HTML()
        self.confirm = ipywidgets.Button(button_style="primary")
        self.cancel = ipywidgets.Button(description="Confirm none of them")
        self._offers = ipywidgets.HBox([self.certain, self.listed])
        self._review = ipywidgets.VBox(
            [self.names, ipywidgets.HBox([self.confirm, self.cancel])]
        )  # fmt: skip
        super().__init__([self._offers, self._review])
        self._offers.add_class("wb-toolbar")
        self._review.children[1].add_class("wb-toolbar")
        self.add_class("wb-bulk")
        self.certain.on_click(lambda _: self._look(self._certain, "certain proposals"))
        self.listed.on_click(lambda _: self._look(self._listed, "proposals of the list above"))
        self.confirm.on_click(lambda _: on_accept(self._reviewed))
        self.cancel.on_click(lambda _: self._cancel())

    def offer(self, listed: Sequence[Decision]) -> None:
        """Count what may be confirmed together: certain ones, and those of the list."""
        waiting = self._desk.questions(Show.OPEN)
        self._certain = self._desk.acceptable(at_least=CERTAIN, among=waiting)
        self._listed = self._desk.acceptable(among=listed)
        self.certain.description = (
            f"Confirm {_many(len(self._certain), 'certain proposal')} "
            f"({percent(CERTAIN)} and more) …"
        )
        self.listed.description = f"Confirm {_many(len(self._listed), 'proposal')} of this list …"
        self.certain.disabled = not self._certain
        self.listed.disabled = not self._listed
        self._close()

    def _look(self, found: Sequence[Decision], words: str) -> None:
        """List exactly what would be confirmed; nothing is recorded yet."""
        self._reviewed = list(found)
        lines = [
            f"{spoken(one.subject)} → {one.proposal}"
            + ("" if one.confidence is None else f" ({percent(one.confidence)})")
            for one in self._reviewed
        ]
        self.names.value = names(f"These {words} would be confirmed:", lines)
        self.confirm.description = f"Confirm these {_many(len(found), 'proposal')}"
        self._review.layout.display = None
        self.confirm.focus()

    def _cancel(self) -> None:
        self._close()
        (self.listed if self.certain.disabled else self.certain).focus()

    def _close(self) -> None:
        self._reviewed = []
        self.names.value = ""
        self._review.layout.display = "none"

    def __repr__(self) -> str:
        """Give counts alone: a repr may be saved in a notebook."""
        return f"Bulk({len(self._certain)}, {len(self._listed)})"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
