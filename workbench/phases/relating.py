"""Proving relations while records are compared: what PracticeHub names against what Odoo holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.mapping.model import Disposition
from workbench.mapping.patients import SUMMARY
from workbench.odoo import standing_ids
from workbench.phases import duplicates, knowledge
from workbench.phases.expectations import Due
from workbench.phases.loading import SETTLED_ELSEWHERE
from workbench.practicehub import ids_at, resource
from workbench.proof import WHOLE_RECORD, Child, Match, Reference, RelationTally, Rule
from workbench.state import Difference, Fate, Record

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

PATIENTS, PRESCRIPTIONS = "patients", "prescriptions"
_STANDS = frozenset({Fate.CREATED, Fate.UPDATED})


class Relating:
    """Takes in the comparison window by window; holds sums, no records.

    Args:
        steps: the phase on whose behalf.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps, self._store = steps, steps.store
        self._merged = duplicates.merged(steps.store)
        self._read_back: dict[str, int] = {}
        rows = knowledge.draft(steps).mapping.rows
        listed = any(row.name == SUMMARY for row in rows if row.resource == PRESCRIPTIONS)
        self._tally = RelationTally(
            contact_of=self._contact_of,
            exists=steps.store.source.holds,
            listed=steps.store.lists.leads_nowhere,
            dropped={row.field for row in rows if row.disposition is Disposition.DROPPED},
            lists={PRESCRIPTIONS: SUMMARY} if listed else {},
        )
        steps.store.lists.forget_relations()

    @property
    def read_back(self) -> Mapping[str, int]:
        """How many records were read back that count as created or updated, by resource."""
        return self._read_back

    def window(self, dues: Sequence[Due], cells: Iterable[Difference]) -> None:
        """Take in the records of one window, and those of their cells that are not equal.

        Args:
            dues: every record of the window, with just the rows that were compared.
            cells: what the comparison said of them.
        """
        different: set[tuple[str, str]] = set()
        decided: set[tuple[str, str]] = set()
        for cell in cells:
            if cell.verdict == Match.DIFFERENT:
                different.add((cell.external_id, cell.field))
            elif cell.rule == Rule.KEPT_BY_DECISION:
                decided.add((cell.external_id, cell.field))
        children = [child for due in dues for child in self._child(due)]
        self._tally.feed(children, different=different, decided=decided)
        for due, child in zip(dues, children, strict=True):
            self._count(due, child, different)
        self._merged_of(dues)
        self._store.lists.add_gaps(self._tally.take_gaps())

    def finish(self) -> None:
        """Keep what was found."""
        self._store.lists.set_relations(self._tally.relations())

    def _child(self, due: Due) -> Iterator[Child]:
        found = self._store.proof.outcome(_counted_as(due), due.source_id)
        record = self._store.source.record(due.resource, due.source_id)
        yield Child(
            due.resource, due.source_id, found.fate if found else None,
            tuple(_references(record)) if record is not None else (),
            due.expected.rows, due.expected.within, due.is_file,
        )  # fmt: skip

    def _count(self, due: Due, child: Child, different: set[tuple[str, str]]) -> None:
        if child.fate not in _STANDS or not child.rows:
            return
        absent = (child.rows[0].external_id, WHOLE_RECORD) in different
        names = {_counted_as(due)}
        if due.resource not in SETTLED_ELSEWHERE:
            names.add(due.resource)  # a document is its file
        for name in names:
            self._read_back[name] = self._read_back.get(name, 0) + (not absent)

    def _merged_of(self, dues: Iterable[Due]) -> None:
        """Ask Odoo where the external ids of merged patients lead."""
        aliases = {alias.external_id: alias for due in dues for alias in due.expected.aliases}
        if not aliases:
            return
        held = standing_ids(
            self._steps.run.destination,
            module=self._steps.config.module,
            names=[*aliases, *{one.of for one in aliases.values()}],
        )
        for name, alias in aliases.items():
            stands = name in held and held[name] == held.get(alias.of)
            self._tally.merged(alias.source_id, name, stands=stands)

    def _contact_of(self, patient: str) -> str:
        return f"patient_{self._merged.get(patient, patient)}"


def _counted_as(due: Due) -> str:
    return f"files:{due.resource}" if due.is_file else due.resource


def _references(record: Record) -> Iterator[Reference]:
    """Give what a record's fields name; its owner is the first patient that one of them does."""
    known = resource(record.resource)
    owner = known.patient_of(record.data)
    for path, parent in known.parents.items():
        for key in ids_at(path, record.data):
            owns = parent == PATIENTS and key == owner
            yield Reference(path, parent, key, owner=owns)
            owner = None if owns else owner
