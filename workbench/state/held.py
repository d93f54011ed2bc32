"""What is held of PracticeHub, as rows of the state: walks, pages, records, files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class WalkState(StrEnum):
    """Where a walk over one resource stands; absent: the account does not have it."""

    WALKING = "walking"
    DONE = "done"
    ABSENT = "absent"


class PageKind(StrEnum):
    """How a page came to be asked for: in its turn, a second time, or by a window of ids."""

    PAGE = "page"
    AGAIN = "again"
    WINDOW = "window"


class FileState(StrEnum):
    """Where a file stands: asked for, on disk, not to be had, or not wanted."""

    PENDING = "pending"
    HELD = "held"
    MISSING = "missing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Walk:
    """One pass over a resource.

    `rows`: those of the list, repeats included; a second look of ours adds only what no page
    had shown. `next`: the request to come, `updated_at`: the last answer, `distinct`: how many
    records the pass met so far, `checked`: what comparing it with the reported total found
    out, or where that stands. `started`: when the pass began (UTC). `since`: the time of change
    from which on it asked for records, as PracticeHub writes it; "" where it read the whole list.
    """

    resource: str
    generation: int
    state: WalkState
    next: str | None
    pages: int
    rows: int
    reported: int | None
    note: str
    updated_at: str
    distinct: int
    checked: Mapping[str, Any]
    started: str
    since: str

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """Read a row of the table."""
        values = (*row[3:10], json.loads(row[10]), *row[11:])
        return cls(row[0], row[1], WalkState(row[2]), *values)


@dataclass(frozen=True, slots=True)
class RecordIn:
    """One row of a page, as it arrived. `raw` is its JSON text."""

    source_id: str
    patient_id: str | None
    sha256: str
    raw: str


@dataclass(frozen=True, slots=True)
class PageIn:
    """One answered page and the cursor behind it.

    `request` and `next` are path and query, without scheme, host or key. `seconds` is
    the time PracticeHub took to answer, `reported` the total it told. A page's kind says
    how it came to be asked for. `under_way`: more is to be asked for, though no page follows.
    """

    resource: str
    generation: int
    number: int
    request: str
    sha256: str
    size: int
    seconds: float
    reported: int | None
    next: str | None
    records: Sequence[RecordIn]
    kind: PageKind = PageKind.PAGE
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record held; `rows` counts how often PracticeHub's list has it."""

    resource: str
    source_id: str
    generation: int
    page_id: int
    position: int
    patient_id: str | None
    sha256: str
    rows: int
    gone: bool
    data: dict[str, object]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """Read a row of the table."""
        return cls(*(*row[:8], bool(row[8]), json.loads(row[9])))


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A stored page: where its body lies (by hash) and what it was the answer to."""

    id: int
    resource: str
    generation: int
    number: int
    request: str
    sha256: str
    size: int
    rows: int
    reported: int | None
    kind: PageKind

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """Read a row of the table."""
        return cls(*(*row[:9], PageKind(row[9])))


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of a record: declared and real size in bytes, and where its bytes lie.

    `record` is the hash of the record that told of it.
    """

    resource: str
    source_id: str
    state: FileState
    patient_id: str | None
    declared: int | None
    size: int | None
    sha1: str | None
    sha256: str | None
    reason: str
    record: str = ""

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """Read a row of the table."""
        return cls(row[0], row[1], FileState(row[2]), *row[3:])


@dataclass(frozen=True, slots=True)
class Volume:
    """How much of one resource is held."""

    resource: str
    reported: int | None
    rows: int
    distinct: int
    state: WalkState
