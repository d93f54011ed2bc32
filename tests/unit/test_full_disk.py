"""A disk without room is told as that, wherever it is met, and what was committed stands."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from workbench.errors import BusyError, StateError, StorageFullError, of_system
from workbench.kernel import fault_of
from workbench.private import write_private
from workbench.state import Store

WRITER = textwrap.dedent(
    """
    import resource, sys
    from pathlib import Path
    from workbench.errors import StorageFullError
    from workbench.state import Store

    store = Store(Path(sys.argv[1]))
    # what the kernel refuses beyond this size it would refuse on a full disk as well
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    kept = 0
    try:
        while True:
            store.journey.set_meta(str(kept), "x" * 1000)
            kept += 1
    except StorageFullError:
        print(kept)
    """
)


def refusal(code: int, name: str | None = None) -> OSError:
    """Make an error as the operating system raises it."""
    return OSError(code, os.strerror(code), name)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_no_room_whoever_says_so(code: int) -> None:
    """The disk, a quota, or a limit on the size of files."""
    found = of_system(refusal(code, "pages/ab"))

    assert isinstance(found, StorageFullError)
    assert "full" in found.what


def test_another_refusal_names_the_file_and_the_reason() -> None:
    """Nothing is told about an error that is about no file."""
    found = of_system(refusal(errno.EACCES, "runs/clinic"))

    assert type(found) is StateError
    assert found.what == "runs/clinic cannot be used: Permission denied."
    assert of_system(refusal(errno.ECONNRESET)) is None
    assert of_system(TimeoutError()) is None


def test_a_cell_that_met_a_full_disk_says_so() -> None:
    """Whichever library was writing: the notebook and the exit code tell of the disk."""
    fault = fault_of(refusal(errno.ENOSPC, "/home/x/anna-bos.pdf"))

    assert fault["lineage"][:2] == ["StorageFullError", "StateError"]
    assert "anna" not in str(fault)


def test_the_state_file_tells_of_it_also_where_its_library_names_another_reason(
    tmp_path: Path,
) -> None:
    """SQLite calls half of these an input/output error; every row before it is kept."""
    path = tmp_path / "state.sqlite"
    said = subprocess.run([sys.executable, "-c", WRITER, str(path)], capture_output=True,
                          text=True, timeout=60, check=True)  # fmt: skip

    kept = int(said.stdout)
    assert kept > 10
    store = Store(path)
    assert store.journey.meta(str(kept - 1)) is not None
    assert store.journey.meta(str(kept)) is None


def test_a_report_that_does_not_fit_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half report, no half seal."""
    target = tmp_path / "reports" / "a.html"
    write_private(target, b"before")

    def full(_descriptor: int) -> None:
        raise refusal(errno.ENOSPC)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError):
        write_private(target, b"after")
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"before"]


def test_a_state_file_that_is_held_too_long_is_in_use(tmp_path: Path) -> None:
    """Not broken: exit code 4, and the other process goes on."""
    store, other = Store(tmp_path / "state.sqlite"), Store(tmp_path / "state.sqlite")
    store.db.execute("PRAGMA busy_timeout=20")

    with other.transaction(), pytest.raises(BusyError, match="has been writing to"):
        store.journey.set_meta("a", "1")
    store.journey.set_meta("a", "2")


def test_a_state_file_that_breaks_while_it_is_open_is_told_without_its_values(
    tmp_path: Path,
) -> None:
    """Reads too end in an error of the tree; the statement and its values are not in it."""
    store = Store(tmp_path / "state.sqlite")
    store.db.execute("DROP TABLE phases")

    with pytest.raises(StateError, match=r"^state\.sqlite: SQLITE_ERROR"):
        store.journey.phase("connect")
