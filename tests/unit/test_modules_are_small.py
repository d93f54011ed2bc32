"""A module can be read in one sitting."""

from __future__ import annotations

from pathlib import Path

import workbench

PACKAGE = Path(workbench.__file__).parent
MOST_LINES = 400


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    """What grows beyond that has two things in it, and is two modules."""
    long = {
        str(path.relative_to(PACKAGE)): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) >= MOST_LINES
    }
    assert long == {}
