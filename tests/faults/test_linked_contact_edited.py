"""A contact that was linked and filled, and that people go on working with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fake_odoo, small_load
from tests.support.fake_odoo import Cut, FakeOdoo
from tests.support.made_runs import made_run
from workbench.errors import OdooOutcomeUnknownError
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.odoo import LoadReport, NewLink, apply_rollback, plan_rollback
from workbench.run import Run
from workbench.state import How

CONTACT, OWN_TAG, OUR_TAG, LATER_TAG = 50, 61, 62, 63
ANN = [7, "Ann"]
PHONE = "+31 20 555 0001"


@pytest.fixture
def fake() -> Iterator[FakeOdoo]:
    """A fake Odoo on loopback that has one contact with a tag of its own."""
    with fake_odoo.serving() as fake:
        fake.tables["res.partner"][CONTACT] = {
            "id": CONTACT, "name": "Anna Bos", "email": False, "phone": False,
            "category_id": [OWN_TAG], "is_company": False,
            "create_date": "2026-01-01 00:00:00", "write_uid": [2, "Admin"],
        }  # fmt: skip
        for number, name in ((OWN_TAG, "Newsletter"), (OUR_TAG, "PracticeHub patient"),
                             (LATER_TAG, "Fair")):  # fmt: skip
            fake.tables["res.partner.category"][number] = {
                "id": number, "name": name, "active": True,
            }  # fmt: skip
        yield fake


@pytest.fixture
def run(fake: FakeOdoo, tmp_path: Path) -> Iterator[Run]:
    """A run that has linked the contact and filled its telephone."""
    run = made_run(tmp_path)
    run.destination = fake.client()
    load(run, phone=PHONE)
    yield run
    run.destination.close()


def load(run: Run, **values: Value) -> LoadReport:
    """Link the contact and load the patient."""
    loader = small_load.loader(run.destination, run.store, run.folder, module=run.config.module)
    loader.link([NewLink("patient_1", "res.partner", CONTACT, "patients", "1", How.LINKED)])
    tags = (Ref(RefKind.TAG, "PracticeHub patient"),)
    row = {"name": "Anna Bos", "category_id": tags, **values}
    return loader.load([LoadRow("res.partner", "patient_1", "patients", "1", row)])


def test_what_a_person_changed_in_a_field_that_we_filled_stays(fake: FakeOdoo, run: Run) -> None:
    """The clinic corrects the number in Odoo; a later change in PracticeHub does not undo that."""
    contact = fake.tables["res.partner"][CONTACT]
    contact |= {"phone": "+31 20 555 0002", "write_uid": ANN}
    report = load(run, phone="+31 20 555 0003")

    assert contact["phone"] == "+31 20 555 0002"
    assert [(one.external_id, one.field) for one in report.kept] == [("patient_1", "phone")]


def test_what_only_practicehub_changed_since_is_brought_over(fake: FakeOdoo, run: Run) -> None:
    """A field that was empty before us and that nobody touched follows its source."""
    load(run, phone="+31 20 555 0003")

    assert fake.tables["res.partner"][CONTACT]["phone"] == "+31 20 555 0003"


def test_a_first_write_that_never_reached_odoo_is_made_by_the_next_load(
    fake: FakeOdoo, run: Run
) -> None:
    """What was never in Odoo is not taken for something that a person emptied."""
    contact = fake.tables["res.partner"][CONTACT]
    fake.cuts.append(Cut("write", after=None))
    with pytest.raises(OdooOutcomeUnknownError):
        load(run, phone=PHONE, email="anna@example.org")
    lost = contact["email"]
    load(run, phone=PHONE, email="anna@example.org")

    assert lost is False
    assert contact["email"] == "anna@example.org"


def test_a_first_write_whose_answer_was_lost_is_known_as_ours_later(
    fake: FakeOdoo, run: Run
) -> None:
    """It did reach Odoo: when the source changes again before the next load, it is followed."""
    fake.cuts.append(Cut("write", after=0))
    with pytest.raises(OdooOutcomeUnknownError):
        load(run, phone=PHONE, email="anna@example.org")
    load(run, phone=PHONE, email="anna.bos@example.org")

    assert fake.tables["res.partner"][CONTACT]["email"] == "anna.bos@example.org"


def test_a_rollback_takes_no_tag_away_that_a_person_gave(fake: FakeOdoo, run: Run) -> None:
    """The telephone goes back; the list of tags is left to whoever changed it since."""
    contact = fake.tables["res.partner"][CONTACT]
    contact |= {"category_id": [OWN_TAG, OUR_TAG, LATER_TAG], "write_uid": ANN}
    plan = plan_rollback(run.destination, run.store, module=run.config.module)
    apply_rollback(run.destination, run.store, plan, patience=0.0)

    assert {OWN_TAG, LATER_TAG} <= set(contact["category_id"])
    assert contact["phone"] is False


def test_a_rollback_of_a_contact_nobody_touched_puts_every_field_back(
    fake: FakeOdoo, run: Run
) -> None:
    """Tags and telephone are as they were, the contact stays, and our name for it is gone."""
    contact = fake.tables["res.partner"][CONTACT]
    filled = (contact["phone"], contact["category_id"])
    plan = plan_rollback(run.destination, run.store, module=run.config.module)
    apply_rollback(run.destination, run.store, plan, patience=0.0)

    assert filled[0] == PHONE
    assert contact["phone"] is False
    assert contact["category_id"] in ([OWN_TAG], [[6, 0, [OWN_TAG]]])
    assert fake.external_ids() == []


def test_what_is_as_it_was_is_not_written_back(fake: FakeOdoo, run: Run) -> None:
    """Somebody emptied the field again: there is nothing to put back there."""
    fake.tables["res.partner"][CONTACT]["phone"] = False
    plan = plan_rollback(run.destination, run.store, module=run.config.module)

    assert [one.fields for one in plan.restore] == [("category_id",)]
