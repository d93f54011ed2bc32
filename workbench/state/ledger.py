"""The hash-chained list of every effect the workbench had.

A row is written in the same transaction as the change it tells of, and carries the hash
of the row before it, so that none can be altered, dropped or swapped unnoticed. It also tells
what the tables that changed since the row before add up to, so that no change goes untold.
"""

from __future__ import annotations

import getpass
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.state._clock import now
from workbench.state.canonical import canonical, digest
from workbench.state.tally import Tally

GENESIS = "0" * 64
NOTED = "noted"
"""The event of changes that no row of the ledger told of otherwise: which tables, how many rows."""

_COLUMNS = "seq, at, actor, event, subject, detail, stands, prev, hash"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger; `detail` holds counts, ids and hashes, never a value.

    `stands`: table → how many rows it has now and the hash of what they add up to, for each
    table that changed since the row before.
    """

    seq: int
    at: str
    actor: str
    event: str
    subject: str
    detail: dict[str, object]
    stands: dict[str, list[object]]
    prev: str
    hash: str

    def computed(self) -> str:
        """Hash the row anew from its content and the hash it claims to follow."""
        return digest([self.seq, self.at, self.actor, self.event, self.subject,
                       self.detail, self.stands, self.prev])  # fmt: skip


class Ledger:
    """Append to the chain and read it back; rows are never changed or removed."""

    def __init__(self, db: sqlite3.Connection, tally: Tally) -> None:
        self._db, self._tally = db, tally

    def append(
        self, event: str, subject: str, *, detail: dict[str, object] | None = None, actor: str = ""
    ) -> str:
        """Add a row to the chain and return its hash.

        Must be called inside the transaction of the change it tells of.

        Args:
            event: what was done, a word or two: "page stored", "decided", "loaded".
            subject: to what: a resource, a decision's subject, a model.
            detail: counts, ids and hashes only; never a patient's value or a secret.
            actor: a person's name, or empty for the account this process runs under.
        """
        assert self._db.in_transaction, "a ledger row belongs to the change it tells of"  # noqa: S101 - a programmer's mistake
        return self._append(event, subject, detail or {}, actor, self._tally.flush())

    def note_the_rest(self) -> None:
        """Tell of what changed since the last row was added, if anything did."""
        stands = self._tally.flush()
        if stands:
            self._append(NOTED, ", ".join(stands), {}, "", stands)

    def _append(
        self, event: str, subject: str, detail: dict[str, object], actor: str,
        stands: dict[str, list[object]],
    ) -> str:  # fmt: skip
        last = self._db.execute("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
        seq, prev = (last[0] + 1, last[1]) if last else (1, GENESIS)
        entry = Entry(seq, now(), actor or _account(), event, subject, detail, stands, prev, "")
        hashed = entry.computed()
        self._db.execute(
            "INSERT INTO ledger VALUES (?,?,?,?,?,?,?,?,?)",
            (seq, entry.at, entry.actor, event, subject, canonical(detail), canonical(stands),
             prev, hashed),
        )  # fmt: skip
        return hashed

    def head(self) -> str:
        """Give the hash of the last row, or 64 zeros while there is none."""
        row = self._db.execute("SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
        return str(row[0]) if row else GENESIS

    def entries(self) -> Iterator[Entry]:
        """Yield every row in chain order."""
        for row in self._db.execute(f"SELECT {_COLUMNS} FROM ledger ORDER BY seq"):
            yield Entry(*(*row[:5], json.loads(row[5]), json.loads(row[6]), *row[7:]))


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry for this uid: seen in containers
        return "unknown account"
