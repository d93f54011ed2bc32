"""The list resources an account may have, patients first.

Which of them an account really has is asked, never assumed: one that is answered with 404
is noted and skipped. An account may have more of them than are known; their names stand in
its configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from workbench.errors import ConfigError
from workbench.state import id_text
from workbench.state.ids import singular

PATIENTS = "patients"
CHANGED = "updated"
"""What the time of a record's last change is called wherever it was seen; whether records have
one is asked of the records."""


@dataclass(frozen=True, slots=True)
class FileFields:
    """Where a record tells of its file: candidates in order of preference, first one wins.

    `always` True: every record is a file, and one without an address is missing. False:
    a record without an address simply has none.
    """

    url: tuple[str, ...]
    name: tuple[str, ...] = ("file_name",)
    mime: tuple[str, ...] = ("mime_type",)
    size: tuple[str, ...] = ("size",)
    entity: str = "entity_type"
    always: bool = True


@dataclass(frozen=True, slots=True)
class Resource:
    """One list resource; its records' key is `id`.

    Args:
        name: as in its path; what the run calls it everywhere.
        parents: field → the resource it refers to. `sharers[].patient_id` is a field of the
            objects of a list. Of several that name a patient the first filled one owns the
            record, and of a list its first entry.
        file: where a record tells of its file, or None.
    """

    name: str
    parents: Mapping[str, str] = field(default_factory=dict, hash=False)
    file: FileFields | None = None

    @property
    def path(self) -> str:
        """Where it is asked for, below the account's address."""
        return f"/{self.name}"

    @property
    def singular(self) -> str:
        """One of its records, as in external ids: `patient_12`."""
        return singular(self.name)

    def patient_of(self, row: Mapping[str, object]) -> str | None:
        """Give the id of the patient a row belongs to, as text, or None."""
        for path, parent in self.parents.items():
            if parent == PATIENTS:
                for one in ids_at(path, row):
                    return one
        return None


def ids_at(path: str, row: Mapping[str, object]) -> Iterator[str]:
    """Give the ids that stand in one field of a row, as text; of a list, each object's."""
    head, listed, inner = path.partition("[].")
    value = row.get(head)
    if not listed:
        value, inner = [row], head
    for item in value if isinstance(value, list) else []:
        found = id_text(item.get(inner)) if isinstance(item, Mapping) else None
        if found is not None:
            yield found


_PATIENT: Mapping[str, str] = {"patient_id": PATIENTS}
_FILES = FileFields(url=("url", "file_url"))
_DOCUMENTS = FileFields(url=("file_url", "url"))
_SCANS = FileFields(
    url=("pdf_url", "file_url"),
    name=("pdf_name", "file_name"),
    size=("pdf_size", "size"),
    always=False,
)

RESOURCES: tuple[Resource, ...] = (
    Resource(PATIENTS),
    Resource("practitioners"),
    Resource("appointment_types"),
    Resource("locations"),
    Resource(
        "appointments",
        {
            **_PATIENT,
            "practitioner_id": "practitioners",
            "appointment_type_id": "appointment_types",
            "location_id": "locations",
        },
    ),
    Resource("prescriptions", _PATIENT, _SCANS),
    Resource("documents", _PATIENT, _DOCUMENTS),
    Resource("files", _PATIENT, _FILES),
    Resource("clinical_notes", _PATIENT),
    Resource("patient_logs", _PATIENT),
    Resource("care_plans", _PATIENT),
    Resource("custom_form_responses", _PATIENT),
    Resource("invoices", {**_PATIENT, "appointment_id": "appointments"}),
    Resource("payment_methods"),
    Resource("payments", {**_PATIENT, "payment_type_id": "payment_methods"}),
    # no invoice and no payment was seen on one: payments cannot be tied to invoices
    Resource("payment_allocations", _PATIENT),
    Resource("patient_packages", {**_PATIENT, "subscribed_patients[].patient_id": PATIENTS}),
)
"""Every list resource of both vocabularies, parents before children, as they are read.

Source:
    Clients of PracticeHub that work; `prescriptions`, `documents` and `locations` were never
    seen to answer.
"""

_USUAL: Mapping[str, str] = {
    **_PATIENT,
    "practitioner_id": "practitioners",
    "appointment_id": "appointments",
    "appointment_type_id": "appointment_types",
    "location_id": "locations",
    "invoice_id": "invoices",
    "payment_id": "payments",
}
"""What these fields refer to on a resource that nobody has described."""

_BY_NAME = {one.name: one for one in RESOURCES}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def catalogue(further: Iterable[str] = ()) -> tuple[Resource, ...]:
    """Give every resource that is asked for: those known, then the account's further ones.

    Args:
        further: names of list resources that are not in the catalogue.

    Raises:
        ConfigError: a name cannot be one, is known already, comes twice, or would give its
            records the external ids of another resource's.
    """
    found = list(RESOURCES)
    taken = {one.singular: one.name for one in RESOURCES}
    for name in further:
        added = resource(name)
        if name in _BY_NAME:
            what = f"{name} is read anyway; name only what the catalogue lacks."
            raise ConfigError(what)
        if added in found:
            what = f"{name} is named twice."
            raise ConfigError(what)
        other = taken.setdefault(added.singular, name)
        if other != name:
            what = f"{name} would call its records as {other} does: {added.singular}_1."
            raise ConfigError(what)
        found.append(added)
    return tuple(found)


def resource(name: str) -> Resource:
    """Give a resource by its name; one outside the catalogue is a plain list of records.

    Raises:
        ConfigError: no resource can have that name.
    """
    known = _BY_NAME.get(name)
    if known is not None:
        return known
    if not _NAME.fullmatch(name):
        what = f"{name!r} cannot be a PracticeHub resource: small letters, digits and _ only."
        raise ConfigError(what)
    return Resource(name, _USUAL)
