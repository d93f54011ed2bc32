"""After a walk: are all records here that PracticeHub has? If not, look for them by id."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Self

from workbench.practicehub.blobs import read_page, sweep
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.chase import NUMBERS_END, Chase, Plan, WindowsRefusedError, begin
from workbench.practicehub.client import Client
from workbench.practicehub.envelope import Ask, Envelope
from workbench.practicehub.issues import issue
from workbench.practicehub.raw import a_page_came_twice, opened
from workbench.practicehub.walk import SWEPT, Progress
from workbench.state import (
    HeldPage,
    Issue,
    IssueKind,
    PageKind,
    Store,
    Walk,
    WalkState,
    id_text,
)
from workbench.state.ids import number_of

SPARE_REQUESTS = 16
"""Looking for records may cost this many requests more than twice the pages of the walk."""

WINDOWS, WIDEST = 100, 10
"""Ids are compared in about this many windows, each of one page's worth of records at least, so
that its answer shows it whole, and of ten pages' worth at most."""

ROUNDS = 2
"""How often the newest ids are asked for before a total that disagrees stays unexplained."""


class Finding(StrEnum):
    """How the records held compare with those that PracticeHub has."""

    AGREES = "the numbers agree"
    NOT_REPORTED = "PracticeHub reports no total"
    TOTAL_COUNTS_ROWS = "the total counts repeated rows"
    SUPERSEDED = "a later pass has read the resource again"
    FOUND = "what no page showed was found by its id or on a second look"
    MORE_HELD = "more is held than is reported: records were deleted while reading"
    FILTER_IGNORED = "id windows do not work on this account: what is missing cannot be looked for"
    CUT_SHORT = "records are missing, and looking for them would cost more requests than the walk"
    UNEXPLAINED = "records are missing, and id windows do not show them"
    NOT_NUMBERS = "records may be missing, and their ids are not numbers to look between"


