"""An account that changes between two requests and answers badly on order, without a socket.

The simulator's own API answers, stepped through in the caller's thread; what a cut line does
to a client is done here, where the line would be.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from urllib.parse import parse_qsl

import httpx
from starlette.types import Message, Scope

from workbench.sandbox.clinic import Clinic
from workbench.sandbox.practicehub.account import Account, Record
from workbench.sandbox.practicehub.api import Api
from workbench.sandbox.practicehub.faults import FaultKind, Rule
from workbench.sandbox.practicehub.links import Signer
from workbench.sandbox.practicehub.switches import Switches
from workbench.state import sha256

RESOURCE = "appointments"
PATH = f"/{RESOURCE}"
KEY = "key"
MOST_CHANGES = 2
"""Between two requests, a second apart, no more than this happens at a clinic's desk."""


class Killed(BaseException):
    """The process is gone: nothing in it catches this."""


class What(StrEnum):
    """What happens to a record."""

    INSERT = "insert"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Change:
    """One change; `place` says whose, as parts of a thousand of the list, oldest first."""

    what: What
    place: int = 0


class Spoil(StrEnum):
    """What goes wrong with one answer."""

    RATE = "429"
    RATE_TOLD = "429 with Retry-After"
    DOWN = "503"
    RESET = "reset before the answer"
    MIDWAY = "reset in the middle of it"
    TRUNCATED = "closed before the promised length"
    HALF_JSON = "half the JSON, as if whole"
    NOT_JSON = "a page of HTML"
    EMPTY = "nothing, with status 200"
    UNFILTERED = "the whole list, whatever was asked"
    REPEATED = "the rows of the answer before"
    KILLED_BEFORE = "the client dies while it asks"
    KILLED_AFTER = "the client dies with the answer in its hand"


_RULES = {
    Spoil.RATE: Rule(fault=FaultKind.RATE),
    Spoil.RATE_TOLD: Rule(fault=FaultKind.RATE, retry_after="3"),
    Spoil.DOWN: Rule(fault=FaultKind.STATUS, status=503),
    Spoil.HALF_JSON: Rule(fault=FaultKind.HALF_JSON),
    Spoil.NOT_JSON: Rule(fault=FaultKind.NOT_JSON),
    Spoil.EMPTY: Rule(fault=FaultKind.EMPTY),
    Spoil.UNFILTERED: Rule(fault=FaultKind.IGNORE_FILTERS),
}


@dataclass(frozen=True, slots=True)
class Doubles:
    """Which rows come twice: each `every`-th id, `later` rows below, differing or not."""

    every: int = 0
    later: int = 0
    differing: bool = False


class _Rows(Account):
    """An account whose rows come twice for the same ids, whatever comes and goes around them."""

    doubles = Doubles()
    without_id = False

    def _all_rows(self, resource: str) -> tuple[Sequence[Record], int]:
        rows, distinct = super()._all_rows(resource)
        made: list[tuple[int, Record]] = [(2 * place, row) for place, row in enumerate(rows)]
        if self.doubles.every:
            made += [
                (2 * (place + self.doubles.later) + 1, self._copy(row))
                for place, row in enumerate(rows)
                if int(str(row["id"])) % self.doubles.every == 0
            ]
        if self.without_id and resource == RESOURCE:
            made.append((7, {"id": None, "status": "pending"}))
        return [row for _, row in sorted(made, key=lambda one: one[0])], distinct

    def _copy(self, row: Record) -> Record:
        return {**row, "status": "cancelled"} if self.doubles.differing else row


