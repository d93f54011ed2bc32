"""The schema on a real Odoo: planned, made in few calls, seen, and kept from who may not see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import real_odoo, small_load
from workbench.errors import GateError
from workbench.mapping.clinical import VAULT
from workbench.mapping.rows import FieldNeed, SchemaNeeds
from workbench.odoo import (
    ItemKind,
    ItemState,
    Odoo,
    SchemaPlan,
    apply_schema,
    checklist,
    plan_schema,
)
from workbench.sandbox.odoo import OdooConnection
from workbench.state import How, Store

pytestmark = pytest.mark.odoo
MODULE = small_load.MODULE
NEEDS = small_load.NEEDS


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


def _plan(odoo: Odoo, needs: SchemaNeeds = NEEDS) -> SchemaPlan:
    return plan_schema(odoo, needs, module=MODULE, restrict_clinical=True)


def test_a_plan_is_made_in_few_calls_and_then_nothing_is_left_to_make(
    odoo: Odoo, store: Store
) -> None:
    """Everything gets an external id; the plan's hash is the same before and after."""
    plan = SchemaPlan.from_json(json.loads(json.dumps(_plan(odoo).as_json())))
    report = apply_schema(odoo, store, plan, phase="prepare")
    after = _plan(odoo)
    writes = list(store.destination.operations())

    assert set(report.made) == {item.external_id for item in plan.to_make()}
    # group, model, right, fields of four models, stages, tag, views, actions, menus of two levels
    assert len(writes) == 13
    assert {link.how for link in store.destination.links()} == {How.SCHEMA}
    assert after.to_make() == []
    assert after.hash == plan.hash
    assert apply_schema(odoo, store, plan, phase="prepare").made == ()


def test_the_stage_that_odoo_has_is_used_and_none_is_made_as_won(odoo: Odoo, store: Store) -> None:
    """New is there; Completed is made, and does not touch the scoring of the pipeline."""
    plan = _plan(odoo)
    apply_schema(odoo, store, plan, phase="prepare")
    states = {item.name: item.state for item in plan.items if item.kind is ItemKind.STAGE}
    won = odoo.search_read("crm.stage", [["is_won", "=", True]], fields=["name"])

    assert states["New"] is ItemState.EXISTS
    assert states["Completed"] is ItemState.MAKE
    assert [row["name"] for row in won] == ["Won"]


def test_a_field_of_another_type_stands_in_the_way(odoo: Odoo, store: Store) -> None:
    """Nothing is made, and the field is named, where a name is taken by another type."""
    model = odoo.call("ir.model", "search", domain=[["model", "=", "res.partner"]])[0]
    odoo.call("ir.model.fields", "create", vals_list=[{
        "name": "x_allergies", "field_description": "A", "model_id": model, "ttype": "integer",
    }])  # fmt: skip
    plan = _plan(odoo)
    with pytest.raises(GateError, match="x_allergies"):
        apply_schema(odoo, store, plan, phase="prepare")

    assert [item.name for item in plan.conflicts()] == ["x_allergies"]
    assert list(store.destination.operations()) == []


def test_a_field_made_by_hand_from_the_checklist_fits(odoo: Odoo) -> None:
    """What an administrator did by hand is found, and ticked on the list."""
    before = {row.what: row.done for row in checklist(_plan(odoo))}
    model = odoo.call("ir.model", "search", domain=[["model", "=", "crm.lead"]])[0]
    odoo.call("ir.model.fields", "create", vals_list=[{
        "name": "x_practitioner", "field_description": "Practitioner", "model_id": model,
        "ttype": "char",
    }])  # fmt: skip
    after = {row.what: row.done for row in checklist(_plan(odoo))}

    assert not before["field crm.lead.x_practitioner"]
    assert after["field crm.lead.x_practitioner"]


def test_a_database_that_changed_since_the_plan_is_not_written_to(odoo: Odoo, store: Store) -> None:
    """A tag that somebody else made meanwhile means: plan again, look again."""
    plan = _plan(odoo)
    odoo.call("res.partner.category", "create", vals_list=[{"name": small_load.TAG}])
    with pytest.raises(GateError, match=small_load.TAG):
        apply_schema(odoo, store, plan, phase="prepare")

    assert list(store.destination.operations()) == []


def test_a_new_value_is_added_to_a_selection_that_is_there(odoo: Odoo, store: Store) -> None:
    """A third clinic opens: the field stays, one value comes, and one more can be taken back."""
    apply_schema(odoo, store, _plan(odoo), phase="prepare")
    clinic = FieldNeed("res.partner", "x_clinic_location", "selection", "Clinic",
                       ("North", "South", "Östermalm"))  # fmt: skip
    fields = tuple(clinic if need.name == clinic.name else need for need in NEEDS.fields)
    plan = _plan(odoo, replace(NEEDS, fields=fields))
    report = apply_schema(odoo, store, plan, phase="prepare")
    values = [value for value, _ in odoo.fields("res.partner")["x_clinic_location"]["selection"]]

    assert len(report.made) == 1
    assert values == ["North", "South", "Östermalm"]


