"""A table in which each line is a question: what is known, the choice, a button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import anywidget
import traitlets

from workbench.panels.frame import NO_NAMES

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell; `sign` is a word set apart from it ("new since …")."""

    text: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """Choices under one heading, each with the words it is offered in."""

    label: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A question as a line of the table; everything is text, nothing is HTML.

    Args:
        subject: what is decided.
        about: what is decided, as a person says it; button and comment are named after it.
        label: the name of the control that holds the choice.
        cells: what is known, one for each column before the choice.
        options: what may be chosen, by heading.
        free: another text may be written in place of an option.
        current: what stands in the control: what was decided, else what is proposed.
        proposal: what is proposed; "" for nothing.
        why: what is proposed and why, in a sentence.
        standing: whether it is decided, by whom and when.
        open: whether a person still has to say something.
        comment: what was written beside the decision.
        stamp: changes when the question or what was said about it does.
        trouble: what went wrong when it was confirmed last; "" for nothing.
    """

    subject: str
    about: str
    label: str
    cells: tuple[Cell, ...]
    options: tuple[Options, ...]
    free: bool
    current: str
    proposal: str
    why: str
    standing: str
    open: bool
    comment: str
    stamp: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one caption; `accept` is the text of a button, "" for none."""

    name: str
    caption: str
    accept: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Heads:
    """The columns' names: what is known, then the choice, the reasons, the decision."""

    known: tuple[str, ...]
    choice: str
    why: str = "Proposal and why"
    standing: str = "Decision"

    @property
    def all(self) -> tuple[str, ...]:
        """Every column in order."""
        return (*self.known, self.choice, self.why, self.standing)


def nothing() -> None:
    """Do nothing: most tables have nothing to show to a page that is loaded anew."""


class ChoiceTable(anywidget.AnyWidget):
    """Draws sections of lines; what a person confirms comes back through `on_decide`.

    What was chosen or written and not confirmed stays in the browser, and goes with the page.

    Args:
        heads: the columns.
        on_decide: told the subject, the choice and the comment of a line.
        on_accept: told the name of a section whose proposals are accepted.
    """

    _esm = _STATIC / "table.js"
    _css = _STATIC / "table.css"
    heads = traitlets.List(traitlets.Unicode()).tag(sync=True)
    sections = traitlets.List(traitlets.Dict()).tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    drawn = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        heads: Heads,
        *,
        on_decide: Callable[[str, str, str], None],
        on_accept: Callable[[str], None],
    ) -> None:
        super().__init__(heads=list(heads.all), hint=f"reason; {NO_NAMES}")
        self._on_decide, self._on_accept = on_decide, on_accept
        self.on_ready: Callable[[], None] = nothing
        self.on_msg(lambda _widget, content, _buffers: self.told(content))

    def draw(self, sections: Sequence[Section]) -> None:
        """Show these sections, and give every button back its use."""
        with self.hold_sync():
            self.sections = [asdict(section) for section in sections]
            self.drawn += 1  # the same lines once more are drawn too: a button waits for them

    def focus_line(self, subject: str) -> None:
        """Put the focus on the choice of a line."""
        self.send({"kind": "focus", "subject": subject})

    def reveal(self, values: Mapping[str, Sequence[str | None]]) -> None:
        """Put real values over what stands in lines, in this page alone and until drawn anew.

        Args:
            values: by subject, a text for each known column; None leaves what stands there.
        """
        self.send({"kind": "reveal", "drawn": self.drawn, "values": dict(values)})

    def told(self, content: Mapping[str, object]) -> None:
        """Take what the browser says: a line was confirmed, or a section accepted."""
        if content.get("kind") == "decide":
            words = (str(content.get(key, "")) for key in ("subject", "choice", "comment"))
            self._on_decide(*words)
        elif content.get("kind") == "accept":
            self._on_accept(str(content.get("section", "")))
        elif content.get("kind") == "ready":
            self.on_ready()

    def __repr__(self) -> str:
        """Say nothing of the content: a repr may be saved in a notebook."""
        return "ChoiceTable()"
