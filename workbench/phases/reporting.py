"""Which reports a run writes, and what they say about how they were made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from workbench import masking, show
from workbench.phases import by_hand, counts, gates, knowledge, looked_at, reading, workings
from workbench.proof import SEAL, read_seal
from workbench.reports import (
    Mask,
    Page,
    Person,
    Seal,
    Section,
    keep,
    render,
    write_handover,
    write_mapping,
    write_preflight,
    write_reports,
    write_sample_diff,
    write_workflow,
)
from workbench.reports.handover import NAME as HANDOVER_PAGE

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
    counts = cast("dict[str, int]", run.store.journey.document("rollback_left") or {})
    page = Page(
        "Rolled back",
        f"{facts.get('removed', 0):,} records were taken out of {run.config.odoo.database}; "
        f"{counts.get('left', 0):,} of this run are left.",
        run.name,
        run.store.ledger.head(),
        facts=[("put back as they were", facts.get("restored", 0)), ("kept", len(left.keep))],
        sections=[
            Section("What stays", tables=[
                show.Table("Kept, because people changed or tied something to it since",
                           ("record", "model", "reason"),
                           [(k.external_id, k.model, k.reason) for k in left.keep]),
                show.Table("Not asked to stay, and there all the same", ("model", "record"),
                           [(part.model, name) for part in left.remove
                            for name in part.external_ids])]),
            Section("What no rollback takes back", words=BEYOND),
        ],
    )  # fmt: skip
    keep(run.store, run.folder, "rollback.html", render(page))


BEYOND = (
    "Odoo's own bookkeeping moves on: next free numbers of sequences, its registry and cron "
    "signals, sessions and logs, notices to browsers that are open, and who last wrote to a record "
    "that was there before, a digest's among them where users were made. An empty number or yes/no "
    "field of the clinic's own that was filled reads as before; Odoo's table then holds 0 or no, "
    "for its API cannot write an empty one. A mail that somebody sent meanwhile stays sent."
)


def write_sample(run: Run) -> None:
    """Write the sample's diff, masked unless the clinic asked for patient data."""
    write_sample_diff(run.store, run.folder, mask=_mask(run))


def handover(run: Run) -> Path:
    """Write the page that prints what the newest seal fixed; it is kept apart from the run."""
    sealed = cast("dict[str, dict[str, object]]", read_seal(run.folder))
    entries, head = sealed["ledger"]["entries"], str(sealed["ledger"]["head"])
    keys = [str(entry.detail["key"]) for entry in run.store.ledger.entries()
            if entry.event == "signed" and entry.detail["head"] == head]  # fmt: skip
    return write_handover(
        run.store,
        run.folder,
        seal=Seal(cast("int", entries), head, ", ".join(keys[-1:])),
        versions=versions(run),
        hashes=hashes(run),
        ends=[("account", run.config.practicehub.account),
              ("database", run.config.odoo.database)],
    )  # fmt: skip


def handed_over(run: Run) -> bool:
    """Tell whether the handover prints the head of the seal that stands; without one it may not."""
    try:
        sealed = cast("dict[str, dict[str, object]] | None", read_seal(run.folder))
        page = (run.folder / "reports" / HANDOVER_PAGE).read_text("utf-8")
    except FileNotFoundError:
        return not (run.folder / SEAL).exists()
    return sealed is None or str(sealed["ledger"]["head"]) in page


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
