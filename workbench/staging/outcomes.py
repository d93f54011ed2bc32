"""What happens to a value or a record that something is odd about, in words; one place for all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workbench.state import IssueKind

HELD_BACK = "the record waits for a decision"
RAW_KEPT = "the raw text is kept among the values that could not be read"
AS_IT_IS = "kept as it is"

_OUTCOMES: Mapping[IssueKind, str] = MappingProxyType(
    {
        IssueKind.CONTROL_CHARACTERS: "impossible characters removed",
        IssueKind.INVISIBLE_CHARACTERS: "characters without width removed",
        IssueKind.EMAIL_INVALID: "kept as typed",
        IssueKind.PHONE_UNREADABLE: "kept as typed",
        IssueKind.PHONE_DOUBTFUL: "written in international form all the same",
        IssueKind.DATE_ZERO: "left empty",
        IssueKind.DATE_IMPLAUSIBLE: "kept as it is",
        IssueKind.TIME_SKIPPED: "counted from the offset before the clocks changed",
        IssueKind.TIME_TWICE: "the first of the two, or the second where start and end tell",
        IssueKind.TIME_ROUNDED: "fraction of a second left out",
        IssueKind.HTML_REDUCED: "reduced to simple tags",
        IssueKind.VALUE_EMPTIED: "left empty; the raw value stays in the run folder",
        IssueKind.VALUE_DIFFERS: RAW_KEPT,
        IssueKind.ADDRESS_UNSPLIT: "kept as one line",
        IssueKind.LANGUAGE_NOT_INSTALLED: "left empty; PracticeHub's code is kept beside it",
        IssueKind.REFERENCE_UNKNOWN: "the number is kept in place of a name",
        IssueKind.ORPHAN: "listed; its patient is not in PracticeHub's list",
        IssueKind.VALUE_UNMAPPED: HELD_BACK,
        IssueKind.FIELD_UNKNOWN: HELD_BACK,
    }
)


def outcome_of(kind: IssueKind) -> str:
    """Say what happens to a value that could be read, with this oddity on the way."""
    return _OUTCOMES.get(kind, AS_IT_IS)
