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
from workbench.proof.folder import check_folder
from workbench.proof.seal import check_seal, check_signature
from workbench.proof.told import Told, replay
from workbench.state import Store

PHASES = (
    "connect", "audit", "map", "prepare", "extract", "sample", "migrate", "delta", "reconcile",
    "rollback",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks in the order they were made; `notes` are facts that no check fails for."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return all(check.ok for check in self.checks)

    @property
    def first_bad(self) -> Check | None:
        """Give the first check that did not hold, or None."""
        return next((check for check in self.checks if not check.ok), None)

    def lines(self) -> list[str]:
        """Give a line per check: a sign, what was looked at, and what was found; then notes."""
        signs = [f"{'✓' if c.ok else '✗'} {c.name.value}: {c.detail}" for c in self.checks]
        return [*signs, *(f"· {note}" for note in self.notes)]

    def demand(self) -> None:
        """Go on only if every check held.

        Raises:
            EvidenceError: names the first bad thing (exit code 5).
        """
        bad = self.first_bad
        if bad is not None:
            what = f"The evidence does not verify. First bad thing: {bad.name.value}: {bad.detail}."
            raise EvidenceError(what)


def verify(
    run_folder: Path, *, head: str | None = None, signer: Path | None = None
) -> Verification:
    """Check a run folder's evidence and count P1 anew from its raw pages.

    The folder is only read, so a copy on a read-only disk will do; the state file is
    opened as a private copy. Whatever cannot be read is a failed check. A run that is not
    sealed yet is checked as far as it goes.

    Args:
        run_folder: the folder, or a copy of it.
        head: a ledger head noted earlier (the sign-off report prints one), or how it begins;
            it must be in the chain. Without it, a folder that was replaced as a whole by an
            older copy of itself cannot be told from the newest one.
        signer: who must have signed the seal: a public key or a file of allowed signers.

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
            return _Checks(run_folder, store, place=Path(place), head=head, signer=signer).made()
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


class _Checks:
    """One look at one folder."""

    def __init__(
        self, folder: Path, store: Store, *, place: Path, head: str | None, signer: Path | None
    ) -> None:
        self._folder, self._store, self._head, self._signer = folder, store, head, signer
        self._raw = evidence.RawPages(folder, store, scratch=place / "raw.sqlite")
        self._told = Told()
        self._notes: list[str] = []

    def made(self) -> Verification:
        """Make all checks, each whatever the others found."""
        checks = [run_check(CheckName.STATE, self._state)]
        if checks[0].ok:
            checks += [
                run_check(CheckName.LEDGER, self._chain),
                # a broken chain still tells something: what else it disagrees with shows how far
                run_check(CheckName.LEDGER, self._retold),
            ]
            if not checks[-1].ok:
                return Verification(tuple(checks))
            del checks[-1]
            checks += [run_check(name, look) for name, look in self._looks()]
        return Verification(tuple(checks), tuple(self._notes))

    def _looks(self) -> list[tuple[CheckName, Callable[[], str]]]:
        folder, store, told = self._folder, self._store, self._told
        return [
            (CheckName.SEAL, lambda: check_seal(folder, told)),
            (CheckName.SIGNATURE, lambda: check_signature(folder, told, signer=self._signer)),
            (CheckName.PHASES, lambda: ledger.check_phases(store, told, PHASES)),
            (CheckName.DECISIONS, lambda: ledger.check_decisions(store, told)),
            (CheckName.DOCUMENTS, lambda: ledger.check_documents(store, told)),
            (CheckName.OPERATIONS, lambda: ledger.check_operations(store, told)),
            (CheckName.PAGES, lambda: self._raw.check_pages(told)),
            (CheckName.RECORDS, lambda: self._raw.check_records(told)),
            (CheckName.FILES, lambda: evidence.check_files(folder, store, told)),
            (CheckName.ARTEFACTS, lambda: evidence.check_artefacts(folder, store, told)),
            (CheckName.FOLDER, lambda: check_folder(folder, told, self._notes)),
            (CheckName.OUTCOMES, self._outcomes),
            (CheckName.COMPARISONS, lambda: ledger.check_comparisons(store, told)),
            (CheckName.ISSUES, lambda: ledger.check_issues(store, told)),
            (CheckName.TABLES, lambda: ledger.check_tables(store, told)),
        ]

    def _state(self) -> str:
        faults = self._store.audit.faults_of_the_file()
        if faults:
            raise BadError(faults[0])
        try:
            count = sum(1 for _ in self._store.ledger.entries())
            misspelt = next(self._store.audit.misspelt_entries(), None)
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            what = f"the ledger cannot be read ({type(error).__name__})"
            raise BadError(what) from None
        if misspelt is not None:
            what = f"entry {misspelt} of the ledger is not spelled as it is written"
            raise BadError(what)
        return f"whole and readable, {count} ledger entries"

    def _chain(self) -> str:
        return ledger.check_chain(self._store.ledger.entries(), head=self._head)

    def _retold(self) -> str:
        self._told = replay(self._store.ledger.entries())
        if self._told.back:
            times, first = len(self._told.back), self._told.back[0]
            self._notes.append(f"the clock went back {times} time(s), first at entry {first}")
        return ""

    def _outcomes(self) -> str:
        return evidence.check_outcomes(self._store, self._told, final=self._told.is_finished)
