"""What may be given to a notebook, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.engine import check_parameters
from workbench.errors import UsageError

SHELF = Path(__file__).parents[1] / "support" / "notebooks"


def test_a_name_that_the_parameters_cell_assigns_is_taken() -> None:
    """The run folder may be named."""
    check_parameters(SHELF / "completes.ipynb", {"run_dir": "runs/brightspine"})


def test_a_misspelt_name_is_refused_with_the_one_that_was_meant() -> None:
    """Papermill would take it without a word and the notebook would run on its default."""
    with pytest.raises(UsageError, match="Did you mean 'run_dir'"):
        check_parameters(SHELF / "completes.ipynb", {"rundir": "x"})


@pytest.mark.parametrize("name", ["api_key", "odoo_password", "TOKEN", "client_secret", "dsn"])
def test_a_name_that_sounds_like_a_secret_is_refused(name: str) -> None:
    """Parameters are saved in the executed notebook, where no secret may be."""
    with pytest.raises(UsageError, match="secret") as caught:
        check_parameters(SHELF / "completes.ipynb", {name: "s3cr3t-value"})

    assert "s3cr3t-value" not in str(caught.value)


@pytest.mark.parametrize("value", [None, ["a"], {"a": 1}, Path("x"), "two\nlines", "x" * 2000])
def test_a_value_that_is_not_plain_is_refused(value: object) -> None:
    """A record or a list of patients cannot travel as a parameter."""
    with pytest.raises(UsageError, match="run_dir"):
        check_parameters(SHELF / "completes.ipynb", {"run_dir": value})


@pytest.mark.parametrize("name", ["two_parameter_cells", "no_parameter_cell"])
def test_a_notebook_without_exactly_one_parameters_cell_is_refused(name: str) -> None:
    """With two, the second cell overwrites what was given; with none, nothing takes it."""
    with pytest.raises(UsageError, match="tagged `parameters`"):
        check_parameters(SHELF / f"{name}.ipynb", {})


def test_a_file_that_is_no_notebook_is_a_sentence(tmp_path: Path) -> None:
    """A missing or broken notebook is named, without a traceback's worth of JSON."""
    (tmp_path / "broken.ipynb").write_text("{")

    with pytest.raises(UsageError, match=r"broken\.ipynb"):
        check_parameters(tmp_path / "broken.ipynb", {})
    with pytest.raises(UsageError, match=r"absent\.ipynb"):
        check_parameters(tmp_path / "absent.ipynb", {})
