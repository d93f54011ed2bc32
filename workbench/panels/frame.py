"""What every panel has: what is asked and why, who decides, and what was done."""

from __future__ import annotations

import html

import ipywidgets

from workbench.errors import UsageError
from workbench.panels.desk import DecisionDesk
from workbench.panels.status import StatusLine
from workbench.state import person

NO_NAMES = "no patient's name in it"
"""What a person is told where they may write: a comment is kept with the decision."""


class Frame(ipywidgets.VBox):  # type: ignore[misc]
    """A panel's head, its status line and its look; the parts that decide come below it.

    Args:
        desk: where decisions are recorded.
        parts: what stands under the head, in reading order.
    """

    def __init__(self, desk: DecisionDesk, *parts: ipywidgets.Widget) -> None:
        self.desk = desk
        self.person = ipywidgets.Text(
            description="Your name", placeholder="who decides", continuous_update=False
        )
        self.person.style.description_width = "auto"
        self.status = StatusLine()
        super().__init__([ipywidgets.HTML(_introduction(desk)), self.person, self.status, *parts])
        self.add_class("wb-panel")

    def _named(self) -> str:
        """Give the name of who decides.

        Raises:
            UsageError: nobody is named; the focus is where the name goes.
        """
        try:
            return person(self.person.value, do="Write your name into the first field.")
        except UsageError:
            self.person.focus()
            raise

    def __repr__(self) -> str:
        """Give counts, no question and no choice: a repr is saved beside the widget."""
        return f"{self.desk.brief.title}: {self.desk.counts()}"


def toolbar(*widgets: ipywidgets.Widget) -> ipywidgets.HBox:
    """Put controls side by side; they wrap in a narrow window."""
    for widget in widgets:
        if hasattr(widget.style, "description_width"):
            widget.style.description_width = "auto"
    box = ipywidgets.HBox(widgets)
    box.add_class("wb-toolbar")
    return box


def said(sentence: str) -> str:
    """Give a sentence as a paragraph; whatever stands in it is text."""
    return f"<p>{html.escape(sentence)}</p>" if sentence else ""


def _introduction(desk: DecisionDesk) -> str:
    brief = desk.brief
    lines = "".join(said(sentence) for sentence in (brief.asks, brief.why, brief.follows))
    return f"<h3>{html.escape(brief.title)}</h3>{lines}"
