"""What is found about a real Odoo before anything is written to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from tests.support import real_odoo
from tests.support.odoo import database
from workbench.config import Config
from workbench.mapping import AppointmentsTo
from workbench.mapping.usual import usual_fields
from workbench.odoo import Finding, Level, Odoo, preflight
from workbench.odoo.client import READS
from workbench.odoo.preflight import access, effects, structure
from workbench.odoo.preflight.finding import Glance
from workbench.sandbox.odoo import OdooConnection

pytestmark = pytest.mark.odoo

SETTINGS = "base.group_system"


@dataclass(frozen=True)
class Clinic:
    """One database, its administrator, and ways to look at it as somebody else."""

    connection: OdooConnection
    admin: Odoo
    people: dict[tuple[str, ...], Odoo] = field(default_factory=dict)

    def config(self, appointments_to: str = "both") -> Config:
        """Give a configuration for it."""
        return Config.model_validate({
            "practicehub": {"account": "test", "app_details": "workbench=ops@example.org"},
            "odoo": {"url": self.connection.url, "database": self.connection.database},
            "migration": {"appointments_to": appointments_to},
        })  # fmt: skip

    def person(self, *groups: str) -> Odoo:
        """Give another user with some groups, signed in over JSON-RPC; made once."""
        if groups not in self.people:
            login = f"person{len(self.people)}"
            self.people[groups] = real_odoo.person(self.connection, login, groups=groups)
        return self.people[groups]

    def custom(self, name: str, type_: str, *, required: bool = False) -> list[int]:
        """Make a custom field of a lead, as an administrator would."""
        model = self.admin.call("ir.model", "search", domain=[["model", "=", "crm.lead"]])[0]
        made: list[int] = self.admin.call("ir.model.fields", "create", vals_list=[{
            "name": name, "field_description": name, "model_id": model, "ttype": type_,
            "required": required,
        }])  # fmt: skip
        self.admin.forget()
        return made


@pytest.fixture(scope="module")
def clinic(odoo_server: OdooConnection) -> Iterator[Clinic]:
    """One database for the cases of this module; each takes back what it changes."""
    with database() as connection, real_odoo.client(connection) as admin:
        found = Clinic(connection, admin)
        yield found
        for odoo in found.people.values():
            odoo.close()


def _of(found: list[Finding], subject: str, *, but: Level | None = None) -> list[str]:
    return [one.what for one in found if one.subject == subject and one.level is not but]


def test_an_administrator_meets_no_blocker(clinic: Clinic) -> None:
    """The sandbox's Odoo can take a migration, and every finding says what to do where needed."""
    wanted = usual_fields(AppointmentsTo.BOTH)
    findings = preflight(clinic.admin, clinic.config(), wanted=wanted)

    assert {one.subject for one in findings if one.level is not Level.FINE} == {
        "disk", "lead enrichment",
    }  # fmt: skip
    assert all(finding.do for finding in findings if finding.level is not Level.FINE)


def test_an_employee_is_stopped_for_want_of_rights(clinic: Clinic) -> None:
    """The models and operations that are lacking are named, and what was not seen is said."""
    odoo = clinic.person()
    findings = preflight(odoo, clinic.config())
    rights = _of(findings, "rights", but=Level.FINE)

    assert findings[0].subject == "rights"
    assert findings[0].level is Level.BLOCKER
    assert "ir.model.fields" in rights[0]
    assert {one.subject for one in findings if "could not be looked at" in one.what} >= {
        "automations", "database", "mail", "record rules", "schedules",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("target", "groups"),
    [("calendar.event", (SETTINGS,)),
     ("crm.lead", (SETTINGS, "sales_team.group_sale_manager"))],
    ids=["events without CRM", "leads"],
)  # fmt: skip
def test_rights_are_asked_for_what_visits_become_alone(
    clinic: Clinic, target: str, groups: tuple[str, ...]
) -> None:
    """Who brings visits into the calendar needs nothing in CRM."""
    odoo = clinic.person(*groups)
    found = [*access.rights(Glance(odoo), clinic.config(target)),
             *access.rules(Glance(odoo), clinic.config(target))]  # fmt: skip

    assert {one.level for one in found} == {Level.FINE}


@pytest.mark.parametrize(
    ("group", "hidden"),
    [("sales_team.group_sale_salesman", ["Personal Leads"]),
     ("sales_team.group_sale_salesman_all_leads", []), ("sales_team.group_sale_manager", [])],
    ids=["own documents", "all documents", "administrator"],
)  # fmt: skip
def test_a_salesman_who_meets_only_his_own_leads_is_found(
    clinic: Clinic, group: str, hidden: list[str]
) -> None:
    """His groups let him make leads; the record rule would refuse those of other people."""
    odoo = clinic.person(SETTINGS, group)
    found = [*access.rules(Glance(odoo), clinic.config())]
    allowed = odoo.call("crm.lead", "has_access", ids=[], operation="create")
    named = [one for one in found if one.level is Level.BLOCKER]

    assert allowed is True
    assert [one.what.rpartition("rule ")[2].rstrip(".") for one in named] == hidden
    assert all(one.what.startswith("crm.lead") for one in named)


def test_a_rule_of_the_clinics_own_for_everybody_is_named(clinic: Clinic) -> None:
    """It holds for administrators too, and may hide the very patients that are looked for."""
    model = clinic.admin.call("ir.model", "search", domain=[["model", "=", "res.partner"]])[0]
    made = clinic.admin.call("ir.rule", "create", vals_list=[{
        "name": "No minors", "model_id": model, "domain_force": "[('ref', '!=', 'minor')]",
    }])  # fmt: skip
    found = [*access.rules(Glance(clinic.admin), clinic.config())]
    clinic.admin.call("ir.rule", "unlink", ids=made)

    assert [one.what for one in found] == ["res.partner: the rule No minors holds for everybody."]
    assert found[0].level is Level.WARNING


