"""Answers to forms that feed a field of the patient: the latest filled one counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.mapping.apply import Applied, Applier, source_id_of
from workbench.mapping.context import Context
from workbench.mapping.model import Mapping as Map
from workbench.mapping.model import MapRow
from workbench.mapping.outcome import ANSWERED
from workbench.mapping.rows import Value
from workbench.staging.findings import Finding
from workbench.staging.forms import is_answer
from workbench.staging.outcomes import RAW_KEPT
from workbench.staging.paths import is_empty, value_at
from workbench.state import IssueKind
from workbench.state.ids import id_order

MODEL = "res.partner"
IN_NOTE = "the answer stays in its form's note"
OWN_COUNTS = f"the patient's own field counts; {IN_NOTE}"

Record = Mapping[str, object]
Response = tuple[str, Record]
"""A resource and one of its records."""


def answers_of(mapping: Map, resource: str) -> list[MapRow]:
    """List the answers of a resource's forms that feed a field of the patient, by field."""
    return [
        row
        for row in mapping.of(resource)
        if is_answer(row.path) and row.model == MODEL and not row.disposition.plain
    ]


def answering(mapping: Map) -> list[str]:
    """List the resources with such answers, by name."""
    return [resource for resource in mapping.resources() if answers_of(mapping, resource)]


@dataclass(frozen=True, slots=True)
class _Given:
    """What one response says of one target: its filled answers, by path."""

    resource: str
    source_id: str
    target: str
    fields: Mapping[str, object]


class Answers:
    """Fills a patient's empty fields from the patient's own answers.

    Args:
        mapping: the confirmed map.
        context: what lookups know.
    """

    def __init__(self, mapping: Map, context: Context) -> None:
        self._rows = {one: answers_of(mapping, one) for one in answering(mapping)}
        self._apply = {
            one: Applier(mapping, context, resource=one, model=MODEL) for one in self._rows
        }
        self._note = {
            one: Applier(mapping, context, resource=one, model="mail.message") for one in self._rows
        }

    def fill(
        self, into: Applied, responses: Iterable[Response], *, patient: str
    ) -> tuple[list[Finding], list[str]]:
        """Fill what the patient's own record leaves empty; say what differs and what waits.

        Of several answers to one target the latest filled one counts, by the response's
        time, then by its id. What the patient's own field says is never replaced, nor is a
        value of it that could not be read.

        Args:
            into: what the map made of the patient; it is filled.
            responses: the patient's responses to forms, in any order.
            patient: id of the record that is filled.

        Returns:
            What is odd about the patient because of an answer, and the subjects that must be
            decided before the patient is loaded.
        """
        findings: list[Finding] = []
        waiting: list[str] = []
        said = {name for name, value in into.values.items() if value is not None} | into.refused
        for given in self._latest(responses):
            made = self._apply[given.resource].part(given.fields, given.source_id)
            own = given.target in said
            waiting += [] if own else made.waiting
            findings += [
                _of_patient(one, patient)
                for one in made.findings
                if not (own and one.kind is IssueKind.VALUE_UNMAPPED)
            ]
            told = {name: value for name, value in made.values.items() if value is not None}
            findings += [
                Finding(IssueKind.VALUE_DIFFERS, "patients", patient, made.sources[name],
                        ANSWERED, OWN_COUNTS)
                for name, value in told.items()
                if name in said and not _same(into.values.get(name), value)
            ]  # fmt: skip
            for name, value in told.items():
                if name not in said and into.values.get(name) is None:
                    into.values[name] = value
                    into.sources[name] = _source(given)
        return findings, waiting

    def _latest(self, responses: Iterable[Response]) -> Iterable[_Given]:
        """Yield for each target the latest response that says something of it."""
        done: set[str] = set()
        for resource, record in sorted(responses, key=self._when, reverse=True):
            by_target: dict[str, dict[str, object]] = {}
            for row in self._rows.get(resource, ()):
                value = value_at(record, row.path)
                if row.name not in done and not is_empty(value):
                    by_target.setdefault(row.name, {})[row.path] = value
            for target, fields in by_target.items():
                yield _Given(resource, source_id_of(record), target, fields)
            done |= by_target.keys()

    def _when(self, response: Response) -> tuple[str, tuple[int, int, str], str]:
        """Give a response's place in time: as its note is dated (UTC), then by its id."""
        resource, record = response
        source_id = source_id_of(record)
        dated = self._note.get(resource)
        when = dated(record, source_id).values.get("date") if dated else None
        return (when if isinstance(when, str) else "", id_order(source_id), resource)


def _of_patient(one: Finding, patient: str) -> Finding:
    """Tell of the patient what is odd about an answer: it is the patient's field that shows it."""
    outcome = f"left empty; {IN_NOTE}" if one.outcome == RAW_KEPT else one.outcome
    return Finding(one.kind, "patients", patient, one.field, ANSWERED, outcome)


def _source(given: _Given) -> str:
    """Name the answers and their record, for whoever compares: they are no patient's fields."""
    return ", ".join(f"{given.resource}/{given.source_id}.{path}" for path in sorted(given.fields))


def _same(held: Value, value: Value) -> bool:
    """Whether an answer says what the patient's own field says, but for case and spaces."""
    if isinstance(held, str) and isinstance(value, str):
        return held.casefold().split() == value.casefold().split()
    return held == value
