"""Reading a resource page by page, so that neither a kill nor a quirk loses a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import SourceAuthError, SourceMissingError
from workbench.practicehub import envelope
from workbench.practicehub.blobs import keep_page, sweep
from workbench.practicehub.catalogue import PATIENTS, Resource
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.client import Answer, Client
from workbench.practicehub.envelope import Ask, Envelope
from workbench.practicehub.issues import issue
from workbench.practicehub.rows import read_rows, resolve
from workbench.state import Issue, IssueKind, PageIn, PageKind, Store, Walk, WalkState, id_text

Progress = Callable[[int, int | None, str], None]
"""Told how many are done, of how many (None: not known), and what is being waited for."""

PAUSE_SECONDS = 60.0
"""After a longer pause a walk looks at its last page again: rows may have moved meanwhile."""

SWEPT = "pages"
"""Where in the run folder the bodies lie."""

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
    A resource that the account does not have (404), or that the key may not read (403), is
    noted and yields nothing; the second one is an issue.

    Rows come and go meanwhile. Here only the page before is looked at again, where the total
    fell or the walk was paused; whether a row was missed is found out by `shortfall`.

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
    resuming = pages is None  # a few first pages are a sample: nothing is missed by them
    swept = False
    while True:
        held = store.source.walk(resource, generation=generation)
        if held is not None and (
            held.state is not WalkState.WALKING or (pages is not None and held.pages >= pages)
        ):
            return
        if not swept:
            sweep(folder / SWEPT)
            swept = True
        if held is not None and held.pages == 0:
            _forbidden(client, store, known, generation=generation, phase=phase)
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
            _absent(client, store, known, generation=generation, phase=phase, held=held,
                    status=answer.status)  # fmt: skip
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
    each = max(1, held.rows // held.pages)  # an account may give fewer than were asked for
    return max(math.ceil(held.reported / each), held.pages + 1)


def _absent(
    client: Client,
    store: Store,
    known: Resource,
    *,
    generation: int,
    phase: str,
    held: Walk | None,
    status: int,
) -> None:
    """Note that a resource cannot be read, once it is sure that the key is not the cause."""
    if status == NOT_FOUND:
        if known.name == PATIENTS:
            what = "PracticeHub has no patients at this address (404)."
            raise SourceMissingError(what)
        store.source.mark_absent(known.name, generation=generation, note=str(status))
        return
    if known.name == PATIENTS or held is not None:
        what = f"PracticeHub refused the key ({status})."
        raise SourceAuthError(what)
    # a kill before the next answer must not have this one asked for again
    store.source.doubt(known.name, generation=generation, note=str(status))
    _forbidden(client, store, known, generation=generation, phase=phase)


def _forbidden(
    client: Client, store: Store, known: Resource, *, generation: int, phase: str
) -> None:
    """Note that the key may not read a resource, unless it may not even read the patients."""
    try:
        # a key that is refused everywhere must not pass for an account without resources
        client.get(f"/{PATIENTS}", {"page": "1", "page_size": "1"})
    except SourceAuthError:
        store.source.doubt(known.name, generation=generation, note=None)
        raise
    with store.transaction():
        store.source.mark_absent(known.name, generation=generation, note=str(FORBIDDEN))
        store.staging.add_issues([
            issue(
                IssueKind.RESOURCE_REFUSED,
                known.name,
                rule=f"the key may not read it ({FORBIDDEN})",
                outcome="nothing of it is held or carried over",
                phase=phase,
            )
        ])  # fmt: skip


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
        held = (self.store.source.record(self.known.name, one) for one in page.ids)
        # what an earlier pass held says nothing about this one
        return bool(page.ids) and not any(
            one is not None and one.generation == self.generation for one in held
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
    under_way: bool = False,
) -> int:
    """Keep an answer: its body on disk, then everything about it in one transaction.

    `under_way`: the pass goes on, though no page follows.

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
                under_way=under_way,
            ),
            resolve=choose,
        )
        store.staging.add_issues(found)
    return page_id
