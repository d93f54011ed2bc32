"""The arithmetic of P1: what came, what became of it, and that the sums close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.state import Fate, FileState, Store, WalkState


@dataclass(frozen=True, slots=True)
class Terms:
    """One resource's terms.

    `reported` is what PracticeHub says it has (None: it said nothing), `rows` what it
    sent, `distinct` how many records those are. `settled` False: reading or fetching is
    still going on, so the sums are not final.
    """

    name: str
    reported: int | None
    rows: int
    distinct: int
    created: int = 0
    updated: int = 0
    merged: int = 0
    excluded: int = 0
    rejected: int = 0
    settled: bool = True

    @property
    def resolved(self) -> int:
        """How many distinct records have a fate."""
        return self.created + self.updated + self.merged + self.excluded + self.rejected

    @property
    def unresolved(self) -> int:
        """How many have none; below zero: more fates than records, which is as wrong."""
        return self.distinct - self.resolved

    @property
    def short(self) -> int:
        """How many fewer distinct records are held than PracticeHub reports; 0 or more."""
        return max(0, (self.reported or 0) - self.distinct)

    @property
    def closes(self) -> bool:
        """Whether every distinct record has exactly one fate, and reading is over."""
        return self.settled and self.unresolved == 0

    def as_json(self) -> dict[str, int | None]:
        """Give the terms as `status --json` shows them."""
        return {
            "reported": self.reported, "rows": self.rows, "distinct": self.distinct,
            "created": self.created, "updated": self.updated, "merged": self.merged,
            "excluded": self.excluded, "rejected": self.rejected, "unresolved": self.unresolved,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Balance:
    """Every resource's terms, in the order they were read, and the files' as one."""

    resources: tuple[Terms, ...]
    files: Terms

    @property
    def every(self) -> tuple[Terms, ...]:
        """All terms, the files' last."""
        return (*self.resources, self.files)

    @property
    def closes(self) -> bool:
        """Whether P1's sums close for every resource and for the files."""
        return all(terms.closes for terms in self.every)

    @property
    def unresolved(self) -> int:
        """How many records and files have no fate yet."""
        return sum(abs(terms.unresolved) for terms in self.every)

    def open_ends(self) -> list[str]:
        """Say of all that does not close how many have no fate."""
        return [f"{t.name}: {t.unresolved} without a fate" for t in self.every if not t.closes]

    def read_back_of(self, terms: Terms, read_back: Mapping[str, int]) -> int:
        """Give how many records of one line were read back; files stand under "files:…"."""
        if terms is not self.files:
            return read_back.get(terms.name, 0)
        return sum(count for name, count in read_back.items() if name.startswith("files:"))

    def not_read_back(self, read_back: Mapping[str, int]) -> list[str]:
        """Say of which resources Odoo did not give back just what counts as being there."""
        found = ((t, self.read_back_of(t, read_back)) for t in self.every)
        return [f"{t.name}: {count} of {t.created + t.updated} read back from Odoo"
                for t, count in found if count != t.created + t.updated]  # fmt: skip

    def as_json(self) -> dict[str, object]:
        """Give `resources` and `files` exactly as `status --json` shows them."""
        return {
            "resources": {terms.name: terms.as_json() for terms in self.resources},
            "files": self.files.as_json(),
        }


def terms_of(
    name: str,
    fates: Iterable[tuple[Fate, int]],
    *,
    reported: int | None,
    rows: int,
    distinct: int,
    settled: bool = True,
) -> Terms:
    """Put counted fates into terms; a fate named twice is added up."""
    counts = dict.fromkeys(Fate, 0)
    for fate, count in fates:
        counts[fate] += count
    return Terms(
        name, reported, rows, distinct,
        created=counts[Fate.CREATED], updated=counts[Fate.UPDATED], merged=counts[Fate.MERGED],
        excluded=counts[Fate.EXCLUDED], rejected=counts[Fate.REJECTED], settled=settled,
    )  # fmt: skip


def balance(store: Store) -> Balance:
    """Draw up P1's sums from the state; records gone from PracticeHub are not in them.

    Resources that the account does not have are left out. A file counts once: the records
    that carry one are what is reported, and their fates stand under "files:<resource>".
    """
    fates = store.proof.fates()
    resources = tuple(
        terms_of(
            name,
            fates.get(name, {}).items(),
            reported=volume.reported,
            rows=volume.rows,
            distinct=volume.distinct,
            settled=volume.state is WalkState.DONE,
        )
        for name, volume in store.source.volumes().items()
    )
    carried = store.proof.files()
    number = sum(carried.values())
    files = terms_of(
        "files",
        store.proof.file_fates().items(),
        reported=number,
        rows=number,
        distinct=number,
        settled=FileState.PENDING not in carried,
    )
    return Balance(resources, files)
