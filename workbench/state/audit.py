"""Questions that only `verify` asks, of its own private copy of the state file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from workbench.state._part import Part
from workbench.state.canonical import canonical, sha256
from workbench.state.held import HeldPage, PageKind, RecordIn
from workbench.state.schema import BY_PATIENT, DDL
from workbench.state.tally import add_up

_BY_ID = "resource, CAST(source_id AS INTEGER), source_id"
_FIRST_MET = (
    "SELECT resource, generation, source_id, MIN(page_id), listed, COUNT(*) AS times, "
    "SUM(listed) AS lists FROM raw.met GROUP BY resource, generation, source_id"
)
"""Of each record in each pass: whether the first page that had it was one of the list."""

_HELD_FAULTS = {
    "is in the pages and not among the records": (
        "SELECT m.resource, m.source_id FROM raw.met m LEFT JOIN records r "
        "ON r.resource=m.resource AND r.source_id=m.source_id WHERE r.source_id IS NULL "
        "ORDER BY m.page_id, m.position"
    ),
    "is in no page": (
        "SELECT resource, source_id FROM records r WHERE NOT EXISTS (SELECT 1 FROM raw.met m "
        f"WHERE m.resource=r.resource AND m.source_id=r.source_id) ORDER BY {_BY_ID}"
    ),
    "is not what its page holds": (
        "SELECT r.resource, r.source_id FROM records r LEFT JOIN raw.met m "
        "ON m.resource=r.resource AND m.source_id=r.source_id "
        "AND m.page_id=r.page_id AND m.position=r.position "
        "WHERE m.sha256 IS NOT r.sha256 OR m.patient_id IS NOT r.patient_id "
        "OR m.text IS NOT text_hash(r.raw)"
    ),
    "is not counted as the pages have it": (
        f"WITH met AS ({_FIRST_MET}) SELECT r.resource, r.source_id FROM records r "
        "LEFT JOIN (SELECT resource, source_id, MAX(generation) AS newest, listed, lists FROM met "
        "GROUP BY resource, source_id) m ON m.resource=r.resource AND m.source_id=r.source_id "
        "WHERE r.generation IS NOT m.newest OR r.rows IS NOT m.lists + 1 - m.listed"
    ),
    "came in copies that differ, and one is not listed": (
        "SELECT m.resource, m.source_id FROM raw.met m JOIN records r "
        "ON r.resource=m.resource AND r.source_id=m.source_id AND r.sha256<>m.sha256 "
        "WHERE NOT EXISTS (SELECT 1 FROM copies c WHERE c.resource=m.resource "
        "AND c.source_id=m.source_id AND c.sha256=m.sha256)"
    ),
    "is listed with a copy that no page holds": (
        "SELECT c.resource, c.source_id FROM copies c LEFT JOIN raw.met m "
        "ON m.resource=c.resource AND m.source_id=c.source_id "
        "AND m.page_id=c.page_id AND m.position=c.position "
        "WHERE m.sha256 IS NOT c.sha256 OR m.text IS NOT text_hash(c.raw)"
    ),
}
"""What may be wrong with a record beside the raw pages: each gives the records it is true of."""

_FATE_FAULTS = {
    "has a fate, and there is no such record": (
        "SELECT resource, source_id FROM outcomes o WHERE substr(resource, 1, 6)<>'files:' "
        "AND NOT EXISTS (SELECT 1 FROM records r WHERE r.resource=o.resource "
        "AND r.source_id=o.source_id)"
    ),
    "has a fate, and there is no such file": (
        "SELECT resource, source_id FROM outcomes o WHERE substr(resource, 1, 6)='files:' "
        "AND NOT EXISTS (SELECT 1 FROM files f WHERE f.resource=o.carrier "
        "AND f.source_id=o.source_id)"
    ),
    "counts as in Odoo, and no call to Odoo made it": (
        "SELECT resource, source_id FROM outcomes o WHERE outcome IN ('created','updated') "
        "AND NOT EXISTS (SELECT 1 FROM links l WHERE l.external_id=o.external_id "
        "AND l.removed_at IS NULL) AND NOT EXISTS (SELECT 1 FROM records r "
        "WHERE r.resource=o.resource AND r.source_id=o.source_id AND r.gone=1)"
    ),
    "is not in Odoo for no reason": (
        "SELECT resource, source_id FROM outcomes o WHERE outcome NOT IN ('created','updated') "
        "AND trim(reason)='' AND NOT EXISTS (SELECT 1 FROM records r "
        "WHERE r.resource=o.resource AND r.source_id=o.source_id AND r.gone=1)"
    ),
}
"""What may be wrong with a fate."""


class Pass(NamedTuple):
    """One pass over one resource: its pages, the rows of the list and its distinct records."""

    resource: str
    generation: int
    pages: int
    rows: int
    found: int


class AuditState(Part):
    """Reads everything there is; writes only a scratch file of its own."""

    def faults_of_the_file(self) -> list[str]:
        """List where the file is broken or is not made as this version makes it."""
        told = [str(row[0]) for row in self._all("PRAGMA integrity_check(1)")]
        if told != ["ok"]:
            return ["its pages do not hang together"]
        with closing(sqlite3.connect(":memory:")) as plain:
            plain.executescript(DDL)
            plain.execute(BY_PATIENT)
            wanted = set(plain.execute(_MADE))
        # the one index that is made when it is first needed may be missing
        strange = [one for one in set(self._all(_MADE)) ^ wanted if one[1] != "records_by_patient"
                   or one not in wanted]  # fmt: skip
        return [f"{one[1]} is not made as this version makes it"
                for one in sorted(strange, key=str)]  # fmt: skip

    def add_up(self) -> Iterator[tuple[str, int, str]]:
        """Add up every table anew: its name, its rows and the hash of its sum."""
        with self._store.named_errors():
            for table, rows, total in add_up(self._store.db):
                yield table, rows, sha256(total)

    def misspelt_entries(self) -> Iterator[int]:
        """Stream the numbers of ledger rows whose JSON is not spelled as it is written."""
        for seq, *texts in self._rows("SELECT seq, detail, stands FROM ledger ORDER BY seq"):
            if any(canonical(json.loads(text)) != text for text in texts):
                yield seq

    def kept_sums(self) -> dict[str, list[object]]:
        """Give the sums that are kept as tables change: table → rows and hash."""
        rows = self._all("SELECT name, count, sum FROM tallies")
        return {row[0]: [row[1], sha256(row[2])] for row in rows}

    # the raw pages, counted anew ----------------------------------------------------------

    def begin_recount(self, scratch: Path) -> None:
        """Begin to take in raw pages; `scratch` is made, and holds ids and hashes only."""
        db = self._store.db
        db.create_function("text_hash", 1, _text_hash, deterministic=True)
        db.execute("ATTACH ? AS raw", (str(scratch),))
        db.execute("PRAGMA raw.journal_mode=OFF")
        db.execute("PRAGMA raw.synchronous=OFF")
        db.execute(
            "CREATE TABLE raw.met (resource TEXT, source_id TEXT, generation INTEGER, "
            "page_id INTEGER, position INTEGER, listed INTEGER, sha256 TEXT, patient_id TEXT, "
            "text BLOB)"
        )
        db.execute("BEGIN")

    def take_in(self, page: HeldPage, records: Iterable[RecordIn]) -> None:
        """Take in one raw page, read anew."""
        listed = int(page.kind is PageKind.PAGE)
        self._store.db.executemany(
            "INSERT INTO raw.met VALUES (?,?,?,?,?,?,?,?,?)",
            [
                (page.resource, one.source_id, page.generation, page.id, position, listed,
                 one.sha256, one.patient_id, _text_hash(one.raw))
                for position, one in enumerate(records)
            ],
        )  # fmt: skip

    def end_recount(self) -> None:
        """Close what was taken in; from now on it can be asked about."""
        self._store.db.execute("COMMIT")
        self._store.db.execute(
            "CREATE INDEX raw.met_by_record ON met (resource, source_id, page_id, position)"
        )

    def recounted(self) -> int:
        """Count the distinct records of the raw pages."""
        row = self._one("SELECT COUNT(*) FROM (SELECT 1 FROM raw.met GROUP BY resource, source_id)")
        return int(row[0]) if row else 0

    def record_fault(self) -> tuple[str, str, str] | None:
        """Give the first record that is not as the raw pages have it: resource, id and how."""
        return self._first(_HELD_FAULTS)

    def passes(self) -> Iterator[Pass]:
        """Count what the raw pages hold of each pass, by resource and generation."""
        rows = self._rows(
            f"WITH met AS ({_FIRST_MET}), again AS (SELECT resource, generation, "
            "COUNT(*) AS found, SUM(1-listed) AS added FROM met GROUP BY 1, 2) "
            "SELECT p.resource, p.generation, COUNT(*), "
            "SUM(iif(p.kind='page', p.rows, 0)) + COALESCE(MAX(a.added), 0), "
            "COALESCE(MAX(a.found), 0) FROM pages p LEFT JOIN again a "
            "ON a.resource=p.resource AND a.generation=p.generation GROUP BY 1, 2"
        )
        for row in rows:
            yield Pass(*row)

    def told_passes(self) -> Iterator[Pass]:
        """List what the walks say of themselves, by resource and generation."""
        for row in self._rows(
            "SELECT resource, generation, pages, rows, found FROM walks ORDER BY 1, 2"
        ):
            yield Pass(*row)

    def gone(self) -> Iterator[tuple[str, str]]:
        """Stream resource and id of every record that counts as gone from PracticeHub."""
        for row in self._rows("SELECT resource, source_id FROM records WHERE gone=1"):
            yield row[0], row[1]

    def last_met(self, resource: str, source_id: str) -> tuple[str, int, int] | None:
        """Give resource, generation and number of the newest page that has a record."""
        return self._one(
            "SELECT p.resource, p.generation, p.number FROM raw.met m JOIN pages p "
            "ON p.id=m.page_id WHERE m.resource=? AND m.source_id=? "
            "ORDER BY m.page_id DESC LIMIT 1",
            resource, source_id,
        )  # fmt: skip

    # fates -------------------------------------------------------------------------------

    def fate_fault(self) -> tuple[str, str, str] | None:
        """Give the first fate that claims what is not so: resource, id and how."""
        return self._first(_FATE_FAULTS)

    def fates(self) -> Iterator[tuple[str, int]]:
        """Count the fates that are listed, by resource."""
        for row in self._rows("SELECT resource, COUNT(*) FROM outcomes GROUP BY 1 ORDER BY 1"):
            yield row[0], row[1]

    def _first(self, questions: dict[str, str]) -> tuple[str, str, str] | None:
        for what, sql in questions.items():
            row = self._one(f"{sql} LIMIT 1")
            if row is not None:
                return str(row[0]), str(row[1]), what
        return None


_MADE = "SELECT type, name, tbl_name, sql FROM sqlite_master"
"""All that the file holds, as SQLite itself describes it; where it lies is no matter."""


def _text_hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
