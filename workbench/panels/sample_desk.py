"""The desk of the sample: how every field compared, and every record of it cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from workbench.mapping import load_yaml
from workbench.panels.asking import many
from workbench.panels.desk import DecisionDesk
from workbench.proof import WHOLE_RECORD, Match, different_cells
from workbench.proof.in_words import explained
from workbench.show import Table
from workbench.state import ComparedRecord, Difference

SCOPE = "sample"

SIGNS = {Match.EQUAL: "=", Match.TOLERATED: "≈", Match.DIFFERENT: "≠"}
"""What stands before the verdict's word: never colour alone."""


class Only(StrEnum):
    """Which cells are looked at."""

    ALL = "all cells"
    UNEQUAL = "tolerated or different"
    DIFFERENT = "only differences"

    def takes(self, verdict: str) -> bool:
        """Tell whether a cell with this verdict is among them."""
        if self is Only.DIFFERENT:
            return verdict == Match.DIFFERENT
        return self is Only.ALL or verdict != Match.EQUAL


@dataclass(frozen=True, slots=True)
class FieldSums:
    """How the cells of one field compared; `rules` are the tolerances and reasons named."""

    model: str
    field: str
    equal: int
    tolerated: int
    different: int
    rules: tuple[str, ...]

    @property
    def name(self) -> str:
        """The field with its model: "res.partner.x_blood_type"."""
        return f"{self.model}.{self.field}"

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.equal + self.tolerated + self.different


@dataclass(frozen=True, slots=True)
class CellTold:
    """One cell with all that is known of it. The three values are a patient's, but for `ours`.

    Args:
        field: the field in Odoo, or "the whole record".
        origin: the source fields that the map leads there; "" where the map names none.
        transform: the transforms that made the expected value; "" for none.
        source: what PracticeHub gave.
        expected: what Odoo was to hold.
        actual: what Odoo returned.
        match: the verdict.
        rule: the rule behind it; "" for none.
        why: what verdict and rule mean, in a sentence.
        ours: the values are our own words about a record that is not there.
    """

    field: str
    origin: str
    transform: str
    source: str
    expected: str
    actual: str
    match: Match
    rule: str
    why: str
    ours: bool


class SampleDesk(DecisionDesk):
    """What the comparison of the sample found, read anew from the run at every look."""

    def fields(self) -> list[FieldSums]:
        """Sum up every field: those that differ first, then tolerated ones, then by name."""
        sums: dict[tuple[str, str], dict[str, int]] = {}
        rules: dict[tuple[str, str], dict[str, None]] = {}
        for one in self._store.proof.verdicts(SCOPE):
            key = (one.model, one.field)
            counts = sums.setdefault(key, dict.fromkeys(Match, 0))
            counts[one.verdict] += one.count
            if one.rule:
                rules.setdefault(key, {})[one.rule] = None
        found = [
            FieldSums(*key, counts["equal"], counts["tolerated"], counts["different"],
                      tuple(rules.get(key, ())))
            for key, counts in sums.items()
        ]  # fmt: skip
        return sorted(found, key=lambda one: (-one.different, -one.tolerated, one.name))

    def records(self, only: Only = Only.ALL, *, field: str = "") -> list[ComparedRecord]:
        """List the compared records, patient by patient, each one's contact first.

        Args:
            only: records with at least one such cell.
            field: "model.field"; records with such a cell of this field. "" for any field.
        """
        found = self._store.proof.compared_records(SCOPE, unequal=only is not Only.ALL)
        if only is Only.DIFFERENT:
            found = [one for one in found if one.different]
        if field:
            having = self._having(field, only)
            found = [one for one in found if one.external_id in having]
        order = {patient: number for number, patient in enumerate(one.patient for one in found)}
        return sorted(found, key=lambda one: (order[one.patient], one.model != "res.partner"))

    def cells(self, external_id: str, only: Only = Only.ALL, *, field: str = "") -> list[CellTold]:
        """Give the cells of one record, those that differ first, then by name."""
        model, _, name = field.rpartition(".")
        found = [
            one
            for one in self._store.proof.differences(SCOPE, external_id=external_id)
            if only.takes(one.verdict) and (not field or (one.model, one.field) == (model, name)
                                            or one.field == WHOLE_RECORD)
        ]  # fmt: skip
        weight = list(reversed(Match))
        found.sort(key=lambda one: (weight.index(Match(one.verdict)), one.field))
        origins = self._origins()
        return [_told(one, origins.get(f"{one.model}.{one.field}", "")) for one in found]

    def sums(self) -> str:
        """Say in a sentence how the sample compared."""
        fields = self.fields()
        if not fields:
            return "The sample has not been compared yet: run the step before."
        told = ", ".join(
            f"{sum(getattr(one, match.value) for one in fields):,} {match.value}" for match in Match
        )
        cells = sum(one.cells for one in fields)
        return f"{cells:,} cells of {many(len(self.records()), 'record')} compared: {told}."

    def advice(self) -> str:
        """Say what has to be known before it is approved; "" for nothing."""
        differ = different_cells(self._store.proof.verdicts(SCOPE))
        if not differ:
            return ""
        return (
            f"⚠ {many(differ, 'cell')} not as expected, and no tolerance covers it: look at each, "
            "and say in the comment why it is right all the same, or reject."
        )

    def table(self) -> Table:
        """Give the fields as a table of counts, for where nobody can click."""
        return Table(
            self.sums(),
            ("model", "field", *Match, "by rule"),
            [(one.model, one.field, one.equal, one.tolerated, one.different, ", ".join(one.rules))
             for one in self.fields()],
        )  # fmt: skip

    def _having(self, field: str, only: Only) -> set[str]:
        """Name the records with such a cell of a field, or that are absent as a whole."""
        model, _, name = field.rpartition(".")
        return {
            one.external_id
            for field_name in (name, WHOLE_RECORD)
            for one in self._store.proof.differences(
                SCOPE, model=model, field=field_name, unequal=only is not Only.ALL
            )
            if only.takes(one.verdict)
        }

    def _origins(self) -> dict[str, str]:
        held = self._store.journey.document("mapping")
        return _origins_of(str(held["yaml"])) if isinstance(held, dict) else {}


def patients_of(records: Sequence[ComparedRecord]) -> dict[str, list[int]]:
    """Give the places of each patient's records in a list, patients in the list's order."""
    found: dict[str, list[int]] = {}
    for at, one in enumerate(records):
        found.setdefault(one.patient, []).append(at)
    return found


def counted(one: ComparedRecord) -> str:
    """Count the cells of a record: "12 equal, 1 tolerated, 0 different"."""
    return ", ".join(f"{getattr(one, match.value):,} {match.value}" for match in Match)


def _told(one: Difference, origin: str) -> CellTold:
    whole = one.field == WHOLE_RECORD
    return CellTold(
        field="the whole record" if whole else one.field,
        origin=origin,
        transform=one.transform,
        source=one.source,
        expected=one.expected,
        actual=one.actual,
        match=Match(one.verdict),
        rule=one.rule,
        why=explained(one.rule, verdict=one.verdict),
        ours=whole,
    )


@lru_cache(maxsize=2)
def _origins_of(yaml: str) -> dict[str, str]:
    """Name the source fields behind each target of a map; a map is read once, not per record."""
    found: dict[str, list[str]] = {}
    for row in load_yaml(yaml).rows:
        for target in filter(None, (row.target, *row.also)):
            found.setdefault(target, []).append(row.field)
    return {target: ", ".join(fields) for target, fields in found.items()}
