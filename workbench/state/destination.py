"""What was sent to Odoo: operations, links to what they made, and before-images."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.state._clock import now
from workbench.state._part import Part
from workbench.state.canonical import canonical


class OperationStatus(StrEnum):
    """Intended: recorded, perhaps sent. Unknown: sent, no answer came back."""

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class How(StrEnum):
    """How a record of ours is tied to a record of Odoo's."""

    CREATED = "created"
    LINKED = "linked"
    MERGED = "merged"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that changes Odoo; `keys` are the external ids (or names) it is about.

    `intended_at` is when it was recorded, just before it was sent: ISO 8601, UTC.
    """

    id: int
    phase: str
    kind: str
    model: str
    keys: list[str]
    status: OperationStatus
    note: str
    intended_at: str


@dataclass(frozen=True, slots=True)
class Link:
    """One external id and the Odoo record behind it; `sent` is the hash of what we sent."""

    external_id: str
    model: str
    res_id: int
    resource: str
    source_id: str
    how: How
    operation_id: int
    sent: str


@dataclass(frozen=True, slots=True)
class BeforeImage:
    """What a field held before our first write to it."""

    model: str
    res_id: int
    field: str
    value: object


_OPERATION = "id, phase, kind, model, keys, status, note, intended_at"
_LINK = "external_id, model, res_id, resource, source_id, how, operation_id, sent"


class DestinationState(Part):
    """Written on behalf of `odoo`."""

    def intend(self, phase: str, kind: str, model: str, *, keys: Sequence[str]) -> int:
        """Record a change before it is sent; returns the operation's id."""
        with self._store.transaction() as db:
            cursor = db.execute(
                "INSERT INTO operations (phase, kind, model, keys, count, status, intended_at) "
                "VALUES (?,?,?,?,?,'intended',?)",
                (phase, kind, model, canonical(list(keys)), len(keys), now()),
            )
            operation = int(cursor.lastrowid or 0)
            self._store.ledger.append(
                "intended", model,
                detail={"operation": operation, "kind": kind, "count": len(keys)},
            )  # fmt: skip
        return operation

    def close(
        self,
        operation: int,
        status: OperationStatus,
        *,
        links: Iterable[Link] = (),
        note: str = "",
    ) -> None:
        """Close an operation and record what it made, in one transaction."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE operations SET status=?, note=?, closed_at=? WHERE id=?",
                (status.value, note, now(), operation),
            )
            made = 0
            for link in links:
                db.execute(
                    "INSERT OR REPLACE INTO links VALUES (?,?,?,?,?,?,?,?,NULL)",
                    (link.external_id, link.model, link.res_id, link.resource, link.source_id,
                     link.how.value, link.operation_id, link.sent),
                )  # fmt: skip
                made += 1
            self._store.ledger.append(
                f"operation {status.value}", str(operation), detail={"links": made, "note": note}
            )

    def unsettled(self) -> list[Operation]:
        """List operations whose outcome is not known, oldest first."""
        rows = self._all(
            f"SELECT {_OPERATION} FROM operations WHERE status IN ('intended','unknown') "
            "ORDER BY id"
        )
        return [_operation(row) for row in rows]

    def operations(self, *, model: str | None = None) -> Iterator[Operation]:
        """Stream operations, oldest first."""
        for row in self._rows(
            f"SELECT {_OPERATION} FROM operations WHERE ?1 IS NULL OR model=?1 ORDER BY id", model
        ):
            yield _operation(row)

    def link(self, external_id: str) -> Link | None:
        """Give the Odoo record behind one external id, or None."""
        row = self._one(
            f"SELECT {_LINK} FROM links WHERE external_id=? AND removed_at IS NULL", external_id
        )
        return _link(row) if row else None

    def links_of(self, external_ids: Iterable[str]) -> dict[str, Link]:
        """Give the records behind those of many external ids that lead to one, in one question."""
        rows = self._all(
            f"SELECT {_LINK} FROM links WHERE removed_at IS NULL "
            "AND external_id IN (SELECT value FROM json_each(?))",
            canonical(list(external_ids)),
        )
        return {row[0]: _link(row) for row in rows}

    def links_of_source(self, resource: str, source_id: str) -> list[Link]:
        """List what one source record became in Odoo, by external id."""
        rows = self._all(
            f"SELECT {_LINK} FROM links WHERE resource=? AND source_id=? AND removed_at IS NULL "
            "ORDER BY external_id",
            resource, source_id,
        )  # fmt: skip
        return [_link(row) for row in rows]

    def shared(self, link: Link) -> bool:
        """Say whether a record of PracticeHub that still exists stands behind the record too."""
        row = self._one(
            "SELECT 1 FROM links l JOIN records r ON r.resource=l.resource "
            "AND r.source_id=l.source_id AND r.gone=0 WHERE l.model=? AND l.res_id=? "
            "AND l.external_id<>? AND l.removed_at IS NULL AND l.how='merged' LIMIT 1",
            link.model, link.res_id, link.external_id,
        )  # fmt: skip
        return row is not None

    def sent_of(self, external_ids: Iterable[str]) -> dict[str, str]:
        """Give the hashes of what was sent for many external ids; those without a link are out."""
        return dict(
            self._all(
                "SELECT external_id, sent FROM links WHERE removed_at IS NULL "
                "AND external_id IN (SELECT value FROM json_each(?))",
                canonical(list(external_ids)),
            )
        )

    def models(self) -> list[str]:
        """List the models of records that stand in Odoo, but for the schema's, by name."""
        rows = self._all(
            "SELECT DISTINCT model FROM links WHERE removed_at IS NULL AND how<>'schema' ORDER BY 1"
        )
        return [row[0] for row in rows]

    def count_links(self) -> int:
        """Count the records that stand in Odoo, but for the schema's."""
        row = self._one("SELECT COUNT(*) FROM links WHERE removed_at IS NULL AND how<>'schema'")
        return int(row[0]) if row else 0

    def set_sent(self, sent: Mapping[str, str]) -> None:
        """Note what records may hold, within the transaction of the operation that sends it."""
        self._store.db.executemany(
            "UPDATE links SET sent=? WHERE external_id=? AND removed_at IS NULL",
            [(marks, external_id) for external_id, marks in sent.items()],
        )

    def links(self, *, model: str | None = None, how: How | None = None) -> Iterator[Link]:
        """Stream the links that stand, in the order their operations were intended."""
        for row in self._rows(
            f"SELECT {_LINK} FROM links WHERE removed_at IS NULL AND (?1 IS NULL OR model=?1) "
            "AND (?2 IS NULL OR how=?2) ORDER BY operation_id, rowid",
            model,
            how.value if how else None,
        ):
            yield _link(row)

    def count_records(self) -> int:
        """Count the records that we made or filled and that stand: nothing of the schema."""
        row = self._one("SELECT COUNT(*) FROM links WHERE removed_at IS NULL "
                        "AND how IN ('created','linked')")  # fmt: skip
        return int(row[0]) if row else 0

    def remove_links(self, external_ids: Sequence[str]) -> None:
        """Note that records were taken out of Odoo again."""
        with self._store.transaction() as db:
            db.executemany(
                "UPDATE links SET removed_at=? WHERE external_id=?",
                [(now(), external_id) for external_id in external_ids],
            )
            self._store.ledger.append("removed", "links", detail={"count": len(external_ids)})

    def keep_before(self, images: Iterable[BeforeImage], *, operation: int) -> None:
        """Keep what fields held before we write them; the first image of a field stays."""
        with self._store.transaction() as db:
            kept = 0
            for image in images:
                kept += db.execute(
                    "INSERT INTO before_images VALUES (?,?,?,?,?,NULL) "
                    "ON CONFLICT (model, res_id, field) DO UPDATE SET value=excluded.value, "
                    "operation_id=excluded.operation_id, restored_at=NULL "
                    "WHERE before_images.restored_at IS NOT NULL",
                    (image.model, image.res_id, image.field, canonical(image.value), operation),
                ).rowcount
            if kept:
                self._store.ledger.append("kept before", str(operation), detail={"count": kept})

    def before_images(self) -> list[BeforeImage]:
        """List before-images not yet put back, by model, record and field."""
        rows = self._all(
            "SELECT model, res_id, field, value FROM before_images WHERE restored_at IS NULL "
            "ORDER BY model, res_id, field"
        )
        return [BeforeImage(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def mark_restored(self, model: str, res_id: int) -> None:
        """Note that a record's before-images were put back."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE before_images SET restored_at=? WHERE model=? AND res_id=?",
                (now(), model, res_id),
            )
            self._store.ledger.append("restored", model, detail={"id": res_id})

    def last_operation(self) -> int:
        """Give the number of the newest operation; 0 where nothing was ever sent."""
        row = self._one("SELECT max(id) FROM operations")
        return int(row[0] or 0) if row else 0

    def done_since(self, operation: int, phase: str, kind: str) -> int:
        """Count the records that a phase's operations of one kind were about, once done.

        Args:
            operation: count those that are newer than this one.
            phase: who sent them.
            kind: as `intend` was told; external ids that only pointed are not counted.
        """
        row = self._one(
            "SELECT sum(count) FROM operations WHERE id>? AND phase=? AND kind=? "
            "AND status='done' AND model<>'ir.model.data'", operation, phase, kind
        )  # fmt: skip
        return int(row[0] or 0) if row else 0

    def ever_linked(self, external_ids: Iterable[str]) -> set[str]:
        """Give those of the external ids that lead to a record of Odoo's, or once did."""
        rows = self._all(
            "SELECT external_id FROM links WHERE external_id IN (SELECT value FROM json_each(?))",
            canonical(list(external_ids)),
        )
        return {row[0] for row in rows}


def _operation(row: tuple[Any, ...]) -> Operation:
    return Operation(*(*row[:4], json.loads(row[4]), OperationStatus(row[5]), row[6], row[7]))


def _link(row: tuple[Any, ...]) -> Link:
    return Link(*(*row[:5], How(row[5]), *row[6:]))
