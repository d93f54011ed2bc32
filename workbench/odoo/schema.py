"""What must exist in Odoo before a load: the plan, as data that is shown, confirmed and hashed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from workbench.mapping.rows import FieldNeed, SchemaNeeds, StageNeed
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import all_held
from workbench.odoo.views import View, views
from workbench.state import digest

GROUP = "PracticeHub clinical"
"""The access group that alone sees clinical fields on screens; see `views` for what that is."""
HIDDEN = (
    "Hidden on screens from everybody outside the group. Odoo cannot refuse custom fields to "
    "the API or to an export: give the right to export to nobody who may not read them."
)


class ItemKind(StrEnum):
    """What can be made, in the order in which it is made."""

    GROUP = "group"
    FIELD = "field"
    SELECTION = "selection"
    STAGE = "stage"
    TAG = "tag"
    VIEW = "view"


class ItemState(StrEnum):
    """Exists: fits as it is. Make: is missing. Conflict: is there and does not fit."""

    EXISTS = "exists"
    MAKE = "make"
    CONFLICT = "conflict"


MODEL_OF = {
    ItemKind.GROUP: "res.groups", ItemKind.FIELD: "ir.model.fields",
    ItemKind.SELECTION: "ir.model.fields.selection", ItemKind.STAGE: "crm.stage",
    ItemKind.TAG: "res.partner.category", ItemKind.VIEW: "ir.ui.view",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SchemaItem:
    """One thing that must exist.

    Args:
        kind: what it is.
        model: the model it belongs to ("res.partner" for its fields and views).
        name: the field's, stage's, tag's, group's or view's name.
        external_id: ours, without module, for when we make it.
        state: as the database was when planned.
        detail: all else that decides how it is made (type, label, selection, arch …).
        why: a sentence for the person who confirms; empty where nothing needs saying.
    """

    kind: ItemKind
    model: str
    name: str
    external_id: str
    state: ItemState
    detail: Mapping[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """Everything a load relies on; `module` is that of our external ids."""

    module: str
    items: tuple[SchemaItem, ...]

    @property
    def hash(self) -> str:
        """Name what is wanted; the same before and after it was made."""
        return digest([
            [item.kind.value, item.model, item.name, dict(item.detail)]
            for item in self.items
            if item.kind is not ItemKind.SELECTION  # only there while a field lacks a value
        ])  # fmt: skip

    def to_make(self) -> list[SchemaItem]:
        """List what is missing, in the order in which it is made."""
        order = list(ItemKind)
        missing = [item for item in self.items if item.state is ItemState.MAKE]
        return sorted(missing, key=lambda item: order.index(item.kind))

    def conflicts(self) -> list[SchemaItem]:
        """List what is there and does not fit."""
        return [item for item in self.items if item.state is ItemState.CONFLICT]

    def as_json(self) -> dict[str, object]:
        """Give the plan as JSON values."""
        return {
            "module": self.module,
            "items": [
                {"kind": item.kind.value, "model": item.model, "name": item.name,
                 "external_id": item.external_id, "state": item.state.value,
                 "detail": dict(item.detail), "why": item.why}
                for item in self.items
            ],
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SchemaPlan:
        """Read a plan that was kept as JSON."""
        return cls(
            value["module"],
            tuple(
                SchemaItem(
                    ItemKind(item["kind"]), item["model"], item["name"], item["external_id"],
                    ItemState(item["state"]), item["detail"], item["why"],
                )
                for item in value["items"]
            ),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChecklistRow:
    """One line for an admin who would rather do it by hand."""

    done: bool
    what: str
    where: str
    how: str


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
    wanted = _wanted(needs, module=module, restrict_clinical=restrict_clinical)
    return SchemaPlan(module, tuple(look(odoo, wanted, module=module)))


def look(odoo: Odoo, items: Iterable[SchemaItem], *, module: str) -> list[SchemaItem]:
    """Give the same items in the state that the database is in now.

    A field that lacks selection values comes with one more item for each of them. A view
    whose parent this database does not have is left out.
    """
    odoo.forget()
    items = list(items)
    ours = set(all_held(odoo, module))
    names = {
        kind: {row["name"]: row for row in _rows(odoo, kind)}
        for kind in (ItemKind.STAGE, ItemKind.TAG, ItemKind.GROUP, ItemKind.VIEW)
        if any(item.kind is kind for item in items)
    }
    parents = _parents(odoo, items)
    result: list[SchemaItem] = []
    for item in items:
        match item.kind:
            case ItemKind.FIELD:
                result += _look_at_field(odoo, item)
            case ItemKind.VIEW if item.detail["inherits"] not in parents:
                continue
            case ItemKind.SELECTION:
                continue  # comes with its field
            case _:
                found = names[item.kind].get(item.name)
                named = found is not None and item.kind is not ItemKind.GROUP
                there = named or item.external_id in ours  # views name the group's external id
                state = ItemState.EXISTS if there else ItemState.MAKE
                result.append(replace(item, state=state, why=_why(item, found)))
    return result


def checklist(plan: SchemaPlan) -> list[ChecklistRow]:
    """Say how to make each thing by hand; what exists already is ticked."""
    return [
        ChecklistRow(item.state is ItemState.EXISTS, f"{item.kind.value} {_title(item)}",
                     *_by_hand(item))
        for item in plan.items
    ]  # fmt: skip


def _wanted(needs: SchemaNeeds, *, module: str, restrict_clinical: bool) -> list[SchemaItem]:
    fields = [replace(need, clinical=need.clinical and restrict_clinical) for need in needs.fields]
    items: list[SchemaItem] = []
    if any(need.clinical for need in fields):
        comment = "Sees the clinical fields that came from PracticeHub on its screens."
        items.append(_item(ItemKind.GROUP, "res.groups", GROUP, {"comment": comment}))
    group = f"{module}.{_item(ItemKind.GROUP, 'res.groups', GROUP, {}).external_id}"
    items += [_field(need) for need in fields]
    items += [_stage(need) for need in needs.stages]
    items += [_item(ItemKind.TAG, "res.partner.category", name, {}) for name in needs.tags]
    for model in dict.fromkeys(need.model for need in fields):
        of_model = [need for need in fields if need.model == model]
        shown = views(model, of_model, group=group)
        items += [_view(view) for view in shown]
    return items


def _item(kind: ItemKind, model: str, name: str, detail: dict[str, Any]) -> SchemaItem:
    slug = re.sub(r"[^a-z0-9]+", "_", f"{model} {name}".casefold()).strip("_")
    if not name.isascii():  # two names in other scripts must not share a slug
        slug += f"_{digest(name)[:8]}"
    return SchemaItem(kind, model, name, f"schema_{kind.value}_{slug}", ItemState.MAKE, detail)


def _field(need: FieldNeed) -> SchemaItem:
    detail = {
        "type": need.type, "label": need.label, "selection": list(need.selection),
        "labels": list(need.labels or need.selection),
        "relation": need.relation, "clinical": need.clinical,
    }  # fmt: skip
    return _item(ItemKind.FIELD, need.model, need.name, detail)


def _stage(need: StageNeed) -> SchemaItem:
    detail = {"sequence": need.sequence, "fold": need.fold}
    return _item(ItemKind.STAGE, "crm.stage", need.name, detail)


def _view(view: View) -> SchemaItem:
    detail = {"inherits": view.inherits, "arch": view.arch}
    return _item(ItemKind.VIEW, view.model, view.name, detail)


def _rows(odoo: Odoo, kind: ItemKind) -> list[dict[str, Any]]:
    fields = ["name", "is_won"] if kind is ItemKind.STAGE else ["name"]
    return odoo.search_read(MODEL_OF[kind], [], fields=fields)


def _parents(odoo: Odoo, items: Iterable[SchemaItem]) -> set[str]:
    wanted = {item.detail["inherits"] for item in items if item.kind is ItemKind.VIEW}
    names = [name.partition(".")[2] for name in wanted]
    rows = odoo.search_read(
        "ir.model.data", [["model", "=", "ir.ui.view"], ["name", "in", names]],
        fields=["module", "name"],
    )  # fmt: skip
    return {f"{row['module']}.{row['name']}" for row in rows} & wanted


def _look_at_field(odoo: Odoo, item: SchemaItem) -> list[SchemaItem]:
    found = odoo.fields(item.model).get(item.name)
    if found is None:
        return [replace(item, state=ItemState.MAKE, why="")]
    fits = found["type"] == item.detail["type"]
    if item.detail["relation"]:
        fits = fits and found.get("relation") == item.detail["relation"]
    if not fits:
        why = f"Odoo has a field of that name of type {found['type']}."
        return [replace(item, state=ItemState.CONFLICT, why=why)]
    known = {value for value, _ in cast("Sequence[tuple[str, str]]", found.get("selection") or ())}
    wanted = zip(item.detail["selection"], item.detail["labels"], strict=True)
    missing = [(value, label) for value, label in wanted if value not in known]
    return [replace(item, state=ItemState.EXISTS, why="")] + [
        _item(ItemKind.SELECTION, item.model, f"{item.name}={value}",
              {"field": item.name, "value": value, "label": label, "sequence": len(known) + place})
        for place, (value, label) in enumerate(missing)
    ]  # fmt: skip


def _why(item: SchemaItem, found: Mapping[str, Any] | None) -> str:
    if item.kind is ItemKind.STAGE and found and found.get("is_won"):
        return "This stage counts as won in Odoo: visits in it change the scoring statistics."
    return HIDDEN if item.kind is ItemKind.GROUP else ""


def _title(item: SchemaItem) -> str:
    return f"{item.model}.{item.name}" if item.kind is ItemKind.FIELD else item.name


def _by_hand(item: SchemaItem) -> tuple[str, str]:
    settings = "Settings > Technical"
    match item.kind:
        case ItemKind.FIELD:
            pairs = zip(item.detail["selection"], item.detail["labels"], strict=True)
            values = ", ".join(f"{value} ({label})" for value, label in pairs)
            how = f"Name {item.name}, label {item.detail['label']}, type {item.detail['type']}"
            how += f", values: {values}" if values else ""
            return f"{settings} > Fields, model {item.model}", how + "."
        case ItemKind.SELECTION:
            where = f"{settings} > Fields, {item.model}.{item.detail['field']}"
            return where, f"Add the value {item.detail['value']} ({item.detail['label']})."
        case ItemKind.STAGE:
            return "CRM > Configuration > Stages", "Add the stage; leave Is Won Stage off."
        case ItemKind.TAG:
            return "Contacts > Configuration > Contact Tags", "Add the tag."
        case ItemKind.GROUP:
            return "Settings > Users & Companies > Groups", "Add the group and its members."
        case ItemKind.VIEW:
            where = f"{settings} > User Interface > Views"
            return where, f"Add a view that inherits {item.detail['inherits']}."
