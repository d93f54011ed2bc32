"""Field by field: equal, tolerated by a named rule, or different."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import EvidenceError
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.proof import (
    TOLERANCES,
    WHOLE_RECORD,
    Comparer,
    Comparison,
    Match,
    Origin,
    OriginOf,
    Rule,
)
from workbench.proof.diff import Actual, Decided
from workbench.proof.markup import html_shape, same_html
from workbench.state import Difference

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


def nowhere(_row: LoadRow, _name: str) -> Origin:
    """Know nothing of where a cell comes from."""
    return Origin()


def nobody(_row: LoadRow, _name: str, _got: object) -> bool:
    """Have nobody who decided anything."""
    return False


def compare(
    rows: Iterable[LoadRow],
    actual: Actual,
    *,
    window: int = 2,
    origin_of: OriginOf = nowhere,
    keep_equal: bool = False,
    decided: Decided = nobody,
) -> tuple[Comparison, list[Difference]]:
    """Compare rows a few at a time; give the counts and the cells that are listed."""
    comparer = Comparer(
        "all", resolve=lambda ref: IDS.get(str(ref)), types=TYPES, origin_of=origin_of,
        keep_equal=keep_equal, decided=decided,
    )  # fmt: skip
    rest, cells = iter(rows), []
    while part := list(islice(rest, window)):
        cells += comparer.feed(part, actual)
    return comparer.finish(), cells


def one(wanted: Value, got: object, *, field: str = "x_field") -> tuple[str, str]:
    """Compare a single cell and give its verdict and rule."""
    found, _cells = compare([row({field: wanted})], {"patient_1": {field: got}})
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

    # what a contact had before us, and what a person decided on, is compared for itself, below
    assert used | {Rule.ODOO_VALUE_STAYS, Rule.KEPT_BY_DECISION} == set(TOLERANCES)


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
    found, cells = compare([linked], {"patient_1": {"name": "Anna", "phone": got}})
    rule = Rule.ODOO_VALUE_STAYS if match is Match.TOLERATED else ""

    assert [(one.field, one.verdict, one.rule) for one in cells] == [("phone", match, rule)]
    assert (found.cells, found.equal) == (2, match is Match.TOLERATED)


def test_of_a_linked_contact_that_is_gone_every_cell_differs() -> None:
    """A contact that somebody deleted is no tolerance, whatever it had."""
    linked = replace(row({"name": "Anna"}), stays={"phone": "1"})
    found, cells = compare([linked], {"patient_1": None})

    assert (found.different, found.absent, len(cells)) == (2, 1, 1)


@pytest.mark.parametrize(
    ("holds", "verdict", "rule"),
    [
        ("Utrecht-Oost", Match.TOLERATED, Rule.KEPT_BY_DECISION),
        ("Zeist", Match.DIFFERENT, ""),
        (None, Match.DIFFERENT, ""),
        ("Utrecht", Match.EQUAL, ""),
    ],
)
@pytest.mark.parametrize("stays", [False, True], ids=["ours", "Odoo's from before"])
def test_a_value_that_a_person_decided_on_is_tolerated_while_it_stands(
    *, holds: str | None, verdict: Match, rule: str, stays: bool
) -> None:
    """Whoever keeps Odoo's value keeps that one; a later change is a difference again."""
    plain = row({} if stays else {"city": "Utrecht"})
    wanted = replace(plain, stays={"city": "Utrecht"}) if stays else plain
    found, _cells = compare(
        [wanted], {"patient_1": {"city": holds}},
        decided=lambda row, field, got: (row.external_id, field, got)
        == ("patient_1", "city", "Utrecht-Oost"),
    )  # fmt: skip
    if stays and verdict is Match.EQUAL:
        verdict, rule = Match.TOLERATED, Rule.ODOO_VALUE_STAYS

    assert [(one.verdict, one.rule) for one in found.verdicts] == [(verdict, rule)]


@pytest.mark.parametrize("got", [{}, None], ids=["a field not read", "a record gone"])
def test_no_decision_about_a_value_tolerates_what_was_not_read(
    got: dict[str, object] | None,
) -> None:
    """A decision about a value says nothing of a record or field that is not there."""
    found, _cells = compare(
        [row({"city": "Utrecht"})], {"patient_1": got},
        decided=lambda _row, field, _got: field == "city",
    )  # fmt: skip

    assert found.different == 1


