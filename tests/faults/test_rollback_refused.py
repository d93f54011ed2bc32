"""A value that Odoo does not take back: told once, and never called done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fake_odoo, small_load
from tests.support.fake_odoo import FakeOdoo, RefusedError
from tests.support.made_runs import made_run
from workbench.mapping.rows import LoadRow
from workbench.odoo import NewLink, apply_rollback, plan_rollback
from workbench.run import Run
from workbench.state import How

CONTACT = 50


@pytest.fixture
def fake() -> Iterator[FakeOdoo]:
    """A fake Odoo on loopback that has one contact, and takes nothing back for it."""
    with fake_odoo.serving() as fake:
        fake.tables["res.partner"][CONTACT] = {
            "id": CONTACT, "name": "Anna Bos", "email": "anna@example.org", "phone": False,
            "create_date": "2026-01-01 00:00:00", "write_uid": [2, "Admin"],
        }  # fmt: skip
        yield fake


@pytest.fixture
def run(fake: FakeOdoo, tmp_path: Path) -> Iterator[Run]:
    """A run that has filled the contact's empty telephone."""
    run = made_run(tmp_path)
    run.destination = fake.client()
    loader = small_load.loader(run.destination, run.store, run.folder, module=run.config.module)
    loader.link([NewLink("patient_1", "res.partner", CONTACT, "patients", "1", How.LINKED)])
    values = {"name": "Anna Bos", "email": "anna@example.org", "phone": "+31 20 555 0001"}
    loader.load([LoadRow("res.partner", "patient_1", "patients", "1", dict(values))])
    assert fake.tables["res.partner"][CONTACT]["phone"] == values["phone"]
    yield run
    run.destination.close()


def refuse_writes(fake: FakeOdoo) -> None:
    """Let nobody write a contact from now on."""

    def refuse(*_: object, **__: object) -> bool:
        name = "odoo.exceptions.ValidationError"
        raise RefusedError(name, "no")

    vars(fake)["_write"] = refuse


def test_a_value_that_odoo_refuses_back_is_told_once(fake: FakeOdoo, run: Run) -> None:
    """It is tried, listed and left: three passes do not make three complaints of it."""
    module = run.config.module
    plan = plan_rollback(run.destination, run.store, module=module)
    refuse_writes(fake)

    report = apply_rollback(run.destination, run.store, plan, patience=0.0)

    assert [item.external_id for item in report.stuck] == [f"res.partner {CONTACT}"]
    assert report.restored == 0


def test_a_rollback_that_left_a_value_behind_is_not_done(fake: FakeOdoo, run: Run) -> None:
    """The verdict names it, and nobody reads that all is as it was."""
    run.rollback.plan()
    run.rollback.approve(by="Noor Visser")
    refuse_writes(fake)
    run.rollback.apply()
    run.rollback.prove()

    found = run.rollback.judge()
    assert len(found.missing) == 1
    assert found.missing[0].startswith("1 record(s) or former value(s)")
    assert "but for" in str(run.rollback.result())


def test_a_value_that_went_back_is_done(fake: FakeOdoo, run: Run) -> None:
    """The same without the refusal: nothing is left, and the contact is as it was."""
    run.rollback.plan()
    run.rollback.approve(by="Noor Visser")
    run.rollback.apply()
    run.rollback.prove()

    assert run.rollback.judge().missing == ()
    assert "but for" not in str(run.rollback.result())
    assert not fake.tables["res.partner"][CONTACT]["phone"]


def test_looking_again_sees_what_changed_meanwhile(fake: FakeOdoo, run: Run) -> None:
    """A person who runs the plan's cell again sees Odoo as it is now."""
    first = str(run.rollback.plan())
    fake.tables["res.partner"][CONTACT]["write_uid"] = [7, "Ann"]
    fake.tables["res.partner"][CONTACT]["phone"] = "+31 20 555 9999"

    assert str(run.rollback.plan()) != first
