"""What a phase builds on, and whether that still stands.

A phase that is done was done on something: a map, a schema, a sample. When one of these
changes, the phase is no longer current and `workbench run` goes through it again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from workbench.errors import GateError
from workbench.phases import sides
from workbench.state import Status, Store, digest

if TYPE_CHECKING:
    from workbench.run import Run

MAP_PREFIXES = ("field:", "value:", "practitioner:")
"""How the subjects begin that make up the map."""
SAMPLE = "sample"
"""The phase, and the subject of the decision without which nothing else is loaded."""
DUPLICATE = "duplicate:"
"""How the subjects begin that ask whether two patients are one."""

BEFORE: dict[str, tuple[str, ...]] = {
    "connect": (),
    "audit": ("connect",),
    "map": ("audit",),
    "prepare": ("map",),
    "extract": ("map",),
    "sample": ("prepare", "extract"),
    "migrate": ("sample",),
    "delta": ("migrate",),
    "reconcile": ("migrate",),
    "rollback": (),
}
"""The phases that must be done, and current, before each."""

BASIS: dict[str, tuple[str, ...]] = {
    "connect": ("config",),
    "audit": ("config",),
    "map": ("fields", "answers"),
    "prepare": ("config", "mapping"),
    "extract": ("ground",),
    "sample": ("ground", "shape", "sample"),
    "migrate": ("ground", "shape", "sample"),
    "delta": ("mapping", "schema", "twins", "changes"),
    "reconcile": ("mapping", "schema", "twins", "held", "kept"),
    "rollback": (),
}
"""The hashes each phase is done on.

A value or a practitioner first seen later adds to the map and changes nothing of what it
makes of other records: extract, the sample and the full load stand on the ground of the map
(`phases.ground`) and on the shape of the schema, its fields and views without the choices in
them. The delta loads what was held back, on the whole map and the whole schema.

Who is whom twice is no matter of the sample or of the full load, which take what is decided
when they load: it may be asked until the last delta, and is settled by that.
"""

_WHILE_ASKED = {"delta": ("map",)}
"""The phases that may run while questions of the map are open again.

The delta goes by the map that was confirmed: records that wait are held back, and it refuses
what was decided since (`ground.covers`).
"""


def hashes(store: Store) -> dict[str, str]:
    """Give the hash of everything phases are done on, as it stands now ("" where absent)."""
    journey = store.journey
    return {
        "config": journey.meta("config_hash") or "",
        "fields": journey.document_hash("questions") or "",
        "answers": _answers(store, *MAP_PREFIXES),
        "twins": _answers(store, DUPLICATE),
        "mapping": journey.document_hash("mapping") or "",
        "ground": journey.document_hash("ground") or "",
        "schema": journey.document_hash("schema") or "",
        "shape": journey.document_hash("shape") or "",
        "changes": _changes(store),
        "duplicates": journey.document_hash("duplicates") or "",
        "sample": journey.document_hash("sample") or "",
        "held": journey.meta("held") or "",
        "kept": digest(sorted([*cell, theirs] for cell, theirs in sides.kept(store).items())),
    }


def _changes(store: Store) -> str:
    """Hash what people said about changes that the delta is still to carry out, or to keep up.

    To keep Odoo's value asks nothing of the delta; to write PracticeHub's is asked until done.
    """
    todo = sorted([*cell, *sides] for cell, sides in sides.to_write(store).items())
    return digest([todo, _answers(store, sides.DELETED, sides.REMADE)])


def _answers(store: Store, *prefixes: str) -> str:
    """Hash what people said: a mind that is changed makes anew what was made of it."""
    return digest(
        [
            [decision.subject, decision.choice, decision.comment]
            for prefix in prefixes
            for decision in store.decisions.questions(prefix)
            if not decision.is_open
        ]
    )


def basis(store: Store, phase: str) -> dict[str, str]:
    """Give the hashes one phase is done on, as they stand now."""
    now = hashes(store)
    return {name: now[name] for name in BASIS[phase]}


def approved(store: Store) -> bool:
    """Tell whether a person approved the sample as it stands.

    A comparison that comes out otherwise, of another map, schema or sample, opens the question
    again; so does a person who changes their mind.
    """
    return store.decisions.choice(SAMPLE) == "approve"


def is_current(store: Store, phase: str, *, but: Collection[str] = ()) -> bool:
    """Tell whether a phase is done on what stands now, and so are the phases before it.

    Args:
        store: the run's state.
        phase: which.
        but: phases before it that need not be.
    """
    state = store.journey.phase(phase)
    stands = state.status is Status.DONE and state.basis == basis(store, phase)
    if phase == SAMPLE:
        stands = stands and approved(store)
    if phase == "delta":  # one that asked for changes alone is for in between
        stands = stands and sides.read_whole(store)
    return (phase in but or stands) and all(
        is_current(store, before, but=but) for before in BEFORE[phase]
    )


def check(run: Run, phase: str) -> None:
    """Refuse a phase whose ground is not laid.

    Raises:
        GateError: a phase before it is not done, or was done on something that has
            changed since, or (rollback) nothing was ever made in Odoo.
    """
    store = run.store
    for before in BEFORE[phase]:
        state = store.journey.phase(before)
        if state.status is not Status.DONE:
            what = f"{phase} needs {before}, which is {state.status.value}."
            raise GateError(what, do=f"Finish {before} first: workbench run … --phase {before}")
        if before == SAMPLE and not approved(store):
            what = f"{phase} needs the sample to be approved as it stands now, and it is not."
            raise GateError(
                what,
                do="Look at it in 06_sample.ipynb, then decide there or with `workbench decide`.",
            )
        if not is_current(store, before, but=_WHILE_ASKED.get(phase, ())):
            what = f"{phase} needs {before}, which was done on something that has changed since."
            raise GateError(
                what, do="`workbench run FILE` goes through all that is no longer current."
            )
    if phase == "reconcile" and not sides.read_whole(store):
        what = "reconcile needs everything to be read whole, and the last delta was in between."
        raise GateError(what, do="`workbench run FILE` reads PracticeHub whole once more first.")
    made = store.destination.last_operation() or any(
        store.journey.phase(name).status is not Status.PENDING for name in ("prepare", "rollback")
    )
    if phase == "rollback" and not made:
        what = "rollback has nothing to take out: nothing was made in Odoo."
        raise GateError(what, do="There is nothing to do.")
