"""Fields that people changed in Odoo and that are asked about; records put into the archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as hidden

from workbench.state._clock import now
from workbench.state._part import Part


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field of one record: hashes of what PracticeHub wants there and of what Odoo holds.

    `wanted` and `held` are these values as text, for whoever decides; they stay in the run.
    """

    external_id: str
    field: str
    ours: str
    theirs: str
    wanted: str = hidden(default="", repr=False)
    held: str = hidden(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Archived:
    """A record of Odoo's that we put into the archive.

    `sure`: Odoo said that it did; else the call may never have arrived.
    """

    external_id: str
    model: str
    res_id: int
    sure: bool


class ConflictState(Part):
    """Written on behalf of `odoo`: what stands between us and what people did there."""

    def keep(self, found: Iterable[Conflict]) -> None:
        """Keep fields that are asked about; one that is kept already gets the newer hashes."""
        with self._store.transaction() as db:
            db.executemany(
                "INSERT INTO conflicts VALUES (?,?,?,?,?,?,?) ON CONFLICT (external_id, field) "
                "DO UPDATE SET ours=excluded.ours, theirs=excluded.theirs, "
                "wanted=excluded.wanted, held=excluded.held "
                "WHERE (ours, theirs)<>(excluded.ours, excluded.theirs)",
                [
                    (one.external_id, one.field, one.ours, one.theirs, one.wanted, one.held, now())
                    for one in found
                ],
            )

    def drop(self, cells: Iterable[tuple[str, str]]) -> None:
        """Forget fields that there is nothing to ask about any more."""
        with self._store.transaction() as db:
            db.executemany("DELETE FROM conflicts WHERE external_id=? AND field=?", list(cells))

    def all(self) -> list[Conflict]:
        """List the fields asked about, by record and field."""
        rows = self._all(
            "SELECT external_id, field, ours, theirs, wanted, held FROM conflicts ORDER BY 1, 2"
        )
        return [Conflict(*row) for row in rows]

    def put_away(self, external_ids: Sequence[str], *, operation: int) -> None:
        """Note that records go into the archive, within the transaction that intends it."""
        self._store.db.executemany(
            "INSERT OR REPLACE INTO archived VALUES (?,?)",
            [(external_id, operation) for external_id in external_ids],
        )

    def took_out(self, external_ids: Iterable[str]) -> None:
        """Note that records are not in the archive by our doing any more."""
        with self._store.transaction() as db:
            db.executemany(
                "DELETE FROM archived WHERE external_id=?", [(one,) for one in external_ids]
            )

    def archived(self) -> dict[str, Archived]:
        """Give the records that we put into the archive, by external id."""
        rows = self._all(
            "SELECT a.external_id, l.model, l.res_id, o.status FROM archived a "
            "JOIN links l ON l.external_id=a.external_id AND l.removed_at IS NULL "
            "JOIN operations o ON o.id=a.operation_id ORDER BY a.external_id"
        )
        return {row[0]: Archived(row[0], row[1], row[2], row[3] == "done") for row in rows}
