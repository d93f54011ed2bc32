"""The verdict of reconcile: only ever about what stands now, whatever steps were skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.errors import GateError
from workbench.phases import gates, loading
from workbench.phases.reconcile import COMPARED
from workbench.run import Run
from workbench.state import (
    Conflict,
    Difference,
    Fate,
    Gap,
    How,
    Link,
    OperationStatus,
    Outcome,
    Question,
    Verdict,
)

PATIENT = {"id": 1, "first_name": "Anna"}
STREET = Question(
    "conflict:patient_1.street", "reconcile", "Whose?",
    ("keep Odoo's value", "write PracticeHub's value"), basis=1, proposal="keep Odoo's value",
    reasons=("it was changed in Odoo since the load",),
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a run of one patient: loaded, read back, and accepted."""
    made = made_run(tmp_path)
    made.headless = False
    store_page(made.folder, made.store, "patients", [PATIENT])
    link(made, sent="f" * 20)
    made.store.proof.set_outcomes([Outcome("patients", "1", Fate.CREATED, "", "patient_1", "x")])
    compared(made)
    made.reconcile.sign_off()
    made.store.decisions.decide("signoff", "accept", by="Noor Visser")
    yield made
    made.store.close()


def link(run: Run, *, sent: str) -> None:
    """Say what was sent of the patient."""
    state = run.store.destination
    operation = state.intend("migrate", "load", "res.partner", keys=["patient_1"])
    state.close(
        operation, OperationStatus.DONE,
        links=[Link("patient_1", "res.partner", 41, "patients", "1", How.CREATED, operation, sent)],
    )  # fmt: skip


def compared(run: Run, *, different: bool = False, read_back: int = 1, gap: bool = False) -> None:
    """Keep what a full comparison found."""
    store = run.store
    with run.exclusive():
        loading.note_held(run.reconcile)
    found = "different" if different else "equal"
    cell = Difference("all", "patient_1", "res.partner", "street", "different", "", "s", "e", "a")
    store.proof.set_comparison(
        "all", verdicts=[Verdict("all", "res.partner", "street", found, "", 1)],
        differences=[cell] if different else [],
    )  # fmt: skip
    store.lists.forget_relations()
    store.lists.add_gaps([Gap("crm.lead.partner_id", "1", "patient_1", "street", "why")] * gap)
    store.journey.set_document(
        COMPARED, {"on": gates.basis(store, "reconcile"), "read_back": {"patients": read_back}}
    )


def missing(run: Run) -> tuple[str, ...]:
    """Give what the verdict says is missing."""
    with run.exclusive():
        return run.reconcile.judge().missing


OLD = "what is there now was not read back since it last changed"


def test_what_was_read_back_and_accepted_closes(run: Run) -> None:
    """Nothing is missing, and nobody has to decide."""
    assert missing(run) == ()
    assert run.reconcile.open_decisions() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda run: link(run, sent="e" * 20),
        lambda run: store_page(
            run.folder, run.store, "patients", [{**PATIENT, "first_name": "An"}], generation=1
        ),
        lambda run: run.store.source.mark_gone("patients", ["1"]),
        lambda run: run.store.proof.set_outcomes(
            [Outcome("patients", "1", Fate.UPDATED, "", "patient_1", "x")]
        ),
        lambda run: run.store.journey.set_document("mapping", {"rows": 2}),
    ],
    ids=["loaded again", "changed in PracticeHub", "gone", "another fate", "map"],
)
def test_an_older_comparison_proves_nothing(run: Run, change: Callable[[Run], object]) -> None:
    """Whoever loads or reads again and skips the comparison gets no `done` for it."""
    change(run)

    assert OLD in missing(run)
    with run.exclusive(), pytest.raises(GateError, match="cannot be sealed"):
        run.reconcile.write_seal()


def test_a_sign_off_of_other_figures_does_not_count(run: Run) -> None:
    """Read back anew with another result: who accepted the old one is asked again."""
    run.store.proof.set_outcomes([Outcome("patients", "1", Fate.UPDATED, "", "patient_1", "x")])
    compared(run)

    assert missing(run) == ("nobody was asked to accept what stands now",)
    run.reconcile.sign_off()
    assert missing(run) == ()
    assert [one.subject for one in run.reconcile.open_decisions()] == ["signoff"]


def test_a_difference_keeps_it_open_and_is_named(run: Run) -> None:
    """The sentence says how many, and in which file they stand."""
    compared(run, different=True, gap=True)

    assert missing(run) == (
        "1 field(s) differ: reports/differences.csv names them",
        "1 relation(s) are missing: reports/missing_relations.csv names them",
    )


def test_a_record_that_did_not_come_back_keeps_it_open(run: Run) -> None:
    """Created and updated must be what was read back."""
    compared(run, read_back=0)

    assert missing(run) == ("patients: 0 of 1 read back from Odoo",)


def test_a_field_that_is_asked_about_waits_and_is_no_fault(run: Run) -> None:
    """What somebody changed in Odoo is for a person to decide; until then nobody may sign."""
    run.store.conflicts.keep([Conflict("patient_1", "street", "o", "t")])
    run.store.decisions.ask([STREET])
    compared(run, different=True, gap=True)

    assert missing(run) == ()
    assert "Not asked yet" in repr(run.reconcile.sign_off())
    assert STREET.subject in {one.subject for one in run.reconcile.open_decisions()}
    run.store.decisions.decide(STREET.subject, "write PracticeHub's value", by="Noor Visser")
    assert missing(run) == ("1 field(s) wait for the delta to write PracticeHub's value",)


def test_what_was_decided_to_be_kept_is_read_back_once_more(run: Run) -> None:
    """The comparison before knew nothing of the decision."""
    run.store.conflicts.keep([Conflict("patient_1", "street", "o", "t")])
    run.store.decisions.ask([STREET])
    compared(run, different=True)
    run.store.decisions.decide(STREET.subject, "keep Odoo's value", by="Noor Visser")

    assert OLD in missing(run)


def test_a_refused_sign_off_is_a_no(run: Run) -> None:
    """Nothing is sealed over a refusal, and the verdict says who refused."""
    run.store.decisions.decide("signoff", "refuse", by="Noor Visser")

    assert missing(run) == ("the sign-off was refused by Noor Visser",)
