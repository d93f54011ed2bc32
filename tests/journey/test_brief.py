"""The main job: the brief's clinic at full size, from the first command to the sign-off."""

from __future__ import annotations

import json
import re
from typing import Any

import nbformat
import pytest

from tests.journey import truth
from tests.journey.support import BRIEF, SIDE_EFFECTS, Brief, Journey
from tests.support.snapshot import differences, snapshot

pytest_plugins = ["tests.journey.fixtures"]
pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group(BRIEF)]

PHASES = ("connect", "audit", "map", "prepare", "extract", "sample", "migrate", "delta",
          "reconcile", "rollback")  # fmt: skip
TERMS = {"reported", "rows", "distinct", "created", "updated", "merged", "excluded", "rejected",
         "unresolved"}  # fmt: skip


@pytest.fixture(scope="module")
def journey(brief: Brief) -> Journey:
    """Give the finished migration."""
    return brief.journey


def test_it_stops_just_where_a_person_must_decide(brief: Brief) -> None:
    """The map, the duplicates, the sample and the sign-off; accept says 3 while others remain."""
    assert brief.commands == (
        ("run", 3), ("accept", 3), ("decide", 0),  # a practitioner without a user
        ("run", 3), ("accept", 0),  # patients typed twice
        ("run", 3), ("accept", 3), ("decide", 0),  # the sample: nobody proposes that
        ("run", 3), ("accept", 3), ("decide", 0),  # the sign-off
        ("run", 0),
    )  # fmt: skip


def test_a_stop_says_who_must_decide_what_and_where(journey: Journey) -> None:
    """Three lines on stderr, the first with the subjects, and nothing that frightens."""
    stops = [one for one in journey.said if one.code == 3]

    assert len(stops) == 7
    assert all("workbench decide" in one.err for one in stops)
    assert not any("Traceback" in one.err for one in journey.said)


def test_the_standing_has_the_shape_that_scripts_rely_on(brief: Brief) -> None:
    """`status --json` is a contract: these keys, these kinds, nothing else."""
    status = brief.status

    assert set(status) == {"run", "phases", "resources", "files", "decisions_open",
                           "source_requests", "source_seconds", "odoo_calls"}  # fmt: skip
    assert status["run"] == "clinic"
    assert status["phases"] == {**dict.fromkeys(PHASES, "done"), "rollback": "pending"}
    assert list(status["phases"]) == list(PHASES)
    for terms in (*status["resources"].values(), status["files"]):
        assert set(terms) == TERMS
        assert {type(number) for number in terms.values()} == {int}
    assert status["decisions_open"] == []
    assert type(status["source_requests"]) is int
    assert type(status["odoo_calls"]) is int
    assert type(status["source_seconds"]) is float


def test_open_decisions_are_told_with_their_options_and_proposal(journey: Journey) -> None:
    """What a person must decide can be read, and decided, from the standing alone."""
    asked = [one for said in journey.said if said.command[0] == "status"
             for one in json.loads(said.out)["decisions_open"]]  # fmt: skip
    subjects = {one["subject"]: one for one in asked}

    assert {"practitioner:14", "sample", "signoff"} <= set(subjects)
    assert all(set(one) == {"subject", "question", "options", "proposal"} for one in asked)
    assert subjects["sample"]["proposal"] is subjects["signoff"]["proposal"] is None
    assert subjects["sample"]["options"] == ["approve", "reject"]
    assert subjects["signoff"]["options"] == ["accept", "refuse"]


def test_what_the_source_reports_came(brief: Brief) -> None:
    """For each resource as many distinct records as PracticeHub counts; more rows in two."""
    doubled = {name for name, one in brief.status["resources"].items()
               if one["rows"] > one["distinct"]}  # fmt: skip

    assert all(one["reported"] == one["distinct"] for one in brief.status["resources"].values())
    assert doubled == {"appointments", "invoices", "patient_logs"}


VISITS = [
    pytest.param(5786, "2025-12-01 07:45:00", "2025-12-01 08:15:00", id="winter 08:45"),
    pytest.param(5648, "2025-07-01 06:00:00", "2025-07-01 06:30:00", id="summer 08:00"),
    pytest.param(5873, "2026-03-29 07:00:00", "2026-03-29 07:30:00", id="clocks went forward"),
    pytest.param(5872, "2026-03-29 01:30:00", "2026-03-29 01:50:00", id="02:30 never was"),
    pytest.param(6011, "2026-10-25 08:00:00", "2026-10-25 08:20:00", id="clocks went back"),
    pytest.param(6004, "2026-10-25 00:30:00", "2026-10-25 01:00:00", id="02:30 was twice"),
]


