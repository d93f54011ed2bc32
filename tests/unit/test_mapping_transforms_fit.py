"""What any transform gives fits any field it says it feeds, and nothing vanishes on the way."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.mapping.context import Context, Made, Outcome, Practitioner, Scope, Unmapped
from workbench.mapping.rows import Ref, Value
from workbench.mapping.transforms import TRANSFORMS, Transform
from workbench.staging.findings import Refused
from workbench.staging.normalise import text
from workbench.staging.paths import is_empty
from workbench.state import IssueKind

CONTEXT = Context(
    timezone="Europe/Amsterdam",
    patient_key={"7": "patient_7"}.get,
    country="NL",
    appointment_types={"3": "Follow\nup"},
    practitioners={"11": Practitioner("Eva Smit", "eva@example.org", "eva@example.org")},
    contacts={"m.vos@example.org": 77},
    companies={"goudvink zorg": 78},
    states=frozenset({"nl/utrecht"}),
)
KNOWN = {"yes": "Yes", "1": "One", "nl": "nl_NL"}
KEYS = {"Yes": "yes", "One": "one"}
PROPERTIES = settings(derandomize=True, deadline=None, max_examples=50)
ODD = st.sampled_from(
    ["NaN", "Infinity", "1e400", "-0", "0x1F", "٣", "\x00", "a\x00b", "\ud800", "\u200b", " \t ",
     "\r\n", "a\nb\r\nc", "<script>alert(1)</script>", "<p onclick=x()>hi</p>", "<p></p>",
     "<a href='javascript:alert(1)'>x</a>", "<img src=x onerror=alert(1)>", "&#0;", "<!-- x -->",
     "0000-00-00", "31-12-2024", "2024-02-30", "9999-12-31 23:59:59", "0001-01-01 00:00",
     "2025-10-26 02:30", "24:00", "yes", "1", "nl", "7", "11", "12.5", "1,5", "1.234,56", "NL",
     "Utrecht", "06 12345678", "+31", "bo@example.com", "<bo@example.com>", "blob:x", "x" * 300]
)  # fmt: skip
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**31, -(2**63), 10**400, -1, 0, 1.0, 7])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | ODD | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
WITHOUT_VALUE = frozenset({"file_bytes"})
"""Stands for bytes that are fetched and checked elsewhere."""
FED = sorted((one.name, kind) for one in TRANSFORMS.values() for kind in one.feeds)
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_UNSAFE = re.compile(r"(?i)<script|<[^>]*\son\w+\s*=|<[^>]*javascript:|<(iframe|img|object)")


def a_char(value: Value) -> bool:
    """Whether Odoo's one-line text shows it as it is."""
    return isinstance(value, str) and a_text(value) and not re.search(r"[\n\r]", value)


def a_text(value: Value) -> bool:
    """Whether PostgreSQL can store it."""
    return isinstance(value, str) and bool(value.strip()) and not _UNSTORABLE.search(value)


def an_html(value: Value) -> bool:
    """Whether nothing in it runs."""
    return isinstance(value, str) and a_text(value) and not _UNSAFE.search(value)


def a_reference(value: Value) -> bool:
    """Whether the destination can look it up."""
    return isinstance(value, Ref) and bool(value.key) and not _UNSTORABLE.search(value.key)


def an_integer(value: Value) -> bool:
    """Whether it fits PostgreSQL's four bytes; a reference becomes a number of a record."""
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    return whole or a_reference(value)


FITS: dict[str, Callable[[Value], bool]] = {
    "char": a_char,
    "text": a_text,
    "html": an_html,
    "date": lambda one: isinstance(one, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", one)),
    "datetime": lambda one: (
        isinstance(one, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", one))
    ),
    "boolean": lambda one: isinstance(one, bool),
    "integer": an_integer,
    "float": lambda one: isinstance(one, float | int) and math.isfinite(one),
    "monetary": lambda one: isinstance(one, float | int) and math.isfinite(one),
    "selection": lambda one: one in {*KEYS.values(), "nl_NL"},
    "many2one": a_reference,
    "many2one_reference": a_reference,
    "many2many": a_reference,
    "binary": lambda one: one is None,
}  # fmt: skip


def scope(kind: str) -> Scope:
    """Give the scope of a field that goes to a target of a type."""
    return Scope(CONTEXT, country="NL", values=KNOWN, keys=KEYS, type=kind)


def parts_of(transform: Transform, value: object) -> dict[str, object]:
    """Give the value as each of a transform's parts."""
    return dict.fromkeys(transform.parts or {"x": ""}, value)


def main_outputs(transform: Transform) -> set[str]:
    """Name the outputs that go to the rows' own targets."""
    return set(transform.parts.values()) or {"value"}


@pytest.mark.parametrize(("name", "kind"), FED)
@PROPERTIES
@given(JSON)
@example("Weg 1\n1011 AB Amsterdam\nNederland")
def test_a_value_fits_the_field_it_goes_to(name: str, kind: str, value: object) -> None:
    """Odoo refuses no value of ours, whatever PracticeHub holds."""
    if (name, kind) == ("identifier", "integer"):
        return  # an external id: it names a record and is never written into a field
    transform = TRANSFORMS[name]
    made = transform.make(parts_of(transform, value), scope(kind))

    kinds = dict.fromkeys(main_outputs(transform), kind)
    kinds |= {also.output: also.type for also in transform.also}
    for output, outcome in made.items():
        if isinstance(outcome, Made) and outcome.value is not None:
            assert FITS[kinds[output]](outcome.value), (output, outcome)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - WITHOUT_VALUE))
@PROPERTIES
@given(JSON)
def test_nothing_vanishes_in_silence(name: str, value: object) -> None:
    """What stood in the source stands in Odoo, or is refused and kept raw, or is listed.

    And the same each time: a run that is repeated expects what it expected before.
    """
    if is_empty(value):
        return
    transform = TRANSFORMS[name]
    for kind in transform.feeds:
        made, again = (transform.make(parts_of(transform, value), scope(kind)) for _ in range(2))

        assert any(said(outcome) for outcome in made.values()), made
        assert repr(made) == repr(again)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - WITHOUT_VALUE))
@pytest.mark.parametrize("value", ["x", "30", "2025-01-01", 5, {"a": 1}, ["x"], "\u200b"])
def test_no_part_alone_vanishes_in_silence(name: str, value: object) -> None:
    """Minutes without a start, a dialling code without a number: somebody typed them."""
    transform = TRANSFORMS[name]
    for part in transform.parts or {"x": ""}:
        made = transform.make({part: value}, scope(next(iter(transform.feeds))))

        assert any(said(outcome) for outcome in made.values()), (part, made)


def test_every_transform_says_what_it_does() -> None:
    """Whoever picks a transform from a list reads one sentence on what it makes of a value."""
    for name, transform in TRANSFORMS.items():
        assert (transform.about or "").endswith("."), name
        assert transform.feeds, name


def test_a_value_that_is_nothing_once_it_was_read_is_listed() -> None:
    """A mark nobody sees, or tags around nothing, leave an empty field and an issue."""
    made = TRANSFORMS["html"].make({"": "<p> </p>"}, scope("html"))

    assert made == {"value": Made(None, (IssueKind.VALUE_EMPTIED,))}
    assert text("x").notes == ()


def said(outcome: Outcome) -> bool:
    """Whether an outcome holds the value, refuses it, asks about it, or notes something."""
    if isinstance(outcome, Refused | Unmapped):
        return True
    return outcome.value is not None or bool(outcome.notes)
