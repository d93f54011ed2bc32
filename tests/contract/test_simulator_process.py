"""The simulator's process is known by pid and folder, whatever it or another program does."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from workbench.errors import SandboxError
from workbench.sandbox import processes
from workbench.sandbox.practicehub import Control, PracticeHubConnection, down, running, status, up


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an instance of the test's own, which is ended after it."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(processes, "PATIENCE", 1.0)
    yield tmp_path / "practicehub" / "test"
    down("test")


def start(patients: int = 2) -> PracticeHubConnection:
    """Bring the instance up."""
    return up(patients=patients, rate=0, files=False, instance="test")


def pid_of(folder: Path) -> int:
    """Read which process the folder's simulator is."""
    pid: int = json.loads((folder / "connection.json").read_text("utf-8"))["pid"]
    return pid


def test_a_simulator_that_hangs_is_ended_all_the_same(folder: Path) -> None:
    """A simulator that no longer answers is still the folder's own: `down` leaves no process."""
    start()
    pid = pid_of(folder)
    os.kill(pid, signal.SIGSTOP)

    assert down("test")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_simulator_of_another_version_is_replaced(folder: Path) -> None:
    """Files with other fields are no error: that process ends, and the key stays the same."""
    first = start()
    pid = pid_of(folder)
    for name in ("connection.json", "order.json"):
        told = json.loads((folder / name).read_text("utf-8"))
        told["parameters"]["of_another_version"] = 1
        (folder / name).write_text(json.dumps(told), encoding="utf-8")
    seen = status("test")
    second = start()

    assert seen == {"running": False, "instance": "test"}
    assert second.api_key == first.api_key
    assert pid_of(folder) != pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_pid_that_another_program_has_by_now_is_left_alone(folder: Path) -> None:
    """A recorded pid proves nothing without the folder on the command line."""
    start()
    told = json.loads((folder / "connection.json").read_text("utf-8"))
    down("test")
    told["pid"] = os.getpid()
    (folder / "connection.json").write_text(json.dumps(told), encoding="utf-8")

    assert status("test")["running"] is False
    assert not down("test")


def test_the_control_port_judges_strangers(folder: Path) -> None:
    """What answers there and is no simulator is an error; a token in any letters is refused."""
    del folder
    with running(patients=2, rate=0, files=False) as (connection, control):
        control.switches(error_body="text")
        with pytest.raises(SandboxError, match="not the simulator"):
            Control(replace(connection, control_url=connection.base_url)).state()
        refused = httpx.get(
            f"{connection.control_url}/state",
            headers={b"x-control-token": "Schlüssel".encode("latin-1")},
            trust_env=False,
        )

    assert refused.status_code == 401
