"""Values on their way to Odoo and back, and what of them may be said aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping.rows import Ref, RefKind, Value
from workbench.odoo.values import (
    cell,
    fingerprint,
    for_write,
    is_sent,
    marks_of,
    plain,
    resolved,
    same,
    shape,
    without_values,
)

NL = Ref(RefKind.COUNTRY, "NL")


@pytest.mark.parametrize(
    ("returned", "kind", "expected"),
    [
        (False, "char", None), ("", "text", None), (False, "boolean", False),
        ([7, "Netherlands"], "many2one", 7), (False, "many2one", None),
        ([3, 1], "many2many", (1, 3)), (0, "many2one_reference", None),
        (12, "many2one_reference", 12), (0, "integer", 0), (0.0, "float", 0.0),
        ("2025-06-01 07:45:00", "datetime", "2025-06-01 07:45:00"),
    ],
)  # fmt: skip
def test_what_odoo_returns_is_spelled_as_what_is_expected(
    returned: object, kind: str, expected: object
) -> None:
    """Odoo's False for "empty" does not pass for a value, and a false boolean stays one."""
    assert plain(returned, kind=kind) == expected


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "char", ""), (True, "boolean", "1"), (False, "boolean", "0"), (3, "integer", "3"),
        (0, "integer", "0"), (2.5, "float", "2.5"), (NL, "many2one", "<NL>"),
        ((NL, Ref(RefKind.COUNTRY, "BE")), "many2many", "<BE>,<NL>"), ((), "many2many", ""),
    ],
)  # fmt: skip
def test_every_cell_is_text(value: Value, kind: str, text: str) -> None:
    """Odoo's load() reads nothing else."""
    assert cell(value, kind=kind, token=lambda ref: f"<{ref.key}>") == text


def test_a_value_read_back_compares_equal_to_the_one_expected() -> None:
    """HTML by its words, whole numbers and floats by their worth, references by number."""
    assert same("<p>A &amp; b</p>", "<p>A &amp; b </p>", kind="html")
    assert same(3, 3.0, kind="float")
    assert not same("a", "b", kind="char")
    assert resolved(NL, kind="many2one", resolve=lambda _: 7) == 7
    assert resolved((NL,), kind="many2many", resolve=lambda _: 7) == (7,)
    assert for_write((1, 2), kind="many2many") == [[6, 0, [1, 2]]]
    assert for_write(None, kind="char") is False


def test_a_fingerprint_tells_which_field_changed_and_holds_no_value() -> None:
    """It can lie in the ledger: names of fields and hashes."""
    before = fingerprint({"name": "Wilhelmina", "city": "Utrecht"}, None)
    after = fingerprint({"name": "Wilhelmina", "city": "Leiden"}, None)
    changed = {name for name, mark in marks_of(after).items() if marks_of(before)[name] != mark}

    assert changed == {"city"}
    assert "Wilhelmina" not in before


def test_the_order_of_tags_does_not_change_a_fingerprint() -> None:
    """Tags are a set."""
    one, two = Ref(RefKind.TAG, "a"), Ref(RefKind.TAG, "b")

    assert fingerprint({"t": (one, two)}, None) == fingerprint({"t": (two, one)}, None)


def test_a_row_that_was_sent_is_known_again_and_any_change_of_it_too() -> None:
    """A finished patient costs no call; one changed in a single field, or file, is looked at."""
    values: dict[str, Value] = {
        "name": "Ada \ud800", "number": 1, "yes": True, "none": None,
        "country_id": Ref(RefKind.COUNTRY, "NL"),
    }  # fmt: skip
    sent = fingerprint(values, "ab" * 32)
    changed: list[dict[str, Value]] = [
        {"name": "Eva"}, {"number": 1.0}, {"yes": 1}, {"none": ""},
        {"country_id": Ref(RefKind.COUNTRY, "BE")}, {"more": None},
    ]  # fmt: skip

    assert is_sent(sent, dict(reversed(values.items())), "ab" * 32)
    assert not is_sent(sent, values, "cd" * 32)
    assert [is_sent(sent, values | change, "ab" * 32) for change in changed] == [False] * 6
    assert not is_sent("", values, None)


@pytest.mark.parametrize(
    "message",
    [
        "Value 'Wilhelmina' not found in selection field 'Blood type'",
        "null value in column of Wilhelmina violates",
        "The e-mail wilhelmina@example.org is taken",
        "Key (ref)=(1234567) exists",
        'duplicate "Wilhelmina"',
    ],
)
def test_a_reason_holds_nothing_of_the_patient(message: str) -> None:
    """Odoo quotes what it refuses; what we repeat does not."""
    said = without_values(message, {"name": "Wilhelmina", "email": "wilhelmina@example.org"})

    assert "ilhelmina" not in said
    assert "1234567" not in said


def test_a_reason_still_says_why() -> None:
    """What is left is enough to mend it."""
    assert without_values("Contacts require a name", {"name": ""}) == "Contacts require a name"


@given(name=st.text(alphabet=st.characters(categories=["L"]), min_size=3, max_size=20))
def test_no_name_survives_in_a_reason(name: str) -> None:
    """Whatever people are called."""
    said = without_values(f"Odoo cannot store {name} here", {"name": name})

    assert name not in said or name.casefold() in {"odoo", "cannot", "store", "here"}


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "nothing"), ("abc", "text of 3 characters"), (3, "a number"), (True, "yes or no"),
     (NL, "a reference"), ((NL,), "references")],
)  # fmt: skip
def test_a_shape_says_the_kind_and_not_the_value(value: object, said: str) -> None:
    """Text of 3 characters: that tells enough to find the record."""
    assert shape(value) == said
