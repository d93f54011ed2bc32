"""Configurations and run folders as `workbench run` makes them, before anything was asked."""

from __future__ import annotations

from pathlib import Path

from workbench.run import Run

KEY = "PRACTICEHUB_KEY_OF_THE_TESTS"
"""A variable that no environment has."""

CONFIG = f"""\
[practicehub]
account = "brightspine"
base_url = "http://127.0.0.1:9/api"
api_key = "env:{KEY}"
app_details = "workbench=ops@example.org"

[odoo]
url = "http://127.0.0.1:9"
database = "clinic"
api_key = "env:{KEY}"
"""
"""Both ends at a port where nobody answers."""


def write_config(folder: Path, *changes: tuple[str, str], name: str = "clinic.toml") -> Path:
    """Write a configuration; each change replaces a text that must be in it."""
    text = CONFIG
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def made_run(folder: Path) -> Run:
    """Make a run at `folder`/runs/clinic, with its configuration beside `runs`."""
    return Run.create(write_config(folder), folder / "runs" / "clinic")
