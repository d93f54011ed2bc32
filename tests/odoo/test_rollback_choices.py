"""What people did to loaded records: kept and named, or taken along by choice, or in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.support import real_odoo, rolled_back, small_load
from tests.support.odoo import database
from tests.support.rolled_back import MODULE, Clinic
from workbench.errors import GateError
from workbench.mapping.clinical import VAULT
from workbench.odoo import Keep, Odoo, RollbackPlan, RollbackReport, plan_rollback
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("rollback-choices")]
BOSS = ("base.group_system", "base.group_partner_manager", "sales_team.group_sale_manager")


@dataclass
class Touched:
    """A clinic whose people went on working, and what became of it."""

    clinic: Clinic
    plan: RollbackPlan
    chosen: RollbackPlan
    report: RollbackReport
    made: dict[str, int] = field(default_factory=dict)
    refused: str = ""
    untouched: bool = False
    later: RollbackPlan | None = None

    def kept(self, external_id: str) -> Keep:
        """Give what the first plan says of one record."""
        return next(item for item in self.plan.keep if item.external_id == external_id)

    def there(self, model: str, number: int) -> bool:
        """Whether Odoo still has a record."""
        return bool(self.clinic.odoo.search_read(model, [["id", "=", number]], fields=["id"]))


TAKEN = ("patient_2", "patient_3", "patient_5", "patient_9")


def work(boss: Odoo, clinic: Clinic) -> dict[str, int]:
    """Do to each patient something else, as the staff does in the week after a migration."""
    number = {n: clinic.number(f"patient_{n}") for n in range(1, 12)}
    made = {"reply": boss.call(
        "res.partner", "message_post", ids=[number[2]], body="Called back.",
        message_type="comment",
    )}  # fmt: skip
    made["reply"] = made["reply"][0] if isinstance(made["reply"], list) else made["reply"]
    made["child"] = boss.call("res.partner", "create", vals_list=[
        {"name": "Their Child", "parent_id": number[3]}])[0]  # fmt: skip
    tag = boss.call("res.partner.category", "create", vals_list=[{"name": "VIP"}])
    boss.call("res.partner", "write", ids=[number[4]], vals={"category_id": [[4, tag[0]]]})
    made["event"] = boss.call("calendar.event", "create", vals_list=[{
        "name": "Recall", "start": "2026-01-05 09:00:00", "stop": "2026-01-05 09:30:00",
        "partner_ids": [[6, 0, [number[5]]]]}])[0]  # fmt: skip
    made["file"] = boss.call(
        "ir.attachment",
        "create",
        vals_list=[
            {"name": "referral.txt", "raw": "x", "res_model": "res.partner", "res_id": number[6]}
        ],
    )[0]
    model = boss.search_read("ir.model", [["model", "=", "res.partner"]], fields=["id"])[0]["id"]
    made["activity"] = boss.call("mail.activity", "create", vals_list=[{
        "summary": "Call", "res_model_id": model, "res_id": number[9]}])[0]  # fmt: skip
    for gone, into in ((number[7], number[8]), (number[10], clinic.contact)):
        wizard = boss.call("base.partner.merge.automatic.wizard", "create", vals_list=[{
            "state": "selection", "partner_ids": [[6, 0, [gone, into]]],
            "dst_partner_id": into}])  # fmt: skip
        boss.call("base.partner.merge.automatic.wizard", "action_merge", ids=wizard)
    made["invoice"] = invoice(clinic.odoo, number[11])
    made |= {f"patient_{n}": number[n] for n in number}
    return made


def invoice(odoo: Odoo, patient: int) -> int:
    """Make, as the migration's own user, a record that forbids its patient's removal."""
    staff = odoo.search_read(
        "ir.model.data", [["module", "=", "base"], ["name", "=", "group_user"]], fields=["res_id"]
    )
    right = {"name": "bills", "group_id": staff[0]["res_id"], "perm_read": True,
             "perm_create": True}  # fmt: skip
    odoo.call("ir.model", "create", vals_list=[{
        "name": "Bill", "model": "x_bill", "access_ids": [[0, 0, right]],
        "field_id": [[0, 0, {
            "name": "x_partner_id", "ttype": "many2one", "relation": "res.partner",
            "on_delete": "restrict", "field_description": "Billed to"}]]}])  # fmt: skip
    return int(odoo.call("x_bill", "create", vals_list=[{"x_partner_id": patient}])[0])


@pytest.fixture(scope="module")
def touched(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Touched]:
    """Eleven patients, each touched in another way; four are taken along."""
    with (
        database() as connection,
        rolled_back.clinic(connection, tmp_path_factory.mktemp("choices"), patients=11) as clinic,
    ):
        clinic.prepare()
        clinic.migrate()
        with real_odoo.person(connection, "boss", groups=BOSS) as boss:
            made = work(boss, clinic)
            plan = clinic.plan()
            bad = clinic.plan(take=["patient_11"])
            before = clinic.odoo.call("res.partner", "search_count", domain=[])
            with pytest.raises(GateError) as refused:
                clinic.apply(bad)
            after = clinic.odoo.call("res.partner", "search_count", domain=[])
            chosen = clinic.plan(take=TAKEN)
            # somebody is quicker than who confirmed the plan
            boss.call("res.partner", "message_post", ids=[made["patient_9"]], body="And again.")
            report = clinic.apply(chosen)
        yield Touched(
            clinic, plan, chosen, report, made, str(refused.value), before == after, clinic.plan()
        )


def test_whatever_people_hung_on_a_record_keeps_it_and_is_named(touched: Touched) -> None:
    """A reply, a child contact, a tag, an appointment, a file, an activity, a merger, a bill."""
    made = touched.made
    assert "a message was added" in touched.kept("patient_2").reason
    assert touched.kept("patient_2").follows == f"goes with it: mail.message {made['reply']}"
    assert touched.kept("patient_3").follows == f"stays without it: res.partner {made['child']}"
    assert "somebody changed it" in touched.kept("patient_4").reason
    assert f"calendar.event {made['event']}" in touched.kept("patient_5").follows
    assert f"ir.attachment {made['file']}" in touched.kept("patient_6").follows
    assert f"mail.activity {made['activity']}" in touched.kept("patient_9").follows
    assert "made it one with another contact" in touched.kept("patient_8").reason
    assert all(touched.kept(f"patient_{n}").takes for n in (2, 3, 4, 5, 6, 8, 9))


def test_a_merged_patient_is_listed_and_never_takes_the_other_contact_with_it(
    touched: Touched,
) -> None:
    """Two external ids may lead to one contact by now, ours or the clinic's own."""
    assert touched.kept("patient_7").reason == "somebody made it one with patient_8"
    assert touched.kept("patient_10").reason.endswith("a contact of the clinic")
    assert not touched.kept("patient_10").takes
    assert touched.there("res.partner", touched.made["patient_8"])
    assert touched.there("res.partner", touched.clinic.contact)


