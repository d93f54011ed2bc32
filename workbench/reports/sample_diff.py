"""sample_diff and sample_choice: every cell of the sample, and why these patients were chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

from workbench.proof import Kind, SampleChoice, key_words, kind_of
from workbench.reports import charts
from workbench.reports.page import Mask, Page, Section, keep, keep_csv, render
from workbench.reports.tables import by_match, said, verdict_table
from workbench.show import Table
from workbench.state import Difference, Store

SHOWN_CELLS = 500
"""Cells listed in the HTML report; the CSV has them all."""
SHOWN_KEYS = 6
"""Things to try that are named beside one patient; sample_choice.csv has them all."""

_COLUMNS = ("patient", "record", "model", "field", "source", "transform", "expected", "actual",
            "verdict", "rule")  # fmt: skip
_SCOPE = "sample"


def write_sample_diff(store: Store, folder: Path, *, mask: Mask) -> list[Path]:
    """Write sample_diff.html and .csv, and sample_choice.csv.

    The CSV lists every cell of the sample, the page those that are not plainly equal, and how
    many cells of each record compared in which way. Values stand in both as `mask` shows them.

    Args:
        store: the run's state.
        folder: the run folder.
        mask: how a field's value looks where it may be saved.
    """
    verdicts = store.proof.verdicts(_SCOPE)
    counts = by_match(verdicts)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    choice, hidden = _chosen(store)

    def hide(value: object) -> str:
        return mask("", value)

    page = Page(
        "The sample, field by field",
        f"{counts.total():,} cells compared: {told}.",
        folder.name,
        store.ledger.head(),
        facts=[("approval", said(store.decisions.get(_SCOPE))),
               ("sample set", store.journey.document_hash(_SCOPE) or "none")],
        sections=[
            Section("By field", figures=[charts.verdicts(verdicts)],
                    tables=[verdict_table(verdicts)]),
            Section("By record", tables=[_records_table(store)]),
            Section("Cell by cell", _MASKED, tables=[_cells_table(store, mask)],
                    links=[("every cell, as a list", "../reports/sample_diff.csv")]),
            Section("Why these patients", " ".join(coverage_lines(choice)),
                    tables=coverage_tables(choice, hidden=hidden, mask=hide),
                    links=[("all of it, as a list", "../reports/sample_choice.csv")]),
        ],
        privacy="Values are masked unless the clinic asked for them.",
    )  # fmt: skip
    cells = (_row(one, mask) for one in store.proof.differences(_SCOPE))
    return [
        keep_csv(store, folder, "sample_diff.csv", _COLUMNS, cells),
        keep_csv(store, folder, "sample_choice.csv", ("kind", "what", "covered by", "or why not"),
                 _key_rows(choice, hidden, hide)),
        keep(store, folder, "sample_diff.html", render(page)),
    ]  # fmt: skip


_MASKED = (
    "Equal values look the same, so that two cells can be compared; what they say is seen in the "
    "notebook, by whoever asks to see it."
)


def coverage_lines(choice: SampleChoice) -> list[str]:
    """Say in figures what a sample covers, and what it cannot."""
    return [
        f"{sum(map(len, choice.covers.values())):,} things to try are covered.",
        f"{len(choice.left_over):,} are not: the sample is too small for them.",
        f"{len(choice.impossible):,} cannot be: no patient has them.",
    ]


def coverage_tables(
    choice: SampleChoice, *, hidden: Collection[str], mask: Callable[[object], str]
) -> list[Table]:
    """Show which record covers what, what no record can cover, and what the size left over.

    Args:
        choice: the sample.
        hidden: fields whose values are masked where they stand beside a patient.
        mask: how such a value looks.
    """
    return [
        Table(
            "What the sample covers",
            ("what there is to try", "covered", "left over", "no patient has it"),
            list(_by_kind(choice)),
        ),
        Table(
            "Which record covers what",
            ("patient", "is the first to cover", "such as"),
            [(f"patient_{one}", len(keys), _some(keys, hidden, mask))
             for one, keys in choice.covers.items() if keys],
            f"Named are {SHOWN_KEYS} at most; sample_choice.csv has them all.",
        ),
        _listed("What no record can cover", choice.impossible,
                "Never filled, or of a value, a practitioner or a place that no patient has."),
        _listed("What the size did not allow", choice.left_over,
                "`sample_size` in migration.toml says how many patients are taken."),
    ]  # fmt: skip


def _listed(title: str, keys: tuple[str, ...], note: str) -> Table:
    """List keys; none of them stands beside a patient, so values are shown."""
    return Table(
        f"{title}: {len(keys):,}", ("kind", "what"),
        [(kind_of(key).value, key_words(key)) for key in keys[:SHOWN_CELLS]],
        f"The first {SHOWN_CELLS} of them. {note}" if len(keys) > SHOWN_CELLS else note,
    )  # fmt: skip


def _by_kind(choice: SampleChoice) -> Iterator[tuple[str, int, int, int]]:
    covered = Counter(kind_of(key) for keys in choice.covers.values() for key in keys)
    left_over = Counter(map(kind_of, choice.left_over))
    impossible = Counter(map(kind_of, choice.impossible))
    for kind in Kind:
        figures = (covered[kind], left_over[kind], impossible[kind])
        if any(figures):
            yield (kind.value, *figures)


def _some(keys: tuple[str, ...], hidden: Collection[str], mask: Callable[[object], str]) -> str:
    """Name some of a patient's keys, of each kind one before a second of any."""
    by_kind: dict[Kind, list[str]] = {}
    for key in keys:
        by_kind.setdefault(kind_of(key), []).append(key)
    order = sorted(by_kind, key=list(Kind).index)
    turns = max(map(len, by_kind.values()), default=0)
    each = (by_kind[kind][turn] for turn in range(turns) for kind in order
            if turn < len(by_kind[kind]))  # fmt: skip
    named = [key_words(key, hidden=hidden, mask=mask) for key in islice(each, SHOWN_KEYS)]
    more = len(keys) - len(named)
    return "; ".join([*named, *([f"and {more} more"] if more else [])])


