"""Which patients to try first: few, and yet everything that can occur is among them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.proof.sample_facts import SampleFacts
from workbench.state.ids import id_order


class Kind(StrEnum):
    """What there is to try; a key of the sample begins with one, then a colon.

    FIELD: a field that is filled. VALUE: a value of a pick-list. REFERENCE: a practitioner, a
    location, a type of visit. RELATION: another kind of record of a patient's, or being one
    with another patient or a contact of Odoo's. FILE: a kind of file. SCRIPT: letters of a
    writing system. EMPTIEST, MOST: the patient with the fewest filled fields, and with most
    records. LONGEST: the longest text of a field. ODD: something that a check found odd.
    EMPTY: a field that is there and holds nothing.
    """

    FIELD = "field"
    VALUE = "value"
    REFERENCE = "reference"
    RELATION = "relation"
    FILE = "file"
    SCRIPT = "script"
    EMPTIEST = "emptiest"
    MOST = "most"
    LONGEST = "longest"
    ODD = "odd"
    EMPTY = "empty"


TIERS = (
    frozenset(Kind) - {Kind.LONGEST, Kind.ODD, Kind.EMPTY},
    frozenset({Kind.LONGEST, Kind.ODD}),
    frozenset({Kind.EMPTY}),
)
"""What is covered first: where the size does not allow all, the last of these is left over."""


@dataclass(frozen=True, slots=True)
class SampleChoice:
    """The patients chosen, and why.

    `ids` are in the order of the choice, distinct. `covers` gives what each was the first
    to cover (none for those that only fill up). `left_over` are keys that some record
    could cover but the size did not allow; `impossible` those that were wanted and no
    record can cover. Both are sorted.
    """

    ids: tuple[str, ...]
    covers: Mapping[str, tuple[str, ...]]
    left_over: tuple[str, ...]
    impossible: tuple[str, ...]

    def patients(self) -> dict[str, object]:
        """Give who is chosen as a document: what an approval of the sample holds for."""
        return {"ids": sorted(self.ids, key=id_order)}

    def reasons(self) -> dict[str, object]:
        """Give why they are as a document, in the order of the choice."""
        return {
            "covers": [[one, list(self.covers[one])] for one in self.ids],
            "left_over": list(self.left_over),
            "impossible": list(self.impossible),
        }

    @classmethod
    def of_reasons(cls, held: Mapping[str, Any]) -> SampleChoice:
        """Read a choice back from the document of its reasons."""
        covers = {str(one): tuple(keys) for one, keys in held["covers"]}
        return cls(tuple(covers), covers, tuple(held["left_over"]), tuple(held["impossible"]))


def choose(facts: SampleFacts, *, size: int, wanted: Collection[str] = ()) -> SampleChoice:
    """Choose at most `size` patients that cover every key there is, greedily.

    Each step takes the patient who adds most keys not covered yet (of equals, the lowest
    id). Once all is covered the same begins anew for a second, third … example of each
    key, until `size` patients are chosen. The same facts give the same choice.

    Args:
        facts: what each patient would try out.
        size: how many patients at most.
        wanted: keys that should be covered, also where no record has them.
    """
    tiers = [sum(1 << place for place, key in enumerate(facts.keys) if kind_of(key) in tier)
             for tier in TIERS]  # fmt: skip
    chosen: dict[str, tuple[str, ...]] = {}
    covered = 0
    while len(chosen) < min(size, len(facts.patients)):
        before = len(chosen)
        rest = {one: mask for one, mask in facts.patients.items() if one not in chosen}
        for one, mask in _cover(rest, tiers):
            chosen[one] = tuple(sorted(_names(facts, mask & ~covered)))
            covered |= mask
            if len(chosen) >= size:
                break
        if len(chosen) == before:  # whoever is left covers nothing at all
            chosen.update(dict.fromkeys(sorted(rest, key=id_order)[: size - len(chosen)], ()))
    every = (1 << len(facts.keys)) - 1
    return SampleChoice(
        ids=tuple(chosen),
        covers=chosen,
        left_over=tuple(sorted(_names(facts, every & ~covered))),
        impossible=tuple(sorted(set(wanted).difference(facts.keys))),
    )


def _cover(patients: Mapping[str, int], tiers: list[int]) -> Iterator[tuple[str, int]]:
    """Yield patients, best first, until what this set of them has is covered once."""

    def gain(mask: int) -> tuple[int, ...]:
        fresh = mask & ~covered
        return tuple(-(fresh & tier).bit_count() for tier in tiers)

    covered = 0
    heap = [(gain(mask), id_order(one), one) for one, mask in patients.items() if mask]
    heapq.heapify(heap)
    while heap:
        queued, rank, one = heapq.heappop(heap)
        adds = gain(patients[one])
        if not any(adds):
            continue
        if adds != queued:  # what it adds has shrunk since it was queued; look again later
            heapq.heappush(heap, (adds, rank, one))
            continue
        covered |= patients[one]
        yield one, patients[one]


def _names(facts: SampleFacts, mask: int) -> Iterator[str]:
    while mask:
        lowest = mask & -mask
        yield facts.keys[lowest.bit_length() - 1]
        mask ^= lowest


# telling of it ---------------------------------------------------------------------------

_WORDS: Mapping[Kind, str] = {
    Kind.FIELD: "{} is filled",
    Kind.VALUE: "{}",
    Kind.REFERENCE: "{}",
    Kind.RELATION: "{}",
    Kind.FILE: "a file {}",
    Kind.SCRIPT: "{} letters",
    Kind.EMPTIEST: "the fewest filled fields",
    Kind.MOST: "the most records",
    Kind.LONGEST: "the longest text in {}",
    Kind.ODD: "found odd: {}",
    Kind.EMPTY: "{} is empty",
}


def kind_of(key: str) -> Kind:
    """Give the kind of a key."""
    return Kind(key.partition(":")[0])


def key_words(
    key: str, *, hidden: Collection[str] = (), mask: Callable[[object], str] = str
) -> str:
    """Say what a key stands for; values of the fields in `hidden` as `mask` shows them.

    A key beside a record tells something of its patient, and what is clinical stays masked.
    """
    kind, what = kind_of(key), key.partition(":")[2]
    if kind in {Kind.VALUE, Kind.REFERENCE}:
        field = next((one for one in hidden if what.startswith(f"{one}=")), "")
        if field:  # a field's own name may hold the sign
            what = f"{field}={mask(what.removeprefix(f'{field}='))}"
    return _WORDS[kind].format(what)
