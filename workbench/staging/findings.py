"""What may be odd about a value, and how a reading of it ends."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.state import IssueKind


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity of one record; names a record and a field, never a value.

    `rule` says who noticed (a transform's or a check's name), `outcome` what happens to
    the value.
    """

    kind: IssueKind
    resource: str
    source_id: str
    field: str
    rule: str
    outcome: str


Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Clean:
    """A value that could be read; None is empty. `notes` are oddities on the way."""

    value: Scalar
    notes: tuple[IssueKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that could not be read; the caller keeps the raw text."""

    reason: IssueKind


Reading = Clean | Refused

EMPTY = Clean(None)
