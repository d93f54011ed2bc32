"""A panel as a table: what is shown where nobody can click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.panels.asking import TableDesk
from workbench.panels.desk import Counts, DecisionDesk, Show, spoken, standing
from workbench.show import Table
from workbench.state import Decision

LONGEST = 50
"""Rows shown; the rest is counted. Open questions come first."""

COLUMNS = ("about", "question", "where it stands")


def question_row(decision: Decision) -> tuple[str, str, str]:
    """Give a question as a row: about what, what is asked, where it stands."""
    return spoken(decision.subject), decision.question, standing(decision)


@dataclass(frozen=True, slots=True)
class Listing:
    """Questions and where they stand, open ones first; at most 50 are shown, all counted.

    Args:
        title: what is asked about.
        counts: of all questions.
        rows: those that are shown, a text for each column.
        columns: their names.
        ahead: what has to be known before the table is read; "" for nothing.
    """

    title: str
    counts: Counts
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = COLUMNS
    ahead: str = ""

    @classmethod
    def of(
        cls,
        desk: DecisionDesk,
        *,
        columns: tuple[str, ...] = COLUMNS,
        row: Callable[[Decision], tuple[str, ...]] = question_row,
        ordered: Sequence[Decision] | None = None,
    ) -> Listing:
        """Look at a desk as it stands now.

        Args:
            desk: whose questions.
            columns: the names of what `row` gives.
            row: what stands in the table about a question.
            ordered: the questions as they are read; None: by subject, open ones first.
        """
        asked = (*desk.questions(Show.OPEN), *desk.questions(Show.DECIDED))
        shown = (asked if ordered is None else ordered)[:LONGEST]
        return cls(desk.brief.title, desk.counts(), tuple(map(row, shown)), columns)

    @classmethod
    def of_table(cls, desk: TableDesk) -> Listing:
        """Look at a desk whose questions are lines of a table, with the table's columns."""
        asked = sorted(desk.ordered(), key=lambda one: not one.is_open)[:LONGEST]
        decided = {one.subject: "" if one.is_open else one.choice or "" for one in asked}
        rows = tuple(
            (*(f"{c.text}; {c.sign}" if c.sign else c.text for c in line.cells),
             decided[line.subject], line.why, line.standing)
            for line in desk.lines(asked)
        )  # fmt: skip
        columns = desk.heads.all
        if desk.narrowed_by:
            columns = (desk.narrowed_by, *columns)
            rows = tuple(
                (desk.section_of(one.subject), *row) for one, row in zip(asked, rows, strict=True)
            )
        return cls(desk.brief.title, desk.counts(), rows, columns, desk.ahead())

    def __repr__(self) -> str:
        """Give the table as lines of text."""
        return repr(self._table())

    def _repr_html_(self) -> str:
        """Give the table as HTML; every text is escaped."""
        return self._table()._repr_html_()

    def _table(self) -> Table:
        more = self.counts.total - len(self.rows)
        notes = [self.ahead, f"and {more} more" if more > 0 else ""]
        return Table(
            f"{self.title}: {self.counts}",
            self.columns,
            self.rows,
            note=" ".join(note for note in notes if note),
        )
