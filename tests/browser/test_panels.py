"""A person decides values and practitioners in a real JupyterLab, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.keyboard import Person, person_at
from tests.support.made_runs import write_config
from tests.support.panels_run import CANARY, MARKUP, fill, value
from workbench.run import Run
from workbench.state import Decision

pytestmark = pytest.mark.browser

MISSED = "'missed' of appointments.status"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Make a run with values, practitioners and pairs to decide on."""
    (tmp_path / "lab").mkdir()
    run = Run.create(write_config(tmp_path), tmp_path / "lab" / "run")
    fill(run.store, run.folder)
    yield run
    run.store.close()


@pytest.fixture
def person(request: pytest.FixtureRequest, run: Run, tmp_path: Path) -> Iterator[Person]:
    """Seat a person before the panel that the test names."""
    home = tmp_path / "home"
    home.mkdir()
    with person_at(run.folder.parent, home, request.param) as seated:
        yield seated


def decided(run: Run, subject: str) -> Decision:
    """Give a question as it stands in the run."""
    decision = run.store.decisions.get(subject)
    assert decision is not None
    return decision


@pytest.mark.parametrize("person", ["values"], indirect=True)
def test_a_value_map_is_decided_with_the_keyboard_and_stays_decided(
    run: Run, person: Person, tmp_path: Path
) -> None:
    """Arrows, letters and Enter decide; after a reload and a kernel restart it still stands."""
    person.run_cell()
    person.types("Your name", "Ada Example")
    person.picks(f"Target of {MISSED}", "Cancelled")
    person.types(f"Comment on {MISSED}", "they count alike")
    person.presses(f"Confirm {MISSED}")
    person.hears("Recorded: appointments.status=missed. 4 open, 1 decided")
    first = decided(run, "value:appointments.status=missed")
    assert (first.choice, first.comment) == ("Cancelled", "they count alike")
    assert first.decided_by == "Ada Example"

    # the focus has moved on to the next open value, which gets a target nobody offered
    no_show = "Target of 'no show' of appointments.status"
    person.waits_for(no_show)
    person.picks(no_show, "another: write it")
    person.types(f"Another: {no_show}", "Did not come")
    person.presses("Confirm 'no show' of appointments.status", "Space")
    person.hears("3 open, 2 decided")
    assert decided(run, "value:appointments.status=no show").choice == "Did not come"
    person.page.screenshot(path=tmp_path / "values.png")

    person.presses("Accept 2 proposals of appointments.status")
    person.hears("Recorded 2 as proposed. 1 open, 4 decided")
    assert decided(run, f"value:appointments.status={MARKUP}").choice == "New"
    expect(person.page.get_by_text(f"'{MARKUP}'", exact=True)).to_be_visible()
    expect(person.page.locator(".wb-panel img")).to_have_count(0)

    run.store.journey.set_document("mapping", {"hash": "h", "yaml": ""})
    run.store.decisions.ask([value("rescheduled", None)])
    person.loads_the_page_anew()
    expect(person.page.get_by_text("2 open, 4 decided, 6 in all")).to_be_visible()
    expect(person.page.get_by_text("new since the map was confirmed")).to_have_count(2)
    person.restarts_the_kernel()
    expect(person.page.get_by_text("✓ decided: 'Cancelled' by Ada Example")).to_be_visible()
    assert CANARY not in person.saves()
    assert person.alerts == []


@pytest.mark.parametrize("person", ["values"], indirect=True)
def test_what_is_typed_and_not_confirmed_outlives_another_line(run: Run, person: Person) -> None:
    """Confirming one value draws the table anew and takes nothing from the others."""
    person.run_cell()
    person.types("Your name", "Ada Example")
    person.picks("Target of 'no show' of appointments.status", "Missed")
    person.types("Comment on 'no show' of appointments.status", "half a sentence")
    person.page.keyboard.press("Shift+Tab")
    for _ in range(3):
        person.page.keyboard.press("Shift+Tab")
    person.presses(f"Confirm {MISSED}")
    person.hears("Recorded: appointments.status=missed")
    comment = person.page.get_by_label("Comment on 'no show' of appointments.status")

    expect(comment).to_have_value("half a sentence")
    assert decided(run, "value:appointments.status=no show").is_open


