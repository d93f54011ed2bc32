"""References that lead nowhere: fields that name a record which PracticeHub does not list."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from workbench.practicehub.catalogue import PATIENTS, Resource, ids_at
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.issues import issue
from workbench.state import Issue, IssueKind, Record, Store, WalkState

RULE = "every relation leads somewhere"
_KINDS = (IssueKind.ORPHAN, IssueKind.REFERENCE_UNKNOWN)
_VISITS = "appointments"
_REMEMBERED = 50_000
"""Parents of which it is remembered that they are there: many visits share one."""
_TOGETHER = 500
"""Issues written in one transaction."""


def list_dangling(store: Store, *, phase: str) -> None:
    """List every reference to a record that is not held: record and field, never the id in it.

    A reference to a patient is an orphan's, any other an unknown one. What refers to a list
    that the account does not give is told once for the field, not for every record. Only
    lists that were read to their end are looked up. What was listed before and leads
    somewhere by now is taken off the list.

    Args:
        store: the run's state.
        phase: the phase that checks.
    """
    looked = _Look(store, phase)
    for record in looked.found_since():
        store.staging.replace_issues(
            record.resource, record.source_id, _KINDS, by=looked.of_record(record)
        )
    found = looked.everywhere()
    while batch := list(islice(found, _TOGETHER)):
        store.staging.add_issues(batch)


class _Look:
    """Looks references up in what is held as it stands now."""

    def __init__(self, store: Store, phase: str) -> None:
        self._store, self._phase = store, phase
        volumes = store.source.volumes()
        self._whole = {name for name, one in volumes.items() if one.state is WalkState.DONE}
        self._absent = {
            walk.resource
            for walk in store.source.walks()
            if walk.state is WalkState.ABSENT and walk.resource not in volumes
        }
        self._there = lru_cache(maxsize=_REMEMBERED)(store.source.holds)

    def everywhere(self) -> Iterator[Issue]:
        """Go through every record that refers to something."""
        for name in self._store.source.resources():
            parents = resource_named(name).parents
            without = {path: one for path, one in parents.items() if one in self._absent}
            if not without and self._whole.isdisjoint(parents.values()):
                continue
            for record in self._store.source.records(name):
                for path in [one for one in without if any(ids_at(one, record.data))]:
                    yield self._without_a_list(name, path, without.pop(path))
                yield from self.of_record(record)

    def found_since(self) -> list[Record]:
        """Give the records of which something is listed that is no longer so."""
        listed: dict[tuple[str, str], set[str]] = {}
        for kind in _KINDS:
            for one in self._store.staging.issues(kind=kind):
                if one.rule == RULE:
                    listed.setdefault((one.resource, one.source_id), set()).add(one.field)
        held = (
            (self._store.source.record(*key), fields)
            for key, fields in listed.items()
            if self._store.source.holds(*key)
        )
        return [
            record
            for record, fields in held
            if record and fields - {one.field for one in self.of_record(record)}
        ]

    def of_record(self, record: Record) -> Iterator[Issue]:
        """Give the references of one record that lead nowhere."""
        known = resource_named(record.resource)
        for path, parent in known.parents.items():
            if parent in self._whole:
                lost = [one for one in ids_at(path, record.data) if not self._there(parent, one)]
                if lost:
                    yield self._nowhere(known, record, path, parent, lost)

    def _nowhere(
        self, known: Resource, record: Record, path: str, parent: str, lost: list[str]
    ) -> Issue:
        kind, outcome = IssueKind.REFERENCE_UNKNOWN, "the number is kept in place of a name"
        if parent == PATIENTS:
            kind = IssueKind.ORPHAN
            if all(self._store.destination.link(f"patient_{one}") for one in lost):
                outcome = "deleted in PracticeHub since; the contact is in Odoo still, and is kept"
            elif known.patient_of(record.data) not in lost:
                outcome = "listed; the record belongs to another patient, who is there"
            else:
                outcome = "loaded without its patient" if known.name == _VISITS else "not loaded"
        return issue(
            kind, known.name, source_id=record.source_id, field=f"{known.name}.{path}",
            rule=RULE, outcome=outcome, phase=self._phase,
        )  # fmt: skip

    def _without_a_list(self, name: str, path: str, parent: str) -> Issue:
        return issue(
            IssueKind.REFERENCE_UNKNOWN, name, field=f"{name}.{path}",
            rule=f"PracticeHub gives no list of {parent}", outcome="the number is kept as it is",
            phase=self._phase,
        )  # fmt: skip
