"""Panels record what a person says, and look the same when they are built again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from workbench import panels
from workbench.config import Config
from workbench.errors import UsageError
from workbench.panels import DecisionDesk, DecisionPanel, Listing, RollbackPanel, Show
from workbench.panels.rollback import confirmed
from workbench.panels.views import FIELDS
from workbench.state import Question, Store

CONFIG = Config.model_validate(
    {
        "practicehub": {"account": "brightspine", "app_details": "workbench=ops@example.org"},
        "odoo": {"url": "http://127.0.0.1:8069", "database": "clinic"},
    }
)


@dataclass
class Run:
    """Stands in for a run folder that is open in JupyterLab."""

    store: Store
    headless: bool = False
    config: ClassVar[Config] = CONFIG


@dataclass(frozen=True)
class Plan:
    """A rollback plan, as far as a panel looks at it."""

    hash: str


def field(name: str, proposal: str | None = "keep", *, basis: int = 1) -> Question:
    """Ask about a field of patients."""
    return Question(
        subject=f"field:patients.{name}",
        phase="map",
        question=f"What becomes of {name}?",
        options=(f"res.partner.x_{name}", "keep", "drop"),
        basis={"seen": basis},
        proposal=proposal,
        reasons=("the name is known", "filled in 80 of 100 records"),
        confidence=0.9,
        open_value=True,
    )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Open a run with three field questions, one of them without a proposal, and a sample."""
    store = Store(tmp_path / "state.sqlite")
    store.decisions.ask([field("allergies"), field("blood_type"), field("zodiac", None)])
    store.decisions.ask(
        [Question("sample", "sample", "Approve the sample?", ("approve", "reject"), {"set": 1})]
    )
    yield Run(store)
    store.close()


def panel_of(run: Run) -> DecisionPanel:
    """Build the fields panel."""
    panel = panels.fields(run)
    assert isinstance(panel, DecisionPanel)
    return panel


def test_confirming_records_who_said_what(run: Run) -> None:
    """A choice, a name and a comment become a decision row."""
    panel = panel_of(run)
    panel.person.value = "Ada Example"
    panel.rows[1].choice.value = "res.partner.x_blood_type"
    panel.rows[1].comment.value = "asked the doctor"
    panel.rows[1].confirm.click()

    decision = run.store.decisions.get("field:patients.blood_type")
    assert decision is not None
    assert decision.choice == "res.partner.x_blood_type"
    assert decision.decided_by == "Ada Example"
    assert decision.comment == "asked the doctor"
    assert not decision.is_open
    assert panel.status.message.startswith("Recorded: patients.blood_type. 2 open")


def test_a_panel_built_again_shows_what_was_decided(run: Run) -> None:
    """Kernel death loses nothing: the new panel reads the same rows."""
    first = panel_of(run)
    first.person.value = "Ada Example"
    first.rows[0].confirm.click()
    again = panel_of(run)

    assert [row.seen.subject for row in again.visible if row.seen] == [
        "field:patients.blood_type",
        "field:patients.zodiac",
    ]
    again.show.value = Show.DECIDED
    assert [row.choice.value for row in again.visible] == ["keep"]
    assert "✓ decided: &#x27;keep&#x27; by Ada Example" in again.visible[0]._standing.value


def test_choosing_without_confirming_records_nothing(run: Run) -> None:
    """A choice becomes a decision by the button, not by a keystroke."""
    panel = panel_of(run)
    panel.person.value = "Ada Example"
    panel.rows[0].choice.value = "drop"

    assert run.store.decisions.choice("field:patients.allergies") is None


def test_nobody_is_asked_for_a_name_in_vain(run: Run) -> None:
    """Without a name nothing is recorded and the status line says so."""
    panel = panel_of(run)
    panel.rows[0].comment.value = "typed before the name"
    panel.rows[0].confirm.click()

    assert run.store.decisions.choice("field:patients.allergies") is None
    assert panel.status.trouble
    assert "Write your name" in panel.status.message
    assert panel.rows[0].comment.value == "typed before the name"
    assert not panel.rows[0].confirm.disabled


def test_a_question_without_proposal_is_not_answered_by_confirming_it_blank(run: Run) -> None:
    """The sample has no proposal: pressing the button alone says nothing."""
    panel = panels.sample(run)
    assert isinstance(panel, DecisionPanel)
    panel.person.value = "Ada Example"
    panel.rows[0].confirm.click()

    assert run.store.decisions.choice("sample") is None
    assert "approve, reject" in panel.status.message
    panel.rows[0].choice.value = "approve"
    panel.rows[0].confirm.click()
    assert run.store.decisions.choice("sample") == "approve"