def _key_rows(
    choice: SampleChoice, hidden: Collection[str], mask: Callable[[object], str]
) -> Iterator[tuple[str, str, str, str]]:
    for one, keys in choice.covers.items():
        for key in keys:
            words = key_words(key, hidden=hidden, mask=mask)
            yield kind_of(key).value, words, f"patient_{one}", ""
    for keys, why in ((choice.left_over, "the sample is too small"),
                      (choice.impossible, "no patient has it")):  # fmt: skip
        for key in keys:
            yield kind_of(key).value, key_words(key), "", why


def _records_table(store: Store) -> Table:
    records = store.proof.compared_records(_SCOPE)
    apart = [one for one in records if one.tolerated or one.different]
    note = f"{len(records) - len(apart):,} more records are plainly equal in every field."
    if len(apart) > SHOWN_CELLS:
        note = f"The first {SHOWN_CELLS}; the CSV has them all. {note}"
    return Table(
        "Records with cells that are not plainly equal",
        ("patient", "record", "model", "equal", "tolerated", "different"),
        [(one.patient, one.external_id, one.model, one.equal, one.tolerated, one.different)
         for one in apart[:SHOWN_CELLS]],
        note,
    )  # fmt: skip


def _cells_table(store: Store, mask: Mask) -> Table:
    found = store.proof.differences(_SCOPE, unequal=True, limit=SHOWN_CELLS + 1)
    rows = [_row(one, mask) for one in found]
    note = "" if len(rows) <= SHOWN_CELLS else f"The first {SHOWN_CELLS}; the CSV has them all."
    return Table("Cells that are not plainly equal", _COLUMNS, rows[:SHOWN_CELLS], note)


def _row(one: Difference, mask: Mask) -> tuple[str, ...]:
    return (
        f"patient_{one.patient}" if one.patient else "", one.external_id, one.model, one.field,
        mask(one.field, one.source), one.transform, mask(one.field, one.expected),
        mask(one.field, one.actual), one.verdict, one.rule,
    )  # fmt: skip


def _chosen(store: Store) -> tuple[SampleChoice, frozenset[str]]:
    """Give the sample as it was chosen, and the fields that are clinical."""
    found = store.journey.document("sample_reasons")
    held = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if not held:
        return SampleChoice((), {}, (), ()), frozenset()
    return SampleChoice.of_reasons(held), frozenset(held["clinical"])
