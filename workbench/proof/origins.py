"""What stands behind a cell: the source values it was made from, by which transform, of whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from workbench.mapping.rows import LoadRow
from workbench.staging.paths import is_empty, value_at
from workbench.state import Record, Store, canonical

_PATIENTS = "patients"
_TOGETHER = 20
"""Records kept at a time while source values are looked up."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one cell comes from, for the eyes of a reviewer.

    `source`: the source values as text, those that hold something, " | " between them.
    `transform`: names of the map's transforms that read them, ", " between them; "" where the
    value was taken as it came, or is ours. `patient`: see `Difference`.
    """

    source: str = ""
    transform: str = ""
    patient: str = ""


OriginOf = Callable[[LoadRow, str], Origin]
"""Gives what stands behind one field of one row."""


class Origins:
    """Looks up what stands behind cells; rows of one patient come together, so few are kept.

    The paths in `LoadRow.sources` name fields of the record that the row stems from. A field
    of another record of the patient's, an answer to a form, names its record
    ("custom_form_responses/31.data[Intake / Allergies].value"); one that names a resource
    alone ("prescriptions.dosage", on a patient's row) means all the records of it that the
    patient has, those of the patients merged into it as well.

    Args:
        store: the run's state.
        transforms: source field → name of the transform that the map has for it.
        merged: merged patient's id → id of the one that stays.
    """

    def __init__(
        self, store: Store, *, transforms: Mapping[str, str], merged: Mapping[str, str]
    ) -> None:
        self._store, self._transforms, self._merged = store, transforms, merged
        self._into: dict[str, list[str]] = {}
        for goes, stays in merged.items():
            self._into.setdefault(stays, []).append(goes)
        self._records: dict[tuple[str, str], Record | None] = {}
        known = "|".join(map(re.escape, store.source.resources())) or _PATIENTS
        # a path may hold commas and points: only a resource's name begins the next one
        self._begins = re.compile(rf"(?:^|, )(?P<resource>{known})(?:/(?P<id>[^./, ]+))?\.")

    def __call__(self, row: LoadRow, name: str) -> Origin:
        """Give what stands behind one field of a row."""
        named = self._named(row.sources.get(name, ""))
        found = [
            value if isinstance(value, str) else canonical(value)
            for (resource, number), paths in named.items()
            for record in self._meant(row, resource, number)
            for path in paths
            if not is_empty(value := value_at(record.data, path))
        ]
        read = [self._transforms.get(f"{resource}.{path}", "")
                for (resource, _number), paths in named.items() for path in paths]  # fmt: skip
        transform = ", ".join(dict.fromkeys(one for one in read if one))
        return Origin(" | ".join(found), transform, self._patient(row))

    def _named(self, told: str) -> dict[tuple[str, str | None], list[str]]:
        """Give the paths that a cell was made from, by resource and, where one is named, record."""
        begins = list(self._begins.finditer(told))
        ends = [*(found.start() for found in begins[1:]), len(told)]
        named: dict[tuple[str, str | None], list[str]] = {}
        for found, end in zip(begins, ends, strict=False):  # nothing begins: nothing ends
            key = (found["resource"], found["id"])
            named.setdefault(key, []).append(told[found.end() : end])
        return named

    def _meant(self, row: LoadRow, resource: str, number: str | None) -> Iterator[Record]:
        if number is None and resource != row.resource:
            if row.resource == _PATIENTS:
                for one in (row.source_id, *self._into.get(row.source_id, ())):
                    yield from self._store.source.records_of_patient(resource, one)
            return
        record = self._record(resource, number or row.source_id)
        if record is not None:
            yield record

    def _record(self, resource: str, number: str) -> Record | None:
        key = (resource, number)
        if key not in self._records:
            if len(self._records) > _TOGETHER:
                self._records.clear()
            self._records[key] = self._store.source.record(resource, number)
        return self._records[key]

    def _patient(self, row: LoadRow) -> str:
        if row.resource == _PATIENTS:
            one: str | None = row.source_id
        else:
            record = self._record(row.resource, row.source_id)
            one = record.patient_id if record else None
        return "" if one is None else self._merged.get(one, one)
