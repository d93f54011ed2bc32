"""Walks over a source that repeats, moves, drops and hides rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from workbench.errors import (
    SourceAuthError,
    SourceMissingError,
    SourceShapeError,
    StateError,
    StorageFullError,
)
from workbench.practicehub import (
    Client,
    Finding,
    HeldPageInfo,
    Pace,
    page_path,
    rebuild,
    shortfall,
    walk,
)
from workbench.state import Store, WalkState

Row = dict[str, object]


@dataclass
class Source:
    """A list resource as an account may serve it; `rows` are in the order of the list."""

    rows: dict[str, list[Row]]
    links: str = "null"
    cap: int = 100
    drops_size: bool = False
    past_end: int = 200
    total: str = "distinct"
    filters: bool = True
    refused: dict[str, int] = field(default_factory=dict)
    before: Callable[[int], None] = lambda _number: None
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.url.path}?{request.url.query.decode()}")
        self.before(len(self.asked))
        name = request.url.path.rpartition("/")[2]
        if name in self.refused or name not in self.rows:
            return httpx.Response(self.refused.get(name, 404), json={"message": "no"})
        rows = self._filtered(name, request.url.params.get("id"))
        size = min(int(request.url.params.get("page_size", 100)), self.cap)
        page = int(request.url.params.get("page", 1))
        found = rows[(page - 1) * size : page * size]
        if page > 1 and not found and self.past_end != 200:
            return httpx.Response(self.past_end, text="gone")
        ids = [str(row.get("id")) for row in rows]
        total = len(set(ids)) if self.total == "distinct" else len(ids)
        answer: dict[str, object] = {"total_entries": total, "data": found}
        if self.links != "never":
            query = f"page={page + 1}" + ("" if self.drops_size else f"&page_size={size}")
            more = page * size < len(rows)
            onward = {"next": f"https://other.example.com/api/{name}?{query}"}
            last = {"next": None} if self.links == "null" else {}
            answer["links"] = onward if more else last
        return httpx.Response(200, json=answer)

    def _filtered(self, name: str, condition: str | None) -> list[Row]:
        rows = list(self.rows[name])
        if condition is None or not self.filters:
            return rows
        operator, _, bounds = condition.partition(":")
        low, _, high = bounds.partition(",")
        most = int(high) if operator == "between" else 10**12
        return [row for row in rows if int(low) <= int(str(row["id"])) <= most]


def rows(first: int, last: int) -> list[Row]:
    """Make rows, newest first."""
    return [{"id": number, "first_name": f"P{number}"} for number in range(last, first - 1, -1)]


@dataclass
class Desk:
    """A run folder with its state, and a client on the source."""

    folder: Path
    store: Store
    source: Source
    client: Client

    def walk(self, name: str = "patients", **more: object) -> list[int]:
        return [
            page.number
            for page in walk(self.client, self.store, name, folder=self.folder, **more)  # type: ignore[arg-type]
        ]

    def ids(self, name: str = "patients") -> list[int]:
        return [int(one.source_id) for one in self.store.source.records(name)]

    def shortfall(self, name: str = "patients") -> Finding:
        return shortfall(self.client, self.store, name, folder=self.folder).finding

    def issues(self) -> list[tuple[str, str]]:
        return [(one.kind, one.rule) for one in self.store.staging.issues()]


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Callable[[Source], Desk]]:
    """Give a maker of desks over one and the same run folder."""
    made: list[Desk] = []

    def make(source: Source, *, page_size: int = 10) -> Desk:
        client = Client(
            base_url="https://bright.neptune.practicehub.io/api", api_key="key",
            app_details="workbench=ops@example.org", page_size=page_size, wait_initial=0,
            pace=Pace(tmp_path / "pace.lock", per_second=1000),
            transport=httpx.MockTransport(source),
        )  # fmt: skip
        made.append(Desk(tmp_path, Store(tmp_path / "state.sqlite"), source, client))
        return made[-1]

    yield make
    for desk in made:
        desk.store.close()
        desk.client.close()


Maker = Callable[[Source], Desk]


ACCOUNTS: dict[str, dict[str, object]] = {
    "next is null": {},
    "next is absent": {"links": "absent"},
    "next drops the page size": {"drops_size": True},
    "pages are capped": {"cap": 7},
    "pages are capped, page size dropped": {"cap": 7, "drops_size": True},
    "no links": {"links": "never"},
    "no links, 404 past the end": {"links": "never", "past_end": 404},
    "no links, pages are capped": {"links": "never", "cap": 7},
}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("count", [0, 10, 35, 40])
def test_every_row_is_read_however_pages_are_linked(
    desk_for: Maker, account: str, count: int
) -> None:
    """Links null, absent or never there, sizes dropped or capped: all records are held."""
    desk = desk_for(Source({"patients": rows(1, count)}, **ACCOUNTS[account]))  # type: ignore[arg-type]
    desk.walk()

    assert desk.ids() == list(range(1, count + 1))
    assert desk.store.source.walk("patients").state is WalkState.DONE  # type: ignore[union-attr]
    assert len(desk.source.asked) == len(set(desk.source.asked))


def test_a_finished_walk_costs_no_request(desk_for: Maker) -> None:
    """Running again asks PracticeHub nothing."""
    desk = desk_for(Source({"patients": rows(1, 25)}))
    desk.walk()
    desk.source.asked.clear()

    assert desk.walk() == []
    assert desk.source.asked == []


def test_what_one_phase_read_the_next_one_does_not_ask_for(desk_for: Maker) -> None:
    """Connect reads a page, audit two more, extract the rest: no request is asked twice."""
    desk = desk_for(Source({"patients": rows(1, 55)}))
    numbers = [desk.walk(pages=1), desk.walk(pages=1), desk.walk(pages=3), desk.walk()]

    assert numbers == [[1], [], [2, 3], [4, 5, 6]]
    assert len(desk.source.asked) == len(set(desk.source.asked)) == 6
    assert desk.ids() == list(range(1, 56))


def test_a_page_size_changed_between_runs_does_not_shift_the_pages(desk_for: Maker) -> None:
    """A walk keeps the page size it began with."""
    source = Source({"patients": rows(1, 55)})
    desk_for(source).walk(pages=2)
    again = desk_for(source)
    again.client.page_size = 3
    again.walk()

    assert again.ids() == list(range(1, 56))


def test_repeated_rows_are_counted_and_kept_once(desk_for: Maker) -> None:
    """Rows beyond the total do not end the walk, and a record is one record."""
    doubled = rows(1, 30)
    doubled[20:20] = doubled[0:8]
    desk = desk_for(Source({"patients": doubled}))
    desk.walk()

    volume = desk.store.source.volumes()["patients"]
    assert (volume.rows, volume.distinct, volume.reported) == (38, 30, 30)
    assert desk.shortfall() is Finding.AGREES


def test_differing_copies_are_both_kept_and_listed(desk_for: Maker) -> None:
    """One visit twice, once cancelled: the other counts, and an issue says by which rule."""
    copies: list[Row] = [
        {"id": 5, "status": "cancelled"}, {"id": 5, "status": "processed"}, {"id": 6},
    ]  # fmt: skip
    desk = desk_for(Source({"patients": rows(1, 1), "appointments": copies}))
    desk.walk("appointments")

    record = desk.store.source.record("appointments", "5")
    assert record is not None
    assert record.data["status"] == "processed"
    assert desk.store.source.differing_copies() == [
        ("appointments", "5", "the copy that is not cancelled counts")
    ]
    assert desk.issues() == [("differing_copies", "the copy that is not cancelled counts")]


def test_a_resource_the_account_lacks_is_noted_and_skipped(desk_for: Maker) -> None:
    """A 404 on the first page is noted once and asked once."""
    desk = desk_for(Source({"patients": rows(1, 3)}))
    for _ in range(2):
        assert desk.walk("locations") == []

    held = desk.store.source.walk("locations")
    assert held is not None
    assert (held.state, held.note) == (WalkState.ABSENT, "404")
    assert len(desk.source.asked) == 1


def test_an_account_without_patients_is_no_account(desk_for: Maker) -> None:
    """A wrong address must not pass for an empty clinic."""
    desk = desk_for(Source({}))
    with pytest.raises(SourceMissingError):
        desk.walk()

    assert desk.store.source.walk("patients") is None


def test_a_resource_that_is_forbidden_is_skipped_while_the_key_is_good(desk_for: Maker) -> None:
    """A 403 on one resource, with patients readable, means that the account lacks it."""
    desk = desk_for(Source({"patients": rows(1, 3)}, refused={"invoices": 403}))
    desk.walk("invoices")

    held = desk.store.source.walk("invoices")
    assert held is not None
    assert held.state is WalkState.ABSENT


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_was_withdrawn_is_no_absent_resource(desk_for: Maker, status: int) -> None:
    """When the key is refused everywhere, nothing is noted as absent."""
    refused = {"invoices": status, "patients": status}
    desk = desk_for(Source({"patients": [], "invoices": []}, refused=refused))
    for name in ("invoices", "patients"):
        with pytest.raises(SourceAuthError):
            desk.walk(name)

    assert desk.store.source.walks() == []


def test_a_key_withdrawn_in_the_middle_keeps_what_was_read(desk_for: Maker) -> None:
    """A walk that is refused halfway goes on from there when the key is good again."""
    desk = desk_for(Source({"patients": rows(1, 30)}))
    desk.walk(pages=2)
    desk.source.refused = {"patients": 403}
    with pytest.raises(SourceAuthError):
        desk.walk()
    desk.source.refused = {}
    desk.walk()

    assert desk.ids() == list(range(1, 31))


def test_rows_without_an_id_are_listed(desk_for: Maker) -> None:
    """A row that cannot be kept as a record is an issue, and the others are kept."""
    desk = desk_for(Source({"patients": [{"id": 1}, {"first_name": "x"}, {"id": 2}]}))
    desk.walk()

    assert desk.ids() == [1, 2]
    assert desk.issues() == [("row_without_id", "row 2 of page 1 has no id")]


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("at", [2, 3, 5])
@pytest.mark.parametrize("count", [1, 4, 15])
def test_rows_that_a_deletion_pulls_back_are_not_missed(
    desk_for: Maker, order: str, at: int, count: int
) -> None:
    """Records deleted while a list is read move later rows onto pages read already."""
    listed = rows(1, 60)[:: 1 if order == "newest" else -1]
    source = Source({"patients": listed})

    def delete(number: int) -> None:
        if number == at:
            del listed[:count]

    source.before = delete
    desk = desk_for(source)
    desk.walk()

    assert {int(str(row["id"])) for row in listed} <= set(desk.ids())


def test_rows_that_are_added_while_a_list_is_read_are_found(desk_for: Maker) -> None:
    """New records on top push rows onto later pages and are looked for by their ids."""
    listed = rows(1, 60)
    source = Source({"patients": listed})

    def add(number: int) -> None:
        if number in {3, 5}:
            listed[:0] = rows(len(listed) + 1, len(listed) + 2)

    source.before = add
    desk = desk_for(source)
    desk.walk()

    assert desk.shortfall() is Finding.FOUND
    assert desk.ids() == list(range(1, 65))


def test_after_a_long_pause_the_last_page_is_looked_at_again(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows deleted and added overnight leave the total as it was; the seam shows the move."""
    listed = rows(1, 60)[::-1]
    desk = desk_for(Source({"patients": listed}))
    desk.walk(pages=3)
    del listed[:12]
    listed.extend(rows(61, 72)[::-1])
    later = datetime.now(UTC) + timedelta(hours=9)
    monkeypatch.setattr(sys.modules[HeldPageInfo.__module__], "datetime", _Later(later))
    desk.walk()

    assert set(range(13, 73)) <= set(desk.ids())


