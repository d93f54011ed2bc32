"""Looking for records that no page showed, by windows of ids."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.practicehub import envelope
from workbench.practicehub.catalogue import Resource
from workbench.practicehub.client import Client
from workbench.practicehub.envelope import Ask, Envelope
from workbench.practicehub.walk import NOT_FOUND, Progress, held_envelope, store_answer
from workbench.state import PageKind, Store, id_text


class FilterIgnoredError(Exception):
    """An answer holds rows that were not asked for; caught where the chase was begun."""


@dataclass(slots=True)
class Chase:
    """Looks for records by windows of ids, each answer stored like a page.

    Every row is checked against its window: an answer that ignored the filter is refused.
    `budget` is the most requests it may cost; `requests` counts them.
    """

    client: Client
    store: Store
    known: Resource
    folder: Path
    generation: int
    phase: str
    budget: int
    on_progress: Progress | None
    requests: int = 0
    numbered: bool = True
    ids: list[int] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = self.store.source.seen_in(self.known.name, self.generation)
        self.numbered = all(one.isdecimal() for one in ids)
        self.ids = sorted(int(one) for one in ids if one.isdecimal())
        # windows answered before a kill are read from disk, not asked again
        self.answered = {
            page.request: page.sha256
            for page in self.store.source.pages(
                resource=self.known.name, generation=self.generation
            )
        }

    def newer(self) -> None:
        """Read what is newer than everything held, until there is nothing.

        Raises:
            FilterIgnoredError: windows do not work on this account.
        """
        before = -1
        while self.numbered and self.ids and before < self.ids[-1]:
            before = self.ids[-1]
            for page in self._pages({"id": f"gte:{before + 1}"}):
                self._check(page, before + 1, None)

    def everywhere(self) -> None:
        """Halve the range of all ids until each part agrees with what is held.

        Raises:
            FilterIgnoredError: windows do not work on this account.
        """
        # a power of two, so that the windows are the same ones when a killed chase goes on
        top = 1 << (self.ids[-1] if self.ids else 1).bit_length()
        self._between(0, top - 1)

    def _between(self, low: int, high: int) -> None:
        if self.requests >= self.budget:
            return
        where = {"id": f"between:{low},{high}"}
        first = next(self._pages(where), Envelope([], None, None))
        self._check(first, low, high)
        total = len(first.rows) if first.total is None else first.total
        if total <= self._held(low, high):
            return
        if first.next is None and len(first.rows) >= total:  # the window is on this page whole
            return
        if low == high or first.total is None:
            for page in self._pages(where):
                self._check(page, low, high)
            return
        middle = (low + high) // 2
        self._between(middle + 1, high)  # what is missing is mostly new
        self._between(low, middle)

    def _held(self, low: int, high: int) -> int:
        return bisect.bisect_right(self.ids, high) - bisect.bisect_left(self.ids, low)

    def _check(self, page: Envelope, low: int, high: int | None) -> None:
        """Take a window's ids into account."""
        for one in _ids(page):
            at = bisect.bisect_left(self.ids, one)
            if low <= one and (high is None or one <= high) and self.ids[at : at + 1] != [one]:
                self.ids.insert(at, one)

    def _pages(self, where: Mapping[str, str]) -> Iterator[Envelope]:
        """Yield the pages of one window, each one stored, until there is none or no budget."""
        ask: Ask | None = Ask.first(
            self.known.path, page_size=self.client.page_size, where=where
        )  # fmt: skip
        while ask is not None:
            if ask.request in self.answered:
                page = held_envelope(self.folder, self.answered[ask.request])
            elif self.requests >= self.budget:
                return
            else:
                page = self._asked(ask, where)
            yield page
            ask = envelope.following(ask, page)

    def _asked(self, ask: Ask, where: Mapping[str, str]) -> Envelope:
        if self.on_progress is not None:
            self.on_progress(self.requests, None, "PracticeHub, ids that are missing")
        answer = self.client.get(self.known.path, ask.query, accept={NOT_FOUND})
        self.requests += 1
        page = (
            Envelope([], 0, None)
            if answer.status == NOT_FOUND  # an empty window, on some accounts
            else envelope.parse(answer.data, resource=self.known.name)
        )
        if not all(_satisfies(row, where["id"]) for row in page.rows):
            raise FilterIgnoredError
        held = self.store.source.walk(self.known.name, generation=self.generation)
        store_answer(
            self.store, self.known, page,
            folder=self.folder, generation=self.generation,
            number=(held.pages if held else 0) + 1, ask=ask, answer=answer,
            following=None, kind=PageKind.WINDOW, phase=self.phase,
        )  # fmt: skip
        return page


def _ids(page: Envelope) -> list[int]:
    found = (id_text(row.get("id")) for row in page.rows if isinstance(row, dict))
    return [int(one) for one in found if one is not None and one.isdecimal()]


def _satisfies(row: object, condition: str) -> bool:
    """Check a row against an id filter that was sent: `gte:a` or `between:a,b`."""
    found = id_text(row.get("id")) if isinstance(row, dict) else None
    if found is None or not found.isdecimal():
        return False
    operator, _, bounds = condition.partition(":")
    low, _, high = bounds.partition(",")
    return int(found) >= int(low) and (operator == "gte" or int(found) <= int(high))
