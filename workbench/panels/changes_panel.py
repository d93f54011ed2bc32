"""The panel of the delta's questions: both values side by side, shown when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets

from workbench.panels.changes import ChangesDesk
from workbench.panels.reveal import Curtain
from workbench.panels.table_panel import TablePanel


class ChangesPanel(TablePanel):
    """Ask whose value counts; what both are goes to the screen alone, when it is asked for."""

    desk: ChangesDesk

    def __init__(self, desk: ChangesDesk, curtain: Curtain) -> None:
        self._curtain = curtain
        self._policy = curtain.aside
        self.real = ipywidgets.Checkbox(
            value=curtain.aside, description="show real values, on this screen only", indent=False
        )
        super().__init__(desk, tools=[self.real])
        self.real.observe(lambda _: self._show(), names=["value"])
        self.table.on_ready = self._begin

    def _draw(self, trouble: Mapping[str, str] | None = None) -> None:
        super()._draw(trouble)
        self._send_values()

    def _send_values(self) -> None:
        if not self._curtain.aside:
            return
        found = {one.subject: self.desk.values(one.subject) for one in self.drawn}
        values = {subject: both for subject, both in found.items() if both}
        for subject in values:
            self._curtain.note(subject, by=str(self.person.value).strip())
        look = self._curtain.look
        self.table.reveal(
            {
                subject: (None, look(ours), look(theirs))
                for subject, (ours, theirs) in values.items()
            }
        )

    def _show(self) -> None:
        def act() -> None:
            self._curtain.aside = bool(self.real.value)
            if self._curtain.aside:
                self._send_values()
            else:
                self.table.reveal({})

        self.status.guard(act)

    def _begin(self) -> None:
        """Start masked on a page that is loaded anew, unless the clinic wants values shown."""
        if bool(self.real.value) is not self._policy:
            self.real.value = self._policy
        else:
            self.status.guard(self._send_values)
