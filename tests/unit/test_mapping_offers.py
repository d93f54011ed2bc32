"""What the actual Odoo has is used where it fits; what a language model says is little."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.decided_map import ODOO_FIELDS
from workbench.mapping import AppointmentsTo, MapOptions, Proposal, propose
from workbench.mapping.suggested import MOST, Suggestion
from workbench.staging import profile_records

OPTIONS = MapOptions(timezone="Europe/Amsterdam", country="NL")


def made_of(
    fields: dict[str, object],
    there: dict[str, dict[str, Any]] | None = None,
    suggested: dict[str, Suggestion] | None = None,
    *,
    options: MapOptions = OPTIONS,
) -> dict[str, Proposal]:
    """Propose for forty patients in an Odoo that has some more fields; lists take turns."""
    rows = [
        {
            "id": number,
            **{
                name: values[number % len(values)] if isinstance(values, list) else values
                for name, values in fields.items()
            },
        }
        for number in range(40)
    ]
    odoo = {"res.partner": {**ODOO_FIELDS["res.partner"], **(there or {})}}
    found = propose(
        profile_records("patients", rows), odoo_fields=odoo, options=options,
        suggested={f"patients.{path}": one for path, one in (suggested or {}).items()},
    )  # fmt: skip
    return {one.row.path: one for one in found}


@pytest.mark.parametrize(
    ("source", "value", "name", "there", "transform"),
    [
        ("Shoe size", 38.5, "x_studio_shoe_size", {"type": "float"}, "float"),
        ("shoe_size", 38, "x_studio_f3", {"type": "float", "string": "Shoe Size"}, "float"),
        ("hobby", "chess", "x_studio_hobby", {"type": "text"}, "plain_text"),
        ("smoker", True, "x_studio_smoker", {"type": "boolean"}, "boolean"),
        ("dob", "1984-07-19", "x_studio_date_of_birth", {"type": "date"}, "date"),
        ("dob", "1984-07-19", "x_birthdate", {"type": "date", "string": "Date of birth"}, "date"),
        ("mobilephone", "06 1234 5123", "x_studio_mobile", {"type": "char"}, "phone"),
        (
            "sport", ["ski", "run"], "x_studio_sport",
            {"type": "selection", "selection": [["run", "Run"], ["ski", "Ski"], ["box", "Box"]]},
            "selection",
        ),
    ],
)  # fmt: skip
def test_a_field_that_somebody_made_in_odoo_is_used_again(
    source: str, value: object, name: str, there: dict[str, Any], transform: str
) -> None:
    """A custom field of the same words and a fitting type is better than a second one."""
    made = made_of({source: value}, {name: there})[source]

    assert (made.row.name, made.row.transform, made.row.type) == (name, transform, there["type"])
    assert made.confidence <= 0.8
    assert any(name in reason for reason in made.reasons)


@pytest.mark.parametrize(
    ("source", "value", "there"),
    [
        ("shoe size", 38.5, {"type": "boolean"}),
        ("shoe size", "big and wide", {"type": "integer"}),
        ("shoe size", 38.5, {"type": "float", "readonly": True}),
        ("shoe size", 38.5, {"type": "float", "store": False}),
        ("shoe size", ["s", "m", "xl"],
         {"type": "selection", "selection": [["s", "S"], ["m", "M"]]}),
        ("shoe size", ["Small", "Big"],
         {"type": "selection", "selection": [["1", "Small"], ["2", "Big"]]}),
    ],
)  # fmt: skip
def test_a_field_that_cannot_hold_the_values_is_left_alone(
    source: str, value: object, there: dict[str, Any]
) -> None:
    """A field of another type, one that Odoo computes, or one with other values is not touched."""
    made = made_of({source: value}, {"x_studio_shoe_size": there})[source]

    assert made.row.name == "x_shoe_size"


def test_two_fields_do_not_share_one_that_odoo_has() -> None:
    """The field somebody made takes one source field, and the other keeps its own name."""
    made = made_of(
        {"hobby": "chess", "Hobby (2)": "go"},
        {"x_studio_hobby": {"type": "char"}, "x_hobby_2": {"type": "char", "string": "Hobby"}},
    )

    assert made["hobby"].row.name != made["Hobby (2)"].row.name


def test_the_values_of_a_selection_that_odoo_has_are_respected() -> None:
    """Where the sexes are stored as m and f, nobody adds male and female beside them."""
    there = {"x_sex": {"type": "selection", "selection": [["m", "Male"], ["f", "Female"]]}}

    assert made_of({"sex": ["m", "f"]}, there)["sex"].row.name == "x_sex"
    other = made_of({"sex": ["Male", "Female"]}, there)["sex"]
    assert other.row.name == "x_sex_practicehub"
    assert any("other values" in reason for reason in other.reasons)


def test_a_selection_of_an_earlier_clinic_is_shared_and_may_grow() -> None:
    """A second clinic's locations come beside those that the first one's map made."""
    there = {"x_clinic_location": {"type": "selection", "selection": [["noord", "Noord"]]}}
    made = made_of({"clinic_location": ["Zuid", "West"]}, there)["clinic_location"]

    assert made.row.name == "x_clinic_location"


@pytest.mark.parametrize(
    ("source", "value", "target"),
    [
        ("occupation", "teacher", "function"), ("beroep", "teacher", "function"),
        ("custom_fields.Job title", "teacher", "function"),
        ("homepage", "https://example.org/a", "website"), ("NIF", "10142054X", "vat"),
        ("nick name", "Jo", "nickname"), ("active", True, "x_active"),
        ("type", "private", "x_type"), ("job", "2024-01-02", "x_job"),
        ("display_name", 12, "x_display_name"),
        ("website", True, "x_website"), ("barcode", "12 34", "x_barcode"),
    ],
)  # fmt: skip
def test_a_field_of_odoos_own_is_offered_where_name_or_label_fit(
    source: str, value: object, target: str
) -> None:
    """An occupation may go to the job position, as an offer; what steers Odoo is not fed."""
    own: dict[str, dict[str, Any]] = {
        "function": {"type": "char", "string": "Job Position"},
        "website": {"type": "char", "string": "Website Link"},
        "vat": {"type": "char", "string": "Tax ID"},
        "nickname": {"type": "char", "string": "Nick name"},
        "active": {"type": "boolean", "string": "Active"},
        "type": {"type": "selection", "string": "Address Type"},
        "display_name": {"type": "char", "string": "Display Name", "readonly": True},
        "barcode": {"type": "char", "string": "Barcode"},
    }
    head, _, leaf = source.rpartition(".")
    made = made_of({head: {leaf: value}} if head else {source: value}, own)[source]

    assert made.row.name == target
    assert made.confidence < 0.9


def test_without_odoos_own_field_an_occupation_is_a_custom_one() -> None:
    """What this Odoo does not have is not proposed."""
    assert made_of({"occupation": "teacher"})["occupation"].row.name == "x_occupation"


FUNCTION = {"function": {"type": "char", "string": "Job Position"}}


def test_a_suggestion_counts_where_nothing_else_is_known() -> None:
    """What a language model suggests is proposed for an unknown field, with little confidence."""
    made = made_of(
        {"werkzaam_als": "teacher"}, FUNCTION,
        {"werkzaam_als": Suggestion("res.partner.function", "it is Dutch for\nworks as")},
    )["werkzaam_als"]  # fmt: skip

    assert made.row.target == "res.partner.function"
    assert made.confidence <= MOST
    assert made.reasons[0] == "suggested by the language model: it is Dutch for works as"


@pytest.mark.parametrize(
    ("source", "value", "target", "stays"),
    [
        ("email", "a@example.com", "res.partner.function", "email"),
        ("thing", "a word", "drop", "x_thing"),
        ("thing", "a word", "drop, please", "x_thing"),
        ("thing", "a word", "", "x_thing"),
        ("thing", "a word", "res.partner.nothing", "x_thing"),
        ("thing", "a word", "res.users.login", "x_thing"),
        ("thing", "a word", "crm.lead.x_thing", "x_thing"),
        ("thing", "a word", "res.partner.x_" + "y" * 80, "x_thing"),
        ("thing", "a word", "res.partner.email", "x_thing"),
        ("thing", "a word", "{as: dropped, why: no}", "x_thing"),
        ("thing", "a word", "nonsense", "x_thing"),
        ("thing", "a@example.com", "res.partner.comment", "x_thing"),
    ],
)
def test_a_suggestion_that_will_not_do_is_not_offered(
    source: str, value: object, target: str, stays: str
) -> None:
    """No model drops a field, overrules a name we know, or names a target that cannot be."""
    fields = {source: value, "email": "b@example.com"} if source != "email" else {source: value}
    made = made_of(fields, FUNCTION, {source: Suggestion(target, "because")})[source]

    assert made.row.name == stays
    assert not any("language model" in reason for reason in made.reasons)


def test_two_suggestions_do_not_meet_at_one_target() -> None:
    """The first field gets what was suggested, the second stays what it is."""
    word = Suggestion("res.partner.function", "work")
    made = made_of({"aaa": "teacher", "bbb": "nurse"}, FUNCTION, {"aaa": word, "bbb": word})

    assert sorted(one.row.name for one in made.values()) == [
        "function",
        "x_bbb",
        "x_practicehub_id",
    ]


def test_a_suggestion_to_keep_is_one() -> None:
    """A model may say that a field belongs in the note."""
    made = made_of({"aaa": "word"}, None, {"aaa": Suggestion("keep", "it is rarely read")})["aaa"]

    assert made.row.choice == "keep"
    assert made.confidence <= MOST


def test_a_suggestion_for_a_visit_follows_where_visits_go() -> None:
    """Where visits become events, a suggested target on the lead is none."""
    rows = [{"id": 1, "patient_id": 2, "start": "2024-01-02 10:00:00", "thing": "word"}]
    for to, model, start in (
        (AppointmentsTo.EVENT, "calendar.event", "start"),
        (AppointmentsTo.LEAD, "crm.lead", "x_appointment_time"),
    ):
        for target, fits in ((f"{model}.x_room", True), (f"{model}.{start}", False)):
            found = propose(
                profile_records("appointments", rows), odoo_fields=ODOO_FIELDS,
                options=MapOptions(appointments_to=to),
                suggested={"appointments.thing": Suggestion(target, "")},
            )  # fmt: skip
            row = next(one.row for one in found if one.row.path == "thing")
            assert (row.target == target) is fits
