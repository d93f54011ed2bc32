"""The inventory of all fields: readable with 400 of them, and nothing of a patient in it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.phases import knowledge
from workbench.reports import Inventory
from workbench.run import Run
from workbench.staging import profile_records

CANARY = "Quillonbrook"
NASTY = "<img src=x onerror=alert(1)>'; DROP TABLE x; --"
FORMULA = "=HYPERLINK(1)"
Record = dict[str, object]


def patients(fields: int = 400, count: int = 40) -> list[Record]:
    """Make patients with as many fields of the clinic's own, some oddly named."""
    own = {f"Own field {n}": f"text {n}" for n in range(fields)}
    return [
        {"id": n, "last_name": f"{CANARY} {n}", "custom_fields": own, NASTY: "x", FORMULA: "y",
         "status": "new" if n % 4 else "gone", "nothing": None, "visits": n if n % 2 else str(n),
         "told": "<p>x</p>" if n % 9 else '{"a": 1}'}
        for n in range(1, count + 1)
    ]  # fmt: skip


def audited(folder: Path, rows: list[Record], **more: list[Record]) -> Run:
    """Make a run that holds these patients and other resources, not profiled yet."""
    run = made_run(folder)
    for resource, records in {"patients": rows, **more}.items():
        store_page(run.folder, run.store, resource, records)
    return run


def rows_of(run: Run) -> dict[str, dict[str, str]]:
    """Read inventory.csv by field."""
    text = (run.folder / "reports" / "inventory.csv").read_text("utf-8-sig")
    return {row["field"]: row for row in csv.DictReader(io.StringIO(text))}


def test_four_hundred_fields_are_folded_and_the_notebook_stays_small() -> None:
    """A clinic with 400 fields of its own gets a list to fold out, not a wall."""
    shown = Inventory(profile_records("patients", patients()))._repr_html_()

    assert shown.count("<details>") == 5
    assert shown.count("<tr>") == 408 + 5
    assert len(shown) < 120_000
    assert "patients: 408 fields of 40 records, 3 with a remark, 1–100" in shown


def test_no_name_and_no_text_of_a_patient_is_shown() -> None:
    """Shapes stand for values, and what a field is called cannot run in the page."""
    inventory = Inventory(profile_records("patients", patients(3)))

    for shown in (inventory._repr_html_(), repr(inventory)):
        assert CANARY not in shown
    assert "<img" not in inventory._repr_html_()
    assert "Aa 9" in inventory._repr_html_()


def test_the_audit_lists_every_field_in_a_file(tmp_path: Path) -> None:
    """The spreadsheet says how full a field is, what it looks like and what is odd."""
    run = audited(tmp_path, patients(3))
    knowledge.profile_all(run.audit)
    rows = rows_of(run)

    assert len(rows) == 11
    assert rows["last_name"]["examples, masked"] == "Aa 99 | Aa 9"
    assert rows["status"]["values"] == "new 30, gone 10"
    assert (rows["nothing"]["filled"], rows["nothing"]["remarks"]) == (
        "0", "is empty in every record",
    )  # fmt: skip
    assert rows["visits"]["remarks"] == "changes its type (integer, text)"
    assert rows["told"]["remarks"] == "holds HTML in text; holds JSON in text"
    assert rows["custom_fields.Own field 1"]["share filled"] == "1.0"
    assert f"'{FORMULA}" in rows
    assert all(CANARY not in cell for row in rows.values() for cell in row.values())


def test_the_inventory_is_complete_once_all_pages_are_read(tmp_path: Path) -> None:
    """A field first met on a later page is added, and a list that was empty gives its fields."""
    run = audited(tmp_path, [{"id": 1, "numbers": [], "city": "Delft"}])
    knowledge.profile_all(run.audit)
    before = {row.path for row in run.store.staging.fields()}
    more: list[Record] = [{"id": 2, "numbers": [{"number": "1"}], "late": "x"}]
    store_page(run.folder, run.store, "patients", more, generation=1)
    knowledge.profile_all(run.extract)

    assert before == {"patients.id", "patients.numbers", "patients.city"}
    assert {row.path for row in run.store.staging.fields()} == {
        "patients.id", "patients.numbers[].number", "patients.late", "patients.city",
    }  # fmt: skip
    assert rows_of(run)["late"]["records"] == "2"


def test_each_question_of_a_form_is_a_line_of_its_own(tmp_path: Path) -> None:
    """Who looks for where allergies are kept finds the form and the question."""
    form: Record = {"id": 1, "form_id": "3", "form_name": "Intake", "patient_id": "1",
                    "data": [{"name": "a", "label": "Allergies", "value": "Pollen"}]}  # fmt: skip
    run = audited(tmp_path, [{"id": 1}], custom_form_responses=[form])
    knowledge.profile_all(run.audit)

    assert rows_of(run)["data[Intake / Allergies].value"]["examples, masked"] == "Aa"


def test_a_share_says_all_or_none_only_where_it_is_so() -> None:
    """One empty record of a thousand is not 100 %."""
    rows: list[Record] = [{"id": n, "often": n or None, "seldom": None if n else 1}
                          for n in range(1000)]  # fmt: skip
    told = repr(Inventory(profile_records("patients", rows)))

    assert "id: 100% filled" in told
    assert "often: >99% filled" in told
    assert "seldom: <1% filled" in told


def test_many_different_values_are_counted_to_a_bound() -> None:
    """Memory does not grow with the records; the number says that it is not the whole one."""
    profile = profile_records("patients", ({"note": f"n{n}"} for n in range(12_000)))[0]

    assert profile.distinct_told == "more than 10,000"
    assert profile.distinct == 10_001