def test_accepting_proposals_leaves_what_has_none(run: Run) -> None:
    """One button takes all proposals; the question without one stays open."""
    panel = panel_of(run)
    panel.person.value = "Ada Example"

    assert panel.accept.description == "Accept 2 proposals"
    panel.accept.click()
    assert [d.subject for d in run.store.decisions.open("field:")] == ["field:patients.zodiac"]
    assert panel.accept.disabled


def test_a_decision_of_somebody_else_is_shown_and_not_overwritten(run: Run) -> None:
    """Two people at once: the second one sees what the first one said."""
    panel = panel_of(run)
    panel.person.value = "Ada Example"
    run.store.decisions.decide("field:patients.allergies", "drop", by="Bo Example")
    panel.rows[0].choice.value = "keep"
    panel.rows[0].confirm.click()

    assert run.store.decisions.choice("field:patients.allergies") == "drop"
    assert "decided meanwhile: 'drop' by Bo Example" in panel.status.message
    assert panel.rows[0].choice.value == "drop"


def test_a_question_that_changed_is_looked_at_again_before_it_is_decided(run: Run) -> None:
    """New values turned up while the panel was open: what was shown is not what is decided."""
    panel = panel_of(run)
    panel.person.value = "Ada Example"
    run.store.decisions.ask([field("allergies", basis=2)])
    panel.rows[0].confirm.click()

    assert run.store.decisions.choice("field:patients.allergies") is None
    assert "has changed since it was shown" in panel.status.message
    panel.rows[0].confirm.click()
    assert run.store.decisions.choice("field:patients.allergies") == "keep"


def test_a_decision_that_opened_again_says_so(run: Run) -> None:
    """What was said before is shown beside the fact that it no longer holds."""
    run.store.decisions.decide("field:patients.allergies", "drop", by="Bo Example")
    run.store.decisions.ask([field("allergies", basis=2)])
    panel = panel_of(run)

    assert "open again" in panel.rows[0]._standing.value
    assert panel.rows[0].choice.value == "keep"


def test_five_thousand_questions_are_paged(run: Run) -> None:
    """Twenty questions are drawn at a time, and confirming some skips none of the next page."""
    run.store.decisions.ask([field(f"field_{n:04}") for n in range(5000)])
    panel = panel_of(run)
    panel.person.value = "Ada Example"

    assert len(panel.visible) == 20
    assert panel.place.value == "Page 1 of 251"
    panel.rows[3].confirm.click()
    panel.next.click()
    seen = panel.rows[0].seen
    assert seen is not None
    assert seen.subject == "field:patients.field_0018"


def test_questions_can_be_narrowed_to_a_resource(run: Run) -> None:
    """The clinic's front desk may look at appointments alone."""
    run.store.decisions.ask([Question("field:appointments.room", "map", "?", ("keep",), 1)])
    panel = panel_of(run)
    panel.resource.value = "appointments"

    assert [row.seen.subject for row in panel.visible if row.seen] == ["field:appointments.room"]


def test_text_of_the_source_is_escaped(run: Run) -> None:
    """A field may be called anything: nothing of it becomes HTML."""
    run.store.decisions.ask([field("<script>alert(1)</script>")])
    panel = panel_of(run)
    shown = "".join(row._question.value + row._standing.value for row in panel.visible)
    table = Listing.of(panel.desk)._repr_html_()

    assert "<script>" not in shown + table
    assert "&lt;script&gt;" in shown
    assert "&lt;script&gt;" in table


def test_controls_have_names_of_their_own(run: Run) -> None:
    """A screen reader hears what each choice, comment and button is about."""
    row = panel_of(run).rows[1]

    assert row.choice.description == "Choice for patients.blood_type"
    assert row.comment.description == "Comment on patients.blood_type"
    assert row.confirm.description == "Confirm patients.blood_type"


def test_the_repr_of_a_panel_holds_no_choice(run: Run) -> None:
    """What JupyterLab saves beside a widget are counts."""
    run.store.decisions.decide("field:patients.allergies", "drop", by="Bo Example")

    assert repr(panel_of(run)) == "Fields: 2 open, 1 decided, 3 in all"