@pytest.mark.parametrize("person", ["practitioners"], indirect=True)
def test_a_practitioner_is_given_a_user_with_the_keyboard(
    run: Run, person: Person, tmp_path: Path
) -> None:
    """Who has no user is said first; a user is picked by name and login."""
    person.run_cell()
    page = person.page
    expect(page.get_by_text("2 of 3 practitioners have no matching Odoo user")).to_be_visible()
    person.types("Your name", "Ada Example")
    person.picks("Odoo user of Mira Jansen", "Ann Visser · ann@example.org")
    person.presses("Confirm Mira Jansen")
    person.hears("Recorded: practitioner 18. 2 open")
    assert decided(run, "practitioner:18").choice == "ann@example.org"

    person.waits_for("Odoo user of Kees Bakker")
    person.presses("Confirm Kees Bakker")
    person.waits_for("Odoo user of Piet de Groot")
    person.picks("Odoo user of Piet de Groot", "name only: kept as text, no user")
    person.presses("Confirm Piet de Groot")
    person.hears("0 open, 3 decided")
    page.screenshot(path=tmp_path / "practitioners.png")

    person.loads_the_page_anew()
    expect(page.get_by_text("0 open, 3 decided, 3 in all")).to_be_visible()
    expect(page.get_by_label("Odoo user of Mira Jansen", exact=True)).to_have_value(
        "ann@example.org"
    )
    assert CANARY not in person.saves()


@pytest.mark.parametrize("person", ["practitioners"], indirect=True)
def test_a_click_without_a_name_says_so_aloud(run: Run, person: Person) -> None:
    """Nothing is recorded, the status line says why, and the focus is where the name goes."""
    person.run_cell()
    person.presses("Confirm Kees Bakker")
    person.hears("Not done: Nobody is named as deciding. Write your name into the first field.")

    expect(person.page.get_by_text("⚠ Not done: Nobody is named")).to_have_count(2)  # at the line
    person.waits_for("Your name")
    assert decided(run, "practitioner:17").is_open


@pytest.mark.parametrize("person", ["schema"], indirect=True)
def test_the_schema_is_agreed_to_with_the_keyboard(
    run: Run, person: Person, tmp_path: Path
) -> None:
    """The plan is narrowed to what is in the way, then agreed to; a reload shows who agreed."""
    person.run_cell()
    page = person.page
    expect(page.get_by_text("1 to make, 1 there already, 1 in the way, 3 in all")).to_be_visible()
    person.presses("Agree: the workbench makes it")
    person.hears("Not done: Nobody is named as deciding.")
    person.types("Your name", "Ada Example")
    person.picks("Show", "in\u00a0the\u00a0way")  # as ipywidgets writes its options
    expect(page.get_by_text("x_blood_type", exact=True)).to_have_count(0)
    expect(page.get_by_text("It is of type integer.")).to_be_visible()
    person.presses("Agree: the workbench makes it")
    person.hears("Recorded: apply. Run the next cell.")
    page.screenshot(path=tmp_path / "schema.png")
    found = decided(run, "schema")
    assert (found.choice, found.decided_by) == ("apply", "Ada Example")

    person.loads_the_page_anew()
    expect(page.get_by_text("✓ decided: 'apply' by Ada Example")).to_be_visible()
    person.types("Your name", "Ben Example")
    person.presses("By hand: a person makes it", "Space")
    person.hears("Recorded: by hand.")
    assert decided(run, "schema").choice == "by hand"


@pytest.mark.parametrize(
    "person", ["values", "practitioners", "duplicates", "schema"], indirect=True
)
def test_a_panel_fits_a_narrow_window(person: Person, tmp_path: Path) -> None:
    """At 400 pixels, which is also 800 at twice the size, nothing runs out of view."""
    person.run_cell()
    person.narrows(400)
    person.page.screenshot(path=tmp_path / "narrow.png")

    for part in person.page.locator(".wb-panel, .wb-panel table").all():
        inner, outer = (part.evaluate(f"(at) => at.{side}Width") for side in ("scroll", "client"))
        assert inner <= outer + 1
