"""Conflicts, what was deleted, and what a look counts: from the state, and asked once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from unittest import mock

import pytest

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.errors import GateError
from workbench.odoo import Odoo
from workbench.phases import conflicts, departed, gates, looks, runner, sides, vanished
from workbench.phases.conflicts import KEEP, WRITE, Cell
from workbench.run import Run
from workbench.state import How, IssueKind, Link, OperationStatus, Status

CELL = Cell("patient_1", "street", "aa", "bb", wanted="Kade 2", held="Kade 1")
PERSON = "Noor Visser"


class Fields:
    """An Odoo that says which models can be archived, and is asked nothing else."""

    def fields(self, model: str) -> dict[str, dict[str, Any]]:
        """Give the fields of a model."""
        return {"active": {"type": "boolean"}} if model in {"res.partner", "crm.lead"} else {}


def visits(*numbers: int) -> list[dict[str, object]]:
    """Make visits of patient 1."""
    return [{"id": number, "patient_id": 1} for number in numbers]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run with patient 1, three visits and a note in Odoo."""
    run = made_run(tmp_path)
    run.destination = cast("Odoo", Fields())
    records: dict[str, list[dict[str, object]]] = {
        "patients": [{"id": 1}, {"id": 2}], "appointments": visits(1, 2, 3),
        "clinical_notes": [{"id": 5, "patient_id": 1}],
    }  # fmt: skip
    for name, rows in records.items():
        store_page(run.folder, run.store, name, rows)
    link(run, "res.partner", "patients", 1, 2)
    link(run, "crm.lead", "appointments", 1, 2, 3)
    link(run, "mail.message", "clinical_notes", 5)
    yield run
    run.store.close()


def link(run: Run, model: str, resource: str, *numbers: int) -> None:
    """Let records stand in Odoo."""
    names = [f"{resource.removesuffix('s')}_{number}" for number in numbers]
    operation = run.store.destination.intend("migrate", "load", model, keys=names)
    run.store.destination.close(
        operation, OperationStatus.DONE,
        links=[Link(name, model, 10 * number, resource, str(number), How.CREATED, operation, "x:1")
               for name, number in zip(names, numbers, strict=True)],
    )  # fmt: skip


def subjects(run: Run) -> list[str]:
    """List the open questions."""
    return [one.subject for one in run.store.decisions.open()]


def decide(run: Run, subject: str, choice: str) -> None:
    """Decide as a person."""
    run.store.decisions.decide(subject, choice, by=PERSON)


# conflicts --------------------------------------------------------------------------------------


def test_a_conflict_is_asked_with_no_value_in_it_and_its_keeping_is_proposed(run: Run) -> None:
    """What the run keeps of the two values stands in its data alone."""
    conflicts.ask(run.delta, [CELL])
    [question] = run.store.decisions.open(conflicts.PREFIX)
    told = repr((question, CELL, [e.detail for e in run.store.ledger.entries()],
                 run.store.conflicts.all()))  # fmt: skip

    assert question.subject == "conflict:patient_1.street"
    assert (question.options, question.proposal) == ([KEEP, WRITE], KEEP)
    assert "Kade" not in told
    assert [(one.kind, one.source_id, one.field) for one in run.store.staging.issues()] == [
        (IssueKind.EDITED_IN_ODOO, "1", "street")
    ]


def test_a_decision_holds_for_just_the_two_values_it_was_made_on(run: Run) -> None:
    """Either side changes once more, and it is asked anew."""
    conflicts.ask(run.delta, [CELL])
    decide(run, "conflict:patient_1.street", KEEP)
    kept = conflicts.kept(run.store)
    conflicts.ask(run.delta, [CELL])
    still = subjects(run)
    conflicts.ask(run.delta, [Cell("patient_1", "street", "aa", "cc")])

    assert kept == {("patient_1", "street"): "bb"}
    assert still == []
    assert subjects(run) == ["conflict:patient_1.street"]
    assert conflicts.kept(run.store) == {}


def test_only_what_is_to_be_written_asks_for_another_delta(run: Run) -> None:
    """Kept is as it was; written is carried out by the next run, and then asks for no other."""
    before = gates.basis(run.store, "delta")
    conflicts.ask(run.delta, [CELL])
    decide(run, "conflict:patient_1.street", KEEP)
    kept = gates.basis(run.store, "delta")
    decide(run, "conflict:patient_1.street", WRITE)
    write = gates.basis(run.store, "delta")
    said = conflicts.said(run.store)
    conflicts.settled(run.delta, [("patient_1", "street")])

    assert before == kept != write
    assert said.write == {("patient_1", "street"): ("aa", "bb")}
    assert gates.basis(run.store, "delta") == before
    assert conflicts.said(run.store).watched == frozenset()
    assert list(run.store.staging.issues()) == []


