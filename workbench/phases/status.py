"""Where a run stands: what `workbench status` and the last page of the demo show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.phases.order import PHASES
from workbench.progress import sentence
from workbench.proof.balance import balance

if TYPE_CHECKING:
    from workbench.run import Run

_TERMS = ("reported", "rows", "distinct", "created", "updated", "merged", "excluded",
          "rejected", "unresolved")  # fmt: skip
_SCREENFUL = 10


def snapshot(run: Run) -> dict[str, object]:
    """Give the run's standing in the shape of `status --json` (a contract).

    Returns:
        run, phases, resources and files with P1's terms, decisions_open, source_requests,
        source_seconds (how long PracticeHub took to answer), odoo_calls.
    """
    store = run.store
    return {
        "run": run.name,
        "phases": {p.name: store.journey.phase(p.name).status.value for p in PHASES},
        **balance(store).as_json(),
        "decisions_open": [
            {"subject": d.subject, "question": d.question, "options": d.options,
             "proposal": d.proposal}
            for d in store.decisions.open()
        ],
        "source_requests": int(store.journey.counter("source_requests")),
        "source_seconds": round(store.journey.counter("source_seconds"), 3),
        "odoo_calls": int(store.journey.counter("odoo_calls")),
    }  # fmt: skip


def page(run: Run, found: dict[str, object]) -> str:
    """Write a snapshot for a person at a terminal."""
    lines = [f"Run {run.name}", ""]
    for phase in PHASES:
        state = run.store.journey.phase(phase.name)
        lines.append(f"  {phase.number:>2} {phase.name:<10} {state.status.value:<8} "
                     f"{state.message}")  # fmt: skip
    resources, files = found["resources"], found["files"]
    if isinstance(resources, dict) and isinstance(files, dict):
        lines += ["", "  " + "".join(f"{name:>11}" for name in ("", *_TERMS))[11:]]
        lines[-1] = f"  {'':<24}" + "".join(f"{name:>11}" for name in _TERMS)
        for name, terms in [*resources.items(), ("files (bytes)", files)]:
            cells = ("–" if terms[t] is None else f"{terms[t]:,}" for t in _TERMS)
            lines.append(f"  {name:<24}" + "".join(f"{cell:>11}" for cell in cells))
    waiting = found["decisions_open"]
    if isinstance(waiting, list) and waiting:
        lines += ["", f"  {len(waiting)} decision(s) wait for a person:"]
        lines += [f"    {one['subject']}: {one['question']}" for one in waiting[:_SCREENFUL]]
        more = len(waiting) - _SCREENFUL
        lines += [f"    … and {more} more"] if more > 0 else []
    running = [step for step in run.store.journey.progress() if not step.finished]
    lines += ["", *(f"  {sentence(step)}" for step in running)] if running else []
    lines += [
        "",
        (
            f"  {found['source_requests']:,} requests to PracticeHub, "
            f"{found['odoo_calls']:,} calls to Odoo"
        ),
    ]
    return "\n".join(lines)
