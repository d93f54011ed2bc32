"""Passes after the first one: what changed, what is new, what is gone, and what proves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.simulated import LIST, LONG_AGO, ZONE, Simulated, now, simulated, visit
from workbench.practicehub import resource, unstamped
from workbench.practicehub.gone import Asker, NotFilteredError
from workbench.practicehub.since import bound
from workbench.state import PageKind, WalkState

Change = Callable[[Simulated], object]


def edited(number: int, *, updated: str | None = None) -> Change:
    """Change a record; its time of change is the present unless it is given."""
    return lambda it: it.clinic.replace(LIST, visit(number, turn=1, updated=updated or now()))


def made(it: Simulated) -> None:
    """Add a record."""
    it.clinic.insert(LIST, visit(it.clinic.next_id(LIST), updated=now()))


def deleted(number: int) -> Change:
    """Delete a record."""
    return lambda it: it.clinic.remove(LIST, number)


def test_what_changed_is_asked_for_by_its_time_and_costs_few_requests(tmp_path: Path) -> None:
    """Of 400 records three changed, one is new and two are gone: no list is read."""
    with simulated(tmp_path, records=400) as it:
        it.read(0)
        for change in (edited(7), edited(300), edited(399), made, deleted(12), deleted(13)):
            change(it)
        by_time = it.read(1)

        assert by_time
        assert it.news(1) == (1, 3, 2, 0)
        assert it.there() == it.truth()
        assert len(it.asked) < 40 * 0.75
        assert {page.kind for page in it.store.source.pages(generation=1)} == {PageKind.WINDOW}


def test_a_list_that_nothing_happened_to_costs_a_handful_of_requests(tmp_path: Path) -> None:
    """Both ends of the filter, what changed, the windows of ids, and the total."""
    with simulated(tmp_path, records=400) as it:
        it.read(0)

        assert it.read(1)
        assert len(it.asked) <= 9
        assert it.news(1) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "switches",
    [
        {"ignored_filters": frozenset({LIST})},
        {"bad_filter": "422", "ignored_filters": frozenset({LIST})},
        {"hidden_fields": {LIST: frozenset({"updated"})}},
        {"renamed_fields": {LIST: {"updated": "changed_at"}}},
        {"total_entries": "rows", "duplicates": {LIST: 0.1}},
        {"overrides": {LIST: {"31": {"updated": None}}}},
    ],
    ids=["filters ignored", "filters refused", "no time", "another name", "rows are counted",
         "one without a time"],
)  # fmt: skip
def test_where_a_filter_is_not_proven_everything_is_read_and_nothing_missed(
    tmp_path: Path, switches: dict[str, object]
) -> None:
    """An account that cannot be asked so is read whole, and tells the same."""
    with simulated(tmp_path, switches) as it:
        it.read(0)
        for change in (edited(7), made, deleted(12)):
            change(it)
        by_time = it.read(1)

        assert not by_time
        assert it.news(1) == (1, 1, 1, 0)
        assert it.there() == it.truth()


@pytest.mark.parametrize(
    "switches",
    [
        {"order": "newest", "past_end": "404", "next_link": "absent"},
        {"order": "oldest", "past_end": "404", "next_link": "never"},
        {"order": "oldest", "next_drops_filters": True, "next_drops_page_size": True},
        {"order": "newest", "next_drops_filters": True, "record_zone": "utc"},
    ],
    ids=["no last link", "no links", "links forget, oldest first", "links forget, UTC"],
)
def test_however_an_account_pages_a_pass_by_time_finds_everything(
    tmp_path: Path, switches: dict[str, object]
) -> None:
    """Order, links, zone and the end of the list do not matter; links that forget neither."""
    with simulated(tmp_path, switches, records=400) as it:
        it.read(0)
        for number in range(40, 65):
            edited(number)(it)
        deleted(12)(it)

        assert it.read(1)
        assert it.news(1) == (0, 25, 1, 0)
        assert it.there() == it.truth()


def test_a_change_in_the_overlap_is_found_though_the_pass_before_had_begun(
    tmp_path: Path,
) -> None:
    """An edit stamped before the last pass began and committed after it is asked for again."""
    with simulated(tmp_path) as it:
        it.read(0)
        stamped_before = bound(it.store.source.walks()[0].started, "UTC")
        edited(9, updated=stamped_before)(it)

        assert it.read(1)
        assert it.news(1) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("started", "zone", "expected"),
    [
        ("2026-07-01T10:00:00+00:00", "Europe/Amsterdam", "2026-07-01 07:00:00"),
        ("2026-07-01T10:00:00+00:00", "America/New_York", "2026-07-01 03:00:00"),
        ("2026-10-25T00:50:00+00:00", "Europe/Amsterdam", "2026-10-24 21:50:00"),
    ],
    ids=["east of Greenwich", "west of it", "the night of the extra hour"],
)
def test_the_bound_holds_whichever_zone_times_are_written_in(
    started: str, zone: str, expected: str
) -> None:
    """The earlier of both clocks, and three hours: a second 02:30 in October is not before it."""
    assert bound(started, zone) == expected


def test_an_edit_that_leaves_the_time_as_it_was_is_found_by_the_whole_pass(tmp_path: Path) -> None:
    """A pass by time cannot see it; the next whole one does, and counts what was missed."""
    with simulated(tmp_path) as it:
        it.read(0)
        edited(9, updated=LONG_AGO)(it)
        it.read(1)
        missed = it.news(1)
        it.read(2, whole=True)

        assert missed == (0, 0, 0, 0)
        assert it.news(2) == (0, 1, 0, 0)
        assert unstamped(it.store, LIST, generation=2, zone=ZONE) == 1


def test_a_record_that_comes_back_is_there_again(tmp_path: Path) -> None:
    """What was gone and is listed once more counts as back, with its number in the sums."""
    with simulated(tmp_path) as it:
        it.read(0)
        deleted(12)(it)
        it.read(1)
        it.clinic.insert(LIST, visit(12))
        it.read(2)

        assert (it.news(1), it.news(2)) == ((0, 0, 1, 0), (0, 0, 0, 1))
        assert it.news(1, 2) == (0, 0, 0, 0)
        assert it.there() == it.truth()


@pytest.mark.parametrize("filters", [True, False], ids=["asked by id", "ids are ignored"])
def test_a_record_that_a_whole_pass_did_not_meet_is_asked_for_before_it_is_gone(
    tmp_path: Path, *, filters: bool
) -> None:
    """It was not to be seen while the list was read, and is there: that shows by its id alone."""
    with simulated(tmp_path, records=40) as it:
        it.read(0)
        deleted(12)(it)
        deleted(13)(it)
        it.switch(ignored_filters=frozenset() if filters else frozenset({LIST}))
        it.walk(1)
        it.clinic.insert(LIST, visit(12))
        it.gone(1)

        assert ("12" in it.there()) is filters
        assert "13" not in it.there()
        assert it.news(1) == (0, 0, 1 if filters else 2, 0)


def test_an_answer_without_the_record_that_is_there_makes_nothing_gone(tmp_path: Path) -> None:
    """An account that answers every question for ids with nothing does not empty the run."""
    with simulated(tmp_path, records=40) as it:
        it.read(0)
        asker = Asker(it.client, it.store, resource(LIST), it.folder, 0, "delta")
        with pytest.raises(NotFilteredError):
            asker.verify(["1", "2"], control="999")

        assert it.there() == it.truth()


@pytest.mark.parametrize("whole", [False, True], ids=["by time", "whole"])
def test_a_pass_killed_at_any_request_tells_the_same_as_an_undisturbed_one(
    tmp_path: Path, *, whole: bool
) -> None:
    """Counts come from the state, not from the process that counted."""

    def run(folder: Path, kill: int) -> tuple[tuple[object, ...], int]:
        folder.mkdir()
        with simulated(folder, records=30 if whole else 150) as it:
            it.read(0)
            for change in (edited(7), made, deleted(12)):
                change(it)
            if kill:
                it.kill = kill
                with pytest.raises(KeyboardInterrupt):
                    it.read(1, whole=whole)
                it.kill = 0
            it.read(1, whole=whole)
            states = [w.state for w in it.store.source.walks(generation=1)]
            return (it.news(1), states, sorted(it.there())), len(it.asked)

    undisturbed, requests = run(tmp_path / "0", 0)

    assert undisturbed[:2] == ((1, 1, 1, 0), [WalkState.DONE])
    for kill in range(1, requests + 1):
        assert run(tmp_path / str(kill), kill)[0] == undisturbed, kill


def test_the_start_of_the_last_complete_pass_is_what_the_next_one_asks_from(tmp_path: Path) -> None:
    """Each pass keeps when it began; one that was not finished counts for nothing."""
    with simulated(tmp_path) as it:
        it.read(0)
        it.read(1)
        it.kill = 3
        with pytest.raises(KeyboardInterrupt):
            it.read(2)
        first, second = (it.store.source.walk(LIST, generation=n) for n in (1, 2))

        assert first is not None
        assert second is not None
        assert second.since == bound(first.started, ZONE)
        assert it.store.source.last_pass(LIST, before=3) == first


def test_rows_and_total_of_a_list_are_told_rightly_after_a_pass_by_time(tmp_path: Path) -> None:
    """Rows are those of the last whole pass, the total is the newest one."""
    with simulated(tmp_path) as it:
        it.read(0)
        made(it)
        it.read(1)
        volume = it.store.source.volumes()[LIST]

        assert (volume.rows, volume.reported, volume.distinct) == (200, 201, 201)
