"""One question in a panel: what is asked, why, the choice, a comment and a button."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets

from workbench.panels.desk import reasons, spoken, standing
from workbench.panels.frame import NO_NAMES, said
from workbench.state import Decision

_CHOOSE = "(choose)"


class DecisionRow(ipywidgets.VBox):  # type: ignore[misc]
    """Shows one question; a proposal stands in `choice`, nothing is recorded before `confirm`."""

    def __init__(self, on_confirm: Callable[[DecisionRow], None]) -> None:
        self.seen: Decision | None = None
        self._question = ipywidgets.HTML()
        self._standing = ipywidgets.HTML()
        self.choice = ipywidgets.Dropdown(options=[("", "")])
        # a text is sent when it is left, whole: sent key by key, its end could arrive after the
        # click on "Confirm" that follows it, and what was typed last would be lost
        self.comment = ipywidgets.Text(placeholder=f"optional; {NO_NAMES}", continuous_update=False)
        self.confirm = ipywidgets.Button()
        self.confirm.on_click(lambda _: on_confirm(self))
        self._controls = ipywidgets.HBox([self.choice, self.comment, self.confirm])
        super().__init__([self._question, self._controls, self._standing])
        for widget in (self.choice, self.comment):
            widget.style.description_width = "auto"
        self.add_class("wb-question")
        self._controls.add_class("wb-question-controls")

    def show(self, decision: Decision) -> None:
        """Put a question into the row, or the same one as it stands now."""
        self.seen = decision
        about = spoken(decision.subject)
        asked = html.escape(f"{about}: {decision.question}")
        self._question.value = f"<h4>{asked}</h4>{said(reasons(decision))}"
        self.say(standing(decision))
        current = decision.choice if decision.choice and not decision.is_open else None
        current = current or decision.proposal
        self.choice.options = [(_CHOOSE, ""), *((o, o) for o in decision.options)]
        self.choice.value = current if current in decision.options else ""
        self.choice.description = f"Choice for {about}"
        self.comment.description = f"Comment on {about}"
        self.comment.value = decision.comment
        self.confirm.description = f"Confirm {about}"
        self.confirm.disabled = False

    def say(self, sentence: str) -> None:
        """Put a sentence under the controls: where the question stands, or what went wrong."""
        self._standing.value = said(sentence)

    def __repr__(self) -> str:
        """Name the question, never what is chosen: a repr may be saved in a notebook."""
        return f"DecisionRow({self.seen.subject if self.seen else ''})"