def test_staff_see_the_fields_on_forms_lists_and_filters(odoo: Odoo, store: Store) -> None:
    """Odoo itself puts the views together, and the fields are in them."""
    apply_schema(odoo, store, _plan(odoo), phase="prepare")
    shown = {
        model: odoo.call(
            model, "get_views", views=[[False, "form"], [False, "list"], [False, "search"]]
        )["views"]
        for model in ("res.partner", "crm.lead", "calendar.event")
    }

    assert 'string="Patient"' in shown["res.partner"]["form"]["arch"]
    assert "x_blood_type" in shown["res.partner"]["form"]["arch"]
    assert "x_clinic_location" in shown["res.partner"]["search"]["arch"]
    assert "x_clinic_location" in shown["res.partner"]["list"]["arch"]
    assert 'string="Visit"' in shown["crm.lead"]["form"]["arch"]
    assert 'string="Visit"' in shown["calendar.event"]["form"]["arch"]
    assert "x_appointment_time" in shown["crm.lead"]["search"]["arch"]


def test_the_plan_says_who_reads_clinical_records_and_who_reads_notes(odoo: Odoo) -> None:
    """Nobody confirms the group in the belief that it guards notes and files as well."""
    group = next(item for item in _plan(odoo).items if item.kind is ItemKind.GROUP)

    assert "alone" in group.why
    assert "export" in group.why
    assert "whoever reads the contact" in group.why


def test_a_clinical_field_that_odoo_has_stays_on_the_contact_and_the_plan_says_so(
    odoo: Odoo,
) -> None:
    """The clinic's own field is used as it is; its values were everybody's before."""
    _add_field(odoo, "res.partner", name="x_allergies", ttype="text")
    fields = tuple(replace(need, stood=need.name == "x_allergies") for need in NEEDS.fields)
    items = _plan(odoo, replace(NEEDS, fields=fields)).items
    found = [item for item in items if item.name == "x_allergies"]

    assert [(item.model, item.state) for item in found] == [("res.partner", ItemState.EXISTS)]
    assert "whoever reads contacts" in found[0].why


def test_a_field_that_shows_clinical_values_without_asking_who_reads_is_in_the_way(
    odoo: Odoo, store: Store
) -> None:
    """The code that guards the values is compared, and so are the rights to the model."""
    apply_schema(odoo, store, _plan(odoo), phase="prepare")
    before = [item.name for item in _plan(odoo).conflicts()]
    link = odoo.search_read(
        "ir.model.fields", [["name", "=", "x_practicehub_clinical_id"]], fields=["compute"]
    )[0]
    # as somebody might who wonders why the page is empty
    odoo.call("ir.model.fields", "write", ids=[link["id"]], vals={
        "compute": link["compute"].replace("if self.env.user.has_group", "if True or str"),
    })  # fmt: skip
    model = odoo.call("ir.model", "search", domain=[["model", "=", VAULT]])[0]
    odoo.call("ir.model.access", "create", vals_list=[
        {"name": "everybody", "model_id": model, "perm_read": True},
    ])  # fmt: skip
    after = {item.name: item.why for item in _plan(odoo).conflicts()}

    odoo.call("ir.model.access", "unlink", ids=odoo.call(
        "ir.model.access", "search", domain=[["name", "=", "everybody"]]
    ))  # fmt: skip
    group = odoo.call("res.groups", "search", domain=[["name", "=", "PracticeHub clinical"]])
    odoo.call("res.groups", "write", ids=group, vals={"user_ids": [[5]]})
    alone = {item.name: item.why for item in _plan(odoo).conflicts()}

    assert before == []
    assert after.keys() == {"x_practicehub_clinical_id", "PracticeHub clinical"}
    assert "everybody" in after["PracticeHub clinical"]
    assert "is not in the group" in alone["PracticeHub clinical"]


def test_a_model_made_by_hand_from_the_checklist_fits(odoo: Odoo) -> None:
    """What an administrator did by hand, model and all, is found; another shape is in the way."""
    todo = {row.what: row.how for row in checklist(_plan(odoo))}
    odoo.call("ir.model", "create", vals_list=[{
        "name": "Clinical record", "model": VAULT, "field_id": [[0, 0, {
            "name": "x_partner_id", "field_description": "Patient", "ttype": "many2one",
            "relation": "res.partner", "required": True, "on_delete": "cascade",
        }]],
    }])  # fmt: skip
    _add_field(odoo, VAULT, name="x_allergies", ttype="text")
    states = {item.title: item.state for item in _plan(odoo).items}
    partner = odoo.search_read(
        "ir.model.fields", [["model", "=", VAULT], ["name", "=", "x_partner_id"]], fields=["id"]
    )[0]["id"]
    odoo.call("ir.model.fields", "write", ids=[partner], vals={"required": False})
    conflicts = [item.title for item in _plan(odoo).conflicts()]

    assert "x_partner_id" in todo[f"model {VAULT}"]
    assert "x_practicehub_clinical_id.x_allergies" in todo["field res.partner.x_allergies"]
    assert states[f"model {VAULT}"] is ItemState.EXISTS
    assert states[f"field {VAULT}.x_allergies"] is ItemState.EXISTS
    assert states["field res.partner.x_allergies"] is ItemState.MAKE
    assert conflicts == [f"model {VAULT}"]


def _add_field(odoo: Odoo, model: str, *, name: str, ttype: str) -> None:
    number = odoo.call("ir.model", "search", domain=[["model", "=", model]])[0]
    odoo.call("ir.model.fields", "create", vals_list=[{
        "name": name, "field_description": name, "model_id": number, "ttype": ttype,
    }])  # fmt: skip
