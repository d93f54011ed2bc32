"""A person decides in a real JupyterLab, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.browser import launch
from tests.support.lab import Lab, jupyter_lab, write_notebook
from workbench.run import Run
from workbench.state import Decision, Question

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
"""JupyterLab's first drawing on a busy machine; usually three seconds."""

CONFIGURATION = """\
[practicehub]
account = "brightspine"
app_details = "workbench=ops@example.org"

[odoo]
url = "http://127.0.0.1:8069"
database = "clinic"
"""

SHOW = """\
from workbench import panels
from workbench.run import Run
panels.fields(Run.open("run"))
"""

FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.labels && at.labels.length ? at.labels[0].textContent : "";
  return label || at.textContent || at.className;
}"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Make a run with three open questions; the first has no proposal."""
    (tmp_path / "migration.toml").write_text(CONFIGURATION)
    (tmp_path / "lab").mkdir()
    run = Run.create(tmp_path / "migration.toml", tmp_path / "lab" / "run")
    run.store.decisions.ask(
        [
            Question("field:patients.allergies", "map", "Where do allergies go?",
                     ("keep", "drop"), {"seen": 1}),
            Question("field:patients.blood_type", "map", "Where does the blood type go?",
                     ("res.partner.x_blood_type", "keep", "drop"), {"seen": 1},
                     proposal="res.partner.x_blood_type", reasons=("the name is known",),
                     confidence=0.9, open_value=True),
            Question("field:patients.zodiac", "map", "Where does the zodiac go?",
                     ("keep", "drop"), {"seen": 1}, proposal="drop"),
        ]
    )  # fmt: skip
    yield run
    run.store.close()


@pytest.fixture
def lab(run: Run, tmp_path: Path) -> Iterator[Lab]:
    """Open JupyterLab at a notebook that shows the panel."""
    home = tmp_path / "home"
    home.mkdir()
    write_notebook(run.folder.parent / "panel.ipynb", SHOW)
    with jupyter_lab(run.folder.parent, home) as opened:
        yield opened


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """Open the notebook in a browser, 900 pixels wide."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        opened = browser.new_page(viewport={"width": 900, "height": 1100})
        opened.set_default_timeout(PATIENCE_MS)
        opened.on("dialog", lambda dialog: dialog.accept())
        opened.goto(lab.page("panel.ipynb"))
        yield opened
        browser.close()


def run_cell(page: Page) -> None:
    """Wait until the cell has the focus and its kernel is idle, then press Ctrl+Enter."""
    page.wait_for_function("() => document.activeElement.classList.contains('jp-Cell')")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_label("Your name").wait_for()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus, as often as a person would."""
    for _ in range(30):
        if page.evaluate(FOCUSED) == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {name!r}")


def decided(run: Run, subject: str) -> Decision:
    """Give a question as it stands in the run."""
    decision = run.store.decisions.get(subject)
    assert decision is not None
    return decision


def test_a_field_is_decided_with_the_keyboard_and_stays_decided(
    run: Run, page: Page, tmp_path: Path
) -> None:
    """Tab, arrows and Enter decide; after a reload and a kernel restart it still stands."""
    run_cell(page)
    tab_to(page, "Your name")
    page.keyboard.type("Ada Example")
    tab_to(page, "Choice for patients.allergies")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Comment on patients.allergies")
    page.keyboard.type("asked the doctor")
    tab_to(page, "Confirm patients.allergies")
    page.keyboard.press("Enter")
    status = page.get_by_role("status").filter(has_text="Recorded")
    expect(status).to_contain_text("Recorded: patients.allergies. 2 open, 1 decided")
    page.screenshot(path=tmp_path / "decided.png")

    first = decided(run, "field:patients.allergies")
    assert (first.choice, first.comment) == ("keep", "asked the doctor")
    assert first.decided_by == "Ada Example"
    assert not first.is_open

    # the focus has moved to the next open question, whose proposal is confirmed as it stands
    page.wait_for_function(f"() => ({FOCUSED})() === 'Choice for patients.blood_type'")
    tab_to(page, "Confirm patients.blood_type")
    page.keyboard.press("Space")
    expect(status).to_contain_text("Recorded: patients.blood_type. 1 open, 2 decided")
    assert decided(run, "field:patients.blood_type").choice == "res.partner.x_blood_type"

    page.reload()
    run_cell(page)
    expect(page.get_by_text("1 open, 2 decided, 3 in all")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm patients.zodiac")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm patients.allergies")).to_have_count(0)

    page.keyboard.press("0")
    page.keyboard.press("0")
    page.get_by_role("dialog").filter(has_text="Restart Kernel?").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    run_cell(page)
    tab_to(page, "Show")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("✓ decided: 'keep' by Ada Example")).to_be_visible()
    page.screenshot(path=tmp_path / "rebuilt.png")


def test_a_click_without_a_name_says_so_aloud(run: Run, page: Page) -> None:
    """Nothing is recorded, the status line says why, and the focus is where the name goes."""
    run_cell(page)
    tab_to(page, "Confirm patients.zodiac")
    page.keyboard.press("Enter")

    status = page.get_by_role("status").filter(has_text="Not done")
    expect(status).to_contain_text("Write your name into the first field.")
    expect(page.get_by_text("⚠ Not done: Nobody is named")).to_have_count(2)  # at the question too
    page.wait_for_function(f"() => ({FOCUSED})() === 'Your name'")
    assert decided(run, "field:patients.zodiac").is_open


def test_the_panel_fits_a_narrow_window(page: Page, tmp_path: Path) -> None:
    """At 400 pixels, which is also 800 at twice the size, nothing runs out of view."""
    run_cell(page)
    page.keyboard.press("Control+b")  # the file browser away
    page.set_viewport_size({"width": 400, "height": 900})
    page.screenshot(path=tmp_path / "narrow.png")

    inner, outer = (page.locator(".wb-panel").evaluate(f"(at) => at.{side}Width")
                    for side in ("scroll", "client"))  # fmt: skip
    assert inner <= outer + 1
