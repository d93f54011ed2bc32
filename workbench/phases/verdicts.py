"""How a phase ends: read from the state, recorded with what it was reached on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench import show
from workbench.errors import DecisionNeededError, GateError, PhaseFailedError
from workbench.phases import gates
from workbench.phases.order import BY_NAME, PHASES
from workbench.state import Status

if TYPE_CHECKING:
    from workbench.phases.steps import Steps
    from workbench.run import Run


def conclude(run: Run) -> show.Verdict:
    """Judge the phase of an opened run from the state, record it, and show it.

    Raises:
        DecisionNeededError: headless, and a person must decide, or do something in Odoo, first.
        PhaseFailedError: headless, and the phase's figures say that it is not done.
        GateError: the run was not opened for a phase.
    """
    if run.phase is None:
        what = "This run was not opened for a phase."
        raise GateError(what, do="Open it with Run.open(run_dir, phase=…).")
    steps: Steps = getattr(run, run.phase)
    with run.exclusive():
        finding = steps.judge()
        if finding.missing:
            status, message = Status.FAILED, "; ".join(finding.missing)
            run.store.journey.set_phase(
                run.phase, status, message=message, basis=gates.basis(run.store, run.phase)
            )
            if run.headless:
                what = f"{run.phase} is not done: {message}."
                raise PhaseFailedError(what, do=finding.do or None)
        elif finding.waits:
            status, message = Status.WAITING, "; ".join(finding.waits)
            run.store.journey.set_phase(
                run.phase, status, message=message, basis=gates.basis(run.store, run.phase)
            )
            if run.headless:
                what = f"{run.phase} waits for a person: {message}."
                raise DecisionNeededError(what, do=finding.do or None)
        elif steps.need_decisions():
            status, message = Status.WAITING, run.store.journey.phase(run.phase).message
        else:
            status, message = Status.DONE, "all of it"
            run.store.journey.set_phase(
                run.phase, status, message=message, basis=gates.basis(run.store, run.phase)
            )
    return show.Verdict(
        phase=run.phase,
        status=status.value,
        message=message,
        facts=finding.facts,
        next=(finding.do if finding.missing or finding.waits else "") or _next(run.phase, status),
        ledger_head=run.store.ledger.head(),
    )


def _next(phase: str, status: Status) -> str:
    number = BY_NAME[phase].number
    if status is not Status.DONE:
        return f"finish {BY_NAME[phase].notebook}"
    if phase in {"reconcile", "rollback"}:
        return "`workbench verify` checks the evidence"
    following = PHASES[number]
    return f"{following.notebook}: {following.does}"
