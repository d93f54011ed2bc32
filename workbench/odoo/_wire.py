"""odoo-client-lib, subclassed: one pooled client, our time-outs, named arguments, quiet errors.

As it comes, the library opens a connection for every call, waits 60 s whatever we say, quotes
the whole payload in an error, and turns positional arguments into an extra request. Its
addresses, headers and sign-in are what is used here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from itertools import count
from typing import Any

import httpx
from odoolib.json2 import Json2Connection, Json2Connector, JsonModel
from odoolib.rpc import Connection, JsonRPCConnector, Model

from workbench.errors import DestinationError, OdooAuthError
from workbench.odoo import _faults
from workbench.odoo._body import Body

CONNECT_SECONDS = 10.0
"""How long a connection may take; the time-out of the configuration is for the answer."""
TRIES = 3
"""Connections, and calls that only read, are tried at least this often."""
LONGEST_PAUSE = 5.0
"""Seconds between two tries, at most."""
RESTART_SECONDS = 60.0
"""How long an Odoo that has answered before is waited for: about what a restart takes."""
BUSY_TRIES = 8
"""Answers "too many requests" are waited out this often."""


class Wire:
    """The only sender: one pool of connections, paced, with every failure typed.

    A connection that could not be made is tried again (nothing was sent). A lost answer is
    tried again only for calls that read. Both are kept up for as long as a restart takes where
    Odoo has answered before; where it never has, the address is wrong and that is said at once.
    Odoo's 429 is waited out and never skipped.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        calls_per_second: float,
        transport: httpx.BaseTransport | None,
        patience: float = RESTART_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self.host = httpx.URL(url).host
        self.calls_per_second = calls_per_second
        self._free_at = 0.0
        self._turn = threading.Lock()
        self._sleep, self._patience = sleep, patience
        self._met = False
        self.client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            transport=transport,
            trust_env=False,  # a proxy variable of the machine must not see patients
            follow_redirects=False,
        )

    def post(
        self, url: str, body: object, *, headers: Mapping[str, str], what: str, reads: bool
    ) -> object:
        """Send JSON and give the JSON that came back with status 200.

        A file in `body` (`FileBytes`) is read while it is sent, and again for every try.

        Raises:
            OdooUnreachableError: no connection; nothing was sent.
            OdooOutcomeUnknownError: sent, and no whole answer came back.
            DestinationError: one of Odoo's refusals, by its kind.
            StateError: a file to be sent is not in the run folder as it was.
        """
        whole = Body(body)
        sent = {
            **headers,
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(whole.length),
        }
        busy = slow = 0
        pauses = self._pauses()
        while True:
            self._pace()
            try:
                answer = self.client.post(url, content=whole.content, headers=sent)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                if _faults.is_untrusted(error):
                    raise _faults.untrusted(self.host) from None
                if self._paused(pauses):
                    continue
                raise _faults.unreachable(self.host) from None
            except httpx.TransportError as error:
                slow += isinstance(error, httpx.TimeoutException)
                if reads and slow < TRIES and self._paused(pauses):
                    continue
                raise _faults.lost(what) from None
            if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and busy < BUSY_TRIES:
                busy += 1
                self._sleep(_wait(answer))
                continue
            if answer.status_code in _faults.GATEWAY and reads and self._paused(pauses):
                continue
            self._met = self._met or answer.status_code not in _faults.GATEWAY
            return self._read(answer, what=what)

    def get(self, url: str) -> object:
        """Fetch JSON that needs no key; None where the address does not exist.

        Raises:
            OdooUnreachableError: no connection, or no whole answer (nothing was changed).
        """
        self._pace()
        try:
            answer = self.client.get(url)
        except httpx.TransportError as error:
            if _faults.is_untrusted(error):
                raise _faults.untrusted(self.host) from None
            raise _faults.unreachable(self.host) from None
        self._met = self._met or answer.status_code == HTTPStatus.OK
        return _json(answer) if answer.status_code == HTTPStatus.OK else None

    def _pauses(self) -> Iterator[float]:
        """Give the pauses between tries, in seconds: 0.2, 0.8, 3.2 and then 5, while they last."""
        left, pause = self._patience if self._met else 0.0, 0.2
        for number in count(1):
            if number >= TRIES and left <= 0:
                return
            yield pause
            left, pause = left - pause, min(pause * 4, LONGEST_PAUSE)

    def _paused(self, pauses: Iterator[float]) -> bool:
        """Wait for the next try; False where there is to be none."""
        pause = next(pauses, None)
        if pause is not None:
            self._sleep(pause)
        return pause is not None

    def _read(self, answer: httpx.Response, *, what: str) -> object:
        value = _json(answer)
        if answer.status_code != HTTPStatus.OK:
            to = answer.headers.get("Location", "")
            raise _faults.of_status(answer.status_code, value, what=what, to=to)
        if value is _NOT_JSON:
            raise _faults.page(what)
        return value

    def _pace(self) -> None:
        if not self.calls_per_second:
            return
        with self._turn:  # a question is asked while another thread's call is under way
            wait = self._free_at - time.monotonic()
            if wait > 0:
                self._sleep(wait)
            self._free_at = time.monotonic() + 1 / self.calls_per_second


