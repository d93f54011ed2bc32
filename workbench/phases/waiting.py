"""Patients who wait for a decision, and what of theirs must wait with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workbench.mapping import Expected
from workbench.phases import gates
from workbench.state import Record, Store

_PATIENT, _FIELD = "patient_", "field:"

Subjects = Mapping[str, tuple[str, ...]]
"""Patient id → the subjects that are waited for."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits.

    Args:
        twins: not in Odoo yet, and perhaps somebody else: once made, a record is not merged
            any more.
        absent: not in Odoo yet, for whatever reason: nothing of theirs can refer to them.
        untitled: a field waits, so nobody knows the name that their visits are titled with.
    """

    twins: Subjects = field(default_factory=dict)
    absent: Subjects = field(default_factory=dict)
    untitled: Subjects = field(default_factory=dict)

    def of(self, patient: str | None, *, visit: bool) -> tuple[str, ...]:
        """Give what a record of a patient waits for because of the patient."""
        if patient is None:
            return ()
        return self.absent.get(patient) or (self.untitled.get(patient, ()) if visit else ())


def who_waits(store: Store, expect: Callable[[Record], Expected]) -> Waiting:
    """Find the patients who wait; goes once through all of them.

    Args:
        store: the run's state.
        expect: says what is expected of a patient's record.
    """
    twins = _twins(store)
    absent = dict(twins)
    untitled: dict[str, tuple[str, ...]] = {}
    for record in store.source.records("patients"):
        number = record.source_id
        waiting = expect(record).waiting
        if waiting and number not in twins and not _is_there(store, _PATIENT + number):
            absent[number] = waiting
        fields = tuple(one for one in waiting if one.startswith(_FIELD))
        if fields:
            untitled[number] = fields
    return Waiting(twins, absent, untitled)


def _twins(store: Store) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for decision in store.decisions.open(gates.DUPLICATE):
        for name in decision.subject.removeprefix(gates.DUPLICATE).split("+"):
            if name.startswith(_PATIENT) and not _is_there(store, name):
                number = name.removeprefix(_PATIENT)
                found[number] = (*found.get(number, ()), decision.subject)
    return found


def _is_there(store: Store, external_id: str) -> bool:
    return store.destination.link(external_id) is not None
