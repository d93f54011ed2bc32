"""Which reports a run writes, and what they say about how they were made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from workbench import masking, show
from workbench.phases import by_hand, counts, gates, knowledge, looked_at, reading, workings
from workbench.reports import (
    Mask,
    Page,
    Person,
    Section,
    keep,
    render,
    write_mapping,
    write_preflight,
    write_reports,
    write_sample_diff,
    write_workflow,
)

if TYPE_CHECKING:
    from workbench.odoo import RollbackPlan
    from workbench.phases.steps import Steps
    from workbench.run import Run

DISTRIBUTION = "practicehub-odoo-workbench"


def versions(run: Run) -> dict[str, str]:
    """Name the versions that a run was made with."""
    return {
        "workbench": version(DISTRIBUTION),
        "python": platform.python_version(),
        "odoo": run.store.journey.meta("odoo_version") or "unknown",
    }


def hashes(run: Run) -> dict[str, str]:
    """Name what a run was made on."""
    found = gates.hashes(run.store)
    return {name: found[name] for name in ("config", "mapping", "schema", "duplicates", "sample")}


def write_preflight_report(run: Run) -> Path:
    """Write what was found at both ends before anything is written to Odoo."""
    found = run.store.journey.document("preflight")
    findings = found if isinstance(found, list) else []
    walks = run.store.source.walks()
    totals = [(w.resource, "–" if w.reported is None else w.reported, reading.standing(w))
              for w in walks]  # fmt: skip
    return write_preflight(
        run.store,
        run.folder,
        facts=[("account", run.config.practicehub.account),
               ("database", run.config.odoo.database),
               ("Odoo", run.store.journey.meta("odoo_version") or "unknown")],
        tables=[
            *looked_at.tables(findings),
            show.Table("PracticeHub", ("resource", "records reported", ""), totals),
        ],
        lead="What was found at both ends before anything was written.",
    )  # fmt: skip


def write_map(steps: Steps) -> Path:
    """Write the map as it is decided so far, for whoever looks after Odoo."""
    store = steps.store
    mapping = knowledge.draft(steps).mapping
    who = knowledge.practitioners(store)
    works = knowledge.at_work(store)
    visits = counts.visits(store, mapping, who)
    return write_mapping(
        store,
        steps.run.folder,
        mapping=mapping,
        odoo_fields=knowledge.odoo_fields(steps),
        lists={name: one.values for name, one in counts.lists(store, mapping).items()},
        people=[Person(number, one.name, visits.get(number, 0), works[number])
                for number, one in who.items()],
        checklist=by_hand.foreseen(steps.config, mapping, knowledge.odoo_fields(steps)),
    )  # fmt: skip


def write_workings(steps: Steps, *, ask_odoo: bool = False) -> Path:
    """Write how the clinic works, and what in Odoo would do the same.

    Args:
        steps: the phase that writes it.
        ask_odoo: look afresh at what Odoo does by itself; else what was seen last stands.
    """
    if ask_odoo:
        workings.look_at_odoo(steps.run)
    workings.gather(steps)
    return write_workflow(steps.store, steps.run.folder)


def write_rollback(run: Run, *, left: RollbackPlan) -> None:
    """Write what a rollback took out, what stayed and why, and what it cannot take back."""
    done = run.store.journey.document("rolled_back")
    facts = cast("dict[str, int]", done) if isinstance(done, dict) else {}
    page = Page(
        "Rolled back",
        f"{facts.get('removed', 0):,} records were taken out of {run.config.odoo.database}; "
        f"{left.records:,} of this run are left.",
        run.name,
        run.store.ledger.head(),
        facts=[("put back as they were", facts.get("restored", 0)), ("kept", len(left.keep))],
        sections=[
            Section("What stays", tables=[
                show.Table("Kept, because people changed or tied something to it since",
                           ("record", "model", "reason"),
                           [(k.external_id, k.model, k.reason) for k in left.keep])]),
            Section("What no rollback takes back", words=BEYOND),
        ],
    )  # fmt: skip
    keep(run.store, run.folder, "rollback.html", render(page))


BEYOND = (
    "Odoo's own bookkeeping moves on: next free numbers of sequences, its registry and cron "
    "signals, sessions and logs, and who last wrote to a record that was there before. A mail "
    "that somebody sent meanwhile stays sent."
)


def write_sample(run: Run) -> None:
    """Write the sample's diff, masked unless the clinic asked for patient data."""
    write_sample_diff(run.store, run.folder, mask=_mask(run))


def write_all(run: Run) -> list[Path]:
    """Write every report of the run into its `reports/`."""
    return [
        write_preflight_report(run),
        write_map(run.reconcile),
        write_workings(run.reconcile, ask_odoo=True),
        *write_reports(
            run.store, run.folder, mask=_mask(run), versions=versions(run), hashes=hashes(run)
        ),
    ]  # fmt: skip


def _mask(run: Run) -> Mask:
    shown = run.config.migration.show_patient_data

    def mask(_field: str, value: object) -> str:
        return masking.plain(value) if shown else run.mask(value)

    return mask