_NOT_JSON = object()


def _json(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return _NOT_JSON


def _wait(answer: httpx.Response) -> float:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), 60.0) if asked.isdigit() else 1.0


class Json2(Json2Connection):  # type: ignore[misc]  # the library is not typed
    """JSON-2 (Odoo 19 and newer) over the one wire."""

    def __init__(self, wire: Wire, *, database: str, api_key: str) -> None:
        connector = Json2Connector(wire.host)
        connector.url = f"{wire.url}/json/2/"  # the library would guess scheme and port
        super().__init__(connector, database, api_key)
        self.wire = wire

    def get_model(self, model_name: str) -> _Json2Model:
        """Give the library's model proxy, with named arguments only."""
        return _Json2Model(self, model_name)

    def call(self, model: str, method: str, arguments: Mapping[str, Any], *, reads: bool) -> object:
        """Call one method; arguments by name, `ids` among them."""
        return self.get_model(model).named(method, arguments, reads=reads)


class _Json2Model(JsonModel):  # type: ignore[misc]  # the library is not typed
    def named(self, method: str, arguments: Mapping[str, Any], *, reads: bool) -> object:
        return self.connection.wire.post(
            self._url(method),
            dict(arguments),
            headers=self.connection.bearer_header,
            what=f"{self.model_name}.{method}",
            reads=reads,
        )


class JsonRpc(Connection):  # type: ignore[misc]  # the library is not typed
    """JSON-RPC (Odoo 18 and older; gone in 22) over the one wire, behind the same face."""

    def __init__(self, wire: Wire, *, database: str, login: str, api_key: str) -> None:
        self.user_id: object = None
        super().__init__(_RpcConnector(wire), database, login, api_key)

    def get_model(self, model_name: str) -> _RpcModel:
        """Give the library's model proxy, with named arguments only."""
        return _RpcModel(self, model_name)

    def call(self, model: str, method: str, arguments: Mapping[str, Any], *, reads: bool) -> object:
        """Call one method; arguments by name, `ids` among them."""
        return self.get_model(model).named(method, arguments, reads=reads)

    def check_login(self, force: bool = True) -> None:  # noqa: FBT001, FBT002  # its signature
        """Sign in once; the library's own version would log the key at debug level.

        Raises:
            OdooAuthError: the login or the key was refused.
        """
        if self.user_id and not force:
            return
        self.user_id = self.connector.send(
            "common", "login", self.database, self.login, self.password
        )
        if not self.user_id:
            what = "Odoo refused the login or its API key."
            raise OdooAuthError(what)


class _RpcModel(Model):  # type: ignore[misc]  # the library is not typed
    def named(self, method: str, arguments: Mapping[str, Any], *, reads: bool) -> object:
        connection = self.connection
        connection.check_login(force=False)
        by_name = dict(arguments)
        # JSON-RPC takes ids by position; and looks at create's first position unasked
        first = "vals_list" if method == "create" else "ids"
        positional = [by_name.pop(first)] if first in by_name else []
        return connection.connector.send(
            "object", "execute_kw", connection.database, connection.user_id, connection.password,
            self.model_name, method, positional, by_name,
            what=f"{self.model_name}.{method}", reads=reads,
        )  # fmt: skip


class _RpcConnector(JsonRPCConnector):  # type: ignore[misc]  # the library is not typed
    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.host, 80)
        self.url = f"{wire.url}/jsonrpc"
        self.wire = wire

    def send(
        self, service: str, method: str, *args: object, what: str = "", reads: bool = True
    ) -> object:
        what = what or f"{service}.{method}"
        answer = self.wire.post(
            self.url,
            {"jsonrpc": "2.0", "method": "call", "id": 1,
             "params": {"service": service, "method": method, "args": args}},
            headers={}, what=what, reads=reads,
        )  # fmt: skip
        if not isinstance(answer, dict):
            raise _faults.lost(what)
        if answer.get("error"):
            raise _rpc_fault(answer["error"], what=what)
        return answer.get("result", False)


def _rpc_fault(error: object, *, what: str) -> DestinationError:
    data = error.get("data") if isinstance(error, dict) else None
    return _faults.of_kind(_faults.kind_of(data), what=what)
