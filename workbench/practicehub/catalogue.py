"""The list resources an account may have, patients first.

Which of them an account really has is asked, never assumed: one that is answered with 404
is noted and skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.errors import ConfigError
from workbench.state import id_text


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
    """One list resource.

    Args:
        name: as in its path; what the run calls it everywhere.
        singular: as in external ids: `patient_12`.
        order: its place in the walk; parents come before children.
        patient_key: the field that names the patient, or None where it is nobody's.
        patient_list: a list of sharers; its first one owns the record where `patient_key`
            is null.
        file: where a record tells of its file, or None.
        created: the field with the time it was made.
        updated: the field with the time it was last changed, where it has one.
    """

    name: str
    singular: str
    order: int
    patient_key: str | None = None
    patient_list: str | None = None
    file: FileFields | None = None
    created: str = "created"
    updated: str = "updated"
    path: str = field(default="")

    def __post_init__(self) -> None:
        if not self.path:
            object.__setattr__(self, "path", f"/{self.name}")

    @property
    def times(self) -> tuple[str, str]:
        """Name the fields with the times of creation and of the last change."""
        return (self.created, self.updated)

    def patient_of(self, row: Mapping[str, object]) -> str | None:
        """Give the id of the patient a row belongs to, as text, or None."""
        if self.patient_key is None:
            return None
        own = id_text(row.get(self.patient_key))
        if own is not None or self.patient_list is None:
            return own
        sharers = row.get(self.patient_list)
        first = sharers[0] if isinstance(sharers, list) and sharers else None
        return id_text(first.get(self.patient_key)) if isinstance(first, dict) else None


_PATIENT = "patient_id"
_FILES = FileFields(url=("url", "file_url"))
_DOCUMENTS = FileFields(url=("file_url", "url"))
_SCANS = FileFields(
    url=("pdf_url", "file_url"),
    name=("pdf_name", "file_name"),
    size=("pdf_size", "size"),
    always=False,
)

RESOURCES: tuple[Resource, ...] = (
    Resource("patients", "patient", order=0),
    Resource("practitioners", "practitioner", order=1),
    Resource("appointment_types", "appointment_type", order=2),
    Resource("locations", "location", order=3),
    Resource("appointments", "appointment", order=4, patient_key=_PATIENT),
    Resource("prescriptions", "prescription", order=5, patient_key=_PATIENT, file=_SCANS),
    Resource("documents", "document", order=6, patient_key=_PATIENT, file=_DOCUMENTS),
    Resource("files", "file", order=7, patient_key=_PATIENT, file=_FILES),
    Resource("clinical_notes", "clinical_note", order=8, patient_key=_PATIENT),
    Resource("patient_logs", "patient_log", order=9, patient_key=_PATIENT),
    Resource("care_plans", "care_plan", order=10, patient_key=_PATIENT),
    Resource("custom_form_responses", "custom_form_response", order=11, patient_key=_PATIENT),
    Resource("invoices", "invoice", order=12, patient_key=_PATIENT),
    Resource("payments", "payment", order=13, patient_key=_PATIENT),
    Resource("payment_methods", "payment_method", order=14),
    Resource("payment_allocations", "payment_allocation", order=15, patient_key=_PATIENT),
    Resource(
        "patient_packages",
        "patient_package",
        order=16,
        patient_key=_PATIENT,
        patient_list="subscribed_patients",
    ),
)
"""Every list resource of both vocabularies, in the order in which they are read."""

_BY_NAME = {one.name: one for one in RESOURCES}


def resource(name: str) -> Resource:
    """Give a resource by its name.

    Raises:
        ConfigError: the catalogue has none of that name.
    """
    found = _BY_NAME.get(name)
    if found is None:
        what = f"There is no PracticeHub resource {name!r} in the catalogue."
        raise ConfigError(what)
    return found
