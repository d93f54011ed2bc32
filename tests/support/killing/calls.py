"""Numbered points in a whole journey: what it writes, and what it asks and has done."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.killing.points import Point, Points
from workbench.odoo.client import READS

CALL = "/json/2/"
COUNTED = frozenset({"counters", "progress"})
"""Tables that are shown to people, and that nothing goes by."""


@dataclass(frozen=True)
class Gate:
    """A point at which a process waits until the way is barred, and then goes on."""

    point: Point
    folder: Path

    @property
    def here(self) -> Path:
        """There when the process has come to the point."""
        return self.folder / "here"

    @property
    def barred(self) -> Path:
        """There when it is to go on."""
        return self.folder / "barred"

    def wait(self) -> None:
        """Say that one is here, and wait."""
        self.here.touch()
        while not self.barred.exists():
            time.sleep(0.01)


class JourneyPoints(Points):
    """The points of a phase: before each effect, which is after the one before it.

    After an effect there is one where somebody else has acted: Odoo has committed and its
    answer is on the way; the answer was read; a page has arrived; and where a new file is
    there, and empty. What changes nothing for whoever begins again is no effect: to make a
    file durable, to ask Odoo a question, to count and to tell how far one is, to note the pace.
    """

    def __init__(
        self, folder: Path, *, kill: Point | None, told: Path, gate: Gate | None = None
    ) -> None:
        super().__init__(folder, kill=kill)
        self._told, self._gate = told, gate
        self.acted: list[str] = []

    def reached(self, place: str) -> None:
        """Note that the process is here; where it is to die, it dies; at a gate it waits."""
        super().reached(place)
        if self._gate is not None and self.met[-1] == self._gate.point:
            self._gate.wait()

    def watch(self) -> None:
        """Watch this process from now on; it cannot be undone."""
        self._watch_requests()
        self.watch_files(written=("write",))
        for name in ("rename", "replace"):
            self.around(
                os, name, lambda _source, target: f"rename in {self._top(target)}", after=False
            )
        self._watch_opening()
        self.watch_commits(after=False, passing=COUNTED)

    def last_words(self) -> None:
        """Leave word of what was done in Odoo so far, and of the points met."""
        self._told.write_text(json.dumps({"met": self.met, "acted": self.acted}))

    def _watch_requests(self) -> None:
        handle, send, points = httpx.HTTPTransport.handle_request, httpx.Client.send, self

        def handled(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            what = _named(request)
            if what is not None:
                points.reached(f"before {what}")
            answer = handle(transport, request)
            if what is not None and _acts(request):
                points.acted.append(what)
                points.reached(f"Odoo has committed {what}")
            elif what is not None:
                points.reached(f"after {what}")
            return answer

        def sent(client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:  # noqa: ANN401 - as httpx
            answer = send(client, request, **more)
            if _acts(request):
                points.reached(f"after the answer to {_named(request)}")
            return answer

        httpx.HTTPTransport.handle_request = handled  # type: ignore[assignment,method-assign]
        httpx.Client.send = sent  # type: ignore[assignment,method-assign]

    def _watch_opening(self) -> None:
        """Watch files being made: an empty one is there before anything is in it."""
        inner, points = os.open, self

        def opened(path: Any, flags: int, *more: Any, **named: Any) -> int:  # noqa: ANN401 - as os
            new = flags & os.O_CREAT and not Path(os.fsdecode(path)).exists()
            file = inner(path, flags, *more, **named)
            if new and (place := points._top(os.fsdecode(path))) != "elsewhere":
                points.reached(f"an empty file in {place}")
            return file

        os.open = opened


def _acts(request: httpx.Request) -> bool:
    """Whether a request is a call that changes something in Odoo."""
    path = request.url.path
    return path.startswith(CALL) and path.rpartition("/")[2] not in READS


def _named(request: httpx.Request) -> str | None:
    """Name what is asked for; None for a question to Odoo."""
    path = request.url.path
    if _acts(request):
        model, _, method = path.removeprefix(CALL).partition("/")
        return f"the call {model}.{method}"
    if path.startswith("/api/"):
        return "a request"
    return "a download" if "X-Amz-Date" in request.url.params else None


def kind_of(point: Point) -> str:
    """Say of what kind a point is: its place without the names of models, tables and folders."""
    words = point.place.split()
    for mark in ("call", "commit", "in"):
        if mark in words:
            return " ".join(words[: words.index(mark) + 1])
    return point.place
