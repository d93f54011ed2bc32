"""What patients' logs tell: which messages go out, and how long before a visit."""

from __future__ import annotations

import pytest

from workbench.staging.workings import LogFacts, LogKind, ReadsAs, Spread, VisitFields
from workbench.staging.workings_messages import Person, channel, log_facts
from workbench.staging.workings_tally import ENOUGH
from workbench.staging.workings_visits import Record

FIELDS = VisitFields(start="start", created="created", zone="Europe/Amsterdam")


def line(at: str | None, kind: object = "sms", sub: object = "reminder") -> Record:
    """Give a line of a log; its text is never looked at."""
    return {"type": kind, "sub_type": sub, "created": at, "data": "Dear Zebedeus"}


def visit(start: str, created: str | None = None) -> Record:
    """Give a visit."""
    return {"start": start, "created": created}


def told(*people: tuple[list[Record], list[Record]], copies: int = 1) -> LogFacts:
    """Tell what the logs of some patients show, each as often as `copies`."""
    many: list[Person] = [
        (f"{place}-{copy}", lines, visits)
        for place, (lines, visits) in enumerate(people)
        for copy in range(copies)
    ]
    return log_facts(iter(many), FIELDS)


def kind(lines: list[Record], visits: list[Record], *, copies: int = ENOUGH) -> LogKind:
    """Tell the one kind of message that some patients alike were sent."""
    [found] = told((lines, visits), copies=copies).kinds
    return found


def test_without_a_log_nothing_is_told() -> None:
    """A clinic whose log is empty, or is not kept, shows no message of any kind."""
    assert told() == LogFacts()
    assert told(([], [visit("2026-03-02 09:00:00")])) == LogFacts()


def test_a_reminder_is_measured_against_the_next_visit() -> None:
    """A day before, whichever other visits the patient had."""
    visits = [visit("2026-03-09 09:00:00"), visit("2026-03-02 09:00:00"),
              visit("2026-02-02 09:00:00")]  # fmt: skip
    found = kind([line("2026-03-01 09:00:00")], visits)

    assert found.hours == Spread(ENOUGH, 24, 24, 24)
    assert (found.reads_as, found.by_name, found.channel) == (ReadsAs.REMINDER, True, "SMS")
    assert found.ahead == {"23-25 h": ENOUGH}


@pytest.mark.parametrize(
    ("sent", "start", "hours"),
    [
        ("2026-03-28 09:00:00", "2026-03-29 09:00:00", 23),
        ("2026-10-24 09:00:00", "2026-10-25 09:00:00", 25),
        ("2026-10-25 02:30:00", "2026-10-25 12:30:00", 11),
    ],
    ids=["hour lost", "hour twice", "sent in the hour that came twice"],
)
def test_hours_are_real_ones_when_the_clocks_change(sent: str, start: str, hours: int) -> None:
    """A reminder at the same time of day is 23 or 25 hours before, and stays in that bucket."""
    found = kind([line(sent)], [visit(start)])

    assert found.hours == Spread(ENOUGH, hours, hours, hours)


def test_a_reminder_after_the_visit_is_no_negative_number_of_hours() -> None:
    """It is counted as sent after a visit, or as one with no visit near."""
    soon = kind([line("2026-03-02 10:00:00")], [visit("2026-03-02 09:00:00")])
    late = kind([line("2026-04-02 10:00:00")], [visit("2026-03-02 09:00:00")])

    assert (soon.hours, soon.after, soon.alone) == (None, ENOUGH, 0)
    assert (late.hours, late.after, late.alone) == (None, 0, ENOUGH)


def test_a_visit_far_ahead_is_not_what_a_message_is_about() -> None:
    """What goes out a year before is no reminder of that visit."""
    found = kind([line("2026-03-01 09:00:00")], [visit("2027-03-01 09:00:00")])

    assert (found.hours, found.alone) == (None, ENOUGH)


