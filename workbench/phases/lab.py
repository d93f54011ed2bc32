"""Copies of the notebooks for work by hand: they save into the run folder, nowhere else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import assets
from workbench.phases.order import PHASES

if TYPE_CHECKING:
    from workbench.run import Run


def working_copies(run: Run) -> Path:
    """Give the run's folder of notebooks to work in, made where it is not there yet.

    A copy that a person has worked in is left as it is.
    """
    folder = run.folder / "notebooks" / "lab"
    folder.mkdir(mode=0o700, exist_ok=True)
    for phase in PHASES:
        copy = folder / phase.notebook
        if not copy.exists():
            shutil.copyfile(assets.notebooks() / phase.notebook, copy)
            copy.chmod(0o600)
    return folder
