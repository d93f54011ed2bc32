"""The exception tree: each error says what is safe and what to do, and stands in the drawing."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import workbench
from workbench import errors
from workbench.errors import WorkbenchError


def _tree(kind: type[WorkbenchError]) -> list[type[WorkbenchError]]:
    return [kind, *(found for sub in kind.__subclasses__() for found in _tree(sub))]


for module in pkgutil.walk_packages(workbench.__path__, "workbench."):
    if not module.name.endswith("__main__") and ".sandbox" not in module.name:
        importlib.import_module(module.name)

TREE = _tree(WorkbenchError)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_says_what_is_safe_and_what_to_do(kind: type[WorkbenchError]) -> None:
    """A person at 23:00 is never left with only a name of an error."""
    for sentence in (kind.safe, kind.do):
        assert sentence[0].isupper()
        assert sentence[-1] in ".`!"
    assert kind.exit_code in {1, 2, 3, 4, 5}


def test_the_drawn_tree_is_the_tree() -> None:
    """The drawing at the top of the module leaves nothing out and invents nothing."""
    drawn = re.findall(r"(\w+Error)\s+(\d)", errors.__doc__ or "")
    assert dict(drawn) == {
        kind.__name__: str(kind.exit_code) for kind in TREE if kind.__module__ == errors.__name__
    }


def test_an_error_shows_three_sentences_in_a_notebook_too() -> None:
    """No traceback appears where a person made a mistake."""
    error = WorkbenchError("It rained.", do="Take an umbrella.")

    assert error._render_traceback_() == ["It rained.", WorkbenchError.safe, "Take an umbrella."]
