"""All that a run folder says, apart from moments and numbers: two runs of a kind compare equal."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

LEFT_OUT = frozenset({
    "ledger", "tallies", "counters", "progress", "pages", "operations", "artefacts",
})  # fmt: skip
"""Tables that tell how it went, and not only how it ended; `workbench verify` looks at them."""

NOTHING_GOES_BY = frozenset({"counters", "progress", "ledger", "tallies"})
"""Tables that are shown, or kept for `workbench verify`: nothing begun again depends on them."""

MOMENTS = frozenset({
    "at", "started", "updated", "started_at", "updated_at", "fetched_at", "asked_at",
    "decided_at", "intended_at", "closed_at", "removed_at", "restored_at", "seconds",
    "id", "page_id", "operation_id", "res_id", "notebook", "generation", "position",
    "hash",
})  # fmt: skip
"""Columns that hold a moment, a number somebody counted on, or a hash of what stands beside."""

_PLANS = re.compile(
    r"documents: .*'name': '(?:schema_plan|delta|rollback|rolled_back)'"
    r"|decisions: .*'subject': 'rollback'"
)
"""Lines that tell what there was to do: it is less for who begins again."""
_QUESTIONS = {
    "walks": "SELECT * FROM walks w WHERE generation = "
    "(SELECT max(generation) FROM walks WHERE resource = w.resource)"
}
"""A delta that is begun again when it had looked at everything looks once more."""
_STAMP = re.compile(r"\d{8}T\d{6}Z")
_OF_THE_MOMENT = re.compile(
    r"\?X-Amz-[^\"]*|(?<='name': 'workings', 'body': '{\"basis\":\")[0-9a-f]{64}"
)
"""What a signed link says of its moment, and the workings of the pass that they go by."""


def contents(folder: Path, *, left_out: frozenset[str] = LEFT_OUT) -> Counter[str]:
    """Give what a run folder says, line by line, and how often each is said."""
    found: Counter[str] = Counter()
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        tables = [name for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'"
        )]  # fmt: skip
        for table in sorted(set(tables) - left_out):
            cursor = db.execute(_QUESTIONS.get(table, f"SELECT * FROM {table}"))
            names = [column[0] for column in cursor.description]
            for row in cursor:
                said = {name: value for name, value in zip(names, row, strict=True)
                        if name not in MOMENTS}  # fmt: skip
                if not _PLANS.match(line := f"{table}: {said}"):
                    found[_OF_THE_MOMENT.sub("", line)] += 1
        for (keys,) in db.execute(
            "SELECT keys FROM operations WHERE status IN ('intended','unknown')"
        ):
            found[f"a call without an end: {keys}"] += 1
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(("state.sqlite", "pages/", "notebooks/")):
            found[f"a file: {_STAMP.sub('', name)}"] += 1
        if path.is_file() and (name.endswith(".part") or path.name.startswith(("part-", "."))):
            found[f"half written: in {path.parent.relative_to(folder)}"] += 1
    return found
