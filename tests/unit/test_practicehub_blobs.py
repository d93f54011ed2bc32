"""Bytes on disk under their hash: whole or not there, whoever was killed meanwhile."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from workbench.errors import StateError
from workbench.practicehub.blobs import Sink, file_path, keep_page, page_path, read_page, sweep

WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from workbench.practicehub.blobs import Sink

    with Sink(Path(sys.argv[1])) as sink:
        sink.write(b"half")
        print("written", flush=True)
        sys.stdin.read()
    """
)


def parts(folder: Path) -> list[str]:
    """Name what is half written."""
    return sorted(one.name for one in folder.glob("part-*"))


def test_what_is_being_written_is_not_swept_by_whatever_process(tmp_path: Path) -> None:
    """A living writer keeps its part, in this process or another; a killed one's is removed."""
    other = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "written\n"
        with Sink(tmp_path) as sink:
            sink.write(b"being written")
            sweep(tmp_path)
            assert len(parts(tmp_path)) == 2
        other.send_signal(signal.SIGKILL)
    assert len(parts(tmp_path)) == 1

    sweep(tmp_path)
    assert parts(tmp_path) == []


def test_a_part_is_told_by_its_lock_and_not_by_a_process_number(tmp_path: Path) -> None:
    """Numbers are given out again, and another container has the same ones."""
    left = tmp_path / f"part-{os.getpid()}-0"
    left.write_bytes(b"half")
    sweep(tmp_path)

    assert parts(tmp_path) == []


def test_a_part_that_a_sweep_took_too_early_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making a file and locking it a sweep may find it; no byte is lost to that."""
    lock = fcntl.flock
    swept: list[list[str]] = []

    def late(file: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not swept:
            swept.append(parts(tmp_path))
            sweep(tmp_path)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with Sink(tmp_path) as sink:
        sink.write(b"whole")
        sink.keep(file_path(tmp_path.parent / "run", sink.sha256))

    assert len(swept[0]) == 1
    assert file_path(tmp_path.parent / "run", sink.sha256).read_bytes() == b"whole"
    assert parts(tmp_path) == []


def test_a_blob_is_not_touched_by_a_sweep(tmp_path: Path) -> None:
    """Only parts are swept, and a folder that is not there has none."""
    held = keep_page(tmp_path, b'{"data": []}')
    sweep(tmp_path / "pages")
    sweep(tmp_path / "files")

    assert read_page(tmp_path, held) == b'{"data": []}'


def test_bytes_are_brought_to_the_disk_before_their_name_and_their_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the power goes, a name that exists has all its bytes, and a row its name."""
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def told_fsync(file: int) -> None:
        done.append(Path(f"/proc/self/fd/{file}").readlink().name)
        fsync(file)

    def told_rename(self: Path, target: Path) -> Path:
        done.append("renamed")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", told_fsync)
    monkeypatch.setattr(Path, "rename", told_rename)
    sha = keep_page(tmp_path / "run", b"body")

    at = done.index("renamed")
    assert done[at - 1].startswith("part-")
    assert done[at + 1 :] == [sha[:2], "pages"]
    assert {tmp_path.name, "run"} < set(done[:at])
    done.clear()
    keep_page(tmp_path / "run", b"body")
    assert done == [sha[:2], "pages"]


def test_folders_are_their_owner_s_alone(tmp_path: Path) -> None:
    """Nobody else on the machine can look into what was read."""
    sha = keep_page(tmp_path / "run", b"body")
    target = page_path(tmp_path / "run", sha)

    assert [one.stat().st_mode & 0o777 for one in (*list(target.parents)[:3], target)] == [
        0o700, 0o700, 0o700, 0o600]  # fmt: skip


def test_an_error_while_writing_leaves_no_part_and_is_the_one_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing the file adds no trouble of its own."""
    monkeypatch.setattr(os, "write", _refusing)
    with pytest.raises(StateError, match="cannot be written: EIO"), Sink(tmp_path) as sink:
        sink.write(b"bytes")

    assert parts(tmp_path) == []


def _refusing(_file: int, _chunk: memoryview) -> int:
    raise OSError(5, "Input/output error")
