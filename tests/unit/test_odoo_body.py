"""Requests with files in them: made in pieces, of a length known before, as often as asked."""

from __future__ import annotations

import base64
import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from workbench.errors import StateError
from workbench.odoo import Odoo
from workbench.odoo._body import AT_ONCE, Body, FileBytes

SIZES = [0, 1, 2, 3, 4, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 2]
LARGE = 100_000_000
MOST_MB = 4.0
"""Megabytes: the file itself would take 100, its base64 133 and the request as much again."""


def made(folder: Path, content: bytes, *, name: str = "file") -> FileBytes:
    """Put bytes on the disk."""
    path = folder / name
    path.write_bytes(content)
    return FileBytes(path, len(content))


class Counting(httpx.BaseTransport):
    """A network that counts and hashes what is sent to it, and holds none of it."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.seen: list[tuple[int, str, str]] = []
        """Bytes, their hash and the length that was announced, of each request."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Read the request piece by piece."""
        size, found = 0, hashlib.sha256()
        assert isinstance(request.stream, httpx.SyncByteStream)
        for piece in request.stream:
            size += len(piece)
            found.update(piece)
        self.seen.append((size, found.hexdigest(), request.headers["Content-Length"]))
        assert "Transfer-Encoding" not in request.headers
        login = size < 300 and request.url.path == "/jsonrpc"
        status = self.statuses.pop(0) if self.statuses and not login else 200
        return httpx.Response(status, json={"result": 7} if "rpc" in str(request.url) else [7])


def opened(transport: Counting, protocol: str) -> Odoo:
    """A client on that network."""
    return Odoo(
        url="https://clinic.example.org", database="clinic", api_key="k", login="admin",
        protocol="json2" if protocol == "json2" else "jsonrpc", transport=transport,
    )  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_the_pieces_spell_the_same_request_as_the_whole(tmp_path: Path, size: int) -> None:
    """Whatever a file's size, its base64 is joined without a seam, and the length is right."""
    content = bytes(number % 251 for number in range(size))
    value = {"name": 'a "file" \ud800 of \x00', "vals": [made(tmp_path, content), None, 1.5]}
    body = Body(value)
    sent = b"".join(body)

    expected = {**value, "vals": [base64.b64encode(content).decode(), None, 1.5]}
    assert sent == json.dumps(expected).encode("ascii")
    assert body.length == len(sent)


def test_several_files_stand_in_their_places(tmp_path: Path) -> None:
    """Rows of one call each get their own bytes; one file may stand in two places."""
    one, two = (made(tmp_path, name.encode(), name=name) for name in ("one", "two"))
    sent = json.loads(b"".join(Body([["a", one], ["b", two], ["c", one]])))

    assert [base64.b64decode(row[1]) for row in sent] == [b"one", b"two", b"one"]


def test_a_request_without_a_file_is_plain_bytes() -> None:
    """Nothing changes for the calls that carry none."""
    assert Body({"a": [1, "é"]}).content == b'{"a": [1, "\\u00e9"]}'


def test_what_is_no_json_is_refused() -> None:
    """A mistake of ours is found before anything is sent."""
    with pytest.raises(TypeError, match="bytes has no spelling"):
        Body({"datas": b"raw"})


@pytest.mark.parametrize("later", [b"longer than it was", b"s", None], ids=["more", "less", "gone"])
def test_a_file_that_changes_while_it_is_sent_breaks_the_call_off(
    tmp_path: Path, later: bytes | None
) -> None:
    """Odoo never gets a request that holds other bytes than were announced."""
    file = made(tmp_path, b"as it was")
    body = Body({"datas": file})
    if later is None:
        file.path.unlink()
    else:
        file.path.write_bytes(later)
    with pytest.raises(StateError, match="cannot be read"):
        list(body)


def test_the_checksum_is_taken_without_holding_the_file(tmp_path: Path) -> None:
    """It is the SHA-1 that Odoo tells of an attachment."""
    content = b"%PDF" * AT_ONCE

    assert made(tmp_path, content).sha1 == hashlib.sha1(content).hexdigest()  # noqa: S324  # Odoo's


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_a_call_that_is_repeated_sends_the_whole_file_again(tmp_path: Path, protocol: str) -> None:
    """An answer of "too many requests" is waited out, and the same bytes go again."""
    transport = Counting(429, 200)
    file = made(tmp_path, b"%PDF" * AT_ONCE)
    with opened(transport, protocol) as odoo:
        odoo._wire._sleep = lambda _: None
        odoo.call("ir.attachment", "create", vals_list=[{"datas": file}])

    first, second = transport.seen[-2:]
    assert first == second
    assert first[0] == int(first[2]) > file.length


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_a_file_of_100_mb_takes_no_more_memory_than_a_small_one(
    tmp_path: Path, protocol: str
) -> None:
    """Files go from disk to the line in pieces, in either protocol."""
    path = tmp_path / "scan"
    peaks = []
    transport = Counting()
    with opened(transport, protocol) as odoo:
        for size in _sizes(path):
            tracemalloc.start()
            odoo.call("ir.attachment", "create", vals_list=[{"datas": FileBytes(path, size)}])
            peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()

    assert transport.seen[-1][0] > LARGE * 4 / 3
    assert peaks[1] - peaks[0] < MOST_MB


def _sizes(path: Path) -> Iterator[int]:
    for size in (100, LARGE):
        with path.open("wb") as file:
            file.truncate(size)  # holes: they take no place on the disk
        yield size
