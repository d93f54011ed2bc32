"""Bringing the sandbox's Odoo up and down, and asking how it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from workbench.errors import MissingPartError, SandboxError
from workbench.sandbox.cache import Progress, locked
from workbench.sandbox.odoo import databases
from workbench.sandbox.odoo.account import (
    ODOO_PYTHONS,
    Account,
    interpreter,
    invoking_account,
    runtime_dir,
    server_account,
)
from workbench.sandbox.odoo.connection import OdooConnection
from workbench.sandbox.odoo.environment import odoo_python
from workbench.sandbox.odoo.instance import Instance, Running, current_instance
from workbench.sandbox.odoo.postgres import Binaries, Cluster, find_binaries
from workbench.sandbox.odoo.provider import Source, provide
from workbench.sandbox.odoo.seed import Seed, copy_seed, ensure_seed, stop_half_made
from workbench.sandbox.odoo.server import Odoo
from workbench.sandbox.processes import free_port


class Status(TypedDict):
    """What `status()` tells; everything but `running`, `instance` and `folder` may be unknown."""

    running: bool
    instance: str
    folder: str
    url: str | None
    version: str | None
    provider: str | None
    postgres: str | None
    runs_as: str | None
    databases: list[str]


def up(*, database: str = "demo", progress: Progress | None = None) -> OdooConnection:
    """Bring Odoo up with a database of that name, fetching and making what is missing.

    Harmless when it is up already. The first time on a machine takes about two minutes, most
    of it downloads and Odoo's own installation; after that about five seconds. Servers
    outlive this process: `down()` ends them. A database that exists is kept as it is.

    Args:
        database: copied from the template if it does not exist.
        progress: told one sentence before each step that takes long.

    Returns:
        How to reach the database, its administrator's password and API key included.

    Raises:
        MissingPartError: this machine lacks a program; says what to install.
        SandboxError: a step failed; names the log.
    """
    tell = progress or _nobody
    instance = current_instance()
    with locked(instance.lock, progress=tell):
        running = instance.read()
        if running is None or not running.healthy():
            instance.stop()
            running = _start(instance, progress=tell)
        if database in databases.names(running):
            databases.set_url(running, database)
            return running.connection(database)
        return databases.create(running, database)


def down() -> None:
    """End Odoo and PostgreSQL of this instance, and wait until both are gone.

    Databases, downloads and the seed stay. Harmless when nothing is running.
    """
    instance = current_instance()
    with locked(instance.lock):
        instance.stop()
    seeds = runtime_dir() / "seeds"
    if any(seeds.glob("*.part")):
        with locked(parts_lock()):
            stop_half_made(seeds)


def fresh_database(name: str) -> OdooConnection:
    """Copy the template to a new database `name`, in about a second; Odoo must be up.

    Several processes may do so at once, each with a name of its own.

    Raises:
        SandboxError: Odoo is not up, or the name is taken.
        UsageError: the name cannot name a database.
    """
    return databases.create(current_instance().running(), name)


def drop_database(name: str) -> None:
    """Remove a database and its files; harmless when it is not there. Odoo must be up.

    Raises:
        SandboxError: Odoo is not up.
    """
    databases.drop(current_instance().running(), name)


def reset_database(name: str) -> OdooConnection:
    """Put a database back to the template's state: drop it and copy it again. Odoo must be up.

    Raises:
        SandboxError: Odoo is not up.
    """
    running = current_instance().running()
    databases.drop(running, name)
    return databases.create(running, name)


def status() -> Status:
    """Say what is running in this instance, without changing or fetching anything."""
    instance = current_instance()
    running = instance.read()
    if running is None or not running.healthy():
        return Status(
            running=False,
            instance=instance.name,
            folder=str(instance.folder),
            url=None,
            version=None,
            provider=None,
            postgres=None,
            runs_as=None,
            databases=[],
        )
    return Status(
        running=True,
        instance=instance.name,
        folder=str(instance.folder),
        url=running.url,
        version=running.version,
        provider=running.provider,
        postgres=f"{running.postgres_version} ({running.postgres_brought_by})",
        runs_as=running.runs_as,
        databases=databases.names(running),
    )


def parts_lock() -> Path:
    """Return the lock that is held while what instances share is fetched or made."""
    return runtime_dir() / "parts.lock"


def _nobody(_: str) -> None:
    """Take progress when nobody asked for it."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What an instance is started from."""

    source: Source
    python: Path
    binaries: Binaries
    postgres_account: Account
    odoo_account: Account
    seed: Seed


def _parts(*, progress: Progress) -> _Parts:
    """Find, fetch or make everything that instances share; one process at a time."""
    home = runtime_dir()
    keeper = server_account()
    with locked(parts_lock(), progress=progress):
        source = provide(home, progress=progress)
        server, base = keeper, interpreter(keeper) if keeper.may_read(source.root) else None
        if base is None:  # then Odoo runs as whoever runs this, and the status says so
            server = invoking_account()
            base = interpreter(server)
        if base is None:
            oldest, newest = (".".join(map(str, version)) for version in ODOO_PYTHONS)
            what = f"Odoo needs a Python from {oldest} to {newest}, and this machine has none."
            raise MissingPartError(
                what,
            )
        python = odoo_python(base, home, progress=progress)
        binaries = find_binaries(keeper, home, progress=progress)
        seed = ensure_seed(
            home,
            source,
            python=python,
            binaries=binaries,
            accounts=(keeper, server),
            progress=progress,
        )
        return _Parts(source, python, binaries, keeper, server, seed)


def _start(instance: Instance, *, progress: Progress) -> Running:
    """Start both servers, from a copy of the seed if the instance has no data yet."""
    parts = _parts(progress=progress)
    seed = parts.seed
    folder = instance.folder / f"data-{seed.folder.name}"
    if not folder.exists():
        copy_seed(seed, folder)
    progress("Starting PostgreSQL and Odoo")
    cluster = Cluster(
        binaries=parts.binaries,
        data=folder / "pgdata/cluster",
        account=parts.postgres_account,
        port=free_port(),
        password=seed.database_password,
    )
    postgres_pid = cluster.start(folder / "pgdata/postgres.log")
    odoo = Odoo(
        source=parts.source,
        python=parts.python,
        account=parts.odoo_account,
        folder=folder / "odoo",
        cluster=cluster,
        master=seed.master,
    )
    try:
        odoo_pid, port = odoo.start()
    except SandboxError:
        instance.stop()
        raise
    running = Running(
        folder=str(folder),
        port=port,
        odoo_pid=odoo_pid,
        postgres_pid=postgres_pid,
        postgres_port=cluster.port,
        postgres_version=parts.binaries.version,
        postgres_bindir=str(parts.binaries.folder),
        postgres_brought_by=parts.binaries.brought_by,
        provider=parts.source.provider,
        version=parts.source.version,
        runs_as=parts.odoo_account.name,
        password=seed.password,
        api_key=seed.api_key,
        database_password=seed.database_password,
        master=seed.master,
    )
    instance.write(running)
    return running
