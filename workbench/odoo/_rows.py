"""From LoadRows to the table of one `load()` call."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import LookupFailedError, StateError
from workbench.mapping.rows import LoadRow, Ref, Value
from workbench.odoo import values
from workbench.odoo.lookups import Lookups

Fields = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of one call."""

    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that could not be written; `field` is empty where the whole record is refused.

    Says why and about which field, never a value: `reason` is safe to show and to store.
    """

    external_id: str
    resource: str
    source_id: str
    field: str
    reason: str


def refuse(row: LoadRow, field: str, reason: str) -> Refusal:
    """Refuse a row."""
    return Refusal(row.external_id, row.resource, row.source_id, field, reason)


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
    """Spell rows of one signature as `load()` reads them: all text, an external id first."""
    columns = ["id"]
    cells = [[f"{module}.{row.external_id}"] for row in rows]
    for name in sorted(_told(rows[0])):
        kind = str(fields[name]["type"])
        column = [row.values[name] for row in rows]
        refs = [ref for value in column for ref in _refs(value)]
        if refs and kind not in values.NUMBERED:
            by_xmlid = all(lookups.xmlid(ref) for ref in set(refs))
            columns.append(f"{name}/id" if by_xmlid else f"{name}/.id")
            token = _xmlid_token(lookups) if by_xmlid else _number_token(lookups)
        else:
            relation = kind in values.TO_MANY or kind == "many2one"
            columns.append(f"{name}/.id" if relation else name)
            token = _number_token(lookups)
        for line, value in zip(cells, column, strict=True):
            line.append(values.cell(value, kind=kind, token=token))
    if rows[0].blob:
        columns.append("datas")
        for line, row in zip(cells, rows, strict=True):
            line.append(encoded(folder, row.blob or ""))
    return Table(columns, cells)


def encoded(folder: Path, blob: str) -> str:
    """Read a held file and give it in base64.

    Raises:
        StateError: the run folder no longer has it.
    """
    return base64.b64encode(read(folder, blob)).decode("ascii")


def read(folder: Path, blob: str) -> bytes:
    """Read a held file of the run by its SHA-256.

    Raises:
        StateError: the run folder no longer has it.
    """
    try:
        return path_of(folder, blob).read_bytes()
    except OSError as error:
        raise _unreadable(blob, error) from None


def path_of(folder: Path, blob: str) -> Path:
    """Say where the run keeps a file."""
    return folder / "files" / blob[:2] / blob


def size_of(folder: Path, row: LoadRow) -> int:
    """Give the bytes of a row's file; 0 without one.

    Raises:
        StateError: the run folder no longer has it.
    """
    if row.blob is None:
        return 0
    try:
        return path_of(folder, row.blob).stat().st_size
    except OSError as error:
        raise _unreadable(row.blob, error) from None


def _unreadable(blob: str, error: OSError) -> StateError:
    return StateError(f"The run folder's file {blob[:12]}… cannot be read: {type(error).__name__}.")


def _refs(value: Value) -> list[Ref]:
    if isinstance(value, tuple):
        return list(value)
    return [value] if isinstance(value, Ref) else []


def _xmlid_token(lookups: Lookups) -> values.Token:
    return lambda ref: str(lookups.xmlid(ref))


def _number_token(lookups: Lookups) -> values.Token:
    return lambda ref: str(lookups.resolve(ref))
