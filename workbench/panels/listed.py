"""What panels over many questions share: which are listed, and accepting proposals together."""

from __future__ import annotations

import html
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping

import ipywidgets

from workbench.errors import UsageError, WorkbenchError
from workbench.panels.asking import many
from workbench.panels.desk import LOOK_AGAIN, Counts, DecisionDesk, Show, spoken
from workbench.panels.frame import Frame, toolbar
from workbench.state import Decision

SURE = (
    ("however sure", 0.0), ("at least 60 % sure", 0.6), ("at least 80 % sure", 0.8),
    ("at least 90 % sure", 0.9), ("at least 95 % sure", 0.95),
)  # fmt: skip
"""How sure proposals must be that are accepted together."""


class ListPanel(Frame):
    """A panel over a list of questions; it holds which are listed, and nothing that is said.

    Args:
        desk: where decisions are recorded.
        show: which questions are listed at first.
        parts: what decides, between the toolbar and the button that accepts.
        narrow: further controls of the toolbar.
    """

    def __init__(
        self,
        desk: DecisionDesk,
        show: Show,
        *,
        parts: Iterable[ipywidgets.Widget],
        narrow: Iterable[ipywidgets.Widget] = (),
    ) -> None:
        self._listed: list[Decision] = []
        self._seen: dict[str, Decision] = {}
        self.show = ipywidgets.Dropdown(
            description="Show", options=[(one.value, one) for one in Show], value=show
        )
        self.sure = ipywidgets.Dropdown(description="Proposals", options=SURE)
        self.reload = ipywidgets.Button(description="List anew")
        self.counts = ipywidgets.HTML()
        self.accept = ipywidgets.Button()
        self.accept.add_class("wb-decision-accept")
        self._toolbar = toolbar(self.show, *narrow, self.reload, self.counts)
        self._accepting = toolbar(self.sure, self.accept)
        super().__init__(desk, self._toolbar, *parts, self._accepting)
        self.show.observe(lambda _: self.refresh(), names=["value"])
        self.sure.observe(lambda _: self.status.guard(self._draw), names=["value"])
        self.reload.on_click(lambda _: self.refresh())
        self.accept.on_click(lambda _: self._accept(self._certain(self._listed)))

    @property
    def drawn(self) -> list[Decision]:
        """The questions that are drawn now, in order, as they were when they were drawn."""
        return list(self._seen.values())

    def refresh(self) -> None:
        """List the questions anew, from the run as it stands now, from the beginning."""
        self.status.guard(self._list)

    @abstractmethod
    def _list(self) -> None:
        """List anew and draw."""

    @abstractmethod
    def _draw(self, trouble: Mapping[str, str] | None = None) -> None:
        """Draw what is listed as it stands now; `trouble` by subject is told beside it."""

    @abstractmethod
    def _go_on(self, subject: str) -> None:
        """Move the focus on from a question that was decided; "" from none in particular."""

    def _keep_listed(self) -> None:
        """Bring the list up to date; what is no longer asked leaves it, the rest stays put."""
        now = {one.subject: one for one in self.desk.questions()}
        self._listed = [now[one.subject] for one in self._listed if one.subject in now]

    def _certain(self, among: Iterable[Decision]) -> list[Decision]:
        return self.desk.proposed(at_least=self.sure.value, among=among)

    def _count(self) -> Counts:
        counts = self.desk.counts()
        self.counts.value = html.escape(str(counts))
        certain = len(self._certain(self._listed))
        self.accept.description = f"Accept {many(certain, 'proposal')}"
        self.accept.disabled = certain == 0
        self._accepting.layout.display = None if counts.proposed else "none"
        self._toolbar.layout.display = None if counts.total else "none"
        return counts

    def _decide(self, subject: str, choice: str, comment: str) -> None:
        def act() -> None:
            before = dict(self._seen)
            seen = before.pop(subject, None)
            if seen is None:
                what = f"{spoken(subject)} is not listed here any more."
                raise UsageError(what, do=LOOK_AGAIN)
            self._or_tell(
                subject,
                lambda: self.desk.choose(seen, choice, by=self._named(), comment=comment),
            )
            self._draw()
            changed = sum(self._seen.get(name, one) != one for name, one in before.items())
            others = (
                f" {many(changed, 'other line')} changed meanwhile: what stands there now is shown."
                if changed
                else ""
            )
            self.status.say(f"Recorded: {spoken(subject)}. {self.desk.counts()}.{others}")
            self._go_on(subject)

        self.status.guard(act)

    def _or_tell(self, subject: str, act: Callable[[], object]) -> None:
        """Do it, or draw beside the question why it was not done."""
        try:
            act()
        except WorkbenchError as error:
            self._draw({subject: f"{error.what} {error.do}"})
            raise

    def _accept(self, these: Iterable[Decision]) -> None:
        def act() -> None:
            try:
                accepted = self.desk.accept(these, by=self._named())
            finally:
                self._draw()
            self.status.say(f"{accepted} {self.desk.counts()}.")
            self._go_on("")

        self.status.guard(act)
