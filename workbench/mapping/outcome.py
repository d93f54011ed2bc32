"""What is expected of one record: its rows in Odoo, its fate and the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.mapping.context import Context
from workbench.mapping.model import Disposition
from workbench.mapping.model import Mapping as Map
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.staging.findings import Finding
from workbench.staging.outcomes import HELD_BACK
from workbench.staging.paths import filled_paths, is_empty, value_at
from workbench.state import Fate, IssueKind, canonical, id_text

ORPHAN = "orphan: its patient is not in PracticeHub's list"
NO_PATIENT = "it belongs to no patient"
SHARERS = "subscribed_patients[].patient_id"
NAMED, ENDS_LATER = "every contact has a name", "an event ends after it starts"
ANSWERED = "the latest answer fills an empty field"
OUTSIDE = "a pharmacy outside the clinic stays known"
"""Rules that a record as a whole may break."""
CALENDAR_BLOCK = "a block in the calendar: it has no patient"


@dataclass(frozen=True, slots=True)
class Alias:
    """A second external id for a record that has one: both point to it."""

    external_id: str
    of: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What becomes of one source record.

    Args:
        rows: the records Odoo is expected to hold because of it; external ids distinct.
        fate: what to count it as; None while it waits.
        reason: why, in words; empty where it is simply created.
        issues: what was odd.
        aliases: further external ids.
        waiting: subjects of decisions it waits for; then it has neither rows nor fate.
        fills: number of the contact that Odoo had before us and that the first row fills.
        within: external id of the record in whose list it stands, in place of rows of its own.
    """

    rows: tuple[LoadRow, ...] = ()
    fate: Fate | None = None
    reason: str = ""
    issues: tuple[Finding, ...] = ()
    aliases: tuple[Alias, ...] = ()
    waiting: tuple[str, ...] = ()
    fills: int | None = None
    within: str = ""


def held_back(waiting: list[str], issues: list[Finding]) -> Expected:
    """Give what is expected of a record that must wait for decisions."""
    subjects = tuple(dict.fromkeys(waiting))
    reason = f"waits for {len(subjects)} decision(s)"
    return Expected(reason=reason, issues=tuple(dict.fromkeys(issues)), waiting=subjects)


def owner_of(record: Mapping[str, object]) -> str | None:
    """Give the id of the patient a record belongs to: its own, else the first of its sharers."""
    given = record.get("patient_id")
    if not is_empty(given):
        # what is no id names a patient all the same: one whom nobody lists
        return id_text(given) or canonical(given)
    sharers = value_at(record, SHARERS)
    for one in sharers if isinstance(sharers, list) else []:
        if not is_empty(one):
            return id_text(one)
    return None


def message_values(key: str, title: str, body: str, context: Context) -> dict[str, Value]:
    """Give the values of a note on a patient; its author stays empty unless known, never ours.

    Odoo makes an attachment, open to whoever has its address, of every picture that is
    written out in a message's text, even where it is only talked about. Spelled with an
    entity such a text stays a text; Odoo stores it as it was.
    """
    values: dict[str, Value] = {
        "model": "res.partner",
        "res_id": Ref(RefKind.RECORD, key),
        "subject": title,
        "body": body.replace(";base64,", "&#59;base64,"),
        "message_type": "comment",
        "author_id": None,
        "email_from": None,
    }
    if context.note_subtype is not None:
        values["subtype_id"] = Ref(RefKind.ID, f"mail.message.subtype:{context.note_subtype}")
    return values


_PHARMACY = re.compile(r"pharm|farma|apoth?e", re.IGNORECASE)
"""A pharmacy in a field's name: pharmacy_reference, farmacia, apotheek, Apotheke."""


def pharmacy_findings(
    record: Mapping[str, object], source_id: str, mapping: Map
) -> tuple[Finding, ...]:
    """List the fields of a prescription that name a pharmacy outside the clinic.

    What they say stays with the prescription, in its patient's list; that pharmacy's own
    system knows nothing of the move, so a person must look at each.
    """
    dropped = {row.path for row in mapping.of("prescriptions")
               if row.disposition is Disposition.DROPPED}  # fmt: skip
    return tuple(
        Finding(IssueKind.PHARMACY_OUTSIDE, "prescriptions", source_id, f"prescriptions.{path}",
                OUTSIDE, "kept with the prescription; the pharmacy is not told")
        for path in sorted(filled_paths(record) - dropped)
        if _PHARMACY.search(path)
    )  # fmt: skip


def unknown_findings(resource: str, source_id: str, waiting: Sequence[str]) -> list[Finding]:
    """List the fields a record has and the map does not."""
    return [
        Finding(IssueKind.FIELD_UNKNOWN, resource, source_id, subject.partition(":")[2],
                "every field has a disposition", HELD_BACK)
        for subject in waiting
    ]  # fmt: skip
