"""Everything that can be odd about what was read, checked or loaded: one closed set of kinds.

Each row of the issue list has one of them; the table itself refuses any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


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
        INVISIBLE_CHARACTERS: characters without width (marks of order and direction, a soft
            hyphen) are gone; joiners that a script needs stay.
        DATE_ZERO: the database's "0000-00-00", which is no date; it is empty.
        TIME_SKIPPED, TIME_TWICE: a local time that the clocks jumped over, or passed twice.
        VALUE_EMPTIED: something stood there, and once it was read nothing is left of it.
        VALUE_DIFFERS: two fields that feed one target say two things; one of them counts.
        VALUE_UNMAPPED, FIELD_UNKNOWN: seen for the first time after the map was confirmed.
        PHARMACY_OUTSIDE: a prescription that another system may have to be told about.

    Loading:
        REFUSED_BY_ODOO: Odoo did not take the record.
        EDITED_IN_ODOO: a person changed the field in Odoo; their value stays.
        ODOO_VALUE_STAYS: the contact that a patient was linked to had another value before.
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
    FILE_SIZE_UNREADABLE = "file_size_unreadable"
    FILE_EMPTY = "file_empty"
    FILE_WITHOUT_NAME = "file_without_name"
    FILE_NAME_UNSAFE = "file_name_unsafe"
    FILE_NAME_REPEATED = "file_name_repeated"
    FILE_OF_NO_PATIENT = "file_of_no_patient"
    FILE_OF_ANOTHER_KIND = "file_of_another_kind"
    FILE_MISSING = "file_missing"

    ORPHAN = "orphan"
    CONTROL_CHARACTERS = "control_characters"
    INVISIBLE_CHARACTERS = "invisible_characters"
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
    VALUE_EMPTIED = "value_emptied"
    VALUE_DIFFERS = "value_differs"
    ADDRESS_UNSPLIT = "address_unsplit"
    COUNTRY_UNKNOWN = "country_unknown"
    STATE_UNKNOWN = "state_unknown"
    LANGUAGE_NOT_INSTALLED = "language_not_installed"
    REFERENCE_UNKNOWN = "reference_unknown"
    VALUE_UNMAPPED = "value_unmapped"
    FIELD_UNKNOWN = "field_unknown"
    PHARMACY_OUTSIDE = "pharmacy_outside"

    REFUSED_BY_ODOO = "refused_by_odoo"
    EDITED_IN_ODOO = "edited_in_odoo"
    ODOO_VALUE_STAYS = "odoo_value_stays"
    DELETED_IN_SOURCE = "deleted_in_source"

    @property
    def meaning(self) -> str:
        """What the kind says, in one sentence for whoever reads the issue list."""
        return _MEANINGS[self]


_K = IssueKind
_MEANINGS: Mapping[IssueKind, str] = MappingProxyType(
    {
        _K.RESOURCE_REFUSED: "The key may not read this resource at all (403).",
        _K.ROW_WITHOUT_ID: "A row without an id is no record; it stands in its raw page only.",
        _K.DIFFERING_COPIES: "PracticeHub sent the record twice and not alike; one copy counts.",
        _K.COUNT_MISMATCH: "As many records as PracticeHub reports could not be found.",
        _K.FILE_WITHOUT_ADDRESS: "PracticeHub gives no address for the file's bytes.",
        _K.FILE_ADDRESS_REFUSED: "The file's address is not on a host that files may come from.",
        _K.FILE_NOT_TO_BE_HAD: "The file host did not give the bytes.",
        _K.FILE_TOO_LARGE: "The file is larger than the limit that was set.",
        _K.FILE_SIZE_DIFFERS: "The file's bytes are not as many as PracticeHub says.",
        _K.FILE_SIZE_UNREADABLE: "What PracticeHub calls the file's size is no number of bytes.",
        _K.FILE_EMPTY: "The file has no bytes.",
        _K.FILE_WITHOUT_NAME: "The file has no name of its own.",
        _K.FILE_NAME_UNSAFE: "The file's name holds parts of a path or signs no name may hold.",
        _K.FILE_NAME_REPEATED: "Another file of the same patient has the same name.",
        _K.FILE_OF_NO_PATIENT: "The file says of no patient that it is theirs.",
        _K.FILE_OF_ANOTHER_KIND: "The file hangs on something that is not a patient.",
        _K.FILE_MISSING: "The file's bytes are not here, so nothing can be attached.",
        _K.ORPHAN: "The record refers to a patient whom PracticeHub does not list.",
        _K.CONTROL_CHARACTERS: "The text held characters that no text may hold.",
        _K.INVISIBLE_CHARACTERS: "The text held characters that nobody can see.",
        _K.NAME_MISSING: "The patient has no name.",
        _K.EMAIL_INVALID: "This cannot be an e-mail address.",
        _K.PHONE_UNREADABLE: "This is not one telephone number and nothing else.",
        _K.PHONE_DOUBTFUL: "A telephone number of a form that its country does not give out.",
        _K.DATE_ZERO: "A date of nothing but zeros, which is how the database writes no date.",
        _K.DATE_UNREADABLE: "This is no date in the form that the map names for the field.",
        _K.DATE_IMPLAUSIBLE: "The date lies before 1900 or after 2100.",
        _K.TIME_UNREADABLE: "This is no time, or an end before its start.",
        _K.TIME_SKIPPED: "The clocks jumped over this local time.",
        _K.TIME_TWICE: "The clocks passed this local time twice.",
        _K.TIME_ROUNDED: "The time is told more finely than in seconds.",
        _K.BOOLEAN_UNREADABLE: "This is neither yes nor no.",
        _K.NUMBER_UNREADABLE: "This is no number that can be stored.",
        _K.HTML_REDUCED: "The text held markup beyond simple tags.",
        _K.VALUE_EMPTIED: "Something stood there, and once it was read nothing is left of it.",
        _K.VALUE_DIFFERS: "Another field says something else of the same thing, and it counts.",
        _K.ADDRESS_UNSPLIT: "The address could not be split into street, postcode and town.",
        _K.COUNTRY_UNKNOWN: "This names no country we know.",
        _K.STATE_UNKNOWN: "This names no state of the record's country that Odoo knows.",
        _K.LANGUAGE_NOT_INSTALLED: "Odoo does not have this language installed.",
        _K.REFERENCE_UNKNOWN: "The record refers to something that PracticeHub does not list.",
        _K.VALUE_UNMAPPED: "The map does not say what this value becomes.",
        _K.FIELD_UNKNOWN: "The map does not say what becomes of this field.",
        _K.PHARMACY_OUTSIDE: "The prescription refers to a pharmacy outside the clinic.",
        _K.REFUSED_BY_ODOO: "Odoo did not take the record.",
        _K.EDITED_IN_ODOO: "A person changed the field in Odoo since it was loaded.",
        _K.ODOO_VALUE_STAYS: "Odoo's contact had a value of its own; PracticeHub's is in a note.",
        _K.DELETED_IN_SOURCE: "The record was in PracticeHub in an earlier pass and is no more.",
    }
)