@pytest.mark.parametrize(("visit", "begins", "ends"), VISITS)
def test_a_visits_time_is_right_in_utc(
    journey: Journey, visit: int, begins: str, ends: str
) -> None:
    """Amsterdam is an hour ahead of UTC in winter and two in summer; worked out by hand."""
    number = journey.external_ids("crm.lead")[f"appointment_{visit}"]
    row = journey.rows("crm.lead", [["id", "=", number]], "x_appointment_time",
                       "x_appointment_end")[0]  # fmt: skip

    assert (row["x_appointment_time"], row["x_appointment_end"]) == (begins, ends)


def test_a_visits_salesperson_is_its_practitioner(journey: Journey) -> None:
    """Who has an Odoo user gets the visits; who has none stands on them by name."""
    rows = journey.rows("crm.lead", [], "user_id", "x_practitioner")
    pairs = {(row["user_id"][1] if row["user_id"] else "", row["x_practitioner"]) for row in rows}

    assert pairs == {
        ("Samuel Gemen", "Samuel Gemen"), ("Nadia Becht", "Nadia Becht"),
        ("Espiridión Martin", "Espiridión Martin"), ("", "Ludmila Pechel"),
        ("", "Christiane Marin"), ("", "Stanley Hall"),
    }  # fmt: skip


def test_the_pipeline_has_the_visits_stages(journey: Journey) -> None:
    """New, In Progress, Completed, Cancelled: each visit in one of them, none a deal won."""
    counted: dict[str, int] = {}
    for visit in journey.clinic["appointments"]:
        if visit["patient_id"] is not None:
            status = str(visit["visit_status"])
            counted[status] = counted.get(status, 0) + 1
    stages = {row["id"]: row for row in journey.rows("crm.stage", [], "name", "is_won")}
    found: dict[str, int] = {}
    for row in journey.rows("crm.lead", [], "stage_id"):
        name = stages[row["stage_id"][0]]["name"]
        found[name] = found.get(name, 0) + 1

    assert found == counted
    assert {stages[row]["is_won"] for row in stages if stages[row]["name"] in counted} == {False}


def test_odoo_holds_just_as_many_records_as_it_should(brief: Brief) -> None:
    """Visits, attachments and messages: no more and no fewer than the clinic's."""
    clinic, journey = brief.journey.clinic, brief.journey
    notes = sum(1 for name in truth.NOTES for _ in truth.of_known(clinic, name))
    ids = journey.external_ids("mail.message")
    beside = {name for name in ids if name.startswith("patient_") and name.endswith("_values")}

    assert journey.count("crm.lead") == 1085
    assert journey.count("calendar.event") == 0
    assert len(journey.external_ids("ir.attachment")) == len(truth.papers(clinic)) == 316
    assert len(ids) - len(beside) == notes
    assert brief.after["mail_message"] - brief.before["mail_message"] == len(ids)


def test_nobody_was_written_to_and_nobody_was_subscribed(brief: Brief) -> None:
    """No mail, no notification, no follower, no activity, no user came of the migration."""
    tables = (*SIDE_EFFECTS, "res_users")

    assert {one: brief.after[one] for one in tables} == {one: brief.before[one] for one in tables}


def test_each_phase_left_its_executed_notebook(journey: Journey) -> None:
    """Named as agreed, private, and every cell of the last one of each phase ran."""
    names = sorted(path.name for path in (journey.folder / "notebooks").iterdir())
    pattern = re.compile(r"(\d\d)_([a-z]+)\.\d{8}T\d{6}Z\.ipynb")
    found = [pattern.fullmatch(name) for name in names]

    assert all(found), names
    assert [(one[1], one[2]) for one in found if one] == sorted(
        (f"{number:02d}", phase)
        for number, phase in enumerate(PHASES[:-1], start=1)
        for _ in journey.notebooks(phase)
    )
    assert len(names) == 13
    for path in (journey.folder / "notebooks").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    for phase in PHASES[:-1]:
        book = nbformat.read(journey.notebooks(phase)[-1], as_version=4)
        cells = [one for one in book.cells if one.cell_type == "code"]
        assert {one.metadata.papermill.status for one in cells} == {"completed"}
        assert all(one.execution_count for one in cells)
        assert cells[-1].id == "verdict"
        assert f"✓ {phase}: done" in cells[-1].outputs[0].data["text/plain"]


