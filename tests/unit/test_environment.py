"""Both ways to set the workbench up give the same packages."""

from __future__ import annotations

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def _project() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def test_conda_and_pip_ask_for_the_same_packages() -> None:
    """An analyst with conda works with what everybody else works with."""
    project = _project()
    needed = [*project["dependencies"], *project["optional-dependencies"]["test"]]  # type: ignore[misc,index] # fixed by the format
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(part["pip"] for part in conda if isinstance(part, dict))

    assert sorted(line for line in pip if not line.startswith("--")) == sorted(needed)
    assert f"python{project['requires-python']}" in conda


def test_every_package_asked_for_has_one_tried_version() -> None:
    """A fresh machine gets the versions that the tests were run with."""
    project = _project()
    needed = [*project["dependencies"], *project["optional-dependencies"]["test"]]  # type: ignore[misc,index] # fixed by the format
    names = {_plain(line) for line in needed}
    pinned = {
        _plain(line)
        for line in (ROOT / ".ci" / "constraints.txt").read_text().splitlines()
        if "==" in line
    }

    assert names - pinned == set()


def _plain(requirement: str) -> str:
    for sign in "<>=~![ ":
        requirement = requirement.partition(sign)[0]
    return requirement.lower().replace("_", "-").replace(".", "-")
