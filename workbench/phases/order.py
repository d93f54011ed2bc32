"""The ten phases, in order, and what each is called where people read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: its name, its notebook, and what it does in a few words."""

    name: str
    number: int
    does: str

    @property
    def notebook(self) -> str:
        """The notebook's file name."""
        return f"{self.number:02d}_{self.name}.ipynb"


PHASES = (
    Phase("connect", 1, "reach both ends and see what is there"),
    Phase("audit", 2, "find out which fields the records really have"),
    Phase("map", 3, "confirm what becomes what"),
    Phase("prepare", 4, "make the fields, stages and views in Odoo"),
    Phase("extract", 5, "read every page and file into the run folder"),
    Phase("sample", 6, "load a sample and compare it field by field"),
    Phase("migrate", 7, "load everything in dependency order"),
    Phase("delta", 8, "bring over what changed since"),
    Phase("reconcile", 9, "read everything back and prove that nothing is lost"),
    Phase("rollback", 10, "take out what was made"),
)
BY_NAME = {phase.name: phase for phase in PHASES}
JOURNEY = tuple(phase.name for phase in PHASES if phase.name != "rollback")
"""The phases `workbench run` goes through; a rollback is only ever asked for."""
