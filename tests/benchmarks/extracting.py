"""Extraction: at the pace that is allowed, and as fast as the machine can."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.table import Row
from workbench.practicehub import RESOURCES
from workbench.sandbox.practicehub import Control, PracticeHubConnection, running

PATIENTS = 300
ALLOWED, REAL = 20.0, 1.0
"""Requests a second: what is measured again and again, and what a real account allows, once."""
UNLIMITED = 100_000.0
"""A pace that is never waited for."""
PACES = {"paced": ALLOWED, "real": REAL}
READER = "tests.benchmarks.reader"
CHECKOUT = Path(__file__).resolve().parents[2]


def measure(folder: Path, repeats: int) -> list[Row]:
    """Read a clinic again and again, each time into a new folder and in a process of its own."""
    with running(patients=PATIENTS, rate=0) as (connection, control):
        _read("plain", connection, control, folder / "warm")
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in (*PACES, "ours", "plain")}
        for turn in range(repeats):
            for name in ("plain", "ours") if turn % 2 else ("ours", "plain"):
                taken[name].append(_read(name, connection, control, folder / f"{name}{turn}"))
        control.switches(rate=ALLOWED)
        for turn in range(repeats):
            taken["paced"].append(_read("paced", connection, control, folder / f"paced{turn}"))
        control.switches(rate=REAL)
        taken["real"].append(_read("real", connection, control, folder / "real"))

    def each(name: str, key: str) -> list[float]:
        return [one[key] for one in taken[name]]

    def rate(name: str, key: str) -> list[float]:
        return [one["rows"] / one[key] for one in taken[name]]

    clinic = f"pages of {PATIENTS} patients"
    return [
        Row(f"{clinic}, {REAL:.0f} request/s allowed", "requests/s", each("real", "pace"),
            "allowed", [REAL]),
        Row("… requests sent too early", "refused", each("real", "violations"), "allowed", [0]),
        Row(f"{clinic}, {ALLOWED:.0f} requests/s allowed", "requests/s", each("paced", "pace"),
            "allowed", [ALLOWED]),
        Row("… requests sent too early", "refused", each("paced", "violations"), "allowed", [0]),
        Row("… requests sent", "requests", each("paced", "requests"),
            "the fewest possible", each("plain", "requests")),
        Row(f"{clinic}, without waiting", "records/s", rate("ours", "seconds"),
            "plain script, into a list", rate("plain", "seconds")),
        Row("… per second of the processor", "records/s", rate("ours", "busy"),
            "plain script, into a list", rate("plain", "busy")),
        Row("… most memory of the process", "MB", each("ours", "peak"),
            "plain script, into a list", each("plain", "peak")),
    ]  # fmt: skip


def _read(
    name: str, connection: PracticeHubConnection, control: Control, folder: Path
) -> dict[str, float]:
    """Read the clinic once; what the process told, and what the simulator saw of it."""
    folder.mkdir(parents=True)
    order = {
        "base_url": connection.base_url, "api_key": connection.api_key,
        "app_details": connection.app_details, "folder": str(folder),
        "per_second": PACES.get(name, UNLIMITED), "how": "plain" if name == "plain" else "ours",
        "paths": [known.path for known in RESOURCES],
    }  # fmt: skip
    control.reset_counters()
    # a session of its own: Ctrl-C is for us, and we end it
    done = subprocess.run([sys.executable, "-m", READER], input=json.dumps(order), text=True,
                          stdout=subprocess.PIPE, check=True, cwd=CHECKOUT,
                          start_new_session=True)  # fmt: skip
    seen: dict[str, Any] = control.state()
    between = seen["last_arrival"] - seen["first_arrival"]
    return {**json.loads(done.stdout), "requests": seen["requests"],
            "violations": seen["violations"], "pace": (seen["requests"] - 1) / between}  # fmt: skip
