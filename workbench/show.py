"""Small things a notebook cell shows: a table, a few lines, a verdict.

Each draws itself as HTML in a notebook and as plain text in a terminal; neither form
holds more than it was given, and everything given is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

_CELL = (
    "padding:.15em .8em;text-align:{align};"
    "border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)"
)


@dataclass(frozen=True, repr=False)
class Lines:
    """A heading and a few sentences."""

    title: str
    lines: Sequence[str]

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"  {line}" for line in self.lines)])

    def _repr_html_(self) -> str:
        body = "".join(f"<p style='margin:.2em 0'>{escape(line)}</p>" for line in self.lines)
        return f"<p><strong>{escape(self.title)}</strong></p>{body}"


@dataclass(frozen=True, repr=False)
class Table:
    """A captioned table; numbers are set right, everything else left."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""

    def __repr__(self) -> str:
        cells = [[str(cell) for cell in row] for row in [self.columns, *self.rows]]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        return "\n".join([self.title, *lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th scope='col' style='{_CELL.format(align='left')}'>{escape(name)}</th>"
            for name in self.columns
        )
        body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in self.rows)
        note = f"<p style='opacity:.8'>{escape(self.note)}</p>" if self.note else ""
        return (
            f"<table style='border-collapse:collapse'><caption style='text-align:left;"
            f"font-weight:600'>{escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{note}"
        )


@dataclass(frozen=True, repr=False)
class Verdict:
    """How a phase stands: read from the state, never from cells having run."""

    phase: str
    status: str
    message: str
    facts: Sequence[tuple[str, object]] = ()
    next: str = ""
    ledger_head: str = ""

    _SIGNS = {"done": "✓", "waiting": "…", "failed": "✗", "pending": "○"}  # noqa: RUF012 - a constant, not a field

    def __repr__(self) -> str:
        lines = [f"{self._SIGNS[self.status]} {self.phase}: {self.status}. {self.message}"]
        lines += [f"  {name}: {value}" for name, value in self.facts]
        lines += [f"  ledger head: {self.ledger_head[:16]}…"] if self.ledger_head else []
        lines += [f"  next: {self.next}"] if self.next else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        first, *rest = repr(self).split("\n")
        items = "".join(f"<li>{escape(line.strip())}</li>" for line in rest)
        return f"<p><strong>{escape(first)}</strong></p><ul>{items}</ul>"


@dataclass(frozen=True, repr=False)
class Stack:
    """Several shown things under one another; a widget among them is shown live."""

    parts: Sequence[object] = field(default_factory=tuple)

    def _ipython_display_(self) -> None:
        if all(hasattr(part, "_repr_html_") for part in self.parts):
            raise NotImplementedError  # how IPython is told to draw the HTML below
        # here, because it takes a while and a terminal does not need it
        from IPython.display import display  # noqa: PLC0415 - see above

        for part in self.parts:
            display(part)  # type: ignore[no-untyped-call] # IPython types half of itself

    def __repr__(self) -> str:
        return "\n\n".join(repr(part) for part in self.parts)

    def _repr_html_(self) -> str:
        drawn = (getattr(part, "_repr_html_", None) for part in self.parts)
        return "".join(draw() if draw else "" for draw in drawn)


def _cell(cell: object) -> str:
    number = isinstance(cell, int | float) and not isinstance(cell, bool)
    text = f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
    return f"<td style='{_CELL.format(align='right' if number else 'left')}'>{escape(text)}</td>"
