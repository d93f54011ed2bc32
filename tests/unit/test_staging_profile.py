"""Fields that records really have: found, counted, and told without telling anybody's value."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.decided_map import Vocabulary, world
from workbench.staging import FieldProfile, profile_records
from workbench.staging.paths import leaves, only, value_at
from workbench.staging.profile import words_of
from workbench.staging.shapes import format_of, shape_of
from workbench.staging.times import Order

RECORDS = [
    {"id": 1, "name": "Anna Vos", "numbers": [], "address": None, "status": "new", "mixed": 1},
    {
        "id": 2, "name": "Ben", "status": "new", "mixed": "2024-05-01",
        "numbers": [{"number": "06 1", "iso2": "NL"}, {"number": ""}],
        "address": {"line1": "Weg 1", "geo": {}},
        "tags": ["x", "y"],
    },
]  # fmt: skip


def by_path() -> dict[str, FieldProfile]:
    """Profile the two records above."""
    return {one.path: one for one in profile_records("patients", RECORDS)}


def test_every_path_is_found_once() -> None:
    """Fields inside objects and lists are found; an empty list beside a filled one is none."""
    assert list(by_path()) == [
        "address.geo", "address.line1", "id", "mixed", "name", "numbers[].iso2",
        "numbers[].number", "status", "tags",
    ]  # fmt: skip


def test_counts_are_of_records() -> None:
    """How many records have a field, and how many hold something in it, is counted."""
    number = by_path()["numbers[].number"]

    assert (number.records, number.present, number.filled, number.distinct) == (2, 1, 1, 1)
    assert number.listed


def test_a_field_that_changes_its_type_says_so() -> None:
    """A field that is a number here and a date there is pointed out."""
    assert by_path()["mixed"].remarks == ("changes its type (integer, text)", "holds dates in text")


def test_a_profile_is_read_back_as_it_was() -> None:
    """What the state file keeps of a field is the whole profile."""
    for one in profile_records("patients", RECORDS):
        assert FieldProfile.from_json("patients", json.loads(json.dumps(one.as_json()))) == one


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_no_profile_holds_what_identifies_a_patient(vocabulary: Vocabulary) -> None:
    """The field inventory can be shown: no name, address, date or number of a patient is in it."""
    made = world(vocabulary)
    told = json.dumps([one.as_json() for one in made.profiles], ensure_ascii=False)

    for record in made.clinic["patients"]:
        for path, value in leaves(record):
            if path.split(".")[-1] in {
                "first_name", "last_name", "email", "date_of_birth", "dob", "address_line_1",
                "line1", "policy_number", "emergency_contact", "medical_history", "patient_number",
                "numbers[].number", "phone", "mobilephone",
            } and len(str(value or "")) > 4:  # fmt: skip
                assert not re.search(rf"(?<![\w]){re.escape(str(value))}(?![\w])", told), path


def test_values_of_pick_lists_are_counted() -> None:
    """A status list shows each value and how many records have it."""
    made = {one.field: one for one in world("observed").profiles}

    assert set(made["appointments.status"].values) >= {"processed", "cancelled", "pending"}
    assert made["patients.first_name"].values == {}


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2024-05-01", "0000-00-00", ""], Order.ISO),
        (["03/04/2024", "31/12/2024", "2024-01-01"], Order.DAY_FIRST),
        (["03/04/2024", "12/31/2024 10:00"], Order.MONTH_FIRST),
        (["03/04/2024", "31/12/2024", "12/31/2024"], Order.MIXED),
        (["03/04/2024", "04/03/2024"], Order.EITHER),
    ],
)
def test_the_order_of_dates_is_learnt_from_all_values(values: list[str], order: Order) -> None:
    """One date that can be read one way only tells of the others, if none contradicts it."""
    assert profile_records("patients", [{"d": one} for one in values])[0].order is order


@pytest.mark.parametrize(
    "path",
    ["allergies", "allergy_type", "knownAllergiesStatus", "blood_type", "visit_reason",
     "custom_fields.Hausarzt", "Prénom", "HTMLNote2", "phone2", "iso2", "addressLine1",
     "geboortedatum", "medicationCategory", "diagnose", "woonplaats", "insuranceType"],
)  # fmt: skip
def test_a_field_of_one_persons_own_shows_no_value(path: str) -> None:
    """Whatever the field is called or however it is spelt, nobody's value is in the inventory."""
    rows = [{path: value} for value in ("Zwirn", "Quast") for _ in range(5)]

    assert profile_records("patients", rows)[0].values == {}


def test_a_name_is_split_into_its_words() -> None:
    """Fields are compared by their words, however they are put together."""
    assert words_of("HTMLNote2") == ("html", "note", "2")
    assert words_of("mobilePhone") == words_of("mobile_phone") == ("mobile", "phone")
    assert words_of("Prénom") == ("prenom",)


def test_a_list_of_three_thousand_values_is_no_pick_list() -> None:
    """A field with very many values shows none of them."""
    rows = [{"status": f"value {n}"} for n in range(3000)]

    assert profile_records("patients", rows)[0].values == {}


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("2024-05-01", "date_iso"), ("2024-05-01 10:00:00", "datetime_iso"), ("09:30", "time"),
        ("31/12/2024", "date_dmy"), ("12/31/2024", "date_mdy"), ("03/04/2024", "date_either"),
        ("a@example.com", "email"), ("AB-", "blood_type"), ("#a0b1c2", "colour"),
        ("<p>x</p>", "html"), ("a\nb", "lines"), ("Jan de Vries", "words"),
        ("06 1234 5678", "phone"), ("0000-00-00", "zero_date"), ("1011 AB", "postcode"),
        ("31/12/2024 9:30", "datetime_dmy"), ("12/31/2024 09:30:00", "datetime_mdy"),
        ("3-4-2024 2:05 PM", "datetime_either"), ("0000-00-00 00:00:00", "zero_date"),
        ("BP < 120 & ok", "words"), ("<see below>", "words"),
        ('{"a": 1}', "json"), ("85.00", "decimal_text"),
    ],
)  # fmt: skip
def test_a_format_is_recognised(raw: str, name: str) -> None:
    """What a text looks like is told by one word."""
    assert format_of(raw) == name


def test_a_shape_tells_no_letter() -> None:
    """A masked example shows the pattern only."""
    assert shape_of("Jan de Vries") == "Aa a Aa"
    assert shape_of("1984-07-19") == "9999-99-99"
    assert shape_of("日本 é") == "a a"


def test_a_value_is_found_by_its_path_even_with_odd_keys() -> None:
    """Fields named like SQL, HTML or with dots are found like any other."""
    record: dict[str, object] = {
        "a.b": {"c": 1}, "x'; DROP TABLE": 2, "<b>": 3, "n": [{"k": 1}, {}, {"k": 3}],
    }  # fmt: skip

    assert value_at(record, "a.b.c") == 1
    assert value_at(record, "x'; DROP TABLE") == 2
    assert value_at(record, "<b>") == 3
    assert value_at(record, "n[].k") == [1, None, 3]
    assert value_at(record, "nothing.here") is None
    assert only(record, {"a.b.c", "n[].k"}) == {"a.b": {"c": 1}, "n": [{"k": 1}, {"k": 3}]}
