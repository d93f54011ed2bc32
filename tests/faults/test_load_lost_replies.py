"""Replies that are lost on the way: the loader asks what happened, and nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import cutting_proxy, fake_odoo, real_odoo, small_load
from tests.support.fake_odoo import Cut, FakeOdoo
from tests.support.odoo import database
from tests.support.processes import wait_until
from tests.support.small_load import contacts, loader
from workbench.errors import (
    GateError,
    OdooOutcomeUnknownError,
    OdooUnreachableError,
    WorkbenchError,
)
from workbench.mapping.rows import LoadRow
from workbench.odoo import Loader, apply_rollback, plan_rollback
from workbench.sandbox.odoo import OdooConnection
from workbench.state import How, Store

MODULE = small_load.MODULE
WHERE = [0, 1, 40, 70]
"""Bytes of the answer that arrive: none, one, within the head, within the body."""
WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE wait_event_type='Lock' AND datname=current_database()"
)
"""Calls that wait, inside PostgreSQL, for somebody's lock."""
FENCES = f"SELECT count(*) FROM ir_model_data WHERE model='res.lang' AND module='{MODULE}'"


@pytest.fixture(scope="module")
def real(odoo_server: OdooConnection) -> Iterator[OdooConnection]:
    """One database of the real Odoo for the cases of this module."""
    with database() as connection:
        yield connection


@pytest.mark.parametrize("after", WHERE, ids=lambda after: f"{after} bytes")
def test_a_reply_lost_after_commit_makes_no_second_partner(
    fake: FakeOdoo, store: Store, tmp_path: Path, after: int
) -> None:
    """When Odoo commits and its answer is lost, the record is found by its external id."""
    fake.cuts.append(Cut("load", after=after))
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1, 2, 3))

    assert report.created == ["patient_1", "patient_2", "patient_3"]
    assert fake.external_ids() == ["patient_1", "patient_2", "patient_3"]
    assert len(fake.records("res.partner")) == 3
    assert store.destination.unsettled() == []


def test_a_request_lost_before_odoo_began_is_sent_again(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Where Odoo has none of the external ids, nothing happened, and the rows go again."""
    fake.cuts.append(Cut("load", after=None))
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1, 2))

    assert report.created == ["patient_1", "patient_2"]
    assert len(fake.records("res.partner")) == 2


def test_a_call_that_commits_after_its_client_gave_up_makes_no_second_partner(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """The rows are sent again while the old call still runs: one record each, whoever is first."""
    fake.cuts.append(Cut("load", late=0.3))
    with fake.client() as odoo:
        loader(odoo, store, tmp_path).load(contacts(1, 2))
        for call in fake.late:
            call.join()
        again = loader(odoo, store, tmp_path).load(contacts(1, 2))

    assert fake.calls.count(("res.partner", "load")) == 2
    assert again.unchanged == ["patient_1", "patient_2"]
    assert len(fake.records("res.partner")) == 2


def test_a_killed_tool_goes_on_without_making_anything_twice(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """What was recorded as sent is asked about first, by the next start, before any write."""
    with fake.client() as odoo:
        store.destination.intend("migrate", "load", "res.partner", keys=["patient_1", "patient_2"])
        odoo.call(
            "res.partner", "load", fields=["id", "name", "email"],
            data=[[f"{MODULE}.patient_{n}", f"Person {n}", f"p{n}@example.org"] for n in (1, 2)],
        )  # fmt: skip
        report = loader(odoo, store, tmp_path).load(contacts(1, 2, 3))

    assert report.created == ["patient_3"]
    assert sorted(report.unchanged) == ["patient_1", "patient_2"]
    assert len(fake.records("res.partner")) == 3
    assert {link.how for link in store.destination.links()} == {How.CREATED}


def test_a_gateway_that_answers_502_after_the_commit_makes_no_second_partner(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """A proxy's own error says nothing of what Odoo did: Odoo is asked."""
    fake.cuts.append(Cut("load", status=502))
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1))

    assert report.created == ["patient_1"]
    assert len(fake.records("res.partner")) == 1


