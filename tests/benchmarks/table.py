"""The figures of a run of the benchmarks: measured several times, set beside a peer or a limit."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from workbench import show

NOTE = (
    "Middle values of the repeats; spread: lowest to highest ratio (ours where there is none).\n"
    "More is better, but for requests sent, requests too early, calls, seconds and MB. Odoo, the\n"
    "simulator and all contenders share this machine's processors. No test asserts any of it."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured: `ours` and `theirs` hold a figure for each repeat, in their order.

    `against` names the peer or limit; a limit has one figure, which stands for every repeat.
    """

    what: str
    unit: str
    ours: Sequence[float]
    against: str = ""
    theirs: Sequence[float] = ()

    @property
    def ratio(self) -> float | None:
        """Give the middle of ours over the middle of theirs; None where there is none, or 0."""
        return median(self.ours) / median(self.theirs) if any(self.theirs) else None

    @property
    def spread(self) -> tuple[float, float]:
        """Give the lowest and highest ratio of the repeats; of our figures where there is none."""
        if self.ratio is None:
            return min(self.ours), max(self.ours)
        theirs = self.theirs if len(self.theirs) > 1 else [self.theirs[0]] * len(self.ours)
        ratios = [one / other for one, other in zip(self.ours, theirs, strict=True)]
        return min(ratios), max(ratios)

    def as_json(self) -> dict[str, object]:
        """Give every figure of every repeat, and what the table makes of them."""
        return {**asdict(self), "ratio": self.ratio, "spread": self.spread}


def as_table(rows: Sequence[Row], *, machine: Mapping[str, object], date: str) -> show.Table:
    """Set the rows in one table; its title says when and on what they were measured."""
    lines = [
        (row.what, f"{_figure(median(row.ours))} {row.unit}",
         f"{_figure(median(row.theirs))}  {row.against}" if row.theirs else "–",
         "–" if row.ratio is None else f"{_figure(row.ratio)}×",
         " – ".join(map(_figure, row.spread)))
        for row in rows
    ]  # fmt: skip
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    columns = ("what", "ours", "peer or limit", "ratio", "spread")
    return show.Table(f"Measured {date}\n{facts}", columns, lines, note=NOTE)


def machine() -> dict[str, object]:
    """Say what the figures were measured on; nothing that tells whose machine it is."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "memory": f"{memory:.0f} GiB",
        "system": platform.system(),
        "Python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _figure(value: float) -> str:
    """Write a figure with as many digits as mean something."""
    digits = 0 if value >= 100 or value == int(value) else (1 if value >= 10 else 2)
    return f"{value:,.{digits}f}"
