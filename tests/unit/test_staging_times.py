"""Dates and times: read by the format they are in, local times brought to UTC honestly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.staging.findings import Clean, Refused
from workbench.staging.times import Order, join_instant, read_date, read_instant
from workbench.state import IssueKind

SKIPPED, TWICE = (IssueKind.TIME_SKIPPED,), (IssueKind.TIME_TWICE,)
PROPERTIES = settings(derandomize=True, deadline=None)
SECONDS = st.integers(0, 120 * 365 * 86_400)
"""Seconds since 1970, for local times over the next hundred years."""


@pytest.mark.parametrize(
    ("zone", "local", "utc", "notes"),
    [
        ("Europe/Amsterdam", "2025-01-10 09:00:00", "2025-01-10 08:00:00", ()),
        ("Europe/Amsterdam", "2025-07-10 09:00:00", "2025-07-10 07:00:00", ()),
        ("Europe/Amsterdam", "2025-03-30 01:59:59", "2025-03-30 00:59:59", ()),
        ("Europe/Amsterdam", "2025-03-30 02:30:00", "2025-03-30 01:30:00", SKIPPED),
        ("Europe/Amsterdam", "2025-03-30 03:00:00", "2025-03-30 01:00:00", ()),
        ("Europe/Amsterdam", "2025-10-26 02:30:00", "2025-10-26 00:30:00", TWICE),
        ("Europe/Amsterdam", "2025-10-26 03:00:00", "2025-10-26 02:00:00", ()),
        ("Australia/Sydney", "2025-10-05 02:30:00", "2025-10-04 16:30:00", SKIPPED),
        ("Australia/Sydney", "2025-04-06 02:30:00", "2025-04-05 15:30:00", TWICE),
        ("America/New_York", "2025-11-02 01:30:00", "2025-11-02 05:30:00", TWICE),
        ("Asia/Singapore", "2025-03-30 02:30:00", "2025-03-29 18:30:00", ()),
        ("Pacific/Apia", "2011-12-30 10:00:00", "2011-12-30 20:00:00", SKIPPED),
        ("Pacific/Apia", "2011-12-31 10:00:00", "2011-12-30 20:00:00", ()),
        ("America/Sao_Paulo", "2018-11-04 00:00:00", "2018-11-04 03:00:00", SKIPPED),
        ("America/Sao_Paulo", "2019-02-16 23:30:00", "2019-02-17 01:30:00", TWICE),
        ("America/Caracas", "2016-05-01 02:45:00", "2016-05-01 07:15:00", SKIPPED),
        ("America/Caracas", "2007-12-09 02:45:00", "2007-12-09 06:45:00", TWICE),
        ("Europe/Istanbul", "2016-12-10 09:00:00", "2016-12-10 06:00:00", ()),
        ("UTC", "2025-03-30 02:30:00", "2025-03-30 02:30:00", ()),
        ("Europe/Amsterdam", "2025-03-30T02:30:00Z", "2025-03-30 02:30:00", ()),
        ("Europe/Amsterdam", "2025-03-30 02:30+05:30", "2025-03-29 21:00:00", ()),
    ],
)
def test_a_local_time_becomes_the_right_instant(
    zone: str, local: str, utc: str, notes: tuple[IssueKind, ...]
) -> None:
    """A visit at nine is at nine whatever the season; the odd hours are told."""
    assert read_instant(local, zone=zone) == Clean(utc, notes)


def test_the_second_of_two_equal_local_times_can_be_asked_for() -> None:
    """The end of a visit that spans the autumn change is after its start."""
    read = read_instant("2025-10-26 02:30:00", zone="Europe/Amsterdam", later=True)

    assert read == Clean("2025-10-26 01:30:00", TWICE)


@PROPERTIES
@given(SECONDS)
def test_an_instant_comes_back_from_utc(seconds: int) -> None:
    """Every local time that happened once is found again from what Odoo holds."""
    local = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    zone = ZoneInfo("Europe/Amsterdam")
    read = read_instant(local.isoformat(" "), zone=zone.key)

    assert isinstance(read, Clean)
    back = datetime.fromisoformat(f"{read.value}+00:00").astimezone(zone).replace(tzinfo=None)
    assert (back == local) is (read.notes != SKIPPED)


def test_a_date_and_a_time_in_two_fields_are_one_instant() -> None:
    """The brief's appointment date and time give one time in UTC."""
    assert join_instant("2025-07-10", "09:15", zone="Europe/Amsterdam") == Clean(
        "2025-07-10 07:15:00"
    )
    assert join_instant("2025-07-10", "2:05 PM", zone="UTC") == Clean("2025-07-10 14:05:00")


