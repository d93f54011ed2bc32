"""The ten notebooks hold prose and calls, no logic, no output and no secret."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from workbench.engine import check_parameters
from workbench.phases.order import PHASES

FOLDER = Path(__file__).parents[2] / "notebooks"
FORBIDDEN = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.AsyncFor,
    ast.While, ast.If, ast.IfExp, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.Raise,
    ast.Assert, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await, ast.Delete,
    ast.Global, ast.Match,
)  # fmt: skip
BOOKS = pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)


def read(phase: Any) -> Any:  # noqa: ANN401 - nbformat is untyped
    """Read the notebook of a phase."""
    return nbformat.read(FOLDER / phase.notebook, as_version=4)


def code(phase: Any) -> list[Any]:  # noqa: ANN401
    """Give the code cells of a phase's notebook."""
    return [cell for cell in read(phase).cells if cell.cell_type == "code"]


def prose(phase: Any) -> list[Any]:  # noqa: ANN401
    """Give the prose cells of a phase's notebook."""
    return [cell for cell in read(phase).cells if cell.cell_type == "markdown"]


def steps(phase: Any) -> list[Any]:  # noqa: ANN401
    """Give the code cells between setup and verdict."""
    return code(phase)[2:-1]


def test_there_is_one_notebook_a_phase() -> None:
    """Ten phases, ten files, in the order of their numbers, and no other."""
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == [p.notebook for p in PHASES]


@BOOKS
def test_cells_stand_in_the_agreed_order(phase: Any) -> None:  # noqa: ANN401
    """Title, parameters, setup, then prose before and after each call, verdict, next."""
    middle = [
        ident for cell in steps(phase) for ident in (f"why-{cell.id}", cell.id, f"read-{cell.id}")
    ]

    assert [cell.id for cell in read(phase).cells] == [
        "title", "parameters", "setup", *middle, "why-verdict", "verdict", "next",
    ]  # fmt: skip


@BOOKS
def test_ids_are_plain_and_distinct(phase: Any) -> None:  # noqa: ANN401
    """Reports and reviews point at cells by id."""
    ids = [cell.id for cell in read(phase).cells]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]{1,64}", ident) for ident in ids)


@BOOKS
def test_a_notebook_can_be_read_in_five_minutes(phase: Any) -> None:  # noqa: ANN401
    """At most 25 cells, 12 of code, and each code cell of one or two lines of code."""
    assert 15 <= len(read(phase).cells) <= 25
    assert len(code(phase)) <= 12
    for cell in code(phase):
        assert len([line for line in cell.source.splitlines() if line]) <= 2, cell.id


@BOOKS
def test_nothing_is_saved_in_a_committed_notebook(phase: Any) -> None:  # noqa: ANN401
    """No output, no count, no widget, no trace of a run or a machine."""
    book = read(phase)

    assert set(book.metadata) == {"kernelspec"}
    assert book.metadata.kernelspec.name == "python3"
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    for cell in book.cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert set(cell.metadata) <= {"tags"}


@BOOKS
def test_a_notebook_has_one_parameters_cell_of_plain_literals(phase: Any) -> None:  # noqa: ANN401
    """It takes the run's folder, empty for the run that JupyterLab was opened with."""
    tagged = [cell for cell in code(phase) if "parameters" in cell.metadata.get("tags", [])]

    assert [cell.id for cell in tagged] == ["parameters"]
    assigned = ast.parse(tagged[0].source).body
    assert all(isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant) for n in assigned)
    check_parameters(FOLDER / phase.notebook, {"run_dir": "runs/brightspine"})


@BOOKS
def test_only_setup_imports_and_only_the_workbench(phase: Any) -> None:  # noqa: ANN401
    """A notebook opens the run of its own phase and knows nothing else."""
    for cell in code(phase):
        imports = [n for n in ast.walk(ast.parse(cell.source))
                   if isinstance(n, ast.Import | ast.ImportFrom)]  # fmt: skip
        if cell.id != "setup":
            assert imports == [], cell.id
    assert code(phase)[1].source == (
        f'from workbench import Run\n\nrun = Run.open(run_dir, phase="{phase.name}")'
    )


@BOOKS
def test_a_notebook_holds_no_logic(phase: Any) -> None:  # noqa: ANN401
    """No function, loop, condition, handler, shell or magic: what it does is tested elsewhere."""
    for cell in code(phase):
        tree = ast.parse(cell.source)  # magics and shell lines do not parse
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], cell.id


@BOOKS
def test_each_step_is_one_call_of_the_phase(phase: Any) -> None:  # noqa: ANN401
    """A step's id is the verb it calls, so that a report's line leads to the code.

    A parameter of the notebook may be handed on, under its own name.
    """
    given = {line.partition(" = ")[0] for line in code(phase)[0].source.splitlines()}
    for cell in steps(phase):
        verb = cell.id.removeprefix("decide-").replace("-", "_")
        told = [f"{name}={name}" for name in given if f"{name}={name}" in cell.source]
        assert cell.source == f"run.{phase.name}.{verb}({', '.join(told)})"
    assert code(phase)[-1].source == "run.verdict()"


@BOOKS
def test_the_title_says_what_a_person_wants_to_know_first(phase: Any) -> None:  # noqa: ANN401
    """Who runs it, what it needs, writes and never does, how long it takes, how to undo it."""
    title = prose(phase)[0].source

    assert title.startswith(f"# {phase.number} · ")
    for word in ("Run by", "Needs", "Writes", "Never", "Takes", "Undo"):
        assert f"**{word}**" in title


@BOOKS
def test_headings_are_numbered_in_order(phase: Any) -> None:  # noqa: ANN401
    """Step 5.2 is called so in the notebook and on the phone."""
    headings = [line for cell in prose(phase) for line in cell.source.splitlines()
                if line.startswith("## ")]  # fmt: skip
    numbered = [f"## {phase.number}.{n} " for n in range(1, len(headings))]

    assert all(h.startswith(n) for h, n in zip(headings, numbered, strict=False))
    assert headings[-1] == "## Next"


@BOOKS
def test_prose_has_one_sentence_a_line_and_is_neither_thin_nor_long(phase: Any) -> None:  # noqa: ANN401
    """A change of one sentence is a change of one line, and each step has 20 to 90 words."""
    for cell in prose(phase):
        for line in cell.source.splitlines():
            plain = re.sub(r"`[^`]*`", "", line)
            assert not re.search(r"[.?!] [A-Z]", plain) or line.startswith("- **"), line
        if cell.id.startswith("why-"):
            assert 20 <= len(cell.source.split()) <= 90, cell.id


@BOOKS
def test_no_notebook_names_a_machine_or_a_secret(phase: Any) -> None:  # noqa: ANN401
    """Paths of one machine, addresses and keys have no place in a committed notebook."""
    text = (FOLDER / phase.notebook).read_text(encoding="utf-8")

    assert not re.search(r"/home/|/work/|/Users/|[A-Z]:\\\\|https?://|@", text)
