"""The views we add to Odoo: well-formed, complete, and discreet."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from workbench.mapping.rows import FieldNeed
from workbench.odoo.views import views

GROUP = "__practicehub_test__.schema_group_clinical"
FIELDS = [
    FieldNeed("res.partner", "x_practicehub_id", "char", "PracticeHub id"),
    FieldNeed("res.partner", "x_clinic_location", "selection", "Clinic", ("N", "S")),
    FieldNeed("res.partner", "x_note", "text", 'Notes <about> "everything" & more'),
    FieldNeed("res.partner", "x_allergies", "text", "Allergies", clinical=True),
    FieldNeed("res.partner", "x_blood_type", "selection", "Blood type", ("A",), clinical=True),
]


def test_every_field_stands_on_the_form_exactly_once() -> None:
    """Nothing that was migrated stays invisible."""
    form = next(view for view in views("res.partner", FIELDS, group=GROUP) if "form" in view.name)
    names = [node.get("name") for node in ET.fromstring(form.arch).iter("field")]  # noqa: S314

    assert sorted(map(str, names)) == sorted(need.name for need in FIELDS)


def test_clinical_fields_stand_only_in_parts_that_the_group_sees() -> None:
    """Neither a column nor a filter gives them away."""
    made = views("res.partner", FIELDS, group=GROUP)
    for view in made:
        root = ET.fromstring(view.arch)  # noqa: S314  # our own text
        guarded = {
            field.get("name")
            for node in root.iter("group")
            if node.get("groups") == GROUP
            for field in node.iter("field")
        }
        shown = {field.get("name") for field in root.iter("field")}
        clinical = {"x_allergies", "x_blood_type"} & shown

        assert clinical <= guarded
        assert view.name.endswith("form") or not clinical
        assert "x_blood_type" not in view.arch or view.name.endswith("form")


@pytest.mark.parametrize("model", ["crm.lead", "calendar.event"])
def test_visits_get_a_page_columns_and_filters(model: str) -> None:
    """Three views for each model that visits go to."""
    fields = [
        FieldNeed(model, "x_practicehub_id", "char", "PracticeHub id"),
        FieldNeed(model, "x_appointment_time", "datetime", "Appointment"),
    ]

    assert [view.name.rpartition(".")[2] for view in views(model, fields, group=GROUP)] == [
        "form", "list", "search",
    ]  # fmt: skip


def test_a_model_without_a_place_gets_no_view() -> None:
    """Messages and files are seen where Odoo shows them."""
    assert views("mail.message", [FieldNeed("mail.message", "x_a", "char", "A")], group=GROUP) == []
