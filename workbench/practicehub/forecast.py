"""How long an extraction will take, and how hard the migration looks, from totals alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from workbench.practicehub.catalogue import RESOURCES
from workbench.practicehub.files import declared_size, file_url
from workbench.state import Store, WalkState

SAMPLE_ROWS = 2000
"""File sizes are averaged over at most this many listed rows."""

KIND_LIMITS = {"resources": (8, 14), "records": (20_000, 200_000), "files": (2_000, 20_000)}
"""Up to the first number a clinic is simple in that respect, above the second one complex."""

HOUR_LIMITS = (0.5, 6.0)
"""Hours of reading: up to the first simple, above the second complex."""


class Grade(StrEnum):
    """How hard a migration looks."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is left to read, and the grade with its reasons, the weightiest first.

    `requests` and `seconds` are what the rest of the walks takes at the account's pace;
    file bytes do not count against it. `bytes_` is None where no size is listed yet.
    """

    requests: int
    seconds: float
    files: int
    bytes_: int | None
    grade: Grade
    reasons: tuple[str, ...]


def estimate(
    store: Store, *, per_second: float, page_size: int, open_questions: int | None = None
) -> Forecast:
    """Estimate the rest of an extraction from the totals reported so far.

    Args:
        store: the run's state; each resource's first page is held.
        per_second: requests a second that the account allows.
        page_size: rows a page.
        open_questions: fields and values that nobody has mapped yet; None: not known yet.
    """
    requests = records = files = resources = 0
    for walk in store.source.walks():
        if walk.state is WalkState.ABSENT or walk.reported is None:
            continue
        records += walk.reported
        resources += walk.reported > 0
        if walk.state is WalkState.WALKING:
            requests += max(math.ceil(walk.reported / page_size) - walk.pages, 1)
    sized = total_size = 0
    for known in RESOURCES:
        walk_of = store.source.walk(known.name)
        if known.file is None or walk_of is None or not walk_of.reported:
            continue
        listed = with_file = 0
        for record in islice(store.source.records(known.name), SAMPLE_ROWS):
            listed += 1
            if known.file.always or file_url(known, record.data) is not None:
                with_file += 1
                size = declared_size(known, record.data)
                sized += size is not None
                total_size += size or 0
        files += round(walk_of.reported * with_file / listed) if listed else walk_of.reported
    seconds = requests / per_second
    grade, reasons = _graded(
        {"resources": resources, "records": records, "files": files}, seconds, open_questions
    )
    return Forecast(
        requests, seconds, files, round(total_size / sized * files) if sized else None, grade,
        reasons,
    )  # fmt: skip


def _graded(
    counts: dict[str, int], seconds: float, open_questions: int | None
) -> tuple[Grade, tuple[str, ...]]:
    grades = list(Grade)
    found: list[tuple[int, str]] = [
        (_level(number, KIND_LIMITS[kind]), f"{number:,} {kind}") for kind, number in counts.items()
    ]
    hours = seconds / 3600
    found.append((_level(hours, HOUR_LIMITS), f"{hours:.1f} hours left to read at this pace"))
    if open_questions is not None:
        found.append((_level(open_questions, (20, 80)), f"{open_questions} questions to decide"))
    found.sort(key=lambda one: -one[0])
    reasons = tuple(f"{text}: {grades[level]}" for level, text in found)
    return grades[found[0][0]], reasons


def _level(number: float, limits: tuple[float, float]) -> int:
    return sum(number > limit for limit in limits)
