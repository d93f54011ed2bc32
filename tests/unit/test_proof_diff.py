"""Field by field: equal, tolerated by a named rule, or different."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import small_run as made
from workbench.errors import EvidenceError
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.proof import TOLERANCES, Comparison, Match, Rule, compare, source_texts
from workbench.proof.markup import html_shape
from workbench.state import Store

IDS = {"user:els": 7, "record:patient_1": 41, "tag:PracticeHub patient": 3, "tag:Old": 4}
TYPES = {
    "res.partner": {"comment": "html", "x_reminder_sent": "boolean", "x_balance": "float"},
    "crm.lead": {},
}


def row(
    values: dict[str, Value], *, model: str = "res.partner", name: str = "patient_1"
) -> LoadRow:
    """Make one expected record."""
    return LoadRow(model, name, "patients", name.rpartition("_")[2], values)


def no_source(_row: LoadRow, _name: str) -> str:
    """Know no source value."""
    return ""


def one(wanted: Value, got: object, *, field: str = "x_field") -> tuple[str, str]:
    """Compare a single cell and give its verdict and rule."""
    found = compare(
        [row({field: wanted})],
        {"patient_1": {field: got}},
        resolve=lambda ref: IDS.get(str(ref)),
        scope="all",
        types=TYPES,
        source_of=no_source,
    )
    assert found.cells == 1
    return found.verdicts[0].verdict, found.verdicts[0].rule


USER = Ref(RefKind.USER, "els")
NOBODY = Ref(RefKind.USER, "nobody")
TAG = Ref(RefKind.TAG, "PracticeHub patient")
OLD = Ref(RefKind.TAG, "Old")

CELLS: list[tuple[str, Value, object, Match, str]] = [
    ("x_field", "Anna", "Anna", Match.EQUAL, ""),
    ("x_field", "Anna", "Anne", Match.DIFFERENT, ""),
    ("x_field", "Anna", "Anna ", Match.DIFFERENT, ""),
    ("x_field", "2025-03-01 08:00:00", "2025-03-01 08:00:00", Match.EQUAL, ""),
    ("x_field", "2025-03-01 08:00:00", "2025-03-01 09:00:00", Match.DIFFERENT, ""),
    ("x_field", None, False, Match.EQUAL, ""),
    ("x_field", None, [], Match.EQUAL, ""),
    ("x_field", None, "there", Match.DIFFERENT, ""),
    ("x_field", None, True, Match.DIFFERENT, ""),
    ("x_field", "there", False, Match.DIFFERENT, ""),
    ("x_field", "", False, Match.TOLERATED, Rule.EMPTY_IS_FALSE),
    ("x_reminder_sent", None, False, Match.TOLERATED, Rule.EMPTY_IS_FALSE),
    ("x_reminder_sent", False, False, Match.EQUAL, ""),
    ("x_reminder_sent", True, False, Match.DIFFERENT, ""),
    ("x_reminder_sent", False, 0, Match.DIFFERENT, ""),
    ("x_balance", None, 0.0, Match.TOLERATED, Rule.EMPTY_IS_ZERO),
    ("x_balance", None, 0.5, Match.DIFFERENT, ""),
    ("x_balance", 12, 12.0, Match.EQUAL, ""),
    ("x_balance", 0.1 + 0.2, 0.3, Match.TOLERATED, Rule.FLOAT_ROUNDING),
    ("x_balance", 0.31, 0.3, Match.DIFFERENT, ""),
    ("x_balance", 0, False, Match.DIFFERENT, ""),
    ("user_id", USER, [7, "Els"], Match.EQUAL, ""),
    ("user_id", USER, 7, Match.EQUAL, ""),
    ("user_id", USER, [8, "Els"], Match.DIFFERENT, ""),
    ("user_id", USER, False, Match.DIFFERENT, ""),
    ("user_id", NOBODY, [7, "Els"], Match.DIFFERENT, Rule.UNRESOLVED),
    ("user_id", None, [7, "Els"], Match.DIFFERENT, ""),
    ("category_id", (TAG,), [3], Match.EQUAL, ""),
    ("category_id", (TAG, OLD), [4, 3], Match.EQUAL, ""),
    ("category_id", (TAG,), [4, 3], Match.TOLERATED, Rule.MORE_LINKS),
    ("category_id", (TAG, OLD), [3], Match.DIFFERENT, ""),
    ("category_id", (), [3], Match.TOLERATED, Rule.MORE_LINKS),
    ("category_id", (TAG, NOBODY), [3], Match.DIFFERENT, Rule.UNRESOLVED),
    ("category_id", (TAG,), False, Match.DIFFERENT, ""),
    ("checksum", "da39a3ee5e6b4b0d3255bfef95601890afd80709", False, Match.TOLERATED,
     Rule.EMPTY_FILE),
    ("checksum", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "0a4d", Match.DIFFERENT, ""),
    ("checksum", "0a4d55a8d778e5022fab701977c5d840bbc486d0", False, Match.DIFFERENT, ""),
    ("comment", "a & b", "<p>a &amp; b</p>", Match.TOLERATED, Rule.HTML_EQUIVALENT),
    ("comment", "<p>a</p>", "<p>b</p>", Match.DIFFERENT, ""),
    ("comment", None, "<p><br></p>", Match.DIFFERENT, ""),
    ("comment", None, "<p></p>", Match.TOLERATED, Rule.HTML_EQUIVALENT),
    ("x_field", "a & b", "<p>a &amp; b</p>", Match.DIFFERENT, ""),
]  # fmt: skip


@pytest.mark.parametrize(("field", "wanted", "got", "match", "rule"), CELLS)
def test_a_cell_gets_the_verdict_it_deserves(
    field: str, wanted: Value, got: object, match: Match, rule: str
) -> None:
    """What Odoo returns is equal, tolerated for a reason that has a name, or different."""
    assert one(wanted, got, field=field) == (match, rule)


def test_every_tolerance_is_used_and_every_tolerated_cell_names_one() -> None:
    """No tolerance stands unused in the list, and none is applied that is not in it."""
    used = {rule for *_cell, match, rule in CELLS if match is Match.TOLERATED}

    # what a contact had before us is compared for itself, below
    assert used | {Rule.ODOO_VALUE_STAYS} == set(TOLERANCES)


@pytest.mark.parametrize(
    ("held", "got", "match"),
    [
        ("+31 20 555 0199", "+31 20 555 0199", Match.TOLERATED),
        (None, False, Match.TOLERATED),
        (12, 12, Match.TOLERATED),
        ("+31 20 555 0199", "+31 6 1111 2222", Match.DIFFERENT),
        ("+31 20 555 0199", False, Match.DIFFERENT),
        (None, "Dorpsstraat 1", Match.DIFFERENT),
    ],
)
def test_what_odoo_had_before_us_is_to_be_there_still(
    held: object, got: object, match: Match
) -> None:
    """A linked contact's own value stays; one of ours in its place is a difference."""
    linked = replace(row({"name": "Anna"}), stays={"phone": held})
    found = compare(
        [linked], {"patient_1": {"name": "Anna", "phone": got}}, resolve=lambda _ref: None,
        scope="all", types=TYPES, source_of=no_source,
    )  # fmt: skip
    rule = Rule.ODOO_VALUE_STAYS if match is Match.TOLERATED else ""

    assert [(one.field, one.verdict, one.rule) for one in found.differences] == [
        ("phone", match, rule)
    ]
    assert (found.cells, found.equal) == (2, match is Match.TOLERATED)


