"""The account the sandbox's servers run as: never root, where that can be arranged.

PostgreSQL refuses root. So root hands both servers to an unprivileged account, and everything
they need lies where that account can reach it. Anybody else runs them as themselves.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import MissingPartError
from workbench.sandbox.cache import NAME, SYSTEM_CACHE, cache_dir, made

UNPRIVILEGED = ("nobody", "daemon", "postgres")
ODOO_PYTHONS = ((3, 10), (3, 13))
"""The oldest and newest Python that Odoo 19 runs on (its own release file says so)."""


@dataclass(frozen=True, slots=True)
class Account:
    """A system account; `other` says whether it is another than the invoking one."""

    name: str
    uid: int
    gid: int
    other: bool

    @property
    def owner(self) -> tuple[int, int]:
        """The pair that chown takes."""
        return self.uid, self.gid

    def may_enter(self, folder: Path) -> bool:
        """Say whether the account can reach what lies in `folder` (mode bits, no access lists)."""
        if not self.other:
            return os.access(folder, os.X_OK)
        return all(self._allows(one, 1) for one in (folder, *folder.resolve().parents))

    def may_read(self, path: Path) -> bool:
        """Say whether the account can reach `path` and read it (mode bits, no access lists)."""
        if not self.other:
            return os.access(path, os.R_OK)
        return (
            path.exists()
            and self.may_enter(path.resolve().parent)
            and self._allows(path, 5 if path.is_dir() else 4)
        )

    def run(
        self,
        argv: Iterable[str | Path],
        *,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this account; its output is returned, not shown."""
        return subprocess.run(
            [str(word) for word in argv],
            env=env,
            cwd=cwd or "/",  # the caller's folder may be closed to the account
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            user=self.uid if self.other else None,
            group=self.gid if self.other else None,
            extra_groups=[] if self.other else None,
        )

    def _allows(self, path: Path, bits: int) -> bool:
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
        return stat.S_IMODE(found.st_mode) >> shift & bits == bits


def invoking_account() -> Account:
    """Return the account this process runs as."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError as error:  # PostgreSQL looks its own name up and stops without one
        what = f"The user id {uid} has no entry in the machine's list of accounts."
        raise MissingPartError(
            what,
            do="Run this as an account that has a name (`id -un` must answer), then try again.",
        ) from error
    return Account(name, uid, os.getegid(), other=False)


def server_account() -> Account:
    """Return the account for PostgreSQL: the invoking one, or an unprivileged one for root.

    Raises:
        MissingPartError: root, and the machine has none of the usual unprivileged accounts.
    """
    if os.geteuid() != 0:
        return invoking_account()
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, other=True)
    what = f"PostgreSQL may not run as root, and none of {', '.join(UNPRIVILEGED)} exists."
    raise MissingPartError(
        what,
        do="Run this as an ordinary account, then try again.",
    )


def runtime_dir() -> Path:
    """Return the folder for everything the servers must reach.

    The cache folder; where only its own mode stands in the way, it is opened for passing
    through. Where root's choice lies behind another's closed door (a mode 0700 folder above it),
    a folder under /var/cache, named after that choice.
    """
    chosen = cache_dir()
    account = server_account()
    if account.other and account.may_enter(chosen.resolve().parent):
        chosen.chmod(stat.S_IMODE(chosen.stat().st_mode) | 0o111)
    if account.may_enter(chosen):
        return made(chosen / "odoo")
    digest = hashlib.sha256(str(chosen).encode()).hexdigest()[:12]
    return made(made(SYSTEM_CACHE / NAME) / "elsewhere" / digest)


def interpreter(account: Account) -> Path | None:
    """Return a Python that Odoo supports and `account` can run; the workbench's own if it can.

    None when there is no such Python.
    """
    own = Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
    names = [f"python3.{minor}" for minor in range(ODOO_PYTHONS[1][1], ODOO_PYTHONS[0][1] - 1, -1)]
    folders = (Path("/usr/bin"), Path("/usr/local/bin"), Path("/opt/homebrew/bin"))
    candidates = [own, *(folder / name for folder in folders for name in ("python3", *names))]
    oldest, newest = ODOO_PYTHONS
    test = f"import sys, venv; sys.exit(not {oldest} <= sys.version_info[:2] <= {newest})"
    for candidate in dict.fromkeys(candidates):
        if account.may_read(candidate) and account.run([candidate, "-c", test]).returncode == 0:
            return candidate
    return None
