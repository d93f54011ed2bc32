"""The engine that papermill knows as "workbench"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papermill.engines import Engine, NotebookExecutionManager, papermill_engines

from workbench.engine import saving
from workbench.engine.client import TruthfulClient
from workbench.engine.kernels import kernel_manager
from workbench.engine.report import CellProgress, CellReport, CellState, ExecutionReport, Outcome
from workbench.errors import DecisionNeededError, WorkbenchError

NAME = "workbench"


@dataclass(slots=True)
class Job:
    """What one run is to do; `report` is filled in when it ends. `grace` is in seconds."""

    output: Path
    cwd: Path
    env: Mapping[str, str]
    cell_timeout: float | None
    grace: float
    on_cell: Callable[[CellProgress], None] | None
    report: ExecutionReport | None = None


class _Manager(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's bookkeeping, saved whole, and with no cell called completed that was not."""

    def __init__(self, nb: Any, job: Job) -> None:  # noqa: ANN401 - a notebook node
        super().__init__(nb, output_path=str(job.output), progress_bar=False)
        self._job = job
        self._code = [cell for cell in nb.cells if cell.cell_type == "code"]
        self._states = {cell.id: CellReport(cell.id, CellState.PENDING, 0.0) for cell in self._code}
        self._began = self._cell_began = time.monotonic()

    def save(self, **_: object) -> None:
        """Write the notebook as it stands."""
        saving.save(self.nb, self._job.output)
        self.last_save_time = self.now()

    def began(self, cell: Any) -> None:  # noqa: ANN401
        """A code cell begins."""
        self._cell_began = time.monotonic()
        self._set(cell, CellState.RUNNING)
        self.cell_start(cell)

    def ended(self, cell: Any, state: CellState) -> None:  # noqa: ANN401
        """A code cell has ended: note how, and save."""
        if state is not CellState.COMPLETED:
            self.cell_exception(cell)
        self._set(cell, state)
        self.cell_complete(cell)
        cell.metadata.papermill["status"] = state.value

    def heard(self) -> None:
        """Save from time to time while a cell runs."""
        self.autosave_cell()

    def close(self, outcome: Outcome, error: WorkbenchError | None) -> ExecutionReport:
        """Say of every cell what became of it, and save for the last time."""
        for cell in self._code:
            if self._states[cell.id].state is CellState.PENDING:
                self._states[cell.id] = CellReport(cell.id, CellState.NEVER_RAN, 0.0)
        report = ExecutionReport(
            outcome=outcome,
            output=self._job.output,
            cells=tuple(self._states.values()),
            seconds=time.monotonic() - self._began,
            error=error,
        )
        self.end_time = self.now()
        self.nb.metadata.papermill["end_time"] = self.end_time.isoformat()
        self.nb.metadata.papermill["duration"] = report.seconds
        saving.mark(self.nb, report)
        self.save()
        return report

    def _set(self, cell: Any, state: CellState) -> None:  # noqa: ANN401
        seconds = 0.0 if state is CellState.RUNNING else time.monotonic() - self._cell_began
        self._states[cell.id] = CellReport(cell.id, state, seconds)
        if self._job.on_cell is not None:
            number = [known.id for known in self._code].index(cell.id) + 1
            self._job.on_cell(CellProgress(cell.id, number, len(self._code), state, seconds))


class WorkbenchEngine(Engine):  # type: ignore[misc]
    """Run a notebook on a kernel of its own, for `workbench.engine.execute` alone."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,  # noqa: ANN401 - a notebook node
        kernel_name: str,
        *,
        job: Job,
        **_: object,
    ) -> Any:  # noqa: ANN401
        """Run all cells and save, also on failure.

        Raises:
            WorkbenchError: a cell did not complete; the notebook is saved and says so.
            KeyboardInterrupt: Ctrl-C; the notebook is saved as interrupted.
        """
        del kernel_name  # the kernel is always this Python
        manager = _Manager(nb, job)
        nb.metadata.papermill["input_path"] = Path(nb.metadata.papermill["input_path"]).name
        # read by whoever meets the file of a run that was killed with the workbench itself
        nb.metadata["workbench"] = {"outcome": "running"}
        manager.notebook_start()
        outcome = Outcome.FAILED
        error: WorkbenchError | None = None
        try:
            cls.execute_managed_notebook(manager, "", job=job)
            outcome = Outcome.DONE
        except KeyboardInterrupt:
            outcome = Outcome.INTERRUPTED
            raise
        except DecisionNeededError as raised:
            outcome, error = Outcome.WAITING, raised
            raise
        except WorkbenchError as raised:
            error = raised
            raise
        finally:
            job.report = manager.close(outcome, error)
        return nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: _Manager,
        kernel_name: str,
        *,
        job: Job,
        **_: object,
    ) -> None:
        """Run the cells; Ctrl-C cancels the run from within, so that its kernel is ended."""
        del kernel_name
        with kernel_manager() as kernels:
            client = TruthfulClient(
                nb_man.nb, kernels, witness=nb_man, cell_timeout=job.cell_timeout, grace=job.grace
            )
            asyncio.run(client.run(cwd=job.cwd, env=job.env))


papermill_engines.register(NAME, WorkbenchEngine)
