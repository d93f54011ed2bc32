"""What was sent to Odoo: operations, links to what they made, and before-images."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
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

    def sent_of(self, external_ids: Iterable[str]) -> dict[str, str]:
        """Give the hashes of what was sent for many external ids; those without a link are out."""
        return dict(
            self._all(
                "SELECT external_id, sent FROM links WHERE removed_at IS NULL "
                "AND external_id IN (SELECT value FROM json_each(?))",
                canonical(list(external_ids)),
            )
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
            for image in images:
                db.execute(
                    "INSERT INTO before_images VALUES (?,?,?,?,?,NULL) "
                    "ON CONFLICT (model, res_id, field) DO UPDATE SET value=excluded.value, "
                    "operation_id=excluded.operation_id, restored_at=NULL "
                    "WHERE before_images.restored_at IS NOT NULL",
                    (image.model, image.res_id, image.field, canonical(image.value), operation),
                )

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


def _operation(row: tuple[Any, ...]) -> Operation:
    return Operation(*(*row[:4], json.loads(row[4]), OperationStatus(row[5]), row[6], row[7]))


def _link(row: tuple[Any, ...]) -> Link:
    return Link(*(*row[:5], How(row[5]), *row[6:]))
