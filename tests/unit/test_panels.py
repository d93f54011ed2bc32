"""Desks record what a person says; panels over one question show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.panels_run import PanelRun
from workbench import panels
from workbench.errors import UsageError
from workbench.panels import DecisionDesk, DecisionPanel, Listing, Show
from workbench.panels.views import FIELDS
from workbench.state import Decision, Question, Store


def field(
    name: str, proposal: str | None = "keep", *, basis: int = 1, sure: float = 0.9
) -> Question:
    """Ask about a field of patients."""
    return Question(
        subject=f"field:patients.{name}",
        phase="map",
        question=f"What becomes of {name}?",
        options=(f"res.partner.x_{name}", "keep", "drop"),
        basis={"seen": basis},
        proposal=proposal,
        reasons=("the name is known", "filled in 80 of 100 records"),
        confidence=sure,
        open_value=True,
    )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[PanelRun]:
    """Open a run with three field questions, one of them without a proposal, and a sample."""
    store = Store(tmp_path / "state.sqlite")
    store.decisions.ask([field("allergies"), field("blood_type"), field("zodiac", None)])
    store.decisions.ask(
        [Question("sample", "sample", "Approve the sample?", ("approve", "reject"), {"set": 1})]
    )
    yield PanelRun(store)
    store.close()


def reason_to_drop(_seen: Decision, choice: str, comment: str) -> Sequence[str]:
    """Find a fault in what is dropped without a reason."""
    return ["A dropped field needs a reason."] if choice == "drop" and not comment else []


def desk_of(run: PanelRun) -> DecisionDesk:
    """Give the desk of fields, where a drop needs a reason."""
    return DecisionDesk(run.store, prefix="field:", brief=FIELDS, check=reason_to_drop)


def sample_of(run: PanelRun) -> DecisionPanel:
    """Build the sample's panel, with a name in it."""
    panel = panels.sample(run)
    assert isinstance(panel, DecisionPanel)
    panel.person.value = "Ada Example"
    return panel


# the desk


def test_what_the_check_refuses_is_not_recorded(run: PanelRun) -> None:
    """A drop without a reason is a sentence, with one it is a decision."""
    desk = desk_of(run)
    seen = desk.questions()[0]

    with pytest.raises(UsageError, match="needs a reason"):
        desk.choose(seen, "drop", by="Ada Example", comment="  ")
    assert run.store.decisions.choice(seen.subject) is None
    desk.choose(seen, "drop", by="Ada Example", comment="nobody reads it")
    assert run.store.decisions.choice(seen.subject) == "drop"


def test_only_proposals_that_are_sure_enough_are_listed(run: PanelRun) -> None:
    """A clinic may take what is certain together and look at the rest one by one."""
    run.store.decisions.ask([field("shoe", sure=0.5), field("blood_type", sure=0.95, basis=2)])
    desk = desk_of(run)

    assert [one.subject for one in desk.proposed(at_least=0.9)] == [
        "field:patients.allergies",
        "field:patients.blood_type",
    ]
    assert len(desk.proposed()) == 3
    assert desk.proposed(among=desk.questions()[:1]) == desk.questions()[:1]


def test_accepting_takes_proposals_as_they_were_seen(run: PanelRun) -> None:
    """What has changed since it was shown, or somebody else decided, is left and told."""
    desk = desk_of(run)
    seen = desk.proposed()
    run.store.decisions.ask([field("allergies", "drop", basis=2), field("late")])
    accepted = desk.accept(seen, by="Ada Example")

    assert accepted.taken == 1
    assert "patients.allergies has changed" in str(accepted)
    assert [one.subject for one in desk.questions(Show.DECIDED)] == ["field:patients.blood_type"]


def test_a_proposal_that_the_check_refuses_is_not_accepted(run: PanelRun) -> None:
    """A bulk of proposals passes the same check as a single choice."""
    desk = DecisionDesk(run.store, prefix="field:", brief=FIELDS, check=lambda *_: ["No."])

    assert desk.accept(desk.proposed(), by="Ada Example").taken == 0
    assert len(desk.questions(Show.OPEN)) == 3


