"""What migrations are known to have got wrong, done to ours: none of it may get through.

Each test plays the part of an Odoo, or of a line to it, on which another tool was seen to lose
records, to mix them up, to leave them standing, or to print them. That a notebook whose kernel
died is no completed one stands in `tests/notebooks/test_engine.py`.
"""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support import small_load
from tests.support.fake_odoo import FakeOdoo, RefusedError
from tests.support.small_load import contacts, loader
from workbench.errors import OdooOutcomeUnknownError, WorkbenchError
from workbench.mapping.rows import LoadRow
from workbench.odoo import NewLink, Odoo, apply_rollback, plan_rollback, read_back
from workbench.state import How, Store

MODULE = small_load.MODULE
PATIENCE = 0.3
"""Seconds that a client of these tests waits for an answer."""
SECRETS = ("Wilhelmina Zandbergen", "w.zandbergen@example.org", "+31 20 555 0199")

Method = Callable[..., Any]


def instead(fake: FakeOdoo, method: str, made: Callable[[Method], Method]) -> None:
    """Put something before one of the fake's methods."""
    vars(fake)[f"_{method}"] = made(getattr(fake, f"_{method}"))


def people(fake: FakeOdoo) -> list[str]:
    """Give the names of all contacts, oldest first."""
    return [row["name"] for row in fake.records("res.partner")]


# a batch that was not answered in time -------------------------------------------------------


def slow(number: int) -> Callable[[Method], Method]:
    """Do all that is asked, and answer one call too late, counted from 0."""
    calls = itertools.count()

    def made(inner: Method) -> Method:
        def late(*arguments: object, **named: object) -> object:
            result = inner(*arguments, **named)
            if next(calls) == number:
                time.sleep(2 * PATIENCE)
            return result

        return late

    return made


def test_a_batch_that_timed_out_is_neither_dropped_nor_called_a_success(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Odoo takes too long for the second batch: it is asked what it made, and all have a link."""
    instead(fake, "load", slow(1))
    rows = contacts(*range(1, 511))  # two calls
    with fake.client(timeout=PATIENCE) as odoo:
        report = loader(odoo, store, tmp_path).load(rows)

    assert report.refused == []
    assert sorted(report.created) == sorted(row.external_id for row in rows)
    assert len(people(fake)) == len(rows)
    assert len(set(people(fake))) == len(rows)
    assert store.destination.unsettled() == []


def test_a_batch_that_times_out_and_did_nothing_is_sent_again(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """The line hung before Odoo had begun: a time-out says nothing, so Odoo is asked."""
    hung: list[int] = []

    def made(inner: Method) -> Method:
        def load(*arguments: object, **named: object) -> object:
            if not hung:
                hung.append(1)
                time.sleep(2 * PATIENCE)
                name = "psycopg2.errors.QueryCanceled"
                raise RefusedError(name, "canceling statement", status=500)
            return inner(*arguments, **named)

        return load

    instead(fake, "load", made)
    with fake.client(timeout=PATIENCE) as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1, 2, 3))

    assert sorted(report.created) == ["patient_1", "patient_2", "patient_3"]
    assert people(fake) == ["Person 1", "Person 2", "Person 3"]


def test_an_odoo_that_never_answers_in_time_is_an_error_and_not_a_load(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Nothing more is sent than can be asked about, and the next load finds what is there."""

    def hangs(_: Method) -> Method:
        def load(*_: object, **__: object) -> object:
            time.sleep(2 * PATIENCE)
            name = "psycopg2.errors.QueryCanceled"
            raise RefusedError(name, "canceling statement", status=500)

        return load

    whole = fake._load
    instead(fake, "load", hangs)
    with fake.client(timeout=PATIENCE) as odoo, pytest.raises(WorkbenchError):
        loader(odoo, store, tmp_path).load(contacts(1, 2))

    assert store.destination.links_of(["patient_1", "patient_2"]) == {}
    vars(fake)["_load"] = whole
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1, 2))

    assert sorted(report.created) == ["patient_1", "patient_2"]
    assert people(fake) == ["Person 1", "Person 2"]