class _Later:
    """A clock that shows one moment."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self.fromisoformat = datetime.fromisoformat

    def now(self, _zone: object) -> datetime:
        return self._moment


def test_raw_pages_rebuild_every_record(desk_for: Maker) -> None:
    """What is on disk is enough to make each record again."""
    desk = desk_for(Source({"patients": rows(1, 35), "appointments": rows(1, 5)}))
    desk.walk()
    desk.walk("appointments")

    held = {
        (one.resource, one.source_id, one.sha256)
        for name in ("patients", "appointments")
        for one in desk.store.source.records(name)
    }
    assert set(rebuild(desk.folder, desk.store)) == held


def test_a_page_that_was_changed_on_disk_is_not_believed(desk_for: Maker) -> None:
    """A raw page whose bytes are not what they were is named, not read."""
    desk = desk_for(Source({"patients": rows(1, 5)}))
    desk.walk()
    [page] = desk.store.source.pages()
    page_path(desk.folder, page.sha256).write_bytes(b"other")

    with pytest.raises(StateError, match=page.sha256[:12]):
        list(rebuild(desk.folder, desk.store))


def test_pages_can_be_read_by_their_owner_only(desk_for: Maker) -> None:
    """Patients' data on disk is closed to other accounts of the machine."""
    desk = desk_for(Source({"patients": rows(1, 5)}))
    desk.walk()

    for path in (desk.folder / "pages").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_an_answer_of_another_shape_leaves_the_cursor_where_it_was(desk_for: Maker) -> None:
    """A page that is no list is an error, and the next run asks for it again."""
    source = Source({"patients": rows(1, 30)})
    desk = desk_for(source)
    desk.walk(pages=1)
    desk.source.rows["patients"][10:20] = []
    broken = httpx.MockTransport(lambda _request: httpx.Response(200, json={"data": None}))
    client = Client(
        base_url="https://x.practicehub.io/api", api_key="k", app_details="a=b@example.org",
        pace=Pace(desk.folder / "pace.lock", per_second=1000), transport=broken, wait_initial=0,
    )  # fmt: skip
    before = desk.store.source.walk("patients")
    with client, pytest.raises(SourceShapeError):
        list(walk(client, desk.store, "patients", folder=desk.folder))

    assert desk.store.source.walk("patients") == before


