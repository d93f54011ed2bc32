"""Reads a clinic in a process of its own, as ordered on its input; its output tells what it took.

The peer is a short script that reads the same pages into a list. It keeps no page, no pace and no
cursor and asks nothing twice: fewer requests are not possible, and less work is hardly.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx


def ours(order: dict[str, Any]) -> int:
    """Read every page into a run folder, as phase 05 does; returns the rows received."""
    # here, so that the peer's memory is the peer's own
    import stamina  # noqa: PLC0415

    from workbench.practicehub import RESOURCES, Client, Pace, shortfall, walk  # noqa: PLC0415
    from workbench.state import Store  # noqa: PLC0415

    stamina.instrumentation.set_on_retry_hooks([])  # its own hook prints, and our output is read
    folder = Path(order["folder"])
    store = Store(folder / "state.sqlite")
    pace = Pace(folder / "pace.lock", per_second=order["per_second"])
    with Client(base_url=order["base_url"], api_key=order["api_key"],
                app_details=order["app_details"], pace=pace) as client:  # fmt: skip
        rows = 0
        for known in RESOURCES:
            rows += sum(page.rows for page in walk(client, store, known.name, folder=folder))
            shortfall(client, store, known.name, folder=folder)
    store.close()
    return rows


def plain(order: dict[str, Any]) -> int:
    """Read every page into a list; returns the rows received."""
    headers = {"x-practicehub-key": order["api_key"], "x-app-details": order["app_details"]}
    kept: list[object] = []
    with httpx.Client(headers=headers, timeout=60, trust_env=False) as http:
        for path in order["paths"]:
            asked, more = {"page": 0, "page_size": 100}, True
            while more:
                asked["page"] += 1
                answer = http.get(order["base_url"] + path, params=asked)
                if answer.status_code == httpx.codes.NOT_FOUND:
                    break  # a list that the account does not have; nothing but asking tells
                page = answer.raise_for_status().json()
                kept += page["data"]
                more = bool(page["links"].get("next"))
    return len(kept)


def phase(order: dict[str, Any]) -> int:
    """Read every page by the verb that notebook 05 calls; returns the distinct records held."""
    from workbench.run import Run  # noqa: PLC0415 - as above

    run = Run.create(Path(order["config"]), Path(order["folder"]))
    run.extract.pages()
    records = sum(volume.distinct for volume in run.store.source.volumes().values())
    run.store.close()
    return records


WAYS = {
    "ours": (ours, "workbench.practicehub"),
    "phase": (phase, "workbench.phases.extract"),
    "plain": (plain, "httpx"),
}
"""How to read, and what that imports."""


def main() -> None:
    """Read, and tell rows, seconds by the clock and of the processor, and memory in MB."""
    order = json.load(sys.stdin)
    read, needed = WAYS[order["how"]]
    import_module(needed)  # importing is not reading: before the clock
    began, busy = time.perf_counter(), time.process_time()
    rows = read(order)
    # not `ru_maxrss`: that starts at what the parent held when it forked
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    told = {"rows": rows, "seconds": time.perf_counter() - began,
            "busy": time.process_time() - busy, "peak": peak}  # fmt: skip
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
