"""How the workflow page says things: counts, shares, spans, and what is too rare to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.reports.charts import Figure
from workbench.show import Table
from workbench.staging.workings import Counted, Spread, Workings
from workbench.staging.workings_tally import ENOUGH, OTHER

NO_TYPE = "no type told"


@dataclass(frozen=True, slots=True)
class Described:
    """One working as the page tells it.

    Args:
        anchor: its name in the page, and in the table of constructs.
        title: what it is.
        found: what was found, in a few words.
        words: what it is today.
        evidence: from which resources, and how many records.
        figures: pictures.
        tables: tables.
    """

    anchor: str
    title: str
    found: str
    words: str
    evidence: str
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()


def evidence(facts: Workings, resources: Sequence[str]) -> str:
    """Name the resources that a section rests on, with their records; one not held says so."""
    told = [f"{name} ({facts.held[name]:,})" if name in facts.held else f"{name} (none held)"
            for name in resources]  # fmt: skip
    return ", ".join(told)


def counts_table(title: str, name: str, counted: Counted, total: int) -> Table:
    """Show the values of a field with their records and shares."""
    rows: list[tuple[object, ...]] = [
        (value, count, share(count, total)) for value, count in counted.ranked
    ]
    if counted.rest:
        rows.append((OTHER, counted.rest, share(counted.rest, total)))
    return Table(title, (name, "records", "share"), rows, rare(counted.rare, "values"))


def how_many(counted: Counted, what: str, lead: str) -> str:
    """Say how many of something there are, or that none is told."""
    if not counted.shown and not counted.rest:
        return f"No {what} is told."
    return f"{lead} {records(len(counted.shown), what)}."


def rare(number: int, what: str) -> str:
    """Say what is not shown, for being too rare; empty where everything is."""
    if not number:
        return ""
    one = what.removesuffix("s")
    named = f"{number:,} {one} is" if number == 1 else f"{number:,} {what} are"
    return f"{named} not named: fewer than {ENOUGH} patients have it."


def type_name(name: str, rare: int) -> str:
    """Name a type of visit."""
    if name == OTHER and rare:
        return f"{OTHER} ({rare:,})"
    return name or NO_TYPE


def three(spread: Spread | None) -> tuple[object, object, object]:
    """Give what is usual, and between which the middle 80 % lie; dashes where nothing is told."""
    return ("–", "–", "–") if spread is None else (spread.median, spread.low, spread.high)


def share(part: int, whole: int) -> str:
    """Say a share in per cent; neither nothing nor everything is rounded to."""
    if not whole:
        return "–"
    share = 100 * part / whole
    return "<1 %" if 0 < share < 1 else ">99 %" if 99 < share < 100 else f"{share:.0f} %"  # noqa: PLR2004 - per cent


def records(number: int, one: str, more: str = "") -> str:
    """Write a number of things in words."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def days(number: int) -> str:
    """Write a number of days in words."""
    return records(number, "day")
