"""The pace: one request in flight, and never more a second than the account allows.

PracticeHub counts per account, so the pace is kept in a small file in the run folder that
every process and kernel of the run shares. Its lock is held while a request is in flight;
the operating system lets go of it when a process dies.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from workbench.practicehub.blobs import named_storage_errors

MARGIN_SECONDS = 0.015
"""Added to every gap: what two requests may drift on their way, so that none arrives early."""

MARGIN_SHARE = 0.1
"""The margin is never more than this share of the gap, so that fast sandboxes stay fast."""

NARROWING = 0.9
"""What is left of the extra gap after each request that was not answered with 429."""

LONGEST_WAIT_SECONDS = 600.0
"""No `Retry-After` is waited out longer than this before asking again."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last start as the file keeps it: two clocks, and how long to wait after it.

    `busy` is True while a request is in flight; found True by the next holder of the
    lock, it means that a process died with a request on its way.
    """

    wall: float
    monotonic: float
    wait: float
    extra: float = 0.0
    busy: bool = False


class Turn:
    """One request's turn: `waited` seconds were spent to get it."""

    def __init__(self, pace: Pace, *, waited: float) -> None:
        self._pace = pace
        self.waited = waited

    def sent(self) -> None:
        """Say that the request leaves only now: the next gap is counted from here.

        A first request opens a connection, which takes its time; counted from before it,
        the second request would arrive early.
        """
        self._pace._start(busy=True)  # noqa: SLF001 - a turn is the pace's other half


class Pace:
    """The shared pace of one account.

    Args:
        path: the file all processes share; made when it is not there.
        per_second: requests a second, measured start to start.
        wall: seconds since the epoch.
        monotonic: seconds of a clock that never goes back and that all processes share.
        sleep: waits so many seconds; Ctrl-C ends it at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        per_second: float,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = path
        self.gap = 1 / per_second + min(MARGIN_SECONDS, MARGIN_SHARE / per_second)
        self._wall, self._monotonic, self._sleep = wall, monotonic, sleep
        self._thread = threading.RLock()
        self._file: int | None = None
        self._extra = 0.0
        self._widened = False

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the turn and hold it while the request is in flight.

        The start is on file before the request leaves, so a process that dies on the way
        leaves the next one waiting a full gap.
        """
        began = self._monotonic()
        with self._thread, self._locked():
            mark = self._read()
            if mark is not None:
                left = self.remaining(mark)
                if left > 0:
                    self._sleep(left)
            self._extra = mark.extra if mark else 0.0
            self._widened = False
            self._start(busy=True)
            try:
                yield Turn(self, waited=self._monotonic() - began)
            finally:
                self._finish()

    def widen(self, retry_after: float | None = None) -> None:
        """Leave more room after a 429, and at least `retry_after` seconds before the next.

        Each refusal doubles the extra gap; each request that passes takes a tenth of it
        away again.
        """
        with self._thread:
            if self._file is not None:
                self._widen(retry_after)
                return
            with self._locked():
                mark = self._read()
                self._extra = mark.extra if mark else 0.0
                self._widen(retry_after)

    def remaining(self, mark: Mark) -> float:
        """Say how many seconds are left to wait after a mark.

        The wall clock may have been set back and the other one restarted with the
        machine; of those that went forward the slower one is believed, and where neither
        did, or the last request was cut off, the whole gap is waited.
        """
        if mark.busy:
            return mark.wait
        passed = (self._wall() - mark.wall, self._monotonic() - mark.monotonic)
        return mark.wait - min((one for one in passed if one >= 0), default=0.0)

    # inside the lock ---------------------------------------------------------------------

    def _start(self, *, busy: bool) -> None:
        self._write(
            Mark(self._wall(), self._monotonic(), self.gap + self._extra, self._extra, busy)
        )

    def _finish(self) -> None:
        mark = self._read()
        if mark is None:  # somebody emptied the file: what we know is enough
            self._start(busy=False)
            return
        if not self._widened:
            extra = mark.extra * NARROWING
            self._extra = extra if extra > self.gap / 100 else 0.0
            mark = replace(mark, wait=self.gap + self._extra, extra=self._extra)
        self._write(replace(mark, busy=False))

    def _widen(self, retry_after: float | None) -> None:
        self._widened = True
        self._extra = min(max(2 * self._extra, self.gap / 2), 30 * self.gap)
        wait = max(self.gap + self._extra, min(retry_after or 0.0, LONGEST_WAIT_SECONDS))
        self._write(Mark(self._wall(), self._monotonic(), wait, self._extra))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with named_storage_errors(self.path):
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._file = file
            yield
        finally:
            self._file = None
            os.close(file)

    def _read(self) -> Mark | None:
        content = os.pread(self._held(), 4096, 0)
        if not content:
            return None
        try:
            return Mark(**json.loads(content))
        except (ValueError, TypeError):  # not ours, or torn: wait a whole gap
            return Mark(0.0, 0.0, self.gap, 0.0, busy=True)

    def _write(self, mark: Mark) -> None:
        # one small write at one place: a reader never sees half of it; no fsync, since what a
        # power cut loses it also makes old
        line = json.dumps(asdict(mark)).ljust(256).encode()
        with named_storage_errors(self.path):
            os.pwrite(self._held(), line, 0)

    def _held(self) -> int:
        if self._file is None:
            what = "the pace file is only touched under its lock"
            raise AssertionError(what)
        return self._file
