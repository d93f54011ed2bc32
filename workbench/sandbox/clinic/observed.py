"""The clinic's facts in the vocabulary that public clients of PracticeHub rely on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from workbench.sandbox.clinic import texts
from workbench.sandbox.clinic.names import DIALLING
from workbench.sandbox.clinic.papers import FIRST_FILE_ID, Cabinet, Paper, link
from workbench.sandbox.clinic.people import Person, Practitioner
from workbench.sandbox.clinic.randomness import stamp
from workbench.sandbox.clinic.visits import Visit

Record = dict[str, object]

UNKNOWN_RESOURCES = frozenset({"prescriptions", "documents"})  # answered with 404
FILE_TYPES = {"application/pdf": "document", "image/png": "image", "image/jpeg": "image"}
COMMUNICATION = {"Active": "subscribed", "Inactive": "unsubscribed", "Former": "unsubscribed"}


def patient(one: Person) -> Record:
    """Shape one patient: `numbers` in place of telephones, the address nested."""
    status = one.contact_status
    return {
        "id": one.id,
        "patient_number": one.patient_number,
        "custom_reference": one.reference,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "dob": one.birth,
        "sex": one.sex if one.id % 9 else None,
        "email": one.email,
        "numbers": _numbers(one),
        "address": {
            "line1": one.street,
            "line2": one.street2,
            "city": one.city,
            "postcode": one.postcode,
            "country": one.country,
        },
        "locale": one.language,
        "note": one.note,
        "communication_status": COMMUNICATION.get(status or "", status),
        "recall_status": "due" if one.id % 6 == 0 else None,
        "created": stamp(one.created),
        "updated": stamp(one.updated),
    }


def _numbers(one: Person) -> list[dict[str, str]]:
    iso2 = one.country or "NL"
    made = [
        {"country_code": DIALLING[iso2], "number": number, "iso2": iso2}
        for number in (one.mobile, one.phone)
        if number
    ]
    if one.id % 15 == 0:
        made.append({"country_code": "", "number": "", "iso2": ""})
    return made


def practitioner(mate: Practitioner, place: int) -> Record:
    """Shape one practitioner: no e-mail here; the last one's name is empty."""
    nameless = place == 5  # noqa: PLR2004 - the sixth
    return {
        "id": mate.id,
        "first_name": "" if nameless else mate.first_name,
        "last_name": "" if nameless else mate.last_name,
        "active": "1" if mate.active else "0",
        "online_booking": "1" if mate.active and place != 0 else "0",
        "columns": "1",
        "color": mate.color,
        "modality_id": str(place % 2 + 1),
        "slot_duration": "15",
        "description": "",
        "default_clinical_note_type": "soap",
        "messenger_uid": None,
        "photo": [],
        "created": stamp(mate.created),
        "updated": stamp(mate.left or mate.created),
    }


def appointment(visit: Visit, one: Person | None, mate: Practitioner) -> Record:
    """Shape one visit of `one` (None: a calendar block, or a patient who is gone)."""
    name = f"{one.first_name or ''} {one.last_name or ''}" if one else ""
    return {
        "id": visit.id,
        "patient_id": visit.patient,
        "patient_name": name,
        "practitioner_id": mate.id,
        "appointment_type_id": None if visit.kind is None else visit.kind + 1,
        "location_id": visit.location + 1,
        "start": stamp(visit.start),
        "end": stamp(visit.start + timedelta(minutes=visit.minutes)),
        "status": visit.status.value,
        "created": stamp(visit.created),
        "updated": stamp(visit.updated),
    }


def file(paper: Paper, size: int) -> Record:
    """Shape one file of `size` bytes."""
    return {
        "id": paper.id,
        "file_name": paper.name,
        "size": size if paper.size_known else None,
        "mime_type": paper.mime_type,
        "file_type": FILE_TYPES.get(paper.mime_type or ""),
        "entity_type": paper.entity_type,
        "description": paper.description,
        "patient_id": paper.patient,
        "url": link(paper),
        "created": stamp(paper.created),
    }


def papers(kept: Cabinet) -> dict[str, list[Paper]]:
    """Say which papers appear as which resource: here every one is a file, renumbered by time."""
    scans = [one.paper for one in kept.prescriptions if one.paper]
    everything = sorted(
        (*scans, *kept.documents, *kept.files),
        key=lambda paper: (paper.created, paper.patient or 0, paper.key or ""),
    )
    return {
        "files": [
            replace(paper, id=number) for number, paper in enumerate(everything, FIRST_FILE_ID)
        ]
    }


def further(kept: Cabinet) -> dict[str, list[Record]]:
    """Give the resources that only this vocabulary has."""
    del kept
    return {
        "appointment_types": [
            {"id": number, "name": name} for number, name in enumerate(texts.VISIT_TYPES, start=1)
        ]
    }
