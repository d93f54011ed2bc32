"""Every row of every table of a database, as counts and hashes, to compare before with after."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.support.content import BOOKKEEPING, STAMPS, content, unlike

__all__ = ["BOOKKEEPING", "STAMPS", "UPDATED", "Rows", "Snapshot", "content", "differences",
           "rows", "snapshot", "touched", "unlike"]  # fmt: skip

UPDATED = {"res_partner", "res_users"}
"""Tables with rows from before that are changed and put back: contacts that were linked, users
who are put into the access group and taken out of it, and their own contacts."""

Snapshot = Mapping[str, tuple[int, str]]
Rows = dict[int, dict[str, Any]]


def snapshot(dsn: str) -> Snapshot:
    """Count and hash all rows of every table but the server's own notes."""
    taken: dict[str, tuple[int, str]] = {}
    with psycopg.connect(dsn) as db:
        names = db.execute("SELECT tablename FROM pg_tables WHERE schemaname='public'").fetchall()
        for (name,) in sorted(names):
            if BOOKKEEPING.fullmatch(name):
                continue
            query = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name))
            rows = sorted(row[0] for row in db.execute(query))
            taken[name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return taken


def rows(dsn: str, table: str) -> Rows:
    """Give all rows of one table with an id, by id."""
    with psycopg.connect(dsn, row_factory=dict_row) as db:
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
        return {row["id"]: row for row in db.execute(query)}


def differences(before: Snapshot, after: Snapshot) -> set[str]:
    """Name the tables that are not as they were."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def touched(before: Rows, after: Rows) -> set[str]:
    """Name the columns that are not as they were; "rows" where some came or went."""
    if before.keys() != after.keys():
        return {"rows"}
    return {column for number, row in before.items() for column in row
            if row[column] != after[number].get(column)}  # fmt: skip
