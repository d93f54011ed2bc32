"""Files of records: which there are, and their bytes, each held once under its hash."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TypeVar, assert_never

import httpx

from workbench.errors import SourceUnreachableError
from workbench.practicehub import envelope
from workbench.practicehub.blobs import sweep
from workbench.practicehub.catalogue import RESOURCES, Resource
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.client import Client
from workbench.practicehub.download import Downloads, Ending, Job, Outcome
from workbench.practicehub.envelope import Ask
from workbench.practicehub.issues import issue
from workbench.practicehub.walk import NOT_FOUND, Progress
from workbench.state import FileState, HeldFile, Issue, IssueKind, Record, Store, id_text

_T = TypeVar("_T")

REGISTERED_AT_ONCE = 500
"""Records noted in one transaction."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file; size in bytes. PENDING: its host could not be reached."""

    resource: str
    source_id: str
    state: FileState
    size: int | None
    reason: str


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
    retry_missing: bool = False,
    phase: str = "extract",
    on_progress: Progress | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[FileResult]:
    """Yield every file that is not settled yet, as it settles; each is recorded before.

    First notes the files of all held records, then fetches the pending ones. Signed
    addresses live about a day: one that is refused with 403 is listed again, a hundred at
    a time, and tried once more. A file that is held costs nothing, ever.

    Args:
        client: lists records again where an address is stale; it sends the key, the
            downloads do not.
        store: the run's state; written by the calling thread only.
        folder: the run folder; bytes go to `files/<aa>/<sha256>`.
        hosts: where file addresses may point to, with everything below.
        allow_loopback: True in the sandbox only: addresses on this machine, without TLS.
        parallel: downloads at a time; they do not count against the account's pace.
        limit: fetch at most this many now; None: all.
        max_bytes: larger files are refused and listed; None: no limit.
        retry_missing: look once more for files that could not be had.
        phase: the phase that reads, for the issues.
        on_progress: told files settled, files to settle, and what is waited for.
        transport: in place of the network, for tests.

    Raises:
        SourceUnreachableError: at the end, where files are left because their host did
            not answer; they stay pending.
        StorageFullError: the disk is full; files fetched before are kept.

    Source:
        Files behind signed addresses on Amazon S3, refused with 403 after about a day:
        seen on a live account.
    """
    sweep(folder / "files")
    register_files(store, phase=phase)
    if retry_missing:
        for file in store.source.files(FileState.MISSING):
            store.source.close_file(file.resource, file.source_id, FileState.PENDING)
    pending = store.source.files(FileState.PENDING)
    pending = pending if limit is None else pending[:limit]
    if not pending:
        return
    settle = _Settle(store, phase)
    unreachable = done = 0
    with Downloads(
        folder, hosts=hosts, allow_loopback=allow_loopback, parallel=parallel,
        max_bytes=max_bytes, transport=transport,
    ) as downloads:  # fmt: skip
        for result in _settled(client, store, pending, downloads, settle, parallel=parallel):
            done += 1
            unreachable += result.state is FileState.PENDING
            if on_progress is not None:
                on_progress(done, len(pending), "the file host" if done < len(pending) else "")
            yield result
    if unreachable:
        what = f"{unreachable} of {len(pending)} files could not be fetched: no answer."
        raise SourceUnreachableError(what, safe="Every file fetched is kept.")


def _settled(
    client: Client,
    store: Store,
    pending: Sequence[HeldFile],
    downloads: Downloads,
    settle: _Settle,
    *,
    parallel: int,
) -> Iterator[FileResult]:
    """Keep the threads busy; list stale addresses again when there are enough or no others."""
    waiting, stale, ready, flying = deque(pending), list[Job](), deque[Job](), 0
    while waiting or ready or stale or flying:
        while flying < 2 * parallel and (ready or waiting):
            if ready:
                downloads.give(ready.popleft())
                flying += 1
                continue
            file = waiting.popleft()
            job = _job(store, file)
            if job is None:
                yield settle.without_address(file)
                continue
            downloads.give(job)
            flying += 1
        if flying:
            outcome = downloads.take()
            flying -= 1
            if outcome.ending is Ending.EXPIRED and not outcome.job.fresh:
                stale.append(outcome.job)
            else:
                yield settle.outcome(outcome)
        if stale and (len(stale) >= client.page_size or not (waiting or ready or flying)):
            fresh = dict(_listed_again(client, stale))
            for job in stale:
                url = fresh.get((job.resource, job.source_id))
                if url is None:
                    yield settle.not_listed(job)
                else:
                    ready.append(replace(job, url=url, fresh=True))
            stale = []


