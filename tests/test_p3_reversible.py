"""P3: after rollback the whole database equals the snapshot taken before the migration.

Apart from: tables of server bookkeeping (`snapshot.BOOKKEEPING`), sequences, and `write_date` and
`write_uid` of records that existed before and were updated. Records that people changed since
are kept and listed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import real_odoo, rolled_back, small_load
from tests.support.rolled_back import MODULE, Clinic
from tests.support.snapshot import content, rows, unlike
from workbench.mapping.clinical import VAULT
from workbench.odoo import NewLink, Odoo, apply_rollback, plan_rollback
from workbench.sandbox.odoo import OdooConnection
from workbench.state import How, Store

pytestmark = pytest.mark.odoo
CLINICAL = f"{MODULE}.schema_group_res_groups_practicehub_clinical"


@pytest.fixture
def clinic(odoo_db: OdooConnection, tmp_path: Path) -> Iterator[Clinic]:
    """An Odoo as a clinic has it before the migration, with one contact of its own."""
    with rolled_back.clinic(odoo_db, tmp_path) as made:
        yield made


def test_after_rollback_the_whole_database_is_as_it_was(clinic: Clinic) -> None:
    """Schema, patients, visits, notes and files go; the contact that was there is put back.

    So do the clinical records, their model and its table, and the right to read them.
    """
    clinic.prepare()
    report = clinic.migrate()
    clinical = sum(name.startswith("clinical_") for name in report.created) - 50
    during = clinic.changed()
    plan = clinic.roll_back()

    assert report.refused == []
    assert report.updated == ["patient_1"]
    assert len(report.created) == 49 + clinical + 100 + 5 + 50 + 8
    assert clinical > 30  # some patients have nothing clinical to tell
    assert len(during) > 10
    assert "x_practicehub_clinical" in during
    assert plan.keep == ()
    assert clinic.is_as_before(), clinic.changed()


def test_a_second_migration_after_a_rollback_makes_the_same_again(clinic: Clinic) -> None:
    """Load, rollback, load equals one load: every row of every table says the same, and goes."""
    dsn = clinic.connection.dsn
    clinic.prepare()
    first = clinic.migrate()
    once = content(dsn)
    clinic.roll_back()
    clinic.prepare()
    second = clinic.migrate()
    twice = content(dsn)
    clinic.odoo.call("res.partner", "write", ids=[clinic.number("patient_7")],
                     vals={"city": "Gouda"}, context={"tracking_disable": True})  # fmt: skip
    one_cell = unlike(twice, content(dsn))
    clinic.roll_back()

    assert second.created == first.created
    assert unlike(once, twice) == {}
    assert [(table, len(gone), len(come)) for table, (gone, come) in one_cell.items()] == [
        ("res_partner", 1, 1)
    ]
    assert clinic.is_as_before(), clinic.changed()


def test_a_prepared_but_never_loaded_database_is_restored(clinic: Clinic) -> None:
    """Model, fields, stages, tag, group, right and views leave no trace."""
    clinic.prepare()
    clinic.roll_back()

    assert clinic.is_as_before(), clinic.changed()


def test_a_changed_patient_is_rolled_back_too(clinic: Clinic) -> None:
    """A second load with changed values is undone like the first."""
    clinic.prepare()
    clinic.migrate()
    changed = [small_load.partner(2, city="Leiden", x_allergies="cats"),
               small_load.partner(1, city="Leiden")]  # fmt: skip
    report = clinic.loader().load(small_load.restricted(changed, there=True))
    clinic.roll_back()

    assert sorted(report.updated) == ["clinical_2", "patient_1", "patient_2"]
    assert clinic.is_as_before(), clinic.changed()


def test_an_overwritten_contact_gets_its_own_values_back(clinic: Clinic) -> None:
    """Where a person chose to overwrite one, PracticeHub's telephone is there until then."""
    clinic.prepare()
    clinic.loader().link([
        NewLink("patient_1", "res.partner", clinic.contact, "patients", "1", How.LINKED)
    ])  # fmt: skip
    row = small_load.partner(1)
    kept = clinic.loader().load([row]).kept
    report = clinic.loader().load([replace(row, overwrite=True)])
    during = rows(clinic.connection.dsn, "res_partner")[clinic.contact]
    clinic.roll_back()

    assert {one.field for one in kept} == {"phone", "lang"}
    assert (report.updated, report.kept) == (["patient_1"], [])
    assert during["phone"] == row.values["phone"]
    assert clinic.is_as_before(), clinic.changed()


