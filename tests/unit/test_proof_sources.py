"""What stands beside a difference: the source values a cell was made from."""

from __future__ import annotations

from pathlib import Path

from tests.support.small_run import store_page
from workbench.mapping.rows import LoadRow
from workbench.proof.diff import source_texts
from workbench.state import Store

FORM: dict[str, object] = {
    "id": 31, "form_name": "Intake", "patient_id": "7",
    "data": [{"label": "Nuts, milk, etc.", "value": "milk"}, {"label": "Other", "value": "none"}],
}  # fmt: skip


def shown(tmp_path: Path, row: LoadRow) -> str:
    """Look the sources of a cell up in a run with one patient and one form."""
    store = Store(tmp_path / "state.sqlite")
    store_page(tmp_path, store, "patients", [{"id": 7, "first_name": "Bo", "last_name": "Vos"}])
    store_page(tmp_path, store, "custom_form_responses", [FORM])
    return source_texts(store)(row, "x")


def made_of(resource: str, number: str, sources: str) -> LoadRow:
    """Give a row with one cell made from these sources."""
    return LoadRow("res.partner", f"x_{number}", resource, number, {"x": "y"},
                   sources={"x": sources})  # fmt: skip


def test_several_fields_are_shown_in_their_order(tmp_path: Path) -> None:
    """A name is shown with the parts it was made from."""
    row = made_of("patients", "7", "patients.last_name, patients.first_name, patients.middle")

    assert shown(tmp_path, row) == "Vos | Bo"


def test_a_question_with_commas_is_one_field(tmp_path: Path) -> None:
    """Commas of a form's question part no sources."""
    path = "custom_form_responses.data[Intake / Nuts, milk, etc.].value"
    row = made_of("custom_form_responses", "31", f"{path}, custom_form_responses.form_name")

    assert shown(tmp_path, row) == "milk | Intake"


def test_an_answer_is_shown_beside_the_contacts_field(tmp_path: Path) -> None:
    """A field filled from a form shows what the patient answered there."""
    row = made_of("patients", "7", "custom_form_responses/31.data[Intake / Nuts, milk, etc.].value")

    assert shown(tmp_path, row) == "milk"


def test_a_cell_without_a_source_shows_none(tmp_path: Path) -> None:
    """A tag that we add ourselves comes from no field of the source."""
    assert shown(tmp_path, made_of("patients", "7", "")) == ""