def test_an_error_in_a_callback_is_said_aloud(run: Run) -> None:
    """JupyterLab would swallow it: the status line says that nothing was recorded."""

    def fail() -> None:
        raise ZeroDivisionError

    panel = panel_of(run)
    with pytest.raises(ZeroDivisionError):
        panel.status.guard(fail)
    assert panel.status.trouble
    assert "nothing was recorded" in panel.status.message


def test_without_a_person_there_is_a_table_and_no_widget(run: Run) -> None:
    """Run by papermill, the same call gives counts and what is open, first."""
    run.store.decisions.decide("field:patients.allergies", "drop", by="Bo Example")
    run.headless = True
    listing = panels.fields(run)

    assert isinstance(listing, Listing)
    lines = repr(listing).splitlines()
    assert lines[0] == "Fields: 2 open, 1 decided, 3 in all"
    assert lines[2].split("  ")[0] == "patients.blood_type"
    assert lines[2].endswith("○ open")
    assert lines[4].split("  ")[0] == "patients.allergies"
    assert "✓ decided: 'drop' by Bo Example on 20" in lines[4]


def test_a_long_table_is_cut_and_counted(run: Run) -> None:
    """Fifty rows are shown; the others are not passed over in silence."""
    run.store.decisions.ask([field(f"f{n}") for n in range(100)])
    run.headless = True
    listing = panels.fields(run)

    assert repr(listing).endswith("and 53 more")
    assert isinstance(listing, Listing)
    assert "and 53 more" in listing._repr_html_()


def test_every_kind_of_question_has_its_panel(run: Run) -> None:
    """Values, practitioners, duplicates and the sign-off show what belongs to them."""
    run.store.decisions.ask(
        [Question(subject, "map", "?", ("yes", "no"), 1) for subject in
         ("value:appointments.status=missed", "practitioner:17",
          "duplicate:patient_12+patient_99", "signoff")]
    )  # fmt: skip
    built = [p(run) for p in
             (panels.values, panels.practitioners, panels.duplicates, panels.sign_off)]  # fmt: skip

    assert [p.rows[0].confirm.description for p in built if isinstance(p, DecisionPanel)] == [
        "Confirm appointments.status=missed",
        "Confirm practitioner 17",
        "Confirm patient_12+patient_99",
        "Confirm sign-off",
    ]


def test_a_rollback_needs_the_name_of_the_database(run: Run) -> None:
    """No click alone takes a migration back: the name has to be typed."""
    panel = panels.rollback(run, Plan("plan-1"))
    assert isinstance(panel, RollbackPanel)
    panel.person.value = "Ada Example"

    assert panel.confirm.disabled
    panel.typed.value = "clinic"
    assert not panel.confirm.disabled
    panel.confirm.click()
    assert run.store.decisions.choice("rollback") == "roll back"
    assert confirmed(run.store, "plan-1")


def test_a_rollback_is_confirmed_for_one_plan_only(run: Run) -> None:
    """When Odoo has changed since, the plan is another one and must be confirmed anew."""
    panel = panels.rollback(run, Plan("plan-1"))
    assert isinstance(panel, RollbackPanel)
    panel.desk.confirm("clinic", by="Ada Example")

    assert not confirmed(run.store, "plan-2")
    assert repr(panels.rollback(run, Plan("plan-2"))) == "Roll back: ○ not confirmed"
    assert run.store.decisions.open("rollback") == []


def test_another_name_than_the_databases_confirms_nothing(run: Run) -> None:
    """A slip of the finger is a sentence, not a rollback."""
    panel = panels.rollback(run, Plan("plan-1"))
    assert isinstance(panel, RollbackPanel)

    with pytest.raises(UsageError, match="Type clinic"):
        panel.desk.confirm("clinic2", by="Ada Example")
    assert run.store.decisions.get("rollback") is None


def test_a_rollback_without_a_person_shows_where_it_stands(run: Run) -> None:
    """Under papermill the confirmation is read, never asked for."""
    run.headless = True

    assert repr(panels.rollback(run, Plan("p"))).startswith("Roll back: 1 open, 0 decided")


def test_a_question_that_was_withdrawn_cannot_be_decided(run: Run) -> None:
    """What is no longer asked is said so, in place of a decision about nothing."""
    desk = DecisionDesk(run.store, prefix="field:", brief=FIELDS)
    seen = desk.questions()[0]
    run.store.decisions.withdraw([seen.subject])

    with pytest.raises(UsageError, match="no longer asked"):
        desk.choose(seen, "keep", by="Ada Example")
