"""PracticeHub's list envelope and which request comes next."""

from __future__ import annotations

import pytest

from workbench.errors import SourceShapeError
from workbench.practicehub.envelope import MOST_SEAMS, Ask, Envelope, following, parse

FIRST = Ask.first("/patients", page_size=2)
TWO: list[object] = [{"id": 1}, {"id": 2}]


def link(query: str) -> dict[str, object]:
    """Make the links object with a next link."""
    return {"next": f"https://elsewhere.example.com/api/patients?{query}"}


def answered(ask: Ask, data: object, **more: object) -> Ask | None:
    """Say what follows an answer given as JSON."""
    return following(ask, parse(data, resource="patients"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "links", [{}, {"links": None}, {"links": {}}, {"links": {"next": None}}, {"links": []}]
)
def test_a_missing_next_link_is_read_alike_however_it_is_missing(
    links: dict[str, object],
) -> None:
    """Absent, null, or no links at all: there is no next link, and nothing fails."""
    assert parse({"data": [], "total_entries": 0, **links}, resource="x").next is None


@pytest.mark.parametrize("data", [None, [], [{"id": 1}], {"data": None}, {"data": {}}, {}, "x", 1])
def test_an_answer_without_a_list_of_rows_is_refused(data: object) -> None:
    """An answer of another shape is never taken for an empty list."""
    with pytest.raises(SourceShapeError):
        parse(data, resource="patients")


@pytest.mark.parametrize(
    ("total", "read"),
    [(5, 5), ("5", 5), (" 5 ", 5), (12.0, 12), (0, 0), (None, None), ("many", None), ("²", None),
     ("٣", None), (True, None), (-1, None), (-1.0, None), (1.5, None), (float("inf"), None),
     (float("nan"), None), (2**63, None), (2.0**70, None), (10**4000, None), ("9" * 5000, None),
     ([], None), ({}, None)],
)  # fmt: skip
def test_a_total_is_a_number_or_not_known(total: object, read: int | None) -> None:
    """A total that is no number is unknown, not zero."""
    assert parse({"data": [], "total_entries": total}, resource="x").total == read


def test_the_next_link_is_followed_but_its_host_is_not() -> None:
    """Only the query of a link is used, so no answer can lead the key elsewhere."""
    data = {"data": TWO, "total_entries": 5, "links": link("page=2&page_size=2")}
    ask = answered(FIRST, data)

    assert ask is not None
    assert ask.request == "/patients?page=2&page_size=2"


def test_a_link_that_drops_page_size_and_filters_gets_them_back() -> None:
    """A page of another size, or without the filter, would shift or widen what is read."""
    ask = Ask.first("/patients", page_size=2, where={"id": "gte:5"})
    data = {"data": TWO, "total_entries": 5, "links": link("page=2")}
    step = answered(ask, data)

    assert step is not None
    assert step.query == {"id": "gte:5", "page": "2", "page_size": "2"}


@pytest.mark.parametrize(
    "text", ["http://[", "?page=2", "//x/y?page=2#z", "https://x.example.com/a?page=2&page_size=9"]
)
def test_a_link_that_is_no_address_is_still_read(text: str) -> None:
    """Only what stands behind the question mark counts; nothing else of a link can fail."""
    read = parse({"data": TWO, "links": {"next": text}}, resource="patients").next

    assert read is not None
    assert read.get("page") == ("2" if "?" in text else None)


def test_a_page_number_of_thousands_of_digits_is_none() -> None:
    """A link that is nonsense is refused in words."""
    with pytest.raises(SourceShapeError):
        answered(FIRST, {"data": [], "total_entries": 9, "links": link("page=1&page_size=2")})

    assert Ask("/patients", {"page": "9" * 5000, "page_size": "9" * 5000}).page is None
    assert Ask("/patients", {"page_size": "9" * 5000}).page_size == 100


def test_a_link_that_is_missing_in_the_middle_does_not_end_the_walk() -> None:
    """While the total says that there is more, pages are counted on."""
    ask = Ask("/patients", {"page": "2", "page_size": "2"}, frozenset({"linked"}))
    onward = answered(ask, {"data": TWO, "total_entries": 9, "links": {"next": None}})

    assert onward is not None
    assert onward.page == 3


def test_a_short_first_page_of_repeats_is_not_the_end() -> None:
    """As many rows as the total says may be fewer records than it says."""
    ask = Ask.first("/patients", page_size=10)
    repeated = [*TWO, *TWO]

    assert answered(ask, {"data": repeated, "total_entries": 4}) is not None
    assert answered(ask, {"data": repeated, "total_entries": 2}) is None


def test_a_short_first_page_without_a_total_is_not_the_end() -> None:
    """An account may give fewer rows than asked for; only an empty page tells the end."""
    assert answered(Ask.first("/patients", page_size=10), {"data": TWO}) is not None


def test_a_link_without_page_numbers_is_followed() -> None:
    """A link may carry a mark of its own in place of a page number, new on every page."""
    first = answered(FIRST, {"data": TWO, "links": link("after=abc")})
    assert first is not None
    second = answered(first, {"data": TWO, "links": link("after=def")})

    assert second is not None
    assert second.query == {"after": "def", "page_size": "2"}


@pytest.mark.parametrize("query", ["page=1&page_size=2", "page_size=2", "page=0"])
def test_a_link_that_leads_back_is_refused(query: str) -> None:
    """A walk that would go round in circles stops with an error."""
    ask = Ask("/patients", {"page": "2", "page_size": "2"}, frozenset({"linked"}))
    data = {"data": TWO, "total_entries": 9, "links": link(query)}
    if query == "page_size=2":
        ask = Ask("/patients", {"page_size": "2"}, frozenset({"linked"}))
    with pytest.raises(SourceShapeError):
        answered(ask, data)


def test_a_walk_by_links_ends_where_there_is_none() -> None:
    """The last page is the one without a next link, full or not."""
    ask = Ask("/patients", {"page": "2", "page_size": "2"}, frozenset({"linked"}))

    assert answered(ask, {"data": TWO, "total_entries": 4, "links": {"next": None}}) is None


def test_rows_that_reach_the_total_do_not_end_a_walk() -> None:
    """PracticeHub repeats records, so the count of rows is reached too early."""
    data = {"data": TWO, "total_entries": 2, "links": link("page=2")}

    assert answered(FIRST, data) is not None


def test_without_links_pages_are_counted_up_until_an_empty_one() -> None:
    """Where no link ever appears, only an empty page is the end."""
    ask: Ask | None = FIRST
    asked = []
    for rows in (TWO, TWO, TWO[:1], []):
        assert ask is not None
        asked.append(ask.page)
        ask = answered(ask, {"data": rows, "total_entries": 5})

    assert ask is None
    assert asked == [1, 2, 3, 4]


def test_a_short_first_page_with_everything_on_it_is_the_end() -> None:
    """A resource that fits on one page costs one request."""
    assert answered(FIRST, {"data": TWO[:1], "total_entries": 1}) is None


def test_a_page_that_is_shorter_than_asked_is_not_the_end_while_the_total_says_more() -> None:
    """An account that gives fewer rows a page than asked for is read to its end."""
    ask = Ask.first("/patients", page_size=100)

    assert answered(ask, {"data": TWO, "total_entries": 5}) is not None


def test_an_empty_page_before_the_end_is_walked_past() -> None:
    """A page may have lost its rows; the ones after it still count."""
    ask = Ask("/patients", {"page": "2", "page_size": "2"}, frozenset({"linked"}))
    data = {"data": [], "total_entries": 9, "links": link("page=3")}

    assert answered(ask, data) is not None


def test_an_empty_page_after_the_end_ends_a_walk_whatever_its_link_says() -> None:
    """A link that goes on for ever does not hold the walk for ever."""
    ask = Ask("/patients", {"page": "6", "page_size": "2"}, frozenset({"linked"}))

    assert answered(ask, {"data": [], "total_entries": 9, "links": link("page=7")}) is None


def test_a_falling_total_sends_the_walk_back_a_page() -> None:
    """A record deleted meanwhile pulls later rows onto a page that was read already."""
    ask = Ask("/patients", {"page": "3", "page_size": "2"}, frozenset({"linked"}))
    back = answered(ask, {"data": TWO, "total_entries": 8, "links": link("page=4")}, before=9)

    assert back is not None
    assert back.page == 2
    onward = answered(back, {"data": TWO, "total_entries": 8, "links": link("page=3")}, before=8)
    assert onward is not None
    assert onward.page == 3


def test_a_second_look_that_finds_only_news_looks_further_back() -> None:
    """When rows moved by more than a page, the walk goes back until it meets known ones."""
    ask = Ask("/patients", {"page": "5", "page_size": "2"}, frozenset({"linked", "seam"}))
    data = {"data": TWO, "total_entries": 20, "links": link("page=6")}
    back = answered(ask, data, before=20, all_new=True)

    assert back is not None
    assert back.page == 4


def test_a_total_that_flutters_does_not_hold_a_walk_for_ever() -> None:
    """Looking back is limited, so a walk always ends."""
    ask = Ask("/patients", {"page": "3", "page_size": "2"}, frozenset({"linked"}), MOST_SEAMS)
    onward = answered(ask, {"data": TWO, "total_entries": 8, "links": link("page=4")}, before=9)

    assert onward is not None
    assert onward.page == 4


@pytest.mark.parametrize(
    "ask",
    [
        FIRST,
        Ask("/patients", {"page": "7", "page_size": "50"}, frozenset({"linked", "seam"}), 3),
        Ask("/appointments", {"start": "between:2026-01-01 00:00:00,2026-02-01 00:00:00"}),
    ],
)
def test_a_cursor_reads_back_as_it_was_written(ask: Ask) -> None:
    """A walk that goes on in another process asks exactly what the first one would have."""
    assert Ask.from_cursor(ask.cursor) == ask


def test_notes_of_a_cursor_are_not_part_of_the_request() -> None:
    """What the walk notes for itself is never sent to PracticeHub."""
    ask = Ask("/patients", {"page": "7"}, frozenset({"linked"}), 3)

    assert "#" not in ask.request
    assert Envelope([], None, None).rows == []
