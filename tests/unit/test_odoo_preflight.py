"""What a preflight finds in databases that the suite's real Odoo cannot be."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.table_odoo import TableOdoo
from workbench.config import Config
from workbench.mapping import AppointmentsTo
from workbench.mapping.rows import FieldNeed
from workbench.mapping.usual import usual_fields
from workbench.odoo import Finding, Level, preflight

BOTH, LEADS, EVENTS = "both", "crm.lead", "calendar.event"


def _config(appointments_to: str = BOTH, **odoo: object) -> Config:
    return Config.model_validate({
        "practicehub": {"account": "test", "app_details": "workbench=ops@example.org"},
        "odoo": {"url": "https://odoo.clinic.example", "database": "clinic", **odoo},
        "migration": {"appointments_to": appointments_to},
    })  # fmt: skip


def _look(odoo: TableOdoo, config: Config | None = None, **options: object) -> list[Finding]:
    with odoo.client(**options) as client:
        return preflight(client, config or _config())


def _of(found: list[Finding], subject: str) -> list[tuple[Level, str]]:
    return [(one.level, one.what) for one in found if one.subject == subject]


def test_an_ordinary_database_has_nothing_to_stop_for() -> None:
    """Only what cannot be asked for remains to be looked at by a person."""
    found = _look(TableOdoo())

    assert {one.subject for one in found if one.level is not Level.FINE} == {"disk", "clock"}


def test_blockers_come_first_and_what_is_fine_last() -> None:
    """Whoever reads it at night sees what stops the migration before anything else."""
    odoo = TableOdoo(forbidden={"ir.ui.view"})
    levels = [one.level for one in _look(odoo)]

    assert [level for level, _ in itertools.groupby(levels)] == [
        Level.BLOCKER, Level.WARNING, Level.FINE,
    ]  # fmt: skip


def test_what_may_not_be_looked_at_is_said_and_stops_nothing() -> None:
    """A user without rights gets a whole report: unknown is neither fine nor an error."""
    odoo = TableOdoo()
    odoo.forbidden = {*odoo.tables, "ir.model", "base.automation", "marketing.campaign",
                      "mailing.mailing"} - {"res.users"}  # fmt: skip
    odoo.install("crm_iap_enrich")
    found = _look(odoo)
    unseen = {one.subject for one in found if one.what.endswith("could not be looked at.")}

    assert unseen >= {
        "edition", "database", "record rules", "required fields", "unique values", "key",
        "automations", "schedules", "mail", "mailings", "files", "companies", "modules",
        "lead enrichment", "calendar sync", "user", "custom fields", "mail templates",
    }  # fmt: skip
    assert all(one.do for one in found if one.level is not Level.FINE)
    assert "rights" in {one.subject for one in found if one.level is Level.BLOCKER}


@pytest.mark.parametrize(
    ("target", "foreign"), [(EVENTS, "crm."), (LEADS, "calendar.")], ids=["events", "leads"]
)
def test_only_what_visits_become_is_asked_about(target: str, foreign: str) -> None:
    """A clinic without CRM is not stopped for want of rights on leads, nor the other way round."""
    odoo = TableOdoo()
    for model in [name for name in odoo.tables if name.startswith(foreign)]:
        del odoo.tables[model]
    odoo.tables["ir.module.module"] = [
        row for row in odoo.tables["ir.module.module"] if row["name"] != foreign.strip(".")
    ]
    found = _look(odoo, _config(target))

    assert Level.BLOCKER not in {one.level for one in found}
    assert not [model for model in odoo.models() if model.startswith(foreign)]


def _rule(odoo: TableOdoo, name: str, trigger: str, *states: str) -> None:
    numbers = []
    for state in states:
        odoo.add("ir.actions.server", state=state)
        numbers.append(odoo.tables["ir.actions.server"][-1]["id"])
    odoo.add("base.automation", name=name, trigger=trigger, model_name="crm.lead", active=True,
             action_server_ids=numbers)  # fmt: skip


def test_automation_rules_are_named_with_trigger_and_model() -> None:
    """A person can find the rule; one that writes to people stops the migration."""
    odoo = TableOdoo()
    _rule(odoo, "Tidy up", "on_write", "object_write")
    _rule(odoo, "Welcome", "on_create", "object_write", "mail_post")
    _rule(odoo, "While typing", "on_change", "mail_post")

    assert _of(_look(odoo), "automations") == [
        (Level.BLOCKER, "'Welcome' runs on creation of crm.lead and sends (mail_post)."),
        (Level.WARNING, "'Tidy up' runs on change of crm.lead."),
    ]


def test_an_automation_rule_whose_actions_are_hidden_is_still_named() -> None:
    """What it does is unknown, that it runs is not."""
    odoo = TableOdoo(forbidden={"ir.actions.server"})
    _rule(odoo, "Welcome", "on_create", "mail_post")

    assert _of(_look(odoo), "automations") == [
        (Level.WARNING, "'Welcome' runs on creation of crm.lead."),
    ]


@pytest.mark.parametrize(
    ("token", "paused", "level"),
    [("t", "", Level.BLOCKER), ("t", "True", Level.FINE), (False, "", Level.FINE)],
    ids=["connected", "paused", "nobody"],
)
def test_a_connected_calendar_stops_events_until_it_is_paused(
    token: object, paused: str, level: Level
) -> None:
    """Google would get a copy of each visit, and may invite the patient."""
    odoo = TableOdoo()
    odoo.install("google_calendar")
    odoo.tables["res.users"][0]["google_calendar_rtoken"] = token
    odoo.put("google_calendar_sync_paused", paused)

    assert [level for level, _ in _of(_look(odoo), "calendar sync")] == [level]
    assert _of(_look(odoo, _config(LEADS)), "calendar sync") == []


def test_a_running_campaign_stops_the_migration() -> None:
    """It would take every migrated patient in, and write to each."""
    odoo = TableOdoo()
    odoo.add("marketing.campaign", name="Recall", state="running", model_name="res.partner")
    odoo.add("marketing.campaign", name="Old", state="stopped", model_name="res.partner")

    assert [level for level, what in _of(_look(odoo), "mailings") if "'Recall'" in what] == [
        Level.BLOCKER
    ]
    assert not any("Old" in one.what for one in _look(odoo))


def test_a_stage_that_sends_a_message_stops_the_migration() -> None:
    """Every visit that is loaded into that stage would mail its patient."""
    odoo = TableOdoo()
    odoo.fields["crm.stage"] = {"mail_template_id": {"type": "many2one",
                                                     "relation": "mail.template"}}  # fmt: skip
    odoo.add("crm.stage", name="New", mail_template_id=False)
    odoo.add("crm.stage", name="Booked", mail_template_id=[4, "Welcome"])

    assert _of(_look(odoo), "mail templates") == [
        (Level.BLOCKER, "A lead that reaches Booked sends a message.")
    ]


@pytest.mark.parametrize(
    ("mode", "level"), [("auto", Level.WARNING), ("", Level.WARNING), ("manual", Level.FINE)]
)
def test_lead_enrichment_is_said_to_send_mail_domains_out(mode: str, level: Level) -> None:
    """Odoo's own default tells a service of Odoo's about every new lead."""
    odoo = TableOdoo()
    odoo.install("crm_iap_enrich")
    odoo.put("crm.iap.lead.enrich.setting", mode)
    odoo.add("ir.cron", name="CRM: enrich leads", model_name="crm.lead", active=True)
    odoo.add("ir.cron", name="Score", model_name="crm.lead", active=True)
    odoo.add("ir.model.data", module="crm_iap_enrich", model="ir.cron", res_id=100)
    found = _look(odoo)

    assert [level for level, _ in _of(found, "lead enrichment")] == [level]
    assert [what.split(" works")[0] for _, what in _of(found, "schedules")] == ["'Score'"]


@pytest.mark.parametrize(("on", "level"), [("1", Level.WARNING), ("", Level.FINE)])
def test_leads_that_are_handed_out_by_rules_are_told(on: str, level: Level) -> None:
    """Visits that nobody is to own would get an owner over night."""
    odoo = TableOdoo()
    odoo.add("crm.team", name="Front desk", active=True, assignment_optout=False)
    odoo.put("crm.lead.auto.assignment", on)

    assert [level for level, _ in _of(_look(odoo), "lead assignment")] == [level]


def test_modules_that_act_by_themselves_are_named() -> None:
    """Enterprise modules and other makers' may do something of their own with what is loaded."""
    odoo = TableOdoo(version="19.0+e")
    for name in ("web_enterprise", "documents", "data_merge", "appointment", "sign"):
        odoo.install(name)
    odoo.install("dental_chart", title="Dental Chart", author="Tooth Ltd")
    found = _of(_look(odoo), "modules")
    leads_only = _of(_look(odoo, _config(LEADS)), "modules")

    assert [what.split()[0] for level, what in found if level is Level.WARNING] == [
        "Appointments", "Data", "Documents", "Modules",
    ]  # fmt: skip
    assert any("Dental Chart" in what for _, what in found)
    assert not any("Appointments" in what for _, what in leads_only)
    assert _of(_look(odoo), "edition") == [(Level.FINE, "Enterprise.")]


