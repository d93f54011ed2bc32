"""The same rows by other ways: plain JSON-2 calls, Odoo's own `create`, another tool's CSV."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.importer import Importer
from tests.benchmarks.inside import Part, taken_inside
from tests.support import small_load
from workbench import odoo as tool
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.odoo._rows import Table, path_of, table
from workbench.odoo.client import QUIET, context_for
from workbench.odoo.external_ids import chunks
from workbench.odoo.values import NUMBERED, TO_MANY, cell, for_write
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

MODULE = "__bench_peer__"
Rows = dict[str, list[LoadRow]]
Taken = dict[str, float]
Call = Callable[..., Any]


def seconds(work: Callable[[], int], expected: int) -> float:
    """Take the time of something that says how much it did; a figure for less would be false."""
    began = time.perf_counter()
    done = work()
    taken = time.perf_counter() - began
    if done != expected:
        what = f"{done} done where {expected} were to be: the figure would mean nothing"
        raise RuntimeError(what)
    return taken


def bare(
    odoo: tool.Odoo, call: Call, rows: Rows, folder: Path, *, size: int, module: str
) -> Taken:  # fmt: skip
    """Send the tables that our loader sends, and do nothing else: what `load()` itself takes.

    Nothing is recorded, nothing asked before or after, and the tables are at hand.
    """
    folder.mkdir(exist_ok=True)
    store = Store(folder / "state.sqlite")
    lookups = tool.Lookups(odoo, store=store, module=module)
    lookups.records(store)
    taken: Taken = {}
    for name, part in rows.items():
        model = part[0].model
        lookups.prepare(part)
        tables = [
            table(cut, fields=odoo.fields(model), lookups=lookups, module=module, folder=folder)
            for cut in chunks(part, size)
        ]
        context = {**context_for(odoo, model), "module": module}

        def send(tables: list[Table] = tables, model: str = model,
                 context: dict[str, Any] = context) -> int:  # fmt: skip
            answers = [call(model, "load", fields=one.columns, data=one.rows, context=context)
                       for one in tables]  # fmt: skip
            return sum(len(answer["ids"] or ()) for answer in answers)

        taken[name] = len(part) / seconds(send, len(part))
        small_load.loader(odoo, store, folder, lookups=lookups, module=module).load(part)
    tool.apply_rollback(odoo, store, tool.plan_rollback(odoo, store, module=module))
    store.close()
    return taken


def plain(
    odoo: tool.Odoo, call: Call, rows: Rows, folder: Path, *, sizes: Mapping[str, int], most: int,
    context: Mapping[str, Any],
) -> Taken:  # fmt: skip
    """Create records by plain calls; references, files and ids are at hand and not counted."""
    ids: dict[str, int] = {}
    lookups = tool.Lookups(odoo)
    taken: Taken = {}

    def number(ref: Ref) -> int:
        return ids[ref.key] if ref.kind is RefKind.RECORD else lookups.resolve(ref)

    def spelt(row: LoadRow) -> dict[str, object]:
        found: dict[str, object] = {}
        if row.blob:
            found["datas"] = b64encode(path_of(folder, row.blob).read_bytes()).decode("ascii")
        for name, value in row.values.items():
            kind = _kind(odoo, row, name)
            found[name] = for_write(tool.resolved(value, kind=kind, resolve=number), kind=kind)
        return found

    def create(model: str, values: list[dict[str, object]], size: int, made: list[int]) -> int:
        for start in range(0, len(values), size):
            part = values[start : start + size]
            made += call(model, "create", vals_list=part, context=dict(context))
        return len(made)

    for name, every in rows.items():
        part, made = every[:most], list[int]()
        size = sizes.get(name, sizes["others"])
        work = partial(create, part[0].model, [spelt(row) for row in part], size, made)
        taken[name] = len(part) / seconds(work, len(part))
        ids |= {row.external_id: one for row, one in zip(part, made, strict=True)}
    for every in reversed(rows.values()):
        gone = [ids[row.external_id] for row in every if row.external_id in ids]
        call(every[0].model, "unlink", ids=gone, context=dict(QUIET))
    return taken


def inside(odoo: tool.Odoo, connection: OdooConnection, rows: Rows) -> dict[int, Taken]:
    """Create records in a process of Odoo's own, in the quiet context; figures by batch size.

    Events once more ("events as ours") in the context that our loader sends for them: it
    spares Odoo the text below the description, which costs more than the event.
    """
    lookups = tool.Lookups(odoo)

    def spelt(row: LoadRow, name: str, value: Value) -> object:
        kind = _kind(odoo, row, name)
        refs = value if isinstance(value, tuple) else (value,)
        keys = [{"ref": ref.key} for ref in refs
                if isinstance(ref, Ref) and ref.kind is RefKind.RECORD]  # fmt: skip
        if keys:
            return [[6, 0, keys]] if kind in TO_MANY else keys[0]
        return for_write(tool.resolved(value, kind=kind, resolve=lookups.resolve), kind=kind)

    def part(name: str, every: list[LoadRow], context: Mapping[str, Any]) -> Part:
        values = [(row.external_id, {field: spelt(row, field, value)
                                     for field, value in row.values.items()})
                  for row in every]  # fmt: skip
        return name, every[0].model, context, values

    parts = [part(name, every, QUIET) for name, every in rows.items() if every[0].blob is None]
    parts.append(part("events as ours", rows["events"], context_for(odoo, "calendar.event")))
    return taken_inside(connection, parts)


def imported(odoo: tool.Odoo, importer: Importer, rows: Rows, *, setting: tuple[int, int]) -> Taken:
    """Load CSV files with odoo_import_export_client; making the files is not counted."""
    lookups = tool.Lookups(odoo)
    taken: Taken = {}
    made: list[tuple[str, list[int]]] = []
    ids: dict[str, int] = {}

    def spelt(row: LoadRow) -> Iterator[tuple[str, str]]:
        yield "id", f"{MODULE}.{row.external_id}"
        for name, value in row.values.items():
            kind = _kind(odoo, row, name)
            refs = value if isinstance(value, tuple) else (value,)
            numbered = kind in NUMBERED or not any(isinstance(ref, Ref) for ref in refs)

            def token(ref: Ref, *, numbered: bool = numbered) -> str:
                if ref.kind is not RefKind.RECORD:
                    return lookups.xmlid(ref) or ""
                return str(ids[ref.key]) if numbered else f"{MODULE}.{ref.key}"

            column = name if numbered and kind not in TO_MANY | {"many2one"} else f"{name}/id"
            yield column, cell(value, kind=kind, token=token)

    for name, every in rows.items():
        if every[0].blob is not None:
            continue
        lines = [dict(spelt(row)) for row in every]
        columns = list(lines[0])
        taken[name] = len(every) / importer.seconds(
            every[0].model, columns, [list(line.values()) for line in lines],
            setting=setting, context=QUIET,
        )  # fmt: skip
        held = odoo.search_read(
            "ir.model.data", [["module", "=", MODULE], ["model", "=", every[0].model]],
            fields=["name", "res_id"],
        )  # fmt: skip
        ids |= {row["name"]: row["res_id"] for row in held}
        made.append((every[0].model, [row["res_id"] for row in held]))
    for model, numbers in reversed(made):
        odoo.call(model, "unlink", ids=numbers, context=dict(QUIET))
    return taken


def _kind(odoo: tool.Odoo, row: LoadRow, name: str) -> str:
    return str(odoo.fields(row.model)[name]["type"])
