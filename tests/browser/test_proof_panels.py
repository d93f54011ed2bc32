"""A person approves a sample and rolls back in a real JupyterLab, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.keyboard import Person, lab_that_saves_widgets, seated
from tests.support.lab import Lab, write_notebook
from tests.support.made_runs import write_config
from tests.support.sample_run import CANARY, MARKUP, fill_sample
from workbench.run import Run
from workbench.state import Conflict, Question

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
CHANGES = 'from workbench import Run, panels\npanels.changes(Run.open("run"))\n'
SAMPLE = 'from workbench import Run, panels\npanels.sample(Run.open("run"))\n'
OURS, THEIRS = "Kortenaerkade 12", "Scheepmakersdijk 7"
STREET = "conflict:patient_7.street"
ROLLBACK = f"""\
import sys
from workbench import Run, panels
sys.path.insert(0, {str(ROOT)!r})
from tests.support.rollback_fake import Rollback
run = Run.open("run")
doing = Rollback(run.store)
panels.rollback(run, doing.plan, go=doing.go, replan=doing.replan)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Make a run with a compared sample of 200 patients, and a street changed in Odoo."""
    folder = tmp_path_factory.mktemp("proof")
    (folder / "lab").mkdir()
    run = Run.create(write_config(folder), folder / "lab" / "run")
    fill_sample(run.store, patients=200)
    run.store.conflicts.keep([Conflict("patient_7", "street", "a", "b", OURS, THEIRS)])
    run.store.decisions.ask([Question(STREET, "delta", "Whose value counts?", ("keep", "write"),
                                      {"n": 1}, proposal="keep")])  # fmt: skip
    yield run
    run.store.close()


@pytest.fixture(scope="module")
def lab(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Open one JupyterLab for all notebooks."""
    folder = run.folder.parent
    write_notebook(folder / "sample.ipynb", SAMPLE)
    write_notebook(folder / "changes.ipynb", CHANGES)
    write_notebook(folder / "rollback.ipynb", ROLLBACK)
    with lab_that_saves_widgets(folder, tmp_path_factory.mktemp("home")) as opened:
        yield opened


def fits(page: Page) -> None:
    """See that nothing runs out of view."""
    for part in page.locator(".wb-panel, .wb-panel table:visible").all():
        inner, outer = (part.evaluate(f"(at) => at.{side}Width") for side in ("scroll", "client"))
        assert inner <= outer + 1


def shows(person: Person, text: str, times: int) -> None:
    """Wait until a text is on the screen so many times."""
    found = person.page.locator(".wb-sample .wb-value:visible").filter(has_text=text)
    expect(found).to_have_count(times)


def test_a_sample_is_looked_through_shown_for_a_moment_and_approved(
    run: Run, lab: Lab, tmp_path: Path
) -> None:
    """From a field to its difference, values for the moment, an approval that outlives all."""
    with seated(lab, run.folder.parent / "sample.ipynb", ready="cells of 400 records") as person:
        page = person.page
        person.run_cell()
        row = page.get_by_role("row").filter(has_text="res.partner.x_blood_type")
        expect(row.get_by_role("cell").nth(2)).to_have_text("1")
        page.screenshot(path=tmp_path / "sums.png")
        person.types("Your name", "Ada Example")
        person.presses("Look at res.partner.x_blood_type")
        person.waits_for("Record 1 of 1: patient_1")
        expect(page.get_by_text("What Odoo returns is not what was expected")).to_be_visible()
        shows(person, CANARY, 0)

        person.presses("show real values", "Space")
        shows(person, f"of {CANARY}", 1)
        page.screenshot(path=tmp_path / "shown.png")
        saved = person.saves()
        assert f"{len(f'of {CANARY}')} characters" in saved
        assert CANARY not in saved
        for _ in range(5):
            page.keyboard.press("Shift+Tab")
        person.picks("Cells", "tolerated\u00a0or\u00a0different")  # as ipywidgets writes it
        person.picks("Field", "every\u00a0field")
        expect(page.get_by_text("Record 1 of 3: patient_1")).to_be_visible()
        person.tab_to("show real values")
        page.keyboard.press("n")
        person.waits_for("Record 2 of 3: patient_2")
        shows(person, MARKUP, 2)
        expect(page.locator(".wb-panel img")).to_have_count(0)
        saved = person.saves()
        assert CANARY not in saved
        assert MARKUP not in saved
        shown = [one.subject for one in run.store.ledger.entries() if one.event == "values shown"]
        assert shown == ["patient_1", "patient_2"]

        person.picks("Choice for sample", "approve")
        person.types("Comment on sample", "looked at two of them")
        person.presses("Confirm sample")
        person.hears("Recorded: sample.")
        decision = run.store.decisions.get("sample")
        assert decision is not None
        assert (decision.choice, decision.decided_by) == ("approve", "Ada Example")

        person.loads_the_page_anew()
        shows(person, CANARY, 0)
        expect(page.get_by_text("✓ decided: 'approve' by Ada Example")).to_be_visible()
        person.narrows(500)
        page.screenshot(path=tmp_path / "narrow.png")
        fits(page)
        assert person.alerts == []


