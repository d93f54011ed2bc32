"""The sandbox's Odoo is real, separate for each test, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.real_odoo import post
from workbench.errors import SandboxError, UsageError
from workbench.sandbox.odoo import (
    OdooConnection,
    add_users,
    down,
    drop_database,
    fresh_database,
    reset_database,
    status,
    up,
)
from workbench.sandbox.odoo.instance import Instance, current_instance

pytestmark = pytest.mark.odoo


def answer(connection: OdooConnection, path: str, **arguments: object) -> list[int]:
    """Return what a method answers; it must have gone well."""
    found = post(connection, path, **arguments)
    assert found.status_code == httpx.codes.OK
    ids: list[int] = found.json()
    return ids


def test_starting_twice_is_harmless(odoo_server: OdooConnection) -> None:
    """A second start finds the first one's servers and changes nothing."""
    before = current_instance().running()
    again = up()

    assert again == odoo_server
    assert current_instance().running() == before


def test_the_key_opens_json_2_and_another_does_not(odoo_db: OdooConnection) -> None:
    """The key made with the template works in every copy; a wrong one is refused."""
    assert post(odoo_db, "res.partner/search_count", domain=[]).status_code == httpx.codes.OK
    wrong = OdooConnection(**{**odoo_db.as_json(), "api_key": "0" * 40})
    refused = post(wrong, "res.partner/search_count", domain=[])

    assert refused.status_code == httpx.codes.UNAUTHORIZED


def test_the_three_applications_are_installed(odoo_db: OdooConnection) -> None:
    """CRM, Contacts and Calendar are there, and no demonstration data is."""
    modules = ["crm", "contacts", "calendar"]
    domain = [["name", "in", modules], ["state", "=", "installed"]]
    assert len(answer(odoo_db, "ir.module.module/search", domain=domain)) == len(modules)
    assert answer(odoo_db, "crm.lead/search", domain=[]) == []


def test_a_fresh_database_is_separate(odoo_db: OdooConnection) -> None:
    """What one test writes no other sees, and each database has an identity of its own."""
    other = fresh_database(f"{odoo_db.database}_b")
    answer(odoo_db, "res.partner/create", vals_list=[{"name": "Ann Example"}])
    domain = [["name", "=", "Ann Example"]]
    seen = answer(other, "res.partner/search", domain=domain)
    with psycopg.connect(odoo_db.dsn) as one, psycopg.connect(other.dsn) as two:
        query = "SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'"
        identities = {one.execute(query).fetchone(), two.execute(query).fetchone()}
    drop_database(other.database)

    assert seen == []
    assert len(identities) == 2
    assert other.database not in status()["databases"]


def test_databases_are_copied_side_by_side(odoo_db: OdooConnection) -> None:
    """Several workers may ask for a database in the same moment."""
    names = [f"{odoo_db.database}_{number}" for number in range(4)]
    with ThreadPoolExecutor(len(names)) as pool:
        made = list(pool.map(fresh_database, names))
    there = set(status()["databases"])
    for connection in made:
        drop_database(connection.database)

    assert set(names) <= there


def test_a_taken_name_is_refused(odoo_db: OdooConnection) -> None:
    """A database that exists is never overwritten by a fresh one."""
    with pytest.raises(SandboxError):
        fresh_database(odoo_db.database)


@pytest.mark.parametrize("name", ["wb_template", "postgres", 'x"; DROP', "", "Über"])
def test_a_name_that_cannot_be_is_refused(odoo_server: OdooConnection, name: str) -> None:
    """The template, PostgreSQL's own and anything that is no plain name are refused."""
    with pytest.raises(UsageError):
        fresh_database(name)
    with pytest.raises(UsageError):
        drop_database(name)


