"""Where a run stands: what `workbench status` and the last page of the demo show."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workbench.phases.order import PHASES
from workbench.progress import duration, sentence
from workbench.proof.balance import balance
from workbench.state import Step, WalkState

if TYPE_CHECKING:
    from workbench.run import Run

_TERMS = ("reported", "rows", "distinct", "created", "updated", "merged", "excluded",
          "rejected", "unresolved")  # fmt: skip
_ALWAYS = frozenset({"reported", "rows", "distinct", "created", "unresolved"})
_COLUMNS = 100
_SCREENFUL = 10
_SILENT = 60.0
"""Seconds without a word after which a step is shown with the time of its last one."""


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
        start = f"  {phase.number:>2} {phase.name:<10} {state.status.value:<8} "
        lines.append(_wrapped(start, state.message))
    lines += _sums(found["resources"], found["files"])
    waiting = found["decisions_open"]
    if isinstance(waiting, list) and waiting:
        lines += ["", f"  {len(waiting)} decision(s) wait for a person:"]
        lines += [_wrapped("    ", f"{one['subject']}: {one['question']}")
                  for one in waiting[:_SCREENFUL]]  # fmt: skip
        more = len(waiting) - _SCREENFUL
        lines += [f"    … and {more} more"] if more > 0 else []
    running = [step for step in run.store.journey.progress() if not step.finished]
    lines += ["", *(f"  {_heard(step)}" for step in running)] if running else []
    lines += _forecast(run)
    lines += [
        "",
        (
            f"  {found['source_requests']:,} requests to PracticeHub, "
            f"{found['odoo_calls']:,} calls to Odoo"
        ),
    ]
    return "\n".join(lines)


def _sums(resources: object, files: object) -> list[str]:
    """Write P1's sums; a column of zeros is left out, so that a line fits a terminal."""
    if not isinstance(resources, dict) or not isinstance(files, dict) or not resources:
        return []
    rows = [*resources.items(), ("files (bytes)", files)]
    shown = [t for t in _TERMS if t in _ALWAYS or any(terms[t] for _, terms in rows)]
    table = [["", *shown]] + [
        [name, *("–" if terms[t] is None else f"{terms[t]:,}" for t in shown)]
        for name, terms in rows
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    gap = "  " if sum(widths) + 2 * len(widths) <= _COLUMNS else " "
    return ["", *("  " + gap.join(_cells(row, widths)).rstrip() for row in table)]


def _cells(row: list[str], widths: list[int]) -> Iterator[str]:
    yield row[0].ljust(widths[0])
    for cell, width in zip(row[1:], widths[1:], strict=True):
        yield cell.rjust(width)


def _wrapped(start: str, text: str) -> str:
    """Write a text behind its start, its further lines under its first."""
    first = " ".join(text.split())
    return textwrap.fill(
        first, _COLUMNS, initial_indent=start, subsequent_indent=" " * len(start),
        break_long_words=False, break_on_hyphens=False,
    ) or start.rstrip()  # fmt: skip


def _heard(step: Step) -> str:
    """Say how far a step is, and that it may have been stopped where it has long been silent."""
    silent = time.time() - step.updated
    return sentence(step) + (f", last heard of {duration(silent)} ago" if silent > _SILENT else "")


def _forecast(run: Run) -> list[str]:
    """Say how much reading is left, while some is."""
    if all(walk.state is not WalkState.WALKING for walk in run.store.source.walks()):
        return []
    from workbench.phases import reading  # noqa: PLC0415 - a finished run needs no client

    left = reading.forecast(run)
    zone = run.config.practicehub.timezone
    told = [
        f"about {duration(left.seconds)} of reading is left. "
        + reading.ending(left, zone=zone, now=datetime.now(UTC)),
        reading.files_ahead(left),
        f"complexity {left.grade}: " + "; ".join(
            f"{one.name}: {one.found} ({one.grade or 'not graded'})" for one in left.aspects
        ),
    ]  # fmt: skip
    return ["", *(_wrapped("  ", line) for line in told)]
