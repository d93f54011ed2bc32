"""Fetching the bytes behind one signed address: streamed, hashed, and from nowhere else.

A signed address is a secret while it lives: it stands in no error, log or result.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from workbench.errors import StateError
from workbench.practicehub.addresses import peer_refusal, refusal
from workbench.practicehub.blobs import Sink, file_path
from workbench.practicehub.client import keep_addresses_out_of_logs

CHUNK_BYTES = 1 << 18
LAST_MOMENT = 1.0
"""Seconds that threads are given to end; one that takes longer dies with the process."""

_GZIP = frozenset({"gzip", "x-gzip"})
_UNREADABLE = frozenset({"br", "compress", "deflate", "x-compress", "zstd"})
_LENGTH_DIGITS = 18
_CUT = "the file host broke off before the file's end"


class Ending(StrEnum):
    """How a download ended."""

    HELD = "held"
    EXPIRED = "expired"
    MISSING = "missing"
    REFUSED = "refused"
    TOO_LARGE = "too large"
    UNREACHABLE = "unreachable"
    BROKEN_OFF = "broken off"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to fetch; `fresh` True: its address was listed just now."""

    resource: str
    source_id: str
    url: str
    declared: int | None
    fresh: bool = False

    def __repr__(self) -> str:  # the address stays out of tracebacks and local variables shown
        return f"Job({self.resource}_{self.source_id})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job; size in bytes, of one that is too large what it has at least.

    `error` is trouble with our own disk.
    """

    job: Job
    ending: Ending
    reason: str = ""
    size: int | None = None
    sha1: str | None = None
    sha256: str | None = None
    error: StateError | None = None


class _RefusedError(Exception):
    """An address that must not be asked."""


class _TryAgainError(Exception):
    """The file host had a bad moment; `ending` is what it comes to if it has no better one."""

    def __init__(self, reason: str, *, ending: Ending) -> None:
        super().__init__(reason)
        self.ending = ending


class Downloads:
    """A few threads that fetch files; the caller gives jobs and takes outcomes.

    The threads touch the network and the `files/` folder only, never the state. They are
    daemons: Ctrl-C does not wait for a slow host.

    Args:
        folder: the run folder.
        hosts: allowed hosts.
        allow_loopback: see `refusal`.
        parallel: how many at a time.
        max_bytes: larger files are not fetched; None: no limit.
        timeout: seconds without a byte before a host counts as silent.
        attempts: tries per file for silence and 5xx.
        wait_initial: seconds before the second try.
        transport: in place of the network, for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        hosts: Sequence[str],
        allow_loopback: bool,
        parallel: int = 4,
        max_bytes: int | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
        wait_initial: float = 0.5,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        keep_addresses_out_of_logs()
        self._folder, self._hosts, self._loopback = folder, tuple(hosts), allow_loopback
        self._max_bytes, self._attempts, self._wait = max_bytes, attempts, wait_initial
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._plugs: set[socket.socket] = set()
        self._plugging = threading.Lock()
        self._http = httpx.Client(
            headers={"accept-encoding": "identity"},  # the bytes as they lie there
            timeout=timeout,
            transport=transport or httpx.HTTPTransport(trust_env=False),
            follow_redirects=False,
            trust_env=False,
        )
        self._threads = [
            threading.Thread(target=self._work, name=f"download-{number}", daemon=True)
            for number in range(parallel)
        ]

    def give(self, job: Job) -> None:
        """Hand a job to whichever thread is free next."""
        self._jobs.put(job)

    def take(self) -> Outcome:
        """Wait for the next outcome, in the order in which they come about."""
        outcome = self._outcomes.get()
        if isinstance(outcome, BaseException):  # a mistake of ours: it must not pass unseen
            raise outcome
        return outcome

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for _thread in self._threads:
            self._jobs.put(None)
        with self._plugging:
            for plug in self._plugs:
                # wakes the thread that waits at it; a closed one needs no waking
                with contextlib.suppress(OSError):
                    plug.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + LAST_MOMENT
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._http.close()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._stop.is_set():
            try:
                self._outcomes.put(self._fetched(job))
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
                self._outcomes.put(error)

    def _fetched(self, job: Job) -> Outcome:
        reason = refusal(job.url, hosts=self._hosts, allow_loopback=self._loopback)
        if reason is not None:
            return Outcome(job, Ending.REFUSED, reason)
        try:
            for attempt in stamina.retry_context(
                on=_TryAgainError, attempts=self._attempts, timeout=None,
                wait_initial=self._wait, wait_max=20.0, wait_jitter=self._wait / 4,
            ):  # fmt: skip
                with attempt:
                    return self._once(job)
        except _TryAgainError as again:
            return Outcome(job, again.ending, str(again))
        except _RefusedError as refused:
            return Outcome(job, Ending.REFUSED, str(refused))
        except StateError as error:
            return Outcome(job, Ending.BROKEN_OFF, error=error)
        unreachable = "stamina either returns or raises"
        raise AssertionError(unreachable)

    def _once(self, job: Job) -> Outcome:
        try:
            with self._http.stream("GET", job.url, extensions={"trace": self._watch}) as response:
                ending, reason = self._judged(response)
                if ending is not None:
                    return Outcome(job, ending, reason)
                return self._streamed(job, response)
        except (httpx.RequestError, httpx.InvalidURL, httpx.StreamError) as error:
            if self._stop.is_set():
                return Outcome(job, Ending.BROKEN_OFF)
            # the library's own text may hold the address
            what = f"the file host gave no whole answer ({type(error).__name__})"
            raise _TryAgainError(what, ending=Ending.UNREACHABLE) from None

    def _judged(self, response: httpx.Response) -> tuple[Ending | None, str]:
        status = response.status_code
        if response.is_redirect or response.is_informational:
            return Ending.REFUSED, f"the file host answered with a redirect ({status})"
        if status == httpx.codes.FORBIDDEN:
            return Ending.EXPIRED, "the file host refused even a fresh address (403)"
        if response.is_server_error or status == httpx.codes.TOO_MANY_REQUESTS:
            what = f"the file host answered {status}, every time"
            raise _TryAgainError(what, ending=Ending.MISSING)
        if status != httpx.codes.OK:
            return Ending.MISSING, f"the file host answered {status}"
        coding = _coding(response)
        if coding in _UNREADABLE or "," in coding:
            return Ending.MISSING, "the file host sent it compressed, though it was asked not to"
        return None, ""

    def _streamed(self, job: Job, response: httpx.Response) -> Outcome:
        length = _length(response)
        received = _Counted(response.iter_raw(CHUNK_BYTES))
        chunks: Iterable[bytes] = received
        # stored compressed: every browser unpacks it, unless that is what the record measures
        packed = _coding(response) in _GZIP and (length is None or length != job.declared)
        if packed:
            chunks = _unpacked(received)
        elif length is not None and self._over(length):
            return self._too_large(job, length)
        with Sink(self._folder / "files") as sink:
            for chunk in chunks:
                if self._stop.is_set():
                    return Outcome(job, Ending.BROKEN_OFF)
                sink.write(chunk)
                if self._over(sink.size):
                    return self._too_large(job, sink.size)
            if length is not None and received.bytes != length:
                raise _TryAgainError(_CUT, ending=Ending.UNREACHABLE)
            told = length is not None or "transfer-encoding" in response.headers
            if not told and job.declared is not None and sink.size < job.declared:
                # nothing else would tell a file that was cut off from a whole one
                raise _TryAgainError(_CUT, ending=Ending.MISSING)
            sink.keep(file_path(self._folder, sink.sha256))
            return Outcome(
                job, Ending.HELD, size=sink.size, sha1=sink.sha1, sha256=sink.sha256
            )  # fmt: skip

    def _too_large(self, job: Job, size: int) -> Outcome:
        return Outcome(job, Ending.TOO_LARGE, too_large(self._max_bytes), size)

    def _over(self, size: int) -> bool:
        return self._max_bytes is not None and size > self._max_bytes

    def _watch(self, event: str, info: Mapping[str, object]) -> None:
        """Look at the machine a name led to, before anything is sent to it.

        A name on the allowed list may still point into the clinic's own network. The machine
        looked at is the one connected to, so a second answer of the name service changes
        nothing; not even the greeting of TLS, which tells the host's name, was sent yet.
        """
        if event not in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            return
        stream: Any = info["return_value"]  # httpcore's own, which httpx gives no type
        try:
            plug, peer = stream.get_extra_info("socket"), stream.get_extra_info("server_addr")
        except OSError:  # no longer connected
            stream.close()
            what = "the file host hung up"
            raise _TryAgainError(what, ending=Ending.UNREACHABLE) from None
        reason = peer_refusal(str(peer[0]) if peer else "", allow_loopback=self._loopback)
        if reason is not None:
            stream.close()
            raise _RefusedError(reason)
        with self._plugging:
            if self._stop.is_set():  # the others were woken before this one was connected
                stream.close()
                what = "stopped"
                raise _RefusedError(what)
            self._plugs = {one for one in self._plugs if one.fileno() >= 0} | {plug}


def too_large(limit: int | None) -> str:
    """Say that a file is larger than the limit, in bytes."""
    return f"larger than the limit of {limit} bytes"


class _Counted:
    """Chunks as they came, and how many bytes of them were taken."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self.bytes = chunks, 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.bytes += len(chunk)
            yield chunk


def _coding(response: httpx.Response) -> str:
    """Give the coding of the body; many a name that stores call so means nothing."""
    return str(response.headers.get("content-encoding", "")).strip().lower()


def _length(response: httpx.Response) -> int | None:
    text = response.headers.get("content-length", "")
    plain = text.isascii() and text.isdigit() and len(text) <= _LENGTH_DIGITS
    return int(text) if plain else None


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip a little at a time: a few bytes may stand for gigabytes."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            left, more = chunk, False
            while left or more:
                if unpacker.eof:  # another part follows
                    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                found = unpacker.decompress(left, CHUNK_BYTES)
                more = len(found) == CHUNK_BYTES and not unpacker.eof
                left = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                yield found
    except zlib.error:
        what = "the file host sent it compressed, and it cannot be unpacked"
        raise _TryAgainError(what, ending=Ending.MISSING) from None
    if not unpacker.eof:
        raise _TryAgainError(_CUT, ending=Ending.MISSING)
