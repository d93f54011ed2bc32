"""The files of records: which there are, and where their bytes lie."""

from __future__ import annotations

from workbench.state._part import Part
from workbench.state.held import FileState, HeldFile

_FILE = "resource, source_id, state, patient_id, declared, size, sha1, sha256, reason, record"
_BY_ID = "CAST(source_id AS INTEGER), source_id"


class FilesState(Part):
    """Files, written on behalf of `practicehub`."""

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
        return [HeldFile.of(row) for row in rows]

    def file(self, resource: str, source_id: str) -> HeldFile | None:
        """Give one file's row, or None."""
        row = self._one(
            f"SELECT {_FILE} FROM files WHERE resource=? AND source_id=?", resource, source_id
        )
        return HeldFile.of(row) if row else None
