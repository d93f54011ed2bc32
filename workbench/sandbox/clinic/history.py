"""What else hangs on a patient: notes, logs, forms, care plans and money.

These records have the same shape in both vocabularies: it is the one that working clients of
PracticeHub rely on, mixed types included (`patient_id` is a number here and a string there).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from workbench.sandbox.clinic import texts
from workbench.sandbox.clinic.people import ORPHAN_PATIENT_IDS, Person
from workbench.sandbox.clinic.randomness import chance, pick, stamp, stream
from workbench.sandbox.clinic.visits import Status, Visit

Record = dict[str, object]

PAYMENT_METHODS = ("PIN", "Contant", "iDEAL", "Bank transfer")
PRICES = ("85.00", "45.00", "38.50", "52.00", "60.00", "40.00", "0.00")
FIRST_IDS = {
    "clinical_notes": 2001,
    "patient_logs": 70001,
    "care_plans": 401,
    "custom_form_responses": 801,
    "invoices": 30001,
    "payments": 40001,
    "payment_allocations": 50001,
    "patient_packages": 901,
}


def history(
    seed: int, people: list[Person], visits: Iterable[Visit], *, today: date
) -> dict[str, list[Record]]:
    """Make the records of every resource in `FIRST_IDS` and the payment methods.

    Returns:
        Resource name to records, each list ordered by id and, with it, by time of creation.
    """
    made: dict[str, list[Record]] = {name: [] for name in FIRST_IDS}
    kept = [visit for visit in visits if visit.patient is not None]
    known = {one.id for one in people}
    for visit in kept:
        _of_visit(seed, visit, made, known=visit.patient in known)
    for one in people:
        _of_person(seed, one, made, today=today)
    _planted(made, people)
    numbered: dict[str, list[Record]] = {}
    for name, records in made.items():
        # Sorting is stable: records of one instant keep the order they were made in.
        records.sort(key=lambda record: str(record["created"]))
        numbered[name] = [
            {"id": FIRST_IDS[name] + place, **record} for place, record in enumerate(records)
        ]
    numbered["payment_methods"] = [
        {"id": number, "name": name} for number, name in enumerate(PAYMENT_METHODS, start=1)
    ]
    return numbered


def clinical_note(seed: int, visit: Visit) -> Record:
    """Write up one visit; the id is still missing."""
    rng = stream(seed, "note", visit.id)
    label, value = pick(rng, (("key", "val"), ("label", "value")))
    return {
        "patient_id": visit.patient,
        "state": pick(rng, ("final", "final", "draft")),
        "type": pick(rng, ("soap", "progress")),
        "data": None
        if chance(rng, 0.03)
        else {
            "soap_data": [
                {label: part, value: texts.finding(rng)}
                for part in ("Subjective", "Objective", "Assessment", "Plan")
            ]
        },
        "created": stamp(visit.start + timedelta(minutes=25)),
    }


def patient_log(
    patient: int, kind: str, *, sub_type: str | None, data: str | None, at: datetime
) -> Record:
    """Write one line of a patient's log; the id is still missing."""
    return {
        "patient_id": patient,
        "type": kind,
        "sub_type": sub_type,
        "data": data,
        "created": stamp(at),
    }


def _of_visit(seed: int, visit: Visit, made: dict[str, list[Record]], *, known: bool) -> None:
    rng = stream(seed, "history", visit.id)
    patient = visit.patient or 0
    if chance(rng, 0.5):
        log = patient_log(patient, "appt", sub_type="booked", at=visit.created,
                          data=f"Booked for {visit.start:%d-%m-%Y %H:%M}<br>")  # fmt: skip
        made["patient_logs"].append(log)
    if visit.reminded and chance(rng, 0.6):
        at = max(visit.created, visit.start - timedelta(days=1))
        if at <= visit.updated or visit.status is not Status.PENDING:
            kind = pick(rng, ("sms", "sms", "email"))
            text = f"<p>We see you at {visit.start:%H:%M} on {visit.start:%d-%m}.&nbsp;</p>"
            log = patient_log(patient, kind, sub_type="reminder", data=text, at=at)
            made["patient_logs"].append(log)
    if visit.status is not Status.PROCESSED:
        return
    end = visit.start + timedelta(minutes=visit.minutes)
    if chance(rng, 0.45):
        made["clinical_notes"].append(clinical_note(seed, visit))
    if not known:
        return
    price = PRICES[visit.kind] if visit.kind is not None else "45.00"
    invoice: Record = {
        "appointment_id": None if chance(rng, 0.04) else str(visit.id),
        "patient_id": str(patient),
        "total": price,
        "created": stamp(end),
    }
    made["invoices"].append(invoice)
    if chance(rng, 0.5):
        payment: Record = {
            "amount": price,
            "payment_type_id": str(rng.randrange(len(PAYMENT_METHODS)) + 1),
            "patient_id": str(patient),
            "service": pick(rng, ("Visit", None)),
            "note": pick(rng, (None, "", "Paid at the desk")),
            "created": stamp(end),
        }
        made["payments"].append(payment)
        made["payment_allocations"].append({"amount": price, "created": stamp(end)})


