"""The panel over a desk: one design for every kind of decision."""

from __future__ import annotations

import html
from itertools import cycle, islice

import ipywidgets

from workbench.errors import UsageError, WorkbenchError
from workbench.panels.desk import Counts, DecisionDesk, Show, spoken
from workbench.panels.row import DecisionRow
from workbench.panels.status import StatusLine
from workbench.state import Decision

PAGE = 20
"""Questions on a page: 5,000 of them stay quick to draw and to tab through."""

_ANY = ""


class DecisionPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Ask a person; holds nothing that is not in the run.

    A confirmed question stays in its place, so that the person sees what was recorded and
    the focus can move to the next open one; `refresh()` lists anew.
    """

    def __init__(self, desk: DecisionDesk) -> None:
        self.desk = desk
        self._listed: list[Decision] = []
        self._page = 0
        self.person = ipywidgets.Text(
            description="Your name", placeholder="who decides", continuous_update=False
        )
        self.show = ipywidgets.Dropdown(
            description="Show", options=[(show.value, show) for show in Show], value=Show.OPEN
        )
        self.resource = ipywidgets.Dropdown(
            description="Resource", options=[("any", _ANY), *((r, r) for r in desk.resources())]
        )
        self.reload = ipywidgets.Button(description="List anew")
        self.counts = ipywidgets.HTML()
        self.rows = [DecisionRow(self._confirm) for _ in range(PAGE)]
        self.previous = ipywidgets.Button(description="Previous page")
        self.place = ipywidgets.HTML()
        self.next = ipywidgets.Button(description="Next page")
        self.accept = ipywidgets.Button()
        self.status = StatusLine()
        self._body = ipywidgets.VBox()
        self._nothing = ipywidgets.HTML("<p>No question is listed here.</p>")
        self._pager = ipywidgets.HBox([self.previous, self.place, self.next])
        self._toolbar = ipywidgets.HBox([self.show, self.resource, self.reload, self.counts])
        super().__init__(
            [ipywidgets.HTML(_introduction(desk)), self.person, self._toolbar, self.status,
             self._body, self._pager, self.accept]
        )  # fmt: skip
        self._style()
        self.show.observe(lambda _: self.refresh(), names=["value"])
        self.resource.observe(lambda _: self.refresh(), names=["value"])
        self.reload.on_click(lambda _: self.refresh())
        self.previous.on_click(lambda _: self._turn(-1))
        self.next.on_click(lambda _: self._turn(1))
        self.accept.on_click(lambda _: self._accept())
        if len(desk.questions()) == 1:  # a single question is shown, decided or not
            self.show.value = Show.ALL
        self.refresh()

    @property
    def visible(self) -> list[DecisionRow]:
        """The rows that show a question now, in order."""
        return [child for child in self._body.children if isinstance(child, DecisionRow)]

    def refresh(self) -> None:
        """List the questions anew, from the run as it stands now, beginning at page 1."""
        self.status.guard(self._list)

    def _list(self) -> None:
        self._listed = self.desk.questions(self.show.value, resource=self.resource.value)
        self._page = 0
        self._draw()

    def _draw(self) -> None:
        listed = self._listed[self._page * PAGE : (self._page + 1) * PAGE]
        for row, decision in zip(self.rows, listed, strict=False):
            row.show(self.desk.look(decision))
        self._body.children = self.rows[: len(listed)] or [self._nothing]
        pages = max(1, -(-len(self._listed) // PAGE))
        self.place.value = f"Page {self._page + 1} of {pages}"
        self.previous.disabled = self._page == 0
        self.next.disabled = self._page + 1 >= pages
        self._pager.layout.display = "none" if pages == 1 else None
        self._toolbar.layout.display = "none" if self._count().total <= 1 else None

    def _count(self) -> Counts:
        counts = self.desk.counts()
        self.counts.value = html.escape(str(counts))
        noun = "proposal" if counts.proposed == 1 else "proposals"
        self.accept.description = f"Accept {counts.proposed} {noun}"
        self.accept.disabled = counts.proposed == 0
        self.accept.layout.display = "none" if counts.proposed == 0 else None
        return counts

    def _turn(self, by: int) -> None:
        def act() -> None:
            self._page += by
            self._draw()
            self.status.say(self.place.value)
            if self.visible:
                self.visible[0].choice.focus()

        self.status.guard(act)

    def _confirm(self, row: DecisionRow) -> None:
        def act() -> None:
            seen = row.seen
            assert seen is not None, "a button is shown with its question"  # noqa: S101
            row.confirm.disabled = True
            try:
                self._named()
                now = self.desk.choose(
                    seen, row.choice.value, by=self.person.value, comment=row.comment.value
                )
            except WorkbenchError as error:
                self._catch_up(row, seen)
                row.say(f"⚠ Not done: {error.what} {error.do}")
                raise
            finally:
                row.confirm.disabled = False
            row.show(now)
            self.status.say(f"Recorded: {spoken(seen.subject)}. {self._count()}.")
            self._focus_after(row)

        self.status.guard(act)

    def _catch_up(self, row: DecisionRow, seen: Decision) -> None:
        """Show what stands now where somebody else was faster; else leave what was typed."""
        now = next((q for q in self.desk.questions() if q.subject == seen.subject), None)
        if now is not None and now != seen:
            row.show(now)

    def _accept(self) -> None:
        def act() -> None:
            self._named()
            accepted = self.desk.accept_proposed(by=self.person.value)
            self._draw()
            self.status.say(f"Recorded {accepted} as proposed. {self.desk.counts()}.")

        self.status.guard(act)

    def _named(self) -> None:
        if not self.person.value.strip():
            self.person.focus()
            what = "Nobody is named as deciding."
            raise UsageError(what, do="Write your name into the first field.")

    def _focus_after(self, row: DecisionRow) -> None:
        """Move to the next open question of the page, or to the button that goes on."""
        shown = self.visible
        after = islice(cycle(shown), shown.index(row) + 1, shown.index(row) + len(shown))
        following = next((r for r in after if r.seen and r.seen.is_open), None)
        if following is not None:
            following.choice.focus()
        elif not self.next.disabled:
            self.next.focus()

    def _style(self) -> None:
        self.add_class("wb-panel")
        self._toolbar.add_class("wb-toolbar")
        self._pager.add_class("wb-toolbar")
        self.accept.add_class("wb-decision-accept")
        for widget in (self.person, self.show, self.resource):
            widget.style.description_width = "auto"

    def __repr__(self) -> str:
        """Give counts, no question and no choice: a repr is saved beside the widget."""
        return f"{self.desk.brief.title}: {self.desk.counts()}"


def _introduction(desk: DecisionDesk) -> str:
    brief = desk.brief
    lines = "".join(f"<p>{html.escape(s)}</p>" for s in (brief.asks, brief.why, brief.follows))
    return f"<h3>{html.escape(brief.title)}</h3>{lines}"