@dataclass
class MovingAccount:
    """The account, what is to happen to it, and what it has sent.

    `changes` wait for the gaps between requests, `spoils` for the requests. `ever`: every
    content that an id had. `sent`: question and hash of each good answer. `first`: the ids
    that were there when the first request came.
    """

    clinic: Clinic
    account: _Rows
    changes: deque[Change] = field(default_factory=deque)
    spoils: deque[Spoil | None] = field(default_factory=deque)
    ever: dict[str, set[str]] = field(default_factory=dict)
    sent: set[tuple[str, str]] = field(default_factory=set)
    first: set[str] | None = None
    requests: int = 0
    _before: list[Record] = field(default_factory=list)
    _since: set[What] = field(default_factory=set)

    @classmethod
    def make(
        cls, ids: Sequence[int], switches: Switches, doubles: Doubles, *, without_id: bool
    ) -> MovingAccount:
        """Make an account with these ids."""
        clinic = Clinic("observed", seed=1, today=date(2026, 11, 20))
        clinic.add("patients", [{"id": 1, "first_name": "Anna"}])
        clinic.add(RESOURCE, [_row(number, 0) for number in sorted(ids)])
        account = _Rows(clinic, switches, api_key=KEY, signer=Signer("http://127.0.0.1:1"))
        account.doubles, account.without_id = doubles, without_id
        made = cls(clinic, account)
        made._note()
        return made

    @property
    def ids(self) -> set[str]:
        """Give the ids that exist now."""
        return {str(row["id"]) for row in self.clinic[RESOURCE]}

    def switch(self, **changes: object) -> None:
        """Change how the account behaves."""
        self.account.set(self.account.switches.changed(changes))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, after what happens before it and with what is wrong with it."""
        self.requests += 1
        self._happen()
        if self.first is None:
            self.first = self.ids
        spoil = self.spoils.popleft() if self.spoils else None
        if spoil is Spoil.KILLED_BEFORE:
            raise Killed
        if spoil is Spoil.RESET:
            what = "reset"
            raise httpx.ReadError(what, request=request)
        if spoil in _RULES:
            self.account.faults.add(_RULES[spoil].model_copy())
        start, body = stepped(Api(self.account), request)
        self.account.faults.clear()
        if spoil is Spoil.REPEATED:
            body = self._repeated(request, body)
        if spoil is Spoil.KILLED_AFTER:
            raise Killed
        if spoil in {Spoil.MIDWAY, Spoil.TRUNCATED}:
            return httpx.Response(200, stream=_Cut(body, spoil))
        if start["status"] == httpx.codes.OK and spoil not in {
            Spoil.HALF_JSON, Spoil.NOT_JSON, Spoil.EMPTY,
        }:  # fmt: skip
            self._since.clear()
            self.sent.add((question(str(request.url.query, "ascii")), sha256(body)))
            self._before = json.loads(body)["data"]
        return httpx.Response(start["status"], headers=start.get("headers"), content=body)

    def _repeated(self, request: httpx.Request, body: bytes) -> bytes:
        """Put the rows of the answer before in, as a cache gone wrong does."""
        if "id" in request.url.params or not self._before:
            return body
        return json.dumps({**json.loads(body), "data": self._before}).encode()

    def _happen(self) -> None:
        """Let happen what fits between two requests."""
        for _ in range(MOST_CHANGES):
            if not self.changes or self._cannot_be_seen(self.changes[0]):
                return
            change = self.changes.popleft()
            self._since.add(change.what)
            self._change(change)

    def _cannot_be_seen(self, change: Change) -> bool:
        """Say whether a change would hide another one from whoever reads pages alone.

        A record deleted and another added since the last good answer leave every total as it
        was, and the row that moved across the page's edge is on no page. Windows of ids show
        it. On an account that ignores them, only reading the whole list again would, for as
        long as it is not still: so there, the two are kept apart by one good answer.
        """
        return bool(self.account.switches.ignored_filters) and (
            {change.what, *self._since} >= {What.INSERT, What.DELETE}
        )

    def _change(self, change: Change) -> None:
        rows = self.clinic[RESOURCE]
        if change.what is What.INSERT:
            self.clinic.insert(RESOURCE, _row(self.clinic.next_id(RESOURCE), 0))
        elif rows:
            row = rows[min(len(rows) - 1, change.place * len(rows) // 1000)]
            number = int(str(row["id"]))
            if change.what is What.DELETE:
                self.clinic.remove(RESOURCE, number)
            else:
                self.clinic.replace(RESOURCE, _row(number, int(str(row["turn"])) + 1))
        self._note()

    def _note(self) -> None:
        for row in self.account._all_rows(RESOURCE)[0]:
            self.ever.setdefault(str(row["id"]), set()).add(text(row))


def text(row: object) -> str:
    """Write a row so that equal ones are equal."""
    return json.dumps(row, sort_keys=True)


def question(query: str) -> str:
    """Write a query so that equal ones are equal."""
    return json.dumps(sorted(parse_qsl(query, keep_blank_values=True)))


class Line(httpx.BaseTransport):
    """The line to the account."""

    def __init__(self, account: MovingAccount) -> None:
        self._account = account

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand a request over."""
        return self._account.answer(request)


class _Cut(httpx.SyncByteStream):
    """Half a body, and then the end of the line."""

    def __init__(self, body: bytes, how: Spoil) -> None:
        self._half, self._how = body[: len(body) // 2], how

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        if self._how is Spoil.TRUNCATED:
            what = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(what)
        what = "reset"
        raise httpx.ReadError(what)


def _row(number: int, turn: int) -> Record:
    return {"id": number, "patient_id": 1, "status": "pending", "turn": turn,
            "updated": f"2026-11-20 10:00:{turn:02d}"}  # fmt: skip


def stepped(app: Api, request: httpx.Request) -> tuple[Message, bytes]:
    """Let the app answer; it waits for nothing, so it needs no event loop."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    url = request.url
    scope: Scope = {
        "type": "http", "method": request.method, "path": url.path, "raw_path": url.raw_path,
        "root_path": "", "scheme": url.scheme, "query_string": url.query, "http_version": "1.1",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, 443), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    answering = app(scope, receive, send)
    try:
        answering.send(None)
    except StopIteration:
        return sent[0], b"".join(message.get("body", b"") for message in sent[1:])
    what = "the API waited for something"
    raise AssertionError(what)
