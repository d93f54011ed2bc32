"""The files of records: which there are, and where their bytes lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.state._part import Part
from workbench.state.held import FileState, HeldFile, Record

_FILE = "resource, source_id, state, patient_id, declared, size, sha1, sha256, reason, record"
_RECORD = (
    "r.resource, r.source_id, r.generation, r.page_id, r.position, r.patient_id, r.sha256, "
    "r.rows, r.gone, r.raw"
)
_BY_ID = "CAST(source_id AS INTEGER), source_id"
_UNSETTLED = "(state<>'held' OR reason<>'')"
_PORTION = 500
"""Files read at a time."""


class FilesState(Part):
    """Files, written on behalf of `practicehub`."""

    def add_file(
        self,
        resource: str,
        source_id: str,
        *,
        patient_id: str | None,
        declared: int | None,
        record: str,
    ) -> None:
        """Note a file to be fetched, or one to be fetched anew because its record changed.

        A file whose record is the one noted before keeps its state. What is held of one that
        changed stays until other bytes are held, and the ledger tells that it is pending.

        Args:
            resource: the resource of the record that tells of it.
            source_id: the record's id.
            patient_id: whose it is.
            declared: its size in bytes as PracticeHub has it, less than 2**63.
            record: the record's hash.
        """
        with self._store.transaction() as db:
            changed = db.execute(
                "UPDATE files SET state='pending', patient_id=?, declared=?, reason='', record=? "
                "WHERE resource=? AND source_id=? AND record<>?",
                (patient_id, declared, record, resource, source_id, record),
            ).rowcount
            if changed:
                held = self.file(resource, source_id)
                assert held is not None  # noqa: S101 - it was updated a moment ago
                self._tell(resource, source_id, FileState.PENDING, size=held.size,
                           sha256=held.sha256, reason="its record changed")  # fmt: skip
                return
            db.execute(
                "INSERT OR IGNORE INTO files "
                "(resource, source_id, state, patient_id, declared, record) "
                "VALUES (?,?,'pending',?,?,?)",
                (resource, source_id, patient_id, declared, record),
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
            self._tell(resource, source_id, state, size=size, sha256=sha256, reason=reason)

    def _tell(
        self,
        resource: str,
        source_id: str,
        state: FileState,
        *,
        size: int | None,
        sha256: str | None,
        reason: str,
    ) -> None:
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
        return [HeldFile.of(row) for row in rows]

    def file(self, resource: str, source_id: str) -> HeldFile | None:
        """Give one file's row, or None."""
        row = self._one(
            f"SELECT {_FILE} FROM files WHERE resource=? AND source_id=?", resource, source_id
        )
        return HeldFile.of(row) if row else None

    def unsettled_files(self) -> Iterator[HeldFile]:
        """Stream the files that are not held, or held as they were before a change.

        Ordered by resource and id as text. They are read in portions, so that the caller
        may settle them meanwhile; none is given twice.
        """
        after = ("", "")
        while rows := self._all(
            f"SELECT {_FILE} FROM files WHERE (resource, source_id) > (?,?) AND {_UNSETTLED} "
            "ORDER BY resource, source_id LIMIT ?",
            *after,
            _PORTION,
        ):
            yield from map(HeldFile.of, rows)
            after = rows[-1][:2]

    def count_unsettled_files(self) -> int:
        """Count what `unsettled_files` gives."""
        row = self._one(f"SELECT COUNT(*) FROM files WHERE {_UNSETTLED}")
        return int(row[0]) if row else 0

    def file_sums(self) -> dict[FileState, tuple[int, int]]:
        """Give how many files are in each state and how many bytes of them are held."""
        rows = self._all(
            "SELECT state, COUNT(*), SUM(CASE WHEN sha256 IS NULL THEN 0 ELSE size END) "
            "FROM files GROUP BY 1"
        )
        return {FileState(row[0]): (row[1], row[2]) for row in rows}

    def records_to_note(self, resource: str) -> Iterator[Record]:
        """Stream records whose file is not noted, or which changed since it was.

        Ordered by id as text. They are read in portions, so that the caller may note files
        meanwhile.
        """
        after = ""
        while rows := self._all(
            f"SELECT {_RECORD} FROM records r LEFT JOIN files f "
            "ON f.resource=r.resource AND f.source_id=r.source_id "
            "WHERE r.resource=? AND r.source_id>? AND r.gone=0 "
            "AND (f.record IS NULL OR f.record<>r.sha256) ORDER BY r.source_id LIMIT ?",
            resource,
            after,
            _PORTION,
        ):
            yield from map(Record.of, rows)
            after = rows[-1][1]

    def files_of_one_name(self, resource: str, names: Sequence[str]) -> list[str]:
        """List the ids of files that share name and patient with another, by id as text.

        Args:
            resource: the resource of their records.
            names: the fields that may hold the name; the first one that is filled counts.
        """
        found = ",".join("NULLIF(json_extract(r.raw, ?), '')" for _ in names)
        paths = [f'$."{name}"' for name in names]
        # a record may hold what JavaScript calls a number and JSON does not
        rows = self._all(
            "WITH named AS (SELECT r.source_id, r.patient_id, "
            f"CASE WHEN json_valid(r.raw) THEN COALESCE({found}, NULL) END AS name "
            "FROM files f JOIN records r ON r.resource=f.resource AND r.source_id=f.source_id "
            "WHERE f.resource=? AND r.gone=0 AND r.patient_id IS NOT NULL) "
            "SELECT source_id FROM named JOIN (SELECT patient_id, name FROM named "
            "WHERE name IS NOT NULL GROUP BY 1, 2 HAVING COUNT(*)>1) USING (patient_id, name) "
            "ORDER BY 1",
            *paths,
            resource,
        )
        return [row[0] for row in rows]
