"""What may be odd about a value, and how a reading of it ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IssueKind(StrEnum):
    """What may be odd about a value or a record; none of it stops a run by itself.

    Not every kind of issue there is: `practicehub.SourceIssue` has those of reading, and
    `phases` names what only a second pass or Odoo can show.

    ORPHAN: the record refers to a patient whom PracticeHub does not list.
    CONTROL_CHARACTERS: characters that no text may hold (NUL, half a surrogate pair) are gone.
    TIME_SKIPPED, TIME_TWICE: a local time that the clocks jumped over, or passed twice.
    VALUE_UNMAPPED, FIELD_UNKNOWN: seen for the first time after the map was confirmed.
    """

    ORPHAN = "orphan"
    CONTROL_CHARACTERS = "control_characters"
    NAME_MISSING = "name_missing"
    EMAIL_INVALID = "email_invalid"
    PHONE_UNREADABLE = "phone_unreadable"
    PHONE_DOUBTFUL = "phone_doubtful"
    DATE_UNREADABLE = "date_unreadable"
    DATE_IMPLAUSIBLE = "date_implausible"
    TIME_UNREADABLE = "time_unreadable"
    TIME_SKIPPED = "time_skipped"
    TIME_TWICE = "time_twice"
    TIME_ROUNDED = "time_rounded"
    BOOLEAN_UNREADABLE = "boolean_unreadable"
    NUMBER_UNREADABLE = "number_unreadable"
    HTML_REDUCED = "html_reduced"
    ADDRESS_UNSPLIT = "address_unsplit"
    COUNTRY_UNKNOWN = "country_unknown"
    STATE_UNKNOWN = "state_unknown"
    LANGUAGE_NOT_INSTALLED = "language_not_installed"
    REFERENCE_UNKNOWN = "reference_unknown"
    VALUE_UNMAPPED = "value_unmapped"
    FIELD_UNKNOWN = "field_unknown"
    FILE_MISSING = "file_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity of one record; names a record and a field, never a value.

    `rule` says who noticed (a transform's or a check's name), `outcome` what happens to
    the value.
    """

    kind: IssueKind
    resource: str
    source_id: str
    field: str
    rule: str
    outcome: str


Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Clean:
    """A value that could be read; None is empty. `notes` are oddities on the way."""

    value: Scalar
    notes: tuple[IssueKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that could not be read; the caller keeps the raw text."""

    reason: IssueKind


Reading = Clean | Refused

EMPTY = Clean(None)
