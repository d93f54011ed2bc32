"""Ids of the source: text, however PracticeHub types them; and what one record is called."""

from __future__ import annotations

NUMBER_DIGITS = 18
"""A longer number does not fit where the state counts and compares ids."""


def id_order(one: str) -> tuple[int, int, str]:
    """Order ids as numbers where they are numbers, however long."""
    if not (one.isascii() and one.isdecimal()):
        return (1, 0, one)
    digits = one.lstrip("0")
    return (0, len(digits), digits)


def number_of(text: str) -> int | None:
    """Read a whole number of at most 18 digits, without sign; None where it is none."""
    fits = text.isascii() and text.isdecimal() and len(text) <= NUMBER_DIGITS
    return int(text) if fits else None


def id_text(value: object) -> str | None:
    """Write an id as text, however PracticeHub typed it; None where it is not an id.

    Source:
        Seen on live accounts: the same id is a number in one resource and a string in
        another.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else None
    if isinstance(value, str):
        return value.strip() or None
    return None


def singular(resource: str) -> str:
    """Name one record of a resource, as external ids do: `clinical_notes` → `clinical_note`."""
    if resource.endswith("ies"):
        return f"{resource[:-3]}y"
    return resource.removesuffix("s") or resource
