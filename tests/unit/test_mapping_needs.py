"""What a map asks of Odoo's schema."""

from __future__ import annotations

import pytest

from tests.support.decided_map import Vocabulary, world
from workbench.mapping import AppointmentsTo, schema_needs
from workbench.mapping.naming import CUSTOM, selection_keys

CLINICAL = {"x_date_of_birth", "x_blood_type", "x_allergies", "x_medical_history",
            "x_prescription_summary"}  # fmt: skip


@pytest.mark.parametrize("to", list(AppointmentsTo))
@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_custom_field_that_a_record_fills_is_asked_for(
    vocabulary: Vocabulary, to: AppointmentsTo
) -> None:
    """No row is sent with a custom field that was not made, nor is one made for nothing."""
    made = world(vocabulary, to)
    needs = {(one.model, one.name) for one in schema_needs(made.mapping).fields}
    used = {
        (row.model, name)
        for _, _, expected in made.expected()
        for row in expected.rows
        for name in row.values
        if name.startswith("x_")
    }

    assert used == needs


def test_fields_have_their_types_and_labels() -> None:
    """Custom fields are typed as the design says, and read like words."""
    needs = {one.name: one for one in schema_needs(world("brief").mapping).fields}

    assert needs["x_date_of_birth"].type == "date"
    assert needs["x_date_of_birth"].label == "Date of birth"
    assert needs["x_reminder_sent"].type == "boolean"
    assert needs["x_appointment_time"].type == "datetime"
    assert needs["x_referring_doctor_id"].relation == "res.partner"
    assert needs["x_shoe_size"].type == "float"
    assert all(CUSTOM.fullmatch(name) for name in needs)


def test_clinical_fields_are_marked_for_the_clinical_group() -> None:
    """What only treating people may see is marked so."""
    needs = schema_needs(world("brief").mapping).fields
    marked = {one.name for one in needs if one.clinical and one.model == "res.partner"}

    assert marked >= CLINICAL


def test_a_selection_lists_every_target_of_its_value_map() -> None:
    """Whatever a value was mapped to can be stored."""
    made = world("brief")
    needs = {(one.model, one.name): one for one in schema_needs(made.mapping).fields}
    location = needs["res.partner", "x_clinic_location"]

    assert set(location.labels) == set(made.mapping.values["patients.clinic_location"].values())
    assert len(location.labels) == len(location.selection) == len(set(location.selection))


def test_labels_that_slug_alike_get_keys_of_their_own() -> None:
    """Two locations whose names differ by a dash, or by script, stay two."""
    keys = selection_keys(["Oost", "oost", "O-ost", "東", "西"])

    assert len(set(keys.values())) == 5
    assert keys == selection_keys(reversed(list(keys)))


def test_stages_are_those_that_statuses_go_to() -> None:
    """Stages come in the order of the pipeline, and only the visit that took place is won."""
    stages = schema_needs(world("observed").mapping).stages

    assert [one.name for one in stages] == [
        "New",
        "In Progress",
        "Completed",
        "Cancelled",
        "Missed",
    ]
    assert [one.name for one in stages if one.won] == ["Completed"]


def test_visits_in_the_calendar_need_no_stage() -> None:
    """Where visits go to the calendar alone, the pipeline is left as it is."""
    assert schema_needs(world("observed", AppointmentsTo.EVENT).mapping).stages == ()
