"""What Odoo is to hold of a visit: a lead, an event in the calendar, or both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from workbench.mapping.apply import Applied, Applier, kept_lines, source_id_of, unknown_fields
from workbench.mapping.context import Context
from workbench.mapping.empty import key_of
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
from workbench.staging import normalise
from workbench.staging.findings import Clean, Finding
from workbench.staging.paths import is_empty, value_at
from workbench.staging.times import read_date
from workbench.state import Fate, IssueKind, id_text

LEAD, EVENT = "crm.lead", "calendar.event"
NO_TIME = "its time cannot be read, and an event must have one"
CANCELLED, MISSED = "Cancelled", "Missed"
"""Shipped stages of visits that did not take place."""
DAY = ("08:00:00", "18:00:00")
"""Between these Odoo keeps an event of a whole day; they stand for no time of day."""
EVENT_PRIVACY = "confidential"
"""Everybody who works in Odoo sees the event, and nobody else.

Left open, the user's own setting would count: a reception would read "Busy" where a
practitioner's calendar is private, and a calendar that is synchronised elsewhere would show
the patient's name.
"""

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
        rows = mapping.of("appointments")
        self._patient_path = next(
            (row.path for row in rows if row.transform == "patient"), "patient_id"
        )
        self._status = next((row for row in rows if row.name in {"stage_id", VISIT_STATUS}), None)
        self._time = {row.part: row for row in rows if row.transform == "visit_time"}

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
        # said even where no field tells it: Odoo would make the user of the key the owner
        applied.values.setdefault("user_id", None)
        if self._mapping.appointments_to is AppointmentsTo.EVENT:
            return self._event_only(applied, record, source_id, issues)
        lead = replace(applied, values=dict(applied.values))
        lead.values["type"] = "opportunity"
        lead.values[UNREAD] = "\n".join(applied.unread) or None
        rows = [_row(LEAD, f"appointment_{source_id}", source_id, lead)]
        if self._mapping.appointments_to is AppointmentsTo.BOTH:
            rows += self._event_beside(applied, record, source_id, issues)
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

    def _event_only(
        self, applied: Applied, record: Record, source_id: str, issues: list[Finding]
    ) -> Expected:
        if not self._in_calendar(applied, record, source_id, issues):
            return Expected(fate=Fate.REJECTED, reason=NO_TIME, issues=tuple(dict.fromkeys(issues)))
        row = _row(EVENT, f"appointment_{source_id}", source_id, applied)
        return Expected((row,), Fate.CREATED, issues=tuple(dict.fromkeys(issues)))

    def _event_beside(
        self, lead: Applied, record: Record, source_id: str, issues: list[Finding]
    ) -> list[LoadRow]:
        """Make the event that stands beside a lead; none where not even the day is known."""
        names = shipped().events
        values = {names.get(name, name): value for name, value in lead.values.items()}
        sources = {names.get(name, name): told for name, told in lead.sources.items()}
        stage = values.pop(VISIT_STATUS, None)
        if isinstance(stage, Ref) and stage.kind is RefKind.STAGE:
            values[VISIT_STATUS] = self._statuses.get(stage.key)
        event = replace(lead, values=values, sources=sources, unread=list(lead.unread))
        if not self._in_calendar(event, record, source_id, issues):
            return []
        values["opportunity_id"] = Ref(RefKind.RECORD, f"appointment_{source_id}")
        return [_row(EVENT, f"appointment_{source_id}_event", source_id, event)]

    def _in_calendar(
        self, event: Applied, record: Record, source_id: str, issues: list[Finding]
    ) -> bool:
        """Complete what only an event has; False where it has no time.

        Its attendees are the patient and the practitioner: Odoo shows people the events they
        attend. A visit that did not take place keeps nobody's time busy and says so in its
        title; a cancelled one is archived, so that its place in the calendar is free again.
        """
        values = event.values
        if not self._timed(event, record, source_id, issues):
            return False
        partner, user = values.get("partner_ids"), values.get("user_id")
        attend = [partner] if isinstance(partner, Ref) else []
        attend += [Ref(RefKind.USER_CONTACT, user.key)] if isinstance(user, Ref) else []
        values["partner_ids"] = tuple(attend)
        label, meaning = self._outcome(record)
        if meaning in {CANCELLED, MISSED}:
            values["name"] = f"{label}: {values['name']}"
        values["active"] = meaning != CANCELLED
        values["show_as"] = "free" if meaning in {CANCELLED, MISSED} else "busy"
        values["privacy"] = EVENT_PRIVACY
        values[UNREAD] = "\n".join(event.unread) or None
        return True

    def _timed(self, event: Applied, record: Record, source_id: str, issues: list[Finding]) -> bool:
        values = event.values
        values["allday"] = values.get("start") is None
        if not values["allday"]:
            issues += self._close(values, event, source_id)
            return True
        day = self._day(record)
        if day is not None:
            values["start"], values["stop"] = (f"{day} {clock}" for clock in DAY)
        return day is not None

    def _day(self, record: Record) -> str | None:
        """Give the day of a visit of which the day alone is known."""
        day, clock = self._time.get("date"), self._time.get("time")
        if day is None or (clock is not None and not is_empty(value_at(record, clock.path))):
            return None
        read = read_date(value_at(record, day.path), order=day.order)
        return read.value if isinstance(read, Clean) and isinstance(read.value, str) else None

    def _outcome(self, record: Record) -> tuple[str, str]:
        """Give the stage a visit is in, as people call it, and the shipped stage it means.

        A clinic's own stage is known by its name; else by what PracticeHub calls the status.
        """
        if self._status is None:
            return "", ""
        raw = normalise.pick(value_at(record, self._status.path))
        label = self._mapping.values.get(self._status.field, {}).get(key_of(raw), "")
        return label, shipped().stage_of(label) or shipped().stage_of(raw or "")

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


def as_sent(rows: Sequence[LoadRow]) -> Iterator[LoadRow]:
    """Give a record's rows as they are sent: an event before its lead, and tied by that.

    Made for a lead that is there, an event would write a message on it; a lead that is made
    with its event writes none. What is expected of the event, `opportunity_id`, comes of it.
    """
    events = [row for row in rows if "opportunity_id" in row.values]
    if not events:
        yield from rows
        return
    for row in events:
        told = {name: value for name, value in row.values.items() if name != "opportunity_id"}
        yield replace(row, values=told)
    ties = tuple(Ref(RefKind.RECORD, row.external_id) for row in events)
    yield replace(rows[0], values={**rows[0].values, "calendar_event_ids": ties})
