"""How often each value of a pick-list occurs, and how many appointments each practitioner has.

Counted over all records held, and kept until the records are looked at anew (`forget`):
questions are put again and again, and records are many.
"""

from __future__ import annotations

from typing import cast

from workbench.mapping import Mapping, PickList, Practitioner, count_visits, pick_lists
from workbench.mapping.values import is_pick_list
from workbench.state import Store

DOCUMENT = "counts"
_LISTS, _VISITS = "lists", "visits"

_Held = dict[str, dict[str, object]]


def forget(store: Store) -> None:
    """Let everything be counted anew: records have come, changed or gone."""
    store.journey.set_document(DOCUMENT, {})


def lists(store: Store, mapping: Mapping) -> dict[str, PickList]:
    """Give the values of every field that the map has as a pick-list, by source field."""
    wanted = {row.field: row for row in mapping.rows if is_pick_list(row)}
    held = _held(store, _LISTS)
    keys = {name: f"{row.transform} {name}" for name, row in wanted.items()}
    missing = {row.resource for name, row in wanted.items() if keys[name] not in held}
    for resource in sorted(missing):
        found = pick_lists(mapping, resource, (r.data for r in store.source.records(resource)))
        for name, one in found.items():
            held[keys[name]] = {"values": dict(one.values), "distinct": one.distinct}
    if missing:
        _keep(store, _LISTS, held)
    return {name: _list(held[key]) for name, key in keys.items()}


def visits(
    store: Store, mapping: Mapping, practitioners: dict[str, Practitioner]
) -> dict[str, int]:
    """Count appointments by practitioner id; who has none is not in it."""
    held = _held(store, _VISITS)
    if "by" not in held:
        records = (r.data for r in store.source.records("appointments"))
        held["by"] = {**count_visits(records, mapping, practitioners)}
        _keep(store, _VISITS, held)
    return cast("dict[str, int]", held["by"])


def _list(one: dict[str, object]) -> PickList:
    return PickList(cast("dict[str, int]", one["values"]), cast("int", one["distinct"]))


def _held(store: Store, part: str) -> _Held:
    found = cast("dict[str, _Held]", store.journey.document(DOCUMENT) or {})
    return found.get(part, {})


def _keep(store: Store, part: str, held: _Held) -> None:
    found = cast("dict[str, _Held]", store.journey.document(DOCUMENT) or {})
    store.journey.set_document(DOCUMENT, {**found, part: held})
