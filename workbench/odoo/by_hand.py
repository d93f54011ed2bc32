"""The plan as a checklist, for an administrator who would rather do it by hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from workbench.odoo.schema import GROUP, ItemKind, ItemState, SchemaItem, SchemaPlan

SCREENS = frozenset({ItemKind.VIEW, ItemKind.ACTION, ItemKind.MENU})
"""What people look at: a load relies on none of it, and staff can see the fields otherwise."""
MAY_BE_LEFT_OUT = "May be left out: nothing is loaded by it, and it is not waited for."
BEYOND_HANDS = (
    (
        "Switch on the developer mode first (Settings > General Settings > Developer Tools): the "
        "menus under Technical appear with it."
    ),
    (
        "What is made by hand is found by its name, so spell names and stored values just so. It "
        "gets no external id of this migration, which only the workbench can give: a rollback "
        "leaves it in Odoo, and whoever made it takes it out."
    ),
    (
        "The access group is known by the external id that the checklist gives for it. Without it "
        "nobody would see the clinical records; who does not want the group sets "
        "restrict_clinical_fields = false in migration.toml."
    ),
    (
        "A name or a type cannot be changed in a field that was saved: delete the field, and add "
        "it anew."
    ),
)
"""What hands cannot do as the workbench does, and what to do then; whole sentences."""


@dataclass(frozen=True, slots=True)
class ChecklistRow:
    """One line for an admin who would rather do it by hand; `note` says what else to know."""

    done: bool
    what: str
    where: str
    how: str
    note: str = ""


def checklist(plan: SchemaPlan) -> list[ChecklistRow]:
    """Say how to make each thing by hand; what exists already is ticked."""
    stages = sorted((item for item in plan.items if item.kind is ItemKind.STAGE),
                    key=lambda item: (item.detail["sequence"], item.name))  # fmt: skip
    before = {later.name: earlier.name for earlier, later in pairwise(stages)}
    rows = []
    for item in plan.items:
        where, how = _by_hand(item, plan.module)
        if item.kind is ItemKind.STAGE:
            earlier = before.get(item.name)
            how += f" Put it behind {earlier}." if earlier else " Put it first."
        optional = (
            MAY_BE_LEFT_OUT if item.kind in SCREENS and item.state is not ItemState.EXISTS else ""
        )
        note = " ".join(word for word in (item.why, optional) if word)
        rows.append(ChecklistRow(item.state is ItemState.EXISTS, item.title, where, how, note))
    return rows


def to_do_by_hand(plan: SchemaPlan, *, asked: Collection[str]) -> list[str]:
    """Say what a load relies on and is missing or does not fit, a clause for each.

    Args:
        plan: as the database is now.
        asked: titles of what a person was asked to make. A stage of these must not count as
            won; one that Odoo had before may, for a person chose it.
    """
    told = []
    for item in plan.items:
        if item.kind in SCREENS:
            continue
        if item.state is ItemState.CONFLICT:
            told.append(f"{item.title}: {item.why.rstrip('.')}")
        elif item.state is not ItemState.EXISTS:
            told.append(f"{item.title} is not there")
        elif item.title in asked and item.found.get("is_won"):
            told.append(f"{item.title} counts as won: switch Is Won Stage off")
    return told


def _by_hand(item: SchemaItem, module: str) -> tuple[str, str]:
    match item.kind:
        case ItemKind.MODEL | ItemKind.ACCESS | ItemKind.FIELD | ItemKind.SELECTION:
            return _of_data(item)
        case ItemKind.STAGE:
            return "CRM > Configuration > Stages", "Add the stage; leave Is Won Stage off."
        case ItemKind.TAG:
            return "Contacts > Configuration > Contact Tags", "Add the tag."
        case ItemKind.GROUP:
            told = "Add the group and its members, the user of the migration's key among them. "
            told += f"Then give it the external id {module}."
            told += f"{item.external_id}: under Settings > Technical > Sequences & Identifiers > "
            told += "External Identifiers add one of that module and name, with the model "
            told += "res.groups and the group's number, which its address in the browser shows."
            return "Settings > Users & Companies > Groups", told
        case ItemKind.VIEW | ItemKind.ACTION | ItemKind.MENU:
            return _on_screen(item)


def _of_data(item: SchemaItem) -> tuple[str, str]:
    detail, settings = item.detail, "Settings > Technical"
    if item.kind is ItemKind.MODEL:
        of = f"{detail['of']} (many2one to {detail['relation']}, required, on delete: cascade)"
        return f"{settings} > Models", f"Add the model {item.name} with one field, {of}."
    if item.kind is ItemKind.ACCESS:
        how = f"Give the group {item.name} all four rights, and nobody else any."
        return f"{settings} > Access Rights, model {item.model}", how
    if item.kind is ItemKind.SELECTION:
        where = f"{settings} > Fields, {item.model}.{detail['field']}"
        return where, f"Add the value {detail['value']} ({detail['label']})."
    pairs = zip(detail["selection"], detail["labels"], strict=True)
    values = ", ".join(f"{value} ({label})" for value, label in pairs)
    how = f"Name {item.name}, label {detail['label']}, type {detail['type']}"
    how += f", related model {detail['relation']}" if detail["relation"] else ""
    how += f", selection as value (label): {values}" if values else ""
    if detail.get("related"):
        how += f", read-only, not stored, related to {detail['related']}"
    elif detail.get("compute"):
        how += f", read-only, not stored, computed by: {detail['compute']}"
    return f"{settings} > Fields, model {item.model}", how + "."


def _on_screen(item: SchemaItem) -> tuple[str, str]:
    detail, settings = item.detail, "Settings > Technical"
    if item.kind is ItemKind.VIEW:
        how = f"Add a view named {item.name} of {item.model}"
        if detail["inherits"]:
            how += f" that inherits {detail['inherits']}"
            how += ", as a base view of its own" if detail["alone"] else ""
        where = f"{settings} > User Interface > Views"
        return where, f"{how}, with this architecture: {detail['arch']}"
    limited = f", for the group {GROUP} alone" if detail["group"] else ""
    if item.kind is ItemKind.MENU:
        opens = f" that opens the action {detail['action']}" if detail["action"] else ""
        where = f"{settings} > User Interface > Menu Items"
        return where, f"Add the entry {item.name}{opens}{limited}."
    own = ", ".join(name for name in (detail["search"], *detail["own"].values()) if name)
    how = f"Name {item.name}, object {item.model}, views {', '.join(detail['modes'])}"
    how += f", domain {detail['domain']}, context {detail['context']}"
    how += f", with the views {own}" if own else ""
    return f"{settings} > Actions > Window Actions", f"{how}{limited}."
