"""What is wrong with a map, found without either server (and more with Odoo's fields at hand)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbench.mapping.model import (
    FALLBACK,
    NAME_ONLY,
    AppointmentsTo,
    Disposition,
    Mapping,
    MapRow,
)
from workbench.mapping.naming import CUSTOM
from workbench.mapping.templates import ARCHIVE, shipped
from workbench.mapping.transforms import TRANSFORMS, Transform
from workbench.mapping.twins import pair_faults
from workbench.staging.checks import ValueKind
from workbench.staging.forms import is_answer
from workbench.staging.times import Order

MODELS = frozenset({"res.partner", "crm.lead", "calendar.event", "mail.message", "ir.attachment"})
CUSTOM_TYPES = frozenset(
    {"char", "text", "html", "date", "datetime", "boolean", "integer", "float", "selection",
     "many2one"}
)  # fmt: skip
DAY_FIRST, MONTH_FIRST, AS_TEXT = ", day first", ", month first", ", as text"
"""What a choice may say behind a target that holds dates."""
REQUIRED: MappingOf[str, str] = {"patients": "res.partner.name"}
"""Resource → the target without which none of its records can be made."""
_PICKED = frozenset({"selection", "location"})
_COUNTRY = re.compile("[A-Z]{2}")
ALTERNATIVES = (frozenset({"selection", "location"}), frozenset({"text", "appointment_type"}))
"""Transforms of two spellings of one reference (a name, an id): the first filled one counts."""

OdooFields = MappingOf[str, MappingOf[str, MappingOf[str, Any]]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong; `missing`: something is not there, which a further row may bring.

    `where` is a source field, "values.<field>" or "values.<field>.<value>", a pair, a
    resource, or a section of the file.
    """

    where: str
    what: str
    missing: bool = False


def check(mapping: Mapping, *, odoo_fields: OdooFields | None = None) -> list[Fault]:
    """List what is wrong with a map, by place.

    Args:
        mapping: the map.
        odoo_fields: model → field → description, as `fields_get` gives; None checks without.
    """
    found = [
        *_settings(mapping), *_rows(mapping), *_targets(mapping), *_values(mapping),
        *_people(mapping),
    ]  # fmt: skip
    if odoo_fields is not None:
        for row in mapping.rows:
            found += _against_odoo(row, odoo_fields)
            found += _fixed_values(row, mapping.values.get(row.field, {}), odoo_fields)
    return sorted(set(found), key=lambda fault: (fault.where, fault.what))


def faults_of_row(
    row: MapRow, odoo_fields: OdooFields, *, appointments_to: AppointmentsTo
) -> list[str]:
    """Say what is wrong with one row taken alone, in words that follow its field's name."""
    alone = Mapping(rows=(row,), appointments_to=appointments_to)
    found = [*_row(row), *_elsewhere(row, alone)]
    return [*found, *(fault.what for fault in _against_odoo(row, odoo_fields))]


