"""Single values: read, or kept as they are and noted; never lost, never changed twice."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from html import escape

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.staging import normalise
from workbench.staging.findings import Clean, Reading, Refused
from workbench.staging.markup import DEEPEST, looks_like_html, plain_text, safe_html
from workbench.staging.times import Order, read_date, read_instant
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
    """However a number was typed, it is one number, shown the one way that can be dialled."""
    read = cleaned(normalise.phone(raw, region=region)).value

    assert read == expected.replace(" ", "")
    assert normalise.international(str(read)) == expected


@pytest.mark.parametrize(
    "raw",
    ["06 1234 5123 / 06 1234 5124", "06 1234 5123 (mother)", "020 123 4567 ext. 5", "12", "n/a",
     "06 1234 5123 06 1234 5124", "+31123"],
)  # fmt: skip
def test_what_is_not_one_number_stays_as_typed(raw: str) -> None:
    """Second numbers, extensions and remarks are never cut off."""
    assert normalise.phone(raw, region="NL") == Clean(raw, (IssueKind.PHONE_UNREADABLE,))
    assert normalise.international(raw) == raw


def test_a_number_within_a_town_is_no_number() -> None:
    """What can be dialled in its own town alone has no international form."""
    assert normalise.phone("555 1234", region="US").notes == (IssueKind.PHONE_UNREADABLE,)


@pytest.mark.parametrize(
    ("raw", "region", "code", "expected"),
    [
        ("06 1234 5123", "NL", "31", "+31612345123"),
        ("06 1234 5123", "", "31", "+31612345123"),
        ("06 698 12345", "IT", "39", "+390669812345"),
        ("06 698 12345", "", "39", "+390669812345"),
        ("250 1234", "BB", "1246", "+12462501234"),
        ("246 250 1234", "BB", "1246", "+12462501234"),
        ("+34 612 345 678", "NL", "31", "+34612345678"),
        ("06 1234 5123", "DE", "31", None),
        ("06 1234 5123", "XX", "31", None),
        ("06 1234 5123", "", "999", None),
    ],
)
def test_the_dialling_code_beside_a_number_counts(
    raw: str, region: str, code: str, expected: str | None
) -> None:
    """A number is read by its country and its code; where they differ it is nobody's number."""
    read = normalise.phone(raw, region=region, code=code)

    if expected is None:
        assert read == Clean(f"+{code} {raw}", (IssueKind.PHONE_UNREADABLE,))
    else:
        assert read == Clean(expected)


@PROPERTIES
@given(st.text("0123456789+()- ./x", max_size=20), st.sampled_from(["NL", "GB", "ES", ""]))
@example("0000000", "NL")
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
    "raw",
    ["Jan <jan@example.org>", "a@example.org; b@example.org", "a@example.org, b@example.org",
     "a@example.org.", "mailto:a@example.org", "a@localhost", "a@clinic.local", "a..b@example.org",
     "a@[192.0.2.1]", "a @example.org", "a@example"],
)  # fmt: skip
def test_what_is_not_one_address_stays_as_typed(raw: str) -> None:
    """Neither a name, a second address nor a stray mark is cut off; the address is listed."""
    assert normalise.email(raw) == Clean(raw, (IssueKind.EMAIL_INVALID,))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("o'brien+knee@sub.example.co.uk", "o'brien+knee@sub.example.co.uk"),
        ("jän@example.org", "jän@example.org"),
        ("jan@BÜCHER.example", "jan@bücher.example"),
        ("jan@xn--bcher-kva.example", "jan@bücher.example"),
        ('"jan de vries"@example.org', '"jan de vries"@example.org'),
        ("jose\u0301@example.org", "jos\u00e9@example.org"),
        ("jan@example.net\u00a0", "jan@example.net"),
    ],
)
def test_an_unusual_address_is_an_address(raw: str, expected: str) -> None:
    """Accents, domains in other scripts and quoted names are addresses like any other."""
    assert normalise.email(raw) == Clean(expected)
    assert normalise.email(expected) == Clean(expected)


@pytest.mark.parametrize(
    ("raw", "expected", "noted"),
    [
        ("Rene\u0301e", "Ren\u00e9e", False),
        ("Anna\u00a0 Vos", "Anna Vos", False),
        ("\ufeffAnna\u200b V\u00ados", "Anna Vos", True),
        ("\u202aAnna\u202c", "Anna", True),
        ("An\u200dna", "Anna", True),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648", False),
        ("\U0001f469\u200d\u2695\ufe0f", "\U0001f469\u200d\u2695\ufe0f", False),
        ("\ufb01n \u2460", "\ufb01n \u2460", False),
    ],
)  # fmt: skip
def test_a_name_is_written_one_way(raw: str, expected: str, *, noted: bool) -> None:
    """Accents are one character, spaces are spaces, what nobody sees is gone and listed."""
    notes = (IssueKind.INVISIBLE_CHARACTERS,) if noted else ()

    assert normalise.line(raw) == Clean(expected, notes)


def test_a_no_break_space_in_a_text_stays() -> None:
    """In a note somebody may have meant it; at the ends it is white space."""
    assert normalise.text("\u00a05\u00a0mg\u00a0") == Clean("5\u00a0mg")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
