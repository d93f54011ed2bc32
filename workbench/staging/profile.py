"""What the fields of the records really hold: counts, formats and shapes, hardly ever values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workbench.staging.normalise import pick
from workbench.staging.paths import is_empty, leaves
from workbench.staging.shapes import format_of, shape_of

MOST_VALUES = 200
"""A list with more distinct values is no pick-list."""
SEVERAL = 3
"""A value of a field we do not know is shown only if at least so many records have it."""
LONGEST_VALUE = 60
SHAPES_KEPT = 4
SHAPES_OF = 500
"""Shapes are counted over the first so many values of a field."""

_IDENTIFYING_WORDS = (
    "first last middle full name names surname forename email mail phone mobile mobilephone "
    "telephone tel fax numbers number iso2 address street line city town zip postcode postal "
    "country state province county birth dob date time note notes comment history allerg "
    "allergies emergency policy insurance reference referring doctor practitioner description "
    "title file url link token medication dosage data text body value val answer soap diagnosis "
    "occupation patient bsn ssn passport custom_reference created updated message"
)
_IDENTIFYING = frozenset(_IDENTIFYING_WORDS.split())
_PICK_LIST = frozenset(
    ("status", "location", "type", "kind", "category", "gender", "sex", "stage", "active")
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


def words_of(path: str) -> tuple[str, ...]:
    """Split a field path into lower-case words: `mobilePhone`, `mobile_phone` → mobile, phone."""
    return tuple(word.lower() for word in _WORD.findall(path))


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """One source field as the records have it.

    Args:
        resource: "patients".
        path: inside a record, "address.line1".
        records: how many records of the resource were looked at.
        present: how many have the field, filled or not.
        filled: how many hold something in it.
        distinct: how many different values.
        longest: length of the longest value, in characters.
        types: JSON type to how many values ("text", "integer", "decimal", "boolean", "null").
        formats: format to how many filled texts (see `shapes.format_of`).
        shapes: the most frequent masked shapes.
        listed: the value is one of a list.
        zero: some number is 0.
        values: value to how many records, for pick-lists that identify nobody; else empty.
    """

    resource: str
    path: str
    records: int
    present: int
    filled: int
    distinct: int
    longest: int
    types: Mapping[str, int]
    formats: Mapping[str, int]
    shapes: Mapping[str, int]
    listed: bool
    zero: bool
    values: Mapping[str, int]

    @property
    def field(self) -> str:
        """The full name, `patients.address.line1`."""
        return f"{self.resource}.{self.path}"

    def share(self, *formats: str) -> float:
        """Give the share of filled texts in one of the formats, 0 to 1."""
        total = sum(self.formats.values())
        return sum(self.formats.get(name, 0) for name in formats) / total if total else 0.0

    @property
    def remarks(self) -> tuple[str, ...]:
        """Say what is odd about the field, in words."""
        kinds = sorted(kind for kind in self.types if kind != "null")
        told = []
        if not self.filled:
            told.append("is empty in every record")
        if len(kinds) > 1:
            told.append(f"changes its type ({', '.join(kinds)})")
        told += [
            f"holds {words} in text"
            for words, formats in (
                ("HTML", ("html",)),
                ("JSON", ("json",)),
                ("dates", ("date_iso", "date_dmy", "date_mdy", "date_either", "datetime_iso")),
            )
            if self.share(*formats) > 0
        ]
        return tuple(told)

    def as_json(self) -> dict[str, object]:
        """Give the profile as a document, ordered by name."""
        return {
            "path": self.path, "records": self.records, "present": self.present,
            "filled": self.filled, "distinct": self.distinct, "longest": self.longest,
            "types": dict(sorted(self.types.items())),
            "formats": dict(sorted(self.formats.items())),
            "shapes": dict(self.shapes), "listed": self.listed, "zero": self.zero,
            "values": dict(sorted(self.values.items())), "remarks": list(self.remarks),
        }  # fmt: skip

    @classmethod
    def from_json(cls, resource: str, document: Mapping[str, object]) -> FieldProfile:
        """Read back what `as_json` gave."""

        def counts(name: str) -> dict[str, int]:
            found = document[name]
            return {str(key): int(n) for key, n in found.items()} if isinstance(found, dict) else {}

        def number(name: str) -> int:
            return int(str(document[name]))

        return cls(
            resource=resource, path=str(document["path"]), records=number("records"),
            present=number("present"), filled=number("filled"), distinct=number("distinct"),
            longest=number("longest"), types=counts("types"), formats=counts("formats"),
            shapes=counts("shapes"), listed=bool(document["listed"]),
            zero=bool(document["zero"]), values=counts("values"),
        )  # fmt: skip


@dataclass(slots=True)
class _Gathered:
    present: int = 0
    filled: int = 0
    longest: int = 0
    listed: bool = False
    zero: bool = False
    types: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    distinct: set[int] = field(default_factory=set)
    values: Counter[str] = field(default_factory=Counter)

    def add(self, values: list[object], *, listed: bool) -> None:
        self.present += 1
        self.listed |= listed
        self.filled += any(not is_empty(value) for value in values)
        for value in values:
            self.types[_type(value)] += 1
            if is_empty(value):
                continue
            shown = pick(value) or ""
            self.longest = max(self.longest, len(str(value)))
            self.distinct.add(hash(shown))
            if len(self.distinct) <= MOST_VALUES:
                self.values[shown] += 1
            if isinstance(value, str):
                self.formats[format_of(value)] += 1
                if self.formats.total() <= SHAPES_OF:
                    self.shapes[shape_of(value)] += 1
            elif value == 0 and not isinstance(value, bool):
                self.zero = True


def profile_records(resource: str, rows: Iterable[Mapping[str, object]]) -> list[FieldProfile]:
    """Profile every field path of one resource's records.

    Args:
        resource: its name.
        rows: the records; each is looked at once.

    Returns:
        One profile for each path, by path. A container that is empty in some records and
        filled in others is told by the paths inside it alone.
    """
    gathered: dict[str, _Gathered] = {}
    records = 0
    for row in rows:
        records += 1
        found: dict[str, list[object]] = {}
        for path, value in leaves(row):
            found.setdefault(path, []).append(value)
        for path, values in found.items():
            listed = "[]" in path or isinstance(row.get(path), list)
            gathered.setdefault(path, _Gathered()).add(values, listed=listed)
    paths = sorted(gathered)
    return [
        _profile(resource, path, gathered[path], records)
        for path in paths
        if gathered[path].filled or not _has_inner(path, paths)
    ]


def _has_inner(path: str, paths: list[str]) -> bool:
    return any(other.startswith((f"{path}.", f"{path}[]")) for other in paths)


def _profile(resource: str, path: str, got: _Gathered, records: int) -> FieldProfile:
    return FieldProfile(
        resource=resource, path=path, records=records, present=got.present, filled=got.filled,
        distinct=len(got.distinct), longest=got.longest, types=dict(got.types),
        formats=dict(got.formats), shapes=dict(got.shapes.most_common(SHAPES_KEPT)),
        listed=got.listed, zero=got.zero, values=_shown(path, got),
    )  # fmt: skip


def _shown(path: str, got: _Gathered) -> dict[str, int]:
    """Give the values of a pick-list that identifies nobody, else nothing."""
    words = frozenset(words_of(path))
    private = {"date_iso", "datetime_iso", "email", "phone", "url", "html", "json", "lines"}
    if (
        len(got.distinct) > MOST_VALUES
        or got.longest > LONGEST_VALUE
        or private & set(got.formats)
        or not got.values
    ):
        return {}
    if words & _PICK_LIST and not words & (_IDENTIFYING - {"practitioner"}):
        return dict(got.values)
    if words & _IDENTIFYING - {"name"} or path == "name" or path.endswith("_name"):
        return {}
    return dict(got.values) if min(got.values.values()) >= SEVERAL else {}


def _type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "decimal" if isinstance(value, float) else "text"