def _settings(mapping: Mapping) -> Iterator[Fault]:
    try:
        ZoneInfo(mapping.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is no zone either
        yield Fault("timezone", "must be a time zone like Europe/Amsterdam")
    if mapping.region and not _COUNTRY.fullmatch(mapping.region):
        yield Fault("region", "must be the two capital letters of a country, like NL")


def _rows(mapping: Mapping) -> Iterator[Fault]:
    for row in mapping.rows:
        for what in (*_row(row), *_elsewhere(row, mapping)):
            yield Fault(row.field, what)


def _row(row: MapRow) -> Iterator[str]:
    if row.disposition is Disposition.DROPPED:
        if not row.why.strip():
            yield "is dropped without a reason (why)"
        if row.target or row.transform:
            yield "is dropped and has a target as well"
    elif not row.target:
        yield "has no target (to)"
    elif row.disposition is Disposition.KEPT:
        if row.target != ARCHIVE and row.model not in MODELS:
            yield f"is kept in {row.target}, which is no place of ours"
    elif row.transform not in TRANSFORMS:
        yield f"names no transform we know (with: {row.transform or 'nothing'})"
    elif row.target != ARCHIVE:
        yield from _fed(row, TRANSFORMS[row.transform])


def _elsewhere(row: MapRow, mapping: Mapping) -> Iterator[str]:
    """Name targets on a model that no record of the resource becomes: they would stay empty."""
    if row.disposition.plain:
        return
    becomes = {mapping.lead_model} if row.resource == "appointments" else _becomes(row.resource)
    if is_answer(row.path):
        becomes = {"res.partner"}
    for target in (row.target, *row.also):
        model = target.rpartition(".")[0]
        if becomes and model in MODELS and model not in becomes:
            yield f"its target {target} is on no model that {row.resource} become"


@lru_cache(maxsize=256)
def _becomes(resource: str) -> frozenset[str]:
    """Give the models that records of a resource become; none where others only refer to it."""
    known = shipped().of(resource, patient=True)
    if not known.model:
        return frozenset()
    return MODELS & {known.model, *(entry.target.rpartition(".")[0] for entry in known.entries)}


def _fed(row: MapRow, transform: Transform) -> Iterator[str]:
    if row.order.is_open:
        yield (
            "does not say whether the day or the month comes first in its dates: "
            f"choose {row.target} with {DAY_FIRST!r} or {MONTH_FIRST!r} behind it "
            f"(in the file, order: {Order.DAY_FIRST} or {Order.MONTH_FIRST})"
        )
    elif row.order.is_told and not transform.dates(row.part):
        yield f"names an order of day and month, and {row.transform} reads no date"
    for target in (row.target, *row.also):
        yield from _target(target)
    if row.type not in transform.feeds:
        yield f"{row.transform} cannot feed a field of type {row.type}"
    if row.name.startswith("x_") and row.type not in CUSTOM_TYPES:
        yield f"there are no custom fields of type {row.type}"
    if len(row.also) > len(transform.also):
        yield f"{row.transform} feeds {1 + len(transform.also)} target(s), not more"
    if not transform.open_parts and row.part not in transform.parts:
        known = ", ".join(part or "none" for part in transform.parts)
        yield f"{row.transform} has no part {row.part!r}; its parts: {known}"


def _target(target: str) -> Iterator[str]:
    model, _, name = target.rpartition(".")
    if model not in MODELS:
        yield f"its target {target} is on no model of ours ({', '.join(sorted(MODELS))})"
    elif name.startswith("x_") and not CUSTOM.fullmatch(name):
        yield f"{name} cannot be the name of a custom field (x_, a–z, 0–9, _, at most 61)"


def _targets(mapping: Mapping) -> Iterator[Fault]:
    """Two fields to one target need a combiner, and different parts of it."""
    claims: defaultdict[tuple[str, str], list[MapRow]] = defaultdict(list)
    for row in mapping.rows:
        if row.disposition.plain or row.target == ARCHIVE:
            continue
        for target in (row.target, *row.also):
            claims[row.resource, target].append(row)
    for (_, target), rows in claims.items():
        yield from _shared(target, rows)
    yield from _answers(mapping)
    for resource, target in REQUIRED.items():
        if mapping.of(resource) and not claims.get((resource, target)):
            what = f"no field goes to {target}, which every record needs"
            yield Fault(resource, what, missing=True)


def _answers(mapping: Mapping) -> Iterator[Fault]:
    """An answer to a form may feed what a field of the patient feeds, as the same type."""
    own = {row.target: row for row in mapping.of("patients") if not row.disposition.plain}
    for row in mapping.rows:
        beside = own.get(row.target)
        if is_answer(row.path) and beside is not None and beside.type != row.type:
            what = f"makes {row.target} a {row.type}, which {beside.field} makes a {beside.type}"
            yield Fault(row.field, what)


def _shared(target: str, rows: list[MapRow]) -> Iterator[Fault]:
    ways = {row.transform for row in rows}
    together = len(ways) == 1 and all(TRANSFORMS[way].combines for way in ways & TRANSFORMS.keys())
    # of several answers the latest filled one counts, however many questions ask for it
    answers = len(ways) == 1 and all(is_answer(row.path) for row in rows)
    # what is cut out of a longer value gives way to a field of its own
    whole = [row for row in rows if row.target == target]
    cut = [row for row in rows if row.target != target]
    stands = len(whole) == 1 and all(_splits(row) for row in cut)
    if len(rows) > 1 and not (together or answers or stands or ways in ALTERNATIVES):
        yield from (
            Fault(row.field, f"shares {target} with another field, without a combiner")
            for row in rows
        )
    elif together and len({row.part for row in rows}) < len(rows):
        yield from (
            Fault(row.field, f"is the same part of {target} as another field") for row in rows
        )


def _splits(row: MapRow) -> bool:
    return row.transform in TRANSFORMS and TRANSFORMS[row.transform].splits


def _values(mapping: Mapping) -> Iterator[Fault]:
    for source, known in mapping.values.items():
        row = mapping.by_field.get(source)
        transform = TRANSFORMS.get(row.transform) if row else None
        if row is None:
            what = "is a value map of a field that is not in the map"
            yield Fault(f"values.{source}", what, missing=True)
        elif transform is None or transform.kind is not ValueKind.CHOICE:
            yield Fault(f"values.{source}", "is a value map of a field that is no pick-list")
        for value, target in known.items():
            if not target.strip():
                yield Fault(f"values.{source}.{value}", "this value has no target")


def _people(mapping: Mapping) -> Iterator[Fault]:
    for one, choice in mapping.practitioners.items():
        if not choice.strip():
            yield Fault(
                f"practitioners.{one}", f"is neither a login, {FALLBACK!r} nor {NAME_ONLY!r}"
            )
    for pair, what in pair_faults(mapping.duplicates):
        yield Fault(f"duplicates.{pair}", what)


def _fixed_values(
    row: MapRow, known: MappingOf[str, str], odoo_fields: OdooFields
) -> Iterator[Fault]:
    """Name values that Odoo's own selection does not have; to one of ours they are added."""
    there = odoo_fields.get(row.model, {}).get(row.name, {})
    if row.transform not in _PICKED or row.name.startswith("x_") or not there.get("selection"):
        return
    stored, labels = zip(*there["selection"], strict=True)
    for value, target in known.items():
        if target.strip() and target not in {*stored, *labels}:
            told = ", ".join(map(str, labels))
            what = f"{row.target} has no value {target!r}: choose one of {told}"
            yield Fault(f"values.{row.field}.{value}", what)


def _against_odoo(row: MapRow, odoo_fields: OdooFields) -> Iterator[Fault]:
    known = odoo_fields.get(row.model)
    if known is None or row.disposition.plain or row.name == "id":
        return
    there = known.get(row.name)
    if there is None:
        if not row.name.startswith("x_"):
            yield Fault(row.field, f"Odoo has no field {row.target}, and it is no custom one")
    elif there.get("type") != row.type:
        yield Fault(
            row.field, f"{row.target} is of type {there.get('type')} in Odoo, not {row.type}"
        )
