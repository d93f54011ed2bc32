"""Files of records: which there are, and their bytes, each held once under its hash."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import httpx

from workbench.errors import SourceUnreachableError
from workbench.practicehub.addresses import refusal
from workbench.practicehub.blobs import sweep
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.client import Client
from workbench.practicehub.download import Downloads, Ending, Job
from workbench.practicehub.filefacts import file_url, register_files
from workbench.practicehub.freshly import Freshly
from workbench.practicehub.settling import FileResult, Settle
from workbench.practicehub.walk import Progress
from workbench.state import FileState, HeldFile, Store

HOST = "the file host"
ADDRESSES = "PracticeHub, fresh addresses"
"""What is waited for."""


def fetch_files(
    client: Client,
    store: Store,
    *,
    folder: Path,
    hosts: Sequence[str],
    allow_loopback: bool,
    parallel: int = 4,
    limit: int | None = None,
    max_bytes: int | None = None,
    phase: str = "extract",
    on_progress: Progress | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[FileResult]:
    """Yield every file that is not settled yet, as it settles; each is recorded before.

    First notes the files of all held records, then fetches what is pending: files that are
    new, and those whose record changed. Files that could not be had before are tried once
    more, those refused for their size once the limit allows it. Signed addresses live about
    a day: one that is refused with 403 is listed again, a hundred at a time, and tried once
    more. A file that is held costs nothing while its record is the same.

    Args:
        client: lists records again where an address is stale; it sends the key, the
            downloads do not.
        store: the run's state; written by the calling thread only.
        folder: the run folder; bytes go to `files/<aa>/<sha256>`.
        hosts: where file addresses may point to, with everything below.
        allow_loopback: True in the sandbox only: addresses on this machine, without TLS.
        parallel: downloads at a time; they do not count against the account's pace.
        limit: fetch at most this many now; None: all.
        max_bytes: larger files are refused and listed, without a request where PracticeHub
            itself says that they are larger; None: no limit.
        phase: the phase that reads, for the issues.
        on_progress: told files settled, files to settle, and what is waited for.
        transport: in place of the network, for tests.

    Raises:
        SourceUnreachableError: at the end, where files are left because their host did
            not answer; they stay as they were.
        StorageFullError: the disk is full; files fetched before are kept.

    Source:
        Files behind signed addresses on Amazon S3, refused with 403 after about a day:
        seen on a live account.
    """
    sweep(folder / "files")
    register_files(store, phase=phase)
    queue = _Queue(store, tuple(hosts), allow_loopback=allow_loopback, max_bytes=max_bytes)
    total = store.source.count_unsettled_files()
    unreachable = done = 0

    def tell(waiting: str) -> None:
        if on_progress is not None:
            of = max(total - queue.passed, done)
            on_progress(done, of if limit is None else min(of, limit), waiting)

    with Downloads(
        folder, hosts=hosts, allow_loopback=allow_loopback, parallel=parallel,
        max_bytes=max_bytes, transport=transport,
    ) as downloads:  # fmt: skip
        fetching = _Fetching(
            queue, islice(queue.turns(), limit), downloads, Settle(store, phase, max_bytes),
            client, Freshly(client), 2 * parallel, tell,
        )  # fmt: skip
        for result in fetching.results():
            done += 1
            unreachable += result.state is FileState.PENDING
            tell(HOST)
            yield result
    if done:
        tell("")
    if unreachable:
        what = f"{unreachable} of {done} files could not be fetched: no answer."
        raise SourceUnreachableError(what, safe="Every file fetched is kept.")


class _Queue:
    """Goes through the files that are not settled and says which of them have their turn."""

    def __init__(
        self, store: Store, hosts: tuple[str, ...], *, allow_loopback: bool, max_bytes: int | None
    ) -> None:
        self._store, self._hosts = store, hosts
        self._loopback, self._most = allow_loopback, max_bytes
        self.passed = 0

    def turns(self) -> Iterator[tuple[HeldFile, str | None]]:
        """Yield files with their addresses; `passed` counts those that have no turn now."""
        for file in self._store.source.unsettled_files():
            record = self._store.source.record(file.resource, file.source_id)
            url = file_url(resource_named(file.resource), record.data) if record else None
            gone = record is None or record.gone
            if file.state is FileState.PENDING or not (
                url is None or gone or self._refused_still(file, url)
            ):
                yield file, url
            else:
                self.passed += 1

    def too_large(self, size: int | None) -> bool:
        """Say whether a size is known and above the limit."""
        return self._most is not None and size is not None and size > self._most

    def _refused_still(self, file: HeldFile, url: str) -> bool:
        if file.state is not FileState.REFUSED:
            return False
        if self.too_large(file.size) or self.too_large(file.declared):
            return True
        return refusal(url, hosts=self._hosts, allow_loopback=self._loopback) is not None


@dataclass(slots=True)
class _Fetching:
    """Keeps the threads busy; lists stale addresses again when there are enough or no others."""

    queue: _Queue
    turns: Iterator[tuple[HeldFile, str | None]]
    downloads: Downloads
    settle: Settle
    client: Client
    freshly: Freshly
    most: int
    tell: Callable[[str], None]
    ready: deque[Job] = field(default_factory=deque)
    stale: list[Job] = field(default_factory=list)
    flying: int = 0
    exhausted: bool = False

    def results(self) -> Iterator[FileResult]:
        """Yield what became of every file that has its turn, as it settles."""
        while not self.exhausted or self.ready or self.stale or self.flying:
            yield from self._handed_out()
            if self.flying:
                outcome = self.downloads.take()
                self.flying -= 1
                if outcome.ending is Ending.EXPIRED and not outcome.job.fresh:
                    self.stale.append(outcome.job)
                else:
                    yield self.settle.outcome(outcome)
            if self.stale and self._time_to_list():
                yield from self._listed_again()

    def _handed_out(self) -> Iterator[FileResult]:
        while self.flying < self.most and (self.ready or not self.exhausted):
            if self.ready:
                self._give(self.ready.popleft())
                continue
            turn = next(self.turns, None)
            if turn is None:
                self.exhausted = True
                continue
            file, url = turn
            if url is None:
                yield self.settle.without_address(file)
            elif self.queue.too_large(file.declared):
                yield self.settle.too_large(file)
            else:
                self._give(Job(file.resource, file.source_id, url, file.declared))

    def _give(self, job: Job) -> None:
        if not self.flying:
            self.tell(HOST)
        self.downloads.give(job)
        self.flying += 1

    def _time_to_list(self) -> bool:
        if self.exhausted and not (self.ready or self.flying):
            return True
        # where filters do not work the whole list is read, and that is done once, at the end
        return len(self.stale) >= self.client.page_size and all(
            self.freshly.filtered(job.resource) for job in self.stale
        )

    def _listed_again(self) -> Iterator[FileResult]:
        self.tell(ADDRESSES)
        jobs, self.stale = self.stale, []
        fresh = dict(self.freshly.addresses(jobs))
        for job in jobs:
            url = fresh.get((job.resource, job.source_id))
            if url is None:
                yield self.settle.not_listed(job)
            else:
                self.ready.append(replace(job, url=url, fresh=True))
