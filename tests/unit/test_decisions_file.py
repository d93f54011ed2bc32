"""Decisions written in a file: text only, each subject once, every fault named."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.phases.decisions_file import read_decisions


def write(folder: Path, text: str) -> Path:
    """Write a decision file."""
    path = folder / "decisions.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_is_a_choice_or_a_choice_with_a_comment(tmp_path: Path) -> None:
    """In the file's order; every value stays the text that it is."""
    found = read_decisions(
        write(
            tmp_path,
            "value:appointments.status=missed: Missed\n"
            "'value:patients.smoker=no': no\n"
            "practitioner:17: {choice: 0017, comment: 'she left: ask Pia'}\n"
            "duplicate:patient_12+patient_99: {choice: merge}\n",
        )
    )

    assert list(found.items()) == [
        ("value:appointments.status=missed", ("Missed", "")),
        ("value:patients.smoker=no", ("no", "")),
        ("practitioner:17", ("0017", "she left: ask Pia")),
        ("duplicate:patient_12+patient_99", ("merge", "")),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "does not hold"),
        ("# nothing yet\n", "does not hold"),
        ("{}", "does not hold"),
        ("- a\n- b\n", "does not hold"),
        ("sample", "does not hold"),
        ("sample: [approve]", "sample is neither"),
        ("sample: {choise: approve}", "sample is neither"),
        ("sample: {choice: [approve]}", "sample is neither"),
        ("sample: {choice: approve, comment: [x]}", "sample is neither"),
        ("sample: {choice: approve, by: me}", "sample is neither"),
        ("sample: approve\nsample: reject", "sample stands there twice, again at line 2"),
        ("sample: {choice: approve, choice: reject}", "choice stands there twice"),
        ("sample: approve\n---\nsample: reject", "is not YAML"),
        ("sample: 'approve", "is not YAML at line"),
        ("? [a, b]\n: approve", "is not YAML"),
        ("a: &x {choice: *x}", "is not YAML"),
        ("sample: \x07", "is not YAML"),
        ("!!python/object/apply:os.system ['true']", "does not hold"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, text: str, what: str) -> None:
    """Nothing is guessed, nothing is run, and no entry is dropped."""
    with pytest.raises(UsageError, match=what):
        read_decisions(write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Missing, a folder, or not UTF-8."""
    with pytest.raises(UsageError, match="There is no file"):
        read_decisions(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read: IsADirectoryError"):
        read_decisions(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("sample: Zürich".encode("latin-1"))
    with pytest.raises(UsageError, match="cannot be read: UnicodeDecodeError"):
        read_decisions(tmp_path / "latin.yaml")
