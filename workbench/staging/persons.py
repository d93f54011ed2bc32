"""What tells who somebody is, and how two entries compare: a score, reasons, a proposal.

A shared e-mail address or telephone is never enough: families share them. Two birth dates
that cannot be one are never one person, whatever else agrees; a date that is missing, cannot
be read, or can be read in two ways says nothing against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from workbench.staging.findings import Clean
from workbench.staging.normalise import folded, line
from workbench.staging.paths import is_empty, value_at
from workbench.staging.times import Order, read_date
from workbench.state import IssueKind

LIKELY = 0.6
"""The score from which a pair is asked about."""
ALIKE = 88.0
"""Two names this much alike (0 to 100) may be one, typed by two hands."""
LEAST_TO_SLIP = 3
"""In a name of fewer letters another letter is another name."""
PHONE_TAIL = 8
NOT_CERTAIN = 0.85
"""The highest confidence where a contact of Odoo's has no birth date."""

BORN, REF, PHONE, MAIL, PLACE = 0.35, 0.15, 0.1, 0.08, 0.07
"""What each thing that agrees besides the name adds to the score."""

_UNDECOMPOSED = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ħ": "h",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)
"""Letters with a stroke, and joined ones: Unicode does not take them apart."""
_DIGITS = re.compile(r"\D")


class Verdict(StrEnum):
    """What is proposed for a pair; the words of the decision."""

    KEEP = "keep both"
    MERGE = "merge"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class PatientFields:
    """Which field paths of a patient tell who it is; empty where the account has none.

    `last` are the parts behind the first name, in their order; `full` is a whole name in one
    field, for accounts that do not part it.
    """

    first: str = "first_name"
    last: tuple[str, ...] = ("middle_name", "last_name")
    full: str = ""
    birth: tuple[str, ...] = ("date_of_birth", "dob")
    emails: tuple[str, ...] = ("email",)
    phones: tuple[str, ...] = ("phone", "mobilephone", "numbers[].number")
    postcode: tuple[str, ...] = ("zip", "address.postcode")
    street: tuple[str, ...] = ("address_line_1", "address.line1")
    ref: tuple[str, ...] = ("patient_number",)
    birth_order: Order = Order.ISO


@dataclass(frozen=True, slots=True, repr=False)
class KnownContact:
    """A contact that Odoo has already, as far as it tells who it is. Holds values.

    `birth` is None where Odoo has no field for it, or it is empty. `company`: only the whole
    name makes it a candidate. `user`: it belongs to somebody who works with Odoo.
    """

    id: int
    name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    postcode: str = ""
    street: str = ""
    ref: str = ""
    birth: str | None = None
    company: bool = False
    user: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """What tells who one entry is, reduced for comparing.

    `births` are the days the birth date may mean: none, one, or two where day and month
    cannot be told apart. `placeholder`: one of them is a date that a whole crowd has.
    """

    id: str
    first: str
    last: str
    births: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    place: str = ""
    ref: str = ""
    placeholder: bool = False

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first} {self.last}".strip()

    @property
    def complete(self) -> bool:
        """Whether there is a first and a last name."""
        return bool(self.first and self.last)

    @property
    def born(self) -> str:
        """The birth date where it is certain and not one that a whole crowd has."""
        return "" if self.placeholder or len(self.births) != 1 else next(iter(self.births))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two entries compare; `certain`: name, birth date and something else agree."""

    score: float
    reasons: tuple[str, ...]
    same: bool
    born: bool
    certain: bool
    others: frozenset[str] = field(default_factory=frozenset)


def facts_of(one: str, record: Mapping[str, object], fields: PatientFields) -> Facts:
    """Reduce a patient's record to what tells who it is."""
    first = _folded_at(record, fields.first)
    last = " ".join(filter(None, (_folded_at(record, path) for path in fields.last)))
    if fields.full and not (first or last):
        first, _, last = _in_order(line(value_at(record, fields.full)).value).partition(" ")
    streets = " ".join(folded(v) for v in _values(record, fields.street) if not is_empty(v))
    codes = " ".join(folded(v) for v in _values(record, fields.postcode) if not is_empty(v))
    refs = [folded(v) for v in _values(record, fields.ref) if not is_empty(v)]
    return Facts(
        id=one,
        first=first,
        last=last,
        births=birth_dates(record, fields),
        emails=frozenset(filter(None, map(folded_mail, _values(record, fields.emails)))),
        phones=frozenset(filter(None, map(phone_tail, _values(record, fields.phones)))),
        place=_place(codes, streets),
        ref=refs[0] if refs else "",
    )


