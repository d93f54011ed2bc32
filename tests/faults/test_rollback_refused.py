"""A value that Odoo does not take back: told once, and never called done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fake_odoo, small_load
from tests.support.fake_odoo import FakeOdoo, RefusedError
from tests.support.made_runs import made_run
from workbench.errors import DecisionNeededError, GateError, UsageError
from workbench.mapping.rows import LoadRow
from workbench.odoo import NewLink, apply_rollback, plan_rollback
from workbench.phases import gates
from workbench.run import Run
from workbench.state import How, Status

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
    assert found.missing[0].startswith("1 record(s) or former value(s)")
    assert found.missing[1].startswith(f"res.partner {CONTACT}: Odoo refused it back")
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


def test_a_rollback_that_died_leaves_nothing_standing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in its midst, `workbench run` begins with prepare, and the rollback can go on.

    What the stopped attempt did counts in what is told at the end; done, it is not done again.
    """
    made = ("prepare", "sample", "migrate", "reconcile")
    for phase in made:
        run.store.journey.set_phase(phase, Status.DONE, basis=gates.basis(run.store, phase))
    run.rollback.plan()
    run.rollback.approve(by="Noor Visser")
    call = run.destination.call

    def stop(model: str, method: str, /, **arguments: object) -> object:
        if (model, method) == ("ir.model.data", "unlink"):
            raise KeyboardInterrupt  # after the telephone was put back
        return call(model, method, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(run.destination, "call", stop)
        with pytest.raises(KeyboardInterrupt):
            run.rollback.apply()
    half = {name: run.store.journey.phase(name).status for name in (*made, "rollback")}
    gates.check(run, "rollback")
    run.rollback.plan()
    run.rollback.approve(by="Noor Visser")
    told = str(run.rollback.apply())
    run.rollback.prove()

    assert half == {**dict.fromkeys(made, Status.PENDING), "rollback": Status.FAILED}
    assert run.store.journey.phase("rollback").status is Status.DONE
    assert "1 put back" in told
    assert str(run.rollback.apply()).startswith("Done already")


def test_what_is_taken_along_binds_the_confirmation(fake: FakeOdoo, run: Run) -> None:
    """Another choice is another plan; the panel's one click does it and gives the proof."""
    fake.tables["res.partner"][CONTACT] |= {"write_uid": [7, "Ann"], "phone": "+31 20 555 9999"}
    run.rollback.plan()
    run.rollback.approve(by="Noor Visser")
    plan = run.rollback.replan_all()
    with pytest.raises(DecisionNeededError):
        run.rollback.go(lambda *_: None)
    run.rollback.approve(by="Noor Visser")
    proof = run.rollback.go(lambda *_: None)

    assert [one.external_id for one in plan.taken] == ["patient_1"]
    assert not fake.tables["res.partner"][CONTACT]["phone"]
    assert any("as it was before" in line for line in proof)
    assert run.rollback.judge().missing == ()


def test_a_name_that_the_run_never_had_is_refused(run: Run) -> None:
    """A misspelt external id would leave what somebody wanted gone."""
    run.rollback.known(["patient_1"])
    with pytest.raises(UsageError):
        run.rollback.known(["patient_1", "patient_2"])


def test_rights_that_are_missing_stop_it_before_it_begins(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan names them, nothing is recorded as confirmed, and nothing is removed."""
    monkeypatch.setattr(FakeOdoo, "_has_access", lambda *_, operation, **__: operation != "write")
    shown = str(run.rollback.plan())
    with pytest.raises(GateError):
        run.rollback.approve(by="Noor Visser")

    assert "may not change its records" in shown
    assert run.store.decisions.get("rollback") is None
