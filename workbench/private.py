"""A file that only its owner reads: whole under its name, or not there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from workbench.errors import StateError, StorageFullError, of_system


def write_private(target: Path, content: bytes) -> None:
    """Write a file that only its owner may read: whole under its name, or not at all.

    Raises:
        StorageFullError: the disk is full; what stood there before still does.
        StateError: the disk refuses for another reason.
    """
    write_private_parts(target, (content,))


def write_private_parts(target: Path, parts: Iterable[bytes]) -> None:
    """Write a file as `write_private` does, part by part as they are made.

    Raises:
        StorageFullError: the disk is full; what stood there before still does.
        StateError: the disk refuses for another reason.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        if isinstance(full := of_system(error), StorageFullError):
            raise full from None
        what = f"{target.name} cannot be written ({type(error).__name__})."
        raise StateError(
            what, do="See that the run folder can be written, then run again."
        ) from None
    finally:
        partial.unlink(missing_ok=True)  # a part that could not be made leaves none of them


def clear_partial(folder: Path) -> None:
    """Remove what writers left half-written that were killed; nobody may be writing there.

    Raises:
        StateError: one of the files cannot be removed.
    """
    for partial in folder.glob(".*.part"):
        try:
            partial.unlink(missing_ok=True)
        except OSError as error:
            what = f"{partial.name} cannot be removed ({type(error).__name__})."
            raise StateError(what, do="See who owns the run folder, then run again.") from None
