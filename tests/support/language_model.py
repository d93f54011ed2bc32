"""A stand-in for a language model's endpoint: real HTTP on 127.0.0.1, and every whim of one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def saying(content: str) -> bytes:
    """Give the envelope of an answer around what the model says."""
    return json.dumps(
        {"choices": [{"message": {"role": "assistant", "content": content}}]}
    ).encode()


@dataclass
class Model:
    """What was received, and how it answers: a status, a body, and a way to send it.

    `says` makes the suggestions from the question; `body` replaces the whole answer.
    """

    url: str = ""
    says: Callable[[dict[str, Any]], list[object]] = field(default=lambda _question: [])
    wrap: str = "{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    pause: float = 0.0
    drip: float = 0.0
    cut: bool = False
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def question(self, number: int = 0) -> dict[str, Any]:
        """Give what a request asked, as the model reads it."""
        found = json.loads(json.loads(self.requests[number][2])["messages"][1]["content"])
        assert isinstance(found, dict)
        return found

    def answer(self, sent: bytes) -> bytes:
        """Give the body of an answer."""
        if self.body is not None:
            return self.body
        question = json.loads(json.loads(sent)["messages"][1]["content"])
        return saying(self.wrap.replace("{}", json.dumps({"suggestions": self.says(question)})))


@contextmanager
def language_model() -> Iterator[Model]:
    """Run the stand-in on a free port."""
    model = Model()
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            model.requests.append((self.path, dict(self.headers), sent))
            ended.wait(model.pause)
            body = model.answer(sent)
            with suppress(ConnectionError):
                self.send_response(model.status)
                for name, value in model.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if model.drip:
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(model.drip)
                else:
                    self.wfile.write(body[: len(body) // 2] if model.cut else body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
