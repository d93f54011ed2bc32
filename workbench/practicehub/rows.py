"""Rows of a page as records: ids as text, hashes, and which of two copies counts. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.practicehub.catalogue import CHANGED, Resource
from workbench.practicehub.issues import issue
from workbench.state import Issue, IssueKind, RecordIn, digest, id_text

_NO_MOMENT = frozenset({"", "0", "false", "null"})


class CopyRule(StrEnum):
    """Why one of two differing copies of a record counts."""

    NOT_CANCELLED = "the copy that is not cancelled counts"
    LATER = "the copy that was changed later counts"
    FIRST = "the copy that came first counts"


@dataclass(frozen=True, slots=True)
class Rows:
    """A page's rows: those that are records, and an issue for each one that is not."""

    records: list[RecordIn]
    issues: list[Issue]


def row_hash(resource: Resource, row: Mapping[str, object]) -> str:
    """Hash a row without its signed addresses, which are new on every listing.

    So a record that is listed again with a fresh address is the same record. Whether
    there is an address at all is part of the hash.
    """
    if resource.file is None:
        return digest(row)
    signed = resource.file.url
    return digest({key: bool(row[key]) if key in signed else row[key] for key in row})


def read_rows(resource: Resource, rows: Sequence[object], *, page: int, phase: str) -> Rows:
    """Turn a page's rows into records, in order; none is lost without an issue.

    Args:
        resource: what was asked for.
        rows: as they came.
        page: the number under which the page is stored, for the issues.
        phase: the phase that reads.
    """
    found = Rows([], [])
    for place, row in enumerate(rows, start=1):
        source_id = id_text(row.get("id")) if isinstance(row, dict) else None
        if source_id is None or not isinstance(row, dict) or not _writable(source_id):
            what = "has no id" if isinstance(row, dict) else "is not a record"
            found.issues.append(
                issue(
                    IssueKind.ROW_WITHOUT_ID,
                    resource.name,
                    field="id",
                    rule=f"row {place} of page {page} {what}",
                    outcome="kept in the raw page only; it cannot be carried over",
                    phase=phase,
                )
            )
            continue
        patient = resource.patient_of(row)
        found.records.append(
            RecordIn(
                source_id,
                patient if patient is None or _writable(patient) else None,
                row_hash(resource, row),
                row_text(row),
            )
        )
    return found


def row_text(row: Mapping[str, object]) -> str:
    """Write a row as JSON text, its keys in the order in which they came."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    # half of a surrogate pair is legal in JSON but not in a file: there it stays escaped
    return text if _writable(text) else json.dumps(row, separators=(",", ":"))


def resolve(resource: Resource, held: Mapping[str, object], new: Mapping[str, object]) -> tuple[
    bool, CopyRule
]:  # fmt: skip
    """Say whether a copy that came later counts in place of the one held, and by which rule.

    Source:
        Seen on live accounts: one appointment comes twice, once cancelled and once not. A
        client takes `cancelDate` for the mark of a cancelled one; it was not seen in an answer.
    """
    cancelled = [_cancelled(resource, copy) for copy in (held, new)]
    if cancelled[0] != cancelled[1]:
        return cancelled[0], CopyRule.NOT_CANCELLED
    times = [str(copy.get(CHANGED) or "") for copy in (held, new)]
    if times[0] != times[1]:
        return times[1] > times[0], CopyRule.LATER
    return False, CopyRule.FIRST


def _cancelled(resource: Resource, row: Mapping[str, object]) -> bool:
    if resource.name != "appointments":
        return False
    status = row.get("status") or row.get("visit_status")
    if isinstance(status, str) and status.strip().lower() in {"cancelled", "canceled"}:
        return True
    moment = row.get("cancelDate")
    if isinstance(moment, str):  # what a database writes for no date, or for no, is not one
        return moment.strip().lower() not in _NO_MOMENT and not moment.startswith("0000-00-00")
    return bool(moment)


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
