"""The views that show migrated fields where Odoo's own screens are: forms, lists, filters.

Views that stand beside Odoo's, for actions of our own, are in `own_views`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workbench import assets
from workbench.mapping.rows import FieldNeed

MARKER = "x_practicehub_id"
"""The field that every migrated record has: filters find ours by it."""
TIME = "x_appointment_time"
"""When a visit starts: a lead that has one is a visit, whoever made it."""
FIXED = ("x_practicehub_id", "x_practicehub_created", "x_practicehub_updated")
"""Fields that tell where a record came from: shown, never edited, in a list neither."""
KNOWN = (
    "x_practicehub_clinical_id", "x_date_of_birth", "x_sex", "x_blood_type", "x_allergies",
    "x_medical_history", "x_prescription_summary",
    "x_appointment_time", "x_appointment_end", "x_visit_type", "x_practitioner",
    "x_clinic_location", "x_visit_status", "x_contact_status", "x_next_appointment",
    "x_last_appointment", "x_recall_status", "x_communication_status", "x_planned_date",
    "x_reminder_sent", "x_referring_doctor_id", "x_referring_doctor", "x_insurance_company_id",
    "x_insurance_provider", "x_policy_number", "x_emergency_contact", "x_mobile",
    "x_other_phones", "x_language", "x_total_balance", "x_unread_values",
)  # fmt: skip
"""Fields that every clinic's staff look for, in the order in which they look."""
SHOWN = frozenset({
    "x_appointment_time", "x_visit_type", "x_practitioner", "x_clinic_location",
    "x_visit_status", "x_contact_status", "x_mobile", "x_next_appointment",
})  # fmt: skip
"""What a list of ours shows without asking; the others are a click away."""
WRITTEN = {
    "x_referring_doctor": "x_referring_doctor_id",
    "x_insurance_provider": "x_insurance_company_id",
}
"""What was written in PracticeHub, beside the contact that was found for it."""
SPARE = frozenset({"x_unread_values"})
"""Fields that are empty nearly always, and stand on a form only where they are not."""
GROUPED = frozenset({
    "x_clinic_location", "x_contact_status", "x_visit_status", "x_visit_type", "x_practitioner",
    "x_recall_status", "x_communication_status", "x_referring_doctor_id", "x_referring_doctor",
    "x_insurance_company_id", "x_insurance_provider", "x_language",
})  # fmt: skip
"""What records are worth grouping by; of other fields only those with a list of values."""
MOST_COLUMNS, MOST_SEARCHED, MOST_DATES, MOST_GROUPS = 24, 10, 6, 14
"""How many a list offers, and a search; more would bury those that matter."""
MOST_BESIDE = 40
"""Fields of the clinic's own that still fit on the page; more get a page of their own."""

_WIDE = frozenset({"text", "html"})
_COLUMN = frozenset({"selection", "char", "date", "datetime", "boolean", "integer", "float",
                     "many2one"})  # fmt: skip
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML has no way to write."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a model's fields go; names are of Odoo's own views (the same in 17, 18 and 19).

    `hidden`: where the page would mean nothing. `others`: name of the filter that leaves ours
    out. `columns`: those of ours that Odoo's own list shows without asking.
    """

    title: str
    section: str
    filter: str
    form: str
    listing: str
    anchor: str
    search: str
    hidden: str = ""
    first: bool = False
    others: str = ""
    columns: tuple[str, ...] = ()


PLACES = {
    "res.partner": _Place(
        "Patient", "At the clinic", "PracticeHub patients", "base.view_partner_form",
        "base.view_partner_tree", "email", "base.view_res_partner_filter",
        hidden="is_company and not x_practicehub_id", columns=("x_clinic_location",),
    ),
    "crm.lead": _Place(
        "Visit", "Visit", "PracticeHub visits", "crm.crm_lead_view_form",
        "crm.crm_case_tree_view_oppor", "name", "crm.view_crm_case_opportunities_filter",
        hidden="not x_practicehub_id and not x_appointment_time "
        "and not context.get('practicehub_visit')",
        first=True, others="Other opportunities",
    ),
    "calendar.event": _Place(
        "Visit", "Visit", "PracticeHub visits", "calendar.view_calendar_event_form",
        "calendar.view_calendar_event_tree", "name", "calendar.view_calendar_event_search",
        columns=("x_practitioner", "x_clinic_location", "x_visit_status"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """A view to be made.

    Args:
        model: the model it shows.
        name: by which it is found again.
        inherits: external id of the view it adds to; empty: it stands for itself.
        arch: what it adds, or shows.
        alone: it leaves the view it starts from as it is.
    """

    model: str
    name: str
    inherits: str
    arch: str
    alone: bool = False


def views(model: str, fields: Sequence[FieldNeed], *, group: str) -> list[View]:
    """Write the views that show a model's custom fields; none for a model without a place.

    Clinical fields stand on the form only, in parts that `group` (a whole external id) alone
    sees; no list column and no filter tells their values.
    """
    place = PLACES.get(model)
    if place is None or not fields:
        return []
    fields = ordered(fields)
    plain = [need for need in fields if not need.clinical]
    columns = columns_of(plain)
    dotted = model.replace(".", "_")
    marked = any(need.name == MARKER for need in plain)
    arch = {
        "form": render("form", _form(place, dotted, fields) | {"group": group}),
        "list": render("list", {
            "anchor": place.anchor, "fields": columns, "fixed": FIXED,
            "shown": place.columns,
        }),
        "search": render("search", searched(plain) | {
            "title": place.filter, "others": place.others, "domain": domain_of(model, fields),
        }) if marked else "",
    }  # fmt: skip
    wanted = {"form": True, "list": bool(columns), "search": marked}
    parents = {"form": place.form, "list": place.listing, "search": place.search}
    return [
        View(model, f"practicehub.{model}.{kind}", parents[kind], arch[kind])
        for kind in ("form", "list", "search")
        if wanted[kind]
    ]


def ordered(fields: Iterable[FieldNeed]) -> list[FieldNeed]:
    """Sort fields as staff look for them: the known ones, then the clinic's own by label."""
    place = {name: number for number, name in enumerate(KNOWN)}
    return sorted(
        fields,
        key=lambda need: (place.get(need.name, len(place)), need.label.casefold(), need.name),
    )


