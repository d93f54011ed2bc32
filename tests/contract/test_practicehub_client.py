"""The source room against the simulator: its promises over real sockets."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import stamina

from tests.support import source
from workbench.errors import SourceAuthError, SourceMissingError
from workbench.practicehub import (
    RESOURCES,
    Client,
    Finding,
    Pace,
    fetch_files,
    file_path,
    rebuild,
    shortfall,
    walk,
)
from workbench.sandbox.clinic import BLOB, URL_FIELDS, Clinic, Vocabulary, generate
from workbench.sandbox.practicehub import Control, PracticeHubConnection, Switches, running
from workbench.state import FileState, Store, WalkState

PATIENTS, SEED = 60, 11


class Account:
    """A simulated account with what is really in it, and a run folder to read it into."""

    def __init__(
        self, clinic: Clinic, connection: PracticeHubConnection, control: Control, folder: Path
    ) -> None:
        self.clinic, self.connection, self.control, self.folder = (
            clinic, connection, control, folder,
        )  # fmt: skip
        self.store = Store(folder / "state.sqlite")
        self.client = self.open()

    def open(self, **more: Any) -> Client:  # noqa: ANN401 - the client's own arguments
        more = {"wait_initial": 0.01, **more}
        return source.client(self.connection, self.folder, **more)

    def walk(self, name: str, **more: Any) -> int:  # noqa: ANN401 - the walk's own arguments
        return len(list(walk(self.client, self.store, name, folder=self.folder, **more)))

    def held(self, name: str) -> set[str]:
        return {one.source_id for one in self.store.source.records(name)}

    def real(self, name: str) -> set[str]:
        return {str(row["id"]) for row in self.clinic[name]} if name in self.clinic else set()

    def finding(self, name: str) -> Finding:
        return shortfall(self.client, self.store, name, folder=self.folder).finding

    def fetch(self) -> dict[FileState, int]:
        found: dict[FileState, int] = {}
        for one in fetch_files(
            self.client, self.store, folder=self.folder, hosts=(), allow_loopback=True
        ):
            found[one.state] = found.get(one.state, 0) + 1
        return found

    def state(self) -> dict[str, Any]:
        return self.control.state()


@pytest.fixture(scope="module")
def clinics() -> Iterator[Callable[[Vocabulary], tuple[PracticeHubConnection, Control]]]:
    """Run a simulator for each vocabulary that a test of this module asks for."""
    contexts, found = [], dict[str, tuple[PracticeHubConnection, Control]]()

    def begin(vocabulary: Vocabulary) -> tuple[PracticeHubConnection, Control]:
        if vocabulary not in found:
            context = running(vocabulary=vocabulary, patients=PATIENTS, seed=SEED, rate=0)
            contexts.append(context)
            found[vocabulary] = context.__enter__()
        return found[vocabulary]

    yield begin
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.fixture
def account_of(
    clinics: Callable[[Vocabulary], tuple[PracticeHubConnection, Control]], tmp_path: Path
) -> Iterator[Callable[[Vocabulary], Account]]:
    """Give a maker of accounts in their ordinary state."""
    stamina.instrumentation.set_on_retry_hooks([])
    made: list[Account] = []

    def make(vocabulary: Vocabulary = "brief") -> Account:
        connection, control = clinics(vocabulary)
        control.clear_faults()
        control.switches(**Switches(rate=0).model_dump(mode="json"))
        control.reset_counters()
        clinic = generate(seed=SEED, patients=PATIENTS, vocabulary=vocabulary)
        made.append(Account(clinic, connection, control, tmp_path))
        return made[-1]

    yield make
    for account in made:
        account.client.close()
        account.store.close()
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.fixture
def account(account_of: Callable[[Vocabulary], Account]) -> Account:
    """Give the account of the brief's vocabulary."""
    return account_of("brief")


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_a_walk_finds_exactly_the_records_of_the_clinic(
    account_of: Callable[[Vocabulary], Account], vocabulary: Vocabulary
) -> None:
    """Every record of every resource, no other, and each rebuilt from the raw pages."""
    account = account_of(vocabulary)
    for known in RESOURCES:
        account.walk(known.name)

    assert {one.name: account.held(one.name) for one in RESOURCES} == {
        one.name: account.real(one.name) for one in RESOURCES
    }
    absent = {one.resource for one in account.store.source.walks() if one.state == WalkState.ABSENT}
    assert absent == {one.name for one in RESOURCES if one.name not in account.clinic}
    findings = {one.name: account.finding(one.name) for one in RESOURCES if one.name not in absent}
    assert set(findings.values()) == {Finding.AGREES}
    rebuilt = set(rebuild(account.folder, account.store))
    assert {
        (one.resource, one.source_id, one.sha256)
        for known in RESOURCES
        for one in account.store.source.records(known.name)
    } <= rebuilt
    state = account.state()
    assert (state["non_get"], state["max_in_flight"], state["violations"]) == (0, 1, 0)

    before = state["requests"]
    for known in RESOURCES:
        account.walk(known.name)
    assert account.state()["requests"] == before


