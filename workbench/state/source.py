"""What was read from PracticeHub: walks, pages, records and files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from workbench.state._clock import now
from workbench.state._page import Arrival, Resolve
from workbench.state.changes import FIRST, LAST, ChangesState
from workbench.state.held import (
    HeldPage,
    PageIn,
    PageKind,
    Record,
    Volume,
    Walk,
    WalkState,
)
from workbench.state.schema import BY_PATIENT

_WALK = (
    "resource, generation, state, next, pages, rows, reported, note, updated_at, found, checked, "
    "started_at, since"
)
_RECORD = "resource, source_id, generation, page_id, position, patient_id, sha256, rows, gone, raw"
_NUMBERED = "(source_id NOT GLOB '*[^0-9]*')"
_AT_ONCE = 500
"""How many records are fetched at a time."""
_PATIENTS_AT_ONCE = 500
"""How many patients are looked up at a time."""


class SourceState(ChangesState):
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
                "INSERT OR REPLACE INTO walks VALUES (?,?,'absent',NULL,0,0,NULL,?,?,?,0,'{}','')",
                (resource, generation, now(), now(), note),
            )
            self._store.ledger.append("resource absent", resource, detail={"note": note})

    def doubt(self, resource: str, *, generation: int = 0, note: str | None) -> None:
        """Note that a resource was refused and why is not known yet; None forgets it."""
        with self._store.transaction() as db:
            db.execute(
                "DELETE FROM walks WHERE resource=? AND generation=? AND pages=0",
                (resource, generation),
            )
            if note is not None:
                db.execute(
                    "INSERT INTO walks VALUES (?,?,'walking',NULL,0,0,NULL,?,?,?,0,'{}','')",
                    (resource, generation, now(), now(), note),
                )

    def set_checked(self, resource: str, checked: Mapping[str, object], *, generation: int) -> None:
        """Keep how far a pass has been compared with the reported total, or what that found."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE walks SET checked=? WHERE resource=? AND generation=?",
                (json.dumps(checked), resource, generation),
            )

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
            arrival = Arrival(db, page, page_id, resolve)
            arrival.store()
            state = WalkState.WALKING if page.next or page.under_way else WalkState.DONE
            # a window's total is that of its ids, not of the resource
            reported = None if page.kind is PageKind.WINDOW else page.reported
            db.execute(
                "INSERT INTO walks VALUES (?,?,?,?,1,?,?,?,?,'',?,'{}','') "
                "ON CONFLICT (resource, generation) DO UPDATE SET state=excluded.state, "
                "next=excluded.next, pages=pages+1, rows=rows+excluded.rows, "
                "reported=COALESCE(excluded.reported, reported), updated_at=excluded.updated_at, "
                "found=found+excluded.found",
                (page.resource, page.generation, state.value, page.next, arrival.rows, reported,
                 now(), now(), arrival.met),
            )  # fmt: skip
            self._count_alive(page.resource, arrival.alive)
            self._store.ledger.append(
                "page stored",
                page.resource,
                detail={"generation": page.generation, "number": page.number,
                        "rows": len(page.records), "sha256": page.sha256},
            )  # fmt: skip
        return page_id

    def records(self, resource: str) -> Iterator[Record]:
        """Stream a resource's distinct records that still exist, by numeric id, then text.

        They are fetched some at a time, so that nothing of the file is held up meanwhile:
        what another process commits shows from the next of them on.
        """
        last: tuple[int, str] = (FIRST, "")
        while True:
            rows = self._all(
                f"SELECT {_RECORD}, number FROM records WHERE resource=? AND gone=0 "
                "AND (number, source_id) > (?,?) ORDER BY number, source_id LIMIT ?",
                resource, *last, _AT_ONCE,
            )  # fmt: skip
            for row in rows:
                yield Record.of(row)
            if len(rows) < _AT_ONCE:
                return
            last = (rows[-1][-1], rows[-1][1])

    def sample(self, resource: str, limit: int) -> Iterator[Record]:
        """Stream at most `limit` of a resource's records, in no order: at once, however many."""
        for row in self._rows(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND gone=0 LIMIT ?", resource, limit
        ):
            yield Record.of(row)

    def holds(self, resource: str, source_id: str) -> bool:
        """Tell whether a record is held and still exists in PracticeHub."""
        row = self._one(
            "SELECT 1 FROM records WHERE resource=? AND source_id=? AND gone=0", resource, source_id
        )
        return row is not None

    def record(self, resource: str, source_id: str) -> Record | None:
        """Give one record, or None."""
        row = self._one(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND source_id=?", resource, source_id
        )
        return Record.of(row) if row else None

    def records_of_patient(self, resource: str, patient_id: str) -> list[Record]:
        """List what one patient has of a resource, by numeric id.

        The first question of all takes seconds where millions are held, and writes.
        """
        self._index_patients()
        rows = self._all(
            f"SELECT {_RECORD} FROM records WHERE resource=? AND patient_id=? AND gone=0 "
            "ORDER BY number, source_id",
            resource,
            patient_id,
        )
        return [Record.of(row) for row in rows]

    def by_patient(
        self, resource: str, *beside: str
    ) -> Iterator[tuple[str, dict[str, list[Record]]]]:
        """Stream who has records of a resource: these, and what they have of others, unordered.

        Patients come in the order of their ids as text, some at a time, so that memory holds
        what a few of them have. What is nobody's is left out.
        """
        self._index_patients()
        wanted = (resource, *beside)
        marks = ",".join("?" * len(wanted))
        last = ""
        while True:
            some = self._all(
                "SELECT DISTINCT patient_id FROM records WHERE resource=? AND patient_id>? "
                "ORDER BY patient_id LIMIT ?",
                resource, last, _PATIENTS_AT_ONCE,
            )  # fmt: skip
            for (patient,) in some:
                found: dict[str, list[Record]] = {name: [] for name in wanted}
                for row in self._rows(
                    f"SELECT {_RECORD} FROM records WHERE resource IN ({marks}) "
                    "AND patient_id=? AND gone=0",
                    *wanted, patient,
                ):  # fmt: skip
                    found[row[0]].append(Record.of(row))
                yield patient, found
            if len(some) < _PATIENTS_AT_ONCE:
                return
            last = some[-1][0]

    def _index_patients(self) -> None:
        if self._one("SELECT 1 FROM sqlite_master WHERE name='records_by_patient'") is None:
            with self._store.transaction() as db:
                db.execute(BY_PATIENT)

    def count_met(self, resource: str, generation: int, *, low: int, high: int) -> int:
        """Count the whole-number ids from `low` to `high`, inclusive, that one pass met."""
        row = self._one(
            "SELECT COUNT(*) FROM records WHERE resource=? AND number BETWEEN ? AND ? "
            f"AND generation=? AND {_NUMBERED}",
            resource, max(low, FIRST), min(high, LAST), generation,
        )  # fmt: skip
        return int(row[0]) if row else 0

    def nth_met(self, resource: str, generation: int, *, low: int, offset: int) -> int | None:
        """Give the whole-number id `offset` places after the first one from `low` on, or None."""
        row = self._one(
            "SELECT number FROM records WHERE resource=? AND number>=? AND generation=? "
            f"AND {_NUMBERED} ORDER BY number LIMIT 1 OFFSET ?",
            resource, max(low, FIRST), generation, offset,
        )  # fmt: skip
        return int(row[0]) if row else None

    def highest_met(self, resource: str, generation: int) -> int | None:
        """Give the highest whole-number id that one pass met, or None where it met none."""
        row = self._one(
            f"SELECT number FROM records WHERE resource=? AND generation=? AND {_NUMBERED} "
            "ORDER BY number DESC LIMIT 1",
            resource,
            generation,
        )
        return int(row[0]) if row else None

    def all_numbered(self, resource: str, generation: int) -> bool:
        """Say whether every id that one pass met is a whole number."""
        row = self._one(
            f"SELECT 1 FROM records WHERE resource=? AND generation=? AND NOT {_NUMBERED} LIMIT 1",
            resource,
            generation,
        )
        return row is None

    def differing_copies(self) -> list[tuple[str, str, str]]:
        """List resource, id and rule of every record that came in differing copies."""
        rows = self._all("SELECT resource, source_id, rule FROM copies ORDER BY 1, 2")
        return [(row[0], row[1], row[2]) for row in rows]

    def resources(self) -> list[str]:
        """List the resources that hold at least one record, by name."""
        rows = self._all(
            "SELECT resource FROM volumes v "
            "WHERE EXISTS (SELECT 1 FROM records r WHERE r.resource=v.resource) ORDER BY 1"
        )
        return [row[0] for row in rows]

    def volumes(self) -> dict[str, Volume]:
        """Give rows and distinct records of every resource walked, absent ones left out.

        Rows are those of the newest pass that read the whole list; what is reported, and
        whether a pass is under way, is told by the newest one of all.
        """
        newest = (
            "(SELECT MAX(generation) FROM walks n WHERE n.resource=w.resource "
            "AND n.state<>'absent'{})"
        )
        of_any, of_a_whole = newest.format(""), newest.format(" AND n.since=''")
        found = self._all(
            "SELECT w.resource, w.reported, COALESCE(l.rows, 0), COALESCE(v.alive, 0), w.state "
            "FROM walks w LEFT JOIN volumes v ON v.resource=w.resource "
            f"LEFT JOIN walks l ON l.resource=w.resource AND l.generation={of_a_whole} "
            f"WHERE w.state<>'absent' AND w.generation={of_any} ORDER BY w.rowid"
        )
        return {row[0]: Volume(*(*row[:4], WalkState(row[4]))) for row in found}

    def last_pass(self, resource: str, *, before: int, whole: bool = False) -> Walk | None:
        """Give the newest finished pass before a generation, or None; `whole`: over all of it."""
        row = self._one(
            f"SELECT {_WALK} FROM walks WHERE resource=?1 AND generation<?2 AND state='done' "
            "AND (?3=0 OR since='') ORDER BY generation DESC LIMIT 1",
            resource, before, int(whole),
        )  # fmt: skip
        return Walk.of(row) if row else None

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
