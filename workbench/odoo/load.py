"""The one way into Odoo: rows in, each one created, updated, left alone or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import GateError
from workbench.mapping.rows import LoadRow
from workbench.odoo._attach import Attacher, Files
from workbench.odoo._compare import CellName, Kept, Said
from workbench.odoo._create import TARGET_SECONDS, Creator
from workbench.odoo._rows import Refusal
from workbench.odoo._update import Updater
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import held
from workbench.odoo.lookups import Lookups
from workbench.odoo.settle import FENCE, links_of, recorded, settle
from workbench.odoo.values import is_sent
from workbench.state import How, Link, OperationStatus, Store

WINDOW = 2000
"""Rows looked at together; memory holds no more of them."""


@dataclass(slots=True)
class LoadReport:
    """What became of every row; lists hold external ids in the order they settled.

    `created + updated + unchanged + refused` is every row given. `updated` counts rows whose
    record was there and was written; whether that record was ours is in its link (`how`).
    `kept` lists single fields that stayed as Odoo has them, `settled` those a person was asked
    about that are now as PracticeHub wants them.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    settled: list[CellName] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Count the rows."""
        return len(self.created) + len(self.updated) + len(self.unchanged) + len(self.refused)


@dataclass(frozen=True, slots=True)
class NewLink:
    """An external id for a record that is there already (`how`: linked or merged)."""

    external_id: str
    model: str
    res_id: int
    resource: str
    source_id: str
    how: How


_NOTHING_SAID = Said()


class Loader:
    """Writes rows to Odoo in the order given; parents must come before their children.

    Nothing happens twice: a row whose link stands with the same fingerprint costs no call; a
    record that an earlier, forgotten run made is found by its external id and adopted; an
    answer that was lost is settled by asking which external ids exist.

    Args:
        odoo: the client.
        store: the run's state, where operations, links and before-images are written.
        module: our external ids' module.
        phase: the phase on whose behalf rows are written.
        lookups: resolves references; is given this store's links.
        folder: the run folder, whose `files/` holds what attachments need.
        target_seconds: how long a call should take; batch sizes are steered to it.
        said: what people decided about fields that were changed in Odoo.
    """

    def __init__(
        self,
        odoo: Odoo,
        store: Store,
        *,
        module: str,
        phase: str,
        lookups: Lookups,
        folder: Path,
        target_seconds: float = TARGET_SECONDS,
        said: Said = _NOTHING_SAID,
    ) -> None:
        self._odoo, self._store = odoo, store
        self._module, self._phase = module, phase
        self._watched = {external_id for external_id, _field in said.watched}
        lookups.records(store)
        files = Files(odoo, folder=folder)
        self._creator = Creator(
            odoo, store, module=module, phase=phase, lookups=lookups, folder=folder, files=files,
            target_seconds=target_seconds,
        )  # fmt: skip
        self._updater = Updater(
            odoo, store, phase=phase, lookups=lookups, folder=folder, files=files, said=said
        )
        self._attacher = Attacher(
            odoo, store, phase=phase, files=files, creator=self._creator, updater=self._updater
        )

    def load(
        self, rows: Iterable[LoadRow], *, on_progress: Callable[[int], None] | None = None
    ) -> LoadReport:
        """Bring Odoo to what the rows expect.

        Args:
            rows: in order of dependency; their `external_id`s are distinct.
            on_progress: told how many rows are settled, whenever some more are.

        Raises:
            GateError: a rollback of another run folder stands in the way.
            OdooUnreachableError: Odoo went away; finished rows stay finished.
            OdooOutcomeUnknownError: an answer was lost (a creation is tried again first); the
                next run settles what became of it.
            OdooRightsError: the user may not write here at all.
        """
        settle(self._odoo, self._store, module=self._module)
        report = LoadReport()

        def tell() -> None:
            if on_progress:
                on_progress(report.rows)

        for window in _windows(rows):
            new, known = self._sorted_out(window, report)
            tell()
            if known:
                done = self._updater.update(known)
                report.updated += done.updated
                report.unchanged += done.unchanged
                report.refused += done.refused
                report.kept += done.kept
                report.settled += done.settled
                tell()
            if new:
                for created, refused in self._attacher.create(new):
                    report.created += created
                    report.refused += refused
                    tell()
        return report

    def unfinished(self, rows: Iterable[LoadRow]) -> set[str]:
        """Name the rows that something is to be done about; asks Odoo nothing."""
        found: set[str] = set()
        for window in _windows(rows):
            sent = self._store.destination.sent_of([row.external_id for row in window])
            found |= {row.external_id for row in window if not self._stands(row, sent)}
        return found

    def _stands(self, row: LoadRow, sent: Mapping[str, str]) -> bool:
        """Say whether a row was sent just as it is, and nobody is asked about its record."""
        held = sent.get(row.external_id)
        return (
            held is not None
            and row.external_id not in self._watched
            and is_sent(held, row.values, row.blob)
        )

    def link(self, links: Sequence[NewLink]) -> None:
        """Give existing records an external id of ours.

        For contacts that were there before the migration (linked) and for patients that were
        merged into another (merged). The records themselves are not touched.

        Raises:
            GateError: an external id already leads to another record.
            DestinationError: Odoo refused, or went away.
        """
        settle(self._odoo, self._store, module=self._module)
        todo: list[NewLink] = []
        for link in links:
            stands = self._store.destination.link(link.external_id)
            if stands:
                _same_record(link, stands.model, stands.res_id)
            if stands is None or (stands.how, stands.resource) != (link.how, link.resource):
                todo.append(link)
        there = held(self._odoo, self._module, [link.external_id for link in todo])
        for link in todo:
            if row := there.get(link.external_id):
                _same_record(link, row.model, row.res_id)
        for model in dict.fromkeys(link.model for link in todo):
            self._link([link for link in todo if link.model == model], known=set(there))

    def _link(self, links: list[NewLink], *, known: set[str]) -> None:
        operation = self._store.destination.intend(
            self._phase, "link", links[0].model, keys=[link.external_id for link in links]
        )
        missing = [
            {"module": self._module, "name": link.external_id, "model": link.model,
             "res_id": link.res_id}
            for link in links
            if link.external_id not in known
        ]  # fmt: skip
        if missing:
            with recorded(self._store, operation):
                self._odoo.call("ir.model.data", "create", vals_list=missing)
        made = [
            Link(link.external_id, link.model, link.res_id, link.resource, link.source_id,
                 link.how, operation, "")
            for link in links
        ]  # fmt: skip
        self._store.destination.close(operation, OperationStatus.DONE, links=made)

    def _sorted_out(
        self, window: list[LoadRow], report: LoadReport
    ) -> tuple[list[LoadRow], list[tuple[LoadRow, Link]]]:
        """Part rows into new and known ones; finished ones are counted and cost nothing."""
        new: list[LoadRow] = []
        sent = self._store.destination.sent_of([row.external_id for row in window])
        changed: list[LoadRow] = []
        for row in window:
            if row.external_id not in sent:
                new.append(row)
            elif self._stands(row, sent):
                report.unchanged.append(row.external_id)
            else:
                changed.append(row)
        links = self._store.destination.links_of([row.external_id for row in changed])
        known = [(row, links[row.external_id]) for row in changed]
        adopted = self._adopt(new)
        known += [(row, adopted[row.external_id]) for row in new if row.external_id in adopted]
        return [row for row in new if row.external_id not in adopted], known

    def _adopt(self, rows: list[LoadRow]) -> dict[str, Link]:
        """Take over records that an earlier run made and this state file does not know."""
        if not rows:
            return {}
        models = {row.external_id: row.model for row in rows}
        found = held(self._odoo, self._module, list(models))
        if any(row.model == FENCE for row in found.values()):
            what = "Another run folder is being rolled back in this database, or was stopped at it."
            raise GateError(what, do="Let that rollback end (run it again), then run this again.")
        # an external id that leads elsewhere is not ours to take over: load() refuses it by name
        there = {name: row for name, row in found.items() if row.model == models[name]}
        if not there:
            return {}
        operation = self._store.destination.intend(
            self._phase, "adopt", rows[0].model, keys=sorted(there)
        )
        links = links_of(self._odoo, there.values(), operation=operation)
        self._store.destination.close(operation, OperationStatus.DONE, links=links)
        return {link.external_id: link for link in links}


def _windows(rows: Iterable[LoadRow]) -> Iterator[list[LoadRow]]:
    window: list[LoadRow] = []
    for row in rows:
        if window and (len(window) >= WINDOW or row.model != window[0].model):
            yield window
            window = []
        window.append(row)
    if window:
        yield window


def _same_record(link: NewLink, model: str, res_id: int) -> None:
    if (model, res_id) != (link.model, link.res_id):
        what = f"{link.external_id} already leads to another record in Odoo."
        raise GateError(what, do="Roll back, or decide as it was decided before.")
