"""What the configuration says about files reaches their fetching."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from tests.support.made_runs import KEY, write_config
from tests.support.small_run import store_page
from workbench.errors import SourceUnreachableError
from workbench.phases.extract import fetch_all_files
from workbench.run import Run
from workbench.state import FileState

FILE = {"id": 9, "patient_id": 1, "file_name": "scan.pdf", "size": 1_500_001,
        "url": "http://127.0.0.1:9/a"}  # fmt: skip


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(KEY, "the-key")
    stamina.set_testing(True, attempts=1)
    yield
    stamina.set_testing(False)


def run_with(folder: Path, line: str) -> Run:
    """Make a run of one file, its configuration with one line more for PracticeHub."""
    config = write_config(folder, ("[practicehub]\n", f"[practicehub]\n{line}\n"))
    run = Run.create(config, folder / "runs" / "clinic")
    store_page(run.folder, run.store, "files", [FILE])
    return run


def test_the_limit_of_the_configuration_holds_without_a_request(tmp_path: Path) -> None:
    """Megabytes are of a million bytes; a file that is larger is refused and listed."""
    run = run_with(tmp_path, "largest_file_mb = 1.5")
    fetch_all_files(run.extract)

    held = run.store.source.file("files", "9")
    assert held is not None
    assert (held.state, held.reason) == (
        FileState.REFUSED, "larger than the limit of 1500000 bytes")  # fmt: skip
    assert [one.kind for one in run.store.staging.issues()] == ["file_too_large"]


@pytest.mark.parametrize("line", ["", "largest_file_mb = 0", "largest_file_mb = 1.6"])
def test_without_a_limit_in_its_way_a_file_is_asked_for(tmp_path: Path, line: str) -> None:
    """Nought is no limit; here the host is silent, so that the file is left for later."""
    run = run_with(tmp_path, line)
    with pytest.raises(SourceUnreachableError, match="1 of 1"):
        fetch_all_files(run.extract)