_QUIET = frozenset({Finding.AGREES, Finding.NOT_REPORTED, Finding.SUPERSEDED, Finding.FOUND})


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The comparison of one resource.

    `reported`: the newest total; `distinct`: records held; `found`: of these, the ones that
    only the comparison brought; `gone`: held ones that PracticeHub has no longer; `missing`:
    what stays unexplained; `requests`: what the comparison cost.
    """

    resource: str
    reported: int | None
    distinct: int
    found: int
    requests: int
    missing: int
    finding: Finding
    gone: int = 0


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
    """Find out whether records are missing, look for them, and say what came of it.

    Rows that come and go during a walk shift the pages after them, and a deleted record that
    is held makes up for a missed one: counts at the end prove nothing. What does:

    - A list that fits on one page is one moment. It costs no request.
    - Where the newest record comes first, the first page names the highest id of that
      moment, and its total how many ids there were up to it. No id up to there is made
      later, so holding that many of them is holding all, whatever was deleted since.
      One more look at the first page brings what was made since, and a fresh total.
    - Everywhere else, and where some of those are not held, windows of ids are compared with
      what is held (`Chase`), down to answers that show a window whole. What is newer than
      the highest id is asked for last.

    The whole comparison costs at most `SPARE_REQUESTS` more than twice the pages; each answer
    is kept with the place where to go on, and a finished comparison costs none. What stays
    missing becomes an issue, and so does what is held and was deleted meanwhile.

    What can still be missed: in a window that is compared by its count alone, a record, where
    another one of the very same window was read and then deleted; windows are so coarse only
    beyond two hundred pages. On an account that lists oldest first and whose windows do not
    work, or whose total counts rows, a record that one deletion and one addition between
    two requests hid. A record that was brought back from deletion while another one was
    missed. The delta's pass over everything sees all of them.

    Args:
        client: the only way to the source.
        store: the run's state; the walk over the resource is finished or absent.
        resource: a name from the catalogue.
        folder: the run folder.
        generation: the pass to compare.
        phase: the phase that reads, for the issue.
        on_progress: told requests, None, and what is waited for.

    Raises:
        SourceError: as `Client.get`; what was answered before is kept and not asked again.
        AssertionError: the walk is not finished.

    Source:
        PracticeHub developer guide, filtering: `between` is inclusive, and a filter that
        is not understood is ignored. Ids are running numbers; newest first in its samples.
    """
    held = store.source.walk(resource, generation=generation)
    if held is not None and held.state is WalkState.ABSENT:
        return Shortfall(resource, None, 0, 0, 0, 0, Finding.NOT_REPORTED)
    if held is None or held.state is WalkState.WALKING:
        what = f"{resource} is compared before its walk is finished"
        raise AssertionError(what)
    done = _kept(held)
    if done is not None:
        return done
    if store.source.walk(resource, generation=generation + 1) is not None:
        # its records belong to that pass now
        return Shortfall(resource, held.reported, held.distinct, 0, 0, 0, Finding.SUPERSEDED)
    sweep(folder / SWEPT)
    facts = _Facts.of(store, folder, held)
    kept = dict(held.checked) or begin(held.distinct)
    chase = Chase(client, store, resource_named(resource), folder, generation, phase,
                  kept, facts.page_size, facts.fullest, on_progress)  # fmt: skip
    result = _Comparison(store, held, facts, chase).result()
    with store.transaction():
        store.source.set_checked(resource, {"result": asdict(result)}, generation=generation)
        if result.finding not in _QUIET or result.gone:
            store.staging.add_issues([_issue(result, generation, phase)])
    return result


def compared(store: Store, *, generation: int = 0) -> dict[str, Shortfall]:
    """Give what the comparisons of a pass came to, by resource, where they are finished."""
    found = {walk.resource: _kept(walk) for walk in store.source.walks(generation=generation)}
    return {name: one for name, one in found.items() if one is not None}


def _kept(held: Walk) -> Shortfall | None:
    result = held.checked.get("result")
    if result is None:
        return None
    return Shortfall(**{**result, "finding": Finding(result["finding"])})


def _issue(result: Shortfall, generation: int, phase: str) -> Issue:
    outcome = result.finding.value
    if result.gone:
        outcome += f"; {result.gone} held are not listed any more and stay held"
    return issue(
        IssueKind.COUNT_MISMATCH,
        result.resource,
        rule=f"pass {generation}: {result.reported} reported, {result.distinct} distinct",
        outcome=outcome,
        phase=phase,
    )


@dataclass(slots=True)
class _Facts:
    """What the pages of a walk tell, second looks of the comparison left out.

    `total` and `top` are of the moment of the first page: how many records there were, and
    the highest id where the newest came first (None: it did not, or ids are no numbers).
    `pages`, `filled`, `rows`: pages in their turn, those with rows, and their rows;
    `fullest`: the most rows of one. `steady`: every page told the same total, none came again.
    `even`: all pages but the last were as full as each other, and none was empty.
    """

    total: int | None
    top: int | None
    page_size: int
    pages: int
    filled: int
    rows: int
    fullest: int
    steady: bool
    even: bool

    @classmethod
    def of(cls, store: Store, folder: Path, held: Walk) -> Self:
        """Read them from the table of pages, and the order of ids from two bodies."""
        first: HeldPage | None = None
        last: HeldPage | None = None
        totals: set[int | None] = set()
        pages = filled = rows = 0
        fullest, again, even = 1, False, True
        looks = held.checked.get("looks", ())
        for page in store.source.pages(resource=held.resource, generation=held.generation):
            if page.kind is PageKind.WINDOW:
                continue
            if page.rows or first is None:  # a 404 past the end tells no total
                totals.add(page.reported)
            if page.kind is PageKind.AGAIN:
                again = again or page.number not in looks
                continue
            even = even and page.rows > 0 and (last is None or page.rows <= last.rows == fullest)
            first = first or page
            pages, rows, fullest = pages + 1, rows + page.rows, max(fullest, page.rows)
            if page.rows:
                last, filled = page, filled + 1
        assert first is not None  # noqa: S101 - a finished walk has a page in its turn
        return cls(
            total=first.reported,
            top=_highest(folder, first, last),
            page_size=Ask.from_cursor(first.request).page_size,
            pages=pages, filled=filled, rows=rows, fullest=fullest,
            steady=not again and len(totals) == 1 and None not in totals, even=even,
        )  # fmt: skip


def _highest(folder: Path, first: HeldPage, last: HeldPage | None) -> int | None:
    """Give the first id of a list, where its ids fall from the first page to the last."""
    if last is None or last.id == first.id:
        return None
    shown = [_numbers(opened(read_page(folder, page.sha256))) for page in (first, last)]
    if not all(shown):
        return None
    falls = all(one > other for one, other in pairwise(shown[0])) and len(shown[0]) > 1
    return shown[0][0] if falls and min(shown[1]) < shown[0][-1] else None


def _numbers(page: Envelope) -> list[int]:
    """Give a page's ids as numbers, each once, in order; none where one is no number."""
    found = [id_text(row.get("id")) for row in page.rows if isinstance(row, dict)]
    numbers = [number_of(one) for one in dict.fromkeys(found) if one is not None]
    return [] if None in numbers else [one for one in numbers if one is not None]


