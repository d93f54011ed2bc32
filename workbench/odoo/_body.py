"""A request's JSON in pieces: a file goes from disk to the line and is never whole in memory."""

from __future__ import annotations

import binascii
import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import StateError

AT_ONCE = 3 * 2**17
"""Bytes read at once: a multiple of three, so that base64 is padded at the end alone."""


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A file of the run, where a call's arguments want its bytes in base64.

    `size` is the file's size when the call was put together; the length of the request is
    told from it, so a file that changes while it is sent breaks the call off.
    """

    path: Path
    size: int

    @property
    def length(self) -> int:
        """Characters of its base64."""
        return -(-self.size // 3) * 4

    @property
    def sha1(self) -> str:
        """Its checksum as Odoo tells it: SHA-1, hexadecimal.

        Raises:
            StateError: the run folder no longer has it.
        """
        try:
            with self.path.open("rb") as file:
                found = hashlib.file_digest(file, lambda: hashlib.sha1(usedforsecurity=False))
        except OSError as error:
            raise unreadable(self.path, type(error).__name__) from None
        return found.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """Read it anew, in pieces of base64.

        Raises:
            StateError: the run folder no longer has it, or has other bytes in its place.
        """
        left = self.size
        try:
            with self.path.open("rb") as file:
                while piece := file.read(AT_ONCE):
                    left -= len(piece)
                    if left < 0:
                        break
                    yield binascii.b2a_base64(piece, newline=False)
        except OSError as error:
            raise unreadable(self.path, type(error).__name__) from None
        if left:
            raise unreadable(self.path, "its size changed")


class Body:
    """The JSON of a request, its length known before it is made; may be sent again and again.

    Args:
        value: what to spell. `FileBytes` may stand wherever a text may.
    """

    def __init__(self, value: object) -> None:
        files: list[FileBytes] = []
        sign = uuid.uuid4().hex  # no text that is sent holds it

        def stand_in(one: object) -> str:
            if not isinstance(one, FileBytes):
                what = f"{type(one).__name__} has no spelling in JSON"
                raise TypeError(what)
            files.append(one)
            return sign

        # ascii: a lone surrogate stays sendable
        text = json.dumps(value, default=stand_in).encode("ascii")
        self._texts = text.split(sign.encode("ascii"))
        self._files = files
        self.length = sum(map(len, self._texts)) + sum(file.length for file in files)
        """Bytes of the whole."""

    @property
    def content(self) -> bytes | Body:
        """What an HTTP client takes: plain bytes where no file is in it, else the pieces."""
        return self if self._files else self._texts[0]

    def __iter__(self) -> Iterator[bytes]:
        """Give the pieces, files read anew.

        Raises:
            StateError: a file is not what it was when the call was put together.
        """
        yield self._texts[0]
        for file, text in zip(self._files, self._texts[1:], strict=True):
            yield from file
            yield text


def unreadable(path: Path, why: str) -> StateError:
    """Say that the run folder does not hold a file as it should; named by its hash."""
    return StateError(f"The run folder's file {path.name[:12]}… cannot be read: {why}.")
