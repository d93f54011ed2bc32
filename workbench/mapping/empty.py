"""How a value map calls nothing: a missing value, and one that becomes nothing."""

from __future__ import annotations

EMPTY_VALUE = "(empty)"
"""How a value map and its questions call a pick-list's missing value."""
LEAVE_EMPTY = "leave empty"
"""What a language becomes that Odoo does not have."""


def key_of(value: str | None) -> str:
    """Give a value's key in a map that knows missing values; a typed "(empty)" gets quotes.

    No two values share a key: what has quotes already gets one more pair.
    """
    if value is None:
        return EMPTY_VALUE
    return f'"{value}"' if value.strip('"') == EMPTY_VALUE else value


def value_of(key: str) -> str | None:
    """Give the value behind a key; None for a missing one."""
    if key == EMPTY_VALUE:
        return None
    return key[1:-1] if key.strip('"') == EMPTY_VALUE else key
