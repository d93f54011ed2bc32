"""Where notebooks and templates lie: beside the package in a checkout, else inside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def notebooks() -> Path:
    """Give the folder of the ten phase notebooks."""
    return _folder("notebooks")


def templates() -> Path:
    """Give the folder of the templates (migration.toml, mapping, reports, odoo, sandbox)."""
    return _folder("templates")
