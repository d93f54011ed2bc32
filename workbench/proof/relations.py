"""Whether every relation stands in Odoo: told from what was read back, never from what was sent.

The count of what is expected comes from PracticeHub's records, so a relation that the map or the
load lost on the way is missed here, though no cell of it was ever compared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.state import Fate, Gap, Relation

WHOLE_RECORD = "*"
PATIENTS = "patients"
MERGED_INTO = "patients merged into another"
_STANDS = frozenset({Fate.CREATED, Fate.UPDATED, Fate.MERGED})

Cells = Collection[tuple[str, str]]
"""External id and field of cells; `*` in place of a field: the whole record."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What one field of a source record names: the record's owner, or another record.

    `leads_to` is a resource, `key` an id in it. `owner`: the patient to whom it belongs.
    """

    path: str
    leads_to: str
    key: str
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """One source record (or its file), what it refers to, and what of it was compared.

    Args:
        resource: its resource.
        source_id: its id.
        fate: what became of it; None while it has none.
        references: what its fields name.
        rows: its rows that were compared with Odoo.
        within: external id of the record whose list it stands in, instead of rows of its own.
        is_file: it is the file that the record carries.
    """

    resource: str
    source_id: str
    fate: Fate | None
    references: tuple[Reference, ...]
    rows: tuple[LoadRow, ...] = ()
    within: str = ""
    is_file: bool = False


@dataclass(slots=True)
class _Sums:
    leads_to: str
    expected: int = 0
    linked: int = 0
    told: int = 0
    orphan: int = 0
    left_out: int = 0
    missing: int = 0


@dataclass(slots=True)
class RelationTally:
    """Adds up relations, window by window; holds sums and what is missing, no records.

    Args:
        contact_of: patient's id → external id of the contact that stands for them.
        exists: whether PracticeHub has a record: resource, id.
        listed: whether it is listed that a field leads nowhere: resource, id, field; with "" for
            an id, that PracticeHub gives no list of what the field names.
        dropped: source fields whose value is not taken over, by the map: "invoices.x_id".
        lists: resource → the field of a contact in which its records are listed.
    """

    contact_of: Callable[[str], str]
    exists: Callable[[str, str], bool]
    listed: Callable[[str, str, str], bool]
    dropped: Collection[str] = frozenset()
    lists: Mapping[str, str] = field(default_factory=dict)
    _gaps: list[Gap] = field(default_factory=list)
    _sums: dict[str, _Sums] = field(default_factory=dict)
    _links: dict[str, _Sums] = field(default_factory=dict)
    _with_list: set[tuple[str, str]] = field(default_factory=set)

    def feed(self, children: Iterable[Child], *, different: Cells, decided: Cells) -> None:
        """Add the records of one window.

        Args:
            children: the records; patients before the records that stand in their lists.
            different: the window's cells that differ, and its records that are not in Odoo.
            decided: cells in which a person decided that Odoo's value stays.
        """
        for child in children:
            for row in child.rows:
                self._note_lists(row, different)
            for one in child.references:
                self._count(child, one, different=different, decided=decided)
            for row in child.rows:
                self._count_links(row, child, different=different, decided=decided)

    def merged(self, source_id: str, alias: str, *, stands: bool) -> None:
        """Add a patient merged into another: does Odoo know both ids as one contact?"""
        sums = self._sums.setdefault(MERGED_INTO, _Sums("the patient that stays"))
        sums.expected += 1
        if stands:
            sums.linked += 1
        else:
            sums.missing += 1
            why = "its external id does not lead to the contact that stays"
            self._gaps.append(Gap(MERGED_INTO, source_id, alias, "", why))

    def take_gaps(self) -> list[Gap]:
        """Give what was found missing since this was asked last."""
        found, self._gaps = self._gaps, []
        return found

    def relations(self) -> list[Relation]:
        """Give the sums: what PracticeHub's records name, then what Odoo's fields link."""
        return [
            Relation(name, one.leads_to, one.expected, one.linked, one.told, one.orphan,
                     one.left_out, one.missing)
            for part in (self._sums, self._links)
            for name, one in sorted(part.items())
        ]  # fmt: skip

    # one relation ------------------------------------------------------------------------

    def _count(self, child: Child, one: Reference, *, different: Cells, decided: Cells) -> None:
        name = f"{child.resource}.{one.path}" + (" (of its file)" if child.is_file else "")
        sums = self._sums.setdefault(name, _Sums(one.leads_to))
        sums.expected += 1
        field_name = f"{child.resource}.{one.path}"
        if not self.exists(one.leads_to, one.key):
            if self.listed(child.resource, child.source_id, field_name):
                sums.orphan += 1
                return
            if not self.listed(child.resource, "", field_name):
                self._miss(sums, name, child, why="it leads nowhere, and is not listed")
                return
            # the account gives no list of these at all: what is named must stand in words
        if child.fate is None:
            self._miss(sums, name, child, why="its record has no fate yet")
            return
        if child.fate not in _STANDS or field_name in self.dropped:
            sums.left_out += 1
            return
        self._look(sums, name, child, one, different=different, decided=decided)

    def _look(
        self,
        sums: _Sums,
        name: str,
        child: Child,
        one: Reference,
        *,
        different: Cells,
        decided: Cells,
    ) -> None:
        """See in what was read back whether a relation that must be there is."""
        if child.within:
            listed_in = self.lists.get(child.resource)
            if listed_in is None:
                sums.left_out += 1  # the map has no list of them
            elif (child.within, listed_in) in self._with_list:
                sums.told += 1
            else:
                self._miss(sums, name, child, child.within, listed_in, why=_NOT_LISTED)
            return
        cells = list(_cells(child, one, self.contact_of))
        wrong = [(row, cell) for row, cell, _ in cells if _among(different, row, cell)]
        if not cells:
            why = "no field in Odoo is to hold it"
            self._miss(sums, name, child, why=why)
        elif wrong:
            row, cell = wrong[0]
            absent = (row, WHOLE_RECORD) in different
            self._miss(sums, name, child, row, cell, why=_ABSENT if absent else _DIFFERS)
        elif any((row, cell) in decided for row, cell, _ in cells):
            sums.left_out += 1
        elif any(isinstance(value, Ref | tuple) for _, _, value in cells):
            sums.linked += 1
        else:
            sums.told += 1

    def _miss(
        self, sums: _Sums, name: str, child: Child, external_id: str = "", cell: str = "",
        *, why: str,
    ) -> None:  # fmt: skip
        sums.missing += 1
        self._gaps.append(Gap(name, child.source_id, external_id, cell, why))

    # rows of Odoo ------------------------------------------------------------------------

    def _note_lists(self, row: LoadRow, different: Cells) -> None:
        """Remember which contacts hold the lists in which other records stand."""
        for name in self.lists.values():
            if row.resource == PATIENTS and row.values.get(name):
                contact = self.contact_of(row.source_id)
                if not _among(different, row.external_id, name):
                    self._with_list.add((contact, name))

    def _count_links(self, row: LoadRow, child: Child, *, different: Cells, decided: Cells) -> None:
        """Count the references of Odoo's fields: what they lead to must be what was meant."""
        for name, value in row.values.items():
            if not isinstance(value, Ref | tuple) or not value:
                continue
            first = value if isinstance(value, Ref) else value[0]
            place = f"{row.model}.{name}"
            sums = self._links.setdefault(place, _Sums(_NAMES[first.kind]))
            sums.expected += 1
            if _among(different, row.external_id, name):
                absent = (row.external_id, WHOLE_RECORD) in different
                self._miss(sums, place, child, row.external_id, name,
                           why=_ABSENT if absent else _DIFFERS)  # fmt: skip
            elif (row.external_id, name) in decided:
                sums.left_out += 1
            else:
                sums.linked += 1


