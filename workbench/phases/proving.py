"""Reading records back from Odoo and comparing every field with what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from workbench import show
from workbench.errors import LookupFailedError
from workbench.mapping.rows import LoadRow, Ref
from workbench.odoo import ATTACHMENT_FIELDS, read_back
from workbench.phases import duplicates, edits, knowledge
from workbench.phases.expectations import STAGES, Due, Expectations
from workbench.proof import Comparer, Comparison, Origins
from workbench.state import Difference, Fate, FileState, IssueKind

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

T = TypeVar("T")

SAMPLE_STALE = "sample_stale"
"""The fact why the sample's comparison is not of what stands now; empty or absent: it is."""
_TOGETHER = 2000
"""Records compared together: as many as are loaded together."""


OnWindow = Callable[[Sequence[Due], Sequence[Difference]], None]
"""Told of each window: its records, each with just the rows that were compared (none of one
that was rejected), and the cells of them that are not plainly equal."""


def compare_all(
    steps: Steps,
    scope: str,
    *,
    patients: set[str] | None = None,
    keep_equal: bool = False,
    on_window: OnWindow | None = None,
) -> Comparison:
    """Read back every record that was loaded and compare it, field by field.

    What is expected is made anew from what is held and the map, not taken from what was
    sent, so a fault in sending shows. It goes window by window: neither the records nor what
    differs is ever held whole.

    Args:
        steps: the phase on whose behalf.
        scope: the name the result is kept under: "sample" or "all".
        patients: only what belongs to these patients; None: everything.
        keep_equal: keep the equal cells too, for a person to walk through.
        on_window: told of each window.
    """
    store, run = steps.store, steps.run
    mapping = knowledge.draft(steps).mapping
    types: dict[str, dict[str, str]] = {}
    comparer = Comparer(
        scope, resolve=_resolver(steps), types=types, keep_equal=keep_equal,
        origin_of=Origins(
            store, transforms={row.field: row.transform for row in mapping.rows},
            merged=duplicates.merged(store),
        ),
        decided=edits.keeps(store, types),
    )  # fmt: skip
    writing = store.proof.comparison(scope)
    compared, total = 0, store.destination.count_records() if patients is None else None
    with run.progress("reading back", unit="records") as told:
        for window in _windows(_dues(steps, patients)):
            rows = [row for due in window for row in due.expected.rows]
            for model in {row.model for row in rows} - types.keys():
                fields = run.destination.fields(model)
                types[model] = {name: str(field["type"]) for name, field in fields.items()}
            run.lookups.records(store)  # forgets those of the window before
            run.lookups.prepare(rows)
            cells = comparer.feed(rows, _actual(steps, rows))
            writing.add(cells)
            if on_window is not None:
                on_window(window, cells)
            compared += len(rows)
            told(compared, total, "")
    found = comparer.finish()
    writing.finish(found.verdicts)
    return found


def _resolver(steps: Steps) -> Callable[[Ref], int | None]:
    lookups = steps.run.lookups

    def resolve(ref: Ref) -> int | None:
        try:
            return lookups.resolve(ref)
        except LookupFailedError:
            return None

    return resolve


def files_table(steps: Steps) -> show.Table:
    """Compare size and checksum of every attachment with the bytes we hold; bytes stay put."""
    store = steps.store
    rows: dict[str, int] = {"equal": 0, "of 0 bytes, for which Odoo keeps no checksum": 0,
                            "different": 0, "not in Odoo": 0}  # fmt: skip
    for files in _windows(store.source.files(FileState.HELD)):
        held = {}
        for one in files:
            found = store.proof.outcome(f"files:{one.resource}", one.source_id)
            if found is not None and found.external_id:
                held[found.external_id] = one
        for name, values in read_back(
            steps.run.destination, store, "ir.attachment", ATTACHMENT_FIELDS, only=frozenset(held)
        ):
            ours = held[name]
            if values is None:
                rows["not in Odoo"] += 1
            elif ours.size == 0:
                rows["of 0 bytes, for which Odoo keeps no checksum"] += 1
            elif (values["checksum"], values["file_size"]) == (ours.sha1, ours.size):
                rows["equal"] += 1
            else:
                rows["different"] += 1
    return show.Table("Odoo's checksums and sizes against ours", ("", "files"), list(rows.items()))


def refused_parts(steps: Steps) -> list[tuple[str, str, str, str]]:
    """List rows that Odoo refused of records that are in Odoo otherwise.

    An event beside its lead, a note beside its patient: the record has its fate, and this
    part of it is missing.

    Returns:
        Resource, source id, external id and Odoo's reason, in the order of loading.
    """
    reasons = _refusals(steps)
    if not reasons:
        return []
    return [
        (due.resource, due.source_id, row.external_id, reasons[due.resource, due.source_id])
        for due in _loaded(steps, None)
        for row in due.expected.rows[1:]
        if _is_refused_part(steps, due, row, reasons)
    ]


def _windows(found: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(found)
    while window := list(islice(rest, _TOGETHER)):
        yield window


def _dues(steps: Steps, patients: set[str] | None) -> Iterator[Due]:
    """Yield all records, each with the rows that are to be in Odoo.

    What Odoo refused of a record that is there otherwise is listed, with its reason.
    """
    reasons = _refusals(steps)
    for due in _loaded(steps, patients):
        rows = due.expected.rows
        there = tuple(row for place, row in enumerate(rows)
                      if not (place and _is_refused_part(steps, due, row, reasons)))  # fmt: skip
        yield due if there == rows else _with_rows(due, there)


def _loaded(steps: Steps, patients: set[str] | None) -> Iterator[Due]:
    """Yield all records, without rows those that were rejected as a whole."""
    expectations = Expectations(steps.run)
    for stage in STAGES:
        for due in expectations.of_stage(stage, patients=patients):
            resource = f"files:{due.resource}" if due.is_file else due.resource
            found = steps.store.proof.outcome(resource, due.source_id)
            rejected = found is not None and found.fate is Fate.REJECTED
            yield _with_rows(due, ()) if rejected else due


def _with_rows(due: Due, rows: tuple[LoadRow, ...]) -> Due:
    return replace(due, expected=replace(due.expected, rows=rows))


def _refusals(steps: Steps) -> dict[tuple[str, str], str]:
    """Give Odoo's latest reason by resource and source id."""
    found = steps.store.staging.issues(kind=IssueKind.REFUSED_BY_ODOO)
    return {(one.resource, one.source_id): one.rule for one in found}


def _is_refused_part(
    steps: Steps, due: Due, row: LoadRow, reasons: Mapping[tuple[str, str], str]
) -> bool:
    # without a link it never was in Odoo; without a refusal nobody knows why, and it is missed
    return (due.resource, due.source_id) in reasons and (
        steps.store.destination.link(row.external_id) is None
    )


def _actual(steps: Steps, rows: Sequence[LoadRow]) -> dict[str, Mapping[str, object] | None]:
    wanted: dict[str, tuple[set[str], set[str]]] = {}
    for row in rows:
        names, fields = wanted.setdefault(row.model, (set(), set()))
        names.add(row.external_id)
        fields.update((*row.values, *row.stays))
    found: dict[str, Mapping[str, object] | None] = {}
    for model, (names, fields) in wanted.items():
        found.update(read_back(
            steps.run.destination, steps.store, model, sorted(fields), only=frozenset(names)
        ))  # fmt: skip
    return found
