"""The views that show the migrated fields: a page on the form, list columns, search filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workbench import assets
from workbench.mapping.rows import FieldNeed

MARKER = "x_practicehub_id"
"""The field that every migrated record has: filters find ours by it."""
FIXED = frozenset({MARKER, "x_practicehub_created"})
"""Fields that tell where a record came from: shown, not edited."""
SHOWN = frozenset({
    "x_appointment_time", "x_visit_type", "x_practitioner", "x_clinic_location",
    "x_contact_status",
})  # fmt: skip
"""List columns that are there without asking; the others are a click away."""
_WIDE = frozenset({"text", "html"})
_COLUMN = frozenset({"selection", "char", "date", "datetime", "boolean"})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a model's fields go; names are of Odoo's own views (the same in 17, 18 and 19)."""

    title: str
    filter: str
    form: str
    listing: str
    anchor: str
    search: str
    hidden: str = ""


PLACES = {
    "res.partner": _Place(
        "Patient", "PracticeHub patients", "base.view_partner_form", "base.view_partner_tree",
        "email", "base.view_res_partner_filter", hidden="is_company",
    ),
    "crm.lead": _Place(
        "Visit", "PracticeHub visits", "crm.crm_lead_view_form", "crm.crm_case_tree_view_oppor",
        "name", "crm.view_crm_case_opportunities_filter",
    ),
    "calendar.event": _Place(
        "Visit", "PracticeHub visits", "calendar.view_calendar_event_form",
        "calendar.view_calendar_event_tree", "name", "calendar.view_calendar_event_search",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """A view to be made: what it inherits from and what it adds."""

    model: str
    name: str
    inherits: str
    arch: str


def views(model: str, fields: Sequence[FieldNeed], *, group: str) -> list[View]:
    """Write the views that show a model's custom fields; none for a model without a place.

    Clinical fields stand on the form only, in parts that `group` (a whole external id) alone
    sees; no list column and no filter tells their values. That hides them on the screen. It
    does not protect them: Odoo has no read restriction for custom fields (the setting `groups`
    of a custom field is stored and never looked at; tried on Odoo 19), so the API and an
    export by somebody with the right to export still give them.
    """
    place = PLACES.get(model)
    if place is None or not fields:
        return []
    plain = [need for need in fields if not need.clinical]
    columns = [need for need in plain if need.type in _COLUMN]
    dotted = model.replace(".", "_")
    arch = {
        "form": _render("form", _form(place, dotted, fields) | {"group": group}),
        "list": _render("list", {"anchor": place.anchor, "fields": columns, "shown": SHOWN}),
        "search": _render("search", _search(place, plain)),
    }
    wanted = {"form": True, "list": bool(columns), "search": any(
        need.name == MARKER for need in plain)}  # fmt: skip
    parents = {"form": place.form, "list": place.listing, "search": place.search}
    return [
        View(model, f"practicehub.{model}.{kind}", parents[kind], arch[kind])
        for kind in ("form", "list", "search")
        if wanted[kind]
    ]


def _form(place: _Place, dotted: str, fields: Sequence[FieldNeed]) -> dict[str, object]:
    short = [need for need in fields if need.type not in _WIDE]
    columns = [
        {
            "title": "Health" if clinical else "From PracticeHub",
            "fields": part,
            "clinical": clinical,
        }
        for clinical in (True, False)
        if (part := [need for need in short if need.clinical is clinical])
    ]
    return {
        "title": place.title, "name": f"practicehub_{dotted}", "hidden": place.hidden,
        "columns": columns, "wide": [need for need in fields if need.type in _WIDE],
        "fixed": FIXED,
    }  # fmt: skip


def _search(place: _Place, plain: Sequence[FieldNeed]) -> dict[str, object]:
    texts = [need for need in plain if need.type in {"char", "selection"}]
    return {
        "title": place.filter,
        "searched": [need for need in texts if need.type == "char"],
        "dated": [need for need in plain
                  if need.type in {"date", "datetime"} and need.name not in FIXED],
        "grouped": [need for need in texts if need.name not in FIXED],
    }  # fmt: skip


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(assets.templates() / "odoo")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def _render(name: str, values: dict[str, object]) -> str:
    return _templates().get_template(f"{name}.xml.j2").render(values)
