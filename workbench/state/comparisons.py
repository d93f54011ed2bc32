"""How the fields in Odoo compare with what was expected: counts of all, and single cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workbench.state._part import Part

_MADE = ", being made"
"""What a scope's name ends in while its comparison is not whole yet."""
_CELL = (
    "scope, external_id, model, field, verdict, rule, source, expected, actual, transform, patient"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often one field compared in one way; `rule` names the tolerance or is empty."""

    scope: str
    model: str
    field: str
    verdict: str
    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell: a field of one record, compared. Holds values: stays in the run.

    `transform`: names of the map's transforms that made the expected value, "a, b"; "" where
    none did. `patient`: id of the patient on whose contact the record hangs, of the one that
    stays where two were merged; "" where it hangs on none.
    """

    scope: str
    external_id: str
    model: str
    field: str
    verdict: str
    rule: str
    source: str
    expected: str
    actual: str
    transform: str = ""
    patient: str = ""


@dataclass(frozen=True, slots=True)
class ComparedRecord:
    """How the kept cells of one record compared, as counts."""

    patient: str
    external_id: str
    model: str
    equal: int
    tolerated: int
    different: int


class Writing:
    """A comparison while it is made: cells come window by window, the counts at the end."""

    def __init__(self, comparisons: Comparisons, scope: str) -> None:
        self._comparisons, self._scope = comparisons, scope

    def add(self, cells: Iterable[Difference]) -> None:
        """Put down cells of records that had none yet; nobody sees them before the end."""
        self._comparisons.put(f"{self._scope}{_MADE}", cells)

    def finish(self, verdicts: Iterable[Verdict]) -> None:
        """Put what was added in the place of the scope's comparison, in one transaction."""
        self._comparisons.replace(self._scope, f"{self._scope}{_MADE}", verdicts=verdicts)


class Comparisons(Part):
    """Verdicts and cells by scope: of `sample` every cell, of `all` those that are not equal."""

    def comparison(self, scope: str) -> Writing:
        """Begin one scope's comparison; until it is finished the one before stands.

        What is added is committed bit by bit, since Odoo is asked between: what a process
        that was killed left is thrown away here.
        """
        with self._store.transaction() as db:
            db.execute("DELETE FROM differences WHERE scope=?", (f"{scope}{_MADE}",))
        return Writing(self, scope)

    def set_comparison(
        self, scope: str, *, verdicts: Iterable[Verdict], differences: Iterable[Difference]
    ) -> None:
        """Replace one scope's comparison by a newer one that is whole already."""
        with self._store.transaction():
            writing = self.comparison(scope)
            writing.add(differences)
            writing.finish(verdicts)

    def put(self, scope: str, cells: Iterable[Difference]) -> None:
        """Add cells to what is kept under a scope's name."""
        with self._store.transaction() as db:
            db.executemany(
                f"INSERT INTO differences ({_CELL}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                ((scope, one.external_id, one.model, one.field, one.verdict, one.rule,
                  one.source, one.expected, one.actual, one.transform, one.patient)
                 for one in cells),
            )  # fmt: skip

    def replace(self, scope: str, made: str, *, verdicts: Iterable[Verdict]) -> None:
        """Let the cells kept under the name `made` be the scope's, with these counts."""
        totals: dict[str, int] = {}
        with self._store.transaction() as db:
            db.execute("DELETE FROM verdicts WHERE scope=?", (scope,))
            db.execute("DELETE FROM differences WHERE scope=?", (scope,))
            for row in verdicts:
                db.execute(
                    "INSERT INTO verdicts VALUES (?,?,?,?,?,?)",
                    (scope, row.model, row.field, row.verdict, row.rule, row.count),
                )
                totals[row.verdict] = totals.get(row.verdict, 0) + row.count
            db.execute("UPDATE differences SET scope=? WHERE scope=?", (scope, made))
            self._store.ledger.append("compared", scope, detail={**totals})

    def verdicts(self, scope: str) -> list[Verdict]:
        """List one scope's counts, by model, field, verdict and rule."""
        rows = self._all(
            "SELECT * FROM verdicts WHERE scope=? ORDER BY model, field, verdict, rule", scope
        )
        return [Verdict(*row) for row in rows]

    def differences(
        self,
        scope: str,
        *,
        external_id: str | None = None,
        patient: str | None = None,
        model: str | None = None,
        field: str | None = None,
        verdict: str | None = None,
        unequal: bool = False,
        after: Difference | None = None,
        limit: int | None = None,
    ) -> Iterator[Difference]:
        """Stream one scope's cells, by the patient's number, then record, then field.

        Args:
            scope: "sample" or "all".
            external_id: of this record alone.
            patient: of the records of this patient alone; "": of those that have none.
            model: of records of this model alone.
            field: of this field alone.
            verdict: with this verdict alone.
            unequal: leave out the cells that are plainly equal.
            after: the last one seen: begin behind it.
            limit: how many at most.
        """
        wanted = {"external_id": external_id, "patient": patient, "model": model,
                  "field": field, "verdict": verdict}  # fmt: skip
        told: dict[str, object] = {
            name: value for name, value in wanted.items() if value is not None
        }
        where = ["scope=:scope", *(f"{name}=:{name}" for name in told)]
        if unequal:
            where.append("verdict<>'equal'")
        if after is not None:
            where.append("(number, patient, external_id, field) > "
                         "(CAST(:p AS INTEGER), :p, :e, :f)")  # fmt: skip
            told |= {"p": after.patient, "e": after.external_id, "f": after.field}
        told |= {"scope": scope, "most": -1 if limit is None else limit}
        for row in self._named(
            f"SELECT {_CELL} FROM differences WHERE {' AND '.join(where)} "
            "ORDER BY number, patient, external_id, field LIMIT :most",
            told,
        ):
            yield Difference(*row)

    def compared_records(
        self, scope: str, *, patient: str | None = None, unequal: bool = False
    ) -> list[ComparedRecord]:
        """Count the cells of each record of a scope, by the patient's number, then record.

        Args:
            scope: "sample"; of "all" only cells that are not equal are kept and counted.
            patient: the records of this patient alone; "": those that have none.
            unequal: leave out the records whose cells are all plainly equal.
        """
        only = "" if patient is None else "AND patient=?2 "
        rows = self._all(
            "SELECT patient, external_id, model, SUM(verdict='equal'), SUM(verdict='tolerated'), "
            f"SUM(verdict='different') FROM differences WHERE scope=?1 {only}"
            "GROUP BY number, patient, external_id, model HAVING ?3=0 OR SUM(verdict<>'equal')>0 "
            "ORDER BY number, patient, external_id",
            scope, patient, int(unequal),
        )  # fmt: skip
        return [ComparedRecord(*row) for row in rows]
