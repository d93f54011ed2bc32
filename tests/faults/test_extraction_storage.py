"""Extraction on a disk that gives no more room."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import source
from workbench.practicehub import fetch_files, walk
from workbench.sandbox.clinic import generate
from workbench.sandbox.practicehub import PracticeHubConnection, running
from workbench.state import FileState, Store, WalkState

SCRIPT = textwrap.dedent(
    """
    import resource, sys
    from pathlib import Path
    from workbench.errors import StorageFullError
    from workbench.practicehub import Client, Pace, fetch_files, register_files, walk
    from workbench.state import Store

    url, key, app, folder, what, room = sys.argv[1:]
    folder = Path(folder)
    store = Store(folder / "state.sqlite")
    with Client(base_url=url, api_key=key, app_details=app, page_size=20,
                pace=Pace(folder / "pace.lock", per_second=1000)) as client:
        list(walk(client, store, "patients", folder=folder, pages=1))
        register_files(store)
        if room == "some pages":
            room = (folder / "state.sqlite-wal").stat().st_size + 300_000
        # what the kernel refuses beyond this size it would refuse on a full disk as well
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), resource.RLIM_INFINITY))
        try:
            if what != "files":
                list(walk(client, store, what, folder=folder))
            else:
                for _ in fetch_files(client, store, folder=folder, hosts=(), allow_loopback=True):
                    pass
        except StorageFullError as error:
            print(error)
            sys.exit(7)
    """
)


@pytest.fixture(scope="module")
def connection() -> Iterator[PracticeHubConnection]:
    """Run a small clinic."""
    with running(vocabulary="brief", patients=60, seed=5, rate=0) as (connection, _control):
        yield connection


def full(
    connection: PracticeHubConnection, folder: Path, what: str, *, room: str = "1000"
) -> subprocess.CompletedProcess[str]:
    """Extract in a process that may write no file of more than `room` bytes, or `some pages`."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, connection.base_url, connection.api_key,
         connection.app_details, str(folder), what, room],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_full_disk_stops_a_walk_with_a_sentence_and_loses_no_page(
    connection: PracticeHubConnection, tmp_path: Path
) -> None:
    """The run says that the disk is full; with room again it goes on and holds everything."""
    ended = full(connection, tmp_path, "patients")
    assert ended.returncode == 7, ended.stderr
    assert "is full" in ended.stdout
    assert list((tmp_path / "pages").glob("part-*")) == []

    store = Store(tmp_path / "state.sqlite")
    held = store.source.walk("patients")
    assert held is not None
    assert held.pages == 1
    with source.client(connection, tmp_path, page_size=20) as again:
        list(walk(again, store, "patients", folder=tmp_path))
    clinic = generate(seed=5, patients=60, vocabulary="brief")
    assert [one.source_id for one in store.source.records("patients")] == [
        str(row["id"]) for row in clinic["patients"]
    ]
    store.close()


def test_a_full_disk_under_the_state_leaves_page_records_and_cursor_together(
    connection: PracticeHubConnection, tmp_path: Path
) -> None:
    """Where the bodies fit and the state does not, the page in hand is as if never asked for."""
    ended = full(connection, tmp_path, "appointments", room="some pages")
    assert ended.returncode == 7, ended.stderr
    assert "holds state.sqlite is full" in ended.stdout

    store = Store(tmp_path / "state.sqlite")
    held = store.source.walk("appointments")
    assert held is not None
    assert held.state is WalkState.WALKING
    assert held.rows == sum(page.rows for page in store.source.pages(resource="appointments"))
    assert held.distinct == sum(1 for _ in store.source.records("appointments"))
    with source.client(connection, tmp_path, page_size=20) as again:
        list(walk(again, store, "appointments", folder=tmp_path))
    clinic = generate(seed=5, patients=60, vocabulary="brief")
    assert [one.source_id for one in store.source.records("appointments")] == [
        str(row["id"]) for row in clinic["appointments"]
    ]
    store.close()


def test_a_full_disk_stops_the_files_with_a_sentence_and_loses_none(
    connection: PracticeHubConnection, tmp_path: Path
) -> None:
    """Files that did not fit are fetched when there is room; none is left half written."""
    store = Store(tmp_path / "state.sqlite")
    with source.client(connection, tmp_path, page_size=20) as before:
        list(walk(before, store, "documents", folder=tmp_path))
    ended = full(connection, tmp_path, "files")
    assert ended.returncode == 7, ended.stderr
    assert list((tmp_path / "files").glob("part-*")) == []

    with source.client(connection, tmp_path, page_size=20) as again:
        list(fetch_files(again, store, folder=tmp_path, hosts=(), allow_loopback=True))
    assert {one.state for one in store.source.files()} == {FileState.HELD}
    store.close()
