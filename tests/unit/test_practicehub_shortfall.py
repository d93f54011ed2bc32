"""What a walk may have missed: found out, looked for by id, and shown where it stays unknown."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.desk import Desk, Maker, Row, Source, desks, rows
from workbench.practicehub import Finding, compared
from workbench.state import IssueKind, PageKind


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Maker]:
    """Give a maker of desks over one and the same run folder."""
    with desks(tmp_path) as maker:
        yield maker


def oldest_first(first: int, last: int) -> list[Row]:
    """Make rows, oldest first."""
    return rows(first, last)[::-1]


def on_request(number: int, change: Callable[[], None]) -> Callable[[int], None]:
    """Let something happen just before one request is answered."""
    return lambda now: change() if now == number else None


def number(row: Row) -> int:
    """Give a row's id."""
    return int(str(row["id"]))


def everybody_held(desk: Desk) -> bool:
    """Say whether every record that PracticeHub has now is held."""
    return set(map(number, desk.source.rows["patients"])) <= set(desk.ids())


# what a comparison costs ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "requests"),
    [([], 0), (rows(1, 7), 0), (rows(1, 10), 0), (rows(1, 200), 1),
     ([*rows(11, 40), *rows(20, 29), *rows(1, 10)], 1)],
    ids=["empty", "a short page", "one page", "twenty pages", "with repeats"],
)  # fmt: skip
def test_a_list_that_nothing_happened_to_costs_one_look_at_most(
    desk_for: Maker, listed: list[Row], requests: int
) -> None:
    """One page is one moment; more pages are closed by one more look at the first of them."""
    desk = desk_for(Source({"patients": listed}))
    desk.walk()
    found = desk.compare()

    assert (found.finding, found.requests, found.missing) == (Finding.AGREES, requests, 0)
    assert everybody_held(desk)


def test_a_finished_comparison_costs_nothing_even_when_it_found_nothing(desk_for: Maker) -> None:
    """What was found out is kept, with its figures, and not asked for again."""
    desk = desk_for(Source({"patients": oldest_first(1, 60)}))
    desk.walk()
    first = desk.compare()
    desk.source.asked.clear()

    assert first.finding is Finding.AGREES
    assert desk.compare() == first == compared(desk.store)["patients"]
    assert desk.source.asked == []


def test_a_comparison_never_costs_more_than_it_says(desk_for: Maker) -> None:
    """A total that no window agrees with stops at twice the pages, and is shown."""
    doubled = [row for row in oldest_first(1, 300) for _ in range(2)]
    source = Source({"patients": doubled}, total="rows")
    source.before = on_request(9, lambda: doubled.__delitem__(slice(0, 4)))
    desk = desk_for(source)
    walked = len(desk.walk())
    found = desk.compare()

    assert found.requests <= 2 * walked + 16 + 1
    assert found.finding in {Finding.CUT_SHORT, Finding.TOTAL_COUNTS_ROWS}


# rows that come and go ------------------------------------------------------------------------


def test_a_deletion_and_an_addition_at_once_hide_nothing_newest_first(desk_for: Maker) -> None:
    """The total stays as it was, a deleted record is held, and a new one is on top."""
    listed = rows(1, 60)

    def change() -> None:
        del listed[5]
        listed.insert(0, {"id": 61})

    desk = desk_for(Source({"patients": listed}, before=on_request(4, change)))
    desk.walk()
    found = desk.compare()

    assert everybody_held(desk)
    assert (found.finding, found.found, found.gone) == (Finding.FOUND, 1, 1)


def test_a_repeated_row_in_a_window_does_not_hide_a_missed_one(desk_for: Maker) -> None:
    """A window that one page cannot show whole proves nothing by its count, if it is narrow."""
    listed: list[Row] = [
        {"id": one} for one in range(92, 0, -7) for _ in range(2 if one % 5 == 0 else 1)
    ]

    def change(now: int) -> None:
        if now == 6:
            listed[:0] = [{"id": 94}, {"id": 93}]
        if now == 7:
            listed.remove({"id": 8})

    desk = desk_for(Source({"patients": listed}, past_end=404, before=change), page_size=3)
    desk.walk()
    assert 1 not in desk.ids()
    found = desk.compare()

    assert everybody_held(desk)
    assert (found.finding, found.missing) == (Finding.FOUND, 0)


