"""The schema is agreed to once, with the map, and again only when its shape changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench import cli
from workbench.errors import DecisionNeededError, GateError
from workbench.odoo import ItemState, Lookups, Odoo, SchemaPlan
from workbench.phases import agreement, decisions_file, gates, knowledge, prepare, verdicts
from workbench.run import Run
from workbench.state import Decision, Status

BY = "Noor Visser"
PATIENTS: list[dict[str, Any]] = [
    {"id": n, "first_name": "Anna", "last_name": f"Bos {n}", "contact_status": "Active",
     "blood_type": "A+"}
    for n in range(1, 4)
]  # fmt: skip
VISITS: list[dict[str, Any]] = [
    {"id": 10 + n, "patient_id": n, "status": "pending", "start": "2025-03-01 09:00:00"}
    for n in range(1, 4)
]
BLOOD = "field:patients.blood_type"


def read(run: Run, *, generation: int = 0, **changes: list[dict[str, Any]]) -> None:
    """Read what the account has, and put the questions that arise."""
    held = {"patients": PATIENTS, "appointments": VISITS} | changes
    for resource, rows in held.items():
        store_page(run.folder, run.store, resource, rows, generation=generation)
    knowledge.learn(run.extract)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a run that has read a small account; nothing is decided yet, nobody is there."""
    made = made_run(tmp_path)
    made.headless = True
    journey = made.store.journey
    journey.set_document("odoo_fields", {})
    journey.set_document("odoo_users", {})
    journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    made.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    with made.exclusive():
        read(made)
    yield made
    made.store.close()


class Destination:
    """Stands in for an Odoo in which all is there, or nothing, or one thing does not fit."""

    def __init__(self) -> None:
        self.state = ItemState.MAKE
        self.made: list[SchemaPlan] = []


@pytest.fixture
def odoo(run: Run, monkeypatch: pytest.MonkeyPatch) -> Destination:
    """Let prepare look at, and make things in, an Odoo that is none."""
    odoo = Destination()

    def look(self: prepare.Prepare) -> SchemaPlan:
        items = [
            type(item)(item.kind, item.model, item.name, item.external_id, odoo.state, item.detail)
            for item in self._wanted()
        ]
        return SchemaPlan("module", tuple(items))

    class Report:
        made, existed = ("a", "b"), 0

    def apply(_odoo: Odoo, _store: object, plan: SchemaPlan, *, phase: str) -> type[Report]:
        assert phase == "prepare"
        odoo.made.append(plan)
        odoo.state = ItemState.EXISTS
        return Report

    monkeypatch.setattr(prepare.Prepare, "_look", look)
    monkeypatch.setattr(prepare, "apply_schema", apply)
    monkeypatch.setattr(prepare, "settle", lambda *_, **__: None)
    run.destination = cast("Odoo", None)
    run.phase = "prepare"
    return odoo


def asked(run: Run) -> Decision:
    """Give the question about the schema."""
    decision = run.store.decisions.get(agreement.SUBJECT)
    assert decision is not None
    return decision


def accept(run: Run) -> None:
    """Take what is proposed, as `workbench accept DIR --proposed` does."""
    cli.accept(run.folder, by=BY, proposed=True)


def decide(run: Run, text: str) -> None:
    """Decide what a file says, as `workbench decide DIR FILE` does."""
    file = run.folder.parent / "decisions.yaml"
    file.write_text(text, encoding="utf-8")
    decisions_file.decide(run, file, by=BY)


def test_the_schema_is_asked_about_together_with_the_map(run: Run) -> None:
    """It names how much would be made, proposes to make it, and one answer covers both."""
    question = asked(run)
    accept(run)

    assert question.question.startswith("Make 1 access group, ")
    assert " fields, " in question.question
    assert " stage" in question.question
    assert (question.options, question.proposal) == (["apply", "by hand"], "apply")
    assert any("of res.partner" in reason for reason in question.reasons)
    assert run.store.decisions.open() == []
    run.map.confirm()
    assert not asked(run).is_open


