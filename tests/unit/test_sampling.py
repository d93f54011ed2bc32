"""Whom the sample takes: everything that occurs in a clinic is tried, and it says so."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.support.decided_map import World, world
from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.errors import DecisionNeededError, PhaseFailedError
from workbench.mapping import is_pick_list, value_key
from workbench.phases import duplicates, loading, proving, sampling
from workbench.phases.expectations import REFERENCES
from workbench.phases.sample import _size_words
from workbench.proof import Comparison, SampleChoice, SampleFacts, choose
from workbench.run import Run
from workbench.state import (
    FileState,
    Issue,
    IssueKind,
    Question,
    Status,
    Store,
    Verdict,
)

Vocabulary = Literal["brief", "observed"]
SIZE = 50
"""The smallest usual sample; the clinics have more patients than that."""
EMPTY_FILE, LARGE_FILE, LOST_FILE = range(3)


@pytest.fixture(scope="module", params=["brief", "observed"])
def made(request: pytest.FixtureRequest) -> World:
    """Give a synthetic clinic and its map."""
    found: World = world(request.param)
    return found


@pytest.fixture(scope="module")
def store(made: World, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Hold the whole clinic, with three files fetched or lost, and what a check found odd."""
    folder = tmp_path_factory.mktemp("sampling")
    store = Store(folder / "state.sqlite")
    for resource in made.clinic:
        store_page(folder, store, resource, made.clinic[resource])
    sizes = {EMPTY_FILE: 0, LARGE_FILE: 9_000_000}
    for place in (EMPTY_FILE, LARGE_FILE, LOST_FILE):
        record = made.clinic["files"][place]
        key = ("files", str(record["id"]))
        store.source.add_file(*key, patient_id=str(record["patient_id"]), declared=None, record="")
        if place in sizes:
            store.source.close_file(*key, FileState.HELD, size=sizes[place], sha1="a", sha256="b")
        else:
            store.source.close_file(*key, FileState.MISSING, reason="gone")
    store.staging.add_issues(
        [
            Issue(IssueKind.EMAIL_INVALID, "patients", _alive(made)[0], "patients.email", "email",
                  "kept", "extract"),
            Issue(IssueKind.REFUSED_BY_ODOO, "patients", _alive(made)[1], "patients.email",
                  "no", "", "sample"),
        ]
    )  # fmt: skip
    return store


def _alive(made: World) -> list[str]:
    """Give the ids of the patients who are not merged into another."""
    every = (str(one["id"]) for one in made.clinic["patients"])
    return [one for one in every if one not in made.mapping.survivors]


@pytest.fixture(scope="module")
def ground(made: World, store: Store) -> sampling.Ground:
    """Gather what there is to try; one patient is a contact that Odoo has already."""
    return sampling.gather(
        store, made.mapping, goes=made.mapping.survivors, linked={_alive(made)[-1]},
        mask=lambda value: f"masked {len(str(value))}",
    )  # fmt: skip


@pytest.fixture(scope="module")
def sample(ground: sampling.Ground) -> SampleChoice:
    """Choose a sample of the smallest usual size."""
    return choose(ground.facts, size=SIZE, wanted=ground.wanted)


def covered(sample: SampleChoice) -> set[str]:
    """Give all keys that a sample covers."""
    return {key for keys in sample.covers.values() for key in keys}


def owned(made: World, resource: str) -> list[dict[str, object]]:
    """Give the records of a resource that some listed patient owns."""
    known = {str(one["id"]) for one in made.clinic["patients"]}
    return [one for one in made.clinic.get(resource, []) if str(one.get("patient_id")) in known]


def test_every_value_of_every_value_map_that_a_patient_has_is_tried(
    made: World, sample: SampleChoice
) -> None:
    """Each status, each choice of a form, each language: at least one patient has it."""
    lists = [row for row in made.mapping.rows if is_pick_list(row)]
    alive = set(_alive(made))
    occurring = set()
    for row in lists:
        own = row.resource == "patients"
        records = made.clinic[row.resource] if own else owned(made, row.resource)
        occurring |= {f"value:{row.field}={value}" for one in records
                      if (not own or str(one["id"]) in alive)
                      and (value := value_key(row, one)) is not None}  # fmt: skip

    assert len(lists) >= 3
    assert len(occurring) >= 15
    assert occurring <= covered(sample)


