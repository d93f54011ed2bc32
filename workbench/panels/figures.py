"""A table of figures inside a panel; in a narrow window each line of it stands as a card."""

from __future__ import annotations

import html

from workbench.show import Table


def figures(table: Table) -> str:
    """Give a table as HTML that fits any width; every text is escaped."""
    heads = [html.escape(str(name)) for name in table.columns]
    numbers = [any(_is_number(row[at]) for row in table.rows) for at in range(len(heads))]
    head = "".join(
        f"<th role='columnheader' scope='col'{_kind(number=number)}>{name}</th>"
        for name, number in zip(heads, numbers, strict=True)
    )
    body = "".join(
        f"<tr role='row'>{''.join(map(_cell, heads, row, range(len(heads))))}</tr>"
        for row in table.rows
    )
    note = f"<p>{html.escape(table.note)}</p>" if table.note else ""
    return (
        f"<div class='wb-figures'><table role='table'><caption>{html.escape(table.title)}</caption>"
        f"<thead role='rowgroup'><tr role='row'>{head}</tr></thead>"
        f"<tbody role='rowgroup'>{body}</tbody></table>{note}</div>"
    )


def _cell(head: str, cell: object, at: int) -> str:
    text = html.escape(f"{cell:,}" if _is_number(cell) else str(cell))
    if not at:
        return f"<th role='rowheader' scope='row'>{text}</th>"
    return f"<td role='cell' data-head='{head}'{_kind(number=_is_number(cell))}>{text}</td>"


def _is_number(cell: object) -> bool:
    return isinstance(cell, int) and not isinstance(cell, bool)


def _kind(*, number: bool) -> str:
    return " class='wb-number'" if number else ""
