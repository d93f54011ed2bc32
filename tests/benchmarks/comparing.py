"""The comparison alone: expected against returned, 2,000,000 cells, window by window."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping

from tests.benchmarks.table import Row
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.proof import Comparer, Origin

CELLS = 2_000_000
MOST_SECONDS = 2
WINDOW = 2_000
"""Records compared together, as a phase does."""
TYPES = {
    "crm.lead": {
        **dict.fromkeys(("name", "type", "x_practitioner", "x_visit_type", "x_practicehub_id",
                         "x_unread_values"), "char"),
        **dict.fromkeys(("x_appointment_time", "x_appointment_end", "x_practicehub_created"),
                        "datetime"),
        **dict.fromkeys(("partner_id", "stage_id", "user_id"), "many2one"),
        "description": "html", "x_planned_date": "date", "x_reminder_sent": "boolean",
        "x_clinic_location": "selection",
    },
    "mail.message": {
        **dict.fromkeys(("model", "subject", "email_from"), "char"), "body": "html",
        "date": "datetime", "message_type": "selection", "res_id": "many2one_reference",
        "author_id": "many2one", "subtype_id": "many2one",
    },
}  # fmt: skip
WORDS = ("back", "neck", "knee", "shoulder", "pain", "stiff", "better", "worse", "posture", "sleep")

Window = tuple[list[LoadRow], dict[str, Mapping[str, object]]]


def measure(repeats: int) -> list[Row]:
    """Compare a clinic of visits and notes again and again; making it is not counted."""
    taken = [_seconds() for _ in range(repeats)]
    return [
        Row(f"{CELLS:,} cells compared, everything read back already", "s", taken, "allowed",
            [MOST_SECONDS]),
    ]  # fmt: skip


def _seconds() -> float:
    comparer = Comparer(
        "all", resolve=_resolve, types=TYPES, origin_of=lambda _row, _name: Origin()
    )
    spent = 0.0
    for rows, actual in _windows():
        began = time.perf_counter()
        comparer.feed(rows, actual)
        spent += time.perf_counter() - began
    began = time.perf_counter()
    found = comparer.finish()
    spent += time.perf_counter() - began
    assert found.equal
    return spent * CELLS / found.cells


def _resolve(ref: Ref) -> int:
    return int(ref.key.rpartition("_")[2])


def _windows() -> Iterator[Window]:
    """Invent visits and notes, and what Odoo returns of them: as expected, spelt its own way."""
    luck = random.Random(11)  # noqa: S311 - an invented clinic
    made = number = 0
    while made < CELLS:
        rows: list[LoadRow] = []
        actual: dict[str, Mapping[str, object]] = {}
        for _ in range(WINDOW // 2):
            number += 1
            for row, returned in (_visit(number, luck), _note(number, luck)):
                rows.append(row)
                actual[row.external_id] = returned
                made += len(row.values)
        yield rows, actual


def _visit(number: int, luck: random.Random) -> tuple[LoadRow, Mapping[str, object]]:
    patient = luck.randint(1, 40_000)
    plain: dict[str, Value] = {
        "name": f"Consult, Person {patient}", "type": "opportunity",
        "x_practitioner": "A. Vermeer", "x_visit_type": "Consult",
        "x_practicehub_id": str(number), "x_unread_values": None, "description": None,
        "x_appointment_time": "2025-06-01 07:45:00", "x_appointment_end": "2025-06-01 08:15:00",
        "x_practicehub_created": "2024-10-27 00:30:00", "x_planned_date": "2025-06-01",
        "x_clinic_location": "north",
    }  # fmt: skip
    references: dict[str, Value] = {
        "partner_id": Ref(RefKind.RECORD, f"patient_{patient}"),
        "stage_id": Ref(RefKind.STAGE, f"stage_{number % 5 + 1}"),
        "user_id": Ref(RefKind.USER, f"user_{number % 9 + 1}"),
    }
    told = None if number % 5 == 0 else number % 2 == 0
    row = LoadRow("crm.lead", f"appointment_{number}", "appointments", str(number),
                  {**plain, **references, "x_reminder_sent": told})  # fmt: skip
    returned = {**plain, "partner_id": patient, "stage_id": number % 5 + 1,
                "user_id": number % 9 + 1, "x_reminder_sent": bool(told)}  # fmt: skip
    return row, returned


def _note(number: int, luck: random.Random) -> tuple[LoadRow, Mapping[str, object]]:
    patient = luck.randint(1, 40_000)
    blank = "\N{NO-BREAK SPACE}" if number % 4 == 0 else " "
    body = f"<div><p><strong>Note</strong></p><p>{blank.join(luck.choices(WORDS, k=30))}</p></div>"
    plain: dict[str, Value] = {
        "model": "res.partner", "subject": "Clinical note", "date": "2023-02-03 09:00:00",
        "message_type": "comment", "author_id": None, "email_from": None,
    }  # fmt: skip
    row = LoadRow(
        "mail.message", f"clinical_note_{number}", "clinical_notes", str(number),
        {**plain, "body": body, "res_id": Ref(RefKind.RECORD, f"patient_{patient}"),
         "subtype_id": Ref(RefKind.ID, "subtype_2")},
    )  # fmt: skip
    returned = {**plain, "res_id": patient, "subtype_id": 2,
                "body": body.replace("\N{NO-BREAK SPACE}", "&nbsp;")}  # fmt: skip
    return row, returned