SWITCHES: dict[str, dict[str, object]] = {
    "next absent": {"next_link": "absent"},
    "no links": {"next_link": "never"},
    "no links, 404 past the end": {"next_link": "never", "past_end": "404"},
    "next drops the page size": {"next_drops_page_size": True},
    "pages capped": {"page_size_cap": 30},
    "oldest first": {"order": "oldest"},
    "copies at once": {"duplicates_within": True},
    "total counts rows": {"total_entries": "rows"},
}


@pytest.mark.parametrize("case", SWITCHES)
def test_every_way_an_account_may_page_gives_the_same_records(account: Account, case: str) -> None:
    """Whatever is not known about paging, nothing is lost by it."""
    account.control.switches(**SWITCHES[case])
    for name in ("patients", "invoices", "appointments"):
        account.walk(name)
        account.finding(name)

    for name in ("patients", "invoices", "appointments"):
        assert account.held(name) == account.real(name)


@pytest.mark.parametrize(
    "fault", ["429", "reset", "reset-midway", "truncate", "half-json", "not-json", "empty"]
)
def test_a_passing_fault_changes_nothing_in_what_is_held(account: Account, fault: str) -> None:
    """Connections that break and answers that are cut are asked for again."""
    account.control.fault(fault, path="/appointments", after=1, every=2, times=2)
    account.walk("appointments")

    assert account.held("appointments") == account.real("appointments")
    assert account.state()["faults"] == 2


def test_a_5xx_is_asked_again(account: Account) -> None:
    """PracticeHub's own faults pass."""
    account.control.fault("status", status=503, path="/patients", times=2)
    account.walk("patients")

    assert account.held("patients") == account.real("patients")


