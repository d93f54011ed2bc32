"""Which custom fields the shipped templates would ask for, before any record was seen."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.mapping.model import AppointmentsTo
from workbench.mapping.naming import CUSTOM, label_of
from workbench.mapping.rows import FieldNeed
from workbench.mapping.templates import Entry, shipped
from workbench.mapping.transforms import TRANSFORMS

_VISITS = {
    AppointmentsTo.LEAD: ("crm.lead",),
    AppointmentsTo.EVENT: ("calendar.event",),
    AppointmentsTo.BOTH: ("crm.lead", "calendar.event"),
}


def usual_fields(appointments_to: AppointmentsTo) -> tuple[FieldNeed, ...]:
    """List the fields that a clinic with every known field would need, by model and name.

    A first look at Odoo compares them with what is there; what a clinic really needs is told
    by its map. Selections come without values: those are known when records are.
    """
    visits = _VISITS[appointments_to]
    found = {
        (need.model, need.name): need
        for template in shipped().resources.values()
        for entry in (*template.entries, *filter(None, [template.combine]))
        for need in _of(entry, visits)
    }
    for model in ("res.partner", *visits):
        for name, kind in (("x_practicehub_id", "char"), ("x_practicehub_created", "datetime")):
            found[model, name] = FieldNeed(model, name, kind, label_of(name))
    return tuple(found[key] for key in sorted(found))


def _of(entry: Entry, visits: tuple[str, ...]) -> Iterator[FieldNeed]:
    transform = TRANSFORMS.get(entry.transform)
    further = transform.also if transform else ()
    targets = [(entry.target, entry.type, "")]
    targets += [(one, also.type, also.relation)
                for one, also in zip(entry.also, further, strict=False)]  # fmt: skip
    for target, kind, relation in targets:
        model, _, name = target.rpartition(".")
        if not CUSTOM.fullmatch(name) or not kind:
            continue
        for where in visits if model == "crm.lead" else (model,):
            # an event has fields of its own for some of what a lead needs custom ones for
            if where != "calendar.event" or name not in shipped().events:
                yield FieldNeed(
                    where, name, kind, label_of(name), relation=relation, clinical=entry.clinical
                )