def test_odoo_online_is_told_what_its_plan_allows_and_which_pace_is_kept() -> None:
    """A higher figure than agreed is not kept, and that is said."""
    odoo = TableOdoo(url="https://clinic.odoo.com")
    found = _look(odoo, _config(calls_per_second=1000), calls_per_second=999)

    assert _of(found, "hosting") == [(Level.FINE, "Odoo Online.")]
    assert [level for level, _ in _of(found, "plan")] == [Level.WARNING]
    assert _of(found, "pace") == [
        (Level.WARNING, "calls_per_second is 1000; Odoo Online gets 999 a second.")
    ]


@pytest.mark.parametrize(
    ("url", "word"),
    [("https://clinic-main-1.dev.odoo.com", "replaces"), ("http://odoo.clinic.example", "https")],
)
def test_an_address_that_is_wrong_for_the_real_thing_is_warned_of(url: str, word: str) -> None:
    """Builds of Odoo.sh are replaced; an open address shows patients to the network."""
    levels = [level for level, what in _of(_look(TableOdoo(url=url)), "hosting") if word in what]

    assert levels == [Level.WARNING]


def test_a_copy_and_a_database_that_runs_out_are_told() -> None:
    """A rehearsal in the copy is fine, taking it for the real database is not."""
    odoo = TableOdoo()
    odoo.put("database.is_neutralized", "true")
    odoo.put("database.expiration_date", f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d %X}")
    late = TableOdoo()
    late.put("database.expiration_date", "2099-01-01 00:00:00")

    assert [level for level, _ in _of(_look(odoo), "database")] == [Level.WARNING] * 2
    assert _of(_look(late), "database") == []


