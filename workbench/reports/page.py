"""A report as data, and how it becomes a file: HTML that asks nothing of any server, or CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench import assets
from workbench.private import write_private, write_private_parts
from workbench.reports.charts import Figure
from workbench.show import Table
from workbench.state import Store, sha256

PRIVATE = "It holds counts, ids and shapes only, no patient's data."
"""What a report that may leave the clinic promises."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may start a formula at; the last four are full-width spellings."""
_UNSEEN = re.compile(r"\A(?:[^\S\t\r\n]|[\u200b-\u200f\u2060\ufeff])+")
"""What shows nothing and may be dropped before the first character that does."""
_NUMBER = re.compile(r"-[0-9]{1,15}(\.[0-9]{1,15})?")
"""A text that is a number below zero, and stays one."""

Mask = Callable[[str, object], str]
"""How a field's value looks where it may be saved (see `workbench.masking`)."""

_LINES = 500
"""Lines of a CSV held at a time."""


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
    return "".join(_csv_parts(columns, rows))


def _csv_parts(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Give a CSV in parts of some hundred lines."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([neutral(cell) for cell in row])
        if number % _LINES == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def neutral(cell: object) -> str:
    """Write one cell so that no spreadsheet takes it for a formula; numbers stay numbers.

    A number below zero cannot run anything; one with a plus is a telephone number, which a
    spreadsheet would reckon into something else.
    """
    text = "" if cell is None else str(cell)
    if isinstance(cell, int | float) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if _UNSEEN.sub("", text).startswith(_FORMULA) else text


def keep(store: Store, folder: Path, name: str, content: str, *, kind: str = "report") -> Path:
    """Put a report into the run folder and note it, with its hash, as an artefact.

    A report that says what it said before is left as it is and adds no ledger row.

    Args:
        store: the run's state.
        folder: the run folder.
        name: the file's name inside `reports/`.
        content: the whole text.
        kind: what the artefact is called.

    Raises:
        StateError: the disk refuses.
    """
    data = content.encode(_encoding(name))
    target = folder / f"reports/{name}"
    if _noted(store, name) == sha256(data) and target.is_file() and target.read_bytes() == data:
        return target
    write_private(target, data)
    store.journey.add_artefact(f"reports/{name}", kind=kind, sha256=sha256(data), size=len(data))
    return target


def keep_csv(
    store: Store, folder: Path, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> Path:
    """Put a list into the run folder as `keep` does, however long: its rows are never held.

    Args:
        store: the run's state.
        folder: the run folder.
        name: the file's name inside `reports/`, with `.csv`.
        columns: what the cells are called.
        rows: one after another; read while they are written. Neutralised as in `csv_text`.

    Raises:
        StateError: the disk refuses; what stood there before still does.
    """
    target = folder / f"reports/{name}"
    hashed, size = hashlib.sha256(), 0

    def parts() -> Iterator[bytes]:
        nonlocal size
        encoding = _encoding(name)
        for text in _csv_parts(columns, rows):
            data = text.encode(encoding)
            encoding = "utf-8"  # the mark stands at the beginning alone
            hashed.update(data)
            size += len(data)
            yield data

    write_private_parts(target, parts())
    if _noted(store, name) != hashed.hexdigest():
        store.journey.add_artefact(
            f"reports/{name}", kind="report", sha256=hashed.hexdigest(), size=size
        )
    return target


def _encoding(name: str) -> str:
    # the mark lets a spreadsheet read the accents in names of fields and values
    return "utf-8-sig" if name.endswith(".csv") else "utf-8"


def _noted(store: Store, name: str) -> str:
    noted = {path: sha for path, _kind, sha, _size in store.journey.artefacts()}
    return noted.get(f"reports/{name}", "")


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
