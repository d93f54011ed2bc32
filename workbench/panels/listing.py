"""A panel as a table: what is shown where nobody can click."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.panels.desk import Counts, DecisionDesk, Show, spoken, standing
from workbench.show import Table
from workbench.state import Decision

LONGEST = 50
"""Rows shown; the rest is counted. Open questions come first."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Questions and where they stand, open ones first; at most 50 are shown, all counted."""

    title: str
    counts: Counts
    questions: tuple[Decision, ...]

    @classmethod
    def of(cls, desk: DecisionDesk) -> Listing:
        """Look at a desk as it stands now."""
        ordered = (*desk.questions(Show.OPEN), *desk.questions(Show.DECIDED))
        return cls(desk.brief.title, desk.counts(), ordered)

    def __repr__(self) -> str:
        """Give the table as lines of text."""
        return repr(self._table())

    def _repr_html_(self) -> str:
        """Give the table as HTML; every text is escaped."""
        return self._table()._repr_html_()

    def _table(self) -> Table:
        more = len(self.questions) - LONGEST
        return Table(
            f"{self.title}: {self.counts}",
            ("about", "question", "where it stands"),
            [(spoken(q.subject), q.question, standing(q)) for q in self.questions[:LONGEST]],
            note=f"and {more} more" if more > 0 else "",
        )
