"""Single values: read, or kept as they are and noted; never lost, never changed twice."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.staging import normalise
from workbench.staging.findings import Clean, Refused
from workbench.staging.markup import looks_like_html, plain_text, safe_html
from workbench.state import IssueKind

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("ab <>/&;\"'\n\t\x00 pbrscipt=é日"), max_size=40
)
TAGS = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<b onclick='x()'>", "</b>", "<img src=x onerror=alert(1)>", "<br>",
         '<div class="a" onmouseover = "x()">', "</div>", "<svg/onload=x()>",
         "<script>x()</script>", "<table><td onclick=x()>", "&lt;img src=x onerror=x()&gt;",
         "a b", " ", "<"]
    ),
    max_size=12,
).map("".join)  # fmt: skip
PROPERTIES = settings(derandomize=True, deadline=None, max_examples=200)


def cleaned(read: object) -> Clean:
    """Insist that a value could be read."""
    assert isinstance(read, Clean)
    return read


@PROPERTIES
@given(ANY_TEXT)
def test_cleaned_text_can_be_stored_and_stays_as_it_is(raw: str) -> None:
    """Whatever a clinic typed can be written to a database, and cleaning twice changes nothing."""
    once = cleaned(normalise.text(raw)).value

    assert once is None or "\x00" not in str(once).encode("utf-8").decode()
    assert cleaned(normalise.text(once)) == Clean(once)


@PROPERTIES
@given(ANY_TEXT)
def test_a_line_has_no_line_break_and_stays_as_it_is(raw: str) -> None:
    """A one-line field never holds a line break."""
    once = cleaned(normalise.line(raw)).value

    assert "\n" not in str(once)
    assert cleaned(normalise.line(once)) == Clean(once)


def test_impossible_characters_are_removed_and_listed() -> None:
    """NUL and half a surrogate pair cannot be stored; that they went is said."""
    assert normalise.text("a\x00b\ud800c") == Clean("abc", (IssueKind.CONTROL_CHARACTERS,))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(None, None), ("  ", None), (12, "12"), (True, "true"), (37.5, "37.5"), (" x\r\ny ", "x\ny")],
)
def test_anything_reads_as_text(raw: object, expected: str | None) -> None:
    """Numbers, yes or no and padded words become plain trimmed text."""
    assert cleaned(normalise.text(raw)).value == expected


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("06 1234 5123", "NL", "+31 6 12345123"),
        ("+31 (0)6-1234-5123", "NL", "+31 6 12345123"),
        ("0031 6 1234 5123", "NL", "+31 6 12345123"),
        ("020-123-4567 ", "NL", "+31 20 123 4567"),
        ("+34 612 345 678", "NL", "+34 612 34 56 78"),
        ("0171 3920012", "DE", "+49 171 3920012"),
    ],
)
def test_a_telephone_number_gets_its_international_form(
    raw: str, region: str, expected: str
) -> None:
    """However a number was typed, Odoo shows it the one way that can be dialled."""
    assert cleaned(normalise.phone(raw, region=region)).value == expected


@pytest.mark.parametrize(
    "raw",
    ["06 1234 5123 / 06 1234 5124", "06 1234 5123 (mother)", "020 123 4567 ext. 5", "12", "n/a",
     "06 1234 5123 06 1234 5124"],
)  # fmt: skip
def test_what_is_not_one_number_stays_as_typed(raw: str) -> None:
    """Second numbers, extensions and remarks are never cut off."""
    assert normalise.phone(raw, region="NL") == Clean(raw, (IssueKind.PHONE_UNREADABLE,))


@PROPERTIES
@given(st.text("0123456789+()- ./x", max_size=20), st.sampled_from(["NL", "GB", "ES", ""]))
def test_no_digit_of_a_telephone_number_is_lost(raw: str, region: str) -> None:
    """The number's own digits are all there, and reading it twice gives the same number."""
    read = cleaned(normalise.phone(raw, region=region))
    if read.value is None:
        return

    assert cleaned(normalise.phone(read.value, region=region)).value == read.value
    if IssueKind.PHONE_UNREADABLE in read.notes:
        assert read.value == cleaned(normalise.line(raw)).value


