"""PracticeHub's list envelope, and which request comes after it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from workbench.errors import SourceShapeError
from workbench.state import id_text
from workbench.state.ids import number_of

LINKED, COUNTED, SEAM = "linked", "counted", "seam"
"""How a request came about: a next link, counting up, or a second look at a page."""

MOST_RECORDS = 10**18
"""A total from here on is no number of records, and none that the state could hold."""

MOST_SEAMS = 200
"""A walk looks back at most this often; a total that flutters must not hold it for ever."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answered page: its rows as they are, the total, and the query of the next link."""

    rows: list[object]
    total: int | None
    next: dict[str, str] | None

    @property
    def ids(self) -> set[str]:
        """The ids of its rows, as text."""
        found = (id_text(row.get("id")) for row in self.rows if isinstance(row, dict))
        return {one for one in found if one is not None}


def parse(data: object, *, resource: str) -> Envelope:
    """Read the list envelope.

    `links` may be missing, and `links.next` absent or null. Of the next link only the
    query is taken: neither its host nor its path can lead anywhere else.

    Raises:
        SourceShapeError: there is no list of rows.

    Source:
        PracticeHub developer guide, pagination.
    """
    rows = data.get("data") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(rows, list):
        what = f"PracticeHub's answer for {resource} has no list of rows."
        raise SourceShapeError(what)
    links = data.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    query = None
    if isinstance(following, str) and following:
        # no reading as an address, which refuses some: host and path are of no interest
        query_text = following.partition("?")[2].partition("#")[0]
        query = dict(parse_qsl(query_text, keep_blank_values=True))
    return Envelope(rows, _count(data.get("total_entries")), query)


def _count(value: object) -> int | None:
    """Read a total, however it is typed; None where it is no number of records."""
    if isinstance(value, str):
        return number_of(value.strip())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < MOST_RECORDS else None


@dataclass(frozen=True, slots=True)
class Ask:
    """One list request, and how it came about.

    Written as text it is the cursor in the state: path, query and, after `#`, notes that
    are never sent.
    """

    path: str
    query: Mapping[str, str]
    notes: frozenset[str] = frozenset()
    seams: int = 0

    @classmethod
    def first(cls, path: str, *, page_size: int, where: Mapping[str, str] | None = None) -> Self:
        """Ask for the first page; `where` holds filters."""
        return cls(path, {**(where or {}), "page": "1", "page_size": str(page_size)})

    @classmethod
    def from_cursor(cls, cursor: str) -> Self:
        """Read what `cursor` wrote."""
        parts = urlsplit(cursor)
        notes = {note for note in parts.fragment.split(",") if note}
        seams = next((int(one[6:]) for one in notes if one.startswith("seams=")), 0)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        kept = frozenset(notes & {LINKED, COUNTED, SEAM})
        return cls(parts.path, query, kept, seams)

    @property
    def request(self) -> str:
        """Write path and query, as they are sent; one spelling for one question."""
        return f"{self.path}?{urlencode(sorted(self.query.items()), quote_via=quote)}"

    @property
    def cursor(self) -> str:
        """Write path, query and notes, as they are stored."""
        notes = sorted(self.notes) + ([f"seams={self.seams}"] if self.seams else [])
        return f"{self.request}#{','.join(notes)}" if notes else self.request

    @property
    def page(self) -> int | None:
        """Give the page's number, or None where the link does not count pages."""
        return number_of(self.query.get("page", ""))

    @property
    def page_size(self) -> int:
        """Give the rows asked for; 100 is PracticeHub's default."""
        return number_of(self.query.get("page_size", "")) or 100

    def back(self) -> Ask | None:
        """Ask for the page before, as a second look; None where there is none to look at."""
        if self.page is None or self.page < 2 or self.seams >= MOST_SEAMS:  # noqa: PLR2004 - page 1 has none before it
            return None
        query = {**self.query, "page": str(self.page - 1)}
        return Ask(self.path, query, self.notes | {SEAM}, self.seams + 1)


def following(
    ask: Ask, envelope: Envelope, *, before: int | None = None, all_new: bool = False
) -> Ask | None:
    """Say which request comes after an answer, or None where the walk is at its end.

    The next link is followed until there is none. Where it never appears, or is missing
    while the total says that there is more, pages are counted up until an empty one. A
    count of rows never ends a walk: PracticeHub repeats records, so rows reach the total
    early. When the total fell, a record was deleted and every later row moved up, some onto
    a page that was read already: that page is read again.

    Args:
        ask: the request that was answered.
        envelope: its answer.
        before: the total that the page before reported.
        all_new: a second look brought nothing but records not held; the move was longer
            than a page, so look one page further back.

    Raises:
        SourceShapeError: the next link does not lead on.
    """
    fell = before is not None and envelope.total is not None and envelope.total < before
    if fell or (SEAM in ask.notes and all_new):
        look = ask.back()
        if look is not None:
            return look
    if envelope.next is not None:
        return _linked(ask, envelope)
    if not envelope.rows or ask.page is None:
        return None
    if LINKED in ask.notes:
        if envelope.total is None or ask.page * ask.page_size >= envelope.total:
            return None
    elif COUNTED not in ask.notes and _is_everything(ask, envelope):
        return None
    query = {**ask.query, "page": str(ask.page + 1)}
    return replace(ask, query=query, notes=frozenset({COUNTED}))


def _is_everything(ask: Ask, envelope: Envelope) -> bool:
    """Say whether a first page without a link is the whole list; fewer rows alone do not tell."""
    short = len(envelope.rows) < ask.page_size
    return short and envelope.total is not None and len(envelope.ids) >= envelope.total


def _linked(ask: Ask, envelope: Envelope) -> Ask | None:
    asked = {key: value for key, value in ask.query.items() if key != "page"}
    # some accounts' links drop the filters and the page size, so ours go in; a page size of
    # the link's own would shift every page after it
    query = {**asked, **(envelope.next or {}), "page_size": str(ask.page_size)}
    step = Ask(ask.path, query, frozenset({LINKED}), ask.seams)
    if ask.page is not None and step.page is not None:
        onward = step.page > ask.page
        read = ask.page * ask.page_size
        if not envelope.rows and (envelope.total is None or read >= envelope.total):
            return None
    else:
        onward = dict(step.query) != dict(ask.query)
    if not onward:
        what = f"PracticeHub's next link for {ask.path.lstrip('/')} leads back to where it was."
        raise SourceShapeError(what)
    return step
