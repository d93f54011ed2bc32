"""Views, actions and menus on a real Odoo: whatever a map has or lacks, Odoo accepts them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import decided_map, real_odoo, small_load
from tests.support.odoo import database
from workbench.mapping import AppointmentsTo, MapOptions, mapping_from, propose, schema_needs
from workbench.mapping.questions import field_questions
from workbench.mapping.rows import FieldNeed, SchemaNeeds
from workbench.odoo import ItemKind, ItemState, Odoo, SchemaPlan, apply_schema, plan_schema
from workbench.odoo.schema import SchemaItem
from workbench.odoo.wanted import wanted
from workbench.sandbox.odoo import OdooConnection
from workbench.staging import profile_records
from workbench.state import Store

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("odoo-screens")]

MODULE = small_load.MODULE
VOCABULARIES = sorted((Path(__file__).parents[1] / "data" / "vocabularies").glob("*.yaml"))
ODDLY = 'Own "{}" <b> & Co\'s {{{{ 7 }}}} %(x)s'
TYPES = ("char", "text", "date", "datetime", "boolean", "integer", "float", "selection", "many2one")
"""Of the clinic's own fields, in turn."""
MARKS = {
    to: SchemaNeeds(
        tuple(FieldNeed(model, "x_practicehub_id", "char", "PracticeHub id")
              for model in ("res.partner", *models)), (), (),
    )
    for to, models in (
        (AppointmentsTo.LEAD, ("crm.lead",)), (AppointmentsTo.EVENT, ("calendar.event",)),
        (AppointmentsTo.BOTH, ("crm.lead", "calendar.event")),
    )
}  # fmt: skip
"""What is left where a map has not one optional field."""


def _many() -> Iterator[FieldNeed]:
    for number in range(400):
        kind = TYPES[number % len(TYPES)]
        yield FieldNeed(
            "res.partner", f"x_own_{number}", kind, ODDLY.format(number),
            ("a", "b") if kind == "selection" else (),
            relation="res.partner" if kind == "many2one" else "", clinical=number % 50 == 0,
        )  # fmt: skip


def _records(fields: list[dict[str, Any]]) -> Iterator[dict[str, object]]:
    for number in range(12):
        record: dict[str, object] = {"id": number + 1}
        for one in fields:
            *heads, leaf = one["source"].partition(".")[2].split(".")
            place: dict[str, Any] = record
            for head in heads:
                place = place.setdefault(head, {})
            place[leaf] = one["values"][number % len(one["values"])]
        yield record


def _needs_of(path: Path, to: AppointmentsTo) -> SchemaNeeds:
    """Give what the map of a labelled vocabulary needs, with every proposal accepted."""
    resources: dict[str, list[dict[str, Any]]] = {}
    for one in yaml.safe_load(path.read_text(encoding="utf-8"))["fields"]:
        resources.setdefault(one["source"].partition(".")[0], []).append(one)
    profiles = [profile for name, fields in resources.items()
                for profile in profile_records(name, _records(fields))]  # fmt: skip
    options = MapOptions(appointments_to=to)
    proposals = propose(profiles, odoo_fields=decided_map.ODOO_FIELDS, options=options)
    answers = {one.subject: one.proposal for one in field_questions(proposals)}
    draft = mapping_from(
        proposals, answers.get, options=options, odoo_fields=decided_map.ODOO_FIELDS
    )
    return schema_needs(draft.mapping)


@dataclass(frozen=True)
class Prepared:
    """An Odoo with every field that any of the maps needs."""

    connection: OdooConnection
    odoo: Odoo
    plan: SchemaPlan
    maps: dict[str, SchemaNeeds]


