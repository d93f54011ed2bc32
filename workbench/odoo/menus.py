"""Where the clinic's staff find their data: an entry of its own in Odoo's main menu.

Odoo's pipeline, contacts and calendar stay as they are. What stands here opens the same
records, sorted and filtered as a reception desk needs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.mapping.clinical import VAULT
from workbench.mapping.rows import FieldNeed, SchemaNeeds
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held
from workbench.odoo.own_views import name_of
from workbench.odoo.schema import ItemKind, SchemaItem
from workbench.odoo.views import MARKER, domain_of

ROOT = "PracticeHub"
"""The entry in the main menu; everything else stands below it."""
ICON = "fa fa-heartbeat,#FFFFFF,#714B67"
"""Its picture, where this Odoo shows one: a sign of its font, two colours."""
WINDOW = "ir.actions.act_window"
MENU = "ir.ui.menu"
Table = tuple[list[str], list[list[str]]]
"""Columns and rows for `load()`."""


@dataclass(frozen=True, slots=True)
class Action:
    """A window on the records of one model.

    Args:
        model: the model.
        name: what people read above it.
        modes: kinds of view in order, the first is what opens.
        own: kind of view to the name of our view, where it is not Odoo's usual one.
        search: name of our search view; empty: Odoo's usual one.
        domain: which records.
        context: what a new record starts with.
        help: what stands there while there is nothing to show.
        tag: name of a contact tag that a new record gets; empty: none.
        group: whole external id of the only group that sees it; empty: everybody who may
            read the model.
    """

    model: str
    name: str
    modes: tuple[str, ...]
    own: Mapping[str, str]
    search: str
    domain: str
    context: str
    help: str
    tag: str = ""
    group: str = ""

    def detail(self) -> dict[str, Any]:
        """Give all but model and name, as JSON values."""
        told = asdict(self)
        del told["model"], told["name"]
        return told | {"modes": list(self.modes), "own": dict(self.own)}


@dataclass(frozen=True, slots=True)
class Menu:
    """An entry of the menu; `path` reads "PracticeHub/Visits", `domain` is its action's."""

    model: str
    path: str
    sequence: int
    action: str = ""
    domain: str = ""
    group: str = ""

    def detail(self) -> dict[str, Any]:
        """Give all but model and path, as JSON values."""
        return {
            "sequence": self.sequence, "action": self.action, "domain": self.domain,
            "group": self.group,
        }  # fmt: skip


def actions(needs: SchemaNeeds, *, views: Sequence[str], group: str, rows: str) -> list[Action]:
    """Say what opens: visits, the calendar, patients, clinical records; what there is of it.

    Where visits are leads and events, the leads are a list first, since the events are the
    calendar already.

    Args:
        needs: what the map asks for.
        views: names of our own views that are made.
        group: whole external id of the group that sees clinical records.
        rows: what this Odoo calls a list.
    """
    by_model: dict[str, list[FieldNeed]] = {}
    for need in needs.fields:
        by_model.setdefault(need.model, []).append(need)
    made: list[Action] = []
    for model in ("crm.lead", "calendar.event", "res.partner", VAULT):
        fields = by_model.get(model, [])
        marked = any(need.name == MARKER for need in fields)
        own = {kind: name for kind in ("calendar", rows, "kanban", "pivot", "form")
               if (name := name_of(model, "list" if kind == rows else kind)) in views}  # fmt: skip
        if model == VAULT and fields:
            made.append(Action(
                VAULT, "Clinical records", (rows, "form"), own, name_of(VAULT, "search"), "[]",
                "{}", "<p>One record for each patient. Only the group sees them.</p>",
                group=group,
            ))  # fmt: skip
        elif model == "crm.lead" and marked:
            made.append(_visits(fields, own, rows, listed="calendar.event" in by_model))
        elif model == "calendar.event" and marked:
            made.append(Action(
                model, "Calendar", ("calendar", rows, "form"), own, "", "[]", "{}",
                "<p>Everybody's visits and meetings.</p>",
            ))  # fmt: skip
        elif model == "res.partner" and marked:
            search = name_of(model, "search")
            found = search if search in views else ""
            made.append(_patients(needs.tags, own, found, rows))
    return made


def menus(made: Sequence[Action]) -> list[Menu]:
    """Give each action its entry, below one of ours; none where there is no action."""
    if not made:
        return []
    return [Menu(MENU, ROOT, 24)] + [
        Menu(one.model, f"{ROOT}/{one.name}", 10 * place, one.name, one.domain, one.group)
        for place, one in enumerate(made, start=1)
    ]


def _visits(fields: list[FieldNeed], own: Mapping[str, str], rows: str, *, listed: bool) -> Action:
    modes = [rows, "kanban", "form", "pivot"]
    if "calendar" in own:
        modes.insert(1 if listed else 0, "calendar")
    return Action(
        "crm.lead", "Visits", tuple(modes), own, name_of("crm.lead", "search"),
        domain_of("crm.lead", fields), "{'default_type': 'opportunity', 'practicehub_visit': True}",
        "<p>No visits here.</p><p>The calendar shows those that have a start and an end; "
        "the list shows all of them.</p>",
    )  # fmt: skip


