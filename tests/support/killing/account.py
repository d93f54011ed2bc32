"""A small account that shows an extraction every kind of page, and always with the same.

What changes in it changes at a certain request, never at a count of them: so an extraction
that was killed and asks one request again sees the very same account.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.sandbox.clinic import BLOB, Clinic, generate
from workbench.sandbox.practicehub.account import Account, Listing, Record
from workbench.sandbox.practicehub.api import Api
from workbench.sandbox.practicehub.filehost import FileHost
from workbench.sandbox.practicehub.links import Signer
from workbench.sandbox.practicehub.switches import Switches

KEY = "key"
PAGE_SIZE = 8
RECORDS = {"patients": 10, "appointments": 14, "files": 11, "patient_logs": 22, "invoices": 10,
           "payments": 3}  # fmt: skip
"""How many there are at first; payments report one too many, whatever is asked."""

RESOURCES = (
    "patients", "locations", "appointments", "files", "clinical_notes", "patient_logs", "invoices",
    "payments",
)  # fmt: skip
"""Those that are read: there are no locations (404), clinical notes are forbidden (403)."""

HIDDEN = 7
"""The one invoice that no page shows; windows of ids do."""

ADDED, DELETED = 23, 20
"""The log that is added while the logs are read, and the one that is deleted."""

NO_ADDRESS, EXPIRED, GONE = "9003", "9005", "9006"
"""Files: without an address, with an address that has expired, and without bytes."""


class SmallAccount(Account):
    """An account with one record that no page shows, one that is nowhere, and one stale address."""

    _filtered = False

    def listing(
        self, resource: str, pairs: tuple[tuple[str, str], ...], *, unfiltered: bool = False
    ) -> Listing:
        """Answer a list question; the whole list leaves out what is hidden, but counts it."""
        found = super().listing(resource, pairs, unfiltered=unfiltered)
        self._filtered = bool(pairs)
        if resource == "payments" and not pairs:
            return Listing(found.rows, found.distinct + 1, found.ignored)
        if resource != "invoices" or pairs:
            return found
        shown = [row for row in found.rows if row["id"] != HIDDEN]
        return Listing(shown, found.distinct, found.ignored)

    def signed(self, resource: str, row: Record) -> Record:
        """Put a signed link in; a listing by page gives one of them too late."""
        number = str(row["id"])
        if resource == "files" and number == EXPIRED and not self._filtered:
            key = str(row["url"]).removeprefix(BLOB)
            return {**row, "url": self.signer.link(key, seconds=0)}
        return super().signed(resource, row)


def make_account(host: str) -> SmallAccount:
    """Make the account, its files behind addresses at `host`."""
    clinic = generate(seed=3, patients=12, vocabulary="observed")
    for name, count in RECORDS.items():
        clinic.add(name, clinic[name][:count])
    for name in ("invoices", "patient_logs"):
        renumbered = enumerate(clinic[name], start=1)
        clinic.add(name, [{**row, "id": place} for place, row in renumbered])
    switches = Switches(
        rate=0,
        missing_resources=frozenset({"locations"}),
        forbidden_resources=frozenset({"clinical_notes"}),
        duplicates={"invoices": 0.2},
        overrides={"files": {NO_ADDRESS: {"url": None}, GONE: {"url": f"{BLOB}patient/gone"}}},
    )
    return SmallAccount(clinic, switches, api_key=KEY, signer=Signer(host))


Before = Callable[[str, dict[str, list[str]]], None]
"""Told path and question of each request before it is answered."""


def serve(
    account: Account,
    plugs: tuple[socket.socket, socket.socket],
    log: Path,
    *,
    before: Before | None = None,
) -> None:
    """Serve API and file host until the process is ended; write every request into `log`."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def both() -> None:
        apps = _Noted(Api(account), file, before), _Noted(FileHost(account), file)
        await asyncio.gather(
            *(uvicorn.Server(_config(app)).serve(sockets=[plug])
              for app, plug in zip(apps, plugs, strict=True))
        )  # fmt: skip

    asyncio.run(both())


class Drift:
    """Rows that come and go among the logs, each before a certain page is first answered."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic
        self._left: dict[str, Callable[[], None]] = {
            "2": lambda: clinic.copy_newest("patient_logs", datetime(2026, 11, 20)),  # noqa: DTZ001 - PracticeHub's times have no zone
            "3": lambda: clinic.remove("patient_logs", DELETED),
        }

    def __call__(self, path: str, query: dict[str, list[str]]) -> None:
        """Change what changes before this request."""
        if path == "/api/patient_logs" and "id" not in query:
            self._left.pop(query["page"][0], lambda: None)()


class _Noted:
    """An app whose requests are written down, path and question, without what is secret."""

    def __init__(self, inner: ASGIApp, file: int, before: Before | None = None) -> None:
        self._inner, self._file, self._before = inner, file, before

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, query = scope["path"], scope["query_string"].decode()
        known = path.startswith("/api/")
        os.write(self._file, f"{path}?{query}\n".encode() if known else f"{path}\n".encode())
        if self._before is not None:
            self._before(path, parse_qs(query))
        await self._inner(scope, receive, send)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", access_log=False, log_level="warning"
    )


def plug() -> socket.socket:
    """Bind a loopback port and listen, so that whoever connects early waits."""
    # the protocol is named because asyncio sends at once only where it reads TCP there
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.bind(("127.0.0.1", 0))
    found.listen(64)
    return found
