"""The table of `make bench` is made of what was measured; no figure of it is asserted anywhere."""

from __future__ import annotations

import json

from tests.benchmarks.table import Row, as_table

LOADED = Row("partners loaded", "records/s", [300, 500, 400], "one a call", [30, 40, 80])
PACED = Row("pages", "requests/s", [18, 19, 20], "allowed", [20])
REFUSED = Row("too early", "refused", [0, 2, 1], "allowed", [0])
ALONE = Row("comparison", "cells/s", [700_000, 900_000, 800_000])


def test_a_figure_is_the_middle_of_its_repeats_and_so_is_its_peer() -> None:
    """One disturbed repeat out of three does not make the figure."""
    shown = as_table([LOADED], machine={}, date="today").rows

    assert shown == [("partners loaded", "400 records/s", "40  one a call", "10×", "5 – 12.5")]


def test_a_limit_stands_for_every_repeat() -> None:
    """What is allowed does not change between repeats, so it is given once."""
    assert (PACED.ratio, PACED.spread) == (0.95, (0.9, 1.0))


def test_without_a_peer_or_beside_zero_there_is_no_ratio() -> None:
    """Nothing is divided by nothing; the spread is then that of our own figures."""
    assert [row.ratio for row in (REFUSED, ALONE)] == [None, None]
    assert [row.spread for row in (REFUSED, ALONE)] == [(0, 2), (700_000, 900_000)]


def test_the_table_says_when_and_on_what_it_was_measured() -> None:
    """A figure without its machine and date tells nothing."""
    text = repr(as_table([ALONE], machine={"cores": 2, "Odoo": "19.0"}, date="2026-11-20"))

    assert text.startswith("Measured 2026-11-20\ncores 2, Odoo 19.0\n")


def test_the_file_holds_every_repeat() -> None:
    """What the table leaves out can be looked up and worked out again."""
    kept = json.loads(json.dumps(LOADED.as_json()))

    assert kept == {
        "what": "partners loaded", "unit": "records/s", "ours": [300, 500, 400],
        "against": "one a call", "theirs": [30, 40, 80], "ratio": 10.0, "spread": [5.0, 12.5],
    }  # fmt: skip
