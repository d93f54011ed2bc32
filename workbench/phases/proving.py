"""Reading records back from Odoo and comparing every field with what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from workbench import show
from workbench.errors import LookupFailedError
from workbench.mapping.rows import LoadRow, Ref
from workbench.odoo import ATTACHMENT_FIELDS, read_back
from workbench.phases.expectations import STAGES, Due, Expectations
from workbench.proof import Comparison, compare, source_texts
from workbench.state import Fate, FileState, IssueKind

if TYPE_CHECKING:
    from workbench.phases.steps import Steps


def compare_all(
    steps: Steps, scope: str, *, patients: set[str] | None = None, keep_equal: bool = False
) -> Comparison:
    """Read back every record that was loaded and compare it, field by field.

    What is expected is made anew from what is held and the map, not taken from what was
    sent, so a fault in sending shows.

    Args:
        steps: the phase on whose behalf.
        scope: the name the result is kept under: "sample" or "all".
        patients: only what belongs to these patients; None: everything.
        keep_equal: keep the equal cells too, for a person to walk through.
    """
    store = steps.store
    rows = list(_expected(steps, patients))
    actual = _actual(steps, rows)
    lookups = steps.run.lookups
    lookups.records(store)

    def resolve(ref: Ref) -> object:
        try:
            return lookups.resolve(ref)
        except LookupFailedError:
            return None

    types = {
        model: {name: str(field["type"]) for name, field in steps.run.destination.fields(model)
                .items()}
        for model in sorted({row.model for row in rows})
    }  # fmt: skip
    found = compare(
        rows, actual, resolve=resolve, scope=scope, types=types,
        source_of=source_texts(store), keep_equal=keep_equal,
    )  # fmt: skip
    store.proof.set_comparison(scope, verdicts=found.verdicts, differences=found.differences)
    return found


def files_table(steps: Steps) -> show.Table:
    """Compare size and checksum of every attachment with the bytes we hold; bytes stay put."""
    store = steps.store
    held = {}
    for one in store.source.files(FileState.HELD):
        found = store.proof.outcome(f"files:{one.resource}", one.source_id)
        if found is not None and found.external_id:
            held[found.external_id] = one
    rows: dict[str, int] = {"equal": 0, "of 0 bytes, for which Odoo keeps no checksum": 0,
                            "different": 0, "not in Odoo": 0}  # fmt: skip
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


def verdict_table(found: Comparison) -> show.Table:
    """Show how every field compared."""
    return show.Table(
        f"{found.cells:,} cells of {found.records:,} records compared; {found.different:,} differ",
        ("model", "field", "verdict", "by rule", "cells"),
        [(v.model, v.field, v.verdict, v.rule, v.count) for v in found.verdicts],
    )


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
        for due in _dues(steps, None)
        for row in due.expected.rows[1:]
        if _is_refused_part(steps, due, row, reasons)
    ]


def _expected(steps: Steps, patients: set[str] | None) -> Iterator[LoadRow]:
    """Yield what is expected, but for what Odoo refused: that is listed, with its reason."""
    reasons = _refusals(steps)
    for due in _dues(steps, patients):
        yield from due.expected.rows[:1]
        for row in due.expected.rows[1:]:
            if not _is_refused_part(steps, due, row, reasons):
                yield row


def _dues(steps: Steps, patients: set[str] | None) -> Iterator[Due]:
    """Yield the records that were not rejected as a whole."""
    expectations = Expectations(steps.run)
    for stage in STAGES:
        for due in expectations.of_stage(stage, patients=patients):
            resource = f"files:{due.resource}" if due.is_file else due.resource
            found = steps.store.proof.outcome(resource, due.source_id)
            if found is None or found.fate is not Fate.REJECTED:
                yield due


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


def _actual(steps: Steps, rows: list[LoadRow]) -> dict[str, Mapping[str, object] | None]:
    wanted: dict[str, tuple[set[str], set[str]]] = {}
    for row in rows:
        names, fields = wanted.setdefault(row.model, (set(), set()))
        names.add(row.external_id)
        fields.update((*row.values, *row.stays))
    found: dict[str, Mapping[str, object] | None] = {}
    with steps.run.progress("reading back", unit="records") as told:
        for model, (names, fields) in wanted.items():
            for name, values in read_back(
                steps.run.destination, steps.store, model, sorted(fields), only=frozenset(names)
            ):
                found[name] = values
                told(len(found), len(rows), "")
        told(len(found), len(rows), "")
    return found
