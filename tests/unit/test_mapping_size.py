"""A clinic with hundreds of fields of its own: work grows with the map, not with its square."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from workbench.mapping import (
    Disposition,
    Mapping,
    MapRow,
    as_choice,
    check,
    dump_yaml,
    load_yaml,
    mapping_from,
    schema_needs,
)
from workbench.mapping.options import MapOptions
from workbench.mapping.propose import Proposal
from workbench.state import Question

TIMES = 4
"""How much larger the second map is."""
LINEAR = 1.5 * TIMES
"""Calls that linear work may take of the larger map; quadratic work takes sixteen times."""


def calls(work: Callable[[], object]) -> int:
    """Count the calls that some work makes: as large on any machine, however busy."""
    count = 0

    def seen(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def big(size: int) -> Mapping:
    """Make a map of so many own fields, a fourth of them telephones, and five values for each."""
    rows = [MapRow("patients.first_name", Disposition.COMBINED, "res.partner.name", "full_name",
                   "char", "first"),
            MapRow("patients.kind", Disposition.LOOKUP, "res.partner.x_kind", "selection",
                   "selection")]  # fmt: skip
    for number in range(size):
        way = "phone" if number % 4 == 0 else "text"
        rows.append(MapRow(f"patients.custom_fields.Own {number}", Disposition.MAPPED,
                           f"res.partner.x_own_{number}", way, "char"))  # fmt: skip
    values = {f"value {number}": f"Value {number}" for number in range(5 * size)}
    return Mapping(tuple(rows), {"patients.kind": values}, zone="Europe/Amsterdam")


def decided_again(mapping: Mapping) -> Mapping:
    """Make the map anew of the decisions that it stands for."""
    proposals = [Proposal(row, 1.0, ()) for row in mapping.rows]
    answers = {f"field:{row.field}": row.choice for row in mapping.rows}
    told = {f"value:patients.kind={value}": target
            for value, target in mapping.values["patients.kind"].items()}  # fmt: skip
    questions = [Question(subject, "map", "?", [], basis=1) for subject in told]
    options = MapOptions(timezone=mapping.zone)
    draft = mapping_from(proposals, (answers | told).get, options=options, values=questions)
    assert draft.complete
    return draft.mapping


def choices(mapping: Mapping) -> list[str]:
    """Say each row in the words of a decision, where something else was proposed."""
    kept = {row: MapRow(row.field, Disposition.KEPT, "mail.message.body") for row in mapping.rows}
    return [as_choice(row, kept[row], {}, options=MapOptions()) for row in mapping.rows]


WORK: dict[str, Callable[[Mapping], object]] = {
    "make": decided_again,
    "check": check,
    "rules": lambda mapping: mapping.rules("patients"),
    "rows": lambda mapping: [mapping.of(row.resource) for row in mapping.rows],
    "needs": schema_needs,
    "choices": choices,
    "write": dump_yaml,
    "read": lambda mapping: load_yaml(dump_yaml(mapping)),
}


@pytest.mark.parametrize("what", WORK)
def test_a_map_four_times_as_large_takes_four_times_the_work(what: str) -> None:
    """Every phase makes the map anew, so four hundred fields must not cost minutes."""
    small, large = big(50), big(50 * TIMES)
    WORK[what](big(2))  # what is read once and kept is no part of the growth

    assert calls(lambda: WORK[what](large)) < LINEAR * calls(lambda: WORK[what](small))


def test_a_large_map_is_made_as_it_was() -> None:
    """Four hundred fields and two thousand values: none is lost on the way."""
    mapping = big(400)

    assert decided_again(mapping) == mapping
    assert load_yaml(dump_yaml(mapping)).hash == mapping.hash
