"""Altering a run folder behind the workbench's back, as a forger or a broken disk would."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from workbench.proof import Verification
from workbench.state import Entry, canonical, sha256
from workbench.state.tally import add_up

_KINDS = {"INTEGER": "{0}+1", "REAL": "{0}+1.0", "TEXT": "{0}||' '", "BLOB": "zeroblob(256)"}
"""A value of the same type that is another one."""

_MADE_UP = {"INTEGER": "1", "REAL": "1.0", "TEXT": "'{{}}'", "BLOB": "zeroblob(256)"}


@dataclass(frozen=True, slots=True)
class Forgery:
    """One change of one table: `what` is done to it, in words, and by which statement."""

    table: str
    what: str
    sql: str

    def __str__(self) -> str:
        """Name it as a test's id does."""
        return f"{self.table}: {self.what}"


def alter(folder: Path, *statements: str) -> None:
    """Forge the state file behind the workbench's back, with no rule of the file in force."""
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        db.execute("PRAGMA ignore_check_constraints=ON")
        for statement in statements:
            db.execute(statement)
        db.commit()


def retell(folder: Path) -> None:
    """Let the ledger tell of every table as it is now, as a forger who knows the method would."""
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        for table, rows, total in add_up(db):
            last = db.execute(
                "SELECT seq, stands FROM ledger WHERE json_extract(stands, ?) IS NOT NULL "
                "ORDER BY seq DESC LIMIT 1",
                (f"$.{table}",),
            ).fetchone()
            if last is not None:
                stands = canonical({**json.loads(last[1]), table: [rows, sha256(total)]})
                db.execute("UPDATE ledger SET stands=? WHERE seq=?", (stands, last[0]))
                db.execute("UPDATE tallies SET count=?, sum=? WHERE name=?", (rows, total, table))
        db.commit()
    rechain(folder)


def rechain(folder: Path) -> None:
    """Chain the ledger anew, as a forger who knows how it is made would."""
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        prev = "0" * 64
        rows = db.execute("SELECT * FROM ledger ORDER BY seq").fetchall()
        db.execute("DELETE FROM ledger")
        for seq, row in enumerate(rows, start=1):
            at, actor, event, subject, detail, stands = row[1:7]
            entry = Entry(
                seq, at, actor, event, subject, json.loads(detail), json.loads(stands), prev, ""
            )
            prev = entry.computed()
            db.execute("INSERT INTO ledger VALUES (?,?,?,?,?,?,?,?,?)",
                       (seq, *row[1:7], entry.prev, prev))  # fmt: skip
        db.commit()


def bad(found: Verification) -> str:
    """Write the first bad thing in one line."""
    assert found.first_bad is not None
    return f"{found.first_bad.name}: {found.first_bad.detail}"


def columns(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """List every table of a state file with its columns and their types, computed ones left out."""
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        tables = db.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        return {
            table: [(row[1], row[2]) for row in db.execute(f"PRAGMA table_xinfo({table})")
                    if not row[6]]
            for (table,) in sorted(tables)
        }  # fmt: skip


def forgeries(folder: Path, *, table: str, swaps: int) -> Iterator[Forgery]:
    """List what can be done to one cell or row of a table: each cell changed, rows moved.

    Args:
        folder: the run folder.
        table: which.
        swaps: at most so many columns are swapped between the first and the last row.
    """
    with closing(sqlite3.connect(folder / "state.sqlite")) as db:
        for forgery in _forgeries(db, table, columns(folder)[table]):
            swaps -= "swapped" in forgery.what
            if swaps >= 0 or "swapped" not in forgery.what:
                yield forgery


def _forgeries(
    db: sqlite3.Connection, table: str, all_columns: list[tuple[str, str]]
) -> Iterator[Forgery]:
    names = ", ".join(name for name, _ in all_columns)
    places = [row[0] for row in db.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
    made_up = ", ".join(_MADE_UP[kind] for _, kind in all_columns).replace("{{}}", "{}")
    yield Forgery(table, "a row made up", f"INSERT INTO {table} ({names}) VALUES ({made_up})")
    if not places:
        return
    last = places[-1]
    yield Forgery(table, "a row dropped", f"DELETE FROM {table} WHERE rowid={last}")
    for name, kind in all_columns:
        other = _KINDS[kind].format(name)
        yield Forgery(
            table, f"{name} changed",
            f"UPDATE {table} SET {name}=iif({name} IS NULL, {_KINDS[kind].format('1')}, {other}) "
            f"WHERE rowid={last}",
        )  # fmt: skip
        if len(places) > 1:
            pair = dict(db.execute(f"SELECT rowid, {name} FROM {table} "
                                   f"WHERE rowid IN ({places[0]}, {last})"))  # fmt: skip
            if pair[places[0]] != pair[last]:
                yield Forgery(table, f"{name} swapped between two rows",
                              _swap(table, name, places[0], last))  # fmt: skip


def _swap(table: str, name: str, one: int, other: int) -> str:
    at = f"(SELECT {name} FROM {table} WHERE rowid="
    return (f"UPDATE {table} SET {name}=CASE rowid WHEN {one} THEN {at}{other}) "
            f"ELSE {at}{one}) END WHERE rowid IN ({one}, {other})")  # fmt: skip


def content(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Read all that a state file says, table by table, its own description too."""
    with closing(sqlite3.connect(f"file:{folder / 'state.sqlite'}?mode=ro", uri=True)) as db:
        db.text_factory = bytes
        names = [row[0].decode() for row in
                 db.execute("SELECT name FROM sqlite_master WHERE type='table'")]  # fmt: skip
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
                for name in [*names, "sqlite_master"]}  # fmt: skip


def flips(folder: Path, count: int, *, seed: int) -> Iterator[tuple[Path, int, int]]:
    """Draw bytes of a folder's files, each file as likely as any other: path, place, mask."""
    draw = random.Random(seed)  # noqa: S311 - which bytes are tried, no secret
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    for _ in range(count):
        path = draw.choice(files)
        yield path, draw.randrange(path.stat().st_size), draw.randrange(1, 256)
