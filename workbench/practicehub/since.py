"""A pass that asks only for what changed, where that was shown to work on this account.

What it rests on, and how far each part is proven:

* **What changed**: records whose time of change is not before the start of the last complete pass.
  That the filter is honoured is proven each time: for a time far in the future there must be
  nothing, for one far in the past as many records as the list has. That every edit sets the
  time anew is not known, and nothing can prove it; so such a pass is for in between, and the
  last one before the switch reads every list whole. A whole pass that meets a record whose
  content changed and whose time did not (`unstamped`) ends passes by time for that resource.
* **What is new, and what is gone**: the numbers of records in windows of ids, beside those held.
  That does not rest on times.

Source: PracticeHub developer guide, filtering (invalid filters are ignored); `updated` was seen on
practitioners. In which zone it is written is not known: bounds hold for UTC and for the clinic's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.errors import SourceRefusedError
from workbench.practicehub import envelope
from workbench.practicehub.catalogue import CHANGED, Resource
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.chase import NUMBERS_END
from workbench.practicehub.client import Answer, Client
from workbench.practicehub.envelope import Ask, Envelope
from workbench.practicehub.gone import Asker, NotFilteredError
from workbench.practicehub.shortfall import Finding, compared
from workbench.practicehub.walk import NOT_FOUND, Progress, store_answer
from workbench.state import PageKind, Store, WalkState, id_text
from workbench.state.ids import number_of

OVERLAP = timedelta(hours=3)
"""Asked for once more before the last pass began: the clocks of two machines disagree, an edit
is stamped before it is committed, and in autumn an hour of local time comes twice."""

FAR_FUTURE, FAR_PAST = "gt:2999-12-31 23:59:59", "gte:1900-01-01 00:00:00"
WORTH = 6
"""Pages of a list from which on a pass by time costs fewer requests than reading it whole."""
SPAN = 20
"""Pages of records that one window of ids spans at most."""
ROUNDS = 2
"""How often what is in the windows is compared before the list is read whole."""
LOOKING = "PracticeHub, asked for what has changed"
"""What a person is told meanwhile."""

_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_QUIET = frozenset({Finding.AGREES, Finding.FOUND, Finding.MORE_HELD})


def bound(started: str, zone: str) -> str:
    """Say from which time of change on to ask, for a pass that began then.

    Args:
        started: when the last complete pass began: ISO 8601, in UTC.
        zone: the clinic's IANA zone.

    Returns:
        The earlier of what the clocks showed in UTC and in the clinic, less the overlap, as
        PracticeHub writes times.
    """
    moment = datetime.fromisoformat(started).astimezone(UTC)
    naive = [moment.astimezone(at).replace(tzinfo=None) for at in (UTC, ZoneInfo(zone))]
    return f"{min(naive) - OVERLAP:%Y-%m-%d %H:%M:%S}"


def unstamped(store: Store, resource: str, *, generation: int, zone: str) -> int:
    """Count the records that a whole pass found changed and that a pass by time had missed.

    Args:
        store: the run's state.
        resource: a name from the catalogue.
        generation: the whole pass, finished.
        zone: the clinic's IANA zone.
    """
    before = store.source.last_pass(resource, before=generation)
    walked = store.source.walk(resource, generation=generation)
    if before is None or walked is None or walked.since:
        return 0
    since, missed = bound(before.started, zone), 0
    for name, source_id in store.source.news_of("changed", generation, generation):
        record = store.source.record(name, source_id) if name == resource else None
        if record is not None and CHANGED in record.data:
            missed += str(record.data[CHANGED] or "") < since
    return missed


def since_last(
    client: Client,
    store: Store,
    resource: str,
    *,
    folder: Path,
    generation: int,
    zone: str,
    phase: str,
    on_progress: Progress | None = None,
) -> bool:
    """Read what changed since the last complete pass, if this account shows how.

    Each answer is stored like a page; a pass that was killed is begun again from the same
    time. A record that seems to be gone is asked for by its id before it counts as such.

    Args:
        client: the only way to the source.
        store: the run's state.
        resource: a name from the catalogue.
        folder: the run folder.
        generation: the pass, above 0.
        zone: the clinic's IANA zone.
        phase: the phase that reads.
        on_progress: told requests, None, and what is waited for.

    Returns:
        Whether the pass is complete. False: nothing proves that it would be, or it would cost
        more than the list has pages; the list is to be read whole.

    Raises:
        SourceError: as `Client.get`.
    """
    walked = store.source.walk(resource, generation=generation)
    if walked is not None and (walked.state is not WalkState.WALKING or not walked.since):
        return bool(walked.since) and walked.state is WalkState.DONE
    before = store.source.last_pass(resource, before=generation)
    if walked is None:
        if before is None or not _may(store, client, resource, generation):
            return False
        store.source.begin_since(resource, generation=generation,
                                 since=bound(before.started, zone))  # fmt: skip
        walked = store.source.walk(resource, generation=generation)
    assert walked is not None  # noqa: S101 - it was begun just now
    most = math.ceil(store.source.alive(resource) / client.page_size)
    asker = Asker(client, store, resource_named(resource), folder, generation, phase, on_progress)
    try:
        total = _Pass(asker, walked.since, most).read()
    except NotFilteredError:
        store.source.read_whole(resource, generation=generation)
        return False
    store.source.end_since(resource, generation=generation, reported=total)
    return True


def _may(store: Store, client: Client, resource: str, generation: int) -> bool:
    """Say whether what is held allows a pass by time: complete, with numbers, large enough."""
    whole = store.source.last_pass(resource, before=generation, whole=True)
    if whole is None or store.source.alive(resource) <= WORTH * client.page_size:
        return False
    found = compared(store, generation=whole.generation).get(resource)
    if found is None or found.finding not in _QUIET or found.missing:
        return False
    sample = next(store.source.sample(resource, 1), None)
    stamped = sample is not None and _TIME.fullmatch(str(sample.data.get(CHANGED)))
    return bool(stamped) and store.source.numbered(resource, below=NUMBERS_END)


@dataclass(slots=True)
class _Pass:
    """One pass by time under way; `most`: the requests that it may cost."""

    asker: Asker
    since: str
    most: int
    requests: int = 0

    @property
    def _known(self) -> Resource:
        return self.asker.known

    def read(self) -> int:
        """Read what changed, and compare the windows of ids; give how many there are.

        Raises:
            NotFilteredError: the account does not show that this finds everything.
        """
        self._prove()
        self._changed()
        for _ in range(ROUNDS):
            self._windows()
            total = self._total({})
            if total == self.asker.store.source.alive(self._known.name):
                return total
        raise NotFilteredError

    def _prove(self) -> None:
        """See that the time filter is honoured, at both ends."""
        if self._page({CHANGED: FAR_FUTURE}, size=1).total:
            raise NotFilteredError
        for _ in range(ROUNDS):  # something may be made between two questions
            if self._total({}) == self._total({CHANGED: FAR_PAST}):
                return
        raise NotFilteredError

    def _changed(self) -> None:
        """Read every record whose time of change is not before the bound."""
        for _ in range(ROUNDS):
            met: set[str] = set()
            where = {CHANGED: f"gte:{self.since}"}
            ask: Ask | None = Ask.first(
                self._known.path, page_size=self.asker.client.page_size, where=where
            )
            total: int | None = 0
            while ask is not None:
                page = self._answered(ask)
                met |= page.ids
                total = page.total
                ask = envelope.following(ask, page)
            if total is not None and len(met) >= total:
                return  # nothing moved off a page that was read, or it was seen all the same
        raise NotFilteredError

    def _windows(self) -> None:
        """Compare windows of ids, and above the highest one see that there is nothing more."""
        source, name = self.asker.store.source, self._known.name
        low = 0
        while (first := source.nth_there(name, low=low, offset=0)) is not None:
            after = source.nth_there(name, low=first, offset=SPAN * self.asker.client.page_size)
            if after is None:
                break
            self._compare(low, after - 1)
            low = after
        highest = source.highest_there(name)
        self._compare(low, low if highest is None else max(low, highest))
        self._newer(0 if highest is None else highest + 1)

    def _newer(self, low: int) -> None:
        ask: Ask | None = Ask.first(
            self._known.path, page_size=self.asker.client.page_size, where={"id": f"gte:{low}"}
        )
        while ask is not None:
            ask = envelope.following(ask, self._answered(ask))

    def _compare(self, low: int, high: int, *, total: int | None = None) -> None:
        """Find what a window of ids has gained or lost, by halves.

        `total`: how many records are in it, where that is known from the halves before.
        """
        source, name = self.asker.store.source, self._known.name
        where = {"id": f"between:{low},{high}"}
        held, size = source.count_there(name, low, high), self.asker.client.page_size
        total = self._total(where) if total is None else total
        if total == held:
            return
        if max(held, total) < size or low == high:
            shown = self._page(where, size=size)
            missing = source.ids_there(name, low, high) - shown.ids
            if len(shown.ids) != shown.total:
                raise NotFilteredError
            if missing:
                self._verify(sorted(missing, key=lambda one: (len(one), one)), shown)
            return
        middle = source.nth_there(name, low=low, offset=held // 2) or (low + high) // 2
        middle = min(max(middle, low), high - 1)
        half = self._total({"id": f"between:{low},{middle}"})
        self._compare(low, middle, total=half)
        self._compare(middle + 1, high, total=max(0, total - half))

    def _verify(self, ids: list[str], shown: Envelope) -> None:
        control = min(shown.ids, default=None) or self.asker.store.source.some_met(
            self._known.name, self.asker.generation
        )
        if control is None:
            raise NotFilteredError
        self._count()
        self.asker.verify(ids, control=control)

    def _total(self, where: Mapping[str, str]) -> int:
        total = self._page(where, size=1).total
        if total is None:
            raise NotFilteredError
        return total

    def _page(self, where: Mapping[str, str], *, size: int) -> Envelope:
        return self._answered(Ask.first(self._known.path, page_size=size, where=where))

    def _answered(self, ask: Ask) -> Envelope:
        """Ask, see that the rows are what was asked for, and store them.

        Raises:
            NotFilteredError: they are not, or the question is refused.
        """
        self._count()
        answer = self._got(ask)
        if answer.status == NOT_FOUND:  # how some accounts say that there is nothing
            return Envelope([], 0, None)
        page = envelope.parse(answer.data, resource=self._known.name)
        if not all(_fits(row, ask.query) for row in page.rows):
            raise NotFilteredError
        store, asker = self.asker.store, self.asker
        held = store.source.walk(self._known.name, generation=asker.generation)
        store_answer(
            store, self._known, page, folder=asker.folder, generation=asker.generation,
            number=(held.pages if held else 0) + 1, ask=ask, answer=answer, following=None,
            kind=PageKind.WINDOW, phase=asker.phase, under_way=True,
        )  # fmt: skip
        return page

    def _got(self, ask: Ask) -> Answer:
        def tell(waiting: str) -> None:
            if self.asker.on_progress is not None:
                self.asker.on_progress(self.requests, None, waiting)

        tell(LOOKING)
        try:
            return self.asker.client.get(
                self._known.path, ask.query, accept={NOT_FOUND}, on_wait=tell
            )
        except SourceRefusedError:
            raise NotFilteredError from None

    def _count(self) -> None:
        self.requests += 1
        if self.requests > self.most:  # then reading the list whole is as cheap, and sure
            raise NotFilteredError


def _fits(row: object, query: Mapping[str, str]) -> bool:
    """Check a row against what was asked for: a window of ids, or a time of change."""
    if not isinstance(row, dict):
        return False
    if condition := query.get("id"):
        operator, _, span = condition.partition(":")
        low, _, high = span.partition(",")
        number = number_of(id_text(row.get("id")) or "")
        return number is not None and int(low) <= number and (
            operator == "gte" or number <= int(high)
        )  # fmt: skip
    if condition := query.get(CHANGED):
        stamp = str(row.get(CHANGED))
        return _TIME.fullmatch(stamp) is not None and stamp >= condition.partition(":")[2]
    return True
