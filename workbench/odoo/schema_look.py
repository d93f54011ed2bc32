"""Comparing what must exist with what the database has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from workbench.mapping.rows import SchemaNeeds
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held, all_held
from workbench.odoo.menus import entries_there
from workbench.odoo.schema import (
    MODEL_OF,
    ItemKind,
    ItemState,
    SchemaItem,
    SchemaPlan,
    is_stored,
    make_item,
)
from workbench.odoo.vault import Vault
from workbench.odoo.wanted import wanted
from workbench.state import digest

_BY_NAME = {ItemKind.STAGE: ["name", "is_won"], ItemKind.TAG: ["name"]}
"""What rows of a load find by its name alone, and what is read of it."""
_OF_FIELD = ("type", "string", "relation", "selection")
"""What is kept of a field, to tell whether somebody changed it since."""


def plan_schema(
    odoo: Odoo, needs: SchemaNeeds, *, module: str, restrict_clinical: bool
) -> SchemaPlan:
    """Compare what the map asks for with what the database has.

    Only reads. A custom field of the right name and type counts as existing, whoever made
    it; another type is a conflict, never a change. A stage or tag of the same name is reused.
    Stages are never made as "won": winning rewrites probability, closing date and the
    scoring statistics of the whole pipeline, which no rollback could take back.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    items = wanted(needs, module=module, restrict_clinical=restrict_clinical, rows=_called(odoo))
    return SchemaPlan(module, tuple(look(odoo, items, module=module)))


