"""Everything that can be odd about what was read, checked or loaded: one closed set of kinds.

Each row of the issue list has one of them; the table itself refuses any other.
"""

from __future__ import annotations

from enum import StrEnum


class IssueKind(StrEnum):
    """What may be odd about a resource, a record or a value; none of it stops a run by itself.

    Reading PracticeHub:
        RESOURCE_REFUSED: the key may not read a whole resource (403).
        ROW_WITHOUT_ID: a row that is no record; it is in its raw page only.
        DIFFERING_COPIES: one record came twice and differs; both are kept, one counts.
        COUNT_MISMATCH: distinct records and the reported total disagree.
        FILE_…: what was odd about a file, or why its bytes are not here.

    Checking values (`staging`, `mapping`):
        ORPHAN: the record refers to a patient whom PracticeHub does not list.
        CONTROL_CHARACTERS: characters that no text may hold (NUL, half a surrogate pair) are gone.
        DATE_ZERO: the database's "0000-00-00", which is no date; it is empty.
        TIME_SKIPPED, TIME_TWICE: a local time that the clocks jumped over, or passed twice.
        VALUE_UNMAPPED, FIELD_UNKNOWN: seen for the first time after the map was confirmed.

    Loading:
        REFUSED_BY_ODOO: Odoo did not take the record.
        EDITED_IN_ODOO: a person changed the field in Odoo; their value stays.
        DELETED_IN_SOURCE: it was there in an earlier pass over PracticeHub and is no more.
    """

    RESOURCE_REFUSED = "resource_refused"
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
    FILE_NAME_REPEATED = "file_name_repeated"
    FILE_OF_NO_PATIENT = "file_of_no_patient"
    FILE_OF_ANOTHER_KIND = "file_of_another_kind"
    FILE_MISSING = "file_missing"

    ORPHAN = "orphan"
    CONTROL_CHARACTERS = "control_characters"
    NAME_MISSING = "name_missing"
    EMAIL_INVALID = "email_invalid"
    PHONE_UNREADABLE = "phone_unreadable"
    PHONE_DOUBTFUL = "phone_doubtful"
    DATE_ZERO = "date_zero"
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

    REFUSED_BY_ODOO = "refused_by_odoo"
    EDITED_IN_ODOO = "edited_in_odoo"
    DELETED_IN_SOURCE = "deleted_in_source"
