"""Records that wait for a decision are held back, with what hangs on them; all others go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.errors import DecisionNeededError, GateError, MappingError
from workbench.mapping import OdooUser
from workbench.odoo import Lookups, Odoo, SchemaPlan, Version
from workbench.phases import counts, knowledge, prepare, verdicts
from workbench.phases.expectations import STAGES, Expectations
from workbench.run import Run
from workbench.state import How, IssueKind, Link, OperationStatus, Question

BY = "Noor Visser"
PATIENTS: list[dict[str, Any]] = [
    {"id": n, "first_name": "Anna", "last_name": f"Bos {n}", "contact_status": "Active"}
    for n in range(1, 5)
]
VISITS: list[dict[str, Any]] = [
    {"id": 10 + n, "patient_id": n, "status": "pending", "practitioner_id": 1,
     "start": "2025-03-01 09:00:00"}
    for n in range(1, 5)
]  # fmt: skip
NOTES: list[dict[str, Any]] = [
    {"id": 20 + n, "patient_id": n, "note": "<p>well</p>"} for n in range(1, 5)
]
PRESCRIBED: list[dict[str, Any]] = [{"id": 30 + n, "patient_id": n, "drug": "x"} for n in (1, 2)]
STAFF: list[dict[str, Any]] = [
    {"id": 1, "first_name": "Eva", "last_name": "Smit", "email": "eva@example.org", "active": "1"}
]


def store_all(run: Run, *, generation: int = 0, **rows: list[dict[str, Any]]) -> None:
    """Store what an account has."""
    held = {"patients": PATIENTS, "appointments": VISITS, "clinical_notes": NOTES,
            "prescriptions": PRESCRIBED, "practitioners": STAFF}  # fmt: skip
    for resource, found in (held | rows).items():
        store_page(run.folder, run.store, resource, found, generation=generation)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a run that has read a small account, and whose map was confirmed as proposed."""
    made = made_run(tmp_path)
    store_all(made)
    journey = made.store.journey
    journey.set_document("odoo_fields", {})
    journey.set_document("odoo_users", {"eva": ["Eva Smit", "eva@example.org", True]})
    journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    journey.set_document("offers", {"subtypes": {"note": 2}})
    made.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    with made.exclusive():
        knowledge.learn(made.extract)
        made.store.decisions.accept_proposed(by=BY)
        made.map.confirm()
    yield made
    made.store.close()


def again(run: Run, **rows: list[dict[str, Any]]) -> None:
    """Read the account once more, as the delta does."""
    store_all(run, generation=1, **rows)
    knowledge.learn(run.delta)


def linked(run: Run, *patients: int) -> None:
    """Say that patients are in Odoo."""
    keys = [f"patient_{one}" for one in patients]
    operation = run.store.destination.intend("migrate", "load", "res.partner", keys=keys)
    run.store.destination.close(
        operation, OperationStatus.DONE,
        links=[Link(f"patient_{one}", "res.partner", 40 + one, "patients", str(one), How.CREATED,
                    operation, "f" * 64) for one in patients],
    )  # fmt: skip


def waiting(run: Run) -> dict[str, tuple[str, ...]]:
    """Give resource and id of every record that waits, with the subjects it waits for."""
    found = Expectations(run)
    dues = [due for stage in STAGES for due in found.of_stage(stage)]
    return {
        f"{due.resource}/{due.source_id}": due.expected.waiting
        for due in dues
        if due.expected.waiting
    }


def test_nobody_waits_where_all_is_decided(run: Run) -> None:
    """Every record has its fate."""
    assert waiting(run) == {}


def test_a_new_value_of_a_visit_holds_that_visit_back(run: Run) -> None:
    """Its question is open, and no other record hangs on it."""
    new = [{**VISITS[0], "status": "rebooked"}, *VISITS[1:]]
    again(run, appointments=new)

    assert waiting(run) == {"appointments/11": ("value:appointments.status=rebooked",)}
    assert [one.subject for one in run.store.decisions.open()] == [
        "value:appointments.status=rebooked"
    ]


@pytest.mark.parametrize("there", [False, True])
def test_a_patient_who_waits_takes_along_what_could_not_refer_to_them(
    run: Run, *, there: bool
) -> None:
    """Nothing is rejected for want of its patient; of one who is in Odoo, the rest goes on."""
    if there:
        linked(run, 1, 2, 3, 4)
    again(run, patients=[{**PATIENTS[0], "contact_status": "On hold"}, *PATIENTS[1:]])
    subject = "value:patients.contact_status=On hold"
    alone = ["patients/1"]
    theirs = ["appointments/11", "clinical_notes/21", "prescriptions/31"]

    assert waiting(run) == dict.fromkeys(sorted(alone if there else alone + theirs), (subject,))


