"""What a run that was stopped left in its folder: noted, before anything else is done there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from workbench.errors import EvidenceError, GateError
from workbench.phases.reporting import handed_over
from workbench.proof import seal_stands
from workbench.state import sha256

if TYPE_CHECKING:
    from workbench.run import Run

LEFT = "notebook left by a phase that was stopped"


def note_leftovers(run: Run) -> None:
    """Note executed notebooks that were saved and not noted any more, and write a lost seal.

    A notebook is saved as its cells end and noted once it ended: whoever stops a phase in
    between leaves one that nothing tells of. It is kept as evidence of how far it came.
    """
    noted = {path for path, *_ in run.store.journey.artefacts()}
    for path in sorted((run.folder / "notebooks").glob("[!.]*.ipynb")):
        relative = path.relative_to(run.folder).as_posix()
        if relative not in noted:
            content = path.read_bytes()
            run.store.journey.add_artefact(
                relative, kind=LEFT, sha256=sha256(content), size=len(content)
            )
    if not (seal_stands(run.folder, run.store) and handed_over(run)):
        # what was altered, or goes on since, stops no migration; `verify` names what is off
        with suppress(EvidenceError, GateError):
            run.reconcile.write_seal()
