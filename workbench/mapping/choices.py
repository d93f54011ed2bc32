"""What a choice makes of a proposed row, and which choice stands for a row.

A choice on a field is "keep", "drop", a target ("res.partner.x_shoe_size"), or, where a target
does not say it all, the field's line as it stands in mapping.yaml:
`{as: mapped, to: res.partner.x_shoe_size, with: text, type: char, label: Shoe}`.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import replace
from functools import lru_cache

from workbench.errors import MappingError
from workbench.mapping.faults import AS_TEXT, DAY_FIRST, MONTH_FIRST, OdooFields, faults_of_row
from workbench.mapping.model import Disposition, MapRow, type_of
from workbench.mapping.options import MapOptions, where_visits_go
from workbench.mapping.templates import shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.mapping.yaml_io import dump_line, load_line
from workbench.staging.times import Order


def as_choice(
    row: MapRow, proposed: MapRow, odoo_fields: OdooFields, *, options: MapOptions
) -> str:
    """Give the shortest choice that `decided` reads as this row: "keep", a target, or a line.

    Args:
        row: what a person wants of the field.
        proposed: what was proposed for it.
        odoo_fields: as for `check`.
        options: what the configuration says.
    """
    if row.disposition is Disposition.DROPPED:
        return "drop"
    candidates = [
        row.choice,
        *(f"{row.target}{words}" for words in (DAY_FIRST, MONTH_FIRST, AS_TEXT)),
    ]
    for choice in candidates:
        if decided(proposed, choice, odoo_fields, "", options=options) == row:
            return choice
    return dump_line(row)


def choice_faults(
    proposed: MapRow, answer: str, comment: str, odoo_fields: OdooFields, *, options: MapOptions
) -> list[str]:
    """Say what is wrong with a choice taken alone, each fault a sentence; empty: nothing is.

    What is wrong only beside other fields (two to one target) `check` says of the whole map.
    """
    if answer == "drop" and not comment.strip():
        return ["A dropped field needs a reason: write it into the comment."]
    try:
        row = decided(proposed, answer, odoo_fields, comment, options=options)
    except MappingError as error:
        return [error.what]
    return [
        f"{row.field} {what}."
        for what in faults_of_row(row, odoo_fields, appointments_to=options.appointments_to)
    ]


def decided(
    row: MapRow, answer: str, odoo_fields: OdooFields, comment: str, *, options: MapOptions
) -> MapRow:
    """Give the row that a choice makes of a proposed one.

    "keep" keeps the field readable, "drop" leaves it behind with the comment as its reason,
    anything else names a target. A target's type is what this Odoo, or the proposal, says;
    the transform is the proposal's where it fits the type, else the plain one of that type.
    Behind a target for dates may stand in which order they name day and month (", day
    first"), or that they stay as typed (", as text"). A line in braces is the whole row.

    Raises:
        MappingError: a line in braces cannot be read.
    """
    if answer == row.choice:
        return row
    if answer.startswith("{"):
        return load_line(row.field, answer)
    told = next((words for words in _ORDERS if answer.endswith(words)), "")
    if told:
        made = decided(row, answer.removesuffix(told), odoo_fields, comment, options=options)
        return replace(made, order=_ORDERS[told])
    if answer.endswith(AS_TEXT) and may_be_text(row):
        target = answer.removesuffix(AS_TEXT)
        return replace(row, target=target, transform="text", type="char", order=Order.ISO)
    plain = where_visits_go(MapRow(row.field, Disposition.KEPT, _kept_target(row)), options)
    if answer == "drop":
        why = comment.strip() or "dropped by decision, no reason given"
        return MapRow(row.field, Disposition.DROPPED, why=why)
    return plain if answer == "keep" else _to_target(row, answer, plain, odoo_fields)


def _to_target(row: MapRow, answer: str, plain: MapRow, odoo_fields: OdooFields) -> MapRow:
    kind = _type(answer, row, odoo_fields)
    fitting = row.transform in TRANSFORMS and kind in TRANSFORMS[row.transform].feeds
    transform = row.transform if fitting else PLAIN_TRANSFORMS.get(kind, "text")
    part = row.part if fitting else ""
    combined = TRANSFORMS[transform].combines
    disposition = Disposition.COMBINED if combined else Disposition.MAPPED
    if fitting and row.disposition is Disposition.LOOKUP:
        disposition = Disposition.LOOKUP
    return replace(
        plain, disposition=disposition, target=answer, transform=transform, type=kind, part=part,
        also=row.also if fitting else (), clinical=row.clinical,
        order=row.order if TRANSFORMS[transform].dates(part) else Order.ISO,
    )  # fmt: skip


_ORDERS = {DAY_FIRST: Order.DAY_FIRST, MONTH_FIRST: Order.MONTH_FIRST}


def may_be_text(row: MapRow) -> bool:
    """Whether a row's dates may stay as typed: its target is a custom field of its own."""
    return row.name.startswith("x_") and row.disposition is Disposition.MAPPED


PLAIN_TRANSFORMS: MappingOf[str, str] = {
    "char": "text", "text": "plain_text", "html": "html", "date": "date", "datetime": "datetime",
    "boolean": "boolean", "integer": "integer", "float": "float", "selection": "selection",
}  # fmt: skip


def _kept_target(row: MapRow) -> str:
    return shipped().of(row.resource, patient=row.model == "mail.message").kept


def _type(target: str, row: MapRow, odoo_fields: OdooFields) -> str:
    model, _, name = target.rpartition(".")
    there = odoo_fields.get(model, {}).get(name)
    if there is not None:
        return str(there.get("type"))
    known = _known_types().get(target)
    if known is not None:
        return known
    if name.startswith("x_"):
        return row.type if row.type in PLAIN_TRANSFORMS else "char"
    return type_of(target)


@lru_cache(maxsize=1)
def _known_types() -> dict[str, str]:
    """Give the types that the shipped templates tell, by target."""
    return {
        entry.target: entry.type
        for template in shipped().resources.values()
        for entry in template.entries
        if entry.type
    }