def test_of_a_linked_contact_that_is_gone_every_cell_differs() -> None:
    """A contact that somebody deleted is no tolerance, whatever it had."""
    linked = replace(row({"name": "Anna"}), stays={"phone": "1"})
    found = compare(
        [linked], {"patient_1": None}, resolve=lambda _ref: None, scope="all", types=TYPES,
        source_of=no_source,
    )  # fmt: skip

    assert (found.different, found.absent) == (2, ["patient_1"])


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("plain", "<p>plain</p>"),
        ("<b>bold</b> text", "<div><b>bold</b> text</div>"),
        ("one<br>two", "<p>one<br/>two</p>"),
        ("<p>one</p><p>two</p>", "<p>one</p>\n<p>two</p>"),
        ("a&nbsp;b &euro;", "<p>a b €</p>"),
        ("caf&eacute;", "<p>café</p>"),
        ('<a href="https://x.example.com">x</a>',
         '<p><a href="https://x.example.com" target="_blank" rel="noopener">x</a></p>'),
        ("<i>x</i>", "<em>x</em>"),
        ("x <span>y</span>", "<p>x y</p>"),
    ],
)  # fmt: skip
def test_html_spelt_otherwise_is_the_same(sent: str, stored: str) -> None:
    """A paragraph around the whole or another spelling of an entity is no difference."""
    assert html_shape(sent) == html_shape(stored)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("one two", "one"),
        ("<b>one</b>", "one"),
        ("<ul><li>a</li></ul>", "<p>a</p>"),
        ("<p>one</p><p>two</p>", "<p>onetwo</p>"),
        ('<a href="https://x.example.com">x</a>', '<a href="https://y.example.com">x</a>'),
        ("one", ""),
    ],
)
def test_html_that_lost_something_is_not_the_same(sent: str, stored: str) -> None:
    """A lost word, tag, break or link target is a difference."""
    assert html_shape(sent) != html_shape(stored)


