"""Rows whose record is in Odoo already: read what is there, write only what must differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.errors import OdooRefusedError
from workbench.mapping.rows import LoadRow
from workbench.odoo import _rows
from workbench.odoo._attach import Files
from workbench.odoo._body import FileBytes
from workbench.odoo._compare import CellName, Change, Comparer, Kept, Said
from workbench.odoo._rows import Refusal
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import chunks
from workbench.odoo.lookups import Lookups
from workbench.odoo.settle import recorded
from workbench.odoo.values import for_write, spelled
from workbench.state import Link, OperationStatus, Store, canonical

AT_ONCE = 500
"""Records that are changed in one call."""
_ONE_BY_ONE = frozenset({"one2many", "many2one_reference", "binary"})
"""Field types that only `write()` is given."""


@dataclass(slots=True)
class Updated:
    """What became of rows whose record was there; lists of external ids.

    `settled`: fields asked about that are now as PracticeHub wants them.
    """

    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    settled: list[CellName] = field(default_factory=list)


class Updater:
    """Brings existing records to what is expected, without overwriting people's work.

    A record we made: a field is written where the source changed it since we last sent it.
    What a person changed in Odoo stays until somebody decides otherwise; where the source
    changed the same field, that is asked (`Kept` with both hashes). A contact that was there
    before us (linked): only empty fields are filled and tags added, unless its row says
    `overwrite`; each field's value before our first write is kept, so that rollback can put it
    back. Records that need the same fields share a call, whatever their values are.
    """

    def __init__(
        self,
        odoo: Odoo,
        store: Store,
        *,
        phase: str,
        lookups: Lookups,
        folder: Path,
        files: Files,
        said: Said,
    ) -> None:
        self._odoo, self._store, self._phase = odoo, store, phase
        self._lookups, self._folder = lookups, folder
        self._files, self._said = files, said

    def update(self, pairs: Sequence[tuple[LoadRow, Link]]) -> Updated:
        """Compare rows of one model with their records, and write what differs.

        Raises:
            DestinationError: Odoo went away; what was recorded as sent is settled next time.
        """
        result = Updated()
        model = pairs[0][0].model
        fields = self._odoo.fields(model)
        comparer = Comparer(fields, self._lookups, self._folder, self._said)
        names = comparer.names([row for row, _ in pairs])
        current = self._read(model, [link.res_id for _, link in pairs], names)
        self._lookups.prepare(comparer.changed(row, link) for row, link in pairs)
        changes: list[Change] = []
        for row, link in pairs:
            fault = _rows.check(comparer.changed(row, link), fields, self._lookups)
            if link.res_id not in current:
                why = "its record was deleted in Odoo since it was loaded"
                result.refused.append(_rows.refuse(row, "", why))
            elif fault:
                result.refused.append(replace(fault, stands=True))
            else:
                change, kept = comparer.change(row, link, current[link.res_id])
                changes.append(change)
                result.kept += kept
        self._write_all(model, changes, result)
        return result

    def _read(self, model: str, ids: Iterable[int], names: list[str]) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for part in chunks(dict.fromkeys(ids), 1000):
            rows = self._odoo.by_id(model, part, fields=names)
            found |= {row["id"]: row for row in rows}
        return found

    def _write_all(self, model: str, changes: list[Change], result: Updated) -> None:
        done = [change for change in changes if not (change.write or change.content)]
        if done:
            self._note(model, done)
            result.unchanged += [change.row.external_id for change in done]
            result.settled += [cell for change in done for cell in change.settled]
        alike: dict[tuple[str, ...], list[Change]] = {}
        single: dict[str, list[Change]] = {}
        for change in changes:
            if change.write or change.content:
                if self._in_a_table(model, change):
                    alike.setdefault(tuple(sorted(change.write)), []).append(change)
                else:
                    single.setdefault(_spelled(_vals(model, change, self._odoo)), []).append(change)
        for group in alike.values():
            for part in chunks(group, AT_ONCE):
                self._write_table(model, part, result)
        for group in single.values():
            self._write(model, group, result)

    def _in_a_table(self, model: str, change: Change) -> bool:
        fields = self._odoo.fields(model)
        return not change.content and not any(
            str(fields[name]["type"]) in _ONE_BY_ONE for name in change.write
        )

    def _note(self, model: str, changes: list[Change]) -> None:
        """Write down that records are as expected, where the links do not say so yet."""
        stale = [change for change in changes if change.sent != change.link.sent]
        if stale:
            keys = [change.row.external_id for change in stale]
            operation = self._store.destination.intend(self._phase, "agree", model, keys=keys)
            self._store.destination.close(
                operation, OperationStatus.DONE, links=[_link(change) for change in stale]
            )

    def _write_table(self, model: str, group: list[Change], result: Updated) -> None:
        """Change the same fields of records in one call, each to values of its own."""
        if len({_spelled(_vals(model, change, self._odoo)) for change in group}) == 1:
            self._write(model, group, result)
            return
        fields = self._odoo.fields(model)
        names = sorted(group[0].write)
        kinds = [str(fields[name]["type"]) for name in names]
        # by the record's own number: an external id that somebody removed would make a new one
        relations = {"many2one", "many2many"}
        columns = [".id", *(f"{name}/.id" if kind in relations else name
                            for name, kind in zip(names, kinds, strict=True))]  # fmt: skip
        table = [
            [str(change.link.res_id),
             *(spelled(change.write[name], kind=kind)
               for name, kind in zip(names, kinds, strict=True))]
            for change in group
        ]  # fmt: skip
        operation = self._intend(model, group)
        try:
            with recorded(self._store, operation):
                answer = self._odoo.call(
                    model, "load", fields=columns, data=table,
                    context=context_for(self._odoo, model),
                )  # fmt: skip
        except OdooRefusedError:
            answer = {"ids": False}
        else:
            if answer["ids"]:
                self._done(operation, group, result)
                return
            self._store.destination.close(operation, OperationStatus.REFUSED)
        for change in group:  # one of them was refused, and all with it
            self._write(model, [change], result)

    def _unfit(self, change: Change) -> str:
        return self._files.unfit(change.row) if "datas" in change.content else ""

    def _write(self, model: str, group: list[Change], result: Updated) -> None:
        if too_large := self._unfit(group[0]):  # all of a group have one file
            result.refused += [_rows.refuse(change.row, "", too_large) for change in group]
            return
        operation = self._intend(model, group)
        ids = [change.link.res_id for change in group]
        try:
            with recorded(self._store, operation):
                self._odoo.call(
                    model, "write", ids=ids, vals=_vals(model, group[0], self._odoo),
                    context=context_for(self._odoo, model),
                )  # fmt: skip
        except OdooRefusedError as error:
            if "datas" in group[0].content:
                self._files.learn([group[0].row], error)
            if len(group) > 1:
                for change in group:
                    self._write(model, [change], result)
                return
            reason = self._unfit(group[0]) or f"Odoo refused the change ({error.name})"
            stands = "datas" not in group[0].content  # a file without its bytes is none
            result.refused.append(_rows.refuse(group[0].row, "", reason, stands=stands))
            return
        self._done(operation, group, result)

    def _intend(self, model: str, group: list[Change]) -> int:
        """Record a change before it is sent, and that its fields may hold the old or the new."""
        keys = [change.row.external_id for change in group]
        destination = self._store.destination
        with self._store.transaction():
            operation = destination.intend(self._phase, "write", model, keys=keys)
            images = [image for change in group for image in change.before]
            destination.keep_before(images, operation=operation)
            destination.set_sent({change.row.external_id: change.pending for change in group})
        return operation

    def _done(self, operation: int, group: list[Change], result: Updated) -> None:
        self._store.destination.close(
            operation, OperationStatus.DONE, links=[_link(change) for change in group]
        )
        result.updated += [change.row.external_id for change in group]
        result.settled += [cell for change in group for cell in change.settled]


def _vals(model: str, change: Change, odoo: Odoo) -> dict[str, object]:
    """Spell a change for `write()`."""
    fields = odoo.fields(model)
    values = {name: for_write(value, kind=str(fields[name]["type"]))
              for name, value in change.write.items()}  # fmt: skip
    return values | change.content


def _spelled(write: dict[str, object]) -> str:
    """Spell what is written so that equal writes are told by it; a file by its name, its hash."""
    return canonical({
        name: value.path.name if isinstance(value, FileBytes) else value
        for name, value in write.items()
    })  # fmt: skip


def _link(change: Change) -> Link:
    return replace(
        change.link, resource=change.row.resource, source_id=change.row.source_id,
        sent=change.sent,
    )  # fmt: skip
