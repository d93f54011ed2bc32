"""Visits in the calendar of a real Odoo: nobody is invited, nobody owns what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support import real_odoo
from tests.support.decided_map import World, world
from tests.support.odoo import database
from tests.support.small_load import MODULE, loader
from tests.support.snapshot import Snapshot, differences, snapshot
from workbench.mapping import AppointmentsTo, Expecter, schema_needs
from workbench.mapping.rows import LoadRow
from workbench.mapping.visits import EVENT, LEAD, as_sent
from workbench.odoo import (
    LoadReport,
    Lookups,
    NewUser,
    Odoo,
    apply_rollback,
    apply_schema,
    make_users,
    plain,
    plan_rollback,
    plan_schema,
    resolved,
    same,
    visit_groups,
)
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = pytest.mark.odoo
TOLD = ("mail_mail", "mail_message", "mail_notification", "mail_followers", "mail_activity",
        "calendar_alarm_calendar_event_rel", "discuss_channel")  # fmt: skip
"""What an invitation, a reminder or a video call would leave."""
NOT_MADE = {"access_token": False, "alarm_ids": [], "recurrency": False, "res_model": False,
            "videocall_location": False}  # fmt: skip


@dataclass
class Calendar:
    """A database with a clinic's visits in both places, and what was counted on the way."""

    odoo: Odoo
    store: Store
    report: LoadReport
    told: list[dict[str, int]]
    at_once: dict[str, dict[str, Any]]
    changed: dict[str, dict[str, Any]]
    differ: list[str]
    rolled_back: set[str]
    kept: int
    careless: dict[str, int]

    def __repr__(self) -> str:
        """Say nothing of patients."""
        return "Calendar()"


VISITS: dict[str, dict[str, object]] = {
    "future": {"appointment_date": "2031-07-10"},
    "past": {"appointment_date": "2021-07-10", "visit_status": "Completed"},
    "missed": {"appointment_date": "2031-07-11", "visit_status": "Missed"},
    "cancelled": {"appointment_date": "2031-07-12", "visit_status": "Cancelled"},
    "whole day": {"appointment_date": "2031-07-13", "appointment_time": "", "duration": None},
    "no time": {"appointment_date": "", "appointment_time": "", "duration": None},
    "of nobody": {"appointment_date": "2031-07-14", "practitioner_id": None,
                  "practitioner_email": None},
    "no contact": {"appointment_date": "2031-07-15", "patient_id": 99999},
}  # fmt: skip
NUMBERS = {name: number for number, name in enumerate(VISITS, start=1)}


def clinic() -> World:
    """Give a clinic whose visits go to both places, and some of which were missed."""
    made = world("brief", AppointmentsTo.BOTH)
    status = next(row.field for row in made.mapping.of("appointments")
                  if row.path == "visit_status")  # fmt: skip
    values = {**made.mapping.values, status: {**made.mapping.values[status], "Missed": "Missed"}}
    return replace(made, mapping=replace(made.mapping, values=values))


def rows_of(made: World, **changed: Mapping[str, object]) -> list[LoadRow]:
    """Expect the visits, some of them changed since."""
    expecter = Expecter(made.mapping, made.context)
    user = made.clinic.staff[0]
    rows: list[LoadRow] = []
    for name, number in NUMBERS.items():
        record = {
            **made.clinic["appointments"][0], "id": number, "patient_id": 101, "duration": 30,
            "practitioner_id": user.id, "practitioner_email": user.email, "note": "",
            "visit_type": "Consult", "appointment_time": "09:00", "visit_status": "New",
            **VISITS[name], **changed.get(name, {}),
        }  # fmt: skip
        rows += expecter.appointment(record).rows
    return rows


