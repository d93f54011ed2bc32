"""What `workbench decide` reads: a file of decisions, or a map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import MappingError, UsageError
from workbench.mapping.yaml_io import SECTIONS, dump_line, load_row
from workbench.mapping.yaml_nodes import Node, parse
from workbench.mapping.yaml_text import shown
from workbench.phases import agreement, knowledge
from workbench.phases.map_file import take_map
from workbench.phases.recorder import all_or_none, faulty

if TYPE_CHECKING:
    from workbench.run import Run

_ENTRY = frozenset({"choice", "comment"})


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of a file: what is chosen, why, and the line it stands on, from 1."""

    choice: str
    comment: str
    line: int


def decide(run: Run, file: Path, *, by: str, dry: bool = False) -> list[str]:
    """Record what a file says: `subject: choice` lines, or a map.

    A map is told by its sections. All of the file is recorded, or nothing of it; what is
    decided as the file says already is left alone, so it may be read twice.

    Args:
        run: the run decided on.
        file: the file.
        by: who decides.
        dry: say what would be recorded, and record nothing.

    Returns:
        What was recorded, and what stays open, in sentences.

    Raises:
        UsageError: the file cannot be read, or has faults as a file of decisions.
        MappingError: it has faults as a map.
        BusyError: it is a map, and another process is at work on the run.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        what = f"There is no file {file}."
        raise UsageError(what) from None
    except OSError as error:
        what = f"{file} cannot be read: {type(error).__name__}."
        raise UsageError(what) from None
    root, found = parse(content)
    if found:
        lines = [f"line {line} {what}" for line, what in sorted(found)]
        raise faulty(file.name, lines, error=UsageError)
    if root is not None and is_map(root):
        return take_map(run, root, content, name=file.name, by=by, dry=dry)
    said = read_decisions(root, name=file.name)
    with all_or_none(run, by=by, name=file.name, error=UsageError, dry=dry) as recorder:
        last = said.pop(agreement.SUBJECT, None)
        for subject, one in said.items():
            recorder.take(subject, one.choice, one.comment, line=one.line)
        # fields decided now may ask for another schema than the one that was asked about
        knowledge.ask_about_schema(run.prepare, first=False)
        if last is not None:
            recorder.take(agreement.SUBJECT, last.choice, last.comment, line=last.line)
    return [recorder.told(dry=dry)]


def is_map(root: Node) -> bool:
    """Tell a map from decisions: no subject is called as a section of a map is."""
    return any(key.text in SECTIONS for key, _ in root.pairs or ())


def read_decisions(root: Node | None, *, name: str) -> dict[str, Said]:
    """Read the decisions of a file.

    Returns:
        Subject to what is said of it, in the file's order.

    Raises:
        UsageError: the file is empty, decides a subject twice, or an entry is neither a
            choice, nor `{choice: …, comment: …}`, nor the line of a field; names them all.
    """
    if root is None or not root.pairs:
        what = f"{name} does not hold `subject: choice` lines."
        raise UsageError(what, safe="Nothing was recorded.")
    faults: list[str] = []
    found: dict[str, Said] = {}
    for key, node in root.pairs:
        subject = key.text
        if subject is None:
            faults.append(f"line {key.line}: this name is no text.")
            continue
        if subject in found:
            faults.append(f"line {key.line}: {shown(subject)} stands there twice.")
        said = _said(subject, node)
        if isinstance(said, str):
            faults.append(f"line {node.line}: {shown(subject)} {said}")
        found[subject] = Said("", "", node.line) if isinstance(said, str) else said
    if faults:
        raise faulty(name, faults, error=UsageError)
    return found


def _said(subject: str, node: Node) -> Said | str:
    """Read one entry, or say what is wrong with it."""
    if node.text is not None:
        return Said("" if node.is_null else node.text, "", node.line)
    names = [key.text for key, _ in node.pairs or ()]
    if "as" in names and subject.startswith("field:"):
        return _line(subject, node)
    entries = {key.text: value.text for key, value in node.pairs or ()}
    texts = all(isinstance(value, str) for value in entries.values())
    if len(names) > len(entries):
        return "says the same thing twice."
    if "choice" not in entries or not entries.keys() <= _ENTRY or not texts:
        return "is neither a choice nor {choice: …, comment: …}."
    return Said(entries["choice"] or "", entries.get("comment") or "", node.line)


def _line(subject: str, node: Node) -> Said | str:
    """Read a field's whole line, written as it stands in a map."""
    try:
        row = load_row(subject.removeprefix("field:"), node)
    except MappingError as error:
        return f"is no line of a map: {error.what}"
    return Said(dump_line(row), "", node.line)