def test_a_record_deleted_by_hand_is_asked_about_and_made_anew_if_wanted(run: Run) -> None:
    """Until it is decided the delta waits; kept deleted, nothing is missing any more."""
    conflicts.ask(run.delta, [Cell("patient_1", "*", "", vanished.GONE)])
    run.store.journey.set_document(vanished.DOCUMENT, ["patient_1"])
    waits = vanished.told(run.store)
    decide(run, "conflict:patient_1.*", KEEP)
    kept = vanished.told(run.store)
    decide(run, "conflict:patient_1.*", WRITE)
    vanished.make_anew(run.delta)

    assert waits == kept == []
    assert run.store.destination.link("patient_1") is None
    assert subjects(run) == []


def test_records_that_are_missing_in_odoo_are_no_done_delta(run: Run) -> None:
    """Some are named; all of them gone is the work of another folder, or of somebody."""
    run.store.journey.set_document(vanished.DOCUMENT, ["patient_1", "patient_2"])
    some = vanished.told(run.store)
    names = ["patient_1", "patient_2", "appointment_1", "appointment_2", "appointment_3",
             "clinical_note_5"]  # fmt: skip
    run.store.journey.set_document(vanished.DOCUMENT, names)

    assert some == ["2 record(s) of this run are no longer in Odoo: patient_1, patient_2"]
    assert vanished.told(run.store)[0].startswith("all 6 record(s) of this run are no longer")


# what was deleted -------------------------------------------------------------------------------


