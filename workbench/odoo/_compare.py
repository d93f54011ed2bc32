"""A row beside its record as Odoo has it: what to write, what to leave, what to ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from dataclasses import field as hidden
from pathlib import Path
from typing import Any

from workbench.mapping.linked import ADDRESS
from workbench.mapping.rows import LoadRow
from workbench.odoo import _rows
from workbench.odoo.lookups import Lookups
from workbench.odoo.values import (
    TO_MANY,
    Plain,
    edited,
    either,
    fingerprint,
    held_mark,
    is_as_sent,
    is_ours,
    joined,
    marks_of,
    plain,
    resolved,
    same,
)
from workbench.state import BeforeImage, How, Link

PLACED_BY_ADDRESS = ("partner_latitude", "partner_longitude")
"""Where these are, Odoo empties them when an address is written."""
TIMES = ("create_date", "write_date")
"""Equal of a record that nobody wrote since it was made."""

NOT_OURS = "?"
"""In the place of a hash: what the field holds was never sent from here, as far as is known."""

EDITED = "it was changed in Odoo since the load"
OTHER_BEFORE = "the contact had another value before the migration"

CellName = tuple[str, str]
"""External id and field."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that was left as it is in Odoo, and why.

    `ours` and `theirs` are the hashes (`held_mark`) of what PracticeHub wants there (`wanted`) and
    of what Odoo holds (`held`), where a person is to decide between the two; else both are "".
    """

    external_id: str
    field: str
    reason: str
    ours: str = ""
    theirs: str = ""
    wanted: Plain = hidden(default=None, repr=False)
    held: Plain = hidden(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """What people said about fields that somebody changed in Odoo.

    Args:
        watched: the fields asked about; their records are looked at even where the source
            says nothing new.
        write: those whose value in Odoo is to be replaced, with the hashes of the two values
            that this was decided on (PracticeHub's, Odoo's).
    """

    watched: frozenset[CellName] = frozenset()
    write: Mapping[CellName, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What a record needs: values in the spelling of what is read back, by field.

    `content` are the bytes of a file and its type. `before`: what the fields held, where the
    record was there before us. `sent`: the fingerprint once it is written; `pending`: while
    nobody knows whether it was. `settled`: fields asked about that are as PracticeHub wants them
    once this is written.
    """

    row: LoadRow
    link: Link
    write: dict[str, Plain]
    content: dict[str, object]
    before: tuple[BeforeImage, ...]
    sent: str
    pending: str
    settled: tuple[CellName, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """One field: what it should hold, and the hash of that; whether that is to be written.

    `kept`: why it stays as it is. `settles`: it was asked about, and is then as wanted.
    """

    wanted: Plain
    held: str
    writes: bool = False
    kept: Kept | None = None
    settles: bool = False


@dataclass(slots=True)
class Comparer:
    """Compares rows with their records; knows no call.

    Args:
        fields: Odoo's fields of the rows' model.
        lookups: resolves references.
        folder: the run folder.
        said: what people decided about fields that were changed in Odoo.
    """

    fields: _rows.Fields
    lookups: Lookups
    folder: Path
    said: Said

    def names(self, rows: list[LoadRow]) -> list[str]:
        """List the fields to be read of the records behind rows."""
        names = {name for row in rows for name in row.values}
        known = [name for name in sorted(names) if name in self.fields]
        if ADDRESS.intersection(known):
            known += [name for name in PLACED_BY_ADDRESS if name in self.fields]
        if any(row.blob for row in rows):
            known += {"checksum", "mimetype"}.difference(known)
        return [*known, *TIMES]

    def changed(self, row: LoadRow, link: Link) -> LoadRow:
        """Give a row with only the fields that the source changed, or that were asked about."""
        told = marks_of(link.sent)
        values = {name: value for name, value in row.values.items()
                  if (row.external_id, name) in self.said.watched
                  or not is_as_sent(told.get(name), value)}  # fmt: skip
        return replace(row, values=values)

    def change(
        self, row: LoadRow, link: Link, current: Mapping[str, Any]
    ) -> tuple[Change, list[Kept]]:
        """Say what a record needs, and which of its fields stay as they are."""
        told = marks_of(link.sent)
        cells = {name: self._cell(row, link, current, name, told.get(name)) for name in row.values}
        write = {name: one.wanted for name, one in cells.items() if one.writes}
        before: list[BeforeImage] = []
        if link.how is How.LINKED:
            also = PLACED_BY_ADDRESS if ADDRESS.intersection(write) else ()
            before = [self._image(row, link, current, name) for name in (*write, *also)
                      if name in current]  # fmt: skip
        content: dict[str, object] = {}
        whole = fingerprint(row.values, row.blob, {name: one.held for name, one in cells.items()})
        if row.blob and told.get("datas") != marks_of(whole)["datas"]:
            content = self._content(row, current)
        kept = [one.kept for one in cells.values() if one.kept]
        sent = _fingerprint(whole, told, kept)
        pending = _pending(sent, told, [*write, *(["datas"] if content else [])])
        settled = tuple((row.external_id, name) for name, one in cells.items() if one.settles)
        return Change(row, link, write, content, tuple(before), sent, pending, settled), kept

    def _cell(
        self, row: LoadRow, link: Link, current: Mapping[str, Any], name: str, told: str | None
    ) -> _Cell:
        """Judge one field of a record."""
        value, kind, place = row.values[name], self._kind(name), (row.external_id, name)
        watched = place in self.said.watched
        if told is not None and not watched and is_as_sent(told, value):
            # not changed at the source: people's edits stay, and nothing is looked up for it
            return _Cell(None, told.rpartition("/")[2])
        wanted = resolved(value, kind=kind, resolve=self.lookups.resolve)
        actual = plain(current[name], kind=kind)
        sides = (held_mark(wanted, kind=kind), held_mark(actual, kind=kind))
        leave = _Cell(wanted, sides[0])
        agree = same(wanted, actual, kind=kind)
        if agree or self.said.write.get(place) == sides:
            return replace(leave, writes=not agree, settles=watched)
        # asked about, and never sent from here: that it differs is all that is known of it
        if (watched and told is None) or self._by_hand(link, current, told, actual, kind=kind):
            if _holds_all(wanted, actual, kind=kind):
                return leave  # people added to what is wanted
            return replace(leave, kept=Kept(*place, EDITED, *sides, wanted, actual))
        if link.how is How.LINKED:
            known = told is not None and not told.startswith("~")
            ours = known or row.overwrite or is_ours(told, actual, kind=kind)
            if kind in TO_MANY and isinstance(wanted, tuple) and isinstance(actual, tuple):
                wanted = tuple(sorted({*wanted, *actual}))
            elif actual and not ours:  # Odoo has no empty number, and no empty yes or no
                return replace(leave, kept=Kept(*place, OTHER_BEFORE))
        writes = not same(wanted, actual, kind=kind)
        return _Cell(wanted, held_mark(wanted, kind=kind), writes=writes)

    def _kind(self, name: str) -> str:
        return str(self.fields[name]["type"])

    def _image(
        self, row: LoadRow, link: Link, current: Mapping[str, Any], name: str
    ) -> BeforeImage:
        held = plain(current[name], kind=self._kind(name))
        if name in PLACED_BY_ADDRESS:
            held = current[name]
        return BeforeImage(
            row.model, link.res_id, name, list(held) if isinstance(held, tuple) else held
        )

    def _by_hand(
        self, link: Link, current: Mapping[str, Any], told: str | None, actual: Plain, *, kind: str
    ) -> bool:
        """Say whether a person gave a field its value."""
        if link.sent or link.how is How.LINKED:
            people_add = link.how is How.LINKED and kind in TO_MANY
            return not people_add and edited(told, actual, kind=kind)
        # made by a run that this folder knows nothing of: nobody can tell an edit from what it
        # sent, unless nobody wrote to the record since
        return len({current[name] for name in TIMES}) > 1

    def _content(self, row: LoadRow, current: Mapping[str, Any]) -> dict[str, object]:
        """Give what to write so that an attachment holds the right bytes; nothing where it does."""
        file = _rows.content(self.folder, row.blob or "")
        held = current["checksum"] or False  # none is kept of an empty file
        if (file.sha1 if file.size else False) == held:
            return {}
        written: dict[str, object] = {"datas": file}
        # else Odoo guesses it anew from the bytes; its guess from the name stays, as in load()
        mimetype = row.values.get("mimetype") or ("" if held else current["mimetype"])
        if mimetype:
            written["mimetype"] = mimetype
        return written


def _holds_all(wanted: Plain, actual: Plain, *, kind: str) -> bool:
    """Whether people only added to a list: what is wanted is in it."""
    both = isinstance(wanted, tuple) and isinstance(actual, tuple)
    return kind in TO_MANY and both and set(wanted or ()) <= set(actual or ())  # type: ignore[arg-type]  # tuples


def _fingerprint(whole: str, told: Mapping[str, str], kept: list[Kept]) -> str:
    """Tell what was sent; of a field that was left alone, what was last sent of it, if anything.

    A value of a person's in a field of which nothing is known to have been sent is noted as
    such: the next load, which finds the record known, must not take it for ours.
    """
    if not kept:
        return whole
    marks = marks_of(whole)
    for one in kept:
        marks.pop(one.field, None)
        if one.field in told or one.reason == EDITED:
            marks[one.field] = told.get(one.field, NOT_OURS)
    return joined(marks)


def _pending(sent: str, told: Mapping[str, str], written: list[str]) -> str:
    """Tell what Odoo may hold while a write has no answer: of each field the old or the new."""
    marks = marks_of(sent)
    return joined({**marks, **{name: either(told.get(name), marks[name]) for name in written
                               if name in marks}})  # fmt: skip
