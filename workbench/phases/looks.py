"""What the looks of the delta found, counted from what passes left in the state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, cast

from workbench import show
from workbench.phases import departed
from workbench.phases.sides import LOOK
from workbench.state import Store

UNSTAMPED = "unstamped"
"""Document: resource → records whose content changed and whose time of change did not."""


@dataclass(frozen=True, slots=True)
class Row:
    """What happened to one resource; `anew`: visits deleted and made anew under another id.

    These are neither among the created nor among the deleted ones.
    """

    resource: str
    created: int
    changed: int
    deleted: int
    anew: int
    back: int


@dataclass(frozen=True, slots=True)
class Look:
    """One look: its pass, and the first one whose finds it tells.

    `by_time`: the lists that were not read whole. `applied`: what it found was carried out.
    """

    generation: int
    since: int
    by_time: tuple[str, ...]
    rows: tuple[Row, ...]
    applied: bool

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Read what `keep` wrote."""
        rows = tuple(Row(**row) for row in document["rows"])
        return cls(document["generation"], document["since"], tuple(document["by_time"]), rows,
                   document["applied"])  # fmt: skip


def last(store: Store) -> Look | None:
    """Give the last look that came to its end, or None."""
    document = store.journey.document(LOOK)
    return Look.of(document) if isinstance(document, dict) else None


def first_untold(before: Look | None, generation: int) -> int:
    """Give the first pass whose finds were not carried out yet."""
    if before is None:
        return min(1, generation)
    return before.generation + 1 if before.applied else before.since


def keep(
    store: Store, *, generation: int, since: int, by_time: Sequence[str], rows: Iterable[Row]
) -> None:
    """Keep a look that came to its end."""
    store.journey.set_document(LOOK, {
        "generation": generation, "since": since, "by_time": list(by_time),
        "rows": [asdict(row) for row in rows], "applied": False,
    })  # fmt: skip


def carried_out(store: Store) -> None:
    """Note that what the last look found is in Odoo, but for what waits for a decision."""
    document = store.journey.document(LOOK)
    if isinstance(document, dict) and not document["applied"]:
        store.journey.set_document(LOOK, {**document, "applied": True})


def count(store: Store, resources: Iterable[str], *, since: int, until: int) -> list[Row]:
    """Count what passes found, resource by resource, as one; those without news are zero."""
    news = {one.resource: one for one in store.source.news(since, until)}
    gone = set(store.source.news_of("gone", since, until))
    created = set(store.source.news_of("created", since, until))
    pairs = {old: new for old, new in departed.made_anew(store).items()
             if (departed.VISITS, old) in gone}  # fmt: skip
    again = sum((departed.VISITS, new) in created for new in pairs.values())
    rows = []
    for name in resources:
        one = news.get(name)
        anew, fresh = (len(pairs), again) if name == departed.VISITS else (0, 0)
        rows.append(
            Row(name, one.created - fresh, one.changed, one.gone - anew, anew, one.back)
            if one else Row(name, 0, 0, 0, 0, 0)
        )  # fmt: skip
    return rows


def totals(look: Look | None) -> Row:
    """Add up a look's rows."""
    rows = look.rows if look else ()
    return Row(
        "", sum(r.created for r in rows), sum(r.changed for r in rows),
        sum(r.deleted for r in rows), sum(r.anew for r in rows), sum(r.back for r in rows),
    )  # fmt: skip


def table(store: Store) -> show.Table:
    """Show the last look."""
    look = last(store)
    missed = _unstamped(store)
    note = "What was deleted in PracticeHub is asked about; nothing is deleted in Odoo."
    if look and look.by_time:
        note += (
            f" Read by time of change, not whole: {', '.join(look.by_time)}. `workbench run FILE` "
            "reads everything whole before the migration is reconciled."
        )
    if missed:
        told = ", ".join(f"{name} ({number})" for name, number in sorted(missed.items()))
        note += f" Edits that left the time of change as it was: {told}; these are read whole."
    return show.Table(
        "Since the last delta",
        ("resource", "created", "changed", "deleted", "made anew", "there again"),
        [tuple(asdict(row).values()) for row in look.rows] if look else [],
        note=note,
    )


def stamped(store: Store) -> Callable[[str], bool]:
    """Say of resources whether nothing was seen yet that speaks against their times of change."""
    missed = _unstamped(store)
    return lambda name: name not in missed


def distrust(store: Store, resource: str, missed: int) -> None:
    """Note that edits of a resource do not always set its time of change."""
    found = _unstamped(store)
    if found.get(resource) != missed:
        store.journey.set_document(UNSTAMPED, {**found, resource: missed})


def _unstamped(store: Store) -> dict[str, int]:
    return cast("dict[str, int]", store.journey.document(UNSTAMPED) or {})
