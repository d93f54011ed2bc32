"""Nobody hears of a migration: counted in a real Odoo by what its tables ever gave out.

A mail that was sent and deleted again would not show in a count of mails. The sequences that
number the rows do: none of them may have moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support import real_odoo
from tests.support.odoo import database
from tests.support.small_load import MODULE, attachment, loader
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.odoo import NewLink, Odoo, apply_rollback, plan_rollback, read_back
from workbench.sandbox.odoo import OdooConnection, add_users
from workbench.state import How, Store

pytestmark = pytest.mark.odoo
TELLING = ("mail_mail", "mail_notification", "mail_followers", "mail_activity", "sms_sms",
           "mail_push", "mail_tracking_value", "mail_link_preview", "discuss_channel_member",
           "mail_scheduled_message", "mail_message_schedule", "calendar_alarm")  # fmt: skip
"""Tables that a row appears in when somebody is told of something, or is to be."""
SOON = datetime.now(UTC) + timedelta(days=3)
DOCTORS = [("Dr. Bird", "bird@example.com"), ("Dr. Fish", "fish@example.com")]


def user(number: int) -> Ref:
    """One of the two doctors."""
    return Ref(RefKind.USER, DOCTORS[number][1])


def clinic(folder: Path, *, changed: bool) -> list[LoadRow]:
    """A patient, a contact that was there, and all that can hang on them; or all of it changed."""
    number = int(changed)
    start = SOON + timedelta(hours=number)
    patient, contact = (Ref(RefKind.RECORD, f"patient_{one}") for one in (1, 2))

    def row(model: str, key: str, /, **values: Value) -> LoadRow:
        return LoadRow(model, key, "x", key, values)

    def visit(key: str, whose: Ref) -> list[LoadRow]:
        return [
            row("crm.lead", f"{key}_lead", name=f"Consult {number}", type="opportunity",
                partner_id=whose, user_id=user(number), email_from=f"p{number}@example.org"),
            row("calendar.event", f"{key}_event", name=f"Consult {number}", partner_ids=(whose,),
                user_id=user(number), start=start.strftime("%Y-%m-%d %H:%M:%S"),
                stop=(start + timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M:%S")),
            row("mail.message", f"{key}_note", model="res.partner", res_id=whose,
                body=f"<p>Note {number} for @bird and bird@example.com</p>",
                author_id=Ref(RefKind.USER_CONTACT, user(number).key) if changed else None,
                email_from=None if changed else "Dr. Bird", message_type="comment",
                date="2023-02-03 09:00:00"),
        ]  # fmt: skip

    leaflet = (b"new" if changed else b"old") * 500_000
    return [
        row("res.partner", "patient_1", name="Person One", email=f"one{number}@example.org",
            user_id=user(number)),
        row("res.partner", "patient_2", name="Person Two", street=f"Dorpsstraat {number}"),
        *visit("appointment_1", patient),
        *visit("appointment_2", contact),
        *(attachment(one, 1 + one % 2, folder, leaflet, "leaflet.pdf") for one in range(1, 5)),
        attachment(9, 2, folder, f"%PDF {number}".encode(), "letter.pdf"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def connection(odoo_server: OdooConnection) -> Iterator[OdooConnection]:
    """A database with two doctors who want to hear of everything."""
    with database() as connection:
        add_users(connection, DOCTORS)
        yield connection


def followed_contact(odoo: Odoo) -> int:
    """Make, by hand, a contact that both doctors follow and that has an activity planned."""
    doctors = odoo.search_read(
        "res.users", [["login", "in", [login for _, login in DOCTORS]]], fields=["partner_id"]
    )
    odoo.call("res.users", "write", ids=[one["id"] for one in doctors],
              vals={"notification_type": "inbox"})  # fmt: skip
    contact: int = odoo.call(
        "res.partner", "create", vals_list=[{"name": "Person Two", "email": "two@example.org"}]
    )[0]
    odoo.call("mail.followers", "create", vals_list=[
        {"res_model": "res.partner", "res_id": contact, "partner_id": one["partner_id"][0]}
        for one in doctors
    ])  # fmt: skip
    return contact


def given_out(connection: OdooConnection) -> dict[str, object]:
    """Say how many rows each table that tells of something ever had, and how many it has."""
    found: dict[str, object] = {}
    with psycopg.connect(connection.dsn) as db:
        for table in TELLING:
            there = db.execute("SELECT to_regclass(%s)", [table]).fetchone()
            if there and there[0]:
                found[table] = db.execute(
                    f"SELECT s.last_value, s.is_called, (SELECT count(*) FROM {table}) "
                    f"FROM {table}_id_seq s"
                ).fetchone()
    return found


def test_a_load_its_changes_and_its_rollback_tell_nobody(
    connection: OdooConnection, tmp_path: Path
) -> None:
    """Visits of the coming days, notes, files, new doctors, a followed contact: not a word."""
    store = Store(tmp_path / "state.sqlite")
    with real_odoo.client(connection) as odoo:
        contact = followed_contact(odoo)
        before = given_out(connection)
        load = loader(odoo, store, tmp_path)
        load.link([NewLink("patient_2", "res.partner", contact, "patients", "2", How.LINKED)])
        first = load.load(clinic(tmp_path, changed=False))
        loaded = given_out(connection)
        second = load.load(clinic(tmp_path, changed=True))
        updated = given_out(connection)
        lead = store.destination.link("appointment_2_lead")
        owner = lead and odoo.call("crm.lead", "read", ids=[lead.res_id], fields=["user_id"])
        notes = read_back(odoo, store, "mail.message", ["author_id", "email_from", "date"])
        told = [values for _, values in notes if values]
        apply_rollback(odoo, store, plan_rollback(odoo, store, module=MODULE))
        undone = given_out(connection)
    store.close()

    assert {"mail_mail", "mail_notification", "mail_followers", "mail_activity"} <= set(before)
    assert first.refused == second.refused == []
    assert len(second.updated) >= 10
    assert owner
    assert owner[0]["user_id"][1] == "Dr. Fish"
    assert [(bool(one["author_id"]), one["email_from"], one["date"]) for one in told] == [
        (True, None, "2023-02-03 09:00:00")
    ] * 2
    assert (loaded, updated, undone) == (before, before, before)
