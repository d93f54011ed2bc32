"""What Odoo must hold of the synthetic clinic, worked out anew and by other means.

Nothing here is imported from the mapping, staging or proof rooms: a mistake of theirs must not
become the test's opinion.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.journey.support import blob_of
from workbench.sandbox.clinic import URL_FIELDS, Clinic

Record = dict[str, Any]

ZONE = ZoneInfo("Europe/Amsterdam")
NOTES = {
    "clinical_notes": "clinical_note", "patient_logs": "patient_log", "care_plans": "care_plan",
    "custom_form_responses": "custom_form_response", "invoices": "invoice",
    "payments": "payment", "patient_packages": "patient_package",
}  # fmt: skip
"""Resources that are kept as notes on the patient, and how their external ids begin."""
FATES = ("created", "updated", "merged", "excluded", "rejected")
"""What may become of a record, each with exactly one of them."""
PAPERS = {"documents": "document", "files": "file", "prescriptions": "prescription"}
"""Resources whose records carry a file, and how their external ids begin."""


def utc(local: str) -> str:
    """Bring a local time of the clinic to UTC; of a time passed twice, the first."""
    moment = datetime.fromisoformat(local).replace(tzinfo=ZONE)
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def begins(local: str, end: str) -> str:
    """Bring a start to UTC; of a time passed twice the one nearer to the end ("" for none)."""
    first = utc(local)
    moment = datetime.fromisoformat(local).replace(tzinfo=ZONE, fold=1)
    second = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return second if end and first < second <= utc(end) else first


def later(instant: str, minutes: int) -> str:
    """Add minutes to a time."""
    return str(datetime.fromisoformat(instant) + timedelta(minutes=minutes))


def patient_of(record: Record) -> str | None:
    """Say whose a record is: its patient, else the first who shares it."""
    sharers = record.get("subscribed_patients") or [{}]
    found = record.get("patient_id") or sharers[0].get("patient_id")
    return None if found is None else str(found)


def known(clinic: Clinic) -> set[str]:
    """Give the ids of the patients that the clinic has."""
    return {str(one["id"]) for one in clinic["patients"]}


def twins(clinic: Clinic) -> dict[str, str]:
    """Give the patients that were typed twice on purpose: the later entry to the earlier."""
    return {str(newer): str(older) for older, newer in clinic.planted["duplicates"]}


def of_known(clinic: Clinic, resource: str) -> Iterator[Record]:
    """Give the records of a resource whose patient is there."""
    there = known(clinic)
    return (one for one in clinic[resource] if patient_of(one) in there)


def kept(clinic: Clinic, patient: str, name: str) -> set[str]:
    """Give what a field of a patient may hold: its own value, or its twin's where it has none."""
    mine = [str(one.get(name) or "").strip() for one in clinic["patients"]
            if str(one["id"]) == patient]  # fmt: skip
    if any(mine):
        return set(mine)
    gone = {newer for newer, older in twins(clinic).items() if older == patient}
    return {str(one.get(name) or "").strip() for one in clinic["patients"]
            if str(one["id"]) in gone} or {""}  # fmt: skip


def full_name(record: Record) -> str:
    """Write a person's name as people do."""
    parts = f"{record['first_name'] or ''} {record['last_name'] or ''}".split()
    return " ".join(parts)


def digits(number: object) -> str:
    """Give the last digits of a telephone number: the same however it was typed."""
    return re.sub(r"\D", "", str(number or ""))[-7:]


def words(value: object) -> set[str]:
    """Give the words of a text, without markup."""
    plain = html.unescape(re.sub(r"<[^>]*>", " ", html.unescape(str(value))))
    return set(re.findall(r"\w{3,}", plain))


def leaves(value: object) -> Iterator[object]:
    """Give every filled scalar of a record, however deep it lies."""
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif value is not None and value != "" and not isinstance(value, bool):
        yield value


def said_in(record: Record) -> set[str]:
    """Give every word that a note made of a record must hold."""
    told = {k: v for k, v in record.items()
            if k not in {"id", "patient_id", "created", "subscribed_patients"}}  # fmt: skip
    return set().union(*(words(one) for one in leaves(told)))


def papers(clinic: Clinic) -> dict[str, bytes]:
    """Give the bytes of every file of a patient: external id to content."""
    return {
        f"{PAPERS[resource]}_{record['id']}": content
        for resource, name in URL_FIELDS[clinic.vocabulary].items()
        for record in of_known(clinic, resource)
        if record.get("entity_type", "patient") == "patient"
        and (content := blob_of(clinic, record[name])) is not None
    }


def sha1(content: bytes) -> str:
    """Give the checksum that Odoo keeps of an attachment."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def fates(clinic: Clinic, *, users: int) -> dict[str, dict[str, int]]:
    """Count what must become of each resource's records; what is 0 is not named.

    Args:
        clinic: the clinic as PracticeHub has it.
        users: how many practitioners have an Odoo user.
    """
    there, made = known(clinic), {}
    merged = len(twins(clinic))
    made["patients"] = {"created": len(clinic["patients"]) - merged, "merged": merged}
    made["practitioners"] = {"merged": users, "excluded": len(clinic["practitioners"]) - users}
    visits = clinic["appointments"]
    blocks = _count(one["patient_id"] is None for one in visits)
    made["appointments"] = {"created": len(visits) - blocks, "excluded": blocks}
    for resource in ("payment_methods", "appointment_types"):
        if resource in clinic:
            made[resource] = {"merged": len(clinic[resource])}
    if "prescriptions" in clinic:
        made["prescriptions"] = {"merged": len(clinic["prescriptions"])}
    if "payment_allocations" in clinic:
        made["payment_allocations"] = {"excluded": len(clinic["payment_allocations"])}
    for resource in NOTES:
        owned = _count(patient_of(one) in there for one in clinic[resource])
        made[resource] = {"created": owned, "rejected": len(clinic[resource]) - owned}
    links = URL_FIELDS[clinic.vocabulary]
    for resource in set(links) - {"prescriptions"}:
        made[resource] = _fates_of_files(clinic[resource], links[resource], there)
    return {name: {fate: count for fate, count in one.items() if count}
            for name, one in made.items()}  # fmt: skip


def told(status: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Give what `workbench status --json` says became of each resource's, as `fates` counts."""
    return {name: {fate: one[fate] for fate in FATES if one[fate]}
            for name, one in status["resources"].items()}  # fmt: skip


def _fates_of_files(records: Iterable[Record], link: str, there: set[str]) -> dict[str, int]:
    counts = {"created": 0, "excluded": 0, "rejected": 0}
    for one in records:
        if one.get("entity_type", "patient") != "patient":
            counts["excluded"] += 1
        elif one[link] and patient_of(one) in there:
            counts["created"] += 1
        else:
            counts["rejected"] += 1
    return counts


def _count(true: Iterable[bool]) -> int:
    return sum(1 for one in true if one)
