"""Numbered points in what the workbench does: before each effect it has, and after it.

The effects are caught where they leave Python: a request, a call, a write, a rename, a commit.
So a new one in the workbench is a new point here, without anybody's doing.
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
    """The `number`-th time (from 1) that a process comes by `place`."""

    place: str
    number: int


class Points:
    """Counts the points a process comes by, and kills it at one of them.

    Places are counted each on its own, because downloads run in threads: which file is
    third is certain, what happens elsewhere meanwhile is not.
    """

    def __init__(self, folder: Path, *, kill: Point | None) -> None:
        self.met: list[Point] = []
        self._folder, self._kill = folder, kill
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reached(self, place: str) -> None:
        """Note that the process is here; where it is to die, it dies."""
        with self._lock:
            self._counts[place] += 1
            point = Point(place, self._counts[place])
            self.met.append(point)
            if point == self._kill:
                self.last_words()
                os.kill(os.getpid(), signal.SIGKILL)
                threading.Event().wait()  # the signal is on its way: nothing happens after it

    def last_words(self) -> None:
        """Called where the process is about to be killed."""

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
        self.watch_files()
        self.around(os, "rename", lambda _source, target: f"rename in {self._top(target)}")
        self.watch_commits()

    def watch_files(self, *, written: tuple[str, ...] = ("write", "pwrite", "fsync")) -> None:
        """Watch what is written below the run folder and taken away there.

        `written`: functions of `os` that write into a file that is open.
        """
        for name in written:
            self.around(
                os, name, lambda file, *_, name=name: f"{name} in {self._of(file)}", after=False
            )
        self.around(os, "unlink", lambda path, **_: f"unlink in {self._top(path)}", after=False)

    def watch_commits(self, *, after: bool = True, passing: frozenset[str] = frozenset()) -> None:
        """Watch the commits to state files; `after` as for `around`.

        `passing`: tables that nothing goes by; a commit that writes no other is no point.
        """
        connect, points = sqlite3.connect, self

        class Watched(_Watched):
            watcher = points
            watches_after = after
            does_not_watch = passing

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
    watches_after: bool
    does_not_watch: frozenset[str]
    _writes = "nothing"
    _passes = False

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3
        """Run a statement; a commit between two points."""
        if sql.startswith("BEGIN"):
            self._writes, self._passes = "nothing", False
        else:
            self._look(sql)
        if sql != "COMMIT" or (self._passes and self._writes == "nothing"):
            return super().execute(sql, *values)
        place = f"the commit of {self._writes}"
        self.watcher.reached(f"before {place}")
        result = super().execute(sql)
        if self.watches_after:
            self.watcher.reached(f"after {place}")
        return result

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3
        """Run a statement for many values."""
        self._look(sql)
        return super().executemany(sql, values)

    def _look(self, sql: str) -> None:
        found = _WRITES.match(sql)
        if found and found[1] in self.does_not_watch:
            self._passes = True
        elif found and self._writes == "nothing":
            self._writes = str(found[1])

    def commit(self) -> None:
        """Refuse: the workbench commits in words, which is where the points are."""
        raise AssertionError
