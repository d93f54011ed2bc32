"""A list resource as an account may serve it, and a run folder with a client on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from workbench.practicehub import Client, Finding, Pace, Shortfall, shortfall, walk
from workbench.state import Store

Row = dict[str, object]


@dataclass
class Source:
    """A list resource as an account may serve it.

    Attributes:
        rows: of each resource, in the order of the list.
        links: `next` is null or absent on the last page; "never": there are no links.
        cap: rows on a page at most.
        drops_size: links forget the page size.
        past_end: status of a page past the end.
        total: counts "distinct" ids or "rows", or is not there ("none").
        more: by how much the total of the whole list is too high.
        filters: windows of ids are understood; False: ignored.
        bad_filter: status that answers a window; 200: none does.
        refused: resource -> status that answers it.
        before: called with the number of each request, from 1, before it is answered.
        asked: what was asked for.
    """

    rows: dict[str, list[Row]]
    links: str = "null"
    cap: int = 100
    drops_size: bool = False
    past_end: int = 200
    total: str = "distinct"
    more: int = 0
    filters: bool = True
    bad_filter: int = 200
    refused: dict[str, int] = field(default_factory=dict)
    before: Callable[[int], None] = lambda _number: None
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.url.path}?{request.url.query.decode()}")
        self.before(len(self.asked))
        name = request.url.path.rpartition("/")[2]
        if name in self.refused or name not in self.rows:
            return httpx.Response(self.refused.get(name, 404), json={"message": "no"})
        condition = request.url.params.get("id")
        if condition is not None and self.bad_filter != 200:
            return httpx.Response(self.bad_filter, json={"errors": {"id": ["no"]}})
        rows = self._filtered(name, condition)
        size = min(int(request.url.params.get("page_size", 100)), self.cap)
        page = int(request.url.params.get("page", 1))
        found = rows[(page - 1) * size : page * size]
        if page > 1 and not found and self.past_end != 200:
            return httpx.Response(self.past_end, text="gone")
        ids = [str(row.get("id")) for row in rows]
        total = len(set(ids)) if self.total == "distinct" else len(ids)
        total += 0 if condition else self.more
        answer: dict[str, object] = {"data": found}
        if self.total != "none":
            answer["total_entries"] = total
        if self.links != "never":
            query = f"page={page + 1}" + ("" if self.drops_size else f"&page_size={size}")
            more = page * size < len(rows)
            onward = {"next": f"https://other.example.com/api/{name}?{query}"}
            last = {"next": None} if self.links == "null" else {}
            answer["links"] = onward if more else last
        return httpx.Response(200, json=answer)

    def _filtered(self, name: str, condition: str | None) -> list[Row]:
        rows = list(self.rows[name])
        if condition is None or not self.filters:
            return rows
        operator, _, bounds = condition.partition(":")
        low, _, high = bounds.partition(",")
        most = int(high) if operator == "between" else 10**12
        return [row for row in rows if int(low) <= int(str(row["id"])) <= most]


def rows(first: int, last: int) -> list[Row]:
    """Make rows, newest first."""
    return [{"id": number, "first_name": f"P{number}"} for number in range(last, first - 1, -1)]


@dataclass
class Desk:
    """A run folder with its state, and a client on the source."""

    folder: Path
    store: Store
    source: Source
    client: Client

    def walk(self, name: str = "patients", **more: object) -> list[int]:
        return [
            page.number
            for page in walk(self.client, self.store, name, folder=self.folder, **more)  # type: ignore[arg-type]
        ]

    def ids(self, name: str = "patients") -> list[int]:
        return [int(one.source_id) for one in self.store.source.records(name)]

    def shortfall(self, name: str = "patients") -> Finding:
        return self.compare(name).finding

    def compare(self, name: str = "patients", **more: object) -> Shortfall:
        return shortfall(self.client, self.store, name, folder=self.folder, **more)  # type: ignore[arg-type]

    def issues(self) -> list[tuple[str, str]]:
        return [(one.kind, one.rule) for one in self.store.staging.issues()]


class Maker:
    """Makes desks over one and the same run folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.made: list[Desk] = []

    def __call__(self, source: Source, *, page_size: int = 10) -> Desk:
        """Open a desk on a source."""
        client = Client(
            base_url="https://bright.neptune.practicehub.io/api", api_key="key",
            app_details="workbench=ops@example.org", page_size=page_size, wait_initial=0,
            pace=Pace(self._folder / "pace.lock", per_second=1_000_000),
            transport=httpx.MockTransport(source),
        )  # fmt: skip
        self.made.append(Desk(self._folder, Store(self._folder / "state.sqlite"), source, client))
        return self.made[-1]


@contextmanager
def desks(folder: Path) -> Iterator[Maker]:
    """Give a maker of desks, and close what it made."""
    maker = Maker(folder)
    yield maker
    for desk in maker.made:
        desk.store.close()
        desk.client.close()
