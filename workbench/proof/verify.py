"""P4: is the evidence in a run folder what it was? Offline, without credentials, read only."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import EvidenceError, RunFolderError, StateError
from workbench.proof import evidence, ledger
from workbench.proof.checks import BadError, Check, CheckName, run_check
from workbench.proof.seal import check_seal
from workbench.proof.told import Told, replay
from workbench.state import Entry, Status, Store

PHASES = (
    "connect", "audit", "map", "prepare", "extract", "sample", "migrate", "delta", "reconcile",
    "rollback",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks in the order they were made."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return all(check.ok for check in self.checks)

    @property
    def first_bad(self) -> Check | None:
        """Give the first check that did not hold, or None."""
        return next((check for check in self.checks if not check.ok), None)

    def lines(self) -> list[str]:
        """Give a line per check: a sign, what was looked at, and what was found."""
        return [f"{'✓' if c.ok else '✗'} {c.name.value}: {c.detail}" for c in self.checks]

    def demand(self) -> None:
        """Go on only if every check held.

        Raises:
            EvidenceError: names the first bad thing (exit code 5).
        """
        bad = self.first_bad
        if bad is not None:
            what = f"The evidence does not verify. First bad thing: {bad.name.value}: {bad.detail}."
            raise EvidenceError(what)


def verify(run_folder: Path, *, head: str | None = None) -> Verification:
    """Check a run folder's evidence and count P1 anew from its raw pages.

    The folder is only read, so a copy on a read-only disk will do; the state file is
    opened as a private copy. Whatever cannot be read is a failed check. A run that is not
    sealed yet is checked as far as it goes.

    Args:
        run_folder: the folder, or a copy of it.
        head: a ledger head noted earlier (the sign-off report prints one), in full; it
            must be in the chain. Without it, a folder that was replaced as a whole by an
            older copy of itself cannot be told from the newest one.

    Raises:
        RunFolderError: there is no state file, so this is not a run folder.
    """
    if not (run_folder / "state.sqlite").is_file():
        what = f"{run_folder} is not a run folder."
        raise RunFolderError(what)
    with tempfile.TemporaryDirectory(prefix="workbench-verify-") as place:
        try:
            store = _copy(run_folder, Path(place))
        except (OSError, StateError) as error:
            detail = error.what if isinstance(error, StateError) else type(error).__name__
            return Verification((Check(CheckName.STATE, ok=False, detail=detail),))
        try:
            return Verification(tuple(_checks(run_folder, store, head=head)))
        finally:
            store.close()


def _copy(run_folder: Path, place: Path) -> Store:
    for name in ("state.sqlite", "state.sqlite-wal"):
        if (run_folder / name).exists():
            shutil.copyfile(run_folder / name, place / name)
            (place / name).chmod(0o600)
    if (place / "state.sqlite").stat().st_size == 0:
        what = "state.sqlite is empty."
        raise StateError(what)
    return Store(place / "state.sqlite")


def _checks(folder: Path, store: Store, *, head: str | None) -> list[Check]:
    entries: list[Entry] = []
    checks = [run_check(CheckName.STATE, lambda: _read(store, entries))]
    if not checks[0].ok:
        return checks
    checks.append(run_check(CheckName.LEDGER, lambda: ledger.check_chain(entries, head=head)))
    told = Told()

    def tell() -> str:
        nonlocal told
        told = replay(entries)
        return ""

    retold = run_check(CheckName.LEDGER, tell)
    if not retold.ok:
        return [*checks, retold]
    # a broken chain still tells something: what else it disagrees with shows how far it went
    looks: list[tuple[CheckName, Callable[[], str]]] = [
        (CheckName.SEAL, lambda: check_seal(folder, store, told, entries=entries)),
        (CheckName.PHASES, lambda: ledger.check_phases(store, told, PHASES)),
        (CheckName.DECISIONS, lambda: ledger.check_decisions(store, told)),
        (CheckName.DOCUMENTS, lambda: ledger.check_documents(store, told)),
        (CheckName.OPERATIONS, lambda: ledger.check_operations(store, told)),
        (CheckName.PAGES, lambda: evidence.check_pages(folder, store, told)),
        (CheckName.RECORDS, lambda: evidence.check_records(folder, store, told)),
        (CheckName.FILES, lambda: evidence.check_files(folder, store, told)),
        (CheckName.ARTEFACTS, lambda: evidence.check_artefacts(folder, store, told)),
        (CheckName.OUTCOMES, lambda: _outcomes(store, told)),
        (CheckName.COMPARISONS, lambda: ledger.check_comparisons(store, told)),
        (CheckName.ISSUES, lambda: ledger.check_issues(store, told)),
    ]
    return [*checks, *(run_check(name, look) for name, look in looks)]


def _read(store: Store, entries: list[Entry]) -> str:
    try:
        entries.extend(store.ledger.entries())
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        what = f"the ledger cannot be read ({type(error).__name__})"
        raise BadError(what) from None
    return f"readable, {len(entries)} ledger entries"


def _outcomes(store: Store, told: Told) -> str:
    finished = store.journey.phase("reconcile").status is Status.DONE or bool(told.seals)
    return evidence.check_outcomes(store, told, final=finished)
