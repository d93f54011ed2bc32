"""The list of fields, and the preview: tables that a keyboard and a screen reader can walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench.panels.fields_desk import Line
from workbench.panels.fields_preview import Preview

_STATIC = Path(__file__).parent / "static"


class FieldsTable(anywidget.AnyWidget):
    """One page of the list; a field's name is a button that opens it.

    The list is one stop of the Tab key; arrow keys, Home and End move inside.
    """

    _esm = _STATIC / "fields.js"
    _css = _STATIC / "fields.css"
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(self, on_open: Callable[[str], None]) -> None:
        super().__init__()
        self._on_open = on_open
        self.on_msg(self._heard)

    def show(self, lines: Sequence[Line], *, caption: str, chosen: str) -> None:
        """Put lines into the list."""
        with self.hold_sync():
            self.rows = [asdict(line) for line in lines]
            self.caption = caption
            self.chosen = chosen

    def focus(self) -> None:
        """Move the focus to the chosen field, or to the first."""
        self.send({"do": "focus"})

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("do") == "open":
            self._on_open(str(content.get("field")))

    def __repr__(self) -> str:
        """Say how many lines: a repr may be saved in a notebook."""
        return f"FieldsTable({len(self.rows)})"


class PreviewTable(anywidget.AnyWidget):
    """Records before and after; real values only on a screen that asked for them.

    Whether they are shown is no trait, and they are sent as a message of the moment: what
    JupyterLab saves of a widget never holds one, and a page that is loaded anew is masked.
    `aside`: the configuration shows patient data from the beginning.
    """

    _esm = _STATIC / "preview.js"
    rows = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)
    aside = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, on_shown: Callable[[], None], *, aside: bool) -> None:
        super().__init__(aside=aside)
        self._on_shown = on_shown
        self._preview = Preview()
        self._asked = False
        self.on_msg(self._heard)

    def show(self, found: Preview) -> None:
        """Put records into the table: masked, and real where a person asked for that."""
        self._preview = found
        with self.hold_sync():
            self.rows = [one.masked() for one in found.examples]
            self.summary = found.summary
        self._send_real()

    def hide(self) -> None:
        """Ask anew whether real values are shown: another field was opened."""
        self._asked = False
        self.send({"do": "hide"})

    def _send_real(self) -> None:
        if self._asked:
            self.send({"do": "real", "rows": [one.real() for one in self._preview.examples]})

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("do") != "show":
            return
        newly = bool(content.get("on")) and not self._asked
        self._asked = bool(content.get("on"))
        if newly:
            self._on_shown()
        self._send_real()

    def __repr__(self) -> str:
        """Say how many records: a repr may be saved in a notebook."""
        return f"PreviewTable({len(self.rows)})"
