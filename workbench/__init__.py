"""The PracticeHub to Odoo CRM migration workbench; notebooks need `Run` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.run import Run

__all__ = ["Run"]


def __getattr__(name: str) -> object:
    """Import `Run` when it is asked for: `workbench --help` needs none of it."""
    if name == "Run":
        from workbench.run import Run  # noqa: PLC0415 - the reason stands above

        return Run
    raise AttributeError(name)
