"""One instance of the sandbox: its folder, what is running in it, and what is recorded of that."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from workbench.errors import SandboxError
from workbench.sandbox import processes
from workbench.sandbox.cache import instance_name, made, write_private
from workbench.sandbox.odoo import postgres, server
from workbench.sandbox.odoo.account import runtime_dir
from workbench.sandbox.odoo.connection import OdooConnection
from workbench.sandbox.odoo.postgres import ROLE
from workbench.sandbox.odoo.seed import LOGIN


@dataclass(frozen=True, slots=True, repr=False)
class Running:
    """What the connection file holds: addresses, pids, versions and secrets."""

    folder: str
    port: int
    odoo_pid: int
    postgres_pid: int
    postgres_port: int
    postgres_version: str
    postgres_bindir: str
    postgres_brought_by: str
    provider: str
    version: str
    runs_as: str
    password: str
    api_key: str
    database_password: str
    master: str

    @property
    def url(self) -> str:
        """Where Odoo answers."""
        return f"http://127.0.0.1:{self.port}"

    def connection(self, database: str) -> OdooConnection:
        """Say how to reach one database."""
        return OdooConnection(
            url=self.url,
            database=database,
            login=LOGIN,
            password=self.password,
            api_key=self.api_key,
            dsn=f"postgresql://{ROLE}:{self.database_password}@127.0.0.1:{self.postgres_port}"
            f"/{database}",
        )

    def healthy(self) -> bool:
        """Say whether both processes are ours and Odoo answers."""
        folder = Path(self.folder)
        return (
            processes.alive(self.postgres_pid, folder / "pgdata/cluster")
            and processes.alive(self.odoo_pid, folder / "odoo/odoo.conf")
            and server.answers(self.url)
        )


@dataclass(frozen=True, slots=True)
class Instance:
    """A name and a folder; "default" unless $WORKBENCH_SANDBOX_INSTANCE says otherwise."""

    name: str
    folder: Path

    @property
    def record(self) -> Path:
        """The connection file: JSON, mode 0600."""
        return self.folder / "connection.json"

    @property
    def lock(self) -> Path:
        """Held while the instance is started or stopped."""
        return self.folder / "lock"

    def read(self) -> Running | None:
        """Return what is recorded, or None when nothing is."""
        if not self.record.exists():
            return None
        known = json.loads(self.record.read_text(encoding="utf-8"))
        if set(known) != {field.name for field in fields(Running)}:
            return None  # written by another version of the workbench; the pid files still hold
        return Running(**known)

    def write(self, running: Running) -> None:
        """Record what is running."""
        write_private(self.record, json.dumps(asdict(running), indent=1))

    def running(self) -> Running:
        """Return what is running.

        Raises:
            SandboxError: nothing is.
        """
        found = self.read()
        if found is None or not found.healthy():
            what = f"The sandbox's Odoo (instance {self.name}) is not running."
            raise SandboxError(
                what,
                do="Run `workbench sandbox up`, then try again.",
            )
        return found

    def stop(self) -> None:
        """End every server of this instance, and forget the connection. The data stays.

        It goes by the pid files, which also know a server whose start was interrupted before
        the connection was recorded.
        """
        for folder in self.folder.glob("data-*"):
            server.stop(folder / "odoo")
            postgres.stop(folder / "pgdata/cluster")
        self.record.unlink(missing_ok=True)


def current_instance() -> Instance:
    """Return the instance that this process works with.

    Raises:
        UsageError: its name is not of lower-case letters, digits and hyphens.
    """
    name = instance_name()
    return Instance(name, made(runtime_dir() / "instances" / name))
