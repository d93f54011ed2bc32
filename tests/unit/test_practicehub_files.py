"""Files of records: where their bytes may come from, and what becomes of each."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.file_desk import HOST, Desk, Row, desks, file
from workbench.errors import SourceUnreachableError, StorageFullError
from workbench.practicehub import estimate, file_path
from workbench.practicehub.catalogue import resource
from workbench.practicehub.filefacts import declared_size, unsafe_name
from workbench.proof.evidence import check_files
from workbench.proof.told import replay
from workbench.state import FileState, Issue, IssueKind

Maker = Callable[..., Desk]


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Maker]:
    """Give a maker of desks; bytes are given for every row that has an address."""
    with desks(tmp_path) as make:
        yield make


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
        ({}, FileState.HELD, []),
        ({"url": None}, FileState.MISSING, ["file_without_address"]),
        ({"url": ""}, FileState.MISSING, ["file_without_address"]),
        ({"url": " "}, FileState.MISSING, ["file_without_address"]),
        ({"url": 7}, FileState.MISSING, ["file_without_address"]),
        ({"size": 10}, FileState.HELD, []),
        ({"size": "10"}, FileState.HELD, []),
        ({"size": 999}, FileState.HELD, ["file_size_differs"]),
        ({"size": 0}, FileState.HELD, ["file_size_differs"]),
        ({"size": -5}, FileState.HELD, ["file_size_unreadable"]),
        ({"size": "large"}, FileState.HELD, ["file_size_unreadable"]),
        ({"size": 2**70}, FileState.HELD, ["file_size_unreadable"]),
        ({"size": "9" * 5000}, FileState.HELD, ["file_size_unreadable"]),
        ({"size": 2**63 - 1}, FileState.HELD, ["file_size_differs"]),
        ({"file_name": None}, FileState.HELD, ["file_without_name"]),
        ({"file_name": "../../etc/passwd"}, FileState.HELD, ["file_name_unsafe"]),
        ({"file_name": "..\\..\\boot.ini"}, FileState.HELD, ["file_name_unsafe"]),
        ({"file_name": "scan\x00.pdf"}, FileState.HELD, ["file_name_unsafe"]),
        ({"file_name": "\ud800.pdf"}, FileState.HELD, ["file_name_unsafe"]),
        ({"patient_id": None}, FileState.HELD, ["file_of_no_patient"]),
        ({"entity_type": "patient"}, FileState.HELD, []),
        ({"entity_type": None}, FileState.HELD, []),
        ({"entity_type": "practitioner"}, FileState.HELD, ["file_of_another_kind"]),
        ({"entity_type": "invoice", "patient_id": None}, FileState.HELD, ["file_of_another_kind"]),
        ({"entity_type": 3}, FileState.HELD, ["file_of_another_kind"]),
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


def test_two_files_of_one_name_are_both_kept_and_told_of(desk_for: Maker) -> None:
    """Neither takes the other's place; the same name on another patient is nothing odd."""
    desk = desk_for([
        file(1, file_name="verslag.pdf"), file(2, file_name="verslag.pdf"),
        file(3, file_name="verslag.pdf", patient_id=8), file(4, file_name="brief.pdf"),
    ])  # fmt: skip
    desk.fetch()

    assert [(one.kind, one.source_id) for one in desk.store.staging.issues()] == [
        (IssueKind.FILE_NAME_REPEATED, "1"), (IssueKind.FILE_NAME_REPEATED, "2"),
    ]  # fmt: skip
    assert len(desk.on_disk()) == 4


