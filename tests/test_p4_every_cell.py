"""P4, cell by cell: every column of every table is evidence, or is named as none with a reason."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import small_run as made
from tests.support.forging import Forgery, alter, bad, columns, content, flips, forgeries
from workbench.proof import verify
from workbench.state import BeforeImage, Store
from workbench.state.schema import DDL
from workbench.state.tally import EXEMPT, watched

ALL = bool(os.environ.get("WORKBENCH_TESTS_ALL"))
NO_EVIDENCE = {"progress", "counters"}
"""Tables whose change hurts nothing that is proven: how far a step is, how often was asked."""

RECOUNTED = set(EXEMPT) - NO_EVIDENCE
"""Tables that no sum of the ledger holds, because `verify` has something better."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a finished, sealed run folder with something in nearly every table."""
    folder = tmp_path_factory.mktemp("cells") / "run"
    folder.mkdir()
    store = made.small_run(folder, sealed=False)
    store.journey.set_meta("account", "brightspine")
    store.journey.set_progress("extract", "extract", done=1, total=3, unit="pages")
    store.journey.set_progress("load", "migrate", done=2, total=2, unit="records")
    store.journey.count("odoo_calls", 4)
    store.journey.count("source_requests", 9)
    store.source.mark_absent("care_plans", note="404")
    changed = {**made.PATIENTS[1], "last_name": "Demir"}
    made.store_page(folder, store, "patients", [made.PATIENTS[0], changed], generation=1)
    store.source.mark_gone("appointments", ["7"])
    store.destination.keep_before([BeforeImage("res.partner", 41, "phone", "1")], operation=1)
    made.finish(folder, store)
    store.close()
    assert verify(folder).ok, verify(folder).lines()
    return folder


@pytest.fixture
def forged(run: Path, tmp_path: Path) -> Callable[[Forgery], Path | None]:
    """Give a maker of copies with one thing changed; None where the file itself refuses it."""

    def make(forgery: Forgery) -> Path | None:
        folder = shutil.copytree(run, tmp_path / forgery.what)
        try:
            alter(folder, forgery.sql)
        except sqlite3.IntegrityError:
            return None
        return folder

    return make


TABLES = sorted(
    name for (name,) in sqlite3.connect(":memory:").executescript(DDL).execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'"
    )
)  # fmt: skip


@pytest.mark.parametrize("table", sorted(set(TABLES) - NO_EVIDENCE))
def test_no_cell_and_no_row_of_a_table_changes_unseen(
    run: Path, forged: Callable[[Forgery], Path | None], table: str
) -> None:
    """Each cell changed, swapped with another row's, a row dropped or made up: found and named."""
    copies = [(one, forged(one)) for one in forgeries(run, table=table, swaps=99 if ALL else 2)]
    looked_at = [(one, verify(folder)) for one, folder in copies if folder is not None]

    assert [str(one) for one, found in looked_at if found.ok] == []
    assert looked_at


@pytest.mark.parametrize("table", sorted(NO_EVIDENCE))
def test_what_is_no_evidence_hurts_nothing(
    run: Path, forged: Callable[[Forgery], Path | None], table: str
) -> None:
    """How far a step is and how often was asked may say anything: nothing rests on it."""
    for forgery in forgeries(run, table=table, swaps=99):
        folder = forged(forgery)
        if folder is not None:
            assert verify(folder).ok, str(forgery)


def test_every_table_is_summed_up_or_named_with_a_reason(run: Path) -> None:
    """A table that somebody adds is evidence from the start; leaving one out takes a reason."""
    with sqlite3.connect(run / "state.sqlite") as db:
        summed = {table for table, _ in watched(db)}

    assert summed | EXEMPT.keys() == set(columns(run))
    assert not summed & EXEMPT.keys()
    assert all(len(reason) > 20 for reason in EXEMPT.values())
    assert {"ledger", "tallies", "fates", "volumes", "records"} == RECOUNTED


def test_the_order_in_which_rows_lie_is_all_that_cannot_be_told(run: Path, tmp_path: Path) -> None:
    """Rows that trade places in the file, and nothing else, are the same rows."""
    folder = shutil.copytree(run, tmp_path / "copy")
    alter(folder, "CREATE TEMP TABLE all_of_them AS SELECT * FROM meta ORDER BY key DESC",
          "DELETE FROM meta", "INSERT INTO meta SELECT * FROM all_of_them")  # fmt: skip

    assert verify(folder).ok


def test_a_table_made_otherwise_is_found(run: Path, tmp_path: Path) -> None:
    """A rule that was taken out of the file, or a table put into it, is named."""
    for statement, named in (("DROP TRIGGER record_gone", "record_gone"),
                             ("CREATE TABLE aside (a TEXT)", "aside")):  # fmt: skip
        folder = shutil.copytree(run, tmp_path / named)
        alter(folder, statement)

        assert bad(verify(folder)).startswith(f"state file: {named} is not made as")


@pytest.mark.parametrize("table", ["records", "meta"])
def test_a_description_of_the_file_that_says_otherwise_is_found(
    run: Path, tmp_path: Path, table: str
) -> None:
    """What SQLite says of tables and indexes, down to an index's name, is as it was made."""
    folder = shutil.copytree(run, tmp_path / "copy")
    alter(folder, "PRAGMA writable_schema=ON", "UPDATE sqlite_master SET name=upper(name) "
          f"WHERE tbl_name='{table}' AND name LIKE 'sqlite_autoindex%'")  # fmt: skip

    assert "is not made as this version makes it" in bad(verify(folder))


def test_the_index_that_is_made_when_it_is_needed_is_no_forgery(run: Path, tmp_path: Path) -> None:
    """Asking for a patient's records makes it; until then it is missing."""
    folder = shutil.copytree(run, tmp_path / "copy")
    store = Store(folder / "state.sqlite")
    store.source.records_of_patient("patients", "1")
    store.close()

    assert verify(folder).ok


def test_a_flipped_byte_is_found_or_changes_nothing_that_can_be_read(
    run: Path, tmp_path: Path
) -> None:
    """Bytes of every file: each flip is named, but where SQLite keeps nothing at all."""
    folder = shutil.copytree(run, tmp_path / "copy")
    original = content(folder)
    seen = Counter[str]()
    for path, place, mask in flips(folder, 4000 if ALL else 120, seed=20261122):
        before = path.read_bytes()
        path.write_bytes(before[:place] + bytes([before[place] ^ mask]) + before[place + 1 :])
        found = verify(folder)
        if not path.name.startswith("state.sqlite"):
            assert not found.ok, f"{path.name} at {place}"
        elif found.ok:
            held = content(folder)
            assert {name: rows for name, rows in held.items() if name not in NO_EVIDENCE} == {
                name: rows for name, rows in original.items() if name not in NO_EVIDENCE
            }
            seen["idle"] += 1
        seen["flips"] += 1
        path.write_bytes(before)

    assert verify(folder).ok
    assert seen["flips"] > seen["idle"]


def test_no_value_of_the_clinic_is_in_the_ledger_or_the_seal(run: Path) -> None:
    """The ledger tells who, when, what and how many; names and contents stay in the data."""
    store = Store(run / "state.sqlite")
    told = "\n".join(str(entry) for entry in store.ledger.entries())
    store.close()
    sealed = (run / "seal.json").read_text(encoding="utf-8")

    for row in (*made.PATIENTS, *made.VISITS, *made.FILES):
        for name, value in row.items():
            if isinstance(value, str) and name not in {"patient_id", "status"}:
                assert value not in told, name
                assert value not in sealed, name
