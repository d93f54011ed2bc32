"""Which lists a run reads, how each of them stands, and what is ahead, in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from workbench import show
from workbench.phases import gates
from workbench.practicehub import (
    Clarity,
    Forecast,
    Resource,
    catalogue,
    estimate,
    resource,
    size_text,
)
from workbench.state import Store, Walk, WalkState

if TYPE_CHECKING:
    from workbench.run import Run

FORBIDDEN = "403"
CLEAR = 0.85
"""A proposal this sure is taken for clear: a name we know, or a note that loses nothing."""


def lists(run: Run) -> tuple[Resource, ...]:
    """Give the lists that a run reads: the catalogue's, and those the configuration adds.

    One that is no longer in the configuration is read on if rows of it are held.
    """
    found = catalogue(run.config.practicehub.extra_resources)
    named = {one.name for one in found}
    begun = (name for name in run.store.source.volumes() if name not in named)
    return (*found, *(resource(name) for name in begun))


def standing(walk: Walk) -> str:
    """Say whether the account has a list, for somebody who never heard of a status code."""
    if walk.state is not WalkState.ABSENT:
        return "there"
    return "the key may not read it" if walk.note == FORBIDDEN else "not in this account"


def forecast(run: Run, *, clarity: Clarity | None = None) -> Forecast:
    """Say what is left to read; `clarity` stands in while nobody was asked about the map."""
    asked = run.config.practicehub
    return estimate(
        run.store,
        per_second=asked.requests_per_second,
        page_size=asked.page_size,
        resources=lists(run),
        clarity=clarity_of(run.store) or clarity,
    )


def clarity_of(store: Store) -> Clarity | None:
    """Say how clear the map is, from the questions put so far; None before the audit."""
    asked = [one for prefix in gates.MAP_PREFIXES for one in store.decisions.questions(prefix)]
    doubtful = sum(
        one.is_open and (one.proposal is None or (one.confidence or 0.0) < CLEAR) for one in asked
    )
    return Clarity(len(asked), doubtful, "questions about the map") if asked else None


def ending(found: Forecast, *, zone: str, now: datetime) -> str:
    """Say when reading would end, on the clinic's own clock.

    Args:
        found: what is left.
        zone: the clinic's, as an IANA name.
        now: the present, with its zone.
    """
    if not found.requests:
        return "Everything that PracticeHub lists is read."
    ends = found.ends(now.astimezone(ZoneInfo(zone)))
    pace = "1 request" if found.per_second == 1 else f"{found.per_second:g} requests"
    return (
        f"Started now, reading would end about {ends:%H:%M} on {ends:%A} {ends.day} {ends:%B} "
        f"({zone}), counted at {pace} a second; {found.requests:,} are left to make."
    )


def files_ahead(found: Forecast) -> str:
    """Say how many files there are and how large, as far as that is listed."""
    if not found.files:
        return "No files are listed."
    size = (
        "their sizes are not listed yet"
        if found.bytes_ is None
        else f"about {size_text(found.bytes_)}, counted up from {found.sizes:,} sizes listed so far"
    )
    return (
        f"About {found.files:,} files, {size}; they come from a file host, beside that pace "
        f"and on top of that time."
    )


def complexity(found: Forecast) -> show.Table:
    """Show what makes the migration simple or complex."""
    return show.Table(
        f"Complexity: {found.grade}",
        ("", "what was found", "grade"),
        [
            (one.name, one.found, one.grade.value if one.grade else "not known yet")
            for one in found.aspects
        ],
        note="The hardest of them counts.",
    )
