"""Lists behind the figures: each term record by record, written as it is read, safe to open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import small_run as made
from workbench.errors import StateError
from workbench.proof import HANDOVER, balance, seal, verify
from workbench.reports import (
    Seal,
    balance_table,
    csv_text,
    files_table,
    keep_csv,
    listed,
    relations_table,
    write_handover,
    write_lists,
)
from workbench.reports.tables import MOST, orphans_table, reasons_table
from workbench.state import (
    Difference,
    Fate,
    Gap,
    Issue,
    IssueKind,
    Outcome,
    Relation,
    Store,
    Verdict,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a finished run in which one record has each of the rarer fates."""
    found = made.small_run(tmp_path, sealed=False)
    found.proof.set_outcomes([
        Outcome("appointments", "6", Fate.EXCLUDED, "=a block", "", "migrate"),
        Outcome("appointments", "7", Fate.REJECTED, "refused", "", "migrate"),
        Outcome("patients", "2", Fate.MERGED, "is one person with patient_1", "patient_2", "x"),
    ])  # fmt: skip
    found.source.mark_gone("appointments", ["5"])
    found.staging.add_issues([
        Issue(IssueKind.REFUSED_BY_ODOO, "appointments", "7", "name", "no room",
              "appointment_7 is not in Odoo", "migrate"),
    ])  # fmt: skip
    found.lists.add_gaps([Gap("files.patient_id", "9", "file_9", "res_id", "gone")])
    found.lists.set_relations([Relation("files.patient_id", "patients", 1, missing=1)])
    found.proof.set_comparison(
        "all",
        verdicts=[Verdict("all", "ir.attachment", "checksum", "different", "", 1),
                  Verdict("all", "ir.attachment", "checksum", "different", "absent", 2),
                  Verdict("all", "ir.attachment", "checksum", "tolerated", "empty_file", 3),
                  Verdict("all", "ir.attachment", "checksum", "equal", "", 4),
                  Verdict("all", "ir.attachment", "file_size", "different", "", 5)],
        differences=[
            Difference("all", "file_9", "ir.attachment", "checksum", "different", "", "s", "e",
                       "a"),
            Difference("all", "patient_1", "res.partner", "street", "tolerated",
                       "kept_by_decision", "s", "e", "a"),
            Difference("all", "patient_1", "res.partner", "comment", "tolerated",
                       "html_equivalent", "s", "e", "a"),
        ],
    )  # fmt: skip
    yield found
    found.close()


