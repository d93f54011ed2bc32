"""Whether a map only knows more than one before it: of what that one knew, it says the same."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import replace

from workbench.mapping.model import AppointmentsTo, Mapping, MapRow
from workbench.mapping.needs import status_keys


def grown(ground: Mapping, now: Mapping) -> Mapping | None:
    """Give the ground with what a later map adds to it; None where that says otherwise.

    A later map may know more values of pick-lists and more practitioners, and may have
    forgotten some that no record has any more. A record whose values the ground knows then
    becomes the same by either map, to the stored value of each choice. Who is whom twice is
    no matter of this.
    """
    same = (ground.rows, ground.appointments_to, ground.zone, ground.region) == (
        now.rows, now.appointments_to, now.zone, now.region,
    )  # fmt: skip
    values = {field: _joined(ground.values.get(field, {}), now.values.get(field, {}))
              for field in {**ground.values, **now.values}}  # fmt: skip
    people = _joined(ground.practitioners, now.practitioners)
    if not same or people is None or any(one is None for one in values.values()):
        return None
    told = {field: known for field, known in values.items() if known}
    both = replace(ground, values=told, practitioners=people)
    agree = all(_agree(_keys(ground), _keys(other)) for other in (now, both))
    return both if agree else None


def within(ground: Mapping, draft: Mapping) -> bool:
    """Whether all that a draft says the ground says too: nothing was decided since."""
    rows = set(ground.rows)
    return (
        all(row in rows for row in draft.rows)
        and all(known.items() <= ground.values.get(field, {}).items()
                for field, known in draft.values.items())
        and draft.practitioners.items() <= ground.practitioners.items()
    )  # fmt: skip


def from_document(document: MappingOf[str, object]) -> Mapping:
    """Read a map back that was kept."""
    rows, values = document["rows"], document["values"]
    people = document["practitioners"]
    return Mapping(
        rows=tuple(MapRow.from_json(row) for row in rows) if isinstance(rows, list) else (),
        values=values if isinstance(values, dict) else {},
        practitioners=people if isinstance(people, dict) else {},
        appointments_to=AppointmentsTo(str(document["appointments_to"])),
        zone=str(document["zone"]),
        region=str(document["region"]),
    )


def _joined(ground: MappingOf[str, str], now: MappingOf[str, str]) -> dict[str, str] | None:
    if any(now[key] != said for key, said in ground.items() if key in now):
        return None
    return {**ground, **now}


def _keys(mapping: Mapping) -> dict[tuple[str, str], str]:
    """Give target and label → stored value, of all selections that are ours."""
    found = {(target, label): key for target, known in mapping.selections.items()
             for label, key in known.items()}  # fmt: skip
    return found | {("", label): key for label, key in status_keys(mapping).items()}


def _agree(one: dict[tuple[str, str], str], other: dict[tuple[str, str], str]) -> bool:
    return all(other[key] == stored for key, stored in one.items() if key in other)