def facts_of_contact(contact: KnownContact) -> Facts:
    """Reduce a contact of Odoo's; its first word counts as the first name until it is aligned."""
    first, _, last = _in_order(contact.name).partition(" ")
    return Facts(
        id=str(contact.id),
        first=first,
        last=last,
        births=_days(contact.birth, Order.ISO),
        emails=frozenset(filter(None, map(folded_mail, contact.emails))),
        phones=frozenset(filter(None, map(phone_tail, contact.phones))),
        place=_place(folded(contact.postcode), folded(contact.street)),
        ref=folded(contact.ref),
    )


def aligned(contact: Facts, patient: Facts) -> Facts:
    """Part a contact's one name where the patient's is parted: "Anna Maria | de Vries"."""
    words = contact.name.split()
    size = len(patient.first.split())
    return replace(contact, first=" ".join(words[:size]), last=" ".join(words[size:]))


def birth_dates(record: Mapping[str, object], fields: PatientFields) -> frozenset[str]:
    """Give the days that a patient's birth date may mean; none where it cannot be read.

    A date with the year last is read as the map says. Where it does not say, or the date
    cannot be meant so, every other reading there is counts: 19/07/1984 has one, 07/08/1984 two.
    """
    days: frozenset[str] = frozenset()
    for value in _values(record, fields.birth):
        days |= _days(value, fields.birth_order)
    return days


def folded_mail(value: object) -> str:
    """Reduce an e-mail address for comparing: trimmed, without case; "" for none."""
    return "" if is_empty(value) else str(value).strip().casefold()


def phone_tail(value: object) -> str:
    """Reduce a telephone number to its last digits; "" where there are too few."""
    digits = "" if is_empty(value) else _DIGITS.sub("", str(value))
    return digits[-PHONE_TAIL:] if len(digits) >= PHONE_TAIL else ""


def liken(a: Facts, b: Facts) -> Likeness | None:
    """Compare two entries; None where they are not to be asked about."""
    if a.births and b.births and not a.births & b.births:
        return None
    born = bool(a.born) and a.born == b.born
    held = (
        (bool(a.phones & b.phones), PHONE, "same telephone"),
        (bool(a.emails & b.emails), MAIL, "same e-mail (families share one)"),
        (bool(a.place) and a.place == b.place, PLACE, "same address"),
        (bool(a.ref) and a.ref == b.ref, REF, "same patient number"),
    )
    others = {words: weight for holds, weight, words in held if holds}
    same = bool(a.name) and (a.name == b.name or _swapped(a, b))
    reason = _name_reason(a, b, same=same, born=born, others=bool(others))
    if not reason:
        return None
    alike = 100.0 if same else fuzz.token_sort_ratio(a.name, b.name)
    score = min(1.0, 0.4 * alike / 100 + (BORN if born else 0.0) + sum(others.values()))
    if not (same and others) and not born and score < LIKELY:
        return None
    reasons = [reason]
    reasons += [] if a.complete and b.complete else ["a part of the name is missing"]
    reasons += ["same birth date"] if born else []
    reasons += others
    reasons += [] if born else [_why_not_born(a, b)]
    whole = same and a.complete and b.complete
    return Likeness(
        round(score, 3), tuple(reasons), whole, born, whole and born and bool(others),
        frozenset(others),
    )  # fmt: skip


