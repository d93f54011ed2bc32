"""Loading one stage, and writing down what became of every record of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from workbench import show
from workbench.mapping.rows import LoadRow
from workbench.mapping.visits import LEAD, as_sent
from workbench.odoo import ATTACHMENT_FIELDS, Loader, LoadReport, NewLink, Refusal
from workbench.phases import conflicts, linking
from workbench.phases.expectations import STAGES, Due, Expectations, tell_issues
from workbench.state import Fate, How, Issue, IssueKind, Outcome

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

    A record that is loaded already and has not changed costs no call, and those that have are
    gathered: what is asked of Odoo follows what changed, not how much there is. What Odoo
    refuses is rejected with its reason, and the others still land.
    """
    run = steps.run
    loader = Loader(
        run.destination,
        steps.store,
        module=steps.config.module,
        phase=steps.name,
        lookups=run.lookups,
        folder=run.folder,
        said=conflicts.said(steps.store),
    )
    loaded = Loaded(stage)
    total = expectations.count(stage, patients=patients)
    unit = {"files": "files", "appointments": "visits"}.get(stage, "records")
    idle = 0
    with run.progress(f"loading {stage}", unit=unit) as told:
        for window, stands in _windows(steps, loader, expectations, stage, patients):
            if stands:
                idle += len(window)
                _settle(steps, window, [])
                loaded.unchanged += sum(len(due.expected.rows) for due in window)
            else:
                before = loaded.records + idle

                def tell(rows: int, before: int = before, size: int = len(window)) -> None:
                    told(before + min(rows, size), total, "")

                _send(steps, loader, window, loaded, tell)
            told(loaded.records + idle, total, "")
    loaded.records += idle
    return loaded


def _send(
    steps: Steps,
    loader: Loader,
    window: list[Due],
    loaded: Loaded,
    tell: Callable[[int], None],
) -> None:
    """Bring a window of records to Odoo and settle what became of each."""
    loader.link(
        [
            link
            for due in window
            for link in linking.new_links(due.resource, due.source_id, due.expected)
        ]
    )
    report = loader.load(to_send(window), on_progress=tell)
    loader.link(list(_aliases(steps, window)))
    _ask_about(steps, window, report)
    _settle(steps, window, report.refused)
    loaded.records += len(window)
    loaded.waiting += sum(due.expected.fate is None for due in window)
    loaded.add(report)


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
    """Note what was read and what stands in Odoo now: a proof of something else is old."""
    held = steps.store.lists.held()
    if steps.store.journey.meta("held") != held:
        steps.store.journey.set_meta("held", held)


def _windows(
    steps: Steps,
    loader: Loader,
    expectations: Expectations,
    stage: str,
    patients: set[str] | None,
) -> Iterator[tuple[list[Due], bool]]:
    """Yield a stage's records in windows, and whether all of a window stand in Odoo as they are.

    Those that do are told apart as they come; the others are gathered until a window is full.
    """
    busy: list[Due] = []
    dues = expectations.of_stage(stage, patients=patients)
    while part := list(islice(dues, _TOGETHER)):
        todo = loader.unfinished(to_send(part))
        idle: list[Due] = []
        for due in part:
            (idle if _stands(steps, due, todo) else busy).append(due)
        if idle:
            yield idle, True
        while len(busy) >= _TOGETHER:
            yield busy[:_TOGETHER], False
            busy = busy[_TOGETHER:]
    if busy:
        yield busy, False


def _stands(steps: Steps, due: Due, todo: set[str]) -> bool:
    """Say whether nothing is to be done in Odoo for a record, and nothing hangs on another's."""
    if due.expected.within:
        return False  # it is where its patient is, and that is settled first
    if due.expected.rows:
        return todo.isdisjoint(row.external_id for row in due.expected.rows)
    resource = f"files:{due.resource}" if due.is_file else due.resource
    before = steps.store.proof.outcome(resource, due.source_id)
    return before is not None and before.fate is due.expected.fate


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


