"""Visits: a lead, an event or both, with patient, user, stage and times as designed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.decided_map import first, world
from workbench.mapping import AppointmentsTo, Expected, Expecter
from workbench.mapping.rows import Ref, RefKind
from workbench.mapping.visits import as_sent
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


def seen(to: AppointmentsTo, **changes: object) -> Expected:
    """Expect a visit of a practitioner who is a user, at nine on a day of July."""
    made = world("brief", to)
    user = made.clinic.staff[0]
    record = {
        **made.clinic["appointments"][0], "id": 5, "patient_id": 101, "note": "", "duration": 30,
        "practitioner_id": user.id, "practitioner_email": user.email, "visit_type": "Consult",
        "appointment_date": "2025-07-10", "appointment_time": "09:00", "visit_status": "New",
        **changes,
    }  # fmt: skip
    status = next(row.field for row in made.mapping.of("appointments")
                  if row.path == "visit_status")  # fmt: skip
    values = {**made.mapping.values, status: {**made.mapping.values[status], "Missed": "Missed"}}
    return Expecter(replace(made.mapping, values=values), made.context).appointment(record)


def test_patient_and_practitioner_attend_an_event_that_staff_alone_see() -> None:
    """Odoo shows people what they attend; nobody's private setting hides it, no guest reads it."""
    user = world("brief").clinic.staff[0].email
    event = seen(AppointmentsTo.BOTH).rows[1].values

    assert event["user_id"] == Ref(RefKind.USER, user)
    assert event["partner_ids"] == (
        Ref(RefKind.RECORD, "patient_101"), Ref(RefKind.USER_CONTACT, user),
    )  # fmt: skip
    assert event["privacy"] == "confidential"
    assert event["opportunity_id"] == Ref(RefKind.RECORD, "appointment_5")


@pytest.mark.parametrize("to", [AppointmentsTo.EVENT, AppointmentsTo.BOTH])
@pytest.mark.parametrize(
    ("status", "active", "show_as", "name"),
    [("New", True, "busy", "Consult, Patient 101"),
     ("Completed", True, "busy", "Consult, Patient 101"),
     ("Missed", True, "free", "Missed: Consult, Patient 101"),
     ("Cancelled", False, "free", "Cancelled: Consult, Patient 101")],
)  # fmt: skip
def test_a_visit_that_did_not_take_place_blocks_no_calendar(
    to: AppointmentsTo, status: str, name: str, show_as: str, *, active: bool
) -> None:
    """A cancelled visit leaves the calendar and is found in the archive; a missed one says so."""
    expected = seen(to, visit_status=status)
    event = expected.rows[-1].values

    assert expected.fate is Fate.CREATED
    assert (event["active"], event["show_as"], event["name"]) == (active, show_as, name)
    if to is AppointmentsTo.BOTH:
        assert expected.rows[0].values["name"] == "Consult, Patient 101"
        assert not {"active", "show_as", "privacy"} & expected.rows[0].values.keys()


def test_a_stage_of_the_clinics_own_means_what_its_status_says() -> None:
    """Nobody taught us "Afgezegd"; PracticeHub's own "Cancelled" behind it is known."""
    made = world("brief", AppointmentsTo.EVENT)
    field = next(row.field for row in made.mapping.of("appointments")
                 if row.name == "x_visit_status")  # fmt: skip
    values = {**made.mapping.values, field: {**made.mapping.values[field], "Cancelled": "Afgezegd",
                                             "Missed": "New"}}  # fmt: skip
    expecter = Expecter(replace(made.mapping, values=values), made.context)
    record = {**made.clinic["appointments"][0], "patient_id": 101,
              "appointment_date": "2025-07-10", "appointment_time": "09:00"}  # fmt: skip
    cancelled, missed = (expecter.appointment({**record, "visit_status": one}).rows[0].values
                         for one in ("Cancelled", "Missed"))  # fmt: skip

    assert (cancelled["active"], str(cancelled["name"])[:10]) == (False, "Afgezegd: ")
    assert (missed["active"], missed["show_as"]) == (True, "busy")


