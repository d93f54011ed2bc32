"""What the parts of the store share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from workbench.state.ledger import Ledger


class StoreLike(Protocol):
    """The store, as its parts see it."""

    db: sqlite3.Connection
    ledger: Ledger

    def named_errors(self) -> AbstractContextManager[None]:
        """Turn the database's errors into errors of the tree."""
        ...

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open one transaction, or join the one that is open."""
        ...


class Part:
    """A room's share of the state file."""

    def __init__(self, store: StoreLike) -> None:
        self._store = store

    def _rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Stream the rows of a query."""
        with self._store.named_errors():
            yield from self._store.db.execute(sql, values)

    def _named(self, sql: str, values: Mapping[str, object]) -> Iterator[tuple[Any, ...]]:
        """Stream the rows of a query whose values have names."""
        with self._store.named_errors():
            yield from self._store.db.execute(sql, values)

    def _all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._store.named_errors():
            return self._store.db.execute(sql, values).fetchall()

    def _one(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        with self._store.named_errors():
            row: tuple[Any, ...] | None = self._store.db.execute(sql, values).fetchone()
        return row