def test_a_field_decided_before_the_proposals_are_taken_gives_no_further_stop(run: Run) -> None:
    """Decide, then accept: what is agreed to is the schema without the field."""
    before = asked(run).basis
    decide(run, f"{BLOOD}: {{choice: drop, comment: not used}}\n")
    between = asked(run).basis
    accept(run)
    run.map.confirm()

    assert between != before
    assert (asked(run).is_open, asked(run).basis) == (False, between)


def test_a_field_dropped_in_a_panel_is_known_when_the_proposals_are_taken(run: Run) -> None:
    """What a person agrees to is the schema as it is at that moment."""
    run.store.decisions.decide(BLOOD, "drop", by=BY, comment="not used")
    accept(run)
    run.map.confirm()

    assert not asked(run).is_open


def test_a_file_may_change_a_field_and_agree_to_what_comes_of_it(run: Run) -> None:
    """The schema's line counts for the schema that the other lines make, wherever it stands."""
    accept(run)
    decide(run, f"schema: by hand\n{BLOOD}: {{choice: drop, comment: not used}}\n")
    run.map.confirm()

    assert (asked(run).is_open, asked(run).choice) == (False, "by hand")


def test_a_field_decided_after_the_proposals_were_taken_asks_anew(
    run: Run, odoo: Destination
) -> None:
    """Prepare stops with exit code 3 and names what waits for whom, where; nothing is made."""
    accept(run)
    decide(run, f"{BLOOD}: {{choice: drop, comment: not used}}\n")
    run.map.confirm()
    run.prepare.plan()
    with pytest.raises(DecisionNeededError) as stopped:
        run.prepare.apply()

    assert asked(run).is_open
    assert stopped.value.exit_code == 3
    assert "prepare: 1 decision(s) wait for a person: schema." in stopped.value.what
    assert "workbench accept" in stopped.value.what
    assert odoo.made == []
    assert run.store.journey.phase("prepare").status is Status.WAITING


@pytest.mark.parametrize(
    "changes",
    [{"patients": [{**PATIENTS[0], "contact_status": "On hold"}, *PATIENTS[1:]]},
     {"appointments": [{**VISITS[0], "status": "rebooked"}, *VISITS[1:]]}],
    ids=["selection value", "stage"],
)  # fmt: skip
def test_a_value_first_seen_later_does_not_ask_about_the_schema(
    run: Run, changes: dict[str, list[dict[str, Any]]]
) -> None:
    """It is decided as a value; the schema that was agreed to only grows by it."""
    accept(run)
    before = asked(run)
    read(run, generation=1, **changes)
    values = run.store.decisions.open()
    accept(run)
    run.map.confirm()

    assert [one.subject.partition(":")[0] for one in values] == ["value"]
    assert asked(run).basis == before.basis
    assert asked(run).decided_at == before.decided_at


def test_a_field_first_seen_later_asks_about_both_at_once(run: Run) -> None:
    """The new field and the schema with it wait for the same answer."""
    accept(run)
    read(run, generation=1, patients=[{**one, "shoe_size": "42"} for one in PATIENTS])
    waiting = {one.subject for one in run.store.decisions.open()}
    accept(run)
    run.map.confirm()

    assert waiting == {"field:patients.shoe_size", "schema"}
    assert run.store.decisions.open() == []


def test_an_older_run_is_asked_when_it_comes_to_prepare(run: Run, odoo: Destination) -> None:
    """A run that confirmed its map before there was the question gets it put, and stops once."""
    accept(run)
    run.map.confirm()
    with run.store.transaction() as db:
        db.execute("DELETE FROM decisions WHERE subject='schema'")
    run.store.journey.set_document("schema_plan", {"module": "module", "items": []})
    accept(run)
    decide(run, f"{BLOOD}: {{choice: drop, comment: not used}}\n")
    assert run.store.decisions.get("schema") is None
    run.map.confirm()
    run.prepare.plan()
    with pytest.raises(DecisionNeededError, match="schema"):
        run.prepare.apply()
    accept(run)
    run.prepare.apply()

    assert len(odoo.made) == 1


