"""Files of records: where their bytes may come from, and what becomes of each."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import stamina

from workbench.errors import SourceUnreachableError, StorageFullError
from workbench.practicehub import Client, Pace, estimate, fetch_files, file_path, walk
from workbench.practicehub.blobs import Sink, sweep
from workbench.practicehub.catalogue import resource
from workbench.practicehub.download import peer_refusal, refusal
from workbench.practicehub.files import declared_size, unsafe_name
from workbench.state import FileState, Store

Row = dict[str, object]
HOST = "phub.s3.amazonaws.com"


@dataclass
class Account:
    """An account with files, and the host their bytes lie on."""

    rows: list[Row]
    blobs: dict[str, bytes]
    signature: int = 1
    valid: int = 1
    listed_again: list[str] = field(default_factory=list)
    fetched: list[httpx.Request] = field(default_factory=list)
    answer: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None

    def api(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/files"):
            return httpx.Response(404)
        wanted = request.url.params.get("id")
        rows = self.rows
        if wanted is not None:
            self.listed_again.append(wanted)
            ids = wanted.partition(":")[2].split(",")
            rows = [row for row in rows if str(row["id"]) in ids]
        signed = [{**row, "url": self._sign(row["url"])} for row in rows]
        return httpx.Response(200, json={"total_entries": len(signed), "data": signed})

    def _sign(self, url: object) -> object:
        return f"{url}?X-Sig={self.signature}" if isinstance(url, str) and url else url

    def host(self, request: httpx.Request) -> httpx.Response:
        self.fetched.append(request)
        special = self.answer(request)
        if special is not None:
            return special
        [signature] = parse_qs(urlsplit(str(request.url)).query)["X-Sig"]
        if int(signature) < self.valid:
            return httpx.Response(403, text="<Error>expired</Error>")
        blob = self.blobs.get(request.url.path)
        return httpx.Response(404) if blob is None else httpx.Response(200, content=blob)


def file(number: int, **more: object) -> Row:
    """Make a file's row."""
    return {
        "id": number, "file_name": f"scan {number}.pdf", "patient_id": 7, "size": None,
        "url": f"https://{HOST}/4711/{number}", **more,
    }  # fmt: skip


@dataclass
class Desk:
    """A run folder whose files' records are held."""

    folder: Path
    store: Store
    account: Account
    client: Client

    def fetch(self, **more: object) -> dict[str, tuple[FileState, str]]:
        settings: dict[str, object] = {
            "hosts": ["amazonaws.com"], "allow_loopback": False,
            "transport": httpx.MockTransport(self.account.host), **more,
        }  # fmt: skip
        return {
            one.source_id: (one.state, one.reason)
            for one in fetch_files(self.client, self.store, folder=self.folder, **settings)  # type: ignore[arg-type]
        }

    def kinds(self) -> list[str]:
        return sorted(one.kind for one in self.store.staging.issues())


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    stamina.set_testing(True, attempts=2, cap=True)
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(None)
    stamina.set_testing(False)


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Callable[[list[Row]], Desk]]:
    """Give a maker of desks; bytes are given for every row that has an address."""
    made: list[Desk] = []

    def make(rows: list[Row], blobs: dict[str, bytes] | None = None) -> Desk:
        given = {f"/4711/{row['id']}": b"bytes of %d" % int(str(row["id"])) for row in rows}
        account = Account(rows, {**given, **(blobs or {})})
        store = Store(tmp_path / "state.sqlite")
        client = Client(
            base_url="https://x.practicehub.io/api", api_key="the-key",
            app_details="workbench=ops@example.org", page_size=100,
            pace=Pace(tmp_path / "pace.lock", per_second=1000),
            transport=httpx.MockTransport(account.api),
        )  # fmt: skip
        list(walk(client, store, "files", folder=tmp_path))
        made.append(Desk(tmp_path, store, account, client))
        return made[-1]

    yield make
    for desk in made:
        desk.store.close()
        desk.client.close()


