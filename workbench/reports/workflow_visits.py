"""The workflow page about visits: types, endings, hours, locations, booking."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.reports import charts
from workbench.reports.workflow_words import (
    Described,
    counts_table,
    days,
    evidence,
    how_many,
    rare,
    records,
    share,
    three,
    type_name,
)
from workbench.show import Table
from workbench.staging.workings import Week, Workings
from workbench.staging.workings_tally import ENOUGH, OTHER

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NO_STATUS = "no status told"
_MOST_TYPES = 25
"""Types in the picture; the table has them all."""


def types_section(facts: Workings) -> Described:
    """Tell the types of visit and how long each takes."""
    visits = facts.visits
    named = [one for one in visits.types if one.name not in {"", OTHER}]
    rows = [
        (type_name(one.name, visits.rare), one.visits, *three(one.minutes),
         share(one.reminded, one.visits) if visits.reminded is not None else "not told",
         one.details or "–")
        for one in visits.types
    ]  # fmt: skip
    odd = (f" {records(visits.odd, 'visit')} with a length that cannot be one (none, backwards, "
           "over half a day) are left out of the lengths.") if visits.odd else ""  # fmt: skip
    return Described(
        "types", "Types of appointment", f"{len(named):,} types",
        f"Types of visit in use: {len(named):,}. The lengths below are those that were booked, "
        f"whatever the clinic's list says.{odd}",
        evidence(facts, ("appointments", "appointment_types")),
        tables=[Table(
            "Types and their lengths",
            ("type", "visits", "usual minutes", "from", "to", "reminder noted",
             "in the clinic's list"),
            rows,
            "Usual: the middle one. From and to: the middle 80 %. " + rare(visits.rare, "types"),
        )],
    )  # fmt: skip


def endings_section(facts: Workings, stages: Mapping[str, str]) -> Described:
    """Tell how visits stand, and the stage that was decided for each status."""
    visits = facts.visits
    statuses = visits.statuses
    rows = [
        (name or NO_STATUS, count, share(count, visits.visits), stages.get(name, "open"))
        for name, count in statuses.ranked
    ]  # fmt: skip
    if statuses.rest:
        rows.append((OTHER, statuses.rest, share(statuses.rest, visits.visits), "see the map"))
    columns = [name or NO_STATUS for name, _ in statuses.ranked]
    by_type = [
        (type_name(one.name, visits.rare), one.visits,
         *(share(one.statuses.get(name, 0), one.visits) for name, _ in statuses.ranked))
        for one in visits.types
    ]  # fmt: skip
    figures = [charts.endings(
        [(type_name(one.name, visits.rare),
          {(name or NO_STATUS): count for name, count in one.statuses.items()})
         for one in visits.types[:_MOST_TYPES]])] if visits.visits else []  # fmt: skip
    words = f"A visit stands in one of {len(statuses.shown):,} statuses."
    if visits.blocks:
        words += f" {records(visits.blocks, 'entry', 'entries')} of the calendar have no patient."
    logged = [kind for kind in facts.logs.kinds if kind.name.startswith("appt")]
    if logged:
        steps = ", ".join(f"{kind.name} ({kind.lines:,})" for kind in logged)
        words += f" Of the way there the log keeps: {steps}."
    elif visits.visits:
        words += " The way from one status to the next is not kept: only the last one is."
    return Described(
        "endings", "How visits end", f"{len(statuses.shown):,} statuses", words,
        evidence(facts, ("appointments", "patient_logs")),
        figures=figures,
        tables=[
            Table("Statuses and the stage decided for each",
                  ("status", "visits", "share", "stage in Odoo"), rows),
            Table("Cancelled, missed and so on, by type", ("type", "visits", *columns), by_type,
                  "Shares of each type's visits."),
        ],
    )  # fmt: skip


def weeks_section(facts: Workings) -> Described:
    """Tell when practitioners see their patients."""
    weeks = facts.visits.weeks
    days = [day for day in range(7) if any(day in week.days for week in weeks)]
    rows = [
        (week.name or f"practitioner {week.id}", week.id, week.visits, week.years,
         *(_hours(week, day) for day in days))
        for week in weeks
    ]  # fmt: skip
    return Described(
        "weeks", "Practitioners' days and hours", f"{len(weeks):,} practitioners",
        "No record says when a practitioner works; this is when their visits were. A day that "
        f"stands empty had fewer than {ENOUGH} of them, or almost none.",
        evidence(facts, ("appointments", "practitioners")),
        tables=[Table(
            "Usual hours by weekday", ("practitioner", "id", "visits", "read from",
                                       *(WEEKDAYS[day] for day in days)), rows,
            "First start and last end on the clinic's clock, the earliest and latest 5 % left "
            "out; visits on that weekday in brackets.",
        )],
    )  # fmt: skip


def places_section(facts: Workings) -> Described:
    """Tell where visits take place."""
    places = facts.visits.places
    return Described(
        "places", "Locations", f"{len(places.shown):,} locations",
        how_many(places, "location", "Visits take place at"),
        evidence(facts, ("appointments", "locations")),
        tables=[counts_table("Visits by location", "location", places, facts.visits.visits)],
    )  # fmt: skip


def booking_section(facts: Workings) -> Described:
    """Tell how long before a visit is booked, and whether patients do it online."""
    visits = facts.visits
    words = []
    if visits.ahead:
        words.append(
            f"A visit is usually booked {days(visits.ahead.median)} ahead (the middle 80 %: "
            f"{visits.ahead.low} to {days(visits.ahead.high)})."
        )
    if visits.afterwards:
        words.append(f"{records(visits.afterwards, 'visit')} were entered after they began.")
    if facts.bookable is not None:
        words.append(f"{facts.bookable:,} of the practitioners may be booked online.")
    online = [path for path, counted in visits.origins.items() if counted.shown]
    if not online:
        words.append("No field of a visit says whether it was booked online.")
    return Described(
        "booking", "Booking, online and at the desk",
        "online booking is used" if facts.bookable or online else "not told", " ".join(words),
        evidence(facts, ("appointments", "practitioners")),
        tables=[counts_table(f"Visits by {path}", path, counted, visits.visits)
                for path, counted in visits.origins.items()],
    )  # fmt: skip


def _hours(week: Week, day: int) -> str:
    if day not in week.days:
        return ""
    visits, begins, ends = week.days[day]
    return f"{_clock(begins)}\u2013{_clock(ends)} ({visits:,})"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