def test_our_own_sign_in_is_not_taken_for_a_persons(clinic: Clinic) -> None:
    """JSON-RPC signs in and Odoo notes the date; a browser leaves a device as well.

    Rollback keeps other users' work; it cannot tell the migrating user's own.
    """
    odoo = clinic.person()
    me = odoo.me()
    ours = [*access.user(Glance(odoo), clinic.config())]
    noted = odoo.search_read("res.users", [["id", "=", me.id]], fields=["login_date"])
    _browse(clinic.connection, me.login)
    theirs = [*access.user(Glance(odoo), clinic.config())]
    key = real_odoo.key_of(clinic.connection, me.login)
    with Odoo(url=clinic.connection.url, database=clinic.connection.database, api_key=key) as json2:
        by_key = [*access.user(Glance(json2), clinic.config())]

    assert noted[0]["login_date"]
    assert {one.level for one in ours} == {Level.FINE}
    assert _of(theirs, "user", but=Level.FINE) == ["Somebody also signs in as this user."]
    assert _of(by_key, "user", but=Level.FINE) == ["Somebody also signs in as this user."]


def _browse(connection: OdooConnection, login: str) -> None:
    """Sign in and look at something, as the web client does."""
    with httpx.Client(base_url=connection.url) as browser:
        for path, params in (
            ("session/authenticate",
             {"db": connection.database, "login": login, "password": f"{login}-password-1"}),
            ("dataset/call_kw", {"model": "res.lang", "method": "search_count", "args": [[]],
                                 "kwargs": {}}),
        ):  # fmt: skip
            answer = browser.post(f"/web/{path}", json={"jsonrpc": "2.0", "params": params})
            assert "error" not in answer.json()


def test_a_field_of_our_name_with_another_type_is_named(clinic: Clinic) -> None:
    """What somebody built before is not found out by accident; other names are only counted."""
    made = clinic.custom("x_visit_type", "integer") + clinic.custom("x_shoe_size", "float")
    wanted = usual_fields(AppointmentsTo.LEAD)
    found = [
        *structure.custom_fields(
            Glance(clinic.admin), clinic.config("crm.lead"), wanted=wanted, decided=False
        )
    ]
    clinic.admin.call("ir.model.fields", "unlink", ids=made)
    clinic.admin.forget()

    assert [one.what for one in found] == [
        "crm.lead.x_visit_type is there as integer, wanted as char."
    ]


def test_a_required_field_that_nothing_fills_stops_until_it_has_a_default(clinic: Clinic) -> None:
    """Odoo would refuse every visit for want of it."""
    made = clinic.custom("x_source_code", "char", required=True)
    bare = [*structure.refusals(Glance(clinic.admin), clinic.config(), wanted=())]
    clinic.admin.call(
        "ir.default", "set", model_name="crm.lead", field_name="x_source_code", value="PH"
    )
    filled = [*structure.refusals(Glance(clinic.admin), clinic.config(), wanted=())]
    clinic.admin.call("ir.model.fields", "unlink", ids=made)

    assert [one.what.split()[0] for one in bare if one.subject == "required fields"] == [
        "crm.lead.x_source_code"
    ]
    assert bare[0].level is Level.BLOCKER
    assert {one.level for one in filled} == {Level.FINE}


def test_a_second_company_is_told_with_the_one_that_records_land_in(clinic: Clinic) -> None:
    """Contacts of a company that the user may not see are not found as existing ones."""
    odoo = clinic.person(SETTINGS)
    clinic.admin.call("res.company", "create", vals_list=[{"name": "Northern Branch"}])
    found = [*access.companies(Glance(odoo), clinic.config())]

    assert [one.level for one in found] == [Level.WARNING] * 2
    assert found[0].what == (
        "There are 2 companies; crm.lead and calendar.event records go to My Company."
    )
    assert found[1].what == "The user may not see the contacts of Northern Branch."


def test_what_could_be_set_off_is_named(clinic: Clinic) -> None:
    """An active schedule on contacts and a way for mail to leave; a sleeping one is nobody's."""
    odoo = clinic.admin
    model = odoo.call("ir.model", "search", domain=[["model", "=", "res.partner"]])[0]
    crons = odoo.call("ir.cron", "create", vals_list=[
        {"name": name, "model_id": model, "state": "code", "code": "pass", "active": active}
        for name, active in (("Tidy contacts", True), ("Asleep", False))
    ])  # fmt: skip
    servers = odoo.call("ir.mail_server", "create", vals_list=[
        {"name": "Clinic mail", "smtp_host": "mail.example.org", "smtp_port": 25}
    ])  # fmt: skip
    found = [*effects.schedules(Glance(odoo), clinic.config()),
             *effects.mail(Glance(odoo), clinic.config())]  # fmt: skip
    odoo.call("ir.cron", "unlink", ids=crons)
    odoo.call("ir.mail_server", "unlink", ids=servers)

    assert _of(found, "schedules") == ["'Tidy contacts' works on res.partner while it is loaded."]
    assert _of(found, "mail", but=Level.FINE) == ["Mail can leave by Clinic mail."]


def test_a_preflight_changes_nothing(clinic: Clinic) -> None:
    """It is run again and again, long before anybody agreed to anything."""
    told: list[str] = []
    with real_odoo.client(clinic.connection) as odoo:
        odoo._on_call = lambda _, method, __: told.append(method)
        preflight(odoo, clinic.config())

    assert set(told) <= READS
