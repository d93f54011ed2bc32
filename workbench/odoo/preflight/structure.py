"""What the database is made of: modules, fields, and what it would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workbench.config import Config
from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.mapping.rows import FieldNeed
from workbench.odoo.preflight import scope
from workbench.odoo.preflight.finding import (
    Finding,
    Glance,
    blocker,
    fine,
    listed,
    unseen,
    warning,
)

NEEDED = {"contacts": "Contacts", "crm": "CRM", "calendar": "Calendar"}
_BRINGS = {"contacts": "res.partner", "crm": "crm.lead", "calendar": "calendar.event"}

MEDDLING = {
    "appointment": ("Appointments takes migrated visits for busy time.",
                    "Look at the booking page after the sample."),
    "auditlog": ("Audit Log copies what it watches, patients among it, and rollback leaves it.",
                 "Switch its rules off for the migration."),
    "data_merge": ("Data Cleaning merges contacts by itself where a rule is automatic.",
                   "Set its rules to manual until the sign-off: a merge looks like a loss."),
    "data_recycle": ("Data Recycle archives or deletes by itself where a rule is automatic.",
                     "Set its rules to manual until the sign-off."),
    "documents": ("Documents may file attachments a second time, in folders of its own.",
                  "Look at one patient's files in the sample."),
    "web_studio": ("Studio: approvals and required fields made in it may refuse rows.",
                   "Look closely at the sample before the full load."),
    "whatsapp": ("WhatsApp is connected; nothing of ours uses it, a rule of yours may.",
                 "See that no automation rule or campaign sends by it."),
}  # fmt: skip
"""Modules that do something of their own with what is loaded."""

FILLED = {
    "res.partner": {"name"},
    "crm.lead": {"name"},
    "calendar.event": {"name", "start", "stop"},
    "mail.message": {"message_type"},
    "ir.attachment": {"name", "type"},
}
"""What every row of ours brings along."""


def modules(look: Glance, config: Config) -> Iterator[Finding]:
    """Say which needed modules are missing, and which installed ones do something of their own."""
    visits = scope.visit_models(config.migration)
    needed = {
        name: title
        for name, title in NEEDED.items()
        if name == "contacts" or _BRINGS[name] in visits
    }
    there = look.installed(*needed)
    if there is None:  # for administrators alone: what they bring is asked for instead
        there = {name for name in needed if _has_model(look, _BRINGS[name])}
    missing = [title for name, title in needed.items() if name not in there]
    for title in missing:
        yield blocker(
            "modules", f"{title} is not installed.", f"Install {title} under Apps in Odoo."
        )
    if not missing:
        yield fine("modules", f"{listed(needed.values())}: installed.")
    if look.modules is None:
        yield unseen("modules", "Which other modules are installed")
        return
    for name, (what, do) in MEDDLING.items():
        if look.installed(name) and (name != "appointment" or "calendar.event" in visits):
            yield warning("modules", what, do)
    others = [row["shortdesc"] or row["name"] for row in look.modules
              if not (row["author"] or "").casefold().startswith("odoo")]  # fmt: skip
    if others:
        yield warning(
            "modules", f"Modules that are not Odoo's own: {listed(others)}.",
            "Ask their makers whether they act on new contacts, leads or events.",
        )  # fmt: skip


def _has_model(look: Glance, model: str) -> bool:
    try:
        look.odoo.call(model, "fields_get", attributes=["type"])
    except OdooRightsError:
        return True
    except OdooRefusedError:
        return False
    return True


def languages(look: Glance, _: Config) -> Iterator[Finding]:
    """Say which languages a patient's own may become."""
    codes = sorted(code for code, _ in look.odoo.call("res.lang", "get_installed"))
    yield fine(
        "languages", f"Installed: {listed(codes)}.",
        "Patients whose language is not among them keep it in a field of its own.",
    )  # fmt: skip