_ABSENT = "its record is not in Odoo"
_DIFFERS = "it leads elsewhere in Odoo, or nowhere"
_NOT_LISTED = "the contact does not list it"

_NAMES: Mapping[RefKind, str] = {
    RefKind.RECORD: "records of this run", RefKind.COUNTRY: "countries", RefKind.STATE: "states",
    RefKind.USER: "users", RefKind.USER_CONTACT: "contacts of users", RefKind.STAGE: "stages",
    RefKind.TAG: "tags", RefKind.ID: "records that were there before",
}  # fmt: skip


def _among(cells: Cells, external_id: str, name: str) -> bool:
    return (external_id, name) in cells or (external_id, WHOLE_RECORD) in cells


def _cells(
    child: Child, one: Reference, contact_of: Callable[[str], str]
) -> Iterator[tuple[str, str, Value]]:
    """Give the cells in which a relation stands: external id, field, expected value.

    The owner must be linked. Any other relation stands in the fields that were made from it.
    """
    wanted = Ref(RefKind.RECORD, contact_of(one.key)) if one.leads_to == PATIENTS else None
    for row in child.rows:
        for name, value in row.values.items():
            if value is None or value in {"", ()}:
                continue
            if one.owner:
                if wanted == value or (isinstance(value, tuple) and wanted in value):
                    yield row.external_id, name, value
            elif f"{child.resource}.{one.path}" in row.sources.get(name, "").split(", "):
                yield row.external_id, name, value
