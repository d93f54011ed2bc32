"""Proposals: both vocabularies come out right, and nothing filled is proposed to be dropped."""

from __future__ import annotations

import re

import pytest

from tests.support.decided_map import ODOO_FIELDS, world
from workbench.mapping import (
    AppointmentsTo,
    Disposition,
    MapOptions,
    Mapping,
    Proposal,
    propose,
)
from workbench.mapping.faults import OdooFields
from workbench.mapping.naming import CUSTOM
from workbench.staging import profile_records

OPTIONS = MapOptions(timezone="Europe/Amsterdam", country="NL")


def of(**fields: object) -> dict[str, Proposal]:
    """Propose for patients who all have these fields."""
    rows = [{"id": number, **fields} for number in range(1, 60)]
    made = propose(profile_records("patients", rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    return {one.row.path: one for one in made}


@pytest.mark.parametrize(
    ("name", "value", "target"),
    [
        ("Geboortedatum", "1984-07-19", "x_date_of_birth"),
        ("birthDate", "1984-07-19", "x_date_of_birth"),
        ("mobileNumber", "06 1234 5123", "x_mobile"),
        ("E-Mail", "a@example.com", "email"),
        ("surname", "Vos", "name"),
        ("blood_group", "AB+", "x_blood_type"),
        ("postal_code", "1011 AB", "zip"),
        ("alergies", "none", "x_allergies"),
    ],
)
def test_other_words_for_a_field_are_understood(name: str, value: str, target: str) -> None:
    """A clinic that calls a field otherwise gets the same proposal, less surely."""
    made = of(**{name: value})[name]

    assert made.row.name == target
    assert made.confidence < 0.98


def test_a_name_whose_values_say_otherwise_is_not_believed() -> None:
    """A field called mail that holds street names does not become the e-mail address."""
    made = of(mail="Weg 1")["mail"]

    assert made.row.name == "x_mail"


def test_two_fields_for_one_target_go_to_two_places() -> None:
    """Where two fields could be the e-mail address, the better one is and the other is kept."""
    made = of(email="a@example.com", e_mail="b@example.com")

    assert made["email"].row.name == "email"
    assert made["e_mail"].row.name == "x_e_mail"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "integer"), ([1.5, 2], "float"), ([True, False], "boolean"),
        (["2024-01-02"], "date"), (["2024-01-02 10:00:00"], "datetime"),
        (["red", "blue"], "selection"),
        (["31-12-2024"], "date"), (["<p>x</p>"], "text"), (["a\nb"], "text"),
        ([f"word {n}" for n in range(59)], "char"), ([0, None], "char"), ([12345678901], "char"),
        ([["a", "b"]], "text"), ([1, "x"], "char"),
    ],
)  # fmt: skip
def test_a_field_of_the_clinics_own_is_typed_from_its_records(
    values: list[object], kind: str
) -> None:
    """An unknown field becomes a custom field of the type its values have."""
    rows = [{"id": n, "own_thing": values[n % len(values)]} for n in range(1, 60)]
    made = propose(profile_records("patients", rows), odoo_fields={}, options=OPTIONS)
    row = next(one.row for one in made if one.row.path == "own_thing")

    assert (row.target, row.type) == ("res.partner.x_own_thing", kind)


def test_a_field_that_is_never_filled_waits_in_a_note() -> None:
    """An empty unknown field makes no custom field, and would still be kept once it is filled."""
    made = of(ghost=None)["ghost"]

    assert made.row.disposition is Disposition.KEPT


def test_four_hundred_odd_names_make_four_hundred_distinct_custom_fields() -> None:
    """Names like SQL or HTML, equal slugs and very long names all become proper field names."""
    names = [f"Field number {n}" for n in range(390)] + [
        "Shoe size", "shoe_size", "shoe-size", "x'; DROP TABLE res_partner; --", "<b>bold</b>",
        "名前", "ключ", "n" * 300, f"{'n' * 299}m", "x_practicehub_id",
    ]  # fmt: skip
    rows = [{"id": 1, "custom_fields": dict.fromkeys(names, "some words")}]
    made = propose(profile_records("patients", rows), odoo_fields=ODOO_FIELDS, options=OPTIONS)
    targets = [one.row.name for one in made if one.row.path != "id"]

    assert len(set(targets)) == len(names)
    assert all(CUSTOM.fullmatch(name) for name in targets)


