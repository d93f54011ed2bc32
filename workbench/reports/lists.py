"""The lists behind the figures, record by record: ids and reasons, one CSV each.

A list may be as long as the clinic has records. It is written as it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.proof.judge import Match, Rule
from workbench.reports.page import keep_csv
from workbench.state import Difference, Fate, Outcome, Store

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: what stands in it, how many lines, and the file inside `reports/`."""

    what: str
    count: int
    file: str


@dataclass(frozen=True, slots=True)
class _List:
    what: str
    file: str
    columns: tuple[str, ...]
    rows: Callable[[Store], Iterator[Row]]


def write_lists(store: Store, folder: Path) -> list[Path]:
    """Write every list, empty ones too; none holds a value of a patient."""
    return [keep_csv(store, folder, one.file, one.columns, one.rows(store)) for one in _LISTS]


def listed(store: Store) -> list[Listed]:
    """Say what is listed, how many lines each list has, and in which file."""
    return [Listed(one.what, sum(1 for _ in one.rows(store)), one.file) for one in _LISTS]


_FATES = ("resource", "id", "reason", "external id", "phase")


def _of_fate(fate: Fate) -> Callable[[Store], Iterator[Row]]:
    def rows(store: Store) -> Iterator[Row]:
        return ((o.resource, o.source_id, o.reason, o.external_id, o.phase)
                for o, lives in store.lists.fates(fate) if lives)  # fmt: skip

    return rows


def _every_fate(store: Store) -> Iterator[Row]:
    def row(o: Outcome, *, lives: bool) -> Row:
        return (o.resource, o.source_id, o.fate.value, o.reason, o.external_id, o.phase,
                "yes" if lives else "no")  # fmt: skip

    return (row(one, lives=lives) for one, lives in store.lists.fates())


def _orphans(store: Store) -> Iterator[Row]:
    return ((i.resource, i.source_id, i.field, i.kind.value, i.outcome)
            for i in store.lists.nowhere())  # fmt: skip


def _refused(store: Store) -> Iterator[Row]:
    return ((i.resource, i.source_id, i.field, i.rule, i.outcome) for i in store.lists.refused())


def _gaps(store: Store) -> Iterator[Row]:
    return ((g.name, g.source_id, g.external_id, g.field, g.why) for g in store.lists.gaps())


def _gone(store: Store) -> Iterator[Row]:
    return ((g.resource, g.source_id, g.fate.value if g.fate else "none", g.external_id)
            for g in store.lists.gone())  # fmt: skip


def _cells(wanted: Callable[[Difference], bool]) -> Callable[[Store], Iterator[Row]]:
    def rows(store: Store) -> Iterator[Row]:
        return ((d.external_id, d.model, d.field, d.verdict, d.rule)
                for d in store.proof.differences("all") if wanted(d))  # fmt: skip

    return rows


def _kept(cell: Difference) -> bool:
    return cell.rule == Rule.KEPT_BY_DECISION


def _differs(cell: Difference) -> bool:
    return cell.verdict == Match.DIFFERENT


def _tolerated(cell: Difference) -> bool:
    return cell.verdict == Match.TOLERATED and not _kept(cell)


_CELLS = ("external id", "model", "field", "verdict", "rule")

_LISTS = (
    _List("the fate of every record", "outcomes.csv",
          ("resource", "id", "fate", "reason", "external id", "phase", "in PracticeHub"),
          _every_fate),
    _List("merged into another record", "merged.csv", _FATES, _of_fate(Fate.MERGED)),
    _List("excluded", "excluded.csv", _FATES, _of_fate(Fate.EXCLUDED)),
    _List("rejected", "rejected.csv", _FATES, _of_fate(Fate.REJECTED)),
    _List("relations that lead nowhere in PracticeHub", "orphans.csv",
          ("resource", "id", "field", "kind", "what happens"), _orphans),
    _List("relations missing in Odoo", "missing_relations.csv",
          ("relation", "id", "external id", "field", "why"), _gaps),
    _List("refused by Odoo and not taken since", "refused.csv",
          ("resource", "id", "field", "reason", "what Odoo lacks"), _refused),
    _List("gone from PracticeHub", "gone.csv", ("resource", "id", "fate", "external id"), _gone),
    _List("fields that keep Odoo's value, as a person decided", "kept_values.csv", _CELLS,
          _cells(_kept)),
    _List("fields that differ by a named tolerance", "tolerated.csv", _CELLS, _cells(_tolerated)),
    _List("fields that differ", "differences.csv", _CELLS, _cells(_differs)),
)  # fmt: skip
