"""What a real Odoo does by itself, as the workflow page and preflight are told of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import real_odoo
from tests.support.odoo import database
from workbench.odoo import Access, Automation, Look, Odoo, automations, modules
from workbench.odoo.automations import Kind, Module
from workbench.sandbox.odoo import OdooConnection

pytestmark = pytest.mark.odoo


@pytest.fixture(scope="module")
def odoo(odoo_server: OdooConnection) -> Iterator[Odoo]:
    """One database for the cases of this module, with a few automations of a clinic's own."""
    with database() as connection, real_odoo.client(connection) as client:
        _make(client)
        yield client


def _make(odoo: Odoo) -> None:
    alarm = {"name": "A day ahead", "alarm_type": "email", "duration": 1, "interval": "days"}
    odoo.call("calendar.alarm", "create", vals_list=[alarm])
    [plan] = odoo.call("mail.activity.plan", "create", vals_list=[
        {"name": "Recall", "res_model": "res.partner"}])  # fmt: skip
    kind = odoo.search_read("mail.activity.type", [], fields=["name"])[0]["id"]
    odoo.call("mail.activity.plan.template", "create", vals_list=[
        {"plan_id": plan, "activity_type_id": kind, "delay_count": 30}])  # fmt: skip
    [model] = odoo.call("ir.model", "search", domain=[["model", "=", "crm.lead"]])
    odoo.call("mail.template", "create", vals_list=[
        {"name": "Your visit", "model_id": model, "body_html": "<p>Dear patient</p>"}])  # fmt: skip
    odoo.call("ir.mail_server", "create", vals_list=[
        {"name": "Old server", "smtp_host": "mail.example.org", "active": False}])  # fmt: skip


def _of(odoo: Odoo, kind: Kind) -> Look:
    [look] = automations(odoo, kinds=[kind])
    return look


def test_every_kind_is_looked_at_once(odoo: Odoo) -> None:
    """An administrator sees all that is installed, and what is not says so."""
    looks = automations(odoo)

    assert [look.kind for look in looks] == list(Kind)
    assert {look.kind for look in looks if look.access is Access.HIDDEN} == set()
    assert {look.kind for look in looks if look.access is Access.ABSENT} == {Kind.RULE}


def test_a_reminder_says_how_long_before_and_by_what(odoo: Odoo) -> None:
    """The clinic's own reminder stands beside Odoo's."""
    look = _of(odoo, Kind.ALARM)

    assert Automation(
        Kind.ALARM, "A day ahead", "calendar.event", "Email, 1 day before", active=True
    ) in look.active  # fmt: skip
    assert len(look.found) > 1


def test_a_plan_says_what_it_is_for_and_how_many_steps_it_has(odoo: Odoo) -> None:
    """A plan does nothing until somebody starts it."""
    [plan] = [one for one in _of(odoo, Kind.PLAN).found if one.name == "Recall"]

    assert (plan.model, plan.when) == ("res.partner", "when someone starts it: 1 step")


def test_templates_are_told_by_their_model_and_not_by_their_words(odoo: Odoo) -> None:
    """What a template says is nobody's business here."""
    look = _of(odoo, Kind.MAIL)
    [ours] = [one for one in look.found if one.name == "Your visit"]

    assert (ours.model, ours.active) == ("crm.lead", True)
    assert "Dear patient" not in repr(look)


def test_what_is_switched_off_is_told_and_not_active(odoo: Odoo) -> None:
    """A mail server that is archived cannot send, and is not forgotten either."""
    look = _of(odoo, Kind.SENDER)

    assert [one.name for one in look.found if not one.active] == ["Old server"]
    assert "Old server" not in [one.name for one in look.active]


def test_scheduled_actions_say_how_often_and_on_what(odoo: Odoo) -> None:
    """Odoo's own jobs are there: the mail queue is one of them."""
    jobs = _of(odoo, Kind.JOB).found

    assert any(one.model == "mail.mail" for one in jobs)
    assert all(one.name and one.when.startswith("every ") for one in jobs)


def test_leads_are_handed_out_only_where_that_is_switched_on(odoo: Odoo) -> None:
    """A sales team hands out nothing until the setting says so."""
    before = _of(odoo, Kind.ASSIGNMENT)
    odoo.call("ir.config_parameter", "set_param", key="crm.lead.auto.assignment", value="True")
    after = _of(odoo, Kind.ASSIGNMENT)

    assert {one.when for one in before.found} == {"rule-based assignment is off"}
    assert before.active == []
    assert [one.name for one in after.active] == ["Sales"]


def test_modules_are_installed_available_or_of_another_edition(odoo: Odoo) -> None:
    """Automation rules can be installed here; the Appointments app is Enterprise's."""
    told = modules(odoo, ["crm", "base_automation", "appointment"])

    assert told == {
        "crm": Module.INSTALLED, "base_automation": Module.AVAILABLE,
        "appointment": Module.ELSEWHERE,
    }  # fmt: skip


def test_looking_changes_nothing(odoo: Odoo) -> None:
    """Only methods that read are called, so that it may be done at any time."""
    called: list[str] = []
    odoo._on_call = lambda _model, method, _seconds: called.append(method)
    odoo.forget()
    automations(odoo)
    modules(odoo, ["crm"])
    odoo._on_call = None

    assert set(called) == {"fields_get", "search_read"}


def test_who_may_not_see_is_told_so(odoo_server: OdooConnection) -> None:
    """An employee is not told that there are no scheduled actions, but that they are hidden."""
    with database() as connection, real_odoo.person(connection, "employee") as odoo:
        looks = {look.kind: look for look in automations(odoo)}

    assert looks[Kind.JOB] == Look(Kind.JOB, Access.HIDDEN)
    assert looks[Kind.SENDER].access is Access.HIDDEN
    assert looks[Kind.ALARM].access is Access.SEEN
