"""Questions as lines of a table: the desk that knows the facts of each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from workbench.panels.desk import DecisionDesk, Show, reasons, standing
from workbench.panels.table import Cell, Heads, Line, Options
from workbench.state import Decision

_ANY = ""


class TableDesk(DecisionDesk):
    """A desk whose questions are lines of a table, in sections."""

    heads: Heads
    narrowed_by = ""
    """What a section is of, for a choice of one; "" where there is one section only."""

    @abstractmethod
    def ordered(self, show: Show = Show.ALL, *, section: str = _ANY) -> list[Decision]:
        """List questions as they are read: section by section, open ones first in each."""

    @abstractmethod
    def section_of(self, subject: str) -> str:
        """Name the section that a question belongs to."""

    @abstractmethod
    def lines(self, asked: Sequence[Decision]) -> list[Line]:
        """Give the lines of questions, with what is known about each now."""

    def ahead(self) -> str:
        """Say what has to be known before the table is read; "" for nothing."""
        return ""

    def sections(self) -> list[str]:
        """List the sections by name, each once."""
        return sorted({self.section_of(one.subject) for one in self.questions()})


def shown(text: str) -> str:
    """Put quotes around a value, so that a space at its end is seen."""
    return f"'{text}'"


def many(number: int, noun: str) -> str:
    """Count things: "1 proposal", "12 proposals"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def line_of(
    decision: Decision,
    *,
    about: str,
    label: str,
    cells: tuple[Cell, ...],
    options: tuple[Options, ...],
    free: bool,
) -> Line:
    """Give a question's line: what the desk knows of it, and how the question stands."""
    return Line(
        subject=decision.subject,
        about=about,
        label=label,
        cells=cells,
        options=options,
        free=free,
        current=current(decision),
        proposal=decision.proposal or "",
        why=reasons(decision),
        standing=stand(decision),
        open=decision.is_open,
        comment=decision.comment,
        stamp=stamp(decision),
    )


def current(decision: Decision) -> str:
    """Give what stands in the control: what was decided, else what is proposed."""
    decided = decision.choice if not decision.is_open else None
    return decided or decision.proposal or ""


def stand(decision: Decision) -> str:
    """Say where a question stands, with what was written beside the decision."""
    beside = decision.comment if decision.choice and decision.comment else ""
    return f"{standing(decision)}{f'; {beside}' if beside else ''}"


def stamp(decision: Decision) -> str:
    """Give what changes when the question does, or what was said about it."""
    return f"{decision.basis} {decision.proposal} {decision.decided_at}"
