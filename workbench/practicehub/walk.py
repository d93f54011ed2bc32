"""Reading a resource page by page, so that neither a kill nor a quirk loses a row."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from workbench.errors import SourceAuthError, SourceMissingError, SourceShapeError
from workbench.practicehub import envelope
from workbench.practicehub.blobs import keep_page, read_page
from workbench.practicehub.catalogue import Resource
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.client import Answer, Client
from workbench.practicehub.envelope import Ask, Envelope
from workbench.practicehub.issues import issue
from workbench.practicehub.rows import read_rows, resolve, row_hash
from workbench.state import Issue, IssueKind, PageIn, PageKind, Store, Walk, WalkState, id_text

Progress = Callable[[int, int | None, str], None]
"""Told how many are done, of how many (None: not known), and what is being waited for."""

PAUSE_SECONDS = 3600.0
"""After a longer pause a walk looks at its last page again: rows may have moved meanwhile."""

NOT_FOUND, FORBIDDEN = 404, 403


@dataclass(frozen=True, slots=True)
class HeldPageInfo:
    """A page just stored: its number in the walk, its rows, and the total it reported.

    `done` True: it was the last one.
    """

    resource: str
    number: int
    page_id: int
    rows: int
    reported: int | None
    seconds: float
    done: bool


class RebuiltRow(NamedTuple):
    """One row of a raw page, and the hash its record must have."""

    resource: str
    source_id: str
    sha256: str


def walk(
    client: Client,
    store: Store,
    resource: str,
    *,
    folder: Path,
    generation: int = 0,
    pages: int | None = None,
    phase: str = "extract",
    on_progress: Progress | None = None,
) -> Iterator[HeldPageInfo]:
    """Yield every page of one resource that is not held yet, each one already stored.

    Goes on from the cursor in the state; a finished walk costs no request. Body on disk
    first, then page, records and cursor in one transaction: a walk that is killed repeats
    at most one request. The end is where PracticeHub has no next page, never a row count.
    An account that does not have the resource is noted and yields nothing.

    Args:
        client: the only way to the source; it keeps the pace.
        store: the run's state.
        resource: a name from the catalogue, "patients".
        folder: the run folder.
        generation: the pass: 0 the first, higher ones for the delta.
        pages: stop when this many pages are held; None reads to the end.
        phase: the phase that reads, for the issues.
        on_progress: told pages held, pages expected, and what is waited for.

    Yields:
        Pages in source order; their rows are neither ordered nor distinct.

    Raises:
        SourceAuthError: the key was refused; what is held stays.
        SourceMissingError: not even patients are there: this is no PracticeHub account.
        SourceUnreachableError: no answer in all tries.
        SourceShapeError: an answer that is not the known envelope.
        StorageFullError: the disk is full; the page in hand is asked for again.

    Source:
        PracticeHub developer guide, pagination; repeated rows seen on a live account.
    """
    known = resource_named(resource)
    step = _Step(client, store, known, folder, generation, phase)
    resuming = True
    while True:
        held = store.source.walk(resource, generation=generation)
        if held is not None and (
            held.state is not WalkState.WALKING or (pages is not None and held.pages >= pages)
        ):
            return
        ask = _next_ask(client, known, held, resuming=resuming)
        resuming = False
        done, total = held.pages if held else 0, _pages(held)

        def tell(waiting: str, done: int = done, total: int | None = total) -> None:
            if on_progress is not None:
                on_progress(done, total, waiting)

        answer = client.get(
            known.path, ask.query, accept={NOT_FOUND, FORBIDDEN}, on_wait=tell
        )  # fmt: skip
        if answer.status == FORBIDDEN or (answer.status == NOT_FOUND and held is None):
            _absent(client, store, known, generation=generation, status=answer.status, held=held)
            return
        info = step.keep(ask, answer, held)
        if on_progress is not None:
            held = store.source.walk(resource, generation=generation)
            on_progress(info.number, info.number if info.done else _pages(held), "")
        yield info


def _next_ask(client: Client, known: Resource, held: Walk | None, *, resuming: bool) -> Ask:
    if held is None or held.next is None:
        return Ask.first(known.path, page_size=client.page_size)
    ask = Ask.from_cursor(held.next)
    if resuming and envelope.SEAM not in ask.notes and _age(held.updated_at) > PAUSE_SECONDS:
        return ask.back() or ask
    return ask


def _age(moment: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()


def _pages(held: Walk | None) -> int | None:
    if held is None or held.next is None or held.reported is None:
        return None
    expected = math.ceil(held.reported / Ask.from_cursor(held.next).page_size)
    return max(expected, held.pages + 1)


def _absent(
    client: Client,
    store: Store,
    known: Resource,
    *,
    generation: int,
    status: int,
    held: Walk | None,
) -> None:
    """Note that the account lacks a resource, once it is sure that the key is not the cause."""
    if status == NOT_FOUND:
        if known.name == "patients":
            what = "PracticeHub has no patients at this address (404)."
            raise SourceMissingError(what)
    else:
        what = f"PracticeHub refused the key ({status})."
        if known.name == "patients" or held is not None:
            raise SourceAuthError(what)
        # a key that is refused everywhere must not pass for an account without resources;
        # this raises SourceAuthError where the patients are refused as well
        client.get("/patients", {"page": "1", "page_size": "1"})
    store.source.mark_absent(known.name, generation=generation, note=str(status))


@dataclass(frozen=True, slots=True)
class _Step:
    """Stores one answer of a walk."""

    client: Client
    store: Store
    known: Resource
    folder: Path
    generation: int
    phase: str

    def keep(self, ask: Ask, answer: Answer, held: Walk | None) -> HeldPageInfo:
        """Put the body on disk, then page, records, issues and cursor in one transaction."""
        if answer.status == NOT_FOUND:  # how some accounts say that there are no more pages
            page = Envelope([], None, None)
        else:
            page = envelope.parse(answer.data, resource=self.known.name)
        following = envelope.following(
            ask,
            page,
            before=held.reported if held else None,
            all_new=envelope.SEAM in ask.notes and self._all_new(page),
        )
        number = (held.pages if held else 0) + 1
        page_id = store_answer(
            self.store, self.known, page,
            folder=self.folder, generation=self.generation, number=number, ask=ask,
            answer=answer, following=following, phase=self.phase,
            kind=PageKind.AGAIN if envelope.SEAM in ask.notes else PageKind.PAGE,
        )  # fmt: skip
        return HeldPageInfo(
            self.known.name, number, page_id, len(page.rows), page.total, answer.seconds,
            done=following is None,
        )  # fmt: skip

    def _all_new(self, page: Envelope) -> bool:
        found = [id_text(row.get("id")) for row in page.rows if isinstance(row, dict)]
        return bool(found) and not any(
            one is not None and self.store.source.record(self.known.name, one) for one in found
        )


def store_answer(
    store: Store,
    known: Resource,
    page: Envelope,
    *,
    folder: Path,
    generation: int,
    number: int,
    ask: Ask,
    answer: Answer,
    following: Ask | None,
    kind: PageKind,
    phase: str,
) -> int:
    """Keep an answer: its body on disk, then everything about it in one transaction.

    Returns:
        The page's id.

    Raises:
        StorageFullError: the disk is full; the cursor stands where it stood.
    """
    rows = read_rows(known, page.rows, page=number, phase=phase)
    found: list[Issue] = list(rows.issues)

    def choose(held: dict[str, object], new: dict[str, object]) -> tuple[bool, str]:
        wins, rule = resolve(known, held, new)
        found.append(
            issue(
                IssueKind.DIFFERING_COPIES,
                known.name,
                source_id=id_text(new.get("id")) or "",
                rule=rule.value,
                outcome="both copies are kept, one counts",
                phase=phase,
            )
        )
        return wins, rule.value

    sha256 = keep_page(folder, answer.body)
    with store.transaction():
        page_id = store.source.store_page(
            PageIn(
                resource=known.name,
                generation=generation,
                number=number,
                request=ask.request,
                sha256=sha256,
                size=len(answer.body),
                seconds=answer.seconds,
                reported=page.total,
                next=following.cursor if following else None,
                records=rows.records,
                kind=kind,
            ),
            resolve=choose,
        )
        store.staging.add_issues(found)
    return page_id


def rebuild(folder: Path, store: Store) -> Iterator[RebuiltRow]:
    """Read every record from the raw pages again: every row of every page, as it was stored.

    Rows without an id are left out (each has an issue). Repeated rows come repeatedly.

    Raises:
        StateError: a page is missing or was changed.
    """
    for held in store.source.pages():
        known = resource_named(held.resource)
        for row in held_rows(folder, held.sha256):
            source_id = id_text(row.get("id"))
            if source_id is not None:
                yield RebuiltRow(held.resource, source_id, row_hash(known, row))


def held_rows(folder: Path, sha256: str) -> list[Mapping[str, object]]:
    """Give the rows of a stored page that are objects; none where it was a 404's body."""
    page = held_envelope(folder, sha256)
    return [row for row in page.rows if isinstance(row, dict)]


def held_envelope(folder: Path, sha256: str) -> Envelope:
    """Read a stored page's envelope; an empty one where it was a 404's body.

    Raises:
        StateError: the page is missing or was changed.
    """
    try:
        return envelope.parse(json.loads(read_page(folder, sha256)), resource="a stored page")
    except (ValueError, SourceShapeError):
        return Envelope([], None, None)
