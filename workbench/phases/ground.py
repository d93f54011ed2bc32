"""What the approval of a sample rests on: the map, as far as it decides about other records too.

A value that PracticeHub first shows after the approval belongs to records that were held back
until it was decided. What the map makes of every other record is unchanged by it, so neither
the sample nor the full load has to be gone through again.
"""

from __future__ import annotations

from typing import cast

from workbench.mapping import Mapping
from workbench.mapping.growth import from_document, grown, within
from workbench.state import Store

DOCUMENT = "ground"
"""Hash of the map that was confirmed first, and only grew since."""
_GROWN = "grown"


def lay(store: Store, mapping: Mapping) -> None:
    """Take a map that was just confirmed: it adds to the ground, or is a new one."""
    held = _held(store)
    more = grown(held, mapping) if held is not None else None
    if more is None:
        store.journey.set_document(DOCUMENT, mapping.hash)
    store.journey.set_document(_GROWN, (more or mapping).as_json())


def covers(store: Store, draft: Mapping) -> bool:
    """Whether all that is decided now was confirmed, and so is prepared in Odoo.

    A run whose map was confirmed before there was a ground is taken as it is.
    """
    held = _held(store)
    return held is None or within(held, draft)


def _held(store: Store) -> Mapping | None:
    document = store.journey.document(_GROWN)
    return from_document(cast("dict[str, object]", document)) if document else None
