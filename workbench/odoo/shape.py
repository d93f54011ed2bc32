"""The shape of a schema: what a person agrees to before anything is made, without single values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from workbench.mapping.model import VISIT_STATUS
from workbench.odoo.schema import ItemKind, SchemaItem

_OF_VALUES = frozenset({ItemKind.SELECTION, ItemKind.STAGE})
"""What single values bring with them; a person decides about each of those anyway."""
_CALLED = {ItemKind.GROUP: "access group"}


def shape(items: Iterable[SchemaItem]) -> list[list[object]]:
    """Give what is wanted without what single values bring; its digest is the shape's hash.

    Names, types, relations and who may see it; no label, no order and no screen's layout. It is
    the same before and after the schema was made, and however many values are mapped later.

    Returns:
        Kind, model, name, type, relation and "clinical" of each item, sorted, each once.
    """
    found = {
        (item.kind.value, item.model, item.name, str(item.detail.get("type") or ""),
         str(item.detail.get("relation") or ""), bool(item.detail.get("clinical")))
        for item in items
        if item.kind not in _OF_VALUES
        # beside a lead an event's status is a copy of the stages, and comes with them
        and (item.model, item.name) != ("calendar.event", VISIT_STATUS)
    }  # fmt: skip
    return [list(one) for one in sorted(found)]


def counted(items: Iterable[SchemaItem]) -> str:
    """Count items by kind: "48 fields, 5 stages, 1 tag"; "nothing" where there are none."""
    counts = Counter(item.kind for item in items)
    return ", ".join(
        f"{counts[kind]:,} {_plural(_CALLED.get(kind, kind.value), counts[kind])}"
        for kind in ItemKind
        if counts[kind]
    ) or "nothing"  # fmt: skip


def _plural(noun: str, number: int) -> str:
    if number == 1:
        return noun
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"
