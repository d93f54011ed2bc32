"""Looking at a run never waits for who is writing to it, and changes nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.made_runs import made_run
from workbench.phases.status import page, snapshot
from workbench.run import Run
from workbench.state import Fate, Outcome, PageIn, RecordIn, Store, digest


def stored(store: Store, number: int) -> None:
    """Store a page of one record, and what became of it."""
    store.source.store_page(
        PageIn("patients", 0, number, f"/patients?page={number}", "aa" * 32, 10, 0.1, 9,
               "/patients?page=next", [RecordIn(str(number), None, digest(number), "{}")]),
        resolve=lambda _held, _new: (True, "the later one"),
    )  # fmt: skip
    store.proof.set_outcomes(
        [Outcome("patients", str(number), Fate.CREATED, "", f"patient_{number}", "migrate")]
    )


@contextmanager
def a_writer_at_work(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the file as a process does that is in the middle of storing something."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO meta VALUES ('half', 'way')")
        yield db
        db.execute("ROLLBACK")


def test_a_run_is_opened_and_looked_at_while_another_process_writes(tmp_path: Path) -> None:
    """`status` shows the last that was committed; it waits for nobody."""
    run = made_run(tmp_path)
    stored(run.store, 1)
    folder, before = run.folder, snapshot(run)
    run.store.close()

    with a_writer_at_work(folder / "state.sqlite"):
        looking = Run.open(folder)
        looking.store.db.execute("PRAGMA busy_timeout=0")  # waiting at all would be an error
        found = snapshot(looking)
        told = page(looking, found)
        looking.store.close()

    assert found == before
    assert "patients" in told


def test_a_look_at_a_run_sees_each_commit_at_once(tmp_path: Path) -> None:
    """Somebody who keeps looking sees the walk go on."""
    run = made_run(tmp_path)
    looking = Run.open(run.folder)
    seen = []
    for number in (1, 2, 3):
        stored(run.store, number)
        resources = snapshot(looking)["resources"]
        assert isinstance(resources, dict)
        seen.append((resources["patients"]["distinct"], resources["patients"]["created"]))

    assert seen == [(1, 1), (2, 2), (3, 3)]
    looking.store.close()
    run.store.close()


def test_looking_writes_nothing(tmp_path: Path) -> None:
    """A folder that is bound is only read: its state file and its log stay as they are."""
    run = made_run(tmp_path)
    stored(run.store, 1)

    def files() -> dict[str, str]:
        names = ("state.sqlite", "state.sqlite-wal", "migration.toml")
        return {one: hashlib.sha256((run.folder / one).read_bytes()).hexdigest() for one in names}

    before, entries = files(), sorted(run.folder.iterdir())
    looking = Run.open(run.folder)
    page(looking, snapshot(looking))
    looking.store.close()

    assert files() == before
    assert sorted(run.folder.iterdir()) == entries
    run.store.close()


def test_nothing_that_is_sorted_leaves_the_run_folder(tmp_path: Path) -> None:
    """A large sort would else be written to the system's temporary folder, names and all."""
    store = Store(tmp_path / "state.sqlite")

    assert store.db.execute("PRAGMA temp_store").fetchone()[0] == 2  # in memory
    store.close()


@pytest.mark.parametrize("looked", ["before", "meanwhile"])
def test_the_log_of_commits_does_not_grow_while_somebody_looks(tmp_path: Path, looked: str) -> None:
    """A run that is being watched for hours keeps a log no larger than one that is not."""
    run = made_run(tmp_path)
    looking = Run.open(run.folder)
    snapshot(looking)
    for number in range(1, 60):
        rows = [RecordIn(f"{number}0{one}", None, digest(one), '"' + "x" * 9000 + '"')
                for one in range(100)]  # fmt: skip
        run.store.source.store_page(
            PageIn("patients", 0, number, f"/patients?page={number}", "aa" * 32, 10, 0.1, 9,
                   "/patients?page=next", rows),
            resolve=lambda _held, _new: (True, "the later one"),
        )  # fmt: skip
        if looked == "meanwhile":
            snapshot(looking)

    assert (run.folder / "state.sqlite-wal").stat().st_size < 10_000_000
    looking.store.close()
    run.store.close()
