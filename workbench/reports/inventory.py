"""The inventory: every field of every resource, as a table to fold out and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from workbench.reports.page import csv_text, keep
from workbench.staging import FieldProfile
from workbench.state import Store

TOGETHER = 100
"""Fields in one table; a resource with more has several to fold out."""
_EXAMPLES, _VALUES = 3, 5
_LONGEST_NAME = 120
COLUMNS = ("field", "filled", "distinct", "longest", "types", "formats", "examples, masked",
           "values", "remarks")  # fmt: skip
_CSV = ("resource", "field", "records", "present", "filled", "share filled", "distinct",
        "longest", "types", "formats", "examples, masked", "values", "remarks")  # fmt: skip
_NUMBERS = (1, 2, 3)
_STYLE = (
    "<style>.wb-inventory{border-collapse:collapse;font-size:.9em}"
    ".wb-inventory th,.wb-inventory td{padding:.1em .6em;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere;border-bottom:1px solid color-mix(in srgb,currentColor 20%,"
    "transparent)}.wb-inventory .n{text-align:right;overflow-wrap:normal}</style>"
)


@dataclass(frozen=True, repr=False)
class Inventory:
    """All fields, folded by resource; it holds counts, formats and shapes, and pick-lists."""

    profiles: Sequence[FieldProfile]

    def __repr__(self) -> str:
        lines = [f"{len(self.profiles)} fields"]
        for resource, fields in self._resources():
            lines.append(self._summary(resource, fields))
            lines += [f"  {p.path[:_LONGEST_NAME]}: {_share(p)} filled, {_types(p)}"
                      + "".join(f"; {remark}" for remark in p.remarks) for p in fields]  # fmt: skip
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{len(self.profiles):,} fields</strong></p>{_STYLE}"]
        for resource, fields in self._resources():
            for first in range(0, len(fields), TOGETHER):
                shown = fields[first : first + TOGETHER]
                name = self._summary(resource, fields)
                if len(fields) > TOGETHER:
                    name += f", {first + 1}–{first + len(shown)}"
                parts.append(_folded(name, shown))
        return "".join(parts)

    def _resources(self) -> Iterator[tuple[str, list[FieldProfile]]]:
        for resource, fields in groupby(self.profiles, key=lambda one: one.resource):
            yield resource, list(fields)

    @staticmethod
    def _summary(resource: str, fields: list[FieldProfile]) -> str:
        odd = sum(bool(one.remarks) for one in fields)
        records = max((one.records for one in fields), default=0)
        told = f"{resource}: {len(fields)} fields of {records:,} records"
        return f"{told}, {odd} with a remark" if odd else told


def write_inventory(store: Store, folder: Path, profiles: Iterable[FieldProfile]) -> Path:
    """Write inventory.csv: what is known of every field; no value but those of pick-lists."""
    rows = (
        (p.resource, p.path, p.records, p.present, p.filled, round(p.filled_share, 4),
         p.distinct_told, p.longest, _types(p), _formats(p), _examples(p), _values(p),
         "; ".join(p.remarks))
        for p in profiles
    )  # fmt: skip
    return keep(store, folder, "inventory.csv", csv_text(_CSV, rows))


def _folded(name: str, fields: Sequence[FieldProfile]) -> str:
    head = "".join(f"<th scope='col'>{column}</th>" for column in COLUMNS)
    body = "".join(_row(one) for one in fields)
    return (
        f"<details><summary>{escape(name)}</summary><table class='wb-inventory'>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
    )


def _row(one: FieldProfile) -> str:
    cells = (
        one.path[:_LONGEST_NAME], _share(one), one.distinct_told, f"{one.longest:,}", _types(one),
        _formats(one), _examples(one), _values(one), "; ".join(one.remarks),
    )  # fmt: skip
    made = (
        f"<td class='n'>{escape(cell)}</td>" if place in _NUMBERS else f"<td>{escape(cell)}</td>"
        for place, cell in enumerate(cells)
    )
    return f"<tr>{''.join(made)}</tr>"


def _share(one: FieldProfile) -> str:
    """Write a share so that neither "all" nor "none" is said where it is not so."""
    if one.filled in {0, one.records}:
        return "100%" if one.filled else "0%"
    percent = round(one.filled_share * 100)
    return "<1%" if percent < 1 else ">99%" if percent > 99 else f"{percent}%"  # noqa: PLR2004 - per cent


def _types(one: FieldProfile) -> str:
    kinds = sorted(kind for kind in one.types if kind != "null") or ["none"]
    return ", ".join(["list", *kinds] if one.listed else kinds)


def _formats(one: FieldProfile) -> str:
    ordered = sorted(one.formats.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered)


def _examples(one: FieldProfile) -> str:
    return " | ".join(list(one.shapes)[:_EXAMPLES])


def _values(one: FieldProfile) -> str:
    ordered = sorted(one.values.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{value} {count:,}" for value, count in ordered[:_VALUES]]
    more = len(ordered) - len(told)
    return ", ".join([*told, f"and {more:,} more"] if more > 0 else told)