def test_a_visit_keeps_its_title_while_its_patient_waits(run: Run) -> None:
    """The patient's name is known; only the new value is not."""
    linked(run, 1, 2, 3, 4)
    again(run, patients=[{**PATIENTS[0], "contact_status": "On hold"}, *PATIENTS[1:]])
    [visit] = [due.expected.rows[0] for due in Expectations(run).of_stage("appointments")
               if due.source_id == "11"]  # fmt: skip

    assert str(visit.values["name"]).endswith("Anna Bos 1")


def test_visits_wait_for_a_patient_whose_field_is_new(run: Run) -> None:
    """A field that nobody has decided about may be a part of the name they are titled with."""
    linked(run, 1, 2, 3, 4)
    again(run, patients=[{**PATIENTS[0], "infix": "de"}, *PATIENTS[1:]])

    assert set(waiting(run)) == {"patients/1", "appointments/11"}


def test_patients_who_may_be_one_wait_until_somebody_says_so(run: Run) -> None:
    """Made as two records they could not be merged any more."""
    linked(run, 1)
    pair = "duplicate:patient_1+patient_2"
    run.store.decisions.ask([Question(pair, "extract", "One?", ["keep both", "merge"], basis=1)])

    assert waiting(run) == dict.fromkeys(
        ["appointments/12", "clinical_notes/22", "patients/2", "prescriptions/32"], (pair,)
    )


def test_a_new_practitioner_holds_their_visits_back(run: Run) -> None:
    """Nobody has said yet which Odoo user they are."""
    new = {"id": 2, "first_name": "Ann", "last_name": "New", "active": "1"}
    again(run, practitioners=[*STAFF, new],
          appointments=[{**VISITS[0], "practitioner_id": 2}, *VISITS[1:]])  # fmt: skip
    [question] = run.store.decisions.open()

    assert waiting(run) == {"appointments/11": ("practitioner:2",)}
    assert question.proposal is None
    assert "1 appointment(s)" in question.question


def test_the_delta_loads_nothing_that_was_decided_and_not_prepared(run: Run) -> None:
    """A new stage must be in Odoo first; the sentence says what to do."""
    again(run, appointments=[{**VISITS[0], "status": "rebooked"}, *VISITS[1:]])
    run.store.decisions.accept_proposed(by=BY)

    with pytest.raises(GateError, match="decided since the map was confirmed"):
        run.delta.apply()


def test_the_ground_stays_when_a_new_value_is_confirmed_and_goes_when_a_mind_changes(
    run: Run,
) -> None:
    """So the sample's approval holds for what it was given for."""
    journey = run.store.journey
    ground, mapping = journey.document_hash("ground"), journey.document_hash("mapping")
    again(run, appointments=[{**VISITS[0], "status": "rebooked"}, *VISITS[1:]])
    run.store.decisions.accept_proposed(by=BY)
    run.map.confirm()
    grown = journey.document_hash("ground"), journey.document_hash("mapping")
    run.store.decisions.decide("value:appointments.status=pending", "Missed", by=BY)
    run.map.confirm()

    assert grown[0] == ground
    assert grown[1] != mapping
    assert journey.document_hash("ground") != ground


def test_a_pick_list_with_too_many_values_cannot_be_confirmed(run: Run) -> None:
    """A person chose it all the same: the map says so, before anything is loaded."""
    many = [{"id": n, "first_name": "A", "club": f"club {n}"} for n in range(1, 3001)]
    again(run, patients=many)
    line = "{as: mapped, to: res.partner.x_club, with: selection, type: selection}"
    run.store.decisions.decide("field:patients.club", line, by=BY)

    with pytest.raises(MappingError, match=r"patients\.club has 3,000 different values"):
        run.map.confirm()
    assert not run.store.decisions.questions("value:patients.club")


def test_counts_tell_of_the_records_as_they_are_now(run: Run) -> None:
    """A question names how many records it is about, also when more have come since."""
    again(run, appointments=VISITS[:2])

    assert counts.visits(run.store, knowledge.draft(run.map).mapping,
                         knowledge.practitioners(run.store))["1"] == 4  # fmt: skip
    told = run.store.decisions.get("practitioner:1")
    assert told is not None
    assert "4 appointment(s)" in told.question
    assert not told.is_open


def test_what_is_no_longer_odd_is_taken_off_the_list(run: Run) -> None:
    """A finding that only the whole record shows goes when the record, or the map, changes."""

    def named() -> set[str]:
        issues = run.store.staging.issues(kind=IssueKind.NAME_MISSING)
        return {one.source_id for one in issues}

    def told(_done: int, _total: int | None, _waiting: str) -> None: ...

    again(run, patients=[{**PATIENTS[0], "first_name": "", "last_name": ""}, *PATIENTS[1:]])
    Expectations(run).list_issues(told, phase="extract")
    before = named()
    store_all(run, generation=2)
    Expectations(run).list_issues(told, phase="extract")

    assert (before, named()) == ({"1"}, set())


