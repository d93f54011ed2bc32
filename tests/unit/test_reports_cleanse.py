"""The data-cleanse specification: what to clean before the cut-over, by ids, without a value."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.support.pages import table
from workbench.reports import write_cleanse
from workbench.reports.cleanse import SHOWN_PAIRS, SUBJECTS, Subject
from workbench.state import Issue, IssueKind, Question, Store

SECRET = "Zebedeus Quackenbush"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give the state of a run with something odd of every kind that the page asks about."""
    made = Store(tmp_path / "state.sqlite")
    made.staging.add_issues(
        Issue(IssueKind.PHONE_UNREADABLE, "patients", str(n), "patients.phone", "phone",
              "kept as text", "extract")
        for n in range(1, 51)
    )  # fmt: skip
    made.staging.add_issues(
        Issue(kind, "patients", "7", "patients.x", "rule", "kept as it is", "extract")
        for subject in SUBJECTS
        for kind in subject.to_do
        if kind is not IssueKind.PHONE_UNREADABLE
    )
    made.staging.add_issues(
        [Issue(IssueKind.ORPHAN, "appointments", "9", "patient_id", "r", "kept", "extract")]
    )
    made.decisions.ask(
        [
            Question("duplicate:patient_1+patient_2", "extract", "One?", ["merge"], basis=["1"],
                     reasons=["same name", "same birth date"], confidence=0.9),
            Question("duplicate:patient_3+patient_4", "extract", "One?", ["merge"], basis=["2"],
                     reasons=["same name"], confidence=0.7),
            Question("duplicate:patient_5+contact_45", "extract", "One?", ["link"], basis=["3"],
                     reasons=["same name"], confidence=0.8),
        ]
    )  # fmt: skip
    made.decisions.decide("duplicate:patient_1+patient_2", "merge", by="Noor", comment=SECRET)
    return made


def page(store: Store, folder: Path) -> str:
    """Write the report and give the page."""
    return write_cleanse(store, folder)[1].read_text("utf-8")


def test_duplicates_are_counted_by_reason_and_listed_by_id(tmp_path: Path, store: Store) -> None:
    """How many pairs and why, which of them wait for a person, and no more than ids."""
    text = page(store, tmp_path)

    assert table(text, "Pairs by reason") == [
        ["same name", "3", "1", "2"],
        ["same birth date", "1", "1", "0"],
    ]
    assert table(text, "Pairs by id") == [
        ["patient_5 and contact_45", "same name", "undecided"],
        ["patient_3 and patient_4", "same name", "undecided"],
        ["patient_1 and patient_2", "same name; same birth date", "merge"],
    ]
    assert "3 pairs, 2 of them undecided" in text
    assert not any(part in text for part in SECRET.split())


def test_each_finding_says_what_happens_and_what_to_do(tmp_path: Path, store: Store) -> None:
    """What was found, how often, what the workbench does, what the clinic should do, and whose."""
    text = page(store, tmp_path)

    first, second = table(text, "Telephones to clean")
    assert first[:4] == [
        "This is not one telephone number and nothing else.", "patients.phone", "50",
        "kept as text",
    ]  # fmt: skip
    assert first[4].startswith("Leave one number in the field")
    assert first[5].startswith("1, 2, 3, ")
    assert first[5].endswith("40 … and 10 more")
    assert second[2] == "1"
    assert "<dt>Telephones</dt><dd>51 to look at</dd>" in text


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda one: one.title)
def test_every_kind_of_a_subject_has_something_to_do(
    tmp_path: Path, store: Store, subject: Subject
) -> None:
    """No kind that stands in the specification leaves the clinic without an answer."""
    rows = table(page(store, tmp_path), f"{subject.title} to clean")

    to_do = {row[4] for row in rows}
    assert to_do == set(subject.to_do.values())
    assert all(one.endswith(".") for one in to_do)


def test_no_kind_is_asked_for_twice() -> None:
    """A record with one fault stands in one place of the specification."""
    kinds = [kind for subject in SUBJECTS for kind in subject.to_do]

    assert len(kinds) == len(set(kinds))


def test_what_needs_nothing_says_so(tmp_path: Path) -> None:
    """An account without a fault gets a page that can be sent, too."""
    store = Store(tmp_path / "state.sqlite")
    early = page(store, tmp_path)
    store.journey.set_document("duplicates", {})

    text = page(store, tmp_path)

    assert "<dt>Duplicates</dt><dd>not looked for yet</dd>" in early
    assert "No two patients were found" not in early
    assert "No two patients were found who may be one person." in text
    assert all(subject.nothing in text for subject in SUBJECTS)
    assert text.count("nothing to do") == len(SUBJECTS)
    store.close()


def test_the_csv_lists_every_record(tmp_path: Path, store: Store) -> None:
    """The page is for people, the CSV for whoever works through the records."""
    text = write_cleanse(store, tmp_path)[0].read_text("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == sum(count for *_, count in store.staging.issue_counts())
    assert {row["id"] for row in rows if row["kind"] == "phone_unreadable"} == {
        str(n) for n in range(1, 51)
    }
    assert rows[-1]["meaning"].startswith("The record refers to a patient")


def test_a_thousand_pairs_do_not_fill_the_page(tmp_path: Path, store: Store) -> None:
    """The page lists the surest open ones and says how many more there are."""
    store.decisions.ask(
        Question(f"duplicate:patient_{n}+patient_{n + 1}", "extract", "One?", ["merge"],
                 basis=[n], reasons=["same name"], confidence=0.6)
        for n in range(1000, 3000, 2)
    )  # fmt: skip
    text = page(store, tmp_path)

    assert len(table(text, "Pairs by id")) == SHOWN_PAIRS
    assert "503 more pairs stand in the extract phase." in text
