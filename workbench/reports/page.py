"""A report as data, and how it becomes a file: HTML that asks nothing of any server, or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench import assets
from workbench.private import write_private
from workbench.reports.charts import Figure
from workbench.show import Table
from workbench.state import Store, sha256

PRIVATE = "It holds counts, ids and shapes only, no patient's data."
"""What a report that may leave the clinic promises."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may start a formula at; the last four are full-width spellings."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: words, pictures, tables and links, shown in this order.

    A link is a name and a target inside the run folder, relative to `reports/`.
    """

    title: str
    words: str = ""
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report, before it has a form. `head` is the ledger's head as it is written."""

    title: str
    lead: str
    run: str
    head: str
    facts: Sequence[tuple[str, object]] = ()
    sections: Sequence[Section] = ()
    privacy: str = PRIVATE


def render(page: Page, *, template: str = "report.html.j2") -> str:
    """Write a page as one HTML file; everything in it is escaped but our own pictures."""
    return _environment().get_template(template).render(page=page)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows as CSV that a spreadsheet opens as text.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front, so that
    a text someone typed into PracticeHub cannot run on the reader's machine.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue()


def neutral(cell: object) -> str:
    """Write one cell so that no spreadsheet takes it for a formula; numbers stay numbers."""
    text = "" if cell is None else str(cell)
    if isinstance(cell, int | float):
        return text
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def keep(store: Store, folder: Path, name: str, content: str) -> Path:
    """Put a report into the run folder and note it, with its hash, as an artefact.

    A report that says what it said before is left as it is and adds no ledger row.

    Args:
        store: the run's state.
        folder: the run folder.
        name: the file's name inside `reports/`.
        content: the whole text.

    Raises:
        StateError: the disk refuses.
    """
    relative = f"reports/{name}"
    # the mark lets a spreadsheet read the accents in names of fields and values
    data = content.encode("utf-8-sig" if name.endswith(".csv") else "utf-8")
    noted = {path: sha for path, _kind, sha, _size in store.journey.artefacts()}
    target = folder / relative
    if noted.get(relative) == sha256(data) and target.is_file() and target.read_bytes() == data:
        return target
    write_private(target, data)
    store.journey.add_artefact(relative, kind="report", sha256=sha256(data), size=len(data))
    return target


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(assets.templates() / "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = _shown
    environment.filters["drawn"] = _drawn
    return environment


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _drawn(figure: Figure) -> Markup:
    # our own drawing: the figure escapes the words, and letters are drawn as outlines
    return Markup(figure._repr_html_())  # noqa: S704
