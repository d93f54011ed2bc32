"""One day in the life of the clinic: what a delta has to find."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, time, timedelta

from workbench.sandbox.clinic import history, texts
from workbench.sandbox.clinic.model import Clinic, Record
from workbench.sandbox.clinic.papers import paper
from workbench.sandbox.clinic.people import FIRST_PATIENT_ID, person
from workbench.sandbox.clinic.randomness import chance, pick, quarter, stamp, stream
from workbench.sandbox.clinic.visits import Status, Visit, visit

SHARE_CHANGED = 0.02


def pass_one_day(clinic: Clinic, *, at: datetime | None) -> dict[str, list[object]]:
    """Let one day pass; the clinic's `today` already is the new day."""
    moment = at or datetime.combine(clinic.today, time(18))
    rng = stream(clinic.seed, "day", clinic.days)
    some = max(1, round(len(clinic.people) * SHARE_CHANGED))
    told: dict[str, list[object]] = {"new": [], "changed": [], "deleted": [], "recreated": []}
    _enter(clinic, rng, moment, some, told)
    _change(clinic, rng, moment, some, told)
    _recreate(clinic, rng, moment, told)
    _delete(clinic, rng, told)
    return told


def _enter(
    clinic: Clinic,
    rng: random.Random,
    moment: datetime,
    some: int,
    told: dict[str, list[object]],
) -> None:
    """Enter patients, each with a visit to come, a file and a line in the log."""
    for _ in range(some):
        number = clinic.next_id("patients")
        year = [one for one in clinic.people.values() if one.created.year == moment.year]
        running = max((int(one.patient_number[4:]) for one in year), default=0) + 1
        newcomer = person(
            clinic.seed,
            number - FIRST_PATIENT_ID,
            moment,
            today=clinic.today,
            staff=clinic.staff,
            running=running,
        )
        clinic.keep_patient(replace(newcomer, updated=moment))
        told["new"].append(f"patients/{number}")
        start = quarter(rng, clinic.today + timedelta(days=rng.randrange(2, 20)))
        booked = visit(rng, newcomer, start, today=clinic.today, staff=clinic.staff, first=True)
        booked = replace(
            booked,
            id=clinic.next_id("appointments"),
            status=Status.PENDING,
            created=moment,
            updated=moment,
        )
        clinic.keep_visit(booked)
        told["new"].append(f"appointments/{booked.id}")
        line = history.patient_log(number, "note", sub_type=None, data=texts.remark(rng), at=moment)
        _new(clinic, "patient_logs", line, told)
        if clinic.get("files"):
            label = f"file-{number}-day-{clinic.days}"
            scan = paper(rng, clinic.seed, label=label, patient=number, created=moment)
            _new(clinic, "files", clinic.keep_paper(scan), told)


def _new(clinic: Clinic, resource: str, record: Record, told: dict[str, list[object]]) -> None:
    number = clinic.next_id(resource)
    clinic.insert(resource, {**record, "id": number})
    told["new"].append(f"{resource}/{number}")


def _change(
    clinic: Clinic,
    rng: random.Random,
    moment: datetime,
    some: int,
    told: dict[str, list[object]],
) -> None:
    """Change patients' details, and finish or cancel visits that were still to come."""
    known = [one for one in clinic.people.values() if one.created < moment]
    for one in rng.sample(known, min(some, len(known))):
        changed = replace(
            one,
            street=f"Nieuwstraat {rng.randrange(1, 200)}",
            allergies=pick(rng, texts.ALLERGIES),
            contact_status="Active",
            updated=moment,
        )
        clinic.keep_patient(changed)
        told["changed"].append(f"patients/{one.id}")
    open_visits = _open(clinic, moment)
    for entry in rng.sample(open_visits, min(2 * some, len(open_visits))):
        status = Status.CANCELLED if chance(rng, 0.3) else Status.PROCESSED
        clinic.keep_visit(replace(entry, status=status, updated=moment))
        told["changed"].append(f"appointments/{entry.id}")
        if status is Status.PROCESSED:
            note = {**history.clinical_note(clinic.seed, entry), "created": stamp(moment)}
            _new(clinic, "clinical_notes", note, told)


def _open(clinic: Clinic, moment: datetime) -> list[Visit]:
    return [
        entry
        for entry in clinic.visits.values()
        if entry.status in {Status.PENDING, Status.ARRIVED}
        and entry.patient in clinic.people
        and entry.updated < moment
    ]


def _recreate(
    clinic: Clinic, rng: random.Random, moment: datetime, told: dict[str, list[object]]
) -> None:
    """Delete a visit and enter it again a little later, as desks do when a patient checks out."""
    done = [
        entry
        for entry in clinic.visits.values()
        if entry.status is Status.PROCESSED
        and entry.patient in clinic.people
        and entry.updated < moment
    ]
    for entry in rng.sample(done, min(1, len(done))):
        clinic.remove("appointments", entry.id)
        again = replace(
            entry,
            id=clinic.next_id("appointments"),
            start=entry.start + timedelta(minutes=15 * rng.randrange(1, 7)),
            created=moment,
            updated=moment,
        )
        clinic.keep_visit(again)
        told["recreated"].append((entry.id, again.id))
        for invoice in clinic["invoices"]:
            if invoice["appointment_id"] == str(entry.id):
                clinic.replace("invoices", {**invoice, "appointment_id": str(again.id)})


def _delete(clinic: Clinic, rng: random.Random, told: dict[str, list[object]]) -> None:
    """Delete a visit that waits or was cancelled, and a patient to whom nothing refers.

    Each if there is one. The visit may be past (a cancelled one), or entered this very day.
    """
    waiting = [
        entry
        for entry in clinic.visits.values()
        if entry.status in {Status.PENDING, Status.CANCELLED} and entry.patient in clinic.people
    ]
    for entry in rng.sample(waiting, min(1, len(waiting))):
        clinic.remove("appointments", entry.id)
        told["deleted"].append(f"appointments/{entry.id}")
    referred = {
        str(record["patient_id"])
        for resource in clinic
        for record in clinic[resource]
        if "patient_id" in record
    }
    for package in clinic["patient_packages"]:
        sharers = package["subscribed_patients"]
        assert isinstance(sharers, list)  # noqa: S101 - made so by history()
        referred |= {str(sharer["patient_id"]) for sharer in sharers}
    alone = [number for number in clinic.people if str(number) not in referred]
    for number in rng.sample(alone, min(1, len(alone))):
        clinic.remove("patients", number)
        told["deleted"].append(f"patients/{number}")
