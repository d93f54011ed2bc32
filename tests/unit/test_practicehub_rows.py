"""Rows as records: ids, hashes, copies that differ, and whose they are."""

from __future__ import annotations

import pytest

from workbench.errors import ConfigError
from workbench.practicehub import RESOURCES, CopyRule, resource, row_hash
from workbench.practicehub.rows import read_rows, resolve
from workbench.state import id_text

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


def test_the_catalogue_has_every_resource_once_and_patients_first() -> None:
    """Parents are read before children, and external ids cannot collide."""
    assert RESOURCES[0].name == "patients"
    assert [one.order for one in RESOURCES] == list(range(len(RESOURCES)))
    assert len({one.name for one in RESOURCES}) == len(RESOURCES) == 17
    assert len({one.singular for one in RESOURCES}) == len(RESOURCES)


def test_an_unknown_resource_is_a_fault_of_the_configuration() -> None:
    """A misspelt resource is named, not ignored."""
    with pytest.raises(ConfigError, match="patiens"):
        resource("patiens")