def test_attachments_keep_their_bytes_and_leave_with_the_rollback(clinic: Clinic) -> None:
    """Even an image wider than Odoo likes arrives unchanged."""
    clinic.prepare()
    clinic.migrate()
    stored = clinic.odoo.search_read(
        "ir.attachment", [["res_model", "=", "res.partner"], ["name", "=", "scan.png"]],
        fields=["checksum", "file_size", "mimetype"],
    )  # fmt: skip
    sent = small_load.large_png()
    clinic.roll_back()
    left = clinic.odoo.call("ir.attachment", "search_count", domain=[["id", "=", stored[0]["id"]]])

    assert stored[0]["checksum"] == hashlib.sha1(sent, usedforsecurity=False).hexdigest()
    assert stored[0]["file_size"] == len(sent)
    assert stored[0]["mimetype"] == "image/png"
    assert left == 0


@dataclass(frozen=True)
class Touch:
    """Something a person does in Odoo after the load to one patient, who must then stay."""

    name: str
    act: Callable[[Odoo, int], Any]


def _visit_of(odoo: Odoo, patient: int) -> int:
    return int(odoo.call("crm.lead", "search", domain=[["partner_id", "=", patient]])[0])


TOUCHES = [
    Touch("an edit", lambda odoo, patient: odoo.call(
        "res.partner", "write", ids=[patient], vals={"phone": "1"})),
    Touch("a message", lambda odoo, patient: odoo.call(
        "res.partner", "message_post", ids=[patient], body="Called back.")),
    Touch("a new opportunity", lambda odoo, patient: odoo.call(
        "crm.lead", "create", vals_list=[{"name": "Recall", "partner_id": patient}])),
    Touch("an edit of a visit", lambda odoo, patient: odoo.call(
        "crm.lead", "write", ids=[_visit_of(odoo, patient)], vals={"priority": "2"})),
    Touch("an edit of the clinical record", lambda odoo, patient: odoo.call(
        VAULT, "write", ids=[_clinical_of(odoo, patient)], vals={"x_allergies": "latex"})),
    Touch("a clinical record of her own", lambda odoo, patient: odoo.call(
        VAULT, "create", vals_list=[{"x_partner_id": patient, "x_allergies": "latex"}])),
]  # fmt: skip


def _clinical_of(odoo: Odoo, patient: int) -> int:
    return int(odoo.call(VAULT, "search", domain=[["x_partner_id", "=", patient]])[0])


@pytest.mark.parametrize("touch", TOUCHES, ids=lambda touch: touch.name)
def test_what_people_changed_or_tied_to_it_is_kept_and_listed(clinic: Clinic, touch: Touch) -> None:
    """Mary's work of the week after the migration outlives the rollback of the migration."""
    clinic.prepare()
    clinic.migrate()
    link = clinic.store.destination.link("patient_2")
    assert link is not None
    groups = ("sales_team.group_sale_salesman_all_leads", CLINICAL)
    with real_odoo.person(clinic.connection, "mary", groups=groups) as mary:
        touch.act(mary, link.res_id)
    plan = clinic.roll_back()
    left = clinic.odoo.search_read("res.partner", [["id", "=", link.res_id]], fields=["name"])
    others = clinic.odoo.call(
        "res.partner", "search_count", domain=[["email", "like", "person%@example.org"]]
    )

    kept = {item.external_id for item in plan.keep}
    stay = rows(clinic.connection.dsn, "x_practicehub_clinical").values()

    assert {"patient_2", "clinical_2"} <= kept
    assert all(item.reason for item in plan.keep)
    assert {row["x_partner_id"] for row in stay} == {link.res_id}
    assert len(stay) == (2 if touch.name == "a clinical record of her own" else 1)
    assert [row["name"] for row in left] == ["Person Number2"]
    assert others == 2  # the kept one, and the contact that was there before


