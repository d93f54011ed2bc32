"""What may be given to a notebook: names it knows, values that are plain, nothing secret."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from rapidfuzz import process

from workbench.errors import UsageError

_SECRET = re.compile(r"key|secret|token|passw|pwd|credential|auth|dsn|bearer", re.IGNORECASE)
_LONGEST = 1024
_FIX = "Mend the notebook, or take the one that comes with the workbench."


def read_notebook(path: Path) -> Any:  # noqa: ANN401 - nbformat is untyped
    """Read a notebook.

    Raises:
        UsageError: there is none, or it is not a notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        what = f"There is no notebook {path.name}."
        raise UsageError(what, do="Look in the notebooks folder for its name.") from None
    except (OSError, ValueError, nbformat.ValidationError) as error:
        what = f"{path.name} cannot be read as a notebook: {type(error).__name__}."
        raise UsageError(what, do=_FIX) from None


def check_parameters(notebook: Path, parameters: Mapping[str, object]) -> None:
    """Refuse parameters that the notebook would ignore, garble or write down for all to read.

    papermill takes an unknown name without a word, and where two cells are tagged
    `parameters` the second one silently overwrites what was given. What is given is saved in
    the executed notebook, so only plain values of names that are no secrets are taken.

    Raises:
        UsageError: no or several cells tagged `parameters`, a name that the cell does not
            assign, a name that sounds like a secret, or a value that is not one short line
            of text, a number or a truth value. The text never holds a value.
    """
    cells = [
        cell
        for cell in read_notebook(notebook).cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    ]
    if len(cells) != 1:
        what = f"{notebook.name} has {len(cells)} cells tagged `parameters`; it must have one."
        raise UsageError(what, do=_FIX)
    known = _assigned(cells[0].source)
    for name, value in parameters.items():
        _check(notebook.name, name, value, known=known)


def _check(notebook: str, name: str, value: object, *, known: list[str]) -> None:
    if _SECRET.search(name):
        what = f"The parameter {name!r} sounds like a secret, and parameters are saved."
        raise UsageError(what, do="Keep the secret where migration.toml's reference points.")
    if name not in known:
        best = process.extractOne(name, known, score_cutoff=60)
        meant = f" Did you mean {best[0]!r}?" if best else ""
        what = f"{notebook} has no parameter {name!r}.{meant}"
        raise UsageError(what, do=f"Its parameters are: {', '.join(known) or 'none'}.")
    if not isinstance(value, (str, int, float, bool)):
        what = f"The parameter {name!r} is of type {type(value).__name__}."
        raise UsageError(what, do="Give a text, a number, or true or false.")
    if isinstance(value, str) and (len(value) > _LONGEST or not value.isprintable()):
        what = f"The parameter {name!r} is not one line of at most {_LONGEST} characters."
        raise UsageError(what, do="Give the name of a thing, never its content.")


def _assigned(source: str) -> list[str]:
    """List the names that the parameters cell gives a value to."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    names: list[str] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names
