"""A load on a real Odoo whose server, key or rules give way half-way."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support import real_odoo, small_load
from tests.support.cutting_proxy import cutting
from tests.support.odoo import database
from tests.support.small_load import contacts
from workbench.errors import OdooAuthError, OdooServerError
from workbench.mapping.rows import LoadRow
from workbench.odoo import Odoo
from workbench.sandbox.odoo import OdooConnection, up
from workbench.sandbox.odoo.instance import Instance, current_instance
from workbench.state import Store

pytestmark = pytest.mark.odoo


@pytest.fixture(scope="module")
def real(odoo_server: OdooConnection) -> Iterator[OdooConnection]:
    """One database for the cases of this module; each uses numbers of its own."""
    with database() as connection:
        yield connection


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty state file."""
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


def emails(odoo: Odoo, rows: list[LoadRow]) -> int:
    """Count the contacts that have the rows' addresses."""
    wanted = [row.values["email"] for row in rows]
    found: int = odoo.call("res.partner", "search_count", domain=[["email", "in", wanted]])
    return found


@contextmanager
def rule(connection: OdooConnection, body: str) -> Iterator[None]:
    """Let PostgreSQL look at every contact that is written, as `body` says."""
    with psycopg.connect(connection.dsn, autocommit=True) as db:
        db.execute(
            "CREATE FUNCTION a_rule() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body} RETURN NEW; END $$".encode()
        )
        db.execute(
            "CREATE TRIGGER a_rule BEFORE INSERT ON res_partner "
            "FOR EACH ROW EXECUTE FUNCTION a_rule()"
        )
        try:
            yield
        finally:
            db.execute("DROP TRIGGER a_rule ON res_partner")
            db.execute("DROP FUNCTION a_rule()")


def test_a_full_disk_stops_the_load_and_gives_no_patient_up(
    real: OdooConnection, store: Store, tmp_path: Path
) -> None:
    """PostgreSQL cannot write: the load says so, and goes on once there is room again."""
    rows = contacts(*range(1000, 1030))
    full = (
        "IF NEW.email LIKE 'p1019@%' THEN RAISE EXCEPTION "
        "'could not extend file \"base/1/2\": No space left on device' "
        "USING ERRCODE = 'disk_full'; END IF;"
    )
    with real_odoo.client(real) as odoo:
        with rule(real, full), pytest.raises(OdooServerError, match="no space left") as told:
            small_load.loader(odoo, store, tmp_path).load(rows)
        stands = emails(odoo, rows)
        report = small_load.loader(odoo, store, tmp_path).load(rows)
        again = emails(odoo, rows)

    assert "put right" in told.value.do
    assert stands == 0
    assert (len(report.created), report.refused) == (30, [])
    assert again == 30


def test_a_folder_of_files_that_cannot_be_written_stops_the_load(
    real: OdooConnection, store: Store, tmp_path: Path
) -> None:
    """Odoo's filestore refuses the bytes: no file is given up, and the next load sends it."""
    owner = contacts(*range(1900, 1901))
    first, file = (
        small_load.attachment(number, 1900, tmp_path, os.urandom(3000), f"letter {number}.pdf")
        for number in (1, 2)
    )
    files = Path(current_instance().running().folder) / "odoo/data/filestore" / real.database
    with real_odoo.client(real) as odoo:
        small_load.loader(odoo, store, tmp_path).load([*owner, first])
        with unwritable(files), pytest.raises(OdooServerError, match="folder of files"):
            small_load.loader(odoo, store, tmp_path).load([file])
        report = small_load.loader(odoo, store, tmp_path).load([file])

    assert report.created == [file.external_id]


def test_a_key_revoked_half_way_leaves_finished_rows_finished(
    real: OdooConnection, store: Store, tmp_path: Path
) -> None:
    """The load stops with what to do; with a new key it goes on, and makes nothing twice."""
    rows = contacts(*range(2000, 2450))
    key = real_odoo.key_of(real, real.login)
    with real_odoo.client(replace(real, api_key=key)) as odoo:
        odoo._on_call = _after_the_first_load(lambda: revoke(real, key))
        with pytest.raises(OdooAuthError) as told:
            small_load.loader(odoo, store, tmp_path).load(rows)
    settled = len(list(store.destination.links(model="res.partner")))
    with real_odoo.client(real) as odoo:
        report = small_load.loader(odoo, store, tmp_path).load(rows)
        made = emails(odoo, rows)

    assert key not in f"{told.value} {told.value.safe} {told.value.do}"
    assert "API key" in told.value.do
    assert settled < len(rows)
    assert report.refused == []
    assert store.destination.unsettled() == []
    assert made == len(rows)


