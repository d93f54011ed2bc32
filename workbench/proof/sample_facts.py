"""What each patient's records would try out, gathered record by record in little memory."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from workbench.staging.paths import is_empty, leaves
from workbench.state.ids import id_order

PATIENTS = "patients"
ALONE = "relation:has no record but their own"


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """What loading each patient would try out.

    `keys` say what there is to try: "field:patients.allergies",
    "value:appointments.status=missed", "relation:has documents", "emptiest:" (see `sample.Kind`).
    `patients`: id → the keys it covers, the nth one as the nth bit: of very many patients
    nothing longer can be held.
    """

    keys: tuple[str, ...]
    patients: Mapping[str, int]

    @classmethod
    def of(cls, covers: Mapping[str, Iterable[str]]) -> SampleFacts:
        """Make facts of patients, each with its keys."""
        gatherer = _Keys()
        masks = {one: gatherer.mask(keys) for one, keys in covers.items()}
        return cls(tuple(gatherer.bits), masks)


def has(resource: str) -> str:
    """Give the key of a patient who has records of another resource."""
    return f"relation:has {resource}"


class _Keys:
    """Numbers keys in the order in which they come up."""

    def __init__(self) -> None:
        self.bits: dict[str, int] = {}

    def bit(self, key: str) -> int:
        found = self.bits.get(key)
        if found is None:
            found = self.bits[key] = 1 << len(self.bits)
        return found

    def mask(self, keys: Iterable[str]) -> int:
        mask = 0
        for key in keys:
            mask |= self.bit(key)
        return mask


class FactGatherer:
    """Collects, record by record, what each patient would try out; holds a few numbers each."""

    def __init__(self) -> None:
        self._keys = _Keys()
        self._covers: dict[str, int] = {}
        self._filled: dict[str, int] = {}
        self._records: dict[str, int] = {}
        self._longest: dict[str, tuple[int, str]] = {}

    def __contains__(self, patient: str) -> bool:
        """Tell whether a record of the patient was taken in."""
        return patient in self._covers

    def add(
        self, patient: str, resource: str, data: Mapping[str, object], *, keys: Iterable[str] = ()
    ) -> None:
        """Take in one record of a patient: the patient's own, or one that hangs on it.

        Args:
            patient: its id.
            resource: whose record it is, "appointments".
            data: the record.
            keys: what it covers beside its fields: values of pick-lists, references.
        """
        bit = self._keys.bit
        mask, filled = self._keys.mask(keys), 0
        if resource != PATIENTS:
            mask |= bit(has(resource))
        for inner, value in leaves(data):
            path = f"{resource}.{inner}"
            if is_empty(value):
                mask |= bit(f"empty:{path}")
                continue
            filled += 1
            mask |= bit(f"field:{path}")
            if isinstance(value, str):
                if not value.isascii():
                    mask |= self._keys.mask(f"script:{script}" for script in scripts(value))
                longest = self._longest.get(path)
                if longest is None or _longer((len(value), patient), longest):
                    self._longest[path] = (len(value), patient)
        self._covers[patient] = self._covers.get(patient, 0) | mask
        self._filled[patient] = self._filled.get(patient, 0) + filled
        self._records[patient] = self._records.get(patient, 0) + 1

    def mark(self, patient: str, key: str) -> None:
        """Note a key of a patient who was taken in; of any other it is passed over."""
        if patient in self._covers:
            self._covers[patient] |= self._keys.bit(key)

    def facts(self) -> SampleFacts:
        """Give every patient's facts; the emptiest, the fullest and the longest are marked."""
        for path, (_length, one) in self._longest.items():
            self.mark(one, f"longest:{path}")
        if self._covers:
            by_filled = {one: (count, id_order(one)) for one, count in self._filled.items()}
            self.mark(min(by_filled, key=by_filled.__getitem__), "emptiest:")
            most = max(self._records.values())
            first = min((one for one, count in self._records.items() if count == most),
                        key=id_order)  # fmt: skip
            self.mark(first, "most:")
        for one, count in self._records.items():
            if count == 1:
                self.mark(one, ALONE)
        return SampleFacts(tuple(self._keys.bits), self._covers)


def _longer(new: tuple[int, str], held: tuple[int, str]) -> bool:
    """Whether a text is longer; of equally long ones that of the lowest id counts."""
    return new[0] > held[0] or (new[0] == held[0] and id_order(new[1]) < id_order(held[1]))


def scripts(text: str) -> frozenset[str]:
    """Name the scripts of a text's letters, plain Latin left out ("cyrillic", "arabic").

    Latin letters beyond ASCII count as "latin-accented": they break naive encodings too.
    """
    return frozenset(script for char in set(text) if (script := _script(char)))


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    if char.isascii() or not char.isalpha():
        return ""
    script = unicodedata.name(char, "unknown").split(" ")[0].lower()
    return "latin-accented" if script == "latin" else script