Maker = Callable[..., Desk]


def test_bytes_are_held_under_their_hash(desk_for: Maker) -> None:
    """Size and both hashes are those of the bytes received, and so is the place."""
    desk = desk_for([file(1), file(2)])
    desk.fetch()

    for number in (1, 2):
        blob = b"bytes of %d" % number
        held = desk.store.source.file("files", str(number))
        assert held is not None
        assert (held.state, held.size) == (FileState.HELD, len(blob))
        assert held.sha1 == hashlib.sha1(blob, usedforsecurity=False).hexdigest()
        assert held.sha256 == hashlib.sha256(blob).hexdigest()
        path = file_path(desk.folder, held.sha256)
        assert path.read_bytes() == blob
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_held_costs_nothing(desk_for: Maker) -> None:
    """Running again neither lists nor fetches anything."""
    desk = desk_for([file(1), file(2)])
    desk.fetch()
    desk.account.fetched.clear()

    assert desk.fetch() == {}
    assert desk.account.fetched == []
    assert desk.account.listed_again == []


def test_the_key_never_goes_to_the_file_host(desk_for: Maker) -> None:
    """Whoever runs the file host learns neither the key nor who asks."""
    desk = desk_for([file(1)])
    desk.fetch()

    [request] = desk.account.fetched
    assert request.method == "GET"
    assert not [name for name in request.headers if name.startswith("x-")]
    assert "the-key" not in str(dict(request.headers))


def test_addresses_older_than_a_day_are_listed_again_together(desk_for: Maker) -> None:
    """A hundred stale addresses cost one request, and every file is fetched."""
    desk = desk_for([file(number) for number in range(1, 31)])
    desk.account.signature = desk.account.valid = 2
    found = desk.fetch()

    assert {state for state, _ in found.values()} == {FileState.HELD}
    assert len(found) == 30
    assert len(desk.account.listed_again) == 1


def test_a_fresh_address_that_is_refused_is_missing(desk_for: Maker) -> None:
    """A host that refuses a fresh address too is not asked for ever."""
    desk = desk_for([file(1)])
    desk.account.valid = 99

    assert desk.fetch() == {
        "1": (FileState.MISSING, "the file host refused even a fresh address (403)")
    }
    assert len(desk.account.fetched) == 2
    assert desk.kinds() == ["file_not_to_be_had"]


def test_a_file_that_is_not_listed_any_more_is_missing(desk_for: Maker) -> None:
    """A file deleted in PracticeHub since is listed as missing."""
    desk = desk_for([file(1)])
    desk.account.valid = 2
    desk.account.rows = []

    assert desk.fetch()["1"][0] is FileState.MISSING


def test_rows_of_other_files_are_not_taken_for_the_one_asked_for(desk_for: Maker) -> None:
    """An ignored filter must not put one patient's file in another's place."""
    desk = desk_for([file(1)])
    desk.account.valid = desk.account.signature = 2
    desk.account.rows = [file(2)]
    original = desk.account.api

    def ignoring(request: httpx.Request) -> httpx.Response:
        return original(httpx.Request("GET", request.url.copy_remove_param("id")))

    desk.client._http._transport = httpx.MockTransport(ignoring)
    assert desk.fetch()["1"][0] is FileState.MISSING


@pytest.mark.parametrize(
    ("more", "state", "kinds"),
    [
        ({"url": None}, FileState.MISSING, ["file_without_address"]),
        ({"url": ""}, FileState.MISSING, ["file_without_address"]),
        ({"size": 10}, FileState.HELD, []),
        ({"size": "10"}, FileState.HELD, []),
        ({"size": 999}, FileState.HELD, ["file_size_differs"]),
        ({"file_name": None}, FileState.HELD, ["file_without_name"]),
        ({"file_name": "../../etc/passwd"}, FileState.HELD, ["file_name_unsafe"]),
        ({"patient_id": None}, FileState.HELD, ["file_of_no_patient"]),
        ({"url": "https://evil.example.com/1"}, FileState.REFUSED, ["file_address_refused"]),
        ({"url": f"http://{HOST}/1"}, FileState.REFUSED, ["file_address_refused"]),
    ],
)
def test_everything_odd_about_a_file_has_one_outcome_and_an_issue(
    desk_for: Maker, more: Row, state: FileState, kinds: list[str]
) -> None:
    """No file is dropped without a row that says so."""
    desk = desk_for([file(1, **more)])

    assert desk.fetch()["1"][0] is state
    assert desk.kinds() == kinds


