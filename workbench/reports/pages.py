"""The reports of a run: built from the state alone, so they can be written again any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.proof.balance import balance
from workbench.proof.judge import Match
from workbench.proof.seal import HANDOVER
from workbench.reports import charts
from workbench.reports.cleanse import write_cleanse
from workbench.reports.page import Mask, Page, Section, keep, render
from workbench.reports.reconcile import read_back, write_reconcile
from workbench.reports.sample_diff import write_sample_diff
from workbench.reports.tables import balance_table, by_match, finding
from workbench.show import Table
from workbench.state import Store


def write_reports(
    store: Store,
    folder: Path,
    *,
    mask: Mask,
    versions: Mapping[str, str],
    hashes: Mapping[str, str],
) -> list[Path]:
    """Write every report that the state alone can tell: all but preflight and mapping.

    Args:
        store: the run's state.
        folder: the run folder; the files go into its `reports/`.
        mask: how values look in the sample's report.
        versions: of what made the run ("workbench", "odoo").
        hashes: of what it was made on ("config", "mapping", "schema").

    Returns:
        The files, `summary.html` last.
    """
    written = [
        *write_cleanse(store, folder),
        *write_sample_diff(store, folder, mask=mask),
        *write_reconcile(store, folder, versions=versions, hashes=hashes),
    ]
    return [*written, write_summary(store, folder)]


# preflight -------------------------------------------------------------------------------


def write_preflight(
    store: Store,
    folder: Path,
    *,
    facts: Sequence[tuple[str, object]],
    tables: Sequence[Table],
    lead: str,
) -> Path:
    """Write preflight.html from what connect found out; nothing of it is a patient's."""
    page = Page(
        "Preflight", lead, folder.name, store.ledger.head(), facts=facts,
        sections=[Section(table.title, tables=[table]) for table in tables],
    )  # fmt: skip
    return keep(store, folder, "preflight.html", render(page))


# the summary -----------------------------------------------------------------------------


def write_summary(store: Store, folder: Path, *, facts: Sequence[tuple[str, object]] = ()) -> Path:
    """Write summary.html: the figures, one picture, and where to look.

    Args:
        store: the run's state.
        folder: the run folder.
        facts: more figures than the state tells, such as how long it took.
    """
    sums = balance(store)
    verdicts = store.proof.verdicts("all")
    matches = by_match(verdicts)
    artefacts = [path for path, kind, _sha, _size in store.journey.artefacts()
                 if kind != HANDOVER]  # fmt: skip
    notebooks = [path for path in artefacts if path.startswith("notebooks/")]
    reports = [path for path in artefacts
               if path.startswith("reports/") and path != "reports/summary.html"]  # fmt: skip
    page = Page(
        "The migration on one page",
        finding(sums, verdicts, store.lists.relations()),
        folder.name, store.ledger.head(),
        facts=[
            ("distinct records", sum(terms.distinct for terms in sums.resources)),
            ("without a fate", sums.unresolved),
            ("files with their bytes", sums.files.created + sums.files.updated),
            ("cells compared", sum(matches.values())),
            ("cells that differ", matches[Match.DIFFERENT]),
            ("requests to PracticeHub", int(store.journey.counter("source_requests"))),
            ("calls to Odoo", int(store.journey.counter("odoo_calls"))),
            *facts,
        ],
        sections=[
            Section("What became of everything", figures=[charts.flow(sums)],
                    tables=[balance_table(sums, read_back=read_back(store))]),
            Section("Where to look", links=[
                *((path, f"../{path}") for path in reports),
                *((path, f"../{path}") for path in notebooks)]),
        ],
    )  # fmt: skip
    return keep(store, folder, "summary.html", render(page, template="summary.html.j2"))
