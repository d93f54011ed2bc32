"""The reports of a run: built from the state alone, so they can be written again any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from workbench.proof.balance import Balance, balance, orphans
from workbench.proof.diff import Match
from workbench.reports import charts
from workbench.reports.cleanse import listed_ids, write_cleanse
from workbench.reports.page import Page, Section, csv_text, keep, render
from workbench.show import Table
from workbench.state import Decision, Fate, IssueKind, Store, Verdict

Mask = Callable[[str, object], str]
"""How a field's value looks where it may be saved (see `workbench.masking`)."""

SHOWN_CELLS = 500
"""Differing cells listed in the HTML report; the CSV has them all."""


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


# the sample ------------------------------------------------------------------------------


def write_sample_diff(store: Store, folder: Path, *, mask: Mask) -> list[Path]:
    """Write sample_diff.html and .csv: source, expected and actual of the sample's cells.

    Values stand in it as `mask` shows them; what the CSV lists is every cell that is not
    plainly equal, and the equal ones too where the comparison kept them.
    """
    verdicts = store.proof.verdicts("sample")
    columns = ("record", "model", "field", "verdict", "rule", "source", "expected", "actual")
    rows = [
        (d.external_id, d.model, d.field, d.verdict, d.rule, mask(d.field, d.source),
         mask(d.field, d.expected), mask(d.field, d.actual))
        for d in store.proof.differences("sample")
    ]  # fmt: skip
    apart = [row for row in rows if row[3] != Match.EQUAL]
    decision = store.decisions.get("sample")
    cells = sum(verdict.count for verdict in verdicts)
    note = "" if len(apart) <= SHOWN_CELLS else f"The first {SHOWN_CELLS}; the CSV has them all."
    page = Page(
        "The sample, field by field",
        f"{cells} cells compared: {_counted(_by_match(verdicts))}.",
        folder.name, store.ledger.head(),
        facts=[("approval", _said(decision)), ("sample set", _hash(store, "sample"))],
        sections=[
            Section("By field", figures=[charts.verdicts(verdicts)],
                    tables=[_verdict_table(verdicts)]),
            Section("Cell by cell", tables=[
                Table("Cells that are not plainly equal", columns, apart[:SHOWN_CELLS], note)]),
        ],
        privacy="Values are masked unless the clinic asked for them.",
    )  # fmt: skip
    return [
        keep(store, folder, "sample_diff.csv", csv_text(columns, rows)),
        keep(store, folder, "sample_diff.html", render(page)),
    ]


# reconcile and summary -------------------------------------------------------------------


def write_reconcile(
    store: Store, folder: Path, *, versions: Mapping[str, str], hashes: Mapping[str, str]
) -> list[Path]:
    """Write reconcile.html, the report that is signed off, and outcomes.csv behind it."""
    sums = balance(store)
    verdicts = store.proof.verdicts("all")
    lost = orphans(store)
    outcomes = [
        (o.resource, o.source_id, o.fate.value, o.reason, o.external_id, o.phase)
        for o in store.proof.outcomes()
    ]
    agreed = store.decisions.get("schema")
    page = Page(
        "Reconciliation",
        _finding(sums, verdicts),
        folder.name, store.ledger.head(),
        facts=[
            ("sign-off", _said(store.decisions.get("signoff"))),
            ("sample", _said(store.decisions.get("sample"))),
            ("schema", _said(agreed)),
            ("hash of the schema agreed to", agreed.basis if agreed else "none"),
            ("unresolved", sums.unresolved),
            *((f"hash of the {name}", value) for name, value in sorted(hashes.items())),
            *((name, value) for name, value in sorted(versions.items())),
        ],
        sections=[
            Section("Nothing lost", _EQUATION, figures=[charts.flow(sums)],
                    tables=[balance_table(sums)]),
            Section("Field by field", figures=[charts.verdicts(verdicts)],
                    tables=[_verdict_table(verdicts)]),
            Section("Not taken over, and why", tables=[
                _reasons(store, Fate.EXCLUDED), _reasons(store, Fate.REJECTED),
                _reasons(store, Fate.MERGED)]),
            Section("Relations that lead to nothing", tables=[
                Table("Orphans", ("resource", "id", "field", "what happens"),
                      [(i.resource, i.source_id, i.field, i.outcome) for i in lost])]),
            Section("Pharmacies outside the clinic", _PHARMACIES, tables=[pharmacy_table(store)]),
            Section("Volumes and issues", figures=[
                charts.volumes(sums), charts.issues(store.staging.issue_counts())]),
        ],
    )  # fmt: skip
    columns = ("resource", "id", "fate", "reason", "external id", "phase")
    return [
        keep(store, folder, "outcomes.csv", csv_text(columns, outcomes)),
        keep(store, folder, "reconcile.html", render(page)),
    ]