def test_a_deletion_and_an_addition_at_once_hide_nothing_oldest_first(desk_for: Maker) -> None:
    """A row is pulled onto a page read before, and the numbers agree: windows show it."""
    listed = oldest_first(1, 60)

    def change() -> None:
        del listed[5]
        listed.append({"id": 61})

    desk = desk_for(Source({"patients": listed}, before=on_request(4, change)))
    desk.walk()
    assert not everybody_held(desk)
    found = desk.compare()

    assert everybody_held(desk)
    assert (found.finding, found.found, found.gone) == (Finding.FOUND, 1, 1)
    [one] = desk.store.staging.issues()
    assert one.outcome.endswith("; 1 held are not listed any more and stay held")


def test_a_deleted_record_that_is_held_does_not_make_up_for_a_missed_one(desk_for: Maker) -> None:
    """Rows move by more than a look back shows, twice; what was listed first decides."""
    listed = rows(1, 120)

    def change(number: int) -> None:
        if number == 5:
            del listed[:11]
            listed[:0] = rows(121, 131)
        if number == 8:
            del listed[20:23]
            listed.insert(0, {"id": 132})

    desk = desk_for(Source({"patients": listed}, before=change))
    desk.walk()
    desk.compare()

    assert everybody_held(desk)


def test_more_new_records_than_a_page_holds_are_all_found(desk_for: Maker) -> None:
    """When a second look shows new records only, everything newer is asked for by id."""
    listed = rows(1, 60)
    desk = desk_for(Source({"patients": listed}))
    desk.walk()
    listed[:0] = rows(61, 97)
    found = desk.compare()

    assert everybody_held(desk)
    assert (found.finding, found.found, found.reported) == (Finding.FOUND, 37, 97)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_rows_that_move_while_they_are_looked_for_are_not_missed(
    desk_for: Maker, order: str
) -> None:
    """Records go during the windows; each window is true for itself, and the total is new."""
    listed = rows(1, 90) if order == "newest" else oldest_first(1, 90)
    hidden = listed.pop(40)
    source = Source({"patients": listed})

    def change(number: int) -> None:
        if number == 7:  # it was there when the first page was read; now it is again
            listed.insert(40, hidden)
        if number in {12, 14}:
            listed.pop(3)

    source.before = change
    source.more = 1 if order == "newest" else 0
    desk = desk_for(source)
    desk.walk()
    source.more = 0
    found = desk.compare()

    assert everybody_held(desk)
    assert found.missing == 0


def test_whatever_comes_and_goes_nothing_that_stays_is_missed_newest_first(tmp_path: Path) -> None:
    """Deletions and additions at random, at any request: all that was there throughout is held."""
    for seed in range(6):
        rng = random.Random(seed)  # noqa: S311 - a fixed seed, no secret
        listed = rows(1, rng.randrange(15, 120))
        staying = {row["id"] for row in listed}
        folder = tmp_path / str(seed)
        folder.mkdir()

        def change(
            _number: int, rng: random.Random = rng, listed: list[Row] = listed,
            staying: set[object] = staying,
        ) -> None:  # fmt: skip
            for _ in range(rng.choice([0, 0, 1, 3])):
                staying.discard(listed.pop(rng.randrange(len(listed)))["id"])
                if rng.random() < 0.7:
                    listed.insert(0, {"id": 1000 + rng.randrange(10**9)})
                    listed.sort(key=number, reverse=True)

        with desks(folder) as desk_for:
            desk = desk_for(Source({"patients": listed}, before=change))
            desk.walk()
            desk.source.before = lambda _number: None
            desk.compare()

            assert {int(str(one)) for one in staying} <= set(desk.ids()), seed


def test_a_page_size_that_grows_in_the_middle_leaves_no_gap(desk_for: Maker) -> None:
    """When an account gives longer pages from one request on, the rows jumped over are found."""
    source = Source({"patients": rows(1, 100)}, cap=5)

    def change(number: int) -> None:
        if number == 6:
            source.cap = 100

    source.before = change
    desk = desk_for(source)
    desk.walk()
    assert not everybody_held(desk)

    assert desk.shortfall() is Finding.FOUND
    assert everybody_held(desk)


