"""What the patients of a run would try out: the ground on which the sample is chosen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.mapping import Mapping, MapRow, is_pick_list, value_key, who_is_whom
from workbench.mapping.model import Disposition
from workbench.phases import duplicates, gates, knowledge, linking
from workbench.phases.expectations import REFERENCES
from workbench.practicehub import ids_at, resource
from workbench.proof import FactGatherer, SampleFacts, has
from workbench.staging.paths import is_empty, value_at
from workbench.state import FileState, IssueKind, Record, Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

PATIENTS = "patients"
MERGED, LINKED = "relation:is one with another patient", "relation:is a contact of Odoo's"
_OF_EACH = 50
"""Records of each kind of oddity that are looked up: one of them is tried, any does."""
_BEFORE = frozenset({"connect", "audit", "extract"})
"""Phases whose findings there are before the first load: later ones would change the sample."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is to try: the patients' facts, and the keys that ought to be among them."""

    facts: SampleFacts
    wanted: frozenset[str]


def ground(steps: Steps) -> Ground:
    """Note what each patient of a run would try out."""
    goes, linked = _one_person(steps)
    return gather(
        steps.store, knowledge.draft(steps).mapping, goes=goes, linked=linked, mask=steps.run.mask
    )


def gather(
    store: Store,
    mapping: Mapping,
    *,
    goes: MappingOf[str, str],
    linked: Collection[str],
    mask: Callable[[object], str],
) -> Ground:
    """Go through all records once and note what each patient would try out.

    What hangs on a patient merged into another counts for the one that stays, with whom it is
    loaded.

    Args:
        store: the run's state.
        mapping: the confirmed map.
        goes: merged patient's id → id of the one that stays.
        linked: ids of patients who are contacts of Odoo's.
        mask: how a practitioner's name or address looks, where that is all there is of one.
    """
    gatherer = FactGatherer()
    for name in sorted(store.source.resources(), key=lambda one: one != PATIENTS):
        reader = _Reader(mapping, name, mask)
        for record in store.source.records(name):
            patient = _whose(record, goes)
            own = name == PATIENTS
            # left out: a merged patient's own record, and what is nobody's, or of a patient
            # whom PracticeHub does not list
            if patient == record.source_id if own else patient in gatherer:
                gatherer.add(patient, name, record.data, keys=reader.keys(record))
    for stays in goes.values():
        gatherer.mark(stays, MERGED)
    for patient in linked:
        gatherer.mark(goes.get(patient, patient), LINKED)
    _mark_files(store, gatherer, goes)
    _mark_odd(store, gatherer, goes)
    return Ground(gatherer.facts(), frozenset(_wanted(store, mapping)))


def _whose(record: Record, goes: MappingOf[str, str]) -> str:
    """Give the patient with whom a record is loaded; "" where it is nobody's."""
    owner = record.source_id if record.resource == PATIENTS else record.patient_id
    return "" if owner is None else goes.get(owner, owner)


def _one_person(steps: Steps) -> tuple[dict[str, str], frozenset[str]]:
    """Tell which patients go into which others, and which are contacts of Odoo's.

    Of pairs that nobody has decided yet what is proposed is taken: so the sample that is
    loaded first is still the right one when they are decided as proposed.
    """
    goes = duplicates.settle(steps)
    asked = steps.store.decisions.questions(gates.DUPLICATE)
    likely = {one.subject.removeprefix(gates.DUPLICATE): one.proposal if one.is_open else one.choice
              for one in asked}  # fmt: skip
    people = who_is_whom({pair: choice for pair, choice in likely.items() if choice})
    goes |= people.survivors
    return goes, frozenset(people.linked) | linking.linked(steps.store).keys()


class _Reader:
    """Reads off the records of one resource what they cover beside their fields."""

    def __init__(self, mapping: Mapping, name: str, mask: Callable[[object], str]) -> None:
        self._mask = mask
        self._lists = [row for row in mapping.of(name) if is_pick_list(row)]
        self._values = {row.field: mapping.values.get(row.field, {}) for row in self._lists}
        self._people = list(_by_words(mapping, name))
        chosen = {row.path for row in self._lists}  # a location may be one of a pick-list
        self._parents = [path for path in _references(name) if path not in chosen]

    def keys(self, record: Record) -> Iterator[str]:
        for row in self._lists:
            value = value_key(row, record.data)
            if value in self._values[row.field]:
                yield f"value:{row.field}={value}"
        for path in self._parents:
            for one in ids_at(path, record.data):
                yield f"reference:{record.resource}.{path}={one}"
        for row in self._people:
            told = value_at(record.data, row.path)
            if not is_empty(told):
                yield f"reference:{row.field}={self._mask(told)}"


def _references(name: str) -> dict[str, str]:
    """Give the fields of a resource that name a practitioner, a location or a type of visit."""
    return {path: parent for path, parent in resource(name).parents.items() if parent in REFERENCES}


def _by_words(mapping: Mapping, name: str) -> Iterator[MapRow]:
    """Give the fields that name a practitioner by address or name: each is tried, and hidden."""
    for row in mapping.of(name):
        if row.transform == "practitioner" and row.part != "id" and name not in REFERENCES:
            yield row


def _mark_files(store: Store, gatherer: FactGatherer, goes: MappingOf[str, str]) -> None:
    largest: tuple[int, str] = (0, "")
    for file in store.source.files():
        if file.patient_id is None:
            continue
        patient = goes.get(file.patient_id, file.patient_id)
        gatherer.mark(patient, f"file:{file.state.value}")
        if file.state is FileState.HELD and file.size is not None and patient in gatherer:
            if file.size == 0:
                gatherer.mark(patient, "file:of 0 bytes")
            if file.size > largest[0]:
                largest = (file.size, patient)
    if largest[0]:
        gatherer.mark(largest[1], "file:that is the largest")


def _mark_odd(store: Store, gatherer: FactGatherer, goes: MappingOf[str, str]) -> None:
    """Let the sample try what the checks found odd: one example of each kind and field."""
    seen: dict[tuple[IssueKind, str], int] = {}
    for issue in store.staging.issues():
        key = (issue.kind, issue.field)
        if issue.phase not in _BEFORE or seen.get(key, 0) >= _OF_EACH:
            continue
        seen[key] = seen.get(key, 0) + 1
        record = store.source.record(issue.resource, issue.source_id)
        if record is not None:
            gatherer.mark(_whose(record, goes), f"odd:{issue.kind.value}, {issue.field}")


def _wanted(store: Store, mapping: Mapping) -> Iterator[str]:
    """Name what ought to be tried: all that is mapped, whether or not a record has it."""
    source = store.source
    for row in mapping.rows:
        if row.resource not in REFERENCES and row.disposition is not Disposition.DROPPED:
            yield f"field:{row.field}"
    for field, values in mapping.values.items():
        yield from (f"value:{field}={value}" for value in values)
    listed = {one: [r.source_id for r in source.records(one)]
              for one in REFERENCES if one in source.resources()}  # fmt: skip
    for path, parent in _references("appointments").items():
        mapped = mapping.by_field.get(f"appointments.{path}")
        if mapped is not None:
            kind = "value" if is_pick_list(mapped) else "reference"
            yield from (f"{kind}:{mapped.field}={one}" for one in listed.get(parent, ()))
    for walk in source.walks():
        if walk.resource not in {PATIENTS, *REFERENCES}:
            yield has(walk.resource)
    yield from (MERGED, LINKED, "file:held", "file:of 0 bytes")
