"""Walks over a source that repeats, moves, drops and hides rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.desk import Maker, Row, Source, desks, rows
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
    walk,
)
from workbench.state import Issue, IssueKind, PageKind, WalkState


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Maker]:
    """Give a maker of desks over one and the same run folder."""
    with desks(tmp_path) as maker:
        yield maker


ACCOUNTS: dict[str, dict[str, object]] = {
    "next is null": {},
    "next is absent": {"links": "absent"},
    "next drops the page size": {"drops_size": True},
    "pages are capped": {"cap": 7},
    "pages are capped, page size dropped": {"cap": 7, "drops_size": True},
    "no links": {"links": "never"},
    "no links, 404 past the end": {"links": "never", "past_end": 404},
    "no links, pages are capped": {"links": "never", "cap": 7},
    "no links, pages are capped, no total": {"links": "never", "cap": 7, "total": "none"},
    "no total": {"total": "none"},
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


def test_a_resource_that_is_forbidden_is_listed_once_and_skipped(desk_for: Maker) -> None:
    """A 403 on one resource, with patients readable: the key may not read it, and that shows."""
    desk = desk_for(Source({"patients": rows(1, 3)}, refused={"invoices": 403}))
    for _ in range(2):
        desk.walk("invoices")

    held = desk.store.source.walk("invoices")
    assert held is not None
    assert (held.state, held.note) == (WalkState.ABSENT, "403")
    assert list(desk.store.staging.issues()) == [
        Issue(IssueKind.RESOURCE_REFUSED, "invoices", "", "", "the key may not read it (403)",
              "nothing of it is held or carried over", "extract")
    ]  # fmt: skip
    assert len(desk.source.asked) == 2


@pytest.mark.parametrize("kill", [1, 2])
def test_a_kill_at_a_forbidden_resource_repeats_one_request(desk_for: Maker, kill: int) -> None:
    """The refusal is noted before the key is tried elsewhere."""
    desk = desk_for(Source({"patients": rows(1, 3)}, refused={"invoices": 403}))

    def stop(number: int) -> None:
        if number == kill:
            raise KeyboardInterrupt

    desk.source.before = stop
    with pytest.raises(KeyboardInterrupt):
        desk.walk("invoices")
    desk.walk("invoices")

    assert len(desk.source.asked) == 3
    assert desk.store.source.walk("invoices").state is WalkState.ABSENT  # type: ignore[union-attr]


def test_a_refusal_while_the_key_was_bad_is_forgotten(desk_for: Maker) -> None:
    """When the key is good again, the resource is asked for again and read."""
    refused = {"invoices": 403, "patients": 403}
    desk = desk_for(Source({"patients": rows(1, 3), "invoices": rows(1, 3)}, refused=refused))
    with pytest.raises(SourceAuthError):
        desk.walk("invoices")
    refused.clear()
    desk.walk("invoices")

    assert desk.ids("invoices") == [1, 2, 3]
    assert list(desk.store.staging.issues()) == []


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


def test_three_differing_copies_are_all_kept_and_one_counts(desk_for: Maker) -> None:
    """Cancelled by its status, cancelled by its date, and not cancelled: the last one counts."""
    copies: list[Row] = [
        {"id": 5, "status": "cancelled"},
        {"id": 5, "status": "pending", "cancelDate": "2026-01-05 10:00:00"},
        {"id": 5, "status": "pending", "cancelDate": None},
    ]
    desk = desk_for(Source({"patients": rows(1, 1), "appointments": copies}))
    desk.walk("appointments")

    record = desk.store.source.record("appointments", "5")
    assert record is not None
    assert (record.data, record.rows) == (copies[2], 3)
    assert sorted(rule for *_, rule in desk.store.source.differing_copies()) == [
        "the copy that came first counts", "the copy that is not cancelled counts",
    ]  # fmt: skip
    assert {rule for _, rule in desk.issues()} == {
        "the copy that came first counts", "the copy that is not cancelled counts",
    }  # fmt: skip


def test_copies_that_differ_in_a_signed_address_only_do_not_differ(desk_for: Maker) -> None:
    """Every listing signs addresses anew; that is no second version of the record."""
    copies: list[Row] = [
        {"id": 5, "url": f"https://x.example.com/a?signature={one}"} for one in range(3)
    ]
    desk = desk_for(Source({"patients": rows(1, 1), "files": copies}))
    desk.walk("files")

    assert desk.store.source.differing_copies() == []
    assert desk.issues() == []


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


@pytest.mark.parametrize("pause", [timedelta(minutes=2), timedelta(hours=9)])
def test_after_a_pause_the_last_page_is_looked_at_again(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch, pause: timedelta
) -> None:
    """Rows deleted and added at lunch leave the total as it was; the seam shows the move."""
    listed = rows(1, 60)[::-1]
    desk = desk_for(Source({"patients": listed}))
    desk.walk(pages=3)
    del listed[:12]
    listed.extend(rows(61, 72)[::-1])
    later = datetime.now(UTC) + pause
    monkeypatch.setattr(sys.modules[HeldPageInfo.__module__], "datetime", _Later(later))
    desk.walk()

    assert set(range(13, 73)) <= set(desk.ids())
    assert [page.kind for page in desk.store.source.pages()].count(PageKind.AGAIN) >= 1


def test_a_sample_of_first_pages_is_not_looked_at_again(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phase that reads a few pages only spends no request on what moved meanwhile."""
    desk = desk_for(Source({"patients": rows(1, 60)}))
    desk.walk(pages=1)
    later = datetime.now(UTC) + timedelta(hours=9)
    monkeypatch.setattr(sys.modules[HeldPageInfo.__module__], "datetime", _Later(later))
    desk.walk(pages=3)

    assert [page.kind for page in desk.store.source.pages()] == [PageKind.PAGE] * 3


def test_a_later_pass_looks_back_as_far_as_the_first_one(desk_for: Maker) -> None:
    """What an earlier pass held does not pass for having been met in this one."""
    listed = rows(1, 80)
    desk = desk_for(Source({"patients": listed}))
    desk.walk()
    desk.source.asked.clear()

    def delete(number: int) -> None:
        if number == 6:
            del listed[:25]

    desk.source.before = delete
    desk.walk(generation=1)

    met = desk.store.source.count_met("patients", 1, low=1, high=55)
    assert met == 55


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


def test_what_a_killed_walk_left_half_written_is_removed(desk_for: Maker) -> None:
    """Half a page of patients' data does not stay in the run folder."""
    desk = desk_for(Source({"patients": rows(1, 5)}))
    (desk.folder / "pages").mkdir()
    (desk.folder / "pages" / "part-4711-0").write_bytes(b"half")
    desk.walk()

    assert list((desk.folder / "pages").glob("part-*")) == []


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

    assert told == [(1, 3, ""), (2, 3, ""), (3, 3, "")]


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