def form_response(seed: int, one: Person) -> Record:
    """Fill the health questionnaire of one patient; the id is still missing."""
    rng = stream(seed, "form", one.id)
    at = one.created + timedelta(minutes=40)
    answers: list[Record] = [
        {"name": "text_allergies", "value": one.allergies, "label": "Allergies"},
        {
            "name": "text_medication",
            "value": pick(rng, texts.MEDICATIONS)[0] if chance(rng, 0.4) else None,
            "label": "Medication",
            "help_text": "What you take at present",
        },
        {"name": "text_history", "value": one.medical_history, "label": "Medical history"},
        {
            "name": "checkbox_question",
            "value": pick(rng, ("1", "0", "")),
            "label": pick(rng, texts.FORM_QUESTIONS),
        },
        {"name": "date_signed", "value": at.date().isoformat(), "label": "Date"},
        {"name": "static_text", "value": f"<p>{texts.CONSENT}</p>", "label": None},
        {"name": "signature_1", "value": f"widget-{one.id}", "label": "Signature"},
    ]
    return {
        "form_id": "3",
        "form_name": "Gezondheidsvragenlijst",
        "patient_id": str(one.id),
        "created": stamp(at),
        "data": answers,
    }


def _of_person(seed: int, one: Person, made: dict[str, list[Record]], *, today: date) -> None:
    rng = stream(seed, "history of", one.id)
    latest = datetime.combine(today, time(17))
    if chance(rng, 0.55):
        log = patient_log(one.id, "note", sub_type=None, data=texts.remark(rng), at=one.created)
        made["patient_logs"].append(log)
    if chance(rng, 0.6):
        made["custom_form_responses"].append(form_response(seed, one))
    if chance(rng, 0.25):
        begun = min(one.created + timedelta(days=rng.randrange(20)), latest)
        plan: Record = {
            "patient_id": one.id,
            "start_date": begun.date().isoformat(),
            "active": int(begun.date() > today - timedelta(days=120)),
            "visits": rng.randrange(4, 25),
            "interval": pick(rng, ("1", "2")),
            "duration": rng.randrange(4, 27),
            "frequency_type": pick(rng, ("week", "month")),
            "created": stamp(begun),
        }
        made["care_plans"].append(plan)
    if chance(rng, 0.22):
        bought = min(one.created + timedelta(days=rng.randrange(30), minutes=5), latest)
        total = pick(rng, (5, 10, 12))
        left = rng.randrange(-1, total + 1)
        sharers = [{"patient_id": one.id}]
        if chance(rng, 0.2):
            sharers.append({"patient_id": one.id + 1})
        package: Record = {
            "patient_id": None,
            "subscribed_patients": sharers,
            "name": f"{total} visits",
            "package_type": "visits",
            "active": int(left > 0),
            "visits": total,
            "visits_left": left,
            "price": total * 40,
            "balance": left * 40,
            "owing": "",
            "package_balance": pick(rng, (0, 0, -40.5)),
            "created": stamp(bought),
        }
        made["patient_packages"].append(package)


def _planted(made: dict[str, list[Record]], people: list[Person]) -> None:
    """Add what refers to patients who no longer exist, and rows of a kind seen once."""
    at = people[len(people) // 2].created
    ghost = ORPHAN_PATIENT_IDS[2]
    logs = made["patient_logs"]
    logs.append(patient_log(ghost, "note", sub_type=None, data="Moved away<br>", at=at))
    logs.append(patient_log(people[0].id, "call", sub_type="", data=None, at=at))
    note: Record = {
        "patient_id": ghost,
        "state": "final",
        "type": "soap",
        "data": {"soap_data": []},
        "created": stamp(at),
    }
    made["clinical_notes"].append(note)
    payment: Record = {
        "amount": "45.00",
        "payment_type_id": "1",
        "patient_id": str(ghost),
        "service": None,
        "note": None,
        "created": stamp(at),
    }
    made["payments"].append(payment)
    invoice: Record = {
        "appointment_id": "999999",
        "patient_id": str(people[0].id),
        "total": "45.00",
        "created": stamp(at),
    }
    made["invoices"].append(invoice)
