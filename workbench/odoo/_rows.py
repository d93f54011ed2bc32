"""From LoadRows to the table of one `load()` call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import LookupFailedError
from workbench.mapping.rows import LoadRow, Ref, Value
from workbench.odoo import values
from workbench.odoo._body import FileBytes, unreadable
from workbench.odoo.lookups import Lookups

Fields = dict[str, dict[str, Any]]

LEFT_EMPTY = {"mail.message": ("reply_to",)}
"""Fields that Odoo would otherwise work out for each record, and that mean nothing for ours.

Nobody replies by mail to a note of the past; the address costs Odoo more than all the rest of
the note (measured on Odoo 19: 400 notes a second with it, 1,500 without).
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of one call."""

    columns: list[str]
    rows: list[list[str | FileBytes]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that could not be written; `field` is empty where the whole record is refused.

    Says why and about which field, never a value: `reason` is safe to show and to store.
    `stands`: only a change was refused; the record is in Odoo as it was before.
    """

    external_id: str
    resource: str
    source_id: str
    field: str
    reason: str
    stands: bool = False


def refuse(row: LoadRow, field: str, reason: str, *, stands: bool = False) -> Refusal:
    """Refuse a row, or, where its record `stands`, a change of it."""
    return Refusal(row.external_id, row.resource, row.source_id, field, reason, stands)


def check(row: LoadRow, fields: Fields, lookups: Lookups) -> Refusal | None:
    """Find what would make a row fail before it is sent: unknown fields, references to nothing."""
    for name, value in row.values.items():
        if name not in fields:
            return refuse(row, name, f"Odoo's {row.model} has no field {name}")
        for ref in _refs(value):
            try:
                lookups.resolve(ref)
            except LookupFailedError as error:
                return refuse(row, name, error.what)
    return None


def held_marks(row: LoadRow, fields: Fields, lookups: Lookups) -> dict[str, str]:
    """Give the hashes of what Odoo holds once a row is sent, of fields where they tell more.

    Raises:
        LookupFailedError: a reference leads nowhere.
    """
    found = {}
    for name, value in row.values.items():
        kind = str(fields[name]["type"])
        if value and kind in values.TELLABLE:
            continue  # held as it is sent
        plain = values.resolved(value, kind=kind, resolve=lookups.resolve)
        found[name] = values.held_mark(plain, kind=kind)
    return found


def signature(row: LoadRow) -> tuple[str, ...]:
    """Name the fields that a row sets: only rows of one signature may share a call.

    `load()` reads a missing cell as "empty", which is not "left alone". An empty list of
    records is left out: a new record's is empty anyway, and Odoo's calendar takes none.
    """
    return (*sorted(_told(row)), "datas" if row.blob else "")


def _told(row: LoadRow) -> list[str]:
    return [name for name, value in row.values.items() if value != ()]


def table(
    rows: Sequence[LoadRow], *, fields: Fields, lookups: Lookups, module: str, folder: Path
) -> Table:
    """Spell rows of one signature as `load()` reads them: all text, an external id first.

    A file is not read here: its bytes go from disk to the line while the call is sent.
    """
    columns = ["id"]
    cells: list[list[str | FileBytes]] = [[f"{module}.{row.external_id}"] for row in rows]
    for name in sorted(_told(rows[0])):
        kind = str(fields[name]["type"])
        column = [row.values[name] for row in rows]
        refs = [ref for value in column for ref in _refs(value)]
        if refs and kind not in values.NUMBERED:
            # load() asks its database once for each external id, and again for every number
            distinct = set(refs)
            often = 2 * len(distinct) <= len(refs)
            by_xmlid = often and all(lookups.xmlid(ref) for ref in distinct)
            columns.append(f"{name}/id" if by_xmlid else f"{name}/.id")
            token = _xmlid_token(lookups) if by_xmlid else _number_token(lookups)
        else:
            relation = kind in values.TO_MANY or kind == "many2one"
            columns.append(f"{name}/.id" if relation else name)
            token = _number_token(lookups)
        for line, value in zip(cells, column, strict=True):
            line.append(values.cell(value, kind=kind, token=token))
    for name in LEFT_EMPTY.get(rows[0].model, ()):
        if name in fields and name not in columns:
            columns.append(name)
            for line in cells:
                line.append("")
    if rows[0].blob:
        columns.append("datas")
        for line, row in zip(cells, rows, strict=True):
            line.append(content(folder, row.blob or ""))
    return Table(columns, cells)


def path_of(folder: Path, blob: str) -> Path:
    """Say where the run keeps a file."""
    return folder / "files" / blob[:2] / blob


def content(folder: Path, blob: str) -> FileBytes:
    """Give a held file, by its SHA-256, as a call's arguments take it; it is not read yet.

    Raises:
        StateError: the run folder no longer has it.
    """
    path = path_of(folder, blob)
    try:
        return FileBytes(path, path.stat().st_size)
    except OSError as error:
        raise unreadable(path, type(error).__name__) from None


def _refs(value: Value) -> list[Ref]:
    if isinstance(value, tuple):
        return list(value)
    return [value] if isinstance(value, Ref) else []


def _xmlid_token(lookups: Lookups) -> values.Token:
    return lambda ref: str(lookups.xmlid(ref))


def _number_token(lookups: Lookups) -> values.Token:
    return lambda ref: str(lookups.resolve(ref))