@pytest.mark.parametrize("links", ["null", "never"])
def test_a_record_that_no_page_shows_is_found_by_its_id(desk_for: Maker, links: str) -> None:
    """Counts that disagree are looked into with windows of ids, cheaply."""
    listed = rows(1, 600)
    source = Source({"patients": listed}, links=links, more=1)
    desk = desk_for(source, page_size=100)
    hidden = listed.pop(371)
    desk.walk()
    listed.insert(371, hidden)
    source.more = 0
    found = desk.compare()

    assert (found.finding, found.found) == (Finding.FOUND, 1)
    assert desk.ids() == list(range(1, 601))
    assert found.requests < 20


def test_a_large_list_is_compared_by_counts(desk_for: Maker) -> None:
    """Beyond two hundred pages a window spans several, and is halved where it disagrees."""
    listed = oldest_first(1, 1250)
    hidden = [listed.pop(place) for place in (1100, 700, 17)]
    source = Source({"patients": listed})
    desk = desk_for(source, page_size=4)
    walked = len(desk.walk())
    listed += hidden
    found = desk.compare()

    assert desk.ids() == list(range(1, 1251))
    assert found.requests < walked / 2


# accounts of another kind ---------------------------------------------------------------------


def test_a_differing_copy_in_a_window_is_kept_and_listed(desk_for: Maker) -> None:
    """A record that a window shows otherwise is two copies, like one that two pages show."""
    listed = oldest_first(1, 30)
    desk = desk_for(Source({"patients": listed}))
    desk.walk()
    listed[4] = {"id": 5, "first_name": "P5", "updated": "2026-01-01 00:00:00"}
    desk.compare()

    assert desk.store.source.differing_copies() == [
        ("patients", "5", "the copy that was changed later counts")
    ]
    assert [
        (one.source_id, one.rule)
        for one in desk.store.staging.issues(kind=IssueKind.DIFFERING_COPIES)
    ] == [("5", "the copy that was changed later counts")]


def test_a_filter_that_is_ignored_never_passes_for_an_answer(desk_for: Maker) -> None:
    """Rows that were not asked for are refused, and the shortfall stays an issue."""
    desk = desk_for(Source({"patients": rows(1, 60)}, filters=False, more=1))
    desk.walk()
    found = [desk.compare() for _ in range(2)]

    assert [(one.finding, one.missing) for one in found] == [(Finding.FILTER_IGNORED, 1)] * 2
    assert [page.kind for page in desk.store.source.pages()].count(PageKind.WINDOW) == 0
    assert len(desk.source.asked) == 7 + 1 + 2  # pages, a look, a window asked for twice
    assert desk.issues() == [("count_mismatch", "pass 0: 61 reported, 60 distinct")]


def test_windows_that_are_refused_are_no_failure(desk_for: Maker) -> None:
    """An account that answers a filter with an error is read all the same."""
    desk = desk_for(Source({"patients": rows(1, 60)}, bad_filter=422, more=1))
    desk.walk()

    assert desk.shortfall() is Finding.FILTER_IGNORED


def test_a_filter_ignored_once_is_asked_again(desk_for: Maker) -> None:
    """One answer to the wrong question does not end the search."""
    listed = rows(1, 60)
    source = Source({"patients": listed}, more=1)

    def change(number: int) -> None:
        source.filters = number != 8

    source.before = change
    desk = desk_for(source)
    hidden = listed.pop(30)
    desk.walk()
    listed.insert(30, hidden)
    source.more = 0

    assert desk.shortfall() is Finding.FOUND
    assert everybody_held(desk)


@pytest.mark.parametrize("listed", [rows(1, 60), oldest_first(1, 60)], ids=["newest", "oldest"])
def test_a_shortfall_that_stays_is_listed(desk_for: Maker, listed: list[Row]) -> None:
    """What windows do not explain is shown with its number."""
    desk = desk_for(Source({"patients": listed}, more=3))
    desk.walk()
    found = desk.compare()

    assert (found.finding, found.missing) == (Finding.UNEXPLAINED, 3)
    assert desk.issues() == [("count_mismatch", "pass 0: 63 reported, 60 distinct")]


def test_a_total_that_counts_repeated_rows_is_understood(desk_for: Maker) -> None:
    """Where rows and total agree and nothing moved, repeats explain the difference."""
    desk = desk_for(Source({"patients": [*rows(1, 30), *rows(5, 9)]}, total="rows"))
    desk.walk()
    found = desk.compare()

    assert (found.finding, found.missing, found.requests) == (Finding.TOTAL_COUNTS_ROWS, 0, 1)


