"""Making what the plan lists: few calls, each recorded before it is sent, safe to repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.errors import GateError, OdooRefusedError
from workbench.odoo._drift import refuse_drift
from workbench.odoo.client import QUIET, Odoo
from workbench.odoo.external_ids import held
from workbench.odoo.menus import action_rows, menu_rows
from workbench.odoo.schema import MODEL_OF, ItemKind, SchemaItem, SchemaPlan, is_stored
from workbench.odoo.schema_look import look
from workbench.odoo.settle import recorded, settle
from workbench.odoo.values import without_values
from workbench.state import How, Link, OperationStatus, Store

Table = tuple[list[str], list[list[str]]]
"""Columns and rows for `load()`."""


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """External ids of what was made now, and how many items were there already."""

    made: tuple[str, ...]
    existed: int


def apply_schema(odoo: Odoo, store: Store, plan: SchemaPlan, *, phase: str) -> SchemaReport:
    """Make what the confirmed plan lists as missing, and nothing else.

    One call for each kind, and where it must be for each model. Everything made gets an
    external id in the same transaction, so rollback finds it, and a second run finds it made.

    Raises:
        GateError: the plan has conflicts, or the database is no longer as it was planned for.
        OdooRefusedError: Odoo refused one of the items; those made before stand.
        OdooOutcomeUnknownError: an answer was lost; run again.
    """
    settle(odoo, store, module=plan.module)
    if plan.conflicts():
        told = "\n".join(f"  {item.title}: {item.why}" for item in plan.conflicts())
        what = f"Odoo has something in the way:\n{told}"
        raise GateError(what, do="Rename or remove it in Odoo, or choose other targets.")
    now = look(odoo, plan.items, module=plan.module)
    ours = held(odoo, plan.module, [item.external_id for item in plan.items])
    refuse_drift(plan, now, ours=set(ours))
    todo = SchemaPlan(plan.module, tuple(now)).to_make()
    made: list[str] = []
    for call in dict.fromkeys(_call(item) for item in todo):
        part = [item for item in todo if _call(item) == call]
        made += _make(odoo, store, part, plan=plan, phase=phase)
    odoo.forget()
    return SchemaReport(tuple(made), len(now) - len(made))


def _call(item: SchemaItem) -> tuple[ItemKind, str]:
    """Say which items share a call: fields those of one model, menus those below one level."""
    if item.kind is ItemKind.MENU:
        return item.kind, "below" if "/" in item.name else ""
    return item.kind, "" if item.kind in {ItemKind.VIEW, ItemKind.ACTION} else item.model


def _make(
    odoo: Odoo, store: Store, items: list[SchemaItem], *, plan: SchemaPlan, phase: str
) -> list[str]:
    kind = items[0].kind
    columns, rows = _TABLES[kind](odoo, items, plan.module)
    keys = [item.external_id for item in items]
    model = MODEL_OF[kind]
    operation = store.destination.intend(phase, "schema", model, keys=keys)
    with recorded(store, operation):
        answer = odoo.call(
            model, "load", fields=columns, data=rows, context={**QUIET, "module": plan.module}
        )
    if not answer["ids"]:
        store.destination.close(operation, OperationStatus.REFUSED, note="refused rows")
        said = {without_values(str(text["message"]), {}) for text in answer["messages"]}
        what = f"Odoo refused a {kind.value}: {'; '.join(sorted(said))}."
        raise OdooRefusedError(what, name="load")
    found = held(odoo, plan.module, keys)
    links = [
        Link(key, row.model, row.res_id, "", "", How.SCHEMA, operation, "")
        for key, row in found.items()
    ]
    store.destination.close(operation, OperationStatus.DONE, links=links)
    return keys


def _groups(odoo: Odoo, items: list[SchemaItem], module: str) -> Table:
    """Give the rows of groups; the one member is who loads, everybody else a person puts in."""
    users = "user_ids" if "user_ids" in odoo.fields("res.groups") else "users"  # 18 and older
    me = str(odoo.me().id)
    return ["id", "name", "comment", f"{users}/.id"], [
        [f"{module}.{item.external_id}", item.name, item.detail["comment"], me] for item in items
    ]


def _models(_: Odoo, items: list[SchemaItem], module: str) -> Table:
    """Give the rows of models, each with the field that says whom a record is about."""
    columns = [
        "id", "name", "model", "state", "field_id/name", "field_id/field_description",
        "field_id/ttype", "field_id/relation", "field_id/required", "field_id/on_delete",
        "field_id/index",
    ]  # fmt: skip
    return columns, [
        [f"{module}.{item.external_id}", item.detail["title"], item.name, "manual",
         item.detail["of"], "Patient", "many2one", item.detail["relation"], "1", "cascade", "1"]
        for item in items
    ]  # fmt: skip


def _rights(odoo: Odoo, items: list[SchemaItem], module: str) -> Table:
    model = odoo.call("ir.model", "search", domain=[["model", "=", items[0].model]])[0]
    rights = ("perm_read", "perm_write", "perm_create", "perm_unlink")
    return ["id", "name", "model_id/.id", "group_id/id", *rights], [
        [f"{module}.{item.external_id}", item.name, str(model), item.detail["group"],
         *("1" for _ in rights)]
        for item in items
    ]  # fmt: skip


def _fields(odoo: Odoo, items: list[SchemaItem], module: str) -> Table:
    model = odoo.call("ir.model", "search", domain=[["model", "=", items[0].model]])[0]
    columns = [
        "id", "name", "field_description", "model_id/.id", "ttype", "relation",
        "related", "compute", "help", "store", "readonly",
        "selection_ids/value", "selection_ids/name", "selection_ids/sequence",
    ]  # fmt: skip
    rows: list[list[str]] = []
    for item in items:
        detail = item.detail
        values: list[str] = detail["selection"] or [""]
        labels: list[str] = detail["labels"] or [""]
        for place, (value, label) in enumerate(zip(values, labels, strict=True)):
            head = [
                f"{module}.{item.external_id}", item.name, detail["label"], str(model),
                detail["type"], detail["relation"], detail.get("related", ""),
                detail.get("compute", ""), detail.get("help", ""),
                *(("1", "0") if is_stored(item) else ("0", "1")),
            ]  # fmt: skip
            head = head if place == 0 else [""] * len(head)
            rows.append([*head, value, label, str(place + 1) if value else ""])
    return columns, rows


def _selections(odoo: Odoo, items: list[SchemaItem], module: str) -> Table:
    names = {item.detail["field"] for item in items}
    rows = odoo.search_read(
        "ir.model.fields", [["model", "=", items[0].model], ["name", "in", sorted(names)]],
        fields=["name"],
    )  # fmt: skip
    numbers = {row["name"]: str(row["id"]) for row in rows}
    return ["id", "field_id/.id", "value", "name", "sequence"], [
        [f"{module}.{item.external_id}", numbers[item.detail["field"]], item.detail["value"],
         item.detail["label"], str(item.detail["sequence"])]
        for item in items
    ]  # fmt: skip


def _stages(_: Odoo, items: list[SchemaItem], module: str) -> Table:
    return ["id", "name", "sequence", "fold", "is_won"], [
        [f"{module}.{item.external_id}", item.name, str(item.detail["sequence"]),
         "1" if item.detail["fold"] else "0", "0"]
        for item in items
    ]  # fmt: skip


def _tags(_: Odoo, items: list[SchemaItem], module: str) -> Table:
    return ["id", "name"], [[f"{module}.{item.external_id}", item.name] for item in items]


def _views(_: Odoo, items: list[SchemaItem], module: str) -> Table:
    return ["id", "name", "model", "inherit_id/id", "mode", "arch_base", "priority"], [
        [f"{module}.{item.external_id}", item.name, item.model, item.detail["inherits"],
         "primary" if item.detail["alone"] or not item.detail["inherits"] else "extension",
         item.detail["arch"], "90"]
        for item in items
    ]  # fmt: skip


_TABLES: dict[ItemKind, Callable[[Odoo, list[SchemaItem], str], Table]] = {
    ItemKind.GROUP: _groups, ItemKind.MODEL: _models, ItemKind.ACCESS: _rights,
    ItemKind.FIELD: _fields, ItemKind.SELECTION: _selections,
    ItemKind.STAGE: _stages, ItemKind.TAG: _tags, ItemKind.VIEW: _views,
    ItemKind.ACTION: action_rows, ItemKind.MENU: menu_rows,
}  # fmt: skip
