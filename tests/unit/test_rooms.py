"""Who may know whom: the rooms import each other as the design says, and no other way."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import workbench

PACKAGE = Path(workbench.__file__).parent
NOTEBOOKS = PACKAGE.parent / "notebooks"
TOP = "(top)"

FORBIDDEN = {
    "practicehub": {"odoo", "mapping", "staging", "proof", "phases", "panels", "reports"},
    "odoo": {"practicehub", "staging", "proof", "phases", "panels", "reports"},
    "mapping": {"practicehub", "odoo", "proof", "phases", "panels", "reports"},
    "staging": {"practicehub", "odoo", "mapping", "proof", "phases", "panels", "reports"},
    "proof": {"odoo", "phases", "panels", "reports"},
    "panels": {"practicehub", "odoo", "phases", "reports"},
    "reports": {"practicehub", "odoo", "phases", "panels"},
    "suggest": {"practicehub", "odoo", "proof", "phases", "panels", "reports", "state", "config"},
    "engine": {"practicehub", "odoo", "mapping", "staging", "proof", "phases", "panels",
               "reports", "state"},
}  # fmt: skip
"""What each room may not import; `errors` and `state` are open to all that need them."""

KNOW_PROOF = {"cli", "phases", "panels", "reports", "proof"}
KNOW_SANDBOX = {"cli", "sandbox"}
KNOW_SQL = {"state", "proof"}
"""`proof` reads a private copy of a state file that may be broken: it names SQLite's errors."""


def room_of(module: str) -> str:
    """Give the room of a module: "workbench.odoo.client" lies in odoo, "workbench.run" in run."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else TOP


def imports(source: str) -> Iterator[str]:
    """List the modules that a piece of Python imports anywhere, for type checking too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def known() -> list[tuple[str, str, str]]:
    """List room, file and imported module, for every import in the package."""
    return [
        (path.relative_to(PACKAGE).parts[0].removesuffix(".py"), str(path), module)
        for path in sorted(PACKAGE.rglob("*.py"))
        for module in imports(path.read_text(encoding="utf-8"))
    ]


KNOWN = known()


def breaches(room: str, *others: str) -> list[str]:
    """List where a room imports one of the others."""
    return [
        f"{file} imports {module}"
        for ours, file, module in KNOWN
        if ours == room and module.startswith("workbench.") and room_of(module) in others
    ]


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_a_room_does_not_know_what_it_need_not(room: str) -> None:
    """Source and destination never meet; panels and reports call neither end."""
    assert breaches(room, *FORBIDDEN[room]) == []


def test_the_state_knows_only_errors() -> None:
    """Whoever opens a state file needs nothing of the rooms that wrote it."""
    met = {room_of(m) for ours, _, m in KNOWN if ours == "state" and m.startswith("workbench.")}
    assert met == {"state", "errors"}


def test_mapping_and_staging_are_pure() -> None:
    """What becomes what is decided without a network, a database or a clock."""
    impure = {"httpx", "sqlite3", "stamina", "socket", "urllib.request", "subprocess", "time"}
    found = [(file, module) for room, file, module in KNOWN
             if room in {"mapping", "staging"} and module in impure]  # fmt: skip
    assert found == []


def test_only_the_state_speaks_sql() -> None:
    """Every other room asks the store; `proof` only names the errors of a broken file."""
    found = {room for room, _, module in KNOWN if module.partition(".")[0] == "sqlite3"}
    assert found <= KNOW_SQL
    executes = [
        str(path)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in {"state", "sandbox"}
        and '.execute("' in path.read_text(encoding="utf-8")
    ]
    assert executes == []


def test_proof_is_asked_only_by_those_who_show_it() -> None:
    """What is checked does not know the checker."""
    found = {room for room, _, module in KNOWN if room_of(module) == "proof"}
    assert found - {"sandbox"} <= KNOW_PROOF, found


def test_nothing_but_the_command_line_knows_the_sandbox() -> None:
    """No sandbox can slip into a real migration."""
    found = {room for room, _, module in KNOWN
             if module.startswith("workbench.") and room_of(module) == "sandbox"}  # fmt: skip
    assert found <= KNOW_SANDBOX


def test_only_the_phases_may_ask_a_language_model() -> None:
    """What is decided, shown or loaded never depends on what a stranger answers just then."""
    found = {room for room, _, module in KNOWN
             if module.startswith("workbench.") and room_of(module) == "suggest"}  # fmt: skip
    assert found == {"phases"}


def test_nothing_imports_the_tests() -> None:
    """What is shipped stands alone."""
    assert [file for _, file, module in KNOWN if module.partition(".")[0] == "tests"] == []


def test_notebooks_import_only_the_workbench() -> None:
    """No logic lives in a notebook, so it needs nothing else."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "code":
                met = {module.partition(".")[0] for module in imports("".join(cell["source"]))}
                assert met <= {"workbench"}, path.name