def lines(folder: Path, name: str) -> list[list[str]]:
    """Read a list as a spreadsheet does, without its head."""
    text = (folder / "reports" / name).read_text("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def test_every_list_says_which_record_and_why(tmp_path: Path, store: Store) -> None:
    """Merged, excluded, rejected, orphans, refusals, gaps, cells and what is gone: by id."""
    write_lists(store, tmp_path)

    assert {path.name: lines(tmp_path, path.name)
            for path in (tmp_path / "reports").iterdir() if path.name != "outcomes.csv"} == {
        "merged.csv": [["patients", "2", "is one person with patient_1", "patient_2", "x"]],
        "excluded.csv": [["appointments", "6", "'=a block", "", "migrate"]],
        "rejected.csv": [["appointments", "7", "refused", "", "migrate"]],
        "orphans.csv": [["appointments", "7", "patient_id", "orphan", "kept"]],
        "missing_relations.csv": [["files.patient_id", "9", "file_9", "res_id", "gone"]],
        "refused.csv": [["appointments", "7", "name", "no room", "appointment_7 is not in Odoo"]],
        "gone.csv": [["appointments", "5", "created", "appointment_5"]],
        "kept_values.csv": [["patient_1", "res.partner", "street", "tolerated",
                             "kept_by_decision"]],
        "tolerated.csv": [["patient_1", "res.partner", "comment", "tolerated", "html_equivalent"]],
        "differences.csv": [["file_9", "ir.attachment", "checksum", "different", ""]],
    }  # fmt: skip


def test_a_list_has_as_many_lines_as_its_term(tmp_path: Path, store: Store) -> None:
    """What is gone from PracticeHub stands in the list of all fates, and counts in no term."""
    write_lists(store, tmp_path)
    counts = {one.file: one.count for one in listed(store)}
    sums = balance(store)

    assert counts == {name: len(lines(tmp_path, name)) for name in counts}
    assert counts["excluded.csv"] == sum(one.excluded for one in sums.every)
    assert ["appointments", "5", "created", "", "appointment_5", "migrate", "no"] in lines(
        tmp_path, "outcomes.csv"
    )


def test_a_long_list_is_written_while_it_is_read(tmp_path: Path, store: Store) -> None:
    """No more of it is held than some hundred lines; what is written is the same."""
    read: list[int] = []
    target = tmp_path / "reports"

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(3000):
            read.append(number)
            yield number, f"-{number}"
        # the first lines are on the disk before the last ones are read
        assert sum(part.stat().st_size for part in target.glob(".long.csv.*")) > 0

    path = keep_csv(store, tmp_path, "long.csv", ("a", "b"), rows())
    again = ((number, f"-{number}") for number in range(3000))

    assert len(read) == 3000
    assert path.read_text("utf-8-sig") == csv_text(("a", "b"), again).replace("\r\n", "\n")
    assert path.read_bytes().count(b"\xef\xbb\xbf") == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_list_that_breaks_off_leaves_the_one_before(tmp_path: Path, store: Store) -> None:
    """A state that cannot be read half-way leaves no half list behind."""
    path = keep_csv(store, tmp_path, "short.csv", ("a",), [(1,)])
    before = path.read_bytes()

    def rows() -> Iterator[tuple[int]]:
        yield (2,)
        what = "it cannot be read"
        raise StateError(what)

    with pytest.raises(StateError):
        keep_csv(store, tmp_path, "short.csv", ("a",), rows())
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["short.csv"]


def test_pages_show_the_first_lines_and_name_the_list(tmp_path: Path, store: Store) -> None:
    """A page stays a page where a list has thousands of lines."""
    store.staging.add_issues(
        Issue(IssueKind.ORPHAN, "invoices", str(n), "invoices.patient_id", "r", "not loaded", "x")
        for n in range(MOST + 5)
    )
    shown = orphans_table(store)

    assert len(shown.rows) == MOST
    assert "orphans.csv" in shown.note


def test_reasons_are_counted_without_whom_they_name(store: Store) -> None:
    """Many patients merged into as many others are one reason, not as many lines."""
    assert reasons_table(store, Fate.MERGED).rows == [
        ("patients", "is one person with another patient", 1, "2")
    ]


def test_the_balance_stands_beside_what_was_read_back(store: Store) -> None:
    """Created and updated together must have come back from Odoo, resource by resource."""
    sums = balance(store)
    there = {"patients": 1, "files": 1, "files:files": 1}
    table = balance_table(sums, read_back=there)

    assert [row[-1] for row in table.rows] == [1, 0, 1, 1]
    assert sums.not_read_back(there) == []
    assert sums.not_read_back({"patients": 1}) == [
        "files: 0 of 1 read back from Odoo", "files: 0 of 1 read back from Odoo",
    ]  # fmt: skip
    assert "read back" not in balance_table(sums).columns


def test_files_are_counted_by_their_checksum(store: Store) -> None:
    """Equal, empty, different and absent ones; a size that differs has a line of its own."""
    assert [row[1] for row in files_table(store.proof.verdicts("all")).rows] == [4, 3, 1, 5, 2]


def test_a_line_of_the_relations_adds_up() -> None:
    """Expected is what is linked, told in words, an orphan, left out or missing."""
    one = Relation("a.b", "patients", 15, linked=5, told=4, orphan=3, left_out=2, missing=1)
    row = relations_table([one]).rows[0]

    assert row[2] == sum(int(str(cell)) for cell in row[3:])
    assert one.present == 9


def test_the_handover_is_kept_apart_and_ties_the_folder_to_its_head(
    tmp_path: Path, store: Store
) -> None:
    """It prints head, hashes, reasons and how to check; sealing again changes nothing."""
    path = seal(tmp_path, store, versions=made.VERSIONS, hashes=made.HASHES)
    head = store.ledger.head()
    sealed = path.read_bytes()
    page = write_handover(
        store, tmp_path, seal=Seal(7, head, "SHA256:abc"),
        versions=made.VERSIONS, hashes=made.HASHES, ends=[("account", "brightspine")],
    )  # fmt: skip
    text = page.read_text("utf-8")

    for part in (f"--head {head}", "SHA256:abc", "brightspine", "refused", made.NOTEBOOK,
                 "Nobody has signed this migration off"):  # fmt: skip
        assert part in text, part
    assert ("reports/handover.html", HANDOVER) in {
        (name, kind) for name, kind, *_ in store.journey.artefacts()
    }
    assert seal(tmp_path, store, versions=made.VERSIONS, hashes=made.HASHES) == path
    assert path.read_bytes() == sealed
    assert verify(tmp_path).ok
    page.write_text(text.replace(head, "0" * 64), "utf-8")
    assert not verify(tmp_path).ok