@pytest.mark.usefixtures("odoo")
def test_a_kill_while_things_are_made_leaves_the_rollback_open(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback that is done from before says nothing of what was made since."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    accept(run)
    run.map.confirm()
    run.prepare.plan()
    run.store.journey.set_phase("rollback", Status.DONE)
    monkeypatch.setattr(prepare, "apply_schema", killed)
    with pytest.raises(KeyboardInterrupt):
        run.prepare.apply()

    assert run.store.journey.phase("rollback").status is Status.PENDING


def test_just_what_was_agreed_to_is_made_and_who_agreed_is_told(
    run: Run, odoo: Destination
) -> None:
    """Name, day and hash stand there before and after; the sample rests on the same hash."""
    accept(run)
    run.map.confirm()
    run.prepare.plan()
    shown = repr(run.prepare.schema())
    told = repr(run.prepare.apply())
    verdict = verdicts.conclude(run)
    again = run.prepare.apply()

    assert "blood_type" in shown
    for text in (shown, told, repr(verdict)):
        assert f"'apply' by {BY} on" in text
    assert asked(run).basis in told
    assert verdict.status == "done"
    assert gates.hashes(run.store)["shape"] == asked(run).basis
    assert "2 made" in told
    assert "Odoo is prepared" in repr(again)


def test_a_plan_that_the_map_has_outgrown_is_not_applied(run: Run, odoo: Destination) -> None:
    """In JupyterLab cells run in any order: what counts is the plan that a person has seen."""
    accept(run)
    run.map.confirm()
    run.prepare.plan()
    read(run, generation=1, patients=[{**PATIENTS[0], "contact_status": "On hold"}, *PATIENTS[1:]])
    accept(run)
    run.map.confirm()
    with pytest.raises(GateError, match="changed since the schema was planned"):
        run.prepare.apply()
    run.prepare.plan()
    run.prepare.apply()

    assert len(odoo.made) == 1


def test_by_hand_nothing_is_made_and_the_list_of_what_is_missing_is_written(
    run: Run, odoo: Destination
) -> None:
    """The phase waits, names what is missing, and goes on once a person has made it."""
    decide(run, "schema: by hand\n")
    accept(run)
    run.map.confirm()
    run.prepare.plan()
    told = repr(run.prepare.apply())
    run.prepare.checklist()
    with pytest.raises(DecisionNeededError) as stopped:
        verdicts.conclude(run)
    page = (run.folder / "reports" / "schema_checklist.html").read_text("utf-8")
    lines = (run.folder / "reports" / "schema_checklist.csv").read_text("utf-8-sig")

    assert odoo.made == []
    assert "is not there" in told
    assert "and " in told
    assert stopped.value.exit_code == 3
    assert "schema_checklist.html" in str(stopped.value)
    assert "Name x_blood_type, label " in page
    assert "field x_practicehub_clinical.x_blood_type" in lines
    assert "leave Is Won Stage off. Put it first." in lines
    assert "External Identifiers" in page
    assert run.store.journey.document("schema") is None

    odoo.state = ItemState.EXISTS
    run.prepare.plan()
    run.prepare.apply()
    assert verdicts.conclude(run).status == "done"
    assert odoo.made == []
    assert run.store.journey.document_hash("shape") == asked(run).basis


def test_the_map_page_ticks_what_odoo_had_in_the_words_of_the_checklist(run: Run) -> None:
    """The page of the map and the list of the prepare phase cannot say two things."""
    had = {"name": {"type": "char"}, "x_blood_type": {"type": "char"}}
    run.store.journey.set_document("odoo_fields", {"res.partner": had})
    accept(run)
    run.map.confirm()
    page = (run.folder / "reports" / "mapping.html").read_text("utf-8")

    assert "Checklist for the administrator of Odoo" in page
    assert page.count("☑ there") == 1
    assert "Name x_practicehub_id, label " in page
