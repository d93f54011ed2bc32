"""The pace: one request in flight, and never more a second than the account allows.

PracticeHub counts per account, so all processes and kernels of a run share the run folder's
lock, held while a request is in flight, and a small file in it that tells of the last start.
The operating system lets go of the lock when a process dies.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from workbench.practicehub.blobs import named_storage_errors

MARGIN_SHARE = 0.015
"""Added to every gap, as a share of it: what two requests may differ by on their way."""

ALLOWANCE_SECONDS = 0.015
"""What an answer came later than the fastest one is allowed for, margin included: its request
may have been noticed as late, and the next one would then seem to come early."""

NARROWING = 0.9
"""What is left of the extra gap after each request that was not answered with 429."""

MOST_EXTRA_GAPS = 30
"""However often 429 comes, the extra gap grows no longer than this many gaps."""

LONGEST_WAIT_SECONDS = 600.0
"""No `Retry-After` is waited out longer than this before asking again."""

TELLING = 1.2
"""Waits longer than this many gaps are told: they are more than the ordinary pace."""

_LINE_BYTES = 256


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
        """Say that the request has left only now: the next gap is counted from here.

        A first request opens a connection, which takes its time; counted from before it,
        the second request would arrive early.
        """
        self._pace._sent()  # noqa: SLF001 - a turn is the pace's other half

    def widen(self, retry_after: float | None = None) -> None:
        """Leave more room after a 429, and at least `retry_after` seconds before the next.

        Each refusal doubles the extra gap; each request that passes takes a tenth of it
        away again. It holds for every process that shares the pace.
        """
        self._pace._widen(retry_after)  # noqa: SLF001 - as above


class Pace:
    """The shared pace of one account.

    Args:
        path: the file all processes share; made when it is not there. The lock is on its
            folder, so that nobody who removes the file lets two requests out at once.
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
        self.gap = (1 + MARGIN_SHARE) / per_second
        self._wall, self._monotonic, self._sleep = wall, monotonic, sleep
        self._thread = threading.Lock()
        self._folder: int | None = None
        self._last: Mark | None = None
        self._fastest = math.inf
        self._extra = 0.0
        self._widened = False
        _PACES.add(self)

    @contextmanager
    def turn(self, on_wait: Callable[[float], None] = lambda _seconds: None) -> Iterator[Turn]:
        """Wait for the turn and hold it while the request is in flight.

        The start is on file before the request leaves, so a process that dies on the way
        leaves the next one waiting a full gap.

        Args:
            on_wait: told the seconds, before a wait that is longer than the ordinary pace's.

        Raises:
            StorageFullError: there is no room for the file.
            StateError: the folder or the file cannot be used.
        """
        began = self._monotonic()
        with self._thread, self._locked():
            left = self._left(on_wait)
            if left > 0:
                self._sleep(left)
            self._sent()
            try:
                yield Turn(self, waited=self._monotonic() - began)
            finally:
                self._finish()

    # inside the lock ---------------------------------------------------------------------

    def _left(self, on_wait: Callable[[float], None]) -> float:
        """Say how many seconds are left to wait, by the file and by what we remember.

        The file may have been removed, emptied or put back from a copy since our own last
        request; of the two the longer wait counts.
        """
        held = self._read()
        last = self._last if held is None else held
        self._extra = min(last.extra, MOST_EXTRA_GAPS * self.gap) if last else 0.0
        self._widened = False
        left = max((self._after(mark) for mark in (held, self._last) if mark), default=0.0)
        if left > TELLING * self.gap:
            on_wait(left)
        return left

    def _after(self, mark: Mark) -> float:
        """Say how many seconds are left to wait after a mark.

        It may be of a process whose configuration allows more a second: our own gap is
        kept as well. The wall clock may have been set back and the other one restarted
        with the machine; of those that went forward the slower one is believed, and where
        neither did, or the last request was cut off, the whole gap is waited.
        """
        most = max(LONGEST_WAIT_SECONDS, (1 + MOST_EXTRA_GAPS) * self.gap)
        wait = min(max(mark.wait, self.gap), most)
        if mark.busy:
            return wait
        passed = (self._wall() - mark.wall, self._monotonic() - mark.monotonic)
        return wait - min((one for one in passed if one >= 0), default=0.0)

    def _sent(self) -> None:
        wait = self.gap + self._extra
        self._write(Mark(self._wall(), self._monotonic(), wait, self._extra, busy=True))

    def _finish(self) -> None:
        mark = self._last
        if mark is None:
            what = "a turn that ends has begun"
            raise AssertionError(what)
        if not self._widened:
            extra = self._extra * NARROWING
            self._extra = extra if extra > self.gap / 100 else 0.0
            wait = self.gap + self._extra + self._late(mark)
            mark = replace(mark, wait=wait, extra=self._extra)
        self._write(replace(mark, busy=False))

    def _late(self, mark: Mark) -> float:
        """Say how much later than the fastest answer this one came, as far as it is allowed for.

        At one request a second the margin is the whole allowance, so that slow lists cost
        nothing; at a sandbox's rates a server that was busy for a moment would count a
        request as early that left in time.
        """
        took = max(self._monotonic() - mark.monotonic, 0.0)
        self._fastest = min(self._fastest, took)
        most = max(ALLOWANCE_SECONDS - self.gap * MARGIN_SHARE / (1 + MARGIN_SHARE), 0.0)
        return min(took - self._fastest, most)

    def _widen(self, retry_after: float | None) -> None:
        self._widened = True
        self._extra = min(max(2 * self._extra, self.gap / 2), MOST_EXTRA_GAPS * self.gap)
        wait = max(self.gap + self._extra, min(retry_after or 0.0, LONGEST_WAIT_SECONDS))
        self._write(Mark(self._wall(), self._monotonic(), wait, self._extra))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with named_storage_errors(self.path):
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._folder = folder
            with named_storage_errors(self.path):
                fcntl.flock(folder, fcntl.LOCK_EX)  # Ctrl-C ends this wait as well
            yield
        finally:
            fcntl.flock(folder, fcntl.LOCK_UN)  # a child forked just now may hold it open too
            self._folder = None
            os.close(folder)

    def _read(self) -> Mark | None:
        """Read the last mark; None where there is none."""
        with named_storage_errors(self.path):
            try:
                file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            try:
                line = os.pread(file, _LINE_BYTES, 0)
            finally:
                os.close(file)
        if not line:
            return None
        return _mark(line) or Mark(0.0, 0.0, self.gap, busy=True)

    def _write(self, mark: Mark) -> None:
        self._last = mark
        line = json.dumps(asdict(mark)).ljust(_LINE_BYTES).encode()
        # one small write at one place: a kill leaves all of it or nothing; no fsync, since what
        # a power cut loses it also makes old
        with named_storage_errors(self.path):
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(file, line, 0)
            finally:
                os.close(file)

    def _forked(self) -> None:
        """Let go of what a child process must not have: its parent's lock."""
        self._thread = threading.Lock()
        if self._folder is not None:
            os.close(self._folder)  # the parent's own descriptor still holds it
            self._folder = None


def _mark(line: bytes) -> Mark | None:
    """Read a mark; None where the line is not ours, or torn."""
    try:
        mark = Mark(**json.loads(line))
        numbers = (mark.wall, mark.monotonic, mark.wait, mark.extra)
        usable = all(math.isfinite(one) for one in numbers) and min(mark.wait, mark.extra) >= 0
    except (ValueError, TypeError):
        return None
    return mark if usable and isinstance(mark.busy, bool) else None


_PACES: weakref.WeakSet[Pace] = weakref.WeakSet()


def _after_fork() -> None:
    for pace in list(_PACES):
        pace._forked()  # noqa: SLF001 - what a class does about forks it cannot do by itself


os.register_at_fork(after_in_child=_after_fork)
