"""A masked value keeps its kind and rough shape, never its content."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.masking import Masker, plain
from workbench.state import Store

KEY = bytes(range(16))


@pytest.mark.parametrize("value", [None, False, ""])
def test_what_is_empty_is_said_to_be(value: object) -> None:
    """Odoo says False where a text is empty."""
    assert Masker(KEY)(value) == plain(value) == "empty"


def test_a_value_becomes_its_length_and_a_mark() -> None:
    """Enough to see that a field is filled, and whether two cells agree."""
    mask = Masker(KEY)

    assert mask("Anna Bos").startswith("8 characters ·")
    assert mask("Anna Bos") == mask("Anna Bos")
    assert mask("Anna Bos") != mask("Anna Bom")
    assert mask(bool(1)) == "yes"
    assert mask(12345678) == mask("12345678")
    assert plain("Anna Bos") == "Anna Bos"


@given(st.text(min_size=5, alphabet=st.characters(categories=["L"])))
def test_no_part_of_a_text_is_shown(text: str) -> None:
    """Whatever it is, a lone surrogate too, only length and four digits of a hash come out."""
    shown = Masker(KEY)(text)

    head, _, mark = shown.partition(" ·")
    assert head == f"{len(text)} characters"
    assert len(mark) == 4
    assert set(mark) <= set("0123456789abcdef")


def test_a_run_masks_alike_wherever_it_is_opened(tmp_path: Path) -> None:
    """Two notebooks of one run agree; another run's marks say nothing about this one's."""
    first, again = Store(tmp_path / "state.sqlite"), Store(tmp_path / "state.sqlite")
    other = Store(tmp_path / "other.sqlite")

    assert Masker.of(first)("Anna Bos") == Masker.of(again)("Anna Bos")
    assert Masker.of(first)("Anna Bos") != Masker.of(other)("Anna Bos")


def test_a_run_that_has_its_key_waits_for_no_writer(tmp_path: Path) -> None:
    """A report can be drawn while pages are being stored."""
    store, other = Store(tmp_path / "state.sqlite"), Store(tmp_path / "state.sqlite")
    Masker.of(store)

    with other.transaction():
        assert Masker.of(store)("x").startswith("1 characters")
