"""What a row of the map makes of records that the run holds, before anything is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.mapping import Mapping as Map
from workbench.mapping import MapRow
from workbench.mapping.apply import Applied, Applier, kept_lines
from workbench.mapping.model import Disposition, value_subject
from workbench.mapping.rows import Ref, Value
from workbench.mapping.transforms import TRANSFORMS
from workbench.panels.fields_facts import FieldFacts
from workbench.staging.paths import is_empty, value_at
from workbench.staging.shapes import shape_of

SHOWN = 8
"""Records in a preview."""
TROUBLED = 4
"""How many of them may be ones that something is wrong with."""
LONGEST = 200
"""Characters of a real value that are shown."""
_MASKED_ITEMS = 3

_FETCHED = "the file itself is fetched and checked by the extract step"
_LOOKED_UP = frozenset({"referrer", "company", "state"})
_LATER = "Odoo was not asked yet for its contacts, companies and states."

Record = tuple[str, Mapping[str, object]]
"""A record's own id, and the record."""


@dataclass(frozen=True, slots=True, repr=False)
class Example:
    """One record before and after; `note` says what is odd, without a value."""

    record: str
    before: object
    after: tuple[tuple[str, Value], ...]
    note: str

    def masked(self) -> list[str]:
        """Give the cells with shapes in place of values."""
        return [self.record, _mask(self.before), self._after(_mask), self.note]

    def real(self) -> list[str]:
        """Give the cells as they are; for a screen alone, never for what is saved."""
        return [self.record, _plain(self.before), self._after(_plain), self.note]

    def _after(self, written: object) -> str:
        assert callable(written)  # noqa: S101 - one of the two functions below
        if not self.after:
            return ""
        (_, first), *more = self.after
        told = [str(written(first))]
        told += [f"{name}: {written(value)}" for name, value in more if value is not None]
        return "; ".join(told)


@dataclass(frozen=True, slots=True)
class Preview:
    """Some records before and after, and a sentence about all that were looked at."""

    examples: tuple[Example, ...] = ()
    summary: str = ""


def preview(
    row: MapRow, beside: Sequence[MapRow], records: Sequence[Record], *, facts: FieldFacts
) -> Preview:
    """Apply a row to records.

    Args:
        row: as a person wants it; nothing is wrong with it.
        beside: all rows of its resource: some transforms take several fields.
        records: of its resource; those where the field is filled are tried.
        facts: what the transforms may look up.

    Returns:
        At most 8 records: first some that something is wrong with, then such as look
        different from each other.
    """
    filled = [one for one in records if not is_empty(value_at(one[1], row.path))]
    if not filled:
        return Preview((), f"None of {len(records)} records looked at has something here.")
    makes = _maker(row, beside, facts)
    found = [makes(one) for one in filled]
    troubled = [one for one in found if one.note]
    chosen = [*troubled[:TROUBLED], *_various(one for one in found if not one.note)][:SHOWN]
    if len(chosen) < SHOWN:
        chosen += [one for one in found if one not in chosen][: SHOWN - len(chosen)]
    return Preview(tuple(chosen), _summary(row, len(records), len(found), len(troubled), facts))


def _summary(row: MapRow, looked: int, filled: int, troubled: int, facts: FieldFacts) -> str:
    said = f"{looked} records looked at, {filled} have something here"
    plain = row.disposition.plain
    odd = "" if plain else f"; {_many(troubled)} shown first"
    if not plain and not troubled:
        odd = "; nothing is odd about any of them"
    later = "" if plain or facts.looked_up or row.transform not in _LOOKED_UP else f" {_LATER}"
    return f"{said}{odd}.{later}"


def _many(count: int) -> str:
    return "1 needs a look and is" if count == 1 else f"{count} need a look; some are"


def _various(examples: Iterable[Example]) -> list[Example]:
    """Take one example of each shape."""
    return list({_mask(one.before): one for one in reversed(list(examples))}.values())[::-1]


def _maker(row: MapRow, beside: Sequence[MapRow], facts: FieldFacts) -> _Maker:
    if row.disposition is Disposition.DROPPED:
        return _Maker(row, None)
    if row.disposition is Disposition.KEPT:
        return _Maker(row, None)
    options = facts.options
    mapping = Map(
        rows=(row, *(one for one in beside if one.field != row.field and _together(row, one))),
        values=facts.values,
        appointments_to=options.appointments_to,
        zone=options.timezone,
        region=options.country,
    )
    return _Maker(
        row, Applier(mapping, facts.context, resource=row.resource, model=row.model)
    )  # fmt: skip


def _together(row: MapRow, other: MapRow) -> bool:
    """Whether another row has a say in what this one gives: a part of it, or the country."""
    if other.disposition.plain or other.model != row.model:
        return False
    transform = TRANSFORMS[row.transform]
    fellow = other.transform == row.transform and (transform.spans or other.target == row.target)
    return (transform.combines and fellow) or other.transform == "country"


class _Maker:
    """Makes an example of a record."""

    def __init__(self, row: MapRow, applier: Applier | None) -> None:
        self._row = row
        self._applier = applier
        self._names = [row.name, *(target.rpartition(".")[2] for target in row.also)]

    def __call__(self, record: Record) -> Example:
        row, (number, data) = self._row, record
        before = value_at(data, row.path)
        if self._applier is None:
            lines = kept_lines(data, [row.path]) if row.disposition is Disposition.KEPT else []
            after: tuple[tuple[str, Value], ...] = tuple(lines[:1])
            # of a list of values each is a line of its own in the note
            more = f"and {len(lines) - 1} more lines of it" if len(lines) > 1 else ""
            return Example(number, before, after, more if lines else "left behind")
        made = self._applier(data, number)
        after = tuple((name, made.values.get(name)) for name in self._names)
        return Example(number, before, after, _said(row, made))


def _said(row: MapRow, made: Applied) -> str:
    """Say what is odd about what was made of a field, naming the kind of issue."""
    if row.transform == "file_bytes":
        return _FETCHED
    if any(one.startswith(value_subject(row.field, "")) for one in made.waiting):
        return "the record waits until this value has a target (asked under Values)"
    told = [
        f"{'cannot be read' if made.values.get(row.name) is None else 'noted'}: "
        f"{finding.outcome}, issue {finding.kind.name}"
        for finding in made.findings
        if row.field in finding.field.split(", ")
    ]
    return "; ".join(dict.fromkeys(told))


def _plain(value: object) -> str:
    if is_empty(value):
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Ref):
        text = f"{value.kind} {value.key}"
    elif isinstance(value, tuple):
        text = ", ".join(map(_plain, value))
    elif isinstance(value, list):
        text = "; ".join(_plain(one) for one in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _mask(value: object) -> str:
    """Give the shape of a value; what is one of a few things is told by its kind alone."""
    if is_empty(value):
        return "empty"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, Ref):
        return f"a {value.kind}"
    if isinstance(value, tuple | list):
        items = [_mask(one) for one in value]
        more = f"; {len(items) - _MASKED_ITEMS} more" if len(items) > _MASKED_ITEMS else ""
        return "; ".join(items[:_MASKED_ITEMS]) + more
    return shape_of(str(value))
