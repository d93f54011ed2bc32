"""The line in which a panel says what it did, read aloud by screen readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from workbench.errors import WorkbenchError

_STATIC = Path(__file__).parent / "static"

UNRECORDED = "The panel failed; nothing was recorded. Run its cell again."


class StatusLine(anywidget.AnyWidget):
    """One line with `role="status"` whose text changes; it also brings the panels' looks."""

    _esm = _STATIC / "status.js"
    _css = _STATIC / "panel.css"
    message = traitlets.Unicode("").tag(sync=True)
    trouble = traitlets.Bool(default_value=False).tag(sync=True)

    def say(self, message: str, *, trouble: bool = False) -> None:
        """Show a sentence; `trouble` puts a sign and a word before it."""
        with self.hold_sync():
            self.trouble = trouble
            self.message = message

    def guard(self, act: Callable[[], None], *, otherwise: str = UNRECORDED) -> None:
        """Do what a button asks, and say so where it fails.

        JupyterLab shows nothing of an error inside a callback: without this a click would
        seem to have worked.

        Args:
            act: what is asked.
            otherwise: what is true when it failed in a way that says nothing itself.
        """
        told = False
        try:
            act()
            told = True
        except WorkbenchError as error:
            self.say(f"{error.what} {error.do}", trouble=True)
            told = True
        finally:
            if not told:
                self.say(otherwise, trouble=True)

    def __repr__(self) -> str:
        """Say nothing of the content: a repr may be saved in a notebook."""
        return "StatusLine()"
