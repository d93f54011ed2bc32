"""Whether the clinical records' model, the right to it and what shows them are as they must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held
from workbench.odoo.schema import ItemKind, ItemState, SchemaItem, is_stored

_RIGHTS = ("perm_read", "perm_write", "perm_create", "perm_unlink")


class Vault:
    """Compares models of our own with what the database has; asks only where some are wanted.

    Args:
        odoo: the client.
        items: the items of the plan.
        ours: our external ids, by name.
    """

    def __init__(
        self, odoo: Odoo, items: Iterable[SchemaItem], *, ours: Mapping[str, Held]
    ) -> None:
        self._odoo, self._items, self._ours = odoo, list(items), ours

    def model(self, item: SchemaItem) -> SchemaItem:
        """Look at a model: of ours, or made by hand as the checklist says."""
        if item.name not in self._models:
            return replace(item, state=ItemState.MAKE)
        of = self.fields(item.name).get(item.detail["of"], {})
        found = {name: of.get(name) for name in ("relation", "required")}
        if found == {"relation": item.detail["relation"], "required": True}:
            return replace(item, state=ItemState.EXISTS, found=found)
        why = f"Odoo has a model of that name without a required field {item.detail['of']}."
        return replace(item, state=ItemState.CONFLICT, why=why, found=found)

    def access(self, item: SchemaItem) -> SchemaItem:
        """Look at who may do what with a model: the group everything, nobody else anything.

        The user of the key must be in the group, or nothing could be loaded.
        """
        rows = self._rights_to(item.model)
        group = self._ours.get(item.detail["group"].rpartition(".")[2])
        own = [row for row in rows if group and row["group_id"]
               and row["group_id"][0] == group.res_id]  # fmt: skip
        others = sorted(row["name"] for row in rows if row not in own)
        if others:
            why = f"The access rights {', '.join(others)} let others at these records as well."
            return replace(item, state=ItemState.CONFLICT, why=why)
        if group and not self._am_in(group.res_id):
            why = f"The user {self._odoo.me().login} is not in the group, and could load nothing."
            return replace(item, state=ItemState.CONFLICT, why=why)
        full = any(all(row[right] for right in _RIGHTS) for row in own)
        found = {"rights": sorted(right for right in _RIGHTS if any(row[right] for row in own))}
        state = ItemState.EXISTS if full else ItemState.MAKE
        return replace(item, state=state, found=found if own else {})

    def fields(self, model: str) -> Mapping[str, Mapping[str, Any]]:
        """Give a model's fields; none of a model that is to be made."""
        if model in self._wanted and model not in self._models:
            return {}
        return self._odoo.fields(model)

    def shows(self, item: SchemaItem) -> bool:
        """Whether a field that is there shows just what a field of the plan is to show.

        Odoo reads such a field with all rights, so one that looks elsewhere, or that finds
        the record without asking who reads, would give clinical values to everybody.
        """
        row = self._shown.get((item.model, item.name), {})
        related, compute = item.detail.get("related", ""), item.detail.get("compute", "")
        return (
            not row.get("store", True)
            and (row["related"] or "") == related
            and (row["compute"] or "").strip() == compute.strip()
        )

    def _am_in(self, group: int) -> bool:
        known = self._odoo.fields("res.users")
        name = "all_group_ids" if "all_group_ids" in known else "groups_id"  # 18 and older
        domain = [["id", "=", self._odoo.me().id], [name, "in", [group]]]
        return bool(self._odoo.call("res.users", "search_count", domain=domain))

    def _rights_to(self, model: str) -> list[dict[str, Any]]:
        if model not in self._models:
            return []
        rows = self._odoo.search_read(
            "ir.model.access",
            [["model_id", "=", self._models[model]], ["active", "=", True]],
            fields=["name", "group_id", *_RIGHTS],
        )  # fmt: skip
        return [row for row in rows if any(row[right] for right in _RIGHTS)]

    @cached_property
    def _wanted(self) -> set[str]:
        return {item.name for item in self._items if item.kind is ItemKind.MODEL}

    @cached_property
    def _models(self) -> dict[str, int]:
        if not self._wanted:
            return {}
        domain = [["model", "in", sorted(self._wanted)]]
        rows = self._odoo.search_read("ir.model", domain, fields=["model"])
        return {row["model"]: row["id"] for row in rows}

    @cached_property
    def _shown(self) -> dict[tuple[str, str], dict[str, Any]]:
        names = {item.name for item in self._items
                 if item.kind is ItemKind.FIELD and not is_stored(item)}  # fmt: skip
        rows = self._odoo.search_read(
            "ir.model.fields", [["name", "in", sorted(names)]],
            fields=["model", "name", "related", "compute", "store"],
        )  # fmt: skip
        return {(row["model"], row["name"]): row for row in rows}
