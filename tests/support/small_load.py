"""A small clinic as the destination sees it: what it needs, and the rows to be loaded."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from workbench.mapping.clinical import apart, vault_fields
from workbench.mapping.rows import (
    FieldNeed,
    LoadRow,
    Ref,
    RefKind,
    SchemaNeeds,
    StageNeed,
    Value,
)
from workbench.odoo import Loader, Lookups, Odoo, Said, apply_schema, plan_schema
from workbench.state import Store

MODULE = "__practicehub_test__"
TAG = "PracticeHub patient"
NOTHING_SAID = Said()
BLOOD = ("O+", "O-", "A+", "AB-")


def _common(model: str) -> list[FieldNeed]:
    return [
        FieldNeed(model, "x_practicehub_id", "char", "PracticeHub id"),
        FieldNeed(model, "x_practicehub_created", "datetime", "Created in PracticeHub"),
    ]


NEEDS = SchemaNeeds(
    fields=(
        *_common("res.partner"),
        FieldNeed("res.partner", "x_date_of_birth", "date", "Date of birth"),
        FieldNeed("res.partner", "x_blood_type", "selection", "Blood type", BLOOD, clinical=True),
        FieldNeed("res.partner", "x_allergies", "text", "Allergies", clinical=True),
        FieldNeed("res.partner", "x_clinic_location", "selection", "Clinic", ("North", "South")),
        FieldNeed("res.partner", "x_referring_doctor_id", "many2one", "Referring doctor",
                  relation="res.partner"),
        *_common("crm.lead"),
        FieldNeed("crm.lead", "x_appointment_time", "datetime", "Appointment"),
        FieldNeed("crm.lead", "x_practitioner", "char", "Practitioner"),
        FieldNeed("crm.lead", "x_reminder_sent", "boolean", "Reminder sent"),
        *_common("calendar.event"),
        FieldNeed("calendar.event", "x_practitioner", "char", "Practitioner"),
    ),
    stages=(
        StageNeed("New", 1), StageNeed("In Progress", 2), StageNeed("Completed", 3, won=True),
        StageNeed("Cancelled", 4, fold=True), StageNeed("Missed", 5, fold=True),
    ),
    tags=(TAG,),
)  # fmt: skip


def prepare(odoo: Odoo, store: Store, *, restrict_clinical: bool = False) -> None:
    """Make in Odoo what the clinic needs; restricted, its rows must be `restricted` too."""
    plan = plan_schema(odoo, NEEDS, module=MODULE, restrict_clinical=restrict_clinical)
    apply_schema(odoo, store, plan, phase="prepare")


def restricted(rows: Iterable[LoadRow], *, there: bool = False) -> list[LoadRow]:
    """Part patients' rows into contacts and clinical records, those of one model together.

    `there`: the patients have clinical records already.
    """
    names = vault_fields(NEEDS)
    parts = [part for row in rows for part in apart(row, names, there=there)]
    order = list(dict.fromkeys(part.model for part in parts))
    return sorted(parts, key=lambda part: order.index(part.model))


def loader(
    odoo: Odoo, store: Store, folder: Path, *, phase: str = "migrate",
    lookups: Lookups | None = None, module: str = MODULE, said: Said = NOTHING_SAID,
) -> Loader:  # fmt: skip
    """Give a phase's loader; its references lead as they do now, unless `lookups` are given."""
    return Loader(
        odoo, store, module=module, phase=phase, folder=folder,
        lookups=lookups or Lookups(odoo, store=store, module=module), said=said,
    )  # fmt: skip


def partner(number: int, **changes: Value) -> LoadRow:
    """One patient."""
    luck = random.Random(number)  # noqa: S311  # an invented clinic, not a secret
    values: dict[str, Value] = {
        "name": f"Person Number{number}",
        "email": f"person{number}@example.org",
        "phone": f"+31 20 555 {number:04}",
        "street": f"Dorpsstraat {number}",
        "city": "Utrecht",
        "zip": "3511 AA",
        "country_id": Ref(RefKind.COUNTRY, "NL"),
        "lang": "nl_NL",
        "comment": "<p>Prefers mornings.</p>",
        "category_id": (Ref(RefKind.TAG, TAG),),
        "x_practicehub_id": str(number),
        "x_practicehub_created": "2024-03-31 01:30:00",
        "x_date_of_birth": f"19{luck.randint(40, 99)}-0{luck.randint(1, 9)}-15",
        "x_blood_type": luck.choice([*BLOOD, None]),
        "x_allergies": luck.choice(["pollen, 100% sure\nof it", None]),
        "x_clinic_location": luck.choice(["North", "South"]),
        **changes,
    }
    return LoadRow("res.partner", f"patient_{number}", "patients", str(number), values)