def test_progress_tells_pages_and_what_is_waited_for(desk_for: Maker) -> None:
    """A person sees how many pages are held, how many there will be, and who is slow."""
    desk = desk_for(Source({"patients": rows(1, 25)}))
    told: list[tuple[int, int | None, str]] = []
    desk.walk(on_progress=lambda *one: told.append(one))

    assert told == [
        (0, None, "PracticeHub"), (1, 3, ""), (1, 3, "PracticeHub"), (2, 3, ""),
        (2, 3, "PracticeHub"), (3, 3, ""),
    ]  # fmt: skip


# what is missing ------------------------------------------------------------------------------


def test_a_record_that_no_page_shows_is_found_by_its_id(desk_for: Maker) -> None:
    """Counts that disagree are chased with windows of ids, cheaply."""
    listed = rows(1, 600)
    source = Source({"patients": listed})
    desk = desk_for(source)
    hidden = listed.pop(371)
    desk.walk()
    listed.append(hidden)
    source.asked.clear()
    with desk.store.transaction() as db:  # what the last page would have reported
        db.execute("UPDATE walks SET reported=600")

    assert desk.shortfall() is Finding.FOUND
    assert desk.ids() == list(range(1, 601))
    assert len(source.asked) < 20


def test_a_filter_that_is_ignored_never_passes_for_an_answer(desk_for: Maker) -> None:
    """Rows that were not asked for are refused, and the shortfall stays an issue."""
    desk = desk_for(Source({"patients": rows(1, 60)}, filters=False))
    desk.walk()
    pages = len(list(desk.store.source.pages()))
    with desk.store.transaction() as db:
        db.execute("UPDATE walks SET reported=61")

    for _ in range(2):
        assert desk.shortfall() is Finding.FILTER_IGNORED
    assert len(list(desk.store.source.pages())) == pages
    assert len(desk.source.asked) == pages + 1
    assert desk.issues() == [("count_mismatch", "pass 0: 61 reported, 60 distinct")]