@pytest.mark.parametrize("at", [None, "", "yesterday", "0000-00-00 00:00:00"])
def test_a_message_without_a_time_is_counted(at: str | None) -> None:
    """It was sent, but nobody can say when."""
    found = kind([line(at)], [visit("2026-03-02 09:00:00")])

    assert (found.lines, found.hours, found.alone) == (ENOUGH, None, ENOUGH)


def test_visits_at_one_time_count_a_reminder_once() -> None:
    """Two overlapping visits get one reminder between them."""
    visits = [visit("2026-03-02 09:00:00"), visit("2026-03-02 09:00:00"),
              visit("2026-03-02 09:10:00", "2026-02-01 09:00:00")]  # fmt: skip

    assert kind([line("2026-03-01 09:00:00")], visits).ahead == {"23-25 h": ENOUGH}


def test_a_message_between_two_visits_is_about_the_nearer_one() -> None:
    """An hour after the last one it is about that; a reminder is always about the next."""
    visits = [visit("2026-03-02 09:00:00"), visit("2026-03-09 09:00:00")]
    plain = kind([line("2026-03-02 10:00:00", sub="")], visits)
    reminder = kind([line("2026-03-02 10:00:00")], visits)

    assert (plain.after, plain.hours) == (ENOUGH, None)
    assert reminder.hours == Spread(ENOUGH, 167, 167, 167)


@pytest.mark.parametrize(
    ("sent", "reads_as"),
    [
        ("2026-03-01 09:00:00", ReadsAs.REMINDER),
        ("2026-02-20 09:05:00", ReadsAs.CONFIRMATION),
        ("2026-03-02 12:00:00", ReadsAs.FOLLOW_UP),
        ("2026-02-23 09:00:00", ReadsAs.UNKNOWN),
    ],
)
def test_a_message_without_a_telling_name_is_read_from_its_timing(
    sent: str, reads_as: ReadsAs
) -> None:
    """Most go out a day before: reminders. At once after booking: confirmations."""
    visits = [visit("2026-03-02 09:00:00", "2026-02-20 09:00:00")]
    found = kind([line(sent, "email", None)], visits, copies=20)

    assert (found.reads_as, found.by_name) == (reads_as, False)


def test_few_messages_are_not_read_from_their_timing() -> None:
    """Five messages a day before a visit may be chance."""
    found = kind([line("2026-03-01 09:00:00", "email", None)], [visit("2026-03-02 09:00:00")])

    assert found.reads_as is ReadsAs.UNKNOWN
    assert found.hours is not None


@pytest.mark.parametrize(
    ("sub", "reads_as"),
    [("herinnering", ReadsAs.REMINDER), ("booking confirmation", ReadsAs.CONFIRMATION),
     ("recall 6 months", ReadsAs.RECALL), ("Nazorg", ReadsAs.FOLLOW_UP), (17, ReadsAs.UNKNOWN)],
)  # fmt: skip
def test_a_messages_own_name_tells_first(sub: object, reads_as: ReadsAs) -> None:
    """In the languages of the clinics we know."""
    assert kind([line(None, "sms", sub)], []).reads_as is reads_as


def test_lines_that_are_no_messages_are_counted_by_kind() -> None:
    """Notes and bookings have no channel and are measured against nothing."""
    found = kind([line("2026-03-01 09:00:00", "appt", "booked")], [visit("2026-03-02 09:00:00")])

    assert found == LogKind("appt / booked", ENOUGH)


def test_a_kind_that_few_patients_have_is_not_named() -> None:
    """One record of a kind of its own: a sub-type is a text that somebody typed."""
    facts = told(([line("2026-03-01 09:00:00", "sms", "for Zebedeus")], []))

    assert facts == LogFacts(rare=1, rest=1)


@pytest.mark.parametrize(
    ("name", "sent_by"),
    [("sms", "SMS"), ("E-Mail", "e-mail"), ("text", "SMS"), ("WhatsApp", "WhatsApp"),
     ("letter", "letter"), ("note", ""), ("context", ""), ("", "")],
)  # fmt: skip
def test_the_channel_is_read_from_the_type(name: str, sent_by: str) -> None:
    """What is no message has no channel."""
    assert channel(name) == sent_by