def _compared(keep_equal: bool = False) -> Comparison:  # noqa: FBT001, FBT002 - a test's switch
    return compare(
        [
            row({"name": "Anna", "ref": "1"}),
            row({"name": "Bram", "ref": "2"}, name="patient_2"),
            row({"name": "Cees", "ref": "3"}, name="patient_3"),
        ],
        {"patient_1": {"name": "Anna", "ref": "9"}, "patient_2": {"name": "Bram"}},
        resolve=lambda _ref: None,
        scope="sample",
        types=TYPES,
        source_of=lambda r, f: f"{r.source_id}.{f}",
        keep_equal=keep_equal,
    )


def test_a_record_that_is_not_there_counts_against_every_field() -> None:
    """An absent record is listed, and each of its fields counts as different."""
    found = _compared()

    assert found.absent == ["patient_3"]
    assert (found.records, found.cells, found.different) == (3, 6, 4)
    assert not found.equal
    listed = [(d.external_id, d.field, d.rule) for d in found.differences]
    assert listed == [
        ("patient_1", "ref", ""),
        ("patient_2", "ref", "not_read"),
        ("patient_3", "*", "absent"),
    ]


def test_a_difference_shows_source_expected_and_actual() -> None:
    """A reviewer sees what came, what was expected and what Odoo holds, side by side."""
    first = _compared().differences[0]

    assert (first.source, first.expected, first.actual) == ("1.ref", "1", "9")


def test_a_sample_keeps_its_equal_cells_too() -> None:
    """For a sample that a person walks through, the equal cells are listed as well."""
    found = _compared(keep_equal=True)

    assert [d.verdict for d in found.differences].count("equal") == 2


def test_the_verdicts_add_up_to_the_cells() -> None:
    """Every cell is counted exactly once."""
    found = _compared()

    assert sum(verdict.count for verdict in found.verdicts) == found.cells


def test_an_id_expected_twice_is_refused() -> None:
    """Two expected records under one external id would make the comparison meaningless."""
    with pytest.raises(EvidenceError, match="patient_1 is expected twice"):
        compare([row({}), row({})], {}, resolve=lambda _ref: None, scope="all", types=TYPES,
                source_of=no_source)  # fmt: skip


def test_the_source_values_behind_a_cell_can_be_shown(tmp_path: Path) -> None:
    """A reviewer sees the source values that a field was made from, the empty ones left out."""
    store = Store(tmp_path / "state.sqlite")
    made.store_page(tmp_path, store, "patients", made.PATIENTS)
    texts = source_texts(store)
    shown = LoadRow(
        "res.partner", "patient_1", "patients", "1", {"name": "Anna Bos", "ref": None},
        sources={"name": "patients.first_name, patients.middle_name, patients.last_name"},
    )  # fmt: skip

    assert texts(shown, "name") == "Anna | Bos"
    assert texts(shown, "ref") == ""
    store.close()


def test_a_source_field_named_with_signs_is_found(tmp_path: Path) -> None:
    """A clinic may call a field "height + weight": the reviewer sees its value all the same."""
    store = Store(tmp_path / "state.sqlite")
    patient: dict[str, object] = {"id": 1, "custom_fields": {"a,b": "x", "height + weight|cm": "y"}}
    made.store_page(tmp_path, store, "patients", [patient])
    shown = LoadRow(
        "res.partner", "patient_1", "patients", "1", {"x_size": "y"},
        sources={"x_size": "patients.custom_fields.height + weight|cm, patients.custom_fields.a,b"},
    )  # fmt: skip

    assert source_texts(store)(shown, "x_size") == "y | x"
    store.close()


def test_two_hundred_thousand_cells_take_less_than_two_seconds() -> None:
    """A whole clinic is compared while a person waits (2 million cells: some 2 seconds)."""
    fields = {f"x_{n}": f"value {n}" for n in range(18)}
    rows = [
        row({**fields, "user_id": USER, "x_empty": None}, name=f"patient_{n}")
        for n in range(10_000)
    ]
    actual: dict[str, dict[str, object]] = {
        one.external_id: {**fields, "user_id": [7, "Els"], "x_empty": False} for one in rows
    }

    began = time.perf_counter()
    found = compare(rows, actual, resolve=lambda ref: IDS.get(str(ref)), scope="all", types=TYPES,
                    source_of=no_source)  # fmt: skip
    took = time.perf_counter() - began

    assert (found.cells, found.different) == (200_000, 0)
    assert took < 2.0
