"""Records against the map: what is odd is listed by record and field, never by value."""

from __future__ import annotations

import pytest

from tests.support.decided_map import Vocabulary, world
from workbench.staging import check
from workbench.state import IssueKind


def test_odd_values_are_listed_by_field() -> None:
    """A wrong e-mail, an unreadable date and a new status are each listed once."""
    made = world("brief")
    record = {
        **made.clinic["patients"][0], "email": "a@@b", "date_of_birth": "spring",
        "note": "<x>y</x>",
        "contact_status": "Dormant", "hair_colour": "red",
    }  # fmt: skip
    found = check("patients", "7", record, mapping=made.mapping)

    assert {(one.kind, one.field) for one in found} == {
        (IssueKind.EMAIL_INVALID, "patients.email"),
        (IssueKind.DATE_UNREADABLE, "patients.date_of_birth"),
        (IssueKind.HTML_REDUCED, "patients.note"),
        (IssueKind.VALUE_UNMAPPED, "patients.contact_status"),
        (IssueKind.FIELD_UNKNOWN, "patients.hair_colour"),
    }
    assert not any(word in str(found) for word in ("a@@b", "spring", "Dormant", "red "))


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_a_decided_map_knows_every_field_and_value(vocabulary: Vocabulary) -> None:
    """Once all proposals are accepted, no record of the clinic holds anything undecided."""
    made = world(vocabulary)
    kinds = {
        one.kind
        for resource in made.clinic
        for record in made.clinic[resource]
        for one in check(resource, str(record["id"]), record, mapping=made.mapping)
    }

    assert not kinds & {IssueKind.FIELD_UNKNOWN, IssueKind.VALUE_UNMAPPED}
