"""What became of every record: its fate, and the sums over all fates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.state.comparisons import Comparisons
from workbench.state.held import FileState


class Fate(StrEnum):
    """The terms of P1: every distinct record has exactly one."""

    CREATED = "created"
    UPDATED = "updated"
    MERGED = "merged"
    EXCLUDED = "excluded"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record and why; `external_id` is empty where nothing stands in Odoo."""

    resource: str
    source_id: str
    fate: Fate
    reason: str
    external_id: str
    phase: str


_OUTCOME = "resource, source_id, outcome, reason, external_id, phase"


class ProofState(Comparisons):
    """Outcomes are written by `phases` as records settle, comparisons by `proof`."""

    def set_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """Record what became of records; one that is known is replaced. Returns how many."""
        count = 0
        by_resource: dict[str, int] = {}
        with self._store.transaction() as db:
            for outcome in outcomes:
                changed = db.execute(
                    "INSERT INTO outcomes VALUES (?,?,?,?,?,?) ON CONFLICT (resource, source_id) "
                    "DO UPDATE SET outcome=excluded.outcome, reason=excluded.reason, "
                    "external_id=excluded.external_id, phase=excluded.phase "
                    "WHERE outcome<>excluded.outcome OR reason<>excluded.reason "
                    "OR external_id<>excluded.external_id",
                    (outcome.resource, outcome.source_id, outcome.fate.value, outcome.reason,
                     outcome.external_id, outcome.phase),
                ).rowcount  # fmt: skip
                if changed:
                    by_resource[outcome.resource] = by_resource.get(outcome.resource, 0) + 1
                count += 1
            if by_resource:
                self._store.ledger.append("outcomes", "records", detail={**by_resource})
        return count

    def clear_outcomes(self) -> None:
        """Forget what became of records: after a rollback nothing stands in Odoo."""
        with self._store.transaction() as db:
            db.execute("DELETE FROM outcomes")
            self._store.ledger.append("outcomes cleared", "records")

    def outcome(self, resource: str, source_id: str) -> Outcome | None:
        """Give what became of one record, or None while it is unresolved."""
        row = self._one(
            f"SELECT {_OUTCOME} FROM outcomes WHERE resource=? AND source_id=?", resource, source_id
        )
        return _outcome(row) if row else None

    def outcomes(
        self, *, resource: str | None = None, fate: Fate | None = None
    ) -> Iterator[Outcome]:
        """Stream outcomes, all or of one resource or fate, by resource and id."""
        for row in self._rows(
            f"SELECT {_OUTCOME} FROM outcomes "
            "WHERE (?1 IS NULL OR resource=?1) AND (?2 IS NULL OR outcome=?2) "
            "ORDER BY resource, number, source_id",
            resource,
            fate.value if fate else None,
        ):
            yield _outcome(row)

    def fates(self) -> dict[str, dict[Fate, int]]:
        """Count the fates of the records that exist, resource by resource."""
        found: dict[str, dict[Fate, int]] = {}
        for resource, fate, count in self._all(
            "SELECT resource, outcome, count FROM fates "
            "WHERE count<>0 AND substr(resource, 1, 6)<>'files:'"
        ):
            found.setdefault(resource, {})[Fate(fate)] = count
        return found

    def file_fates(self) -> dict[Fate, int]:
        """Count the fates of the records that carry a file and still exist."""
        rows = self._all(
            "SELECT outcome, SUM(count) FROM fates "
            "WHERE count<>0 AND substr(resource, 1, 6)='files:' GROUP BY 1"
        )
        return {Fate(row[0]): row[1] for row in rows}

    def files(self) -> dict[FileState, int]:
        """Count the files of records that still exist, by state."""
        # few records are gone: all files are counted in an index, and theirs taken off
        rows = self._all(
            "SELECT state, SUM(count) FROM ("
            "SELECT state, COUNT(*) AS count FROM files GROUP BY state UNION ALL "
            "SELECT f.state, -COUNT(*) FROM records r CROSS JOIN files f "
            "ON f.resource=r.resource AND f.source_id=r.source_id WHERE r.gone=1 GROUP BY 1"
            ") GROUP BY 1"
        )
        return {FileState(row[0]): row[1] for row in rows if row[1]}

    def sums_hold(self) -> bool:
        """Count every record and every fate anew; say whether the sums that are kept agree.

        Takes seconds for millions of records; the sums themselves take none.
        """
        fates = self._all("SELECT resource, outcome, count FROM fates WHERE count<>0")
        counted = self._all(
            "SELECT o.resource, o.outcome, COUNT(*) FROM outcomes o JOIN records r "
            "ON r.resource=o.carrier AND r.source_id=o.source_id AND r.gone=0 GROUP BY 1, 2"
        )
        alive = self._all("SELECT resource, alive FROM volumes WHERE alive<>0")
        living = self._all("SELECT resource, COUNT(*) FROM records WHERE gone=0 GROUP BY 1")
        return set(fates) == set(counted) and set(alive) == set(living)


def _outcome(row: tuple[Any, ...]) -> Outcome:
    return Outcome(row[0], row[1], Fate(row[2]), *row[3:])
