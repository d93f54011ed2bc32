"""The page that is signed off, and the lists behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from workbench.proof.balance import balance
from workbench.reports import charts
from workbench.reports.lists import Listed, listed, write_lists
from workbench.reports.page import Page, Section, keep, render
from workbench.reports.tables import (
    MOST,
    balance_table,
    files_table,
    finding,
    gaps_table,
    orphans_table,
    pharmacy_table,
    reasons_table,
    refused_table,
    relations_table,
    said,
    verdict_table,
)
from workbench.state import Fate, Store

_EQUATION = (
    "For every resource: distinct = created + updated + merged + excluded + rejected, and "
    "nothing is unresolved. Every record's fate is listed in outcomes.csv."
)
_RELATIONS = (
    "What PracticeHub's records name was looked for in what Odoo returned, and so was everything "
    "that Odoo's fields link."
)
_PHARMACIES = (
    "These prescriptions name a pharmacy of another house. What they say of it is kept with the "
    "prescription, in the list on the patient's contact; nobody there is told of the move. Go "
    "through the list with whoever prescribes: tell the pharmacy where answers go from now on, "
    "and send anew what is still to be filled."
)


def write_reconcile(
    store: Store, folder: Path, *, versions: Mapping[str, str], hashes: Mapping[str, str]
) -> list[Path]:
    """Write reconcile.html, the report that is signed off, after the lists behind it."""
    sums = balance(store)
    verdicts = store.proof.verdicts("all")
    relations = store.lists.relations()
    agreed = store.decisions.get("schema")
    page = Page(
        "Reconciliation",
        finding(sums, verdicts, relations),
        folder.name, store.ledger.head(),
        facts=[
            ("sign-off", said(store.decisions.get("signoff"))),
            ("sample", said(store.decisions.get("sample"))),
            ("schema", said(agreed)),
            ("hash of the schema agreed to", agreed.basis if agreed else "none"),
            ("unresolved", sums.unresolved),
            *((f"hash of the {name}", value) for name, value in sorted(hashes.items())),
            *((name, value) for name, value in sorted(versions.items())),
        ],
        sections=[
            Section("Nothing lost", _EQUATION, figures=[charts.flow(sums)],
                    tables=[balance_table(sums, read_back=read_back(store))]),
            Section("Field by field", figures=[charts.verdicts(verdicts)],
                    tables=[verdict_table(verdicts)]),
            Section("Files", tables=[files_table(verdicts)]),
            Section("Relations", _RELATIONS, tables=[
                relations_table(relations), gaps_table(store), orphans_table(store)]),
            Section("Not taken over, and why", tables=[
                *(reasons_table(store, fate)
                  for fate in (Fate.EXCLUDED, Fate.REJECTED, Fate.MERGED)),
                refused_table(store)]),
            Section("Record by record", "Ids and reasons, no patient's data; each opens in a "
                    "spreadsheet.", links=links(listed(store))),
            Section("Pharmacies outside the clinic", _PHARMACIES,
                    tables=[pharmacy_table(store, most=MOST)]),
            Section("Volumes and issues", figures=[
                charts.volumes(sums), charts.issues(store.staging.issue_counts())]),
        ],
    )  # fmt: skip
    return [*write_lists(store, folder), keep(store, folder, "reconcile.html", render(page))]


def read_back(store: Store) -> Mapping[str, int] | None:
    """Give how many records the last full comparison read back, by resource; None: none was."""
    compared = store.journey.document("compared")
    if not isinstance(compared, dict) or not isinstance(compared.get("read_back"), dict):
        return None
    return cast("dict[str, int]", compared["read_back"])


def links(lists: list[Listed]) -> list[tuple[str, str]]:
    """Give the lists as links of a page in `reports/`."""
    return [(f"{one.what}: {one.count:,} ({one.file})", f"../reports/{one.file}") for one in lists]