def test_answers_that_keep_being_lost_stop_the_load_and_stay_unsettled_nowhere(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Three calls in a row without an answer are enough: the person is told, nothing is open."""
    fake.cuts += [Cut("load", after=None)] * 3
    with fake.client() as odoo, pytest.raises(OdooOutcomeUnknownError):
        loader(odoo, store, tmp_path).load(contacts(1))

    assert store.destination.unsettled() == []
    assert fake.records("res.partner") == []


def test_an_odoo_that_goes_away_leaves_finished_rows_finished(store: Store, tmp_path: Path) -> None:
    """Stopped between two calls, the next run sends only what is not there."""
    with fake_odoo.serving() as fake:
        odoo = fake.client()
        odoo.me()
        odoo.fields("res.partner")
        loader(odoo, store, tmp_path).load(contacts(1, 2))
    with pytest.raises(OdooUnreachableError):
        loader(odoo, store, tmp_path).load(contacts(1, 2, 3))
    odoo.close()

    assert store.destination.unsettled() == []
    assert [link.external_id for link in store.destination.links()] == ["patient_1", "patient_2"]


def test_a_lost_update_is_compared_again_and_written_once(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """A change whose answer was lost is read back before anything is written again."""
    with fake.client() as odoo:
        loader(odoo, store, tmp_path).load(contacts(1))
        fake.cuts.append(Cut("write", after=0))
        with pytest.raises(OdooOutcomeUnknownError):
            loader(odoo, store, tmp_path).load(contacts(1, phone="+31 20 1"))
        fake.calls.clear()
        report = loader(odoo, store, tmp_path).load(contacts(1, phone="+31 20 1"))

    assert report.unchanged == ["patient_1"]
    assert ("res.partner", "write") not in fake.calls


def test_a_call_still_running_at_rollback_leaves_nothing_behind(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """A killed load that would commit during the rollback meets the fence and fails whole."""
    came: list[object] = []

    def late_load(_: float) -> None:
        came.append(_late_load(fake)["ids"])

    with fake.client() as odoo:
        loader(odoo, store, tmp_path).load(contacts(1))
        store.destination.intend("migrate", "load", "res.partner", keys=["patient_2"])
        plan = plan_rollback(odoo, store, module=MODULE)
        # it waits once, with the fence standing, for just such a call
        report = apply_rollback(odoo, store, plan, sleep=late_load)

    assert came == [False]
    assert report.removed == {"res.partner": 1}
    assert fake.records("res.partner") == []
    assert fake.external_ids() == []


def test_a_fence_is_never_taken_for_a_record(fake: FakeOdoo, store: Store, tmp_path: Path) -> None:
    """A loader that another folder's rollback overtakes is refused, and links nothing to it."""
    load = fake._load

    def overtaken(*who: Any, **arguments: Any) -> fake_odoo.Row:  # noqa: ANN401 - passed on as it is
        for number in (1, 2):
            if f"patient_{number}" not in fake.external_ids():
                fake.call(2, "ir.model.data", "create", {"vals_list": [
                    {"module": MODULE, "name": f"patient_{number}", "model": "res.lang",
                     "res_id": 1}
                ]})  # fmt: skip
        return load(*who, **arguments)

    vars(fake)["_load"] = overtaken
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1, 2))

    assert {item.external_id for item in report.refused} == {"patient_1", "patient_2"}
    assert list(store.destination.links()) == []
    assert fake.records("res.partner") == []


@pytest.mark.parametrize("known", [False, True])
def test_a_load_does_not_start_into_a_rollback_of_another_folder(
    fake: FakeOdoo, store: Store, tmp_path: Path, *, known: bool
) -> None:
    """Its fences are no records: none is taken over, and the person is told what is going on."""
    fake.call(2, "ir.model.data", "create", {"vals_list": [
        {"module": MODULE, "name": "patient_1", "model": "res.lang", "res_id": 1}
    ]})  # fmt: skip
    if known:  # it was under way when this tool was killed
        store.destination.intend("migrate", "load", "res.partner", keys=["patient_1"])
    with fake.client() as odoo, pytest.raises(GateError, match="rolled back"):
        loader(odoo, store, tmp_path).load(contacts(1, 2))

    assert list(store.destination.links()) == []
    assert fake.records("res.partner") == []
    assert fake.external_ids() == ["patient_1"]


def test_an_external_id_that_leads_elsewhere_is_refused_by_name(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """What somebody else gave our name to is not taken over; the others land."""
    fake.call(2, "ir.model.data", "create", {"vals_list": [
        {"module": MODULE, "name": "patient_1", "model": "res.users", "res_id": 7}
    ]})  # fmt: skip
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1, 2))

    assert [item.external_id for item in report.refused] == ["patient_1"]
    assert [link.external_id for link in store.destination.links()] == ["patient_2"]


