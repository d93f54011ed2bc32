"""A person decides on fields in a real JupyterLab: keyboard alone, nothing lost, nothing saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.support.browser import launch
from tests.support.fields_run import CANARY, DAYS, MARKUP, NUMBERS, SQL, WORDS, fields_run
from tests.support.lab import Lab, jupyter_lab, write_notebook
from workbench.run import Run
from workbench.state import Decision

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
"""JupyterLab's first drawing on a busy machine; usually three seconds."""
TABS = 40
"""Stops of the Tab key in the whole panel, and some to spare."""

SCRIPT, TABLE = (f"patients.custom_fields.{name}" for name in (MARKUP, SQL))
NOTEBOOK = "map.ipynb"
SHOW = """\
from workbench import Run, panels
from workbench.phases import fields
run = Run.open("runs/clinic")
panels.fields(run, lambda: fields.facts(run.map))
"""

FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.labels && at.labels.length ? at.labels[0].textContent : "";
  return label || at.textContent || at.className;
}"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Make a run with thirteen fields to decide on."""
    (tmp_path / "lab").mkdir()
    run = fields_run(tmp_path / "lab")
    yield run
    run.store.close()


@pytest.fixture
def lab(run: Run, tmp_path: Path) -> Iterator[Lab]:
    """Open JupyterLab at a notebook that shows the panel."""
    home = tmp_path / "home"
    home.mkdir()
    write_notebook(tmp_path / "lab" / NOTEBOOK, SHOW)
    with jupyter_lab(tmp_path / "lab", home) as opened:
        yield opened


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """Open the notebook in a browser, 900 pixels wide."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        opened = browser.new_page(viewport={"width": 900, "height": 1400})
        opened.set_default_timeout(PATIENCE_MS)
        opened.on("dialog", lambda dialog: dialog.accept())
        opened.goto(lab.page(NOTEBOOK))
        yield opened
        browser.close()


def run_cell(page: Page) -> None:
    """Wait until the cell has the focus and its kernel is idle, then press Ctrl+Enter."""
    page.wait_for_function("() => document.activeElement.classList.contains('jp-Cell')")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_label("Your name").wait_for()


def focused(page: Page, name: str) -> None:
    """Wait until the control of that name has the focus."""
    page.wait_for_function(f"(name) => ({FOCUSED})() === name", arg=name)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus, as often as a person would."""
    for _ in range(TABS):
        if page.evaluate(FOCUSED) == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {name!r}")


def open_field(page: Page, field: str) -> None:
    """Walk the list with the arrow keys to a field, and open it with Enter."""
    listed = page.locator("[data-wb=fields] button")
    stop = listed.and_(page.locator("[tabindex='0']")).text_content() or ""
    tab_to(page, stop)
    page.keyboard.press("Home")
    for _ in range(listed.count()):
        if page.evaluate(FOCUSED) == field:
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    focused(page, f"What becomes of {field}")


def status(page: Page) -> Locator:
    """Give the line that is read aloud."""
    return page.get_by_role("status").filter(has_text="Recorded")


def decided(run: Run, field: str) -> Decision:
    """Give a question as it stands in the run."""
    decision = run.store.decisions.get(f"field:{field}")
    assert decision is not None
    return decision


def confirm(page: Page, field: str, *, told: str) -> None:
    """Go to the button that records a field, press it, and wait for what is read aloud."""
    tab_to(page, f"Confirm {field}")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text(f"Recorded: {field}. {told}")


def sign(page: Page) -> None:
    """Write the name under which everything is recorded."""
    tab_to(page, "Your name")
    page.keyboard.type("Ada Example")


def test_fields_are_mapped_kept_and_dropped_with_the_keyboard(
    run: Run, page: Page, tmp_path: Path
) -> None:
    """As proposed after a look at the preview, kept, and dropped for a reason."""
    run_cell(page)
    sign(page)
    open_field(page, DAYS)
    preview = page.locator("[data-wb=preview]")
    expect(preview).to_contain_text("issue DATE_UNREADABLE")
    tab_to(page, "Day and month in its dates")
    page.keyboard.press("ArrowDown")
    expect(preview).not_to_contain_text("1 needs a look")
    page.keyboard.press("ArrowUp")
    expect(preview).to_contain_text("1 needs a look")
    page.screenshot(path=tmp_path / "preview.png")
    confirm(page, DAYS, told="12 open, 1 decided")
    assert decided(run, DAYS).choice == "res.partner.x_zwik"
    assert decided(run, DAYS).decided_by == "Ada Example"

    open_field(page, WORDS)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Would be recorded: keep")).to_be_visible()
    confirm(page, WORDS, told="11 open, 2 decided")
    assert decided(run, WORDS).choice == "keep"

    open_field(page, SCRIPT)
    page.keyboard.press("End")
    expect(page.get_by_text("A dropped field needs a reason")).to_be_visible()
    tab_to(page, "Reason (needed)")
    page.keyboard.type("left over from a test")
    confirm(page, SCRIPT, told="10 open, 3 decided")
    assert (decided(run, SCRIPT).choice, decided(run, SCRIPT).comment) == (
        "drop", "left over from a test",
    )  # fmt: skip


