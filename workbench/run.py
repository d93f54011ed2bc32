"""One migration: a folder, a configuration and a state file; the first line of every notebook."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import kernel, masking, show
from workbench.config import Config, load_config, secret
from workbench.errors import BusyError, RunFolderError, StateError, StorageFullError, of_system
from workbench.private import clear_partial, write_private
from workbench.progress import Progress
from workbench.state import Store, digest, sha256

if TYPE_CHECKING:  # phases import the rooms, which a cold `workbench status` does not need
    from workbench.odoo import Lookups, Odoo
    from workbench.phases.audit import Audit
    from workbench.phases.connect import Connect
    from workbench.phases.delta import Delta
    from workbench.phases.extract import Extract
    from workbench.phases.map import Map
    from workbench.phases.migrate import Migrate
    from workbench.phases.prepare import Prepare
    from workbench.phases.reconcile import Reconcile
    from workbench.phases.rollback import Rollback
    from workbench.phases.sample import Sample
    from workbench.practicehub import Client

RUN_VARIABLE = "WORKBENCH_RUN"
HEADLESS_VARIABLE = "WORKBENCH_HEADLESS"
HELD_VARIABLE = "WORKBENCH_RUN_HELD"
DATABASE_UUID = "database_uuid"
"""Under which name the run keeps what tells its Odoo database from another of that name."""
_FOLDERS = ("pages", "files", "notebooks", "reports")


class Run:
    """A run folder, opened. Everything that lasts is in its `store`."""

    def __init__(self, folder: Path, config: Config, store: Store, *, phase: str | None) -> None:
        self.folder, self.config, self.store, self.phase = folder, config, store, phase
        self.name = folder.name
        self.headless = os.environ.get(HEADLESS_VARIABLE) == "1"
        self._depth = 0

    # opening -----------------------------------------------------------------------------

    @classmethod
    def create(cls, config_file: Path, folder: Path) -> Run:
        """Make a run folder for a configuration, or go on with the one that is there.

        The folder is bound to one PracticeHub account and one Odoo database. A changed
        configuration of the same two replaces the copy in the folder.

        Raises:
            ConfigError: the configuration has faults.
            RunFolderError: the folder was made for another account or database, holds
                something that is not a run, or cannot be made.
            BusyError: another process is working in the folder.
        """
        config = load_config(config_file)
        folder = folder.expanduser().resolve()
        old_mask = os.umask(0o077)
        try:
            _make_folders(folder)
            # under the lock: a configuration is not changed under the feet of a run
            with _locked(folder / "run.lock", patience=0.0):
                store = _open_store(folder, config)
                _keep_config(store, config, config_file, folder)
        finally:
            os.umask(old_mask)
        return cls(folder, config, store, phase=None)

    @classmethod
    def open(cls, run_dir: str | Path = "", *, phase: str | None = None) -> Run:
        """Open a run folder; an empty name means the run this JupyterLab was opened with.

        Args:
            run_dir: the folder, as text or path.
            phase: the phase whose notebook is opening it; its gate is checked.

        Raises:
            RunFolderError: no folder was named, or it is not a run folder.
            ConfigError: the copy of the configuration in it has faults.
            StateError: its state file cannot be read.
            GateError: the phase may not start yet.
            BusyError: another process is working in the folder.
        """
        named = str(run_dir) or os.environ.get(RUN_VARIABLE, "")
        if not named:
            what = "No run folder is named."
            raise RunFolderError(
                what, do="Put the folder's path into run_dir, or open it with `workbench lab DIR`."
            )
        folder = Path(named).expanduser().resolve()
        if not (folder / "state.sqlite").is_file() or not (folder / "migration.toml").is_file():
            what = f"{folder} is not a run folder."
            raise RunFolderError(what)
        config = load_config(folder / "migration.toml")
        store = _open_store(folder, config)
        run = cls(folder, config, store, phase=phase)
        if run.headless:
            run._hold_for_life()
        kernel.install_here()
        if phase is not None:
            from workbench.phases import gates

            gates.check(run, phase)
        return run

    # the phases' verbs ---------------------------------------------------------------------

    @cached_property
    def connect(self) -> Connect:
        """The verbs of 01_connect."""
        from workbench.phases.connect import Connect

        return Connect(self)

    @cached_property
    def audit(self) -> Audit:
        """The verbs of 02_audit."""
        from workbench.phases.audit import Audit

        return Audit(self)

    @cached_property
    def map(self) -> Map:
        """The verbs of 03_map."""
        from workbench.phases.map import Map

        return Map(self)

    @cached_property
    def prepare(self) -> Prepare:
        """The verbs of 04_prepare."""
        from workbench.phases.prepare import Prepare

        return Prepare(self)

    @cached_property
    def extract(self) -> Extract:
        """The verbs of 05_extract."""
        from workbench.phases.extract import Extract

        return Extract(self)

    @cached_property
    def sample(self) -> Sample:
        """The verbs of 06_sample."""
        from workbench.phases.sample import Sample

        return Sample(self)

    @cached_property
    def migrate(self) -> Migrate:
        """The verbs of 07_migrate."""
        from workbench.phases.migrate import Migrate

        return Migrate(self)

    @cached_property
    def delta(self) -> Delta:
        """The verbs of 08_delta."""
        from workbench.phases.delta import Delta

        return Delta(self)

    @cached_property
    def reconcile(self) -> Reconcile:
        """The verbs of 09_reconcile."""
        from workbench.phases.reconcile import Reconcile

        return Reconcile(self)

    @cached_property
    def rollback(self) -> Rollback:
        """The verbs of 10_rollback."""
        from workbench.phases.rollback import Rollback

        return Rollback(self)

    def verdict(self) -> show.Verdict:
        """Say how the phase this run was opened for stands, from the state alone."""
        from workbench.phases import verdicts

        return verdicts.conclude(self)

    # both ends ---------------------------------------------------------------------------

    @cached_property
    def source(self) -> Client:
        """The only way to PracticeHub: it keeps the pace and can only read."""
        import stamina

        from workbench.practicehub import open_client

        key = self.secret(self.config.practicehub.api_key, what="the PracticeHub key")

        def on_request(seconds: float) -> None:
            with self.store.transaction():
                self.store.journey.count("source_requests", 1)
                self.store.journey.count("source_seconds", seconds)

        # its default hook prints a line for every retry; ours is the progress
        stamina.instrumentation.set_on_retry_hooks([])
        client = open_client(
            self.config.practicehub,
            api_key=key,
            folder=self.folder,
            on_request=on_request,
            known=self.store.journey.meta("base_url"),
        )
        if self.config.practicehub.region == "auto":
            self.store.journey.set_meta("base_url", client.base_url)
        return client

    @cached_property
    def destination(self) -> Odoo:
        """The only way to Odoo; refuses a database that is not the one of this run.

        Raises:
            RunFolderError: a database of the same name, but another one, answers.
        """
        from workbench.phases.ends import open_destination

        return open_destination(self)

    @cached_property
    def lookups(self) -> Lookups:
        """What Odoo's names stand for: countries, users, stages, our own records."""
        from workbench.odoo import Lookups

        return Lookups(self.destination, store=self.store, module=self.config.module)

    def secret(self, reference: str, *, what: str) -> str:
        """Fetch a secret; relative `file:` paths start beside the original configuration."""
        base = self.store.journey.meta("secrets_base")
        return secret(reference, what=what, base=Path(base) if base else None)

    @property
    def signing_key(self) -> Path | None:
        """The key that signs the seal; None where the configuration names none."""
        named = self.config.evidence.signing_key
        base = Path(self.store.journey.meta("secrets_base") or "")
        return base / Path(named).expanduser() if named else None

    @cached_property
    def mask(self) -> masking.Masker:
        """How a value looks in anything that may be saved."""
        return masking.Masker.of(self.store)

    def progress(self, step: str, *, unit: str) -> Progress:
        """Start telling how far a long step is."""
        return Progress(self.store, step, phase=self.phase or "", unit=unit, live=not self.headless)

    # one at a time -------------------------------------------------------------------------

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the run: only one process changes anything at a time.

        Raises:
            BusyError: another process holds it.
        """
        if self._depth or os.environ.get(HELD_VARIABLE) == str(self.folder):
            yield
            return
        with _locked(self.folder / "run.lock", patience=0.0):
            # a notebook of a run that was killed may still be at work for a moment
            with _locked(self.folder / "kernel.lock", patience=15.0):
                for place in ("", "notebooks", "reports"):  # what one that was killed left
                    clear_partial(self.folder / place)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def _hold_for_life(self) -> None:
        """Let a later run wait until this kernel is gone, even if its own parent is."""
        self._life = _locked(self.folder / "kernel.lock", patience=15.0)
        self._life.__enter__()


@contextmanager
def _locked(path: Path, *, patience: float) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    what = f"Another process is working in {path.parent}."
                    raise BusyError(what) from None
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


def _config_hash(config: Config) -> str:
    # how long we wait and who signs decide nothing: changed half-way, they reopen no phase
    body = config.model_dump(mode="json", exclude={"odoo": {"timeout_seconds"}, "evidence": True})
    return digest(body)


def _make_folders(folder: Path) -> None:
    """Make the run folder and what lies in it, unless something else is there."""
    try:
        if folder.exists() and not (folder / "state.sqlite").exists():
            # what a run leaves that was stopped while it was being made is no stranger
            strangers = [
                entry for entry in folder.iterdir()
                if entry.name not in (*_FOLDERS, "run.lock")
                or (entry.is_dir() and any(entry.iterdir()))
            ]  # fmt: skip
            if strangers:
                what = f"{folder} holds something that is not a run."
                raise RunFolderError(what)
        for part in ("", *_FOLDERS):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        full = of_system(error)
        if isinstance(full, StorageFullError):
            raise full from None
        what = f"The run folder {folder} cannot be made: {error.strerror}."
        raise RunFolderError(what, do="Name a folder that can be written, with --run.") from None


def _open_store(folder: Path, config: Config) -> Store:
    """Open the state file and see that it is of this account and database."""
    path = folder / "state.sqlite"
    if path.exists() and not path.stat().st_size and (folder / "migration.toml").exists():
        what = f"{path} is empty: what the run knew is gone."
        raise StateError(what)
    store = Store(path)
    try:
        _bind(store, config, folder)
    except BaseException:
        store.close()
        raise
    return store


def _keep_config(store: Store, config: Config, file: Path, folder: Path) -> None:
    """Keep a copy of the configuration in the run folder, and note that it changed."""
    text = file.read_bytes()
    copy = folder / "migration.toml"
    if not copy.exists() or copy.read_bytes() != text:
        write_private(copy, text)
    base, hashed = str(file.resolve().parent), _config_hash(config)
    with store.transaction():
        noted = {path: sha for path, _kind, sha, _size in store.journey.artefacts()}
        if noted.get(copy.name) != sha256(text):
            store.journey.add_artefact(
                copy.name, kind="configuration", sha256=sha256(text), size=len(text)
            )
        if store.journey.meta("secrets_base") != base:
            store.journey.set_meta("secrets_base", base)
        if store.journey.meta("config_hash") != hashed:
            store.journey.set_meta("config_hash", hashed)
            store.ledger.append("configured", folder.name, detail={"hash": hashed})


def _bind(store: Store, config: Config, folder: Path) -> None:
    """Tie the folder to one account and one database, or refuse another.

    A name that was misspelt binds nothing: what has never answered may still be corrected.
    A folder that is bound is only read, so that `workbench status` waits for nobody.
    """
    ours = {
        "account": config.practicehub.account,
        "odoo_database": config.odoo.database,
    }
    held = {key: store.journey.meta(key) for key in ours}
    answered = {
        "account": any(walk.pages for walk in store.source.walks()),
        "odoo_database": store.journey.meta(DATABASE_UUID) is not None,
    }
    for key, value in ours.items():
        if held[key] not in {None, value} and answered[key]:
            kind = "PracticeHub account" if key == "account" else "Odoo database"
            what = f"{folder} belongs to the {kind} {held[key]}, not to {value}."
            raise RunFolderError(what)
    if held != ours:
        with store.transaction():
            for key, value in ours.items():
                store.journey.set_meta(key, value)