def test_a_clinical_record_of_a_person_s_own_stays_with_its_model(clinic: Clinic) -> None:
    """What Mary wrote about somebody who was there before stays, and can still be opened."""
    clinic.prepare()
    clinic.migrate()
    with real_odoo.person(clinic.connection, "mary", groups=(CLINICAL,)) as mary:
        hers = mary.call(
            VAULT, "create", vals_list=[{"x_partner_id": clinic.contact, "x_allergies": "latex"}]
        )
        plan = clinic.roll_back()
        held = mary.call(VAULT, "search_read", domain=[], fields=["x_partner_id", "x_allergies"])
        views = mary.call(VAULT, "get_views", views=[[False, "form"]])["views"]
        fields = mary.call("res.partner", "fields_get", attributes=["type"])

    assert [(row["id"], row["x_partner_id"][0], row["x_allergies"]) for row in held] == [
        (hers[0], clinic.contact, "latex")
    ]
    assert "x_allergies" in views["form"]["arch"]
    assert not any(name.startswith("x_") for name in fields)
    assert {"ir.model", "ir.model.access", "ir.model.fields", "res.groups", "ir.ui.menu"} <= {
        item.model for item in plan.keep
    }


def test_a_contact_that_a_person_changed_since_keeps_the_new_value(clinic: Clinic) -> None:
    """The before-image is put back only where the value is still the one we wrote."""
    clinic.prepare()
    clinic.migrate()
    with real_odoo.person(clinic.connection, "mary", groups=("base.group_partner_manager",)) as me:
        me.call("res.partner", "write", ids=[clinic.contact], vals={"city": "Gouda"})
    plan = clinic.roll_back()
    row = rows(clinic.connection.dsn, "res_partner")[clinic.contact]

    assert (row["city"], row["street"]) == ("Gouda", None)
    assert [item.external_id for item in plan.keep] == ["patient_1"]


def test_a_rollback_that_was_stopped_goes_on(clinic: Clinic) -> None:
    """Killed between two removals, the next start finishes the work."""
    clinic.prepare()
    clinic.migrate()
    plan = plan_rollback(clinic.odoo, clinic.store, module=MODULE)

    class Killed(BaseException):
        """Nobody catches it."""

    def kill(removed: int) -> None:
        if removed > 60:
            raise Killed

    with pytest.raises(Killed):
        apply_rollback(clinic.odoo, clinic.store, plan, on_progress=kill, patience=0)
    clinic.roll_back()

    assert clinic.is_as_before(), clinic.changed()


def test_a_run_whose_state_was_lost_adopts_its_records_and_rolls_them_back(
    clinic: Clinic, tmp_path: Path
) -> None:
    """A new run folder finds everything by external id: nothing twice, the old contact spared."""
    clinic.prepare()
    clinic.migrate()
    clinic.store = Store(tmp_path / "another.sqlite")
    rows_again = small_load.restricted(small_load.clinic(clinic.folder))
    report = clinic.loader().load(rows_again)
    there = clinic.odoo.call("crm.lead", "search_count", domain=[["x_practicehub_id", "!=", False]])
    clinic.roll_back()
    contact = clinic.odoo.search_read("res.partner", [["id", "=", clinic.contact]], fields=["name"])

    assert report.created == []
    assert there == 100
    assert len(contact) == 1