def test_a_shortfall_that_stays_is_listed_and_not_chased_again(desk_for: Maker) -> None:
    """What windows do not explain is shown, and the next run does not ask again."""
    desk = desk_for(Source({"patients": rows(1, 60)}))
    desk.walk()
    with desk.store.transaction() as db:
        db.execute("UPDATE walks SET reported=63")
    first = desk.shortfall()
    desk.source.asked.clear()

    assert first is Finding.UNEXPLAINED
    assert desk.shortfall() is Finding.UNEXPLAINED
    assert desk.source.asked == []
    assert desk.issues() == [("count_mismatch", "pass 0: 63 reported, 60 distinct")]


def test_a_total_that_counts_repeated_rows_costs_no_request(desk_for: Maker) -> None:
    """Where rows and total agree, repeats explain the difference; it is listed."""
    desk = desk_for(Source({"patients": [*rows(1, 30), *rows(5, 9)]}, total="rows"))
    desk.walk()
    desk.source.asked.clear()

    assert desk.shortfall() is Finding.TOTAL_COUNTS_ROWS
    assert desk.source.asked == []


def test_a_killed_chase_does_not_ask_its_windows_again(desk_for: Maker) -> None:
    """Windows answered before a kill are read from disk."""
    listed = rows(1, 600)
    source = Source({"patients": listed})
    desk = desk_for(source)
    hidden = [listed.pop(371), listed.pop(20)]
    desk.walk()
    listed += hidden
    with desk.store.transaction() as db:
        db.execute("UPDATE walks SET reported=600")
    source.asked.clear()

    def stop(number: int) -> None:
        if number == 5:
            raise KeyboardInterrupt

    source.before = stop
    with pytest.raises(KeyboardInterrupt):
        desk.shortfall()
    source.before = lambda _number: None

    assert desk.shortfall() is Finding.FOUND
    assert len(source.asked) - len(set(source.asked)) == 1
    assert desk.ids() == list(range(1, 601))


