"""Which patients to try first: few, and yet everything that can occur is among them."""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from workbench.staging.paths import is_empty, leaves


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """One patient and what loading them would try out.

    `covers` are keys like "field:patients.allergies", "value:appointments.status=missed",
    "relation:documents", "longest:patients.note", "script:cyrillic", "emptiest".
    """

    id: str
    covers: frozenset[str]


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

    def as_json(self) -> dict[str, object]:
        """Give the choice as a document; equal choices have equal hashes."""
        return {
            "ids": list(self.ids),
            "covers": {one: list(keys) for one, keys in self.covers.items() if keys},
            "left_over": list(self.left_over),
            "impossible": list(self.impossible),
        }


def choose(rows: Iterable[SampleFacts], *, size: int, wanted: Collection[str] = ()) -> SampleChoice:
    """Choose at most `size` patients that cover every key there is, greedily.

    Each step takes the patient who adds most keys not covered yet (of equals, the lowest
    id). Once all is covered the same begins anew for a second, third … example of each
    key, until `size` patients are chosen. The same rows give the same choice.

    Args:
        rows: all patients; each id once, in any order.
        size: how many patients at most.
        wanted: keys that should be covered, also where no record has them.
    """
    facts = {row.id: row.covers for row in rows}
    every = frozenset().union(*facts.values()) if facts else frozenset()
    chosen: dict[str, tuple[str, ...]] = {}
    covered: set[str] = set()
    while len(chosen) < min(size, len(facts)):
        before = len(chosen)
        for one, keys in _cover({k: v for k, v in facts.items() if k not in chosen}):
            chosen[one] = tuple(sorted(keys - covered))
            covered |= keys
            if len(chosen) >= size:
                break
        if len(chosen) == before:  # whoever is left covers nothing at all
            rest = sorted((one for one in facts if one not in chosen), key=_by_number)
            chosen.update(dict.fromkeys(rest[: size - len(chosen)], ()))
    return SampleChoice(
        ids=tuple(chosen),
        covers=chosen,
        left_over=tuple(sorted(every - covered)),
        impossible=tuple(sorted(set(wanted) - every)),
    )


def _cover(facts: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield patients, best first, until what this set of them has is covered once."""
    heap = [(-len(keys), _by_number(one), one) for one, keys in facts.items() if keys]
    heapq.heapify(heap)
    covered: set[str] = set()
    while heap:
        gain, rank, one = heapq.heappop(heap)
        fresh = len(facts[one] - covered)
        if fresh == 0:
            continue
        if -gain != fresh:  # what it adds has shrunk since it was queued; look again later
            heapq.heappush(heap, (-fresh, rank, one))
            continue
        covered |= facts[one]
        yield one, facts[one]


def _by_number(one: str) -> tuple[int, str]:
    return (int(one), "") if one.isdecimal() else (-1, one)


# facts from records ----------------------------------------------------------------------


@dataclass(slots=True)
class FactGatherer:
    """Collects, record by record, what each patient would try out.

    Args:
        value_fields: paths whose every value must be tried ("appointments.status",
            "patients.clinic_location", "appointments.practitioner_id"): pick-lists and
            references only, for values become part of the key.
    """

    value_fields: Collection[str]
    _covers: dict[str, set[str]] = field(default_factory=dict)
    _filled: dict[str, int] = field(default_factory=dict)
    _longest: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, patient_id: str, resource: str, data: Mapping[str, object]) -> None:
        """Take in one record of a patient: the patient's own, or one that hangs on it."""
        covers = self._covers.setdefault(patient_id, set())
        if resource != "patients":
            covers.add(f"relation:{resource}")
        filled = 0
        for inner, value in leaves(data):
            path, text = f"{resource}.{inner}", str(value)
            if is_empty(value):
                covers.add(f"empty:{path}")
                continue
            filled += 1
            covers.add(f"field:{path}")
            if path in self.value_fields:
                covers.add(f"value:{path}={text}")
            if isinstance(value, str):
                covers.update(f"script:{script}" for script in scripts(value))
                if (len(text), patient_id) > self._longest.get(path, (0, "")):
                    self._longest[path] = (len(text), patient_id)
        self._filled[patient_id] = self._filled.get(patient_id, 0) + filled

    def facts(self) -> list[SampleFacts]:
        """Give every patient's facts, by numeric id; the emptiest and longest are marked."""
        found = {one: set(keys) for one, keys in self._covers.items()}
        for path, (_length, one) in self._longest.items():
            found[one].add(f"longest:{path}")
        if self._filled:
            emptiest = min(self._filled, key=lambda one: (self._filled[one], _by_number(one)))
            found[emptiest].add("emptiest")
        return [SampleFacts(one, frozenset(found[one])) for one in sorted(found, key=_by_number)]


def scripts(text: str) -> frozenset[str]:
    """Name the scripts of a text's letters, plain Latin left out ("cyrillic", "arabic").

    Latin letters beyond ASCII count as "latin-accented": they break naive encodings too.
    """
    if text.isascii():
        return frozenset()
    found = set()
    for char in set(text):
        if ord(char) < 128 or not char.isalpha():  # noqa: PLR2004 - the size of ASCII
            continue
        script = unicodedata.name(char, "unknown").split(" ")[0].lower()
        found.add("latin-accented" if script == "latin" else script)
    return frozenset(found)
