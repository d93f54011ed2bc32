"""Answers that go wrong on purpose: cut, reset, garbled or late, at the level of the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from workbench.sandbox.practicehub.faults import FaultKind, Rule

# Linger on, for zero seconds: closing then sends a reset instead of an orderly goodbye.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


async def captured(
    app: Callable[[Scope, Receive, Send], Awaitable[None]], scope: Scope, receive: Receive
) -> tuple[Message, bytes]:
    """Let an app answer, and hold the answer back: its start and its whole body."""
    starts: list[Message] = []
    body = bytearray()

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, hold)
    return starts[0], bytes(body)


async def spoiled(
    rule: Rule,
    app: Callable[[Scope, Receive, Send], Awaitable[None]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> int:
    """Answer a request as a rule says; give the status sent, 0 where the connection was cut."""
    match rule.fault:
        case FaultKind.STATUS | FaultKind.RATE:
            status = 429 if rule.fault is FaultKind.RATE else rule.status
            headers = {"retry-after": rule.retry_after} if rule.retry_after else None
            answer: Response = PlainTextResponse("Spoiled on order", status, headers)
            await answer(scope, receive, send)
            return status
        case FaultKind.NOT_JSON:
            answer = HTMLResponse("<html><body>Down for maintenance</body></html>")
            await answer(scope, receive, send)
            return 200
        case FaultKind.EMPTY:
            await Response(b"", 200)(scope, receive, send)
            return 200
        case FaultKind.RESET:
            await _reset(receive, send)
            return 0
        case _:
            pass
    if rule.fault is FaultKind.SLOW:
        await asyncio.sleep(rule.seconds)
    start, body = await captured(app, scope, receive)
    half = body[: len(body) // 2]
    match rule.fault:
        case FaultKind.HALF_JSON:
            await Response(half, start["status"], media_type="application/json")(
                scope, receive, send
            )
        case FaultKind.WRONG_BYTES:
            await Response(bytes(255 - byte for byte in body), start["status"])(
                scope, receive, send
            )
        case FaultKind.TRUNCATE | FaultKind.RESET_MIDWAY:
            await send(start)
            await send({"type": "http.response.body", "body": half, "more_body": True})
            # Returning now closes the connection short of the promised length.
            if rule.fault is FaultKind.RESET_MIDWAY:
                await _reset(receive, send)
            return 0
        case _:
            await send(start)
            await send({"type": "http.response.body", "body": body})
    return int(start["status"])


async def _reset(receive: Receive, send: Send) -> None:
    """Reset the connection under the answer.

    ASGI has no word for it, so this asks uvicorn's `send` for its transport.
    """
    transport = send.__self__.transport  # type: ignore[attr-defined]
    plug = transport.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
