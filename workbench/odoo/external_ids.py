"""Asking `ir.model.data` what exists: the one answer that outcomes are settled by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from workbench.odoo.client import Odoo
from workbench.state import How

CHUNK = 2000
"""External ids (or numbers) a question; a list of this length is still answered in 0.1 s."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """One row of `ir.model.data`: the name without module, and the record behind it.

    `made_at`: when the row was made, UTC, to the second, on Odoo's clock.
    """

    id: int
    name: str
    model: str
    res_id: int
    made_at: str


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut into lists of at most `size`, in order."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def held(odoo: Odoo, module: str, names: Sequence[str]) -> dict[str, Held]:
    """Give those of the external ids that Odoo has, by name.

    Never by position: `load()` may answer with fewer numbers than rows.
    """
    found: dict[str, Held] = {}
    for part in chunks(names):
        found |= _read(odoo, [["module", "=", module], ["name", "in", part]])
    return found


def all_held(odoo: Odoo, module: str) -> dict[str, Held]:
    """Give every external id of the module, by name, in the order they were made."""
    return _read(odoo, [["module", "=", module]])


def _read(odoo: Odoo, domain: list[Any]) -> dict[str, Held]:
    rows = odoo.search_read(
        "ir.model.data", domain, fields=["name", "model", "res_id", "create_date"]
    )
    return {
        row["name"]: Held(row["id"], row["name"], row["model"], row["res_id"], row["create_date"])
        for row in rows
    }


def how_made(odoo: Odoo, model: str, rows: Iterable[Held]) -> dict[str, How]:
    """Tell, from Odoo alone, which records we made and which were there before us.

    `load()` writes a record and its external id in one transaction, so both carry the same
    time; a record that is older than its external id was linked, and is never ours to delete.
    Two external ids on one record made by us: the later one was merged into it.
    Records that no longer exist are left out.
    """
    by_record: dict[int, list[Held]] = {}
    for row in rows:
        by_record.setdefault(row.res_id, []).append(row)
    result: dict[str, How] = {}
    for part in chunks(by_record):
        for record in odoo.search_read(model, [["id", "in", part]], fields=["create_date"]):
            for row in by_record[record["id"]]:
                ours = record["create_date"] == row.made_at
                result[row.name] = How.CREATED if ours else How.LINKED
    for same in by_record.values():
        if any(result.get(row.name) is How.CREATED for row in same):
            for row in same:
                if result.get(row.name) is How.LINKED:
                    result[row.name] = How.MERGED
    return result
