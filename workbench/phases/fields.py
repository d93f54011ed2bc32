"""What the panel of fields has to know, gathered from what the run holds; calls nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from workbench.mapping import Context, MapRow, Practitioner, stored_values
from workbench.mapping.model import FALLBACK, INVITE, NAME_ONLY
from workbench.panels import FieldFacts
from workbench.phases import knowledge, offers
from workbench.state import Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

_VALUE, _PRACTITIONER = "value:", "practitioner:"


def facts(steps: Steps) -> FieldFacts:
    """Gather what stands in the run about its fields, as it stands now."""
    store = steps.store
    held = cast("dict[str, list[dict[str, object]]]", store.journey.document("proposals") or {})
    rows = [MapRow.from_json(row) for row in held.get("rows", [])]
    odoo_fields = cast("knowledge.OdooFields", store.journey.document("odoo_fields") or {})
    options = knowledge.options(steps)
    found = offers.held_offers(store)
    return FieldFacts(
        proposals={row.field: row for row in rows},
        profiles={profile.field: profile for profile in knowledge.held_profiles(store)},
        odoo_fields=odoo_fields,
        options=options,
        context=Context(
            timezone=options.timezone,
            patient_key=lambda one: f"patient_{one}" if store.source.holds("patients", one)
            else None,
            country=options.country,
            appointment_types=_names(store, "appointment_types"),
            payment_methods=_names(store, "payment_methods"),
            practitioners=_practitioners(store, steps.config.migration.fallback_user),
            stored=stored_values(odoo_fields),
            contacts=found.contacts,
            companies=found.companies,
        ),
        values=_values(store, [row.field for row in rows]),
        looked_up=store.journey.document(offers.DOCUMENT) is not None,
    )  # fmt: skip


def _values(store: Store, fields: list[str]) -> dict[str, dict[str, str]]:
    """Give the value map of each field, as far as it is decided or proposed."""
    known = set(fields)
    made: dict[str, dict[str, str]] = {}
    for decision in store.decisions.questions(_VALUE):
        told = decision.proposal if decision.is_open else decision.choice
        name, value = _parted(decision.subject.removeprefix(_VALUE), known)
        if told is not None and name:
            made.setdefault(name, {})[value] = told
    return made


def _parted(text: str, known: set[str]) -> tuple[str, str]:
    """Part field and value: both may hold "=", and the longest field wins."""
    at = text.rfind("=")
    while at > 0 and text[:at] not in known:
        at = text.rfind("=", 0, at)
    return (text[:at], text[at + 1 :]) if at > 0 else ("", "")


def _practitioners(store: Store, fallback: str) -> dict[str, Practitioner]:
    """Give the practitioners, each with the user that is decided or proposed."""
    made = knowledge.practitioners(store)
    for decision in store.decisions.questions(_PRACTITIONER):
        number = decision.subject.removeprefix(_PRACTITIONER)
        told = decision.proposal if decision.is_open else decision.choice
        if number in made and told not in {None, NAME_ONLY, INVITE}:
            login = fallback if told == FALLBACK else told
            made[number] = replace(made[number], login=login or None)
    return made


def _names(store: Store, resource: str) -> dict[str, str]:
    records = store.source.records(resource)
    return {one.source_id: str(one.data["name"]) for one in records if one.data.get("name")}