def _name_reason(a: Facts, b: Facts, *, same: bool, born: bool, others: bool) -> str:  # noqa: PLR0911 - a table of cases, read from the top
    """Say in which way two names may be one person's; "" where they may not."""
    if same:
        return "same name" if a.name == b.name else "first and last name swapped"
    if not (a.name and b.name):
        return ""
    whole = fuzz.token_sort_ratio(a.name, b.name) >= ALIKE
    if whole and fuzz.ratio(a.first, b.first) >= ALIKE:
        return "names nearly the same"
    if not born:
        return ""
    if not (a.first and b.first):
        return "same last name" if others and a.last == b.last else ""
    if _slipped(a.first, b.first) and _slipped(a.last, b.last):
        return "names nearly the same"
    if _slipped(a.first, b.last) and _slipped(a.last, b.first):
        return "first and last name swapped, and nearly the same"
    if _slipped(a.last, b.last) and _shortened(a.first, b.first):
        return "one first name is short for the other"
    if a.first == b.first and _contains(a.last, b.last):
        return "one last name is part of the other"
    return "same first name, other last name" if a.first == b.first and others else ""


def _swapped(a: Facts, b: Facts) -> bool:
    return a.complete and (a.first, a.last) == (b.last, b.first)


def _slipped(one: str, other: str) -> bool:
    """Whether two names are the same, or one slip of the hand apart."""
    if one == other:
        return bool(one)
    shorter = min(len(one), len(other))
    if shorter < LEAST_TO_SLIP:
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1 or fuzz.ratio(one, other) >= ALIKE


def _shortened(one: str, other: str) -> bool:
    """Whether one first name is the other's initial, or leaves its later names out."""
    short, long = sorted((one.split(), other.split()), key=lambda words: (len(words), words))
    if len(short) == len(long) == 1:
        pair = sorted((short[0], long[0]), key=len)
        return len(pair[0]) == 1 and pair[1].startswith(pair[0])
    return all(
        word == whole or (len(word) == 1 and whole.startswith(word))
        for word, whole in zip(short, long, strict=False)
    )


def _contains(one: str, other: str) -> bool:
    short, long = sorted((set(one.split()), set(other.split())), key=len)
    return bool(short) and short < long


def _why_not_born(a: Facts, b: Facts) -> str:
    if not (a.births and b.births):
        return "no readable birth date on one side"
    if a.placeholder or b.placeholder:
        return "a birth date that too many patients have"
    return "a birth date that can be read in two ways"


def _folded_at(record: Mapping[str, object], path: str) -> str:
    value = value_at(record, path) if path else None
    return "" if is_empty(value) else _name(str(value))


@lru_cache(maxsize=65536)
def _name(raw: str) -> str:
    """Fold a name; one name is borne by many, so it is worked out once."""
    return folded(raw.casefold().translate(_UNDECOMPOSED))


def _in_order(name: object) -> str:
    """Fold a whole name, "Vries, Anna de" as "Anna de Vries" is."""
    last, comma, first = str(name or "").partition(",")
    return _name(f"{first} {last}") if comma and first.strip() else _name(last)


def _place(codes: str, streets: str) -> str:
    """Spell an address for comparing; a postcode alone is a whole neighbourhood's."""
    street = streets.replace(" ", "")
    return f"{codes.replace(' ', '')}|{street}" if street else ""


def _values(record: Mapping[str, object], paths: Iterable[str]) -> Iterator[object]:
    for path in paths:
        found = value_at(record, path)
        yield from (found if isinstance(found, list) else [found])


@lru_cache(maxsize=65536)
def _read_days(raw: str | int, order: Order) -> frozenset[str]:
    for orders in ((order,), (Order.DAY_FIRST, Order.MONTH_FIRST)):
        read = [read_date(raw, order=one) for one in orders]
        days = {
            one.value
            for one in read
            if isinstance(one, Clean)
            and isinstance(one.value, str)
            and IssueKind.DATE_IMPLAUSIBLE not in one.notes
        }
        if days or any(isinstance(one, Clean) for one in read):
            return frozenset(days)
    return frozenset()


def _days(value: object, order: Order) -> frozenset[str]:
    return _read_days(value, order) if isinstance(value, str | int) and value else frozenset()
