"""Counting under names that people typed, without keeping or showing what only a few have.

Memory stays flat however many records pass: names beyond the first thousand, and names longer
than a name is, are counted under no name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Self

from workbench.staging.normalise import line
from workbench.staging.workings import Counted, Spread

ENOUGH = 5
"""A typed name is shown where at least this many different patients have it."""
MOST = 1000
"""Different names that are told apart."""
LONGEST = 60
"""Characters of a name; what is longer is a text."""
OTHER = "other"
"""Under what name that stands which is too rare to be shown."""
_LOWEST, _HIGHEST = 0.1, 0.9

Known = Callable[[str], bool]
"""Whether a name may be shown whoever has it: it is one of the clinic's own lists."""


def nobody_listed(name: str) -> bool:
    """Know no name of a list."""
    del name
    return False


class Sums(defaultdict[str, Counter[int | str]]):
    """What is counted of one thing, under several headings."""

    def __init__(self) -> None:
        super().__init__(Counter)

    def take(self, other: Sums) -> Self:
        """Add what another has counted."""
        for heading, counts in other.items():
            self[heading].update(counts)
        return self

    def spread(self, heading: str) -> Spread | None:
        """Say how the whole numbers under a heading lie; None where there are none."""
        return spread(self[heading]) if heading in self else None


class Shelf:
    """Counts under names; knows which names may be shown.

    Args:
        known: whether a name may be shown whoever has it.
        most: names that are told apart.
    """

    def __init__(self, known: Known = nobody_listed, *, most: int = MOST) -> None:
        self._known, self._most = known, most
        self._sums: dict[str, Sums] = {}
        self._whose: dict[str, set[str]] = {}
        self._beyond = Sums()

    def at(self, name: str, whose: str | None) -> Sums:
        """Give the sums of a name, met at a patient's record; nobody's record makes none known."""
        if name not in self._sums:
            if len(name) > LONGEST or len(self._sums) >= self._most:
                return self._beyond
            self._sums[name], self._whose[name] = Sums(), set()
        patients = self._whose[name]
        if whose is not None and len(patients) < ENOUGH:
            patients.add(whose)
        return self._sums[name]

    def may_show(self, name: str) -> bool:
        """Say whether a name may be shown; that there is none may."""
        return not name or self._known(name) or len(self._whose.get(name, ())) >= ENOUGH

    def apart(self, name: str) -> str:
        """Give the name where it is told apart, else the one for all that are not."""
        return name if name in self._sums else OTHER

    def shown(self) -> Iterator[tuple[str, Sums]]:
        """Give the names that may be shown, in the order they were met, with their sums."""
        return ((name, sums) for name, sums in self._sums.items() if self.may_show(name))

    def rest(self) -> tuple[int, Sums]:
        """Count the names that may not be shown, and sum up all records under them.

        Those that are not told apart count as one more.
        """
        hidden = [sums for name, sums in self._sums.items() if not self.may_show(name)]
        total = Sums().take(self._beyond)
        for sums in hidden:
            total.take(sums)
        return len(hidden) + bool(self._beyond), total


class Tally:
    """How many records have each value of a field."""

    def __init__(self, known: Known = nobody_listed) -> None:
        self._shelf = Shelf(known)

    def add(self, value: object, whose: str | None) -> None:
        """Count one record's value; an empty one counts for nothing."""
        name = label(value)
        if name:
            self._shelf.at(name, whose)[""][""] += 1

    def counted(self) -> Counted:
        """Give what was counted."""
        rare, rest = self._shelf.rest()
        shown = {name: sums[""].total() for name, sums in self._shelf.shown()}
        return Counted(shown, rare, rest[""].total())


def label(value: object) -> str:
    """Read a name on one line; empty where there is none. Yes and no are such names."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _line(value)
    return "" if value is None or isinstance(value, list | dict) else str(value)


# the same few names come again and again, and reading one takes a dozen replacements
@lru_cache(maxsize=4096)
def _line(value: str) -> str:
    read = line(value).value
    return read if isinstance(read, str) else ""


def spread(counts: Counter[int | str]) -> Spread | None:
    """Say how whole numbers lie, from how often each was met; None where none was."""
    total = counts.total()
    if not total:
        return None
    return Spread(
        total, quantile(counts, 0.5), quantile(counts, _LOWEST), quantile(counts, _HIGHEST)
    )


def quantile(counts: Counter[int | str], share: float) -> int:
    """Give the number that at least a share of those counted do not exceed.

    Args:
        counts: whole number → how often it was met, not empty.
        share: between 0 and 1.
    """
    least, met = share * counts.total(), 0
    numbers = sorted((int(number), count) for number, count in counts.items())
    for number, count in numbers:
        met += count
        if met >= least:
            return number
    return numbers[-1][0]