def test_an_address_that_a_rule_of_the_clinic_refuses_holds_nobody_else_up(
    real: OdooConnection, store: Store, tmp_path: Path
) -> None:
    """Odoo itself takes any text as an e-mail address; a database may have rules of its own."""
    rows = contacts(*range(3000, 3030))
    strict = (
        "IF NEW.email !~ '^[^@]+@[^@]+$' THEN RAISE EXCEPTION 'not taken' "
        "USING ERRCODE = 'check_violation'; END IF;"
    )
    odd = ["p3004@", "no address", "a@b@example.org"]
    for place, email in zip((4, 11, 12), odd, strict=True):
        rows[place] = replace(rows[place], values={**rows[place].values, "email": email})
    with real_odoo.client(real) as odoo:
        with rule(real, strict):
            report = small_load.loader(odoo, store, tmp_path).load(rows)
        after = small_load.loader(odoo, store, tmp_path).load(rows)

    assert [one.source_id for one in report.refused] == ["3004", "3011", "3012"]
    assert len(report.created) == 27
    assert not any(email in one.reason for one in report.refused for email in odd)
    assert sorted(after.created) == ["patient_3004", "patient_3011", "patient_3012"]


def test_a_gateway_that_answers_502_after_the_commit_makes_no_second_partner(
    real: OdooConnection, store: Store, tmp_path: Path
) -> None:
    """A reverse proxy gives up on Odoo, and Odoo does the work all the same."""
    rows = contacts(*range(4000, 4040))
    with cutting(real.url) as proxy, real_odoo.client(real, url=proxy.url) as odoo:
        proxy.answer_502('patient_4039",')
        report = small_load.loader(odoo, store, tmp_path).load(rows)
        made = emails(odoo, rows)

    assert proxy.cuts == 1
    assert (len(report.created), report.refused) == (40, [])
    assert made == 40


def test_an_odoo_restarted_during_the_load_is_waited_for(
    own_instance: Instance, store: Store, tmp_path: Path
) -> None:
    """Killed between two calls and started again meanwhile: every patient is there once."""
    first = up(database="restarted")
    rows = contacts(*range(1, 451))
    ended: list[threading.Thread] = []

    with cutting(first.url) as proxy, real_odoo.client(first, url=proxy.url) as odoo:

        def start_again() -> None:
            proxy.upstream = up(database="restarted").url

        def restart() -> None:
            os.kill(own_instance.running().odoo_pid, signal.SIGKILL)
            ended.append(threading.Thread(target=start_again))
            ended[0].start()

        odoo._on_call = _after_the_first_load(restart)
        report = small_load.loader(odoo, store, tmp_path).load(rows)
        ended[0].join()
        made = emails(odoo, rows)

    assert (len(report.created), report.refused) == (450, [])
    assert made == 450


def revoke(connection: OdooConnection, key: str) -> None:
    """Take a key back, as its user does in Odoo's preferences."""
    with psycopg.connect(connection.dsn) as db:
        db.execute("DELETE FROM res_users_apikeys WHERE index=%s", [key[:8]])


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Take a folder's and its subfolders' right to be written from their owner."""
    modes = {one: stat.S_IMODE(one.stat().st_mode) for one in [folder, *folder.iterdir()]}
    for one in modes:
        one.chmod(0o555)
    try:
        yield
    finally:
        for one, mode in modes.items():
            one.chmod(mode)


def _after_the_first_load(work: Callable[[], object]) -> Callable[[str, str, float], None]:
    """Do something once, as soon as one call of load() has ended."""
    todo = [work]

    def on_call(_model: str, method: str, _seconds: float) -> None:
        if method == "load" and todo:
            todo.pop()()

    return on_call
