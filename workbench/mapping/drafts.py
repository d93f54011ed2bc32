"""The map that people's answers make of the proposals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace

from workbench.mapping.faults import AS_TEXT, DAY_FIRST, MONTH_FIRST, Fault, OdooFields, check
from workbench.mapping.model import Disposition, Mapping, MapRow, field_subject, type_of
from workbench.mapping.propose import MapOptions, Proposal, where_visits_go
from workbench.mapping.templates import shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.staging.times import Order
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

    rows = []
    for proposal in proposals:
        subject = field_subject(proposal.row.field)
        answer = choice(subject)
        if answer is None:
            open_subjects.append(subject)
        else:
            rows.append(
                decided(
                    proposal.row, answer, odoo_fields or {}, comment(subject) or "", options=options
                )
            )
    value_maps: dict[str, dict[str, str]] = {}
    fields = sorted((row.field for row in rows), key=len, reverse=True)
    for subject, answer in answers(values).items():
        # a value may hold "=" itself, and so may a field's name: the longest field wins
        field = next((one for one in fields if subject.startswith(f"{one}=")), "")
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
    faults = check(mapping, odoo_fields=odoo_fields)
    known_open = {subject.partition(":")[2] for subject in open_subjects}
    faults = [fault for fault in faults if fault.where not in known_open]
    return Draft(mapping, tuple(open_subjects), tuple(faults))


def decided(
    row: MapRow, answer: str, odoo_fields: OdooFields, comment: str, *, options: MapOptions
) -> MapRow:
    """Give the row that a choice makes of a proposed one.

    "keep" keeps the field readable, "drop" leaves it behind with the comment as its reason,
    anything else names a target. A target's type is what this Odoo, or the proposal, says;
    the transform is the proposal's where it fits the type, else the plain one of that type.
    Behind a target for dates may stand in which order they name day and month (", day
    first"), or that they stay as typed (", as text").
    """
    if answer == row.choice:
        return row
    for words, order in _ORDERS.items():
        if answer.endswith(words):
            target = answer.removesuffix(words)
            made = decided(row, target, odoo_fields, comment, options=options)
            return replace(made, order=order)
    if answer.endswith(AS_TEXT) and may_be_text(row):
        target = answer.removesuffix(AS_TEXT)
        return replace(row, target=target, transform="text", type="char", order=Order.ISO)
    plain = where_visits_go(MapRow(row.field, Disposition.KEPT, _kept_target(row)), options)
    if answer == "keep":
        return plain
    if answer == "drop":
        why = comment.strip() or "dropped by decision, no reason given"
        return MapRow(row.field, Disposition.DROPPED, why=why)
    kind = _type(answer, row, odoo_fields)
    fitting = row.transform in TRANSFORMS and kind in TRANSFORMS[row.transform].feeds
    transform = row.transform if fitting else PLAIN_TRANSFORMS.get(kind, "text")
    part = row.part if fitting else ""
    combined = TRANSFORMS[transform].combines
    disposition = Disposition.COMBINED if combined else Disposition.MAPPED
    if fitting and row.disposition is Disposition.LOOKUP:
        disposition = Disposition.LOOKUP
    return replace(
        plain, disposition=disposition, target=answer, transform=transform, type=kind, part=part,
        also=row.also if fitting else (), clinical=row.clinical,
        order=row.order if TRANSFORMS[transform].dates(part) else Order.ISO,
    )  # fmt: skip


_ORDERS = {DAY_FIRST: Order.DAY_FIRST, MONTH_FIRST: Order.MONTH_FIRST}


def may_be_text(row: MapRow) -> bool:
    """Whether a row's dates may stay as typed: its target is a custom field of its own."""
    return row.name.startswith("x_") and row.disposition is Disposition.MAPPED


PLAIN_TRANSFORMS: MappingOf[str, str] = {
    "char": "text", "text": "plain_text", "html": "html", "date": "date", "datetime": "datetime",
    "boolean": "boolean", "integer": "integer", "float": "float", "selection": "selection",
}  # fmt: skip


def _kept_target(row: MapRow) -> str:
    return shipped().of(row.resource, patient=row.model == "mail.message").kept


def _type(target: str, row: MapRow, odoo_fields: OdooFields) -> str:
    model, _, name = target.rpartition(".")
    there = odoo_fields.get(model, {}).get(name)
    if there is not None:
        return str(there.get("type"))
    known = {
        entry.target: entry.type
        for template in shipped().resources.values()
        for entry in template.entries
        if entry.type
    }
    if target in known:
        return known[target]
    if name.startswith("x_"):
        return row.type if row.type in PLAIN_TRANSFORMS else "char"
    return type_of(target)
