"""Which fields of Odoo's models point to a record, and what its removal does to who points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import CHUNK, chunks

RESTRICT, CASCADE = "restrict", "cascade"
"""Odoo refuses the removal; Odoo removes who points as well. Otherwise the field is emptied."""
_AT_ONCE = 20_000
"""Rows of another model that are read in one go, rather than asked for by our numbers."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """One stored field that points to records of `relation`.

    `logged`: Odoo keeps who made a record of its model. `mirror`: the field of `relation` that
    shows the same pairs from its side ("" where there is none): what points may be our own doing.
    """

    model: str
    field: str
    relation: str
    on_delete: str
    logged: bool
    mirror: str


def pointers(odoo: Odoo, relations: Iterable[str]) -> list[Pointer]:
    """List the stored fields that point to records of some models, by model and field."""
    rows = odoo.search_read(
        "ir.model.fields",
        [["relation", "in", sorted(relations)], ["ttype", "in", ["many2one", "many2many"]],
         ["store", "=", True], ["model_id.transient", "=", False]],
        fields=["model", "name", "ttype", "relation", "on_delete", "relation_table"],
    )  # fmt: skip
    pairs = odoo.search_read(
        "ir.model.fields",
        [["model", "in", sorted(relations)], ["ttype", "=", "many2many"], ["store", "=", True]],
        fields=["model", "name", "relation_table"],
    )  # fmt: skip
    mirrors = {(row["model"], row["relation_table"]): row["name"] for row in pairs}
    models = sorted({row["model"] for row in rows})
    logged = odoo.search_read(
        "ir.model.fields", [["model", "in", models], ["name", "=", "create_uid"],
                            ["store", "=", True]], fields=["model"],
    )  # fmt: skip
    known = {row["model"] for row in logged}
    return sorted(
        (Pointer(row["model"], row["name"], row["relation"],
                 (row["on_delete"] or "") if row["ttype"] == "many2one" else "",
                 row["model"] in known,
                 mirrors.get((row["relation"], row["relation_table"] or "-"), ""))
         for row in rows),
        key=lambda one: (one.model, one.field, one.relation),
    )  # fmt: skip


def pointing(
    odoo: Odoo,
    pointer: Pointer,
    ids: Sequence[int],
    *,
    but_by: Iterable[int] = (),
    signed: bool = False,
) -> Iterator[tuple[int, int]]:
    """Give pairs: the number of a record that points, and the one of ours it points to.

    Args:
        odoo: the client.
        pointer: the field.
        ids: numbers of ours.
        but_by: users whose records are left out; needs a pointer that is `logged`.
        signed: leave records out of which Odoo does not know who made them: it made them.
    """
    of_others: list[Any] = [["create_uid", "not in", sorted(but_by)]] if but_by else []
    of_others += [["create_uid", "!=", False]] if signed else []
    wanted = set(ids)
    try:
        for domain in _questions(odoo, pointer, ids, of_others):
            for row in odoo.search_read(pointer.model, domain, fields=[pointer.field]):
                yield from ((row["id"], number) for number in _numbers(row[pointer.field])
                            if number in wanted)  # fmt: skip
    except (OdooRefusedError, OdooRightsError):
        return  # a model that cannot be asked cannot be shown to the user either


def _questions(
    odoo: Odoo, pointer: Pointer, ids: Sequence[int], of_others: list[Any]
) -> list[list[Any]]:
    """Give the domains to ask by: of many records of ours, those of few others cost less."""
    if len(ids) > CHUNK:
        whole = [*of_others, [pointer.field, "!=", False]]
        found = odoo.call(
            pointer.model, "search_count", domain=whole, limit=_AT_ONCE,
            context={"active_test": False},
        )  # fmt: skip
        if found < _AT_ONCE:
            return [whole] if found else []
    return [[*of_others, [pointer.field, "in", part]] for part in chunks(ids)]


def _numbers(value: object) -> list[int]:
    """Give the numbers in a many2one ([7, "name"]) or in a many2many ([7, 8])."""
    if not isinstance(value, list):
        return []
    return value[:1] if value and isinstance(value[-1], str) else value