def test_a_kill_does_not_part_files_from_what_is_odd_about_their_names(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was noted when the process died, the list is whole after the next run."""
    desk = desk_for([file(number, file_name="verslag.pdf") for number in range(1, 8)])
    add, left = desk.store.staging.add_issues, [2]

    def killed(issues: Iterable[Issue]) -> int:
        found = list(issues)
        left[0] -= 1
        if found and left[0] < 0:
            raise KeyboardInterrupt
        return add(found)

    monkeypatch.setattr("workbench.practicehub.filefacts.REGISTERED_AT_ONCE", 3)
    with monkeypatch.context() as patch:
        patch.setattr(desk.store.staging, "add_issues", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.fetch()
    assert len(desk.store.source.files()) == 6
    desk.fetch()

    assert desk.kinds() == ["file_name_repeated"] * 7


def test_a_name_that_is_told_apart_at_last_is_no_longer_listed(desk_for: Maker) -> None:
    """When one of two files is renamed in PracticeHub, neither is on the list any more."""
    desk = desk_for([file(1, file_name="a.pdf"), file(2, file_name="a.pdf")])
    desk.fetch()
    desk.account.rows[1]["file_name"] = "b.pdf"
    desk.walk(1)
    desk.fetch()

    assert desk.kinds() == []


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


# later runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 403, 503])
def test_a_file_that_was_missing_is_tried_once_more_by_every_later_run(
    desk_for: Maker, status: int
) -> None:
    """What could not be had yesterday is asked for today, and then the list is silent of it."""
    desk = desk_for([file(1), file(2)])
    desk.account.answer = lambda request: (
        httpx.Response(status) if request.url.path.endswith("/1") else None
    )
    assert desk.fetch()["1"][0] is FileState.MISSING
    entries = len(list(desk.store.ledger.entries()))
    assert desk.fetch()["1"][0] is FileState.MISSING
    assert len(list(desk.store.ledger.entries())) == entries
    assert desk.kinds() == ["file_not_to_be_had"]
    desk.account.answer = lambda _request: None

    assert desk.fetch() == {"1": (FileState.HELD, "")}
    assert desk.kinds() == []
    assert desk.fetch() == {}


def test_trying_missing_files_again_costs_a_request_a_hundred(desk_for: Maker) -> None:
    """Fresh addresses are listed together, and those of deleted files are not asked for singly."""
    desk = desk_for([file(number) for number in range(1, 251)])
    desk.account.always(lambda: httpx.Response(404))
    desk.fetch()
    desk.account.answer = lambda _request: None
    desk.account.signature = desk.account.valid = 2
    desk.account.rows = desk.account.rows[:120]
    desk.account.asked.clear()
    found = desk.fetch()

    assert len(desk.account.asked) == 3
    assert [state for state, _ in found.values()].count(FileState.HELD) == 120


def test_a_file_without_an_address_is_not_asked_for_again(desk_for: Maker) -> None:
    """While the record says the same there is nothing to try."""
    desk = desk_for([file(1, url=None)])
    desk.fetch()

    assert desk.fetch() == {}
    assert desk.account.asked == []


def test_a_file_whose_address_appears_later_is_fetched(desk_for: Maker) -> None:
    """A record that has an address since is another record; the list forgets that it had none."""
    desk = desk_for([file(1, url=None)])
    desk.fetch()
    desk.account.rows[0]["url"] = f"https://{HOST}/4711/1"
    desk.walk(1)

    assert desk.fetch() == {"1": (FileState.HELD, "")}
    assert desk.kinds() == []


def test_a_host_that_is_allowed_later_is_asked_then(desk_for: Maker) -> None:
    """An address is refused by the configuration of the day, without a request."""
    desk = desk_for([file(1, url="https://files.example.com/4711/1")])
    desk.fetch()
    assert desk.fetch() == {}
    assert desk.account.fetched == []

    assert desk.fetch(hosts=["amazonaws.com", "example.com"]) == {"1": (FileState.HELD, "")}


def test_a_limit_that_is_raised_lets_in_what_was_refused_for_its_size(desk_for: Maker) -> None:
    """And only that: what is still too large, and what is held, is not asked for."""
    desk = desk_for(
        [file(1, size=500), file(2), file(3, size=90_000), file(4)],
        {"/4711/1": b"x" * 500, "/4711/2": b"y" * 600, "/4711/3": b"z" * 90_000},
    )
    found = desk.fetch(max_bytes=100)
    assert [found[one][0] for one in "1234"] == [FileState.REFUSED] * 3 + [FileState.HELD]
    assert {request.url.path for request in desk.account.fetched} == {"/4711/2", "/4711/4"}
    assert desk.fetch(max_bytes=100) == {}
    assert desk.kinds() == ["file_too_large"] * 3
    desk.account.fetched.clear()

    assert desk.fetch(max_bytes=1000) == {"1": (FileState.HELD, ""), "2": (FileState.HELD, "")}
    assert len(desk.account.fetched) == 2
    assert desk.kinds() == ["file_too_large"]


def test_more_files_than_are_read_at_a_time_are_each_fetched_once(
    desk_for: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are never held in memory all together."""
    monkeypatch.setattr("workbench.state.files._PORTION", 5)
    desk = desk_for([file(number) for number in range(1, 13)])

    assert len(desk.fetch()) == 12
    assert len(desk.account.fetched) == 12


# a record that changed ------------------------------------------------------------------------


def test_a_file_that_was_replaced_is_fetched_anew(desk_for: Maker) -> None:
    """The newer bytes count, the older ones stay on disk, and the ledger tells of both."""
    desk = desk_for([file(1, size=10), file(2)])
    desk.fetch()
    before = desk.held(1)
    desk.account.rows[0].update(size=20, patient_id=8)
    desk.account.blobs["/4711/1"] = b"the newer bytes of 1"
    desk.account.fetched.clear()
    desk.walk(1)

    assert desk.fetch() == {"1": (FileState.HELD, "")}
    assert len(desk.account.fetched) == 1
    now = desk.held(1)
    assert (now.declared, now.patient_id, now.size) == (20, "8", 20)
    assert desk.bytes_of(1) == b"the newer bytes of 1"
    assert file_path(desk.folder, before.sha256 or "").read_bytes() == b"bytes of 1"
    assert desk.kinds() == []
    told = [one.detail["sha256"] for one in desk.store.ledger.entries()
            if (one.event, one.subject) == ("file held", "files_1")]  # fmt: skip
    assert told == [before.sha256, now.sha256]


def test_a_record_that_changed_without_its_file_changes_nothing_else(desk_for: Maker) -> None:
    """The bytes are fetched, found to be the same, and held once."""
    desk = desk_for([file(1)])
    desk.fetch()
    before = desk.held(1)
    desk.account.rows[0]["description"] = "left knee"
    desk.walk(1)
    desk.fetch()

    now = desk.held(1)
    assert (now.sha256, now.size, now.state) == (before.sha256, before.size, before.state)
    assert now.record != before.record
    assert len(desk.on_disk()) == 1
    assert desk.fetch() == {}


def test_a_fresh_address_alone_is_no_change(desk_for: Maker) -> None:
    """Every listing has new addresses; a file is fetched for a change of its record only."""
    desk = desk_for([file(1)])
    desk.fetch()
    desk.account.signature = 2
    desk.walk(1)

    assert desk.fetch() == {}


def test_the_bytes_of_before_stay_where_the_newer_ones_are_not_to_be_had(desk_for: Maker) -> None:
    """They are held and said to be old; every later run looks for the newer ones."""
    desk = desk_for([file(1)])
    desk.fetch()
    before = desk.held(1)
    desk.account.rows[0]["size"] = 20
    desk.account.always(lambda: httpx.Response(404))
    desk.walk(1)

    reason = "changed in PracticeHub since: the file host answered 404"
    assert desk.fetch() == {"1": (FileState.HELD, reason)}
    assert desk.held(1).sha256 == before.sha256
    assert desk.kinds() == ["file_not_to_be_had"]
    desk.account.answer = lambda _request: None
    desk.account.blobs["/4711/1"] = b"the newer bytes of 1"
    assert desk.fetch() == {"1": (FileState.HELD, "")}
    assert desk.kinds() == []
    assert desk.bytes_of(1) == b"the newer bytes of 1"


def test_evidence_holds_while_a_changed_file_is_still_to_be_fetched(desk_for: Maker) -> None:
    """A run that stopped in between is unfinished; nothing in it contradicts the ledger."""
    desk = desk_for([file(1), file(2)])
    desk.fetch()
    desk.account.rows[0]["size"] = 20
    desk.walk(1)

    def silent(_request: httpx.Request) -> httpx.Response:
        what = "no route"
        raise httpx.ConnectError(what)

    desk.account.answer = silent
    with pytest.raises(SourceUnreachableError, match="1 of 1"):
        desk.fetch()
    assert desk.held(1).state is FileState.PENDING
    assert "1 files" in check_files(desk.folder, desk.store, replay(desk.store.ledger.entries()))


def test_a_host_that_is_silent_about_a_missing_file_stops_no_run(desk_for: Maker) -> None:
    """It was missing before and it is missing now; nothing that was pending is left."""
    desk = desk_for([file(1)])
    desk.account.always(lambda: httpx.Response(404))
    desk.fetch()

    def silent(_request: httpx.Request) -> httpx.Response:
        what = "no route"
        raise httpx.ConnectError(what)

    desk.account.answer = silent
    assert desk.fetch()["1"][0] is FileState.MISSING


def test_a_file_of_a_deleted_record_is_not_looked_for_again(desk_for: Maker) -> None:
    """What PracticeHub no longer lists is not asked for day after day."""
    desk = desk_for([file(1)])
    desk.account.always(lambda: httpx.Response(404))
    desk.fetch()
    desk.store.source.mark_gone("files", ["1"])

    assert desk.fetch() == {}


def test_an_account_that_ignores_filters_is_asked_for_its_list(desk_for: Maker) -> None:
    """Fresh addresses are found page by page, and no row is taken for another."""
    desk = desk_for([file(number) for number in range(1, 231)])
    desk.account.signature = desk.account.valid = 2
    desk.account.filters = False
    found = desk.fetch()

    assert {state for state, _ in found.values()} == {FileState.HELD}
    assert {desk.bytes_of(number) for number in (1, 150, 230)} == {
        b"bytes of 1", b"bytes of 150", b"bytes of 230"}  # fmt: skip
    assert len(desk.account.asked) < 10


def test_what_is_waited_for_is_told(desk_for: Maker) -> None:
    """Whoever looks sees the file host, and PracticeHub while addresses are listed again."""
    desk = desk_for([file(1), file(2, url=None)])
    desk.account.signature = desk.account.valid = 2
    told: list[tuple[int, int | None, str]] = []
    desk.fetch(on_progress=lambda *one: told.append(one))

    assert [waiting for _, _, waiting in told] == [
        "the file host", "the file host", "PracticeHub, fresh addresses", "the file host",
        "the file host", "",
    ]  # fmt: skip
    assert told[-1] == (2, 2, "")


# trouble --------------------------------------------------------------------------------------


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

    shown = f"{caught.value} {caplog.text} {_all_but_raw_records(desk)}"
    assert "files_2" in shown
    for secret in ("X-Sig", HOST, "evil.example.com"):
        assert secret not in shown


def _all_but_raw_records(desk: Desk) -> str:
    """Write out every row of every table, but for the records as they came."""
    with sqlite3.connect(desk.folder / "state.sqlite") as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        rows = [db.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables
                if name not in {"records", "copies"}]  # fmt: skip
    db.close()
    return json.dumps(rows, default=bytes.hex)


def test_the_forecast_extrapolates_from_the_files_listed(desk_for: Maker) -> None:
    """How many files and bytes are to come is known before they are fetched."""
    desk = desk_for([file(number, size=1000 if number % 2 else None) for number in range(1, 9)])
    forecast = estimate(desk.store, per_second=1.0, page_size=100)

    assert (forecast.files, forecast.bytes_, forecast.requests) == (8, 8000, 0)
    assert forecast.grade.value == "simple"


# names and sizes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "unsafe"),
    [("scan.pdf", False), ("año niño.pdf", False), ("a/b", True), ("..", True), ("a\\b", True),
     ("C:x", True), ("a\nb", True), ("..pdf", False), ("a\x7f", True), ("a\x85", True),
     ("scan\u202egpj.exe", True), ("a\u2028b", True), ("\u0645\u06cc\u200c\u062e.pdf", False)],
)  # fmt: skip
def test_a_name_that_reads_as_a_path_is_told_apart(name: str, *, unsafe: bool) -> None:
    """Names with folders, drives or control characters are listed."""
    assert unsafe_name(name) is unsafe


@pytest.mark.parametrize(
    ("size", "read"), [(5, 5), ("5", 5), (5.0, 5), (None, None), ("big", None), (-1, None),
                       (True, None), ("²", None), (float("inf"), None), (float("nan"), None),
                       (2**63 - 1, 2**63 - 1), (2**63, None), (1e30, None), ("9" * 5000, None)],
)  # fmt: skip
def test_a_declared_size_is_a_number_or_not_known(size: object, read: int | None) -> None:
    """A size that is no number is not taken for zero."""
    assert declared_size(resource("files"), {"size": size}) == read