def test_whose_value_counts_is_decided_on_values_that_are_never_saved(run: Run, lab: Lab) -> None:
    """Both values come to the screen on asking, and go with the page; the decision stays."""
    with seated(lab, run.folder.parent / "changes.ipynb", ready="in all") as person:
        page = person.page
        person.run_cell()
        person.types("Your name", "Ada Example")
        person.presses("show real values, on this screen only", "Space")
        expect(page.get_by_text(THEIRS)).to_be_visible()
        expect(page.get_by_text(OURS)).to_be_visible()
        person.picks("What counts for patient_7.street", "write")
        person.types("Comment on patient_7.street", "moved in May")
        person.presses("Confirm patient_7.street")
        person.hears("Recorded: conflict patient_7.street.")
        expect(page.get_by_text(THEIRS)).to_be_visible()
        saved = person.saves()
        assert f"{len(THEIRS)} characters" in saved
        assert THEIRS not in saved
        assert OURS not in saved
        assert run.store.decisions.choice(STREET) == "write"

        person.loads_the_page_anew()
        expect(page.get_by_text("✓ decided: 'write' by Ada Example")).to_be_visible()
        expect(page.get_by_text(THEIRS)).to_have_count(0)


def test_a_rollback_is_planned_with_what_is_taken_along_and_done_on_one_click(
    run: Run, lab: Lab, tmp_path: Path
) -> None:
    """A box, a new plan, the database's name, one press of a key; then the proof."""
    notebook = run.folder.parent / "rollback.ipynb"
    with seated(lab, notebook, ready="records will go, in this order") as person:
        page = person.page
        person.run_cell()
        expect(page.get_by_text("an invoice points to it")).to_be_visible()
        expect(page.get_by_text("it has to stay")).to_be_visible()
        expect(page.get_by_text("goes with it: mail.message 301.")).to_be_visible()
        page.screenshot(path=tmp_path / "plan.png")
        person.narrows(500)
        fits(page)
        page.screenshot(path=tmp_path / "narrow.png")
        person.presses("take along patient_12", "Space")
        expect(page.get_by_text("plan anew first")).to_be_visible()
        person.presses("Plan anew with 1 taken along")
        person.hears("59 records will go, 1 will stay")
        person.types("Your name", "Ada Example")
        person.types("Type clinic to confirm", "clinic")
        page.screenshot(path=tmp_path / "typed.png")
        person.presses("Roll back clinic now")
        person.hears("Done.")

        expect(page.get_by_text("59 records were removed.")).to_be_visible()
        expect(page.get_by_role("button", name="Roll back clinic now")).to_be_hidden()
        page.screenshot(path=tmp_path / "done.png")
        assert run.store.decisions.choice("rollback") == "roll back"
