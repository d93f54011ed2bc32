"""Waiting until something is so, and which processes there are."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 240.0
"""Seconds after which what was to happen is taken never to happen."""


def wait_until(true: Callable[[], bool], *, seconds: float = PATIENCE, what: str = "") -> None:
    """Look often, until something is so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"it never happened: {what}"
        time.sleep(0.005)


def children(pid: int) -> list[int]:
    """List the processes that a process has started, the newest last."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that is only waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
