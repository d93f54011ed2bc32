"""Calls that go on in Odoo after who sent them was killed, and commit when nobody expects it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.support.killing.calls import Gate
from tests.support.killing.forking import ended, forked
from tests.support.processes import wait_until

BARRED = "ir_model_data, res_partner"
"""Tables that nobody can write to while they are barred; who reads them does not notice."""

BEGUN = 30.0
"""Seconds after which who begins again has begun, though no call of theirs waits by then."""


class Barrier:
    """Lets no call of ours come to its end in a database, until it is lifted."""

    def __init__(self, dsn: str) -> None:
        self._holder: psycopg.Connection[Any] = psycopg.connect(dsn)
        self._holder.execute(f"LOCK TABLE {BARRED} IN EXCLUSIVE MODE")
        self._watch: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)

    def waiting(self) -> int:
        """Count the calls that stand before it."""
        return self._count("wait_event_type='Lock'")

    def lift(self) -> None:
        """Let all of them through."""
        self._holder.close()

    def settled(self) -> None:
        """Wait until Odoo is at work no more, and end."""
        busy = "state<>'idle' AND pid<>pg_backend_pid()"
        wait_until(lambda: self._count(busy) == 0, what="Odoo's rest")
        self._watch.close()

    def _count(self, what: str) -> int:
        rows = self._watch.execute(
            f"SELECT count(*) FROM pg_stat_activity WHERE datname=current_database() AND {what}"
        )
        return int(next(iter(rows))[0])


class _Child:
    """A forked process that one looks at from time to time."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.pid = forked(work)
        self.ending: int | None = None

    def has_ended(self) -> bool:
        if self.ending is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.ending = os.waitstatus_to_exitcode(status) if pid else None
        return self.ending is not None

    def kill(self) -> int:
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
            self.ending = ended(self.pid)
        assert self.ending is not None
        return self.ending


def killed_beside_a_call(
    dsn: str,
    gate: Gate,
    *,
    first: Callable[[], None],
    then: Callable[[], None],
    begun: float = BEGUN,
) -> list[int]:
    """Kill one while Odoo is at work on its call; let the call commit when another has begun.

    Args:
        dsn: the database.
        gate: at the point before the call.
        first: sends the call; goes through the gate.
        then: begins again.
        begun: see BEGUN.

    Returns:
        How both ended. The first one has ended well where its call waited for nothing.
    """
    for sign in (gate.here, gate.barred):
        sign.unlink(missing_ok=True)
    sender = _Child(first)
    wait_until(lambda: gate.here.exists() or sender.has_ended(), what="the call")
    barrier = Barrier(dsn)
    try:
        gate.barred.touch()
        wait_until(lambda: barrier.waiting() > 0 or sender.has_ended(), what="the call at work")
        endings = [sender.kill()]
        other = _Child(then)
        began = time.monotonic()
        wait_until(
            lambda: other.has_ended() or barrier.waiting() > 1
            or time.monotonic() - began > begun,
            what="the new beginning",
        )  # fmt: skip
    finally:
        barrier.lift()
    wait_until(other.has_ended, what="the end of who began again")
    barrier.settled()
    return [*endings, other.kill()]
