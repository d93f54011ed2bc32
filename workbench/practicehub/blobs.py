"""Bytes on disk under the hash of their content: whole, or not there at all.

A blob is written beside its place, brought to the disk, and renamed; so a name that exists
has all its bytes, whatever was killed or cut off.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from workbench.errors import StateError, StorageFullError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PART = "part-"


@contextmanager
def named_storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about a file of ours into errors of the tree.

    Raises:
        StorageFullError: no room is left, or none is allowed.
        StateError: anything else the disk refuses.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            what = f"The disk that holds {path.parent.name}/ is full."
            raise StorageFullError(what) from None
        what = f"{path.name} cannot be written: {errno.errorcode.get(error.errno or 0, 'error')}."
        raise StateError(
            what, do="See that the run folder can be written, then run again."
        ) from None


def page_path(folder: Path, sha256: str) -> Path:
    """Say where the body of a page lies in the run folder."""
    return folder / "pages" / sha256[:2] / f"{sha256}.json.z"


def file_path(folder: Path, sha256: str) -> Path:
    """Say where the bytes of a file lie in the run folder."""
    return folder / "files" / sha256[:2] / sha256


def keep_page(folder: Path, body: bytes) -> str:
    """Put a page's body on disk, compressed, and return the SHA-256 of the body itself.

    Raises:
        StorageFullError: the disk is full; nothing of the page is left behind.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    target = page_path(folder, sha256)
    if target.exists():
        with named_storage_errors(target):
            _sync_names(target)  # whoever put it there may have been killed before that
        return sha256
    with Sink(folder / "pages") as sink:
        sink.write(zlib.compress(body, 6))
        sink.keep(target)
    return sha256


def read_page(folder: Path, sha256: str) -> bytes:
    """Read a page's body back and check it against its hash.

    Raises:
        StateError: the page is missing or was changed.
    """
    try:
        body = zlib.decompress(page_path(folder, sha256).read_bytes())
    except (OSError, zlib.error):
        what = f"The page {sha256[:12]} cannot be read."
        raise StateError(what) from None
    if hashlib.sha256(body).hexdigest() != sha256:
        what = f"The page {sha256[:12]} has been changed."
        raise StateError(what)
    return body


class Sink:
    """A file being written beside its place, hashed on the way; gone unless it is kept.

    `size` is in bytes; `sha1` and `sha256` are of what was written so far. The file is
    locked while it is written, so that `sweep` can tell it from what a killed process left.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = root / _PART
        self._sha1 = hashlib.sha1(usedforsecurity=False)  # Odoo's own attachment checksum
        self._sha256 = hashlib.sha256()
        self._file = -1
        self.size = 0

    def __enter__(self) -> Self:
        with named_storage_errors(self._root / _PART):
            make_folder(self._root)
            while not self._opened():
                pass
        return self

    def _opened(self) -> bool:
        """Open a file of a new name; False where a sweep took it before it was locked."""
        self._path = self._root / f"{_PART}{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if os.fstat(self._file).st_nlink:
                return True
        except BaseException:
            self._drop()
            raise
        self._drop()
        return False

    def _drop(self) -> None:
        """Close the file and remove its name; what cannot be removed now, a sweep removes."""
        file, self._file = self._file, -1
        with contextlib.suppress(OSError):
            self._path.unlink()
        if file >= 0:
            with contextlib.suppress(OSError):  # what was to be kept was brought to disk before
                os.close(file)

    def write(self, chunk: bytes) -> None:
        """Add bytes."""
        with named_storage_errors(self._path):
            left = memoryview(chunk)
            while left:
                left = left[os.write(self._file, left) :]
        self._sha1.update(chunk)
        self._sha256.update(chunk)
        self.size += len(chunk)

    @property
    def sha1(self) -> str:
        """Give the SHA-1 of the bytes written, hexadecimal."""
        return self._sha1.hexdigest()

    @property
    def sha256(self) -> str:
        """Give the SHA-256 of the bytes written, hexadecimal."""
        return self._sha256.hexdigest()

    def keep(self, target: Path) -> None:
        """Bring the bytes to the disk and give them their name."""
        with named_storage_errors(target):
            make_folder(target.parent)
            os.fsync(self._file)
            self._path.rename(target)
            _sync_names(target)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._drop()


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, and bring its name to the disk."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(path.parent)


def sweep(root: Path) -> None:
    """Remove what killed processes left half written; what is being written is left alone.

    A part that is being written is locked by its writer, and a lock ends with the process
    that holds it. A process number would not tell: it may be another process by now, or
    one in another container.
    """
    for part in root.glob(f"{_PART}*"):
        with contextlib.suppress(OSError):  # gone already, or locked: somebody writes to it
            file = os.open(part, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
            finally:
                os.close(file)


def _sync_names(target: Path) -> None:
    """Bring the name of a blob and that of its folder to the disk."""
    for folder in (target.parent, target.parent.parent):
        _sync_folder(folder)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
