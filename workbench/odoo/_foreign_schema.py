"""Which fields, views, stages and the like stay, because somebody came to rely on them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from workbench.odoo._foreign import Foreign
from workbench.odoo._pointers import CASCADE, RESTRICT, pointers, pointing
from workbench.odoo.external_ids import Held
from workbench.odoo.rollback_plan import Hold

WINDOW = "ir.actions.act_window"
RELIED_ON = (
    "ir.actions.server", "ir.embedded.actions", "ir.model.fields", "mail.template",
    "base.automation", "res.partner.category",
)  # fmt: skip
"""Models whose records are somebody's work, and would go with a field, a model or a tag of ours.

What merely says more about ours (rights, defaults, choices) goes with it, and nobody misses it.
"""
STAYING = Hold("records or views that stay use it")
WITH_IT = Hold("something that stays needs it")


class ForeignSchema:
    """Tells which of our schema items must stay.

    Args:
        foreign: what people did to the data.
        items: external ids of all our schema items.
    """

    def __init__(self, foreign: Foreign, items: Iterable[Held]) -> None:
        self._foreign, self._odoo = foreign, foreign.odoo
        self._items = list(items)
        self._fields = self._of(
            "ir.model.fields", ["model", "name", "store", "relation", "related"]
        )
        self._views = self._of("ir.ui.view", ["model", "write_uid"])
        self._opened = self._of(WINDOW, ["res_model", "write_uid"])
        self._menus = self._of("ir.ui.menu", ["action", "parent_id", "write_uid"])
        self._own = self._of("ir.model", ["model"])

    def kept(
        self,
        staying: Sequence[Held],
        *,
        take: Collection[str],
        edited: Collection[tuple[str, str]],
    ) -> dict[str, Hold]:
        """Give the schema items that must stay, by external id, each with the reason.

        Args:
            staying: data records of ours that stay.
            take: external ids that go although people changed them, if nothing forbids it.
            edited: model and field of values that people wrote into contacts that we filled.
        """
        own = {(row["model"], row["name"]) for row in self._fields.values()}
        used = {row.model for row in staying} | self._used()
        used |= {model for model, name in edited if (model, name) in own}
        touched = {name: held for name, held in self._touched().items() if name not in take}
        used |= {row["model"] for name, row in self._views.items() if name in touched}
        used |= {row["res_model"] for name, row in self._opened.items() if name in touched}
        relied = self._relied_on() | self._mentioned()
        used |= {row["model"] for name, row in (self._fields | self._views).items()
                 if name in relied and (row.get("related") or name in self._views)}  # fmt: skip
        used |= {row["model"] for name, row in self._own.items() if name in relied}
        # a field that stays shows what is in a model of ours
        used |= {row["model"] for row in self._own.values()
                 if any(field["relation"] == row["model"] and field["model"] in used
                        for field in self._fields.values())}  # fmt: skip
        keep = {**touched, **relied}
        for name, row in (self._fields | self._views | self._own).items():
            if row["model"] in used:
                keep.setdefault(name, STAYING)
        for name, row in self._opened.items():
            if row["res_model"] in used:
                keep.setdefault(name, STAYING)
        keep = self._with_lists(keep, used=used, take=take)
        return self._with_what_is_around(keep)

    def _used(self) -> set[str]:
        """Name the models of which records that are not ours use a field, or that hold such."""
        used = {
            field["model"]
            for field in self._fields.values()
            if field["store"] and field["model"] not in {row["model"] for row in self._own.values()}
            and self._foreign.used_by_others(field["model"], [[field["name"], "!=", False]])
        }  # fmt: skip
        return used | {row["model"] for row in self._own.values()
                       if self._foreign.used_by_others(row["model"], [])}  # fmt: skip

    def _touched(self) -> dict[str, Hold]:
        """Give views and actions that somebody changed, and actions whose menu somebody moved."""
        changed = Hold("somebody changed it since it was made", takes=True)
        moved = {_opens(row): name for name, row in self._menus.items()
                 if self._foreign.is_other(row["write_uid"])}  # fmt: skip
        rows = self._views | self._opened
        found = {name: changed for name, row in rows.items()
                 if self._foreign.is_other(row["write_uid"])}  # fmt: skip
        for name, row in self._opened.items():
            if (WINDOW, row["id"]) in moved:
                found.setdefault(name, Hold("somebody changed its menu", takes=True))
        return found

    def _relied_on(self) -> dict[str, Hold]:
        """Give items that other people's work points to so that it would go, or stop us."""
        by_model: dict[str, dict[int, str]] = {}
        for item in self._items:
            by_model.setdefault(item.model, {})[item.res_id] = item.name
        found: dict[str, Hold] = {}
        for pointer in pointers(self._odoo, by_model) if by_model else ():
            stops = pointer.on_delete == RESTRICT
            goes = pointer.on_delete == CASCADE and pointer.model in RELIED_ON and pointer.logged
            if not stops and not goes:
                continue
            names = by_model[pointer.relation]
            ours = {*by_model.get(pointer.model, ()), *self._foreign.ours(pointer.model)}
            but_by = () if stops else self._foreign.mine
            for other, number in pointing(
                self._odoo, pointer, list(names), but_by=but_by, signed=not stops
            ):
                if other not in ours:
                    what = f"{pointer.model} {other}, which is not this run's, needs it"
                    found[names[number]] = Hold(what)
        return found

    def _mentioned(self) -> dict[str, Hold]:
        """Give fields that views or fields of other people name: Odoo would not let them go."""
        names: dict[str, list[str]] = {}
        for external_id, row in self._fields.items():
            names.setdefault(row["name"], []).append(external_id)
        if not names:
            return {}
        found: dict[str, Hold] = {}
        models = {external_id: row["model"] for external_id, row in self._fields.items()}
        ours = [item.res_id for item in self._items if item.model == "ir.ui.view"]
        rows = self._odoo.search_read(
            "ir.ui.view",
            [["id", "not in", ours], ["active", "=", True], *_any("arch_db", names)],
            fields=["arch_db", "model"],
        )  # fmt: skip
        own = [item.res_id for item in self._items if item.model == "ir.model.fields"]
        rows += self._odoo.search_read(
            "ir.model.fields",
            [["id", "not in", own], ["state", "=", "manual"],
             "|", *_any("related", names), *_any("depends", names)],
            fields=["related", "depends"],
        )  # fmt: skip
        for row in rows:
            kind = "ir.ui.view" if "arch_db" in row else "ir.model.fields"
            held = Hold(f"{kind} {row['id']}, which is not this run's, names it")
            said = " ".join(str(row[key]) for key in row.keys() & {"arch_db", "related", "depends"})
            for name in names.keys() & set(re.findall(r"\w+", said)):
                found |= {external_id: held for external_id in names[name]
                          if row.get("model") in {None, models[external_id]}}  # fmt: skip
        return found

    def _with_lists(
        self, keep: Mapping[str, Hold], *, used: set[str], take: Collection[str]
    ) -> dict[str, Hold]:
        """Add the selection values, stages and tags that must stay."""
        result = dict(keep)
        fields = {row["id"]: name for name, row in self._fields.items()}
        for name, row in self._of("ir.model.fields.selection", ["field_id", "value"]).items():
            if fields.get(row["field_id"][0]) in result:
                result.setdefault(name, WITH_IT)
            elif self._selection_is_used(row):
                result.setdefault(name, Hold("records that stay have this value"))
        for name, row in self._of("crm.stage", ["write_uid"]).items():
            if "crm.lead" in used or self._foreign.used_by_others(
                "crm.lead", [["stage_id", "=", row["id"]]]
            ):
                result[name] = Hold("opportunities that stay are in it, or need its fields")
            elif self._foreign.is_other(row["write_uid"]) and name not in take:
                result.setdefault(name, Hold("somebody changed it since it was made", takes=True))
        for name, row in self._of("res.partner.category", ["write_uid"]).items():
            if "res.partner" in used or self._foreign.used_by_others(
                "res.partner", [["category_id", "in", [row["id"]]]]
            ):
                result.setdefault(name, Hold("contacts that stay bear it"))
        return result

    def _with_what_is_around(self, keep: Mapping[str, Hold]) -> dict[str, Hold]:
        """Add groups, the rights to models, and the menus that lead to actions that stay."""
        result = dict(keep)
        stays = {(item.model, item.res_id) for item in self._items if item.name in keep}
        if any(model == "ir.model.fields" for model, _ in stays):
            result |= {item.name: STAYING for item in self._items
                       if item.model == "res.groups" and item.name not in result}  # fmt: skip
        for name, row in self._of("ir.model.access", ["model_id"]).items():
            if ("ir.model", row["model_id"][0]) in stays:
                result.setdefault(name, STAYING)
        numbers = {row["id"]: name for name, row in self._menus.items()}
        for name, row in self._menus.items():
            if _opens(row) in stays or name in keep:
                result.setdefault(name, STAYING)
                above = numbers.get(row["parent_id"][0]) if row["parent_id"] else None
                if above:
                    result.setdefault(above, STAYING)
        return result

    def _of(self, model: str, fields: list[str]) -> dict[str, Any]:
        """Read our items of one model that Odoo still has: external id to row."""
        names = {item.res_id: item.name for item in self._items if item.model == model}
        if not names:
            return {}
        rows = self._odoo.search_read(model, [["id", "in", sorted(names)]], fields=fields)
        return {names[row["id"]]: row for row in rows}

    def _selection_is_used(self, row: Mapping[str, Any]) -> bool:
        field = self._odoo.search_read(
            "ir.model.fields", [["id", "=", row["field_id"][0]]], fields=["model", "name", "store"]
        )
        if not field or not field[0]["store"]:
            return False
        domain = [[field[0]["name"], "=", row["value"]]]
        return self._foreign.used_by_others(field[0]["model"], domain)


def _any(column: str, names: Collection[str]) -> list[Any]:
    """Give a domain: the column holds any of the names."""
    parts = [[column, "like", name] for name in sorted(names)]
    return [*["|"] * (len(parts) - 1), *parts]


def _opens(menu: Mapping[str, Any]) -> tuple[str, int]:
    """Give model and number of the action that a menu opens; number 0 where it opens none."""
    kind, _, number = (menu["action"] or "").partition(",")
    return kind, int(number or 0)
