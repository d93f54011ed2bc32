"""The account's API: headers, pace and faults at the door, lists and single records behind it."""

from __future__ import annotations

import asyncio
import json
import math
import time
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from workbench.sandbox.practicehub.account import Account, Record
from workbench.sandbox.practicehub.faults import FaultKind
from workbench.sandbox.practicehub.filters import RESERVED
from workbench.sandbox.practicehub.spoil import spoiled

KEY_HEADER = "x-practicehub-key"
APP_HEADER = "x-app-details"
PREFIX = "/api"
DEFAULT_PAGE_SIZE = 100
UNFILTERED = "workbench.unfiltered"  # scope key: a fault asks for the filters to be ignored


def refusal(
    account: Account,
    status: int,
    message: str,
    *,
    parameter: str = "request",
    headers: dict[str, str] | None = None,
) -> Response:
    """Make an error answer in the form the switches ask for."""
    match account.switches.error_body:
        case "message":
            return JSONResponse({"message": message}, status, headers)
        case "errors":
            return JSONResponse({"errors": {parameter: [message]}}, status, headers)
        case "text":
            return PlainTextResponse(message, status, headers)


class Api:
    """The ASGI app at the API's port: judges each request on arrival, then lets it in."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.inside = Starlette(
            routes=[
                Route(f"{PREFIX}/{{resource}}", self._list, methods=["GET"]),
                Route(f"{PREFIX}/{{resource}}/{{number}}", self._one, methods=["GET"]),
            ],
            exception_handlers={HTTPException: self._failed},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; it is timed before anything else is done with it."""
        now = time.monotonic()
        request = Request(scope)
        path = request.url.path.removeprefix(PREFIX) or "/"
        number = self.account.arrive(request.method, path, now)
        status = 0
        try:
            status = await self._serve(request, receive, send, arrived=(path, number, now))
        finally:
            self.account.leave(path, request.url.query, status=status, now=now)

    async def _serve(
        self, request: Request, receive: Receive, send: Send, *, arrived: tuple[str, int, float]
    ) -> int:
        """Answer one request and give the status sent, 0 where the connection was cut."""
        scope = request.scope
        path, number, now = arrived
        refused = self._at_the_door(request, now)
        if refused is not None:
            await refused(scope, receive, send)
            return refused.status_code
        page = _positive(request.query_params.get("page"), 1)
        rule = self.account.strike(where="api", path=path, page=page, request=number)
        if self.account.switches.latency:
            await asyncio.sleep(self.account.switches.latency)
        if rule is not None and rule.fault is FaultKind.IGNORE_FILTERS:
            scope[UNFILTERED] = True
        elif rule is not None:
            return await spoiled(rule, self.inside, scope, receive, send)
        seen: list[int] = []

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(message["status"])
            await send(message)

        await self.inside(scope, receive, watched)
        return seen[0]

    def _at_the_door(self, request: Request, now: float) -> Response | None:
        account = self.account
        if (
            request.headers.get(KEY_HEADER) != account.api_key
            or not request.headers.get(APP_HEADER, "").strip()
        ):
            account.counters.unauthorized += 1
            return refusal(account, account.switches.auth_status, "Unauthenticated.")
        wait = account.early(now)
        if not wait:
            return None
        headers = None
        if account.switches.retry_after:
            headers = {"retry-after": str(max(1, math.ceil(wait)))}
        return refusal(account, 429, "Too many requests.", headers=headers)

    async def _failed(self, request: Request, error: Exception) -> Response:
        del request
        if not isinstance(error, HTTPException):
            raise error
        return refusal(self.account, error.status_code, f"{error.detail}.")

    def _known(self, resource: str) -> None:
        if not self.account.knows(resource):
            raise HTTPException(404, "The requested resource was not found")
        if resource in self.account.switches.forbidden_resources:
            raise HTTPException(403, "This key may not read the resource")

    async def _one(self, request: Request) -> Response:
        resource = request.path_params["resource"]
        self._known(resource)
        row = self.account.one(resource, request.path_params["number"])
        if row is None:
            raise HTTPException(404, "No record has this id")
        return _json(self.account.signed(resource, row))

    async def _list(self, request: Request) -> Response:
        account, switches = self.account, self.account.switches
        resource = request.path_params["resource"]
        self._known(resource)
        pairs = tuple(parse_qsl(request.url.query, keep_blank_values=True))
        question = tuple(pair for pair in pairs if pair[0] not in RESERVED)
        listing = account.listing(
            resource, question, unfiltered=bool(request.scope.get(UNFILTERED))
        )
        if listing.ignored and switches.bad_filter == "422":
            return refusal(account, 422, "The filter is not valid.", parameter=listing.ignored[0])
        asked = dict(pairs)
        size = min(_positive(asked.get("page_size"), DEFAULT_PAGE_SIZE), switches.page_size_cap)
        page = _positive(asked.get("page"), 1)
        pages = max(1, -(-len(listing.rows) // size))
        if page > pages and switches.past_end == "404":
            raise HTTPException(404, "There is no such page")
        data = [
            account.signed(resource, row) for row in listing.rows[(page - 1) * size : page * size]
        ]
        total = listing.distinct if switches.total_entries == "distinct" else len(listing.rows)
        answer: Record = {"total_entries": total, "data": data}
        if switches.next_link != "never":
            answer["links"] = self._links(request, pairs, page=page, pages=pages)
        return _json(answer)

    def _links(
        self, request: Request, pairs: tuple[tuple[str, str], ...], *, page: int, pages: int
    ) -> Record:
        switches = self.account.switches
        base = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"

        def link(number: int, *, forgetful: bool) -> str:
            kept = [
                pair
                for pair in pairs
                if pair[0] != "page"
                and not (forgetful and pair[0] == "page_size" and switches.next_drops_page_size)
                and not (forgetful and pair[0] != "page_size" and switches.next_drops_filters)
            ]
            return f"{base}?{urlencode([*kept, ('page', str(number))])}"

        links: Record = {"self": link(page, forgetful=False)}
        if page < pages:
            links["next"] = link(page + 1, forgetful=True)
        if page > 1:
            links["previous"] = link(page - 1, forgetful=True)
        if switches.next_link == "null":
            links = {"self": None, "next": None, "previous": None, **links}
        return links


def _positive(text: str | None, otherwise: int) -> int:
    """Read a number of at least 1; anything else counts as not said."""
    if text is None or not text.isascii() or not text.isdigit() or int(text) < 1:
        return otherwise
    return int(text)


def _json(content: Record) -> Response:
    # Plain JSON with ASCII escapes, as PHP writes it, and much faster than re-encoding.
    return Response(json.dumps(content), media_type="application/json")