def _patients(tags: Sequence[str], own: Mapping[str, str], search: str, rows: str) -> Action:
    tag = tags[0] if tags else ""
    domain = f"[('{MARKER}', '!=', False)]"
    if tag:  # patients of tomorrow have no number of PracticeHub's
        domain = f"['|', ('{MARKER}', '!=', False), ('category_id.name', '=', {tag!r})]"
    return Action(
        "res.partner", "Patients", (rows, "kanban", "form"), own, search, domain, "{}",
        "<p>No patients here.</p>", tag=tag,
    )  # fmt: skip


def _key(name: str, model: str, domain: str) -> tuple[str, str, str]:
    """Give what tells one action from another, whoever made it."""
    return model, name, domain


def entries_there(
    odoo: Odoo, items: Sequence[SchemaItem], ours: Mapping[str, Held]
) -> list[dict[str, Any]]:
    """Find actions, or entries of the menu, that may be these: id, and the item's own name.

    Ours by their external id. One made by hand is told by what it shows, not by its name
    alone: a clinic may have other "Visits".
    """
    mine = [ours[item.external_id].res_id for item in items if item.external_id in ours]
    names = [item.name.rpartition("/")[2] for item in items]
    domain = ["|", ["id", "in", mine], ["name", "in", names]]
    if items[0].kind is ItemKind.MENU:
        rows = odoo.search_read(MENU, domain, fields=["complete_name"])
        return [{"id": row["id"], "name": row["complete_name"]} for row in rows]
    wanted = {_key(item.name, item.model, item.detail["domain"]) for item in items}
    rows = odoo.search_read(WINDOW, domain, fields=["name", "res_model", "domain"])
    return [
        {"id": row["id"], "name": row["name"]}
        for row in rows
        if row["id"] in mine or _key(row["name"], row["res_model"], row["domain"] or "") in wanted
    ]


def action_rows(odoo: Odoo, items: Sequence[SchemaItem], module: str) -> Table:
    """Give the rows that make actions, each with the views that it opens."""
    groups = _groups_field(odoo, WINDOW)
    views = {row["name"]: str(row["id"]) for row in odoo.search_read(
        "ir.ui.view", [["name", "in", _view_names(items)]], fields=["name"]
    )}  # fmt: skip
    columns = [
        "id", "name", "res_model", "view_mode", "domain", "context", "help",
        "search_view_id/.id", groups,
        "view_ids/sequence", "view_ids/view_mode", "view_ids/view_id/.id",
    ]  # fmt: skip
    rows: list[list[str]] = []
    for item in items:
        detail = item.detail
        head = [
            f"{module}.{item.external_id}", item.name, item.model, ",".join(detail["modes"]),
            detail["domain"], _context(odoo, detail), detail["help"],
            views.get(detail["search"], ""), detail["group"],
        ]  # fmt: skip
        own = [(str(place), mode, views[detail["own"][mode]])
               for place, mode in enumerate(detail["modes"])
               if detail["own"].get(mode) in views]  # fmt: skip
        for place, shown in enumerate(own or [("", "", "")]):
            rows.append([*(head if place == 0 else [""] * len(head)), *shown])
    return columns, rows


def menu_rows(odoo: Odoo, items: Sequence[SchemaItem], module: str) -> Table:
    """Give the rows that make entries of the menu; the one above them is there by then."""
    above = odoo.search_read(MENU, [["name", "=", ROOT], ["parent_id", "=", False]], fields=["id"])
    names = [item.detail["action"] for item in items]
    opened = {
        _key(row["name"], row["res_model"], row["domain"] or ""): str(row["id"])
        for row in odoo.search_read(
            WINDOW, [["name", "in", names]], fields=["name", "res_model", "domain"]
        )
    }  # fmt: skip
    rows: list[list[str]] = []
    for item in items:
        detail = item.detail
        below = "/" in item.name
        action = opened.get(_key(detail["action"], item.model, detail["domain"]), "")
        rows.append([
            f"{module}.{item.external_id}", item.name.rpartition("/")[2],
            str(above[-1]["id"]) if below else "", f"{WINDOW},{action}" if action else "",
            str(detail["sequence"]), "" if below else ICON, detail["group"],
        ])  # fmt: skip
    columns = ["id", "name", "parent_id/.id", "action", "sequence", "web_icon"]
    return [*columns, _groups_field(odoo, MENU)], rows


def _view_names(items: Sequence[SchemaItem]) -> list[str]:
    return sorted({
        name
        for item in items
        for name in (*item.detail["own"].values(), item.detail["search"])
        if name
    })  # fmt: skip


def _context(odoo: Odoo, detail: Mapping[str, Any]) -> str:
    if not detail["tag"]:
        return str(detail["context"])
    found = odoo.search_read("res.partner.category", [["name", "=", detail["tag"]]], fields=["id"])
    return f"{{'default_category_id': [{found[0]['id']}]}}" if found else str(detail["context"])


def _groups_field(odoo: Odoo, model: str) -> str:
    """Name the column of groups: it was renamed in 19."""
    return "group_ids/id" if "group_ids" in odoo.fields(model) else "groups_id/id"
