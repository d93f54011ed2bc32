"""After a walk: are all records here that PracticeHub reports? If not, look for them by id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.chase import Chase, FilterIgnoredError
from workbench.practicehub.client import Client
from workbench.practicehub.issues import issue
from workbench.practicehub.walk import Progress
from workbench.state import IssueKind, PageKind, Store, Walk, WalkState

SPARE_REQUESTS = 16
"""Windows may cost this many requests more than twice the pages of the walk."""


class Finding(StrEnum):
    """How the number of records held compares with the number reported."""

    AGREES = "the numbers agree"
    NOT_REPORTED = "PracticeHub reports no total"
    TOTAL_COUNTS_ROWS = "the total counts repeated rows"
    SUPERSEDED = "a later pass has read the resource again"
    FOUND = "all that was missing was found by its id"
    MORE_HELD = "more is held than is reported: records were deleted while reading"
    FILTER_IGNORED = "id windows are ignored by this account: what is missing cannot be looked for"
    UNEXPLAINED = "records are missing, and id windows do not show them"
    NOT_NUMBERS = "records are missing, and their ids are not numbers to look between"


_QUIET = frozenset({Finding.AGREES, Finding.NOT_REPORTED, Finding.SUPERSEDED, Finding.FOUND})


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The comparison of one resource: `missing` is what stays unexplained."""

    resource: str
    reported: int | None
    distinct: int
    found: int
    requests: int
    missing: int
    finding: Finding


def shortfall(
    client: Client,
    store: Store,
    resource: str,
    *,
    folder: Path,
    generation: int = 0,
    phase: str = "extract",
    on_progress: Progress | None = None,
) -> Shortfall:
    """Compare distinct ids with the reported total and look for what is missing.

    Costs no request where the numbers agree and nothing moved while the list was read,
    where repeated rows explain the total, or where the same shortfall was chased before.
    Else what is newer than everything held is asked for, and where that is not all,
    windows of ids are halved until each agrees with what is held. Every row of a window
    is checked against it: an answer that ignored the filter is refused, not stored. What
    stays missing becomes an issue.

    Args:
        client: the only way to the source.
        store: the run's state; the walk over the resource is finished or absent.
        resource: a name from the catalogue.
        folder: the run folder.
        generation: the pass to compare.
        phase: the phase that reads, for the issue.
        on_progress: told windows asked, None, and what is waited for.

    Raises:
        SourceError: as `Client.get`; windows answered before are kept and not asked again.
        AssertionError: the walk is not finished.

    Source:
        PracticeHub developer guide, filtering: `between` is inclusive, and a filter that
        is not understood is ignored.
    """
    held = store.source.walk(resource, generation=generation)
    if held is not None and held.state is WalkState.ABSENT:
        return Shortfall(resource, None, 0, 0, 0, 0, Finding.NOT_REPORTED)
    if held is None or held.state is WalkState.WALKING:
        what = f"{resource} is compared before its walk is finished"
        raise AssertionError(what)
    distinct = held.distinct
    if store.source.last_generation() > generation:  # its records now belong to that pass
        return _said(held, distinct, 0, 0, Finding.SUPERSEDED)
    moved = _moved(store, held)
    finding = _at_a_glance(held, distinct, moved=moved)
    if finding is not None and not moved:
        result = _said(held, distinct, 0, 0, finding)
    elif (before := _chased_before(store, held, distinct)) is not None:
        result = _said(held, distinct, 0, 0, before)
    else:
        chase = Chase(client, store, resource_named(resource), folder, generation, phase,
                      budget=2 * held.pages + SPARE_REQUESTS, on_progress=on_progress)  # fmt: skip
        finding = _looked_for(chase, held, finding)
        after = store.source.walk(resource, generation=generation)
        now = after.distinct if after else distinct
        if now > distinct and now >= (held.reported or 0):
            finding = Finding.FOUND
        result = _said(held, now, now - distinct, chase.requests, finding)
    if result.finding not in _QUIET:
        store.staging.add_issues([
            issue(
                IssueKind.COUNT_MISMATCH,
                resource,
                rule=_rule(held, result.distinct, generation),
                outcome=result.finding.value,
                phase=phase,
            )
        ])  # fmt: skip
    return result


def _looked_for(chase: Chase, held: Walk, finding: Finding | None) -> Finding:
    try:
        if not chase.numbered:
            return finding or Finding.NOT_NUMBERS
        chase.newer()
        if finding is None and len(chase.ids) < (held.reported or 0):
            chase.everywhere()
    except FilterIgnoredError:
        return Finding.FILTER_IGNORED
    return finding or Finding.UNEXPLAINED


def _at_a_glance(held: Walk, distinct: int, *, moved: bool) -> Finding | None:
    if held.reported is None:
        return Finding.NOT_REPORTED
    if held.reported == distinct:
        return Finding.AGREES
    if held.reported < distinct:
        return Finding.MORE_HELD
    if held.rows == held.reported and not moved:
        return Finding.TOTAL_COUNTS_ROWS
    return None


def _moved(store: Store, held: Walk) -> bool:
    """Say whether records came or went while the list was read.

    One that is added on top pushes another onto the next page, so that rows and total grow
    alike; one that is deleted hides one that is added. Only a total that changed on the
    way, or a page that had to be read again, tells.
    """
    totals: set[int] = set()
    for page in store.source.pages(resource=held.resource, generation=held.generation):
        if page.kind is PageKind.AGAIN:
            return True
        if page.kind is PageKind.PAGE and page.reported is not None:
            totals.add(page.reported)
    return len(totals) > 1


def _said(held: Walk, distinct: int, found: int, requests: int, finding: Finding) -> Shortfall:
    missing = max((held.reported or 0) - distinct, 0)
    if finding in _QUIET or finding is Finding.TOTAL_COUNTS_ROWS:
        missing = 0
    return Shortfall(held.resource, held.reported, distinct, found, requests, missing, finding)


def _rule(held: Walk, distinct: int, generation: int) -> str:
    return f"pass {generation}: {held.reported} reported, {distinct} distinct"


def _chased_before(store: Store, held: Walk, distinct: int) -> Finding | None:
    """Give what an earlier run found out about the very same numbers."""
    kind, rule = IssueKind.COUNT_MISMATCH, _rule(held, distinct, held.generation)
    for one in store.staging.issues(kind=kind, resource=held.resource):
        if one.rule == rule:
            return Finding(one.outcome)
    return None
