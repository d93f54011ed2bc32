"""Practitioners become users of a real Odoo: without a mail, never twice, and reversibly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support import real_odoo
from tests.support.snapshot import STAMPS, Rows, Snapshot, differences, rows, snapshot, touched
from workbench.odoo import (
    NewUser,
    Odoo,
    UserItem,
    UserState,
    apply_rollback,
    make_users,
    plan_rollback,
    plan_users,
    visit_groups,
)
from workbench.odoo.client import context_for
from workbench.odoo.preflight import may
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = pytest.mark.odoo
MODULE = "__practicehub_test__"
EVA = NewUser("17", "Eva Smit", "Eva.Smit@example.org")
TOLD = ("mail_mail", "mail_message", "mail_notification", "mail_followers", "mail_activity",
        "mail_scheduled_message")  # fmt: skip
"""Tables that fill where somebody is written to, or is about to be."""
DIGESTS = "digest_digest"
IN_FLIGHT = "bus_bus"
"""What open browsers are told; no key may remove a row, and Odoo does so itself after a day."""


@dataclass
class Staff:
    """A database, its client and a run, with what stood there before."""

    connection: OdooConnection
    odoo: Odoo
    store: Store
    before: Snapshot = field(default_factory=dict)
    digests: Rows = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at the database."""
        self.before = snapshot(self.connection.dsn)
        self.digests = rows(self.connection.dsn, DIGESTS)
        self.told = self.count()

    def make(self, *who: NewUser, odoo: Odoo | None = None, leads: bool = True) -> list[UserItem]:
        """Make users as prepare does."""
        return make_users(
            odoo or self.odoo, self.store, who, module=MODULE, phase="prepare",
            groups=visit_groups(leads=leads), timezone="Europe/Amsterdam",
        )  # fmt: skip

    def count(self) -> dict[str, int]:
        """Count what anybody was told."""
        found = {}
        with psycopg.connect(self.connection.dsn) as db:
            for table in TOLD:
                query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                found[table] = next(row[0] for row in db.execute(query))
        return found

    def users(self, *fields: str) -> list[dict[str, Any]]:
        """Read the users who have Eva's address, in any spelling."""
        return self.odoo.search_read(
            "res.users", [["login", "=ilike", EVA.email]], fields=["login", *fields]
        )

    def roll_back(self) -> dict[str, str]:
        """Take out what was made; give what was kept, and why."""
        plan = plan_rollback(self.odoo, self.store, module=MODULE)
        apply_rollback(self.odoo, self.store, plan, patience=0)
        return {one.external_id: one.reason for one in plan.keep}

    def changed(self) -> set[str]:
        """Name the tables that are not as they were, but for who wrote a digest last."""
        found = differences(self.before, snapshot(self.connection.dsn)) - {IN_FLIGHT}
        if touched(self.digests, rows(self.connection.dsn, DIGESTS)) <= STAMPS:
            found -= {DIGESTS}
        return found


@pytest.fixture
def staff(odoo_db: OdooConnection, tmp_path: Path) -> Iterator[Staff]:
    """An Odoo as its installer leaves one."""
    store = Store(tmp_path / "state.sqlite")
    with real_odoo.client(odoo_db) as odoo:
        yield Staff(odoo_db, odoo, store)
    store.close()


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_a_user_is_made_without_a_word_to_anybody_and_leaves_without_a_trace(
    staff: Staff, protocol: str
) -> None:
    """No mail, no password, own rights and times; after a rollback every table is as before."""
    with real_odoo.client(staff.connection, protocol=protocol) as odoo:
        made = staff.make(EVA, odoo=odoo)
        again = staff.make(EVA, odoo=odoo)
    fields = ("email", "name", "tz", "lang", "share", "login_date")
    (user,) = staff.users(*fields)
    told = staff.count()
    with psycopg.connect(staff.connection.dsn) as db:
        password = db.execute("SELECT password FROM res_users WHERE id=%s", [user["id"]]).fetchone()
        digests = db.execute(
            "SELECT count(*) FROM digest_digest_res_users_rel WHERE res_users_id=%s", [user["id"]]
        ).fetchone()
        groups = db.execute(
            "SELECT d.module || '.' || d.name FROM res_groups_users_rel r JOIN ir_model_data d "
            "ON d.res_id=r.gid AND d.model='res.groups' WHERE r.uid=%s", [user["id"]]
        ).fetchall()  # fmt: skip
    during = staff.changed()
    kept = staff.roll_back()

    assert made == again == [UserItem(EVA, UserState.THERE, "eva.smit@example.org")]
    del user["id"]
    assert user == {
        "login": "eva.smit@example.org", "email": EVA.email, "name": "Eva Smit",
        "tz": "Europe/Amsterdam", "lang": "en_US", "share": False, "login_date": False,
    }  # fmt: skip
    assert (password, digests) == ((None,), (0,))
    assert {name for (name,) in groups} == {"base.group_user", "sales_team.group_sale_salesman"}
    assert told == staff.told
    assert "res_users" in during
    assert kept == {}
    assert staff.changed() == set()


