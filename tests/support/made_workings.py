"""A clinic whose every free text is a canary of its own, held in a run's state."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from tests.support.small_run import store_page
from workbench.mapping import Disposition, Mapping, MapRow
from workbench.state import Store

Record = dict[str, object]
PATIENTS = 12
PREFIX = "Zebedeus"
"""How every canary begins; whatever else stands in the records may be shown."""

_MAPPED, _LOOKUP, _COMBINED = Disposition.MAPPED, Disposition.LOOKUP, Disposition.COMBINED
MAPPING = Mapping(
    rows=(
        MapRow("appointments.start", _COMBINED, "crm.lead.x_appointment_time", "visit_time",
               "datetime", "start"),
        MapRow("appointments.end", _COMBINED, "crm.lead.x_appointment_end", "visit_time",
               "datetime", "end"),
        MapRow("appointments.status", _MAPPED, "crm.lead.stage_id", "stage", "many2one"),
        MapRow("appointments.kind", _MAPPED, "crm.lead.x_visit_type", "text", "char"),
        MapRow("appointments.appointment_type_id", _LOOKUP, "crm.lead.x_visit_type",
               "appointment_type", "char"),
        MapRow("appointments.place", _MAPPED, "crm.lead.x_clinic_location", "text", "char"),
        MapRow("appointments.practitioner_id", _COMBINED, "crm.lead.user_id", "practitioner",
               "many2one", "id"),
        MapRow("appointments.reminded", _MAPPED, "crm.lead.x_reminder_sent", "boolean", "boolean"),
        MapRow("appointments.created", _MAPPED, "crm.lead.x_practicehub_created", "datetime",
               "datetime"),
        MapRow("patients.recall_status", _MAPPED, "res.partner.x_recall_status", "selection",
               "selection"),
        MapRow("patients.marketing_note", _MAPPED, "res.partner.x_marketing_note", "text", "char"),
    ),
    values={"appointments.status": {"processed": "Completed", "missed": "Missed"},
            "patients.recall_status": {"due": "Due"}},
    zone="Europe/Amsterdam",
)  # fmt: skip


def clinic() -> dict[str, list[Record]]:
    """Make the records: two of each kind a patient, every text that people type a canary."""
    numbers = count(1)

    def text() -> str:
        return f"{PREFIX} {next(numbers)}"

    made: dict[str, list[Record]] = {
        "appointment_types": [{"id": 1, "name": "Follow-up", "price": "45.00"}],
        "practitioners": [{"id": 4, "first_name": "Noor", "last_name": "Visser",
                           "online_booking": "1", "description": text()}],
        "payment_methods": [{"id": 1, "name": "PIN"}],
        "patients": [{"id": one, "first_name": text(), "email": text(), "note": text(),
                      "recall_status": "due" if one % 2 else text(), "marketing_note": text()}
                     for one in range(1, PATIENTS + 1)],
    }  # fmt: skip
    visits, logs, notes = [], [], []
    for one in range(1, PATIENTS + 1):
        for day in (2, 9):
            visits.append({
                "id": next(numbers), "patient_id": one, "patient_name": text(),
                "start": f"2026-03-{day:02} 09:00:00", "end": f"2026-03-{day:02} 09:20:00",
                "created": "2026-02-01 09:00:00", "practitioner_id": 4, "note": text(),
                "appointment_type_id": 1 if day == 2 else None, "kind": text(), "place": text(),
                "status": "processed" if one % 3 else text(), "booked_by": text(),
                "reminded": True,
            })  # fmt: skip
            logs.append({"id": next(numbers), "patient_id": one, "type": "sms",
                         "sub_type": "reminder", "data": text(),
                         "created": f"2026-03-{day - 1:02} 09:00:00"})  # fmt: skip
            notes.append({"id": next(numbers), "patient_id": one, "type": text(),
                          "sub_type": text(), "data": text(), "created": text()})  # fmt: skip
    made |= {"appointments": visits, "patient_logs": [*logs, *notes]}
    made["custom_form_responses"] = [
        {"id": next(numbers), "form_id": "3", "patient_id": str(one),
         "form_name": "Intake" if one > 2 else text(),
         "data": [{"name": "text_1", "label": "Allergies", "value": text(), "help_text": text()},
                  {"name": text(), "label": text(), "value": text()},
                  {"name": "static", "label": None, "value": text()}]}
        for one in range(1, PATIENTS + 1)
    ]  # fmt: skip
    made["care_plans"] = [
        {"id": next(numbers), "patient_id": one, "interval": "1" if one > 2 else text(),
         "frequency_type": "week", "visits": 6, "duration": 3, "active": 1, "start_date": text()}
        for one in range(1, PATIENTS + 1)
    ]  # fmt: skip
    made["patient_packages"] = [
        {"id": next(numbers), "patient_id": None, "subscribed_patients": [{"patient_id": one}],
         "name": "10 visits" if one > 2 else text(), "package_type": text(), "visits": 10,
         "price": 400, "active": 1}
        for one in range(1, PATIENTS + 1)
    ]  # fmt: skip
    made["invoices"] = [{"id": 1, "patient_id": "1", "appointment_id": "1", "total": text()}]
    made["payments"] = [{"id": 1, "patient_id": "1", "payment_type_id": "1", "note": text(),
                         "service": text()},
                        {"id": 2, "patient_id": "1", "payment_type_id": text()}]  # fmt: skip
    return made


def hold(folder: Path) -> Store:
    """Put the clinic into a state file, as the extraction would."""
    store = Store(folder / "state.sqlite")
    for resource, records in clinic().items():
        store_page(folder, store, resource, records)
    return store
