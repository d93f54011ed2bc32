"""What the fields of the records really hold: counts, formats and shapes, hardly ever values."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from workbench.staging.forms import question_of
from workbench.staging.normalise import pick
from workbench.staging.paths import is_empty, leaves
from workbench.staging.shapes import format_of, shape_of
from workbench.staging.times import Order

MOST_VALUES = 200
"""A list with more distinct values is no pick-list."""
MOST_DISTINCT = 10_000
"""Different values of a field are counted to this number; beyond it there are "more than"."""
SEVERAL = 3
"""A value of a field we do not know is shown only if at least so many records have it."""
LONGEST_VALUE = 60
SHAPES_KEPT = 4
SHAPES_OF = 500
"""Shapes are counted over the first so many values of a field."""

DATES = ("date_iso", "date_dmy", "date_mdy", "date_either")
INSTANTS = ("datetime_iso", "datetime_dmy", "datetime_mdy", "datetime_either")

_IDENTIFYING_WORDS = (
    # who and where
    "first last middle full name names surname forename initials alias "
    "email mail phone mobile mobilephone telephone tel cell gsm fax numbers number iso "
    "address street line city town suburb zip postcode postal country state province county "
    "birth birthday dob born date time patient parent partner spouse child emergency kin "
    "bsn ssn nhs passport iban licence license reference policy member "
    # what only this person's file says
    "note notes remark remarks comment comments history reason complaint blood medication dosage "
    "occupation employer referring referrer doctor practitioner gp description title file url "
    "link token data text body value val answer soap created updated message religion ethnicity "
    # the same in the languages of other clinics
    "naam voornaam achternaam roepnaam tussenvoegsel geboren telefoon mobiel adres straat "
    "huisnummer woonplaats plaats provincie land beroep klacht huisarts vorname nachname telefon "
    "handy strasse ort plz beruf hausarzt prenom nom rue ville nombre apellido apellidos calle "
    "ciudad telefono movil direccion medico"
)
_IDENTIFYING = frozenset(_IDENTIFYING_WORDS.split())
_IDENTIFYING_STEMS = (
    "allerg", "anamn", "antecedent", "bloed", "diagnos", "geburt", "geboort", "insur", "medic",
    "nacimient", "naissanc", "notiz", "opmerk", "polis", "prescri", "verzeker",
)  # fmt: skip
_PICK_LIST = frozenset(
    ("status", "location", "type", "kind", "category", "gender", "sex", "stage", "active")
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(path: str) -> tuple[str, ...]:
    """Split a field path into lower-case words without accents.

    `mobilePhone` and `mobile_phone` are mobile, phone; `HTMLNote2` is html, note, 2.
    """
    plain = unicodedata.normalize("NFKD", path).encode("ascii", "ignore").decode()
    return tuple(word.lower() for word in _WORD.findall(plain))


def identifies(path: str) -> bool:
    """Say whether a field's name promises something that one person alone may have.

    An answer to a form goes by its question.
    """
    return any(
        word in _IDENTIFYING or word.startswith(_IDENTIFYING_STEMS)
        for word in words_of(question_of(path))
    )


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """One source field as the records have it.

    Args:
        resource: "patients".
        path: inside a record, "address.line1".
        records: how many records of the resource were looked at.
        present: how many have the field, filled or not.
        filled: how many hold something in it.
        distinct: how many different values; one more than `MOST_DISTINCT` means more than that.
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
    def distinct_told(self) -> str:
        """How many different values, in words where they were not counted to the end."""
        return (
            f"{self.distinct:,}"
            if self.distinct <= MOST_DISTINCT
            else f"more than {MOST_DISTINCT:,}"
        )

    @property
    def filled_share(self) -> float:
        """Which share of the records hold something in the field, 0 to 1."""
        return self.filled / self.records if self.records else 0.0

    @property
    def order(self) -> Order:
        """Say in which order dates with the year last name day and month, all values agreeing."""
        day, month, either = (
            any(self.formats.get(f"{kind}_{order}") for kind in ("date", "datetime"))
            for order in (Order.DAY_FIRST, Order.MONTH_FIRST, Order.EITHER)
        )
        if day or month:
            return Order.MIXED if day and month else Order.DAY_FIRST if day else Order.MONTH_FIRST
        return Order.EITHER if either else Order.ISO

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
                ("dates", (*DATES, *INSTANTS)),
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
    texts: int = 0
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
            self.longest = max(self.longest, len(str(value)))
            if len(self.distinct) <= MOST_DISTINCT:
                shown = pick(value) or ""
                self.distinct.add(hash(shown))
                if len(self.distinct) <= MOST_VALUES:
                    self.values[shown] += 1
            if isinstance(value, str):
                self.formats[_format_of(value)] += 1
                self.texts += 1
                if self.texts <= SHAPES_OF:
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
            listed = "[]" in path or len(values) > 1 or isinstance(row.get(path), list)
            if path not in gathered:
                gathered[path] = _Gathered()
            gathered[path].add(values, listed=listed)
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
    words = frozenset(words_of(question_of(path)))
    private = {*DATES, *INSTANTS, "email", "phone", "url", "html", "json", "lines"}
    if (
        len(got.distinct) > MOST_VALUES
        or got.longest > LONGEST_VALUE
        or private & set(got.formats)
        or not got.values
    ):
        return {}
    # a list's own name, and who treats patients, identify no patient
    told = ".".join(words - {"name", "practitioner"})
    if words & _PICK_LIST and not identifies(told) and "name" not in words:
        return dict(got.values)
    if identifies(told) or "practitioner" in words or path == "name" or path.endswith("_name"):
        return {}
    return dict(got.values) if min(got.values.values()) >= SEVERAL else {}


@lru_cache(maxsize=4096)
def _format_of(value: str) -> str:
    """Name a text's format; most fields say the same few things over and over."""
    return format_of(value)


def _type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "decimal" if isinstance(value, float) else "text"