def test_who_has_an_address_already_never_gets_a_second_user(staff: Staff) -> None:
    """Archived, of the portal, in capitals, twice: each is told apart, and nobody is made."""
    portal = staff.odoo.search_read(
        "ir.model.data", [["module", "=", "base"], ["name", "=", "group_portal"]], fields=["res_id"]
    )[0]["res_id"]
    there = {"archived": {}, "portal": {"group_ids": [[6, 0, [portal]]]}, "works": {}}
    made = staff.odoo.call(
        "res.users", "create", context=context_for(staff.odoo, "res.users"),
        vals_list=[{"name": name, "login": f"{name.upper()}@example.org", **more}
                   for name, more in there.items()]
        + [{"name": "Front", "login": "front1", "email": "twice@example.org"},
           {"name": "Front", "login": "front2", "email": "Twice@example.org"}],
    )  # fmt: skip
    staff.odoo.call("res.users", "write", ids=made[:1], vals={"active": False})
    asked = [NewUser(str(number), name, f"{name}@example.org")
             for number, name in enumerate((*there, "twice"))]  # fmt: skip
    asked += [NewUser("8", "Other Person", "works@example.org")]
    before = staff.odoo.call("res.users", "search_count", domain=[])
    found = staff.make(*asked)
    after = staff.odoo.call("res.users", "search_count", domain=[])

    assert [(one.state.value, one.why) for one in found] == [
        ("waits", "is an archived user of Odoo"),
        ("waits", "is a user of Odoo's portal"),
        ("is a user", ""),
        ("waits", "has the address of several users of Odoo"),
        ("waits", "has the same e-mail address as works"),
    ]
    assert found[2].login == "WORKS@example.org"
    assert all(one.do and "@" not in one.why + one.do for one in found if one.why)
    assert before == after


def test_two_entries_of_one_practitioner_get_one_user(staff: Staff) -> None:
    """A person whom PracticeHub lists twice works in Odoo under one login."""
    found = staff.make(EVA, NewUser("18", "Smit Eva", "eva.smit@EXAMPLE.org"))

    assert [one.state for one in found] == [UserState.THERE, UserState.THERE]
    assert len(staff.users()) == 1


def test_a_user_whose_call_nobody_saw_end_is_found_and_not_made_again(staff: Staff) -> None:
    """Killed after Odoo committed, the next start takes the user over, and off the digest."""
    operation = staff.store.destination.intend(
        "prepare", "load", "res.users", keys=[EVA.external_id]
    )
    answer = staff.odoo.call(
        "res.users", "load", fields=["id", "name", "login", "email"],
        data=[[f"{MODULE}.{EVA.external_id}", EVA.name, EVA.email.lower(), EVA.email]],
        context=context_for(staff.odoo, "res.partner"),
    )  # fmt: skip
    on_digest = staff.odoo.call("digest.digest", "search_count",
                                domain=[["user_ids", "in", answer["ids"]]])  # fmt: skip
    found = staff.make(EVA)
    left = staff.odoo.call("digest.digest", "search_count",
                           domain=[["user_ids", "in", answer["ids"]]])  # fmt: skip
    link = staff.store.destination.link(EVA.external_id)

    assert [one.state for one in found] == [UserState.THERE]
    assert (on_digest, left) == (1, 0)
    assert len(staff.users()) == 1
    assert link is not None
    assert (link.operation_id, link.res_id) == (operation, answer["ids"][0])
    assert staff.roll_back() == {}
    assert staff.changed() == set()


