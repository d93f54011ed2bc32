"""The tables of the proof, the same in a notebook, in a panel and in a report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from workbench.proof.balance import Balance, Terms
from workbench.proof.judge import Match, Rule
from workbench.reports.cleanse import SHOWN_IDS, listed_ids
from workbench.show import Table
from workbench.state import Decision, Fate, IssueKind, Relation, Store, Verdict

MOST = 200
"""Lines of a table on a page; the list behind it has them all."""
_ATTACHMENT = "ir.attachment"
_PATIENT_NAMED = re.compile(r"\bpatient_[^\s,;]+")


def balance_table(sums: Balance, *, read_back: Mapping[str, int] | None = None) -> Table:
    """Show P1's arithmetic on one screen: a line a resource, the files as the last one.

    Args:
        sums: the terms.
        read_back: how many records that count as created or updated were read back from Odoo,
            by resource, files under "files:<resource>"; None: nothing was read back yet.
    """
    columns = ["resource", "reported", "rows", "distinct", "created", "updated", "merged",
               "excluded", "rejected", "unresolved"]  # fmt: skip
    short = ", ".join(f"{t.name} {t.short}" for t in sums.resources if t.short)
    notes = [f"Fewer distinct records than PracticeHub reports: {short}."] if short else []
    if read_back is not None:
        columns.append("read back")
        notes.append("Read back from Odoo must be what was created and updated together.")
    return Table(
        "distinct = created + updated + merged + excluded + rejected",
        columns,
        [_balance_row(sums, one, read_back) for one in sums.every],
        " ".join(notes),
    )


def _balance_row(
    sums: Balance, one: Terms, read_back: Mapping[str, int] | None
) -> tuple[object, ...]:
    name = "files (bytes)" if one is sums.files else one.name
    terms = ("–" if value is None else value for value in one.as_json().values())
    last = () if read_back is None else (sums.read_back_of(one, read_back),)
    return (name, *terms, *last)


def relations_table(relations: Sequence[Relation]) -> Table:
    """Show for each kind of relation how many there are, and where they stand."""
    return Table(
        "expected = as a link + as text + orphan + left out + missing",
        ("relation", "leads to", "expected", "as a link", "as text", "orphan", "left out",
         "missing"),
        [(one.name, one.leads_to, one.expected, one.linked, one.told, one.orphan, one.left_out,
          one.missing) for one in relations],
        "As text: Odoo has no record for it, and the text that says it was read back. "
        "Orphan: PracticeHub itself does not have what is named. "
        "Left out: its record is excluded or rejected, or a person decided so.",
    )  # fmt: skip


def files_table(verdicts: Iterable[Verdict]) -> Table:
    """Show how Odoo's sizes and checksums of the files compare with the bytes held."""
    counts = dict.fromkeys(("equal", "empty", "different", "not in Odoo"), 0)
    sizes = 0
    for one in (verdict for verdict in verdicts if verdict.model == _ATTACHMENT):
        differs, absent = one.verdict == Match.DIFFERENT, one.rule == Rule.ABSENT
        if one.field == "checksum":
            empty = "empty" if one.rule == Rule.EMPTY_FILE else "equal"
            counts["not in Odoo" if absent else "different" if differs else empty] += one.count
        elif one.field == "file_size" and differs and not absent:
            sizes += one.count
    return Table(
        "Every file's checksum and size against the bytes held",
        ("", "files"),
        [("checksum equal", counts["equal"]),
         ("of 0 bytes, for which Odoo keeps no checksum", counts["empty"]),
         ("checksum differs", counts["different"]), ("size differs", sizes),
         ("not in Odoo", counts["not in Odoo"])],
    )  # fmt: skip


def verdict_table(verdicts: Iterable[Verdict]) -> Table:
    """Show how every field compared, what differs first."""
    worst = {Match.DIFFERENT: 0, Match.TOLERATED: 1, Match.EQUAL: 2}
    rows = [
        (v.model, v.field, v.verdict, v.rule, v.count)
        for v in sorted(verdicts, key=lambda v: (worst[Match(v.verdict)], v.model, v.field))
    ]
    return Table("Verdicts", ("model", "field", "verdict", "rule", "cells"), rows)