@pytest.mark.parametrize("to", [AppointmentsTo.EVENT, AppointmentsTo.BOTH])
def test_a_visit_without_a_time_of_day_takes_its_whole_day(to: AppointmentsTo) -> None:
    """The day is known, so the visit is in the calendar; no hour is made up."""
    expected = seen(to, appointment_time="", duration=None)
    event = expected.rows[-1].values

    assert expected.fate is Fate.CREATED
    assert event["allday"] is True
    assert (event["start"], event["stop"]) == ("2025-07-10 08:00:00", "2025-07-10 18:00:00")
    assert "2025-07-10" in str(event["x_unread_values"])


@pytest.mark.parametrize("clock", ["quarter past", "25:00"])
def test_a_time_of_day_that_cannot_be_read_is_no_whole_day(clock: str) -> None:
    """Somebody typed a time: what it is must be seen to, not put over a day."""
    both = seen(AppointmentsTo.BOTH, appointment_time=clock)

    assert seen(AppointmentsTo.EVENT, appointment_time=clock).fate is Fate.REJECTED
    assert [row.model for row in both.rows] == ["crm.lead"]


@pytest.mark.parametrize(
    ("day", "clock", "minutes", "start", "stop"),
    [("2025-03-30", "02:30", 30, "2025-03-30 01:30:00", "2025-03-30 02:00:00"),
     ("2025-03-30", "01:30", 60, "2025-03-30 00:30:00", "2025-03-30 01:30:00"),
     ("2025-10-26", "02:30", 30, "2025-10-26 00:30:00", "2025-10-26 01:00:00"),
     ("2025-10-26", "01:30", 120, "2025-10-25 23:30:00", "2025-10-26 01:30:00"),
     ("2025-07-11", "00:00", 30, "2025-07-10 22:00:00", "2025-07-10 22:30:00"),
     ("2025-07-10", "09:00", None, "2025-07-10 07:00:00", "2025-07-10 07:00:00")],
    ids=["skipped", "over the skip", "twice", "over the repeat", "midnight", "no end"],
)  # fmt: skip
def test_times_are_right_around_the_clock_change_and_midnight(
    day: str, clock: str, minutes: int | None, start: str, stop: str
) -> None:
    """The clinic's clock is Amsterdam's; Odoo keeps UTC; minutes are real ones."""
    rows = seen(
        AppointmentsTo.BOTH, appointment_date=day, appointment_time=clock, duration=minutes
    ).rows

    assert (rows[1].values["start"], rows[1].values["stop"]) == (start, stop)
    assert rows[0].values["x_appointment_time"] == start
    assert rows[1].values["allday"] is False


@pytest.mark.parametrize("to", list(AppointmentsTo))
def test_a_visit_of_nobody_says_so_to_odoo(to: AppointmentsTo) -> None:
    """Left unsaid, Odoo would make the user of the key the owner; so it is said, always."""
    made = world("brief", to)
    rows = tuple(row for row in made.mapping.rows if row.transform != "practitioner")
    known = {row.path for row in made.mapping.rows if row.transform == "practitioner"}
    record = {name: one for name, one in made.clinic["appointments"][0].items()
              if name not in known}  # fmt: skip
    record |= {"patient_id": 101, "appointment_date": "2025-07-10", "appointment_time": "09:00"}
    expected = Expecter(replace(made.mapping, rows=rows), made.context).appointment(record)

    assert expected.rows
    assert [row.values["user_id"] for row in expected.rows] == [None] * len(expected.rows)


def test_an_event_is_sent_before_its_lead_which_ties_the_two() -> None:
    """Made the other way round, Odoo would write a message on every opportunity."""
    lead, event = seen(AppointmentsTo.BOTH).rows
    sent = list(as_sent((lead, event)))

    assert [row.external_id for row in sent] == ["appointment_5_event", "appointment_5"]
    assert "opportunity_id" not in sent[0].values
    assert sent[1].values["calendar_event_ids"] == (Ref(RefKind.RECORD, "appointment_5_event"),)
    assert list(as_sent((lead,))) == [lead]
