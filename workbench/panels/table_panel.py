"""The panel over a table of questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice

import ipywidgets

from workbench.panels.asking import TableDesk, many
from workbench.panels.desk import Show
from workbench.panels.frame import said, toolbar
from workbench.panels.listed import ListPanel
from workbench.panels.table import ChoiceTable, Line, Section
from workbench.state import Decision

PAGE = 20
"""Lines on a page: 5,000 of them stay quick to draw and to tab through."""

_ANY = ""


class TablePanel(ListPanel):
    """Ask a person line by line; holds nothing that is not in the run.

    A line that was confirmed stays in its place, so that the person sees what was recorded
    and the focus can move to the next open one; `refresh()` lists anew.

    Args:
        desk: where decisions are recorded.
        tools: further controls of the toolbar.
    """

    desk: TableDesk

    def __init__(self, desk: TableDesk, *, tools: Iterable[ipywidgets.Widget] = ()) -> None:
        self._page = 0
        self.ahead = ipywidgets.HTML()
        self.section = ipywidgets.Dropdown(
            description=desk.narrowed_by or "Section",
            options=[("all", _ANY), *((name, name) for name in desk.sections())],
        )
        self.table = ChoiceTable(desk.heads, on_decide=self._decide, on_accept=self._accept_section)
        self.previous = ipywidgets.Button(description="Previous page")
        self.place = ipywidgets.HTML()
        self.next = ipywidgets.Button(description="Next page")
        self._pager = toolbar(self.previous, self.place, self.next)
        super().__init__(
            desk,
            Show.ALL,
            parts=[self.ahead, self.table, self._pager],
            narrow=[*([self.section] if desk.narrowed_by else []), *tools],
        )
        self.add_class("wb-wide")
        self.section.observe(lambda _: self.refresh(), names=["value"])
        self.previous.on_click(lambda _: self._turn(-1))
        self.next.on_click(lambda _: self._turn(1))
        self.refresh()

    def _list(self) -> None:
        self._listed = self.desk.ordered(self.show.value, section=self.section.value)
        self._page = 0
        self._draw()

    def _draw(self, trouble: Mapping[str, str] | None = None) -> None:
        self._keep_listed()
        pages = max(1, -(-len(self._listed) // PAGE))
        self._page = min(self._page, pages - 1)
        drawn = self._listed[self._page * PAGE : (self._page + 1) * PAGE]
        self._seen = {one.subject: one for one in drawn}
        self.table.draw(self._sections(drawn, trouble or {}))
        self.ahead.value = said(self.desk.ahead())
        self.place.value = f"Page {self._page + 1} of {pages}"
        self.previous.disabled = self._page == 0
        self.next.disabled = self._page + 1 >= pages
        self._pager.layout.display = "none" if pages == 1 else None
        self._count()

    def _sections(self, drawn: Sequence[Decision], trouble: Mapping[str, str]) -> list[Section]:
        whole: dict[str, list[Decision]] = {}
        for one in self._listed:
            whole.setdefault(self.desk.section_of(one.subject), []).append(one)
        parts: dict[str, list[Line]] = {}
        for line in self.desk.lines(drawn):
            told = replace(line, trouble=trouble.get(line.subject, ""))
            parts.setdefault(self.desk.section_of(line.subject), []).append(told)
        return [
            Section(name, _caption(name, whole[name], len(lines)),
                    self._offer(name, whole[name]), tuple(lines))
            for name, lines in parts.items()
        ]  # fmt: skip

    def _offer(self, name: str, among: Sequence[Decision]) -> str:
        certain = len(self._certain(among)) if self.desk.narrowed_by else 0
        return f"Accept {many(certain, 'proposal')} of {name}" if certain else ""

    def _turn(self, by: int) -> None:
        def act() -> None:
            self._page += by
            self._draw()
            self.status.say(self.place.value)
            if self._seen:
                self.table.focus_line(next(iter(self._seen)))

        self.status.guard(act)

    def _accept_section(self, name: str) -> None:
        mine = [one for one in self._listed if self.desk.section_of(one.subject) == name]
        self._accept(self._certain(mine))

    def _go_on(self, subject: str) -> None:
        """Move to the next open question of the page, or to the button that goes on."""
        listed = list(self._seen)
        start = listed.index(subject) + 1 if subject in listed else 0
        after = islice(cycle(listed), start, start + len(listed))
        following = next((one for one in after if self._seen[one].is_open), None)
        if following is not None:
            self.table.focus_line(following)
        elif not self.next.disabled:
            self.next.focus()
        else:
            self.reload.focus()


def _caption(name: str, listed: Sequence[Decision], here: int) -> str:
    waiting = sum(one.is_open for one in listed)
    part = f"; {here} of them on this page" if here < len(listed) else ""
    return f"{name}: {len(listed):,} listed, {waiting:,} open{part}"
