"""A loopback proxy before a real server that loses one call: before it, after it, at a byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit


class How(StrEnum):
    """What is done with a call that is to be lost."""

    AFTER = "the server hears it to its end; of its answer `after` bytes arrive, or `instead`"
    BEFORE = "the server never hears of it"
    LATER = "the server hears of it when `arrive()` is called"


@dataclass
class CuttingProxy:
    """Passes everything on, until a request holds `marker`: then it cuts, once.

    `skip` such requests are let pass first. Heard to its end, the server has committed; in any
    case the client's line is closed. `upstream` may be set anew; while nothing listens there,
    the client's line is closed.
    """

    url: str = ""
    upstream: str = ""
    marker: bytes = b""
    after: int = 0
    instead: bytes = b""
    how: How = How.AFTER
    skip: int = 0
    cuts: int = field(default=0, init=False)
    late: list[bytes] = field(default_factory=list, init=False)

    def cut(self, marker: str, *, after: int) -> None:
        """Cut the answer to the next request that holds `marker`, after so many bytes."""
        self.marker, self.after = marker.encode(), after

    def answer_502(self, marker: str) -> None:
        """Let the server do the next request that holds `marker`, and answer 502 in its place."""
        self.instead = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
        self.cut(marker, after=0)

    def lose(self, marker: str, how: How, *, skip: int = 0, after: int = 0) -> None:
        """Lose a request that holds `marker`, the one after `skip` others."""
        self.how, self.skip, self.instead = how, skip, b""
        self.cut(marker, after=after)

    def heal(self) -> None:
        """Lose nothing more."""
        self.marker = b""

    def arrive(self) -> None:
        """Let the server hear what was lost on its way, and wait until it did it."""
        while self.late:
            with suppress(OSError), socket.create_connection(_where(self.upstream)) as server:
                server.sendall(self.late.pop(0))
                _message(server)

    def takes(self, request: bytes) -> bool:
        """Say whether this request is to be lost."""
        if not self.marker or self.marker not in request:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.marker = b""
        self.cuts += 1
        return True


@contextmanager
def cutting(upstream: str) -> Iterator[CuttingProxy]:
    """Serve a proxy before `upstream` on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = CuttingProxy(f"http://127.0.0.1:{listener.getsockname()[1]}", upstream)

    def accept() -> None:
        with suppress(OSError):  # the listener was closed: the test is over
            while True:
                client, _ = listener.accept()
                threading.Thread(target=_pass, args=(client, proxy), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        listener.close()


def _where(upstream: str) -> tuple[str | None, int | None]:
    target = urlsplit(upstream)
    return target.hostname, target.port


def _pass(client: socket.socket, proxy: CuttingProxy) -> None:
    where = _where(proxy.upstream)
    with client, suppress(OSError), socket.create_connection(where) as server:
        while request := _message(client):
            lost = proxy.takes(request)
            if lost and proxy.how is How.LATER:
                proxy.late.append(request)
            if lost and proxy.how is not How.AFTER:
                return
            server.sendall(request)
            answer = _message(server)
            if not answer:
                return
            if lost:
                client.sendall(proxy.instead or answer[: proxy.after])
                return
            client.sendall(answer)


def _message(line: socket.socket) -> bytes:
    """Read one whole HTTP message with a known length; empty when the line is closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = line.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [row.split(b":")[1] for row in head.lower().split(b"\r\n")
               if row.startswith(b"content-length:")]  # fmt: skip
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        part = line.recv(65536)
        if not part:
            return b""
        data += part
        missing -= len(part)
    return data
