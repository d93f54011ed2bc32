"""A person looks at two records side by side in a real JupyterLab, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.keyboard import Person, person_at
from tests.support.made_runs import write_config
from tests.support.panels_run import CANARY, LINKABLE, MARKUP, TWINS, fill
from workbench.run import Run
from workbench.state import Decision

pytestmark = pytest.mark.browser

FIRST = "Pair 1 of 2: patients 12 and 99"
SECOND = "Pair 2 of 2: patient 30 and Odoo contact 45"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Make a run with two pairs to decide on."""
    (tmp_path / "lab").mkdir()
    run = Run.create(write_config(tmp_path), tmp_path / "lab" / "run")
    fill(run.store, run.folder)
    yield run
    run.store.close()


@pytest.fixture
def person(run: Run, tmp_path: Path) -> Iterator[Person]:
    """Seat a person before the panel of pairs."""
    home = tmp_path / "home"
    home.mkdir()
    with person_at(run.folder.parent, home, "duplicates") as seated:
        seated.run_cell()
        yield seated


def decided(run: Run, subject: str) -> Decision:
    """Give a question as it stands in the run."""
    decision = run.store.decisions.get(subject)
    assert decision is not None
    return decision


def shows(person: Person, text: str, times: int) -> None:
    """Wait until a text is on the screen so many times."""
    found = person.page.locator(".wb-pair .wb-value:visible").filter(has_text=text)
    expect(found).to_have_count(times)


def test_a_pair_is_looked_at_and_merged_with_the_keyboard(
    run: Run, person: Person, tmp_path: Path
) -> None:
    """Same and differs are words; real values come and go; the merge outlives the kernel."""
    page = person.page
    email = page.get_by_role("row").filter(has_text="E-mail")
    expect(email.get_by_role("cell").last).to_have_text("≠differs")
    born = page.get_by_role("row").filter(has_text="Date of birth")
    expect(born.get_by_role("cell").last).to_have_text("=same")
    shows(person, CANARY, 0)
    person.types("Your name", "Ada Example")

    person.presses("show real values", "Space")
    shows(person, CANARY, 2)
    person.waits_for("show real values")
    page.screenshot(path=tmp_path / "shown.png")
    person.presses("Everything else they hold: 2 fields, 1 of them not the same")
    shows(person, MARKUP, 1)
    expect(page.locator(".wb-panel img")).to_have_count(0)
    saved = person.saves()
    assert "12 characters" in saved
    assert CANARY not in saved
    assert MARKUP not in saved
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    person.presses("show real values", "Space")
    shows(person, CANARY, 0)

    person.tab_to("merge (proposed)")
    person.types("Comment, with the reason", "called them")
    person.presses("Confirm patients 12 and 99")
    person.hears("Recorded: patient_12+patient_99. 1 open, 1 decided")
    found = decided(run, TWINS)
    assert (found.choice, found.comment, found.decided_by) == (
        "merge", "called them", "Ada Example",
    )  # fmt: skip
    person.waits_for(SECOND)

    person.loads_the_page_anew()
    expect(page.get_by_text("Pair 1 of 1: patient 30 and Odoo contact 45")).to_be_visible()
    person.restarts_the_kernel()
    person.picks("Show", "all")
    person.tab_to("keep both (proposed)")
    page.keyboard.press("n")
    person.waits_for("Pair 2 of 2: patients 12 and 99")
    expect(page.get_by_text("✓ decided: 'merge' by Ada Example")).to_be_visible()
    assert CANARY not in person.saves()
    assert person.alerts == []


def test_a_patient_is_linked_only_with_a_reason_and_the_other_choice_is_an_arrow_away(
    run: Run, person: Person, tmp_path: Path
) -> None:
    """Pairs are walked with n and p; against the proposal a reason is asked for."""
    page = person.page
    person.types("Your name", "Ada Example")
    person.tab_to("show real values")
    page.keyboard.press("n")
    person.waits_for(SECOND)
    page.keyboard.press("p")
    person.waits_for(FIRST)
    page.keyboard.press("n")
    person.waits_for(SECOND)
    person.tab_to("keep both (proposed)")
    page.keyboard.press("ArrowDown")
    assert person.focused() == "link"
    person.presses("Confirm patient 30 and Odoo contact 45")
    person.hears("To link against the proposal needs a reason")
    assert decided(run, LINKABLE).is_open
    page.screenshot(path=tmp_path / "reason.png")

    # what was chosen still stands, and the focus is where it was
    person.waits_for("Confirm patient 30 and Odoo contact 45")
    expect(page.get_by_label("link", exact=True)).to_be_checked()
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("next door's n and p")
    person.presses("Confirm patient 30 and Odoo contact 45")
    person.hears("Recorded: patient_30+contact_45")
    assert decided(run, LINKABLE).choice == "link"
    assert decided(run, LINKABLE).comment == "next door's n and p"


def test_values_that_are_shown_stay_for_the_next_pair_and_not_for_the_next_page(
    run: Run, person: Person
) -> None:
    """Looking through pairs needs one click; whoever comes to the screen later sees masks."""
    person.presses("show real values", "Space")
    shows(person, CANARY, 2)
    person.page.keyboard.press("n")
    person.waits_for(SECOND)
    shows(person, f"Bo {CANARY}", 2)
    events = [one.subject for one in run.store.ledger.entries() if one.event == "values shown"]
    assert events == [TWINS, LINKABLE]

    person.loads_the_page_anew()
    expect(person.page.get_by_text(FIRST)).to_be_visible()
    shows(person, CANARY, 0)
    expect(person.page.get_by_label("show real values")).not_to_be_checked()
