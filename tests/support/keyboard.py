"""A person at a panel in a real JupyterLab, with a keyboard and nothing else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Dialog, Locator, Page, expect, sync_playwright

from tests.support.browser import launch
from tests.support.lab import Lab, jupyter_lab, write_notebook

PATIENCE_MS = 60_000
"""JupyterLab's first drawing on a busy machine; usually three seconds."""
TABS = 60
"""Stops of the Tab key in a whole panel, and some to spare."""
NOTEBOOK = "panel.ipynb"

_FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.labels && at.labels.length ? at.labels[0].textContent : "";
  return at.getAttribute("aria-label") || label || at.textContent || at.className;
}"""


class Person:
    """Somebody who opened the notebook, and has no mouse."""

    def __init__(self, page: Page, notebook: Path, *, ready: str) -> None:
        self.page = page
        self._notebook = notebook
        self._ready = ready
        self.alerts: list[str] = []
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        if dialog.type == "alert":
            self.alerts.append(dialog.message)
        dialog.accept()

    def run_cell(self) -> None:
        """Wait until the cell has the focus and its kernel is idle, then press Ctrl+Enter."""
        page = self.page
        page.wait_for_function("() => document.activeElement.classList.contains('jp-Cell')")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.keyboard.press("Control+Enter")
        page.get_by_label("Your name").wait_for()
        page.get_by_text(self._ready).first.wait_for()

    def focused(self) -> str:
        """Say by its name what has the focus."""
        return str(self.page.evaluate(_FOCUSED))

    def waits_for(self, name: str) -> None:
        """Wait until the control of that name has the focus."""
        self.page.wait_for_function(f"(name) => ({_FOCUSED})() === name", arg=name)

    def tab_to(self, name: str) -> None:
        """Press Tab until the control of that name has the focus."""
        for _ in range(TABS):
            if self.focused() == name:
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"Tab does not lead to {name!r}")

    def types(self, name: str, text: str) -> None:
        """Go to a text and write into it."""
        self.tab_to(name)
        self.page.keyboard.type(text)

    def presses(self, name: str, key: str = "Enter") -> None:
        """Go to a button and press it."""
        self.tab_to(name)
        self.page.keyboard.press(key)

    def picks(self, name: str, option: str) -> None:
        """Go to a list and walk it with the arrow keys to an option."""
        self.tab_to(name)
        page = self.page
        page.keyboard.press("Home")
        for _ in range(TABS):
            chosen = page.evaluate("() => document.activeElement.selectedOptions[0].textContent")
            if chosen == option:
                return
            page.keyboard.press("ArrowDown")
        pytest.fail(f"{name!r} does not offer {option!r}")

    def hears(self, words: str) -> None:
        """Wait until the line that is read aloud says so."""
        expect(self.status).to_contain_text(words)

    @property
    def status(self) -> Locator:
        """The panel's line that is read aloud."""
        return self.page.locator(".wb-panel [role=status]")

    def loads_the_page_anew(self) -> None:
        """Reload, and run the cell again."""
        self.page.reload()
        self.run_cell()

    def restarts_the_kernel(self) -> None:
        """Press 0 twice on the cell, say yes, and run the cell again."""
        page = self.page
        page.keyboard.press("0")
        page.keyboard.press("0")
        page.get_by_role("dialog").filter(has_text="Restart Kernel?").wait_for()
        page.keyboard.press("Enter")
        page.get_by_role("dialog").wait_for(state="detached")
        self.run_cell()

    def saves(self) -> str:
        """Save the notebook, and give it as it lies on the disk, with the widgets' state."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_function("() => !document.querySelector('.lm-mod-current.jp-mod-dirty')")
        text = self._notebook.read_text("utf-8")
        assert "widgets" in nbformat.reads(text, as_version=4).metadata, "no state was saved"
        return text

    def narrows(self, width: int) -> None:
        """Put the file browser away, and make the window narrow."""
        self.page.keyboard.press("Control+b")
        self.page.set_viewport_size({"width": width, "height": 900})


@contextlib.contextmanager
def lab_that_saves_widgets(folder: Path, home: Path) -> Iterator[Lab]:
    """Open JupyterLab so that it saves the widgets' state, as whoever likes that may set it."""
    settings = home / "settings" / "@jupyter-widgets" / "jupyterlab-manager"
    settings.mkdir(parents=True)
    (settings / "plugin.jupyterlab-settings").write_text(json.dumps({"saveState": True}))
    with jupyter_lab(folder, home) as lab:
        yield lab


@contextlib.contextmanager
def seated(lab: Lab, notebook: Path, *, ready: str) -> Iterator[Person]:
    """Open a notebook of one cell; `ready` is a text that its panel shows once it is drawn."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1000, "height": 1300})
        page.set_default_timeout(PATIENCE_MS)
        person = Person(page, notebook, ready=ready)
        page.goto(lab.page(notebook.name))
        yield person
        browser.close()


@contextlib.contextmanager
def person_at(folder: Path, home: Path, panel: str) -> Iterator[Person]:
    """Open a notebook in `folder` that shows `panels.<panel>` of the run in `folder`/run."""
    write_notebook(
        folder / NOTEBOOK,
        f'from workbench import Run, panels\npanels.{panel}(Run.open("run"))\n',
    )
    with (
        lab_that_saves_widgets(folder, home) as lab,
        seated(lab, folder / NOTEBOOK, ready="in all") as person,
    ):
        yield person
