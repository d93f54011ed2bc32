"""What the configuration says about a map, and where it sends a visit's fields."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbench.mapping.model import AppointmentsTo, MapRow
from workbench.mapping.templates import shipped


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What the configuration says: where visits go, the clinic's zone and country (ISO)."""

    appointments_to: AppointmentsTo = AppointmentsTo.LEAD
    timezone: str = "UTC"
    country: str = ""


def where_visits_go(row: MapRow, options: MapOptions) -> MapRow:
    """Move a row from the lead to the event where visits become events alone."""
    return _to_event(row) if options.appointments_to is AppointmentsTo.EVENT else row


def _to_event(row: MapRow) -> MapRow:
    def moved(target: str) -> str:
        model, _, name = target.rpartition(".")
        return (
            f"calendar.event.{shipped().events.get(name, name)}" if model == "crm.lead" else target
        )

    target = moved(row.target)
    kind = "selection" if row.transform == "stage" else row.type
    if row.transform == "patient" and target != row.target:
        kind = "many2many"
    transform = "selection" if row.transform == "stage" and target != row.target else row.transform
    return replace(
        row, target=target, also=tuple(map(moved, row.also)), type=kind, transform=transform
    )
