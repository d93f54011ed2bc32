"""The checklist for an administrator: as tables, and as files that can be handed on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import show
from workbench.odoo import BEYOND_HANDS, SCREENS, ItemKind, ItemState, SchemaPlan, checklist
from workbench.phases import agreement
from workbench.phases.agreement import OdooFields
from workbench.reports import Page, Section, csv_text, keep, render

if TYPE_CHECKING:
    from workbench.config import Config
    from workbench.mapping import Mapping
    from workbench.run import Run

NAME = "schema_checklist"
_COLUMNS = ("", "what", "where in Odoo", "how", "note")
_LEAD = (
    "All that the map needs in Odoo. The workbench makes it in its prepare phase; who would "
    "rather make it by hand finds here how. What is there already and fits is used as it is."
)
_PRIVATE = "It holds names of fields and the values of pick-lists, and no patient's data."


def table(plan: SchemaPlan) -> show.Table:
    """Give what is to be there in Odoo and how to make it by hand, ticked where it is there."""
    return show.Table(
        "Checklist for the administrator of Odoo",
        _COLUMNS,
        [("☑ there" if row.done else "☐", row.what, row.where, row.how, row.note)
         for row in checklist(plan)],
        note=_LEAD,
    )  # fmt: skip


def write(run: Run, plan: SchemaPlan) -> Path:
    """Write reports/schema_checklist.html and .csv; the page's path is given back."""
    shown = table(plan)
    page = Page(
        "Checklist for Odoo", _LEAD, run.name, run.store.ledger.head(),
        facts=[("database", run.config.odoo.database),
               ("there already", sum(row[0] != "☐" for row in shown.rows)),
               ("to be made", sum(row[0] == "☐" for row in shown.rows))],
        sections=[
            Section("Item by item", tables=[replace(shown, note="")]),
            Section("What hands cannot do", tables=[
                show.Table("And what to do then", ("",), [(line,) for line in BEYOND_HANDS])]),
        ],
        privacy=_PRIVATE,
    )  # fmt: skip
    rows = [("yes" if row.done else "", row.what, row.where, row.how, row.note)
            for row in checklist(plan)]  # fmt: skip
    keep(run.store, run.folder, f"{NAME}.csv", csv_text(("there", *_COLUMNS[1:]), rows))
    return keep(run.store, run.folder, f"{NAME}.html", render(page))


def foreseen(config: Config, mapping: Mapping, odoo_fields: OdooFields) -> show.Table:
    """Give the checklist of a map, without screens; asks nobody.

    Ticked are the fields that Odoo had before anything of ours was made.
    """
    items = tuple(
        replace(item, state=ItemState.EXISTS)
        if item.kind is ItemKind.FIELD and item.name in odoo_fields.get(item.model, {})
        else item
        for item in agreement.items(config, mapping, odoo_fields)
        if item.kind not in SCREENS
    )
    return table(SchemaPlan(config.module, items))
