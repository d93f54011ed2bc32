"""Whatever happens to the loader, in whatever order: nothing twice, nothing lost, all undone.

A machine of rules loads a clinic that changes, into an Odoo in which people work, over a line
that loses calls before and after Odoo did them, with a tool that is killed and started again.
After every step the fake's own tables are looked at, and on a copy all is rolled back.
"""

from __future__ import annotations

import copy
import os
import shutil
import sqlite3
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.fake_line import FakeLine, Killed, Trouble, one_at_a_time, patient
from tests.support.fake_odoo import FakeOdoo, Row
from tests.support.small_load import MODULE, attachment, loader
from workbench.errors import WorkbenchError
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.odoo import LoadReport, NewLink, apply_rollback, plan_rollback
from workbench.state import How, Store

ALL = bool(os.environ.get("WORKBENCH_TESTS_ALL"))
EXAMPLES = 2000 if ALL else 60
"""Clinics that are loaded; the same ones each time."""
STEPS = 12

ADMIN, ANN = 2, 7
STAFF, DOCTOR = 50, 51
"""Contacts that were in Odoo before."""
MODELS = ("res.partner", "mail.message", "ir.attachment")
FIELDS = ("phone", "email", "comment")
PATIENTS = range(1, 6)

troubles = st.lists(st.one_of(st.none(), st.sampled_from(Trouble)), max_size=6)
patients = st.sampled_from(PATIENTS)