def sent(rows: list[LoadRow]) -> list[LoadRow]:
    """Give the rows as a phase sends them: events first, leads last."""
    beside: dict[str, list[LoadRow]] = {}
    for row in rows:
        beside.setdefault(row.source_id, []).append(row)
    told = [row for pair in beside.values() for row in as_sent(pair)]
    return sorted(told, key=lambda row: row.model == LEAD)


def count(connection: OdooConnection) -> dict[str, int]:
    """Count what anybody was told."""
    found = {}
    with psycopg.connect(connection.dsn) as db:
        for table in TOLD:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            found[table] = next(row[0] for row in db.execute(query))
    return found


def look(odoo: Odoo, store: Store) -> dict[str, dict[str, Any]]:
    """Read every visit's event, by the visit's name."""
    ids = {name: link.res_id for name, number in NUMBERS.items()
           if (link := store.destination.link(f"appointment_{number}_event"))}  # fmt: skip
    fields = ["name", "active", "show_as", "privacy", "user_id", "partner_ids", "opportunity_id",
              "start", "stop", "allday", "start_date", *NOT_MADE]  # fmt: skip
    found = {
        row["id"]: row
        for row in odoo.search_read(EVENT, [["id", "in", [*ids.values()]]], fields=fields)
    }
    return {name: found[number] for name, number in ids.items()}  # fmt: skip


def differing(odoo: Odoo, store: Store, rows: list[LoadRow]) -> list[str]:
    """Compare what was expected with what Odoo has, by the read-back of the proof."""
    lookups = Lookups(odoo, store=store, module=MODULE)
    found: list[str] = []
    for row in rows:
        link = store.destination.link(row.external_id)
        assert link is not None, row.external_id
        fields = odoo.fields(row.model)
        held = odoo.search_read(row.model, [["id", "=", link.res_id]], fields=[*row.values])[0]
        for name, value in row.values.items():
            kind = str(fields[name]["type"])
            wanted = resolved(value, kind=kind, resolve=lookups.resolve)
            if not same(wanted, plain(held[name], kind=kind), kind=kind):
                found.append(f"{row.external_id}.{name}")
    return found


@pytest.fixture(scope="module")
def calendar(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Calendar]:
    """Load visits into both places, load them again changed, and roll all of it back."""
    folder: Path = tmp_path_factory.mktemp("visits")
    made = clinic()
    with database() as connection, real_odoo.client(connection) as odoo:
        store = Store(folder / "state.sqlite")
        before: Snapshot = snapshot(connection.dsn)
        plan = plan_schema(odoo, schema_needs(made.mapping), module=MODULE, restrict_clinical=False)
        apply_schema(odoo, store, plan, phase="prepare")
        user = made.clinic.staff[0]
        make_users(
            odoo, store, [NewUser(str(user.id), f"{user.first_name} {user.last_name}", user.email)],
            module=MODULE, phase="prepare", groups=visit_groups(leads=True), timezone="UTC",
        )  # fmt: skip
        patient = LoadRow("res.partner", "patient_101", "patients", "101",
                          {"name": "Anna Vries", "email": "anna@example.com"})  # fmt: skip
        told = [count(connection)]
        rows = rows_of(made)
        report = loader(odoo, store, folder).load([patient, *sent(rows)])
        told.append(count(connection))
        at_once = look(odoo, store)
        differ = differing(odoo, store, rows)
        later = rows_of(made, future={"appointment_date": "2031-08-10"},
                        past={"visit_status": "Missed"}, missed={"visit_status": "Cancelled"},
                        cancelled={"visit_status": "New"},
                        **{"no time": {"appointment_date": "2031-07-16"}})  # fmt: skip
        loader(odoo, store, folder).load([patient, *sent(later)])
        told.append(count(connection))
        changed = look(odoo, store)
        differ += differing(odoo, store, later)
        back = plan_rollback(odoo, store, module=MODULE)
        apply_rollback(odoo, store, back, patience=0)
        told.append(count(connection))
        # digests, whose users came and went, and what open browsers were told of a new colleague
        left = differences(before, snapshot(connection.dsn)) - {"digest_digest", "bus_bus"}
        contact = odoo.call("res.partner", "create", vals_list=[
            {"name": "Anna Vries", "email": "anna@example.com"}
        ])  # fmt: skip
        odoo.call("calendar.event", "create", vals_list=[
            {"name": "Visit", "start": "2031-01-01 10:00:00", "stop": "2031-01-01 11:00:00",
             "partner_ids": contact}
        ])  # fmt: skip
        yield Calendar(odoo, store, report, told, at_once, changed, differ, left,
                       len(back.keep), count(connection))  # fmt: skip
        store.close()


