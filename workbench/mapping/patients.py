"""What Odoo is to hold of a patient: one contact, and notes with what has no field of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from workbench.mapping.answers import Answers, Response
from workbench.mapping.apply import Applied, Applier, source_id_of, unknown_fields
from workbench.mapping.combiners import json_lines
from workbench.mapping.context import Context
from workbench.mapping.model import UNREAD
from workbench.mapping.model import Mapping as Map
from workbench.mapping.naming import label_of
from workbench.mapping.needs import TAG
from workbench.mapping.notes import note
from workbench.mapping.outcome import (
    NAMED,
    Alias,
    Expected,
    held_back,
    message_values,
    unknown_findings,
)
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.staging.findings import Clean, Finding
from workbench.staging.paths import is_empty, only, value_at
from workbench.staging.times import Order, read_date
from workbench.state import Fate, IssueKind
from workbench.state.ids import id_order

MODEL = "res.partner"
SUMMARY = "x_prescription_summary"
NAMELESS = "PracticeHub patient {number}"
_OWN = frozenset(
    {"x_practicehub_id", "x_practicehub_created", "x_practicehub_updated", UNREAD, SUMMARY}
)
"""Fields of one record's own: a survivor never takes them from another record."""

Record = Mapping[str, object]


class PatientExpecter:
    """Says what becomes of patients.

    Args:
        mapping: the confirmed map.
        context: what lookups know.
    """

    def __init__(self, mapping: Map, context: Context) -> None:
        self._mapping = mapping
        self._context = context
        self._apply = Applier(mapping, context, resource="patients", model=MODEL)
        self._notes = Applier(mapping, context, resource="patients", model="mail.message")
        self._answers = Answers(mapping, context)
        self._listed = Applier(mapping, context, resource="prescriptions", model=MODEL)
        self._clinical = {
            target.removeprefix(f"{MODEL}.")
            for row in mapping.rows if row.clinical
            for target in (row.target, *row.also)
        }  # fmt: skip

    def __call__(
        self,
        record: Record,
        *,
        prescriptions: Sequence[Record],
        merged: Sequence[Record],
        responses: Sequence[Response],
    ) -> Expected:
        """Expect a patient's contact; see `Expecter.patient`."""
        source_id = source_id_of(record)
        key = self._context.patient_key(source_id) or f"patient_{source_id}"
        if key != f"patient_{source_id}":
            alias = Alias(f"patient_{source_id}", key, source_id)
            return Expected(fate=Fate.MERGED, reason=f"is one person with {key}", aliases=(alias,))
        applied, issues, waiting = self._one(record, source_id)
        others = [(source_id_of(other), other) for other in merged]
        rows: list[LoadRow] = []
        for other_id, other in sorted(others, key=lambda pair: id_order(pair[0])):
            more, more_issues, more_waiting = self._one(other, other_id)
            issues += more_issues
            waiting += more_waiting
            rows.append(self._merge(applied, more, other, key))
        odd, undecided = self._answers.fill(applied, responses, patient=source_id)
        issues += odd
        waiting += undecided
        self._summarise(applied, prescriptions, waiting)
        if waiting:
            return held_back(waiting, issues)
        issues += self._finish(applied, source_id)
        contact = LoadRow(
            MODEL, key, "patients", source_id, applied.values, sources=applied.sources
        )
        kept = self._kept(record, source_id, key)
        return Expected((contact, *kept, *rows), Fate.CREATED, issues=tuple(dict.fromkeys(issues)))

    def name_of(self, record: Record) -> str:
        """Give the name of a patient's contact."""
        values = self._apply(record, source_id_of(record)).values
        number = values.get("ref") or source_id_of(record)
        return str(values.get("name") or NAMELESS.format(number=number))

    def _one(self, record: Record, source_id: str) -> tuple[Applied, list[Finding], list[str]]:
        applied = self._apply(record, source_id)
        unknown = unknown_fields(self._mapping, "patients", record)
        issues = [*applied.findings, *unknown_findings("patients", source_id, unknown)]
        return applied, issues, [*unknown, *applied.waiting]

    def _finish(self, applied: Applied, source_id: str) -> list[Finding]:
        values = applied.values
        values["category_id"] = (Ref(RefKind.TAG, TAG),)
        values[UNREAD] = "\n".join(applied.unread) or None
        if values.get("name"):
            return []
        number = values.get("ref") or source_id
        values["name"] = NAMELESS.format(number=number)
        return [
            Finding(IssueKind.NAME_MISSING, "patients", source_id, applied.sources.get("name", ""),
                    NAMED, "named after its number")
        ]  # fmt: skip

    def _summarise(
        self, applied: Applied, prescriptions: Sequence[Record], waiting: list[str]
    ) -> None:
        """Put the prescriptions into one list, by date, then by id."""
        if not any(row.name == SUMMARY for row in self._mapping.of("prescriptions")):
            return
        listed: list[tuple[str, tuple[int, int, str], dict[str, object]]] = []
        for record in prescriptions:
            waiting += unknown_fields(self._mapping, "prescriptions", record)
            made = self._listed(record, source_id_of(record)).values.get(SUMMARY)
            row: dict[str, object] = json.loads(made) if isinstance(made, str) else {}
            row |= {
                path: value_at(record, path)
                for path in sorted(self._listed.kept)
                if value_at(record, path) is not None
            }
            listed.append((_written(record), id_order(source_id_of(record)), row))
        listed.sort(key=lambda entry: entry[:2])
        applied.values[SUMMARY] = json_lines([row for _, _, row in listed if row])
        applied.sources[SUMMARY] = ", ".join(
            row.field for row in self._mapping.of("prescriptions") if row.name == SUMMARY
        )

    def _merge(self, into: Applied, other: Applied, record: Record, key: str) -> LoadRow:
        """Fill the survivor's empty fields; write what differs, and what is kept, into a note.

        Whoever reads the contact reads the note: what is clinical and differs stands beside
        the survivor's values that have no field of their own, as clinical as they.
        """
        other_id = source_id_of(record)
        lines: list[tuple[str, str]] = []
        for name, value in other.values.items():
            if value is None or value == ():
                continue
            held = into.values.get(name)
            if held is None and name not in _OWN:
                into.values[name] = value
                into.sources[name] = _of_other(other.sources.get(name, ""), other_id)
            elif held != value and name in self._clinical:
                other.unread.append(f"{label_of(name)}: {shown(value)}")
            elif held != value:
                lines.append((label_of(name), shown(value)))
        into.unread += [f"Patient {other_id}, {line}" for line in other.unread]
        kept = only(record, self._notes.kept)
        body = note(f"Also known as PracticeHub patient {other_id}", kept, lines=lines)
        values = message_values(key, "Merged patient", body, self._context)
        if other.values.get("x_practicehub_created"):
            values["date"] = other.values["x_practicehub_created"]
        return LoadRow(
            "mail.message", f"patient_{other_id}_values", "patients", other_id, values,
            sources={"body": "all fields of the merged patient that differ or are kept"},
        )  # fmt: skip

    def _kept(self, record: Record, source_id: str, key: str) -> list[LoadRow]:
        kept = self._notes.kept
        held = only(record, kept)
        if is_empty(held):
            return []
        body = note("Further values", held)
        return [
            LoadRow(
                "mail.message", f"patient_{source_id}_kept", "patients", source_id,
                message_values(key, "Further values", body, self._context),
                sources={"body": ", ".join(f"patients.{path}" for path in sorted(kept))},
            )
        ]  # fmt: skip


def _of_other(sources: str, patient: str) -> str:
    """Name the same fields of another patient's record: "patients/12.email"."""
    return re.sub(r"(^|, )patients\.", rf"\1patients/{patient}.", sources)


def _written(record: Record) -> str:
    """Give the day that a prescription is listed under; "" puts it first.

    Only its place in the list hangs on how a date with the year last is read.
    """
    for name in ("prescription_date", "created"):
        told = str(record.get(name) or "").partition(" ")[0].partition("T")[0]
        for order in (Order.ISO, Order.DAY_FIRST, Order.MONTH_FIRST):
            read = read_date(told, order=order)
            if isinstance(read, Clean) and read.value:
                return str(read.value)
    return ""


def shown(value: Value) -> str:
    """Write a value as a note shows it; a reference by its key."""
    if isinstance(value, Ref):
        return value.key
    if isinstance(value, tuple):
        return ", ".join(ref.key for ref in value)
    return str(value)
