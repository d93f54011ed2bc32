"""Phases, progress, counters, documents and artefacts of a run."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from enum import StrEnum

from workbench.state._clock import now
from workbench.state._part import Part
from workbench.state.canonical import canonical, digest


class Status(StrEnum):
    """Where a phase stands."""

    PENDING = "pending"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PhaseState:
    """A phase's last verdict; `basis` names the hashes it was reached on."""

    phase: str
    status: Status
    basis: dict[str, str]
    message: str
    at: str
    notebook: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """How far a long step is; times are seconds since the epoch, `total` None: not known."""

    step: str
    phase: str
    done: int
    total: int | None
    unit: str
    waiting_for: str
    started: float
    updated: float
    finished: bool


class JourneyState(Part):
    """The journey's own rows, written on behalf of `run` and `phases`."""

    def meta(self, key: str) -> str | None:
        """Give one fact about the run, or None."""
        row = self._one("SELECT value FROM meta WHERE key=?", key)
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Fix one fact about the run."""
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))

    # phases ------------------------------------------------------------------------------

    def phase(self, name: str) -> PhaseState:
        """Give a phase's state; one that never ran is pending."""
        row = self._one("SELECT * FROM phases WHERE phase=?", name)
        if row is None:
            return PhaseState(name, Status.PENDING, {}, "", "", None)
        return PhaseState(row[0], Status(row[1]), json.loads(row[2]), row[3], row[4], row[5])

    def set_phase(
        self,
        name: str,
        status: Status,
        *,
        message: str = "",
        basis: dict[str, str] | None = None,
    ) -> None:
        """Record a phase's verdict, and the hashes it was reached on, with a ledger row."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO phases VALUES (?,?,?,?,?,NULL) ON CONFLICT (phase) DO UPDATE SET "
                "status=excluded.status, basis=excluded.basis, message=excluded.message, "
                "at=excluded.at",
                (name, status.value, canonical(basis or {}), message, now()),
            )
            self._store.ledger.append(
                f"phase {status.value}", name, detail={"basis": dict(basis or {})}
            )

    def set_notebook(self, name: str, notebook: str) -> None:
        """Note which executed notebook tells of the phase (a path inside the run folder)."""
        with self._store.transaction() as db:
            db.execute("UPDATE phases SET notebook=? WHERE phase=?", (notebook, name))

    # progress and counters ---------------------------------------------------------------

    def progress(self) -> list[Step]:
        """List the long steps, the one touched last first."""
        rows = self._all("SELECT * FROM progress ORDER BY updated DESC")
        return [Step(*(*row[:8], bool(row[8]))) for row in rows]

    def set_progress(
        self,
        step: str,
        phase: str,
        *,
        done: int,
        total: int | None,
        unit: str,
        waiting_for: str = "",
        finished: bool = False,
    ) -> None:
        """Say how far a long step is; the first call starts its clock, `done=0` restarts it."""
        moment = time.time()
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO progress VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (step) DO UPDATE SET "
                "phase=excluded.phase, done=excluded.done, total=excluded.total, "
                "unit=excluded.unit, waiting_for=excluded.waiting_for, updated=excluded.updated, "
                "started=CASE WHEN excluded.done=0 OR progress.finished=1 "
                "THEN excluded.started ELSE progress.started END, finished=excluded.finished",
                (step, phase, done, total, unit, waiting_for, moment, moment, int(finished)),
            )

    def count(self, name: str, amount: float = 1) -> None:
        """Add to a counter (`source_requests`, `source_seconds`, `odoo_calls`)."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO counters VALUES (?,?) ON CONFLICT (name) DO UPDATE SET "
                "value = value + excluded.value",
                (name, amount),
            )

    def counter(self, name: str) -> float:
        """Read a counter; 0 where nothing was counted."""
        row = self._one("SELECT value FROM counters WHERE name=?", name)
        return float(row[0]) if row else 0.0

    # documents and artefacts ---------------------------------------------------------------

    def set_document(self, name: str, body: object) -> str:
        """Keep a JSON document (the schema plan, the sample set) and return its hash.

        A document that did not change keeps its moment and adds no ledger row.
        """
        hashed = digest(body)
        with self._store.transaction() as db:
            row = self._one("SELECT hash FROM documents WHERE name=?", name)
            if row is None or row[0] != hashed:
                db.execute(
                    "INSERT OR REPLACE INTO documents VALUES (?,?,?,?)",
                    (name, canonical(body), hashed, now()),
                )
                self._store.ledger.append("document", name, detail={"hash": hashed})
        return hashed

    def document(self, name: str) -> object | None:
        """Give a kept JSON document, or None."""
        row = self._one("SELECT body FROM documents WHERE name=?", name)
        return json.loads(row[0]) if row else None

    def document_hash(self, name: str) -> str | None:
        """Give the hash of a kept document, or None."""
        row = self._one("SELECT hash FROM documents WHERE name=?", name)
        return row[0] if row else None

    def add_artefact(self, path: str, *, kind: str, sha256: str, size: int) -> None:
        """Note a file the run produced (path inside the run folder) with its hash."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO artefacts VALUES (?,?,?,?,?)",
                (path, kind, sha256, size, now()),
            )
            self._store.ledger.append(
                "artefact", path, detail={"kind": kind, "sha256": sha256, "size": size}
            )

    def artefacts(self) -> list[tuple[str, str, str, int]]:
        """List path, kind, sha256 and size of all artefacts, by path."""
        rows = self._all("SELECT path, kind, sha256, size FROM artefacts ORDER BY path")
        return [(row[0], row[1], row[2], row[3]) for row in rows]
