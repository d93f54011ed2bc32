"""What draws the sample: every field with its bars, and one record cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench.panels.sample_desk import FieldSums

_STATIC = Path(__file__).parent / "static"

Act = Callable[[Mapping[str, object]], None]


class FieldsView(anywidget.AnyWidget):
    """Draws the sums of every field with a bar beside each number; counts alone, no value.

    Args:
        on_look: told the field, "model.field", whose cells somebody wants to look at.
    """

    _esm = _STATIC / "sample_fields.js"
    _css = _STATIC / "sample.css"
    sums = traitlets.Unicode().tag(sync=True)
    fields = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, on_look: Callable[[str], None]) -> None:
        super().__init__()
        self._on_look = on_look
        self.on_msg(lambda _widget, content, _buffers: self.told(content))

    def draw(self, sums: str, fields: Sequence[FieldSums]) -> None:
        """Show these fields, in this order."""
        with self.hold_sync():
            self.sums = sums
            self.fields = [
                {"name": one.name, "equal": one.equal, "tolerated": one.tolerated,
                 "different": one.different, "rules": ", ".join(one.rules)}
                for one in fields
            ]  # fmt: skip

    def told(self, content: Mapping[str, object]) -> None:
        """Take what the browser says: a field is to be looked at."""
        if content.get("kind") == "look":
            self._on_look(str(content.get("field", "")))

    def __repr__(self) -> str:
        """Say nothing of the content: a repr may be saved in a notebook."""
        return "FieldsView()"


class RecordView(anywidget.AnyWidget):
    """Draws one record; values in its traits are masked, whatever is on the screen.

    Real values go to the browser as a message of the moment, so that no notebook that is
    saved with its widgets holds one; a page that is loaded anew is masked.

    Args:
        on: what to do when the browser says so, by kind of message.
    """

    _esm = _STATIC / "sample_record.js"
    _css = _STATIC / "sample.css"
    record = traitlets.Dict().tag(sync=True)

    def __init__(self, on: Mapping[str, Act]) -> None:
        super().__init__()
        self._on = on
        self._drawn = 0
        self.on_msg(lambda _widget, content, _buffers: self.told(content))

    def draw(self, record: Mapping[str, Any]) -> None:
        """Show a record, masked; {} shows that none is listed."""
        self._drawn += 1  # the same record once more is drawn too: a button waits for it
        self.record = {**record, "stamp": self._drawn}

    def reveal(self, values: Sequence[tuple[str, str, str]]) -> None:
        """Put real values in the place of the masked ones of what was drawn last.

        Args:
            values: source, expected and actual of each cell, in the order drawn.
        """
        self.send({"kind": "reveal", "stamp": self._drawn, "values": values})

    def focus_record(self) -> None:
        """Put the focus on the record's heading."""
        self.send({"kind": "focus", "stamp": self._drawn})

    def told(self, content: Mapping[str, object]) -> None:
        """Take what the browser says."""
        act = self._on.get(str(content.get("kind")))
        if act is not None:
            act(content)

    def __repr__(self) -> str:
        """Say nothing of the content: a repr may be saved in a notebook."""
        return "RecordView()"
