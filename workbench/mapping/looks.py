"""What the values of a field look like, held against what a known field holds."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.mapping.templates import Entry
from workbench.staging.profile import DATES, INSTANTS, FieldProfile

FITS = 0.5
"""Share of values that must look right; the rest are slips, and are listed as such."""

_JSON = frozenset(("boolean", "integer", "decimal"))
_NEVER_TEXT = frozenset(
    (*DATES, *INSTANTS, "zero_date", "email", "url", "boolean", "boolean_word", "time")
)
_NEVER_WORDS = _NEVER_TEXT | {"integer", "decimal", "integer_text", "decimal_text", "phone"}
_NEVER_NUMBER = frozenset((*DATES, *INSTANTS, "zero_date", "email", "url", "boolean", "time"))
_LONG = _NEVER_TEXT - {"url"}
NEVER: Mapping[str, frozenset[str]] = {
    "full_name": _NEVER_WORDS | {"html", "json", "lines"},
    "referrer": _NEVER_WORDS,
    "company": _NEVER_TEXT | {"decimal", "decimal_text"},
    "address": _NEVER_WORDS,
    "text": _NEVER_NUMBER,
    "street": _NEVER_TEXT,
    "plain_text": _LONG,
    "html": _LONG,
    "country": _NEVER_WORDS,
    "state": _NEVER_WORDS,
    "selection": _NEVER_TEXT - {"boolean", "boolean_word"},
    "stage": _NEVER_TEXT,
    "language": _NEVER_WORDS,
    "practitioner": _NEVER_TEXT - {"email"},
    "visit_title": _NEVER_WORDS,
}
"""Transform → looks that values of such a field do not have."""
_OF_NAMES = frozenset(("city", "x_emergency_contact", "function", "company_name"))
"""Texts that are words, whatever else a text may be."""
BOOLEAN = frozenset(("boolean", "boolean_word", "integer", "integer_text"))


def share_of(profile: FieldProfile, looks: frozenset[str]) -> float:
    """Give the share of filled values with one of the looks, 0 to 1.

    Looks are the formats of texts and, for what is no text, the JSON type: "integer",
    "decimal", "boolean".
    """
    counts = {**profile.formats, **{name: profile.types.get(name, 0) for name in _JSON}}
    total = sum(counts.values())
    return sum(counts[name] for name in looks & counts.keys()) / total if total else 0.0


def fitting(profile: FieldProfile, entry: Entry) -> float | None:
    """Give the share of values that a known field could hold; None where nothing tells."""
    if entry.looks_like:
        return share_of(profile, frozenset(entry.looks_like))
    if entry.transform == "boolean":
        return share_of(profile, BOOLEAN)
    never = NEVER.get(entry.transform)
    if entry.target.rpartition(".")[2] in _OF_NAMES:
        never = _NEVER_WORDS
    return None if never is None else 1.0 - share_of(profile, never)


def looks_right(share: float) -> bool:
    """Whether so many values look right that the rest are slips."""
    return share >= FITS


def lower_case(profile: FieldProfile) -> bool:
    """Whether most values begin with a small letter: words of a list, never places."""
    total = sum(profile.shapes.values())
    small = sum(count for shape, count in profile.shapes.items() if shape.startswith("a"))
    return small > FITS * total if total else False


def dials_abroad(profile: FieldProfile) -> bool:
    """Whether values are telephone numbers by their looks alone: the code of a country leads."""
    total = sum(profile.shapes.values())
    marked = sum(
        count for shape, count in profile.shapes.items() if shape.startswith(("+9", "(+9"))
    )
    return marked > FITS * total if total else False