class Loading(RuleBasedStateMachine):
    """One clinic, one Odoo, one run folder."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")  # noqa: S108 - only where to make a folder of one's own
        root = memory if memory.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="loading-", dir=root))
        self.fake = FakeOdoo()
        for number in (STAFF, DOCTOR):
            self.fake.tables["res.partner"][number] = {
                "id": number, "name": f"Colleague {number}", "phone": "", "email": "",
                "create_date": "2026-01-01 00:00:00", "create_uid": [ADMIN, "x"],
                "write_uid": [ADMIN, "x"], "category_id": [],
            }  # fmt: skip
        for place, (name, to) in enumerate(
            (("parent_id", "res.partner"), ("create_uid", "res.users"))
        ):
            self.fake.tables["ir.model.fields"][place] = {
                "id": place, "model": "res.partner", "name": name, "relation": to,
                "ttype": "many2one", "on_delete": "set null", "relation_table": False,
                "store": True, "model_id.transient": False,
            }  # fmt: skip
        self.before = self.fake.copied()
        self.line = FakeLine(self.fake)
        self.undone: object = None
        """What stood when a copy was rolled back last."""
        self.turns: dict[int, int] = dict.fromkeys(PATIENTS[:2], 0)
        """Patient → how often the source changed."""
        self.letters: set[int] = set()
        self.edited: set[tuple[str, int, str]] = set()
        """Model, number and field that people wrote."""
        self.touched: dict[tuple[str, int], str] = {}
        """Records that people had to do with, and what they did."""
        self.made: set[tuple[str, int]] = set()
        """Records that people made."""
        self.deleted: set[str] = set()
        """External ids of records that people deleted."""
        self.open()

    # the tool --------------------------------------------------------------------------------

    def open(self) -> None:
        """Open state and client, as a process does that begins."""
        self.store = Store(self.folder / "state.sqlite")
        self.store.db.execute("PRAGMA synchronous=OFF")  # no power is cut here
        self.odoo = self.line.client()

    def close(self) -> None:
        """Lose what a process loses that ends."""
        self.odoo.close()
        self.store.close()

    def rows(self) -> list[LoadRow]:
        """Give what the source holds now."""
        people = [
            LoadRow("res.partner", f"patient_{number}", "patients", str(number),
                    {"name": f"Person {number}", "phone": f"+31 20 {number} {turn}",
                     "email": f"p{number}.{turn // 2}@example.org",
                     "comment": f"<p>Turn {turn // 3}</p>"})
            for number, turn in self.turns.items()
        ]  # fmt: skip
        about = [Ref(RefKind.RECORD, f"patient_{number}") for number in self.turns]
        notes = [
            LoadRow("mail.message", f"note_{number}", "clinical_notes", str(number),
                    {"model": "res.partner", "res_id": ref, "message_type": "comment",
                     "subject": f"Note {turn}"})
            for (number, turn), ref in zip(self.turns.items(), about, strict=True)
        ]  # fmt: skip
        files = [
            attachment(number, number, self.folder, b"%PDF " + b"x" * number, f"{number}.pdf")
            for number in sorted(self.letters & self.turns.keys())
        ]
        return [*people, *notes, *files]

    def colleague(self) -> LoadRow:
        """Give what the source says of somebody who was in Odoo before."""
        turn = sum(self.turns.values())
        return LoadRow("res.partner", "practitioner_1", "practitioners", "1",
                       {"name": "Dr. Other", "phone": f"+31 30 {turn // 2}",
                        "email": "dr@example.org"})  # fmt: skip

    def tried(self, work: Callable[[], object]) -> bool:
        """Do something that may fail as Odoo fails, and in no other way; say whether it ended."""
        try:
            work()
        except WorkbenchError:
            return False
        except Killed:
            self.close()
            self.open()
            return False
        finally:
            self.line.troubles.clear()
        return True

    def load(self) -> None:
        """Bring Odoo to what the source holds."""
        with one_at_a_time(), patient(self.time_passes):
            made = loader(self.odoo, self.store, self.folder)
            made.link([NewLink("practitioner_1", "res.partner", DOCTOR, "practitioners", "1",
                               How.LINKED)])  # fmt: skip
            self.report = made.load([self.colleague(), *self.rows()])

    def rollback(self) -> None:
        """Take all out again."""
        plan = plan_rollback(self.odoo, self.store, module=MODULE)
        apply_rollback(self.odoo, self.store, plan, patience=1e6, sleep=self.time_passes)

    def time_passes(self, _seconds: float) -> None:
        """Wait long enough for whatever was under way."""
        self.line.arrive()

    # what may happen -------------------------------------------------------------------------

    @rule(number=patients)
    def the_source_changes(self, number: int) -> None:
        """A patient is new in PracticeHub, or changes."""
        self.turns[number] = self.turns.get(number, -1) + 1

    @rule(number=patients)
    def a_letter_comes(self, number: int) -> None:
        """A patient has a file."""
        self.letters.add(number)

    @rule(wrong=troubles)
    def all_is_loaded(self, wrong: list[Trouble | None]) -> None:
        """A load begins; where it ends well, Odoo is as the source says."""
        self.line.troubles = deque(wrong)
        if self.tried(self.load):
            self.check_loaded(self.report)

    @rule(wrong=troubles)
    def all_is_rolled_back(self, wrong: list[Trouble | None]) -> None:
        """A rollback begins; where it ends well, Odoo is as it was."""
        self.line.troubles = deque(wrong)
        if self.tried(self.rollback):
            self.check_gone(self.fake.tables)
            names = {row["name"] for row in self.fake.records("ir.model.data")}
            assert {link.external_id for link in self.store.destination.links()} == names
            assert self.store.destination.unsettled() == []

    @rule()
    def a_late_call_arrives(self) -> None:
        """What was thought lost is done after all."""
        self.line.arrive()

    @precondition(lambda self: self.ours("res.partner"))
    @rule(data=st.data(), field=st.sampled_from(FIELDS))
    def somebody_edits(self, data: st.DataObject, field: str) -> None:
        """A person changes a field of a patient in Odoo."""
        number = data.draw(st.sampled_from(self.ours("res.partner")))
        self.line.arrive()
        if number in self.fake.tables["res.partner"]:
            self.write(number, field, f"by Ann {len(self.edited)}")
            self.touched["res.partner", number] = "edited"

    @rule(field=st.sampled_from(["phone", "email"]))
    def somebody_edits_a_colleague(self, field: str) -> None:
        """A person changes a field of a contact that was there before."""
        self.line.arrive()
        self.write(DOCTOR, field, f"by Ann {len(self.edited)}")

    @precondition(lambda self: self.ours("res.partner"))
    @rule(data=st.data(), what=st.sampled_from(["mail.message", "mail.activity", "res.partner"]))
    def somebody_adds(self, data: st.DataObject, what: str) -> None:
        """A person answers, plans or ties a contact to a patient."""
        number = data.draw(st.sampled_from(self.ours("res.partner")))
        self.line.arrive()
        if number not in self.fake.tables["res.partner"]:
            return  # it went while they looked at it
        values = {
            "mail.message": {"model": "res.partner", "res_id": number, "message_type": "comment"},
            "mail.activity": {"res_model": "res.partner", "res_id": number},
            "res.partner": {"name": "Of Ann's", "parent_id": [number, "x"]},
        }[what]
        made = self.fake.call(ANN, what, "create", {"vals_list": [values]})[0]
        self.made.add((what, made))
        self.touched["res.partner", number] = "tied"

    @precondition(lambda self: self.ours("res.partner"))
    @rule(data=st.data())
    def somebody_deletes(self, data: st.DataObject) -> None:
        """A person deletes a patient, and with it, as Odoo does, all that hangs on it."""
        number = data.draw(st.sampled_from(self.ours("res.partner")))
        self.delete("res.partner", number)
        for row in self.fake.records("res.partner"):
            if row.get("parent_id") == [number, "x"]:
                row["parent_id"] = False

    # helpers ---------------------------------------------------------------------------------

    def ours(self, model: str) -> list[int]:
        """List the records of a model that we made and that are there."""
        return sorted(
            number for number, row in self.fake.tables[model].items()
            if number not in self.before[model] and row["create_uid"][0] == ADMIN
        )  # fmt: skip

    def write(self, number: int, field: str, value: str) -> None:
        """Write as a person does."""
        values = {"ids": [number], "vals": {field: value}}
        self.fake.call(ANN, "res.partner", "write", values)
        self.edited.add(("res.partner", number, field))

    def delete(self, model: str, number: int) -> None:
        """Delete as a person does, and with it what hangs on it."""
        before = set(self.fake.external_ids())
        self.fake.call(ANN, model, "unlink", {"ids": [number]})
        self.deleted |= before.difference(self.fake.external_ids())
        self.made = {one for one in self.made if one[1] in self.fake.tables[one[0]]}
        self.touched.pop((model, number), None)

    # what must be so -------------------------------------------------------------------------

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """Every record of ours has one external id, and every external id a record (P2)."""
        data = self.fake.records("ir.model.data")
        real = [row for row in data if row["model"] != "res.lang"]
        leads = [(row["model"], row["res_id"]) for row in real]
        assert len({row["name"] for row in data}) == len(data)
        mine = {(model, number) for model in MODELS for number in self.ours(model)}
        assert sorted(mine) == sorted(key for key in leads if key[1] != DOCTOR)
        there = {row["name"]: (row["model"], row["res_id"]) for row in real}
        destination = self.store.destination
        gone = self.deleted.union(
            *(one.keys for one in destination.unsettled() if one.kind == "unlink")
        )
        for link in destination.links():
            stands = there.get(link.external_id)
            assert stands == (link.model, link.res_id) or link.external_id in gone

    @invariant()
    def all_can_be_undone(self) -> None:
        """On a copy of Odoo and run folder, a rollback leaves what was there, and people's (P3)."""
        stands = (self.fake.copied(), self.store.ledger.head(), len(self.line.late))
        if stands == self.undone:
            return
        self.undone = stands
        other = object.__new__(Loading)
        vars(other).update(vars(self))
        other.folder = Path(tempfile.mkdtemp(dir=self.folder))
        with sqlite3.connect(other.folder / "state.sqlite") as target:
            self.store.db.backup(target)
        target.close()
        other.fake = copy.copy(self.fake)
        other.fake.tables = self.fake.copied()
        # what is under way in one Odoo is under way in its copy
        other.line = FakeLine(other.fake, late=list(self.line.late))
        other.open()
        try:
            other.rollback()
            other.check_gone(other.fake.tables)
        finally:
            other.close()
            shutil.rmtree(other.folder)

    def check_loaded(self, report: LoadReport) -> None:
        """Every row is in Odoo as the source has it, or it is said why not (P1)."""
        told = {(one.external_id, one.field) for one in report.kept}
        refused = {one.external_id for one in report.refused}
        assert report.rows == 1 + len(self.rows())
        for row in [self.colleague(), *self.rows()]:
            link = self.store.destination.link(row.external_id)
            if row.external_id in refused | self.deleted:
                continue
            assert link is not None
            record = self.fake.tables[row.model][link.res_id]
            for name, value in row.values.items():
                if (row.model, link.res_id, name) in self.edited or (row.external_id, name) in told:
                    continue
                assert self.same(record.get(name), value), (row.external_id, name)

    def same(self, held: object, value: object) -> bool:
        """Compare a cell with what was expected."""
        if isinstance(value, Ref):
            link = self.store.destination.link(value.key)
            return link is not None and held == link.res_id
        return held == value

    def check_gone(self, tables: Mapping[str, Mapping[int, Row]]) -> None:
        """Nothing of ours is left but what people had to do with, and what that hangs on."""
        kept = set(self.touched)
        for model, rows in tables.items():
            if model == "ir.model.data":
                continue
            new = {number for number in rows if number not in self.before[model]}
            of_people = {number for name, number in self.made if name == model}
            ours = {number for name, number in kept if name == model}
            assert new == of_people | ours, (model, new, of_people, ours)
        for number in (STAFF, DOCTOR):
            now, then = tables["res.partner"][number], self.before["res.partner"][number]
            for name in FIELDS:
                if ("res.partner", number, name) not in self.edited:
                    assert (now.get(name) or "") == (then.get(name) or ""), name

    # the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Leave all quiet: a load ends, a second one writes nothing, a rollback leaves nothing."""
        try:
            self.line.arrive()
            assert self.tried(self.load)
            self.check_loaded(self.report)
            self.fake.calls.clear()
            assert self.tried(self.load)
            writes = [call for call in self.fake.calls if call[1] in {"load", "write", "create"}]
            assert writes == []
            self.all_is_rolled_back(wrong=[])
        finally:
            self.close()
            shutil.rmtree(self.folder)


