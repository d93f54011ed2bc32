"""The text of the notes in which whole records stay readable on a patient."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from workbench.mapping.naming import label_of
from workbench.staging import normalise
from workbench.staging.markup import looks_like_html, safe_html
from workbench.staging.paths import is_empty

_NAMES = ("label", "key", "question", "name", "title")
_VALUES = ("value", "val", "answer", "amount", "text")
SHORT = 120
"""A longer value gets a paragraph of its own."""


def note(title: str, record: Mapping[str, object], *, lines: Iterable[tuple[str, str]] = ()) -> str:
    """Write a record as a note: its title, short values as a list, long ones below.

    Args:
        title: what kind of record it is.
        record: what is to be kept of it; every filled value appears in the note.
        lines: label and text of what else belongs into the list.

    Returns:
        HTML of simple tags in one block, such as Odoo stores unchanged but for spelling.
    """
    short: list[str] = []
    long: list[str] = []
    for name, value in sorted(record.items()):
        _put(label_of(name), value, short, long)
    for label, text in lines:
        _put(label, text, short, long)
    listed = f"<ul>{''.join(short)}</ul>" if short else ""
    return f"<div><p><strong>{_text(title)}</strong></p>{listed}{''.join(long)}</div>"


def items(lines: Iterable[tuple[str, str]]) -> str:
    """Write labelled lines as an HTML list; empty for none."""
    made = "".join(
        f"<li><strong>{_text(label)}:</strong> {_text(text)}</li>" for label, text in lines
    )
    return f"<ul>{made}</ul>" if made else ""


def _put(label: str, value: object, short: list[str], long: list[str]) -> None:
    if is_empty(value):
        return
    if isinstance(value, Mapping):
        for name, inner in sorted(value.items()):
            _put(label_of(str(name)), inner, short, long)
    elif isinstance(value, list):
        _put_list(label, value, short, long)
    else:
        shown = str(value) if not isinstance(value, bool) else "yes" if value else "no"
        if len(shown) > SHORT or looks_like_html(shown) or "\n" in shown:
            body = safe_html(shown).value
            if body:
                long.append(f"<p><strong>{_text(label)}:</strong></p>{body}")
        else:
            short.append(f"<li><strong>{_text(label)}:</strong> {_text(shown)}</li>")


def _put_list(label: str, values: list[object], short: list[str], long: list[str]) -> None:
    plain = [value for value in values if not isinstance(value, Mapping | list)]
    if plain:
        _put(label, ", ".join(str(value) for value in plain if not is_empty(value)), short, long)
    for value in values:
        if isinstance(value, list):
            _put_list(label, value, short, long)
        elif isinstance(value, Mapping):
            _put_item(label, value, short, long)


def _put_item(label: str, item: Mapping[str, object], short: list[str], long: list[str]) -> None:
    """Write an object of a list as its name and its value, whatever else it has behind it."""
    names = [key for key in _NAMES if not is_empty(item.get(key))][:2]
    value = next((key for key in _VALUES if key not in names and not is_empty(item.get(key))), "")
    told = list(dict.fromkeys(_one_line(item[key]) for key in names))
    said = f"{told[0]} ({told[1]})" if len(told) > 1 else told[0] if told else label
    if value:
        _put(said, item[value], short, long)
    elif told:
        _put(said, "\u2013", short, long)
    for key, inner in sorted(item.items()):
        if key not in {*names, value}:
            _put(f"{said}, {label_of(key).lower()}", inner, short, long)


def _one_line(value: object) -> str:
    return str(normalise.line(value).value or "")


def _text(value: str) -> str:
    return html.escape(_one_line(value), quote=False)