def test_nobody_accepts_without_a_name(run: PanelRun) -> None:
    """A bulk of decisions has a person under it, or none of it is recorded."""
    desk = desk_of(run)

    with pytest.raises(UsageError, match="Nobody is named"):
        desk.accept(desk.proposed(), by=" ")
    assert len(desk.questions(Show.OPEN)) == 3


def test_a_decision_of_somebody_else_is_not_overwritten(run: PanelRun) -> None:
    """Two people at once: the second one is told what the first one said."""
    desk = desk_of(run)
    seen = desk.questions()[0]
    run.store.decisions.decide(seen.subject, "drop", by="Bo Example")

    with pytest.raises(UsageError, match="decided meanwhile: 'drop' by Bo Example"):
        desk.choose(seen, "keep", by="Ada Example")
    assert run.store.decisions.choice(seen.subject) == "drop"


def test_a_question_that_was_withdrawn_cannot_be_decided(run: PanelRun) -> None:
    """What is no longer asked is said so, in place of a decision about nothing."""
    desk = desk_of(run)
    seen = desk.questions()[0]
    run.store.decisions.withdraw([seen.subject])

    with pytest.raises(UsageError, match="no longer asked"):
        desk.choose(seen, "keep", by="Ada Example")


# one question


def test_confirming_records_who_said_what(run: PanelRun) -> None:
    """A choice, a name and a comment become a decision row."""
    panel = sample_of(run)
    panel.row.choice.value = "approve"
    panel.row.comment.value = "looked at twelve of them"
    panel.row.confirm.click()

    decision = run.store.decisions.get("sample")
    assert decision is not None
    assert (decision.choice, decision.decided_by) == ("approve", "Ada Example")
    assert decision.comment == "looked at twelve of them"
    assert panel.status.message == "Recorded: sample."


def test_a_panel_built_again_shows_what_was_decided(run: PanelRun) -> None:
    """Kernel death loses nothing: the new panel reads the same row."""
    first = sample_of(run)
    first.row.choice.value = "reject"
    first.row.confirm.click()
    again = sample_of(run)

    assert again.row.choice.value == "reject"
    assert "✓ decided: &#x27;reject&#x27; by Ada Example" in again.row._standing.value


def test_choosing_without_confirming_records_nothing(run: PanelRun) -> None:
    """A choice becomes a decision by the button, not by a keystroke."""
    sample_of(run).row.choice.value = "approve"

    assert run.store.decisions.choice("sample") is None


def test_nobody_is_asked_for_a_name_in_vain(run: PanelRun) -> None:
    """Without a name nothing is recorded and the status line says so."""
    panel = sample_of(run)
    panel.person.value = ""
    panel.row.choice.value = "approve"
    panel.row.comment.value = "typed before the name"
    panel.row.confirm.click()

    assert run.store.decisions.choice("sample") is None
    assert panel.status.trouble
    assert "Write your name" in panel.status.message
    assert panel.row.comment.value == "typed before the name"
    assert not panel.row.confirm.disabled


def test_a_question_without_proposal_is_not_answered_by_confirming_it_blank(run: PanelRun) -> None:
    """The sample has no proposal: pressing the button alone says nothing."""
    panel = sample_of(run)
    panel.row.confirm.click()

    assert run.store.decisions.choice("sample") is None
    assert "approve, reject" in panel.status.message


def test_a_decision_of_somebody_else_is_shown(run: PanelRun) -> None:
    """Two people at once: the second one sees what the first one said."""
    panel = sample_of(run)
    run.store.decisions.decide("sample", "reject", by="Bo Example")
    panel.row.choice.value = "approve"
    panel.row.confirm.click()

    assert run.store.decisions.choice("sample") == "reject"
    assert "decided meanwhile: 'reject' by Bo Example" in panel.status.message
    assert panel.row.choice.value == "reject"