@pytest.mark.parametrize(
    ("day", "clock"),
    [("2025-07-10", "25:00"), ("2025-07-10", None), (None, "09:00"), ("x", "09:00")],
)
def test_half_a_time_is_refused(day: object, clock: object) -> None:
    """A date without a time of day is not turned into midnight."""
    assert join_instant(day, clock, zone="UTC") == Refused(IssueKind.TIME_UNREADABLE)


@PROPERTIES
@given(st.dates())
def test_a_date_reads_back(day: date) -> None:
    """Every date written year first is read as itself."""
    read = read_date(day.isoformat())

    assert isinstance(read, Clean)
    assert read.value == day.isoformat()
    assert read.notes == (() if 1900 <= day.year <= 2100 else (IssueKind.DATE_IMPLAUSIBLE,))


@pytest.mark.parametrize(
    ("raw", "order", "expected"),
    [
        ("1984-07-19", Order.ISO, "1984-07-19"),
        ("1984-07-19 00:00:00", Order.ISO, "1984-07-19"),
        ("19-07-1984", Order.DAY_FIRST, "1984-07-19"),
        ("07/19/1984", Order.MONTH_FIRST, "1984-07-19"),
        ("3.4.1984", Order.DAY_FIRST, "1984-04-03"),
        ("3.4.1984", Order.MONTH_FIRST, "1984-03-04"),
    ],
)
def test_a_date_is_read_by_its_format(raw: str, order: Order, expected: str) -> None:
    """Day and month are never guessed: the map says which comes first."""
    assert read_date(raw, order=order) == Clean(expected)


@pytest.mark.parametrize(
    "raw",
    ["19-07-1984", "1984-02-30", "1984-07-19 08:00:00", "spring", 12.5, [], "19-07-84",
     "2021/05/03", "3 May 2021", "2021-W18-1", 44319, "44319", True, "0000-00-00 08:00",
     "0000-00-01"],
)  # fmt: skip
def test_what_is_no_date_is_refused(raw: object) -> None:
    """An unreadable date is not turned into another one."""
    read = read_date(raw)

    assert read == (Clean(None) if raw == [] else Refused(IssueKind.DATE_UNREADABLE))


@pytest.mark.parametrize("order", [Order.EITHER, Order.MIXED])
def test_an_open_order_is_never_guessed(order: Order) -> None:
    """While nobody said which comes first, a date that needs it is not read."""
    assert read_date("03-04-1984", order=order) == Refused(IssueKind.DATE_UNREADABLE)
    assert read_date("1984-04-03", order=order) == Clean("1984-04-03")


@pytest.mark.parametrize("raw", ["0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00Z"])
def test_a_date_of_zeros_is_empty_and_listed(raw: str) -> None:
    """The database's own idea of nothing is nothing, and the record is named."""
    nothing = Clean(None, (IssueKind.DATE_ZERO,))

    assert read_date(raw) == read_instant(raw, zone="UTC") == nothing


def test_a_time_of_day_on_no_day_is_refused() -> None:
    """Where the day is zeros and the hour is told, the hour is not thrown away."""
    assert join_instant("0000-00-00", None, zone="UTC") == Clean(None, (IssueKind.DATE_ZERO,))
    assert join_instant("0000-00-00", "09:00", zone="UTC") == Refused(IssueKind.TIME_UNREADABLE)


@pytest.mark.parametrize(
    "raw",
    ["2025-07-10 24:00", "2025-07-10 24:00:00", "2016-12-31 23:59:60", "2025-07-10 09:60",
     "2025-07-10 13:00 PM", "2025-07-10 09:00+25:00", "2025-07-10 9", "10.07.2025 09:00", "09:00"],
)  # fmt: skip
def test_an_hour_that_no_clock_shows_is_refused(raw: str) -> None:
    """Midnight of the next day, leap seconds and half a time are not bent into another one."""
    assert read_instant(raw, zone="Europe/Amsterdam") == Refused(IssueKind.TIME_UNREADABLE)


def test_a_local_time_is_read_in_the_order_that_was_learnt() -> None:
    """Day-first visit times come out on their own day."""
    zone = "Europe/Amsterdam"

    assert read_instant("3-4-2025 09:00", zone=zone, order=Order.DAY_FIRST) == Clean(
        "2025-04-03 07:00:00"
    )
    assert join_instant("3/4/2025", "9:00 am", zone=zone, order=Order.MONTH_FIRST) == Clean(
        "2025-03-04 08:00:00"
    )


def test_the_ends_of_the_calendar_do_not_overflow() -> None:
    """A nonsense year is refused, not a crash."""
    read = read_instant("0001-01-01 00:00:00", zone="Europe/Amsterdam")

    assert read == Refused(IssueKind.TIME_UNREADABLE)
    assert datetime.min.replace(tzinfo=UTC).year == 1
