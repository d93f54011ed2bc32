"""What was read from PracticeHub: walks, pages, records and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from workbench.state._clock import now
from workbench.state.files import FilesState
from workbench.state.held import (
    HeldPage,
    PageIn,
    PageKind,
    Record,
    RecordIn,
    Volume,
    Walk,
    WalkState,
)

Resolve = Callable[[dict[str, object], dict[str, object]], tuple[bool, str]]
"""Given the copy held and the one that arrived: does the new one win, and by which rule."""
_WALK = "resource, generation, state, next, pages, rows, reported, note, updated_at, found"
_RECORD = "resource, source_id, generation, page_id, position, patient_id, sha256, rows, gone, raw"
_BY_ID = "CAST(source_id AS INTEGER), source_id"


class SourceState(FilesState):
    """Pages, records and files, written on behalf of `practicehub`."""

    # walks -------------------------------------------------------------------------------

    def walk(self, resource: str, *, generation: int = 0) -> Walk | None:
        """Give a walk's cursor, or None where it has not begun."""
        row = self._one(
            f"SELECT {_WALK} FROM walks WHERE resource=? AND generation=?", resource, generation
        )
        return Walk.of(row) if row else None

    def walks(self, *, generation: int = 0) -> list[Walk]:
        """List all walks of one generation, in the order they began."""
        rows = self._all(f"SELECT {_WALK} FROM walks WHERE generation=? ORDER BY rowid", generation)
        return [Walk.of(row) for row in rows]

    def last_generation(self) -> int:
        """Give the number of the newest pass over the source; 0 is the first."""
        row = self._one("SELECT COALESCE(MAX(generation), 0) FROM walks")
        return int(row[0]) if row else 0

    def mark_absent(self, resource: str, *, generation: int = 0, note: str) -> None:
        """Note that the account does not have a resource (`note`: the status it answered)."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO walks VALUES (?,?,'absent',NULL,0,0,NULL,?,?,?,0)",
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
                "seconds, fetched_at, reported, kind) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                (page.resource, page.generation, page.number, page.request, page.sha256,
                 page.size, len(page.records), page.seconds, now(), page.reported,
                 page.kind.value),
            )  # fmt: skip
            page_id = int(cursor.lastrowid or 0)
            met = alive = 0
            for position, record in enumerate(page.records):
                newly_met, newly_alive = self._store_record(
                    page, page_id, position, record, resolve
                )
                met, alive = met + newly_met, alive + newly_alive
            state = WalkState.WALKING if page.next else WalkState.DONE
            # a window's total is that of its ids, not of the resource
            reported = None if page.kind is PageKind.WINDOW else page.reported
            db.execute(
                "INSERT INTO walks VALUES (?,?,?,?,1,?,?,?,?,'',?) "
                "ON CONFLICT (resource, generation) DO UPDATE SET state=excluded.state, "
                "next=excluded.next, pages=pages+1, rows=rows+excluded.rows, "
                "reported=COALESCE(excluded.reported, reported), updated_at=excluded.updated_at, "
                "found=found+excluded.found",
                (page.resource, page.generation, state.value, page.next, len(page.records),
                 reported, now(), now(), met),
            )  # fmt: skip
            self._count_alive(page.resource, alive)
            self._store.ledger.append(
                "page stored",
                page.resource,
                detail={"generation": page.generation, "number": page.number,
                        "rows": len(page.records), "sha256": page.sha256},
            )  # fmt: skip
        return page_id

    def _store_record(
        self, page: PageIn, page_id: int, position: int, record: RecordIn, resolve: Resolve
    ) -> tuple[bool, bool]:
        """Store one row; say whether the pass met its record first now, and whether it is back."""
        db = self._store.db
        held = db.execute(
            "SELECT sha256, raw, generation, page_id, position, gone FROM records "
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
            return True, True
        news = (held[2] < page.generation, bool(held[5]))
        if held[0] == record.sha256:
            db.execute(
                "UPDATE records SET rows=CASE generation WHEN ? THEN rows+1 ELSE 1 END, "
                "generation=?, gone=0 WHERE resource=? AND source_id=?",
                (page.generation, page.generation, *key),
            )
            return news
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
            db.execute(
                "UPDATE records SET rows=rows+1, gone=0 WHERE resource=? AND source_id=?", key
            )
        return news

    def _count_alive(self, resource: str, change: int) -> None:
        """Keep the number of records that still exist; counting millions would take seconds."""
        self._store.db.execute(
            "INSERT INTO volumes VALUES (?,?) ON CONFLICT (resource) DO UPDATE "
            "SET alive=alive+excluded.alive",
            (resource, change),
        )

    def records(self, resource: str) -> Iterator[Record]:
        """Stream a resource's distinct records that still exist, by numeric id, then text."""
        for row in self._rows(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND gone=0 ORDER BY {_BY_ID}", resource
        ):
            yield Record.of(row)

    def record(self, resource: str, source_id: str) -> Record | None:
        """Give one record, or None."""
        row = self._one(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND source_id=?", resource, source_id
        )
        return Record.of(row) if row else None

    def records_of_patient(self, resource: str, patient_id: str) -> list[Record]:
        """List what one patient has of a resource, by numeric id."""
        rows = self._all(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND patient_id=? AND gone=0 "
            f"ORDER BY {_BY_ID}",
            resource,
            patient_id,
        )
        return [Record.of(row) for row in rows]

    def seen_in(self, resource: str, generation: int) -> set[str]:
        """Give the ids that one pass met; those of earlier passes that it did not are gone."""
        rows = self._rows(
            "SELECT source_id FROM records WHERE resource=? AND generation=?", resource, generation
        )
        return {row[0] for row in rows}

    def mark_gone(self, resource: str, source_ids: Sequence[str]) -> None:
        """Note that records no longer exist in PracticeHub; they are kept, not dropped."""
        with self._store.transaction() as db:
            marked = db.executemany(
                "UPDATE records SET gone=1 WHERE resource=? AND source_id=? AND gone=0",
                [(resource, source_id) for source_id in source_ids],
            ).rowcount
            self._count_alive(resource, -marked)
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
            "SELECT w.resource, w.reported, w.rows, COALESCE(v.alive, 0), w.state FROM walks w "
            "LEFT JOIN volumes v ON v.resource=w.resource "
            "WHERE w.state<>'absent' AND w.generation=(SELECT MAX(generation) FROM walks n "
            "WHERE n.resource=w.resource AND n.state<>'absent') ORDER BY w.rowid"
        )
        return {row[0]: Volume(*(*row[:4], WalkState(row[4]))) for row in found}

    def pages(
        self, *, resource: str | None = None, generation: int | None = None
    ) -> Iterator[HeldPage]:
        """Stream pages in the order they were stored, all or of one resource or generation."""
        for row in self._rows(
            "SELECT id, resource, generation, number, request, sha256, size, rows, "
            "reported, kind FROM pages "
            "WHERE (?1 IS NULL OR resource=?1) AND (?2 IS NULL OR generation=?2) ORDER BY id",
            resource,
            generation,
        ):
            yield HeldPage.of(row)
