"""Typed values, everything odd, and the fields that records really have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workbench.state._clock import now
from workbench.state._part import Part
from workbench.state.canonical import canonical, digest
from workbench.state.kinds import IssueKind


@dataclass(frozen=True, slots=True)
class Issue:
    """Something odd and what happens to it; names a record and a field, never a value."""

    kind: IssueKind
    resource: str
    source_id: str
    field: str
    rule: str
    outcome: str
    phase: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One source field as the records have it; `profile` holds counts and shapes."""

    path: str
    resource: str
    profile: dict[str, object]


class StagingState(Part):
    """Written on behalf of `staging`; issues also by the rooms that meet them."""

    def set_typed(self, resource: str, source_id: str, *, sha256: str, body: object) -> None:
        """Keep the typed values beside a raw record (`sha256`: the raw copy they stem from)."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO typed VALUES (?,?,?,?)",
                (resource, source_id, sha256, canonical(body)),
            )

    def typed(self, resource: str, source_id: str) -> object | None:
        """Give a record's typed values, or None."""
        row = self._one(
            "SELECT body FROM typed WHERE resource=? AND source_id=?", resource, source_id
        )
        return json.loads(row[0]) if row else None

    def add_issues(self, issues: Iterable[Issue]) -> int:
        """Add issues that are not listed yet; return how many were new."""
        added = 0
        with self._store.transaction() as db:
            for issue in issues:
                added += db.execute(
                    "INSERT OR IGNORE INTO issues "
                    "(kind, resource, source_id, field, rule, outcome, phase, at) "
                    "VALUES (?,?,?,?,?,?,?,?)",
                    (issue.kind.value, issue.resource, issue.source_id, issue.field, issue.rule,
                     issue.outcome, issue.phase, now()),
                ).rowcount  # fmt: skip
            if added:
                self._store.ledger.append("issues listed", "staging", detail={"count": added})
        return added

    def issues(
        self, *, kind: IssueKind | None = None, resource: str | None = None
    ) -> Iterator[Issue]:
        """Stream issues in the order they were met, all or of one kind or resource."""
        for row in self._rows(
            "SELECT kind, resource, source_id, field, rule, outcome, phase FROM issues "
            "WHERE (?1 IS NULL OR kind=?1) AND (?2 IS NULL OR resource=?2) ORDER BY id",
            kind,
            resource,
        ):
            yield Issue(IssueKind(row[0]), *row[1:])

    def issue_counts(self) -> list[tuple[str, str, str, int]]:
        """Count issues by kind, resource and field, most frequent first."""
        rows = self._all(
            "SELECT kind, resource, field, COUNT(*) FROM issues GROUP BY 1, 2, 3 ORDER BY 4 DESC"
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def set_field(self, path: str, resource: str, profile: dict[str, object]) -> None:
        """Keep the profile of one source field (`patients.address.line1`): counts, no values."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO fields VALUES (?,?,?,?,?)",
                (path, resource, canonical(profile), digest(profile), now()),
            )

    def fields(self, resource: str | None = None) -> list[FieldRow]:
        """List source fields, by path."""
        rows = self._all(
            "SELECT path, resource, profile FROM fields "
            "WHERE ?1 IS NULL OR resource=?1 ORDER BY path",
            resource,
        )
        return [FieldRow(row[0], row[1], json.loads(row[2])) for row in rows]
