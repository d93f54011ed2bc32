"""Rows applied to a record: what has no target, or says something else, stays readable."""

from __future__ import annotations

import pytest

from workbench.mapping import Context, Expecter, Mapping, MapRow, check
from workbench.mapping.apply import Applied, Applier
from workbench.mapping.model import Disposition
from workbench.mapping.rows import Ref, RefKind
from workbench.state import Fate, IssueKind

CONTEXT = Context(
    timezone="UTC", patient_key={"7": "patient_7"}.get, country="NL",
    appointment_types={"3": "Follow-up"},
)  # fmt: skip
ADDRESS = MapRow(
    "patients.address", Disposition.MAPPED, "res.partner.street", "address", "char",
    also=("res.partner.street2", "res.partner.zip", "res.partner.city", "res.partner.country_id"),
)  # fmt: skip
WHOLE = "Weg 1\n1011 AB Amsterdam\nNederland"


def mapped(field: str, target: str, transform: str = "text", kind: str = "char") -> MapRow:
    """Give a row that maps one field to one target."""
    return MapRow(field, Disposition.MAPPED, target, transform, kind)


def applied(record: dict[str, object], *rows: MapRow) -> Applied:
    """Apply rows to a patient or a visit."""
    resource, model = rows[0].resource, rows[0].model
    return Applier(Mapping(rows=rows), CONTEXT, resource=resource, model=model)(record, "7")


def test_parts_of_an_address_without_a_target_are_kept() -> None:
    """An address that goes to the street alone does not lose its postcode and town."""
    short = MapRow("patients.address", Disposition.MAPPED, "res.partner.street", "address", "char")

    assert applied({"address": WHOLE}, short).unread == [
        "address: Weg 1, 1011 AB Amsterdam, Nederland"
    ]
    assert applied({"address": WHOLE}, ADDRESS).unread == []


def test_numbers_without_a_target_are_kept() -> None:
    """A list of numbers that goes to one field keeps those that are not in it."""
    row = MapRow("patients.numbers[].number", Disposition.COMBINED, "res.partner.phone",
                 "phone_list", "char", "number")  # fmt: skip
    one = applied({"numbers": [{"number": "020 123 4567"}]}, row)
    two = applied({"numbers": [{"number": "020 123 4567"}, {"number": "06 12345678"}]}, row)

    assert one.unread == []
    assert len(two.unread) == 1
    assert "06 12345678" in two.unread[0]


def test_a_link_without_a_target_is_no_loss() -> None:
    """The insurer's name says it all; no line is written about the contact it could link to."""
    row = mapped("patients.insurer", "res.partner.x_insurer", "company")

    assert applied({"insurer": "Goudvink"}, row).unread == []


def test_a_practitioner_without_user_or_name_field_is_kept() -> None:
    """Who treated the patient is not lost where the map names no field for it."""
    row = MapRow("appointments.practitioner_id", Disposition.COMBINED, "crm.lead.user_id",
                 "practitioner", "many2one", "id")  # fmt: skip

    assert applied({"practitioner_id": 44}, row).unread == ["practitioner_id: 44"]


def test_a_field_of_its_own_counts_before_what_an_address_says() -> None:
    """A town that differs from the one in the address line is kept, and listed."""
    rows = (ADDRESS, mapped("patients.city", "res.partner.city"))
    alike = applied({"address": WHOLE, "city": "Amsterdam"}, *rows)
    differs = applied({"address": WHOLE, "city": "Utrecht"}, *rows)
    alone = applied({"address": WHOLE, "city": ""}, *rows)

    assert alike.findings == []
    assert alone.values["city"] == alike.values["city"] == "Amsterdam"
    assert differs.values["city"] == "Utrecht"
    assert differs.values["country_id"] == Ref(RefKind.COUNTRY, "NL")
    assert [one.kind for one in differs.findings] == [IssueKind.VALUE_DIFFERS]
    assert differs.unread == ["address: Weg 1, 1011 AB Amsterdam, Nederland"]
    assert not [fault for fault in check(Mapping(rows=rows)) if "shares" in fault.what]


def test_two_whole_values_for_one_target_are_a_fault() -> None:
    """Only what is cut out of a longer value may stand beside a field of its own."""
    rows = (ADDRESS, mapped("patients.city", "res.partner.city"),
            mapped("patients.town", "res.partner.city"))  # fmt: skip
    found = {fault.where for fault in check(Mapping(rows=rows)) if "shares" in fault.what}

    assert found == {"patients.address", "patients.city", "patients.town"}


def test_a_second_spelling_that_differs_is_listed() -> None:
    """A type's name beside its id says something else: one counts, the other is listed."""
    rows = (
        mapped("appointments.type", "crm.lead.x_visit_type"),
        mapped("appointments.type_id", "crm.lead.x_visit_type", "appointment_type"),
    )
    made = applied({"type": "Intake", "type_id": 3}, *rows)

    assert made.values["x_visit_type"] == "Intake"
    assert made.unread == ["type_id: 3"]
    assert [(one.kind, one.field) for one in made.findings] == [
        (IssueKind.VALUE_DIFFERS, "appointments.type_id")
    ]
    assert applied({"type": "Follow-up", "type_id": 3}, *rows).findings == []


@pytest.mark.parametrize("patient", [{"id": 7}, [7], 7.5, True])
def test_an_id_that_is_none_names_a_patient_nobody_lists(patient: object) -> None:
    """A record whose patient cannot be read is an orphan, not one that belongs to nobody."""
    rows = (
        MapRow("payments.id", Disposition.LOOKUP, "mail.message.id", "identifier", "integer"),
        MapRow("payments.patient_id", Disposition.LOOKUP, "mail.message.res_id", "patient",
               "many2one_reference"),
        MapRow("payments.patient_id.id", Disposition.KEPT, "mail.message.body"),
    )  # fmt: skip
    expected = Expecter(Mapping(rows=rows), CONTEXT).message(
        "payments", {"id": 1, "patient_id": patient}
    )

    assert expected.fate is Fate.REJECTED
    assert [one.kind for one in expected.issues] == [IssueKind.ORPHAN]
