"""Ids of the source: text, however PracticeHub types them."""

from __future__ import annotations


def id_order(one: str) -> tuple[int, int, str]:
    """Order ids as numbers where they are numbers."""
    return (0, int(one), "") if one.isascii() and one.isdecimal() else (1, 0, one)