def test_every_visit_arrives_in_both_places_and_reads_back_as_expected(calendar: Calendar) -> None:
    """Past, future, missed, cancelled, of a whole day and of nobody: each field as expected."""
    assert calendar.report.refused == []
    assert len(calendar.report.created) == 1 + 2 * len(VISITS) - 1
    assert calendar.differ == []


def test_event_and_opportunity_know_each_other(calendar: Calendar) -> None:
    """The meeting stands on the opportunity it belongs to; later ones too."""
    assert all(event["opportunity_id"] for event in calendar.at_once.values())
    assert "no time" not in calendar.at_once
    assert calendar.changed["no time"]["opportunity_id"]


def test_no_invitation_reminder_message_or_video_call_is_made(calendar: Calendar) -> None:
    """Neither when visits to come are loaded, nor when they move, are cancelled, or leave."""
    first, *others = calendar.told

    assert others == [first] * 3
    assert calendar.careless["mail_message"] > first["mail_message"]  # as a plain call does
    for event in (*calendar.at_once.values(), *calendar.changed.values()):
        assert {name: event[name] for name in NOT_MADE} == NOT_MADE


def test_a_visit_is_the_practitioners_or_nobodys_and_never_the_keys(calendar: Calendar) -> None:
    """The practitioner attends and owns it; without one it has neither owner nor other guest."""
    me = calendar.odoo.me()
    partner = calendar.odoo.search_read("res.users", [["id", "=", me.id]], fields=["partner_id"])
    mine = partner[0]["partner_id"][0]
    theirs, nobodys = calendar.at_once["future"], calendar.at_once["of nobody"]
    unknown = calendar.at_once["no contact"]

    assert theirs["user_id"][0] != me.id
    assert (len(theirs["partner_ids"]), len(nobodys["partner_ids"])) == (2, 1)
    assert nobodys["user_id"] is False
    assert len(unknown["partner_ids"]) == 1
    assert all(mine not in event["partner_ids"] for event in calendar.at_once.values())


def test_cancelled_and_missed_visits_block_nobodys_time(calendar: Calendar) -> None:
    """A cancelled visit leaves the calendar for the archive, and comes back with another status."""
    shown = {name: (event["active"], event["show_as"])
             for name, event in calendar.at_once.items()}  # fmt: skip
    later = {name: (event["active"], event["show_as"])
             for name, event in calendar.changed.items()}  # fmt: skip

    assert shown["future"] == shown["past"] == (True, "busy")
    assert (shown["missed"], shown["cancelled"]) == ((True, "free"), (False, "free"))
    assert later["past"] == (True, "free")
    assert (later["missed"], later["cancelled"]) == ((False, "free"), (True, "busy"))
    assert {event["privacy"] for event in calendar.at_once.values()} == {"confidential"}


def test_a_whole_day_is_that_day_for_everybody(calendar: Calendar) -> None:
    """No hour is shown, and no time zone moves it to the day before."""
    event = calendar.at_once["whole day"]

    assert (event["allday"], event["start_date"]) == (True, "2031-07-13")


def test_visits_user_and_schema_leave_without_a_trace(calendar: Calendar) -> None:
    """Attendees, ties and archived events go with the rest."""
    assert calendar.kept == 0
    assert calendar.rolled_back == set()
