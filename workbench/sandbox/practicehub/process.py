"""Starting, finding and ending simulator processes."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import SandboxError
from workbench.sandbox import clinic, processes
from workbench.sandbox.cache import cache_dir, instance_name, locked
from workbench.sandbox.clinic import Vocabulary
from workbench.sandbox.practicehub.connection import Control, PracticeHubConnection
from workbench.sandbox.practicehub.order import Order, Parameters
from workbench.sandbox.practicehub.server import ORDER, READY

MODULE = "workbench.sandbox.practicehub"
LOG = "simulator.log"
START_SECONDS = 30.0
PATIENTS_PER_SECOND = 100  # far below what is measured; only a limit on waiting

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
        latency: seconds an answer of the API takes; see `Switches`.

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
        _end_recorded(folder)
        return _start(folder, wanted, parent=0).connection


def down(instance: str | None = None) -> bool:
    """End a simulator, if it runs or hangs; no process is left. Say whether there was one."""
    folder = _folder(instance)
    with locked(folder / "lock"):
        return _end_recorded(folder)


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
    folder = cache_dir() / "practicehub" / instance_name(instance)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder.resolve()  # spelt in one way only: a simulator is known by it


def _fingerprint() -> str:
    """Sum up the simulator's source: a process of older code is not the one wanted."""
    digest = hashlib.sha256()
    for package in (Path(clinic.__file__).parent, Path(__file__).parent):
        for path in sorted(package.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _told(path: Path) -> dict[str, Any]:
    """Read what a file of the folder holds; empty when there is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return told if isinstance(told, dict) else {}


def _read(folder: Path) -> Running | None:
    """Read the connection; None for none, or for one of another version of the workbench."""
    told = _told(folder / READY)
    try:
        first, second, third = told["ports"]
        return Running(
            told["pid"],
            (first, second, third),
            Parameters(**told["parameters"]),
            PracticeHubConnection(**told["connection"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _find(folder: Path) -> Running | None:
    """Find the simulator of a folder; one that does not answer under its pid is none."""
    found = _read(folder)
    if found is None or not processes.alive(found.pid, folder):
        return None
    try:
        pid = Control(found.connection).state().get("pid")
    except SandboxError:
        return None
    return found if pid == found.pid else None


def _start(folder: Path, wanted: Parameters, *, parent: int) -> Running:
    last = folder / "ports.json"
    ports = json.loads(last.read_text(encoding="utf-8")) if last.exists() else [0, 0, 0]
    Order(
        parameters=wanted,
        api_key=_told(folder / ORDER).get("api_key") or secrets.token_urlsafe(24),
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


def _end_recorded(folder: Path) -> bool:
    """End the simulator of a folder, whether it answers or hangs; say whether there was one."""
    pid = _told(folder / READY).get("pid")
    if not isinstance(pid, int) or not processes.alive(pid, folder):
        return False
    _end(pid, folder)
    return True


def _end(pid: int, folder: Path) -> None:
    """End a simulator, and wait for it where it is a child of ours: else it stays a zombie."""
    processes.end(pid, folder)
    child = _children.pop(pid, None)
    if child is not None:
        child.wait()
    (folder / READY).unlink(missing_ok=True)
