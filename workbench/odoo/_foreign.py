"""What other people did since: to our records, or tied to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.mapping.clinical import VAULT
from workbench.mapping.model import CLINICAL_OF
from workbench.odoo._staff import USERS, relied_on, with_staff
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held, chunks

ROBOT = 1
"""Odoo's own user: scheduled jobs write as it, a person cannot."""
WATCHED = ("res.partner", "crm.lead", "calendar.event", VAULT)
"""Models of ours that other records may point to."""
WINDOW = "ir.actions.act_window"
BESIDE = (
    ("mail.message", "model", "res_id", "a message"),
    ("mail.activity", "res_model", "res_id", "an activity"),
    ("ir.attachment", "res_model", "res_id", "a file"),
)
"""What hangs on a record by the name of its model and its number."""
SAID = ("comment", "email", "sms", "whatsapp")
"""Kinds of message that somebody wrote, even where Odoo's robot stored them (a mail reply)."""


class Foreign:
    """Tells our records apart from what other people made of them.

    Args:
        odoo: the client.
        rows: external ids of data records that we made.
        linked: model and number of records that were there before us.
    """

    def __init__(self, odoo: Odoo, rows: Iterable[Held], *, linked: set[tuple[str, int]]) -> None:
        self._odoo = odoo
        self._linked = linked
        self._by_model: dict[str, dict[int, str]] = {}
        for row in rows:
            self._by_model.setdefault(row.model, {})[row.res_id] = row.name
        self._mine = {odoo.me().id, ROBOT}

    @cached_property
    def others(self) -> frozenset[int]:
        """Give the numbers of all users but the migration's and Odoo's robot, archived too."""
        rows = self._odoo.search_read("res.users", [], fields=["login"])
        return frozenset(row["id"] for row in rows) - self._mine

    def kept(self) -> dict[str, str]:
        """Give the data records that must stay, by external id, each with the reason."""
        keep: dict[str, str] = {}
        for model, ids in self._by_model.items():
            found: dict[int, str] = {}
            found |= self._written_by_others(model, list(ids))
            if model in WATCHED:
                found |= self._pointed_at(model, list(ids))
                found |= self._beside(model, list(ids))
            if model == USERS:
                found |= relied_on(self._odoo, list(ids), ours=self._by_model)
            keep |= {ids[number]: why for number, why in found.items()}
        keep = with_staff(self._odoo, self._with_what_they_hang_on(keep), ours=self._by_model)
        return self._with_clinical_records(keep)

    def kept_schema(self, items: Iterable[Held], *, kept: Sequence[Held]) -> dict[str, str]:
        """Give the schema items that must stay, by external id, each with the reason."""
        items = list(items)
        fields = self._of(items, "ir.model.fields", ["model", "name", "store", "relation"])
        shown = self._of(items, "ir.ui.view", ["model", "write_uid"])
        opened = self._of(items, WINDOW, ["res_model", "write_uid"])
        menus = self._of(items, "ir.ui.menu", ["action", "write_uid"])
        moved = {_opens(row) for row in menus.values() if self._is_other(row["write_uid"])}
        own = self._of(items, "ir.model", ["model"])
        models = {row.model for row in kept}
        models |= {
            field["model"]
            for field in fields.values()
            if field["store"]
            and self._used_by_others(field["model"], [[field["name"], "!=", False]])
        }
        models |= {row["model"] for row in own.values() if self._used_by_others(row["model"], [])}
        models |= {row["model"] for row in shown.values() if self._is_other(row["write_uid"])}
        models |= {row["res_model"] for row in opened.values()
                   if self._is_other(row["write_uid"]) or (WINDOW, row["id"]) in moved}  # fmt: skip
        # a field that stays shows what is in a model of ours
        models |= {row["model"] for row in own.values()
                   if any(field["relation"] == row["model"] and field["model"] in models
                          for field in fields.values())}  # fmt: skip
        why = "records or views that stay use it"
        using = fields | shown | own
        keep = {name: why for name, row in using.items() if row["model"] in models}
        keep |= {name: why for name, row in opened.items() if row["res_model"] in models}
        if any(row["model"] in models for row in fields.values()):
            keep |= {item.name: why for item in items if item.model == "res.groups"}
        return keep | self._kept_around(items, keep, why) | self._kept_lists(items, models)

    def _kept_around(
        self, items: Sequence[Held], keep: Mapping[str, str], why: str
    ) -> dict[str, str]:
        """Give the rights to models that stay, and the menus that lead to actions that stay."""
        stays = {(item.model, item.res_id) for item in items if item.name in keep}
        rights = self._of(items, "ir.model.access", ["model_id"])
        found = {name for name, row in rights.items() if ("ir.model", row["model_id"][0]) in stays}
        above: set[int] = set()
        for name, row in self._of(items, "ir.ui.menu", ["action", "parent_id"]).items():
            if _opens(row) in stays:
                found.add(name)
                above |= {row["parent_id"][0]} if row["parent_id"] else set()
        found |= {
            item.name for item in items if item.model == "ir.ui.menu" and item.res_id in above
        }
        return dict.fromkeys(found, why)

    def _kept_lists(self, items: Sequence[Held], models: set[str]) -> dict[str, str]:
        """Give the selection values, stages and tags that must stay."""
        keep: dict[str, str] = {}
        for name, row in self._of(items, "ir.model.fields.selection", ["field_id"]).items():
            if self._selection_is_used(row["field_id"][0], row["id"]):
                keep[name] = "records that stay have this value"
        for name, row in self._of(items, "crm.stage", ["write_uid"]).items():
            used = self._used_by_others("crm.lead", [["stage_id", "=", row["id"]]])
            if used or "crm.lead" in models or self._is_other(row["write_uid"]):
                keep[name] = "opportunities that stay are in it, or somebody changed it"
        for name, row in self._of(items, "res.partner.category", []).items():
            used = self._used_by_others("res.partner", [["category_id", "in", [row["id"]]]])
            if used or "res.partner" in models:
                keep[name] = "contacts that stay bear it"
        return keep

    def _written_by_others(self, model: str, ids: list[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for part in chunks(ids):
            rows = self._odoo.search_read(
                model, [["id", "in", part], ["write_uid", "not in", sorted(self._mine)]],
                fields=["write_date"],
            )  # fmt: skip
            found |= {row["id"]: "somebody changed it since it was loaded" for row in rows}
        return found

    def _pointed_at(self, model: str, ids: list[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for other, field in self._pointers(model):
            for part in chunks(ids):
                domain = [[field, "in", part], ["create_uid", "not in", sorted(self._mine)]]
                try:
                    rows = self._odoo.search_read(other, domain, fields=[field])
                except (OdooRefusedError, OdooRightsError):
                    break  # a model that cannot be asked cannot be shown to the user either
                for row in rows:
                    value = row[field]
                    numbers = value[:1] if value and isinstance(value[-1], str) else value or []
                    for number in numbers:
                        if number in part:
                            found[number] = f"a record of {other} made by somebody points to it"
        return found

    def _pointers(self, model: str) -> list[tuple[str, str]]:
        """List stored fields of other models that point to `model`, where makers are known."""
        rows = self._odoo.search_read(
            "ir.model.fields",
            [["relation", "=", model], ["ttype", "in", ["many2one", "many2many"]],
             ["store", "=", True], ["model_id.transient", "=", False]],
            fields=["model", "name"],
        )  # fmt: skip
        models = sorted({row["model"] for row in rows})
        logged = self._odoo.search_read(
            "ir.model.fields", [["model", "in", models], ["name", "=", "create_uid"],
                                ["store", "=", True]], fields=["model"],
        )  # fmt: skip
        known = {row["model"] for row in logged}
        return [(row["model"], row["name"]) for row in rows if row["model"] in known]

    def _beside(self, model: str, ids: list[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for other, by_model, by_id, what in BESIDE:
            ours = set(self._by_model.get(other, {}))
            for part in chunks(ids):
                domain: list[Any] = [[by_model, "=", model], [by_id, "in", part]]
                if other == "ir.attachment":
                    domain.append(["res_field", "=", False])
                fields = [by_id, "create_uid"]
                fields += ["message_type"] if other == "mail.message" else []
                for row in self._odoo.search_read(other, domain, fields=fields):
                    if row["id"] in ours:
                        continue
                    if row.get("message_type") in SAID or self._is_other(row["create_uid"]):
                        found[row[by_id]] = f"{what} was added to it since"
        return found

    def _with_what_they_hang_on(self, keep: dict[str, str]) -> dict[str, str]:
        """Add the contacts that kept records belong to: without them these would be torn."""
        partners = self._by_model.get("res.partner", {})
        result = dict(keep)
        for model, fields in (
            ("crm.lead", ["partner_id"]), ("calendar.event", ["partner_ids"]),
            (VAULT, [CLINICAL_OF]),
            ("mail.message", ["model", "res_id"]), ("ir.attachment", ["res_model", "res_id"]),
        ):  # fmt: skip
            ids = [number for number, name in self._by_model.get(model, {}).items()
                   if name in keep]  # fmt: skip
            for part in chunks(ids):
                for row in self._odoo.search_read(model, [["id", "in", part]], fields=fields):
                    for number in _numbers(row):
                        if number in partners:
                            result.setdefault(partners[number], "a record that stays is about it")
        return result

    def _with_clinical_records(self, keep: dict[str, str]) -> dict[str, str]:
        """Add what is clinically known of patients who stay: it is a part of them."""
        partners = self._by_model.get("res.partner", {})
        staying = [number for number, name in partners.items() if name in keep]
        records = self._by_model.get(VAULT, {})
        result = dict(keep)
        for part in chunks(staying if records else ()):
            for row in self._odoo.search_read(VAULT, [[CLINICAL_OF, "in", part]], fields=["id"]):
                if row["id"] in records:
                    result.setdefault(records[row["id"]], "the patient it is about stays")
        return result

    def _of(self, items: Sequence[Held], model: str, fields: list[str]) -> dict[str, Any]:
        names = {item.res_id: item.name for item in items if item.model == model}
        if not names:
            return {}
        rows = self._odoo.search_read(
            model, [["id", "in", sorted(names)]], fields=fields or ["write_uid"]
        )
        return {names[row["id"]]: row for row in rows}

    def _used_by_others(self, model: str, domain: list[Any]) -> bool:
        """Whether a record that is neither ours nor was linked by us fits the domain."""
        mine = list(self._by_model.get(model, {}))
        mine += [number for name, number in self._linked if name == model]
        return bool(
            self._odoo.call(
                model, "search_count", domain=[*domain, ["id", "not in", mine]],
                context={"active_test": False}, limit=1,
            )
        )  # fmt: skip

    def _selection_is_used(self, field_id: int, value_id: int) -> bool:
        field = self._odoo.search_read(
            "ir.model.fields", [["id", "=", field_id]], fields=["model", "name"]
        )
        value = self._odoo.search_read(
            "ir.model.fields.selection", [["id", "=", value_id]], fields=["value"]
        )
        if not field or not value:
            return False
        domain = [[field[0]["name"], "=", value[0]["value"]]]
        return self._used_by_others(field[0]["model"], domain)

    def _is_other(self, user: object) -> bool:
        return isinstance(user, list) and user[0] not in self._mine


def _numbers(row: dict[str, Any]) -> list[int]:
    for name in ("partner_id", CLINICAL_OF):
        if name in row:
            return [row[name][0]] if row[name] else []
    if "partner_ids" in row:
        return list(row["partner_ids"])
    about = row.get("model") or row.get("res_model")
    return [row["res_id"]] if about == "res.partner" and row["res_id"] else []


def _opens(menu: dict[str, Any]) -> tuple[str, int]:
    """Give model and number of the action that a menu opens; number 0 where it opens none."""
    kind, _, number = (menu["action"] or "").partition(",")
    return kind, int(number or 0)