# inviting ---------------------------------------------------------------------------------------


class Clinic(Lookups):
    """Stands in for Odoo where only its users are asked for."""

    def __init__(self) -> None:
        super().__init__(cast("Odoo", None))
        self.there = {"eva": OdooUser("Eva Smit", "eva@example.org", active=False)}

    def users(self) -> dict[str, OdooUser]:
        """Give the users."""
        return self.there

    def search_read(self, model: str, *_domain: Any, fields: list[str]) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
        """Give the users as Odoo's own rows; there are no external ids of ours."""
        rows = [{"id": number, "login": login, "email": who.email, "active": who.active,
                 "share": False}
                for number, (login, who) in enumerate(self.there.items(), start=1)]  # fmt: skip
        return [{name: row[name] for name in ("id", *fields)} for row in rows
                if model == "res.users"]  # fmt: skip

    def version(self) -> Version:
        """Tell the version."""
        return Version(19, "19.0")

    def call(self, _model: str, _method: str, **_arguments: object) -> bool:
        """Allow what is asked for."""
        return True


@pytest.fixture
def clinic(run: Run, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """Let a person invite the one practitioner, whose old user is archived."""
    clinic = Clinic()
    run.lookups = clinic
    run.destination = cast("Odoo", clinic)
    monkeypatch.setattr(prepare.Prepare, "_look", lambda _: SchemaPlan("module", ()))
    run.store.journey.set_document("schema", [])
    run.store.decisions.decide("practitioner:1", "invite", by=BY)
    return clinic


def test_prepare_waits_while_an_invited_practitioner_cannot_be_made_a_user(
    run: Run, clinic: Clinic
) -> None:
    """It says who and why, by name alone, and what a person must do where."""
    run.phase, run.headless = "prepare", True
    with pytest.raises(DecisionNeededError) as stopped:
        verdicts.conclude(run)
    todo = repr(run.prepare.checklist())
    clinic.there["eva.smit"] = OdooUser("E. Smit", "EVA@example.org")
    verdict = verdicts.conclude(run)

    assert "Eva Smit is an archived user of Odoo" in stopped.value.what
    assert "@" not in str(stopped.value)
    assert stopped.value.exit_code == 3
    assert "Eva Smit <eva@example.org> is an archived user of Odoo. Make that user active" in todo
    assert verdict.status == "done"


def test_no_user_is_made_before_a_person_agreed_to_what_is_made(run: Run, clinic: Clinic) -> None:
    """In Lab each cell can be run on its own: this one waits for the panel above it."""
    clinic.there = {}
    run.store.decisions.ask([Question("schema", "prepare", "Make it?", ["apply"], basis="anew")])
    run.headless = False
    shown = repr(run.prepare.users())

    assert "No user is made yet" in shown
    assert list(run.store.destination.operations()) == []


def test_visits_of_an_invited_practitioner_get_the_user_and_never_nobody(
    run: Run, clinic: Clinic
) -> None:
    """While the user is missing they wait, whatever the gates say."""
    knowledge.odoo_users(run.prepare, refresh=True)
    before = waiting(run)
    clinic.there["eva.smit"] = OdooUser("E. Smit", "EVA@example.org")
    knowledge.odoo_users(run.prepare, refresh=True)
    users = {str(due.expected.rows[0].values["user_id"])
             for due in Expectations(run).of_stage("appointments")}  # fmt: skip

    assert {one for one in before if one.startswith("appointments/")} == {
        f"appointments/{number}" for number in range(11, 15)
    }
    assert [one for one in users if "eva.smit" not in one] == []


def test_an_archived_login_is_refused_at_the_confirmation(run: Run, clinic: Clinic) -> None:
    """Also where it was recorded before the user was archived."""
    knowledge.odoo_users(run.prepare, refresh=True)
    run.store.decisions.decide("practitioner:1", "eva", by=BY)

    with pytest.raises(MappingError, match="The user 'eva' is archived in Odoo"):
        run.map.confirm()
    assert clinic.there


def test_the_map_phase_lists_who_has_no_user_before_anything_is_loaded(
    run: Run, clinic: Clinic
) -> None:
    """Headless too: the name, the appointments at stake, and why."""
    run.headless = True
    shown = repr(run.map.practitioners())

    assert "1 practitioner(s) without a user in Odoo, or no longer at work" in shown
    assert "Eva Smit" in shown
    assert "the user eva is archived in Odoo" in shown
    assert clinic.there
