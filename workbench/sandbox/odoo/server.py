"""The Odoo server: its configuration, one-off commands, and the process itself."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from workbench.errors import SandboxError
from workbench.sandbox import processes
from workbench.sandbox.cache import write_private
from workbench.sandbox.odoo.account import Account
from workbench.sandbox.odoo.postgres import ROLE, Cluster
from workbench.sandbox.odoo.provider import Source

START_SECONDS = 120.0
TRIES = 3

# One process with threads; no cron, which would write on its own; no mail gets out: port 9 of
# this machine refuses. No time or memory limit: in one process those restart the server.
CONFIGURATION = """\
[options]
addons_path = {addons}
data_dir = {data}
db_host = 127.0.0.1
db_port = {database_port}
db_user = {role}
db_password = {password}
db_template = template0
db_maxconn = 60
db_sslmode = disable
admin_passwd = {master}
list_db = True
http_interface = 127.0.0.1
http_port = {port}
proxy_mode = False
workers = 0
max_cron_threads = 0
limit_time_real = 0
limit_time_cpu = 0
limit_memory_soft = 0
limit_memory_hard = 0
with_demo = False
smtp_server = 127.0.0.1
smtp_port = 9
unaccent = False
log_handler = :INFO,werkzeug:WARNING
"""


@dataclass(frozen=True, slots=True, repr=False)
class Odoo:
    """One Odoo: its code, its Python, its folder, and the PostgreSQL it works on."""

    source: Source
    python: Path
    account: Account
    folder: Path
    cluster: Cluster
    master: str

    @property
    def configuration(self) -> Path:
        """The configuration file; on the command line it is what tells this server apart."""
        return self.folder / "odoo.conf"

    @property
    def log(self) -> Path:
        """Where the server writes what it does."""
        return self.folder / "odoo.log"

    @property
    def setup_log(self) -> Path:
        """Where the commands write; not the server's own log, the invoking account writes here."""
        return self.folder / "setup.log"

    def configure(self, port: int) -> None:
        """Write the configuration, readable by the server's account only."""
        text = CONFIGURATION.format(
            addons=",".join(str(path) for path in self.source.addons),
            data=self.folder / "data",
            database_port=self.cluster.port,
            role=ROLE,
            password=self.cluster.password,
            master=self.master,
            port=port,
        )
        write_private(self.configuration, text, owner=self._owner)

    def command(self, words: list[str], *, stdin: str = "") -> str:
        """Run Odoo's command line to its end, and return what it printed.

        Raises:
            SandboxError: it failed; its last words are in the log named.
        """
        answer = self.account.run(
            [self.python, "-m", "odoo", *words, "-c", self.configuration],
            env=self._environment,
            cwd=self.folder,
            stdin=stdin,
        )
        with self.setup_log.open("a", encoding="utf-8") as handle:
            handle.write(answer.stderr)
        if answer.returncode:
            what = f"Odoo's command {words[0]} failed; the log is {self.setup_log}."
            raise SandboxError(what)
        return answer.stdout

    def start(self) -> tuple[int, int]:
        """Start the server, wait until it answers, and return its pid and port.

        Raises:
            SandboxError: it ended or did not answer in time; names the log.
        """
        for attempt in range(1, TRIES + 1):
            port = processes.free_port()
            self.configure(port)
            pid = processes.spawn(
                [self.python, "-m", "odoo", "-c", self.configuration],
                account=self.account,
                log=self.log,
                pidfile=self.folder / "odoo.pid",
                env=self._environment,
            )
            deadline = time.monotonic() + START_SECONDS
            while time.monotonic() < deadline and processes.alive(pid, self.configuration):
                if answers(f"http://127.0.0.1:{port}"):
                    return pid, port
                time.sleep(0.05)
            taken = "Address already in use" in processes.tail(self.log, 20)
            stop(self.folder)
            if not taken or attempt == TRIES:
                break
        what = f"Odoo did not come up; the log is {self.log}."
        raise SandboxError(what)

    @property
    def _owner(self) -> tuple[int, int] | None:
        return self.account.owner if self.account.other else None

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONPATH": str(self.source.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
            "PYTHONNOUSERSITE": "1",
        }


def answers(url: str) -> bool:
    """Say whether an Odoo at `url` says that it is healthy."""
    try:
        answer = httpx.get(f"{url}/web/health", timeout=5.0, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def stop(folder: Path) -> None:
    """Stop the server of a folder, if one runs, and wait until it is gone."""
    processes.end_recorded(folder / "odoo.pid", folder / "odoo.conf")
