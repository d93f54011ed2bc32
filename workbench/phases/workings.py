"""How the clinic works and what Odoo does by itself, gathered for the page that compares them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from workbench.mapping import Mapping as Map
from workbench.mapping.empty import value_of
from workbench.odoo import automations, modules
from workbench.phases import knowledge
from workbench.reports import MODULES, Decided, held_workings, keep_workings, set_automations
from workbench.staging.workings import Lists, VisitFields, Workings
from workbench.staging.workings_messages import log_facts
from workbench.staging.workings_papers import (
    STATES,
    form_facts,
    money_facts,
    package_facts,
    plan_facts,
    state_facts,
)
from workbench.staging.workings_tally import label
from workbench.staging.workings_visits import visit_facts
from workbench.state import Store, digest, id_text

if TYPE_CHECKING:
    from workbench.phases.steps import Steps
    from workbench.run import Run

_VISITS, _PATIENTS, _LOGS = "appointments", "patients", "patient_logs"
_ROLES = {"patient": "patient", "stage": "status", "appointment_type": "kind_id",
          "location": "place_id"}  # fmt: skip
"""Transform of a visit's field → what it tells."""
_TARGETS = {"x_reminder_sent": "reminded", "x_practicehub_created": "created",
            "x_visit_type": "kind", "x_clinic_location": "place"}  # fmt: skip
"""Target of a visit's field → what it tells, where its transform does not say so."""
_DETAILS = ("duration", "length", "minutes", "price", "fee", "colour", "color", "online_booking")
"""What a list of types of visit may tell beside the name, in clinics that keep it there."""
_LONGEST_DETAIL = 30
_MOST_LISTED = 5000
"""Entries of one of the clinic's own lists; none is near as long."""

Told = Callable[[int, int | None], None]


def gather(steps: Steps) -> Workings:
    """Count how the clinic works, over everything held; what did not change is not counted anew.

    Memory stays flat: records are streamed, and of patients only counts are kept.
    """
    store, mapping = steps.store, knowledge.draft(steps).mapping
    basis = _basis(store, mapping)
    held = held_workings(store)
    if held is not None and held.basis == basis:
        return held.facts
    with steps.run.progress("how the clinic works", unit="steps") as told:
        found = count(store, mapping, told)
    keep_workings(store, found, basis=basis, decided=_decided(mapping))
    return found


def look_at_odoo(run: Run) -> None:
    """Look at what Odoo does by itself, and which modules it has, and keep both."""
    odoo = run.destination
    set_automations(
        run.store,
        looks=[asdict(look) for look in automations(odoo)],
        modules={name: one.value for name, one in modules(odoo, MODULES).items()},
        enterprise=odoo.version().enterprise,
    )


def count(store: Store, mapping: Map, told: Told = lambda _done, _total: None) -> Workings:
    """Count how the clinic works, over everything held.

    Args:
        store: the run's state; only read.
        mapping: says where visits and patients tell what.
        told: hears how many of the steps are done.
    """
    fields, lists = visit_fields(mapping), _lists(store, mapping)

    def records(resource: str) -> Iterator[Mapping[str, object]]:
        return (one.data for one in store.source.records(resource))

    visits = visit_facts(records(_VISITS), fields, lists)
    told(1, 4)
    logs = log_facts(
        (
            (patient, [one.data for one in held[_LOGS]], [one.data for one in held[_VISITS]])
            for patient, held in store.source.by_patient(_LOGS, _VISITS)
        ),
        fields,
    )
    told(2, 4)
    states = state_facts(records(_PATIENTS), _state_paths(mapping))
    forms, rare_forms = form_facts(records("custom_form_responses"))
    told(3, 4)
    plans, rare_plans = plan_facts(records("care_plans"))
    packages, rare_packages = package_facts(records("patient_packages"))
    return Workings(
        held={name: one.distinct for name, one in store.source.volumes().items()},
        visits=visits, logs=logs, states=states, forms=forms, rare_forms=rare_forms,
        plans=plans, rare_plans=rare_plans, packages=packages, rare_packages=rare_packages,
        money=money_facts(records("invoices"), records("payments"), lists.methods),
        bookable=_bookable(store),
    )  # fmt: skip


