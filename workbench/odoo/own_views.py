"""Views of our own, beside Odoo's: visits by their time, patients by clinic, clinical records.

Odoo's calendar of opportunities goes by the next activity, and its calendar of meetings shows
a person only what that person attends. Both stay as they are; these stand beside them, and
only the actions of `menus` open them.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.mapping.clinical import VAULT
from workbench.mapping.model import CLINICAL_OF
from workbench.mapping.rows import FieldNeed
from workbench.odoo.views import (
    FIXED,
    SHOWN,
    TIME,
    View,
    columns_of,
    ordered,
    page_of,
    render,
    searched,
)

END = "x_appointment_end"
_PANEL = ("x_clinic_location", "x_contact_status", "x_recall_status", "x_communication_status")
"""Lists of values that stand beside a list of records, to be ticked."""
_CARD = ("x_visit_type", "x_clinic_location", "x_practitioner")
"""What a visit's card tells besides its patient and its time."""


def own_views(model: str, fields: Sequence[FieldNeed], *, rows: str) -> list[View]:
    """Write the views that a model's own actions open; none for a model without any.

    A calendar is made where visits have a time, and only then. No clinical field stands in
    any of them but in those of the clinical records themselves.

    Args:
        model: the model.
        fields: its custom fields.
        rows: what this Odoo calls a list: "list", or "tree" in 17 and older.
    """
    fields = ordered(fields)
    plain = [need for need in fields if not need.clinical]
    match model:
        case "crm.lead":
            return _visits(plain, rows)
        case "calendar.event":
            return [View(model, name_of(model, "calendar"), "", _calendar(
                plain, title="Calendar", start="start", stop="stop", all_day="allday",
                told={"partner_ids": ""},
            ))]  # fmt: skip
        case "res.partner":
            return _patients(plain, rows)
        case _ if model == VAULT:
            return _vault(fields, rows)
        case _:
            return []


def name_of(model: str, kind: str) -> str:
    """Name a view of our own."""
    return f"practicehub.{model}.own.{kind}"


def _patients(plain: list[FieldNeed], rows: str) -> list[View]:
    """Write a list with room for what a reception desk needs, and a search with a panel."""
    made = [View("res.partner", name_of("res.partner", "list"), "", render("own_list", {
        "tag": rows, "title": "Patients", "order": "complete_name, id", "fixed": FIXED,
        "fields": [
            {"name": "complete_name", "label": "Name", "optional": ""},
            {"name": "phone", "label": "", "optional": "show"},
            {"name": "email", "label": "", "optional": "show"},
            {"name": "city", "label": "", "optional": "hide"},
            {"name": "category_id", "label": "", "optional": "hide"},
            *_columns(plain),
        ],
    }))]  # fmt: skip
    if panel := _panel(plain):
        arch = render("panel", {"panel": panel})
        parent = "base.view_res_partner_filter"
        made.append(View("res.partner", name_of("res.partner", "search"), parent, arch, alone=True))
    return made


def _columns(plain: Sequence[FieldNeed]) -> list[dict[str, str]]:
    return [
        {"name": need.name, "label": "", "optional": "show" if need.name in SHOWN else "hide"}
        for need in columns_of(plain)
    ]


def _visits(plain: list[FieldNeed], rows: str) -> list[View]:
    names = {need.name: need for need in plain}
    timed = TIME in names and names[TIME].type == "datetime"
    time = TIME if timed else ""
    newest = f"{time} desc, id desc" if time else "id desc"
    arch = {
        "list": render("own_list", {
            "tag": rows, "title": "Visits", "order": newest, "fixed": FIXED,
            "fields": _visit_columns(plain),
        }),
        "kanban": render("visits_kanban", {
            "template": "card" if rows == "list" else "kanban-box", "order": newest,
            "time": time, "told": [name for name in _CARD if name in names],
        }),
        "pivot": render("visits_pivot", {"time": time}),
        "search": render("visits_search", searched(plain) | {
            "time": time, "end": END if END in names and time else "",
            "practitioner": "x_practitioner" in names,
            "panel": [*(name for name in _panel(plain)), "stage_id"],
        }),
    }  # fmt: skip
    if timed:
        stop = END if END in names and names[END].type == "datetime" else ""
        arch["calendar"] = _calendar(
            plain,
            title="Visits",
            start=TIME,
            stop=stop,
            named="contact_name",
            told={"name": "Title", "partner_id": "Patient", "phone": "", "stage_id": "Status"},
        )
    return [View("crm.lead", name_of("crm.lead", kind), "", text) for kind, text in arch.items()]