@pytest.fixture(scope="module")
def prepared(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prepared]:
    """One database for all these tests; each leaves it as it found it."""
    assert odoo_server.url
    places = list(AppointmentsTo)
    maps = {path.stem: _needs_of(path, places[number % len(places)])
            for number, path in enumerate(VOCABULARIES)}  # fmt: skip
    maps |= {f"observed to {to.value}": schema_needs(decided_map.world("observed", to).mapping)
             for to in places}  # fmt: skip
    brief = schema_needs(decided_map.world("brief", AppointmentsTo.BOTH).mapping)
    maps["four hundred fields"] = replace(brief, fields=(*brief.fields, *_many()))
    every: dict[tuple[str, str], FieldNeed] = {}
    for needs in maps.values():
        for need in needs.fields:
            every.setdefault((need.model, need.name), replace(need, stood=False))
    # a name has one type in a database; here it is that of the first map that has it
    maps = {name: replace(needs, fields=tuple(every[need.model, need.name]
                                              for need in needs.fields))
            for name, needs in maps.items()}  # fmt: skip
    maps |= {f"numbers alone to {to.value}": needs for to, needs in MARKS.items()}
    store = Store(tmp_path_factory.mktemp("screens") / "state.sqlite")
    with database() as connection, real_odoo.client(connection) as odoo:
        whole = replace(brief, fields=tuple(every.values()))
        plan = plan_schema(odoo, whole, module=MODULE, restrict_clinical=True)
        apply_schema(odoo, store, plan, phase="prepare")
        yield Prepared(connection, odoo, plan, maps)
    store.close()


NAMES = [path.stem for path in VOCABULARIES]
NAMES += [f"observed to {to.value}" for to in AppointmentsTo]
NAMES += ["four hundred fields", *(f"numbers alone to {to.value}" for to in AppointmentsTo)]


def _screens(items: list[SchemaItem], kind: ItemKind) -> list[SchemaItem]:
    return [item for item in items if item.kind is kind]


@contextmanager
def _made(odoo: Odoo, items: list[SchemaItem]) -> Iterator[list[int]]:
    """Make views as prepare does, under other names; they go again."""
    columns = ["name", "model", "inherit_id/id", "mode", "arch_base", "priority"]
    answer = odoo.call("ir.ui.view", "load", fields=columns, data=[
        [f"again {item.name}", item.model, item.detail["inherits"],
         "primary" if item.detail["alone"] or not item.detail["inherits"] else "extension",
         item.detail["arch"], "99"]
        for item in items
    ])  # fmt: skip
    assert answer["messages"] == []
    try:
        yield answer["ids"]
    finally:
        odoo.call("ir.ui.view", "unlink", ids=answer["ids"])


@pytest.mark.parametrize("name", NAMES)
def test_odoo_accepts_every_view_of_every_map(prepared: Prepared, name: str) -> None:
    """Whatever fields a clinic's map has or lacks, Odoo puts the screens together."""
    items = wanted(prepared.maps[name], module=MODULE, restrict_clinical=True, rows="list")
    shown = _screens(items, ItemKind.VIEW)
    with _made(prepared.odoo, shown) as made:
        pass

    assert len(made) >= 6


def test_every_action_opens_with_the_views_that_were_made_for_it(prepared: Prepared) -> None:
    """The calendar of visits is ours and not Odoo's; the pipeline's own stays what it was."""
    odoo = prepared.odoo
    items = list(prepared.plan.items)
    names = {item.name for item in _screens(items, ItemKind.VIEW)}
    ours = odoo.search_read(
        "ir.model.data", [["module", "=", MODULE], ["model", "=", "ir.actions.act_window"]],
        fields=["res_id"],
    )  # fmt: skip
    rows = odoo.call(
        "ir.actions.act_window", "read", ids=[row["res_id"] for row in ours],
        fields=["name", "res_model", "views", "search_view_id", "context"],
    )  # fmt: skip
    by_name = {row["name"]: row for row in rows}
    numbers = [number for row in rows for number, _ in row["views"] if number]
    views = {row["id"]: row["name"] for row in odoo.search_read(
        "ir.ui.view", [["id", "in", numbers]], fields=["name"])}  # fmt: skip
    default = odoo.call("crm.lead", "get_view", view_id=False, view_type="calendar")

    assert set(by_name) == {"Visits", "Calendar", "Patients", "Clinical records"}
    assert [(kind, views.get(number)) for number, kind in by_name["Visits"]["views"]] == [
        ("list", "practicehub.crm.lead.own.list"),
        ("calendar", "practicehub.crm.lead.own.calendar"),
        ("kanban", "practicehub.crm.lead.own.kanban"),
        ("pivot", "practicehub.crm.lead.own.pivot"),
        ("form", None),
    ]  # fmt: skip
    assert set(views.values()) <= names
    assert by_name["Patients"]["search_view_id"][1] == "practicehub.res.partner.own.search"
    assert "default_category_id" in by_name["Patients"]["context"]
    assert "x_appointment_time" not in default["arch"]
    for row in rows:
        odoo.call(row["res_model"], "get_views", views=[list(one) for one in row["views"]])


