"""The map that people's answers make of the proposals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from workbench.errors import MappingError
from workbench.mapping.choices import decided
from workbench.mapping.faults import Fault, OdooFields, check
from workbench.mapping.model import Mapping, MapRow, field_subject
from workbench.mapping.options import MapOptions
from workbench.mapping.propose import Proposal
from workbench.state.decisions import Question


@dataclass(frozen=True, slots=True)
class Draft:
    """A map as far as it is decided: what is still open, and what is wrong with the answers."""

    mapping: Mapping
    open: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def complete(self) -> bool:
        """Whether a load may build on it."""
        return not self.open and not self.faults


Choice = Callable[[str], str | None]


def mapping_from(
    proposals: Sequence[Proposal],
    choice: Choice,
    *,
    options: MapOptions,
    values: Iterable[Question] = (),
    practitioners: Iterable[Question] = (),
    duplicates: Iterable[Question] = (),
    odoo_fields: OdooFields | None = None,
    comment: Choice = lambda _subject: None,
) -> Draft:
    """Make the map of what people decided.

    Args:
        proposals: one for each source field.
        choice: subject → what was decided, None while open.
        options: what the configuration says.
        values: the questions asked about pick-lists' values.
        practitioners: the questions asked about practitioners.
        duplicates: the questions asked about pairs of patients.
        odoo_fields: as for `check`; also tells the type of a target that a person named.
        comment: subject → why a person decided so; the reason of a dropped field.
    """
    open_subjects: list[str] = []

    def answers(questions: Iterable[Question]) -> dict[str, str]:
        found = {}
        for question in questions:
            answer = choice(question.subject)
            if answer is None:
                open_subjects.append(question.subject)
            else:
                found[question.subject.partition(":")[2]] = answer
        return found

    rows: list[MapRow] = []
    unread: list[Fault] = []
    for proposal in proposals:
        subject = field_subject(proposal.row.field)
        answer = choice(subject)
        if answer is None:
            open_subjects.append(subject)
            continue
        why = comment(subject) or ""
        try:
            rows.append(decided(proposal.row, answer, odoo_fields or {}, why, options=options))
        except MappingError as error:
            unread.append(Fault(proposal.row.field, error.what))
    value_maps: dict[str, dict[str, str]] = {}
    fields = frozenset(row.field for row in rows)
    for subject, answer in answers(values).items():
        field = field_of_value(subject, fields)
        if field:
            value_maps.setdefault(field, {})[subject[len(field) + 1 :]] = answer
    mapping = Mapping(
        rows=tuple(rows),
        values=value_maps,
        practitioners=answers(practitioners),
        duplicates=answers(duplicates),
        appointments_to=options.appointments_to,
        zone=options.timezone,
        region=options.country,
    )
    faults = [*unread, *check(mapping, odoo_fields=odoo_fields)]
    known_open = {subject.partition(":")[2] for subject in open_subjects}
    # what is missing may come with a field that is still open
    faults = [
        fault
        for fault in faults
        if fault.where not in known_open and not (fault.missing and known_open)
    ]
    return Draft(mapping, tuple(open_subjects), tuple(faults))


def field_of_value(told: str, fields: Collection[str]) -> str:
    """Give the field that `field=value` is about, "" for none of them.

    A value may hold "=" itself, and so may a field's name: the longest field wins.
    """
    at = told.rfind("=")
    while at >= 0 and told[:at] not in fields:
        at = told.rfind("=", 0, at)
    return told[:at] if at >= 0 else ""


def field_of_fault(place: str, fields: Collection[str]) -> str:
    """Give the field that a fault's place `field` or `field.value` is in, "" for none."""
    at = len(place)
    while at >= 0 and place[:at] not in fields:
        at = place.rfind(".", 0, at)
    return place[:at] if at >= 0 else ""