def test_rows_as_many_as_the_total_prove_nothing_where_pages_changed_their_size(
    desk_for: Maker,
) -> None:
    """Repeats make up for rows that longer pages jumped over; windows find those."""
    listed = [row for row in rows(1, 8) for _ in range(1 + number(row) % 2)]
    source = Source({"patients": listed}, cap=2)

    def change(now: int) -> None:
        if now == 5:
            source.cap = 3

    source.before = change
    desk = desk_for(source, page_size=4)
    desk.walk()
    desk.compare()

    assert everybody_held(desk)


@pytest.mark.parametrize("links", ["null", "never"])
def test_a_list_without_a_total_is_read_again_by_windows(desk_for: Maker, links: str) -> None:
    """Nothing tells whether rows moved, so windows show all of them."""
    listed = rows(1, 60)
    desk = desk_for(Source({"patients": listed}, total="none", links=links, cap=7))
    hidden = listed.pop(30)
    desk.walk()
    listed.insert(30, hidden)
    found = desk.compare()

    assert everybody_held(desk)
    assert (found.finding, found.found) == (Finding.FOUND, 1)


@pytest.mark.parametrize(
    ("ids", "more", "finding"),
    [
        (["a-1", "a-2"], 1, Finding.NOT_NUMBERS),
        (["a-1", "a-2"], 0, Finding.AGREES),
        ([f"{number}" * 12 for number in range(10, 40)], 0, Finding.AGREES),
        ([f"{number}" * 12 for number in range(10, 40)], 2, Finding.NOT_NUMBERS),
        (["7" * 5000, *(f"{number}" for number in range(30))], 2, Finding.NOT_NUMBERS),
    ],
    ids=["text", "text, all there", "long", "long, some missing", "thousands of digits"],
)
def test_ids_that_are_no_numbers_are_not_looked_between(
    desk_for: Maker, ids: list[str], more: int, finding: Finding
) -> None:
    """Windows need numbers; without them one more look is all, and what it shows is listed."""
    desk = desk_for(Source({"patients": [{"id": one} for one in ids]}, more=more))
    desk.walk()
    found = desk.compare()

    assert (found.finding, found.missing) == (finding, more)
    assert found.requests <= 1
    assert {one.source_id for one in desk.store.source.records("patients")} == set(ids)


def test_more_records_than_reported_are_kept_and_listed(desk_for: Maker) -> None:
    """A record deleted while the list was read stays held, and an issue counts it."""
    listed = rows(1, 40)
    desk = desk_for(Source({"patients": listed}))
    desk.walk()
    del listed[17]
    found = desk.compare()

    assert (found.finding, found.gone, found.missing) == (Finding.MORE_HELD, 1, 0)
    assert desk.ids() == list(range(1, 41))
    assert desk.issues() == [("count_mismatch", "pass 0: 39 reported, 40 distinct")]


def test_a_later_pass_is_what_counts(desk_for: Maker) -> None:
    """Once the delta has read a resource again, the first pass is not compared any more."""
    desk = desk_for(Source({"patients": rows(1, 20)}))
    desk.walk()
    desk.walk(generation=1)

    assert desk.shortfall() is Finding.SUPERSEDED
    assert desk.compare(generation=1).finding is Finding.AGREES


# killed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_comparison_killed_at_any_request_repeats_that_one_only(
    tmp_path: Path, order: str
) -> None:
    """Where it stands is kept with every answer; the rest is as if nothing had happened."""

    def compare(folder: Path, kill: int) -> tuple[list[str], object]:
        listed = rows(1, 50) if order == "newest" else oldest_first(1, 50)
        hidden = [listed.pop(place) for place in (42, 20)]
        source = Source({"patients": listed}, more=2 if order == "newest" else 0)
        with desks(folder) as desk_for:
            desk = desk_for(source)
            desk.walk()
            listed += hidden
            listed.sort(key=number, reverse=order == "newest")
            source.more = 0
            source.asked.clear()

            def stop(number: int) -> None:
                if number == kill:
                    raise KeyboardInterrupt

            source.before = stop
            if kill:
                with pytest.raises(KeyboardInterrupt):
                    desk.compare()
            return source.asked, desk.compare()

    (tmp_path / "0").mkdir()
    asked, undisturbed = compare(tmp_path / "0", 0)
    for kill in range(1, len(asked) + 1):
        folder = tmp_path / str(kill)
        folder.mkdir()
        again, found = compare(folder, kill)

        assert found == undisturbed
        assert again == [*asked[:kill], *asked[kill - 1 :]]
