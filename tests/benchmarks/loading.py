"""Loading into Odoo, doing it again, reading it back and taking it out; beside other ways."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from tests.benchmarks import rivals
from tests.benchmarks.importer import SETTINGS, VERSION, Importer
from tests.benchmarks.inside import SIZES
from tests.benchmarks.rivals import Call, Rows, Taken, seconds
from tests.benchmarks.table import Row
from tests.support import small_load
from tests.support.real_odoo import client
from workbench import odoo as tool
from workbench.mapping.rows import LoadRow
from workbench.odoo.client import QUIET
from workbench.proof import Comparer, Origin
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

RECORDS, FILES, FILE_BYTES = 1000, 100, 100_000
ALONE, TOGETHER, FEW_FILES = 30, 500, 20
"""Rows of each kind that a peer sends one a call; rows, and files, that it sends in one call."""
MODULE = "__practicehub_bench__"
KINDS = ("partners", "leads", "events", "messages")


def measure(connection: OdooConnection, folder: Path, repeats: int) -> list[Row]:
    """Load the same clinic in several ways, again and again, in turns; each takes its own out.

    A first, small round is not counted: Odoo fills its caches in it. The custom fields are
    made once, under a module of their own, so that the rollback measured is of the records.
    """
    folder.mkdir()
    key = {"Authorization": f"bearer {connection.api_key}", "X-Odoo-Database": connection.database}
    pool = httpx.Client(headers=key, timeout=120, trust_env=False)
    importer = Importer(connection, folder / "importer")

    def call(model: str, method: str, **arguments: object) -> object:
        answer = pool.post(f"{connection.url}/json/2/{model}/{method}", json=arguments)
        return answer.raise_for_status().json()

    with client(connection) as odoo, pool:
        store = Store(folder / "schema.sqlite")
        small_load.prepare(odoo, store)
        store.close()

        def alone(rows: Rows, here: Path) -> dict[str, Taken]:
            found = rivals.plain(odoo, call, rows, here, sizes={"others": 1}, most=ALONE,
                                 context={})  # fmt: skip
            return {"alone": found}

        def together(rows: Rows, here: Path) -> dict[str, Taken]:
            sizes = {"others": TOGETHER}
            every = rivals.plain(odoo, call, rows, here, sizes=sizes, most=RECORDS, context=QUIET)
            apart = here.with_name(f"{here.name} few")  # bytes of their own
            other = _rows(apart, small=len(rows["files"]) < FILES)
            people = {name: other[name][:FILES] for name in ("partners", "files")}
            few = rivals.plain(odoo, call, people, apart, sizes={**sizes, "files": FEW_FILES},
                               most=RECORDS, context=QUIET)  # fmt: skip
            return {"together": every, "few": few}

        def inside(rows: Rows, _here: Path) -> dict[str, Taken]:
            return {f"inside {size}": taken
                    for size, taken in rivals.inside(odoo, connection, rows).items()}  # fmt: skip

        def imported(rows: Rows, _here: Path) -> dict[str, Taken]:
            return {f"import {size}/{threads}": rivals.imported(
                        odoo, importer, rows, setting=(size, threads))
                    for size, threads in SETTINGS}  # fmt: skip

        ways: dict[str, Callable[[Rows, Path], dict[str, Taken]]] = {
            "ours": partial(_ours, odoo, call), "bare": partial(_bare, odoo, call),
            "inside": inside, "together": together, "imported": imported, "alone": alone,
        }  # fmt: skip
        taken: dict[str, list[Taken]] = {}
        for turn in range(-1, repeats):
            for way in [*ways, *ways][turn % len(ways) :][: len(ways)]:
                here = folder / f"{way}{turn}"
                for name, figures in ways[way](_rows(here, small=turn < 0), here).items():
                    taken.setdefault(name, []).extend([figures] if turn >= 0 else [])
    return _table(taken)


def _bare(odoo: tool.Odoo, call: Call, rows: Rows, folder: Path) -> dict[str, Taken]:
    kinds = {name: rows[name] for name in KINDS}
    return {"bare": rivals.bare(odoo, call, kinds, folder, size=TOGETHER, module=MODULE)}


def _ours(odoo: tool.Odoo, call: Call, rows: Rows, folder: Path) -> dict[str, Taken]:
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

    processor = time.process_time()
    spent = {name: seconds(partial(load, part), len(part)) for name, part in rows.items()}
    processor = time.process_time() - processor
    taken = {name: len(part) / spent[name] for name, part in rows.items()}
    taken |= {"load": len(every) / sum(spent.values()),
              "client": 100 * processor / sum(spent.values())}  # fmt: skip
    calls.clear()
    again = seconds(lambda: sum(map(load, rows.values())), len(every))
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
        comparer = Comparer("all", resolve=lookups.resolve, types=types,
                            origin_of=lambda _row, _name: Origin())  # fmt: skip
        comparer.feed(every, held)
        found = comparer.finish()
        return found.cells - found.different

    def roll_back() -> int:
        plan = tool.plan_rollback(odoo, store, module=MODULE)
        return sum(tool.apply_rollback(odoo, store, plan).removed.values())

    cells = sum(len(row.values) for row in every)
    reading, comparing = seconds(read, len(every)), seconds(compared, cells)
    taken |= {"proof": cells / (reading + comparing), "compare": cells / comparing,
              "read": cells / seconds(read_plainly, len(every)),
              "rollback": len(every) / seconds(roll_back, len(every))}  # fmt: skip
    store.close()
    return {"ours": taken}


def _rows(folder: Path, *, small: bool) -> Rows:
    """Invent a clinic; file contents are new each time, or Odoo would store them only once."""
    people = range(1, (20 if small else RECORDS) + 1)
    files = range(1, (5 if small else FILES) + 1)
    luck = random.Random(folder.name)  # noqa: S311 - invented bytes, not a secret
    return {
        "partners": [small_load.partner(one) for one in people],
        "leads": [small_load.lead(one, one) for one in people],
        "events": [small_load.event(one, one) for one in people],
        "messages": [small_load.message(one, one) for one in people],
        "files": [small_load.attachment(one, one, folder, luck.randbytes(FILE_BYTES),
                                        f"letter {one}.pdf") for one in files],
    }  # fmt: skip


def _table(taken: Mapping[str, list[Taken]]) -> list[Row]:
    def each(key: str, name: str = "ours") -> list[float]:
        return [one[key] for one in taken[name]]

    def best(key: str, names: Mapping[str, str]) -> tuple[str, list[float]]:
        """Give the setting whose middle figure is the highest."""
        name = max(names, key=lambda one: median(each(key, one)))
        return names[name], each(key, name)

    within = {f"inside {size}": f"create inside Odoo, {size:,} a call" for size in SIZES}
    others = {f"import {size}/{threads}": f"odoo_import_export_client {VERSION}, {size} a call, "
              f"{threads} thread{'s' * (threads > 1)}" for size, threads in SETTINGS}  # fmt: skip
    alone = f"JSON-2 create, one a call ({ALONE} of them)"
    together = {"together": f"JSON-2 create, {TOGETHER} a call, quiet context"}
    files = {"together": f"JSON-2 create, {FILES} a call, quiet context",
             "few": f"JSON-2 create, {FEW_FILES} a call, quiet context"}  # fmt: skip
    rows = []
    for key in KINDS:
        against = [best(key, within), (f"load() alone, {TOGETHER} a call", each(key, "bare")),
                   best(key, together), best(key, others), (alone, each(key, "alone"))]  # fmt: skip
        if key == "events":
            label, figures = best("events as ours", within)
            against.insert(1, (f"{label}, in our loader's context", figures))
        what = f"{RECORDS:,} {key} loaded"
        rows += [Row(what if not place else "…", "records/s", each(key), *other)
                 for place, other in enumerate(against)]  # fmt: skip
    return [
        *rows,
        Row(f"{FILES} files loaded (100 KB each)", "records/s", each("files"),
            *best("files", files)),
        Row("…", "records/s", each("files"), alone, each("files", "alone")),
        Row("processor time of our process", "% of the load", each("client"), "allowed", [10]),
        Row("all of it loaded again, unchanged", "records/s", each("again"), "the load",
            each("load")),
        Row("… calls to Odoo", "calls", each("calls"), "the fewest possible", [0]),
        Row("all of it rolled back", "records/s", each("rollback"), "the load", each("load")),
        Row("read back and compared", "cells/s", each("proof"), "JSON-2 read, a call a model",
            each("read")),
        Row("… comparison alone", "cells/s", each("compare")),
    ]  # fmt: skip
