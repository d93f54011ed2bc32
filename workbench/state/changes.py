"""What later passes found: new, changed, gone and returned records; and windows of ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.state._clock import now
from workbench.state.files import FilesState

FIRST, LAST = -(1 << 63), (1 << 63) - 1
"""The smallest and the largest number that the table can hold."""

_NET = """
WITH told AS (
  SELECT resource, source_id, what, was, generation FROM changes
  WHERE generation BETWEEN ?1 AND ?2
), first AS (
  SELECT resource, source_id, what, was, MIN(generation) FROM told GROUP BY 1, 2
), last AS (
  SELECT resource, source_id, what, MAX(generation) FROM told GROUP BY 1, 2
), net AS (
  SELECT f.resource, f.source_id, CASE
    WHEN l.what='gone' THEN 'gone' WHEN f.what IN ('created','back') THEN f.what
    WHEN r.sha256<>f.was THEN 'changed' END AS what
  FROM first f JOIN last l ON l.resource=f.resource AND l.source_id=f.source_id
  JOIN records r ON r.resource=f.resource AND r.source_id=f.source_id
)
"""
"""What happened to each record over several passes, taken together; NULL: nothing in the end."""


@dataclass(frozen=True, slots=True)
class News:
    """How many records of a resource passes found new, changed, gone, and there again."""

    resource: str
    created: int
    changed: int
    gone: int
    back: int


class ChangesState(FilesState):
    """Written with the pages of a pass, on behalf of `practicehub`."""

    def news(self, since: int, until: int) -> list[News]:
        """Count what the passes from `since` to `until` found, by resource, as one."""
        rows = self._all(
            f"{_NET} SELECT resource, SUM(what='created'), SUM(what='changed'), SUM(what='gone'), "
            "SUM(what='back') FROM net WHERE what IS NOT NULL GROUP BY 1 ORDER BY 1",
            since, until,
        )  # fmt: skip
        return [News(*row) for row in rows]

    def news_of(self, what: str, since: int, until: int) -> Iterator[tuple[str, str]]:
        """Stream resource and id of the records that passes found "created", "gone", ….

        Ordered by resource and id.
        """
        for row in self._rows(
            f"{_NET} SELECT n.resource, n.source_id FROM net n "
            "WHERE what=?3 ORDER BY 1, CAST(n.source_id AS INTEGER), 2", since, until, what,
        ):  # fmt: skip
            yield row[0], row[1]

    def mark_gone(self, resource: str, source_ids: Sequence[str], *, generation: int = 0) -> None:
        """Note that records no longer exist in PracticeHub; they are kept, not dropped.

        Args:
            resource: whose records.
            source_ids: which; those that are gone already stay as they are.
            generation: the pass that found it out.
        """
        with self._store.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO changes SELECT resource, ?, source_id, 'gone', sha256 "
                "FROM records WHERE resource=? AND source_id=? AND gone=0",
                [(generation, resource, source_id) for source_id in source_ids],
            )
            marked = db.executemany(
                "UPDATE records SET gone=1 WHERE resource=? AND source_id=? AND gone=0",
                [(resource, source_id) for source_id in source_ids],
            ).rowcount
            self._count_alive(resource, -marked)
            self._store.ledger.append("gone", resource, detail={"ids": list(source_ids)})

    def gone(self, resource: str) -> list[str]:
        """List the ids of records held that PracticeHub has no longer, by number."""
        rows = self._all(
            "SELECT source_id FROM records WHERE resource=? AND gone=1 ORDER BY number, source_id",
            resource,
        )
        return [row[0] for row in rows]

    def unmet(self, resource: str, generation: int, *, after: str = "", most: int) -> list[str]:
        """List some of the records that count as there and that a pass did not meet, by id."""
        rows = self._all(
            "SELECT source_id FROM records WHERE resource=? AND generation<? AND gone=0 "
            "AND source_id>? ORDER BY source_id LIMIT ?",
            resource, generation, after, most,
        )  # fmt: skip
        return [row[0] for row in rows]

    def some_met(self, resource: str, generation: int) -> str | None:
        """Give the id of a record that a pass met, or None where it met none."""
        row = self._one(
            "SELECT source_id FROM records WHERE resource=? AND generation=? AND gone=0 LIMIT 1",
            resource, generation,
        )  # fmt: skip
        return None if row is None else str(row[0])

    def count_there(self, resource: str, low: int, high: int) -> int:
        """Count the records held that are not gone, with ids from `low` to `high`, inclusive."""
        row = self._one(
            "SELECT COUNT(*) FROM records WHERE resource=? AND number BETWEEN ? AND ? AND gone=0",
            resource, max(low, FIRST), min(high, LAST),
        )  # fmt: skip
        return int(row[0]) if row else 0

    def ids_there(self, resource: str, low: int, high: int) -> set[str]:
        """Give the ids of a window of records held that are not gone."""
        rows = self._all(
            "SELECT source_id FROM records WHERE resource=? AND number BETWEEN ? AND ? AND gone=0",
            resource, max(low, FIRST), min(high, LAST),
        )  # fmt: skip
        return {row[0] for row in rows}

    def nth_there(self, resource: str, *, low: int, offset: int) -> int | None:
        """Give the id `offset` places after the first one held from `low` on, or None."""
        row = self._one(
            "SELECT number FROM records WHERE resource=? AND number>=? AND gone=0 "
            "ORDER BY number LIMIT 1 OFFSET ?",
            resource, max(low, FIRST), offset,
        )  # fmt: skip
        return int(row[0]) if row else None

    def highest_there(self, resource: str) -> int | None:
        """Give the highest id of the records held that are not gone, or None."""
        row = self._one(
            "SELECT number FROM records WHERE resource=? AND gone=0 ORDER BY number DESC LIMIT 1",
            resource,
        )
        return int(row[0]) if row else None

    def numbered(self, resource: str, *, below: int) -> bool:
        """Say whether every id held is a whole number below a limit."""
        row = self._one(
            "SELECT 1 FROM records WHERE resource=? AND gone=0 "
            "AND (source_id GLOB '*[^0-9]*' OR number>=?) LIMIT 1",
            resource, below,
        )  # fmt: skip
        return row is None

    def alive(self, resource: str) -> int:
        """Count the records held that are not gone; asks for no record."""
        row = self._one("SELECT alive FROM volumes WHERE resource=?", resource)
        return int(row[0]) if row else 0

    # passes by time ----------------------------------------------------------------------

    def begin_since(self, resource: str, *, generation: int, since: str) -> None:
        """Begin a pass that asks only for what changed from `since` on."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO walks VALUES (?,?,'walking',NULL,0,0,NULL,?,?,'',0,?,?)",
                (resource, generation, now(), now(), json.dumps({"since": since}), since),
            )
            detail: dict[str, object] = {"generation": generation, "since": since}
            self._store.ledger.append("pass by time begun", resource, detail=detail)

    def end_since(self, resource: str, *, generation: int, reported: int) -> None:
        """End such a pass; `reported`: how many records the whole list has now."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE walks SET state='done', reported=?, updated_at=? "
                "WHERE resource=? AND generation=?",
                (reported, now(), resource, generation),
            )
            self._store.ledger.append("pass by time ended", resource,
                                      detail={"generation": generation})  # fmt: skip

    def read_whole(self, resource: str, *, generation: int) -> None:
        """Let a pass that was begun by time read the whole list after all."""
        with self._store.transaction() as db:
            db.execute(
                "DELETE FROM walks WHERE resource=? AND generation=? AND pages=0",
                (resource, generation),
            )
            db.execute(
                "UPDATE walks SET since='', checked='{}' WHERE resource=? AND generation=?",
                (resource, generation),
            )
            self._store.ledger.append("pass by time given up", resource,
                                      detail={"generation": generation})  # fmt: skip

    def _count_alive(self, resource: str, change: int) -> None:
        """Keep the number of records that still exist; counting millions would take seconds."""
        self._store.db.execute(
            "INSERT INTO volumes VALUES (?,?) ON CONFLICT (resource) DO UPDATE "
            "SET alive=alive+excluded.alive",
            (resource, change),
        )