# ids by their place --------------------------------------------------------------------------


def shuffled(inner: Method) -> Method:
    """Give what a method gives, in an order of no meaning."""

    def method(*arguments: object, **named: object) -> object:
        result = inner(*arguments, **named)
        found = result["ids"] if isinstance(result, dict) else result
        if isinstance(found, list):
            random.Random(7).shuffle(found)  # noqa: S311 - any order will do
        return result

    return method


def test_which_record_is_whose_is_never_told_by_a_place_in_a_list(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Odoo promises no order: ids come shuffled, and every link leads to its own patient."""
    for method in ("load", "read", "search", "search_read"):
        instead(fake, method, shuffled)
    rows = contacts(*range(1, 60))
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(rows)
        held = {link.external_id: fake.tables["res.partner"][link.res_id]["name"]
                for link in store.destination.links(model="res.partner")}  # fmt: skip
        back = {name: values and values["name"]
                for name, values in read_back(odoo, store, "res.partner", ["name"])}  # fmt: skip
        changed = contacts(*range(1, 60), email="new@example.org")
        again = loader(odoo, store, tmp_path).load(changed)

    expected = {f"patient_{number}": f"Person {number}" for number in range(1, 60)}
    assert len(report.created) == len(rows)
    assert held == expected
    assert back == expected
    assert len(again.updated) == len(rows)
    assert {row["email"] for row in fake.records("res.partner")} == {"new@example.org"}
    assert len(people(fake)) == len(set(people(fake))) == len(rows)


def test_an_odoo_that_tells_of_fewer_records_than_it_was_given_is_not_believed(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Links come from Odoo's table of external ids, whatever the answer's list is worth."""

    def short(inner: Method) -> Method:
        def load(*arguments: object, **named: object) -> object:
            result = inner(*arguments, **named)
            return {**result, "ids": result["ids"][:1]} if result["ids"] else result

        return load

    instead(fake, "load", short)
    with fake.client() as odoo:
        report = loader(odoo, store, tmp_path).load(contacts(1, 2, 3))

    assert sorted(report.created) == ["patient_1", "patient_2", "patient_3"]
    assert len(list(store.destination.links(model="res.partner"))) == 3


# what was sent, in an error's text -----------------------------------------------------------


def quoting(status: int, name: str) -> Callable[[Method], Method]:
    """Refuse whoever's data are sent, and quote them all."""

    def made(_: Method) -> Method:
        def refuse(*_: object, **named: object) -> object:
            raise RefusedError(name, f"cannot take {json.dumps(named)}", status=status)

        return refuse

    return made


def everything(folder: Path) -> str:
    """Give all that a run folder holds, its state file's tables as text."""
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        kept = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    return repr(kept) + "".join(
        path.read_text(errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    )


@pytest.mark.parametrize(
    ("status", "name"),
    [(422, "odoo.exceptions.ValidationError"), (403, "odoo.exceptions.AccessError"),
     (500, "psycopg2.errors.NotNullViolation"), (500, "builtins.KeyError")],
    ids=["validation", "rights", "database", "unexpected"],
)  # fmt: skip
def test_no_error_repeats_what_was_sent(
    fake: FakeOdoo, store: Store, tmp_path: Path, status: int, name: str
) -> None:
    """Odoo quotes a patient in its refusal: neither error, reason, state nor ledger does."""
    person, mail, phone = SECRETS
    row = LoadRow("res.partner", "patient_1", "patients", "1",
                  {"name": person, "email": mail, "phone": phone})  # fmt: skip
    instead(fake, "load", quoting(status, name))
    said = ""
    with fake.client() as odoo:
        try:
            report = loader(odoo, store, tmp_path).load([row])
            said += repr(report.refused)
        except WorkbenchError as error:
            said += f"{error} {error!r} {error.what} {error.__cause__!r} {error.__context__!r}"
    told = said + everything(tmp_path)

    assert said
    assert [secret for secret in SECRETS if secret in told] == []


def test_no_error_of_a_change_repeats_what_was_sent(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """Likewise for a write, which a delta makes."""
    person, mail, phone = SECRETS
    with fake.client() as odoo:
        loader(odoo, store, tmp_path).load(contacts(1))
        before = everything(tmp_path)
        for method in ("load", "write"):
            instead(fake, method, quoting(422, "odoo.exceptions.ValidationError"))
        row = contacts(1, name=person, email=mail, phone=phone)
        report = loader(odoo, store, tmp_path).load(row)
    told = repr(report.refused) + everything(tmp_path)

    assert len(report.refused) == 1
    assert told.startswith("[Refusal")
    assert before != everything(tmp_path)
    assert [secret for secret in SECRETS if secret in told] == []


# a delete that half succeeds -----------------------------------------------------------------


def loaded(odoo: Odoo, store: Store, folder: Path, *, count: int) -> None:
    """Load some contacts; another one was there before."""
    old = odoo.call("res.partner", "create", vals_list=[{"name": "Anna Bos"}])[0]
    made = loader(odoo, store, folder)
    made.link([NewLink("patient_0", "res.partner", old, "patients", "0", How.LINKED)])
    made.load(contacts(*range(1, count + 1)))


@pytest.mark.parametrize("ending", ["refused", "never answered"])
def test_a_delete_of_which_odoo_did_half_is_done_to_its_end(
    fake: FakeOdoo, store: Store, tmp_path: Path, ending: str
) -> None:
    """Half of the batch is gone, and the call failed: the rest go too, and nobody else does."""
    whole: Method = fake.call
    failed: list[int] = []

    def half(user: int, model: str, method: str, arguments: dict[str, Any]) -> object:
        if (model, method) != ("res.partner", "unlink") or failed:
            return whole(user, model, method, arguments)
        failed.extend(arguments["ids"])
        whole(user, model, method, {**arguments, "ids": failed[: len(failed) // 2]})
        if ending == "never answered":
            time.sleep(2 * PATIENCE)
        name = "odoo.exceptions.UserError"
        raise RefusedError(name, "could not go on")

    with fake.client(timeout=PATIENCE) as odoo:
        loaded(odoo, store, tmp_path, count=7)
        vars(fake)["call"] = half
        plan = plan_rollback(odoo, store, module=MODULE)
        with suppress(OdooOutcomeUnknownError):
            apply_rollback(odoo, store, plan, patience=0)
        report = apply_rollback(odoo, store, plan, patience=0)
        left = plan_rollback(odoo, store, module=MODULE)

    assert len(failed) == 7
    assert people(fake) == ["Anna Bos"]
    assert fake.external_ids() == []
    assert (report.stuck, left.records) == ([], 0)
    assert store.destination.unsettled() == []


def test_one_record_that_odoo_will_not_delete_holds_up_no_other_and_is_named(
    fake: FakeOdoo, store: Store, tmp_path: Path
) -> None:
    """The whole batch is refused for one's sake: the others go, and that one is told of."""

    def keeps(inner: Method) -> Method:
        def unlink(user: int, model: str, ids: list[int], **named: object) -> object:
            names = [fake.tables[model][one].get("name") for one in ids]
            if model == "res.partner" and "Person 4" in names:
                name = "odoo.exceptions.UserError"
                raise RefusedError(name, "Person 4 is needed by an invoice")
            return inner(user, model, ids, **named)

        return unlink

    with fake.client() as odoo:
        loaded(odoo, store, tmp_path, count=7)
        instead(fake, "unlink", keeps)
        plan = plan_rollback(odoo, store, module=MODULE)
        report = apply_rollback(odoo, store, plan, patience=0)
        left = plan_rollback(odoo, store, module=MODULE)

    assert sorted(people(fake)) == ["Anna Bos", "Person 4"]
    assert [one.external_id for one in report.stuck] == ["patient_4"]
    assert "Person 4" not in repr(report)
    assert [name for part in left.remove for name in part.external_ids] == ["patient_4"]
