"""The bytes of a file: whole, as they are meant, never too many, and out of few bytes of memory."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.support.file_desk import HOST, Body, Desk, desks, file, sent
from workbench.errors import SourceUnreachableError, StorageFullError
from workbench.practicehub.download import CHUNK_BYTES
from workbench.state import FileState

Maker = Callable[..., Desk]
TEXT = b"patient;weight\n" * 1000


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Maker]:
    """Give a maker of desks."""
    with desks(tmp_path) as make:
        yield make


# whole ----------------------------------------------------------------------------------------


def test_a_file_of_no_bytes_is_held_and_listed(desk_for: Maker) -> None:
    """An empty file is a file."""
    desk = desk_for([file(1)], {"/4711/1": b""})

    assert desk.fetch()["1"][0] is FileState.HELD
    assert desk.kinds() == ["file_empty"]


@pytest.mark.parametrize("says", [20, 1_000_000])
def test_a_file_that_breaks_off_is_tried_again_and_never_held(desk_for: Maker, says: int) -> None:
    """Fewer bytes than the host promised are not the file."""
    desk = desk_for([file(1)])
    desk.account.always(lambda: sent(b"half of it", length=says))

    with pytest.raises(SourceUnreachableError):
        desk.fetch()
    assert len(desk.account.fetched) == 2
    assert desk.on_disk() == []
    desk.account.answer = lambda _request: None
    assert desk.fetch() == {"1": (FileState.HELD, "")}


def test_more_bytes_than_were_promised_are_not_the_file_either(desk_for: Maker) -> None:
    """What does not fit its own length is asked for again."""
    desk = desk_for([file(1)])
    desk.account.always(lambda: sent(b"more than it says", length=4))

    with pytest.raises(SourceUnreachableError):
        desk.fetch()
    assert desk.on_disk() == []


@pytest.mark.parametrize(
    ("declared", "state"), [(100, FileState.MISSING), (None, FileState.HELD), (4, FileState.HELD)]
)
def test_without_a_length_the_record_says_whether_a_file_is_whole(
    desk_for: Maker, declared: int | None, state: FileState
) -> None:
    """A host that tells no length ends a file by falling silent, and a cut looks the same."""
    desk = desk_for([file(1, size=declared)])
    desk.account.always(lambda: httpx.Response(200, stream=Body([b"ten bytes."])))

    assert desk.fetch()["1"][0] is state
    assert len(desk.on_disk()) == (state is FileState.HELD)


def test_a_file_in_pieces_needs_no_length(desk_for: Maker) -> None:
    """Pieces that are numbered end with one that says so: a wrong declared size is told."""
    desk = desk_for([file(1, size=100)])
    desk.account.always(
        lambda: httpx.Response(
            200, headers={"transfer-encoding": "chunked"}, stream=Body([b"ten bytes."])
        )
    )
    assert desk.fetch()["1"][0] is FileState.HELD
    assert desk.kinds() == ["file_size_differs"]


@pytest.mark.parametrize("length", ["\u00b2", "9" * 5000, "-1", "ten", ""])
def test_a_length_that_is_no_number_is_no_length(desk_for: Maker, length: str) -> None:
    """Nonsense in the host's answer stops nothing."""
    desk = desk_for([file(1)])
    headers = [(b"content-length", length.encode("latin-1"))]
    desk.account.always(lambda: httpx.Response(200, headers=headers, stream=Body([b"bytes"])))

    assert desk.fetch()["1"][0] is FileState.HELD


# as they are meant ----------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP "])
def test_a_file_that_lies_there_compressed_is_held_as_people_would_open_it(
    desk_for: Maker, coding: str
) -> None:
    """Size and hashes are of the file, as a browser would save it, not of its wrapping."""
    desk = desk_for([file(1, size=len(TEXT))])
    desk.account.always(lambda: sent(gzip.compress(TEXT), content_encoding=coding))

    assert desk.fetch() == {"1": (FileState.HELD, "")}
    assert desk.bytes_of(1) == TEXT
    assert desk.kinds() == []


def test_a_file_that_is_itself_an_archive_is_not_unpacked(desk_for: Maker) -> None:
    """Where the record measures the packed bytes, those are the file."""
    packed = gzip.compress(TEXT)
    desk = desk_for([file(1, size=len(packed), file_name="backup.csv.gz")])
    desk.account.always(lambda: sent(packed, content_encoding="gzip"))

    assert desk.fetch() == {"1": (FileState.HELD, "")}
    assert desk.bytes_of(1) == packed


