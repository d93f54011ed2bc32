"""Looking for records that no page showed, by windows of ids.

A row that comes or goes shifts every page after it, but no window of ids: what is in one is
in no other, whatever happens meanwhile. So each window is true for itself, at its moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from workbench.errors import SourceRefusedError
from workbench.practicehub import envelope
from workbench.practicehub.catalogue import Resource
from workbench.practicehub.client import Answer, Client
from workbench.practicehub.envelope import Ask, Envelope
from workbench.practicehub.walk import NOT_FOUND, Progress, store_answer
from workbench.state import PageKind, Store, id_text
from workbench.state.ids import number_of

NUMBERS_END = 10**18
"""Ids from here on are too long to be counted as numbers."""

LOOKING = "PracticeHub, asked for records that no page may have shown"
"""What a person is told while windows are gone over."""

_TRIES = 2
"""How often a window is asked for before it is believed that windows are ignored."""

Item = tuple[int, int | None, str | None]
"""A request to come: lowest id, highest id (None: no end), and the cursor of a further page."""


class WindowsRefusedError(Exception):
    """Windows of ids do not work on this account; caught where the chase was begun."""


def begin(distinct: int) -> dict[str, Any]:
    """Give what the state keeps of a comparison that begins.

    Returns:
        begun: records held at its beginning; requests: how many it cost; looks: numbers of
        the pages that were second looks; flooded: the first of them showed new records only;
        gone: held records that a window, shown whole, no longer had; repeats: rows by which
        the totals of such windows exceeded their records; plan: the windows under way;
        rounds: how often windows were gone over and the total was asked for anew.
    """
    return {
        "begun": distinct, "requests": 0, "looks": [], "flooded": False, "gone": 0,
        "repeats": 0, "plan": None, "rounds": 0,
    }  # fmt: skip


@dataclass(slots=True)
class Plan:
    """Where a chase stands; kept in the state with every answer, so that a kill costs nothing.

    Windows of at most `width` held ids are asked for from `low` to `top`; then, where `newer`
    is set, everything from there on. `items` are requests that answers gave rise to, the last
    one first.
    """

    low: int
    top: int
    width: int
    newer: int | None
    items: list[Item] = field(default_factory=list)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        items: list[Item] = [(low, high, cursor) for low, high, cursor in kept["items"]]
        return cls(kept["low"], kept["top"], kept["width"], kept["newer"], items)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "low": self.low, "top": self.top, "width": self.width, "newer": self.newer,
            "items": self.items,
        }  # fmt: skip


@dataclass(slots=True)
class Chase:
    """Compares windows of ids with what is held, each answer stored like a page.

    A wide window whose total is what is held of it is left; any other one is halved, down to
    windows that one answer shows whole: in a narrow one repeated rows may hide a missed
    record. Every row is checked against its window: an answer that ignored the filter is
    refused. No list of ids is kept in memory.

    Args:
        client, store, folder, generation, phase: as for the walk.
        known: the resource.
        kept: what the state keeps of the comparison; it is written back with every answer.
        page_size: rows a request asks for.
        fullest: the most rows that a page of the walk had; an account may give fewer.
        on_progress: told requests, None, and what is waited for.
    """

    client: Client
    store: Store
    known: Resource
    folder: Path
    generation: int
    phase: str
    kept: dict[str, Any]
    page_size: int
    fullest: int
    on_progress: Progress | None

    def look_again(self, top: int | None) -> None:
        """Ask for the first page once more: the newest records, and a fresh total.

        It closes a round where windows were gone over before.

        Args:
            top: the highest id that was there when the walk began, where that is known.

        Raises:
            SourceError: as `Client.get`.
        """
        ask = Ask.first(self.known.path, page_size=self.page_size)
        self._tell(LOOKING)
        answer = self.client.get(self.known.path, ask.query, on_wait=self._tell)
        page = envelope.parse(answer.data, resource=self.known.name)
        numbers = [number_of(one) for one in page.ids]
        kept = self.kept
        kept["requests"] += 1
        with self.store.transaction():
            kept["looks"] = [*kept["looks"], self._store(ask, answer, page, PageKind.AGAIN)]
            kept["flooded"] = top is not None and bool(numbers) and all(
                one is not None and one > top for one in numbers
            )  # fmt: skip
            kept["rounds"] += kept["plan"] is not None
            kept["plan"] = None
            self._keep()

    def windows(self, plan: Plan, *, budget: int) -> bool:
        """Go over the windows of a plan to its end; say whether the budget sufficed.

        Args:
            plan: where to begin; one that the state keeps is gone on with instead.
            budget: the most requests that the whole comparison may cost.

        Raises:
            WindowsRefusedError: windows do not work on this account.
            SourceError: as `Client.get`; windows answered before are not asked for again.
        """
        if self.kept["plan"] is not None:
            plan = Plan.of(self.kept["plan"])
        while (item := self._next(plan)) is not None:
            if self.kept["requests"] >= budget:
                return False
            self._ask(plan, *item)
        return True

    def _next(self, plan: Plan) -> Item | None:
        if plan.items:
            return plan.items.pop()
        low = plan.low
        if low <= plan.top:
            then = self.store.source.nth_met(
                self.known.name, self.generation, low=low, offset=plan.width
            )
            plan.low = plan.top + 1 if then is None else min(then, plan.top + 1)
            return (low, plan.low - 1, None)
        newer, plan.newer = plan.newer, None
        return None if newer is None else (newer, None, None)

    def _ask(self, plan: Plan, low: int, high: int | None, cursor: str | None) -> None:
        bounds = f"gte:{low}" if high is None else f"between:{low},{high}"
        ask = (
            Ask.from_cursor(cursor) if cursor is not None
            else Ask.first(self.known.path, page_size=self.page_size, where={"id": bounds})
        )  # fmt: skip
        answer, page = self._answered(ask, low, high)
        before = 0 if high is None else self._held(low, high)
        with self.store.transaction():
            self._store(ask, answer, page, PageKind.WINDOW)
            if cursor is not None:
                self._read_on(plan, ask, page, low, high)
            elif high is None:
                _split_newer(plan, page, low, self.fullest)
            else:
                self._compare(plan, ask, page, (low, high), before=before)
            self.kept["plan"] = plan.as_json()
            self._keep()

    def _answered(self, ask: Ask, low: int, high: int | None) -> tuple[Answer, Envelope]:
        for _ in range(_TRIES):
            self._tell(LOOKING)
            try:
                answer = self.client.get(
                    self.known.path, ask.query, accept={NOT_FOUND}, on_wait=self._tell
                )
            except SourceRefusedError:
                raise WindowsRefusedError from None
            self.kept["requests"] += 1
            if answer.status == NOT_FOUND:  # an empty window, on some accounts
                if ask.page == 1 and high is not None and self._held(low, high):
                    raise WindowsRefusedError
                return answer, Envelope([], 0, None)
            page = envelope.parse(answer.data, resource=self.known.name)
            if all(_lies_between(row, low, high) for row in page.rows):
                return answer, page
        raise WindowsRefusedError

    def _compare(
        self, plan: Plan, ask: Ask, page: Envelope, span: tuple[int, int], *, before: int
    ) -> None:
        """Say what a window's first page, stored by now, gives rise to.

        A window is left by its count alone where it is too wide for one page to show it whole,
        `before` agreed and the page brought nothing.
        """
        low, high = span
        held = self._held(low, high)
        if _is_whole(page, self.fullest):
            self.kept["gone"] += max(0, held - len(page.ids))
            self.kept["repeats"] += max(0, (page.total or 0) - len(page.ids))
        elif page.total is None or low == high:
            self._read_on(plan, ask, page, low, high)
        elif held <= self.fullest or not page.total == held == before:
            middle = (low + high) // 2
            plan.items += [(low, middle, None), (middle + 1, high, None)]

    def _read_on(self, plan: Plan, ask: Ask, page: Envelope, low: int, high: int | None) -> None:
        following = envelope.following(ask, page)
        if following is not None:
            plan.items.append((low, high, following.cursor))

    def _held(self, low: int, high: int) -> int:
        return self.store.source.count_met(self.known.name, self.generation, low=low, high=high)

    def _store(self, ask: Ask, answer: Answer, page: Envelope, kind: PageKind) -> int:
        held = self.store.source.walk(self.known.name, generation=self.generation)
        number = (held.pages if held else 0) + 1
        store_answer(
            self.store, self.known, page,
            folder=self.folder, generation=self.generation, number=number, ask=ask,
            answer=answer, following=None, kind=kind, phase=self.phase,
        )  # fmt: skip
        return number

    def _keep(self) -> None:
        self.store.source.set_checked(self.known.name, self.kept, generation=self.generation)

    def _tell(self, waiting: str) -> None:
        if self.on_progress is not None:
            self.on_progress(self.kept["requests"], None, waiting)


def _split_newer(plan: Plan, page: Envelope, low: int, fullest: int) -> None:
    """Go on above what the first page of an open window shows, and below it by halves."""
    numbers = [number for one in page.ids if (number := number_of(one)) is not None]
    if not numbers or _is_whole(page, fullest):
        return
    top = max(numbers)
    plan.items += [(top + 1, None, None), (low, top, None)]


def _is_whole(page: Envelope, fullest: int) -> bool:
    """Say whether a window's first page is all of it."""
    last_one = page.next is None and len(page.rows) < fullest
    if page.total is None:
        return last_one
    # rows alone do not tell: a record may be on the page twice
    return len(page.ids) >= page.total or (last_one and len(page.rows) >= page.total)


def _lies_between(row: object, low: int, high: int | None) -> bool:
    """Check a row against the window that was asked for."""
    found = id_text(row.get("id")) if isinstance(row, dict) else None
    number = number_of(found) if found is not None else None
    return number is not None and low <= number and (high is None or number <= high)