def test_a_changed_target_and_transform_outlive_page_and_kernel(
    run: Run, page: Page, tmp_path: Path
) -> None:
    """What was confirmed is there after a reload and a new kernel; what was not, is not."""
    run_cell(page)
    sign(page)
    open_field(page, TABLE)
    tab_to(page, "Find a target")
    page.keyboard.type("notes html")
    expect(page.get_by_role("option", name="Notes · res.partner.comment")).to_be_attached()
    expect(page.get_by_role("option", name="Phone ·")).to_have_count(0)
    tab_to(page, "Target in Odoo")
    page.keyboard.press("End")
    expect(page.get_by_text("Would be recorded: res.partner.comment")).to_be_visible()
    confirm(page, TABLE, told="12 open, 1 decided")
    assert decided(run, TABLE).choice == "res.partner.comment"

    open_field(page, WORDS)
    tab_to(page, "Type of the new field")
    page.keyboard.type("text")
    expect(page.get_by_label("Transform")).to_have_value("plain_text")
    tab_to(page, "Transform")
    page.keyboard.type("json_t")
    expect(page.locator("[data-wb=preview]")).to_contain_text('"a 9 a a"')
    confirm(page, WORDS, told="11 open, 2 decided")
    assert "with: json_text" in (decided(run, WORDS).choice or "")

    open_field(page, NUMBERS)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Would be recorded: keep")).to_be_visible()
    page.reload()
    run_cell(page)
    expect(page.get_by_text("All fields: 2 of 13 decided")).to_be_visible()
    expect(page.get_by_role("button", name=WORDS)).to_have_count(0)
    assert decided(run, NUMBERS).is_open

    page.keyboard.press("0")
    page.keyboard.press("0")
    page.get_by_role("dialog").filter(has_text="Restart Kernel?").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    run_cell(page)
    tab_to(page, "Show")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("2 fields, least certain first")).to_be_visible()
    open_field(page, WORDS)
    expect(page.get_by_label("Transform")).to_have_value("json_text")
    expect(page.get_by_text("by Ada Example")).to_be_visible()
    page.screenshot(path=tmp_path / "rebuilt.png")


def test_many_are_confirmed_after_their_names_were_read(run: Run, page: Page) -> None:
    """The certain ones are listed first; without a name nothing is recorded."""
    run_cell(page)
    tab_to(page, "Confirm 6 certain proposals (90 % and more) …")
    page.keyboard.press("Enter")
    focused(page, "Confirm these 6 proposals")
    expect(page.get_by_role("listitem").filter(has_text="patients.phone → ")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Not done")).to_contain_text(
        "Write your name into the first field."
    )
    focused(page, "Your name")
    assert decided(run, "patients.phone").is_open

    page.keyboard.type("Ada Example")
    tab_to(page, "Confirm these 6 proposals")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Recorded 6 as proposed. 7 open, 6 decided")
    assert decided(run, "patients.phone").decided_by == "Ada Example"


def test_names_are_text_and_values_are_not_saved(
    run: Run, lab: Lab, page: Page, tmp_path: Path
) -> None:
    """A field named like a script runs nothing; shown values stay out of the saved notebook."""
    run_cell(page)
    page.get_by_role("button", name=SCRIPT, exact=True).click()
    expect(page.get_by_role("heading", name=MARKUP)).to_be_visible()
    assert page.evaluate("document.querySelectorAll('.wb-panel script').length") == 0

    page.get_by_role("button", name="patients.last_name", exact=True).click()
    # the kernel opens the field a moment after the click, and hides then what was shown before
    expect(page.get_by_role("heading", name="patients.last_name")).to_be_visible()
    preview = page.locator("[data-wb=preview]")
    expect(preview).to_contain_text("Aa9 Aa")
    expect(preview).not_to_contain_text(CANARY)
    page.get_by_label("Show real values here").check()
    expect(preview).to_contain_text(CANARY)
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_text("Save Widget State Automatically").click()
    page.get_by_role("menuitem", name="File").click()
    page.get_by_text("Save Notebook", exact=True).click()
    saved = tmp_path / "lab" / NOTEBOOK
    page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
    text = saved.read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget-state+json" in text
    assert "Aa9 Aa" in text  # the same table, masked
    assert CANARY not in text

    page.get_by_role("button", name="patients.email", exact=True).click()
    expect(preview).to_contain_text("Preview, masked")
    expect(page.get_by_label("Show real values here")).not_to_be_checked()
    shown = [e.subject for e in run.store.ledger.entries() if e.event == "values shown"]
    assert shown == ["field:patients.last_name"]


def test_the_panel_fits_a_narrow_window(page: Page, tmp_path: Path) -> None:
    """At 500 pixels nothing runs out of view."""
    run_cell(page)
    page.keyboard.press("Control+b")  # the file browser away
    page.set_viewport_size({"width": 500, "height": 900})
    page.screenshot(path=tmp_path / "narrow.png")

    inner, outer = (page.locator(".wb-panel").evaluate(f"(at) => at.{side}Width")
                    for side in ("scroll", "client"))  # fmt: skip
    assert inner <= outer + 1
