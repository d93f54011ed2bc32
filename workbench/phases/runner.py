"""Going on with a migration: each phase's notebook through papermill, until one must stop."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import assets
from workbench.errors import EngineError, PhaseFailedError, UsageError
from workbench.phases import gates, sides
from workbench.phases.leftovers import note_leftovers
from workbench.phases.order import BY_NAME, JOURNEY
from workbench.run import HELD_VARIABLE, RUN_VARIABLE
from workbench.state import Status, sha256

if TYPE_CHECKING:
    from workbench.run import Run

OnPhase = Callable[[str, str], None]
"""Called with a phase's name and what happens to it: "starts", "done", "stands"."""


def _quiet(_phase: str, _what: str) -> None: ...


def advance(
    run: Run, *, until: str | None = None, only: str | None = None, on_phase: OnPhase = _quiet
) -> None:
    """Go through the phases that are not done, or no longer current, in order.

    A phase that is done on what stands now is not run again: going on with a finished
    migration asks PracticeHub and Odoo nothing.

    Args:
        run: the run, opened for no phase.
        until: stop after this phase.
        only: run this one phase, done or not, if its gate allows. Before a reconcile that
            follows a delta which asked for changes alone, everything is looked at whole.
        on_phase: told of each phase as it starts and ends.

    Raises:
        UsageError: see `check_names`.
        DecisionNeededError: a person must decide before the phase can end.
        GateError: the phase named by `only` may not start.
        WorkbenchError: the phase failed; what it did so far is kept.
    """
    check_names(until=until, only=only)
    with run.exclusive():
        note_leftovers(run)
        for phase in _asked_for(run, only) if only else JOURNEY:
            if only is None and gates.is_current(run.store, phase):
                on_phase(phase, "stands")
            else:
                on_phase(phase, "starts")
                execute(run, phase, alone=phase == only)
                on_phase(phase, "done")
            if phase == until:
                return


def _asked_for(run: Run, only: str) -> tuple[str, ...]:
    if only == "reconcile" and not sides.read_whole(run.store):
        return "delta", only
    return (only,)


def check_names(*, until: str | None, only: str | None) -> None:
    """Refuse names that are no phases, before anything is made or asked.

    Raises:
        UsageError: no phase of that name, or `until` names the rollback.
    """
    for name in (until, only):
        if name is not None and name not in BY_NAME:
            what = f"There is no phase {name!r}."
            raise UsageError(what, do=f"Choose one of: {', '.join(BY_NAME)}.")
    if until is not None and until not in JOURNEY:
        what = f"A journey never goes on into {until}: it is only ever asked for."
        raise UsageError(what, do=f"`workbench {until} DIR --yes` does it.")


def execute(run: Run, phase: str, *, alone: bool = False) -> None:
    """Run one phase's notebook headless; the executed copy stays in the run folder.

    Args:
        run: the run, opened for no phase.
        phase: which.
        alone: no phase after it is gone on to. A delta then asks for changes alone where that
            works; what it may not see, the whole look before reconcile does.

    Raises:
        WorkbenchError: what stopped the notebook, with the exit code it stands for.
    """
    # jsonschema, which nbformat needs, compiles a grammar of web addresses where this package is
    # installed (JupyterLab brings it): a second of every run, and no notebook holds that format
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # None: not there
    # here, because a run that finds everything done does not need it
    from workbench import engine  # noqa: PLC0415

    gates.check(run, phase)
    template = assets.notebooks() / BY_NAME[phase].notebook
    with run.exclusive():
        output = _free_name(run.folder / "notebooks", template.stem)
        before = run.store.journey.phase(phase)
        parameters: dict[str, object] = {"run_dir": str(run.folder)}
        if phase == "delta":
            parameters["whole"] = not alone
        try:
            report = engine.execute(
                template,
                output,
                parameters=parameters,
                env={RUN_VARIABLE: str(run.folder), HELD_VARIABLE: str(run.folder)},
                cwd=run.folder,
                cell_timeout=None,
            )
        except EngineError as error:
            _record_failure(run, phase, error.what)
            raise
        finally:
            if output.exists():
                _keep(run, phase, output)
        failure = report.error
        after = run.store.journey.phase(phase)
        if failure is not None:
            told = isinstance(failure, PhaseFailedError)  # by the verdict, with its reasons
            if failure.exit_code not in {3, 4} and not told:
                _record_failure(run, phase, failure.what)
            raise failure
        if after.status is not Status.DONE or after.at == before.at:
            # cells that ran prove nothing: only the state says that the phase is done
            _record_failure(run, phase, "its notebook ended without a verdict")
            what = f"{phase}: the notebook ended, and the run does not say that it is done."
            raise EngineError(what)
        if phase == "reconcile":
            run.reconcile.write_seal()  # once more: now the notebook that tells of it is there


def _free_name(folder: Path, stem: str) -> Path:
    """Name an executed notebook after the second it starts in; waits out one that is taken."""
    while True:
        output = folder / f"{stem}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}.ipynb"
        if not output.exists():
            return output
        time.sleep(0.05)


def _keep(run: Run, phase: str, output: Path) -> None:
    content = output.read_bytes()
    relative = output.relative_to(run.folder).as_posix()
    run.store.journey.add_artefact(
        relative, kind="notebook", sha256=sha256(content), size=len(content)
    )
    run.store.journey.set_notebook(phase, relative)


def _record_failure(run: Run, phase: str, message: str) -> None:
    run.store.journey.set_phase(
        phase, Status.FAILED, message=message, basis=gates.basis(run.store, phase)
    )
