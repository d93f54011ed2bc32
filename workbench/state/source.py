"""What was read from PracticeHub: walks, pages, records and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.state._clock import now
from workbench.state._part import Part


class WalkState(StrEnum):
    """Where a walk over one resource stands; absent: the account does not have it."""

    WALKING = "walking"
    DONE = "done"
    ABSENT = "absent"


class FileState(StrEnum):
    """Where a file stands: asked for, on disk, not to be had, or not wanted."""

    PENDING = "pending"
    HELD = "held"
    MISSING = "missing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Walk:
    """One pass over a resource; `next`: the request to come, `updated_at`: the last answer."""

    resource: str
    generation: int
    state: WalkState
    next: str | None
    pages: int
    rows: int
    reported: int | None
    note: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class RecordIn:
    """One row of a page, as it arrived. `raw` is its JSON text."""

    source_id: str
    patient_id: str | None
    sha256: str
    raw: str


@dataclass(frozen=True, slots=True)
class PageIn:
    """One answered page and the cursor behind it.

    `request` and `next` are path and query, without scheme, host or key. `seconds` is
    the time PracticeHub took to answer.
    """

    resource: str
    generation: int
    number: int
    request: str
    sha256: str
    size: int
    seconds: float
    reported: int | None
    next: str | None
    records: Sequence[RecordIn]


@dataclass(frozen=True, slots=True)
class Record:
    """One record held; `rows` counts how often PracticeHub sent it."""

    resource: str
    source_id: str
    generation: int
    page_id: int
    position: int
    patient_id: str | None
    sha256: str
    rows: int
    gone: bool
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A stored page: where its body lies (by hash) and what it was the answer to."""

    id: int
    resource: str
    generation: int
    number: int
    request: str
    sha256: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of a record: declared and real size in bytes, and where its bytes lie."""

    resource: str
    source_id: str
    state: FileState
    patient_id: str | None
    declared: int | None
    size: int | None
    sha1: str | None
    sha256: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Volume:
    """How much of one resource is held."""

    resource: str
    reported: int | None
    rows: int
    distinct: int
    state: WalkState


Resolve = Callable[[dict[str, object], dict[str, object]], tuple[bool, str]]
"""Given the copy held and the one that arrived: does the new one win, and by which rule."""


_WALK = "resource, generation, state, next, pages, rows, reported, note, updated_at"
_RECORD = "resource, source_id, generation, page_id, position, patient_id, sha256, rows, gone, raw"
_FILE = "resource, source_id, state, patient_id, declared, size, sha1, sha256, reason"
_BY_ID = "CAST(source_id AS INTEGER), source_id"


class SourceState(Part):
    """Pages, records and files, written on behalf of `practicehub`."""

    # walks -------------------------------------------------------------------------------

    def walk(self, resource: str, *, generation: int = 0) -> Walk | None:
        """Give a walk's cursor, or None where it has not begun."""
        row = self._one(
            f"SELECT {_WALK} FROM walks WHERE resource=? AND generation=?", resource, generation
        )
        return _walk(row) if row else None

    def walks(self, *, generation: int = 0) -> list[Walk]:
        """List all walks of one generation, in the order they began."""
        rows = self._all(f"SELECT {_WALK} FROM walks WHERE generation=? ORDER BY rowid", generation)
        return [_walk(row) for row in rows]

    def last_generation(self) -> int:
        """Give the number of the newest pass over the source; 0 is the first."""
        row = self._one("SELECT COALESCE(MAX(generation), 0) FROM walks")
        return int(row[0]) if row else 0

    def mark_absent(self, resource: str, *, generation: int = 0, note: str) -> None:
        """Note that the account does not have a resource (`note`: the status it answered)."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO walks VALUES (?,?,'absent',NULL,0,0,NULL,?,?,?)",
                (resource, generation, now(), now(), note),
            )
            self._store.ledger.append("resource absent", resource, detail={"note": note})

    # pages and records -------------------------------------------------------------------

    def store_page(self, page: PageIn, *, resolve: Resolve) -> int:
        """Commit a page, its records and the cursor behind it in one transaction.

        A record that comes again unchanged is counted, not stored. One that comes again
        different is kept both ways; `resolve` says which one counts. In a later
        generation a changed record replaces the older one. Storing the same page number
        again is refused by the table, so a page is never counted twice.

        Returns:
            The page's id.
        """
        with self._store.transaction() as db:
            cursor = db.execute(
                "INSERT INTO pages (resource, generation, number, request, sha256, size, rows, "
                "seconds, fetched_at) VALUES (?,?,?,?,?,?,?,?,?)",
                (page.resource, page.generation, page.number, page.request, page.sha256,
                 page.size, len(page.records), page.seconds, now()),
            )  # fmt: skip
            page_id = int(cursor.lastrowid or 0)
            for position, record in enumerate(page.records):
                self._store_record(page, page_id, position, record, resolve)
            state = WalkState.WALKING if page.next else WalkState.DONE
            db.execute(
                "INSERT INTO walks VALUES (?,?,?,?,1,?,?,?,?,'') "
                "ON CONFLICT (resource, generation) DO UPDATE SET state=excluded.state, "
                "next=excluded.next, pages=pages+1, rows=rows+excluded.rows, "
                "reported=COALESCE(excluded.reported, reported), updated_at=excluded.updated_at",
                (page.resource, page.generation, state.value, page.next, len(page.records),
                 page.reported, now(), now()),
            )  # fmt: skip
            self._store.ledger.append(
                "page stored",
                page.resource,
                detail={"generation": page.generation, "number": page.number,
                        "rows": len(page.records), "sha256": page.sha256},
            )  # fmt: skip
        return page_id

    def _store_record(
        self, page: PageIn, page_id: int, position: int, record: RecordIn, resolve: Resolve
    ) -> None:
        db = self._store.db
        held = db.execute(
            "SELECT sha256, raw, generation, page_id, position FROM records "
            "WHERE resource=? AND source_id=?",
            (page.resource, record.source_id),
        ).fetchone()
        key = (page.resource, record.source_id)
        if held is None:
            db.execute(
                "INSERT INTO records VALUES (?,?,?,?,?,?,?,?,1,0)",
                (*key, page.generation, page_id, position, record.patient_id, record.sha256,
                 record.raw),
            )  # fmt: skip
            return
        if held[0] == record.sha256:
            db.execute(
                "UPDATE records SET rows=CASE generation WHEN ? THEN rows+1 ELSE 1 END, "
                "generation=?, gone=0 WHERE resource=? AND source_id=?",
                (page.generation, page.generation, *key),
            )
            return
        if page.generation > held[2]:
            wins, rule = True, "the newer pass counts"
        else:
            wins, rule = resolve(json.loads(held[1]), json.loads(record.raw))
        loser = held if wins else (record.sha256, record.raw, 0, page_id, position)
        db.execute(
            "INSERT OR IGNORE INTO copies VALUES (?,?,?,?,?,?,?)",
            (*key, loser[0], loser[3], loser[4], loser[1], rule),
        )
        if wins:
            db.execute(
                "UPDATE records SET rows=CASE generation WHEN ? THEN rows+1 ELSE 1 END, "
                "generation=?, page_id=?, position=?, patient_id=?, sha256=?, raw=?, gone=0 "
                "WHERE resource=? AND source_id=?",
                (page.generation, page.generation, page_id, position, record.patient_id,
                 record.sha256, record.raw, *key),
            )  # fmt: skip
        else:
            db.execute("UPDATE records SET rows=rows+1 WHERE resource=? AND source_id=?", key)

    def records(self, resource: str) -> Iterator[Record]:
        """Stream a resource's distinct records that still exist, by numeric id, then text."""
        for row in self._rows(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND gone=0 ORDER BY {_BY_ID}", resource
        ):
            yield _record(row)

    def record(self, resource: str, source_id: str) -> Record | None:
        """Give one record, or None."""
        row = self._one(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND source_id=?", resource, source_id
        )
        return _record(row) if row else None

    def records_of_patient(self, resource: str, patient_id: str) -> list[Record]:
        """List what one patient has of a resource, by numeric id."""
        rows = self._all(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND patient_id=? AND gone=0 "
            f"ORDER BY {_BY_ID}",
            resource,
            patient_id,
        )
        return [_record(row) for row in rows]

    def seen_in(self, resource: str, generation: int) -> set[str]:
        """Give the ids that one pass met; those of earlier passes that it did not are gone."""
        rows = self._rows(
            "SELECT source_id FROM records WHERE resource=? AND generation=?", resource, generation
        )
        return {row[0] for row in rows}

    def distinct_in(self, resource: str, generation: int) -> int:
        """Count the records that one pass met."""
        row = self._one(
            "SELECT COUNT(*) FROM records WHERE resource=? AND generation=?", resource, generation
        )
        return int(row[0]) if row else 0

    def mark_gone(self, resource: str, source_ids: Sequence[str]) -> None:
        """Note that records no longer exist in PracticeHub; they are kept, not dropped."""
        with self._store.transaction() as db:
            db.executemany(
                "UPDATE records SET gone=1 WHERE resource=? AND source_id=?",
                [(resource, source_id) for source_id in source_ids],
            )
            self._store.ledger.append("gone", resource, detail={"ids": list(source_ids)})

    def differing_copies(self) -> list[tuple[str, str, str]]:
        """List resource, id and rule of every record that came in differing copies."""
        rows = self._all("SELECT resource, source_id, rule FROM copies ORDER BY 1, 2")
        return [(row[0], row[1], row[2]) for row in rows]

    def resources(self) -> list[str]:
        """List the resources that hold at least one record, by name."""
        return [row[0] for row in self._all("SELECT DISTINCT resource FROM records ORDER BY 1")]

    def volumes(self) -> dict[str, Volume]:
        """Give rows and distinct records of every resource walked, absent ones left out."""
        found = self._all(
            "SELECT w.resource, w.reported, w.rows, "
            "(SELECT COUNT(*) FROM records r WHERE r.resource=w.resource AND r.gone=0), w.state "
            "FROM walks w WHERE w.state<>'absent' AND w.generation=(SELECT MAX(generation) "
            "FROM walks v WHERE v.resource=w.resource AND v.state<>'absent') ORDER BY w.rowid"
        )
        return {row[0]: Volume(*(*row[:4], WalkState(row[4]))) for row in found}

    def pages(
        self, *, resource: str | None = None, generation: int | None = None
    ) -> Iterator[HeldPage]:
        """Stream pages in the order they were stored, all or of one resource or generation."""
        for row in self._rows(
            "SELECT id, resource, generation, number, request, sha256, size, rows FROM pages "
            "WHERE (?1 IS NULL OR resource=?1) AND (?2 IS NULL OR generation=?2) ORDER BY id",
            resource,
            generation,
        ):
            yield HeldPage(*row)

    # files -------------------------------------------------------------------------------

    def add_file(
        self, resource: str, source_id: str, *, patient_id: str | None, declared: int | None
    ) -> None:
        """Note a file to be fetched; one that is known already keeps its state."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO files (resource, source_id, state, patient_id, declared) "
                "VALUES (?,?,'pending',?,?)",
                (resource, source_id, patient_id, declared),
            )

    def close_file(
        self,
        resource: str,
        source_id: str,
        state: FileState,
        *,
        size: int | None = None,
        sha1: str | None = None,
        sha256: str | None = None,
        reason: str = "",
    ) -> None:
        """Record what became of a file, with a ledger row; its bytes are on disk before."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE files SET state=?, size=?, sha1=?, sha256=?, reason=? "
                "WHERE resource=? AND source_id=?",
                (state.value, size, sha1, sha256, reason, resource, source_id),
            )
            self._store.ledger.append(
                f"file {state.value}",
                f"{resource}_{source_id}",
                detail={"size": size, "sha256": sha256, "reason": reason},
            )

    def files(self, state: FileState | None = None) -> list[HeldFile]:
        """List files, all or those in one state, by resource and numeric id."""
        rows = self._all(
            f"SELECT {_FILE} FROM files WHERE ?1 IS NULL OR state=?1 ORDER BY resource, {_BY_ID}",
            state.value if state else None,
        )
        return [_file(row) for row in rows]

    def file(self, resource: str, source_id: str) -> HeldFile | None:
        """Give one file's row, or None."""
        row = self._one(
            f"SELECT {_FILE} FROM files WHERE resource=? AND source_id=?", resource, source_id
        )
        return _file(row) if row else None


def _walk(row: tuple[Any, ...]) -> Walk:
    return Walk(row[0], row[1], WalkState(row[2]), *row[3:])


def _record(row: tuple[Any, ...]) -> Record:
    return Record(*(*row[:8], bool(row[8]), json.loads(row[9])))


def _file(row: tuple[Any, ...]) -> HeldFile:
    return HeldFile(row[0], row[1], FileState(row[2]), *row[3:])