def reasons_table(store: Store, fate: Fate) -> Table:
    """Count the records of one fate by resource and reason, with the first ids of each."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], list[str]] = {}
    for one, lives in store.lists.fates(fate):
        if lives:
            key = (_shown(one.resource), _PATIENT_NAMED.sub("another patient", one.reason))
            counts[key] += 1
            if counts[key] <= SHOWN_IDS:
                first.setdefault(key, []).append(one.source_id)
    rows = [(*key, counts[key], _ids(first[key], counts[key])) for key in sorted(counts)]
    more = len(rows) - MOST
    note = f"{more:,} more reasons stand in {fate.value}.csv." if more > 0 else ""
    columns = ("resource", "reason", "records", "ids")
    return Table(f"Records {fate.value}", columns, rows[:MOST], note)


def _shown(resource: str) -> str:
    name = resource.removeprefix("files:")
    return name if name == resource else f"{name} (bytes)"


def _ids(first: Sequence[str], count: int) -> str:
    more = f" … and {count - len(first):,} more" if count > len(first) else ""
    return listed_ids(first) + more


def orphans_table(store: Store) -> Table:
    """List relations that lead nowhere in PracticeHub itself: the first ones."""
    rows = [(i.resource, i.source_id, i.field, i.outcome)
            for i in islice(store.lists.nowhere(), MOST + 1)]  # fmt: skip
    note = f"The first {MOST}; orphans.csv has them all." if len(rows) > MOST else ""
    return Table(
        "Relations that lead to a record PracticeHub does not have",
        ("resource", "id", "field", "what happens"),
        rows[:MOST],
        note,
    )


def refused_table(store: Store) -> Table:
    """List what Odoo refused and has not taken since: the first ones."""
    rows = [(i.resource, i.source_id, i.outcome, i.rule)
            for i in islice(store.lists.refused(), MOST + 1)]  # fmt: skip
    note = f"The first {MOST}; refused.csv has them all." if len(rows) > MOST else ""
    return Table("Refused by Odoo", ("resource", "id", "what Odoo lacks", "reason"),
                 rows[:MOST], note)  # fmt: skip


def gaps_table(store: Store) -> Table:
    """List the relations that are missing in Odoo: the first ones."""
    rows = [(g.name, g.source_id, g.external_id, g.field, g.why)
            for g in islice(store.lists.gaps(), MOST + 1)]  # fmt: skip
    note = f"The first {MOST}; missing_relations.csv has them all." if len(rows) > MOST else ""
    return Table("Relations that are missing", ("relation", "id", "record in Odoo", "field", "why"),
                 rows[:MOST], note)  # fmt: skip


def pharmacy_table(store: Store, *, most: int | None = None) -> Table:
    """List the prescriptions that refer to a pharmacy outside, each with its contact in Odoo.

    Args:
        store: the run's state.
        most: lines at most; None: all of them.
    """
    found = store.staging.issues(kind=IssueKind.PHARMACY_OUTSIDE)
    rows = []
    for issue in islice(found, None if most is None else most + 1):
        record = store.source.record(issue.resource, issue.source_id)
        patient = record.patient_id if record else None
        link = store.destination.link(f"patient_{patient}")
        rows.append((issue.source_id, issue.field, patient or "", link.res_id if link else ""))
    cut = most is not None and len(rows) > most
    return Table(
        "References to a pharmacy outside",
        ("prescription", "field", "patient", "contact in Odoo"), rows[:most],
        f"The first {most}; cleanse.csv has them all, of the kind pharmacy_outside." if cut else "",
    )  # fmt: skip


def by_match(verdicts: Iterable[Verdict]) -> Counter[str]:
    """Count cells by verdict; each verdict is named, also one that no cell has."""
    counts: Counter[str] = Counter({match.value: 0 for match in Match})
    for verdict in verdicts:
        counts[verdict.verdict] += verdict.count
    return counts


def finding(sums: Balance, verdicts: Sequence[Verdict], relations: Sequence[Relation]) -> str:
    """Say in two or three sentences whether everything is there."""
    matches = by_match(verdicts)
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
    told = f"{first}. {cells:,} cells were read back from Odoo: {wrong:,} differ."
    if not relations:
        return told
    expected = sum(one.expected for one in relations)
    missing = sum(one.missing for one in relations)
    return f"{told} {expected:,} relations were looked for: {missing:,} are missing."


def said(decision: Decision | None) -> str:
    """Say what a person decided, and when; the comment may tell of a patient and stays out."""
    if decision is None:
        return "not asked yet"
    if decision.is_open:
        return "open"
    return f"{decision.choice}, by {decision.decided_by}, {decision.decided_at}"
