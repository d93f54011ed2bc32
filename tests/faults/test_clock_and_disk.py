"""A clock that is set back and a disk that is full, in the middle of a load or a rollback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import small_load
from tests.support.fake_odoo import FakeOdoo
from tests.support.small_load import contacts, loader
from workbench.errors import StorageFullError
from workbench.odoo import apply_rollback, plan_rollback
from workbench.state import OperationStatus, Store, _clock

MODULE = small_load.MODULE
PEOPLE = range(1, 41)


# the clock -----------------------------------------------------------------------------------


def test_a_call_sent_by_a_clock_that_ran_ahead_is_waited_for_all_the_same(
    fake: FakeOdoo, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It was given up, the clock was put right, and the call commits during the rollback.

    Its age is below zero, and says nothing: it may still run, and nothing of it may be left.
    """
    came: list[object] = []

    def late_load(_: float) -> None:
        if came:
            return
        answer: Any = fake.call(
            2, "res.partner", "load",
            {"fields": ["id", "name"], "data": [[f"{MODULE}.patient_2", "Person 2"]]},
        )  # fmt: skip
        came.append(answer["ids"])

    with fake.client() as odoo:
        loader(odoo, store, tmp_path).load(contacts(1))
        ahead = (datetime.now(UTC) + timedelta(hours=2)).isoformat(timespec="milliseconds")
        with monkeypatch.context() as clock:
            clock.setattr("workbench.state.destination.now", lambda: ahead)
            sent = store.destination.intend("migrate", "load", "res.partner", keys=["patient_2"])
        store.destination.close(sent, OperationStatus.UNKNOWN)
        loader(odoo, store, tmp_path).load(contacts(1))  # it asks what the call did: nothing yet
        plan = plan_rollback(odoo, store, module=MODULE)
        apply_rollback(odoo, store, plan, sleep=late_load)

    assert len(came) == 1
    assert fake.records("res.partner") == []
    assert fake.external_ids() == []


def test_a_clock_set_back_breaks_no_chain_and_loses_no_order(
    fake: FakeOdoo, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Rows are told apart by their number: what was done later stays later, and is found so."""
    with fake.client() as odoo:
        loader(odoo, store, tmp_path).load(contacts(*PEOPLE))
        early = "2001-01-01T00:00:00.000Z"
        for room in ("ledger", "destination"):
            monkeypatch.setattr(f"workbench.state.{room}.now", lambda: early)
        report = loader(odoo, store, tmp_path).load(contacts(*PEOPLE, email="new@example.org"))
    entries = list(store.ledger.entries())

    assert len(report.updated) == len(PEOPLE)
    assert entries[-1].at == early < _clock.now()
    assert [one.computed() for one in entries] == [one.hash for one in entries]
    assert {row["email"] for row in fake.records("res.partner")} == {"new@example.org"}


# the disk ------------------------------------------------------------------------------------


def full_from(store: Store, method: str, fake: FakeOdoo) -> Callable[[], None]:
    """Let the state file find no further page once Odoo has done a call of this method.

    Returns:
        What makes room again.
    """
    inner = getattr(fake, f"_{method}")

    def call(*arguments: object, **named: object) -> object:
        result = inner(*arguments, **named)
        pages = store.db.execute("PRAGMA page_count").fetchone()[0]
        store.db.execute(f"PRAGMA max_page_count={pages}")
        return result

    vars(fake)[f"_{method}"] = call

    def room() -> None:
        vars(fake)[f"_{method}"] = inner
        store.db.execute("PRAGMA max_page_count=1000000000")

    return room


def test_a_state_file_that_is_full_after_odoo_has_committed_makes_nothing_twice(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """What the answer said cannot be written down; with room again Odoo is asked, not told."""
    room = full_from(store, "load", fake)
    rows = contacts(*range(1, 901))  # two calls
    with fake.client() as odoo:
        with pytest.raises(StorageFullError):
            loader(odoo, store, tmp_path).load(rows)
        made = len(fake.records("res.partner"))
        room()
        report = loader(odoo, store, tmp_path).load(rows)

    assert 0 < made < len(rows)
    assert report.refused == []
    assert len(fake.records("res.partner")) == len(set(fake.external_ids())) == len(rows)
    assert store.destination.unsettled() == []


def test_a_state_file_that_is_full_during_a_rollback_leaves_it_to_be_finished(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Half is out when the disk fills: with room again the rest goes, and the books are right."""
    with fake.client() as odoo:
        loader(odoo, store, tmp_path).load(contacts(*range(1, 1201)))
        plan = plan_rollback(odoo, store, module=MODULE)
        room = full_from(store, "unlink", fake)
        with pytest.raises(StorageFullError):
            apply_rollback(odoo, store, plan, patience=0)
        left = len(fake.records("res.partner"))
        room()
        apply_rollback(odoo, store, plan, patience=0)

    assert 0 < left < 1200
    assert fake.records("res.partner") == []
    assert list(store.destination.links(model="res.partner")) == []
    assert store.destination.unsettled() == []
