"""Rows whose record is in Odoo already: read what is there, write only what must differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.errors import OdooRefusedError
from workbench.mapping.linked import ADDRESS
from workbench.mapping.rows import LoadRow
from workbench.odoo import _rows
from workbench.odoo._attach import Files
from workbench.odoo._body import FileBytes
from workbench.odoo._rows import Refusal
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import chunks
from workbench.odoo.lookups import Lookups
from workbench.odoo.settle import recorded
from workbench.odoo.values import (
    TELLABLE,
    TO_MANY,
    Plain,
    fingerprint,
    for_write,
    joined,
    mark,
    marks_of,
    plain,
    resolved,
    same,
)
from workbench.state import BeforeImage, How, Link, OperationStatus, Store, canonical

PLACED_BY_ADDRESS = ("partner_latitude", "partner_longitude")
"""Where these are, Odoo empties them when an address is written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that was left as it is in Odoo, because somebody there gave it another value."""

    external_id: str
    field: str
    reason: str


@dataclass(slots=True)
class Updated:
    """What became of rows whose record was there; lists of external ids."""

    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Change:
    row: LoadRow
    link: Link
    write: dict[str, object]
    before: tuple[BeforeImage, ...]
    sent: str


class Updater:
    """Brings existing records to what is expected, without overwriting people's work.

    A record we made: a field is written where the source changed it since we last sent it.
    What a person changed in Odoo and the source did not stays; where both changed the same
    field, Odoo's value stays too and is listed as kept. A contact that was there before us
    (linked): only empty fields are filled and tags added, unless its row says `overwrite`; each
    field's value before our first write is kept, so that rollback can put it back.
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
    ) -> None:
        self._odoo, self._store, self._phase = odoo, store, phase
        self._lookups, self._folder = lookups, folder
        self._files = files

    def update(self, pairs: Sequence[tuple[LoadRow, Link]]) -> Updated:
        """Compare rows of one model with their records, and write what differs.

        Raises:
            DestinationError: Odoo went away; what was recorded as sent is settled next time.
        """
        result = Updated()
        model = pairs[0][0].model
        names = sorted({name for row, _ in pairs for name in row.values})
        fields = self._odoo.fields(model)
        known = [name for name in names if name in fields]
        if ADDRESS.intersection(known):
            known += [name for name in PLACED_BY_ADDRESS if name in fields]
        if any(row.blob for row, _ in pairs):
            known += {"checksum", "mimetype"}.difference(known)
        current = self._read(model, [link.res_id for _, link in pairs], known)
        changes: list[_Change] = []
        for row, link in pairs:
            fault = _rows.check(row, fields, self._lookups)
            if link.res_id not in current:
                why = "its record was deleted in Odoo since it was loaded"
                result.refused.append(_rows.refuse(row, "", why))
            elif fault:
                result.refused.append(replace(fault, stands=True))
            else:
                changes.append(self._compare(row, link, current[link.res_id], result.kept))
        self._write_all(model, changes, result)
        return result

    def _read(self, model: str, ids: Iterable[int], names: list[str]) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for part in chunks(dict.fromkeys(ids), 1000):
            rows = self._odoo.search_read(model, [["id", "in", part]], fields=names)
            found |= {row["id"]: row for row in rows}
        return found

    def _compare(
        self, row: LoadRow, link: Link, current: dict[str, Any], kept: list[Kept]
    ) -> _Change:
        fields = self._odoo.fields(row.model)
        whole = fingerprint(row.values, row.blob)
        marks = marks_of(whole)
        sent_before = marks_of(link.sent)
        write: dict[str, object] = {}
        before: list[BeforeImage] = []
        for name, value in row.values.items():
            kind = str(fields[name]["type"])
            wanted = resolved(value, kind=kind, resolve=self._lookups.resolve)
            actual = plain(current[name], kind=kind)
            if same(wanted, actual, kind=kind) or sent_before.get(name) == marks[name]:
                continue  # as expected, or not changed at the source: people's edits stay
            reason = _edited(sent_before.get(name), actual, kind=kind)
            if link.how is How.LINKED and not reason:
                wanted, reason = self._into_existing(
                    wanted, actual, ours=name in sent_before or row.overwrite, kind=kind
                )
            if reason:
                kept.append(Kept(row.external_id, name, reason))
                marks.pop(name)
                if name in sent_before:  # still what we last sent: told again next time
                    marks[name] = sent_before[name]
            elif not same(wanted, actual, kind=kind):
                write[name] = for_write(wanted, kind=kind)
                if link.how is How.LINKED:
                    image = list(actual) if isinstance(actual, tuple) else actual
                    before.append(BeforeImage(row.model, link.res_id, name, image))
        if link.how is How.LINKED and ADDRESS.intersection(write):
            before += [BeforeImage(row.model, link.res_id, name, current[name])
                       for name in PLACED_BY_ADDRESS if name in current]  # fmt: skip
        if row.blob and sent_before.get("datas") != marks["datas"]:
            write |= self._content(row, current)
        sent = whole if marks == marks_of(whole) else joined(marks)
        return _Change(row, link, write, tuple(before), sent)

    def _content(self, row: LoadRow, current: dict[str, Any]) -> dict[str, object]:
        """Give what to write so that an attachment holds the right bytes; nothing where it does."""
        file = _rows.content(self._folder, row.blob or "")
        held = current["checksum"] or False  # none is kept of an empty file
        if (file.sha1 if file.size else False) == held:
            return {}
        written: dict[str, object] = {"datas": file}
        # else Odoo guesses it anew from the bytes; its guess from the name stays, as in load()
        mimetype = row.values.get("mimetype") or ("" if held else current["mimetype"])
        if mimetype:
            written["mimetype"] = mimetype
        return written

    def _into_existing(
        self, wanted: Plain, actual: Plain, *, ours: bool, kind: str
    ) -> tuple[Plain, str]:
        """Say what a contact that was there before us gets, or why it keeps what it has."""
        if kind in TO_MANY and isinstance(wanted, tuple) and isinstance(actual, tuple):
            return tuple(sorted({*wanted, *actual})), ""
        empty = not actual  # Odoo has no empty number, and no empty yes or no
        if empty or ours:
            return wanted, ""
        return actual, "the contact had another value before the migration"

    def _write_all(self, model: str, changes: list[_Change], result: Updated) -> None:
        alike: dict[str, list[_Change]] = {}
        for change in changes:
            if change.write:
                alike.setdefault(_alike(change.write), []).append(change)
        same_already = [change for change in changes if not change.write]
        if same_already:
            self._note(model, same_already)
            result.unchanged += [change.row.external_id for change in same_already]
        for group in alike.values():
            self._write(model, group, result)

    def _note(self, model: str, changes: list[_Change]) -> None:
        """Write down that records are as expected, where the links do not say so yet."""
        stale = [change for change in changes if change.sent != change.link.sent]
        if stale:
            keys = [change.row.external_id for change in stale]
            operation = self._store.destination.intend(self._phase, "agree", model, keys=keys)
            self._store.destination.close(
                operation, OperationStatus.DONE, links=[_link(change) for change in stale]
            )

    def _unfit(self, change: _Change) -> str:
        return self._files.unfit(change.row) if "datas" in change.write else ""

    def _write(self, model: str, group: list[_Change], result: Updated) -> None:
        if too_large := self._unfit(group[0]):  # all of a group have one file
            result.refused += [_rows.refuse(change.row, "", too_large) for change in group]
            return
        keys = [change.row.external_id for change in group]
        with self._store.transaction():
            operation = self._store.destination.intend(self._phase, "write", model, keys=keys)
            images = [image for change in group for image in change.before]
            self._store.destination.keep_before(images, operation=operation)
        ids = [change.link.res_id for change in group]
        try:
            with recorded(self._store, operation):
                self._odoo.call(
                    model, "write", ids=ids, vals=group[0].write,
                    context=context_for(self._odoo, model),
                )  # fmt: skip
        except OdooRefusedError as error:
            if "datas" in group[0].write:
                self._files.learn([group[0].row], error)
            if len(group) > 1:
                for change in group:
                    self._write(model, [change], result)
                return
            reason = self._unfit(group[0]) or f"Odoo refused the change ({error.name})"
            stands = "datas" not in group[0].write  # a file without its bytes is none
            result.refused.append(_rows.refuse(group[0].row, "", reason, stands=stands))
            return
        self._store.destination.close(
            operation, OperationStatus.DONE, links=[_link(change) for change in group]
        )
        result.updated += keys


def _edited(mark_before: str | None, actual: Plain, *, kind: str) -> str:
    """Say whether a person changed a field since we sent it; only plain text can be told."""
    if mark_before is None or kind not in TELLABLE:
        return ""
    if mark(actual if not isinstance(actual, tuple) else None) == mark_before:
        return ""
    return "it was changed in Odoo and in PracticeHub since the load; Odoo's value stays"


def _alike(write: dict[str, object]) -> str:
    """Spell what is written so that equal writes are told by it; a file by its name, its hash."""
    return canonical({
        name: value.path.name if isinstance(value, FileBytes) else value
        for name, value in write.items()
    })  # fmt: skip


def _link(change: _Change) -> Link:
    return replace(
        change.link, resource=change.row.resource, source_id=change.row.source_id,
        sent=change.sent,
    )  # fmt: skip
