"""What every record should become: also while a step before has not been taken."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from tests.support.made_runs import made_run
from tests.support.small_run import FILES, store_page
from workbench.odoo import Lookups, Odoo
from workbench.phases.expectations import Expectations
from workbench.practicehub import register_files
from workbench.proof import balance
from workbench.run import Run

PAPERLESS = {"id": 4, "patient_id": 1, "drug": "ibuprofen"}


def read_run(folder: Path) -> Run:
    """Make a run that has read two records of files and asked Odoo all that it needs to know."""
    run = made_run(folder)
    store_page(run.folder, run.store, "files", FILES)
    store_page(run.folder, run.store, "prescriptions", [PAPERLESS])
    for name in ("odoo_fields", "odoo_users"):
        run.store.journey.set_document(name, {})
    run.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    run.store.journey.set_document("offers", {"subtypes": {"note": 2}})
    run.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    return run


def test_records_can_be_checked_before_their_files_were_fetched(tmp_path: Path) -> None:
    """Step 5.3 before step 5.2 passes a file over, and the sums say that it has no fate."""
    run = read_run(tmp_path)
    run.extract.check()
    run.store.decisions.accept_proposed(by="Noor Visser")
    run.extract.check()

    found = Expectations(run)
    assert list(found.of_stage("files")) == []
    assert found.count("files") == 0
    assert {one.name: one.unresolved for one in balance(run.store).resources}["files"] == 1


def test_a_file_is_expected_once_it_is_noted(tmp_path: Path) -> None:
    """A prescription without a paper never is; what could not be fetched has its reason."""
    run = read_run(tmp_path)
    register_files(run.store)

    found = Expectations(run)
    assert [due.resource for due in found.of_stage("files")] == ["files"]
    assert found.count("files") == 1
