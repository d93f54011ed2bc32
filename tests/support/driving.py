"""A migration driven in this very process: no command, no kernel, and every phase as it is.

The runner, papermill and the notebooks of the workbench are the real ones. Only the kernel is
not: its cells' own source is executed here, in order, headless, as the kernel would do it. So a
phase costs what it does, not what it takes to start two Pythons; what a cell shows is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from workbench.engine import papermill_engine
from workbench.engine.report import CellState
from workbench.errors import DecisionNeededError
from workbench.phases import decisions_file, knowledge, runner, status
from workbench.run import HEADLESS_VARIABLE, Run

PERSON = "Noor Visser"
MOST_ROUNDS = 12
"""A migration that is not through after so many rounds of decisions asks without end."""

Row = dict[str, Any]


def choose(question: Mapping[str, Any]) -> str:
    """Decide as the person of the tests does where nothing is proposed."""
    fixed = {"sample": "approve", "signoff": "accept"}
    return str(fixed.get(question["subject"]) or question["proposal"] or "name only")


def advance(
    config: Path, folder: Path, *, until: str | None = None, only: str | None = None
) -> None:
    """Go on with a migration as `workbench run` does, in this process.

    An error that is no WorkbenchError comes out as itself, with its traceback.

    Raises:
        WorkbenchError: as `runner.advance`; a phase that waits raises DecisionNeededError.
    """
    with _opened(Run.create(config, folder)) as run, cells_run_here():
        runner.advance(run, until=until, only=only)


def decide(folder: Path) -> None:
    """Decide all that is open: what is proposed is accepted, the rest as `choose` says."""
    with _opened(Run.open(folder)) as run:
        knowledge.ask_about_schema(run.prepare, first=False)
        run.store.decisions.accept_proposed(by=PERSON)
        found: Any = status.snapshot(run)["decisions_open"]
        rest = {one["subject"]: choose(one) for one in found}
        if rest:
            file = folder.parent / f"{folder.name}.decisions.yaml"
            file.write_text(yaml.safe_dump(rest, allow_unicode=True), encoding="utf-8")
            decisions_file.decide(run, file, by=PERSON)
            file.unlink()


def travel(config: Path, folder: Path, *, until: str | None = None, only: str | None = None) -> int:
    """Go on until nobody has to decide any more; give how often one had to.

    Raises:
        WorkbenchError: a phase failed.
        AssertionError: it asks and asks.
    """
    for rounds in range(MOST_ROUNDS):
        try:
            advance(config, folder, until=until, only=only)
        except DecisionNeededError:
            decide(folder)
        else:
            return rounds
    what = "it asks and asks"
    raise AssertionError(what)


def roll_back(folder: Path) -> None:
    """Take out of Odoo what the run made, as `workbench rollback DIR --yes` does.

    Raises:
        WorkbenchError: as the command.
    """
    with _opened(Run.open(folder)) as run, cells_run_here(), run.exclusive():
        run.rollback.plan()
        run.rollback.approve(by=PERSON)
        runner.advance(run, only="rollback")


def standing(folder: Path) -> Row:
    """Give the standing as `workbench status --json` does."""
    with _opened(Run.open(folder)) as run:
        return status.snapshot(run)


@contextmanager
def cells_run_here() -> Iterator[None]:
    """Let notebooks be executed in this process for the length of the block."""
    with (
        mock.patch.object(papermill_engine, "TruthfulClient", _Here),
        mock.patch.object(papermill_engine, "kernel_manager", nullcontext),
    ):
        yield


class _Here:
    """Runs a notebook's code cells in this process, in the place of nbclient and a kernel."""

    def __init__(
        self,
        nb: Any,  # noqa: ANN401 - a notebook node
        _manager: object,
        *,
        witness: Any,  # noqa: ANN401 - the engine's own
        **_times: object,
    ) -> None:
        self._nb, self._witness = nb, witness

    async def run(self, *, cwd: Path, env: Mapping[str, str]) -> None:
        """Run every code cell; what a cell opened is closed, as the end of a kernel does."""
        del cwd  # no phase goes by the working folder
        names: dict[str, Any] = {"__name__": "__main__"}
        try:
            with mock.patch.dict(os.environ, {**env, HEADLESS_VARIABLE: "1"}):
                for cell in self._nb.cells:
                    if cell.cell_type == "code":
                        self._cell(cell, names)
        finally:
            if isinstance(run := names.get("run"), Run):
                close(run)

    def _cell(self, cell: Any, names: dict[str, Any]) -> None:  # noqa: ANN401 - a notebook node
        self._witness.began(cell)
        state = CellState.FAILED
        try:
            exec(compile(cell.source, f"<cell {cell.id}>", "exec"), names)  # noqa: S102 - our own notebooks
            state = CellState.COMPLETED
        except DecisionNeededError:
            state = CellState.WAITING
            raise
        finally:
            self._witness.ended(cell, state)


@contextmanager
def _opened(run: Run) -> Iterator[Run]:
    try:
        yield run
    finally:
        close(run)


def close(run: Run) -> None:
    """Close what a run holds open, as the end of its process would."""
    for end in ("source", "destination"):
        if end in vars(run):
            vars(run)[end].close()
    run.store.close()
    life = vars(run).get("_life")  # the lock that tells of a kernel at work
    if life is not None:
        life.__exit__(None, None, None)
