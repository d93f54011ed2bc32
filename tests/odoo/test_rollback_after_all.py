"""A rollback after all sorts of things: kills, hands that deleted, an upgrade that dropped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest

from tests.support import real_odoo, rolled_back, small_load
from tests.support.rolled_back import Clinic
from tests.support.snapshot import content, unlike
from tests.support.snapshot import rows as rows_of
from workbench.mapping.clinical import VAULT
from workbench.odoo import Odoo
from workbench.sandbox.odoo import OdooConnection

pytestmark = pytest.mark.odoo


@pytest.fixture
def clinic(odoo_db: OdooConnection, tmp_path: Path) -> Iterator[Clinic]:
    """Eight patients, prepared and loaded."""
    with rolled_back.clinic(odoo_db, tmp_path, patients=8) as made:
        made.prepare()
        made.migrate()
        yield made


def test_a_rollback_killed_again_and_again_ends_like_one_that_was_not(clinic: Clinic) -> None:
    """Dead in flight and dead before the answer is noted: in data, in values, in the schema."""
    ends = [
        subprocess.run(
            [sys.executable, "-m", "tests.support.killing.undoing",
             json.dumps(asdict(clinic.connection)), str(clinic.folder / "state.sqlite"),
             str(at), how],
            check=False,
        ).returncode
        for at, how in ((2, "in flight"), (2, "answered"), (3, "answered"), (4, "in flight"))
    ]  # fmt: skip
    half = clinic.changed()
    clinic.roll_back()

    assert ends == [-signal.SIGKILL] * 4
    assert "ir_model_data" in half
    assert clinic.is_as_before(), clinic.changed()
    assert clinic.store.destination.unsettled() == []


def drop(odoo: Odoo, model: str, domain: list[object]) -> None:
    """Remove what an administrator removes."""
    odoo.call(model, "unlink", ids=odoo.call(model, "search", domain=domain,
                                             context={"active_test": False}))  # fmt: skip


def havoc(clinic: Clinic) -> None:
    """Do what administrators, hands and an upgrade do: field, model, group, stage, records."""
    odoo = clinic.odoo
    ours = odoo.search_read(
        "ir.model.data", [["module", "=", rolled_back.MODULE]], fields=["name", "model", "res_id"]
    )
    for model in ("ir.ui.menu", "ir.actions.act_window", "ir.ui.view"):
        numbers = [row["res_id"] for row in ours if row["model"] == model]
        drop(odoo, model, [["id", "in", numbers]])
    rows = odoo.search_read(
        "ir.model.fields", [["model", "in", ["res.partner", VAULT]], ["state", "=", "manual"]],
        fields=["related", "compute"],
    )  # fmt: skip
    for how in ("related", "compute"):
        drop(odoo, "ir.model.fields", [["id", "in", [row["id"] for row in rows if row[how]]]])
    drop(
        odoo,
        "ir.model.fields",
        [["model", "=", "res.partner"], ["name", "in", ["x_clinic_location", "x_date_of_birth"]]],
    )
    drop(odoo, "ir.model.access", [["model_id.model", "=", VAULT]])
    drop(odoo, "ir.model", [["model", "=", VAULT]])
    drop(odoo, "res.groups", [["name", "like", "PracticeHub"]])
    odoo.call("crm.stage", "write", ids=[clinic.number("schema_stage_crm_stage_missed")],
              vals={"name": "No show"})  # fmt: skip
    drop(odoo, "res.partner", [["id", "in", [clinic.number("patient_2"),
                                             clinic.number("patient_3")]]])  # fmt: skip
    with psycopg.connect(clinic.connection.dsn) as db:  # their external ids lead nowhere now
        db.execute("DELETE FROM crm_lead WHERE id = ANY(%s)",
                   [[clinic.number("appointment_1"), clinic.number("appointment_5")]])  # fmt: skip
        db.execute("INSERT INTO ir_model_data (module, name, model, res_id) VALUES "
                   "(%s, 'old_1', 'x_model.of_before', 7)", [rolled_back.MODULE])  # fmt: skip


def test_whatever_is_gone_already_is_no_obstacle(clinic: Clinic) -> None:
    """Half of it deleted by hand, fields and a model dropped, a stage renamed, the group gone.

    Afterwards all is as it was before the migration; and a second load makes everything anew,
    for nothing of the first one is believed to be there still.
    """
    once = content(clinic.connection.dsn)
    havoc(clinic)
    clinic.odoo.forget()
    plan = clinic.roll_back()
    restored = clinic.is_as_before(), clinic.changed()
    left = list(clinic.store.destination.links())
    clinic.prepare()
    again = clinic.migrate()

    assert (plan.keep, plan.blockers) == ((), ())
    assert restored[0], restored[1]
    assert left == []
    assert (again.refused, again.unchanged) == ([], [])
    assert unlike(once, content(clinic.connection.dsn)) == {}


def test_a_stage_that_somebody_renamed_stays_unless_taken_along(clinic: Clinic) -> None:
    """Nobody's opportunity is in it: whoever named it decides."""
    stage = clinic.number("schema_stage_crm_stage_missed")
    groups = ("base.group_system", "sales_team.group_sale_manager")
    with real_odoo.person(clinic.connection, "boss", groups=groups) as boss:
        boss.call("crm.stage", "write", ids=[stage], vals={"name": "No show"})
    kept = clinic.plan().keep
    clinic.apply(clinic.plan(take=[kept[0].external_id]))
    there = clinic.odoo.search_read("crm.stage", [["id", "=", stage]], fields=["name"])

    assert [(item.external_id, item.takes) for item in kept] == [
        ("schema_stage_crm_stage_missed", True)
    ]
    assert there == []


def test_an_empty_number_of_the_clinic_s_own_field_reads_as_before(clinic: Clinic) -> None:
    """Odoo's API cannot write an empty number: its table holds a 0 where there was nothing."""
    odoo, dsn = clinic.odoo, clinic.connection.dsn
    model = odoo.search_read("ir.model", [["model", "=", "res.partner"]], fields=["model"])
    odoo.call("ir.model.fields", "create", vals_list=[{
        "model_id": model[0]["id"], "name": "x_visits", "ttype": "integer",
        "field_description": "Visits"}])  # fmt: skip
    odoo.forget()
    before = odoo.search_read("res.partner", [["id", "=", clinic.contact]], fields=["x_visits"])
    stored = rows_of(dsn, "res_partner")[clinic.contact]["x_visits"]
    row = small_load.partner(1, x_visits=5)
    clinic.loader().load(small_load.restricted([row], there=True))
    filled = rows_of(dsn, "res_partner")[clinic.contact]["x_visits"]
    clinic.roll_back()
    after = odoo.search_read("res.partner", [["id", "=", clinic.contact]], fields=["x_visits"])

    assert (stored, filled, rows_of(dsn, "res_partner")[clinic.contact]["x_visits"]) == (None, 5, 0)
    assert before == after
