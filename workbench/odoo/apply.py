"""Making what the plan lists: few calls, each recorded before it is sent, safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.errors import GateError, OdooRefusedError
from workbench.odoo.client import QUIET, Odoo
from workbench.odoo.external_ids import held
from workbench.odoo.schema import MODEL_OF, ItemKind, ItemState, SchemaItem, SchemaPlan, look
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

    One call for each kind and model. Everything made gets an external id in the same
    transaction, so rollback finds it, and a second run finds it made.

    Raises:
        GateError: the plan has conflicts, or the database is no longer as it was planned for.
        OdooRefusedError: Odoo refused one of the items; those made before stand.
        OdooOutcomeUnknownError: an answer was lost; run again.
    """
    settle(odoo, store, module=plan.module)
    if plan.conflicts():
        names = ", ".join(f"{item.model}.{item.name}" for item in plan.conflicts())
        what = f"Odoo has fields of these names with another type: {names}."
        raise GateError(what, do="Rename or remove them in Odoo, or choose other targets.")
    now = look(odoo, plan.items, module=plan.module)
    ours = held(odoo, plan.module, [item.external_id for item in plan.items])
    _refuse_drift(plan, now, ours=set(ours))
    todo = SchemaPlan(plan.module, tuple(now)).to_make()
    made: list[str] = []
    for call in dict.fromkeys((item.kind, item.model) for item in todo):
        part = [item for item in todo if (item.kind, item.model) == call]
        made += _make(odoo, store, part, plan=plan, phase=phase)
    odoo.forget()
    return SchemaReport(tuple(made), len(now) - len(made))


def _refuse_drift(plan: SchemaPlan, now: Sequence[SchemaItem], *, ours: set[str]) -> None:
    before = {(item.kind, item.model, item.name): item for item in plan.items}
    drifted: list[str] = []
    for item in now:
        planned = before.pop((item.kind, item.model, item.name), None)
        if planned is None:
            drifted.append(f"{item.name} is needed now")
        elif planned.state is ItemState.EXISTS and item.state is not ItemState.EXISTS:
            drifted.append(f"{item.name} is no longer there")
        elif planned.state is ItemState.MAKE and item.state is ItemState.CONFLICT:
            drifted.append(f"{item.name} is there with another type")
        elif (
            planned.state is ItemState.MAKE
            and item.state is ItemState.EXISTS
            and item.external_id not in ours
        ):
            drifted.append(f"{item.name} was made by somebody else")
    drifted += [
        f"{item.name} can no longer be placed"
        for item in before.values()
        if item.kind is not ItemKind.SELECTION
    ]
    if drifted:
        what = f"Odoo changed since the schema was planned: {'; '.join(drifted)}."
        raise GateError(what, do="Plan again, look at the plan, and confirm it.")


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
        what = f"Odoo refused a {kind.value} of {items[0].model}: {'; '.join(sorted(said))}."
        raise OdooRefusedError(what, name="load")
    found = held(odoo, plan.module, keys)
    links = [
        Link(key, row.model, row.res_id, "", "", How.SCHEMA, operation, "")
        for key, row in found.items()
    ]
    store.destination.close(operation, OperationStatus.DONE, links=links)
    return keys


def _groups(odoo: Odoo, items: list[SchemaItem], module: str) -> Table:
    members = {odoo.me().id}
    admin = odoo.search_read(
        "ir.model.data", [["module", "=", "base"], ["name", "=", "user_admin"]], fields=["res_id"]
    )
    members |= {row["res_id"] for row in admin}
    users = "user_ids" if "user_ids" in odoo.fields("res.groups") else "users"  # 18 and older
    text = ",".join(str(number) for number in sorted(members))
    return ["id", "name", "comment", f"{users}/.id"], [
        [f"{module}.{item.external_id}", item.name, item.detail["comment"], text] for item in items
    ]


def _fields(odoo: Odoo, items: list[SchemaItem], module: str) -> Table:
    model = odoo.call("ir.model", "search", domain=[["model", "=", items[0].model]])[0]
    columns = [
        "id", "name", "field_description", "model_id/.id", "ttype", "relation",
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
                detail["type"], detail["relation"],
            ] if place == 0 else [""] * 6  # fmt: skip
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
    return ["id", "name", "model", "inherit_id/id", "arch_base", "priority"], [
        [f"{module}.{item.external_id}", item.name, item.model, item.detail["inherits"],
         item.detail["arch"], "90"]
        for item in items
    ]  # fmt: skip


_TABLES: dict[ItemKind, Callable[[Odoo, list[SchemaItem], str], Table]] = {
    ItemKind.GROUP: _groups, ItemKind.FIELD: _fields, ItemKind.SELECTION: _selections,
    ItemKind.STAGE: _stages, ItemKind.TAG: _tags, ItemKind.VIEW: _views,
}  # fmt: skip
