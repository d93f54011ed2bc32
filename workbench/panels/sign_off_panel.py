"""The panel of the sign-off: the figures on one screen, and a person who accepts or refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets

from workbench.panels.desk import Brief, DecisionDesk
from workbench.panels.figures import figures
from workbench.panels.frame import said, toolbar
from workbench.panels.panel import DecisionPanel
from workbench.proof import Match, balance
from workbench.proof.in_words import explained
from workbench.show import Lines, Table
from workbench.state import Decision, Store

SUBJECT = "signoff"
ACCEPT = "accept"
SCOPE = "all"

Obstacles = Callable[[], Sequence[str]]
"""Why it cannot be accepted as it stands, a sentence each; none when it can."""
Lists = Callable[[], Sequence[tuple[str, int, str]]]
"""What is listed record by record, how many there are, and in which file of the run."""


class SignOffDesk(DecisionDesk):
    """The figures as they stand now; acceptance is refused while something stands against it.

    Args:
        store: the run's state.
        brief: what is asked.
        obstacles: why it cannot be accepted as it stands.
        lists: where what is not plainly taken over is listed.
    """

    def __init__(self, store: Store, *, brief: Brief, obstacles: Obstacles, lists: Lists) -> None:
        super().__init__(store, prefix=SUBJECT, brief=brief, check=self._fault)
        self.obstacles = obstacles
        self._lists = lists

    def _fault(self, _seen: Decision, choice: str, _comment: str) -> Sequence[str]:
        against = self.obstacles() if choice == ACCEPT else ()
        return [f"It cannot be accepted as it stands: {'; '.join(against)}."] if against else []

    def arithmetic(self) -> Table:
        """Give the sums: what PracticeHub has, and what became of every record."""
        found = balance(self._store)
        columns = ("resource", "reported", "rows", "distinct", "created", "updated", "merged",
                   "excluded", "rejected", "unresolved", "sums")  # fmt: skip
        return Table(
            "Every distinct record has one fate: distinct = created + updated + merged + "
            "excluded + rejected",
            columns,
            [
                ("files" if one is found.files else one.name,
                 "–" if one.reported is None else one.reported, one.rows, one.distinct,
                 one.created, one.updated, one.merged, one.excluded, one.rejected, one.unresolved,
                 "✓ close" if one.closes else "✗ open")
                for one in found.every
            ],
        )  # fmt: skip

    def compared(self) -> Table:
        """Give how all cells compared, rule by rule, with what each rule means."""
        counts: dict[tuple[str, str], int] = {}
        for one in self._store.proof.verdicts(SCOPE):
            counts[one.verdict, one.rule] = counts.get((one.verdict, one.rule), 0) + one.count
        order = list(Match)
        return Table(
            f"{sum(counts.values()):,} cells read back from Odoo and compared",
            ("verdict", "by rule", "cells", "which means"),
            [(verdict, rule or "–", count, explained(rule, verdict=verdict))
             for (verdict, rule), count in sorted(
                 counts.items(), key=lambda one: (order.index(Match(one[0][0])), one[0][1]))],
        )  # fmt: skip

    def listed(self) -> Table:
        """Give where each record is named that is not plainly taken over."""
        return Table(
            "Listed record by record, in the run folder",
            ("what", "how many", "where"),
            self._lists(),
        )

    def against(self) -> Lines:
        """Say what stands against accepting, or that nothing does."""
        against = self.obstacles()
        if against:
            return Lines("⚠ It cannot be accepted yet", [f"{one}." for one in against])
        return Lines("✓ Nothing stands against accepting it", [])


class SignOffPanel(DecisionPanel):
    """Read the figures, then accept or refuse; holds nothing that is not in the run."""

    desk: SignOffDesk

    def __init__(self, desk: SignOffDesk) -> None:
        self.figures = ipywidgets.HTML()
        self.against = ipywidgets.HTML()
        self.reload = ipywidgets.Button(description="Look anew")
        super().__init__(desk, self.figures, self.against, toolbar(self.reload))
        self.add_class("wb-wide")
        self.reload.on_click(lambda _: self.refresh())

    def _draw(self) -> None:
        super()._draw()
        desk = self.desk
        self.figures.value = "".join(
            map(figures, (desk.arithmetic(), desk.compared(), desk.listed()))
        )
        against = desk.against()
        self.against.value = f"<h4>{against.title}</h4>{''.join(map(said, against.lines))}"