def test_a_question_that_changed_is_looked_at_again_before_it_is_decided(run: PanelRun) -> None:
    """Another sample was drawn while the panel was open: what was shown is not decided."""
    panel = sample_of(run)
    run.store.decisions.ask(
        [Question("sample", "sample", "Approve the sample?", ("approve", "reject"), {"set": 2})]
    )
    panel.row.choice.value = "approve"
    panel.row.confirm.click()

    assert run.store.decisions.choice("sample") is None
    assert "has changed since it was shown" in panel.status.message


def test_a_decision_that_opened_again_says_so(run: PanelRun) -> None:
    """What was said before is shown beside the fact that it no longer holds."""
    run.store.decisions.decide("sample", "approve", by="Bo Example")
    run.store.decisions.ask(
        [Question("sample", "sample", "Approve the sample?", ("approve", "reject"), {"set": 2})]
    )
    panel = sample_of(run)

    assert "open again" in panel.row._standing.value
    assert panel.row.choice.value == ""


def test_where_nothing_is_asked_the_panel_says_so(run: PanelRun) -> None:
    """Before a reconciliation there is no sign-off to give."""
    panel = panels.sign_off(run, obstacles=list, lists=list)

    assert isinstance(panel, DecisionPanel)
    assert "Nothing is asked" in panel._body.children[0].value


def test_controls_have_names_of_their_own(run: PanelRun) -> None:
    """A screen reader hears what each choice, comment and button is about."""
    row = sample_of(run).row

    assert row.choice.description == "Choice for sample"
    assert row.comment.description == "Comment on sample"
    assert row.confirm.description == "Confirm sample"
    assert "no patient's name" in row.comment.placeholder


def test_the_repr_of_a_panel_holds_no_choice(run: PanelRun) -> None:
    """What JupyterLab saves beside a widget are counts."""
    run.store.decisions.decide("sample", "reject", by="Bo Example")

    assert repr(sample_of(run)) == "Sample: 0 open, 1 decided, 1 in all"


def test_an_error_in_a_callback_is_said_aloud(run: PanelRun) -> None:
    """JupyterLab would swallow it: the status line says that nothing was recorded."""

    def fail() -> None:
        raise ZeroDivisionError

    panel = sample_of(run)
    with pytest.raises(ZeroDivisionError):
        panel.status.guard(fail)
    assert panel.status.trouble
    assert "nothing was recorded" in panel.status.message


# nobody there


def test_without_a_person_there_is_a_table_and_no_widget(run: PanelRun) -> None:
    """Run by papermill, the same questions give counts and what is open, first."""
    run.store.decisions.decide("field:patients.allergies", "drop", by="Bo Example")
    lines = repr(Listing.of(desk_of(run))).splitlines()

    assert lines[0] == "Fields: 2 open, 1 decided, 3 in all"
    assert lines[2].split("  ")[0] == "patients.blood_type"
    assert lines[2].endswith("○ open")
    assert lines[4].split("  ")[0] == "patients.allergies"
    assert "✓ decided: 'drop' by Bo Example on 20" in lines[4]


def test_a_long_table_is_cut_and_counted(run: PanelRun) -> None:
    """Fifty rows are shown; the others are not passed over in silence."""
    run.store.decisions.ask([field(f"f{n}") for n in range(100)])
    listing = Listing.of(desk_of(run))

    assert len(listing.rows) == 50
    assert repr(listing).endswith("and 53 more")
    assert "and 53 more" in listing._repr_html_()


def test_text_of_the_source_is_escaped(run: PanelRun) -> None:
    """A field may be called anything: nothing of it becomes HTML."""
    run.store.decisions.ask([field("<script>alert(1)</script>")])
    table = Listing.of(desk_of(run))._repr_html_()

    assert "<script>" not in table
    assert "&lt;script&gt;" in table