def made_anew(run: Run) -> None:
    """Let visit 1 be deleted and made anew as 4, and visit 2 be deleted."""
    store_page(run.folder, run.store, "appointments", visits(3, 4), generation=1)
    run.store.source.mark_gone("appointments", ["1", "2"], generation=1)
    run.store.journey.set_document("questions", [])


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Match visits without a map: the one at a quarter to eleven is the one of eleven."""
    monkeypatch.setattr(departed, "_made_anew", lambda _steps: {"1": "4"})


@pytest.mark.usefixtures("anew")
def test_deleted_and_made_anew_are_asked_apart(run: Run) -> None:
    """One question for what is gone, one for visits that are there under another id."""
    made_anew(run)
    departed.look(run.delta)
    rows = looks.count(run.store, ["appointments", "patients"], since=1, until=1)

    assert subjects(run) == ["deleted:appointments", "remade:appointments"]
    assert [run.store.decisions.get(one).proposal for one in subjects(run)] == [  # type: ignore[union-attr]
        "keep", "archive",
    ]  # fmt: skip
    assert [(r.created, r.changed, r.deleted, r.anew) for r in rows] == [(0, 0, 1, 1), (0,) * 4]
    assert departed.rows(run.store) == [
        ("appointments", "1", "deleted, and made anew as appointment 4", "kept in Odoo"),
        ("appointments", "2", "deleted", "kept in Odoo"),
    ]
    assert {one.source_id for one in run.store.staging.issues()} == {"1", "2"}


@pytest.mark.usefixtures("anew")
def test_an_old_visit_goes_to_the_archive_only_once_the_new_one_is_in_odoo(run: Run) -> None:
    """Else the visit would be nowhere to be seen."""
    made_anew(run)
    departed.look(run.delta)
    decide(run, "remade:appointments", "archive")
    before = departed._to_archive(run.store)
    link(run, "crm.lead", "appointments", 4)

    assert before == []
    assert [one.external_id for one in departed._to_archive(run.store)] == ["appointment_1"]


def test_what_was_said_before_is_proposed_when_more_is_deleted(run: Run) -> None:
    """The question opens again for the further record; the archive stays as it was meanwhile."""
    run.store.source.mark_gone("patients", ["1"], generation=1)
    departed.look(run.delta)
    decide(run, "deleted:patients", "archive")
    decided = [one.external_id for one in departed._to_archive(run.store)]
    run.store.conflicts.put_away(["patient_1"], operation=1)
    run.store.source.mark_gone("patients", ["2"], generation=2)
    departed.look(run.delta)
    question = run.store.decisions.get("deleted:patients")

    assert decided == ["patient_1"]
    assert question is not None
    assert question.is_open
    assert question.proposal == "archive"
    assert [one.external_id for one in departed._to_archive(run.store)] == ["patient_1"]


def test_what_comes_back_is_neither_listed_nor_asked_about_nor_archived(run: Run) -> None:
    """A record that PracticeHub lists again is as if nothing had happened."""
    run.store.source.mark_gone("patients", ["1"], generation=1)
    departed.look(run.delta)
    decide(run, "deleted:patients", "archive")
    store_page(run.folder, run.store, "patients", [{"id": 1}, {"id": 2}], generation=2)
    departed.look(run.delta)

    assert list(run.store.staging.issues()) == []
    assert run.store.decisions.questions(sides.DELETED) == []
    assert departed._to_archive(run.store) == []


def test_a_note_that_was_deleted_is_listed_and_nothing_is_asked(run: Run) -> None:
    """Odoo has no archive for a message: it stays, and the list says so."""
    run.store.source.mark_gone("clinical_notes", ["5"], generation=1)
    departed.look(run.delta)

    assert subjects(run) == []
    assert departed.rows(run.store) == [("clinical_notes", "5", "deleted", "kept in Odoo")]


def test_a_contact_that_stands_for_another_patient_too_is_not_archived(run: Run) -> None:
    """Patient 2 was made one with patient 1, who was deleted since: the contact is still hers."""
    store = run.store.destination
    operation = store.intend("migrate", "link", "res.partner", keys=["patient_2"])
    store.close(operation, OperationStatus.DONE,
                links=[Link("patient_2", "res.partner", 10, "patients", "2", How.MERGED,
                            operation, "")])  # fmt: skip
    run.store.source.mark_gone("patients", ["1"], generation=1)
    departed.look(run.delta)

    assert subjects(run) == []


# looks --------------------------------------------------------------------------------------------


def test_a_look_tells_all_that_was_not_carried_out_yet(run: Run) -> None:
    """A delta killed before it loaded is followed by one that tells of both passes, as one."""
    first = looks.first_untold(looks.last(run.store), 1)
    store_page(run.folder, run.store, "patients", [{"id": 1, "a": 1}, {"id": 2}], generation=1)
    looks.keep(run.store, generation=1, since=first, by_time=[], rows=[])
    killed = looks.first_untold(looks.last(run.store), 2)
    store_page(run.folder, run.store, "patients", [{"id": 1}, {"id": 2}, {"id": 3}], generation=2)
    rows = looks.count(run.store, ["patients"], since=killed, until=2)
    looks.carried_out(run.store)

    assert (first, killed) == (1, 1)
    assert [(r.created, r.changed) for r in rows] == [(1, 0)]  # patient 1 is as before by now
    assert looks.first_untold(looks.last(run.store), 3) == 2


def test_after_a_look_in_between_the_delta_is_gone_through_again(run: Run) -> None:
    """What was asked for by time alone is no ground for signing off."""
    looks.keep(run.store, generation=1, since=1, by_time=["patients"], rows=[])
    told = looks.table(run.store).note
    run.store.journey.set_phase("migrate", Status.DONE)
    with (
        mock.patch.object(gates, "is_current", return_value=True),
        pytest.raises(GateError, match="everything to be read whole"),
    ):
        gates.check(run, "reconcile")
    between = sides.read_whole(run.store)
    looks.keep(run.store, generation=2, since=2, by_time=[], rows=[])

    assert (between, sides.read_whole(run.store)) == (False, True)
    assert "Read by time of change, not whole: patients." in told


@pytest.mark.parametrize(("by_time", "ran"), [
    (["patients"], [("delta", False), ("reconcile", True)]), ([], [("reconcile", True)]),
], ids=["in between", "whole"])  # fmt: skip
def test_reconcile_asked_for_alone_looks_at_everything_first(
    run: Run, by_time: list[str], ran: list[tuple[str, bool]]
) -> None:
    """Nobody is sent away at the gate for having asked for a delta by time just before."""
    looks.keep(run.store, generation=1, since=1, by_time=by_time, rows=[])
    seen: list[tuple[str, bool]] = []

    def execute(_run: Run, phase: str, *, alone: bool) -> None:
        seen.append((phase, alone))

    with mock.patch.object(runner, "execute", execute):
        runner.advance(run, only="reconcile")

    assert seen == ran
