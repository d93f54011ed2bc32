"""Rows as records: ids, hashes, copies that differ, and whose they are."""

from __future__ import annotations

import pytest

from workbench.practicehub import CopyRule, resource, row_hash
from workbench.practicehub.rows import read_rows, resolve
from workbench.state import id_text
from workbench.state.ids import id_order, number_of

FILES, PATIENTS, APPOINTMENTS = resource("files"), resource("patients"), resource("appointments")


def test_a_file_listed_again_with_a_fresh_address_is_the_same_record() -> None:
    """Signed addresses are new on every listing and are no change of the record."""
    one = {"id": 1, "file_name": "a.pdf", "url": "https://x.example.com/a?sig=1"}
    two = {**one, "url": "https://x.example.com/a?sig=2"}

    assert row_hash(FILES, one) == row_hash(FILES, two)
    assert row_hash(FILES, one) != row_hash(FILES, {**one, "url": None})
    assert row_hash(FILES, one) != row_hash(FILES, {**one, "file_name": "b.pdf"})


def test_the_order_of_fields_is_no_change() -> None:
    """Two rows with the same fields have the same hash."""
    assert row_hash(PATIENTS, {"id": 1, "a": 2}) == row_hash(PATIENTS, {"a": 2, "id": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [(12, "12"), ("12", "12"), (" 12 ", "12"), (12.0, "12"), ("a-1", "a-1"),
     (None, None), ("", None), (True, None), (1.5, None), ([], None)],
)  # fmt: skip
def test_ids_are_text_however_they_are_typed(value: object, text: str | None) -> None:
    """A number in one resource and a string in another name the same record."""
    assert id_text(value) == text


def test_ids_of_any_length_are_ordered_and_the_longest_are_no_numbers() -> None:
    """An id of thousands of digits comes after shorter ones and stops nothing."""
    longest = "9" * 5000

    assert sorted(["a", longest, "10", "9", "007"], key=id_order) == [
        "007",
        "9",
        "10",
        longest,
        "a",
    ]
    assert [number_of(one) for one in ("007", "9" * 18, "9" * 19, longest, "-1", "٣", "")] == [
        7, 10**18 - 1, None, None, None, None, None,
    ]  # fmt: skip


def test_a_row_without_an_id_is_listed_and_the_others_are_kept() -> None:
    """No row is lost silently: what cannot be kept as a record is an issue."""
    rows = read_rows(
        PATIENTS, [{"id": 1}, {"name": "x"}, "row", {"id": None}, {"id": "2"}], page=3,
        phase="extract",
    )  # fmt: skip

    assert [one.source_id for one in rows.records] == ["1", "2"]
    assert [one.rule for one in rows.issues] == [
        "row 2 of page 3 has no id",
        "row 3 of page 3 is not a record",
        "row 4 of page 3 has no id",
    ]


def test_a_record_keeps_every_character_it_came_with() -> None:
    """Accents, half surrogates and null characters survive as JSON."""
    rows = read_rows(
        PATIENTS, [{"id": 1, "note": "ñ\u0000"}, {"id": 2, "note": "\ud83d"}], page=1, phase="x"
    )

    assert rows.records[0].raw == '{"id":1,"note":"ñ\\u0000"}'
    assert rows.records[1].raw == '{"id":2,"note":"\\ud83d"}'


@pytest.mark.parametrize(
    ("held", "new", "wins", "rule"),
    [
        ({"status": "cancelled"}, {"status": "processed"}, True, CopyRule.NOT_CANCELLED),
        ({"status": "processed"}, {"status": "cancelled"}, False, CopyRule.NOT_CANCELLED),
        ({"visit_status": "Completed", "updated": "2026-01-01 00:00:00"},
         {"visit_status": "Cancelled", "updated": "2026-02-01 00:00:00"},
         False, CopyRule.NOT_CANCELLED),
        ({"updated": "2026-01-01 00:00:00"}, {"updated": "2026-01-02 00:00:00"}, True,
         CopyRule.LATER),
        ({"updated": "2026-01-02 00:00:00"}, {"updated": "2026-01-01 00:00:00"}, False,
         CopyRule.LATER),
        ({"updated": None}, {"updated": "2026-01-01 00:00:00"}, True, CopyRule.LATER),
        ({"status": "pending", "cancelDate": "2026-01-01"}, {"status": "pending"}, True,
         CopyRule.NOT_CANCELLED),
        ({"cancelDate": "0000-00-00 00:00:00"}, {"cancelDate": ""}, False, CopyRule.FIRST),
        ({"cancelDate": 0}, {"cancelDate": 1}, False, CopyRule.NOT_CANCELLED),
        ({"a": 1}, {"a": 2}, False, CopyRule.FIRST),
    ],
)  # fmt: skip
def test_of_two_differing_copies_a_named_rule_chooses(
    held: dict[str, object], new: dict[str, object], *, wins: bool, rule: CopyRule
) -> None:
    """The visit that took place counts, else the later change, else the first one."""
    assert resolve(APPOINTMENTS, held, new) == (wins, rule)


def test_only_appointments_are_judged_by_their_status() -> None:
    """A cancelled package is not a cancelled visit."""
    packages = resource("patient_packages")

    assert resolve(packages, {"status": "cancelled"}, {"status": "x"})[1] is CopyRule.FIRST


@pytest.mark.parametrize(
    ("row", "patient"),
    [
        ({"patient_id": "7"}, "7"),
        ({"patient_id": None, "subscribed_patients": [{"patient_id": 7}, {"patient_id": 8}]}, "7"),
        ({"patient_id": None, "subscribed_patients": []}, None),
        ({"subscribed_patients": ["x"]}, None),
        ({"patient_id": 5, "subscribed_patients": [{"patient_id": 7}]}, "5"),
    ],
)
def test_a_package_belongs_to_the_first_of_its_sharers(
    row: dict[str, object], patient: str | None
) -> None:
    """Real packages name their owner only in the list of those who share them."""
    assert resource("patient_packages").patient_of(row) == patient