def visit_fields(mapping: Map) -> VisitFields:
    """Say from the map under which paths a visit tells what."""
    found: dict[str, str] = {}
    for row in mapping.of(_VISITS):
        if row.transform == "visit_time":
            found.setdefault(row.part, row.path)
        elif row.transform == "practitioner" and row.part == "id":
            found.setdefault("practitioner", row.path)
        elif row.transform in _ROLES:
            found.setdefault(_ROLES[row.transform], row.path)
        elif row.name in _TARGETS:
            found.setdefault(_TARGETS[row.name], row.path)
    orders = {row.path: row.order for row in mapping.of(_VISITS)}
    return VisitFields(**found, zone=mapping.zone, orders=orders)


def _state_paths(mapping: Map) -> list[str]:
    """Name the fields of patients that tell how the clinic keeps in touch."""
    return [row.path for row in mapping.of(_PATIENTS)
            if STATES.search(row.path) or STATES.search(row.name)]  # fmt: skip


def _lists(store: Store, mapping: Map) -> Lists:
    """Read the clinic's own lists; a location that is only on the map has its name from there."""
    types = {number: label(one.get("name")) for number, one in _listed(store, "appointment_types")}
    details = {
        types[number]: told
        for number, one in _listed(store, "appointment_types")
        if (told := _told(one))
    }
    fields = visit_fields(mapping)
    named = mapping.values.get(f"{_VISITS}.{fields.place_id}", {})
    locations = {number: label(one.get("name")) for number, one in _listed(store, "locations")}
    statuses = mapping.values.get(f"{_VISITS}.{fields.status}", {})
    return Lists(
        types={number: name for number, name in types.items() if name},
        details=details,
        locations={**named, **{number: name for number, name in locations.items() if name}},
        practitioners={
            number: " ".join(filter(None, (label(one.get("first_name")),
                                           label(one.get("last_name")))))
            for number, one in _listed(store, "practitioners")
        },
        methods={number: label(one.get("name"))
                 for number, one in _listed(store, "payment_methods")},
        statuses=frozenset(value_of(key) or "" for key in statuses),
        places=frozenset(mapping.values.get(f"{_VISITS}.{fields.place}", {})),
    )  # fmt: skip


def _listed(store: Store, resource: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Give the entries of one of the clinic's own lists by their ids."""
    for one in store.source.sample(resource, _MOST_LISTED):
        number = id_text(one.data.get("id"))
        if number is not None:
            yield number, one.data


def _told(one: Mapping[str, object]) -> str:
    """Say what stands in the list of types beside a name: length, price, colour."""
    words = ((key, label(one.get(key))) for key in _DETAILS)
    return ", ".join(
        f"{key} {word}".replace("_", " ") for key, word in words
        if word and len(word) <= _LONGEST_DETAIL
    )  # fmt: skip


def _bookable(store: Store) -> int | None:
    """Count practitioners whom patients may book online; None where no field says so."""
    told = [label(one["online_booking"]) for _, one in _listed(store, "practitioners")
            if "online_booking" in one]  # fmt: skip
    return sum(one.lower() in {"1", "yes", "true"} for one in told) if told else None


def _basis(store: Store, mapping: Map) -> str:
    """Name what the facts depend on: the records held, and the map."""
    volumes = {name: [one.rows, one.distinct] for name, one in store.source.volumes().items()}
    return digest([volumes, store.source.last_generation(), mapping.hash])


def _decided(mapping: Map) -> Decided:
    """Take from the map what the page shows beside the facts."""
    fields = visit_fields(mapping)
    statuses = mapping.values.get(f"{_VISITS}.{fields.status}", {})
    return Decided(
        stages={value_of(key) or "": stage for key, stage in statuses.items()},
        visits_become=mapping.appointments_to.value,
        zone=mapping.zone,
    )
