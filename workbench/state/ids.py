"""Ids of the source: text, however PracticeHub types them."""

from __future__ import annotations


def id_order(one: str) -> tuple[int, int, str]:
    """Order ids as numbers where they are numbers."""
    return (0, int(one), "") if one.isascii() and one.isdecimal() else (1, 0, one)


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
