"""What stands beside a difference: the source values a cell was made from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.small_run import store_page
from workbench.mapping.rows import LoadRow
from workbench.proof import Origin, Origins
from workbench.state import Store

FORM: dict[str, object] = {
    "id": 31, "form_name": "Intake", "patient_id": "7",
    "data": [{"label": "Nuts, milk, etc.", "value": "milk"}, {"label": "Other", "value": "none"}],
}  # fmt: skip


SCRIPT: dict[str, object] = {"id": 5, "patient_id": "7", "medication_name": "A", "dosage": "1"}
OTHER: dict[str, object] = {"id": 6, "patient_id": "8", "medication_name": "B"}
PATIENTS: list[dict[str, object]] = [
    {"id": 7, "first_name": "Bo", "middle_name": None, "last_name": "Vos",
     "custom_fields": {"a,b": "x", "height + weight|cm": "y"}},
    {"id": 8, "first_name": "Bo", "last_name": "Vos", "email": "bo@example.org"},
]  # fmt: skip
TRANSFORMS = {
    "patients.first_name": "full_name", "patients.last_name": "full_name",
    "patients.email": "email", "patients.note": "",
    "prescriptions.medication_name": "prescription", "prescriptions.dosage": "prescription",
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Hold two patients who are one, a form and two prescriptions."""
    store = Store(tmp_path / "state.sqlite")
    store_page(tmp_path, store, "patients", PATIENTS)
    store_page(tmp_path, store, "custom_form_responses", [FORM])
    store_page(tmp_path, store, "prescriptions", [SCRIPT, OTHER])
    yield store
    store.close()


def behind(store: Store, row: LoadRow) -> Origin:
    """Look up what stands behind a row's one cell; patient 8 was merged into patient 7."""
    return Origins(store, transforms=TRANSFORMS, merged={"8": "7"})(row, "x")


def made_of(resource: str, number: str, sources: str) -> LoadRow:
    """Give a row with one cell made from these sources."""
    return LoadRow("res.partner", f"x_{number}", resource, number, {"x": "y"},
                   sources={"x": sources})  # fmt: skip


def test_several_fields_are_shown_in_their_order(store: Store) -> None:
    """A name is shown with the parts it was made from, the empty ones left out."""
    row = made_of("patients", "7", "patients.last_name, patients.middle_name, patients.first_name")

    assert behind(store, row) == Origin("Vos | Bo", "full_name", "7")


def test_a_source_field_named_with_signs_is_found(store: Store) -> None:
    """A clinic may call a field "height + weight": the reviewer sees its value all the same."""
    row = made_of(
        "patients", "7", "patients.custom_fields.height + weight|cm, patients.custom_fields.a,b"
    )

    assert behind(store, row).source == "y | x"


def test_a_question_with_commas_is_one_field(store: Store) -> None:
    """Commas of a form's question part no sources."""
    path = "custom_form_responses.data[Intake / Nuts, milk, etc.].value"
    row = made_of("custom_form_responses", "31", f"{path}, custom_form_responses.form_name")

    assert behind(store, row).source == "milk | Intake"


def test_an_answer_is_shown_beside_the_contacts_field(store: Store) -> None:
    """A field filled from a form shows what the patient answered there."""
    row = made_of("patients", "7", "custom_form_responses/31.data[Intake / Nuts, milk, etc.].value")

    assert behind(store, row).source == "milk"


def test_a_list_of_prescriptions_is_shown_with_all_of_them(store: Store) -> None:
    """Beside the summary stand the patient's prescriptions, the merged patient's too."""
    row = made_of("patients", "7", "prescriptions.medication_name, prescriptions.dosage")

    assert behind(store, row) == Origin("A | 1 | B", "prescription", "7")


def test_a_value_taken_from_a_merged_patient_is_shown(store: Store) -> None:
    """What the other record of one person filled in is shown as it stands there."""
    row = made_of("patients", "7", "patients/8.email")

    assert behind(store, row) == Origin("bo@example.org", "email", "7")


@pytest.mark.parametrize(
    ("resource", "number", "patient"),
    [("patients", "7", "7"), ("patients", "8", "7"), ("prescriptions", "6", "7"),
     ("custom_form_responses", "31", "7"), ("locations", "1", "")],
)  # fmt: skip
def test_every_cell_is_told_with_its_patient(
    store: Store, resource: str, number: str, patient: str
) -> None:
    """A reviewer looks patient by patient; what was merged is found under the one that stays."""
    assert behind(store, made_of(resource, number, "")).patient == patient


def test_a_cell_without_a_source_shows_none(store: Store) -> None:
    """A tag that we add ourselves comes from no field of the source."""
    assert behind(store, made_of("patients", "7", "")) == Origin("", "", "7")


def test_what_is_kept_as_it_came_names_no_transform(store: Store) -> None:
    """A text that nobody turned into anything else was read by no transform."""
    assert behind(store, made_of("patients", "7", "patients.note")).transform == ""
