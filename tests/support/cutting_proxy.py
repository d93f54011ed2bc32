"""A loopback proxy before a real server that cuts the answer to one call at an exact byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class CuttingProxy:
    """Passes everything on, until a request holds `marker`: then it cuts, once.

    The server is heard to the end, so it has committed; the client gets `after` bytes of the
    answer, or what is to stand `instead` of it, and then a closed line. `upstream` may be set
    anew; while nothing listens there, the client's line is closed.
    """

    url: str = ""
    upstream: str = ""
    marker: bytes = b""
    after: int = 0
    instead: bytes = b""
    cuts: int = field(default=0, init=False)

    def cut(self, marker: str, *, after: int) -> None:
        """Cut the answer to the next request that holds `marker`, after so many bytes."""
        self.marker, self.after = marker.encode(), after

    def answer_502(self, marker: str) -> None:
        """Let the server do the next request that holds `marker`, and answer 502 in its place."""
        self.instead = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
        self.cut(marker, after=0)


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


def _pass(client: socket.socket, proxy: CuttingProxy) -> None:
    target = urlsplit(proxy.upstream)
    where = (target.hostname, target.port)
    with client, suppress(OSError), socket.create_connection(where) as server:
        while request := _message(client):
            server.sendall(request)
            answer = _message(server)
            if not answer:
                return
            if proxy.marker and proxy.marker in request:
                proxy.marker = b""
                proxy.cuts += 1
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