def test_where_files_go_and_how_large_they_may_be_is_told() -> None:
    """A database that holds its files grows by them; a low limit turns scans away."""
    odoo = TableOdoo()
    odoo.put("ir_attachment.location", "db")
    odoo.put("web.max_file_upload_size", str(10 * 2**20))
    found = _of(_look(odoo), "files")

    assert [level for level, _ in found] == [Level.WARNING] * 2
    assert "up to 7 MB" in found[1][1]


def test_a_key_that_ends_before_the_migration_does_is_named() -> None:
    """Half-way is a bad time to learn of it."""
    odoo = TableOdoo()
    for name, days in (("soon", 2), ("late", 90)):
        until = datetime.now(UTC) + timedelta(days=days)
        odoo.add("res.users.apikeys", name=name, user_id=6, expiration_date=f"{until:%Y-%m-%d %X}")
    found = _of(_look(odoo), "key")

    assert [level for level, _ in found] == [Level.WARNING]
    assert "'soon'" in found[0][1]
    assert "'late'" not in found[0][1]


def test_an_older_odoo_over_json_rpc_cannot_tell_a_person_from_us() -> None:
    """Before 18 no device is noted, and our own sign-in writes the same date as a person's."""
    odoo = TableOdoo(version="17.0")
    del odoo.tables["res.device.log"]
    odoo.tables["res.users"][0]["login_date"] = "2026-01-01 00:00:00"
    odoo.tables["res.users"][0]["groups_id"] = [1]
    del odoo.fields["res.users"]
    found = _of(_look(odoo, protocol="jsonrpc"), "user")

    assert (Level.WARNING, "Whether a person also signs in as this user could not be looked at."
            ) in found  # fmt: skip
    assert not any("Somebody" in what for _, what in found)


def test_values_that_must_be_unique_are_named_and_checks_are_not() -> None:
    """A second patient with the same number would be refused."""
    odoo = TableOdoo()
    odoo.add("ir.model.constraint", name="res_partner_ref_key", definition="UNIQUE(ref)", type="u")
    odoo.add("ir.model.constraint", name="res_partner_check", definition="CHECK(1=1)", type="u")
    found = _of(_look(odoo), "unique values")

    assert [level for level, _ in found] == [Level.WARNING]
    assert "res_partner_ref_key" in found[0][1]
    assert "check" not in found[0][1]


@pytest.mark.parametrize(
    ("decided", "level"), [(False, Level.WARNING), (True, Level.BLOCKER)], ids=["usual", "map"]
)
def test_a_field_of_our_name_with_another_type_is_named_with_both(
    *, decided: bool, level: Level
) -> None:
    """Before the map it is a word of warning; a map that relies on it stops."""
    odoo = TableOdoo()
    odoo.fields["res.partner"] = {
        "x_blood_type": {"type": "integer"}, "x_allergies": {"type": "text"},
        "x_doctor_id": {"type": "many2one", "relation": "res.users"},
    }  # fmt: skip
    wanted = (
        FieldNeed("res.partner", "x_blood_type", "char", "Blood"),
        FieldNeed("res.partner", "x_allergies", "text", "Allergies"),
        FieldNeed("res.partner", "x_doctor_id", "many2one", "Doctor", relation="res.partner"),
    )
    with odoo.client() as client:
        found = preflight(client, _config(), wanted=wanted, decided=decided)

    said = [what.split(" is there as ") for _, what in _of(found, "custom fields")]
    assert [one for one, _ in _of(found, "custom fields")] == [level, level]
    assert said == [
        ["res.partner.x_blood_type", "integer, wanted as char."],
        ["res.partner.x_doctor_id", "many2one of res.users, wanted as many2one of res.partner."],
    ]


def test_the_usual_fields_are_those_of_the_templates() -> None:
    """What is compared before there is a map: names and types as they are shipped."""
    leads, events = (
        {(need.model, need.name): need for need in usual_fields(target)}
        for target in (AppointmentsTo.LEAD, AppointmentsTo.EVENT)
    )

    assert leads["res.partner", "x_date_of_birth"].type == "date"
    assert leads["res.partner", "x_referring_doctor_id"].relation == "res.partner"
    assert leads["crm.lead", "x_appointment_time"].type == "datetime"
    assert events["calendar.event", "x_visit_type"].type == "char"
    assert ("calendar.event", "x_appointment_time") not in events
    assert not [model for model, _ in events if model == "crm.lead"]
    assert all(need.type for need in (*leads.values(), *events.values()))
