"""The clinic's facts in the vocabulary of the brief: flat fields, e-mails, prescriptions."""

from __future__ import annotations

from workbench.sandbox.clinic import texts
from workbench.sandbox.clinic.names import COUNTRIES
from workbench.sandbox.clinic.papers import Cabinet, Paper, Prescription, link
from workbench.sandbox.clinic.people import Person, Practitioner
from workbench.sandbox.clinic.randomness import stamp
from workbench.sandbox.clinic.visits import Status, Visit

Record = dict[str, object]

UNKNOWN_RESOURCES = frozenset({"payment_allocations"})  # answered with 404 by such an account

STATUSES = {
    Status.PENDING: "New",
    Status.ARRIVED: "In Progress",
    Status.PROCESSED: "Completed",
    Status.CANCELLED: "Cancelled",
    Status.MISSED: "Cancelled",
}
FILE_TYPES = {"application/pdf": "pdf", "image/png": "image", "image/jpeg": "image"}


def patient(one: Person) -> Record:
    """Shape one patient."""
    country = COUNTRIES.get(one.country or "", one.country)
    if one.id % 20 == 0:
        country = one.country  # some desks type the code
    return {
        "id": one.id,
        "patient_number": one.patient_number,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "email": one.email,
        "phone": one.phone,
        "mobilephone": one.mobile,
        "address_line_1": one.street,
        "address_line_2": one.street2,
        "city": one.city,
        "state": one.state,
        "zip": one.postcode,
        "country": country,
        "locale": one.language,
        "note": one.note,
        "date_of_birth": one.birth,
        "blood_type": one.blood_type,
        "allergies": one.allergies,
        "emergency_contact": one.emergency_contact,
        "medical_history": one.medical_history,
        "contact_status": one.contact_status,
        "visit_type": one.visit_type,
        "clinic_location": None if one.location is None else texts.LOCATIONS[one.location],
        "referring_doctor": one.referrer[0] if one.referrer else None,
        "referring_doctor_email": one.referrer[1] if one.referrer else None,
        "insurance_provider": one.insurer,
        "policy_number": one.policy,
        "custom_fields": one.custom if one.custom is not None else {},
        "created": stamp(one.created),
        "updated": stamp(one.updated),
    }


def practitioner(mate: Practitioner, place: int) -> Record:
    """Shape one practitioner; the second one's e-mail was typed in capitals."""
    return {
        "id": mate.id,
        "first_name": mate.first_name,
        "last_name": mate.last_name,
        "email": mate.email.upper() if place == 1 else mate.email,
        "active": "1" if mate.active else "0",
        "color": mate.color,
        "created": stamp(mate.created),
        "updated": stamp(mate.left or mate.created),
    }


def appointment(visit: Visit, one: Person | None, mate: Practitioner) -> Record:
    """Shape one visit; `one` is not looked at, the vocabulary carries no patient name."""
    del one
    note = visit.note
    if visit.status is Status.MISSED:
        note = "Did not come<br>"
    return {
        "id": visit.id,
        "patient_id": visit.patient,
        "practitioner_id": mate.id,
        "practitioner_email": None if visit.id % 50 == 0 else mate.email,
        "appointment_date": visit.start.date().isoformat(),
        "appointment_time": f"{visit.start:%H:%M}",
        "duration": visit.minutes,
        "visit_type": None if visit.kind is None else texts.VISIT_TYPES[visit.kind],
        "visit_status": STATUSES[visit.status],
        "planned_date": visit.planned.isoformat() if visit.planned else None,
        "reminder_sent": visit.reminded,
        "clinic_location": texts.LOCATIONS[visit.location],
        "note": note,
        "created": stamp(visit.created),
        "updated": stamp(visit.updated),
    }


def prescription(one: Prescription) -> Record:
    """Shape one prescription; `pdf_url` is null where there is no PDF."""
    pdf = one.paper
    return {
        "id": one.id,
        "patient_id": one.patient,
        "medication_name": one.medication,
        "dosage": one.dosage,
        "frequency": one.frequency,
        "prescribing_doctor": one.doctor,
        "prescription_date": one.day.isoformat(),
        "pharmacy_reference": one.pharmacy_reference,
        "pdf_url": link(pdf) if pdf else None,
        "pdf_name": pdf.name if pdf else None,
        "created": stamp(one.created),
    }


def document(paper: Paper) -> Record:
    """Shape one document."""
    return {
        "id": paper.id,
        "patient_id": paper.patient,
        "title": paper.title,
        "description": paper.description,
        "file_url": link(paper),
        "file_name": paper.name,
        "mime_type": paper.mime_type,
        "created": stamp(paper.created),
    }


def file(paper: Paper, size: int) -> Record:
    """Shape one file of `size` bytes."""
    return {
        "id": paper.id,
        "patient_id": paper.patient,
        "entity_type": paper.entity_type,
        "file_name": paper.name,
        "file_type": FILE_TYPES.get(paper.mime_type or ""),
        "mime_type": paper.mime_type,
        "size": size if paper.size_known else None,
        "description": paper.description,
        "file_url": link(paper),
        "created": stamp(paper.created),
    }


def papers(kept: Cabinet) -> dict[str, list[Paper]]:
    """Say which papers appear as which resource."""
    return {"documents": kept.documents, "files": kept.files}


def further(kept: Cabinet) -> dict[str, list[Record]]:
    """Give the resources that only this vocabulary has."""
    return {"prescriptions": [prescription(one) for one in kept.prescriptions]}