def test_a_file_of_no_bytes_is_held_and_listed(desk_for: Maker) -> None:
    """An empty file is a file."""
    desk = desk_for([file(1)], {"/4711/1": b""})

    assert desk.fetch()["1"][0] is FileState.HELD
    assert desk.kinds() == ["file_empty"]


@pytest.mark.parametrize("length_told", [True, False])
def test_a_file_above_the_limit_is_refused(desk_for: Maker, *, length_told: bool) -> None:
    """A limit holds whether or not the host tells the size beforehand."""
    desk = desk_for([file(1)])

    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 50] * 4

    desk.account.answer = lambda _request: httpx.Response(
        200, content=b"x" * 200 if length_told else chunks()
    )
    assert desk.fetch(max_bytes=100)["1"][0] is FileState.REFUSED
    assert desk.kinds() == ["file_too_large"]
    assert [one for one in (desk.folder / "files").rglob("*") if one.is_file()] == []


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(desk_for: Maker, status: int) -> None:
    """A file host cannot send us anywhere else."""
    desk = desk_for([file(1)])
    desk.account.answer = lambda _request: httpx.Response(
        status, headers={"location": "http://169.254.169.254/"}
    )
    assert desk.fetch()["1"][0] is FileState.REFUSED
    assert len(desk.account.fetched) == 1


@pytest.mark.parametrize(("status", "times"), [(404, 1), (410, 1), (500, 2), (503, 2)])
def test_a_file_the_host_does_not_give_is_missing(desk_for: Maker, status: int, times: int) -> None:
    """A refusal is final at once, a fault of the host after some tries; both are listed."""
    desk = desk_for([file(1)])
    desk.account.answer = lambda _request: httpx.Response(status)

    assert desk.fetch()["1"][0] is FileState.MISSING
    assert len(desk.account.fetched) == times
    assert desk.kinds() == ["file_not_to_be_had"]


def test_missing_files_are_looked_for_once_more_on_demand(desk_for: Maker) -> None:
    """What could not be had yesterday can be asked for today."""
    desk = desk_for([file(1)])
    desk.account.answer = lambda _request: httpx.Response(500)
    desk.fetch()
    desk.account.answer = lambda _request: None

    assert desk.fetch() == {}
    assert desk.fetch(retry_missing=True)["1"][0] is FileState.HELD


