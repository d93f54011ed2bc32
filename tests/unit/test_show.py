"""What a cell shows: text in a terminal, HTML in a notebook, everything in it escaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from workbench.show import Lines, Stack, Table, Verdict

HOSTILE = "<script>alert('x')</script>"


def html(shown: Any) -> str:  # noqa: ANN401 - whatever draws itself
    """Draw as a notebook does."""
    drawn = shown._repr_html_()
    assert isinstance(drawn, str)
    return drawn


def test_lines_are_a_heading_and_sentences() -> None:
    """In both forms."""
    shown = Lines("Reached", ["60 patients", "one request a second"])

    assert repr(shown) == "Reached\n  60 patients\n  one request a second"
    assert "<strong>Reached</strong>" in html(shown)
    assert html(shown).count("<p") == 3


def test_a_table_lines_its_columns_up() -> None:
    """With a note below it where there is one."""
    shown = Table("Held", ("resource", "rows"), [("patients", 1200), ("x", None)], note="A note.")

    assert repr(shown).splitlines() == [
        "Held", "resource  rows", "patients  1200", "x         None", "A note.",
    ]  # fmt: skip
    drawn = html(shown)
    assert "<caption" in drawn
    assert drawn.count("<th scope='col'") == 2
    assert "text-align:right" in drawn.split("1,200")[0][-120:]
    assert "A note." in drawn


def test_a_table_without_rows_still_has_its_heading() -> None:
    """An empty answer is an answer."""
    shown = Table("Odd", ("field", "what"), [])

    assert repr(shown) == "Odd\nfield  what"
    assert "<tbody></tbody>" in html(shown)


def test_truth_is_no_number() -> None:
    """True is set as a word, not as 1 on the right."""
    drawn = html(Table("t", ("a",), [(True,)]))

    assert "text-align:right" not in drawn
    assert ">True<" in drawn


@pytest.mark.parametrize(
    "shown",
    [
        Lines(HOSTILE, [HOSTILE]),
        Table(HOSTILE, (HOSTILE,), [(HOSTILE,)], note=HOSTILE),
        Verdict("map", "failed", HOSTILE, ((HOSTILE, HOSTILE),), next=HOSTILE),
    ],
    ids=["lines", "table", "verdict"],
)
def test_nothing_that_was_given_becomes_markup(shown: object) -> None:
    """A clinic's text cannot run in the notebook of whoever reads it."""
    assert "<script" not in html(shown)
    assert "&lt;script" in html(shown)


@pytest.mark.parametrize(
    ("status", "sign"), [("done", "✓"), ("waiting", "…"), ("failed", "✗"), ("pending", "○")]
)
def test_a_verdict_says_how_a_phase_stands(status: str, sign: str) -> None:
    """By a sign and a word, the figures, the ledger's head in short, and what comes next."""
    shown = Verdict("audit", status, "all of it", (("fields", 12),), "03_map.ipynb", "ab" * 32)

    assert repr(shown).splitlines() == [
        f"{sign} audit: {status}. all of it", "  fields: 12", "  ledger head: abababababababab…",
        "  next: 03_map.ipynb",
    ]  # fmt: skip
    assert html(shown).count("<li>") == 3


@dataclass(frozen=True)
class Plain:
    """Something that draws no HTML."""

    text: str

    def __repr__(self) -> str:
        return self.text


def test_a_stack_shows_its_parts_under_one_another() -> None:
    """A part that draws no HTML is left out of it, and stands in the text."""
    shown = Stack((Lines("One", []), Plain("two"), Lines("Three", [])))

    assert repr(shown) == "One\n\ntwo\n\nThree"
    assert html(shown).index("One") < html(shown).index("Three")
    assert html(Stack()) == repr(Stack()) == ""


def test_a_widget_in_a_stack_is_shown_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no HTML of its own is displayed beside what has; a stack of HTML stays one piece."""
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    widget, lines = object(), Lines("a", [])

    Stack((lines, widget))._ipython_display_()
    with pytest.raises(NotImplementedError):
        Stack((lines,))._ipython_display_()
    assert shown == [lines, widget]
