"""Addresses in one string: taken apart where that is certain, else one honest line."""

from __future__ import annotations

import re

from workbench.mapping.context import NOTHING, Made, Outcome, Outputs, Parts, Scope, made
from workbench.mapping.rows import Ref, RefKind
from workbench.staging import places
from workbench.staging.markup import plain_text
from workbench.staging.normalise import folded
from workbench.state import IssueKind

_MOST_STREETS = 2
"""Odoo has two lines for a street."""
_TOWN = re.compile(r"['\u2019]?[^\W\d_]+(?:[ .'\u2019\-]+[^\W\d_]+)*\.?|Dublin \d{1,2}W?")
_STATES_IN_LINE = frozenset({"AU", "CA", "US"})
"""Countries that write the state between town and postcode; it has no line of its own."""
_SOMEBODY = re.compile(
    r"(c/o|p/a|a/h|attn|att|t\.?a\.?v|z\.?\s?hd?|chez|familie|family|fam|mr|mrs|ms|dr|dhr|mevr|"
    r"mw|herr|frau|mme|sr|sra)\b.*",
    re.IGNORECASE,
)


def address(parts: Parts, scope: Scope) -> Outputs:
    """Split an address in one string where it is certain, else keep it as one honest line.

    Certain is all of this together:

    - line breaks: one or two lines of street, then one line of postcode and town;
    - a known country: named on a line of its own at the end, else by the record's own
      country field; else the clinic's, if its postcodes look like those of no other;
    - a postcode of that country, where the country writes it, and a town beside it that is
      words only: no state, no second town, no number of a district;
    - a street with a number, and nobody's name before it.

    The country is given only where the address itself names it. What is not split stands
    in `street`, its lines joined by commas, and is noted. HTML gives its lines.
    """
    empty: dict[str, Outcome] = dict.fromkeys(("street2", "zip", "city", "country"), NOTHING)
    read = plain_text(parts.get(""))
    if not isinstance(read.value, str):
        return {**empty, "value": made(read)}
    lines = [line.strip(" ,") for line in read.value.split("\n") if line.strip(" ,")]
    named = _named(lines[-1], scope) if lines else None
    place_at = len(lines) - (2 if named else 1)
    streets, place = lines[:place_at], lines[place_at] if place_at > 0 else ""
    country = named or scope.country or scope.context.country
    told = bool(named or scope.country)
    found = _place(place, country) if told or country in places.POSTCODES_ALONE else None
    if found is None or not _are_streets(streets, country):
        whole = ", ".join(lines) or None
        return {**empty, "value": Made(whole, (*read.notes, IssueKind.ADDRESS_UNSPLIT))}
    return {
        "value": Made(streets[0], read.notes),
        "street2": Made(streets[1] if len(streets) == _MOST_STREETS else None),
        "zip": Made(found[0]),
        "city": Made(found[1]),
        "country": Made(Ref(RefKind.COUNTRY, named)) if named else NOTHING,
    }


def _named(line: str, scope: Scope) -> str | None:
    """Give the country that a line names; "DE" alone may as well be the state of Delaware."""
    code = places.country_code(line)
    if code is None or code in {scope.country, scope.context.country}:
        return code
    return None if len(line) == 2 and places.state_code(line, "US") else code  # noqa: PLR2004 - a code of two letters


def _place(line: str, country: str) -> tuple[str, str] | None:
    """Give postcode and town of a line that holds these two and nothing else."""
    pattern = places.POSTCODES.get(country)
    if pattern is None:
        return None
    first = re.fullmatch(rf"(?P<zip>{pattern.pattern}),?\s+(?P<city>.+)", line)
    last = re.fullmatch(rf"(?P<city>.+?),?\s+(?P<zip>{pattern.pattern})", line)
    found = last if country in places.POSTCODE_LAST else first
    # letters leave no doubt what is the postcode, wherever it stands
    found = found or ((first or last) if country in places.POSTCODES_ALONE else None)
    if found is None or not _is_town(found["city"], country):
        return None
    # "3731 DE BILT" is four digits and the town of De Bilt
    if country == "NL" and found["zip"].endswith(" DE"):
        return None
    return found["zip"], found["city"]


def _is_town(words: str, country: str) -> bool:
    if not _TOWN.fullmatch(words) or places.country_code(words) not in {None, country}:
        return False
    last = words.rsplit(maxsplit=1)[-1]
    return country not in _STATES_IN_LINE or not (
        places.state_code(last, country) or places.state_code(words, country)
    )


def _are_streets(lines: list[str], country: str) -> bool:
    """Say whether lines are a street and no more: no name before it, no second place."""
    if not 1 <= len(lines) <= _MOST_STREETS or not any(char.isdigit() for char in lines[0]):
        return False
    pattern = places.POSTCODES[country].pattern
    if country in places.POSTCODES_ALONE and any(
        re.search(rf"\b{pattern}\b", line) for line in lines
    ):
        return False
    return not any(
        _SOMEBODY.fullmatch(line) or _place(line, country) or _is_country(line) for line in lines
    )


def _is_country(line: str) -> bool:
    return places.country_code(line) is not None and bool(folded(line))
