"""The only way to PracticeHub: it can read, keeps the pace, and asks again where that helps.

A PracticeHub key can write and delete. This client cannot: nothing but GET passes its
transport.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from workbench.errors import (
    SourceAuthError,
    SourceError,
    SourceMissingError,
    SourceRefusedError,
    SourceShapeError,
    SourceUnreachableError,
)
from workbench.practicehub import answers
from workbench.practicehub.pace import Pace

FIRST_ATTEMPTS = 3
"""Tries before the first answer ever: a wrong address should be told soon."""

MOST_BYTES = 256 << 20
"""A list page of 100 rows is some MB at most; a larger body than this is not read to its end."""

MOST_ERROR_BYTES = 1 << 20
"""Of an error's body no more is read than this."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: `body` as it came, `data` read from it, `seconds` PracticeHub took."""

    status: int
    body: bytes
    data: Any
    seconds: float


class _Again(Exception):  # noqa: N818 - not an error: it says that asking again may help
    """Carries the error to raise if no try helps.

    `wait` in seconds; None: back off, more each time. `slower`: it is the pace that waits.
    """

    def __init__(
        self, error: SourceError, why: str, *, wait: float | None = None, slower: bool = False
    ) -> None:
        super().__init__(why)
        self.error, self.why, self.wait, self.slower = error, why, wait, slower

    def told(self, number: int, *, of: int, wait: float) -> str:
        """Say to a person which try comes next, and in how many seconds."""
        seconds = math.ceil(wait if self.wait is None else self.wait)
        return f"{self.why}: try {number} of {of}" + (f" in {seconds} s" if seconds else "")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request that was answered, `seconds` after it was sent."""

    name: str
    params: Mapping[str, str]
    accept: Collection[int]
    seconds: float


class _ReadOnly(httpx.BaseTransport):
    """Lets GET through and nothing else."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            what = "PracticeHub is only ever read from"
            raise AssertionError(what)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class Client:
    """A connection to one account; use it as a context manager.

    Args:
        base_url: the API's address, with its `/api`.
        api_key: the key; it stands in no error, log or `repr`.
        app_details: `<application>=<contact e-mail>`, which PracticeHub wants to know.
        pace: shared by everything that asks this account.
        timeout: seconds to wait for an answer; lists can take 40.
        on_request: called after every request that was sent, answered or not, with the
            seconds it took, waiting for its turn included.
        page_size: rows a list request asks for; at most 100.
        attempts: how often a request is tried in all.
        first_attempts: how often before the first answer ever; a 429 is an answer.
        most_bytes: of the body of an answer, unpacked.
        wait_initial: seconds before the second try after no answer or a 5xx.
        wait_max: the longest wait between tries, in seconds.
        transport: in place of the network, for tests.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        app_details: str,
        pace: Pace,
        timeout: float = 60.0,
        on_request: Callable[[float], None] = lambda _seconds: None,
        page_size: int = 100,
        attempts: int = 8,
        first_attempts: int = FIRST_ATTEMPTS,
        most_bytes: int = MOST_BYTES,
        wait_initial: float = 1.0,
        wait_max: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        keep_addresses_out_of_logs()
        self.base_url = base_url.rstrip("/")
        self.page_size = page_size
        self._pace, self._on_request = pace, on_request
        self._attempts, self._first_attempts = attempts, min(attempts, first_attempts)
        self._most_bytes, self._wait = most_bytes, (wait_initial, wait_max)
        self._answered = False
        self._http = httpx.Client(
            headers={
                "x-practicehub-key": api_key,
                "x-app-details": app_details,
                "accept": "application/json",
            },
            timeout=httpx.Timeout(timeout, connect=min(timeout, 15.0)),
            transport=_ReadOnly(transport or httpx.HTTPTransport(trust_env=False)),
            follow_redirects=False,
            trust_env=False,  # a proxy set for the browser must not see the key
        )

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        accept: Collection[int] = (),
        on_wait: Callable[[str], None] | None = None,
    ) -> Answer:
        """Ask for one resource, at the account's pace, and again where that may help.

        No answer, a 429, a 5xx, a cut-off body and a body that is not JSON are asked
        again; after a 429 it is the pace that waits. Everything else is final.

        Args:
            path: below the base address: `/patients`.
            params: the query.
            accept: statuses between 400 and 499 that the caller wants to see; their body
                is not read as JSON.
            on_wait: told, before a wait beyond the ordinary pace, why and for how long: a
                short phrase for a person, without address, query or key.

        Raises:
            SourceAuthError: 401 or 403.
            SourceMissingError: 404.
            SourceRefusedError: any other status that a repeat will not change.
            SourceUnreachableError: no answer, 429 or 5xx, every time.
            SourceShapeError: a body that is not JSON, every time; or one that is too large,
                or whose meaning is not certain.
        """
        tell = on_wait or (lambda _waiting: None)
        patience = self._attempts if self._answered else self._first_attempts
        try:
            for attempt in stamina.retry_context(
                on=_backoff,
                attempts=self._attempts,
                timeout=None,
                wait_initial=self._wait[0],
                wait_max=self._wait[1],
                wait_jitter=self._wait[0] / 4,
            ):
                with attempt:
                    try:
                        return self._once(path, params or {}, accept, tell)
                    except _Again as again:
                        of = self._attempts if again.slower else patience
                        if attempt.num >= of:
                            raise again.error from None
                        if not again.slower:  # else the pace tells, when it waits
                            tell(again.told(attempt.num + 1, of=of, wait=attempt.next_wait))
                        raise
        except _Again as again:  # only where tests have switched repeating off
            raise again.error from None
        unreachable = "stamina either returns or raises"
        raise AssertionError(unreachable)

    def _once(
        self,
        path: str,
        params: Mapping[str, str],
        accept: Collection[int],
        tell: Callable[[str], None],
    ) -> Answer:
        name = path.partition("?")[0]

        def wait(seconds: float) -> None:
            tell(f"PracticeHub asked for a slower pace: going on in {math.ceil(seconds)} s")

        def trace(event: str, _info: Mapping[str, object]) -> None:
            if event.endswith(("send_request_headers.complete", "send_request_headers.failed")):
                turn.sent()

        # made before the turn, so that no time of it is lost
        request = self._http.build_request(
            "GET", self.base_url + path, params=dict(params), extensions={"trace": trace}
        )
        failed, body, response = "", b"", None
        with self._pace.turn(wait) as turn:
            began = time.perf_counter()
            try:
                response = self._http.send(request, stream=True)
                if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    turn.widen(answers.retry_after(response.headers))
                body = self._body(response)
            except httpx.RequestError as error:
                failed = f"PracticeHub did not answer {name} ({type(error).__name__})."
            finally:
                if response is not None:
                    response.close()
            seconds = time.perf_counter() - began
        self._on_request(turn.waited + seconds)
        if response is None or failed:
            raise _Again(SourceUnreachableError(failed), "no answer from PracticeHub")
        return self._read(response, body, _Asked(name, params, accept, seconds))

    def _body(self, response: httpx.Response) -> bytes:
        """Read the body, up to a little more than is allowed, by which it is told."""
        found = bytearray()
        most = self._most_bytes if response.is_success else MOST_ERROR_BYTES
        try:
            for chunk in response.iter_bytes():
                found += chunk
                if len(found) > most:
                    break
        except httpx.RequestError:
            if response.is_success:
                raise  # of an error the status has said what matters
        return bytes(found)

    def _read(self, response: httpx.Response, body: bytes, asked: _Asked) -> Answer:
        status, name = response.status_code, asked.name
        if status == httpx.codes.TOO_MANY_REQUESTS:
            what = "PracticeHub asked for a slower pace (429), every time."
            raise _Again(SourceUnreachableError(what, do=_LATER), "429", wait=0.0, slower=True)
        if response.is_server_error:
            what = f"PracticeHub answered {name} with {status}, its own fault."
            why = f"PracticeHub has a fault of its own ({status})"
            wait = answers.retry_after(response.headers)
            raise _Again(SourceUnreachableError(what, do=_LATER), why, wait=wait)
        self._answered = True
        if response.is_success:
            return Answer(status, body, self._data(body, name), asked.seconds)
        if status in asked.accept:
            return Answer(status, body, None, asked.seconds)
        raise _refusal(status, body, asked)

    def _data(self, body: bytes, name: str) -> Any:  # noqa: ANN401 - JSON may be anything
        if len(body) > self._most_bytes:
            what = f"PracticeHub's answer for {name} is larger than {self._most_bytes:,} bytes."
            raise SourceShapeError(what, do="Set a smaller page_size in migration.toml.")
        try:
            return answers.data(body)
        except answers.OddError as odd:
            what = f"PracticeHub's answer for {name} {odd}."
            raise SourceShapeError(what) from None
        except ValueError:
            what = f"PracticeHub's answer for {name} is not JSON."
            raise _Again(SourceShapeError(what), "PracticeHub's answer was cut off") from None

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_LATER = "Run again later; PracticeHub's support is help@practicehub.io."
_WHERE = "See that account, region and base_url in migration.toml are those of the clinic."


def _backoff(error: Exception) -> bool | float:
    if not isinstance(error, _Again):
        return False
    return True if error.wait is None else error.wait


def _refusal(status: int, body: bytes, asked: _Asked) -> SourceError:
    """Explain a status that a repeat will not change."""
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return SourceAuthError(f"PracticeHub refused the key ({status}).")
    if status == httpx.codes.NOT_FOUND:
        return SourceMissingError(f"PracticeHub has no {asked.name} at this address (404).")
    if status < httpx.codes.BAD_REQUEST:
        what = f"PracticeHub leads {asked.name} elsewhere ({status}), where the key must not go."
        return SourceRefusedError(what, do=_WHERE)
    named = answers.named(body, asked.params)
    at_fault = f"; it names {', '.join(named)}" if named else ""
    return SourceRefusedError(f"PracticeHub refused {asked.name} ({status}){at_fault}.")


def keep_addresses_out_of_logs() -> None:
    """Quiet the HTTP library's own log lines: they would write signed addresses and headers."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