def test_what_odoo_would_not_let_go_stays_whoever_made_it(touched: Touched) -> None:
    """A bill forbids its patient's removal; choosing it stops the rollback before it begins."""
    bill = f"x_bill {touched.made['invoice']}"
    assert touched.kept("patient_11").reason.startswith(f"Odoo does not remove it while {bill}")
    assert not touched.kept("patient_11").takes
    assert "patient_11: it cannot be taken along" in touched.refused
    assert touched.untouched
    assert touched.there("res.partner", touched.made["patient_11"])


def test_what_was_taken_along_is_gone_with_what_was_named(touched: Touched) -> None:
    """The reply goes by Odoo's own cascade; a child contact and an appointment stay."""
    assert {one.external_id for one in touched.chosen.taken} == set(TAKEN)
    assert touched.chosen.blockers == ()
    assert touched.chosen.hash != touched.plan.hash
    for gone in ("patient_2", "patient_3", "patient_5"):
        assert not touched.there("res.partner", touched.made[gone]), gone
    assert not touched.there("mail.message", touched.made["reply"])
    child = touched.clinic.odoo.search_read(
        "res.partner", [["id", "=", touched.made["child"]]], fields=["parent_id"]
    )
    assert [row["parent_id"] for row in child] == [False]
    assert touched.there("calendar.event", touched.made["event"])


def test_what_was_added_to_after_the_confirmation_stays(touched: Touched) -> None:
    """Nobody agreed to lose the second message: the patient and it are there."""
    assert touched.there("res.partner", touched.made["patient_9"])
    assert touched.there("mail.activity", touched.made["activity"])
    why = {item.external_id: item.reason for item in touched.report.kept}
    assert "since the rollback was confirmed" in why["patient_9"]


def test_what_stays_keeps_its_fields_and_nothing_else_of_ours_is_left(touched: Touched) -> None:
    """Fields, views and the tag stay for those who stay; a second look finds nothing to do."""
    assert touched.later is not None
    assert (touched.later.remove, touched.later.restore) == ((), ())
    fields = touched.clinic.odoo.call("res.partner", "fields_get", attributes=["type"])
    assert "x_practicehub_id" in fields
    assert touched.report.stuck == []


@pytest.fixture
def clinic(odoo_db: OdooConnection, tmp_path: Path) -> Iterator[Clinic]:
    """Four patients, prepared and loaded."""
    with rolled_back.clinic(odoo_db, tmp_path, patients=4) as made:
        made.prepare()
        made.migrate()
        yield made


def test_an_edit_that_a_later_load_wrote_over_is_still_told(clinic: Clinic) -> None:
    """Odoo names only who wrote last: the field that somebody changed holds another value."""
    with real_odoo.person(clinic.connection, "boss", groups=BOSS) as boss:
        boss.call("res.partner", "write", ids=[clinic.number("patient_2")], vals={"phone": "1"})
    row = small_load.partner(2, city="Leiden")
    clinic.loader().load(small_load.restricted([row], there=True))
    written = clinic.odoo.search_read(
        "res.partner", [["id", "=", clinic.number("patient_2")]], fields=["write_uid", "city"]
    )
    plan = clinic.plan()

    assert (written[0]["write_uid"][0], written[0]["city"]) == (clinic.odoo.me().id, "Leiden")
    assert "patient_2" in {item.external_id for item in plan.keep}
    assert "patient_3" not in {item.external_id for item in plan.keep}


