"""What every table adds up to, kept as it changes, so that no cell of it changes unnoticed.

A table's sum is the sum, modulo 2**2048, of a long hash of each of its rows: whatever the order
in which rows came, went and changed, the same rows have the same sum, and a row that changes
costs what that row costs. The ledger tells of a table's sum after each change of it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from workbench.state.canonical import sha256

EXEMPT: Mapping[str, str] = MappingProxyType(
    {
        "ledger": "the chain itself; each row carries the hash of the one before",
        "tallies": "where the sums stand; all of them are added up anew from the rows",
        "progress": "how far a long step is, written every second; nothing rests on it",
        "counters": "how often both ends were asked, for forecasts; nothing rests on it",
        "fates": "sums of the outcomes, which are counted anew",
        "volumes": "sums of the records, which are counted anew",
        "records": "every column is read again from the raw pages and the ledger",
    }
)
"""Tables that are not added up, and why."""

_BYTES = 256
_MODULUS = 1 << (8 * _BYTES)
_SPELL = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Tally:
    """Adds up what this connection changes, and tells the ledger.

    SQLite calls it for each row: by triggers that only this connection has, so that the
    state file can be read, and copied, by whatever knows SQLite.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._pending: dict[str, list[int]] = {}
        self._watching = False

    def watch(self) -> None:
        """Begin to listen; harmless to repeat. Not inside a transaction."""
        if self._watching:
            return
        # else a row that REPLACE takes away would go unheard
        self._db.execute("PRAGMA recursive_triggers=ON")
        self._db.create_function("tallied", -1, self._take, deterministic=False)
        for table, columns in watched(self._db):
            # names from the file's own schema, which `_prepare` made
            new, old = (",".join(f"{row}.{column}" for column in columns) for row in ("new", "old"))
            for verb, calls in (
                ("INSERT", f"SELECT tallied('{table}',1,{new});"),
                ("DELETE", f"SELECT tallied('{table}',-1,{old});"),
                ("UPDATE", f"SELECT tallied('{table}',-1,{old}), tallied('{table}',1,{new});"),
            ):
                self._db.execute(
                    f"CREATE TEMP TRIGGER tally_{table}_{verb} AFTER {verb} ON main.{table} "
                    f"BEGIN {calls} END"
                )
        self._watching = True

    def flush(self) -> dict[str, list[object]]:
        """Bring the sums up to date; give those that changed: table → rows and hash."""
        stands: dict[str, list[object]] = {}
        for table, (count, added) in sorted(self._pending.items()):
            if not count and not added % _MODULUS:
                continue  # what was put there is what was taken away
            held = self._db.execute(
                "SELECT count, sum FROM tallies WHERE name=?", (table,)
            ).fetchone()
            rows, total = (held[0], int.from_bytes(held[1], "little")) if held else (0, 0)
            rows, total = rows + count, (total + added) % _MODULUS
            spelled = total.to_bytes(_BYTES, "little")
            self._db.execute("INSERT OR REPLACE INTO tallies VALUES (?,?,?)",
                             (table, rows, spelled))  # fmt: skip
            stands[table] = [rows, sha256(spelled)]
        self._pending.clear()
        return stands

    def forget(self) -> None:
        """Leave out what was heard: the transaction it was heard in is undone."""
        self._pending.clear()

    def _take(self, table: str, sign: int, *row: object) -> None:
        held = self._pending.setdefault(table, [0, 0])
        held[0] += sign
        held[1] += sign * _number(row)


def watched(db: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    """List the tables that are added up, with their columns; computed columns are left out."""
    tables = db.execute(
        "SELECT name FROM main.sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%' "
        "ORDER BY name"
    ).fetchall()
    for (table,) in tables:
        if table not in EXEMPT:
            columns = db.execute(f"PRAGMA main.table_xinfo('{table}')").fetchall()
            yield table, [row[1] for row in columns if not row[6]]


def add_up(db: sqlite3.Connection) -> Iterator[tuple[str, int, bytes]]:
    """Add up every table anew, row by row: its name, its rows and its sum."""
    for table, columns in watched(db):
        count = total = 0
        for row in db.execute(f"SELECT {','.join(columns)} FROM main.{table}"):
            count += 1
            total += _number(row)
        yield table, count, (total % _MODULUS).to_bytes(_BYTES, "little")


def _number(row: tuple[object, ...]) -> int:
    """Hash a row to a number so long that no other rows can be found that add up alike."""
    short = hashlib.sha256(_SPELL(row).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(hashlib.shake_128(short).digest(_BYTES), "little")