def test_every_practitioner_and_every_location_with_a_visit_is_tried(
    made: World, sample: SampleChoice
) -> None:
    """Who treats and where decides about users and choices in Odoo: none is left untried."""
    visits = owned(made, "appointments")
    people = {f"reference:appointments.practitioner_id={one['practitioner_id']}" for one in visits
              if one.get("practitioner_id")}  # fmt: skip
    places = {f"value:appointments.{path}={one[path]}" for one in visits
              for path in ("location_id", "clinic_location") if one.get(path)}  # fmt: skip

    assert min(len(people), len(places)) >= 3
    assert people | places <= covered(sample)


def test_every_mapped_field_and_every_kind_of_record_is_tried_or_named(
    made: World, sample: SampleChoice
) -> None:
    """What no patient's records have filled is listed; everything else is in the sample."""
    fields = {f"field:{row.field}" for row in made.mapping.rows if row.resource not in REFERENCES}
    kinds = {f"relation:has {one}" for one in made.clinic if owned(made, one)}

    assert fields - covered(sample) <= set(sample.impossible)
    assert kinds <= covered(sample)
    assert sample.left_over == () or {key.partition(":")[0] for key in sample.left_over} <= {
        "longest", "empty", "odd"
    }  # fmt: skip


def test_the_odd_ones_are_tried(sample: SampleChoice) -> None:
    """Two who are one, a contact of Odoo's, an empty and a huge file, one that is lost, ….

    What only a load finds changes nothing: else the sample would be another after it.
    """
    assert {
        sampling.MERGED, sampling.LINKED, "file:held", "file:missing", "file:of 0 bytes",
        "file:that is the largest", "emptiest:", "most:", "script:cyrillic", "script:arabic",
        "script:cjk", "script:greek", "script:latin-accented",
    } <= covered(sample)  # fmt: skip
    assert {key for key in covered(sample) | set(sample.left_over) if key.startswith("odd:")} == {
        "odd:email_invalid, patients.email"
    }


def test_nobody_is_in_the_sample_who_goes_into_another(made: World, sample: SampleChoice) -> None:
    """A merged patient is loaded with the one that stays, never by themselves."""
    assert not set(sample.ids) & set(made.mapping.survivors)
    assert set(sample.ids) <= set(_alive(made))


def test_what_nobody_has_is_said_to_be_impossible(ground: sampling.Ground) -> None:
    """A practitioner without a visit, a value without a patient and a field never filled."""
    told = choose(ground.facts, size=1, wanted=ground.wanted | {"value:appointments.status=gone"})

    assert "value:appointments.status=gone" in told.impossible
    assert all(key not in ground.facts.keys for key in told.impossible)
    assert {key for key in ground.wanted if key not in ground.facts.keys} <= set(told.impossible)


@pytest.mark.parametrize(
    ("size", "patients", "said"),
    [(100, 5000, False), (50, 5000, False), (200, 5000, False), (49, 5000, True),
     (201, 5000, True), (100, 60, True), (5, 5, True)],
)  # fmt: skip
def test_an_unusual_size_is_told_and_not_refused(*, size: int, patients: int, said: bool) -> None:
    """50 to 200 patients need no word; fewer, more, or a clinic that is smaller do."""
    assert bool(_size_words(size, patients)) == said


# the phase -------------------------------------------------------------------------------


