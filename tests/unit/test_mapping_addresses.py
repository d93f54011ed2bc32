"""Addresses in one string: taken apart where nobody could read them otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mapping.addresses import address
from workbench.mapping.context import Context, Made, Scope
from workbench.mapping.rows import Ref, RefKind
from workbench.state import IssueKind

CLINIC = Context(timezone="Europe/Amsterdam", patient_key=lambda _one: None, country="NL")
DUTCH = Scope(CLINIC)


def split(raw: object, scope: Scope = DUTCH) -> tuple[object, ...]:
    """Give street, street2, zip, city and the country's code."""
    made = address({"": raw}, scope)
    values = {name: one.value for name, one in made.items() if isinstance(one, Made)}
    country = values["country"]
    code = country.key if isinstance(country, Ref) else country
    return (values["value"], values["street2"], values["zip"], values["city"], code)


def notes(raw: object, scope: Scope = DUTCH) -> tuple[IssueKind, ...]:
    """Give what was noted of an address."""
    made = address({"": raw}, scope)["value"]
    return made.notes if isinstance(made, Made) else ()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Flat 2, 10 Downing St\nLondon SW1A 2AA\nUnited Kingdom",
         ("Flat 2, 10 Downing St", None, "SW1A 2AA", "London", "GB")),
        ("10 Downing St\nWestminster\nSW1A 2AA London\nUK",
         ("10 Downing St", "Westminster", "SW1A 2AA", "London", "GB")),
        ("Weg 1\n1011 AB Amsterdam\nNederland", ("Weg 1", None, "1011 AB", "Amsterdam", "NL")),
        ("Weg 1-B\r\n1011AB 's-Gravenhage\r\nThe Netherlands",
         ("Weg 1-B", None, "1011AB", "'s-Gravenhage", "NL")),
        ("Weg 1<br>1011 AB Amsterdam<br/>Nederland",
         ("Weg 1", None, "1011 AB", "Amsterdam", "NL")),
        ("<p>Weg 1</p><p>1011 AB Amsterdam</p><p>Nederland</p>",
         ("Weg 1", None, "1011 AB", "Amsterdam", "NL")),
        ("Hauptstraße 5\nD-80331 München\nDeutschland",
         ("Hauptstraße 5", None, "D-80331", "München", "DE")),
        ("Calle Mayor 3, 2º izq.\n28013 Madrid\nEspaña",
         ("Calle Mayor 3, 2º izq.", None, "28013", "Madrid", "ES")),
        ("12 rue de l'Église\nBâtiment B\n75001 Paris\nFrance",
         ("12 rue de l'Église", "Bâtiment B", "75001", "Paris", "FR")),
        ("Rue du Fossé 7\n1536 Luxembourg\nLuxembourg",
         ("Rue du Fossé 7", None, "1536", "Luxembourg", "LU")),
        ("5 Main Street\nDublin 2 D02 X285\nIreland",
         ("5 Main Street", None, "D02 X285", "Dublin 2", "IE")),
        ("PO Box 12\nBath BA1 1AA\nUnited Kingdom",
         ("PO Box 12", None, "BA1 1AA", "Bath", "GB")),
        ("  Weg 1 ,\n\n 1011 AB Amsterdam,\n Nederland \n",
         ("Weg 1", None, "1011 AB", "Amsterdam", "NL")),
        # no country in it: the letters of the clinic's own postcodes leave no doubt
        ("Weg 1\n1011 AB Amsterdam", ("Weg 1", None, "1011 AB", "Amsterdam", None)),
    ],
)  # fmt: skip
def test_a_certain_address_is_taken_apart(raw: str, expected: tuple[object, ...]) -> None:
    """Lines, a known country and a postcode of it, where that country writes it."""
    assert split(raw) == expected
    assert IssueKind.ADDRESS_UNSPLIT not in notes(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("Weg 1, 1011 AB Amsterdam, Nederland", id="commas only"),
        pytest.param("1011 AB Amsterdam\nNederland", id="no street"),
        pytest.param("Weg 1\nAmsterdam\nNederland", id="no postcode"),
        pytest.param("c/o Mrs Smith\n10 High St\nBath BA1 1AA\nUK", id="somebody's name first"),
        pytest.param("t.a.v. afdeling 3\nWeg 1\n1011 AB Amsterdam\nNederland", id="for a room"),
        pytest.param("Jan Jansen\nWeg 1\n1011 AB Amsterdam\nNederland", id="a name, no number"),
        pytest.param("Jan Jansen\n1011 AB Amsterdam\nNederland", id="a name and no street"),
        pytest.param("1 Elm St\nSpringfield, IL 62701\nUSA", id="a state has no line"),
        pytest.param("1 Elm St\nSpringfield IL 62701\nUnited States", id="a state, no comma"),
        pytest.param("1 Elm St\nSydney NSW 2000\nAustralia", id="a state of Australia"),
        pytest.param("1 Elm St\n19801 Wilmington\nDE", id="Delaware, not Germany"),
        pytest.param("3 Rue X\n75008 Paris Cedex 08\nFrance", id="a town with a number"),
        pytest.param("Weg 1, 1012 AC\n1011 AB Amsterdam\nNederland", id="a second postcode"),
        pytest.param("Weg 3\n3731 DE BILT\nNederland", id="letters that are the town's"),
        pytest.param("Weg 1\n8000 Zürich\nBelgien, Schweiz", id="two countries"),
        pytest.param("5 Way\n12345 Singapore\nGermany", id="a town that is a country"),
        pytest.param("5 Way\n54321 Georgia\nGeorgia", id="a country without a pattern"),
        pytest.param("5 Way\n12345\nGermany", id="a postcode without its town"),
        pytest.param("Kerkstraat 1000\n80331 München", id="digits alone, no country"),
        pytest.param("5 Way\nBT1 1AA Belfast\nIreland", id="a postcode of another country"),
        pytest.param("5 Way\nLondon, Camden NW1 1AA\nUK", id="two towns"),
        pytest.param("\n".join(f"line {n}" for n in range(10)), id="ten lines"),
        pytest.param("Amsterdam", id="a town alone"),
        pytest.param("Nederland", id="a country alone"),
    ],
)  # fmt: skip
def test_an_uncertain_address_stays_one_honest_line(raw: str) -> None:
    """Whatever could be read in two ways stands whole in the street, and is listed."""
    assert split(raw) == (", ".join(raw.split("\n")), None, None, None, None)
    assert notes(raw) == (IssueKind.ADDRESS_UNSPLIT,)


