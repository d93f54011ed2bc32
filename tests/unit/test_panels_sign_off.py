"""The sign-off's panel: figures on one screen; nothing that does not add up is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.panels_run import PanelRun
from tests.support.small_run import store_page
from workbench import panels
from workbench.panels import SignOffPanel
from workbench.show import Stack
from workbench.state import Fate, Outcome, Question, Store, Verdict


@dataclass
class Figures:
    """Stands in for what the phase knows."""

    against: list[str] = field(default_factory=list)

    def obstacles(self) -> list[str]:
        """Say why it cannot be accepted."""
        return self.against

    def lists(self) -> list[tuple[str, int, str]]:
        """Say where records are listed."""
        return [("rejected", 1, "reports/rejected.csv"), ("orphans", 3, "reports/orphans.csv")]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[PanelRun]:
    """Open a run of two patients, one taken over and one rejected, and its sign-off."""
    store = Store(tmp_path / "state.sqlite")
    store_page(tmp_path, store, "patients", [{"id": 1}, {"id": 2}])
    store.proof.set_outcomes(
        [Outcome("patients", "1", Fate.CREATED, "", "patient_1", "migrate"),
         Outcome("patients", "2", Fate.REJECTED, "no name", "", "migrate")]
    )  # fmt: skip
    store.proof.set_comparison(
        "all",
        verdicts=[Verdict("all", "res.partner", "name", "equal", "", 1200),
                  Verdict("all", "res.partner", "comment", "tolerated", "html_equivalent", 30),
                  Verdict("all", "crm.lead", "name", "tolerated", "html_equivalent", 4)],
        differences=[],
    )  # fmt: skip
    store.decisions.ask(
        [Question("signoff", "reconcile", "Is it accepted?", ("accept", "refuse"), {"n": 1})]
    )
    yield PanelRun(store)
    store.close()


def panel_of(run: PanelRun, figures: Figures, *, by: str = "Ada Example") -> SignOffPanel:
    """Build the panel, with a name in it."""
    panel = panels.sign_off(run, obstacles=figures.obstacles, lists=figures.lists)
    assert isinstance(panel, SignOffPanel)
    panel.person.value = by
    return panel


def press(panel: SignOffPanel, choice: str, comment: str = "") -> None:
    """Choose and press the button."""
    panel.row.choice.value = choice
    panel.row.comment.value = comment
    panel.row.confirm.click()


def test_the_figures_stand_on_one_screen(run: PanelRun) -> None:
    """Sums by resource, verdicts by rule in words, and where each list lies."""
    shown = panel_of(run, Figures()).figures.value

    assert "<th role='rowheader' scope='row'>patients</th>" in shown
    assert "data-head='unresolved' class='wb-number'>0<" in shown
    assert "✓ close<" in shown
    assert "1,234 cells read back" in shown
    assert "data-head='cells' class='wb-number'>34<" in shown  # of one rule, over all fields
    assert "Odoo cleans HTML" in shown
    assert "reports/orphans.csv" in shown


def test_it_is_accepted_by_a_person_with_a_name(run: PanelRun) -> None:
    """The decision holds who said it, and why."""
    panel = panel_of(run, Figures())
    assert "Nothing stands against accepting it" in panel.against.value
    press(panel, "accept", "checked 20 charts")

    decision = run.store.decisions.get("signoff")
    assert decision is not None
    assert (decision.choice, decision.decided_by) == ("accept", "Ada Example")
    assert decision.comment == "checked 20 charts"


@pytest.mark.parametrize("name", ["", "   ", "\u200b"], ids=["empty", "blanks", "unseen sign"])
def test_nobody_signs_under_an_empty_name(run: PanelRun, name: str) -> None:
    """It is refused in words, and nothing is recorded."""
    panel = panel_of(run, Figures(), by=name)
    press(panel, "accept")

    assert run.store.decisions.choice("signoff") is None
    assert "Nobody is named as deciding." in panel.status.message


def test_what_does_not_add_up_cannot_be_accepted(run: PanelRun) -> None:
    """It is said before anybody presses, and refused when somebody does."""
    figures = Figures(["patients: 3 without a fate", "2 cell(s) differ"])
    panel = panel_of(run, figures)
    assert "It cannot be accepted yet" in panel.against.value
    assert "patients: 3 without a fate." in panel.against.value
    press(panel, "accept")

    assert run.store.decisions.choice("signoff") is None
    assert panel.status.trouble
    assert "patients: 3 without a fate; 2 cell(s) differ" in panel.status.message


def test_what_went_wrong_since_the_panel_was_drawn_stands_against_it_too(run: PanelRun) -> None:
    """What counts is how it stands at the click, not at the first look."""
    figures = Figures()
    panel = panel_of(run, figures)
    figures.against.append("what stands in Odoo was not read back since it last changed")
    press(panel, "accept")
    assert run.store.decisions.choice("signoff") is None
    assert "It cannot be accepted as it stands" in panel.status.message

    figures.against.clear()
    panel.reload.click()
    press(panel, "accept")
    assert run.store.decisions.choice("signoff") == "accept"


def test_it_may_be_refused_whatever_the_figures_say(run: PanelRun) -> None:
    """A no needs no sums to close."""
    panel = panel_of(run, Figures(["2 cell(s) differ"]))
    press(panel, "refuse", "the visits of May are missing")

    assert run.store.decisions.choice("signoff") == "refuse"


def test_what_is_listed_is_text(run: PanelRun) -> None:
    """A name of a list or an obstacle becomes no HTML."""
    panel = panel_of(run, Figures(["<b>bold</b>"]))

    assert "<b>" not in panel.against.value
    assert "&lt;b&gt;" in panel.against.value


def test_without_a_person_the_same_figures_are_tables(run: PanelRun) -> None:
    """Run by papermill the cell shows sums, lists, what stands against it, and the question."""
    run.headless = True
    figures = Figures(["2 cell(s) differ"])
    shown = panels.sign_off(run, obstacles=figures.obstacles, lists=figures.lists)
    assert isinstance(shown, Stack)
    text = repr(shown)

    assert "reports/rejected.csv" in text
    assert "⚠ It cannot be accepted yet" in text
    assert "Sign-off: 1 open, 0 decided, 1 in all" in text
    assert "reports/rejected.csv" in shown._repr_html_()
