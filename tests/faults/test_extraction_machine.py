"""Whatever an account does while it is read, in whatever order, no row of it is lost.

A machine of rules makes one account after the other, changes it between requests, spoils
answers, kills the reader and lets it begin again; then the account is left quiet, the reading
ends, and what is held is compared with what the account had and with what it sent.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import stamina
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.moving_account import (
    KEY,
    PATH,
    RESOURCE,
    Change,
    Doubles,
    Killed,
    Line,
    MovingAccount,
    Spoil,
    What,
    question,
    text,
)
from workbench.errors import SourceError
from workbench.practicehub import (
    Client,
    HeldPageInfo,
    Pace,
    Shortfall,
    read_page,
    rebuild,
    shortfall,
    walk,
)
from workbench.sandbox.practicehub import Switches
from workbench.state import HeldPage, IssueKind, PageKind, Store, WalkState

ALL = bool(os.environ.get("WORKBENCH_TESTS_ALL"))
EXAMPLES = 3000 if ALL else 300
"""Accounts that are read; the same ones each time."""

STEPS = 10

changes = st.lists(st.builds(Change, st.sampled_from(What), st.integers(0, 999)), max_size=6)
spoils = st.lists(st.one_of(st.none(), st.sampled_from(Spoil)), max_size=4)
accounts = st.builds(
    Switches,
    rate=st.just(0),
    next_link=st.sampled_from(["null", "absent", "never"]),
    next_drops_page_size=st.booleans(),
    next_drops_filters=st.booleans(),
    total_entries=st.sampled_from(["distinct", "rows"]),
    past_end=st.sampled_from(["empty", "404"]),
    page_size_cap=st.sampled_from([100, 100, 4, 3]),
    ignored_filters=st.sampled_from([frozenset(), frozenset(), frozenset(), frozenset({RESOURCE})]),
    order=st.sampled_from(["newest", "oldest"]),
    duplicates=st.just({}),
    conflicts=st.just(0),
)
doubles = st.builds(
    Doubles, every=st.sampled_from([0, 0, 2, 5]), later=st.integers(0, 9), differing=st.booleans()
)


class Reading(RuleBasedStateMachine):
    """One account, read to its end with whatever comes in between."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")  # noqa: S108 - only where to make a folder of one's own
        root = memory if memory.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="reading-", dir=root))
        self.now = 0.0
        self.steps: Iterator[HeldPageInfo] | None = None
        self.refused = Counter[str]()

    @initialize(
        count=st.integers(0, 45),
        apart=st.sampled_from([1, 1, 7]),
        switches=accounts,
        doubled=doubles,
        without_id=st.booleans(),
        page_size=st.sampled_from([3, 4, 5, 10]),
    )
    def an_account(
        self, count: int, apart: int, switches: Switches, doubled: Doubles, *, without_id: bool,
        page_size: int,
    ) -> None:  # fmt: skip
        """Make the account, and open a run on it."""
        ids = range(1, count * apart + 1, apart)
        self.source = MovingAccount.make(ids, switches, doubled, without_id=without_id)
        self.page_size = page_size
        self.open()

    def open(self) -> None:
        """Open state and client, as a process does that begins."""
        self.store = Store(self.folder / "state.sqlite")
        self.store.db.execute("PRAGMA synchronous=OFF")  # no power is cut here
        self.client = Client(
            base_url="https://bright.neptune.practicehub.io/api", api_key=KEY,
            app_details="workbench=ops@example.org", page_size=self.page_size,
            attempts=3, wait_initial=0, transport=Line(self.source),
            pace=Pace(self.folder / "pace.lock", per_second=1, wall=self.clock,
                      monotonic=self.clock, sleep=self.sleep),
        )  # fmt: skip

    def clock(self) -> float:
        """Give the seconds that passed here."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def close(self) -> None:
        """Lose what a process loses that ends."""
        if self.steps is not None:
            self.steps.close()  # type: ignore[attr-defined]
        self.steps = None
        self.client.close()
        self.store.close()

    @property
    def done(self) -> bool:
        """Say whether the walk is at its end."""
        held = self.store.source.walk(RESOURCE)
        return held is not None and held.state is WalkState.DONE

    # what may happen ---------------------------------------------------------------------

    @rule(cap=st.sampled_from([2, 3, 4, 7, 100]))
    def pages_get_another_size(self, cap: int) -> None:
        """PracticeHub allows fewer rows a page than before, or more."""
        self.source.switch(page_size_cap=cap)

    @rule()
    def the_process_is_killed(self) -> None:
        """The reader dies between two pages, and is started again."""
        self.close()
        self.open()

    @rule(happens=changes, wrong=spoils, pages=st.integers(1, 6))
    def pages_are_read(self, happens: list[Change], wrong: list[Spoil | None], pages: int) -> None:
        """Some pages are read, while people work at the clinic and answers go wrong."""
        self.meanwhile(happens, wrong)
        for _ in range(pages):
            self.tried(self.one_page)

    @precondition(lambda self: self.done)
    @rule(happens=changes, wrong=spoils)
    def what_is_missing_is_looked_for(
        self, happens: list[Change], wrong: list[Spoil | None]
    ) -> None:
        """Counts are compared while the account goes on changing."""
        self.meanwhile(happens, wrong)
        self.tried(self.compared)

    def meanwhile(self, happens: list[Change], wrong: list[Spoil | None]) -> None:
        """Let things happen before the requests to come: a little at a time, one fault each."""
        self.source.changes.extend(happens)
        self.source.spoils.extend(wrong)

    def one_page(self) -> None:
        """Read a page."""
        self.steps = self.steps or walk(self.client, self.store, RESOURCE, folder=self.folder)
        if next(self.steps, None) is None:
            self.steps = None

    def compared(self) -> Shortfall:
        """Compare counts, and look for what is missing."""
        return shortfall(self.client, self.store, RESOURCE, folder=self.folder)

    def tried(self, work: object) -> None:
        """Do something that may fail as PracticeHub fails, and in no other way."""
        assert callable(work)
        try:
            work()
        except SourceError:
            self.steps = None
        except Killed:
            self.close()
            self.open()

    # how it must end ---------------------------------------------------------------------

    def teardown(self) -> None:
        """Leave the account quiet, read to the end, and compare."""
        try:
            if hasattr(self, "source"):
                self.finish()
                self.check()
                self.close()
        finally:
            shutil.rmtree(self.folder)

    def finish(self) -> None:
        """Read to the end with nothing in the way; once more, and nothing is asked."""
        self.source.changes.clear()
        self.source.spoils.clear()
        for _ in walk(self.client, self.store, RESOURCE, folder=self.folder):
            pass
        self.last = self.compared()
        asked = self.source.requests
        assert list(walk(self.client, self.store, RESOURCE, folder=self.folder)) == []
        assert self.compared().finding is self.last.finding
        assert self.source.requests == asked

    def check(self) -> None:
        """Compare what is held with what the account had and sent."""
        store, source = self.store, self.source
        records = {one.source_id: one for one in store.source.records(RESOURCE)}
        issues = Counter(one.kind for one in store.staging.issues())
        lost = ((source.first or set()) & source.ids) - records.keys()
        if source.account.switches.ignored_filters:  # nothing can be looked for: it must be told
            assert not lost or issues[IssueKind.COUNT_MISMATCH], lost
        else:
            assert not lost, lost
        assert all(text(one.data) in source.ever[one.source_id] for one in records.values())

        pages = list(store.source.pages())
        bodies = [json.loads(self.body(page)) for page in pages]
        rows = [row for body in bodies for row in body["data"]]
        held = store.source.walk(RESOURCE)
        assert held is not None
        assert held.state is WalkState.DONE
        assert [page.number for page in pages] == list(range(1, held.pages + 1))
        listed = _listed(pages, bodies)
        assert held.rows == listed.total()
        assert [page.rows for page in pages] == [
            sum(row["id"] is not None for row in body["data"]) for body in bodies
        ]
        assert held.distinct == len(records)
        assert {one: record.rows for one, record in records.items()} == listed
        assert issues[IssueKind.ROW_WITHOUT_ID] == sum(row["id"] is None for row in rows)
        self.check_copies()

    def body(self, page: HeldPage) -> bytes:
        """Read a page back; the account must have sent it, and as the answer to its question."""
        body = read_page(self.folder, page.sha256)
        parts = urlsplit(page.request)
        assert parts.path == PATH
        if body[:8] == b'{"messag':  # how this account says that there is no such page
            return b'{"data": []}'
        assert (question(parts.query), page.sha256) in self.source.sent
        if page.kind is PageKind.WINDOW:
            low, high = _window(parts.query)
            assert all(low <= row["id"] <= high for row in json.loads(body)["data"])
        return body

    def check_copies(self) -> None:
        """Raw pages hold each record; those that differ are copies, and listed."""
        found: dict[str, set[str]] = {}
        for _, source_id, hashed in rebuild(self.folder, self.store):
            found.setdefault(source_id, set()).add(hashed)
        records = {one.source_id: one.sha256 for one in self.store.source.records(RESOURCE)}
        assert found.keys() == records.keys()
        assert all(hashed in found[one] for one, hashed in records.items())
        differing = {one for one, hashes in found.items() if len(hashes) > 1}
        assert {one for _, one, _ in self.store.source.differing_copies()} == differing
        assert {
            one.source_id for one in self.store.staging.issues(kind=IssueKind.DIFFERING_COPIES)
        } == differing


def _listed(pages: list[HeldPage], bodies: list[Any]) -> Counter[str]:
    """Count the rows of each record as the list gave them; a look of ours adds what is new."""
    found = Counter[str]()
    for page, body in zip(pages, bodies, strict=True):
        ids = [str(row["id"]) for row in body["data"] if row["id"] is not None]
        found.update(ids if page.kind is PageKind.PAGE else set(ids) - found.keys())
    return found


def _window(query: str) -> tuple[int, float]:
    """Read the id filter of a window: `gte:a` or `between:a,b`."""
    asked = dict(json.loads(question(query)))
    operator, _, bounds = asked["id"].partition(":")
    low, _, high = bounds.partition(",")
    return int(low), int(high) if operator == "between" else float("inf")


def test_no_row_is_lost_whatever_happens_while_it_is_read() -> None:
    """Faults, kills, repeats, changes: at the end every lasting record is held, and all adds up."""
    stamina.instrumentation.set_on_retry_hooks([])
    try:
        run_state_machine_as_test(
            Reading,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=True, deadline=None,
                database=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)


def quiet(**switches: Any) -> Switches:  # noqa: ANN401 - the switches' own types
    """Give an account that does nothing by itself."""
    return Switches(rate=0, duplicates={}, conflicts=0, **switches)


def test_a_page_sent_again_in_place_of_the_next_one_hides_no_row() -> None:
    """Rows as many as the total prove nothing where one page came twice and another never."""
    reading = Reading()
    reading.an_account(
        count=6, apart=1, switches=quiet(), doubled=Doubles(), without_id=False, page_size=3
    )
    reading.pages_are_read(happens=[], wrong=[None, Spoil.REPEATED], pages=2)
    reading.teardown()


def test_a_row_pulled_back_behind_a_link_that_leads_nowhere_is_found() -> None:
    """Where a deletion ends a list early, and rows come twice, the last row is still found."""
    reading = Reading()
    reading.an_account(
        count=13, apart=7, switches=quiet(past_end="404"), doubled=Doubles(every=5),
        without_id=True, page_size=3,
    )  # fmt: skip
    reading.pages_are_read(happens=[], wrong=[], pages=5)
    added, deleted = Change(What.INSERT), Change(What.DELETE, 67)
    reading.pages_are_read(happens=[added, added, deleted], wrong=[], pages=2)
    reading.teardown()
