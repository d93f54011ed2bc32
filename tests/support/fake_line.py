"""The line to a fake Odoo without a socket: what goes wrong on it is said beforehand, call by call.

Every call is one request and one answer in the caller's own thread, so that what happens in
which order is the same each time.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from unittest import mock

import httpx

from tests.support.fake_odoo import VERSION, FakeOdoo, RefusedError
from workbench.odoo import Odoo, _create, settle
from workbench.odoo._flight import Flight

Call = tuple[str, str, dict[str, Any]]
"""Model, method and arguments."""
WRITES = frozenset({"create", "write", "unlink", "load"})


class Killed(BaseException):
    """The process is gone: nothing in it catches this."""


class Trouble(StrEnum):
    """What goes wrong with one call."""

    UNSENT = "no connection"
    LOST_BEFORE = "lost before Odoo has it"
    LOST_AFTER = "done, and the answer lost"
    HALF = "done, and half the answer arrives"
    LATE = "lost, and done at some time later"
    GATEWAY_BEFORE = "503 of a proxy, not done"
    GATEWAY_AFTER = "502 of a proxy, done"
    BUSY = "429"
    KILLED_BEFORE = "the tool dies before Odoo has it"
    KILLED_AFTER = "the tool dies after Odoo did it"
    KILLED_LATE = "the tool dies, and Odoo does it at some time later"


_DONE = frozenset({Trouble.LOST_AFTER, Trouble.HALF, Trouble.GATEWAY_AFTER, Trouble.KILLED_AFTER})
_LATER = frozenset({Trouble.LATE, Trouble.KILLED_LATE})
_KILLED = frozenset({Trouble.KILLED_BEFORE, Trouble.KILLED_AFTER, Trouble.KILLED_LATE})


@dataclass
class FakeLine(httpx.BaseTransport):
    """Hands calls to the fake; `troubles` wait for the calls that write, one for each.

    `late`: calls that were lost on their way and are done when `arrive()` says so.
    """

    fake: FakeOdoo
    troubles: deque[Trouble | None] = field(default_factory=deque)
    late: list[Call] = field(default_factory=list)

    def client(self) -> Odoo:
        """Open the fake through this line; it waits for nothing."""
        odoo = self.fake.client(transport=self, url="http://127.0.0.1:1")
        odoo._wire._sleep = lambda _seconds: None
        return odoo

    def arrive(self) -> None:
        """Let what was lost on its way be done."""
        while self.late:
            self._answer(*self.late.pop(0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let the fake answer, with what goes wrong this time."""
        if request.method == "GET":
            return httpx.Response(200, json=VERSION)
        model, method = request.url.path.split("/")[-2:]
        arguments = json.loads(request.read())
        trouble = self.troubles.popleft() if method in WRITES and self.troubles else None
        if trouble is Trouble.UNSENT:
            raise httpx.ConnectError(trouble, request=request)
        if trouble in _LATER:
            self.late.append((model, method, arguments))
        done = trouble is None or trouble in _DONE
        answer = self._answer(model, method, arguments) if done else httpx.Response(503)
        if trouble in _KILLED:
            raise Killed
        return answer if trouble is None else _spoiled(answer, trouble, request)

    def _answer(self, model: str, method: str, arguments: dict[str, Any]) -> httpx.Response:
        try:
            return httpx.Response(200, json=self.fake.call(2, model, method, arguments))
        except RefusedError as error:
            return httpx.Response(error.status, json={"name": error.name, "message": error.text})


def _spoiled(answer: httpx.Response, trouble: Trouble, request: httpx.Request) -> httpx.Response:
    """Give what arrives of an answer on its way back."""
    if trouble in {Trouble.GATEWAY_BEFORE, Trouble.GATEWAY_AFTER}:
        return httpx.Response(503 if trouble is Trouble.GATEWAY_BEFORE else 502)
    if trouble is Trouble.BUSY:
        return httpx.Response(429, headers={"Retry-After": "3"})
    if trouble is Trouble.HALF:
        return httpx.Response(200, content=answer.content[: len(answer.content) // 2])
    raise httpx.ReadError(trouble, request=request)


class _AtOnce(Flight):
    """A call that is over when it begins: one thread, and so one order of things."""

    def __init__(self, operation: int, work: Callable[[], dict[str, Any]]) -> None:
        self.operation, self.seconds = operation, 0.0
        self._future = Future()
        self._fly(work)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let no call of the loader's be under way beside another, for the length of the block."""
    with mock.patch.object(_create, "Flight", _AtOnce):
        yield


@contextmanager
def patient(sleep: Callable[[float], None]) -> Iterator[None]:
    """Let waits for calls under way be `sleep`, however long ago these were sent."""
    defaults = settle.__kwdefaults__
    with mock.patch.dict(defaults, {"sleep": sleep, "patience": 1e6}):
        yield
