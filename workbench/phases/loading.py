"""Loading one stage, and writing down what became of every record of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from workbench import show
from workbench.mapping.rows import LoadRow
from workbench.mapping.visits import LEAD, as_sent
from workbench.odoo import ATTACHMENT_FIELDS, Kept, Loader, LoadReport, NewLink, Refusal
from workbench.phases import linking
from workbench.phases.expectations import STAGES, Due, Expectations, tell_issues
from workbench.state import Fate, How, Issue, IssueKind, Outcome, digest

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

SETTLED_ELSEWHERE = ("prescriptions",)
"""Resources whose records were settled with their patient; only their file comes later."""

_TOGETHER = 2000
"""Records settled together: one window of the loader."""


@dataclass(slots=True)
class Loaded:
    """What one stage's load did, in rows of Odoo."""

    stage: str
    records: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    waiting: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def add(self, report: LoadReport) -> None:
        """Add one window's report."""
        self.created += len(report.created)
        self.updated += len(report.updated)
        self.unchanged += len(report.unchanged)
        self.refused += report.refused


def load(
    steps: Steps, stage: str, *, expectations: Expectations, patients: set[str] | None = None
) -> Loaded:
    """Load one stage's records and settle what became of each.

    A record that is loaded already and has not changed costs no call. What Odoo refuses is
    rejected with its reason, and the others still land.
    """
    run = steps.run
    loader = Loader(
        run.destination,
        steps.store,
        module=steps.config.module,
        phase=steps.name,
        lookups=run.lookups,
        folder=run.folder,
    )
    loaded = Loaded(stage)
    total = expectations.count(stage, patients=patients)
    unit = {"files": "files", "appointments": "visits"}.get(stage, "records")
    with run.progress(f"loading {stage}", unit=unit) as told:
        for window in _windows(expectations.of_stage(stage, patients=patients)):
            before = loaded.records

            def tell(rows: int, before: int = before, size: int = len(window)) -> None:
                told(before + min(rows, size), total, "")

            loader.link(
                [
                    link
                    for due in window
                    for link in linking.new_links(due.resource, due.source_id, due.expected)
                ]
            )
            report = loader.load(to_send(window), on_progress=tell)
            loader.link(list(_aliases(steps, window)))
            _list_kept(steps, window, report.kept)
            _settle(steps, window, report.refused)
            loaded.records += len(window)
            loaded.waiting += sum(due.expected.fate is None for due in window)
            loaded.add(report)
            told(loaded.records, total, "")
    return loaded


def load_all(
    steps: Steps, *, patients: set[str] | None = None, stages: Iterable[str] = STAGES
) -> list[Loaded]:
    """Load stages in dependency order."""
    expectations = Expectations(steps.run)
    expectations.hold_contacts(patients)
    return [load(steps, stage, expectations=expectations, patients=patients) for stage in stages]


def as_table(title: str, loaded: Iterable[Loaded]) -> show.Table:
    """Show what loads did."""
    return show.Table(
        title,
        ("stage", "records", "created", "updated", "unchanged", "refused", "held back"),
        [(one.stage, one.records, one.created, one.updated, one.unchanged, len(one.refused),
          one.waiting) for one in loaded],
        note="Created, updated and unchanged count rows in Odoo; one record may become none, "
        "one or two. Held back are records that wait for a decision.",
    )  # fmt: skip


def note_held(steps: Steps) -> None:
    """Note what stands in Odoo now, so that a proof made on something else is seen to be old."""
    links = [[link.external_id, link.sent] for link in steps.store.destination.links()]
    outcomes = [[o.resource, o.source_id, o.fate.value] for o in steps.store.proof.outcomes()]
    steps.store.journey.set_meta("held", digest([links, outcomes]))


def _windows(found: Iterator[Due]) -> Iterator[list[Due]]:
    window: list[Due] = []
    for due in found:
        window.append(due)
        if len(window) >= _TOGETHER:
            yield window
            window = []
    if window:
        yield window


