"""Loading into Odoo, doing it again, reading it back and taking it out; beside plain JSON-2."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.table import Row
from tests.support import small_load
from tests.support.real_odoo import client
from workbench import odoo as tool
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.odoo._rows import encoded
from workbench.odoo.client import QUIET
from workbench.odoo.values import for_write
from workbench.proof import compare
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

RECORDS, FILES, FILE_BYTES = 1000, 100, 100_000
ALONE, TOGETHER = 100, 500
"""Rows of each kind that a peer sends one a call, and rows that it sends in one call."""
MODULE = "__practicehub_bench__"
Rows = dict[str, list[LoadRow]]
Taken = dict[str, float]
Call = Callable[..., Any]


def measure(connection: OdooConnection, folder: Path, repeats: int) -> list[Row]:
    """Load the same clinic in three ways, again and again, in turns; each takes its own out.

    A first, small round is not counted: Odoo fills its caches in it. The custom fields are
    made once, under a module of their own, so that the rollback measured is of the records.
    """
    folder.mkdir()
    key = {"Authorization": f"bearer {connection.api_key}", "X-Odoo-Database": connection.database}
    pool = httpx.Client(headers=key, timeout=120, trust_env=False)

    def call(model: str, method: str, **arguments: object) -> object:
        answer = pool.post(f"{connection.url}/json/2/{model}/{method}", json=arguments)
        return answer.raise_for_status().json()

    with client(connection) as odoo, pool:
        store = Store(folder / "schema.sqlite")
        small_load.prepare(odoo, store)
        store.close()
        ways: dict[str, Callable[[Rows, Path], Taken]] = {
            "ours": partial(_ours, odoo, call),
            "alone": partial(_plain, odoo, call, size=1, most=ALONE, context={}),
            "together": partial(
                _plain, odoo, call, size=TOGETHER, most=RECORDS, context=dict(QUIET)
            ),
        }
        taken: dict[str, list[Taken]] = {name: [] for name in ways}
        for turn in range(-1, repeats):
            for name in [*ways, *ways][turn % 3 :][:3]:
                here = folder / f"{name}{turn}"
                figures = ways[name](_rows(here, small=turn < 0), here)
                taken[name] += [figures] if turn >= 0 else []
    return _table(taken)


def _ours(odoo: tool.Odoo, call: Call, rows: Rows, folder: Path) -> Taken:
    """Load, load again, read back and compare, roll back; figures by the second."""
    store = Store(folder / "state.sqlite")
    lookups = tool.Lookups(odoo, store=store, module=MODULE)
    every = [row for part in rows.values() for row in part]
    calls: list[object] = []
    odoo._on_call = lambda *made: calls.append(made)

    def load(part: list[LoadRow]) -> int:
        loader = small_load.loader(odoo, store, folder, lookups=lookups, module=MODULE)
        report = loader.load(part)
        return len(report.created) or len(report.unchanged)

    seconds = {name: _seconds(partial(load, part), len(part)) for name, part in rows.items()}
    taken = {name: len(part) / seconds[name] for name, part in rows.items()}
    taken["load"] = len(every) / sum(seconds.values())
    calls.clear()
    again = _seconds(lambda: sum(map(load, rows.values())), len(every))
    taken |= {"again": len(every) / again, "calls": len(calls)}

    models = {part[0].model: sorted(part[0].values) for part in rows.values()}
    held: dict[str, Any] = {}

    def read() -> int:
        for model, fields in models.items():
            held.update(tool.read_back(odoo, store, model, fields))
        return len(held)

    def read_plainly() -> int:
        links = {model: store.destination.links(model=model) for model in models}
        return sum(len(call(model, "read", ids=[link.res_id for link in links[model]],
                            fields=fields)) for model, fields in models.items())  # fmt: skip

    def compared() -> int:
        types = {model: {name: str(told["type"]) for name, told in odoo.fields(model).items()}
                 for model in models}  # fmt: skip
        found = compare(every, held, resolve=lookups.resolve, scope="all", types=types,
                        source_of=lambda _row, _name: "")  # fmt: skip
        return found.cells - found.different

    def roll_back() -> int:
        plan = tool.plan_rollback(odoo, store, module=MODULE)
        return sum(tool.apply_rollback(odoo, store, plan).removed.values())

    cells = sum(len(row.values) for row in every)
    reading, comparing = _seconds(read, len(every)), _seconds(compared, cells)
    taken |= {"proof": cells / (reading + comparing), "compare": cells / comparing,
              "read": cells / _seconds(read_plainly, len(every)),
              "rollback": len(every) / _seconds(roll_back, len(every))}  # fmt: skip
    store.close()
    return taken


def _plain(
    odoo: tool.Odoo, call: Call, rows: Rows, folder: Path, *, size: int, most: int,
    context: dict[str, Any],
) -> Taken:  # fmt: skip
    """Create records by plain calls; references, files and ids are at hand and not counted."""
    ids: dict[str, int] = {}
    lookups = tool.Lookups(odoo)
    taken: Taken = {}

    def number(ref: Ref) -> int:
        return ids[ref.key] if ref.kind is RefKind.RECORD else lookups.resolve(ref)

    def spelt(row: LoadRow) -> dict[str, object]:
        found: dict[str, object] = {"datas": encoded(folder, row.blob)} if row.blob else {}
        for name, value in row.values.items():
            kind = str(odoo.fields(row.model)[name]["type"])
            found[name] = for_write(tool.resolved(value, kind=kind, resolve=number), kind=kind)
        return found

    def create(model: str, values: list[dict[str, object]], made: list[int]) -> int:
        for start in range(0, len(values), size):
            made += call(model, "create", vals_list=values[start : start + size], context=context)
        return len(made)

    for name, every in rows.items():
        part, made = every[:most], list[int]()
        work = partial(create, part[0].model, [spelt(row) for row in part], made)
        taken[name] = len(part) / _seconds(work, len(part))
        ids |= {row.external_id: one for row, one in zip(part, made, strict=True)}
    for every in reversed(rows.values()):
        gone = [ids[row.external_id] for row in every if row.external_id in ids]
        call(every[0].model, "unlink", ids=gone, context=dict(QUIET))
    return taken


def _rows(folder: Path, *, small: bool) -> Rows:
    """Invent a clinic; file contents are new each time, or Odoo would store them only once."""
    people = range(1, (20 if small else RECORDS) + 1)
    files = range(1, (5 if small else FILES) + 1)
    luck = random.Random(folder.name)  # noqa: S311 - invented bytes, not a secret
    return {
        "partners": [small_load.partner(one) for one in people],
        "leads": [small_load.lead(one, one) for one in people],
        "messages": [small_load.message(one, one) for one in people],
        "files": [small_load.attachment(one, one, folder, luck.randbytes(FILE_BYTES),
                                        f"letter {one}.pdf") for one in files],
    }  # fmt: skip


def _seconds(work: Callable[[], int], expected: int) -> float:
    """Take the time of something that says how much it did; a figure for less would be false."""
    began = time.perf_counter()
    done = work()
    seconds = time.perf_counter() - began
    if done != expected:
        what = f"{done} done where {expected} were to be: the figure would mean nothing"
        raise RuntimeError(what)
    return seconds


def _table(taken: dict[str, list[Taken]]) -> list[Row]:
    def each(key: str, name: str = "ours") -> list[float]:
        return [one[key] for one in taken[name]]

    rows = []
    for key, count in {"partners": RECORDS, "leads": RECORDS, "messages": RECORDS,
                       "files": FILES}.items():  # fmt: skip
        what = f"{count:,} {key} loaded" + (" (100 KB each)" if key == "files" else "")
        alone = f"JSON-2 create, one a call ({ALONE} of them)"
        together = f"JSON-2 create, {min(count, TOGETHER)} a call, quiet context"
        rows += [Row(what, "records/s", each(key), alone, each(key, "alone")),
                 Row("…", "records/s", each(key), together, each(key, "together"))]  # fmt: skip
    return [
        *rows,
        Row("all of it loaded again, unchanged", "records/s", each("again"), "the load",
            each("load")),
        Row("… calls to Odoo", "calls", each("calls"), "the fewest possible", [0]),
        Row("all of it rolled back", "records/s", each("rollback"), "the load", each("load")),
        Row("read back and compared", "cells/s", each("proof"), "JSON-2 read, a call a model",
            each("read")),
        Row("… comparison alone", "cells/s", each("compare")),
    ]  # fmt: skip