def test_a_stopped_notebook_says_which_cells_never_ran(journey: Journey) -> None:
    """The first map notebook waited for a person, and does not claim more than it did."""
    book: Any = nbformat.read(journey.notebooks("map")[0], as_version=4)
    states = {one.id: one.metadata.papermill.status for one in book.cells
              if one.cell_type == "code"}  # fmt: skip

    assert book.metadata.workbench.outcome == "waiting"
    assert states["confirm"] == "waiting"
    assert states["verdict"] == "never ran"


def test_the_run_folder_is_for_its_owner_alone(journey: Journey) -> None:
    """Every folder 0700, every file 0600."""
    loose = [
        path.relative_to(journey.folder)
        for path in (journey.folder, *journey.folder.rglob("*"))
        if path.stat().st_mode & 0o777 != (0o700 if path.is_dir() else 0o600)
    ]

    assert loose == []


def test_the_secrets_stand_nowhere_in_the_parameters(journey: Journey) -> None:
    """Where the run folder lies, and that a delta reads all, is all that papermill is told."""
    told = [(phase, nbformat.read(path, as_version=4).metadata.papermill.parameters)
            for phase in PHASES for path in journey.notebooks(phase)]  # fmt: skip
    whole = {"delta": {"whole": True}}

    assert len(told) == 13
    assert [more for phase, more in told
            if more != {"run_dir": str(journey.folder), **whole.get(phase, {})}] == []  # fmt: skip


def test_every_relation_stands_in_odoo_or_is_an_orphan(journey: Journey) -> None:
    """As many as the clinic's own records name, each found in what Odoo returned."""
    found = {one.name: one for one in journey.store.lists.relations()}
    there = truth.known(journey.clinic)
    owners = [truth.patient_of(one) for one in journey.clinic["appointments"]]
    visits = found["appointments.patient_id"]

    assert (visits.linked, visits.orphan) == (
        sum(one in there for one in owners), sum(one not in {None, *there} for one in owners),
    )  # fmt: skip
    assert found["prescriptions.patient_id"].told == len(journey.clinic["prescriptions"])
    assert found["patients merged into another"].linked == len(truth.twins(journey.clinic))
    assert all(one.expected == one.present + one.orphan + one.left_out for one in found.values())
    assert {one.missing for one in found.values()} == {0}


def test_the_handover_prints_the_head_and_how_to_check_it(journey: Journey) -> None:
    """What is kept apart from the folder ties it to this very seal."""
    page = (journey.folder / "reports" / "handover.html").read_text("utf-8")
    head = json.loads((journey.folder / "seal.json").read_bytes())["ledger"]["head"]

    assert f"workbench verify clinic --head {head}" in page
    assert "Noor Visser signed this migration off: accept." in page
    assert journey.workbench("verify", str(journey.folder), "--head", head).code == 0


def test_running_it_again_asks_nothing_and_changes_nothing(brief: Brief) -> None:
    """A finished migration costs no request, no call and no row in either place."""
    journey = brief.journey
    source, odoo = journey.control.state(), snapshot(journey.odoo.dsn)
    operations = sum(1 for _ in journey.store.destination.operations())
    head = journey.store.ledger.head()
    said = journey.run()
    after = journey.control.state()

    assert said.code == 0
    assert said.err.count("nothing changed since") == 9
    assert (after["requests"], after["file_requests"]) == (
        source["requests"], source["file_requests"])  # fmt: skip
    assert differences(odoo, snapshot(journey.odoo.dsn)) == set()
    assert journey.status() == brief.status
    assert sum(1 for _ in journey.store.destination.operations()) == operations
    assert journey.store.ledger.head() == head


def test_the_source_was_asked_at_its_pace_and_only_ever_read(journey: Journey) -> None:
    """No 429 was earned, nothing but GET was sent, the key never went to the file host."""
    state = journey.control.state()

    assert state["violations"] == 0
    assert state["non_get"] == state["file_non_get"] == 0
    assert state["key_at_file_host"] == 0
    assert state["unauthorized"] == 0


def test_a_finished_phase_can_be_asked_for_again(brief: Brief) -> None:
    """Loading once more finds everything there: the same records, none made, none written."""
    journey = brief.journey
    before = journey.external_ids()
    odoo = snapshot(journey.odoo.dsn)
    said = journey.run("--phase", "migrate")

    assert said.code == 0, said.err
    assert journey.external_ids() == before
    assert differences(odoo, snapshot(journey.odoo.dsn)) == set()
    assert journey.run().code == 0
    assert journey.status()["phases"]["reconcile"] == "done"