READERS: dict[str, Callable[[object], Reading]] = {
    "text": normalise.text, "line": normalise.line, "email": normalise.email,
    "boolean": normalise.boolean, "integer": normalise.integer, "decimal": normalise.decimal,
    "phone": partial(normalise.phone, region="NL"), "html": safe_html, "date": read_date,
    "date_dmy": partial(read_date, order=Order.DAY_FIRST),
    "datetime": partial(read_instant, zone="UTC"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(READERS))
@PROPERTIES
@given(JSON)
def test_every_reader_reads_anything_and_the_same_again(name: str, value: object) -> None:
    """Whatever a field holds is read or refused; what was read is read as itself."""
    read = READERS[name](value)

    assert isinstance(read, Clean | Refused)
    if isinstance(read, Clean):
        again = READERS[name](read.value)
        assert isinstance(again, Clean)
        assert again.value == read.value


@PROPERTIES
@given(ANY_TEXT)
def test_a_text_is_composed_and_visible(raw: str) -> None:
    """Equal words are equal characters, whichever way they were typed."""
    once = str(cleaned(normalise.line(raw)).value or "")

    assert all(unicodedata.is_normalized("NFC", part) for part in re.split("[<>]", once))
    assert not re.search("[\u00ad\u200b\u202a-\u202e\u2066-\u2069\ufeff]", once)


@PROPERTIES
@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_a_number_of_any_country_comes_back(region: str) -> None:
    """What Odoo shows of a number is that number again, whatever country reads it."""
    example = phonenumbers.example_number(region)
    if example is None:
        return
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    shown = normalise.international(e164)

    assert cleaned(normalise.phone(shown, region="NL")) == Clean(e164)
    assert cleaned(normalise.phone(e164)) == Clean(e164)


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


@pytest.mark.parametrize(
    "raw",
    ["BP < 120 & stable", "a <b and c> d", "Call <John Smith>", "see <name>", "<37 and >36",
     "I </3 this", "half <!-- a remark", "AT&T; fish &chips;", "<jan@example.org>", "x<y>z", "<p"],
)  # fmt: skip
def test_a_plain_text_with_marks_loses_no_character(raw: str) -> None:
    """A bracket or an ampersand that somebody typed is no markup."""
    shown = cleaned(safe_html(raw)).value

    assert shown == f"<p>{escape(raw, quote=False)}</p>"
    assert cleaned(safe_html(shown)) == Clean(shown)
    assert plain_text(raw) == plain_text(shown) == Clean(raw)


def test_a_bracket_inside_markup_loses_no_character() -> None:
    """In a note of a web editor, too, "<" may be a sign of its own."""
    assert cleaned(safe_html("<p>BP <120 <b>now</b></p>")).value == "<p>BP &lt;120 <b>now</b></p>"


@pytest.mark.parametrize(
    ("raw", "expected", "lost"),
    [
        ("<p style='color:red' class=x>a</p>", "<p>a</p>", False),
        ("<p onclick=x()>a</p>", "<p>a</p>", True),
        (
            "<a href='https://example.org/x'>a</a>",
            '<p><a href="https://example.org/x">a</a></p>',
            False,
        ),
        ("<a href='javascript:x()'>a</a>", "<p><a>a</a></p>", True),
        ("<a href='JaVa\tscript:x()'>a</a>", "<p><a>a</a></p>", True),
        ("<a href='java&#8203;script:x()'>a</a>", "<p><a>a</a></p>", True),
        ("<a href='data:text/html,x'>a</a>", "<p><a>a</a></p>", True),
        ("<img src='data:image/png;base64,AA=='>a", "<p>a</p>", True),
        ("<!-- remark --><p>a</p>", "<p>a</p>", True),
        ("<style>p{}</style><p>a</p>", "<p>a</p>", True),
        ("<o:p></o:p><p>a</p>", "<p>a</p>", True),
        ("<p>un<b>closed", "<p>un<b>closed</b></p>", False),
        ("e&#769;<b>x</b>", "<p>\u00e9<b>x</b></p>", False),
        ("a&#8203;b<br>", "<p>ab<br></p>", False),
        ("<x>y</x>", "<p>y</p>", True),
    ],
)
def test_what_cleaning_takes_out_is_listed(raw: str, expected: str, *, lost: bool) -> None:
    """A code, picture, remark or address that went is named; a colour is not."""
    assert safe_html(raw) == Clean(expected, (IssueKind.HTML_REDUCED,) if lost else ())
    assert cleaned(safe_html(expected)).value == expected


def test_a_megabyte_of_markup_is_read() -> None:
    """A long history with a bracket everywhere is read to its end."""
    for raw in ("<p>word</p>\n" * 20_000, "<" * 200_000, "<!--" * 50_000, "<q1>" * 50_000):
        assert cleaned(safe_html(f"{raw} end")).value


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


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul><li"])
def test_markup_too_deep_for_odoo_loses_tags_and_no_word(tag: str) -> None:
    """Odoo drops what lies deeper than some 250 elements; here the words come up instead."""
    first, *more = tag.split("><")
    closing = "".join(f"</{one}>" for one in (*reversed(more), first))
    read = cleaned(safe_html(f"<{tag}>x " * 400 + "deep" + closing * 400))
    again = cleaned(safe_html(read.value))
    text = str(read.value)
    depth = deepest = 0
    for found in re.finditer(r"<(/?)[a-z]+", text):
        depth += -1 if found[1] else 1
        deepest = max(deepest, depth)

    assert (deepest, depth) == (DEEPEST, 0)
    assert plain_text(text).value is not None
    assert str(plain_text(text).value).split() == ["x"] * 400 + ["deep"]
    assert IssueKind.HTML_REDUCED in read.notes
    assert again.value == read.value
