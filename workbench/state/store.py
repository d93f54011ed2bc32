"""Opening the run's one SQLite file, and transactions over it."""

from __future__ import annotations

import os
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import BusyError, StateError, StorageFullError, WorkbenchError
from workbench.state import schema
from workbench.state.audit import AuditState
from workbench.state.conflicts import ConflictState
from workbench.state.decisions import Decisions
from workbench.state.destination import DestinationState
from workbench.state.journey import JourneyState
from workbench.state.ledger import Ledger
from workbench.state.lists import ListState
from workbench.state.proofs import ProofState
from workbench.state.source import SourceState
from workbench.state.staging import StagingState
from workbench.state.tally import Tally

_PIECE = 1 << 16
"""Bytes: more than SQLite writes at a time."""


class Store:
    """The run's state: the only source of truth, open in any number of processes.

    Each room has its own part (`source`, `staging`, `decisions`, `destination`, `proof`,
    `lists`, `journey`); SQL is written nowhere else. Reads see the last commit of any process.
    Writes happen inside `transaction()`; the parts open one themselves where none is open.

    Raises:
        StateError: the file is not a state file, of another version, or cannot be read.
        StorageFullError: the disk is full; what was committed before is kept.
        BusyError: another process held the file for a minute.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self.named_errors():
            # isolation_level None: transactions begin and end where we say, nowhere else
            self.db = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
        try:
            with self.named_errors():
                path.chmod(0o600)
                self.db.execute("PRAGMA journal_mode=WAL")
                self.db.execute("PRAGMA synchronous=FULL")
                self.db.execute("PRAGMA foreign_keys=ON")
                # a sort must not leave patients' values in the system's temporary folder
                self.db.execute("PRAGMA temp_store=MEMORY")
                self._prepare()
        except BaseException:
            self.db.close()
            raise
        self._tally = Tally(self.db)
        self.ledger = Ledger(self.db, self._tally)
        self.journey = JourneyState(self)
        self.source = SourceState(self)
        self.staging = StagingState(self)
        self.decisions = Decisions(self)
        self.destination = DestinationState(self)
        self.conflicts = ConflictState(self)
        self.proof = ProofState(self)
        self.lists = ListState(self)
        self.audit = AuditState(self)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold one transaction: all of it is committed, or none; inside another it joins."""
        with self._lock:
            if self.db.in_transaction:
                yield self.db
                return
            with self._database_errors():
                try:
                    self._tally.watch()
                    self.db.execute("BEGIN IMMEDIATE")
                    yield self.db
                    self.ledger.note_the_rest()
                    self.db.execute("COMMIT")
                except BaseException:
                    self._undo()
                    raise

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn the database's errors into errors of the tree, for the parts' reads too."""
        try:
            with self._database_errors():
                yield
        except UnicodeDecodeError:
            # the database's own words about a damaged table quote its bytes
            what = f"{self.path.name} is damaged."
            raise StateError(what) from None

    @contextmanager
    def _database_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _translated(error, self.path) from None

    def close(self) -> None:
        """Close the file; committed work is safe with or without it."""
        self.db.close()

    def _undo(self) -> None:
        self._tally.forget()
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


def _translated(error: sqlite3.DatabaseError, path: Path) -> WorkbenchError:
    """Name the state file's trouble without the statement, whose values may be a patient's."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the kind alone
    if code == sqlite3.SQLITE_FULL or (
        code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN} and _no_room(path)
    ):
        return StorageFullError(f"The disk that holds {path.name} is full.")
    if code == sqlite3.SQLITE_NOTADB:
        return StateError(f"{path.name} is not a state file.")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return BusyError(f"Another process has been writing to {path} for a minute.")
    return StateError(f"{path.name}: {getattr(error, 'sqlite_errorname', 'SQLITE_ERROR')}.")


def _no_room(path: Path) -> bool:
    """Tell whether a write that failed had no room: SQLite says so in half the cases only."""
    try:
        disk = os.statvfs(path.parent)
        sizes = [file.stat().st_size for file in path.parent.glob(f"{path.name}*")]
    except OSError:
        return False
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    limited = allowed != resource.RLIM_INFINITY and max(sizes, default=0) + _PIECE > allowed
    return disk.f_bavail * disk.f_frsize < _PIECE or limited
