"""Notebooks that die, hang, leave early or break, run for real on real kernels."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.support.processes import alive, wait_until
from workbench.engine import CellProgress, CellState, ExecutionReport, Outcome, execute
from workbench.errors import (
    CellsSkippedError,
    CellTimeoutError,
    ConfigError,
    DecisionNeededError,
    EngineError,
    GateError,
    KernelDiedError,
    StorageFullError,
    UsageError,
    WorkbenchError,
)

SHELF = Path(__file__).parents[1] / "support" / "notebooks"
PROGRAM = (
    "import sys; from pathlib import Path; from workbench.engine import execute\n"
    "folder = Path(sys.argv[2])\n"
    "execute(Path(sys.argv[1]), folder / 'executed.ipynb', parameters={}, env={}, "
    "cwd=folder, grace=1.0)"
)
"""Runs a notebook in a process that the test can end."""


def run(
    name: str,
    folder: Path,
    *,
    parameters: Mapping[str, object] | None = None,
    env: Mapping[str, str] | None = None,
    cell_timeout: float | None = None,
    grace: float = 3.0,
    on_cell: Callable[[CellProgress], None] | None = None,
) -> ExecutionReport:
    """Run a notebook of the shelf in `folder`."""
    return execute(
        SHELF / f"{name}.ipynb",
        folder / "executed.ipynb",
        parameters=parameters or {},
        env=env or {},
        cwd=folder,
        cell_timeout=cell_timeout,
        grace=grace,
        on_cell=on_cell,
    )


def saved(folder: Path) -> Any:  # noqa: ANN401 - nbformat is untyped
    """Read the executed notebook."""
    return nbformat.read(folder / "executed.ipynb", as_version=4)


def states(report: ExecutionReport) -> dict[str, str]:
    """Give the state of each code cell that the test is about."""
    return {cell.cell: cell.state.value for cell in report.cells if cell.cell in
            {"note-pid", "die", "sleep", "leave", "break", "ask", "after"}}  # fmt: skip


def saved_states(folder: Path) -> dict[str, str]:
    """Give the same from the file."""
    return {cell.id: cell.metadata.papermill.status for cell in saved(folder).cells if cell.id in
            {"note-pid", "die", "sleep", "leave", "break", "ask", "after"}}  # fmt: skip


def kernel_is_gone(folder: Path) -> bool:
    """Whether the process that ran the cells has ended."""
    return not alive(int((folder / "kernel.pid").read_text()))


def test_a_notebook_that_completes_is_done(tmp_path: Path) -> None:
    """Every cell ran: the outcome is done, outputs and the given parameter are in the file."""
    report = run("completes", tmp_path, parameters={"run_dir": "runs/x"},
                 env={"WORKBENCH_RUN": "runs/y"})  # fmt: skip

    assert report.outcome is Outcome.DONE
    assert report.error is None
    assert report.never_ran == ()
    shown = next(cell for cell in saved(tmp_path).cells if cell.id == "show").outputs[0]
    assert shown.data["text/plain"] == "('runs/x', '1', 'runs/y')"
    assert saved(tmp_path).metadata.workbench.outcome == "done"
    assert kernel_is_gone(tmp_path)


def test_the_executed_notebook_is_for_its_owner_only_and_nothing_else_is_left(
    tmp_path: Path,
) -> None:
    """Mode 0600, no temporary file beside it, no path of the input in it."""
    run("completes", tmp_path)

    mode = stat.S_IMODE((tmp_path / "executed.ipynb").stat().st_mode)
    assert mode == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "after", "executed.ipynb", "kernel.pid",
    ]  # fmt: skip
    assert saved(tmp_path).metadata.papermill.input_path == "completes.ipynb"
    assert "widgets" not in saved(tmp_path).metadata


def test_a_killed_kernel_is_a_failure(tmp_path: Path) -> None:
    """When the kernel is killed, its cell failed and the cells behind it never ran."""
    report = run("kernel_killed", tmp_path)

    assert report.outcome is Outcome.FAILED
    assert isinstance(report.error, KernelDiedError)
    assert report.stopped_at == "die"
    expected = {"note-pid": "completed", "die": "failed", "after": "never ran"}
    assert states(report) == expected
    assert saved_states(tmp_path) == expected
    assert saved(tmp_path).metadata.workbench.never_ran == ["after"]
    assert not (tmp_path / "after").exists()
    assert kernel_is_gone(tmp_path)


@pytest.mark.parametrize("name", ["too_slow", "stubborn"])
def test_a_cell_over_its_time_is_a_failure(tmp_path: Path, name: str) -> None:
    """A cell that takes too long is interrupted, killed where it does not heed, and failed."""
    report = run(name, tmp_path, cell_timeout=2.0, grace=1.0)

    assert report.outcome is Outcome.FAILED
    assert isinstance(report.error, CellTimeoutError)
    expected = {"note-pid": "completed", "sleep": "failed", "after": "never ran"}
    assert states(report) == expected
    assert saved_states(tmp_path) == expected
    assert kernel_is_gone(tmp_path)


@pytest.mark.parametrize("name", ["exits_zero", "quits"])
def test_a_notebook_that_leaves_early_is_a_failure(tmp_path: Path, name: str) -> None:
    """`sys.exit(0)` and `exit` are no success: cells behind them never ran."""
    report = run(name, tmp_path)

    assert report.outcome is Outcome.FAILED
    assert isinstance(report.error, CellsSkippedError)
    expected = {"note-pid": "completed", "leave": "failed", "after": "never ran"}
    assert states(report) == expected
    assert saved_states(tmp_path) == expected
    assert kernel_is_gone(tmp_path)


@pytest.mark.parametrize("name", ["breaks", "syntax_error", "shows_badly"])
def test_an_unexpected_error_keeps_its_class_and_loses_its_message(
    tmp_path: Path, name: str
) -> None:
    """A foreign error may quote a patient: neither report nor outputs repeat what it says."""
    report = run(name, tmp_path)

    assert type(report.error) is EngineError
    assert report.outcome is Outcome.FAILED
    assert states(report)["after"] == "never ran"
    outputs = json.dumps([cell.get("outputs") for cell in saved(tmp_path).cells])
    banner = saved(tmp_path).cells[0].source
    assert "Zebedee" not in outputs + banner + str(report.error)
    assert "Traceback" not in outputs
    kind = "SyntaxError" if name == "syntax_error" else "ValueError"
    assert kind in str(report.error)
    assert kind in outputs


def test_a_decision_that_is_missing_makes_the_run_wait(tmp_path: Path) -> None:
    """The error that a person must decide is known by its class, and its sentences are kept."""
    report = run("waits", tmp_path)

    assert report.outcome is Outcome.WAITING
    assert isinstance(report.error, DecisionNeededError)
    assert report.error.what == "12 fields have no disposition."
    assert report.error.do == "Decide them in 03_map.ipynb."
    expected = {"note-pid": "completed", "ask": "waiting", "after": "never ran"}
    assert states(report) == expected
    assert saved_states(tmp_path) == expected
    banner = saved(tmp_path).cells[0].source
    assert "waits for a person" in banner
    assert "Decide them in 03_map.ipynb." in banner


@pytest.mark.parametrize(
    ("name", "kind", "code"), [("gate_closed", GateError, 4), ("own_leaf", ConfigError, 2)]
)
def test_an_error_of_ours_comes_out_as_its_own_class(
    tmp_path: Path, name: str, kind: type[WorkbenchError], code: int
) -> None:
    """What a cell raised keeps its class, so that the exit code is right."""
    report = run(name, tmp_path)

    assert report.error is not None
    assert type(report.error) is kind
    assert report.error.exit_code == code


def test_tags_neither_skip_a_cell_nor_hide_a_failure(tmp_path: Path) -> None:
    """The tags `skip-execution` and `raises-exception` change nothing here."""
    report = run("tagged_to_skip", tmp_path)

    assert (tmp_path / "skipped").exists()
    assert report.outcome is Outcome.FAILED
    assert report.stopped_at == "hidden"


def test_each_cell_is_told_of_as_it_begins_and_ends(tmp_path: Path) -> None:
    """The terminal can show which cell is running and how many there are."""
    told: list[CellProgress] = []
    run("completes", tmp_path, on_cell=told.append)

    assert [(t.cell, t.state) for t in told[-2:]] == [
        ("after", CellState.RUNNING),
        ("after", CellState.COMPLETED),
    ]
    assert [(t.number, t.of) for t in told[::2]] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_executed_notebook_is_never_overwritten(tmp_path: Path) -> None:
    """A file that stands under the output's name stays as it is, and nothing runs."""
    (tmp_path / "executed.ipynb").write_text("evidence")

    with pytest.raises(EngineError):
        run("completes", tmp_path)

    assert (tmp_path / "executed.ipynb").read_text() == "evidence"
    assert not (tmp_path / "kernel.pid").exists()


