"""Files that could not be had at first, and files that the clinic replaced, come over later."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.journey.support import Journey, blob_of, journey
from workbench.sandbox.clinic import BLOB
from workbench.sandbox.odoo import OdooConnection
from workbench.sandbox.practicehub.faults import FaultKind
from workbench.state import FileState, IssueKind

SECRET = "X-Amz-"
"""In every signed address, and in nothing else."""

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-files")]


@dataclass(frozen=True)
class Since:
    """The migration, before and after the delta; two of its files, and what the one became."""

    journey: Journey
    missing: dict[str, Any]
    replaced: dict[str, Any]
    newer: bytes
    before: dict[str, int]
    rejected: int


@pytest.fixture(scope="module")
def since(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Since]:
    """Ten patients loaded without one file; then it is there again, and another is replaced."""
    with journey(tmp_path_factory.mktemp("files"), patients=10, here=True) as made:
        missing, replaced, other = [
            row for row in made.clinic["files"]
            if row["file_url"] and row["entity_type"] == "patient" and row["size"]
        ][:3]  # fmt: skip
        lost = str(missing["file_url"]).removeprefix(BLOB)
        made.control.fault(FaultKind.STATUS, where="files", path=lost, status=404, times=None)
        made.travel("--until", "migrate")
        before, rejected = made.external_ids(), made.status()["files"]["rejected"]
        newer = blob_of(made.clinic, other["file_url"]) or b""
        made.control.clear_faults()
        made.control.switches(
            overrides={
                "files": {str(replaced["id"]): {"file_url": other["file_url"], "size": len(newer)}}
            }
        )
        made.travel("--phase", "delta")
        made.travel()
        yield Since(made, missing, replaced, newer, before, rejected)


def attachment(since: Since, row: dict[str, Any]) -> dict[str, Any]:
    """Read a file's attachment."""
    number = since.journey.external_ids()[f"file_{row['id']}"]
    [found] = since.journey.rows("ir.attachment", [["id", "=", number]],
                                 "checksum", "file_size", "res_model")  # fmt: skip
    return found


def sha1(content: bytes) -> str:
    """Hash as Odoo does."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def test_a_file_that_was_missing_at_the_load_is_attached_by_the_delta(since: Since) -> None:
    """It is fetched, loaded and settled anew; no list says any longer that it is missing."""
    content = blob_of(since.journey.clinic, since.missing["file_url"]) or b""
    found, store = attachment(since, since.missing), since.journey.store
    number = str(since.missing["id"])

    assert f"file_{number}" not in since.before
    assert (found["checksum"], found["file_size"]) == (sha1(content), len(content))
    assert since.journey.status()["files"]["rejected"] == since.rejected - 1
    held = store.source.file("files", number)
    assert held is not None
    assert held.state is FileState.HELD
    listed = {one.kind for one in store.staging.issues(resource="files") if one.source_id == number}
    assert listed & {IssueKind.FILE_MISSING, IssueKind.FILE_NOT_TO_BE_HAD} == set()


def test_a_file_that_was_replaced_is_replaced_in_odoo_in_place(since: Since) -> None:
    """The same attachment now holds the newer bytes."""
    found = attachment(since, since.replaced)

    assert found["id"] == since.before[f"file_{since.replaced['id']}"]
    assert (found["checksum"], found["file_size"]) == (sha1(since.newer), len(since.newer))


def test_no_signed_address_stands_anywhere_but_in_the_raw_records(since: Since) -> None:
    """Whoever holds one may read the file: reports, notebooks, lists and the ledger have none."""
    with sqlite3.connect(since.journey.folder / "state.sqlite") as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        rows = {name: str(db.execute(f'SELECT * FROM "{name}"').fetchall()) for name in tables}
    db.close()
    shown = {
        one.name: one.read_bytes().decode(errors="replace")
        for part in ("notebooks", "reports", "mapping.yaml", "seal.json")
        for one in [*(since.journey.folder / part).rglob("*"), since.journey.folder / part]
        if one.is_file()
    }

    assert {name for name, text in rows.items() if SECRET in text} <= {"records", "copies"}
    assert SECRET in rows["records"]
    assert len(shown) > 10
    assert [name for name, text in shown.items() if SECRET in text] == []
    assert not any(SECRET in said.out + said.err for said in since.journey.said)


def test_the_books_balance_and_the_evidence_verifies(since: Since) -> None:
    """Every file has one fate, and the ledger tells of the old bytes and of the newer ones."""
    status = since.journey.status()

    assert status["files"]["unresolved"] == 0
    assert status["phases"]["reconcile"] == "done"
    assert since.journey.workbench("verify", str(since.journey.folder)).code == 0
