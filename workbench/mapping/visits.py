"""What Odoo is to hold of a visit: a lead, an event in the calendar, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workbench.mapping.apply import Applied, Applier, kept_lines, source_id_of, unknown_fields
from workbench.mapping.context import Context
from workbench.mapping.model import UNREAD, VISIT_STATUS, AppointmentsTo
from workbench.mapping.model import Mapping as Map
from workbench.mapping.needs import status_keys
from workbench.mapping.notes import items
from workbench.mapping.outcome import (
    CALENDAR_BLOCK,
    ENDS_LATER,
    Expected,
    held_back,
    unknown_findings,
)
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.mapping.templates import shipped
from workbench.staging.findings import Finding
from workbench.staging.paths import is_empty, value_at
from workbench.state import Fate, IssueKind, id_text

LEAD, EVENT = "crm.lead", "calendar.event"
NO_TIME = "its time cannot be read, and an event must have one"

Record = Mapping[str, object]


class VisitExpecter:
    """Says what becomes of visits.

    Args:
        mapping: the confirmed map; it says where visits go.
        context: what lookups know.
    """

    def __init__(self, mapping: Map, context: Context) -> None:
        self._mapping = mapping
        self._context = context
        self._apply = Applier(mapping, context, resource="appointments", model=mapping.lead_model)
        self._statuses = status_keys(mapping)
        self._patient_path = next(
            (row.path for row in mapping.of("appointments") if row.transform == "patient"),
            "patient_id",
        )

    def __call__(self, record: Record) -> Expected:
        """Expect a visit's records; see `Expecter.appointment`."""
        source_id = source_id_of(record)
        unknown = unknown_fields(self._mapping, "appointments", record)
        issues = unknown_findings("appointments", source_id, unknown)
        if unknown:
            return held_back(unknown, issues)
        given = value_at(record, self._patient_path)
        if is_empty(given):
            return Expected(fate=Fate.EXCLUDED, reason=CALENDAR_BLOCK)
        patient = id_text(given) or ""
        applied = self._apply(record, source_id)
        issues += applied.findings
        if applied.waiting:
            return held_back(applied.waiting, issues)
        self._title(applied, patient)
        self._describe(applied, record)
        if self._mapping.appointments_to is AppointmentsTo.EVENT:
            return self._events_only(applied, source_id, issues)
        applied.values["type"] = "opportunity"
        applied.values[UNREAD] = "\n".join(applied.unread) or None
        lead = _row(LEAD, f"appointment_{source_id}", source_id, applied)
        rows = [lead]
        if self._mapping.appointments_to is AppointmentsTo.BOTH:
            rows += self._event_beside(applied, source_id, issues)
        return Expected(tuple(rows), Fate.CREATED, issues=tuple(dict.fromkeys(issues)))

    def _title(self, applied: Applied, patient: str) -> None:
        """Name a visit after its type and its patient."""
        told = applied.values.get("name") or self._context.patient_name(patient)
        kind = applied.values.get("x_visit_type")
        title = f"{kind or 'Visit'}, {told}" if told else str(kind or "Visit")
        applied.values["name"] = title
        sources = (applied.sources.get("x_visit_type", ""), applied.sources.get("name", ""))
        applied.sources["name"] = ", ".join(one for one in sources if one)

    def _describe(self, applied: Applied, record: Record) -> None:
        """Add what is kept of the record to the description."""
        listed = items(kept_lines(record, self._apply.kept))
        if listed:
            told = applied.values.get("description")
            applied.values["description"] = f"<div>{told or ''}{listed}</div>"
            kept = ", ".join(f"appointments.{path}" for path in sorted(self._apply.kept))
            own = applied.sources.get("description")
            applied.sources["description"] = f"{own}, {kept}" if own else kept

    def _events_only(self, applied: Applied, source_id: str, issues: list[Finding]) -> Expected:
        values = applied.values
        if values.get("start") is None:
            return Expected(fate=Fate.REJECTED, reason=NO_TIME, issues=tuple(dict.fromkeys(issues)))
        partner = values.get("partner_ids")
        values["partner_ids"] = (partner,) if isinstance(partner, Ref) else ()
        issues += self._close(values, applied, source_id)
        values[UNREAD] = "\n".join(applied.unread) or None
        row = _row(EVENT, f"appointment_{source_id}", source_id, applied)
        return Expected((row,), Fate.CREATED, issues=tuple(dict.fromkeys(issues)))

    def _event_beside(self, lead: Applied, source_id: str, issues: list[Finding]) -> list[LoadRow]:
        """Make the event that stands beside a lead; none where the time is unknown."""
        if lead.values.get("x_appointment_time") is None:
            return []
        names = shipped().events
        values: dict[str, Value] = {}
        sources: dict[str, str] = {}
        for name, value in lead.values.items():
            if name == "type":
                continue
            values[names.get(name, name)] = value
            if name in lead.sources:
                sources[names.get(name, name)] = lead.sources[name]
        partner = values.get("partner_ids")
        values["partner_ids"] = (partner,) if isinstance(partner, Ref) else ()
        stage = values.pop(VISIT_STATUS, None)
        if isinstance(stage, Ref) and stage.kind is RefKind.STAGE:
            values[VISIT_STATUS] = self._statuses.get(stage.key)
        event = replace(lead, values=values, sources=sources, unread=list(lead.unread))
        issues += self._close(values, event, source_id)
        values[UNREAD] = "\n".join(event.unread) or None
        return [_row(EVENT, f"appointment_{source_id}_event", source_id, event)]

    def _close(self, values: dict[str, Value], applied: Applied, source_id: str) -> list[Finding]:
        """See that the event ends, and not before it starts: Odoo refuses such an event."""
        start, stop = values.get("start"), values.get("stop")
        if isinstance(start, str) and isinstance(stop, str) and stop < start:
            applied.unread.append(f"end (UTC): {stop}")
            values["stop"] = start
            return [
                Finding(IssueKind.TIME_UNREADABLE, "appointments", source_id,
                        applied.sources.get("stop", ""), ENDS_LATER,
                        "ends when it starts; its own end is kept among the unread values")
            ]  # fmt: skip
        values["stop"] = stop if stop is not None else start
        return []


def _row(model: str, external_id: str, source_id: str, applied: Applied) -> LoadRow:
    sources = {name: told for name, told in applied.sources.items() if name in applied.values}
    return LoadRow(
        model, external_id, "appointments", source_id, dict(applied.values), None, sources
    )
