"""Gates: what a phase builds on, and that a change below opens everything above again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.support.made_runs import made_run
from workbench import engine
from workbench.engine import CellState, ExecutionReport, Outcome
from workbench.engine.report import CellReport
from workbench.errors import (
    DecisionNeededError,
    EngineError,
    GateError,
    SourceAuthError,
    UsageError,
    WorkbenchError,
)
from workbench.mapping.model import field_subject, value_subject
from workbench.phases import JOURNEY, gates, runner
from workbench.run import Run
from workbench.state import Question, Status, Store

FIELD = "field:patients.blood_type"
PAIR = "duplicate:patient_1+patient_2"
SAMPLE = Question("sample", "sample", "Is it right?", ["approve", "reject"], basis=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Open a state file with one decided question and everything that phases are done on."""
    store = Store(tmp_path / "state.sqlite")
    store.decisions.ask([Question(FIELD, "map", "What becomes of it?", ["keep", "drop"], basis=1)])
    store.decisions.decide(FIELD, "keep", by="Noor Visser")
    store.decisions.ask([Question(PAIR, "extract", "One?", ["keep both", "merge"], basis=1)])
    store.decisions.ask([SAMPLE])
    store.decisions.decide("sample", "approve", by="Noor Visser")
    store.journey.set_meta("config_hash", "c1")
    for name in ("questions", "mapping", "ground", "schema", "shape", "duplicates", "sample"):
        store.journey.set_document(name, 1)
    store.journey.set_meta("held", "h1")
    for phase in JOURNEY:
        store.journey.set_phase(phase, Status.DONE, basis=gates.basis(store, phase))
    return store


def check(store: Store, phase: str) -> None:
    """Ask a phase's gate."""
    gates.check(cast("Run", SimpleNamespace(store=store)), phase)


def current(store: Store) -> set[str]:
    """Name the phases that are done on what stands now."""
    return {phase for phase in JOURNEY if gates.is_current(store, phase)}


def test_a_finished_journey_is_current_and_every_gate_is_open(store: Store) -> None:
    """Nothing changed, so nothing is done again."""
    assert current(store) == set(JOURNEY)
    for phase in (*JOURNEY, "rollback"):
        check(store, phase)


@pytest.mark.parametrize("phase", [phase for phase in JOURNEY if phase != "connect"])
def test_a_phase_that_is_not_done_closes_the_gates_above_it(store: Store, phase: str) -> None:
    """The sentence names the phase that is missing, and how it stands."""
    for before in gates.BEFORE[phase]:
        store.journey.set_phase(before, Status.WAITING, basis=gates.basis(store, before))
        with pytest.raises(GateError, match=f"{phase} needs {before}, which is waiting"):
            check(store, phase)
        store.journey.set_phase(before, Status.DONE, basis=gates.basis(store, before))


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        (lambda s: s.journey.set_meta("config_hash", "c2"), set()),
        (lambda s: s.journey.set_document("questions", 2), {"connect", "audit"}),
        (lambda s: s.decisions.decide(FIELD, "drop", by="Noor"), {"connect", "audit"}),
        (lambda s: s.journey.set_document("mapping", 2), {"connect", "audit", "map", "extract"}),
        (lambda s: s.journey.set_document("ground", 2), {"connect", "audit", "map", "prepare"}),
        (lambda s: s.journey.set_document("schema", 2), set(JOURNEY) - {"delta", "reconcile"}),
        (lambda s: s.journey.set_document("shape", 2),
         {"connect", "audit", "map", "prepare", "extract"}),
        (lambda s: s.decisions.decide(PAIR, "merge", by="Noor"),
         set(JOURNEY) - {"delta", "reconcile"}),
        (lambda s: s.journey.set_document("sample", 2),
         {"connect", "audit", "map", "prepare", "extract"}),
        (lambda s: s.decisions.decide("sample", "reject", by="Noor"),
         {"connect", "audit", "map", "prepare", "extract"}),
        (lambda s: s.decisions.ask([replace(SAMPLE, basis=2)]),
         {"connect", "audit", "map", "prepare", "extract"}),
        (lambda s: s.journey.set_meta("held", "h2"), set(JOURNEY) - {"reconcile"}),
    ],
    ids=["configuration", "question", "answer", "map", "ground", "schema", "shape", "duplicates",
         "sample", "rejected", "compared anew", "loaded"],
)  # fmt: skip
def test_what_changes_below_opens_what_was_done_on_it(
    store: Store, change: Callable[[Store], object], stands: set[str]
) -> None:
    """A changed mind about a field is as good as a changed field."""
    change(store)

    assert current(store) == stands