def test_one_record_that_odoo_refuses_does_not_hold_the_others(clinic: Clinic) -> None:
    """A rule that no look at Odoo shows: the batch is parted, the one is listed with its fields."""
    number = clinic.number("patient_3")
    with psycopg.connect(clinic.connection.dsn) as db:
        db.execute("CREATE TABLE till (partner int REFERENCES res_partner ON DELETE RESTRICT)")
        db.execute("INSERT INTO till VALUES (%s)", [number])
    plan = clinic.plan()
    report = clinic.apply(plan)
    left = clinic.odoo.search_read(
        "res.partner", [["email", "like", "person%@example.org"]], fields=["x_date_of_birth"]
    )

    assert (plan.keep, plan.blockers) == ((), ())
    assert [item.external_id for item in report.stuck] == ["patient_3"]
    assert {row["id"] for row in left} == {clinic.contact, number}
    assert all("x_date_of_birth" in row for row in left)
    assert report.removed["res.partner"] == 2
    with psycopg.connect(clinic.connection.dsn) as db:
        db.execute("DROP TABLE till")
    clinic.roll_back()
    assert clinic.is_as_before(), clinic.changed()


def test_missing_rights_are_told_before_anything_goes(clinic: Clinic) -> None:
    """A right that was taken away, a rule that forbids, a rule that hides: each is named."""
    odoo = clinic.odoo
    ids = {
        row["model"]: row["id"]
        for row in odoo.search_read(
            "ir.model", [["model", "in", ["crm.lead", "calendar.event"]]], fields=["model"]
        )
    }
    rules = odoo.call("ir.rule", "create", vals_list=[
        {"name": "nobody removes", "model_id": ids["crm.lead"], "perm_read": False,
         "perm_write": False, "perm_create": False, "domain_force": "[('id', '=', 0)]"},
        {"name": "nobody sees", "model_id": ids["calendar.event"], "domain_force":
         f"[('id', '!=', {clinic.number('appointment_2_event')})]"},
    ])  # fmt: skip
    with psycopg.connect(clinic.connection.dsn) as db:
        db.execute("UPDATE ir_model_access SET perm_unlink=false WHERE model_id="
                   "(SELECT id FROM ir_model WHERE model=%s)", [VAULT])  # fmt: skip
    odoo.call(
        "ir.model.access",
        "write",
        ids=[odoo.call("ir.model.access", "search", domain=[["model_id.model", "=", VAULT]])[0]],
        vals={"perm_write": True},
    )  # Odoo looks anew
    plan = clinic.plan()
    with pytest.raises(GateError):
        clinic.apply(plan)
    there = {name: len(clinic.odoo.search_read(model, [], fields=["id"]))
             for name, model in (("leads", "crm.lead"), ("events", "calendar.event"))}  # fmt: skip
    odoo.call("ir.rule", "unlink", ids=rules)

    assert {blocker.about for blocker in plan.blockers} == {VAULT, "crm.lead", "calendar.event"}
    assert there == {"leads": 8, "events": 4}
    assert "appointment_2_event" not in plan.unlink


def test_somebody_s_view_server_action_and_sub_tag_keep_what_they_need(clinic: Clinic) -> None:
    """Odoo would refuse the field, or remove their work with ours: only what they need stays."""
    with real_odoo.person(clinic.connection, "boss", groups=BOSS) as boss:
        base = boss.search_read("ir.model.data", [["module", "=", "base"],
                                ["name", "=", "view_partner_form"]], fields=["res_id"])  # fmt: skip
        boss.call("ir.ui.view", "create", vals_list=[{
            "name": "ours", "model": "res.partner", "inherit_id": base[0]["res_id"],
            "arch": "<field name='name' position='after'><field name='x_date_of_birth'/></field>",
        }])  # fmt: skip
        tag = clinic.number("schema_tag_res_partner_category_practicehub_patient")
        boss.call("res.partner.category", "create", vals_list=[
            {"name": "Regular", "parent_id": tag}])  # fmt: skip
    plan = clinic.plan()
    clinic.apply(plan)
    fields = clinic.odoo.call("res.partner", "fields_get", attributes=["type"])
    tags = clinic.odoo.search_read("res.partner.category", [], fields=["name"])

    assert {item.external_id for item in plan.keep} == {
        "schema_field_res_partner_x_date_of_birth",
        "schema_group_res_groups_practicehub_clinical",
        "schema_tag_res_partner_category_practicehub_patient",
    }
    assert not any(item.takes for item in plan.keep)
    assert {name for name in fields if name.startswith("x_")} == {"x_date_of_birth"}
    assert {row["name"] for row in tags} >= {small_load.TAG, "Regular"}
    assert plan_rollback(clinic.odoo, clinic.store, module=MODULE).remove == ()