class Stage:
    """A sample phase whose load and comparison are done in memory."""

    def __init__(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run, self.patients, self.verdict = run, {"1": ["file:a"]}, "equal"
        monkeypatch.setattr(duplicates, "settle", lambda _steps: {})
        monkeypatch.setattr(loading, "load_all", lambda *_args, **_more: [])
        monkeypatch.setattr(proving, "compare_all", self._compare)
        monkeypatch.setattr(sampling, "ground", self._ground)
        monkeypatch.setattr("workbench.phases.sample.Sample._hidden", lambda _self: set())

    def _ground(self, _steps: object) -> sampling.Ground:
        return sampling.Ground(SampleFacts.of(self.patients), frozenset())

    def _compare(self, *_args: object, **_more: object) -> Comparison:
        found = [Verdict("sample", "res.partner", "name", self.verdict, "", 1)]
        self.run.store.proof.set_comparison("sample", verdicts=found, differences=[])
        return Comparison(found, 1, 1, 0)

    def said(self) -> str:
        """Go to the verdict as a notebook does; give what is missing, or "done"."""
        try:
            return self.run.verdict().status
        except (PhaseFailedError, DecisionNeededError) as stopped:
            return str(stopped)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Open a run for the sample, everything before it done."""
    monkeypatch.setenv("WORKBENCH_HEADLESS", "1")
    run = made_run(tmp_path)
    for phase in ("connect", "audit", "map", "prepare", "extract"):
        run.store.journey.set_phase(phase, Status.DONE)
    run.phase = "sample"
    return Stage(run, monkeypatch)


def test_a_sample_loaded_again_is_not_judged_by_the_comparison_before(stage: Stage) -> None:
    """A cell that was skipped shows: the verdict says that nothing was compared since."""
    sample = stage.run.sample
    before = stage.said()
    sample.choose()
    sample.load()
    loaded = stage.said()
    sample.compare()
    stage.run.store.decisions.decide("sample", "approve", by="Noor Visser")
    done = stage.said()
    sample.choose()
    same = stage.said()
    sample.load()
    again = stage.said()
    sample.compare()
    compared = stage.said()
    stage.patients = {"1": ["file:a"], "2": ["file:b"]}
    sample.choose()
    other = stage.said()

    assert "the sample was not compared" in before
    assert "not compared since it was loaded" in loaded
    assert (done, same, compared) == ("done", "done", "done")
    assert "not compared since it was loaded" in again
    assert "not compared since it was chosen anew" in other


@pytest.mark.parametrize("change", ["verdicts", "patients", "schema", "map"])
def test_an_approval_holds_for_what_was_approved(stage: Stage, change: str) -> None:
    """Another map, schema, sample or outcome is asked about anew."""
    sample, store = stage.run.sample, stage.run.store

    def go() -> str:
        sample.choose()
        sample.load()
        sample.compare()
        return stage.said()

    go()
    store.decisions.decide("sample", "approve", by="Noor Visser")
    approved, again = stage.said(), go()
    if change == "verdicts":
        stage.verdict = "different"
    elif change == "patients":
        stage.patients = {"2": ["file:a"]}
    else:
        store.journey.set_document({"schema": "shape", "map": "ground"}[change], "another")
    changed = go()

    assert (approved, again) == ("done", "done")
    assert "1 decision(s) wait for a person: sample" in changed


def test_a_rejected_sample_is_not_done(stage: Stage) -> None:
    """Nobody who rejected is passed over."""
    stage.run.sample.choose()
    stage.run.sample.load()
    stage.run.sample.compare()
    stage.run.store.decisions.decide("sample", "reject", by="Noor Visser")

    assert "the sample was rejected by Noor Visser" in stage.said()


def test_undecided_pairs_are_taken_as_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample that is loaded while a pair is open is still the sample once it is decided."""
    run = made_run(tmp_path)
    monkeypatch.setattr(duplicates, "settle", lambda _steps: {"9": "8"})
    ask = run.store.decisions.ask
    ask([Question("duplicate:patient_1+patient_2", "extract", "One?", ["merge", "keep both"],
                  basis=1, proposal="merge")])  # fmt: skip
    ask([Question("duplicate:patient_3+patient_4", "extract", "One?", ["merge", "keep both"],
                  basis=1, proposal="keep both")])  # fmt: skip
    ask([Question("duplicate:patient_5+contact_7", "extract", "One?", ["link", "keep both"],
                  basis=1, proposal="link")])  # fmt: skip
    open_yet = sampling._one_person(run.sample)
    run.store.decisions.accept_proposed("duplicate:", by="Noor Visser")

    assert open_yet == ({"2": "1", "9": "8"}, frozenset({"5"}))
    assert sampling._one_person(run.sample) == open_yet
