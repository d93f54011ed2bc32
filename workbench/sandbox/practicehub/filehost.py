"""The object store that signed links point to: another host, which must never see the API key."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from workbench.sandbox.practicehub.account import Account
from workbench.sandbox.practicehub.api import APP_HEADER, KEY_HEADER
from workbench.sandbox.practicehub.links import ACCOUNT, Verdict
from workbench.sandbox.practicehub.spoil import spoiled


def _xml(status: int, code: str, message: str) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Response(body, status, media_type="application/xml")


class FileHost:
    """The ASGI app at the file host's port: answers GET of an unexpired link, and no more."""

    def __init__(self, account: Account) -> None:
        self.account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope)
        with self.account.lock:
            self.account.counters.file_requests += 1
            number = self.account.counters.file_requests
        rule = self.account.strike(where="files", path=request.url.path, page=None, request=number)
        if rule is None:
            await self._answer(scope, receive, send)
        else:
            await spoiled(rule, self._answer, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._judge(Request(scope))(scope, receive, send)

    def _judge(self, request: Request) -> Response:
        account, counters = self.account, self.account.counters
        if request.method != "GET":
            counters.file_non_get += 1
            return _xml(405, "MethodNotAllowed", "Only GET is allowed here")
        if any(name in request.headers for name in (KEY_HEADER, APP_HEADER, "authorization")):
            counters.key_at_file_host += 1
            return _xml(400, "InvalidArgument", "Only one means of authentication is allowed")
        path = request.url.path
        verdict = account.signer.check(
            path, request.query_params, at_most=account.switches.url_seconds
        )
        if verdict is Verdict.FORGED:
            counters.file_forged += 1
            return _xml(403, "SignatureDoesNotMatch", "The signature does not match")
        if verdict is Verdict.EXPIRED:
            counters.file_expired += 1
            return _xml(403, "AccessDenied", "Request has expired")
        key = path.removeprefix(f"/{ACCOUNT}/")
        blobs = account.clinic.blobs
        if key not in blobs:
            return _xml(404, "NoSuchKey", "There is no such object")
        content = blobs[key]
        counters.file_bytes += len(content)
        tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return Response(content, media_type=blobs.mime_type(key), headers={"etag": f'"{tag}"'})
