"""Where the sandbox keeps what it downloads and runs: outside the checkout, made once.

Three kinds of thing live here: parts that can be fetched again (packages, virtual
environments), seeds (an initialised Odoo database), and instances (what is running).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import SandboxError, UsageError

NAME = "practicehub-odoo-workbench"
SYSTEM_CACHE = Path("/var/cache")
INSTANCE_VARIABLE = "WORKBENCH_SANDBOX_INSTANCE"

Progress = Callable[[str], None]
"""Told one sentence at the start of each step that takes more than a moment."""


def cache_dir() -> Path:
    """Return the cache folder, made if it was missing.

    $WORKBENCH_CACHE, else $XDG_CACHE_HOME/practicehub-odoo-workbench, else the same name in
    ~/.cache. Root on a machine that keeps root's home shut (mode 0700) gets /var/cache
    instead of ~/.cache: the sandbox's servers run as an unprivileged account, and that
    account could not enter the home.

    Returns:
        An absolute path. Files that hold secrets are 0600 inside it.

    Raises:
        SandboxError: the folder cannot be made or written to; nothing was changed.
    """
    chosen = os.environ.get("WORKBENCH_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    if chosen:
        folder = Path(chosen).expanduser()
    elif base:
        folder = Path(base) / NAME
    elif os.geteuid() == 0 and not open_to_all(Path.home()):
        folder = SYSTEM_CACHE / NAME
    else:
        folder = Path.home() / ".cache" / NAME
    return made(folder.absolute())


def made(folder: Path) -> Path:
    """Make `folder` if it is missing: 0755 for root, whose servers must enter it, else 0700.

    Raises:
        SandboxError: the folder cannot be made, or belongs to somebody else.
    """
    mode = 0o755 if os.geteuid() == 0 else 0o700
    fresh = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
        if fresh:
            folder.chmod(mode)
    except OSError as error:
        what = f"The cache folder {folder} cannot be made ({error.strerror})."
        raise SandboxError(
            what,
            do="Set WORKBENCH_CACHE to a folder that this account may write to.",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        what = f"The cache folder {folder} may not be written to by this account."
        raise SandboxError(
            what,
            do="Set WORKBENCH_CACHE to a folder of your own.",
        )
    return folder


def instance_name(given: str | None = None) -> str:
    """Return the instance's name: the one given, else $WORKBENCH_SANDBOX_INSTANCE, else "default".

    Both halves of the sandbox go by it, so that a name one refuses is not started by the other.

    Raises:
        UsageError: it is not of lower-case letters, digits and hyphens.
    """
    name = os.environ.get(INSTANCE_VARIABLE, "default") if given is None else given
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
        what = f"{name!r} cannot name an instance of the sandbox ({INSTANCE_VARIABLE})."
        raise UsageError(
            what,
            do="Use up to 31 lower-case letters, digits and hyphens, a letter first.",
        )
    return name


def open_to_all(path: Path) -> bool:
    """Say whether an account without any rights may pass through `path` and all above it."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents) if folder.exists())


@contextmanager
def locked(path: Path, *, progress: Progress | None = None) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block; wait while another has it.

    The kernel lets go of it when the holder dies, so a killed process blocks nobody.
    """
    made(path.parent)
    with path.open("a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress is not None:
                progress("Waiting for another process that is setting up the sandbox")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_private(path: Path, text: str, *, owner: tuple[int, int] | None = None) -> None:
    """Write a file that only its owner (uid, gid) may read: whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    if owner is not None:
        os.chown(draft, *owner)
    draft.replace(path)