def _late_load(fake: FakeOdoo) -> fake_odoo.Row:
    answer: fake_odoo.Row = fake.call(2, "res.partner", "load", {
        "fields": ["id", "name"], "data": [[f"{MODULE}.patient_2", "Late"]],
    })  # fmt: skip
    return answer


@pytest.mark.odoo
@pytest.mark.parametrize("after", [0, 60, 200], ids=lambda after: f"{after} bytes")
def test_the_real_odoo_makes_no_second_partner_when_its_reply_is_cut(
    real: OdooConnection, store: Store, tmp_path: Path, after: int
) -> None:
    """Through a proxy that lets the real server commit and then cuts its answer."""
    numbers = (1000 + after, 2000 + after)
    with cutting_proxy.cutting(real.url) as proxy, real_odoo.client(real, url=proxy.url) as odoo:
        proxy.cut(f'patient_{numbers[0]}",', after=after)
        report = loader(odoo, store, tmp_path).load(contacts(*numbers))
        emails = [f"p{number}@example.org" for number in numbers]
        count = odoo.call("res.partner", "search_count", domain=[["email", "in", emails]])

    assert proxy.cuts == 1
    assert report.created == [f"patient_{number}" for number in numbers]
    assert count == 2


@pytest.mark.odoo
def test_two_loads_of_the_same_rows_at_once_make_each_record_once(
    real: OdooConnection, tmp_path: Path
) -> None:
    """The rule that settling rests on: whichever call commits second meets the unique index."""
    numbers = range(5000, 5150)
    stores = [Store(tmp_path / f"state{place}.sqlite") for place in (1, 2)]
    clients = [real_odoo.client(real) for _ in stores]
    loaders = [loader(odoo, one, tmp_path) for odoo, one in zip(clients, stores, strict=True)]
    reports: list[int] = []

    def run(one: Loader) -> None:
        reports.append(one.load(contacts(*numbers)).rows)

    threads = [threading.Thread(target=run, args=(one,)) for one in loaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    emails = [f"p{number}@example.org" for number in numbers]
    count = clients[0].call("res.partner", "search_count", domain=[["email", "in", emails]])
    for odoo, one in zip(clients, stores, strict=True):
        odoo.close()
        one.close()

    assert reports == [150, 150]
    assert count == 150


def _load_and_lose(killed: Loader, rows: list[LoadRow]) -> None:
    """Whatever the killed tool would have made of its answer, nobody hears of it."""
    with suppress(WorkbenchError):
        killed.load(rows)


def _count(dsn: str, query: str) -> int:
    with psycopg.connect(dsn) as db:
        return next(int(row[0]) for row in db.execute(query.encode()))


@pytest.mark.odoo
def test_a_real_call_in_flight_is_fenced_off_and_fails_whole(
    odoo_db: OdooConnection, store: Store, tmp_path: Path
) -> None:
    """A load that runs while its tool is dead, and a rollback starts, leaves no record behind."""
    dsn, waits = odoo_db.dsn, list[float]()
    with real_odoo.client(odoo_db) as odoo, psycopg.connect(dsn) as holder:
        small_load.prepare(odoo, store)
        rows = [small_load.partner(number) for number in range(1, 201)]
        keys = [row.external_id for row in rows]
        store.destination.intend("migrate", "load", "res.partner", keys=keys)
        rollback = plan_rollback(odoo, store, module=MODULE)
        other = Store(tmp_path / "killed.sqlite")
        killed = real_odoo.client(odoo_db)
        load = threading.Thread(
            target=_load_and_lose, args=(loader(killed, other, tmp_path), rows), daemon=True
        )
        # patients refer to their country: the load stays in its middle until this lock is let go
        holder.execute("SELECT FROM res_country WHERE code='NL' FOR UPDATE")
        load.start()
        wait_until(lambda: _count(dsn, WAITING) >= 1, seconds=60, what="the load is in its middle")

        def let_go() -> None:
            wait_until(lambda: _count(dsn, FENCES) == len(keys), seconds=60, what="the fence")
            holder.rollback()

        fence = threading.Thread(target=let_go)
        fence.start()

        def late(seconds: float) -> None:
            waits.append(seconds)
            load.join()

        report = apply_rollback(odoo, store, rollback, sleep=late)
        fence.join()
        left = odoo.call("res.partner", "search_count", domain=[["email", "like", "@example.org"]])
        names = odoo.call("ir.model.data", "search_count", domain=[["module", "=", MODULE]])
        killed.close()
        other.close()

    assert len(waits) == 1
    assert "res.partner" not in report.removed
    assert (left, names) == (0, 0)
