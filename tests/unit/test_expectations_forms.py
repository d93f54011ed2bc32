"""Forms in a whole run: their questions are asked about, and their answers may fill a field."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.mapping.rows import LoadRow
from workbench.odoo import Lookups, Odoo
from workbench.phases.expectations import Expectations
from workbench.phases.knowledge import open_questions
from workbench.run import Run

ALLERGIES = "custom_form_responses.data[Intake / Allergies, of any kind].value"
WHO = "Noor Visser"
Record = dict[str, object]


def form(number: int, **answers: object) -> Record:
    """Give a filled intake form of patient 1."""
    labels = {"allergies": "Allergies, of any kind", "smoker": "Do you smoke?"}
    return {
        "id": number, "form_id": "3", "form_name": "Intake", "patient_id": "1",
        "created": f"2024-05-{number:02} 10:00:00",
        "data": [{"name": name, "label": labels[name], "value": value}
                 for name, value in answers.items()],
    }  # fmt: skip


def read_run(folder: Path, *forms: Record) -> Run:
    """Make a run that has read a patient and forms and asked Odoo all that it needs to know."""
    run = made_run(folder)
    patient = {"id": 1, "first_name": "Bo", "last_name": "Vos", "allergies": ""}
    other = {"id": 2, "first_name": "Al", "last_name": "Bos", "allergies": "Nuts"}
    store_page(run.folder, run.store, "patients", [patient, other])
    store_page(run.folder, run.store, "custom_form_responses", list(forms))
    for name in ("odoo_fields", "odoo_users"):
        run.store.journey.set_document(name, {})
    run.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    run.store.journey.set_document("offers", {"subtypes": {"note": 2}})
    run.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    run.extract.check()
    return run


def rows_of(run: Run, stage: str) -> dict[str, LoadRow]:
    """Give what a stage is expected to load, by external id."""
    dues = Expectations(run).of_stage(stage)
    return {row.external_id: row for due in dues for row in due.expected.rows}


def test_a_person_lets_an_answer_fill_the_contacts_field(tmp_path: Path) -> None:
    """One decision on one question: the contact has the answer, and the note keeps the form."""
    run = read_run(tmp_path, form(3, allergies="Pollen", smoker="yes"), form(4, allergies=""))
    run.store.decisions.decide(f"field:{ALLERGIES}", "res.partner.x_allergies", by=WHO)
    run.store.decisions.accept_proposed(by=WHO)
    run.extract.check()
    contacts, notes = rows_of(run, "patients"), rows_of(run, "messages")

    assert contacts["clinical_1"].values["x_allergies"] == "Pollen"
    assert contacts["clinical_2"].values["x_allergies"] == "Nuts"
    assert contacts["clinical_1"].sources["x_allergies"] == ALLERGIES.replace(
        "responses.", "responses/3."
    )
    assert "Pollen" in str(notes["custom_form_response_3"].values["body"])


def test_a_question_that_first_turns_up_later_opens_the_map_again(tmp_path: Path) -> None:
    """A form that got a new question holds up its own answers alone until somebody decides."""
    run = read_run(tmp_path, form(3, allergies="Pollen"))
    run.store.decisions.accept_proposed(by=WHO)
    run.extract.check()
    before = open_questions(run.store)
    store_page(run.folder, run.store, "custom_form_responses",
               [form(3, allergies="Pollen"), form(4, smoker="yes")], generation=1)  # fmt: skip
    run.extract.check()

    assert before == 0
    assert [one.subject for one in run.store.decisions.open("field:")] == [
        "field:custom_form_responses.data[Intake / Do you smoke?].value"
    ]
    assert rows_of(run, "messages").keys() == {"custom_form_response_3"}
    assert "patient_1" in rows_of(run, "patients")
