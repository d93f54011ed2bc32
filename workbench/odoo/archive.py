"""Putting records into Odoo's archive, and taking them out again: nothing is deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from workbench.errors import OdooRefusedError
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import chunks
from workbench.odoo.settle import recorded, settle
from workbench.state import BeforeImage, How, Link, OperationStatus, Store

ACTIVE = "active"
"""The field by which Odoo keeps a record out of sight."""
AT_ONCE = 500
"""Records a call."""


@dataclass(slots=True)
class ArchiveReport:
    """What became of records; lists of external ids.

    `left`: somebody in Odoo had put it into the archive, or out of it, and that stands.
    `refused`: Odoo did not do it, with Odoo's kind of error; the record is as it was.
    """

    archived: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


class Archiver:
    """Brings the archive to what was decided, one model at a time.

    A record that people archived themselves, or took out of the archive again, is left alone.
    Each call is recorded before it is sent; of a record that was there before us it is kept
    that it was not archived, so that a rollback puts it back. Done twice, or after a kill, it
    asks Odoo how things are and does only what is left.

    Args:
        odoo: the client.
        store: the run's state.
        module: our external ids' module.
        phase: the phase on whose behalf.
    """

    def __init__(self, odoo: Odoo, store: Store, *, module: str, phase: str) -> None:
        self._odoo, self._store = odoo, store
        self._module, self._phase = module, phase

    def can(self, model: str) -> bool:
        """Say whether records of a model can be archived at all."""
        return ACTIVE in self._odoo.fields(model)

    def bring(self, wanted: Iterable[Link]) -> ArchiveReport:
        """Archive these records, and take out again what we archived and is not among them.

        Raises:
            DestinationError: Odoo went away; run again.
        """
        settle(self._odoo, self._store, module=self._module)
        report = ArchiveReport()
        by_model: dict[str, list[Link]] = {}
        names = set()
        for link in wanted:
            names.add(link.external_id)
            by_model.setdefault(link.model, []).append(link)
        ours = self._store.conflicts.archived()
        for model, links in by_model.items():
            if self.can(model):
                sure = {name for name, one in ours.items() if one.sure}
                todo = [one for one in links if one.external_id not in sure]
                self._change(model, todo, away=True, known=ours.keys(), report=report)
        back = self._store.destination.links_of(ours.keys() - names)
        for model in dict.fromkeys(link.model for link in back.values()):
            part = [link for link in back.values() if link.model == model]
            self._change(model, part, away=False, known=ours.keys(), report=report)
        return report

    def _change(
        self, model: str, links: list[Link], *, away: bool, known: Collection[str],
        report: ArchiveReport,
    ) -> None:  # fmt: skip
        for part in chunks(links, AT_ONCE):
            ids = [link.res_id for link in part]
            rows = self._odoo.search_read(model, [["id", "in", ids]], fields=[ACTIVE])
            active = {row["id"]: bool(row[ACTIVE]) for row in rows}
            todo = [one for one in part if active.get(one.res_id) is away]
            done = [one.external_id for one in part if active.get(one.res_id) is not away]
            # a call of ours whose answer was lost may have done it: else it was a person
            lost = [name for name in done if away and name in known]
            report.left += [name for name in done if name not in lost]
            if lost:
                self._agree(model, lost)
            if done and not away:
                self._store.conflicts.took_out(done)
            if todo:
                self._write(model, todo, away=away, report=report)

    def _agree(self, model: str, names: list[str]) -> None:
        """Write down that records are in the archive, though no answer said so."""
        with self._store.transaction():
            operation = self._store.destination.intend(self._phase, "agree", model, keys=names)
            self._store.conflicts.put_away(names, operation=operation)
            self._store.destination.close(operation, OperationStatus.DONE)

    def _write(self, model: str, links: list[Link], *, away: bool, report: ArchiveReport) -> None:
        names = [link.external_id for link in links]
        with self._store.transaction():
            operation = self._store.destination.intend(
                self._phase, "archive" if away else "restore", model, keys=names
            )
            if away:
                self._store.conflicts.put_away(names, operation=operation)
                self._store.destination.keep_before(
                    [BeforeImage(model, link.res_id, ACTIVE, value=True) for link in links
                     if link.how is How.LINKED], operation=operation,
                )  # fmt: skip
        try:
            with recorded(self._store, operation):
                self._odoo.call(
                    model, "write", ids=[link.res_id for link in links],
                    vals={ACTIVE: not away}, context=context_for(self._odoo, model),
                )  # fmt: skip
        except OdooRefusedError as error:
            if len(links) > 1:
                for link in links:
                    self._write(model, [link], away=away, report=report)
                return
            report.refused[names[0]] = error.name
            if away:
                self._store.conflicts.took_out(names)
            return
        with self._store.transaction():
            self._store.destination.close(operation, OperationStatus.DONE)
            if not away:
                self._store.conflicts.took_out(names)
        (report.archived if away else report.restored).extend(names)
