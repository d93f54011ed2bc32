"""P4 at the end of a whole migration: anybody can check it, and any change shows."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journey.support import BRIEF, KEY_VARIABLE, WORKBENCH, Brief
from tests.support.forging import alter, columns, flips, forgeries
from workbench.proof import verify as verify_folder

pytest_plugins = ["tests.journey.fixtures"]
pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group(BRIEF)]

ALL = bool(os.environ.get("WORKBENCH_TESTS_ALL"))


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    """Verify a run folder as a stranger does: without a key, an account or a database."""
    return subprocess.run(
        [WORKBENCH, "verify", folder], capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "LANG": "C.UTF-8"},
    )  # fmt: skip


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _a_page(folder: Path) -> None:
    _flip(sorted(path for path in (folder / "pages").rglob("*") if path.is_file())[7])


def _a_file(folder: Path) -> None:
    found = sorted(path for path in (folder / "files").rglob("*") if path.is_file())
    _flip(next(path for path in found if path.stat().st_size))


def _a_notebook(folder: Path) -> None:
    path = min((folder / "notebooks").glob("07_migrate.*"))
    path.write_text(path.read_text("utf-8").replace("unresolved", "unresolved "), "utf-8")


def _the_map(folder: Path) -> None:
    path = folder / "mapping.yaml"
    path.write_text(path.read_text("utf-8") + "# a later thought\n", "utf-8")


def _an_outcome(folder: Path) -> None:
    with sqlite3.connect(folder / "state.sqlite") as db:
        db.execute("DELETE FROM outcomes WHERE rowid=(SELECT max(rowid) FROM outcomes)")


def _a_record(folder: Path) -> None:
    with sqlite3.connect(folder / "state.sqlite") as db:
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("DELETE FROM records WHERE resource='invoices' AND rowid="
                   "(SELECT max(rowid) FROM records WHERE resource='invoices')")  # fmt: skip


def _who_signed(folder: Path) -> None:
    with sqlite3.connect(folder / "state.sqlite") as db:
        db.execute("UPDATE decisions SET decided_by='Somebody Else' WHERE subject='signoff'")


CHANGES = [_a_page, _a_file, _a_notebook, _the_map, _an_outcome, _a_record, _who_signed]


def test_the_evidence_verifies_offline_without_a_key(brief: Brief) -> None:
    """Every check holds on a folder that nobody touched, and nobody is asked anything."""
    requests = brief.journey.control.state()["requests"]
    said = verify(brief.journey.folder)

    assert said.returncode == 0, said.stderr
    assert "✗" not in said.stdout
    assert said.stdout.count("✓") >= 12
    assert brief.journey.control.state()["requests"] == requests
    assert KEY_VARIABLE not in said.stdout


def test_a_copy_verifies_as_the_folder_does(brief: Brief, tmp_path: Path) -> None:
    """The clinic can check its own copy, in another place."""
    copy = tmp_path / "copy"
    shutil.copytree(brief.journey.folder, copy)

    assert verify(copy).returncode == 0


def test_no_table_of_a_whole_migration_loses_a_row_unseen(brief: Brief, tmp_path: Path) -> None:
    """A row dropped or a cell changed, table by table, however the migration filled it."""
    folder = brief.journey.folder
    tables = sorted(set(columns(folder)) - {"progress", "counters"})
    forged = [one for table in tables for one in forgeries(folder, table=table, swaps=0)]
    dropped = [one for one in forged if one.what == "a row dropped"]
    # every cell of a small run is gone through by tests/test_p4_every_cell.py
    for forgery in forged if ALL else random.Random(6).sample(dropped, 3):  # noqa: S311 - a choice
        copy = shutil.copytree(folder, tmp_path / str(forgery))
        with suppress(sqlite3.IntegrityError):  # the file itself refuses it
            alter(copy, forgery.sql)
            assert not verify_folder(copy).ok, str(forgery)
        shutil.rmtree(copy)


def test_a_flipped_byte_of_a_whole_migration_shows(brief: Brief, tmp_path: Path) -> None:
    """Pages, files, notebooks, reports, map, configuration, seal: no byte of them is idle."""
    copy = shutil.copytree(brief.journey.folder, tmp_path / "copy")
    for path, place, mask in flips(copy, 400 if ALL else 5, seed=20261123):
        if not path.name.startswith("state.sqlite") and path.suffix != ".lock":
            before = path.read_bytes()
            path.write_bytes(before[:place] + bytes([before[place] ^ mask]) + before[place + 1 :])
            assert not verify_folder(copy).ok, f"{path.relative_to(copy)} at {place}"
            path.write_bytes(before)

    assert verify_folder(copy).ok


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__.strip("_"))
def test_whatever_is_changed_afterwards_shows(
    brief: Brief, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """A byte, a row or a name: exit code 5, three lines, no traceback."""
    copy = tmp_path / "copy"
    shutil.copytree(brief.journey.folder, copy)
    change(copy)
    said = verify(copy)

    assert said.returncode == 5
    assert "does not verify" in said.stderr
    assert len(said.stderr.strip().splitlines()) == 3
    assert "Traceback" not in said.stderr
