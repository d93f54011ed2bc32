"""The rollback's panel: what goes and stays, boxes, the typed name, one click, the proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.panels_run import PanelRun
from tests.support.rollback_fake import EDITED, EMPTY, INVOICED, Kept, Plan, Rollback
from workbench import panels
from workbench.errors import OdooUnreachableError, UsageError
from workbench.panels import Listing, RollbackDesk, RollbackPanel
from workbench.panels.rollback import confirmed
from workbench.state import Store


@pytest.fixture
def run(tmp_path: Path) -> Iterator[PanelRun]:
    """Open a run."""
    store = Store(tmp_path / "state.sqlite")
    yield PanelRun(store)
    store.close()


@pytest.fixture
def doing(run: PanelRun) -> Rollback:
    """Stand in for what the phase does."""
    return Rollback(run.store)


def panel_of(run: PanelRun, doing: Rollback, *, by: str = "Ada Example") -> RollbackPanel:
    """Build the panel of the plan as it stands, with a name in it."""
    panel = panels.rollback(run, doing.plan, go=doing.go, replan=doing.replan)
    assert isinstance(panel, RollbackPanel)
    panel.person.value = by
    return panel


def press(panel: RollbackPanel, typed: str = "clinic") -> None:
    """Type a name and press the button."""
    panel.typed.value = typed
    panel.confirm.click()


def offered(panel: RollbackPanel) -> bool:
    """Tell whether the button is on the screen."""
    return panel.confirm.layout.display is None


def test_the_plan_is_shown_with_what_goes_and_what_stays_and_why(
    run: PanelRun, doing: Rollback
) -> None:
    """Models in the order of removal, reasons beside records, a box where one may be taken."""
    plan = panel_of(run, doing).view.plan

    assert plan["remove"] == [["crm.lead", 40], ["res.partner", 18]]
    assert (plan["records"], plan["restore"]) == (58, 1)
    assert [(one["name"], one["why"], one["takes"], one["follows"]) for one in plan["keep"]] == [
        ("patient_12", EDITED.reason, True, EDITED.follows),
        ("patient_30", INVOICED.reason, False, ""),
    ]


def test_one_click_confirms_carries_out_and_shows_the_proof(run: PanelRun, doing: Rollback) -> None:
    """The confirmation is recorded for that plan before anything is taken out."""
    panel = panel_of(run, doing)
    press(panel)

    assert doing.carried_out == [doing.plan.hash]
    assert confirmed(run.store, doing.plan.hash)
    assert run.store.decisions.choice("rollback") == "roll back"
    assert (panel.bar.value, panel.bar.max) == (50, 58)
    assert "Nothing of this run is left." in panel.proof.value
    assert panel.status.message.startswith("Done.")
    assert repr(panel) == "Roll back: ✓ done"


def test_after_it_was_done_there_is_nothing_to_press(run: PanelRun, doing: Rollback) -> None:
    """A second click takes nothing out twice."""
    panel = panel_of(run, doing)
    press(panel)
    panel.confirm.click()

    assert not offered(panel)
    assert len(doing.carried_out) == 1


def test_another_name_than_the_databases_does_nothing(run: PanelRun, doing: Rollback) -> None:
    """The button works once the name is typed in full; a slip of the finger is a sentence."""
    panel = panel_of(run, doing)
    assert panel.confirm.disabled
    panel.typed.value = "clinic2"
    assert panel.confirm.disabled
    panel.confirm.click()

    assert panel.status.message.startswith("What was typed is not the name of the database.")
    assert doing.carried_out == []
    assert run.store.decisions.get("rollback") is None


@pytest.mark.parametrize("name", ["", "   ", "\u200b"], ids=["empty", "blanks", "unseen sign"])
def test_nobody_rolls_back_without_a_name(run: PanelRun, doing: Rollback, name: str) -> None:
    """Nothing is recorded and nothing taken out under an empty name."""
    panel = panel_of(run, doing, by=name)
    press(panel)

    assert panel.status.trouble
    assert "Write your name" in panel.status.message
    assert doing.carried_out == []
    assert run.store.decisions.get("rollback") is None
    assert not panel.confirm.disabled


def test_what_would_stop_it_half_way_is_shown_and_there_is_no_button(
    run: PanelRun, doing: Rollback
) -> None:
    """A posted invoice is found before the first record goes, not after the thousandth."""
    doing.plan = Plan(blockers=("Invoice lines point to a product of this run.",))
    panel = panel_of(run, doing)
    press(panel)

    assert panel.view.plan["blockers"] == ["Invoice lines point to a product of this run."]
    assert not offered(panel)
    assert "1 thing would stop it half-way" in panel.standing.value
    assert doing.carried_out == []
    assert run.store.decisions.get("rollback") is None


def test_records_are_taken_along_by_a_plan_made_anew(run: PanelRun, doing: Rollback) -> None:
    """A ticked box counts once the plan was made with it, and that plan is what is confirmed."""
    panel = panel_of(run, doing)
    before = doing.plan.hash
    panel.view.told({"kind": "tick", "other": True})
    press(panel)
    assert "plan anew first" in panel.status.message
    assert doing.carried_out == []

    panel.view.told({"kind": "replan", "take": ["patient_12"]})
    assert doing.replanned == [frozenset({"patient_12"})]
    assert [one["name"] for one in panel.view.plan["taken"]] == ["patient_12"]
    assert panel.status.message == (
        "Planned anew, with 1 record taken along: 59 records will go, 1 will stay."
    )
    press(panel)
    assert doing.carried_out == [doing.plan.hash]
    assert doing.plan.hash != before


def test_ticks_that_are_taken_back_need_no_new_plan(run: PanelRun, doing: Rollback) -> None:
    """Who ticks and unticks a box stands where they stood."""
    panel = panel_of(run, doing)
    for other in (True, False):
        panel.view.told({"kind": "tick", "other": other})
    press(panel)

    assert doing.carried_out == [doing.plan.hash]


def test_what_is_taken_along_is_seen_by_whoever_opens_the_panel_next(
    run: PanelRun, doing: Rollback
) -> None:
    """The plan says it, not the widget: built again, the box is ticked."""
    doing.replan(frozenset({"patient_12"}))

    assert [one["name"] for one in panel_of(run, doing).view.plan["taken"]] == ["patient_12"]


def test_a_rollback_that_odoo_stops_says_so_and_is_planned_anew_before_it_goes_on(
    run: PanelRun, doing: Rollback
) -> None:
    """An error is told in words, and the plan on the screen is not carried out once more."""
    doing.stops_with = OdooUnreachableError("Odoo does not answer.")
    panel = panel_of(run, doing)
    press(panel)
    assert "Odoo does not answer." in panel.status.message
    doing.stops_with = None
    press(panel)
    assert "plan anew, then confirm again" in panel.status.message
    assert len(doing.carried_out) == 1

    panel.view.told({"kind": "replan", "take": []})
    press(panel)
    assert len(doing.carried_out) == 2
    assert panel.status.message.startswith("Done.")


def test_a_kernel_that_is_interrupted_half_way_does_not_say_that_nothing_happened(
    run: PanelRun, doing: Rollback
) -> None:
    """Whoever presses stop learns that part of it is out, and how to go on."""
    doing.stops_with = KeyboardInterrupt()
    panel = panel_of(run, doing)
    panel.typed.value = "clinic"
    with pytest.raises(KeyboardInterrupt):
        panel.confirm.click()

    assert "It stopped before it was done." in panel.status.message
    assert panel.confirm.disabled
    assert not panel.proof.value


def test_where_nothing_is_left_the_panel_says_so(run: PanelRun, doing: Rollback) -> None:
    """After a rollback, or before any load, there is no button to be afraid of."""
    doing.plan = EMPTY
    panel = panel_of(run, doing)

    assert not offered(panel)
    assert "Nothing that this run made is left" in panel.standing.value


def test_a_confirmation_holds_for_one_plan_only(run: PanelRun, doing: Rollback) -> None:
    """When Odoo has changed since, the plan is another one and must be confirmed anew."""
    RollbackDesk(run.store, plan_hash=doing.plan.hash, database="clinic").confirm(
        "clinic", by="Ada Example"
    )
    assert repr(panel_of(run, doing)) == "Roll back: ✓ confirmed by Ada Example"
    doing.plan = replace(doing.plan, remove=doing.plan.remove[:1])

    assert not confirmed(run.store, doing.plan.hash)
    assert repr(panel_of(run, doing)) == "Roll back: ○ not confirmed"
    assert run.store.decisions.open("rollback") == []


def test_the_desk_refuses_a_wrong_database(run: PanelRun, doing: Rollback) -> None:
    """The command line and the panel pass the same desk."""
    desk = RollbackDesk(run.store, plan_hash=doing.plan.hash, database="clinic")

    with pytest.raises(UsageError, match="Type clinic"):
        desk.confirm("clinic2", by="Ada Example")
    assert run.store.decisions.get("rollback") is None


def test_reasons_are_text_and_the_repr_says_nothing_typed(run: PanelRun, doing: Rollback) -> None:
    """What somebody called a record in Odoo becomes no HTML and is not saved beside the widget."""
    doing.plan = Plan(keep=(Kept("patient_1", "res.partner", "<b>why</b>"),))
    panel = panel_of(run, doing)
    panel.typed.value = "clinic"

    assert panel.view.plan["keep"][0]["why"] == "<b>why</b>"  # set as text by the view
    assert repr(panel) == "Roll back: ○ not confirmed"
    assert repr(panel.view) == "PlanView()"


def test_without_a_person_it_shows_where_it_stands(run: PanelRun, doing: Rollback) -> None:
    """Under papermill the confirmation is read, never asked for, and nothing is carried out."""
    run.headless = True
    shown = panels.rollback(run, doing.plan, go=doing.go, replan=doing.replan)
    assert isinstance(shown, Listing)
    assert repr(shown).startswith("Roll back: 1 open, 0 decided")
    desk = RollbackDesk(run.store, plan_hash=doing.plan.hash, database="clinic")
    desk.confirm("clinic", by="Ada Example")

    again = panels.rollback(run, doing.plan, go=doing.go, replan=doing.replan)
    assert "✓ decided: 'roll back' by Ada Example" in repr(again)
    assert doing.carried_out == []


def test_what_could_be_saved_of_the_panel_is_ids_and_numbers(
    run: PanelRun, doing: Rollback
) -> None:
    """The widgets' state holds external ids, models and reasons, and no ranges of numbers."""
    state = json.dumps(panel_of(run, doing).view.get_state("plan"))

    assert "patient_12" in state
    assert "range" not in state
