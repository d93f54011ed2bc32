"""Typed values, everything odd, and the fields that records really have."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
class RawRecord:
    """A record whose typed values are missing or old, as it came.

    `again`: it was typed before, and what was listed then may no longer be true.
    """

    source_id: str
    sha256: str
    data: dict[str, object]
    again: bool


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A record's typed values.

    Args:
        of: the raw record they stem from.
        body: field path → typed value.
        changed: the paths where the typed form is not the raw text.
        issues: everything odd about the values.
    """

    of: RawRecord
    body: dict[str, object]
    changed: Sequence[str]
    issues: Sequence[Issue]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One source field as the records have it; `profile` holds counts and shapes."""

    path: str
    resource: str
    profile: dict[str, object]


_UNTYPED = (
    "FROM records r LEFT JOIN typed t ON t.resource=r.resource AND t.source_id=r.source_id "
    "WHERE r.resource=?1 AND r.gone=0 "
    "AND (t.sha256 IS NULL OR t.sha256<>r.sha256 OR t.rules<>?2)"
)
_IF_NOBODY_SAID_SO = (
    "WHERE NOT EXISTS (SELECT 1 FROM issues held WHERE held.kind=?1 AND held.resource=?2 "
    "AND held.source_id=?3 AND instr(', '||?4||',', ', '||held.field||',')>0)"
)


class StagingState(Part):
    """Written on behalf of `staging`; issues also by the rooms that meet them."""

    # typed values ------------------------------------------------------------------------

    def untyped(
        self, resource: str, *, rules: str, after: str = "", most: int = 500
    ) -> list[RawRecord]:
        """List records that were not typed yet, or from another raw copy or by other rules.

        Args:
            resource: whose records; those that are gone from PracticeHub are left as they are.
            rules: hash of the rules that count now.
            after: give only records with an id behind this one.
            most: how many at a time.

        Returns:
            Records by id as text.
        """
        rows = self._rows(
            f"SELECT r.source_id, r.sha256, r.raw, t.sha256 IS NOT NULL {_UNTYPED} "
            "AND r.source_id>?3 ORDER BY r.source_id LIMIT ?4",
            resource, rules, after, most,
        )  # fmt: skip
        return [RawRecord(row[0], row[1], json.loads(row[2]), bool(row[3])) for row in rows]

    def count_untyped(self, resource: str, *, rules: str) -> int:
        """Count the records that `untyped` would list."""
        row = self._one(f"SELECT COUNT(*) {_UNTYPED}", resource, rules)
        return int(row[0]) if row else 0

    def set_typed(
        self, resource: str, rows: Sequence[TypedRow], *, rules: str, replacing: Collection[str]
    ) -> int:
        """Keep typed values beside raw records, and list what is odd, in one transaction.

        Args:
            resource: whose records.
            rows: the typed values.
            rules: hash of the rules they were read by.
            replacing: of records typed before, issues that name one of these rules make
                room for the new ones: what was said of an old copy is no longer true.

        Returns:
            How many issues were listed.
        """
        with self._store.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO typed VALUES (?,?,?,?,?,?,?)",
                [(resource, row.of.source_id, row.of.sha256, rules, canonical(row.body),
                  canonical(list(row.changed)), len(row.issues)) for row in rows],
            )  # fmt: skip
            stale = [row.of.source_id for row in rows if row.of.again]
            self._withdraw(db, {(resource, one): set() for one in stale}, replacing)
            return self.add_issues(issue for row in rows for issue in row.issues)

    def _withdraw(
        self,
        db: sqlite3.Connection,
        stays: Mapping[tuple[str, str], set[tuple[str, str, str]]],
        rules: Collection[str],
    ) -> None:
        """Take off the list what some rules said of records: all but kind, field and rule given."""
        # the table's own index begins with the kind, so each kind is asked for by name
        kinds = ",".join(f"'{kind.value}'" for kind in IssueKind)
        marks = ",".join("?" * len(rules))
        gone: list[tuple[int]] = []
        for (resource, source_id), now_so in stays.items():
            listed = db.execute(
                f"SELECT id, kind, field, rule FROM issues WHERE kind IN ({kinds}) "
                f"AND resource=? AND source_id=? AND rule IN ({marks})",
                (resource, source_id, *sorted(rules)),
            )
            gone += [(row[0],) for row in listed if tuple(row[1:]) not in now_so]
        if gone:
            db.executemany("DELETE FROM issues WHERE id=?", gone)
            detail: dict[str, object] = {"count": len(gone)}
            self._store.ledger.append("issues withdrawn", "staging", detail=detail)

    def typed(self, resource: str, source_id: str) -> dict[str, object] | None:
        """Give a record's typed values by field path, or None where it was not typed yet."""
        row = self._one(
            "SELECT body FROM typed WHERE resource=? AND source_id=?", resource, source_id
        )
        return dict(json.loads(row[0])) if row else None

    def changed_counts(self) -> list[tuple[str, str, int]]:
        """Count records by resource and field whose typed form is not the raw text."""
        rows = self._all(
            "SELECT t.resource, field.value, COUNT(*) FROM typed t, json_each(t.changed) field "
            "JOIN records r ON r.resource=t.resource AND r.source_id=t.source_id "
            "WHERE r.gone=0 GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [(row[0], row[1], row[2]) for row in rows]

    # issues ------------------------------------------------------------------------------

    def add_issues(self, issues: Iterable[Issue], *, beside: bool = False) -> int:
        """Add issues that are not listed yet; return how many were new.

        Args:
            issues: what was met.
            beside: leave out what another rule has listed already: an oddity of the same
                kind, of the same record and of (one of) the same fields.
        """
        listed = _IF_NOBODY_SAID_SO if beside else ""
        added = 0
        with self._store.transaction() as db:
            for issue in issues:
                added += db.execute(
                    "INSERT OR IGNORE INTO issues "
                    "(kind, resource, source_id, field, rule, outcome, phase, at) "
                    f"SELECT ?1,?2,?3,?4,?5,?6,?7,?8 {listed}",
                    (issue.kind.value, issue.resource, issue.source_id, issue.field, issue.rule,
                     issue.outcome, issue.phase, now()),
                ).rowcount  # fmt: skip
            if added:
                self._store.ledger.append("issues listed", "staging", detail={"count": added})
        return added

    def tell_issues(
        self, found: Mapping[tuple[str, str], Sequence[Issue]], *, rules: Collection[str]
    ) -> int:
        """Let the list say of records, as far as some rules go, only what is so now.

        Args:
            found: resource and source id → what was met now, by these rules or others; added
                as with `add_issues(beside=True)`.
            rules: what these listed of the records before and do not any more is taken off.

        Returns:
            How many were new.
        """
        stays = {record: {(one.kind.value, one.field, one.rule) for one in issues}
                 for record, issues in found.items()}  # fmt: skip
        with self._store.transaction() as db:
            self._withdraw(db, stays, rules)
            return self.add_issues((one for issues in found.values() for one in issues),
                                   beside=True)  # fmt: skip

    def replace_issues(
        self, resource: str, source_id: str, kinds: Collection[IssueKind], *, by: Iterable[Issue]
    ) -> None:
        """Let the list say of one record, in some kinds, only what is so now.

        What is no longer so is taken off the list; the ledger keeps that it was listed.
        """
        now_so = list(by)
        stays = {(one.kind.value, one.field, one.rule, one.outcome) for one in now_so}
        marks = ",".join("?" * len(kinds))
        with self._store.transaction() as db:
            listed = db.execute(
                "SELECT id, kind, field, rule, outcome FROM issues "
                f"WHERE kind IN ({marks}) AND resource=? AND source_id=?",
                (*(kind.value for kind in kinds), resource, source_id),
            ).fetchall()
            gone = [(row[0],) for row in listed if tuple(row[1:]) not in stays]
            if gone:
                db.executemany("DELETE FROM issues WHERE id=?", gone)
                self._store.ledger.append("issues withdrawn", "staging",
                                          detail={"count": len(gone)})  # fmt: skip
            self.add_issues(now_so)

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

    def dated_issues(self) -> Iterator[tuple[str, Issue]]:
        """Stream all issues with the time (UTC) each was listed, in the order they were met."""
        for row in self._rows(
            "SELECT at, kind, resource, source_id, field, rule, outcome, phase FROM issues "
            "ORDER BY id"
        ):
            yield row[0], Issue(IssueKind(row[1]), *row[2:])

    def issue_outcomes(self) -> list[tuple[str, str, int]]:
        """Count issues by kind and by what happens, ordered by both."""
        rows = self._all("SELECT kind, outcome, COUNT(*) FROM issues GROUP BY 1, 2 ORDER BY 1, 2")
        return [(row[0], row[1], row[2]) for row in rows]

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

    def drop_fields(self, paths: Iterable[str]) -> None:
        """Forget the profiles of source fields that turned out to be none."""
        with self._store.transaction() as db:
            db.executemany("DELETE FROM fields WHERE path=?", ((path,) for path in list(paths)))

    def fields(self, resource: str | None = None) -> list[FieldRow]:
        """List source fields, by path."""
        rows = self._all(
            "SELECT path, resource, profile FROM fields "
            "WHERE ?1 IS NULL OR resource=?1 ORDER BY path",
            resource,
        )
        return [FieldRow(row[0], row[1], json.loads(row[2])) for row in rows]