def test_the_pace_is_kept_by_two_processes_at_once(account: Account) -> None:
    """Four requests a second are allowed; two processes together never make more."""
    account.control.switches(rate=4)
    script = (
        "import sys; from pathlib import Path; from workbench.practicehub import Client, Pace\n"
        "url, key, app, path = sys.argv[1:]\n"
        "with Client(base_url=url, api_key=key, app_details=app,"
        " pace=Pace(Path(path), per_second=4)) as client:\n"
        "    for _ in range(8): client.get('/patients', {'page_size': '1'})\n"
    )
    one = account.connection
    arguments = [one.base_url, one.api_key, one.app_details, str(account.folder / "pace.lock")]
    began = time.monotonic()
    processes = [subprocess.Popen([sys.executable, "-c", script, *arguments]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    seconds = time.monotonic() - began

    state = account.state()
    assert (state["accepted"], state["violations"], state["max_in_flight"]) == (16, 0, 1)
    assert state["min_gap"] >= 0.245
    assert (state["last_arrival"] - state["first_arrival"]) <= seconds


STOPPED = (
    "import signal, sys; from pathlib import Path; from workbench.practicehub import Client, Pace\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "url, key, app, path, rate = sys.argv[1:]\n"
    "with Client(base_url=url, api_key=key, app_details=app, wait_initial=600, wait_max=600,"
    " timeout=600, pace=Pace(Path(path), per_second=float(rate))) as client:\n"
    "    client.get('/patients', {'page_size': '1'})\n"
    "    print('ready', flush=True); input(); print('asking', flush=True)\n"
    "    client.get('/appointments', {'page_size': '1'})\n"
)


@pytest.mark.parametrize("where", ["request", "back-off", "pace", "other process"])
def test_ctrl_c_ends_every_wait_at_once(account: Account, where: str) -> None:
    """Whatever is waited for, for minutes, Ctrl-C ends it, and the next process may ask."""
    faults = {"request": "slow", "back-off": "status"}
    if where in faults:
        account.control.fault(
            faults[where], path="/appointments", times=None, seconds=600.0, status=503
        )
    one, rate = account.connection, "0.001" if where == "pace" else "1000"
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, one.base_url, one.api_key, one.app_details,
         str(account.folder / "pace.lock"), rate],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    with ExitStack() as stack:
        if where == "other process":
            stack.enter_context(Pace(account.folder / "pace.lock", per_second=1000).turn())
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "asking\n"
        while where in faults and "/appointments" not in account.state()["per_path"]:
            time.sleep(0.05)
        time.sleep(0.3)  # until the wait has begun; a signal before it ends it as well
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert process.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert account.state()["per_path"].get("/appointments", 0) == (where in faults)
    account.control.clear_faults()
    if where != "pace":
        assert account.client.get("/appointments", {"page_size": "1"}).status == 200


def test_at_least_98_percent_of_the_rate_is_used(account: Account) -> None:
    """Waiting is spent on nothing but the account's own limit."""
    account.control.switches(rate=1)
    with account.open(per_second=1) as client:
        for _ in range(6):
            client.get("/patients", {"page_size": "1"})

    state = account.state()
    assert state["violations"] == 0
    assert 5 / (state["last_arrival"] - state["first_arrival"]) > 0.97


@pytest.mark.parametrize("retry_after", [True, False])
def test_too_fast_a_client_finds_the_pace_and_loses_nothing(
    account: Account, *, retry_after: bool
) -> None:
    """When the account allows less than was configured, 429s slow the client down."""
    account.control.switches(rate=8, retry_after=retry_after)
    with account.open(per_second=20, attempts=12) as client:
        list(walk(client, account.store, "appointments", folder=account.folder))

    assert account.held("appointments") == account.real("appointments")


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_told_and_marks_nothing_absent(account: Account, status: int) -> None:
    """A key that is refused never passes for an account without resources."""
    account.control.switches(auth_status=status)
    with account.open(api_key="wrong") as client:
        for name in ("invoices", "patients"):
            with pytest.raises(SourceAuthError):
                list(walk(client, account.store, name, folder=account.folder))

    assert account.store.source.walks() == []


def test_an_unknown_path_is_told_by_its_own_error(account: Account) -> None:
    """Asking for what is not there ends in an error of its own kind."""
    with pytest.raises(SourceMissingError):
        account.client.get("/campaigns")


def test_resources_that_are_missing_or_forbidden_are_skipped(account: Account) -> None:
    """An account without some resources is migrated without them."""
    account.control.switches(missing_resources=["invoices"], forbidden_resources=["payments"])
    for name in ("invoices", "payments"):
        assert account.walk(name) == 0

    notes = {one.resource: (one.state, one.note) for one in account.store.source.walks()}
    assert notes == {
        "invoices": (WalkState.ABSENT, "404"), "payments": (WalkState.ABSENT, "403"),
    }  # fmt: skip


def test_files_are_byte_for_byte_those_of_the_clinic(account: Account) -> None:
    """Every file's hashes are those of the clinic's bytes, and the key stayed at home."""
    for name in ("files", "documents", "prescriptions"):
        account.walk(name)
    account.fetch()

    for name, field in URL_FIELDS["brief"].items():
        for row in account.clinic[name]:
            address = row[field]
            held = account.store.source.file(name, str(row["id"]))
            if address is None:
                assert held is None or held.state is FileState.MISSING
                continue
            blob = account.clinic.blobs[str(address).removeprefix(BLOB)]
            assert held is not None
            assert held.sha256 == hashlib.sha256(blob).hexdigest()
            assert held.sha1 == hashlib.sha1(blob, usedforsecurity=False).hexdigest()
            assert file_path(account.folder, held.sha256).read_bytes() == blob
    state = account.state()
    assert (state["key_at_file_host"], state["file_non_get"], state["non_get"]) == (0, 0, 0)
    assert account.fetch() == {}


def test_addresses_that_expired_are_listed_again(account: Account) -> None:
    """A day later every file is still fetched, at the cost of a request for a hundred files."""
    account.control.switches(url_seconds=0)
    account.walk("files")
    account.control.switches(url_seconds=86400)
    account.control.reset_counters()
    found = account.fetch()

    state = account.state()
    assert found[FileState.HELD] == len([one for one in account.clinic["files"] if one["file_url"]])
    assert state["file_expired"] == found[FileState.HELD]
    assert state["requests"] <= 1 + found[FileState.HELD] // 100


def test_rows_that_come_and_go_during_a_walk_are_not_missed(tmp_path: Path) -> None:
    """New records on top and deleted ones below them: what is there at the end is held."""
    # a simulator of its own, since drift changes the clinic for good
    with running(patients=PATIENTS, seed=SEED, rate=0, files=False) as (connection, control):
        clinic = generate(seed=SEED, patients=PATIENTS)
        account = Account(clinic, connection, control, tmp_path)
        control.switches(drift={"patients": {"insert_every": 3, "delete_every": 2}})
        account.client.page_size = 10
        account.walk("patients")
        control.switches(drift={})
        account.finding("patients")
        there = account.client.get("/patients", {"page_size": "100"}).data["data"]
        held = account.held("patients")
        account.client.close()
        account.store.close()

    assert {str(row["id"]) for row in there} <= held
    assert {str(row["id"]) for row in there} != {str(row["id"]) for row in clinic["patients"]}


def test_an_ignored_filter_is_not_an_answer(account: Account) -> None:
    """Id windows that answer with everything are refused."""
    account.control.switches(ignored_filters=["patients"])
    account.walk("patients")
    with account.store.transaction() as db:
        db.execute("UPDATE walks SET reported=reported+1")
    held = account.held("patients")

    assert account.finding("patients") is Finding.FILTER_IGNORED
    assert account.held("patients") == held