def test_a_map_that_only_grew_needs_no_other_sample(store: Store) -> None:
    """Once Odoo is prepared for a new value, the sample and the load stand; the delta does not."""
    store.journey.set_document("mapping", 2)
    store.journey.set_document("schema", 2)
    store.journey.set_phase("prepare", Status.DONE, basis=gates.basis(store, "prepare"))

    assert current(store) == set(JOURNEY) - {"delta", "reconcile"}
    check(store, "delta")


def test_another_configuration_is_prepared_for_anew(store: Store) -> None:
    """Who may read clinical fields is a setting: the map is the same, the schema is not."""
    store.journey.set_meta("config_hash", "c2")
    for phase in ("connect", "audit", "map"):
        store.journey.set_phase(phase, Status.DONE, basis=gates.basis(store, phase))

    assert current(store) == {"connect", "audit", "map", "extract"}


def test_saying_the_same_again_changes_nothing(store: Store) -> None:
    """An answer that is repeated opens no phase."""
    store.decisions.decide(FIELD, "keep", by="Pia Smit")

    assert current(store) == set(JOURNEY)


def test_a_changed_answer_closes_the_gate_of_the_full_load(store: Store) -> None:
    """The approval of a sample holds for one map only."""
    store.decisions.decide(FIELD, "drop", by="Noor Visser")

    with pytest.raises(GateError, match="migrate needs sample, which was done on something that"):
        check(store, "migrate")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.journey.set_document("ground", 2),
        lambda s: s.journey.set_document("shape", 2),
        lambda s: s.journey.set_document("sample", 2),
        lambda s: s.decisions.ask([replace(SAMPLE, basis=2)]),
        lambda s: s.decisions.decide("sample", "reject", by="Noor Visser"),
        lambda s: s.decisions.withdraw(["sample"]),
    ],
    ids=["map", "schema", "sample", "verdicts", "rejected", "never asked"],
)
def test_nothing_else_is_loaded_on_an_approval_of_something_else(
    store: Store, change: Callable[[Store], object]
) -> None:
    """An approval holds for one map, one schema, one sample and what came of comparing it."""
    check(store, "migrate")
    change(store)

    with pytest.raises(GateError) as refused:
        check(store, "migrate")
    assert refused.value.exit_code == 4


def test_the_delta_may_run_while_a_question_is_open_again(store: Store) -> None:
    """The clinic's last days do not wait for one value; a changed sample closes it all the same."""
    store.journey.set_document("questions", 2)
    store.journey.set_phase("map", Status.WAITING)
    check(store, "delta")
    with pytest.raises(GateError):
        check(store, "reconcile")

    store.journey.set_document("sample", 2)
    with pytest.raises(GateError, match="delta needs migrate"):
        check(store, "delta")


def test_a_rollback_needs_something_to_take_out(tmp_path: Path) -> None:
    """Before anything was made in Odoo there is nothing to do."""
    store = Store(tmp_path / "state.sqlite")
    with pytest.raises(GateError, match="nothing to take out"):
        check(store, "rollback")

    store.journey.set_phase("prepare", Status.FAILED)
    check(store, "rollback")


def test_the_answers_that_count_are_those_that_make_the_map() -> None:
    """The gates and the questions mean the same subjects."""
    assert gates.MAP_PREFIXES == ("field:", "value:", "practitioner:")
    assert field_subject("patients.id").startswith(gates.MAP_PREFIXES[0])
    assert value_subject("appointments.status", "new").startswith(gates.MAP_PREFIXES[1])