def test_without_the_right_to_make_users_nobody_is_made_and_it_is_said(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Odoo says whether the key's user may; a no is told with the right that is missing."""
    asked: list[tuple[str, str]] = []

    def may_not(_odoo: Odoo, model: str, operation: str) -> bool:
        asked.append((model, operation))
        return False

    allowed = may(staff.odoo, "res.users", "create")
    with real_odoo.person(staff.connection, "mary") as mary:
        mary_may = may(mary, "res.users", "create")
    monkeypatch.setattr("workbench.odoo.users.may", may_not)
    (found, *_) = staff.make(EVA)

    assert (allowed, mary_may) == (True, False)
    assert {*asked} == {("res.users", "create")}
    assert found.state is UserState.WAITS
    assert "Access Rights" in found.do
    assert staff.users() == []


@dataclass(frozen=True)
class Seen:
    """What Eva sees once she has a password."""

    leads: list[str]
    events: list[str]
    kept: dict[str, str]
    there: int


def test_she_sees_her_visits_and_is_kept_once_she_signed_in(staff: Staff) -> None:
    """The least rights show her own visits; a user who has worked in Odoo outlives a rollback."""
    staff.make(EVA)
    (user,) = staff.users("partner_id")
    quiet = context_for(staff.odoo, "crm.lead")
    visits = [("hers", user["id"]), ("nobody's", False), ("a colleague's", staff.odoo.me().id)]
    staff.odoo.call("crm.lead", "create", context=quiet, vals_list=[
        {"name": name, "type": "opportunity", "user_id": who} for name, who in visits
    ])  # fmt: skip
    staff.odoo.call("calendar.event", "create", context=context_for(staff.odoo, "calendar.event"),
                    vals_list=[{"name": "visit", "start": "2030-01-01 10:00:00", "user_id": False,
                                "stop": "2030-01-01 10:30:00", "privacy": "confidential"}],
                    )  # fmt: skip
    staff.odoo.call("res.users", "write", ids=[user["id"]], vals={"password": "a-password-of-eva"})
    with Odoo(url=staff.connection.url, database=staff.connection.database, protocol="jsonrpc",
              login="eva.smit@example.org", api_key="a-password-of-eva") as eva:  # fmt: skip
        leads = [one["name"] for one in eva.search_read("crm.lead", [], fields=["name"])]
        events = [one["name"] for one in eva.search_read("calendar.event", [], fields=["name"])]
    seen = Seen(leads, events, staff.roll_back(), len(staff.users()))

    assert seen.leads == ["hers", "nobody's"]
    assert seen.events == ["visit"]
    assert seen.kept == {
        EVA.external_id: "has signed in since",
        f"{EVA.external_id}_res_partner": "user and contact stay together",
    }
    assert seen.there == 1


def test_a_user_of_whom_another_migration_made_use_is_kept(staff: Staff) -> None:
    """A visit of theirs that is none of ours would lose its owner; whoever made it."""
    staff.make(EVA)
    (user,) = staff.users()
    staff.odoo.call("crm.lead", "create", context=context_for(staff.odoo, "crm.lead"),
                    vals_list=[{"name": "of another clinic", "user_id": user["id"]}])  # fmt: skip
    plan = plan_users(staff.odoo, [EVA], module="__practicehub_other__")
    kept = staff.roll_back()

    assert [one.state for one in plan] == [UserState.THERE]
    assert kept[EVA.external_id] == "a record of crm.lead is theirs"
    assert len(staff.users()) == 1