def test_a_second_look_finds_all_of_it(prepared: Prepared) -> None:
    """What was made is not asked for again, and the plan says the same as before."""
    kinds = {ItemKind.ACTION, ItemKind.MENU, ItemKind.VIEW}
    states = {item.state for item in prepared.plan.items if item.kind in kinds}
    now = plan_schema(prepared.odoo, prepared.maps["four hundred fields"], module=MODULE,
                      restrict_clinical=True)  # fmt: skip

    assert states == {ItemState.MAKE}
    assert [item.name for item in now.to_make() if item.kind in kinds] == []


def test_entries_lead_to_their_actions_and_only_the_group_sees_the_clinical_one(
    prepared: Prepared,
) -> None:
    """A receptionist finds visits and patients; clinical records are not in the menu at all."""
    groups = ("sales_team.group_sale_salesman_all_leads",)
    with real_odoo.person(prepared.connection, "ann", groups=groups) as ann:
        hers = _entries(ann)
    admins = _entries(prepared.odoo)

    assert set(hers) == {"PracticeHub", "Visits", "Calendar", "Patients"}
    assert set(admins) == {*hers, "Clinical records"}
    assert all(admins[name] for name in admins if name != "PracticeHub")


def _entries(odoo: Odoo) -> dict[str, Any]:
    menus = odoo.call("ir.ui.menu", "load_menus", debug=False)
    root = next(row for key, row in menus.items() if key != "root" and row["name"] == "PracticeHub"
                and row["app_id"] == row["id"])  # fmt: skip
    below = [menus.get(str(number), menus.get(number)) for number in root["children"]]
    return {"PracticeHub": root["action_id"]} | {row["name"]: row["action_id"] for row in below}


def test_an_action_of_the_clinics_own_with_the_same_name_is_none_of_ours(
    odoo_db: OdooConnection, tmp_path: Path
) -> None:
    """Their "Visits" stay theirs; one made by hand as the checklist says is recognised."""
    store = Store(tmp_path / "state.sqlite")
    with real_odoo.client(odoo_db) as odoo:
        plan = plan_schema(odoo, small_load.NEEDS, module=MODULE, restrict_clinical=False)
        visits = next(item for item in plan.items
                      if item.kind is ItemKind.ACTION and item.name == "Visits")  # fmt: skip
        patients = next(item for item in plan.items
                        if item.kind is ItemKind.ACTION and item.name == "Patients")  # fmt: skip
        odoo.call("ir.actions.act_window", "create", vals_list=[
            {"name": "Visits", "res_model": "crm.lead", "domain": "[('type', '=', 'lead')]"},
            {"name": "Patients", "res_model": "res.partner", "domain": patients.detail["domain"]},
        ])  # fmt: skip
        odoo.call("ir.ui.menu", "create", vals_list=[{"name": "PracticeHub"}])
        again = plan_schema(odoo, small_load.NEEDS, module=MODULE, restrict_clinical=False)
        states = {item.name: item.state for item in again.items
                  if item.kind in {ItemKind.ACTION, ItemKind.MENU}}  # fmt: skip
        apply_schema(odoo, store, again, phase="prepare")
        above = odoo.search_read("ir.ui.menu", [["name", "=", "PracticeHub"]], fields=["child_id"])
    store.close()

    assert visits.state is ItemState.MAKE
    assert (states["Visits"], states["Patients"]) == (ItemState.MAKE, ItemState.EXISTS)
    assert states["PracticeHub"] is ItemState.EXISTS
    assert [len(row["child_id"]) for row in above] == [3]