def _visit_columns(plain: list[FieldNeed]) -> list[dict[str, str]]:
    """Say which columns a list of visits has: when, who, what, with whom, how it stands."""
    by_name = {need.name: need for need in plain}
    named = "x_practitioner" in by_name
    head = [
        {"name": TIME, "label": "", "optional": ""},
        {"name": "partner_id", "label": "Patient", "optional": ""},
        {"name": "x_visit_type", "label": "", "optional": "show"},
        {"name": "x_practitioner", "label": "", "optional": "show"},
        {"name": "user_id", "label": "User" if named else "Practitioner",
         "optional": "hide" if named else "show"},
        {"name": "x_clinic_location", "label": "", "optional": "show"},
        {"name": "stage_id", "label": "Status", "optional": "show"},
        {"name": "name", "label": "Title", "optional": "hide"},
        {"name": "phone", "label": "", "optional": "hide"},
    ]  # fmt: skip
    there = {row["name"] for row in head}
    head = [row for row in head if not row["name"].startswith("x_") or row["name"] in by_name]
    rest = [need for need in plain if need.name not in there]
    return head + [row | {"optional": "hide"} for row in _columns(rest)]


def _calendar(
    plain: list[FieldNeed], *, title: str, start: str, stop: str, told: dict[str, str],
    all_day: str = "", named: str = "",
) -> str:  # fmt: skip
    """Write a calendar; `named` is what stands on a visit where its title is too long."""
    names = {need.name for need in plain}
    # a name on every visit tells more than the user, whom several may share
    who = "x_practitioner" if "x_practitioner" in names else "user_id"
    more = [name for name in ("x_visit_type", "x_clinic_location", "x_visit_status")
            if name in names]  # fmt: skip
    return render("calendar", {
        "title": title, "start": start, "stop": stop, "all_day": all_day, "named": named,
        "who": who, "told": told | {name: "" for name in (start, stop, *more) if name},
    })  # fmt: skip


def _panel(plain: list[FieldNeed]) -> list[str]:
    lists = {need.name for need in plain if need.type == "selection"}
    return [name for name in _PANEL if name in lists]


def _vault(fields: list[FieldNeed], rows: str) -> list[View]:
    """Write the views of the clinical records; whoever may open them may see all of it."""
    names = {need.name for need in fields}
    shown = [need for need in fields if need.name != CLINICAL_OF]
    columns = [need for need in columns_of(shown) if need.name not in FIXED]
    head = [{"name": CLINICAL_OF, "label": "Patient", "optional": ""}] * (CLINICAL_OF in names)
    arch = {
        "form": render("vault_form", {
            "page": page_of(shown, section="Clinical record"),
            "patient": CLINICAL_OF if CLINICAL_OF in names else "",
        }),
        "list": render("own_list", {
            "tag": rows, "title": "Clinical records", "fixed": FIXED,
            "order": f"{CLINICAL_OF}, id" if CLINICAL_OF in names else "id",
            "fields": head + [
                {"name": need.name, "label": "", "optional": "show" if number < len(SHOWN)
                 else "hide"}
                for number, need in enumerate(columns)
            ],
        }),
        "search": render("vault_search", searched(shown) | {
            "patient": CLINICAL_OF if CLINICAL_OF in names else "",
        }),
    }  # fmt: skip
    return [View(VAULT, name_of(VAULT, kind), "", text) for kind, text in arch.items()]
