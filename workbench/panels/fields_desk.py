"""The desk behind the panel of fields: which are listed, how each stands, and deciding them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.errors import MappingError, UsageError
from workbench.mapping import Mapping, MapRow, as_choice, check, choice_faults, decided
from workbench.mapping.model import field_subject
from workbench.panels.desk import Brief, Counts, DecisionDesk, Show, resource_of, spoken
from workbench.panels.fields_facts import FieldFacts, filled, looks_like, percent
from workbench.state import Decision, Store

PREFIX = "field:"
CERTAIN = 0.9
"""A proposal from here on may be confirmed together with others like it."""


class Sure(StrEnum):
    """Which proposals are listed, by how sure they are."""

    ANY = "any"
    CERTAIN = "90 % and more"
    DOUBTFUL = "less than 90 %, or none"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which fields are listed; what is empty narrows nothing."""

    show: Show = Show.OPEN
    sure: Sure = Sure.ANY
    resource: str = ""
    text: str = ""

    def fits(self, decision: Decision) -> bool:
        """Whether a question about a field is listed."""
        field = spoken(decision.subject)
        return (
            (self.show is Show.ALL or decision.is_open is (self.show is Show.OPEN))
            and (self.sure is Sure.ANY or is_certain(decision) is (self.sure is Sure.CERTAIN))
            and self.resource in {"", resource_of(decision.subject)}
            and self.text.strip().casefold() in field.casefold()
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One field in the list: every cell a text that may be saved."""

    field: str
    filled: str
    looks_like: str
    becomes: str
    sure: str
    standing: str


class FieldsDesk(DecisionDesk):
    """Questions about fields, with what is known of each.

    Args:
        store: the run's state.
        facts: gathers what is known, as it stands when it is called.
        brief: what is asked.
    """

    def __init__(self, store: Store, facts: Callable[[], FieldFacts], *, brief: Brief) -> None:
        super().__init__(store, prefix=PREFIX, brief=brief, check=self._faults)
        self._gather = facts
        self.facts = facts()

    def look_anew(self) -> None:
        """Gather the facts as they stand now: another window may have read more records."""
        self.facts = self._gather()

    def listed(self, wanted: Filter) -> list[Decision]:
        """List the questions that a filter lets through, least certain first; facts anew."""
        self.look_anew()
        found = [decision for decision in self.questions() if wanted.fits(decision)]
        return sorted(found, key=lambda one: (one.confidence or 0.0, one.subject))

    def standing_of(self, field: str) -> Decision:
        """Give the question about a field as it stands now.

        Raises:
            UsageError: it is no longer asked.
        """
        now = self._store.decisions.get(field_subject(field))
        if now is None:
            what = f"{field} is no longer asked."
            raise UsageError(what, do="List the fields anew.")
        return now

    def by_resource(self) -> dict[str, Counts]:
        """Count the questions of each resource, by its name."""
        found: dict[str, list[Decision]] = {}
        for one in self.questions():
            found.setdefault(resource_of(one.subject), []).append(one)
        return {name: _counts(found[name]) for name in sorted(found)}

    # rows of the map -----------------------------------------------------------------------

    def row_of(self, decision: Decision) -> MapRow:
        """Give the row that is decided, or where it is open the proposed one."""
        proposed = self.facts.proposed(spoken(decision.subject))
        if decision.is_open or decision.choice is None:
            return proposed
        try:
            return decided(
                proposed, decision.choice, self.facts.odoo_fields, decision.comment,
                options=self.facts.options,
            )  # fmt: skip
        except MappingError:  # a line that was written by hand, and is none: look at it anew
            return proposed

    def rows_beside(self, row: MapRow) -> list[MapRow]:
        """List the rows of the same resource as they stand, this one in place of its own."""
        others = (
            self.row_of(one)
            for one in self.questions(resource=row.resource)
            if spoken(one.subject) in self.facts.proposals
        )
        return [row, *(one for one in others if one.field != row.field)]

    def choice_of(self, row: MapRow) -> str:
        """Give the choice that stands for a row."""
        facts = self.facts
        proposed = facts.proposed(row.field)
        return as_choice(row, proposed, facts.odoo_fields, options=facts.options)

    def faults_of(self, row: MapRow, comment: str) -> list[str]:
        """Say what keeps a row from being recorded; empty: nothing does."""
        return self._faults_of_choice(row.field, self.choice_of(row), comment)

    def _faults_of_choice(self, field: str, choice: str, comment: str) -> list[str]:
        facts = self.facts
        return choice_faults(
            facts.proposed(field), choice, comment, facts.odoo_fields, options=facts.options
        )

    def _faults(self, seen: Decision, choice: str, comment: str) -> list[str]:
        return self._faults_of_choice(spoken(seen.subject), choice, comment)

    def warnings_of(self, row: MapRow, beside: Sequence[MapRow]) -> list[str]:
        """Say what is wrong with a row beside others; it stops the map, not the decision.

        Args:
            row: as a person wants it.
            beside: all rows of its resource, as `rows_beside` gives them.
        """
        known, found = (
            [fault.what for fault in check(self._map(rows)) if fault.where == row.field]
            for rows in ((row,), beside)
        )
        return [f"{row.field} {what}." for what in found if what not in known]

    def _map(self, rows: Iterable[MapRow]) -> Mapping:
        return Mapping(rows=tuple(rows), appointments_to=self.facts.options.appointments_to)

    # many at once --------------------------------------------------------------------------

    def acceptable(self, *, at_least: float = 0.0, among: Iterable[Decision]) -> list[Decision]:
        """Give those questions whose proposal can be recorded as it stands, and is that sure."""
        return [
            one
            for one in self.proposed(at_least=at_least, among=among)
            if spoken(one.subject) in self.facts.proposals
            and not self._faults(one, one.proposal or "", "")
        ]

    def line(self, decision: Decision) -> Line:
        """Say in a line how a field stands."""
        field = spoken(decision.subject)
        profile = self.facts.profiles.get(field)
        return Line(
            field=field,
            filled=filled(profile),
            looks_like=looks_like(profile),
            becomes=self._becomes(decision),
            sure="none" if decision.confidence is None else percent(decision.confidence),
            standing=_sign(decision),
        )

    def _becomes(self, decision: Decision) -> str:
        if decision.is_open and decision.proposal is None:
            return "nothing is proposed"
        if spoken(decision.subject) not in self.facts.proposals:
            return decision.proposal or "nothing is proposed"
        return self.row_of(decision).choice


def is_certain(decision: Decision) -> bool:
    """Whether what is proposed is certain."""
    return decision.proposal is not None and (decision.confidence or 0.0) >= CERTAIN


def _counts(found: list[Decision]) -> Counts:
    waiting = [one for one in found if one.is_open]
    proposed = sum(one.proposal is not None for one in waiting)
    return Counts(len(waiting), len(found) - len(waiting), proposed)


def _sign(decision: Decision) -> str:
    if not decision.is_open:
        return "✓ decided"
    return "○ open" if decision.choice is None else "○ open again"
