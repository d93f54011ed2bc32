"""The panel over a single question: the sample's approval, the sign-off."""

from __future__ import annotations

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.panels.desk import DecisionDesk, spoken
from workbench.panels.frame import Frame, said
from workbench.panels.row import DecisionRow


class DecisionPanel(Frame):
    """Ask a person one thing; holds nothing that is not in the run.

    The question is shown decided or not, so that the person sees what was recorded and may
    decide anew.

    Args:
        desk: where decisions are recorded.
        ahead: what is looked at before the question is answered, in reading order.
    """

    def __init__(self, desk: DecisionDesk, *ahead: ipywidgets.Widget) -> None:
        self.row = DecisionRow(self._confirm)
        self._body = ipywidgets.VBox()
        super().__init__(desk, *ahead, self._body)
        self.refresh()

    def refresh(self) -> None:
        """Show the question as it stands in the run now."""
        self.status.guard(self._draw)

    def _draw(self) -> None:
        asked = self.desk.questions()
        if asked:
            self.row.show(asked[0])
        self._body.children = [self.row if asked else ipywidgets.HTML(said("Nothing is asked."))]

    def _confirm(self, row: DecisionRow) -> None:
        def act() -> None:
            seen = row.seen
            assert seen is not None, "a button is shown with its question"  # noqa: S101 - never shown without
            row.confirm.disabled = True
            try:
                now = self.desk.choose(
                    seen, row.choice.value, by=self._named(), comment=row.comment.value
                )
            except WorkbenchError as error:
                self._catch_up(row)
                row.say(f"⚠ Not done: {error.what} {error.do}")
                raise
            finally:
                row.confirm.disabled = False
            row.show(now)
            self.status.say(f"Recorded: {spoken(seen.subject)}.")

        self.status.guard(act)

    def _catch_up(self, row: DecisionRow) -> None:
        """Show what stands now where somebody else was faster; else leave what was typed."""
        now = next((q for q in self.desk.questions() if q == row.seen), None)
        if now is None:
            self._draw()
