"""Writing down what became of a file, and what was odd about it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from workbench.practicehub.download import Ending, Job, Outcome, too_large
from workbench.practicehub.issues import issue
from workbench.state import FileState, HeldFile, Issue, IssueKind, Store

TOLD_BY_FETCHING = (
    IssueKind.FILE_WITHOUT_ADDRESS,
    IssueKind.FILE_ADDRESS_REFUSED,
    IssueKind.FILE_NOT_TO_BE_HAD,
    IssueKind.FILE_TOO_LARGE,
    IssueKind.FILE_SIZE_DIFFERS,
    IssueKind.FILE_EMPTY,
)
"""What may turn out odd while a file is fetched."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file; size in bytes, of a refused one at least.

    PENDING: its host could not be reached. HELD with a reason: its record changed since, and
    these are the bytes of before.
    """

    resource: str
    source_id: str
    state: FileState
    size: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Settles files one by one; what is as it was written down before costs no write.

    The issue list says of a file only what is so now. Bytes that were held stay held where
    newer ones are not to be had.
    """

    store: Store
    phase: str
    limit: int | None

    def without_address(self, file: HeldFile) -> FileResult:
        """Settle a file whose record gives no address."""
        return self._not_had(
            file.resource, file.source_id, FileState.MISSING, "no address",
            IssueKind.FILE_WITHOUT_ADDRESS,
        )  # fmt: skip

    def too_large(self, file: HeldFile) -> FileResult:
        """Settle a file that is too large by what PracticeHub says, without a request."""
        return self._not_had(
            file.resource, file.source_id, FileState.REFUSED, too_large(self.limit),
            IssueKind.FILE_TOO_LARGE, size=file.declared,
        )  # fmt: skip

    def not_listed(self, job: Job) -> FileResult:
        """Settle a file whose record is not listed any more."""
        return self._not_had(
            job.resource, job.source_id, FileState.MISSING,
            "its address expired and PracticeHub lists no other",
            IssueKind.FILE_NOT_TO_BE_HAD,
        )  # fmt: skip

    def outcome(self, outcome: Outcome) -> FileResult:
        """Settle a file that was asked for.

        Raises:
            StateError: the disk is in trouble; the file stays as it was.
        """
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
                return self._left(job, outcome.reason)
            case _:
                assert_never(outcome.ending)
        return self._not_had(
            job.resource, job.source_id, state, outcome.reason, kind, size=outcome.size
        )

    def _left(self, job: Job, reason: str) -> FileResult:
        """Leave a file as it was: its host was silent, which says nothing about the file."""
        before = self.store.source.file(job.resource, job.source_id)
        state = FileState.PENDING if before is None else before.state
        return FileResult(job.resource, job.source_id, state, None, reason)

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
            self._list(job.resource, job.source_id, found, also=(IssueKind.FILE_MISSING,))
        return FileResult(job.resource, job.source_id, FileState.HELD, size, "")

    def _not_had(
        self,
        resource: str,
        source_id: str,
        state: FileState,
        reason: str,
        kind: IssueKind,
        *,
        size: int | None = None,
    ) -> FileResult:
        before = self.store.source.file(resource, source_id)
        assert before is not None  # noqa: S101 - only files that are noted are settled
        hashes: tuple[str | None, str | None] = (None, None)
        outcome = f"listed as {state.value}"
        if before.sha256 is not None:  # of the record as it was
            state, size, hashes = FileState.HELD, before.size, (before.sha1, before.sha256)
            reason = f"changed in PracticeHub since: {reason}"
            outcome = "the bytes of before the change are held"
        if (before.state, before.size, before.reason) != (state, size, reason):
            with self.store.transaction():
                self.store.source.close_file(
                    resource, source_id, state,
                    size=size, sha1=hashes[0], sha256=hashes[1], reason=reason,
                )  # fmt: skip
                self._list(
                    resource, source_id, [self._issue(resource, source_id, kind, reason, outcome)]
                )
        return FileResult(resource, source_id, state, size, reason)

    def _list(
        self,
        resource: str,
        source_id: str,
        found: Sequence[Issue],
        *,
        also: Sequence[IssueKind] = (),
    ) -> None:
        self.store.staging.replace_issues(resource, source_id, (*TOLD_BY_FETCHING, *also), by=found)

    def _issue(
        self, resource: str, source_id: str, kind: IssueKind, rule: str, outcome: str
    ) -> Issue:
        return issue(kind, resource, source_id=source_id, rule=rule, outcome=outcome,
                     phase=self.phase)  # fmt: skip