def _ask_about(steps: Steps, window: list[Due], report: LoadReport) -> None:
    """Ask about fields that people changed in Odoo; list what a contact had before us and keeps."""
    conflicts.settled(steps, report.settled)
    conflicts.ask(
        steps,
        (conflicts.Cell(one.external_id, one.field, one.ours, one.theirs, one.reason,
                        one.wanted, one.held)
         for one in report.kept if one.ours),
    )  # fmt: skip
    rows = {row.external_id: row for due in window for row in due.expected.rows}
    steps.store.staging.add_issues(
        Issue(IssueKind.ODOO_VALUE_STAYS, rows[one.external_id].resource,
              rows[one.external_id].source_id, one.field, one.reason, "Odoo's value stays",
              steps.name)
        for one in report.kept if not one.ours
    )  # fmt: skip


def _settle(steps: Steps, window: list[Due], refused: list[Refusal]) -> None:
    """Write down what became of each record of a window, and what was odd about it."""
    reasons = {one.external_id: one for one in refused}
    outcomes: list[Outcome] = []
    refusals: list[Issue] = []
    settled: dict[str, Fate] = {}
    # what is part of another record comes after that one
    for due in sorted(window, key=lambda one: not one.expected.rows):
        refusals += [
            Issue(IssueKind.REFUSED_BY_ODOO, due.resource, due.source_id, refusal.field,
                  # what is refused beside the record itself is told apart from it
                  f"{refusal.reason} ({row.external_id})" if place else refusal.reason,
                  _without(refusal), steps.name)
            for place, row in enumerate(due.expected.rows)
            if (refusal := reasons.get(row.external_id)) is not None
        ]  # fmt: skip
        found = _fate(steps, due, reasons, settled)
        if found is None:
            continue  # not settled: it stays unresolved, and the sums say so
        fate, reason, external_id = found
        settled[external_id] = fate
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
        _withdraw_accepted(steps, window, refusals)
        steps.store.staging.add_issues(refusals)


def _withdraw_accepted(steps: Steps, window: list[Due], refusals: list[Issue]) -> None:
    """Take off the list what Odoo refused of these records before and has taken by now."""
    staging = steps.store.staging
    listed: dict[tuple[str, str], list[Issue]] = {}
    for one in staging.issues(kind=IssueKind.REFUSED_BY_ODOO):
        listed.setdefault((one.resource, one.source_id), []).append(one)
    now = {(one.resource, one.source_id, one.rule, one.outcome) for one in refusals}
    for due in window if listed else ():
        before = listed.get((due.resource, due.source_id), ())
        names = {row.external_id for row in due.expected.rows}
        stays = [one for one in before
                 if one.outcome.partition(" ")[0] not in names
                 or (one.resource, one.source_id, one.rule, one.outcome) in now]  # fmt: skip
        if len(stays) < len(before):
            staging.replace_issues(
                due.resource, due.source_id, (IssueKind.REFUSED_BY_ODOO,), by=stays
            )


def _without(refusal: Refusal) -> str:
    """Say what Odoo lacks for a refusal; its first word is the external id."""
    if refusal.stands:
        return f"{refusal.external_id} stays in Odoo without this change"
    return f"{refusal.external_id} is not in Odoo"


def _fate_in_another(
    steps: Steps, due: Due, settled: Mapping[str, Fate]
) -> tuple[Fate, str, str] | None:
    """Give fate, reason and external id of a record without rows of its own.

    What is part of a patient is in Odoo as far as the patient is.

    Args:
        steps: the phase on whose behalf.
        due: the record; its fate is known.
        settled: external id → what became of the other records of the window.
    """
    expected = due.expected
    assert expected.fate is not None  # noqa: S101 - who waits was left out before
    alias = next(iter(expected.aliases), None)
    into = alias.of if alias else expected.within
    if into:
        before = steps.store.proof.outcome("patients", into.removeprefix("patient_"))
        fate = settled.get(into) or (before.fate if before else None)
        if fate is None:
            return None
        if fate is Fate.REJECTED:
            return fate, f"{into}, which it is part of, is not in Odoo", ""
    return expected.fate, expected.reason, alias.external_id if alias else expected.within


def _fate(
    steps: Steps, due: Due, refused: Mapping[str, Refusal], settled: Mapping[str, Fate]
) -> tuple[Fate, str, str] | None:
    """Give fate, reason and external id of one record; None while it has no fate."""
    expected = due.expected
    if expected.fate is None:
        return None
    if not expected.rows:
        return _fate_in_another(steps, due, settled)
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