def to_send(window: list[Due]) -> Iterator[LoadRow]:
    """Yield the rows to send: checksum and size are Odoo's to find, ours to compare.

    Rows of one model come together, since only they share a call. A record's first row is what
    its others refer to, so models in the order in which they come up keep parents first; but a
    lead refers to its event (`as_sent`), and comes last.
    """
    by_model: dict[str, list[LoadRow]] = {}
    for due in window:
        for row in as_sent(due.expected.rows):
            by_model.setdefault(row.model, []).append(row)
    order = sorted(by_model, key=lambda model: model == LEAD)
    for row in chain.from_iterable(by_model[model] for model in order):
        if row.blob is None:
            yield row
        else:
            sent = {k: v for k, v in row.values.items() if k not in ATTACHMENT_FIELDS}
            yield replace(row, values=sent)


def _aliases(steps: Steps, window: list[Due]) -> Iterator[NewLink]:
    """Let the external id of a merged patient lead to the one that stays."""
    for due in window:
        for alias in due.expected.aliases:
            survivor = steps.store.destination.link(alias.of)
            if survivor is not None:
                yield NewLink(
                    alias.external_id, survivor.model, survivor.res_id,
                    due.resource, alias.source_id, How.MERGED,
                )  # fmt: skip


def _list_kept(steps: Steps, window: list[Due], kept: list[Kept]) -> None:
    """List fields that people changed in Odoo and that were therefore left alone."""
    rows = {row.external_id: row for due in window for row in due.expected.rows}
    steps.store.staging.add_issues(
        Issue(IssueKind.EDITED_IN_ODOO, rows[one.external_id].resource,
              rows[one.external_id].source_id, one.field, one.reason, "Odoo's value stays",
              steps.name)
        for one in kept
    )  # fmt: skip


def _settle(steps: Steps, window: list[Due], refused: list[Refusal]) -> None:
    """Write down what became of each record of a window, and what was odd about it."""
    reasons = {one.external_id: one for one in refused}
    outcomes: list[Outcome] = []
    refusals: list[Issue] = []
    for due in window:
        refusals += [
            Issue(IssueKind.REFUSED_BY_ODOO, due.resource, due.source_id, refusal.field,
                  refusal.reason, _without(refusal), steps.name)
            for row in due.expected.rows
            if (refusal := reasons.get(row.external_id)) is not None
        ]  # fmt: skip
        found = _fate(steps, due, reasons)
        if found is None:
            continue  # not settled: it stays unresolved, and the sums say so
        fate, reason, external_id = found
        stands = "" if fate in {Fate.REJECTED, Fate.EXCLUDED} else external_id
        if due.is_file:
            outcomes.append(Outcome(f"files:{due.resource}", due.source_id, fate, reason,
                                    stands, steps.name))  # fmt: skip
        if not (due.is_file and due.resource in SETTLED_ELSEWHERE):
            outcomes.append(Outcome(due.resource, due.source_id, fate, reason, stands,
                                    steps.name))  # fmt: skip
    with steps.store.transaction():
        steps.store.proof.set_outcomes(outcomes)
        tell_issues(steps.store, window, phase=steps.name)
        steps.store.staging.add_issues(refusals)


def _without(refusal: Refusal) -> str:
    """Say what Odoo lacks for a refusal."""
    if refusal.stands:
        return f"{refusal.external_id} stays in Odoo without this change"
    return f"{refusal.external_id} is not in Odoo"


def _fate(steps: Steps, due: Due, refused: dict[str, Refusal]) -> tuple[Fate, str, str] | None:
    """Give fate, reason and external id of one record; None while it has no fate."""
    expected = due.expected
    if expected.fate is None:
        return None
    if not expected.rows:
        alias = next(iter(expected.aliases), None)
        return expected.fate, expected.reason, alias.external_id if alias else ""
    # further rows (an event beside a lead, a note beside a patient) follow the first
    main = expected.rows[0]
    refusal = refused.get(main.external_id)
    link = steps.store.destination.link(main.external_id)
    if refusal and not (refusal.stands and link):
        return Fate.REJECTED, f"Odoo refused it: {refusal.reason}", main.external_id
    if link is None:
        return None
    was_there = expected.fate is Fate.CREATED and link.how is How.LINKED
    return Fate.UPDATED if was_there else expected.fate, expected.reason, main.external_id
