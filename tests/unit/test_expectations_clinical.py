"""What a whole run expects of clinical records: made where something is known, emptied later."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from tests.support.made_runs import write_config
from tests.support.small_run import store_page
from workbench.mapping.clinical import VAULT
from workbench.mapping.rows import LoadRow
from workbench.odoo import Lookups, Odoo
from workbench.phases.expectations import Expectations
from workbench.run import Run
from workbench.state import How, Link, OperationStatus

OPEN = ("[odoo]", "[migration]\nrestrict_clinical_fields = false\n\n[odoo]")
HAD = {"res.partner": {"x_allergies": {"type": "text", "string": "Allergies", "store": True}}}


def read_run(
    folder: Path, *changes: tuple[str, str], odoo_fields: dict[str, object] | None = None
) -> Run:
    """Make a run that has read two patients, and whose map is decided as proposed."""
    run = Run.create(write_config(folder, *changes), folder / "runs" / "clinic")
    one = {"id": 1, "first_name": "Bo", "last_name": "Vos", "allergies": ""}
    two = {"id": 2, "first_name": "Al", "last_name": "Bos", "allergies": "Nuts"}
    store_page(run.folder, run.store, "patients", [one, two])
    run.store.journey.set_document("odoo_fields", odoo_fields or {})
    run.store.journey.set_document("odoo_users", {})
    run.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    run.store.journey.set_document("offers", {"subtypes": {"note": 2}})
    run.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    run.extract.check()
    run.store.decisions.accept_proposed(by="Noor Visser")
    run.extract.check()
    return run


def rows_of(run: Run) -> dict[str, LoadRow]:
    """Give what is expected of the patients, by external id."""
    dues = Expectations(run).of_stage("patients")
    return {row.external_id: row for due in dues for row in due.expected.rows}


def test_only_a_patient_of_whom_something_is_known_gets_a_clinical_record(tmp_path: Path) -> None:
    """The contact's row says nothing clinical, and comes first."""
    found = rows_of(read_run(tmp_path))

    assert list(found) == ["patient_1", "patient_2", "clinical_2"]
    assert found["clinical_2"].model == VAULT
    assert found["clinical_2"].values["x_allergies"] == "Nuts"
    assert "x_allergies" not in found["patient_2"].values


def test_a_clinical_record_that_is_in_odoo_is_emptied_with_the_patients_last_value(
    tmp_path: Path,
) -> None:
    """What PracticeHub no longer says is not left standing."""
    run = read_run(tmp_path)
    operation = run.store.destination.intend("migrate", "load", VAULT, keys=["clinical_1"])
    link = Link("clinical_1", VAULT, 9, "patients", "1", How.CREATED, operation, "")
    run.store.destination.close(operation, OperationStatus.DONE, links=[link])

    assert rows_of(run)["clinical_1"].values["x_allergies"] is None


@pytest.mark.parametrize("open_", [True, False], ids=["not restricted", "Odoo's own field"])
def test_clinical_fields_that_are_not_ours_to_guard_stay_on_the_contact(
    tmp_path: Path, *, open_: bool
) -> None:
    """Where the clinic wants no restriction, and where Odoo had the field before."""
    run = read_run(tmp_path, OPEN) if open_ else read_run(tmp_path, odoo_fields=dict(HAD))
    found = rows_of(run)

    assert found["patient_2"].values["x_allergies"] == "Nuts"
    assert not any("x_allergies" in row.values for row in found.values() if row.model == VAULT)
