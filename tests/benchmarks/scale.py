"""Extraction of very many records: does a record cost as much as among few, and is memory flat?

Phase 05 reads a made-up source that answers at once, in a process of its own; meanwhile this
process asks how the run stands, as `workbench status` does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.table import Row
from workbench.errors import RunFolderError
from workbench.phases.status import snapshot
from workbench.practicehub import RESOURCES
from workbench.run import Run

FEW, MANY, ALL = 20_000, 200_000, 2_000_000
"""Records: few, as many as `make bench` reads, and as many as `make bench-all` does."""

PAGE = 100
MOST_MB = 400
"""Megabytes that reading 2,000,000 records may take."""

MOST_RATIO = 1.3
"""How much more a record may cost among 2,000,000 than among 20,000."""

REPEATS = 3
LOOKS = 5
"""How often `workbench status` is started while the many are read."""

BETWEEN = 0.25
"""Seconds between two looks at the run from inside this process."""

KEY = "WORKBENCH_BENCH_KEY"
READER, SOURCE = "tests.benchmarks.reader", "tests.benchmarks.fast_source"
CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = """\
[practicehub]
account = "bench"
base_url = "http://127.0.0.1:{port}/api"
api_key = "env:{key}"
app_details = "workbench=ops@example.org"
timezone = "UTC"
requests_per_second = 1000

[odoo]
url = "http://127.0.0.1:9"
database = "bench"
api_key = "env:{key}"
"""


@dataclass(slots=True)
class Taken:
    """What one extraction took.

    `seconds` by the clock and `busy` of the processor, for the pages alone; `peak` in MB;
    `looked` and `started`: seconds for a snapshot of the run, and for `workbench status`.
    """

    records: int = 0
    seconds: float = 0.0
    busy: float = 0.0
    peak: float = 0.0
    requests: int = 0
    fewest: int = 0
    looked: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)


def measure(folder: Path, *, many: int = MANY) -> list[Row]:
    """Read few records, again and again, and many, once."""
    few = [read(folder / f"few{turn}", FEW) for turn in range(REPEATS)]
    most = read(folder / "many", many, looks=LOOKS)
    named = f"{many:,} records, without waiting"
    cost = [one.busy / one.records * 1e6 for one in few]
    clock = [one.seconds / one.records * 1e6 for one in few]
    looked = sorted(most.looked)
    return [
        Row(named, "records/s", [most.records / most.seconds]),
        Row("… per second of the processor", "records/s", [most.records / most.busy]),
        Row("… requests sent", "requests", [most.requests], "the fewest possible", [most.fewest]),
        Row("… processor time for one", "µs", [most.busy / most.records * 1e6],
            f"among {FEW:,}; at most {MOST_RATIO}×", [median(cost)]),
        Row("… time for one", "µs", [most.seconds / most.records * 1e6],
            f"among {FEW:,}; at most {MOST_RATIO}×", [median(clock)]),
        Row("… most memory of the process", "MB", [most.peak],
            f"allowed; among {FEW:,} it was {median(one.peak for one in few):.0f}", [MOST_MB]),
        Row("… a look at the run meanwhile", "ms", [median(looked) * 1000],
            "the slowest of them", [looked[-1] * 1000]),
        Row("… `workbench status` meanwhile", "ms", [one * 1000 for one in most.started]),
    ]  # fmt: skip


def read(folder: Path, records: int, *, looks: int = 0) -> Taken:
    """Read a source of so many records into a new run folder, and look on.

    Args:
        folder: made here, and removed afterwards: a run of millions takes gigabytes.
        records: how many appointments the source has.
        looks: how often `workbench status` is started meanwhile.
    """
    folder.mkdir(parents=True)
    run = folder / "run"
    taken = Taken()
    with _source(records, taken) as port:
        config = folder / "bench.toml"
        config.write_text(CONFIG.format(port=port, key=KEY), encoding="utf-8")
        order = {"how": "phase", "config": str(config), "folder": str(run)}
        environment = {**os.environ, KEY: "bench", "WORKBENCH_HEADLESS": "1"}
        # a session of its own: Ctrl-C is for us, and we end it
        with subprocess.Popen([sys.executable, "-m", READER], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT,
                              start_new_session=True, env=environment) as reader:  # fmt: skip
            try:
                assert reader.stdin is not None
                assert reader.stdout is not None
                json.dump(order, reader.stdin)
                reader.stdin.close()
                _look_on(reader, run, taken, looks=looks)
                told = json.loads(reader.stdout.read())
            except BaseException:
                reader.kill()
                raise
    taken.records, taken.peak = told["rows"], told["peak"]
    taken.seconds, taken.busy = told["seconds"], told["busy"]
    taken.fewest = -(-records // PAGE) + len(RESOURCES) - 1  # an empty list costs one as well
    shutil.rmtree(folder)
    return taken


@contextmanager
def _source(records: int, taken: Taken) -> Iterator[int]:
    """Run a source; give its port, and note at the end how often it was asked."""
    with subprocess.Popen([sys.executable, "-m", SOURCE], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT,
                          start_new_session=True) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            server.stdin.write(f"{records}\n")
            server.stdin.flush()
            yield int(server.stdout.readline())
            server.stdin.close()
            taken.requests = int(server.stdout.readline())
        except BaseException:
            server.kill()
            raise


def _look_on(reader: subprocess.Popen[str], run: Path, taken: Taken, *, looks: int) -> None:
    """Look at the run until the reader is done; begin once there is one to look at."""
    opened: Run | None = None
    while reader.poll() is None:
        time.sleep(BETWEEN)
        if opened is None:
            try:
                opened = Run.open(run)
            except RunFolderError:
                continue
        began = time.perf_counter()
        found = snapshot(opened)
        taken.looked.append(time.perf_counter() - began)
        walking = opened.store.source.walk("appointments")
        share = (walking.rows / (walking.reported or 1)) if walking else 0.0
        if found and share * (looks + 1) >= len(taken.started) + 1 and len(taken.started) < looks:
            taken.started.append(_status(run))
    if opened is not None:
        opened.store.close()


def _status(run: Path) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "workbench", "status", str(run)],
                   stdout=subprocess.DEVNULL, check=True, cwd=CHECKOUT,
                   start_new_session=True)  # fmt: skip
    return time.perf_counter() - began
