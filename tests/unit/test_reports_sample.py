"""The sample's reports: every cell as a list, masked, and why these patients were chosen."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sample_run import CANARY
from workbench.masking import Masker
from workbench.proof import SampleFacts, choose
from workbench.reports import coverage_tables, csv_text, neutral, write_sample_diff
from workbench.state import Difference, Store, Verdict

MASKER = Masker(b"fixed key of this test")
FACTS = SampleFacts.of({
    "7": ["field:patients.name", "value:patients.blood_type=O+", "value:appointments.status=missed",
          "relation:has files", "emptiest:", "script:greek", "longest:patients.note"],
    "8": ["value:patients.blood_type=AB-"],
})  # fmt: skip
WANTED = {"field:patients.name", "field:patients.never", "value:patients.blood_type=B+"}


def masked(_field: str, value: object) -> str:
    """Mask a value the way a run does unless it was asked not to."""
    return MASKER(value)


def plain(_field: str, value: object) -> str:
    """Show a value, as a run does that was asked to."""
    return str(value)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Hold a sample of one patient that was compared."""
    store = Store(tmp_path / "state.sqlite")
    chosen = choose(FACTS, size=1, wanted=WANTED)
    store.journey.set_document("sample", chosen.patients())
    store.journey.set_document(
        "sample_reasons", chosen.reasons() | {"clinical": ["patients.blood_type"]}
    )
    store.proof.set_comparison(
        "sample",
        verdicts=[Verdict("sample", "res.partner", "name", "equal", "", 1),
                  Verdict("sample", "res.partner", "comment", "different", "", 1)],
        differences=[
            Difference("sample", "patient_7", "res.partner", "name", "equal", "", CANARY, CANARY,
                       CANARY, transform="full_name", patient="7"),
            Difference("sample", "patient_7", "res.partner", "comment", "different", "",
                       f"=HYPERLINK({CANARY})", " +1", "-5", transform="html", patient="7"),
        ],
    )  # fmt: skip
    yield store
    store.close()


def rows(folder: Path, name: str) -> list[list[str]]:
    """Read a list back."""
    text = (folder / "reports" / name).read_text("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_list_has_every_cell_with_source_transform_and_verdict(
    tmp_path: Path, store: Store
) -> None:
    """Equal cells stand in it as well: patient, record, field, and how it came about."""
    written = write_sample_diff(store, tmp_path, mask=plain)
    found = rows(tmp_path, "sample_diff.csv")

    assert [path.name for path in written] == [
        "sample_diff.csv", "sample_choice.csv", "sample_diff.html"
    ]  # fmt: skip
    assert found[0] == ["patient", "record", "model", "field", "source", "transform", "expected",
                        "actual", "verdict", "rule"]  # fmt: skip
    assert found[1] == [
        "patient_7", "patient_7", "res.partner", "comment", f"'=HYPERLINK({CANARY})", "html",
        "' +1", "-5", "different", "",
    ]  # fmt: skip
    assert found[2][3:] == ["name", CANARY, "full_name", CANARY, CANARY, "equal", ""]


def test_no_report_of_the_sample_shows_a_value_unless_asked(tmp_path: Path, store: Store) -> None:
    """Values are masked; clinical ones also where they explain why a patient was chosen."""
    texts = {path.name: path.read_text("utf-8") for path in
             write_sample_diff(store, tmp_path, mask=masked)}  # fmt: skip

    assert not any(CANARY in text for text in texts.values())
    assert not any("O+" in text or "O&#43;" in text for text in texts.values())
    assert "16 characters" in texts["sample_diff.csv"]
    assert "appointments.status=missed" in texts["sample_choice.csv"]


def test_the_choice_explains_itself(tmp_path: Path, store: Store) -> None:
    """Who covers what, what nobody can cover, and what the size left out are all listed."""
    write_sample_diff(store, tmp_path, mask=plain)
    found = {tuple(row[:2]): tuple(row[2:]) for row in rows(tmp_path, "sample_choice.csv")}

    assert found["value", "patients.blood_type=O+"] == ("patient_7", "")
    assert found["emptiest", "the fewest filled fields"] == ("patient_7", "")
    assert found["value", "patients.blood_type=AB-"] == ("", "the sample is too small")
    assert found["field", "patients.never is filled"] == ("", "no patient has it")
    assert found["value", "patients.blood_type=B+"] == ("", "no patient has it")


def test_a_patient_is_explained_by_a_key_of_each_kind_first() -> None:
    """A line names not six fields but a field, a value, a relation, a script, ….

    The rest is counted.
    """
    chosen = choose(FACTS, size=1, wanted=WANTED)
    by_kind, by_record, impossible, left_over = coverage_tables(chosen, hidden=(), mask=str)

    told = (
        "patients.name is filled; appointments.status=missed; has files; greek letters; "
        "the fewest filled fields; the longest text in patients.note; and 1 more"
    )

    assert by_record.rows == [("patient_7", 7, told)]
    assert ("value", 2, 1, 1) in by_kind.rows
    assert (len(impossible.rows), len(left_over.rows)) == (2, 1)


def test_a_run_without_a_sample_has_empty_reports(tmp_path: Path) -> None:
    """Reports can be written at any time."""
    store = Store(tmp_path / "state.sqlite")
    write_sample_diff(store, tmp_path, mask=masked)
    store.close()

    assert len(rows(tmp_path, "sample_diff.csv")) == len(rows(tmp_path, "sample_choice.csv")) == 1


@pytest.mark.parametrize(
    ("cell", "written_as"),
    [
        ("-5", "-5"), ("-5.25", "-5.25"), ("-5+1", "'-5+1"), ("-A1", "'-A1"), ("- 5", "'- 5"),
        ("-1e5", "'-1e5"), ("+31612345678", "'+31612345678"), ("-", "'-"), ("5-5", "5-5"),
        ("  =1", "'  =1"), ("\u00a0=1", "'\u00a0=1"), ("\u200b=1", "'\u200b=1"),
        (" \tx", "' \tx"), ("\rx", "'\rx"), ("\ufeff@x", "'\ufeff@x"), ("\u3000-x", "'\u3000-x"),
    ],
)  # fmt: skip
def test_numbers_stay_numbers_and_formulas_do_not(cell: str, written_as: str) -> None:
    """-5 is a value; a formula is none, however many blanks stand before it."""
    assert neutral(cell) == written_as


@given(st.text(st.sampled_from("=+-@ \t\r\n\u00a0\u200b1.a"), max_size=6))
def test_what_a_spreadsheet_reads_never_begins_a_formula(text: str) -> None:
    """Whatever blanks it may drop, the first sign is none that a formula starts with."""
    found = list(csv.reader(io.StringIO(csv_text(("a", "b"), [[text, 1]]), newline="")))
    cell = found[1][0]
    begins = cell.strip(" \t\r\n\u00a0\u200b")[:1]

    assert cell in {text, f"'{text}"}
    assert begins not in set("=+@") or cell.startswith("'")
    assert begins != "-" or cell.startswith("'") or float(cell) <= 0
