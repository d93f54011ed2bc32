"""An error in a notebook is shown as sentences, without a value or a source line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.errors import DecisionNeededError, UsageError, WorkbenchError
from workbench.kernel import FAULT_MIME, fault_of, install, sentences
from workbench.state import Store


class Shell:
    """Stands in for IPython's shell: keeps what it would have shown and published."""

    def __init__(self) -> None:
        self.shown: list[tuple[type[BaseException], str, list[str]]] = []
        self.published: list[dict[str, Any]] = []
        self.display_pub = self

    def publish(self, data: dict[str, Any]) -> None:
        """Take what goes to the engine."""
        self.published.append(data)

    def _showtraceback(self, kind: type[BaseException], error: str, lines: list[str]) -> None:
        self.shown.append((kind, error, lines))


class LocalError(DecisionNeededError):
    """A leaf that some room keeps for itself."""


def raised(error: BaseException) -> BaseException:
    """Raise and catch, so that there is a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


def test_our_own_errors_are_told_in_their_three_sentences() -> None:
    """What happened, what is safe, what to do: all that a person needs."""
    error = raised(DecisionNeededError("3 fields are open.", do="Open 03_map.ipynb."))

    assert sentences(fault_of(error)) == [
        "DecisionNeededError: 3 fields are open.",
        DecisionNeededError.safe,
        "Open 03_map.ipynb.",
    ]


def test_a_foreign_error_is_told_by_class_and_place_only(tmp_path: Path) -> None:
    """A message of sqlite or of a parser may quote a record, so it is not repeated."""
    store = Store(tmp_path / "state.sqlite")
    with pytest.raises(AttributeError) as caught:
        store.decisions.ask([{"name": "Zebedee"}])  # type: ignore[list-item]
    fault = fault_of(caught.value)
    store.close()

    assert "Zebedee" not in str(fault)
    assert fault["frames"][-1].startswith("workbench/state/decisions.py:")


def test_a_foreign_error_names_the_classes_behind_it() -> None:
    """The chain of causes helps whoever mends it, and holds no value."""
    error = ValueError("Zebedee")
    error.__cause__ = KeyError("Zebedee")

    assert fault_of(raised(error))["causes"] == ["KeyError"]
    assert "Zebedee" not in " ".join(sentences(fault_of(error)))


def test_lineage_names_only_classes_of_the_workbench() -> None:
    """The engine finds the nearest class that it knows, nearest first."""
    assert fault_of(LocalError("x"))["lineage"] == ["DecisionNeededError", "WorkbenchError"]
    assert fault_of(UsageError("x"))["lineage"] == ["UsageError", "WorkbenchError"]
    assert fault_of(ValueError("x"))["lineage"] == []


def test_a_shell_shows_sentences_after_installing_once_or_twice() -> None:
    """In JupyterLab too a notebook that is saved holds no traceback."""
    shell = Shell()
    install(shell)
    install(shell)
    shell._showtraceback(ValueError, ValueError("Zebedee"), ["Traceback", "x = 'Zebedee'"])  # type: ignore[arg-type]

    assert len(shell.shown) == 1
    assert "Zebedee" not in str(shell.shown)
    assert shell.published == []


def test_the_engine_is_told_by_fields() -> None:
    """Which error it was never has to be read out of a text."""
    shell = Shell()
    install(shell, tell_engine=True)
    shell._showtraceback(WorkbenchError, WorkbenchError("w", safe="s", do="d"), [])  # type: ignore[arg-type]

    fault = shell.published[0][FAULT_MIME]
    assert (fault["what"], fault["safe"], fault["do"]) == ("w", "s", "d")
