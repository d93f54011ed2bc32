"""The schema on a real Odoo: planned, made in few calls, seen, and kept from who may not see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import real_odoo, small_load
from workbench.errors import GateError, OdooRightsError
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
    assert len(writes) == 9  # group, fields of three models, stages, tag, views of three models
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


def test_who_is_outside_the_group_sees_no_clinical_field_on_a_screen(
    odoo: Odoo, odoo_db: OdooConnection, store: Store
) -> None:
    """The receptionist's form, list and filters leave health out and show the rest."""
    apply_schema(odoo, store, _plan(odoo), phase="prepare")
    kinds = [[False, "form"], [False, "list"], [False, "search"]]
    with real_odoo.person(odoo_db, "ann") as ann:
        hers = ann.call("res.partner", "get_views", views=kinds)["views"]
    admins = odoo.call("res.partner", "get_views", views=kinds)["views"]

    assert all("x_allergies" not in view["arch"] for view in hers.values())
    assert all("x_blood_type" not in view["arch"] for view in hers.values())
    assert "x_date_of_birth" in hers["form"]["arch"]
    assert "x_allergies" in admins["form"]["arch"]


def test_the_plan_says_what_the_access_group_does_not_protect(odoo: Odoo) -> None:
    """Nobody confirms the group in the belief that it guards an export."""
    group = next(item for item in _plan(odoo).items if item.kind is ItemKind.GROUP)

    assert "export" in group.why


@pytest.mark.xfail(
    strict=True,
    reason="Odoo stores `groups` of a custom field and never looks at it: clinical values would "
    "have to live in a model of their own, with access rights, to be refused to the API",
)
def test_who_is_outside_the_group_cannot_read_clinical_fields_through_the_api(
    odoo: Odoo, odoo_db: OdooConnection, store: Store, tmp_path: Path
) -> None:
    """Neither reading nor exporting gives the receptionist a patient's allergies."""
    apply_schema(odoo, store, _plan(odoo), phase="prepare")
    loader = small_load.loader(odoo, store, tmp_path, phase="sample")
    loader.load([small_load.partner(1, x_allergies="peanuts")])
    patient = store.destination.link("patient_1")
    assert patient is not None
    with (
        real_odoo.person(odoo_db, "ann") as ann,
        pytest.raises(OdooRightsError),
    ):
        ann.call("res.partner", "read", ids=[patient.res_id], fields=["x_allergies"])
