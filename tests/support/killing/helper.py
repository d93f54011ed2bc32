"""The helper process: imports the workbench once, and forks an extraction for every order.

Started as `python -m tests.support.killing.helper FOLDER`. It reads orders and writes answers,
one JSON object a line. Starting Python anew for each kill would take most of an hour.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import stamina

from tests.support.killing.account import (
    KEY,
    PAGE_SIZE,
    RESOURCES,
    Drift,
    make_account,
    plug,
    serve,
)
from tests.support.killing.forking import forked, obey
from tests.support.killing.points import Point, Points
from workbench.practicehub import (
    Client,
    Pace,
    fetch_files,
    file_path,
    rebuild,
    shortfall,
    walk,
)
from workbench.state import GENESIS, Store

PARALLEL = 2
"""Downloads at a time."""

MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an order.

    `endings`: how each process ended, minus the signal's number where one ended it.
    `points`: those that the last process met. `records`: what is held, as "patients/7".
    `requests`: how many more there were than undisturbed; `downloads`: how many files were
    asked for more often. `differences`: lines of the contents that are not as undisturbed.
    """

    endings: list[int]
    points: list[Point]
    records: list[str]
    requests: int
    downloads: int
    differences: list[str]


class Helper:
    """Runs extractions in forked processes, each order in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plugs = (plug(), plug())
        ports = [one.getsockname()[1] for one in self._plugs]
        self._url = f"http://127.0.0.1:{ports[0]}/api"
        self._account = make_account(f"http://127.0.0.1:{ports[1]}")
        self._stages: dict[str, Callable[[Client, Store, Path], None]] = {
            "pages": _pages, "files": _files,
        }  # fmt: skip
        self._whole: dict[str, tuple[Counter[str], set[str]]] = {}
        self._number = 0

    def do(self, stage: str, kills: Iterable[Point]) -> Told:
        """Extract, be killed at each point in turn, go on, and compare with undisturbed."""
        self._number += 1
        run, log = self._folder / f"run-{self._number}", self._folder / f"log-{self._number}"
        if stage == "files":
            shutil.copytree(self._template(), run)
        else:
            run.mkdir()
        source = self._serve(log)
        try:
            endings = [self._extract(stage, run, kill) for kill in kills]
            endings.append(self._extract(stage, run, None))
        finally:
            os.kill(source, signal.SIGKILL)
            os.waitpid(source, 0)
        requests = Counter(log.read_text().splitlines())
        told = json.loads(_report(run).read_text()) if endings[-1] == 0 else {}
        held = set(told.get("held", ()))
        before = self._whole.setdefault(stage, (requests, held))
        more = requests - before[0]
        shutil.rmtree(run)
        log.unlink()
        _report(run).unlink(missing_ok=True)
        return Told(
            endings,
            [Point(*one) for one in told.get("points", ())],
            told.get("records", []),
            sum(count for line, count in more.items() if line.startswith("/api/")),
            sum(not line.startswith("/api/") for line in more),
            sorted(held ^ before[1])[:MOST_SHOWN],
        )

    def _serve(self, log: Path) -> int:
        drift = Drift(self._account.clinic)
        return forked(lambda: serve(self._account, self._plugs, log, before=drift))

    def _template(self) -> Path:
        """Give a run folder in which every page is held and no file is."""
        made = self._folder / "template"
        if not made.exists():
            made.mkdir()
            source = self._serve(self._folder / "log")
            ending = self._extract("pages", made, None)
            os.kill(source, signal.SIGKILL)
            os.waitpid(source, 0)
            assert ending == 0
        return made

    def _extract(self, stage: str, run: Path, kill: Point | None) -> int:
        def work() -> None:
            points = Points(run, kill=kill)
            points.watch()
            store = Store(run / "state.sqlite")

            def on_request(seconds: float) -> None:  # as a run counts its requests
                with store.transaction():
                    store.journey.count("source_requests", 1)
                    store.journey.count("source_seconds", seconds)

            with Client(
                base_url=self._url, api_key=KEY, app_details="workbench=ops@example.org",
                page_size=PAGE_SIZE, on_request=on_request,
                pace=Pace(run / "pace.lock", per_second=1_000_000),
            ) as client:  # fmt: skip
                self._stages[stage](client, store, run)
            met = list(points.met)
            records = [f"{name}/{one.source_id}" for name in RESOURCES
                       for one in store.source.records(name)]  # fmt: skip
            told = {"points": met, "records": records, "held": sorted(contents(run, store))}
            store.close()
            _report(run).write_text(json.dumps(told))

        _, status = os.waitpid(forked(work), 0)
        return os.waitstatus_to_exitcode(status)


def _pages(client: Client, store: Store, run: Path) -> None:
    for name in RESOURCES:
        for _page in walk(client, store, name, folder=run):
            pass
        shortfall(client, store, name, folder=run)


def _files(client: Client, store: Store, run: Path) -> None:
    for _file in fetch_files(
        client, store, folder=run, hosts=(), allow_loopback=True, parallel=PARALLEL
    ):
        pass


def contents(run: Path, store: Store) -> set[str]:
    """Say all that an extraction leaves behind, but for moments and its own ids, line by line."""
    found: list[tuple[Any, ...]] = []
    source = store.source
    for name in RESOURCES:
        found += [
            ("record", one.resource, one.source_id, one.generation, one.patient_id, one.sha256,
             one.rows) for one in source.records(name)
        ]  # fmt: skip
        if (held := source.walk(name)) is not None:
            found.append(("walk", name, held.state, held.next, held.pages, held.rows,
                          held.reported, held.distinct, held.note))  # fmt: skip
    found += [
        ("page", page.resource, page.number, page.request, page.rows, page.reported, page.kind)
        for page in source.pages()
    ]
    found += [("copies", *one) for one in source.differing_copies()]
    found += [("rebuilt", *one) for one in set(rebuild(run, store))]
    found += [("volume", name, volume) for name, volume in source.volumes().items()]
    found += [("issue", one) for one in store.staging.issues()]
    for file in source.files():
        body = file_path(run, file.sha256).read_bytes() if file.sha256 else b""
        found.append(("file", file, hashlib.sha256(body).hexdigest()))
    for part in ("pages", "files"):
        found += [("half written", path.name) for path in (run / part).glob("part-*")]
    prev = GENESIS
    for entry in store.ledger.entries():
        if entry.prev != prev or entry.computed() != entry.hash:
            found.append(("the chain is broken", entry.seq))
        prev = entry.hash
    return {str(one) for one in found}


def _report(run: Path) -> Path:
    return run.with_name(f"{run.name}.json")


def main(folder: Path) -> None:
    """Read orders and write answers until the orders end."""
    stamina.instrumentation.set_on_retry_hooks([])
    for late in ("h11", "httpcore", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.off"):
        importlib.import_module(late)  # once here, and not in every child
    helper = Helper(folder)
    obey(lambda order: asdict(helper.do(order["stage"], [Point(*one) for one in order["kills"]])))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
