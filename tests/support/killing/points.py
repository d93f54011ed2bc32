"""Numbered points in an extraction: before each effect it has on the world, and after it.

The effects are caught where they leave Python: a request, a write, a rename, a commit. So a
new one in the workbench is a new point here, without anybody's doing.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

_WRITES = re.compile(r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM|CREATE TABLE)\s+(\w+)")


class Point(NamedTuple):
    """The `number`-th time (from 1) that an extraction comes by `place`."""

    place: str
    number: int


class Points:
    """Counts the points an extraction comes by, and kills the process at one of them.

    Places are counted each on its own, because downloads run in threads: which file is
    third is certain, what happens elsewhere meanwhile is not.
    """

    def __init__(self, folder: Path, *, kill: Point | None) -> None:
        self.met: list[Point] = []
        self._folder, self._kill = folder, kill
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reached(self, place: str) -> None:
        """Note that the extraction is here; where it is to die, it dies."""
        with self._lock:
            self._counts[place] += 1
            point = Point(place, self._counts[place])
            self.met.append(point)
            if point == self._kill:
                os.kill(os.getpid(), signal.SIGKILL)
                threading.Event().wait()  # the signal is on its way: nothing happens after it

    def around(
        self, owner: object, name: str, place: Callable[..., str], *, after: bool = True
    ) -> None:
        """Make a point before and after every call of a function; `place` says where it is.

        `after` False: only before, where what comes after is the point before what is next.
        """
        inner = getattr(owner, name)

        def outer(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever `inner` takes
            here = place(*arguments, **more)
            self.reached(f"before {here}")
            result = inner(*arguments, **more)
            if after:
                self.reached(f"after {here}")
            return result

        setattr(owner, name, outer)

    def watch(self) -> None:
        """Watch this process from now on; it cannot be undone."""
        self.around(httpx.HTTPTransport, "handle_request", _request)
        for name in ("write", "pwrite", "fsync"):
            self.around(
                os, name, lambda file, *_, name=name: f"{name} in {self._of(file)}", after=False
            )
        self.around(os, "unlink", lambda path, **_: f"unlink in {self._top(path)}", after=False)
        self.around(os, "rename", lambda _source, target: f"rename in {self._top(target)}")
        connect, points = sqlite3.connect, self

        class Watched(_Watched):
            watcher = points

        def watched(*arguments: Any, **more: Any) -> sqlite3.Connection:  # noqa: ANN401 - as sqlite3
            return connect(*arguments, factory=Watched, **more)

        sqlite3.connect = watched  # type: ignore[assignment]

    def _of(self, file: int) -> str:
        return self._top(Path(f"/proc/self/fd/{file}").readlink())

    def _top(self, path: str | Path) -> str:
        """Name the first step below the run folder."""
        inside = Path(path)
        if not inside.is_relative_to(self._folder):
            return "elsewhere"
        return inside.relative_to(self._folder).parts[0] if inside != self._folder else "the run"


def _request(_transport: httpx.HTTPTransport, request: httpx.Request) -> str:
    return "a request" if request.url.path.startswith("/api/") else "a download"


class _Watched(sqlite3.Connection):
    """A connection whose commits are points, named for what they write first."""

    watcher: Points
    _writes = "nothing"

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3
        """Run a statement; a commit between two points."""
        if sql.startswith("BEGIN"):
            self._writes = "nothing"
        elif self._writes == "nothing" and (found := _WRITES.match(sql)):
            self._writes = str(found[1])
        if sql != "COMMIT":
            return super().execute(sql, *values)
        place = f"the commit of {self._writes}"
        self.watcher.reached(f"before {place}")
        result = super().execute(sql)
        self.watcher.reached(f"after {place}")
        return result

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3
        """Run a statement for many values."""
        if self._writes == "nothing" and (found := _WRITES.match(sql)):
            self._writes = str(found[1])
        return super().executemany(sql, values)

    def commit(self) -> None:
        """Refuse: the workbench commits in words, which is where the points are."""
        raise AssertionError
