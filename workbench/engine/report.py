"""What came of running a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workbench.errors import WorkbenchError


class Outcome(StrEnum):
    """How a run of a notebook ended. Done: every cell ran; what it means is in the state."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class CellState(StrEnum):
    """Where a cell stands; also the word in the saved cell's `metadata.papermill.status`."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    WAITING = "waiting"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NEVER_RAN = "never ran"


@dataclass(frozen=True, slots=True)
class CellProgress:
    """A code cell has begun or ended; `number` counts code cells from 1, `of` is their sum."""

    cell: str
    number: int
    of: int
    state: CellState
    seconds: float


@dataclass(frozen=True, slots=True)
class CellReport:
    """One code cell by its id, and how long it ran in seconds (0 where it never did)."""

    cell: str
    state: CellState
    seconds: float


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One run of one notebook.

    `error` is None only where `outcome` is done; it is of the class that was raised in the
    cell, or an EngineError. `cells` are the code cells in the notebook's order.
    """

    outcome: Outcome
    output: Path
    cells: tuple[CellReport, ...]
    seconds: float
    error: WorkbenchError | None = None

    @property
    def never_ran(self) -> tuple[str, ...]:
        """The ids of the code cells that never ran, in the notebook's order."""
        return tuple(cell.cell for cell in self.cells if cell.state is CellState.NEVER_RAN)

    @property
    def stopped_at(self) -> str | None:
        """The id of the cell where the run stopped, or None."""
        stopped = {CellState.FAILED, CellState.WAITING, CellState.INTERRUPTED}
        return next((cell.cell for cell in self.cells if cell.state in stopped), None)
