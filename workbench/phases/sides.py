"""What was decided about fields that somebody changed in Odoo, and about what was deleted.

Reads the state alone, so that gates and `status` need neither end.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.state import Conflict, Store

CONFLICT = "conflict:"
"""How the subjects begin: `conflict:patient_12.street`."""
DELETED, REMADE = "deleted:", "remade:"
"""How the subjects begin: `deleted:patients`, `remade:appointments`."""
KEEP, WRITE = "keep Odoo's value", "write PracticeHub's value"
LOOK = "delta"
"""Document: the last look of the delta (`phases.looks`)."""

CellName = tuple[str, str]
"""External id and field."""


def subject(external_id: str, field: str) -> str:
    """Name the question about one field of one record."""
    return f"{CONFLICT}{external_id}.{field}"


def kept(store: Store) -> dict[CellName, str]:
    """Give the fields whose value in Odoo counts by decision, with the hash of that value.

    A value that changed again since, on either side, was not decided about.
    """
    return {(one.external_id, one.field): one.theirs for one in _decided(store, KEEP)}


def to_write(store: Store) -> Mapping[CellName, tuple[str, str]]:
    """Give the fields to be written by decision, with the hashes of PracticeHub's and Odoo's."""
    return {(one.external_id, one.field): (one.ours, one.theirs)
            for one in _decided(store, WRITE)}  # fmt: skip


def read_whole(store: Store) -> bool:
    """Say whether the last look of the delta read every list whole, or nobody looked yet."""
    look = store.journey.document(LOOK)
    return not isinstance(look, dict) or not look["by_time"]


def _decided(store: Store, choice: str) -> list[Conflict]:
    found = {one.subject for one in store.decisions.questions(CONFLICT)
             if not one.is_open and one.choice == choice}  # fmt: skip
    return [one for one in store.conflicts.all() if subject(one.external_id, one.field) in found]