def test_nothing_is_lost_or_doubled_whatever_happens_to_the_loader() -> None:
    """Lost calls, late calls, kills, people's work, drift: P1, P2 and P3 hold after every step."""
    run_state_machine_as_test(
        Loading,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=True, deadline=None,
            database=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.fixture
def life() -> Iterator[Loading]:
    """A clinic and an Odoo to which single things happen; left quiet, all must come right."""
    life = Loading()
    yield life
    life.all_can_be_undone()
    life.teardown()


def test_a_record_that_people_deleted_is_made_anew_after_a_rollback(life: Loading) -> None:
    """Its link does not outlive the rollback: load, rollback and load equal one load."""
    life.all_is_loaded(wrong=[])
    life.delete("res.partner", life.ours("res.partner")[0])
    life.all_is_rolled_back(wrong=[])
    life.deleted.clear()
    life.all_is_loaded(wrong=[])

    assert len(life.ours("res.partner")) == 2


def test_a_call_lost_and_made_again_leaves_what_is_known_of_its_records(life: Loading) -> None:
    """A rollback looks at it once more, and does not forget what was written into a contact."""
    life.all_is_loaded(wrong=[Trouble.LOST_BEFORE])
    life.all_is_loaded(wrong=[])
    life.somebody_edits_a_colleague(field="phone")
    life.all_is_rolled_back(wrong=[])

    assert not life.fake.tables["res.partner"][DOCTOR]["email"]


def test_a_rollback_killed_while_it_puts_back_is_gone_on_with(life: Loading) -> None:
    """What we wrote is still known as ours, also in a contact that a person wrote last."""
    life.all_is_loaded(wrong=[])
    life.somebody_edits_a_colleague(field="phone")
    number_of_removals = 2
    life.all_is_rolled_back(wrong=[None] * number_of_removals + [Trouble.KILLED_BEFORE])
    interrupted = life.fake.tables["res.partner"][DOCTOR]["email"]
    life.all_is_rolled_back(wrong=[])

    assert interrupted == "dr@example.org"
    assert not life.fake.tables["res.partner"][DOCTOR]["email"]


def test_a_rollback_that_loses_a_call_puts_all_back_in_its_next_pass(life: Loading) -> None:
    """Our name for a contact goes only once its former values are back."""
    life.all_is_loaded(wrong=[])
    life.somebody_edits_a_colleague(field="phone")
    number_of_removals = 2
    life.all_is_rolled_back(wrong=[None] * number_of_removals + [Trouble.LOST_BEFORE])

    assert not life.fake.tables["res.partner"][DOCTOR]["email"]
    assert life.fake.external_ids() == []


def test_a_rollback_takes_no_patient_out_before_what_is_about_them(life: Loading) -> None:
    """Where the removal of notes was lost, patients stay for the next pass: a load finds all."""
    life.all_is_loaded(wrong=[])
    life.all_is_rolled_back(wrong=[Trouble.LOST_BEFORE, None, Trouble.KILLED_BEFORE])
    life.all_is_loaded(wrong=[])

    assert len(life.ours("mail.message")) == 2


def test_a_rollback_waits_for_a_call_that_was_sent_twice(life: Loading) -> None:
    """The first one was lost and is done last, when the records of the second are taken out."""
    life.all_is_loaded(wrong=[None, None, Trouble.LATE])
    life.all_is_rolled_back(wrong=[])
    life.line.arrive()

    assert life.ours("res.partner") == []


def test_what_a_broken_rollback_put_back_is_filled_again_by_a_load(life: Loading) -> None:
    """Former values that are back are not taken for ours, nor for a person's."""
    life.all_is_loaded(wrong=[])
    number_of_removals = 2
    life.all_is_rolled_back(wrong=[None] * number_of_removals + [Trouble.KILLED_AFTER])
    between = life.fake.tables["res.partner"][DOCTOR]["email"]
    life.all_is_loaded(wrong=[])

    assert not between
    assert life.fake.tables["res.partner"][DOCTOR]["email"] == "dr@example.org"


def test_an_edit_of_a_record_that_was_found_again_outlives_every_load(life: Loading) -> None:
    """Made by a call whose answer was lost, then edited: no later load takes the edit for ours."""
    life.all_is_loaded(wrong=[None, None, Trouble.KILLED_AFTER])
    number = life.ours("res.partner")[0]
    life.write(number, "phone", "by Ann")
    life.touched["res.partner", number] = "edited"
    for _ in range(3):
        life.all_is_loaded(wrong=[])

    assert life.fake.tables["res.partner"][number]["phone"] == "by Ann"


def test_a_load_waits_for_the_calls_of_a_rollback_that_was_cut_short(life: Loading) -> None:
    """A removal that Odoo does later takes nothing out that the load has found."""
    life.all_is_loaded(wrong=[])
    life.all_is_rolled_back(wrong=[Trouble.KILLED_LATE])
    life.all_is_loaded(wrong=[])
    life.line.arrive()
    life.nothing_is_there_twice()

    assert len(life.ours("mail.message")) == 2
