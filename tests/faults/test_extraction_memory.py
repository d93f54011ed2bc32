"""Reading ten times as many records takes no more memory."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.scale import read

FEW, MANY = 4_000, 40_000
MOST_MB = 3.0
"""Megabytes: what the further records themselves would take is 30, a set of their ids 4."""


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path) -> None:
    """A clinic of any size is read on the machine that reads a small one."""
    few = read(tmp_path / "few", FEW)
    many = read(tmp_path / "many", MANY)

    assert (few.records, many.records) == (FEW, MANY)
    assert many.peak - few.peak < MOST_MB
