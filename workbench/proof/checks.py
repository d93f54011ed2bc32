"""The shape of a check: what was looked at, whether it held, and the first thing that did not."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from workbench.errors import WorkbenchError


class CheckName(StrEnum):
    """What `verify` looks at, in this order."""

    STATE = "state file"
    LEDGER = "ledger"
    SEAL = "seal"
    SIGNATURE = "signature"
    PHASES = "phases"
    DECISIONS = "decisions"
    DOCUMENTS = "documents"
    OPERATIONS = "operations"
    PAGES = "pages"
    RECORDS = "records"
    FILES = "files"
    ARTEFACTS = "artefacts"
    FOLDER = "folder"
    OUTCOMES = "outcomes"
    COMPARISONS = "comparisons"
    ISSUES = "issues"
    TABLES = "tables"


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `detail` says what was found, and names the first bad thing if it failed."""

    name: CheckName
    ok: bool
    detail: str


class BadError(Exception):
    """Ends a check: names the first bad thing. Never leaves this room."""


def run_check(name: CheckName, look: Callable[[], str]) -> Check:
    """Run one check; what cannot be read is a failed check, not a traceback.

    Args:
        name: which check.
        look: returns what was found, or raises BadError with the first bad thing.
    """
    try:
        return Check(name, ok=True, detail=look())
    except BadError as bad:
        return Check(name, ok=False, detail=str(bad))
    except WorkbenchError as error:
        return Check(name, ok=False, detail=error.what)
    except (
        sqlite3.DatabaseError, OSError, zlib.error, ValueError, TypeError, KeyError, IndexError,
        AttributeError, OverflowError, RecursionError,
    ) as error:  # fmt: skip
        # anything a tampered file can provoke; the error's text may hold a value, its kind not
        return Check(name, ok=False, detail=f"cannot be read ({type(error).__name__})")


def some(found: list[str], *, of: str) -> str:
    """Say the first of several bad things and how many there are."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{of}{found[0]}{more}"
