"""Randomness that is the same every time: one stream for each thing that is made.

Every record draws from a stream named after itself, so that adding a field to one
resource does not change the people in another.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar

T = TypeVar("T")

OPENING_HOUR = 8
CLOSING_HOUR = 18


def stream(seed: int, *parts: object) -> random.Random:
    """Give the random stream that belongs to `parts` under `seed`; equal names, equal draws."""
    name = "/".join(str(part) for part in (seed, *parts))
    return random.Random(name)  # noqa: S311 - invented people, not a secret


def chance(rng: random.Random, share: float) -> bool:
    """Say yes in `share` (0 to 1) of the cases."""
    return rng.random() < share


def pick(rng: random.Random, choices: Sequence[T]) -> T:
    """Choose one of a non-empty sequence."""
    return choices[rng.randrange(len(choices))]


def weighted(rng: random.Random, choices: Sequence[tuple[T, int]]) -> T:
    """Choose one value by its weight."""
    values = [value for value, _ in choices]
    return rng.choices(values, [weight for _, weight in choices])[0]


def stamp(moment: datetime) -> str:
    """Write a naive local time as PracticeHub does: `YYYY-MM-DD HH:MM:SS`, no zone."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def working_day(day: date) -> date:
    """Move a weekend day to the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day  # noqa: PLR2004 - Friday


def office_hours(rng: random.Random, day: date) -> datetime:
    """Give some minute of a working day while the clinic is open (naive local time)."""
    hour = rng.randrange(OPENING_HOUR, CLOSING_HOUR)
    return datetime.combine(working_day(day), time(hour, rng.randrange(60), rng.randrange(60)))


def quarter(rng: random.Random, day: date) -> datetime:
    """Give the start of some quarter of an hour in office hours (naive local time)."""
    hour = rng.randrange(OPENING_HOUR, CLOSING_HOUR)
    return datetime.combine(working_day(day), time(hour, 15 * rng.randrange(4)))
