"""What must exist in Odoo before a load: custom fields, stages, tags."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import replace
from typing import Any

from workbench.mapping.model import UNREAD, VISIT_STATUS, AppointmentsTo, Mapping, MapRow
from workbench.mapping.naming import CUSTOM, label_of, selection_keys
from workbench.mapping.rows import FieldNeed, SchemaNeeds, StageNeed
from workbench.mapping.templates import shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.staging.forms import is_answer

OdooFields = MappingOf[str, MappingOf[str, MappingOf[str, Any]]]
"""Model → field → what `fields_get` tells of it."""

TAG = "PracticeHub patient"
_OWN_STAGE_SEQUENCE = 50


def schema_needs(
    mapping: Mapping,
    *,
    stored: MappingOf[str, MappingOf[str, str]] | None = None,
    before: OdooFields | None = None,
) -> SchemaNeeds:
    """List what the map asks of Odoo: fields by model and name, stages by sequence.

    Fields of the patient, of the visit where visits become leads, of the event where they
    become events. A selection lists its values by their labels, all that the map knows.

    Args:
        mapping: the map.
        stored: target → label → stored value, of selections that Odoo has of its own.
        before: model → field → facts, of what Odoo had before anything of ours was made.
    """
    fields: dict[tuple[str, str], FieldNeed] = {}
    for need in _all(mapping, stored or {}):
        held = fields.get((need.model, need.name))
        # two fields may feed one target; the clinical one decides who may see it
        if held is None or (need.clinical and not held.clinical):
            fields[need.model, need.name] = need
    return SchemaNeeds(
        fields=tuple(_stood(fields[key], before or {}) for key in sorted(fields)),
        stages=_stages(mapping),
        tags=(TAG,) if mapping.of("patients") else (),
    )


def _stood(need: FieldNeed, before: OdooFields) -> FieldNeed:
    """Mark a field that Odoo had before us; what only shows a clinical record's value is ours."""
    facts = before.get(need.model, {}).get(need.name)
    return replace(need, stood=facts is not None and bool(facts.get("store", True)))


def _all(mapping: Mapping, stored: MappingOf[str, MappingOf[str, str]]) -> Iterator[FieldNeed]:
    for row in mapping.rows:
        for plain in _of_row(mapping, row):
            held = stored.get(f"{plain.model}.{plain.name}", {})
            keys = zip(plain.labels, plain.selection, strict=True)
            need = replace(plain, selection=tuple(held.get(label, key) for label, key in keys))
            yield need
            both = mapping.appointments_to is AppointmentsTo.BOTH
            if both and need.model == "crm.lead" and need.name not in shipped().events:
                yield replace(need, model="calendar.event")
    models = ["res.partner"] if mapping.of("patients") else []
    models += visit_models(mapping) if mapping.of("appointments") else []
    for model in models:
        yield FieldNeed(model, "x_practicehub_id", "char", label_of("x_practicehub_id"))
        yield FieldNeed(
            model, "x_practicehub_created", "datetime", label_of("x_practicehub_created")
        )
        yield FieldNeed(model, UNREAD, "text", label_of(UNREAD), clinical=model == "res.partner")
    if mapping.appointments_to is AppointmentsTo.BOTH:
        yield from _event_status(mapping)


def visit_models(mapping: Mapping) -> list[str]:
    """List the models that a visit becomes a record of."""
    if mapping.appointments_to is AppointmentsTo.BOTH:
        return ["crm.lead", "calendar.event"]
    return [mapping.lead_model]


def _event_status(mapping: Mapping) -> Iterator[FieldNeed]:
    keys = status_keys(mapping)
    if keys:
        labels = tuple(sorted(keys, key=str.casefold))
        yield FieldNeed(
            "calendar.event", VISIT_STATUS, "selection", label_of(VISIT_STATUS),
            tuple(keys[label] for label in labels), labels,
        )  # fmt: skip


def status_keys(mapping: Mapping) -> dict[str, str]:
    """Give each stage's label its stored value on an event beside a lead."""
    labels = {
        label
        for row in mapping.rows
        if row.transform == "stage"
        for label in mapping.values.get(row.field, {}).values()
    }
    return selection_keys(labels)


def _of_row(mapping: Mapping, row: MapRow) -> Iterator[FieldNeed]:
    transform = TRANSFORMS.get(row.transform)
    if transform is None or row.disposition.plain:
        return
    targets = [(row.target, row.type, "")]
    targets += [
        (target, also.type, also.relation)
        for target, also in zip(row.also, transform.also, strict=False)
    ]
    for number, (target, kind, relation) in enumerate(targets):
        model, _, name = target.rpartition(".")
        if not CUSTOM.fullmatch(name) or (
            model == "res.partner"
            and row.resource not in {"patients", "prescriptions"}
            and not is_answer(row.path)
        ):
            continue
        keys = mapping.selections.get(target, {})
        labels = tuple(sorted(keys, key=str.casefold))
        label = (row.label if number == 0 else "") or label_of(name)
        yield FieldNeed(
            model, name, kind, label, tuple(keys[one] for one in labels), labels, relation,
            row.clinical,
        )  # fmt: skip


def _stages(mapping: Mapping) -> tuple[StageNeed, ...]:
    wanted = {
        target
        for row in mapping.rows
        if row.transform == "stage" and row.model == "crm.lead"
        for target in mapping.values.get(row.field, {}).values()
    }
    known = {stage.name: stage for stage in shipped().stages}
    own = [StageNeed(name, _OWN_STAGE_SEQUENCE) for name in wanted - known.keys()]
    made = [known[name] for name in wanted & known.keys()] + own
    return tuple(sorted(made, key=lambda stage: (stage.sequence, stage.name)))