def test_a_host_that_is_silent_leaves_its_files_pending(desk_for: Maker) -> None:
    """Without a network the other files are kept, and the run says what is left."""
    desk = desk_for([file(1), file(2), file(3)])

    def silent(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/2"):
            what = f"no route to {request.url}"
            raise httpx.ConnectError(what)
        return None

    desk.account.answer = silent
    with pytest.raises(SourceUnreachableError, match="1 of 3 files"):
        desk.fetch()
    desk.account.answer = lambda _request: None

    assert desk.fetch() == {"2": (FileState.HELD, "")}


def test_a_limit_fetches_that_many_and_the_rest_later(desk_for: Maker) -> None:
    """A sample of files can be looked at first."""
    desk = desk_for([file(number) for number in range(1, 8)])

    assert len(desk.fetch(limit=3)) == 3
    assert len(desk.fetch()) == 4


def test_a_full_disk_loses_no_file(desk_for: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files fetched before are kept, nothing half written stays, the rest is fetched later."""
    desk = desk_for([file(number) for number in range(1, 5)])
    desk.fetch(limit=1)

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("workbench.practicehub.blobs.os.fsync", full)
        with pytest.raises(StorageFullError):
            desk.fetch()
    assert list((desk.folder / "files").glob("part-*")) == []

    desk.fetch()
    assert {one.state for one in desk.store.source.files()} == {FileState.HELD}


def test_no_log_or_outcome_shows_an_address(
    desk_for: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    """A signed address is a secret while it lives; only the run's data files hold it."""
    caplog.set_level(logging.DEBUG)
    desk = desk_for([file(1), file(2, url="https://evil.example.com/2")])

    def silent(request: httpx.Request) -> httpx.Response | None:
        what = f"cannot reach {request.url}"
        raise httpx.ConnectError(what)

    desk.account.answer = silent
    with pytest.raises(SourceUnreachableError) as caught:
        desk.fetch()

    rows = [*desk.store.staging.issues(), *desk.store.source.files(), *desk.store.ledger.entries()]
    shown = f"{caught.value} {caplog.text} {rows}"
    for secret in ("X-Sig", HOST, "evil.example.com"):
        assert secret not in shown


def test_what_a_killed_process_left_half_written_is_removed(tmp_path: Path) -> None:
    """Remains of dead processes go; a living one's file is left alone."""
    (tmp_path / "part-999999999-0").write_bytes(b"half")
    with Sink(tmp_path) as sink:
        sink.write(b"being written")
        sweep(tmp_path)

        assert len(list(tmp_path.glob("part-*"))) == 1


def test_the_forecast_extrapolates_from_the_files_listed(desk_for: Maker) -> None:
    """How many files and bytes are to come is known before they are fetched."""
    desk = desk_for([file(number, size=1000 if number % 2 else None) for number in range(1, 9)])
    forecast = estimate(desk.store, per_second=1.0, page_size=100)

    assert (forecast.files, forecast.bytes_, forecast.requests) == (8, 8000, 0)
    assert forecast.grade.value == "simple"


# addresses ------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("peer", "loopback", "fine"),
    [
        ("52.218.1.1", False, True), ("2a05:d018::1", False, True),
        ("127.0.0.1", False, False), ("127.0.0.1", True, True), ("::1", True, True),
        ("10.1.2.3", True, False), ("192.168.1.1", False, False), ("169.254.169.254", False, False),
        ("::ffff:10.0.0.1", False, False), ("fe80::1%eth0", False, False),
        ("fd00::1", False, False),
        ("0.0.0.0", False, False), ("224.0.0.1", False, False), ("", False, False),  # noqa: S104
    ],
)  # fmt: skip
def test_a_name_that_leads_into_a_private_network_is_refused(
    peer: str, *, loopback: bool, fine: bool
) -> None:
    """Whatever the name service says, the clinic's own network is not asked."""
    assert (peer_refusal(peer, allow_loopback=loopback) is None) is fine


@pytest.mark.parametrize(
    ("name", "unsafe"),
    [("scan.pdf", False), ("año niño.pdf", False), ("a/b", True), ("..", True), ("a\\b", True),
     ("C:x", True), ("a\nb", True), ("..pdf", False)],
)  # fmt: skip
def test_a_name_that_reads_as_a_path_is_told_apart(name: str, *, unsafe: bool) -> None:
    """Names with folders, drives or control characters are listed."""
    assert unsafe_name(name) is unsafe


@pytest.mark.parametrize(
    ("size", "read"), [(5, 5), ("5", 5), (5.0, 5), (None, None), ("big", None), (-1, None),
                       (True, None), ("²", None), (float("inf"), None), (float("nan"), None)],
)  # fmt: skip
def test_a_declared_size_is_a_number_or_not_known(size: object, read: int | None) -> None:
    """A size that is no number is not taken for zero."""
    assert declared_size(resource("files"), {"size": size}) == read