def test_an_archive_in_several_parts_is_unpacked_whole(desk_for: Maker) -> None:
    """Parts that follow one another, cut anywhere on the way, are one file."""
    packed = gzip.compress(TEXT) + gzip.compress(b"and more") + gzip.compress(b"")
    desk = desk_for([file(1)])
    desk.account.always(
        lambda: sent(*(packed[at : at + 7] for at in range(0, len(packed), 7)),
                     content_encoding="gzip")
    )  # fmt: skip
    desk.fetch()

    assert desk.bytes_of(1) == TEXT + b"and more"


@pytest.mark.parametrize(
    ("body", "coding"),
    [(b"\x1f\x8bnonsense", "gzip"), (gzip.compress(TEXT)[:-20], "gzip"), (b"", "gzip"),
     (TEXT, "br"), (TEXT, "zstd"), (zlib.compress(TEXT), "deflate"),
     (gzip.compress(gzip.compress(TEXT)), "gzip, gzip")],
    ids=["no gzip", "cut off", "empty", "brotli", "zstd", "deflate", "packed twice"],
)  # fmt: skip
def test_what_cannot_be_unpacked_is_missing_and_not_held(
    desk_for: Maker, body: bytes, coding: str
) -> None:
    """Bytes that nobody could open would pass for the file; the list says what happened."""
    desk = desk_for([file(1)])
    desk.account.always(lambda: sent(body, content_encoding=coding))

    assert desk.fetch()["1"][0] is FileState.MISSING
    assert desk.kinds() == ["file_not_to_be_had"]
    assert desk.on_disk() == []


@pytest.mark.parametrize("coding", ["identity", "utf-8", "aws-chunked", "binary"])
def test_a_coding_that_means_nothing_changes_nothing(desk_for: Maker, coding: str) -> None:
    """Stores keep whatever was written there when the file was put up."""
    desk = desk_for([file(1)])
    desk.account.always(lambda: sent(TEXT, content_encoding=coding))
    desk.fetch()

    assert desk.bytes_of(1) == TEXT


def test_nothing_compressed_is_asked_for(desk_for: Maker) -> None:
    """The host is asked for the bytes as they are."""
    desk = desk_for([file(1)])
    desk.fetch()

    assert desk.account.fetched[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("status", "state", "times"),
    [(204, FileState.MISSING, 1), (206, FileState.MISSING, 1), (404, FileState.MISSING, 1),
     (410, FileState.MISSING, 1), (429, FileState.MISSING, 2), (500, FileState.MISSING, 2),
     (503, FileState.MISSING, 2), (301, FileState.REFUSED, 1), (302, FileState.REFUSED, 1),
     (304, FileState.REFUSED, 1), (307, FileState.REFUSED, 1), (308, FileState.REFUSED, 1)],
)  # fmt: skip
def test_only_a_whole_answer_from_where_it_was_asked_is_the_file(
    desk_for: Maker, status: int, state: FileState, times: int
) -> None:
    """A part is not the file, a fault is tried again, a refusal is final, no redirect is taken."""
    desk = desk_for([file(1)])
    desk.account.always(
        lambda: sent(b"part", status=status, location="http://169.254.169.254/latest")
    )
    assert desk.fetch()["1"][0] is state
    assert [request.url.host for request in desk.account.fetched] == [HOST] * times
    assert desk.on_disk() == []


# never too many -------------------------------------------------------------------------------


@pytest.mark.parametrize("length_told", [True, False])
def test_a_file_above_the_limit_is_refused(desk_for: Maker, *, length_told: bool) -> None:
    """A limit holds whether or not the host tells the size beforehand."""
    desk = desk_for([file(1)])
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(1000):
            taken.append(number)
            yield b"x" * CHUNK_BYTES

    headers = {"content-length": str(1000 * CHUNK_BYTES)} if length_told else {}
    desk.account.always(lambda: httpx.Response(200, headers=headers, stream=Body(chunks())))

    found = desk.fetch(max_bytes=3 * CHUNK_BYTES)
    assert found["1"] == (FileState.REFUSED, "larger than the limit of 786432 bytes")
    assert desk.kinds() == ["file_too_large"]
    assert desk.on_disk() == []
    assert len(taken) == (0 if length_told else 4)
    assert desk.held(1).size == (1000 if length_told else 4) * CHUNK_BYTES


def test_a_file_that_is_declared_too_large_costs_no_request(desk_for: Maker) -> None:
    """Where PracticeHub itself says so, the host is not asked."""
    desk = desk_for([file(1, size=3_000_000_000)])

    assert desk.fetch(max_bytes=100)["1"][0] is FileState.REFUSED
    assert desk.account.fetched == []


