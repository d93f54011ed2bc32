"""One question in a panel: what is asked, why, the choice, a comment and a button."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets

from workbench.panels.desk import reasons, spoken, standing
from workbench.state import Decision

_SHOWN_OPTIONS = 12
_CHOOSE = "(choose)"


class DecisionRow(ipywidgets.VBox):  # type: ignore[misc]
    """Shows one question at a time; `show()` puts another one in its place.

    `choice` is a Dropdown, or a Combobox where any text is a choice. A proposal stands in it
    from the start; nothing is recorded before `confirm` is pressed.
    """

    def __init__(self, on_confirm: Callable[[DecisionRow], None]) -> None:
        self.seen: Decision | None = None
        self._question = ipywidgets.HTML()
        self._standing = ipywidgets.HTML()
        self._dropdown = ipywidgets.Dropdown(options=[("", "")])
        # a text is sent when it is left, whole: sent key by key, its end could arrive after the
        # click on "Confirm" that follows it, and what was typed last would be lost
        self._combobox = ipywidgets.Combobox(
            ensure_option=False, placeholder="write or choose", continuous_update=False
        )
        self.comment = ipywidgets.Text(placeholder="optional", continuous_update=False)
        self.confirm = ipywidgets.Button()
        self.confirm.on_click(lambda _: on_confirm(self))
        self._controls = ipywidgets.HBox()
        super().__init__([self._question, self._controls, self._standing])
        for widget in (self._dropdown, self._combobox, self.comment):
            widget.style.description_width = "auto"
        self.add_class("wb-question")
        self._controls.add_class("wb-question-controls")

    @property
    def choice(self) -> ipywidgets.Dropdown | ipywidgets.Combobox:
        """The control that holds the choice."""
        return self._combobox if self.seen and self.seen.open_value else self._dropdown

    def show(self, decision: Decision) -> None:
        """Put a question into the row, or the same one as it stands now."""
        self.seen = decision
        about = spoken(decision.subject)
        self._question.value = _described(decision, about)
        self.say(standing(decision))
        current = decision.choice if decision.choice and not decision.is_open else None
        current = current or decision.proposal
        if decision.open_value:
            self._combobox.options = decision.options
            self._combobox.value = current or ""
        else:
            self._dropdown.options = [(_CHOOSE, ""), *((o, o) for o in decision.options)]
            self._dropdown.value = current if current in decision.options else ""
        self.choice.description = f"Choice for {about}"
        self.comment.description = f"Comment on {about}"
        self.comment.value = decision.comment
        self.confirm.description = f"Confirm {about}"
        self.confirm.disabled = False
        self._controls.children = [self.choice, self.comment, self.confirm]

    def say(self, sentence: str) -> None:
        """Put a sentence under the controls: where the question stands, or what went wrong."""
        self._standing.value = f"<p>{html.escape(sentence)}</p>"

    def __repr__(self) -> str:
        """Name the question, never what is chosen: a repr may be saved in a notebook."""
        return f"DecisionRow({self.seen.subject if self.seen else ''})"


def _described(decision: Decision, about: str) -> str:
    options = ""
    if decision.open_value and decision.options:
        named = ", ".join(decision.options[:_SHOWN_OPTIONS])
        more = len(decision.options) - _SHOWN_OPTIONS
        options = f"Options: {named}{f' and {more} more' if more > 0 else ''}; or write another."
    lines = [line for line in (reasons(decision), options) if line]
    said = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return f"<h4>{html.escape(about)}: {html.escape(decision.question)}</h4>{said}"