def test_a_proposed_name_does_not_depend_on_what_else_is_there() -> None:
    """Two fields that slug alike keep their names whatever order they are seen in."""
    one = of(**{"custom": 1, "Shoe size": "a b", "shoe-size": "c d"})
    other = of(**{"shoe-size": "c d", "Shoe size": "a b"})

    assert one["Shoe size"].row.target == other["Shoe size"].row.target
    assert re.fullmatch(r"x_shoe_size_[0-9a-f]{6}", one["Shoe size"].row.name)


def test_a_custom_field_that_odoo_has_with_another_type_is_left_alone() -> None:
    """A field that somebody made in Odoo before is not overwritten with another kind of value."""
    fields: OdooFields = {
        "res.partner": {**ODOO_FIELDS["res.partner"], "x_blood_type": {"type": "integer"}}
    }
    profiles = profile_records("patients", [{"id": 1, "blood_type": "A+"}])
    made = {one.row.path: one.row for one in propose(profiles, odoo_fields=fields, options=OPTIONS)}

    assert made["blood_type"].name == "x_blood_type_practicehub"


def test_where_odoo_has_a_mobile_field_it_is_used() -> None:
    """Odoo 18 and older keep the mobile number in their own field."""
    fields: OdooFields = {"res.partner": {**ODOO_FIELDS["res.partner"], "mobile": {"type": "char"}}}
    profiles = profile_records("patients", [{"id": 1, "mobilephone": "06 1234 5123"}])
    made = {one.row.path: one.row for one in propose(profiles, odoo_fields=fields, options=OPTIONS)}

    assert made["mobilephone"].name == "mobile"


def test_visits_that_go_to_the_calendar_get_event_fields() -> None:
    """Where visits become events, start, end and attendees are the event's own."""
    made = {one.row.field: one.row for one in world("observed", AppointmentsTo.EVENT).proposals}

    assert made["appointments.start"].target == "calendar.event.start"
    assert made["appointments.end"].target == "calendar.event.stop"
    assert made["appointments.patient_id"].target == "calendar.event.partner_ids"
    assert made["appointments.status"].target == "calendar.event.x_visit_status"


def test_what_was_proposed_before_is_proposed_again_as_it_is() -> None:
    """More records of known fields do not ask people the same thing twice."""
    made = world("brief")
    fewer = [
        one for name in made.clinic for one in profile_records(name, made.clinic[name][:3])
    ]  # fmt: skip
    again = propose(fewer, odoo_fields=ODOO_FIELDS, options=OPTIONS, before=made.mapping)

    assert all(one.row == made.mapping.by_field[one.row.field] for one in again)


def test_what_was_proposed_before_is_no_surer_for_it() -> None:
    """Looking at the same records twice adds neither confidence nor reasons to a proposal."""
    made = world("brief")
    rows = Mapping(rows=tuple(one.row for one in made.proposals))
    again = propose(made.profiles, odoo_fields=ODOO_FIELDS, options=OPTIONS, before=rows)

    assert again == list(made.proposals)


def test_a_row_of_before_that_would_be_proposed_otherwise_now_is_doubtful() -> None:
    """Where more records tell another story, the old row stands, and nobody is sure of it."""
    before = Mapping(rows=(of(thing="a word")["thing"].row,))
    profiles = profile_records("patients", [{"id": n, "thing": n} for n in range(1, 60)])
    made = propose(profiles, odoo_fields=ODOO_FIELDS, options=OPTIONS, before=before)
    (thing,) = (one for one in made if one.row.path == "thing")

    assert thing.row.type == "char"
    assert thing.confidence <= 0.7
    assert thing.reasons == ("so it was proposed before",)


def test_a_resource_nobody_knows_becomes_notes_or_stays_in_the_archive() -> None:
    """A new resource of PracticeHub is not lost: with a patient it becomes notes."""
    recalls = profile_records("recalls", [{"id": 1, "patient_id": 2, "due": "2025-01-01"}])
    rooms = profile_records("rooms", [{"id": 1, "floor": 2}])
    made = propose([*recalls, *rooms], odoo_fields={}, options=OPTIONS)

    assert {one.row.field: one.row.target for one in made} == {
        "recalls.due": "mail.message.body", "recalls.id": "mail.message.id",
        "recalls.patient_id": "mail.message.res_id", "rooms.floor": "archive",
        "rooms.id": "archive",
    }  # fmt: skip
