"""What the patients' logs tell: kinds of lines, and when messages go out around a visit.

No line says which visit it is about, so a message is measured against the visits of the same
patient. The text of a line is never read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from workbench.staging.workings import LogFacts, LogKind, ReadsAs, VisitFields
from workbench.staging.workings_tally import OTHER, Shelf, Sums, label
from workbench.staging.workings_visits import Record, Times, at

Person = tuple[str, Sequence[Record], Sequence[Record]]
"""A patient's id, the lines of their log, and their visits."""

AHEAD = timedelta(days=14)
"""A message may be about a visit that follows within this time."""
BEHIND = timedelta(days=2)
"""Or, with none such, about one that began this long before."""
AT_ONCE = timedelta(minutes=10)
"""A message this soon after a booking answers it."""
ENOUGH_SENT = 20
"""Messages of a kind, before their timing says what they are."""
MOSTLY = 0.6
SOON = 96
"""Hours: a reminder goes out within this time before the visit."""

BUCKETS = (("under 2 h", 2), ("2-12 h", 12), ("12-23 h", 23), ("23-25 h", 26), ("26-47 h", 47),
           ("47-49 h", 50), ("50-72 h", 72), ("3-7 days", 168), ("7-14 days", 337))  # fmt: skip
"""Hours before a visit; each bucket ends below its number. A day and two stand by themselves."""

CHANNELS = (
    ("SMS", re.compile(r"sms|text.?message|^text$", re.IGNORECASE)),
    ("e-mail", re.compile(r"mail", re.IGNORECASE)),
    ("WhatsApp", re.compile(r"whats", re.IGNORECASE)),
    ("letter", re.compile(r"letter|brief|lettre|carta", re.IGNORECASE)),
)
_WORDS = (
    (ReadsAs.REMINDER, re.compile(
        r"remind|herinner|erinner|rappel|recordat|lembrete|promemoria", re.IGNORECASE)),
    (ReadsAs.CONFIRMATION, re.compile(
        r"confirm|bevestig|bestätig|conferma|(^|\W)book", re.IGNORECASE)),
    (ReadsAs.RECALL, re.compile(r"recall|reactivat|win.?back", re.IGNORECASE)),
    (ReadsAs.FOLLOW_UP, re.compile(r"follow|nazorg|review|feedback|thank", re.IGNORECASE)),
)  # fmt: skip


class _Where(StrEnum):
    """Where a message stands among the visits of its patient."""

    BOOKING = "booking"
    AFTER = "after"
    ALONE = "alone"


def log_facts(people: Iterable[Person], fields: VisitFields) -> LogFacts:
    """Tell what the logs show, patient by patient; one patient is held at a time.

    Args:
        people: who has a log, with their visits; in any order.
        fields: where visits tell what. Times of the log are taken as local ones.
    """
    times = Times(fields)
    shelf = Shelf()
    for patient, lines, visits in people:
        booked = sorted(
            (start, times.instant(visit, fields.created))
            for visit in visits
            if (start := times.start(visit)) is not None
        ) if any(channel(label(one.get("type"))) for one in lines) else []  # fmt: skip
        for one in lines:
            name = _name(one)
            sums = shelf.at(name, patient)
            sums["n"][""] += 1
            if channel(label(one.get("type"))):
                sent = at(one.get("created"), fields.zone)
                _place(sums, sent, booked, ahead=_meaning(name) is ReadsAs.REMINDER)
    kinds = [_kind(name, sums) for name, sums in shelf.shown()]
    kinds.sort(key=lambda kind: (-kind.lines, kind.name))
    rare, rest = shelf.rest()
    return LogFacts(tuple(kinds), rare, rest["n"].total())


def channel(kind: str) -> str:
    """Say by which channel a log line of a type was sent; empty: it is no message."""
    return next((name for name, words in CHANNELS if words.search(kind)), "")


def _name(one: Record) -> str:
    """Name a line by its type and sub-type."""
    kind, sub = label(one.get("type")), label(one.get("sub_type"))
    return f"{kind} / {sub}" if kind and sub else kind or sub


def _place(
    sums: Sums,
    sent: datetime | None,
    visits: Sequence[tuple[datetime, datetime | None]],
    *,
    ahead: bool,
) -> None:
    """Count a message by where it stands among its patient's visits, in order of their start.

    Between two visits it is about the nearer one; `ahead`: about the next one in any case.
    """
    if sent is None:
        sums["where"][_Where.ALONE.value] += 1
        return
    place = bisect_right(visits, sent, key=lambda visit: visit[0])
    answers = any(
        made is not None and timedelta() <= sent - made <= AT_ONCE for _, made in visits[place:]
    )
    sums["where"][_Where.BOOKING.value] += answers
    until = visits[place][0] - sent if place < len(visits) else None
    since = sent - visits[place - 1][0] if place else None
    behind = since is not None and since <= BEHIND
    if until is not None and until <= AHEAD and (ahead or not behind or until <= (since or until)):
        sums["hours"][round(until.total_seconds() / 3600)] += 1
    else:
        sums["where"][(_Where.AFTER if behind else _Where.ALONE).value] += 1


def _kind(name: str, sums: Sums) -> LogKind:
    lines, where = sums["n"].total(), sums["where"]
    sent_by = channel(name.partition(" / ")[0])
    if not sent_by:
        return LogKind(name or OTHER, lines)
    reads_as, by_name = _reads_as(name, sums)
    ahead: dict[str, int] = {}
    for hours, count in sums["hours"].items():
        bucket = next(name for name, end in BUCKETS if int(hours) < end)
        ahead[bucket] = ahead.get(bucket, 0) + count
    return LogKind(
        name, lines, sent_by, reads_as, by_name, sums.spread("hours"),
        {name: ahead[name] for name, _ in BUCKETS if name in ahead},
        where[_Where.AFTER.value], where[_Where.ALONE.value],
    )  # fmt: skip


def _meaning(name: str) -> ReadsAs:
    """Say what a kind of message is, as far as its own name tells."""
    words = name.partition(" / ")[2] or name
    return next((one for one, known in _WORDS if known.search(words)), ReadsAs.UNKNOWN)


def _reads_as(name: str, sums: Sums) -> tuple[ReadsAs, bool]:
    """Say what a kind of message seems to be, and whether its own name says so."""
    told = _meaning(name)
    if told is not ReadsAs.UNKNOWN:
        return told, True
    lines, where = sums["n"].total(), sums["where"]
    if lines < ENOUGH_SENT:
        return ReadsAs.UNKNOWN, False
    if where[_Where.BOOKING.value] >= MOSTLY * lines:
        return ReadsAs.CONFIRMATION, False
    if sum(count for hours, count in sums["hours"].items() if int(hours) <= SOON) >= MOSTLY * lines:
        return ReadsAs.REMINDER, False
    if where[_Where.AFTER.value] >= MOSTLY * lines:
        return ReadsAs.FOLLOW_UP, False
    return ReadsAs.UNKNOWN, False
