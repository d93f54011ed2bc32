"""The schema on a real Odoo that people work in: made by hand, or changed after the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import real_odoo, small_load
from workbench.errors import GateError
from workbench.mapping.rows import FieldNeed, SchemaNeeds, StageNeed
from workbench.odoo import (
    SCREENS,
    ItemKind,
    ItemState,
    Odoo,
    SchemaItem,
    SchemaPlan,
    apply_rollback,
    apply_schema,
    plan_rollback,
    plan_schema,
    to_do_by_hand,
)
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = pytest.mark.odoo
MODULE, NEEDS = small_load.MODULE, small_load.NEEDS


@pytest.fixture
def odoo(odoo_db: OdooConnection) -> Iterator[Odoo]:
    """The database's administrator."""
    with real_odoo.client(odoo_db) as odoo:
        yield odoo


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty state file."""
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


def planned(odoo: Odoo, needs: SchemaNeeds = NEEDS) -> SchemaPlan:
    """Look at the database."""
    return plan_schema(odoo, needs, module=MODULE, restrict_clinical=True)


class Admin:
    """An administrator who works off the checklist in Odoo's own screens."""

    def __init__(self, odoo: Odoo) -> None:
        self.odoo = odoo

    def create(self, model: str, /, **values: object) -> int:
        """Fill in a form and save it."""
        made: list[int] = self.odoo.call(model, "create", vals_list=[values])
        return made[0]

    def find(self, model: str, name: str, by: str = "name", *, of: str = "") -> int:
        """Find the record of a name, archived or not; `of`: the model whose field it is."""
        domain = [[by, "=", name], *([["model", "=", of]] if of else [])]
        rows = self.odoo.search_read(model, domain, fields=[])
        return int(rows[-1]["id"])

    def write(self, model: str, name: str, /, **values: object) -> None:
        """Change the one record of a name."""
        self.odoo.call(model, "write", ids=[self.find(model, name)], vals=values)

    def unlink(self, model: str, name: str) -> None:
        """Delete the one record of a name."""
        self.odoo.call(model, "unlink", ids=[self.find(model, name)])

    def make(self, item: SchemaItem, **otherwise: object) -> None:
        """Do one line of the checklist, or something else in its place."""
        detail: dict[str, Any] = {**item.detail, **otherwise}
        match item.kind:
            case ItemKind.GROUP:
                group = self.create("res.groups", name=item.name,
                                    user_ids=[[4, self.odoo.me().id]])  # fmt: skip
                self.create("ir.model.data", module=MODULE, name=item.external_id,
                            model="res.groups", res_id=group)  # fmt: skip
            case ItemKind.MODEL:
                of = {"name": detail["of"], "ttype": "many2one", "required": True,
                      "field_description": "Patient", "relation": detail["relation"],
                      "on_delete": "cascade"}  # fmt: skip
                self.create("ir.model", name="Clinical", model=item.name, field_id=[[0, 0, of]])
            case ItemKind.ACCESS:
                rights = dict.fromkeys(
                    ("perm_read", "perm_write", "perm_create", "perm_unlink"), True
                )
                self.create("ir.model.access", name="by hand", **rights,
                            model_id=self.find("ir.model", item.model, by="model"),
                            group_id=self.find("res.groups", item.name))  # fmt: skip
            case ItemKind.FIELD:
                values = {
                    "name": item.name, "field_description": detail["label"],
                    "ttype": detail["type"], "relation": detail["relation"] or False,
                    "model_id": self.find("ir.model", item.model, by="model"),
                    "selection_ids": [[0, 0, {"value": value, "name": value}]
                                      for value in detail["selection"]
                                      if not detail.get("related")],
                }  # fmt: skip
                if detail.get("related") or detail.get("compute"):
                    values |= {"store": False, "readonly": True}
                    values |= {key: detail.get(key, False) for key in ("related", "compute")}
                self.create("ir.model.fields", **values)
            case ItemKind.SELECTION:
                number = self.find("ir.model.fields", detail["field"], of=item.model)
                self.create("ir.model.fields.selection", field_id=number, value=detail["value"],
                            name=detail["label"])  # fmt: skip
            case ItemKind.STAGE:
                self.create("crm.stage", name=item.name, is_won=detail.get("is_won", False))
            case ItemKind.TAG:
                self.create("res.partner.category", name=item.name)
            case _:
                pytest.fail(f"{item.title} is nothing that a load relies on")


