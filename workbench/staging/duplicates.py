"""Patients who may be one person entered twice.

Pairs are looked for in blocks (same birth date, same name, same telephone or e-mail with the
same first letter), never all against all. A shared e-mail address or telephone is never
enough: families share them. The same name with two birth dates is never one person.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from rapidfuzz import fuzz

from workbench.staging.findings import Clean
from workbench.staging.normalise import folded
from workbench.staging.paths import is_empty, value_at
from workbench.staging.times import Order, read_date
from workbench.state.ids import id_order

BLOCK_LIMIT = 60
"""Bigger blocks (a default birth date, a reception's own telephone) tell nothing."""
LIKELY = 0.6
ALIKE = 88.0
PHONE_TAIL = 8


class Verdict(StrEnum):
    """What is proposed for a pair; the words of the decision."""

    KEEP = "keep both"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class PatientFields:
    """Which field paths of a patient tell who it is; empty where the account has none."""

    first: str = "first_name"
    last: str = "last_name"
    birth: tuple[str, ...] = ("date_of_birth", "dob")
    emails: tuple[str, ...] = ("email",)
    phones: tuple[str, ...] = ("phone", "mobilephone", "numbers[].number")
    postcode: tuple[str, ...] = ("zip", "address.postcode")
    street: tuple[str, ...] = ("address_line_1", "address.line1")
    birth_order: Order = Order.ISO


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two patients who may be one; `a` is the lower id. `score` from 0 to 1."""

    a: str
    b: str
    score: float
    reasons: tuple[str, ...]
    proposal: Verdict


@dataclass(frozen=True, slots=True)
class _Facts:
    id: str
    first: str
    last: str
    birth: str
    emails: frozenset[str]
    phones: frozenset[str]
    place: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


def candidates(
    patients: Iterable[tuple[str, Mapping[str, object]]], *, fields: PatientFields
) -> list[DuplicatePair]:
    """Find pairs of patients who may be one person.

    Args:
        patients: id and record of each; ids distinct.
        fields: which fields tell who a patient is.

    Returns:
        Distinct pairs, most likely first. "merge" is proposed only where name and birth
        date are the same and something else agrees too; twins get "keep both".
    """
    facts = [_facts(one, record, fields) for one, record in patients]
    seen: set[tuple[str, str]] = set()
    pairs: list[DuplicatePair] = []
    for block in _blocks(facts):
        for one, other in combinations(block, 2):
            a, b = sorted((one, other), key=lambda fact: id_order(fact.id))
            if (a.id, b.id) in seen:
                continue
            seen.add((a.id, b.id))
            pair = _judge(a, b)
            if pair is not None:
                pairs.append(pair)
    return sorted(pairs, key=lambda pair: (-pair.score, id_order(pair.a), id_order(pair.b)))


def _facts(one: str, record: Mapping[str, object], fields: PatientFields) -> _Facts:
    def values(paths: tuple[str, ...]) -> Iterator[object]:
        for path in paths:
            found = value_at(record, path)
            yield from (found if isinstance(found, list) else [found])

    birth = ""
    for value in values(fields.birth):
        read = read_date(value, order=fields.birth_order)
        if isinstance(read, Clean) and isinstance(read.value, str):
            birth = read.value
            break
    digits = (re.sub(r"\D", "", str(value)) for value in values(fields.phones) if value)
    places = [folded(v) for v in values((*fields.postcode, *fields.street)) if not is_empty(v)]
    return _Facts(
        id=one,
        first=folded(value_at(record, fields.first)),
        last=folded(value_at(record, fields.last)),
        birth=birth,
        emails=frozenset(folded_mail(v) for v in values(fields.emails) if not is_empty(v)),
        phones=frozenset(found[-PHONE_TAIL:] for found in digits if len(found) >= PHONE_TAIL),
        place=" ".join(places),
    )


def folded_mail(value: object) -> str:
    """Reduce an e-mail address for comparing: trimmed, without case."""
    return str(value).strip().casefold()


def _blocks(facts: list[_Facts]) -> Iterator[list[_Facts]]:
    blocks: defaultdict[tuple[str, str, str], list[_Facts]] = defaultdict(list)
    for one in facts:
        for key in _keys(one):
            blocks[key].append(one)
    for key, block in blocks.items():
        if len(block) <= BLOCK_LIMIT:
            if len(block) > 1:
                yield block
        elif key[0] == "birth":
            yield from _by_initial(block)


def _keys(one: _Facts) -> Iterator[tuple[str, str, str]]:
    if not one.name:
        return
    initial = one.name[0]
    if one.birth:
        yield "birth", one.birth, ""
    elif one.last:
        yield "near", one.last, initial
    yield "name", " ".join(sorted(one.name.split())), ""
    yield from (("phone", phone, initial) for phone in one.phones)
    yield from (("mail", mail, initial) for mail in one.emails)


def _by_initial(block: list[_Facts]) -> Iterator[list[_Facts]]:
    smaller: defaultdict[str, list[_Facts]] = defaultdict(list)
    for one in block:
        smaller[f"{one.first[:2]}|{one.last[:1]}"].append(one)
    yield from (part for part in smaller.values() if 1 < len(part) <= BLOCK_LIMIT)


def _judge(a: _Facts, b: _Facts) -> DuplicatePair | None:
    if a.birth and b.birth and a.birth != b.birth:
        return None
    reasons: list[str] = []
    born = bool(a.birth) and a.birth == b.birth
    swapped = a.first == b.last and a.last == b.first
    same = a.name == b.name or swapped
    alike = 100.0 if same else fuzz.token_sort_ratio(a.name, b.name)
    first_alike = 100.0 if same else fuzz.ratio(a.first, b.first)
    if same:
        reasons.append(
            "first and last name swapped" if swapped and a.first != a.last else "same name"
        )
    elif alike >= ALIKE and first_alike >= ALIKE:
        reasons.append("names nearly the same")
    elif not (
        born and a.first and a.first == b.first and (a.phones & b.phones or a.emails & b.emails)
    ):
        return None
    else:
        reasons.append("same first name, other last name")
    agree = 0.0
    for holds, weight, words in (
        (born, 0.35, "same birth date"),
        (bool(a.phones & b.phones), 0.1, "same telephone"),
        (bool(a.emails & b.emails), 0.08, "same e-mail (families share one)"),
        (bool(a.place) and a.place == b.place, 0.07, "same address"),
    ):
        if holds:
            agree += weight
            reasons.append(words)
    score = round(0.4 * alike / 100 + agree, 3)
    if score < LIKELY and not (same and agree >= 0.1 and not born):  # noqa: PLR2004 - one thing besides the name
        return None
    if not born:
        reasons.append("no birth date on one side")
    sure = same and born and agree > 0.35  # noqa: PLR2004 - more than the birth date agrees
    return DuplicatePair(a.id, b.id, score, tuple(reasons), Verdict.MERGE if sure else Verdict.KEEP)
