"""Expected against actual, field by field, with a named reason for every tolerance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from workbench.errors import EvidenceError
from workbench.mapping.rows import LoadRow, Ref, Value
from workbench.proof.judge import MISSING, UNRESOLVED, Match, Rule, judge, resolved, shown
from workbench.proof.origins import OriginOf
from workbench.state import Difference, Verdict

WHOLE_RECORD = "*"
"""The field name under which an absent record is listed."""

Actual = Mapping[str, Mapping[str, object] | None]
"""What Odoo returned, by external id without module; None where it has no such record."""

Decided = Callable[[LoadRow, str, object], bool]
"""Whether a person decided that a row's field keeps just this value in Odoo."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One scope compared: `verdicts` by model, field, verdict and rule.

    `absent`: how many of the records Odoo does not have.
    """

    verdicts: list[Verdict]
    cells: int
    records: int
    absent: int

    @property
    def different(self) -> int:
        """How many cells differ without a tolerance; 0 is what P1 asks for."""
        return different_cells(self.verdicts)

    @property
    def equal(self) -> bool:
        """Whether every cell is equal or tolerated by name."""
        return self.different == 0 and not self.absent


def different_cells(verdicts: Iterable[Verdict]) -> int:
    """Count the cells that differ without a tolerance."""
    return sum(row.count for row in verdicts if row.verdict == Match.DIFFERENT)


def _nobody(_row: LoadRow, _field: str, _value: object) -> bool:
    return False


class Comparer:
    """Compares every expected field of every record with what Odoo returned, window by window.

    Only fields that the rows name are looked at. A many2one may come as a number or as
    number and name, a many2many as numbers in any order. Of what was fed nothing is held but
    counts, and the external ids, to see that none comes twice.

    Args:
        scope: under which name the result is kept ("sample", "all").
        resolve: gives the database id behind a reference, None if there is none.
        types: model to field to Odoo's type, as `fields_get` tells.
        origin_of: gives what is shown beside a cell; asked only for cells that are given back.
        keep_equal: give the equal cells back as well (a sample that a person walks through).
        decided: whether a person decided that Odoo's value stays.
    """

    def __init__(
        self,
        scope: str,
        *,
        resolve: Callable[[Ref], object],
        types: Mapping[str, Mapping[str, str]],
        origin_of: OriginOf,
        keep_equal: bool = False,
        decided: Decided = _nobody,
    ) -> None:
        self._scope, self._resolve, self._types = scope, resolve, types
        self._origin_of, self._keep_equal, self._decided = origin_of, keep_equal, decided
        self._seen: set[str] = set()
        self._absent = 0
        # rows by model and fields; the equal cells are not counted: they are what is left
        self._layouts: Counter[tuple[str, ...]] = Counter()
        self._unequal: Counter[tuple[str, str, Match, str]] = Counter()

    def feed(self, rows: Iterable[LoadRow], actual: Actual) -> list[Difference]:
        """Compare some records; give back the cells that are not plainly equal, row by row.

        Args:
            rows: the rows as they were meant to be; each external id once in all that is fed.
            actual: what was read back of them, by external id without module.

        Raises:
            EvidenceError: an external id is expected twice, so the comparison would not say
                which one it is about.
        """
        cells: list[Difference] = []
        for row in rows:
            if row.external_id in self._seen:
                what = f"{row.external_id} is expected twice."
                raise EvidenceError(what, do="Keep the run folder and report this.")
            self._seen.add(row.external_id)
            self._layouts[(row.model, *row.values, *row.stays)] += 1
            found = actual.get(row.external_id)
            if found is None:
                cells.append(self._absence(row))
                continue
            for name, value in row.values.items():
                got = found.get(name, MISSING)
                # most cells end here: same type and value, or a reference to just that number
                if (type(got) is type(value) and got == value) or (
                    type(got) is int and type(value) is Ref and self._resolve(value) == got
                ):
                    if self._keep_equal:
                        told = got if type(value) is Ref else value
                        cells.append(
                            self._cell(row, name, match=Match.EQUAL, rule="", wanted=told, got=got)
                        )
                else:
                    cells += self._judge(row, name, value, got)
            if row.stays:
                cells += self._stayed(row, found)
        return cells

    def finish(self) -> Comparison:
        """Give the counts of all that was fed."""
        totals: Counter[tuple[str, str]] = Counter()
        for (model, *names), rows in self._layouts.items():
            for name in names:
                totals[model, name] += rows
        counts: Counter[tuple[str, str, str, str]] = Counter()
        for (model, name), count in totals.items():
            counts[model, name, Match.EQUAL.value, ""] = count
        for (model, name, match, rule), count in self._unequal.items():
            counts[model, name, Match.EQUAL.value, ""] -= count
            counts[model, name, str(match), str(rule)] = count
        verdicts = [Verdict(self._scope, *key, count) for key, count in sorted(counts.items())
                    if count]  # fmt: skip
        return Comparison(verdicts, totals.total(), len(self._seen), self._absent)

    def _judge(self, row: LoadRow, name: str, value: Value, got: object) -> list[Difference]:
        """Look closely at one cell; give it back where it is to be listed."""
        wanted = resolved(value, self._resolve)
        match, rule = judge(wanted, got, self._types.get(row.model, {}).get(name, ""))
        if match is Match.DIFFERENT and not rule and self._decided(row, name, got):
            match, rule = Match.TOLERATED, Rule.KEPT_BY_DECISION
        if match is not Match.EQUAL:
            self._unequal[row.model, name, match, rule] += 1
        elif not self._keep_equal:
            return []
        told = value if wanted is UNRESOLVED else wanted
        return [self._cell(row, name, match=match, rule=rule, wanted=told, got=got)]

    def _absence(self, row: LoadRow) -> Difference:
        """Count every field of a record that is not there as different, and list it once.

        One that was deleted in Odoo, and is to stay so by decision, is tolerated.
        """
        kept = self._decided(row, WHOLE_RECORD, None)
        match = Match.TOLERATED if kept else Match.DIFFERENT
        rule = Rule.KEPT_BY_DECISION if kept else Rule.ABSENT
        self._absent += not kept
        for name in (*row.values, *row.stays):
            self._unequal[row.model, name, match, rule] += 1
        return Difference(
            scope=self._scope, external_id=row.external_id, model=row.model, field=WHOLE_RECORD,
            verdict=match.value, rule=rule.value,
            source=f"{row.resource}/{row.source_id}", expected="a record", actual="",
            patient=self._origin_of(row, WHOLE_RECORD).patient,
        )  # fmt: skip

    def _stayed(self, row: LoadRow, found: Mapping[str, object]) -> Iterator[Difference]:
        """See that what Odoo had before us, and is to keep, is what it holds now."""
        for name, held in row.stays.items():
            got = found.get(name, MISSING)
            match, rule = Match.DIFFERENT, "" if got is not MISSING else Rule.NOT_READ
            if (got or None) == (held or None):
                match, rule = Match.TOLERATED, Rule.ODOO_VALUE_STAYS
            elif not rule and self._decided(row, name, got):
                match, rule = Match.TOLERATED, Rule.KEPT_BY_DECISION
            self._unequal[row.model, name, match, rule] += 1
            yield self._cell(row, name, match=match, rule=rule, wanted=held, got=got)

    def _cell(
        self, row: LoadRow, name: str, *, match: Match, rule: str, wanted: object, got: object
    ) -> Difference:
        origin = self._origin_of(row, name)
        return Difference(
            scope=self._scope, external_id=row.external_id, model=row.model, field=name,
            verdict=match.value, rule=str(rule), source=origin.source, expected=shown(wanted),
            actual=shown(got), transform=origin.transform, patient=origin.patient,
        )  # fmt: skip
