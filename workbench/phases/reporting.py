"""Which reports a run writes, and what they say about how they were made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import masking, show
from workbench.phases import gates, knowledge
from workbench.reports import Mask, write_mapping, write_preflight, write_reports, write_sample_diff

if TYPE_CHECKING:
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


def write_sample(run: Run) -> list[Path]:
    """Write the sample's diff, masked unless the clinic asked for patient data."""
    return write_sample_diff(run.store, run.folder, mask=_mask(run))


def write_all(run: Run) -> list[Path]:
    """Write every report of the run into its `reports/`."""
    mapping = knowledge.draft(run.reconcile).mapping
    found = run.store.journey.document("preflight")
    findings = found if isinstance(found, list) else []
    return [
        write_preflight(
            run.store,
            run.folder,
            facts=[("account", run.config.practicehub.account),
                   ("database", run.config.odoo.database)],
            tables=[show.Table("Odoo", ("", "subject", "finding", "what to do"),
                               [(f["level"], f["subject"], f["what"], f["do"])
                                for f in findings])],
            lead="What was found at both ends before anything was written.",
        ),
        write_mapping(run.store, run.folder, rows=mapping.rows),
        *write_reports(
            run.store, run.folder, mask=_mask(run), versions=versions(run), hashes=hashes(run)
        ),
    ]  # fmt: skip


def _mask(run: Run) -> Mask:
    shown = run.config.migration.show_patient_data

    def mask(_field: str, value: object) -> str:
        return masking.plain(value) if shown else run.mask(value)

    return mask