def test_a_record_that_stays_deleted_by_decision_is_tolerated_whole() -> None:
    """What somebody deleted in Odoo, and a person lets be, is no loss of ours: it is listed."""
    found, cells = compare(
        [row({"city": "Utrecht", "zip": "1"})], {"patient_1": None},
        decided=lambda _row, field, _got: field == WHOLE_RECORD,
    )  # fmt: skip

    assert (found.different, found.absent, found.equal) == (0, 0, True)
    assert [(one.field, one.verdict, one.rule) for one in cells] == [
        ("*", Match.TOLERATED, Rule.KEPT_BY_DECISION)
    ]


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
        ("<p>1\xa0kg</p>", "<p>1&nbsp;kg</p>"),
        ("<i>x</i>", "<em>x</em>"),
        ("x <span>y</span>", "<p>x y</p>"),
    ],
)  # fmt: skip
def test_html_spelt_otherwise_is_the_same(sent: str, stored: str) -> None:
    """A paragraph around the whole or another spelling of an entity is no difference."""
    assert html_shape(sent) == html_shape(stored)
    assert same_html(sent, stored)


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
    assert not same_html(sent, stored)


def _compared(*, keep_equal: bool = False) -> tuple[Comparison, list[Difference]]:
    return compare(
        [
            row({"name": "Anna", "ref": "1"}),
            row({"name": "Bram", "ref": "2"}, name="patient_2"),
            row({"name": "Cees", "ref": "3"}, name="patient_3"),
        ],
        {"patient_1": {"name": "Anna", "ref": "9"}, "patient_2": {"name": "Bram"}},
        origin_of=lambda r, f: Origin(f"{r.source_id}.{f}", "text", r.source_id),
        keep_equal=keep_equal,
    )


def test_a_record_that_is_not_there_counts_against_every_field() -> None:
    """An absent record is listed, and each of its fields counts as different."""
    found, cells = _compared()

    assert (found.records, found.cells, found.different, found.absent) == (3, 6, 4, 1)
    assert not found.equal
    assert [(d.external_id, d.field, d.rule) for d in cells] == [
        ("patient_1", "ref", ""),
        ("patient_2", "ref", "not_read"),
        ("patient_3", "*", "absent"),
    ]


def test_a_difference_shows_source_transform_expected_and_actual() -> None:
    """A reviewer sees what came, how it was read, what was expected and what Odoo holds."""
    first = _compared()[1][0]

    assert (first.source, first.transform, first.expected, first.actual, first.patient) == (
        "1.ref", "text", "1", "9", "1"
    )  # fmt: skip


def test_a_sample_keeps_its_equal_cells_too() -> None:
    """For a sample that a person walks through, the equal cells are listed as well."""
    found, cells = _compared(keep_equal=True)

    assert [d.verdict for d in cells].count("equal") == 2
    assert found == _compared()[0]


def test_the_verdicts_add_up_to_the_cells() -> None:
    """Every cell is counted exactly once."""
    found, _cells = _compared()

    assert sum(verdict.count for verdict in found.verdicts) == found.cells


values = st.sampled_from([None, "", "a", "b", 0, 1, 0.0, True, False, USER, NOBODY, (TAG,), ()])
held = st.sampled_from([None, "", "a", "b", 0, 1, 0.0, True, False, 7, [7, "Els"], [3], (3,), []])
clinics = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("fgh"), values),
              st.none() | st.dictionaries(st.sampled_from("fgh"), held)),
    max_size=8,
)  # fmt: skip


@given(clinic=clinics, window=st.integers(1, 4))
def test_how_it_is_cut_into_windows_changes_nothing(
    clinic: list[tuple[dict[str, Value], dict[str, object] | None]], window: int
) -> None:
    """A large clinic, compared a window at a time, is compared as in one go."""
    rows = [row(values, name=f"patient_{n}") for n, (values, _held) in enumerate(clinic)]
    actual = {f"patient_{n}": held for n, (_values, held) in enumerate(clinic)}

    found, cells = compare(rows, actual, window=window)

    assert (found, cells) == compare(rows, actual, window=len(rows) + 1)
    assert sum(verdict.count for verdict in found.verdicts) == found.cells
    assert found.different == sum(
        len(rows[int(d.external_id.rpartition("_")[2])].values) if d.field == "*" else 1
        for d in cells if d.verdict == "different"
    )  # fmt: skip


@pytest.mark.parametrize("window", [1, 2], ids=["later", "at once"])
def test_an_id_expected_twice_is_refused(window: int) -> None:
    """Two expected records under one external id would make the comparison meaningless."""
    with pytest.raises(EvidenceError, match="patient_1 is expected twice"):
        compare([row({}), row({})], {}, window=window)