def write_summary(store: Store, folder: Path, *, facts: Sequence[tuple[str, object]] = ()) -> Path:
    """Write summary.html: the figures, one picture, and where to look.

    Args:
        store: the run's state.
        folder: the run folder.
        facts: more figures than the state tells, such as how long it took.
    """
    sums = balance(store)
    verdicts = store.proof.verdicts("all")
    matches = _by_match(verdicts)
    artefacts = [path for path, _kind, _sha, _size in store.journey.artefacts()]
    notebooks = [path for path in artefacts if path.startswith("notebooks/")]
    reports = [path for path in artefacts
               if path.startswith("reports/") and path != "reports/summary.html"]  # fmt: skip
    page = Page(
        "The migration on one page",
        _finding(sums, verdicts),
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
                    tables=[balance_table(sums)]),
            Section("Where to look", links=[
                *((path, f"../{path}") for path in reports),
                *((path, f"../{path}") for path in notebooks)]),
        ],
    )  # fmt: skip
    return keep(store, folder, "summary.html", render(page, template="summary.html.j2"))


# parts -----------------------------------------------------------------------------------

_EQUATION = (
    "For every resource: distinct = created + updated + merged + excluded + rejected, and "
    "nothing is unresolved. Every record's fate is listed in outcomes.csv."
)


_PHARMACIES = (
    "These prescriptions name a pharmacy of another house. What they say of it is kept with the "
    "prescription, in the list on the patient's contact; nobody there is told of the move. Go "
    "through the list with whoever prescribes: tell the pharmacy where answers go from now on, "
    "and send anew what is still to be filled."
)


def pharmacy_table(store: Store) -> Table:
    """List the prescriptions that refer to a pharmacy outside, each with its contact in Odoo."""
    rows = []
    for issue in store.staging.issues(kind=IssueKind.PHARMACY_OUTSIDE):
        record = store.source.record(issue.resource, issue.source_id)
        patient = record.patient_id if record else None
        link = store.destination.link(f"patient_{patient}")
        rows.append((issue.source_id, issue.field, patient or "", link.res_id if link else ""))
    return Table(
        f"{len(rows):,} reference(s) to a pharmacy outside",
        ("prescription", "field", "patient", "contact in Odoo"), rows,
    )  # fmt: skip


def balance_table(sums: Balance) -> Table:
    """Give P1's terms as a table, the files as its last row."""
    columns = ("resource", "reported", "rows", "distinct", "created", "updated", "merged",
               "excluded", "rejected", "unresolved")  # fmt: skip
    rows = [
        (name, *terms.as_json().values())
        for name, terms in (
            *((one.name, one) for one in sums.resources),
            ("files (bytes)", sums.files),
        )
    ]
    short = ", ".join(f"{t.name} {t.short}" for t in sums.resources if t.short)
    note = f"Fewer distinct records than PracticeHub reports: {short}." if short else ""
    return Table("The balance", columns, rows, note)


def _finding(sums: Balance, verdicts: Sequence[Verdict]) -> str:
    matches = _by_match(verdicts)
    cells = sum(matches.values())
    records = sum(terms.distinct for terms in sums.resources)
    first = (
        f"Each of {records:,} records and {sums.files.distinct:,} files has exactly one fate"
        if sums.closes
        else f"The balance does not close: {sums.unresolved:,} records or files have no fate yet"
    )
    if not cells:
        return f"{first}. Nothing has been read back from Odoo yet."
    wrong = matches[Match.DIFFERENT]
    return f"{first}. {cells:,} cells were read back from Odoo: {wrong:,} differ."


def _verdict_table(verdicts: Sequence[Verdict]) -> Table:
    worst = {Match.DIFFERENT: 0, Match.TOLERATED: 1, Match.EQUAL: 2}
    rows = [
        (v.model, v.field, v.verdict, v.rule, v.count)
        for v in sorted(verdicts, key=lambda v: (worst[Match(v.verdict)], v.model, v.field))
    ]
    return Table("Verdicts", ("model", "field", "verdict", "rule", "cells"), rows)


def _reasons(store: Store, fate: Fate) -> Table:
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in store.proof.outcomes(fate=fate):
        found.setdefault((outcome.resource, outcome.reason), []).append(outcome.source_id)
    rows = [(*key, len(ids), listed_ids(ids)) for key, ids in sorted(found.items())]
    return Table(f"Records {fate.value}", ("resource", "reason", "records", "ids"), rows)


def _by_match(verdicts: Iterable[Verdict]) -> Counter[str]:
    counts: Counter[str] = Counter({match.value: 0 for match in Match})
    for verdict in verdicts:
        counts[verdict.verdict] += verdict.count
    return counts


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "nothing"


def _said(decision: Decision | None) -> str:
    """Say what a person decided, and when; the comment may tell of a patient and stays out."""
    if decision is None:
        return "not asked yet"
    if decision.is_open:
        return "open"
    return f"{decision.choice}, by {decision.decided_by}, {decision.decided_at}"


def _hash(store: Store, name: str) -> str:
    return store.journey.document_hash(name) or "none"
