"""Where files may come from: their addresses, and the machines those lead to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.file_desk import HOST, Desk, desks, file
from workbench.practicehub.addresses import peer_refusal, refusal
from workbench.state import FileState

Maker = Callable[..., Desk]


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Maker]:
    """Give a maker of desks."""
    with desks(tmp_path) as make:
        yield make


@pytest.mark.parametrize(
    "url",
    [
        "https://amazonaws.com/a", f"https://{HOST}/a?X=1", "https://x.eu-west-2.AMAZONAWS.com/a",
        "https://phub.s3.amazonaws.com.:443/a",
    ],
)  # fmt: skip
def test_the_allowed_hosts_and_those_below_them_may_be_asked(url: str) -> None:
    """PracticeHub's bucket is asked whatever its region."""
    assert refusal(url, hosts=["amazonaws.com"], allow_loopback=False) is None


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/a", "https://evilamazonaws.com/a", "https://amazonaws.com.evil.example/a",
        "https://127.0.0.1/a", "http://localhost/a", "https://user:pw@s3.amazonaws.com/a",
        "ftp://s3.amazonaws.com/a", "file:///etc/passwd", "//s3.amazonaws.com/a", "https://",
        "https://[::1/a", "https://s3.amazonaws.com:port/a", "nonsense", "https://169.254.169.254/",
        "https://[::1]/a", "https://[::ffff:a00:1]/a", "https://2130706433/a", "https://0x7f.1/a",
        "https://0177.0.0.1/a", "https://s3.amazonaws.com:8443/a", "https://s3.amazonaws.com:0/a",
        "https://s3.amazonaws.com:22/a", "https://:@s3.amazonaws.com/a",
        "https://xn--mazonaws-d1a.com/a", "https://x.\uff41mazonaws.com/a",
        "https://evil.example\\@s3.amazonaws.com/a", "https://evil.example/?.amazonaws.com",
        "https://evil.example#.amazonaws.com", "https://s3.amazonaws.com%2eevil.example/a",
        "https://amazonaws.com\t.evil.example/a",
    ],
)  # fmt: skip
def test_everything_else_is_refused(url: str) -> None:
    """An address from the data cannot lead us anywhere but to the file host."""
    assert refusal(url, hosts=["amazonaws.com", ""], allow_loopback=False) is not None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/a", "http://localhost/a", "http://[::1]/a"])
def test_the_sandbox_may_be_asked_on_this_machine(url: str) -> None:
    """Only where it is allowed by name is this machine itself a file host."""
    assert refusal(url, hosts=[], allow_loopback=True) is None
    assert refusal("http://10.0.0.5/a", hosts=[], allow_loopback=True) is not None
    assert refusal("http://me@localhost/a", hosts=[], allow_loopback=True) is not None


@pytest.mark.parametrize(
    ("peer", "loopback", "fine"),
    [
        ("52.218.1.1", False, True), ("2a05:d018::1", False, True),
        ("127.0.0.1", False, False), ("127.0.0.1", True, True), ("::1", True, True),
        ("10.1.2.3", True, False), ("192.168.1.1", False, False), ("169.254.169.254", False, False),
        ("::ffff:10.0.0.1", False, False), ("fe80::1%eth0", False, False),
        ("fd00::1", False, False), ("100.64.0.1", False, False), ("192.0.2.1", False, False),
        ("255.255.255.255", False, False), ("240.0.0.1", False, False),
        ("fec0::1", False, False), ("::10.0.0.1", False, False), ("::", False, False),
        ("2001:db8::1", False, False), ("2001::1", False, False), ("ff02::1", False, False),
        ("64:ff9b::34da:101", False, True), ("64:ff9b::a00:1", False, False),
        ("64:ff9b:1::a00:1", False, False), ("64:ff9b:1::34da:101", False, False),
        ("2002:a00:1::1", False, False), ("2002:7f00:1::1", False, False),
        ("5f00::1", False, False), ("::ffff:52.218.1.1", False, True),
        ("64:ff9b::7f00:1", False, False), ("not an address", False, False),
        ("0.0.0.0", False, False), ("224.0.0.1", False, False), ("", False, False),  # noqa: S104
    ],
)  # fmt: skip
def test_a_name_that_leads_into_a_private_network_is_refused(
    peer: str, *, loopback: bool, fine: bool
) -> None:
    """Whatever the name service says, the clinic's own network is not asked."""
    assert (peer_refusal(peer, allow_loopback=loopback) is None) is fine


class Machine:
    """A machine on this network that listens, and keeps what it is sent."""

    def __init__(self) -> None:
        self.plug = socket.create_server(("127.0.0.1", 0))
        self.met, self.heard = 0, b""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.plug.accept()
            except OSError:
                return
            with line:
                self.met += 1
                line.settimeout(10)
                while chunk := line.recv(4096):
                    self.heard += chunk

    def close(self) -> None:
        """Stop listening, once everything was heard."""
        self.plug.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.plug.close()


def test_not_a_byte_goes_to_a_machine_of_the_own_network(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An allowed name that leads inside is found out before TLS says hello."""
    desk = desk_for([file(1)])
    asked: list[object] = []
    with closing(Machine()) as machine:

        def inside(host: object, *_: object, **__: object) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", machine.plug.getsockname())]

        monkeypatch.setattr(socket, "getaddrinfo", inside)
        found = desk.fetch(transport=None)

    assert found == {"1": (FileState.REFUSED, "its host is on a private network")}
    assert desk.kinds() == ["file_address_refused"]
    assert asked == [HOST]
    assert (machine.met, machine.heard) == (1, b"")
