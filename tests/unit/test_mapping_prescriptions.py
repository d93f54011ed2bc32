"""Prescriptions: a list anybody can read by machine, and pharmacies outside that are told of."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import small_run
from tests.support.decided_map import Record, first, held, world
from workbench.mapping.model import Disposition, MapRow
from workbench.mapping.outcome import message_values, pharmacy_findings
from workbench.mapping.rows import Value
from workbench.proof.markup import html_shape
from workbench.reports.tables import pharmacy_table
from workbench.state import Fate, How, Issue, IssueKind, Link, OperationStatus

OUTSIDE = IssueKind.PHARMACY_OUTSIDE


def summary(*records: Record) -> Value:
    """Give the list on the contact of the patient whose prescriptions these are."""
    expecter, patient = first("brief", "patients")
    return expecter.patient(patient, prescriptions=records).rows[0].values["x_prescription_summary"]


def base(**changes: object) -> Record:
    """Give one prescription of the invented clinic, changed."""
    return {**world("brief").clinic["prescriptions"][0], **changes}


def test_the_list_is_json_with_every_field_of_the_map() -> None:
    """Whatever was typed into a prescription, the list stays JSON and says it all."""
    odd = base(medication_name='Para"cet\\amol\n\x00 <b>500</b> \ud800é', dosage="1/2", frequency=3)
    told = json.loads(str(summary(odd, base(id=2))))

    assert len(told) == 2
    assert {"medication_name", "dosage", "frequency", "prescribing_doctor",
            "prescription_date"} <= set(told[0])  # fmt: skip
    assert any("<b>500</b>" in one["medication_name"] for one in told)


def test_the_order_hangs_on_days_and_never_on_how_they_came() -> None:
    """The oldest comes first however dates are written; on one day the ids decide."""
    rows = [
        base(id=1, prescription_date="03/02/2024"), base(id=2, prescription_date="2023-12-31"),
        base(id=10, prescription_date="31-01-2024"), base(id=9, prescription_date="2024-01-31"),
        base(id=4, prescription_date=None, created="2022-05-05 10:00:00"),
    ]  # fmt: skip

    assert [one["id"] for one in json.loads(str(summary(*rows)))] == [4, 2, 9, 10, 1]
    assert summary(*rows) == summary(*reversed(rows))


def test_a_pharmacy_outside_is_kept_and_listed() -> None:
    """A prescription filled elsewhere is told by its id and field, never by what stands there."""
    expecter, record = first("brief", "prescriptions", patient_id=101, pharmacy_reference="PH-77")
    found = expecter.prescription(record).issues

    assert [(one.kind, one.source_id, one.field) for one in found] == [
        (OUTSIDE, str(record["id"]), "prescriptions.pharmacy_reference")
    ]
    assert "PH-77" in str(summary(record))
    assert "PH-77" not in repr(found)


@pytest.mark.parametrize(
    "name", ["external_pharmacy_id", "farmacia", "apotheek_nummer", "Apotheke", "ePharmacy.ref"]
)
def test_a_pharmacy_is_known_by_its_name_in_any_account(name: str) -> None:
    """Accounts call it differently; one that the clinic left behind is not listed."""
    mapping = world("brief").mapping
    record = {"id": 5, name: "PH-77", "medication_name": "pharmacy blend"}
    rows = (*mapping.rows, MapRow(f"prescriptions.{name}", Disposition.DROPPED, why="not used"))
    told = pharmacy_findings(record, "5", mapping)

    assert [one.field for one in told] == [f"prescriptions.{name}"]
    assert pharmacy_findings(record, "5", replace(mapping, rows=rows)) == ()


def test_a_prescription_without_one_is_not_listed() -> None:
    """The list names those that somebody must look at, and no others."""
    expecter, record = first("brief", "prescriptions", patient_id=101, pharmacy_reference=None)

    assert expecter.prescription(record).issues == ()


def test_its_paper_does_not_take_the_pharmacy_off_the_list() -> None:
    """The file of a prescription comes later, and tells the same of the record again."""
    expecter, record = first("brief", "prescriptions", patient_id=101, pharmacy_reference="PH-1")
    told = expecter.attachment("prescriptions", record, held("prescriptions", record))

    assert told.fate is Fate.CREATED
    assert [one.kind for one in told.issues] == [OUTSIDE]


def test_the_list_leads_to_the_contact_in_odoo(tmp_path: Path) -> None:
    """Whoever works through it finds prescription, field and contact, and no patient's data."""
    store = small_run.small_run(tmp_path, sealed=False)
    small_run.store_page(tmp_path, store, "prescriptions", [{"id": 7, "patient_id": 1}])
    store.staging.add_issues([
        Issue(OUTSIDE, "prescriptions", "7", "prescriptions.pharmacy_reference", "r", "o", "p")
    ])  # fmt: skip
    operation = store.destination.intend("migrate", "load", "res.partner", keys=["patient_1"])
    link = Link("patient_1", "res.partner", 40, "patients", "1", How.CREATED, operation, "")
    store.destination.close(operation, OperationStatus.DONE, links=[link])
    table = pharmacy_table(store)
    store.close()

    assert table.rows == [("7", "prescriptions.pharmacy_reference", "1", 40)]


def test_a_picture_written_out_in_a_note_stays_a_text() -> None:
    """Odoo would make a file of it that anybody with its address may open."""
    context = world("brief").context
    body = message_values("patient_1", "Note", "src='data:image/png;base64,AAAA'", context)["body"]

    assert re.search("data:image/[a-z]+;base64", str(body)) is None
    assert html_shape(str(body)) == ("src='data:image/png;base64,AAAA'",)
