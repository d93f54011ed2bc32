"""How long an extraction will take, and how hard the migration looks, from totals alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from workbench.practicehub.catalogue import Resource, resource
from workbench.practicehub.filefacts import declared_size, file_url
from workbench.state import Store, Walk, WalkState

SAMPLE_ROWS = 2000
"""File sizes are averaged over at most this many listed rows of a resource."""

LIMITS: dict[str, tuple[float, float]] = {
    "resources": (8, 14),
    "records": (20_000, 200_000),
    "files": (2_000, 20_000),
    "doubtful": (0.1, 0.3),
    "hours": (0.5, 6.0),
    "bytes": (2e9, 50e9),
}
"""Up to the first number a clinic is simple in that respect, above the second one complex."""


class Grade(StrEnum):
    """How hard a migration looks."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"


_GRADES = list(Grade)


@dataclass(frozen=True, slots=True)
class Clarity:
    """How much of the map is clear: of `asked` questions, `doubtful` ones need a person.

    A question is clear where it was answered, or where the proposal is sure. `told` says in
    words what was asked about.
    """

    asked: int
    doubtful: int
    told: str


@dataclass(frozen=True, slots=True)
class Aspect:
    """One of the things that make a migration hard, in a person's words.

    `grade` is None where it is not known yet.
    """

    name: str
    found: str
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is left to read, and what makes the migration simple or complex.

    `requests` and `seconds` are what the rest of the walks takes at `per_second`, the
    account's pace; file bytes do not count against it. `files` and `bytes_` are counted up
    from what is listed so far; `bytes_` is None where no size is listed yet, and `sizes` says
    from how many it was counted up.
    """

    requests: int
    seconds: float
    per_second: float
    files: int
    bytes_: int | None
    sizes: int
    aspects: tuple[Aspect, ...]

    @property
    def grade(self) -> Grade:
        """The worst of all aspects that are known."""
        return max((one.grade for one in self.aspects if one.grade), key=_GRADES.index)

    def ends(self, now: datetime) -> datetime:
        """Say when reading would end if it started now: in the zone of `now`, which has one."""
        return (now.astimezone(UTC) + timedelta(seconds=self.seconds)).astimezone(now.tzinfo)


def estimate(
    store: Store,
    *,
    per_second: float,
    page_size: int,
    resources: Iterable[Resource] = (),
    clarity: Clarity | None = None,
) -> Forecast:
    """Estimate the rest of an extraction from the totals reported so far.

    Asks nobody and is instant, however much is held.

    Args:
        store: the run's state; each resource's first page is held.
        per_second: requests a second that the account allows.
        page_size: rows a page, as they are asked for.
        resources: what is to be read; one that was not asked for yet counts as one page.
        clarity: how clear the map is; None: not known yet.
    """
    walks = {walk.resource: walk for walk in store.source.walks()}
    requests = sum(_left(walk, page_size) for walk in walks.values())
    requests += sum(one.name not in walks for one in resources)
    there = [w for w in walks.values() if w.state is not WalkState.ABSENT and w.reported]
    files, sizes, bytes_ = _files(store, there)
    records = sum(walk.reported or 0 for walk in there)
    seconds = requests / per_second
    aspects = (
        Aspect(
            "what there is",
            f"lists: {len(there)}, records: {records:,}, files: about {files:,}",
            max(
                _grade("resources", len(there)), _grade("records", records),
                _grade("files", files), key=_GRADES.index,
            ),
        ),
        _clear(clarity),
        Aspect(
            "PracticeHub's pace",
            f"{requests:,} requests left: {_time(seconds)} at {per_second:g} a second",
            _grade("hours", seconds / 3600),
        ),
        Aspect(
            "size of the files",
            "no size is listed yet" if bytes_ is None else f"about {size_text(bytes_)}",
            None if bytes_ is None else _grade("bytes", bytes_),
        ),
    )  # fmt: skip
    return Forecast(requests, seconds, per_second, files, bytes_, sizes, aspects)


def _left(walk: Walk, page_size: int) -> int:
    """Count the requests that one walk still takes."""
    if walk.state is not WalkState.WALKING:
        return 0
    # an account may give fewer rows a page than were asked for
    rows = min(page_size, math.ceil(walk.rows / walk.pages)) if walk.rows else page_size
    return max(math.ceil((walk.reported or 0) / rows) - walk.pages, 1)


def _files(store: Store, walks: Iterable[Walk]) -> tuple[int, int, int | None]:
    """Count up the files, and their bytes from the sizes that the rows held declare."""
    files = sizes = listed_bytes = 0
    for walk in walks:
        known = resource(walk.resource)
        if known.file is None:
            continue
        reported = walk.reported or 0
        listed = with_file = 0
        for record in store.source.sample(known.name, SAMPLE_ROWS):
            listed += 1
            if known.file.always or file_url(known, record.data) is not None:
                with_file += 1
                size = declared_size(known, record.data)
                sizes += size is not None
                listed_bytes += size or 0
        files += round(reported * with_file / listed) if listed else reported
    return files, sizes, round(listed_bytes / sizes * files) if sizes else None


def _clear(clarity: Clarity | None) -> Aspect:
    name = "how clear the map is"
    if clarity is None or not clarity.asked:
        return Aspect(name, "not known before the audit", None)
    sure = clarity.asked - clarity.doubtful
    words = f"{sure} of {clarity.asked} {clarity.told} are clear; {clarity.doubtful} need a person"
    return Aspect(name, words, _grade("doubtful", clarity.doubtful / clarity.asked))


def _grade(what: str, number: float) -> Grade:
    return _GRADES[sum(number > limit for limit in LIMITS[what])]


def _time(seconds: float) -> str:
    hours = seconds / 3600
    if hours >= 1:
        return f"{hours:.1f} hours"
    return f"{round(seconds / 60)} min" if seconds >= 90 else f"{round(seconds)} s"  # noqa: PLR2004 - below, seconds say more


def size_text(size: float) -> str:
    """Write a number of bytes for a person: "900 bytes", "12 kB", "1.2 GB"."""
    if size < 1000:  # noqa: PLR2004 - bytes of a kilobyte
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:  # noqa: PLR2004 - what is rounded to 1000 belongs to the next unit
            return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"  # noqa: PLR2004 - two digits are enough
    return f"{size / 1000:.1f} TB"
