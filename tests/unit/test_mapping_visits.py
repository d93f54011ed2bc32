"""Visits: a lead, an event or both, with patient, user, stage and times as designed."""

from __future__ import annotations

from dataclasses import replace

from tests.support.decided_map import first, world
from workbench.mapping import AppointmentsTo, Expected, Expecter
from workbench.mapping.rows import Ref, RefKind
from workbench.staging.times import Order
from workbench.state import Fate, IssueKind


def visit(**changes: object) -> Expected:
    """Expect the first visit of the brief's clinic, changed as said."""
    expecter, record = first("brief", "appointments", **changes)
    return expecter.appointment(record)


def test_a_visit_becomes_a_lead_as_designed() -> None:
    """A visit's title, patient, user, stage, times and place stand where the design says."""
    made = world("brief")
    user = made.clinic.staff[0]
    expected = visit(
        id=5, patient_id=101, practitioner_id=user.id, practitioner_email=user.email,
        appointment_date="2025-07-10", appointment_time="09:00", duration=45,
        visit_type="Follow-up", visit_status="Completed", planned_date="2025-07-09",
        reminder_sent=True, clinic_location="Haarlem", note="",
    )  # fmt: skip
    wanted = {
        "name": "Follow-up, Patient 101", "type": "opportunity",
        "partner_id": Ref(RefKind.RECORD, "patient_101"), "user_id": Ref(RefKind.USER, user.email),
        "x_practitioner": f"{user.first_name} {user.last_name}",
        "stage_id": Ref(RefKind.STAGE, "Completed"), "x_appointment_time": "2025-07-10 07:00:00",
        "x_appointment_end": "2025-07-10 07:45:00", "x_visit_type": "Follow-up",
        "x_planned_date": "2025-07-09", "x_reminder_sent": True, "x_clinic_location": "haarlem",
        "description": None, "x_practicehub_id": "5",
    }  # fmt: skip
    row = expected.rows[0]

    assert (row.model, row.external_id) == ("crm.lead", "appointment_5")
    assert {name: row.values[name] for name in wanted} == wanted


def test_a_block_without_a_patient_is_left_out_and_said_so() -> None:
    """A team meeting in the calendar is no visit."""
    expected = visit(patient_id=None)

    assert (expected.fate, expected.rows) == (Fate.EXCLUDED, ())
    assert "block in the calendar" in expected.reason


def test_a_visit_of_a_patient_who_is_gone_is_kept_and_listed() -> None:
    """A visit whose patient PracticeHub no longer lists becomes a lead without a contact."""
    expected = visit(patient_id=17)

    assert expected.fate is Fate.CREATED
    assert expected.rows[0].values["partner_id"] is None
    assert IssueKind.ORPHAN in {one.kind for one in expected.issues}


def test_a_visit_may_be_lead_and_event() -> None:
    """Where both are wanted, the event carries the same facts beside the lead."""
    made = world("brief", AppointmentsTo.BOTH)
    record = {
        **made.clinic["appointments"][0], "id": 5, "appointment_date": "2025-07-10",
        "appointment_time": "09:00", "duration": 30, "patient_id": 101, "visit_status": "New",
    }  # fmt: skip
    lead, event = Expecter(made.mapping, made.context).appointment(record).rows

    assert (lead.model, event.model) == ("crm.lead", "calendar.event")
    assert event.external_id == "appointment_5_event"
    assert (event.values["start"], event.values["stop"]) == (
        "2025-07-10 07:00:00", "2025-07-10 07:30:00",
    )  # fmt: skip
    assert event.values["partner_ids"] == (Ref(RefKind.RECORD, "patient_101"),)
    assert event.values["x_visit_status"] == "new"
    assert "stage_id" not in event.values


def test_an_event_never_ends_before_it_starts() -> None:
    """A visit typed the wrong way round is still loaded, and its own end is kept as text."""
    made = world("observed", AppointmentsTo.EVENT)
    record = {
        **made.clinic["appointments"][0], "patient_id": 101, "start": "2025-07-10 09:00:00",
        "end": "2025-07-10 08:00:00",
    }  # fmt: skip
    expected = Expecter(made.mapping, made.context).appointment(record)
    values = expected.rows[0].values

    assert values["stop"] == values["start"] == "2025-07-10 07:00:00"
    assert values["x_unread_values"] == "end (UTC): 2025-07-10 06:00:00"


def test_day_first_visits_come_on_their_day() -> None:
    """A visit's date, start and end are each read in the order learnt for its field."""
    made = world("observed")
    record = {
        **made.clinic["appointments"][0], "patient_id": 101, "start": "3-4-2025 09:00",
        "end": "4/3/2025 09:30",
    }  # fmt: skip
    orders = {"start": Order.DAY_FIRST, "end": Order.MONTH_FIRST}
    rows = tuple(
        replace(row, order=orders.get(row.path, row.order))
        if row.resource == "appointments" else row
        for row in made.mapping.rows
    )  # fmt: skip
    values = Expecter(replace(made.mapping, rows=rows), made.context).appointment(record).rows[0]

    assert values.values["x_appointment_time"] == "2025-04-03 07:00:00"
    assert values.values["x_appointment_end"] == "2025-04-03 07:30:00"


def test_an_event_needs_a_time() -> None:
    """Where visits become events, one without a readable time is named, not invented."""
    made = world("observed", AppointmentsTo.EVENT)
    record = {**made.clinic["appointments"][0], "patient_id": 101, "start": "soon"}

    assert Expecter(made.mapping, made.context).appointment(record).fate is Fate.REJECTED
