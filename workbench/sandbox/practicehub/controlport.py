"""The control port: counters and switches for tests and demonstrations, behind a token."""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from workbench.sandbox.practicehub.account import Account
from workbench.sandbox.practicehub.faults import Rule

TOKEN_HEADER = "x-control-token"  # noqa: S105 - the name of a header
MOST_DAYS = 400


class ControlPort:
    """The ASGI app at the control port."""

    def __init__(self, account: Account, *, token: str, parameters: dict[str, object]) -> None:
        self._account = account
        self._token = token
        self._parameters = parameters
        verbs: tuple[tuple[str, str, Callable[[Request], Awaitable[Response]]], ...] = (
            ("GET", "state", self._state),
            ("POST", "switches", self._switches),
            ("POST", "faults", self._faults),
            ("POST", "a-day-passes", self._a_day_passes),
            ("POST", "reset-counters", self._reset),
        )
        self._inside = Starlette(
            routes=[
                Route(f"/control/{verb}", self._guarded(answer), methods=[method])
                for method, verb, answer in verbs
            ],
            exception_handlers={ValidationError: _unreadable},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._inside(scope, receive, send)

    def _guarded(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def door(request: Request) -> Response:
            shown = request.headers.get(TOKEN_HEADER, "")
            if not hmac.compare_digest(shown.encode(), self._token.encode()):  # text: ASCII only
                return JSONResponse({"message": "the control token is missing or wrong"}, 401)
            return await answer(request)

        return door

    async def _state(self, request: Request) -> Response:
        account = self._account
        with account.lock:
            told = {
                "pid": os.getpid(),
                "parameters": self._parameters,
                **asdict(account.counters),
                "clinic": account.clinic.counts(),
                "today": account.clinic.today.isoformat(),
                "faults_in_force": [rule.model_dump() for rule in account.faults.rules],
                "switches": account.switches.model_dump(mode="json"),
            }
            if "log" in request.query_params:
                told["log"] = list(account.log)
        return JSONResponse(told)

    async def _switches(self, request: Request) -> Response:
        changes = await _object(request)
        account = self._account
        with account.lock:
            account.set(account.switches.changed(changes))
            return JSONResponse(account.switches.model_dump(mode="json"))

    async def _faults(self, request: Request) -> Response:
        given = await _object(request)
        account = self._account
        with account.lock:
            if given.pop("clear", False):
                account.faults.clear()
            if given:
                account.faults.add(Rule.model_validate(given))
            return JSONResponse({"rules": len(account.faults.rules)})

    async def _a_day_passes(self, request: Request) -> Response:
        days = (await _object(request)).get("days", 1)
        if not isinstance(days, int) or not 0 < days <= MOST_DAYS:
            return JSONResponse({"message": f"days is a number from 1 to {MOST_DAYS}"}, 422)
        return JSONResponse(self._account.a_day_passes(days))

    async def _reset(self, request: Request) -> Response:
        del request
        self._account.reset()
        return JSONResponse({})


async def _unreadable(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, ValidationError):
        raise error
    wrong = sorted({".".join(map(str, one["loc"])) or "value" for one in error.errors()})
    return JSONResponse({"message": f"not understood: {', '.join(wrong)}"}, 422)


async def _object(request: Request) -> dict[str, object]:
    given = await request.json() if await request.body() else {}
    return given if isinstance(given, dict) else {"not an object": given}
