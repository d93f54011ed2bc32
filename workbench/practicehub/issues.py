"""What can be odd about rows and files as they arrive: a closed set of kinds."""

from __future__ import annotations

from enum import StrEnum

from workbench.state import Issue


class SourceIssue(StrEnum):
    """The kinds of issue that reading PracticeHub can list."""

    ROW_WITHOUT_ID = "row_without_id"
    DIFFERING_COPIES = "differing_copies"
    COUNT_MISMATCH = "count_mismatch"
    FILE_WITHOUT_ADDRESS = "file_without_address"
    FILE_ADDRESS_REFUSED = "file_address_refused"
    FILE_NOT_TO_BE_HAD = "file_not_to_be_had"
    FILE_TOO_LARGE = "file_too_large"
    FILE_SIZE_DIFFERS = "file_size_differs"
    FILE_EMPTY = "file_empty"
    FILE_WITHOUT_NAME = "file_without_name"
    FILE_NAME_UNSAFE = "file_name_unsafe"
    FILE_OF_NO_PATIENT = "file_of_no_patient"


def issue(
    kind: SourceIssue,
    resource: str,
    *,
    source_id: str = "",
    field: str = "",
    rule: str,
    outcome: str,
    phase: str,
) -> Issue:
    """Make an issue; it names a record and a rule, never a value."""
    return Issue(kind.value, resource, source_id, field, rule, outcome, phase)