def own_fields(odoo: Odoo, models: Iterable[str], *, module: str) -> dict[str, dict[str, Any]]:
    """Give the fields that the clinic's Odoo has of its own, by model and name.

    Those that a run of this account made, in whichever folder, are ours: their external ids
    tell.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    kind = MODEL_OF[ItemKind.FIELD]
    rows = odoo.search_read(
        "ir.model.data", [["module", "=", module], ["model", "=", kind]], fields=["res_id"]
    )
    ids = [row["res_id"] for row in rows]
    found = odoo.search_read(kind, [["id", "in", ids]], fields=["model", "name"]) if ids else []
    made = {(row["model"], row["name"]) for row in found}
    return {
        model: {name: field for name, field in odoo.fields(model).items()
                if (model, name) not in made}
        for model in models
    }  # fmt: skip


def _called(odoo: Odoo) -> str:
    """Say what this Odoo calls a list: it was a tree until 17."""
    kinds = odoo.fields("ir.ui.view")["type"]["selection"]
    return "list" if any(value == "list" for value, _ in kinds) else "tree"


def look(odoo: Odoo, items: Iterable[SchemaItem], *, module: str) -> list[SchemaItem]:
    """Give the same items in the state that the database is in now.

    A field that lacks selection values comes with one more item for each of them. A view
    whose parent this database does not have is left out.
    """
    odoo.forget()
    items = list(items)
    ours = all_held(odoo, module)
    there = {
        kind: _rows(odoo, kind, of_kind, ours)
        for kind in (
            ItemKind.STAGE,
            ItemKind.TAG,
            ItemKind.GROUP,
            ItemKind.VIEW,
            ItemKind.ACTION,
            ItemKind.MENU,
        )
        if (of_kind := [item for item in items if item.kind is kind])
    }
    parents = _parents(odoo, items)
    vault = Vault(odoo, items, ours=ours)
    result: list[SchemaItem] = []
    for item in items:
        match item.kind:
            case ItemKind.MODEL:
                result.append(vault.model(item))
            case ItemKind.ACCESS:
                result.append(vault.access(item))
            case ItemKind.FIELD:
                result += _look_at_field(item, vault)
            case ItemKind.VIEW if item.detail["inherits"] not in {"", *parents}:
                continue
            case ItemKind.SELECTION:
                continue  # comes with its field
            case _:
                result.append(_look_at_record(item, there[item.kind], ours.get(item.external_id)))
    return result


def _rows(
    odoo: Odoo, kind: ItemKind, items: Sequence[SchemaItem], ours: Mapping[str, Held]
) -> list[dict[str, Any]]:
    """Read what may be the items: ours, and what is called as they are."""
    if kind in {ItemKind.ACTION, ItemKind.MENU}:
        return entries_there(odoo, items, ours)
    if kind in _BY_NAME:  # few, and found without regard to case
        return odoo.search_read(MODEL_OF[kind], [], fields=_BY_NAME[kind])
    fields = ["name", "active", "arch_db"] if kind is ItemKind.VIEW else ["name"]
    mine = [ours[item.external_id].res_id for item in items if item.external_id in ours]
    domain = ["|", ["id", "in", mine], ["name", "in", [item.name for item in items]]]
    rows = odoo.search_read(MODEL_OF[kind], domain, fields=fields)
    return [{**row, "arch_db": digest(row["arch_db"])} if "arch_db" in row else row
            for row in rows]  # fmt: skip


def _look_at_record(
    item: SchemaItem, rows: Sequence[dict[str, Any]], mine: Held | None
) -> SchemaItem:
    own = next((row for row in rows if mine and row["id"] == mine.res_id), None)
    named = [row for row in rows if row["name"].casefold() == item.name.casefold()]
    found = own if own in named or not named else named[0]
    state = ItemState.EXISTS if found else ItemState.MAKE
    why = _why(item, found)
    if item.kind is ItemKind.GROUP and own is None:
        state = ItemState.MAKE  # views name the group's external id
    elif item.kind in _BY_NAME and found and not named:
        state = ItemState.CONFLICT
        why = f"It was renamed to {found['name']!r} in Odoo, and is looked for by its name."
    elif item.kind in _BY_NAME and len(named) > 1:
        state = ItemState.CONFLICT
        why = f"Odoo has {len(named)} of that name, and nobody can say which is meant."
    return replace(item, state=state, why=why, found=found or {})


def _parents(odoo: Odoo, items: Iterable[SchemaItem]) -> set[str]:
    wanted = {item.detail["inherits"] for item in items if item.kind is ItemKind.VIEW} - {""}
    names = [name.partition(".")[2] for name in wanted]
    rows = odoo.search_read(
        "ir.model.data", [["model", "=", "ir.ui.view"], ["name", "in", names]],
        fields=["module", "name"],
    )  # fmt: skip
    return {f"{row['module']}.{row['name']}" for row in rows} & wanted


def _look_at_field(item: SchemaItem, vault: Vault) -> list[SchemaItem]:
    found = vault.fields(item.model).get(item.name)
    if found is None:
        return [replace(item, state=ItemState.MAKE)]
    # a field that shows another's value shows its selection as well, and a new value of it
    kept = [name for name in _OF_FIELD if name != "selection" or is_stored(item)]
    held = {name: found.get(name) for name in kept}
    why = _misfit(item, found, vault)
    if why:
        return [replace(item, state=ItemState.CONFLICT, why=why, found=held)]
    known = {value for value, _ in cast("Sequence[tuple[str, str]]", found.get("selection") or ())}
    wanted = zip(item.detail["selection"], item.detail["labels"], strict=True)
    missing = [(value, label) for value, label in wanted if value not in known]
    return [replace(item, state=ItemState.EXISTS, found=held)] + [
        make_item(ItemKind.SELECTION, item.model, f"{item.name}={value}",
              {"field": item.name, "value": value, "label": label, "sequence": len(known) + place})
        for place, (value, label) in enumerate(missing)
    ]  # fmt: skip


def _misfit(item: SchemaItem, found: Mapping[str, Any], vault: Vault) -> str:
    """Say why a field that is there cannot take our values; "" where it can."""
    kind, relation = item.detail["type"], item.detail["relation"]
    if found["type"] != kind:
        return f"Odoo has a field of that name of type {found['type']}, not {kind}."
    if relation and found.get("relation") != relation:
        return (
            f"Odoo has a field of that name that refers to {found.get('relation')}, not {relation}."
        )
    if is_stored(item) and not found.get("store", True):
        return "Odoo has a field of that name that stores nothing."
    if not is_stored(item) and not vault.shows(item):
        return (
            "Odoo has a field of that name that does not show just "
            f"{item.detail.get('related') or 'what the clinical group may see'}."
        )
    if found.get("required"):
        return "Odoo has a field of that name that must be filled, and some records have no value."
    return ""


def _why(item: SchemaItem, found: Mapping[str, Any] | None) -> str:
    if item.kind is ItemKind.STAGE and found and found.get("is_won"):
        return "This stage counts as won in Odoo: visits in it change the scoring statistics."
    return item.why
