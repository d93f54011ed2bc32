"""The closed set of kinds of oddities: each is explained, and each is met somewhere."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import workbench
from workbench.state import IssueKind

PACKAGE = Path(workbench.__file__).parent
KINDS = pytest.mark.parametrize("kind", IssueKind)


def named() -> set[str]:
    """Give the kinds that code names anywhere but where they are defined."""
    return {
        node.attr
        for path in PACKAGE.rglob("*.py")
        if path.name != "kinds.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "IssueKind"
    }


NAMED = named()


@KINDS
def test_a_kind_is_met_somewhere(kind: IssueKind) -> None:
    """No reader of the list looks for a kind that nothing ever lists."""
    assert kind.name in NAMED


@KINDS
def test_a_kind_says_what_it_means_in_one_sentence(kind: IssueKind) -> None:
    """Whoever filters the list in a spreadsheet needs no manual beside it."""
    assert kind.meaning.endswith(".")
    assert kind.meaning[0].isupper()
    assert "." not in kind.meaning[:-1]
    assert 3 <= len(kind.meaning.split()) <= 20


def test_no_two_kinds_mean_the_same() -> None:
    """A sentence that fits two kinds explains neither."""
    assert len({kind.meaning for kind in IssueKind}) == len(IssueKind)


def test_the_set_is_explained_where_it_is_defined() -> None:
    """The class tells whoever adds a kind which rooms there are."""
    told = inspect.getdoc(IssueKind) or ""

    assert all(part in told for part in ("Reading PracticeHub", "Checking values", "Loading"))