def register_files(store: Store, *, phase: str = "extract") -> None:
    """Note the file of every record held that has one, and what is odd about its name.

    Files noted before keep their state.
    """
    for known in RESOURCES:
        if known.file is None:
            continue
        for batch in _batches(
            _with_file(known, store.source.records(known.name)), REGISTERED_AT_ONCE
        ):
            with store.transaction():
                found: list[Issue] = []
                for record in batch:
                    store.source.add_file(
                        known.name,
                        record.source_id,
                        patient_id=record.patient_id,
                        declared=declared_size(known, record.data),
                    )
                    found.extend(_oddities(known, record, phase))
                store.staging.add_issues(found)


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def _with_file(known: Resource, records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        if known.file is not None and (known.file.always or file_url(known, record.data)):
            yield record


def file_url(known: Resource, row: Mapping[str, object]) -> str | None:
    """Give a row's signed address, or None. It is a secret: fetch with it, nothing else."""
    found = _first(row, known.file.url if known.file else ())
    return found if isinstance(found, str) and found.strip() else None


def file_name(known: Resource, row: Mapping[str, object]) -> str | None:
    """Give the file's name as PracticeHub has it, unchanged, or None. Never use it as a path."""
    found = _first(row, known.file.name if known.file else ())
    return found if isinstance(found, str) and found.strip() else None


def file_mime(known: Resource, row: Mapping[str, object]) -> str | None:
    """Give the file's media type as PracticeHub has it, or None."""
    found = _first(row, known.file.mime if known.file else ())
    return found if isinstance(found, str) and found.strip() else None


def declared_size(known: Resource, row: Mapping[str, object]) -> int | None:
    """Give the file's size in bytes as PracticeHub has it, or None."""
    found = _first(row, known.file.size if known.file else ())
    if isinstance(found, bool):
        return None
    if isinstance(found, str):
        return int(found) if found.strip().isdecimal() else None
    # JSON may say Infinity, and that is no number of bytes
    return int(found) if isinstance(found, int | float) and 0 <= found < math.inf else None


def _first(row: Mapping[str, object], fields: Sequence[str]) -> object:
    found = (row.get(name) for name in fields)
    return next((value for value in found if value is not None and value != ""), None)


def _oddities(known: Resource, record: Record, phase: str) -> Iterator[Issue]:
    name = file_name(known, record.data)
    field = known.file.name[0] if known.file else ""
    found: list[tuple[IssueKind, str, str, str]] = []
    if name is None:
        found.append((IssueKind.FILE_WITHOUT_NAME, field, "the file has no name",
                      "kept; it is named after its id"))  # fmt: skip
    elif unsafe_name(name):
        found.append((IssueKind.FILE_NAME_UNSAFE, field, "the name reads as a path",
                      "kept under its hash; the name is never used as a path"))  # fmt: skip
    if record.patient_id is None:
        found.append((IssueKind.FILE_OF_NO_PATIENT, "patient_id", "the file names no patient",
                      "kept; it cannot be put on a patient"))  # fmt: skip
    for kind, where, rule, outcome in found:
        yield issue(kind, known.name, source_id=record.source_id, field=where, rule=rule,
                    outcome=outcome, phase=phase)  # fmt: skip


def unsafe_name(name: str) -> bool:
    """Say whether a name would lead somewhere else if it were taken for a path."""
    return (
        PurePosixPath(name).name != name
        or PureWindowsPath(name).name != name
        or name in {".", ".."}
        or any(ord(letter) < ord(" ") for letter in name)
    )


def _job(store: Store, file: HeldFile) -> Job | None:
    record = store.source.record(file.resource, file.source_id)
    url = file_url(resource_named(file.resource), record.data) if record else None
    return None if url is None else Job(file.resource, file.source_id, url, file.declared)


def _listed_again(client: Client, stale: Sequence[Job]) -> Iterator[tuple[tuple[str, str], str]]:
    """Ask for fresh addresses: many records in one request, one by one where that fails."""
    for name in {job.resource: None for job in stale}:
        known = resource_named(name)
        ids = [job.source_id for job in stale if job.resource == name]
        found: dict[str, str] = {}
        for batch in _batches(ids, client.page_size):
            if len(batch) > 1:
                found |= _asked_again(client, known, f"in:{','.join(batch)}", set(batch))
            for one in batch:
                if one not in found:
                    found |= _asked_again(client, known, f"eq:{one}", {one})
        for source_id, url in found.items():
            yield (name, source_id), url


def _asked_again(client: Client, known: Resource, where: str, wanted: set[str]) -> dict[str, str]:
    """Give fresh addresses by id; rows that were not asked for are not looked at."""
    ask = Ask.first(known.path, page_size=client.page_size, where={"id": where})
    answer = client.get(known.path, ask.query, accept={NOT_FOUND})
    if answer.status == NOT_FOUND:  # no such record, on some accounts
        return {}
    found: dict[str, str] = {}
    for row in envelope.parse(answer.data, resource=known.name).rows:
        source_id = id_text(row.get("id")) if isinstance(row, dict) else None
        if isinstance(row, dict) and source_id is not None and source_id in wanted:
            url = file_url(known, row)
            if url is not None:
                found[source_id] = url
    return found


@dataclass(frozen=True, slots=True)
class _Settle:
    """Records what became of a file, and what was odd about it, in one transaction."""

    store: Store
    phase: str

    def without_address(self, file: HeldFile) -> FileResult:
        return self._close(
            file.resource, file.source_id, FileState.MISSING, "no address",
            IssueKind.FILE_WITHOUT_ADDRESS,
        )  # fmt: skip

    def not_listed(self, job: Job) -> FileResult:
        return self._close(
            job.resource, job.source_id, FileState.MISSING,
            "its address expired and PracticeHub lists no other",
            IssueKind.FILE_NOT_TO_BE_HAD,
        )  # fmt: skip

    def outcome(self, outcome: Outcome) -> FileResult:
        job = outcome.job
        match outcome.ending:
            case Ending.HELD:
                return self._held(outcome)
            case Ending.EXPIRED | Ending.MISSING:
                state, kind = FileState.MISSING, IssueKind.FILE_NOT_TO_BE_HAD
            case Ending.REFUSED:
                state, kind = FileState.REFUSED, IssueKind.FILE_ADDRESS_REFUSED
            case Ending.TOO_LARGE:
                state, kind = FileState.REFUSED, IssueKind.FILE_TOO_LARGE
            case Ending.UNREACHABLE | Ending.BROKEN_OFF:
                if outcome.error is not None:
                    raise outcome.error
                return FileResult(
                    job.resource, job.source_id, FileState.PENDING, None, outcome.reason
                )  # fmt: skip
            case _:
                assert_never(outcome.ending)
        return self._close(job.resource, job.source_id, state, outcome.reason, kind)

    def _held(self, outcome: Outcome) -> FileResult:
        job, size = outcome.job, outcome.size
        found: list[Issue] = []
        if size == 0:
            found.append(self._issue(job.resource, job.source_id, IssueKind.FILE_EMPTY,
                                     "the file has 0 bytes", "held as it is"))  # fmt: skip
        if job.declared is not None and job.declared != size:
            found.append(self._issue(
                job.resource, job.source_id, IssueKind.FILE_SIZE_DIFFERS,
                f"{job.declared} bytes declared, {size} received", "held as received",
            ))  # fmt: skip
        with self.store.transaction():
            self.store.source.close_file(
                job.resource, job.source_id, FileState.HELD,
                size=size, sha1=outcome.sha1, sha256=outcome.sha256,
            )  # fmt: skip
            self.store.staging.add_issues(found)
        return FileResult(job.resource, job.source_id, FileState.HELD, size, "")

    def _close(
        self, resource: str, source_id: str, state: FileState, reason: str, kind: IssueKind
    ) -> FileResult:
        with self.store.transaction():
            self.store.source.close_file(resource, source_id, state, reason=reason)
            self.store.staging.add_issues(
                [self._issue(resource, source_id, kind, reason, f"listed as {state.value}")]
            )
        return FileResult(resource, source_id, state, None, reason)

    def _issue(
        self, resource: str, source_id: str, kind: IssueKind, rule: str, outcome: str
    ) -> Issue:
        return issue(kind, resource, source_id=source_id, rule=rule, outcome=outcome,
                     phase=self.phase)  # fmt: skip