REFERS = "Odoo has a field of that name that refers to res.users, not res.partner"
WRONG: dict[str, tuple[dict[str, object], str]] = {
    "crm.lead.x_practitioner": (
        {"type": "integer"},
        "field crm.lead.x_practitioner: Odoo has a field of that name of type integer, not char",
    ),
    "res.partner.x_clinic_location": (
        {"selection": ["North"]}, "selection res.partner.x_clinic_location=South is not there",
    ),
    "res.partner.x_referring_doctor_id": (
        {"relation": "res.users"},
        f"field res.partner.x_referring_doctor_id: {REFERS}",
    ),
    "crm.stage.Completed": (
        {"is_won": True}, "stage Completed counts as won: switch Is Won Stage off",
    ),
}  # fmt: skip
"""What an administrator may get wrong, and what they are told of it."""


def test_what_was_made_by_hand_is_looked_at_loaded_into_and_left_by_a_rollback(
    odoo: Odoo, store: Store, tmp_path: Path
) -> None:
    """Slips are named one by one; once all fits, rows find it by its name; it stays afterwards."""
    admin, plan = Admin(odoo), planned(odoo)
    asked = {item.title for item in plan.to_make()}
    before = to_do_by_hand(plan, asked=asked)
    lines = [item for item in plan.to_make() if item.kind not in SCREENS]
    for item in lines:
        admin.make(item, **WRONG.get(f"{item.model}.{item.name}", ({}, ""))[0])
    slips = to_do_by_hand(planned(odoo), asked=asked)

    assert len(before) == len(lines)
    assert set(slips) == {told for _, told in WRONG.values()}

    fields = (("res.partner", "x_referring_doctor_id"), ("crm.lead", "x_practitioner"))
    numbers = [admin.find("ir.model.fields", name, of=model) for model, name in fields]
    odoo.call("ir.model.fields", "unlink", ids=numbers)
    admin.write("crm.stage", "Completed", is_won=False)
    for item in planned(odoo).to_make():
        if item.kind not in SCREENS:
            admin.make(item)
    done = planned(odoo)
    assert to_do_by_hand(done, asked=asked) == []
    assert list(store.destination.operations()) == []

    rows = small_load.restricted([small_load.partner(1, x_allergies="pollen")])
    loader = small_load.loader(odoo, store, tmp_path)
    for model in dict.fromkeys(row.model for row in rows):
        assert loader.load([row for row in rows if row.model == model]).refused == []
    loader.load([small_load.lead(number, 1) for number in range(1, 4)])
    leads_now = odoo.search_read("crm.lead", [["x_practicehub_id", "!=", False]],
                                 fields=["stage_id"])  # fmt: skip
    assert {row["stage_id"][1] for row in leads_now} == {"New", "Completed", "Missed"}

    apply_rollback(odoo, store, plan_rollback(odoo, store, module=MODULE), patience=0)
    after = {item.title: item.state for item in planned(odoo).items}
    kept = {item.title for item in done.items
            if item.kind not in {*SCREENS, ItemKind.GROUP, ItemKind.ACCESS}}  # fmt: skip
    assert {title for title in kept if after[title] is ItemState.EXISTS} == kept
    assert admin.find("res.groups", small_load_group(plan))
    assert odoo.search_read("res.partner", [["x_practicehub_id", "!=", False]], fields=[]) == []


def small_load_group(plan: SchemaPlan) -> str:
    """Give the access group's name."""
    return next(item.name for item in plan.items if item.kind is ItemKind.GROUP)


Change = tuple[Callable[[Admin], object], str]
CHANGES: dict[str, Change] = {
    "a field's label": (
        lambda admin: admin.odoo.call(
            "ir.model.fields", "write", vals={"field_description": "Born"},
            ids=[admin.find("ir.model.fields", "x_date_of_birth", of="res.partner")],
        ),
        "field res.partner.x_date_of_birth has another label",
    ),
    "a selection's value": (
        lambda admin: admin.write("ir.model.fields.selection", "South", value="Zuid"),
        "selection res.partner.x_clinic_location=South is needed now",
    ),
    "a value's label": (
        lambda admin: admin.write("ir.model.fields.selection", "North", name="Noord"),
        "field res.partner.x_clinic_location has another selection",
    ),
    "a stage's name": (
        lambda admin: admin.write("crm.stage", "Missed", name="Verzuim"),
        "stage Missed no longer fits: It was renamed to 'Verzuim' in Odoo",
    ),
    "the name of a stage of Odoo's": (
        lambda admin: admin.write("crm.stage", "New", name="Nieuw"),
        "stage New is no longer there",
    ),
    "a stage that is won": (
        lambda admin: admin.write("crm.stage", "Cancelled", is_won=True),
        "stage Cancelled has another won",
    ),
    "a stage twice": (
        lambda admin: admin.create("crm.stage", name="Completed"),
        "stage Completed no longer fits: Odoo has 2 of that name",
    ),
    "a tag deleted": (
        lambda admin: admin.unlink("res.partner.category", small_load.TAG),
        f"tag {small_load.TAG} is no longer there",
    ),
    "a view archived": (
        lambda admin: admin.write("ir.ui.view", view_of(admin), active=False),
        "has another archived",
    ),
    "a view deleted": (
        lambda admin: admin.unlink("ir.ui.view", view_of(admin)),
        "is no longer there",
    ),
    "a right taken back": (
        lambda admin: admin.write("ir.model.access", "PracticeHub clinical", perm_write=False),
        "access PracticeHub clinical is no longer there",
    ),
    "a right for others": (
        lambda admin: admin.create("ir.model.access", name="everybody", perm_read=True,
                                   model_id=admin.find("ir.model", "x_practicehub_clinical",
                                                       by="model")),
        "let others at these records",
    ),
    "the group deleted": (
        lambda admin: admin.odoo.call("res.groups", "unlink", ids=[ungrouped(admin)]),
        "group PracticeHub clinical is no longer there",
    ),
}  # fmt: skip
"""What somebody does in Odoo between the plan and its application, and the words for it."""


