"""The only way to PracticeHub: it can read, keeps the pace, and asks again where that helps.

A PracticeHub key can write and delete. This client cannot: nothing but GET passes its
transport.
"""

from __future__ import annotations

import json
import logging
import re
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
from workbench.practicehub.pace import Pace

FIRST_ATTEMPTS = 3
"""Tries before the first answer ever: a wrong address should be told soon."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: `body` as it came, `data` read from it, `seconds` PracticeHub took."""

    status: int
    body: bytes
    data: Any
    seconds: float


class _Again(Exception):  # noqa: N818 - not an error: it says that asking again may help
    """Carries the error to raise if no try helps; `wait` None: back off, more each time."""

    def __init__(self, error: SourceError, *, wait: float | None = None) -> None:
        super().__init__(str(error.what))
        self.error, self.wait = error, wait


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
        wait_initial: float = 1.0,
        wait_max: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        keep_addresses_out_of_logs()
        self.base_url = base_url.rstrip("/")
        self.page_size = page_size
        self._pace, self._on_request = pace, on_request
        self._attempts, self._wait = attempts, (wait_initial, wait_max)
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
            on_wait: told before each try what is being waited for.

        Raises:
            SourceAuthError: 401 or 403.
            SourceMissingError: 404.
            SourceRefusedError: any other status that a repeat will not change.
            SourceUnreachableError: no answer, 429 or 5xx, every time.
            SourceShapeError: a body that is not JSON, every time.
        """
        tell = on_wait or (lambda _waiting: None)
        waiting = "PracticeHub"
        try:
            for attempt in stamina.retry_context(
                on=_backoff,
                attempts=self._attempts if self._answered else min(self._attempts, FIRST_ATTEMPTS),
                timeout=None,
                wait_initial=self._wait[0],
                wait_max=self._wait[1],
                wait_jitter=self._wait[0] / 4,
            ):
                with attempt:
                    tell(waiting)
                    try:
                        return self._once(path, params or {}, accept)
                    except _Again as again:
                        waiting = f"PracticeHub, asked again ({again.error.what})"
                        tell(waiting)
                        raise
        except _Again as again:
            raise again.error from None
        unreachable = "stamina either returns or raises"
        raise AssertionError(unreachable)

    def _once(self, path: str, params: Mapping[str, str], accept: Collection[int]) -> Answer:
        name = path.partition("?")[0]
        failed, response = "", None
        with self._pace.turn() as turn:
            began = time.perf_counter()

            def trace(event: str, _info: Mapping[str, object]) -> None:
                if event.endswith("send_request_headers.started"):
                    turn.sent()

            try:
                response = self._http.get(
                    self.base_url + path, params=dict(params), extensions={"trace": trace}
                )
            except httpx.RequestError as error:
                failed = f"PracticeHub did not answer {name} ({type(error).__name__})."
            seconds = time.perf_counter() - began
            if response is not None and response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                self._pace.widen(_retry_after(response))
        self._on_request(turn.waited + seconds)
        if response is None:
            raise _Again(SourceUnreachableError(failed))
        return self._read(response, name, seconds, accept)

    def _read(
        self, response: httpx.Response, name: str, seconds: float, accept: Collection[int]
    ) -> Answer:
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            what = "PracticeHub asked for a slower pace (429)."
            raise _Again(SourceUnreachableError(what, do=_LATER), wait=0.0)
        if response.is_server_error:
            what = f"PracticeHub answered {name} with {status}, its own fault."
            raise _Again(SourceUnreachableError(what, do=_LATER))
        self._answered = True
        if response.is_success:
            try:
                data = json.loads(response.content)
            except (ValueError, RecursionError):
                what = f"PracticeHub's answer for {name} is not JSON."
                raise _Again(SourceShapeError(what)) from None
            return Answer(status, response.content, data, seconds)
        if status in accept:
            return Answer(status, response.content, None, seconds)
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            what = f"PracticeHub refused the key ({status})."
            raise SourceAuthError(what)
        if status == httpx.codes.NOT_FOUND:
            what = f"PracticeHub has no {name} at this address (404)."
            raise SourceMissingError(what)
        what = f"PracticeHub refused {name} ({status})."
        raise SourceRefusedError(what)

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


def _backoff(error: Exception) -> bool | float:
    if not isinstance(error, _Again):
        return False
    return True if error.wait is None else error.wait


def _retry_after(response: httpx.Response) -> float | None:
    """Read `Retry-After` in seconds; a date, or nonsense, is left to our own widening."""
    text = response.headers.get("retry-after", "")
    return float(text) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) else None


def keep_addresses_out_of_logs() -> None:
    """Quiet the HTTP library's own log lines: they would write signed addresses and headers."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