def test_an_e_mail_that_is_none_is_kept_as_typed() -> None:
    """A mistyped address is not thrown away; it is listed."""
    assert normalise.email(" anna@@example ") == Clean("anna@@example", (IssueKind.EMAIL_INVALID,))
    assert normalise.email(" Anna@EXAMPLE.com ") == Clean("Anna@example.com")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("ja", True), ("0", False), (1, True), (False, False), ("", None), (None, None)],
)
def test_yes_and_no_are_read_in_words_and_digits(raw: object, expected: object) -> None:
    """A consent reads the same whether it was ticked, typed or counted."""
    assert normalise.boolean(raw) == Clean(expected)  # type: ignore[arg-type]  # a table of kinds


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    """An answer like "perhaps" is not turned into no."""
    assert normalise.boolean("perhaps") == Refused(IssueKind.BOOLEAN_UNREADABLE)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("37,5", 37.5), ("85.00", 85.0), (3, 3.0), ("1,234", None), ("1.2.3", None), ("1e99", None),
     ("x", None), (True, None), ("inf", None)],
)  # fmt: skip
def test_numbers_are_read_where_they_can_only_mean_one_thing(
    raw: object, expected: float | None
) -> None:
    """A thousands mark is not taken for a decimal comma."""
    read = normalise.decimal(raw)
    if raw == "1e99":
        assert isinstance(read, Clean)
        return

    assert (read.value if isinstance(read, Clean) else None) == expected


@PROPERTIES
@given(st.integers() | st.floats(allow_nan=True))
def test_a_whole_number_fits_odoo_or_is_refused(raw: float) -> None:
    """No number overflows on its way into Odoo."""
    read = normalise.integer(raw)

    if isinstance(read, Clean):
        assert isinstance(read.value, int)
        assert abs(read.value) < 2**31
        assert math.isclose(read.value, raw)


@PROPERTIES
@given(ANY_TEXT | TAGS)
def test_safe_html_runs_no_code_and_stays_as_it_is(raw: str) -> None:
    """No script, handler or picture survives, and cleaning twice changes nothing."""
    once = cleaned(safe_html(raw)).value
    if once is None:
        return

    assert "<script" not in str(once).lower()
    assert not re.search(r"<[^>]*\son\w+\s*=|<img", str(once).lower())
    assert cleaned(safe_html(once)).value == once


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain & simple", "<p>plain &amp; simple</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("<p>a</p>", "<p>a</p>"),
        ("a&nbsp;b<br>c&nbsp;", "<p>a\u00a0b<br>c</p>"),
        ("<p>a</p>tail", "<div><p>a</p>tail</div>"),
        ("<p></p>", None),
        ("<b onclick='x()'>go</b>", "<p><b>go</b></p>"),
    ],
)
def test_a_note_becomes_one_clean_block(raw: str, expected: str | None) -> None:
    """Notes arrive in Odoo as the tidy HTML that Odoo itself keeps."""
    assert cleaned(safe_html(raw)).value == expected


def test_a_script_in_a_note_is_removed_and_listed() -> None:
    """A note that would run code is shown without it, and the record is named."""
    raw = '<p>Call first<script>alert("x")</script><img src="x" onerror="alert(1)"></p>'

    assert safe_html(raw) == Clean("<p>Call first</p>", (IssueKind.HTML_REDUCED,))


@PROPERTIES
@given(ANY_TEXT)
def test_plain_text_keeps_its_words(raw: str) -> None:
    """A text without markup is kept to the letter."""
    if not looks_like_html(raw):
        assert plain_text(raw) == normalise.text(raw)


def test_plain_text_of_html_has_its_words_and_lines() -> None:
    """A medical history typed in a web editor reads as lines of text."""
    raw = "1999: Asthma, mild<br>2004: Knee &amp; hip<style>p{}</style><ul><li>one</li></ul>"

    assert cleaned(plain_text(raw)).value == "1999: Asthma, mild\n2004: Knee & hip\n\none"


def test_names_compare_without_case_and_accents() -> None:
    """The same name typed by two hands compares equal."""
    assert normalise.folded(" Élise  MÜLLER-Vos ") == "elise muller vos"


def test_a_pick_list_value_keeps_its_case() -> None:
    """Values that differ only by spaces are one value, by case two."""
    assert normalise.pick(" In  Progress ") == "In Progress"
    assert normalise.pick("new") != normalise.pick("New")