def test_ids_that_are_no_numbers_are_not_chased(desk_for: Maker) -> None:
    """Windows need numbers; without them the shortfall is listed as it is."""
    desk = desk_for(Source({"patients": [{"id": "a-1"}, {"id": "a-2"}]}))
    desk.walk()
    with desk.store.transaction() as db:
        db.execute("UPDATE walks SET reported=3")

    assert desk.shortfall() is Finding.NOT_NUMBERS


def test_more_records_than_reported_are_kept_and_listed(desk_for: Maker) -> None:
    """A record deleted while the list was read stays, and an issue says so."""
    desk = desk_for(Source({"patients": rows(1, 20)}))
    desk.walk()
    with desk.store.transaction() as db:
        db.execute("UPDATE walks SET reported=19")

    assert desk.shortfall() is Finding.MORE_HELD
    assert desk.ids() == list(range(1, 21))


def test_a_later_pass_is_what_counts(desk_for: Maker) -> None:
    """Once the delta has read a resource again, the first pass is not compared any more."""
    desk = desk_for(Source({"patients": rows(1, 20)}))
    desk.walk()
    desk.walk(generation=1)

    assert desk.shortfall() is Finding.SUPERSEDED


# a full disk ----------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing(desk_for: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page in hand is asked for again when there is room; those before are held."""
    desk = desk_for(Source({"patients": rows(1, 30)}))
    desk.walk(pages=1)

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("workbench.practicehub.blobs.os.fsync", full)
        with pytest.raises(StorageFullError):
            desk.walk()
    assert list((desk.folder / "pages").glob("part-*")) == []

    desk.walk()
    assert desk.ids() == list(range(1, 31))
    assert len(desk.source.asked) - len(set(desk.source.asked)) == 1


def test_a_deletion_does_not_hide_a_new_record(desk_for: Maker) -> None:
    """One record deleted and one added while reading leave the numbers equal; both are seen."""
    listed = rows(1, 60)
    source = Source({"patients": listed})

    def change(number: int) -> None:
        if number == 3:
            del listed[4]
        if number == 6:
            listed[:0] = rows(61, 61)

    source.before = change
    desk = desk_for(source)
    desk.walk()
    desk.shortfall()
    asked = len(source.asked)
    desk.shortfall()

    assert set(desk.ids()) == set(range(1, 62))
    assert len(source.asked) == asked
