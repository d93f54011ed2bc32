"""Starting, finding and ending simulator processes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import SandboxError, UsageError
from workbench.sandbox import clinic, practicehub
from workbench.sandbox.cache import cache_dir, locked
from workbench.sandbox.clinic import Vocabulary
from workbench.sandbox.practicehub.connection import Control, PracticeHubConnection
from workbench.sandbox.practicehub.order import Order, Parameters
from workbench.sandbox.practicehub.server import ORDER, READY

INSTANCE_VARIABLE = "WORKBENCH_SANDBOX_INSTANCE"
MODULE = "workbench.sandbox.practicehub"
LOG = "simulator.log"
START_SECONDS = 30.0
PATIENTS_PER_SECOND = 100  # far below what is measured; only a limit on waiting
STOP_SECONDS = 5.0

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True, repr=False)
class Running:
    """A simulator that answers."""

    pid: int
    ports: tuple[int, int, int]
    parameters: Parameters
    connection: PracticeHubConnection


def up(
    *,
    vocabulary: Vocabulary = "brief",
    patients: int = 200,
    seed: int = 7,
    rate: float = 1.0,
    instance: str | None = None,
    files: bool = True,
    latency: float = 0.0,
) -> PracticeHubConnection:
    """Bring a simulator up; harmless twice.

    One that runs with the same parameters is left as it is, days that passed and switches
    included. Other parameters restart it, with the same key and, if they are free, on the
    same ports.

    Args:
        vocabulary: which field names the records use: "brief" or "observed".
        patients: how many patients the clinic has.
        seed: what the clinic is drawn from.
        rate: requests a second the account may make; 0: no limit.
        instance: name of the instance; None: $WORKBENCH_SANDBOX_INSTANCE, else "default".
        files: documents, files and PDFs exist.
        latency: seconds every answer takes.

    Raises:
        SandboxError: the process did not start; its log says why.
        UsageError: the instance's name is not one.
    """
    folder = _folder(instance)
    wanted = Parameters(vocabulary, patients, seed, rate, files, latency, _fingerprint())
    with locked(folder / "lock"):
        found = _find(folder)
        if found is not None and found.parameters == wanted:
            return found.connection
        if found is not None:
            _end(found.pid, folder)
        return _start(folder, wanted, parent=0).connection


def down(instance: str | None = None) -> bool:
    """End a simulator, if it runs; no process is left. Say whether there was one."""
    folder = _folder(instance)
    with locked(folder / "lock"):
        found = _find(folder)
        if found is not None:
            _end(found.pid, folder)
        return found is not None


def status(instance: str | None = None) -> dict[str, object]:
    """Say whether a simulator runs and what it simulates; no secret is in the answer."""
    folder = _folder(instance)
    found = _find(folder)
    if found is None:
        return {"running": False, "instance": folder.name}
    return {
        "running": True,
        "instance": folder.name,
        "pid": found.pid,
        "base_url": found.connection.base_url,
        "vocabulary": found.parameters.vocabulary,
        "patients": found.parameters.patients,
        "seed": found.parameters.seed,
        "rate": found.parameters.rate,
    }


@contextmanager
def running(
    *,
    vocabulary: Vocabulary = "brief",
    patients: int = 200,
    seed: int = 7,
    rate: float = 1.0,
    files: bool = True,
    latency: float = 0.0,
) -> Iterator[tuple[PracticeHubConnection, Control]]:
    """Run a simulator of one's own for the length of the block: own key, free ports, own folder.

    It ends with the block, and also when this process dies in it. Arguments as for `up`.
    """
    folder = Path(tempfile.mkdtemp(prefix="practicehub-"))
    wanted = Parameters(vocabulary, patients, seed, rate, files, latency, _fingerprint())
    try:
        begun = _start(folder, wanted, parent=os.getpid())
        try:
            yield begun.connection, Control(begun.connection)
        finally:
            _end(begun.pid, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder(instance: str | None) -> Path:
    name = instance or os.environ.get(INSTANCE_VARIABLE) or "default"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", name):
        what = "A sandbox instance's name may have small letters, digits and dashes only."
        raise UsageError(what, do=f"Set ${INSTANCE_VARIABLE} to such a name.")
    folder = cache_dir() / "practicehub" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _fingerprint() -> str:
    """Sum up the simulator's source: a process of older code is not the one wanted."""
    digest = hashlib.sha256()
    for package in (clinic, practicehub):
        for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _read(folder: Path) -> Running | None:
    try:
        told = json.loads((folder / READY).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    first, second, third = told["ports"]
    return Running(
        told["pid"],
        (first, second, third),
        Parameters(**told["parameters"]),
        PracticeHubConnection(**told["connection"]),
    )


def _find(folder: Path) -> Running | None:
    """Find the simulator of a folder; one that does not answer under its pid is none."""
    found = _read(folder)
    if found is None or not _alive(found.pid):
        return None
    try:
        pid = Control(found.connection).state()["pid"]
    except SandboxError:
        return None
    return found if pid == found.pid else None


def _start(folder: Path, wanted: Parameters, *, parent: int) -> Running:
    old = Order.read(folder / ORDER) if (folder / ORDER).exists() else None
    last = folder / "ports.json"
    ports = json.loads(last.read_text(encoding="utf-8")) if last.exists() else [0, 0, 0]
    Order(
        parameters=wanted,
        api_key=old.api_key if old else secrets.token_urlsafe(24),
        control_token=secrets.token_urlsafe(24),
        ports=(ports[0], ports[1], ports[2]),
        parent=parent,
    ).write(folder / ORDER)
    (folder / READY).unlink(missing_ok=True)
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE, "--folder", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": _import_path()},
        )
    _children[process.pid] = process
    limit = time.monotonic() + START_SECONDS + wanted.patients / PATIENTS_PER_SECOND
    while time.monotonic() < limit and process.poll() is None:
        found = _read(folder)
        if found is not None and found.pid == process.pid:
            last.write_text(json.dumps(found.ports), encoding="utf-8")
            return found
        time.sleep(0.02)
    ended = process.poll()
    _end(process.pid, folder)
    why = "it took too long" if ended is None else f"it ended with status {ended}"
    what = f"The PracticeHub simulator did not start ({why})."
    raise SandboxError(what, do=f"Its log says more: {folder / LOG}.")


def _import_path() -> str:
    """Let the child import this very package, from wherever it was started."""
    here = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))


def _alive(pid: int) -> bool:
    child = _children.get(pid)
    if child is not None:
        return child.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    # A dead process that its parent has not asked about still has a pid.
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _end(pid: int, folder: Path) -> None:
    """End a process of ours: politely, then for good."""
    for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        if not _alive(pid):
            break
        os.kill(pid, sign)
        limit = time.monotonic() + seconds
        while _alive(pid) and time.monotonic() < limit:
            time.sleep(0.01)
    _children.pop(pid, None)
    (folder / READY).unlink(missing_ok=True)
