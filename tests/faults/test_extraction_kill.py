"""Extraction killed at numbered points, in a process of its own, then gone on with."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import source
from tests.support.processes import wait_until
from workbench.practicehub import Client, fetch_files, rebuild, walk
from workbench.sandbox.practicehub import Control, PracticeHubConnection, running
from workbench.state import FileState, Store

RESOURCES = ("patients", "appointments", "files")
PAGE_SIZE = 20

POINTS = (
    "before the request is sent",
    "after the answer came",
    "before the body is written",
    "before the body has its name",
    "after the body has its name",
    "before the page is committed",
    "after the page is committed",
)

SCRIPT = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from workbench.practicehub import Client, Pace, fetch_files, walk
    from workbench.practicehub import blobs, client as clients
    from workbench.state import Store
    from workbench.state.source import SourceState

    url, key, app, folder, point, number, what = sys.argv[1:]
    folder, left = Path(folder), [int(number)]

    def reached(here):
        if here == point:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(owner, name, before, after):
        inner = getattr(owner, name)
        def outer(*arguments, **more):
            reached(before)
            result = inner(*arguments, **more)
            reached(after)
            return result
        setattr(owner, name, outer)

    around(clients._ReadOnly, "handle_request", "before the request is sent",
           "after the answer came")
    around(blobs.Sink, "write", "before the body is written", "")
    around(blobs.Sink, "keep", "before the body has its name", "after the body has its name")
    around(SourceState, "store_page", "", "before the page is committed")
    around(SourceState, "close_file", "", "before the file is committed")

    store = Store(folder / "state.sqlite")
    with Client(base_url=url, api_key=key, app_details=app, page_size=20,
                pace=Pace(folder / "pace.lock", per_second=1000)) as client:
        if what == "files":
            for _ in fetch_files(client, store, folder=folder, hosts=(), allow_loopback=True):
                reached("after the file is committed")
        else:
            for name in what.split(","):
                for _ in walk(client, store, name, folder=folder):
                    reached("after the page is committed")
    """
)


@dataclass(frozen=True)
class Sandbox:
    """A simulator of this module's own."""

    connection: PracticeHubConnection
    control: Control

    def process(self, folder: Path, *, point: str, number: int, what: str) -> subprocess.Popen[str]:
        one = self.connection
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT, one.base_url, one.api_key, one.app_details,
             str(folder), point, str(number), what],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def read(self, folder: Path, *, point: str = "", number: int = 0, what: str) -> int:
        """Extract in a process of its own and give how it ended."""
        process = self.process(folder, point=point, number=number, what=what)
        process.communicate(timeout=60)
        return process.returncode

    def requests(self) -> int:
        found = self.control.state()["requests"]
        return found if isinstance(found, int) else 0

    def client(self, folder: Path) -> Client:
        return source.client(self.connection, folder, page_size=PAGE_SIZE)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small clinic."""
    with running(vocabulary="brief", patients=40, seed=3, rate=0) as (connection, control):
        yield Sandbox(connection, control)


@pytest.fixture(scope="module")
def undisturbed(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[object], int]:
    """Read the clinic without a fault: what is held, and for how many requests."""
    folder = tmp_path_factory.mktemp("undisturbed")
    sandbox.control.reset_counters()
    with sandbox.client(folder) as client:
        store = Store(folder / "state.sqlite")
        for name in RESOURCES:
            list(walk(client, store, name, folder=folder))
        held = contents(store)
        store.close()
    return held, sandbox.requests()


def contents(store: Store) -> list[object]:
    """Say everything that an extraction leaves behind, but for ids of its own and moments."""
    found: list[object] = []
    for name in RESOURCES:
        found.extend(
            (one.resource, one.source_id, one.patient_id, one.sha256, one.rows)
            for one in store.source.records(name)
        )
        state = store.source.walk(name)
        if state is not None:
            found.append((name, state.state, state.pages, state.rows, state.reported))
    found.extend(
        (page.resource, page.number, page.request, page.rows) for page in store.source.pages()
    )
    found.extend(store.source.differing_copies())
    return found


@pytest.mark.parametrize("number", [1, 2, 6])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_repeats_at_most_one_request_and_loses_nothing(
    sandbox: Sandbox, undisturbed: tuple[list[object], int], tmp_path: Path, point: str, number: int
) -> None:
    """Killed at any instant and begun again, an extraction ends with the very same records."""
    held, requests = undisturbed
    sandbox.control.reset_counters()
    what = ",".join(RESOURCES)
    assert sandbox.read(tmp_path, point=point, number=number, what=what) == -signal.SIGKILL
    assert sandbox.read(tmp_path, what=what) == 0

    store = Store(tmp_path / "state.sqlite")
    assert contents(store) == held
    assert sandbox.requests() <= requests + 1
    assert {(one.resource, one.source_id) for one in rebuild(tmp_path, store)} == {
        (name, one.source_id) for name in RESOURCES for one in store.source.records(name)
    }
    store.close()


@pytest.mark.parametrize(
    "point",
    ["before the body is written", "before the body has its name", "after the body has its name",
     "before the file is committed", "after the file is committed"],
)  # fmt: skip
def test_a_kill_among_files_keeps_those_that_are_held(
    sandbox: Sandbox, tmp_path: Path, point: str
) -> None:
    """Files fetched before a kill are not fetched again, and none is left half written."""
    assert sandbox.read(tmp_path, what="files,documents,prescriptions") == 0
    with sandbox.client(tmp_path) as client:
        store = Store(tmp_path / "state.sqlite")
        list(walk(client, store, "files", folder=tmp_path))
        sandbox.control.reset_counters()
        assert sandbox.read(tmp_path, point=point, number=9, what="files") == -signal.SIGKILL
        list(fetch_files(client, store, folder=tmp_path, hosts=(), allow_loopback=True))

    files = store.source.files()
    held = [one for one in files if one.state is FileState.HELD]
    assert {one.state for one in files} == {FileState.HELD, FileState.MISSING}
    asked = sandbox.control.state()["file_requests"]
    assert isinstance(asked, int)
    assert len(held) <= asked <= len(held) + 8  # those that were on their way
    assert list((tmp_path / "files").glob("part-*")) == []
    store.close()


def test_ctrl_c_ends_a_slow_request_at_once_and_the_next_run_goes_on(
    sandbox: Sandbox, undisturbed: tuple[list[object], int], tmp_path: Path
) -> None:
    """A person who stops a run does not wait for PracticeHub, and loses nothing."""
    control = sandbox.control
    control.reset_counters()
    control.fault("slow", path="/appointments", page=3, seconds=5.0)
    process = sandbox.process(tmp_path, point="", number=0, what=",".join(RESOURCES))
    wait_until(lambda: control.state()["faults"] == 1, seconds=30, what="the slow request")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)

    assert "KeyboardInterrupt" in told
    assert time.monotonic() - began < 3
    assert sandbox.read(tmp_path, what=",".join(RESOURCES)) == 0
    store = Store(tmp_path / "state.sqlite")
    assert contents(store) == undisturbed[0]
    store.close()