# the runner -------------------------------------------------------------------------------------


class Notebook:
    """Stands in for the engine: writes a file, does something to the run, reports an outcome."""

    def __init__(self, then: Callable[[], object], error: WorkbenchError | None = None) -> None:
        self.then, self.error = then, error
        self.phases: list[str] = []

    def __call__(self, notebook: Path, output: Path, **_: object) -> ExecutionReport:
        """Run."""
        self.phases.append(notebook.stem.partition("_")[2])
        output.write_text("{}")
        self.then()
        outcome = Outcome.DONE if self.error is None else Outcome.FAILED
        cells = (CellReport("source", CellState.COMPLETED, 0.1),)
        return ExecutionReport(outcome, output, cells, 0.1, self.error)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Make a run."""
    return made_run(tmp_path)


def put(monkeypatch: pytest.MonkeyPatch, book: Notebook) -> Notebook:
    """Let the runner use this engine."""
    monkeypatch.setattr(engine, "execute", book)
    return book


def test_a_notebook_without_a_verdict_is_no_phase_done(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells that ran prove nothing: only the state says that a phase is done."""
    put(monkeypatch, Notebook(lambda: None))

    with pytest.raises(EngineError, match="does not say that it is done"):
        runner.advance(run, only="connect")
    assert run.store.journey.phase("connect").status is Status.FAILED


def test_what_stopped_a_phase_is_raised_and_shown_by_status(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence, not the name of a class; the executed notebook is kept."""
    put(monkeypatch, Notebook(lambda: None, SourceAuthError("PracticeHub refused the key (401).")))

    with pytest.raises(SourceAuthError):
        runner.advance(run)
    state = run.store.journey.phase("connect")
    assert (state.status, state.message) == (Status.FAILED, "PracticeHub refused the key (401).")
    kinds = [kind for _, kind, *_ in run.store.journey.artefacts()]
    assert kinds == ["configuration", "notebook"]


def test_a_phase_that_waits_for_a_person_has_not_failed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the notebook wrote about its waiting stays."""
    put(monkeypatch, Notebook(
        lambda: run.store.journey.set_phase("connect", Status.WAITING, message="two wait"),
        DecisionNeededError("two decisions wait"),
    ))  # fmt: skip

    with pytest.raises(DecisionNeededError):
        runner.advance(run)
    assert run.store.journey.phase("connect").status is Status.WAITING


def test_ctrl_c_in_a_notebook_records_no_verdict(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phase that was stopped has neither failed nor ended; the folder is free again."""

    def stop() -> None:
        raise KeyboardInterrupt

    put(monkeypatch, Notebook(stop))

    with pytest.raises(KeyboardInterrupt):
        runner.advance(run)
    assert run.store.journey.phase("connect").status is Status.PENDING
    with run.exclusive():
        pass


def test_phases_that_stand_are_not_run_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going on begins at the first phase that is not done on what stands now."""

    def done() -> None:
        name = book.phases[-1]
        run.store.journey.set_phase(name, Status.DONE, basis=gates.basis(run.store, name))

    book = put(monkeypatch, Notebook(done))
    told: list[tuple[str, str]] = []
    runner.advance(run, until="audit")
    runner.advance(run, until="map", on_phase=lambda phase, what: told.append((phase, what)))

    assert book.phases == ["connect", "audit", "map"]
    assert told == [("connect", "stands"), ("audit", "stands"), ("map", "starts"), ("map", "done")]


@pytest.mark.parametrize(("until", "only"), [("nope", None), (None, "nope"), ("rollback", None)])
def test_a_name_that_is_no_phase_starts_nothing(
    run: Run, until: str | None, only: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journey never goes into a rollback by itself."""
    book = put(monkeypatch, Notebook(lambda: None))

    with pytest.raises(UsageError):
        runner.advance(run, until=until, only=only)
    assert book.phases == []