def test_an_unknown_parameter_runs_nothing(tmp_path: Path) -> None:
    """A misspelt parameter is refused before a kernel is started."""
    with pytest.raises(UsageError, match="run_dir"):
        run("completes", tmp_path, parameters={"run_dirr": "x"})

    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_the_last_whole_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When saving fails half way, the file holds the state before it, and the kernel is gone."""
    replace = Path.replace

    def replace_until_full(self: Path, target: Path) -> Path:
        if (tmp_path / "kernel.pid").exists():
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace_until_full)
    with pytest.raises(StorageFullError):
        run("completes", tmp_path)

    assert saved(tmp_path).metadata.workbench.outcome == "running"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["executed.ipynb", "kernel.pid"]
    assert kernel_is_gone(tmp_path)


def said_after_ctrl_c(program: str, name: str, folder: Path) -> str:
    """Run a notebook, press Ctrl-C once its cell sleeps, and give what the program said."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(SHELF / f"{name}.ipynb"), str(folder)],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until((folder / "asleep").exists, seconds=60, what="the cell sleeps")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    return said


@pytest.mark.parametrize("name", ["too_slow", "stubborn"])
def test_ctrl_c_interrupts_saves_and_leaves_no_kernel(tmp_path: Path, name: str) -> None:
    """Ctrl-C ends the cell first, then the kernel; the notebook says it was interrupted."""
    said = said_after_ctrl_c(PROGRAM, name, tmp_path)

    assert said.rstrip().endswith("KeyboardInterrupt")
    assert saved_states(tmp_path) == {
        "note-pid": "completed", "sleep": "interrupted", "after": "never ran",
    }  # fmt: skip
    assert saved(tmp_path).metadata.workbench.outcome == "interrupted"
    assert kernel_is_gone(tmp_path)


@pytest.mark.parametrize("name", ["deaf_once", "reply_lost"])
def test_an_interrupt_between_two_cells_is_not_sat_out(tmp_path: Path, name: str) -> None:
    """One that was lost is given again; a cell that ended unheard is not waited for."""
    patient = PROGRAM.replace("grace=1.0", "grace=100.0")
    assert patient != PROGRAM
    said = said_after_ctrl_c(patient, name, tmp_path)

    assert said.rstrip().endswith("KeyboardInterrupt")
    assert saved_states(tmp_path)["sleep"] == "interrupted"
    assert kernel_is_gone(tmp_path)


def test_a_workbench_that_is_killed_takes_its_kernel_with_it(tmp_path: Path) -> None:
    """After kill -9 the kernel ends by itself, and the file says that the run was under way."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(SHELF / "too_slow.ipynb"), str(tmp_path)]
    ) as process:
        wait_until((tmp_path / "asleep").exists, seconds=60, what="the cell sleeps")
        process.kill()
    wait_until(lambda: kernel_is_gone(tmp_path), seconds=30, what="the kernel ended")

    assert saved(tmp_path).metadata.workbench.outcome == "running"
    assert saved_states(tmp_path)["after"] == "pending"