@dataclass(slots=True)
class _Comparison:
    """One comparison under way; `chase.kept` is where it stands."""

    store: Store
    held: Walk
    facts: _Facts
    chase: Chase

    def result(self) -> Shortfall:
        """Compare, look for what is missing, and sum up."""
        finding = self._at_a_glance()
        if finding is None:
            try:
                finding = self._looked_for()
            except WindowsRefusedError:
                agrees = self.facts.steady and self.facts.top is None and not self._missing()
                finding = Finding.AGREES if agrees else Finding.FILTER_IGNORED
        held, kept = self._now(), self.chase.kept
        found, missing = held.distinct - kept["begun"], self._missing()
        gone = kept["gone"] if held.reported is None else max(0, held.distinct - held.reported)
        if finding is None and held.reported is None and not found:
            finding = Finding.NOT_REPORTED
        elif finding is None and missing:
            counts_rows = missing <= kept["repeats"]
            finding = Finding.TOTAL_COUNTS_ROWS if counts_rows else Finding.UNEXPLAINED
        elif finding is None and found:
            finding = Finding.FOUND
        elif finding is None:
            finding = Finding.MORE_HELD if gone else Finding.AGREES
        if finding is Finding.TOTAL_COUNTS_ROWS:
            missing = 0
        elif finding in {Finding.FILTER_IGNORED, Finding.CUT_SHORT}:
            missing = max(missing, self._unmet())
        return Shortfall(
            held.resource, held.reported, held.distinct, found, kept["requests"], missing,
            finding, gone,
        )  # fmt: skip

    def _at_a_glance(self) -> Finding | None:
        """Judge a list that was one page: it is one moment."""
        held, facts = self.held, self.facts
        if facts.filled > 1 or not facts.steady:
            return None
        return Finding.AGREES if held.reported == held.distinct else None

    def _looked_for(self) -> Finding | None:
        """Do what it takes to know; None: every record was found or is accounted for."""
        facts, kept = self.facts, self.chase.kept
        name, generation = self.held.resource, self.held.generation
        highest = self.store.source.highest_met(name, generation)
        numbered = self.store.source.all_numbered(name, generation)
        if not numbered or (highest or 0) >= NUMBERS_END:
            return self._without_numbers()
        plan = Plan(0, -1, self._width(), None)
        if facts.top is None:
            if self._counts_rows():
                return Finding.TOTAL_COUNTS_ROWS
            plan.top = -1 if highest is None else highest
            plan.newer = plan.top + 1
        else:
            if not kept["looks"]:
                self.chase.look_again(facts.top)
            if kept["flooded"]:
                plan.newer = facts.top + 1
            if self._unmet():
                if self._counts_rows():
                    return Finding.TOTAL_COUNTS_ROWS
                plan.top = facts.top
        idle = plan.top < 0 and plan.newer is None
        begun = kept["plan"] is not None or kept["rounds"]
        return None if idle and not begun else self._windows(plan)

    def _windows(self, plan: Plan) -> Finding | None:
        """Go over the windows, then ask for what is newer until the total agrees."""
        chase, facts, name = self.chase, self.facts, self.held.resource
        most = max(facts.pages, math.ceil((self.held.reported or 0) / facts.fullest))
        while chase.kept["rounds"] < ROUNDS:
            if chase.kept["rounds"]:
                if not self._missing():
                    break
                highest = self.store.source.highest_met(name, self.held.generation)
                plan = Plan(0, -1, plan.width, 0 if highest is None else highest + 1)
            if not chase.windows(plan, budget=2 * most + SPARE_REQUESTS):
                return Finding.CUT_SHORT
            chase.look_again(None)
        return None

    def _without_numbers(self) -> Finding:
        """Judge records that no window can be laid over."""
        if not self.chase.kept["looks"]:
            self.chase.look_again(None)
        if self._counts_rows():
            return Finding.TOTAL_COUNTS_ROWS
        now = self._now()
        agrees = self.facts.steady and now.reported == self.facts.total == now.distinct
        return Finding.AGREES if agrees else Finding.NOT_NUMBERS

    def _counts_rows(self) -> bool:
        """Say whether nothing moved and the total is that of the rows, repeats included.

        Where pages changed their size, a link led to an empty one, or one came in place of
        another, the sum of their rows proves nothing.
        """
        facts, now = self.facts, self._now()
        nothing_new = now.distinct == self.chase.kept["begun"]
        same = facts.steady and facts.even and nothing_new and now.reported == facts.total
        if not same or facts.rows != facts.total or facts.rows == now.distinct:
            return False
        return not a_page_came_twice(self.chase.folder, self.store, now)

    def _unmet(self) -> int:
        """Count what the first page told of and is not held; 1 where it told no total."""
        facts = self.facts
        if facts.top is None:
            return 0
        if facts.total is None:
            return 1
        known = self.store.source.count_met(
            self.held.resource, self.held.generation, low=0, high=facts.top
        )
        return abs(facts.total - known)

    def _width(self) -> int:
        """Say how many held ids one window spans at most."""
        fullest = self.facts.fullest
        pages = math.ceil(self.held.distinct / fullest)
        return max(1, min(WIDEST, pages // WINDOWS)) * fullest

    def _missing(self) -> int:
        now = self._now()
        return max(0, (now.reported or 0) - now.distinct)

    def _now(self) -> Walk:
        """Read the walk anew: looking for records adds to it."""
        now = self.store.source.walk(self.held.resource, generation=self.held.generation)
        assert now is not None  # noqa: S101 - it was there when the comparison began
        return now
