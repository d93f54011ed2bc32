"""What a record tells of its file, noted: whose it is, its name and size, what is odd."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import PurePosixPath, PureWindowsPath
from typing import TypeVar

from workbench.practicehub.catalogue import RESOURCES, Resource
from workbench.practicehub.issues import issue
from workbench.state import Issue, IssueKind, Record, Store

_T = TypeVar("_T")

REGISTERED_AT_ONCE = 500
"""Records noted in one transaction."""

MOST_BYTES = (1 << 63) - 1
"""The largest size that the state can hold; a larger one is no size."""

TOLD_BY_RECORD = (
    IssueKind.FILE_WITHOUT_NAME,
    IssueKind.FILE_NAME_UNSAFE,
    IssueKind.FILE_NAME_REPEATED,
    IssueKind.FILE_OF_NO_PATIENT,
    IssueKind.FILE_OF_ANOTHER_KIND,
    IssueKind.FILE_SIZE_UNREADABLE,
)
"""What is odd about a file before a byte of it was fetched."""

_PATIENT = "patient"
_TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They make a name read other than it is written: "gpj.exe" as "exe.jpg"."""


def register_files(store: Store, *, phase: str = "extract") -> None:
    """Note the file of every record held that has one, and what is odd about it.

    A file noted before keeps its state unless its record changed since: then it is to be
    fetched anew. What did not change costs no write.
    """
    for known in RESOURCES:
        if known.file is None:
            continue
        coming = batches(_with_file(known, store), REGISTERED_AT_ONCE)
        batch = next(coming, None)
        while batch is not None:
            following = next(coming, None)
            with store.transaction():
                _note(known, store, batch, phase)
                if following is None:  # with the last of the news, or a kill would part them
                    _list_repeated_names(known, store, phase)
            batch = following


def _note(known: Resource, store: Store, batch: Sequence[Record], phase: str) -> None:
    fresh: list[Issue] = []
    for record in batch:
        known_before = store.source.file(known.name, record.source_id) is not None
        store.source.add_file(
            known.name,
            record.source_id,
            patient_id=record.patient_id,
            declared=declared_size(known, record.data),
            record=record.sha256,
        )
        found = _oddities(known, record, phase)
        if known_before:
            store.staging.replace_issues(known.name, record.source_id, TOLD_BY_RECORD, by=found)
        else:
            fresh.extend(found)
    store.staging.add_issues(fresh)


def _with_file(known: Resource, store: Store) -> Iterator[Record]:
    """Give the records that carry a file, or carried one when they were looked at last."""
    for record in store.source.records_to_note(known.name):
        if (
            (known.file is not None and known.file.always)
            or file_url(known, record.data)
            or store.source.file(known.name, record.source_id) is not None
        ):
            yield record


def _list_repeated_names(known: Resource, store: Store, phase: str) -> None:
    names = known.file.name if known.file else ()
    repeated = store.source.files_of_one_name(known.name, names)
    unique = {
        one.source_id
        for one in store.staging.issues(kind=IssueKind.FILE_NAME_REPEATED, resource=known.name)
    }.difference(repeated)
    for source_id in unique:
        store.staging.replace_issues(known.name, source_id, (IssueKind.FILE_NAME_REPEATED,), by=())
    store.staging.add_issues(
        issue(IssueKind.FILE_NAME_REPEATED, known.name, source_id=source_id, field=names[0],
              rule="the patient has another file of the same name",
              outcome="both are kept, each under its own id", phase=phase)
        for source_id in repeated
    )  # fmt: skip


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Cut a stream into lists of at most `size`."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


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
    """Give the file's size in bytes as PracticeHub has it, 0 to 2**63-1, or None."""
    found = _first(row, known.file.size if known.file else ())
    if isinstance(found, bool):
        return None
    if isinstance(found, str):
        digits = found.strip()
        # Python refuses to read thousands of digits as a number
        if not digits.isdecimal() or len(digits) > len(str(MOST_BYTES)):
            return None
        found = int(digits)
    # what is below zero is no number of bytes
    if not isinstance(found, int | float) or not 0 <= found < math.inf:
        return None
    return int(found) if int(found) <= MOST_BYTES else None


def _first(row: Mapping[str, object], fields: Sequence[str]) -> object:
    found = (row.get(name) for name in fields)
    return next((value for value in found if value is not None and value != ""), None)


def _oddities(known: Resource, record: Record, phase: str) -> list[Issue]:
    fields, row = known.file, record.data
    assert fields is not None  # noqa: S101 - only records that carry files come here
    name = file_name(known, row)
    found: list[tuple[IssueKind, str, str, str]] = []
    if name is None:
        found.append((IssueKind.FILE_WITHOUT_NAME, fields.name[0], "the file has no name",
                      "kept; it is named after its id"))  # fmt: skip
    elif unsafe_name(name):
        found.append((IssueKind.FILE_NAME_UNSAFE, fields.name[0],
                      "the name reads as a path, or holds characters that cannot be seen",
                      "kept under its hash; the name is never used as a path"))  # fmt: skip
    if _of_another_kind(row.get(fields.entity)):
        also = "it names a patient too" if record.patient_id else "it names no patient"
        found.append((IssueKind.FILE_OF_ANOTHER_KIND, fields.entity,
                      f"the file hangs on something other than a patient; {also}",
                      "kept in the run folder; it is not put on a patient"))  # fmt: skip
    elif record.patient_id is None:
        found.append((IssueKind.FILE_OF_NO_PATIENT, "patient_id", "the file names no patient",
                      "kept; it cannot be put on a patient"))  # fmt: skip
    if _first(row, fields.size) is not None and declared_size(known, row) is None:
        found.append((IssueKind.FILE_SIZE_UNREADABLE, fields.size[0],
                      "the declared size is no number of bytes",
                      "fetched as if no size were declared"))  # fmt: skip
    return [
        issue(kind, known.name, source_id=record.source_id, field=where, rule=rule,
              outcome=outcome, phase=phase)
        for kind, where, rule, outcome in found
    ]  # fmt: skip


def _of_another_kind(entity: object) -> bool:
    """Say whether a file hangs on something else; nothing at all means a patient."""
    if entity is None or entity == "":
        return False
    return not isinstance(entity, str) or " ".join(entity.split()) not in {_PATIENT, ""}


def unsafe_name(name: str) -> bool:
    """Say whether a name would lead somewhere else, or read as another, if it were trusted."""
    return (
        PurePosixPath(name).name != name
        or PureWindowsPath(name).name != name
        or name in {".", ".."}
        or any(
            letter in _TURNS_TEXT or unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
            for letter in name
        )
    )