def columns_of(plain: Sequence[FieldNeed]) -> list[FieldNeed]:
    """Choose the columns that a list offers: first those that are shown without asking."""
    fit = [need for need in plain if need.type in _COLUMN]
    fit.sort(key=lambda need: (need.name not in SHOWN, need.name not in (*KNOWN, *FIXED)))
    kept = set(fit[:MOST_COLUMNS])
    return [need for need in plain if need in kept]


def searched(plain: Sequence[FieldNeed]) -> dict[str, object]:
    """Choose what a search looks in, and which periods and groupings it offers."""
    own = [need for need in plain if need.name not in FIXED]
    texts = [need for need in own if need.type in {"char", "many2one"}]
    ids = [need for need in plain if need.name == MARKER]
    grouped = [
        need
        for need in own
        if need.type == "selection" or (need.name in GROUPED and need.type != "text")
    ]
    return {
        "searched": [*texts[: MOST_SEARCHED - 1], *ids],
        "dated": [need for need in own if need.type in {"date", "datetime"}][:MOST_DATES],
        "grouped": grouped[:MOST_GROUPS],
    }


def domain_of(model: str, fields: Iterable[FieldNeed]) -> str:
    """Say which records are ours: those that came along, and visits made since."""
    names = {need.name for need in fields}
    came = f"('{MARKER}', '!=', False)"
    if model == "crm.lead" and TIME in names:
        return f"['|', {came}, ('{TIME}', '!=', False)]"
    return f"[{came}]"


def render(name: str, values: dict[str, object]) -> str:
    """Fill a template of `templates/odoo`; whatever it is given is escaped."""
    return _templates().get_template(f"{name}.xml.j2").render(values)


def page_of(fields: Sequence[FieldNeed], *, section: str) -> dict[str, object]:
    """Part a form's fields: health, what every clinic has, its own, and where all came from."""
    here = [need for need in fields if need.name not in FIXED]
    known = [need for need in here if not need.clinical and need.name in KNOWN]
    own = [need for need in here if not need.clinical and need.name not in KNOWN]
    apart = len(own) > MOST_BESIDE
    return {
        "blocks": _blocks(("Health", True, [need for need in here if need.clinical]),
                          (section, False, known),
                          *([] if apart else [("More from PracticeHub", False, own)])),
        "apart": _blocks(("", False, own)) if apart else [],
        "came": _halves([need for name in FIXED for need in fields if need.name == name]),
        "written": {name for name, found in WRITTEN.items()
                    if {name, found} <= {need.name for need in fields}},
        "spare": SPARE,
    }  # fmt: skip


def _form(place: _Place, dotted: str, fields: Sequence[FieldNeed]) -> dict[str, object]:
    names = {need.name for need in fields}
    told = {name for name in (MARKER, TIME) if name in place.hidden}
    hidden = place.hidden
    for name in sorted(told - names):  # a page may only ask for fields that it has
        hidden = hidden.replace(f" and not {name}", "").replace(f"not {name} and ", "")
    return {
        "page": page_of(fields, section=place.section),
        "title": place.title, "name": f"practicehub_{dotted}", "hidden": hidden,
        "first": place.first,
    }  # fmt: skip


def _blocks(*parts: tuple[str, bool, list[FieldNeed]]) -> list[dict[str, object]]:
    return [
        {
            "title": title,
            "clinical": clinical,
            "halves": _halves([need for need in fields if need.type not in _WIDE]),
            "wide": [need for need in fields if need.type in _WIDE],
        }
        for title, clinical, fields in parts
        if fields
    ]


def _halves(fields: list[FieldNeed]) -> list[list[FieldNeed]]:
    """Part a column into two, read downwards; a short list stays one."""
    middle = (len(fields) + 1) // 2
    return [half for half in (fields[:middle], fields[middle:]) if half]


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(assets.templates() / "odoo")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    made.filters["told"] = lambda text: _REFUSED.sub(" ", str(text))
    return made
