"""What Odoo refuses of a record, and what that makes of the record: nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.mapping import Expected
from workbench.mapping.rows import LoadRow
from workbench.odoo import Lookups, Odoo, Refusal
from workbench.phases import knowledge, loading, proving
from workbench.phases.expectations import Due, Expectations
from workbench.run import Run
from workbench.state import Fate, How, IssueKind, Link, OperationStatus

PATIENTS: list[dict[str, Any]] = [
    {"id": n, "first_name": "Anna", "last_name": f"Bos {n}", "contact_status": "Active"}
    for n in (1, 2)
]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a run of two patients whose map was confirmed as proposed."""
    made = made_run(tmp_path)
    store_page(made.folder, made.store, "patients", PATIENTS)
    journey = made.store.journey
    journey.set_document("odoo_fields", {})
    journey.set_document("odoo_users", {})
    journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    journey.set_document("offers", {"subtypes": {"note": 2}})
    made.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    with made.exclusive():
        knowledge.learn(made.extract)
        made.store.decisions.accept_proposed(by="Noor Visser")
        made.map.confirm()
    yield made
    made.store.close()


def patient(run: Run, *, note: bool = False) -> Due:
    """Give what the first patient should become, perhaps with a note beside."""
    due = next(iter(Expectations(run).of_stage("patients")))
    first = due.expected.rows[0]
    if note:
        beside = LoadRow("mail.message", "patient_1_note", "patients", "1", {"body": "<p>x</p>"})
        return replace(due, expected=replace(due.expected, rows=(first, beside)))
    return replace(due, expected=replace(due.expected, rows=(first,)))


def loaded(run: Run, *external_ids: str) -> None:
    """Say that rows are in Odoo."""
    state = run.store.destination
    operation = state.intend("migrate", "load", "res.partner", keys=external_ids)
    links = [Link(one, "res.partner", 40 + place, "patients", "1", How.CREATED, operation, "")
             for place, one in enumerate(external_ids)]  # fmt: skip
    state.close(operation, OperationStatus.DONE, links=links)


def refusal(external_id: str, *, stands: bool = False) -> Refusal:
    """Refuse a row."""
    return Refusal(external_id, "patients", "1", "", "Odoo refused it: no room", stands=stands)


def fate(run: Run) -> Fate | None:
    """Give what became of the first patient."""
    found = run.store.proof.outcome("patients", "1")
    return found.fate if found else None


def listed(run: Run) -> list[str]:
    """Give what is listed as refused."""
    return [one.outcome for one in run.store.staging.issues(kind=IssueKind.REFUSED_BY_ODOO)]


def test_a_patient_whose_change_is_refused_is_still_in_odoo(run: Run) -> None:
    """The sums say created, as is true; that the change is missing is listed."""
    loaded(run, "patient_1")
    loading._settle(run.delta, [patient(run)], [refusal("patient_1", stands=True)])

    assert fate(run) is Fate.CREATED
    assert listed(run) == ["patient_1 stays in Odoo without this change"]


def test_a_patient_who_was_deleted_in_odoo_is_rejected(run: Run) -> None:
    """Nothing stands there any more, and the sums must not say so."""
    loaded(run, "patient_1")
    loading._settle(run.delta, [patient(run)], [refusal("patient_1")])

    assert fate(run) is Fate.REJECTED
    assert listed(run) == ["patient_1 is not in Odoo"]


def test_a_refused_note_leaves_its_patient_and_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The patient is created; the proof does not wait for the note, and says that it lacks."""
    due = patient(run, note=True)
    monkeypatch.setattr(proving, "_loaded", lambda _steps, _patients: iter([due]))
    loaded(run, "patient_1")
    loading._settle(run.migrate, [due], [refusal("patient_1_note")])
    rows = [
        row.external_id for one in proving._dues(run.reconcile, None) for row in one.expected.rows
    ]

    assert fate(run) is Fate.CREATED
    assert rows == ["patient_1"]
    assert proving.refused_parts(run.reconcile) == [
        ("patients", "1", "patient_1_note", "Odoo refused it: no room (patient_1_note)")
    ]


def test_a_note_that_is_missing_without_a_reason_is_missed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what Odoo refused is left out of the proof."""
    due = patient(run, note=True)
    monkeypatch.setattr(proving, "_loaded", lambda _steps, _patients: iter([due]))
    loaded(run, "patient_1")
    loading._settle(run.migrate, [due], [])

    due = next(proving._dues(run.reconcile, None))
    assert [row.external_id for row in due.expected.rows] == ["patient_1", "patient_1_note"]
    assert proving.refused_parts(run.reconcile) == []


PRESCRIPTION = Due(
    "prescriptions", "7",
    Expected(fate=Fate.MERGED, reason="stands in its patient's list", within="patient_1"),
)  # fmt: skip


def test_a_refusal_is_taken_off_the_list_once_odoo_takes_the_row(run: Run) -> None:
    """The list says what is not in Odoo now; the ledger keeps that it was refused once."""
    due = patient(run, note=True)
    loaded(run, "patient_1")
    loading._settle(
        run.migrate, [due], [refusal("patient_1", stands=True), refusal("patient_1_note")]
    )
    assert len(listed(run)) == 2
    loading._settle(run.delta, [due], [refusal("patient_1_note")])

    assert listed(run) == ["patient_1_note is not in Odoo"]
    loading._settle(run.delta, [due], [])
    assert listed(run) == []
    assert "issues withdrawn" in {entry.event for entry in run.store.ledger.entries()}


def test_another_row_of_the_record_that_is_taken_withdraws_nothing(run: Run) -> None:
    """A prescription's paper is loaded in a stage of its own, and so is its refusal."""
    due = patient(run)
    loaded(run, "patient_1")
    loading._settle(run.migrate, [patient(run, note=True)], [refusal("patient_1_note")])
    loading._settle(run.delta, [due], [])

    assert listed(run) == ["patient_1_note is not in Odoo"]


def test_the_prescription_of_a_refused_patient_is_not_said_to_be_merged(run: Run) -> None:
    """It would stand in the list of a contact that Odoo does not have."""
    mine, due = PRESCRIPTION, patient(run)
    loading._settle(run.migrate, [mine, due], [refusal("patient_1")])
    found = run.store.proof.outcome("prescriptions", "7")

    assert found is not None
    assert (found.fate, found.reason, found.external_id) == (
        Fate.REJECTED, "patient_1, which it is part of, is not in Odoo", "",
    )  # fmt: skip
    loaded(run, "patient_1")
    loading._settle(run.delta, [due], [])
    loading._settle(run.delta, [mine], [])
    again = run.store.proof.outcome("prescriptions", "7")
    assert again is not None
    assert (again.fate, again.external_id) == (Fate.MERGED, "patient_1")


def test_the_prescription_of_a_patient_without_a_fate_has_none(run: Run) -> None:
    """While nobody knows whether the patient is in Odoo, the sums stay open."""
    loading._settle(run.migrate, [PRESCRIPTION], [])

    assert run.store.proof.outcome("prescriptions", "7") is None
