"""The state file: transactions, the chained ledger, pages and copies, decisions, operations."""

from __future__ import annotations

import json
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.errors import StateError, StorageFullError, UsageError
from workbench.state import (
    GENESIS,
    BeforeImage,
    Fate,
    How,
    Issue,
    IssueKind,
    Link,
    OperationStatus,
    Outcome,
    PageIn,
    PageKind,
    Question,
    RecordIn,
    Status,
    Store,
    WalkState,
    digest,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Open a new state file."""
    return Store(tmp_path / "state.sqlite")


def row(source_id: str, **fields: object) -> RecordIn:
    """Make a record as it arrives."""
    data = {"id": int(source_id), **fields}
    return RecordIn(source_id, None, digest(data), json.dumps(data))


def page(number: int, *records: RecordIn, generation: int = 0, more: bool = False) -> PageIn:
    """Make a page of patients."""
    return PageIn(
        "patients", generation, number, f"/patients?page={number}", "aa" * 32, 10, 0.1, 3,
        f"/patients?page={number + 1}" if more else None, records,
    )  # fmt: skip


def new_wins(_old: dict[str, object], _new: dict[str, object]) -> tuple[bool, str]:
    """Let the copy that arrived count."""
    return True, "the later one"


def old_wins(_old: dict[str, object], _new: dict[str, object]) -> tuple[bool, str]:
    """Let the copy that is held count."""
    return False, "the first one"


def test_the_file_is_readable_by_its_owner_only(store: Store) -> None:
    """Nobody else on the machine can open the state file."""
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_block_that_fails_leaves_nothing_behind(store: Store) -> None:
    """Half a change is never kept."""

    def fail_half_way() -> None:
        with store.transaction():
            store.journey.set_meta("a", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()

    assert store.journey.meta("a") is None


def test_another_process_sees_what_was_committed(store: Store) -> None:
    """The command line sees at once what a notebook stored."""
    other = Store(store.path)
    store.journey.set_meta("a", "1")

    assert other.journey.meta("a") == "1"


def test_a_file_that_is_no_state_file_is_named(tmp_path: Path) -> None:
    """A wrong file is told apart from a broken workbench."""
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"a letter to the clinic, certainly no database" * 50)

    with pytest.raises(StateError, match="not a state file"):
        Store(path)


def test_a_state_file_of_a_later_release_is_refused(tmp_path: Path) -> None:
    """A newer run is not damaged by an older workbench."""
    path = tmp_path / "state.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")

    with pytest.raises(StateError, match="version 99"):
        Store(path)


def test_a_full_disk_is_told_as_such_and_loses_nothing(store: Store) -> None:
    """When the disk fills up, what was committed before stands."""
    store.source.store_page(page(1, row("1"), more=True), resolve=new_wins)
    pages = store.db.execute("PRAGMA page_count").fetchone()[0]
    store.db.execute(f"PRAGMA max_page_count={pages + 1}")

    with pytest.raises(StorageFullError):
        store.source.store_page(page(2, row("2", note="x" * 200_000)), resolve=new_wins)

    assert [r.source_id for r in store.source.records("patients")] == ["1"]
    walk = store.source.walk("patients")
    assert walk is not None
    assert (walk.pages, walk.next) == (1, "/patients?page=2")


def test_every_ledger_row_carries_the_hash_of_the_row_before(store: Store) -> None:
    """The chain holds from its first row to its head."""
    for number in range(3):
        with store.transaction():
            store.ledger.append("tried", str(number), detail={"n": number})

    entries = list(store.ledger.entries())
    assert entries[0].prev == GENESIS
    assert [e.prev for e in entries[1:]] == [e.hash for e in entries[:-1]]
    assert all(e.hash == e.computed() for e in entries)
    assert store.ledger.head() == entries[-1].hash


def test_a_page_its_records_and_its_cursor_are_stored_together(store: Store) -> None:
    """What was read and where to go on is one fact."""
    store.source.store_page(page(1, row("2"), row("1"), more=True), resolve=new_wins)

    walk = store.source.walk("patients")
    assert walk is not None
    assert (walk.state, walk.next, walk.rows) == (WalkState.WALKING, "/patients?page=2", 2)
    assert [r.source_id for r in store.source.records("patients")] == ["1", "2"]


@pytest.mark.parametrize("kind", [PageKind.AGAIN, PageKind.WINDOW])
def test_a_second_look_adds_only_what_no_page_had_shown(store: Store, kind: PageKind) -> None:
    """Our own asking again must not look as if PracticeHub sent records twice."""
    store.source.store_page(page(1, row("1"), row("1"), row("2")), resolve=new_wins)
    look = replace(page(2, row("1"), row("2", note="x"), row("3"), row("3")), kind=kind)
    store.source.store_page(look, resolve=new_wins)

    assert store.source.volumes()["patients"].rows == 4
    assert {r.source_id: r.rows for r in store.source.records("patients")} == {
        "1": 2, "2": 1, "3": 1,
    }  # fmt: skip


def test_a_page_is_never_counted_twice(store: Store) -> None:
    """Storing the same page again is refused, and changes nothing."""
    store.source.store_page(page(1, row("1"), more=True), resolve=new_wins)

    with pytest.raises(StateError):
        store.source.store_page(page(1, row("2")), resolve=new_wins)

    assert store.source.volumes()["patients"].rows == 1


def test_pages_are_listed_whole_or_of_one_resource_and_one_pass(store: Store) -> None:
    """Who asks for one pass over one list gets its pages, in order, and no others."""
    store.source.store_page(page(1, row("1"), more=True), resolve=new_wins)
    store.source.store_page(replace(page(1, row("1")), resource="files"), resolve=new_wins)
    store.source.store_page(page(2, row("2")), resolve=new_wins)
    store.source.store_page(page(1, row("1"), generation=1), resolve=new_wins)

    def numbers(
        resource: str | None = None, generation: int | None = None
    ) -> list[tuple[str, int, int]]:
        found = store.source.pages(resource=resource, generation=generation)
        return [(one.resource, one.generation, one.number) for one in found]

    first = [("patients", 0, 1), ("patients", 0, 2)]
    assert numbers() == [first[0], ("files", 0, 1), first[1], ("patients", 1, 1)]
    assert numbers(resource="patients", generation=0) == first
    assert numbers(resource="patients") == [*first, ("patients", 1, 1)]
    assert numbers(generation=1) == [("patients", 1, 1)]


def test_a_record_sent_twice_is_counted_twice_and_kept_once(store: Store) -> None:
    """Rows and distinct records are different figures."""
    store.source.store_page(page(1, row("1"), row("1"), row("2")), resolve=new_wins)

    volume = store.source.volumes()["patients"]
    assert (volume.rows, volume.distinct) == (3, 2)


@pytest.mark.parametrize(("rule", "kept"), [(new_wins, "b"), (old_wins, "a")])
def test_copies_that_differ_are_kept_both_ways(store: Store, rule: object, kept: str) -> None:
    """The rule says which copy counts; the other one is not thrown away."""
    store.source.store_page(
        page(1, row("1", name="a"), row("1", name="b")),
        resolve=rule,  # type: ignore[arg-type] # one of the two functions above
    )

    record = store.source.record("patients", "1")
    assert record is not None
    assert (record.data["name"], record.rows) == (kept, 2)
    assert len(store.source.differing_copies()) == 1


def test_a_later_pass_replaces_what_changed_and_finds_what_is_gone(store: Store) -> None:
    """A second look at the source shows what was changed and what was deleted."""
    store.source.store_page(page(1, row("1", n=1), row("2")), resolve=old_wins)
    store.source.store_page(page(1, row("1", n=2), generation=1), resolve=old_wins)
    store.source.mark_gone("patients", store.source.unmet("patients", 1, most=9))

    assert [r.data for r in store.source.records("patients")] == [{"id": 1, "n": 2}]
    gone = store.source.record("patients", "2")
    assert gone is not None
    assert gone.gone


def question(basis: object = 1, proposal: str | None = "x") -> Question:
    """Make a question with two options."""
    return Question("field:patients.dob", "map", "What becomes of dob?", ("x", "drop"), basis,
                    proposal=proposal)  # fmt: skip


def test_a_decision_keeps_who_when_and_on_what(store: Store) -> None:
    """What a person said is on record with their name."""
    store.decisions.ask([question()])
    store.decisions.decide("field:patients.dob", "drop", by="Ann", comment="never filled")

    decision = store.decisions.get("field:patients.dob")
    assert decision is not None
    assert (decision.choice, decision.decided_by, decision.comment) == ("drop", "Ann",
                                                                        "never filled")  # fmt: skip
    assert not decision.is_open


def test_a_changed_subject_opens_its_decision_again(store: Store) -> None:
    """Nobody is held to what they said about something else."""
    store.decisions.ask([question(basis=1)])
    store.decisions.decide("field:patients.dob", "x", by="Ann")
    store.decisions.ask([question(basis=2)])

    assert [d.subject for d in store.decisions.open()] == ["field:patients.dob"]
    assert store.decisions.choice("field:patients.dob") is None


def test_asking_the_same_again_changes_nothing(store: Store) -> None:
    """A phase that runs twice does not ask twice."""
    store.decisions.ask([question()])
    store.decisions.decide("field:patients.dob", "x", by="Ann")
    head = store.ledger.head()
    store.decisions.ask([question()])

    assert store.ledger.head() == head


@pytest.mark.parametrize(
    ("subject", "choice", "by"),
    [("field:patients.dob", "other", "Ann"), ("field:none", "x", "Ann"),
     ("field:patients.dob", "x", " "), ("field:patients.dob", "x", "\u200b\t"),
     ("field:patients.dob", "x", "--")],
    ids=["no such option", "no such question", "nobody named", "signs nobody sees", "dashes"],
)  # fmt: skip
def test_a_wrong_answer_is_refused(store: Store, subject: str, choice: str, by: str) -> None:
    """An answer that was not offered, or that nobody gave, is not recorded."""
    store.decisions.ask([question()])

    with pytest.raises(UsageError):
        store.decisions.decide(subject, choice, by=by)

    assert len(store.decisions.open()) == 1


def test_a_name_is_kept_in_one_line(store: Store) -> None:
    """Whatever was pasted: a list or a report has one line for who decided."""
    store.decisions.ask([question()])
    store.decisions.decide("field:patients.dob", "x", by="  Noor\n Visser ")
    decision = store.decisions.get("field:patients.dob")

    assert decision is not None
    assert decision.decided_by == "Noor Visser"


def test_an_answer_to_what_was_shown_before_is_refused(store: Store) -> None:
    """Two people deciding at once cannot overwrite each other unseen."""
    store.decisions.ask([question(basis=1)])
    shown = store.decisions.open()[0].basis
    store.decisions.ask([question(basis=2)])

    with pytest.raises(UsageError, match="changed since"):
        store.decisions.decide("field:patients.dob", "x", by="Ann", basis=shown)


@pytest.mark.parametrize("subject", ["sample", "signoff"])
def test_what_only_a_person_may_say_never_carries_a_proposal(store: Store, subject: str) -> None:
    """Nobody can accept the sample or sign off by accepting proposals."""
    store.decisions.ask([Question(subject, "sample", "?", ("approve",), 1, proposal="approve")])

    assert store.decisions.open()[0].proposal is None


def link(external_id: str, operation: int) -> Link:
    """Make a link to a partner."""
    return Link(external_id, "res.partner", 7, "patients", "1", How.CREATED, operation, "hash")


def test_an_operation_is_open_until_its_outcome_is_known(store: Store) -> None:
    """What was sent without an answer is asked about, not guessed."""
    operation = store.destination.intend("migrate", "load", "res.partner", keys=["patient_1"])
    store.destination.close(operation, OperationStatus.UNKNOWN)
    assert [o.id for o in store.destination.unsettled()] == [operation]

    store.destination.close(operation, OperationStatus.DONE, links=[link("patient_1", operation)])
    assert store.destination.unsettled() == []
    assert store.destination.link("patient_1") == link("patient_1", operation)


def test_many_records_are_asked_about_in_one_question(store: Store) -> None:
    """Those that lead nowhere, or were taken out of Odoo again, are not among the answers."""
    names = [f"patient_{number}" for number in range(1, 4)]
    operation = store.destination.intend("migrate", "load", "res.partner", keys=names)
    links = [link(name, operation) for name in names]
    store.destination.close(operation, OperationStatus.DONE, links=links)
    store.destination.remove_links(["patient_2"])

    assert store.destination.links_of([*names, "patient_9"]) == {
        "patient_1": links[0], "patient_3": links[2],
    }  # fmt: skip
    assert store.destination.sent_of(names) == {"patient_1": "hash", "patient_3": "hash"}


def test_the_first_before_image_of_a_field_stays(store: Store) -> None:
    """Rollback goes back to what the clinic had, not to what we wrote first."""
    operation = store.destination.intend("migrate", "write", "res.partner", keys=["patient_1"])
    for value in ("theirs", "ours"):
        store.destination.keep_before([BeforeImage("res.partner", 7, "phone", value)],
                                      operation=operation)  # fmt: skip

    assert store.destination.before_images() == [BeforeImage("res.partner", 7, "phone", "theirs")]


def test_a_phase_keeps_what_it_was_done_on(store: Store) -> None:
    """A verdict can be held against what stands now."""
    store.journey.set_phase("map", Status.DONE, message="all", basis={"fields": "abc"})

    assert store.journey.phase("map").basis == {"fields": "abc"}
    assert store.journey.phase("sample").status is Status.PENDING


def test_the_same_issue_is_listed_once(store: Store) -> None:
    """Running a check again does not double the list."""
    issue = Issue(
        IssueKind.ORPHAN, "appointments", "5", "patient_id", "unknown patient", "kept", "extract"
    )
    assert store.staging.add_issues([issue, issue]) == 1
    assert store.staging.add_issues([issue]) == 0
    assert list(store.staging.issues()) == [issue]


def test_fates_count_only_records_that_exist(store: Store) -> None:
    """The sums are about the records PracticeHub has."""
    store.source.store_page(page(1, row("1"), row("2")), resolve=new_wins)
    store.proof.set_outcomes(
        Outcome("patients", one, Fate.CREATED, "", f"patient_{one}", "migrate")
        for one in ("1", "2", "3")
    )

    assert store.proof.fates() == {"patients": {Fate.CREATED: 2}}
