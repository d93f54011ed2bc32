"""What lies in a run folder beside what the ledger tells of."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from workbench.proof.checks import BadError, some
from workbench.proof.told import Told

OWN = frozenset(
    {"state.sqlite", "state.sqlite-wal", "state.sqlite-shm", "seal.json", "seal.json.sig",
     "run.lock", "kernel.lock", "pace.lock"}
)  # fmt: skip
"""What the workbench keeps in a run folder that is no artefact."""

EVIDENCE = ("notebooks", "reports")
"""Folders where a reader takes whatever he finds for evidence."""

WORKING_COPIES = PurePosixPath("notebooks/lab")
"""Where `workbench lab` puts copies of the notebooks for work by hand; they prove nothing."""


def check_folder(folder: Path, told: Told, notes: list[str]) -> str:
    """See that nothing lies where evidence lies that the ledger does not tell of.

    What lies elsewhere, or was left by a process that was killed, proves nothing and hurts
    nothing: it is noted.

    Args:
        folder: the run folder.
        told: what the ledger tells.
        notes: what is worth knowing is added here.

    Raises:
        BadError: a link leads somewhere else, or a notebook or report is not told of.
    """
    known = {*told.artefacts, *blob_paths(told)}
    count, beside, copies, untold = 0, list[str](), 0, list[str]()
    for path in sorted(files_in(folder)):
        count += 1
        if (folder / path).is_symlink():
            what = f"{path} is a link to another place"
            raise BadError(what)
        if str(path) in known or str(path) in OWN:
            continue
        if path.is_relative_to(WORKING_COPIES):
            copies += 1
        elif path.parts[0] in EVIDENCE and not path.name.startswith("."):
            untold.append(str(path))
        else:
            beside.append(str(path))
    if copies:
        notes.append(f"{WORKING_COPIES} holds {copies} working copies, which prove nothing")
    if beside:
        notes.append(some(beside, of="not told of in the ledger, and no evidence: "))
    if untold:
        what = some(untold, of="not told of in the ledger: ")
        if not _at_work(folder):
            raise BadError(what)
        notes.append(f"{what}; a phase is at work")
    return f"{count} files, no notebook or report that the ledger does not tell of"


def files_in(folder: Path) -> Iterator[PurePosixPath]:
    """List every file below a folder, links to folders too, relative to it; unordered."""
    for place, folders, files in os.walk(folder):
        here = Path(place)
        links = (name for name in folders if (here / name).is_symlink())
        for name in (*files, *links):
            yield PurePosixPath((here / name).relative_to(folder))


def blob_paths(told: Told) -> Iterable[str]:
    """List the paths of the pages and files that the ledger tells of."""
    from workbench.practicehub import file_path, page_path  # noqa: PLC0415 - it brings HTTP

    nowhere = Path()
    yield from (str(page_path(nowhere, sha)) for sha in told.page_hashes())
    yield from (str(file_path(nowhere, sha)) for sha in told.file_hashes())


def _at_work(folder: Path) -> bool:
    """Say whether a process holds the run: what it has not noted yet is its own."""
    try:
        descriptor = os.open(folder / "run.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a disk that knows no locks
        return False
    else:
        return False
    finally:
        os.close(descriptor)