def contacts(*numbers: int, **changes: Value) -> list[LoadRow]:
    """Patients with the fields that any Odoo has, prepared or not."""
    return [
        LoadRow("res.partner", f"patient_{number}", "patients", str(number),
                {"name": f"Person {number}", "email": f"p{number}@example.org", **changes})
        for number in numbers
    ]  # fmt: skip


def lead(number: int, patient: int, **changes: Value) -> LoadRow:
    """One appointment of a patient."""
    values: dict[str, Value] = {
        "name": f"Consult, Person Number{patient}",
        "type": "opportunity",
        "partner_id": Ref(RefKind.RECORD, f"patient_{patient}"),
        "user_id": None,
        "stage_id": Ref(RefKind.STAGE, ("New", "Completed", "Missed")[number % 3]),
        "x_practicehub_id": str(number),
        "x_practicehub_created": "2024-10-27 00:30:00",
        "x_appointment_time": "2025-06-01 07:45:00",
        "x_practitioner": "Dr. Vermeer",
        "x_reminder_sent": number % 2 == 0,
        **changes,
    }
    return LoadRow("crm.lead", f"appointment_{number}", "appointments", str(number), values)


def event(number: int, patient: int, **changes: Value) -> LoadRow:
    """The same appointment in the calendar."""
    values: dict[str, Value] = {
        "name": f"Consult, Person Number{patient}",
        "start": "2025-06-01 07:45:00",
        "stop": "2025-06-01 08:15:00",
        "partner_ids": (Ref(RefKind.RECORD, f"patient_{patient}"),),
        "user_id": None,
        "x_practicehub_id": str(number),
        "x_practitioner": "Dr. Vermeer",
        **changes,
    }
    return LoadRow(
        "calendar.event", f"appointment_{number}_event", "appointments", str(number), values
    )


def message(number: int, patient: int, **changes: Value) -> LoadRow:
    """One clinical note of a patient."""
    values: dict[str, Value] = {
        "model": "res.partner",
        "res_id": Ref(RefKind.RECORD, f"patient_{patient}"),
        "body": f"<p>Note {number}: feels <b>better</b>.</p>",
        "date": "2023-02-03 09:00:00",
        "message_type": "comment",
        "subject": "Clinical note",
        **changes,
    }
    return LoadRow("mail.message", f"clinical_note_{number}", "clinical_notes", str(number), values)


def attachment(number: int, patient: int, folder: Path, content: bytes, name: str) -> LoadRow:
    """One file of a patient; its bytes are put where the run keeps them."""
    blob = hashlib.sha256(content).hexdigest()
    path = folder / "files" / blob[:2] / blob
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    kind = "image/png" if name.endswith("png") else "application/pdf"
    values: dict[str, Value] = {
        "name": name, "mimetype": kind, "res_model": "res.partner",
        "res_id": Ref(RefKind.RECORD, f"patient_{patient}"),
    }  # fmt: skip
    return LoadRow("ir.attachment", f"file_{number}", "files", str(number), values, blob=blob)


def large_png() -> bytes:
    """Draw an image wider than the 1,920 pixels above which Odoo would re-encode it."""
    luck = random.Random(1)  # noqa: S311  # an invented picture
    image = Image.new("P", (2400, 300))
    image.putdata([luck.randrange(4) for _ in range(2400 * 300)])
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def clinic(folder: Path, *, patients: int = 50) -> Sequence[LoadRow]:
    """All rows of a small clinic, parents first."""
    people = range(1, patients + 1)
    files = [
        attachment(1, 1, folder, large_png(), "scan.png"),
        *(attachment(n, n, folder, b"%PDF-1.4 page " * n, f"letter {n}.pdf") for n in range(2, 9)),
    ]
    return [
        *(partner(number) for number in people),
        *(lead(number, 1 + number % patients) for number in range(1, 2 * patients + 1)),
        *(event(number, 1 + number % patients) for number in range(1, 6)),
        *(message(number, 1 + number % patients) for number in range(1, patients + 1)),
        *files,
    ]