def test_a_reset_forgets_records_and_fields(odoo_db: OdooConnection) -> None:
    """After a reset Odoo knows neither the records nor the custom fields from before."""
    model = answer(odoo_db, "ir.model/search", domain=[["model", "=", "res.partner"]])[0]
    field = {"name": "x_seen", "model_id": model, "ttype": "char", "field_description": "Seen"}
    answer(odoo_db, "ir.model.fields/create", vals_list=[field])
    answer(odoo_db, "res.partner/create", vals_list=[{"name": "Ann Example", "x_seen": "yes"}])
    again = reset_database(odoo_db.database)

    assert "x_seen" not in post(again, "res.partner/fields_get", attributes=["type"]).json()
    assert answer(again, "res.partner/search", domain=[["name", "=", "Ann Example"]]) == []


def test_users_are_added_once_and_get_no_mail(odoo_db: OdooConnection) -> None:
    """A practitioner becomes a user by e-mail; a repeat adds nobody, and nobody gets a mail."""
    people = [("Ann Example", "ann@example.com"), ("Bob Example", "bob@example.com")]
    add_users(odoo_db, people[:1])
    add_users(odoo_db, people)
    rows = post(
        odoo_db,
        "res.users/search_read",
        domain=[["login", "like", "@example.com"]],
        fields=["name", "login", "email"],
        order="login",
    ).json()

    assert [(row["name"], row["login"]) for row in rows] == people
    assert answer(odoo_db, "mail.mail/search", domain=[]) == []


def test_the_proofs_can_read_every_table(odoo_db: OdooConnection) -> None:
    """The connection string for proofs opens the same database, as the owner of its tables."""
    with psycopg.connect(odoo_db.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM res_partner").fetchone()

    every = [["active", "in", [True, False]]]
    assert row == (len(answer(odoo_db, "res.partner/search", domain=every)),)


def test_the_connection_file_is_private(odoo_server: OdooConnection) -> None:
    """Password and key lie in a file that only its owner may read."""
    record = current_instance().record

    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert odoo_server.api_key in record.read_text(encoding="utf-8")


def test_the_connection_does_not_show_its_secrets(odoo_server: OdooConnection) -> None:
    """A connection that lands in a log or a notebook shows neither password nor key."""
    shown = repr(odoo_server)

    assert odoo_server.database in shown
    for secret in (odoo_server.password, odoo_server.api_key, odoo_server.dsn):
        assert secret not in shown


def test_status_says_what_runs(odoo_server: OdooConnection) -> None:
    """The status names address, versions and account, holds no secret, and never says root."""
    found = status()

    assert found["running"] is True
    assert found["url"] == odoo_server.url
    assert str(found["version"]).startswith("19")
    assert found["postgres"]
    assert found["runs_as"] != "root"
    assert odoo_server.database in found["databases"]
    assert odoo_server.api_key not in json.dumps(found)


def test_down_leaves_no_process_and_keeps_the_data(own_instance: Instance) -> None:
    """After `down` neither Odoo nor PostgreSQL runs; the next start has the database again."""
    first = up(database="kept")
    answer(first, "res.partner/create", vals_list=[{"name": "Ann Example"}])
    down()
    down()
    left = processes_of(own_instance.folder)
    stopped = status()
    again = up(database="kept")

    assert left == []
    assert stopped["running"] is False
    assert len(answer(again, "res.partner/search", domain=[["name", "=", "Ann Example"]])) == 1


def test_a_killed_server_is_started_again(own_instance: Instance) -> None:
    """When Odoo was killed, the next start notices and brings it back with its data."""
    up(database="kept")
    before = own_instance.running()
    os.kill(before.odoo_pid, signal.SIGKILL)
    again = up(database="kept")

    assert own_instance.running().odoo_pid != before.odoo_pid
    assert post(again, "res.partner/search_count", domain=[]).status_code == httpx.codes.OK


def test_without_a_server_a_database_is_refused(own_instance: Instance) -> None:
    """Asking for a database while nothing runs says how to start the sandbox."""
    with pytest.raises(SandboxError, match="sandbox up"):
        fresh_database("too_early")


def processes_of(folder: Path) -> list[str]:
    """List the command lines of running processes that name `folder`."""
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.append(entry.read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return [command for command in commands if str(folder) in command]
