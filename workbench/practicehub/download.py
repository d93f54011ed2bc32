"""Fetching the bytes behind one signed address: streamed, hashed, and from nowhere else.

A signed address is a secret while it lives: it stands in no error, log or result.
"""

from __future__ import annotations

import ipaddress
import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx
import stamina

from workbench.errors import StateError
from workbench.practicehub.blobs import Sink, file_path
from workbench.practicehub.client import keep_addresses_out_of_logs
from workbench.practicehub.region import LOOPBACK

CHUNK_BYTES = 1 << 18


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
    """What became of a job; size in bytes. `error` is trouble with our own disk."""

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


def refusal(url: str, *, hosts: Sequence[str], allow_loopback: bool) -> str | None:
    """Say why an address must not be asked, or None where it may be.

    Args:
        url: the address.
        hosts: allowed hosts; a host below one of them is allowed too.
        allow_loopback: True in the sandbox: this machine itself may be asked, without TLS.
    """
    try:
        parts = urlsplit(url)
        host, _port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "its address is not an address"
    if allow_loopback and host in LOOPBACK and parts.scheme in {"http", "https"}:
        return None
    if parts.scheme != "https":
        return "its address is not https"
    if parts.username is not None or parts.password is not None:
        return "its address names a user"
    allowed = [one.lower().strip(".") for one in hosts]
    if not any(host == one or host.endswith(f".{one}") for one in allowed if one):
        return "its host is not among the allowed file hosts"
    return None


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
        for thread in self._threads:
            thread.join(timeout=1.0)
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
        length = response.headers.get("content-length", "")
        if length.isdigit() and self._over(int(length)):
            return Ending.TOO_LARGE, f"larger than the limit of {self._max_bytes} bytes"
        return None, ""

    def _streamed(self, job: Job, response: httpx.Response) -> Outcome:
        with Sink(self._folder / "files") as sink:
            for chunk in response.iter_bytes(CHUNK_BYTES):
                if self._stop.is_set():
                    return Outcome(job, Ending.BROKEN_OFF)
                sink.write(chunk)
                if self._over(sink.size):
                    reason = f"larger than the limit of {self._max_bytes} bytes"
                    return Outcome(job, Ending.TOO_LARGE, reason)
            sink.keep(file_path(self._folder, sink.sha256))
            return Outcome(
                job, Ending.HELD, size=sink.size, sha1=sink.sha1, sha256=sink.sha256
            )  # fmt: skip

    def _over(self, size: int) -> bool:
        return self._max_bytes is not None and size > self._max_bytes

    def _watch(self, event: str, info: Mapping[str, object]) -> None:
        """Look at the machine a name led to, before anything is sent to it.

        A name on the allowed list may still point into the clinic's own network.
        """
        if event != "connection.connect_tcp.complete":
            return
        stream = info.get("return_value")
        peer = stream.get_extra_info("server_addr") if hasattr(stream, "get_extra_info") else None
        reason = peer_refusal(str(peer[0]) if peer else "", allow_loopback=self._loopback)
        if reason is not None:
            if hasattr(stream, "close"):
                stream.close()
            raise _RefusedError(reason)


def peer_refusal(peer: str, *, allow_loopback: bool) -> str | None:
    """Say why a machine, given by its IP address, must not be asked, or None where it may be."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return "its host has no address to check"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if (address.is_loopback and allow_loopback) or (
        address.is_global and not address.is_multicast
    ):  # fmt: skip
        return None
    return "its host is on a private network"
