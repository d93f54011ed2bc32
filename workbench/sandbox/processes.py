"""Servers that outlive the command that started them, found again by pid and command line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import SandboxError

if TYPE_CHECKING:  # Odoo's half imports this module, and the simulator needs nothing of Odoo's
    from workbench.sandbox.odoo.account import Account

PATIENCE = 15.0
"""Seconds a server gets to end by itself before it is killed."""


def spawn(
    argv: Sequence[str | Path],
    *,
    account: Account,
    log: Path,
    pidfile: Path,
    env: dict[str, str],
) -> int:
    """Start a server in a session of its own, and return its pid, written down already.

    A shell stands between, and ends at once: the server is nobody's child then, so it neither
    dies with us nor stays a zombie of ours, and it holds none of our pipes.
    """
    script = 'log=$1; pid=$2; shift 2; "$@" >>"$log" 2>&1 </dev/null & echo $! | tee "$pid"'
    answer = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *(str(word) for word in (log, pidfile, *argv))],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=env,
        cwd=log.parent,
        umask=0o077,
        start_new_session=True,
        user=account.uid if account.other else None,
        group=account.gid if account.other else None,
        extra_groups=[] if account.other else None,
    )
    if answer.returncode or not answer.stdout.strip().isdigit():
        what = f"{Path(argv[0]).name} could not be started; the log is {log}."
        raise SandboxError(what)
    return int(answer.stdout)


def alive(pid: int, marker: Path) -> bool:
    """Say whether `pid` is still the server started with `marker` on its command line.

    A pid alone proves nothing: after a restart of the machine another program may have it.
    """
    entry = Path(f"/proc/{pid}")
    if Path("/proc/self/cmdline").exists():
        try:
            command = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state not in {"Z", "X"} and os.fsencode(marker) in command
    answer = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    line = answer.stdout.strip()
    return bool(line) and not line.startswith("Z") and str(marker) in line


def end(pid: int, marker: Path, *, first: signal.Signals = signal.SIGTERM) -> None:
    """End a server and wait until it is gone; after PATIENCE seconds it is killed.

    Does nothing when the pid is no longer that server.
    """
    for wanted in (first, signal.SIGKILL):
        if not alive(pid, marker):
            return
        try:
            os.kill(pid, wanted)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + PATIENCE
        while alive(pid, marker) and time.monotonic() < deadline:
            time.sleep(0.02)
    if alive(pid, marker):
        what = f"The process {pid} of the sandbox does not end, not even when killed."
        raise SandboxError(what)


def end_recorded(pidfile: Path, marker: Path, *, first: signal.Signals = signal.SIGTERM) -> None:
    """End the server whose pid is in `pidfile`, if it is one and still runs."""
    if pidfile.exists():
        text = pidfile.read_text(encoding="utf-8").strip()
        if text.isdigit():
            end(int(text), marker, first=first)
        pidfile.unlink(missing_ok=True)  # an ending server may have been quicker


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tail(log: Path, lines: int = 1) -> str:
    """Return the last lines of a log, or nothing when there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
