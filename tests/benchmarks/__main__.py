"""`make bench`: brings up a sandbox of its own, measures, prints one table, ends the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import comparing, extracting, loading, pairing, scale
from tests.benchmarks.table import as_table, machine
from workbench.errors import WorkbenchError
from workbench.sandbox import odoo

INSTANCE = "bench"
REPEATS = 3
STOPS = (signal.SIGINT, signal.SIGTERM)
WHOLE = "WORKBENCH_BENCH_WHOLE"
"""Set, the largest extraction is measured too: some minutes more, and 4 GB on the disk."""
FOLDER = Path(__file__).resolve().parents[2] / "runs" / INSTANCE
"""Where the figures are left (`bench.json`); git ignores it."""


def main() -> int:
    """Measure everything; 0 when the table stands, 1 when a part is missing, 130 for Ctrl-C."""
    os.environ["WORKBENCH_SANDBOX_INSTANCE"] = INSTANCE  # never anybody else's sandbox
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work = FOLDER / "work"
    shutil.rmtree(work, ignore_errors=True)  # a run that was killed left it
    work.mkdir(parents=True, mode=0o700)
    facts, now = machine(), datetime.now(UTC).isoformat(timespec="minutes")
    try:
        with _database() as connection:
            told = odoo.status()
            facts |= {"Odoo": told["version"], "PostgreSQL": told["postgres"]}
            _say("Loading, reading back and rolling back")
            rows = loading.measure(connection, work / "loading", REPEATS)
        _say(f"Comparing {comparing.CELLS:,} cells")
        rows = [*rows, *comparing.measure(REPEATS)]
        _say("Looking for patients who are in twice")
        rows = [*rows, *pairing.measure(REPEATS)]
        _say("Extracting")
        rows = [*extracting.measure(work / "extracting", REPEATS), *rows]
        many = scale.ALL if os.environ.get(WHOLE) else scale.MANY
        _say(f"Extracting {many:,} records")
        rows = [*rows, *scale.measure(work / "scale", many=many)]
    except WorkbenchError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("Stopped; nothing of it runs any more.")
        return 130
    finally:
        shutil.rmtree(work, ignore_errors=True)
    found = {"date": now, "machine": facts, "repeats": REPEATS,
             "rows": [row.as_json() for row in rows]}  # fmt: skip
    (FOLDER / "bench.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{as_table(rows, machine=facts, date=now)!r}\n")
    sys.stdout.write(f"Every repeat's figures: {FOLDER / 'bench.json'}\n")
    return 0


@contextmanager
def _database() -> Iterator[odoo.OdooConnection]:
    """Lend a database as Odoo's installer leaves one; no server is left, whatever happens."""
    try:
        odoo.up(database=INSTANCE, progress=_say)
        yield odoo.reset_database(INSTANCE)
        odoo.drop_database(INSTANCE)
    finally:
        # a second Ctrl-C, or one that make passes on, would leave servers
        before = [signal.signal(one, signal.SIG_IGN) for one in STOPS]
        odoo.down()
        for one, handler in zip(STOPS, before, strict=True):
            signal.signal(one, handler)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
