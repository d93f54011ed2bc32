"""Opening the run's one SQLite file, and transactions over it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import StateError, StorageFullError
from workbench.state import schema
from workbench.state.decisions import Decisions
from workbench.state.destination import DestinationState
from workbench.state.journey import JourneyState
from workbench.state.ledger import Ledger
from workbench.state.proofs import ProofState
from workbench.state.source import SourceState
from workbench.state.staging import StagingState


class Store:
    """The run's state: the only source of truth, open in any number of processes.

    Each room has its own part (`source`, `staging`, `decisions`, `destination`, `proof`,
    `journey`); SQL is written nowhere else. Reads see the last commit of any process.
    Writes happen inside `transaction()`; the parts open one themselves where none is open.

    Raises:
        StateError: the file is not a state file, or of another version.
        StorageFullError: the disk is full; what was committed before is kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            # isolation_level None: transactions begin and end where we say, nowhere else
            self.db = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
            path.chmod(0o600)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.execute("PRAGMA foreign_keys=ON")
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise _translated(error, path) from None
        self.ledger = Ledger(self.db)
        self.journey = JourneyState(self)
        self.source = SourceState(self)
        self.staging = StagingState(self)
        self.decisions = Decisions(self)
        self.destination = DestinationState(self)
        self.proof = ProofState(self)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold one transaction: all of it is committed, or none; inside another it joins."""
        with self._lock:
            if self.db.in_transaction:
                yield self.db
                return
            try:
                self.db.execute("BEGIN IMMEDIATE")
                try:
                    yield self.db
                except BaseException:
                    self._undo()
                    raise
                self.db.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                self._undo()
                raise _translated(error, self.path) from None

    def close(self) -> None:
        """Close the file; committed work is safe with or without it."""
        self.db.close()

    def _undo(self) -> None:
        if self.db.in_transaction:  # a full disk rolls back by itself
            self.db.execute("ROLLBACK")

    def _prepare(self) -> None:
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version == schema.VERSION:
            return
        if version != 0:
            what = (
                f"{self.path.name} is of version {version}; this workbench reads {schema.VERSION}."
            )
            raise StateError(what, do="Use the workbench release that made the run.")
        self.db.execute("BEGIN EXCLUSIVE")
        if self.db.execute("PRAGMA user_version").fetchone()[0] == 0:  # nobody was faster
            for statement in schema.DDL.split(";\n"):
                if statement.strip():
                    self.db.execute(statement)
            self.db.execute(f"PRAGMA user_version={schema.VERSION}")
        self.db.execute("COMMIT")


def _translated(error: sqlite3.DatabaseError, path: Path) -> StateError:
    """Name the state file's trouble without the statement, whose values may be a patient's."""
    if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
        return StorageFullError(f"The disk that holds {path.name} is full.")
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return StateError(f"{path.name} is not a state file.")
    return StateError(f"{path.name}: {error.sqlite_errorname}.")