def custom_fields(
    look: Glance, config: Config, *, wanted: Iterable[FieldNeed], decided: bool
) -> Iterator[Finding]:
    """Say which fields of the names we would use are there already with another type.

    Args:
        look: the way of looking.
        config: what the clinic wants.
        wanted: the fields that the map asks for, or would by what ships with the tool.
        decided: whether the map is the clinic's own by now.
    """
    needs = list(wanted)
    there = {
        model: look.fields(model)
        for model in ("res.partner", *scope.visit_models(config.migration))
    }
    hidden = [model for model, fields in there.items() if not fields]
    if hidden:
        yield unseen("custom fields", f"Which fields {listed(hidden)} has already")
    clash = False
    for need in needs:
        held = there.get(need.model, {}).get(need.name)
        if held is None:
            continue
        other = held["type"] != need.type
        if other or (need.relation and held.get("relation") != need.relation):
            clash = True
            is_, be = (_kind(str(held["type"]), str(held.get("relation") or "")),
                       _kind(need.type, need.relation))  # fmt: skip
            what = f"{need.model}.{need.name} is there as {is_}, wanted as {be}."
            if decided:
                do = "Choose another target for it in the map, or rename the field in Odoo."
                yield blocker("custom fields", what, do)
            else:
                do = "Rename it if it is meant to be ours; the map puts ours beside it otherwise."
                yield warning("custom fields", what, do)
    if not clash and not hidden:
        own = sum(name.startswith("x_") for fields in there.values() for name in fields)
        met = sum(need.name in there.get(need.model, {}) for need in needs)
        yield fine(
            "custom fields", f"{own} are there already; {met} bear a name we use, and fit."
        )  # fmt: skip


def _kind(type_: str, relation: str) -> str:
    return f"{type_} of {relation}" if relation else type_


def refusals(
    look: Glance, config: Config, *, wanted: Iterable[FieldNeed]
) -> Iterator[Finding]:  # fmt: skip
    """Say what Odoo would refuse rows for: fields it requires, values it wants only once."""
    filled = {(need.model, need.name) for need in wanted}
    found: list[Finding] = []
    for model in scope.record_models(config.migration):
        names = _required(look, model)
        if names is None:
            found.append(unseen("required fields", f"What {model} requires"))
            continue
        for name in sorted(names):
            if (model, name) in filled:
                found.append(warning(
                    "required fields", f"{model}.{name} is required: rows without it are refused.",
                    "Switch Required off for the migration, or give the field a default.",
                ))  # fmt: skip
            else:
                found.append(blocker(
                    "required fields", f"{model}.{name} is required and nothing fills it.",
                    "Switch Required off for the migration, or give the field a default.",
                ))  # fmt: skip
    yield from found or [
        fine("required fields", "Whatever Odoo requires is filled.",
             "Checks written in Python cannot be seen from outside: the sample meets them.")
    ]  # fmt: skip
    yield from _unique(look, config)


def _required(look: Glance, model: str) -> set[str] | None:
    """Name the required fields that neither we nor a default nor Odoo itself fills."""
    odoo = look.odoo
    try:
        fields = odoo.call(model, "fields_get", attributes=["required", "store", "depends"])
        names = {
            name
            for name, known in fields.items()
            if known.get("required") and known.get("store") and not known.get("depends")
        } - FILLED[model]
        if not names:
            return set()
        asked = {"fields" if odoo.version().major >= 19 else "fields_list": sorted(names)}  # noqa: PLR2004  # the argument's name changed with 19
        return names - set(odoo.call(model, "default_get", **asked))
    except (OdooRightsError, OdooRefusedError):
        return None


def _unique(look: Glance, config: Config) -> Iterator[Finding]:
    rows = look.rows(
        "ir.model.constraint",
        [["type", "=", "u"],
         ["model.model", "in", scope.record_models(config.migration)]],
        ["name", "definition"],
    )  # fmt: skip
    if rows is None:
        yield unseen("unique values", "Which values Odoo wants only once")
        return
    # checks have the same type; Odoo 17 keeps no definition, and a name must do
    names = [row["name"] for row in rows
             if (row["definition"] or row["name"]).casefold().startswith("unique")
             or row["name"].casefold().endswith(("_uniq", "_unique"))]  # fmt: skip
    if names:
        yield warning(
            "unique values", f"Odoo refuses a second equal value: {listed(names)}.",
            "See that PracticeHub has none twice; the cleanse report lists duplicates.",
        )  # fmt: skip
    else:
        yield fine("unique values", "No value of a patient or visit must be the only one.")
