"""What the proof lists record by record: streams of ids and reasons, never a value.

Lists may be as long as the clinic has records, so none is held: each is read as it is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workbench.state._part import Part
from workbench.state.kinds import IssueKind
from workbench.state.proofs import Fate, Outcome
from workbench.state.staging import Issue

_OUTCOME = "o.resource, o.source_id, o.outcome, o.reason, o.external_id, o.phase"
_OF_RECORD = "r.resource=o.carrier AND r.source_id=o.source_id"
_NOWHERE = (IssueKind.ORPHAN, IssueKind.REFERENCE_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Relation:
    """One kind of relation: how many there are in PracticeHub, and what stands in Odoo.

    Args:
        name: the source field, "appointments.practitioner_id", or a field of Odoo's.
        leads_to: what it leads to, "practitioners".
        expected: how many records name something there.
        linked: a reference in Odoo leads to the right record, as read back.
        told: Odoo has no record for it, and the text that says it is there, as read back.
        orphan: PracticeHub itself does not have what it names; each is listed.
        left_out: its record is excluded or rejected, or a person decided otherwise; listed.
        missing: none of these.
    """

    name: str
    leads_to: str
    expected: int
    linked: int = 0
    told: int = 0
    orphan: int = 0
    left_out: int = 0
    missing: int = 0

    @property
    def present(self) -> int:
        """How many stand in Odoo."""
        return self.linked + self.told


@dataclass(frozen=True, slots=True)
class Gap:
    """A relation that is missing in Odoo: of which record, in which field, and why."""

    name: str
    source_id: str
    external_id: str
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that PracticeHub does not have any more; `fate` None: it never had one."""

    resource: str
    source_id: str
    fate: Fate | None
    external_id: str


class ListState(Part):
    """Relations are written by `phases` as they are proven; the lists are read from all parts."""

    def forget_relations(self) -> None:
        """Forget the relations: they are about to be compared anew, and until then unknown."""
        with self._store.transaction() as db:
            db.execute("DELETE FROM relations")
            db.execute("DELETE FROM relation_gaps")

    def add_gaps(self, gaps: Iterable[Gap]) -> None:
        """List relations that are missing."""
        with self._store.transaction() as db:
            db.executemany(
                "INSERT INTO relation_gaps VALUES (?,?,?,?,?)",
                ((one.name, one.source_id, one.external_id, one.field, one.why) for one in gaps),
            )

    def set_relations(self, relations: Iterable[Relation]) -> None:
        """Say how the relations compared, now that all of them are."""
        with self._store.transaction() as db:
            missing = expected = 0
            for place, one in enumerate(relations):
                db.execute(
                    "INSERT INTO relations VALUES (?,?,?,?,?,?,?,?,?)",
                    (one.name, one.leads_to, place, one.expected, one.linked, one.told,
                     one.orphan, one.left_out, one.missing),
                )  # fmt: skip
                expected, missing = expected + one.expected, missing + one.missing
            self._store.ledger.append(
                "relations compared", "all", detail={"expected": expected, "missing": missing}
            )

    def relations(self) -> list[Relation]:
        """List the kinds of relations as last compared, in the order they were given."""
        rows = self._all(
            "SELECT name, leads_to, expected, linked, told, orphan, left_out, missing "
            "FROM relations ORDER BY place"
        )
        return [Relation(*row) for row in rows]

    def missing_relations(self) -> int:
        """Count the relations that are missing; one that two lines tell of counts once."""
        row = self._one(
            "SELECT COUNT(*) FROM (SELECT DISTINCT source_id, external_id, field, "
            "iif(external_id='', name, '') FROM relation_gaps)"
        )
        return int(row[0]) if row else 0

    def gaps(self) -> Iterator[Gap]:
        """Stream the relations that are missing, in the order they were met."""
        for row in self._rows(
            "SELECT name, source_id, external_id, field, why FROM relation_gaps ORDER BY rowid"
        ):
            yield Gap(*row)

    def fates(self, fate: Fate | None = None) -> Iterator[tuple[Outcome, bool]]:
        """Stream what became of records, of one fate or all, by resource and id.

        Yields:
            The outcome, and whether PracticeHub still has the record; only then it counts.
        """
        for row in self._rows(
            f"SELECT {_OUTCOME}, r.gone FROM outcomes o JOIN records r ON {_OF_RECORD} "
            "WHERE (?1 IS NULL OR o.outcome=?1) ORDER BY o.resource, o.number, o.source_id",
            fate.value if fate else None,
        ):
            yield Outcome(row[0], row[1], Fate(row[2]), *row[3:6]), not row[6]

    def gone(self) -> Iterator[Gone]:
        """Stream the records that are gone from PracticeHub, by resource and id."""
        for row in self._rows(
            "SELECT r.resource, r.source_id, o.outcome, COALESCE(o.external_id, '') "
            "FROM records r LEFT JOIN outcomes o ON o.resource=r.resource "
            "AND o.source_id=r.source_id WHERE r.gone=1 ORDER BY 1, r.number, 2"
        ):
            yield Gone(row[0], row[1], Fate(row[2]) if row[2] else None, row[3])

    def nowhere(self) -> Iterator[Issue]:
        """Stream the relations that lead nowhere in PracticeHub itself, by resource and id."""
        for row in self._rows(
            "SELECT kind, resource, source_id, field, rule, outcome, phase FROM issues "
            "WHERE kind IN (?,?) ORDER BY resource, CAST(source_id AS INTEGER), source_id, field",
            *(kind.value for kind in _NOWHERE),
        ):
            yield Issue(IssueKind(row[0]), *row[1:])

    def leads_nowhere(self, resource: str, source_id: str, field: str) -> bool:
        """Tell whether it is listed that a record's field names what PracticeHub does not have.

        A list that the account does not give at all is told once for the field: of no record.
        """
        row = self._one(
            "SELECT 1 FROM issues WHERE kind IN (?,?) AND resource=? AND source_id=? AND field=? "
            "LIMIT 1",
            *(kind.value for kind in _NOWHERE), resource, source_id, field,
        )  # fmt: skip
        return row is not None

    def refused(self) -> Iterator[Issue]:
        """Stream what Odoo refused and has not taken since, by resource and id."""
        for row in self._rows(
            "SELECT kind, resource, source_id, field, rule, outcome, phase FROM issues "
            "WHERE kind=? ORDER BY resource, CAST(source_id AS INTEGER), source_id, field",
            IssueKind.REFUSED_BY_ODOO.value,
        ):
            yield Issue(IssueKind(row[0]), *row[1:])

    def held(self) -> str:
        """Hash what stands in Odoo and what was read: a proof of something else is old.

        Seconds for millions of records.
        """
        found = hashlib.sha256()
        for query in (
            "SELECT external_id, sent FROM links WHERE removed_at IS NULL ORDER BY 1",
            "SELECT resource, source_id, outcome FROM outcomes ORDER BY resource, source_id",
            "SELECT resource, source_id, sha256||gone FROM records ORDER BY resource, source_id",
        ):
            for row in self._rows(query):
                found.update("\0".join((*row, "\n")).encode("utf-8", "surrogatepass"))
            found.update(b"\f")
        return found.hexdigest()
