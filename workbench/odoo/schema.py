"""What must exist in Odoo before a load: the plan, as data that is shown, confirmed and hashed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workbench.state import digest

GROUP = "PracticeHub clinical"
"""The access group that alone reads clinical records."""


class ItemKind(StrEnum):
    """What can be made, in the order in which it is made."""

    GROUP = "group"
    MODEL = "model"
    ACCESS = "access"
    FIELD = "field"
    SELECTION = "selection"
    STAGE = "stage"
    TAG = "tag"
    VIEW = "view"
    ACTION = "action"
    MENU = "menu"


class ItemState(StrEnum):
    """Exists: fits as it is. Make: is missing. Conflict: is there and does not fit."""

    EXISTS = "exists"
    MAKE = "make"
    CONFLICT = "conflict"


MODEL_OF = {
    ItemKind.GROUP: "res.groups", ItemKind.MODEL: "ir.model",
    ItemKind.ACCESS: "ir.model.access", ItemKind.FIELD: "ir.model.fields",
    ItemKind.SELECTION: "ir.model.fields.selection", ItemKind.STAGE: "crm.stage",
    ItemKind.TAG: "res.partner.category", ItemKind.VIEW: "ir.ui.view",
    ItemKind.ACTION: "ir.actions.act_window", ItemKind.MENU: "ir.ui.menu",
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
        found: what the database had of it when looked at; empty where it had nothing.
    """

    kind: ItemKind
    model: str
    name: str
    external_id: str
    state: ItemState
    detail: Mapping[str, Any]
    why: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name it as a person would: "stage Completed", "field res.partner.x_blood_type"."""
        dotted = self.kind in {ItemKind.FIELD, ItemKind.SELECTION}
        return f"{self.kind.value} {f'{self.model}.' if dotted else ''}{self.name}"


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
                 "detail": dict(item.detail), "why": item.why, "found": dict(item.found)}
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
                    item.get("found", {}),  # a plan kept before there was any
                )
                for item in value["items"]
            ),
        )  # fmt: skip


def is_stored(item: SchemaItem) -> bool:
    """Whether a field holds values of its own, and does not show those of another."""
    return not (item.detail.get("related") or item.detail.get("compute"))


def make_item(kind: ItemKind, model: str, name: str, detail: dict[str, Any]) -> SchemaItem:
    """Give an item that is to be made, its external id told from kind, model and name."""
    slug = re.sub(r"[^a-z0-9]+", "_", f"{model} {name}".casefold()).strip("_")
    if not name.isascii():  # two names in other scripts must not share a slug
        slug += f"_{digest(name)[:8]}"
    return SchemaItem(kind, model, name, f"schema_{kind.value}_{slug}", ItemState.MAKE, detail)
