"""An account whose files lie on a host that behaves, and a run folder that fetches them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import stamina

from workbench.practicehub import Client, FileResult, Pace, fetch_files, file_path, walk
from workbench.state import FileState, HeldFile, Store

Row = dict[str, object]
HOST = "phub.s3.amazonaws.com"


class Body(httpx.SyncByteStream):
    """A body that comes bit by bit, as from a network."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def sent(
    *chunks: bytes, status: int = 200, length: int | None = None, **headers: str
) -> httpx.Response:
    """Make a file host's answer; `length` is what it says, by default what it sends."""
    says = sum(map(len, chunks)) if length is None else length
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, headers={"content-length": str(says), **named}, stream=Body(chunks)
    )


@dataclass
class Account:
    """An account with files, and the host their bytes lie on.

    `signature` is that of the addresses it lists, `valid` the oldest that the host takes.
    """

    rows: list[Row]
    blobs: dict[str, bytes]
    signature: int = 1
    valid: int = 1
    filters: bool = True
    asked: list[str] = field(default_factory=list)
    fetched: list[httpx.Request] = field(default_factory=list)
    answer: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None

    @property
    def listed_again(self) -> list[str]:
        """The filters by id that were sent."""
        return [one for one in self.asked if one]

    def api(self, request: httpx.Request) -> httpx.Response:
        """Answer as PracticeHub, a hundred rows a page."""
        if not request.url.path.endswith("/files"):
            return httpx.Response(404)
        wanted = request.url.params.get("id")
        self.asked.append(wanted or "")
        rows = self.rows
        if wanted is not None and self.filters:
            ids = wanted.partition(":")[2].split(",")
            rows = [row for row in rows if str(row["id"]) in ids]
        page = int(request.url.params.get("page", "1"))
        shown = rows[100 * (page - 1) : 100 * page]
        following = f"https://x/api/files?page={page + 1}" if len(rows) > 100 * page else None
        signed = [{**row, "url": self._sign(row["url"])} for row in shown]
        body = {"total_entries": len(rows), "data": signed, "links": {"next": following}}
        return httpx.Response(200, text=json.dumps(body))  # which writes more than JSON allows

    def _sign(self, url: object) -> object:
        return f"{url}?X-Sig={self.signature}" if isinstance(url, str) and url.strip() else url

    def host(self, request: httpx.Request) -> httpx.Response:
        """Answer as the file host."""
        self.fetched.append(request)
        special = self.answer(request)
        if special is not None:
            return special
        [signature] = parse_qs(urlsplit(str(request.url)).query)["X-Sig"]
        if int(signature) < self.valid:
            return httpx.Response(403, text="<Error>expired</Error>")
        blob = self.blobs.get(request.url.path)
        return httpx.Response(404) if blob is None else sent(blob)

    def always(self, answer: Callable[[], httpx.Response]) -> None:
        """Let the host answer every request in one way."""
        self.answer = lambda _request: answer()


def file(number: int, **more: object) -> Row:
    """Make a file's row."""
    return {
        "id": number, "file_name": f"scan {number}.pdf", "patient_id": 7, "size": None,
        "url": f"https://{HOST}/4711/{number}", **more,
    }  # fmt: skip


@dataclass
class Desk:
    """A run folder whose files' records are held."""

    folder: Path
    store: Store
    account: Account
    client: Client

    def walk(self, generation: int = 0) -> None:
        """Read all records."""
        list(walk(self.client, self.store, "files", folder=self.folder, generation=generation))

    def results(self, **more: object) -> Iterator[FileResult]:
        """Fetch what there is to fetch, as the workbench does."""
        settings: dict[str, object] = {
            "hosts": ["amazonaws.com"], "allow_loopback": False,
            "transport": httpx.MockTransport(self.account.host), **more,
        }  # fmt: skip
        return fetch_files(self.client, self.store, folder=self.folder, **settings)  # type: ignore[arg-type]

    def fetch(self, **more: object) -> dict[str, tuple[FileState, str]]:
        """Fetch what there is to fetch; give state and reason by id."""
        return {one.source_id: (one.state, one.reason) for one in self.results(**more)}

    def held(self, number: int) -> HeldFile:
        """Give a file's row."""
        found = self.store.source.file("files", str(number))
        assert found is not None
        return found

    def bytes_of(self, number: int) -> bytes:
        """Read the bytes held of a file."""
        return file_path(self.folder, self.held(number).sha256 or "").read_bytes()

    def kinds(self) -> list[str]:
        """List the kinds of all issues."""
        return sorted(one.kind for one in self.store.staging.issues())

    def on_disk(self) -> list[Path]:
        """List what lies among the files."""
        return [one for one in (self.folder / "files").rglob("*") if one.is_file()]


@contextmanager
def desks(folder: Path) -> Iterator[Callable[..., Desk]]:
    """Give a maker of desks in one folder; retries wait for nothing, twice is often enough.

    Bytes are given for every row; `blobs` (path to bytes) adds others.
    """
    made: list[Desk] = []

    def make(rows: list[Row], blobs: dict[str, bytes] | None = None) -> Desk:
        given = {f"/4711/{row['id']}": b"bytes of %d" % int(str(row["id"])) for row in rows}
        account = Account(rows, {**given, **(blobs or {})})
        store = Store(folder / "state.sqlite")
        client = Client(
            base_url="https://x.practicehub.io/api", api_key="the-key",
            app_details="workbench=ops@example.org", page_size=100,
            pace=Pace(folder / "pace.lock", per_second=1000),
            transport=httpx.MockTransport(account.api),
        )  # fmt: skip
        desk = Desk(folder, store, account, client)
        desk.walk()
        account.asked.clear()
        made.append(desk)
        return desk

    stamina.set_testing(True, attempts=2, cap=True)
    stamina.instrumentation.set_on_retry_hooks([])
    try:
        yield make
    finally:
        for desk in made:
            desk.store.close()
            desk.client.close()
        stamina.instrumentation.set_on_retry_hooks(None)
        stamina.set_testing(False)