def test_the_records_own_country_is_as_good_as_a_line() -> None:
    """Where a field beside the address names the country, postcodes of digits are certain."""
    german = Scope(CLINIC, country="DE")

    assert split("Weg 1\n80331 München", german) == ("Weg 1", None, "80331", "München", None)
    assert split("Weg 1\n80331 München")[1:] == (None, None, None, None)


def test_the_address_itself_counts_before_the_record_and_the_clinic() -> None:
    """An address abroad is read by the country that stands in it."""
    german = Scope(CLINIC, country="DE")

    assert split("Weg 1\n1011 AB Amsterdam\nNederland", german)[4] == "NL"


LINES = st.sampled_from(
    ["Weg 1", "1011 AB Amsterdam", "Nederland", "NL", "DE", "c/o Bo", "London SW1A 2AA", "UK",
     "80331 München", "Germany", "Jordan", "USA", "12345", "Springfield, IL 62701", "é 2", ""]
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(LINES, max_size=6), st.sampled_from(["", "NL", "DE", "US"]))
def test_no_word_of_an_address_is_lost(lines: list[str], country: str) -> None:
    """Split or not, every word stands in one of the five fields, and none is made up."""
    scope = Scope(CLINIC, country=country)
    made = split("\n".join(lines), scope)
    told = " ".join(str(one) for one in made[:4] if one).replace(",", " ").split()
    words = " ".join(lines).replace(",", " ").split()
    named = made[4] is not None

    assert told == words[: len(told)] or sorted(told) == sorted(words[: len(told)])
    assert len(words) - len(told) == (1 if named else 0)
    assert address({"": "\n".join(lines)}, scope)["country"] in (
        Made(None), Made(Ref(RefKind.COUNTRY, str(made[4])))
    )  # fmt: skip
