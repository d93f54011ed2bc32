"""Records of this run that Odoo has no longer: deleted by hand, or taken out by another folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.odoo import vanished
from workbench.phases import conflicts
from workbench.proof import WHOLE_RECORD
from workbench.state import Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

DOCUMENT = "vanished"
"""Document: external ids of records that this run made and that Odoo had no longer."""
GONE = "deleted in Odoo"
"""What stands in place of the hash of Odoo's value, which there is none of."""
_WHY = "the record was deleted in Odoo since the load"
_NAMED = 5
_MOST = 50
"""More that are gone at once is no hand's work: then nobody is asked about each."""


def look(steps: Steps) -> None:
    """See whether all that was made is still there; ask about single records that are not."""
    store = steps.store
    names = vanished(steps.run.destination, store, module=steps.config.module)
    asked = [(one.external_id, one.field) for one in store.conflicts.all()
             if one.field == WHOLE_RECORD]  # fmt: skip
    conflicts.settled(steps, [cell for cell in asked if cell[0] not in names])
    if len(names) <= _MOST and len(names) < store.destination.count_links():
        conflicts.ask(steps, [conflicts.Cell(name, WHOLE_RECORD, "", GONE, _WHY) for name in names])
    store.journey.set_document(DOCUMENT, names)


def make_anew(steps: Steps) -> None:
    """Let the load make again what was deleted in Odoo, where that was decided."""
    store = steps.store
    names = [name for (name, field) in conflicts.to_write(store) if field == WHOLE_RECORD]
    if names:
        with store.transaction():
            store.destination.remove_links(names)
            conflicts.settled(steps, [(name, WHOLE_RECORD) for name in names])


def told(store: Store) -> list[str]:
    """Say which records are missing in Odoo, but for those of which that was decided."""
    kept = conflicts.kept(store)
    names = [str(name) for name in _held(store) if (str(name), WHOLE_RECORD) not in kept]
    if not names or any(one.subject.endswith(f".{WHOLE_RECORD}")
                        for one in store.decisions.open(conflicts.PREFIX)):  # fmt: skip
        return []  # who is asked is waited for
    if len(names) >= store.destination.count_links():
        what = (
            f"all {len(names):,} record(s) of this run are no longer in Odoo: another folder took "
            "them out, or somebody did"
        )
        return [what]
    more = ", …" if len(names) > _NAMED else ""
    listed = ", ".join(names[:_NAMED])
    return [f"{len(names):,} record(s) of this run are no longer in Odoo: {listed}{more}"]


def _held(store: Store) -> list[object]:
    found = store.journey.document(DOCUMENT)
    return found if isinstance(found, list) else []
