"""Records held that PracticeHub has no longer: none is gone before it was asked for by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import SourceRefusedError
from workbench.practicehub import envelope
from workbench.practicehub.catalogue import Resource
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.client import Client
from workbench.practicehub.envelope import Ask
from workbench.practicehub.shortfall import compared
from workbench.practicehub.walk import NOT_FOUND, Progress, store_answer
from workbench.state import PageKind, Store, WalkState

ASKING = "PracticeHub, asked for records that seem to be deleted"
"""What a person is told meanwhile."""
MOST_IDS = 99
"""Ids asked for at a time, beside one that is there: an answer shows them all on one page."""


class NotFilteredError(Exception):
    """The account does not answer a question for chosen ids; caught where it was asked."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for records by their ids; what comes is stored, what does not come is gone.

    Args:
        client, store, folder, generation, phase: as for the walk.
        known: the resource.
        on_progress: told ids asked for, None, and what is waited for.
    """

    client: Client
    store: Store
    known: Resource
    folder: Path
    generation: int
    phase: str
    on_progress: Progress | None = None

    def verify(self, ids: Sequence[str], *, control: str) -> list[str]:
        """Ask for records; mark as gone those that do not come, and give their ids.

        With them one is asked for that is there (`control`): an account that answers nothing
        to such questions would else make everything gone.

        Raises:
            NotFilteredError: the answer has records that were not asked for, lacks the one
                that is there, or is a refusal; nothing was marked.
            SourceError: as `Client.get`.
        """
        gone: list[str] = []
        for start in range(0, len(ids), self._at_once):
            gone += self._some(ids[start : start + self._at_once], control)
        return gone

    @property
    def _at_once(self) -> int:
        return max(1, min(MOST_IDS, self.client.page_size - 1))

    def _some(self, ids: Sequence[str], control: str) -> list[str]:
        def tell(waiting: str) -> None:
            if self.on_progress is not None:
                self.on_progress(len(ids), None, waiting)

        asked = {*ids, control}
        where = {"id": f"in:{','.join(sorted(asked, key=lambda one: (len(one), one)))}"}
        ask = Ask.first(self.known.path, page_size=self.client.page_size, where=where)
        tell(ASKING)
        try:
            answer = self.client.get(self.known.path, ask.query, accept={NOT_FOUND}, on_wait=tell)
        except SourceRefusedError:
            raise NotFilteredError from None
        if answer.status == NOT_FOUND:
            raise NotFilteredError
        page = envelope.parse(answer.data, resource=self.known.name)
        if control not in page.ids or not page.ids <= asked or page.next is not None:
            raise NotFilteredError
        gone = [one for one in ids if one not in page.ids]
        with self.store.transaction():
            held = self.store.source.walk(self.known.name, generation=self.generation)
            store_answer(
                self.store, self.known, page, folder=self.folder, generation=self.generation,
                number=(held.pages if held else 0) + 1, ask=ask, answer=answer, following=None,
                kind=PageKind.WINDOW, phase=self.phase,
                under_way=held is not None and held.state is WalkState.WALKING,
            )  # fmt: skip
            if gone:
                self.store.source.mark_gone(self.known.name, gone, generation=self.generation)
        return gone


def find_gone(
    client: Client,
    store: Store,
    resource: str,
    *,
    folder: Path,
    generation: int,
    phase: str,
    on_progress: Progress | None = None,
) -> int:
    """Mark the records that a whole pass did not meet and that are not there by id either.

    Where an account does not answer questions for ids, the walk's word counts if the walk
    was shown to lack nothing; else such a record stays, and the numbers that disagree are an
    issue already. Safe to repeat and to kill.

    Args:
        client: the only way to the source.
        store: the run's state; the pass is finished and compared (`shortfall`).
        resource: a name from the catalogue.
        folder: the run folder.
        generation: the pass.
        phase: the phase that reads.
        on_progress: told ids asked for, None, and what is waited for.

    Returns:
        How many were marked.

    Raises:
        SourceError: as `Client.get`.

    Source:
        PracticeHub developer guide, filtering: `id=in:11,12`; a filter that is not understood
        is ignored.
    """
    walked = store.source.walk(resource, generation=generation)
    if walked is None or walked.state is not WalkState.DONE or walked.since:
        return 0
    asker = Asker(client, store, resource_named(resource), folder, generation, phase, on_progress)
    control = store.source.some_met(resource, generation)
    result = compared(store, generation=generation).get(resource)
    trusted = result is not None and not result.missing
    marked, after = 0, ""
    while ids := store.source.unmet(resource, generation, after=after, most=MOST_IDS):
        after = ids[-1]
        if control is not None:
            try:
                marked += len(asker.verify(ids, control=control))
                continue
            except NotFilteredError:
                control = None
        if trusted:  # also where the list is empty now: there is nothing to ask beside
            store.source.mark_gone(resource, ids, generation=generation)
            marked += len(ids)
    return marked