def view_of(admin: Admin) -> str:
    """Name a view of ours that shows fields in a list."""
    rows = admin.odoo.search_read("ir.ui.view", [["name", "ilike", "practicehub"]], fields=["name"])
    return str(next(row["name"] for row in rows if "lead" in row["name"]))


def ungrouped(admin: Admin) -> int:
    """Give the group's number, once nothing that is kept with it is in the way."""
    group = admin.find("res.groups", "PracticeHub clinical")
    rights = admin.odoo.call("ir.model.access", "search", domain=[["group_id", "=", group]])
    admin.odoo.call("ir.model.access", "unlink", ids=rights)
    return group


def test_whatever_somebody_changes_after_the_plan_stops_its_application(
    odoo: Odoo, store: Store
) -> None:
    """Each kind of thing, removed, renamed or changed: nothing is written, and it is named."""
    admin = Admin(odoo)
    apply_schema(odoo, store, planned(odoo), phase="prepare")
    writes = len(list(store.destination.operations()))
    told = {}
    for name, (change, _) in CHANGES.items():
        plan = SchemaPlan.from_json(planned(odoo).as_json())
        fitting = tuple(item for item in plan.items if item.state is not ItemState.CONFLICT)
        change(admin)
        try:
            apply_schema(odoo, store, SchemaPlan(MODULE, fitting), phase="prepare")
        except GateError as refused:
            told[name] = refused.what

    assert {
        name for name, (_, words) in CHANGES.items() if words not in told.get(name, "")
    } == set()
    assert all("changed since the schema was planned" in what for what in told.values())
    assert len(list(store.destination.operations())) == writes


def test_what_somebody_else_makes_after_the_plan_stops_it_too(odoo: Odoo, store: Store) -> None:
    """A field, a value, a stage or a group of the plan that came meanwhile is not ours to take."""
    admin = Admin(odoo)
    apply_schema(odoo, store, planned(odoo), phase="prepare")
    clinic = FieldNeed("res.partner", "x_clinic_location", "selection", "Clinic",
                       ("North", "South", "East", "West"))  # fmt: skip
    fields = [clinic if need.name == clinic.name else need for need in NEEDS.fields]
    fields.append(FieldNeed("res.partner", "x_shoe_size", "char", "Shoe size"))
    needs = replace(NEEDS, fields=tuple(fields), stages=(*NEEDS.stages, StageNeed("Waiting", 9)))
    told = []
    for title in ("selection res.partner.x_clinic_location=East", "field res.partner.x_shoe_size",
                  "stage Waiting"):  # fmt: skip
        plan = planned(odoo, needs)
        admin.make(next(item for item in plan.to_make() if item.title == title))
        with pytest.raises(GateError) as stopped:
            apply_schema(odoo, store, plan, phase="prepare")
        told.append(f"{title} was made by somebody else" in stopped.value.what)
    last = apply_schema(odoo, store, planned(odoo, needs), phase="prepare")

    assert told == [True, True, True]
    assert "schema_selection_res_partner_x_clinic_location_west" in last.made
    assert apply_schema(odoo, store, plan_of(odoo, needs), phase="prepare").made == ()


def plan_of(odoo: Odoo, needs: SchemaNeeds) -> SchemaPlan:
    """Give a plan as it is kept between two notebook cells."""
    return SchemaPlan.from_json(planned(odoo, needs).as_json())
