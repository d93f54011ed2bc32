"""Mistakes at the command line: other configurations of the same two ends, and what is said."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from tests.journey.support import Journey, Said
from tests.support.processes import alive, children, wait_until

STOPPED_WITHIN = 20.0
"""Seconds from Ctrl-C to the end: far less than any request or wait of the tests takes."""


def variant(made: Journey, name: str, *changes: tuple[str, str], folder: str = "") -> Journey:
    """Give the same two ends with a configuration of its own.

    Args:
        made: the clinic and its Odoo.
        name: of the configuration file, without its ending.
        changes: texts of the configuration and what stands in their place.
        folder: the run folder's name; empty: as the configuration's.
    """
    text = made.config.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    config = made.config.with_name(f"{name}.toml")
    config.write_text(text, encoding="utf-8")
    return replace(made, config=config, folder=made.folder.parent / (folder or name), said=[])


def secrets_of(made: Journey) -> tuple[str, ...]:
    """Give what may never be printed."""
    return made.source.api_key, made.odoo.api_key, made.odoo.password


def check_refusal(made: Journey, said: Said, code: int, *words: str) -> None:
    """Check code and sentences; no traceback, no secret, nothing on stdout."""
    assert said.code == code, said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert len(said.errors) >= 3, said.err
    assert all(word in said.err for word in words), said.err
    assert not any(secret in said.err for secret in secrets_of(made))


def ctrl_c(
    made: Journey, process: subprocess.Popen[str], *, times: int = 1, in_a_cell: bool = False
) -> Said:
    """Press Ctrl-C, and see that the process and all that it started end soon.

    A terminal sends the signal to the whole group; the kernel of a notebook is in another.

    Args:
        made: the clinic and its Odoo.
        process: the command.
        times: how often it is pressed.
        in_a_cell: a cell is running, so there must be a kernel to end.
    """
    below = children(process.pid)
    assert below or not in_a_cell, "no kernel runs"
    began = time.monotonic()
    for press in range(times):
        if press:
            time.sleep(0.1)
        with contextlib.suppress(ProcessLookupError):  # the first was enough
            os.killpg(process.pid, signal.SIGINT)
    said = made.finish(process, "Ctrl-C", began=began)
    assert said.seconds < STOPPED_WITHIN
    wait_until(lambda: not any(map(alive, below)), seconds=10, what="its processes ended")
    return said


def check_stopped(made: Journey, said: Said) -> None:
    """Check that Ctrl-C was told as such, with its own exit code."""
    check_refusal(made, said, 130, "Stopped by Ctrl-C.", "goes on where it stopped")


def asked(made: Journey) -> dict[str, int]:
    """Count the requests that reached PracticeHub, by path."""
    found = made.control.state()["per_path"]
    assert isinstance(found, dict)
    return {str(path): int(count) for path, count in found.items()}


def leftovers(folder: Path) -> list[str]:
    """List half-written files anywhere in a run folder."""
    return [str(p) for p in folder.rglob("*") if p.name.endswith(".part") or "part-" in p.name]