FLAT = textwrap.dedent(
    """
    import json, resource, sys, zlib
    from pathlib import Path
    from tests.support.file_desk import Body, desks, file
    import httpx
    from workbench.practicehub.download import CHUNK_BYTES

    size, how, folder, limit = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])

    def plain():
        piece = bytes(CHUNK_BYTES)
        for _ in range(size // CHUNK_BYTES):
            yield piece

    def packed():
        packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
        for piece in plain():
            yield packer.compress(piece)
        yield packer.flush()

    with desks(folder) as make:
        desk = make([file(1)])
        body = b"".join(packed()) if how == "gzip" else None  # one piece that stands for all
        headers = {"content-encoding": how} if body else {"content-length": str(size)}
        desk.account.always(
            lambda: httpx.Response(200, headers=headers, stream=Body([body] if body else plain()))
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        [found] = desk.results(max_bytes=limit or None)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(json.dumps([found.state.value, found.size, grown]))
    """
)


@pytest.mark.parametrize(
    ("size", "how", "limit"),
    [(200_000_000, "identity", 0), (100_000_000, "gzip", 0), (100_000_000, "gzip", 1_000_000)],
)
def test_memory_stays_flat_whatever_the_size_of_a_file(
    tmp_path: Path, size: int, how: str, limit: int
) -> None:
    """Two hundred megabytes pass through a few; WORKBENCH_TESTS_FILE_BYTES asks for more."""
    size = int(os.environ.get("WORKBENCH_TESTS_FILE_BYTES", size)) // CHUNK_BYTES * CHUNK_BYTES
    ended = subprocess.run(
        [sys.executable, "-c", FLAT, str(size), how, str(tmp_path), str(limit)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    state, received, grown_kib = json.loads(ended.stdout)

    assert state == ("refused" if limit else "held")
    assert received == size or (limit and limit < received <= limit + CHUNK_BYTES)
    assert grown_kib < 30_000
    for one in (tmp_path / "files").rglob("*"):
        assert one.is_dir() or one.stat().st_size == size


# stopping -------------------------------------------------------------------------------------


HEAD = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"


class SlowHost:
    """A host on this machine that sends half of every file and then nothing more."""

    def __init__(self) -> None:
        self._plug = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._plug.getsockname()[1]}"
        self.asked = threading.Semaphore(0)
        self._lines: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._plug.accept()
            except OSError:
                return
            self._lines.append(line)
            line.settimeout(10)
            asked = line.recv(4096)
            if asked.startswith(b"GET /whole"):
                line.sendall(HEAD + b"content-length: 5\r\n\r\nwhole")
            elif asked:
                line.sendall(HEAD + b"content-length: 99\r\n\r\nhalf of it")
            self.asked.release()

    def close(self) -> None:
        """Stop listening and let every line go."""
        self._plug.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for line in (self._plug, *self._lines):
            line.close()


def downloads_alive() -> list[str]:
    """Name the threads that still fetch something."""
    return [one.name for one in threading.enumerate() if one.name.startswith("download-")]


def test_an_interrupt_ends_every_download_at_once(desk_for: Maker) -> None:
    """Ctrl-C waits for no host, and nothing half written stays; what was held is held."""
    with closing(SlowHost()) as host:
        desk = desk_for(
            [file(1, url=f"{host.address}/whole"),
             *(file(number, url=f"{host.address}/{number}") for number in (2, 3, 4))]
        )  # fmt: skip

        def interrupt(done: int, _total: int | None, _waiting: str) -> None:
            if done:
                for _ in range(4):
                    host.asked.acquire()
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            desk.fetch(transport=None, allow_loopback=True, on_progress=interrupt)
        assert downloads_alive() == []
    assert [desk.held(number).state for number in (1, 2)] == [FileState.HELD, FileState.PENDING]
    assert [one.read_bytes() for one in desk.on_disk()] == [b"whole"]


def test_a_disk_that_is_full_ends_every_download(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is told in a sentence; the other threads stop and leave nothing behind."""

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with closing(SlowHost()) as host:
        desk = desk_for([file(1, url=f"{host.address}/whole"), file(2, url=f"{host.address}/2")])
        monkeypatch.setattr("workbench.practicehub.blobs.os.fsync", full)
        with pytest.raises(StorageFullError):
            desk.fetch(transport=None, allow_loopback=True)
        assert downloads_alive() == []
    assert desk.on_disk() == []
    assert desk.held(1).state is FileState.PENDING


def test_a_host_that_hangs_up_as_soon_as_it_is_met_is_asked_again(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is gone before it can be looked at is a silent host, not a broken workbench."""

    def gone(_stream: object, _name: str) -> object:
        raise OSError(107, "Transport endpoint is not connected")

    with closing(SlowHost()) as host:
        desk = desk_for([file(1, url=f"{host.address}/whole")])
        with monkeypatch.context() as patch:
            patch.setattr("httpcore._backends.sync.SyncStream.get_extra_info", gone)
            with pytest.raises(SourceUnreachableError):
                desk.fetch(transport=None, allow_loopback=True)
        assert desk.fetch(transport=None, allow_loopback=True)["1"][0] is FileState.HELD
