"""Storing pages: what is held in the end is what going row by row would have left."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from workbench.state import (
    Fate,
    FileState,
    Outcome,
    PageIn,
    RecordIn,
    Store,
    digest,
)

IDS = ["1", "2", "10", "9", "-3", "2a", "b\x00c", "ä", "007", "99999999999999999999"]
Step = tuple[int, list[tuple[str, int, str | None]], list[str]]
"""A page's pass, its rows (id, content, patient), and which records are gone afterwards."""
STEPS = some.lists(
    some.tuples(
        some.integers(0, 2),
        some.lists(
            some.tuples(
                some.sampled_from(IDS), some.integers(0, 2), some.sampled_from([None, "1", "2"])
            ),
            max_size=8,
        ),
        some.lists(some.sampled_from(IDS), max_size=3, unique=True),
    ),
    max_size=6,
)


@dataclass(slots=True)
class Model:
    """What a state should hold: one row after the other, in plain words."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    copies: dict[tuple[str, str], tuple[int, int, str, str]] = field(default_factory=dict)
    met: dict[int, int] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def resolve(self, held: str, new: str) -> tuple[bool, str]:
        """Say which copy counts, and remember that it was asked."""
        self.asked.append((held, new))
        return larger_wins(json.loads(held), json.loads(new))

    def page(self, generation: int, page_id: int, rows: list[RecordIn]) -> None:
        """Take in a page."""
        self.met.setdefault(generation, 0)
        for position, row in enumerate(rows):
            came = {"generation": generation, "page_id": page_id, "position": position,
                    "patient_id": row.patient_id, "sha256": row.sha256, "raw": row.raw,
                    "gone": 0}  # fmt: skip
            held = self.records.get(row.source_id)
            if held is None:
                self.met[generation] += 1
                self.records[row.source_id] = {**came, "rows": 1}
                continue
            self.met[generation] += held["generation"] < generation
            rows_now = held["rows"] + 1 if held["generation"] == generation else 1
            if held["sha256"] == row.sha256:
                held |= {"generation": generation, "gone": 0, "rows": rows_now}
            elif generation > held["generation"]:
                self._copy(row.source_id, held, "the newer pass counts")
                held |= {**came, "rows": rows_now}
            else:
                wins, rule = self.resolve(held["raw"], row.raw)
                self._copy(row.source_id, held if wins else came, rule)
                held |= {**came, "rows": rows_now} if wins else {"rows": held["rows"] + 1,
                                                                 "gone": 0}  # fmt: skip

    def _copy(self, source_id: str, loser: dict[str, Any], rule: str) -> None:
        kept = (loser["page_id"], loser["position"], loser["raw"], rule)
        self.copies.setdefault((source_id, loser["sha256"]), kept)


def larger_wins(held: dict[str, Any], new: dict[str, Any]) -> tuple[bool, str]:
    """Let the larger content count; the rule names both, so that their order shows."""
    return new["n"] > held["n"], f"{new['n']} came to {held['n']}"


def arriving(source_id: str, content: int, patient: str | None) -> RecordIn:
    """Make a row as it arrives."""
    data = {"id": source_id, "n": content}
    return RecordIn(source_id, patient, digest(data), json.dumps(data))


def page_of(number: int, rows: list[RecordIn], *, generation: int = 0) -> PageIn:
    """Make a page of patients that is not the last one."""
    return PageIn("patients", generation, number, f"/patients?page={number}", "aa" * 32, 10, 0.1,
                  None, "/patients?page=next", rows)  # fmt: skip


def in_a_store(work: Callable[[Store], None]) -> None:
    """Do something with a state file that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "state.sqlite")
        work(store)
        store.close()


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_pages_leave_what_row_after_row_would(steps: list[Step]) -> None:
    """Repeats, differing copies, later passes and deletions come out as a plain model says."""

    def work(store: Store) -> None:
        model, asked = Model(), list[tuple[str, str]]()

        def resolve(held: dict[str, object], new: dict[str, object]) -> tuple[bool, str]:
            asked.append((json.dumps(held), json.dumps(new)))
            return larger_wins(held, new)

        for number, (generation, rows, gone) in enumerate(steps, start=1):
            came = [arriving(*row) for row in rows]
            page_id = store.source.store_page(
                page_of(number, came, generation=generation), resolve=resolve
            )
            model.page(generation, page_id, came)
            store.source.mark_gone("patients", gone)
            for one in gone:
                if one in model.records:
                    model.records[one]["gone"] = 1

        columns = ("generation", "page_id", "position", "patient_id", "sha256", "raw", "rows",
                   "gone")  # fmt: skip
        held = store.db.execute(f"SELECT source_id, {', '.join(columns)} FROM records").fetchall()
        assert {row[0]: dict(zip(columns, row[1:], strict=True)) for row in held} == model.records
        copies = store.db.execute(
            "SELECT source_id, sha256, page_id, position, raw, rule FROM copies"
        ).fetchall()
        assert {(row[0], row[1]): tuple(row[2:]) for row in copies} == model.copies
        assert asked == model.asked
        walked = {g: walk.distinct for g in range(3) for walk in store.source.walks(generation=g)}
        assert walked == model.met
        alive = sum(not one["gone"] for one in model.records.values())
        assert all(one.distinct == alive for one in store.source.volumes().values())

    in_a_store(work)


ACTIONS = some.lists(
    some.one_of(
        some.tuples(
            some.just("page"), some.lists(some.sampled_from(IDS), max_size=5), some.integers(0, 1)
        ),
        some.tuples(some.just("gone"), some.lists(some.sampled_from(IDS), max_size=3)),
        some.tuples(
            some.just("fate"),
            some.sampled_from(["patients", "files:patients"]),
            some.sampled_from(IDS),
            some.sampled_from(list(Fate)),
        ),
        some.just(("clear",)),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(ACTIONS)
def test_the_sums_kept_are_those_that_counting_would_give(actions: list[tuple[Any, ...]]) -> None:
    """Whatever comes first, record, fate or deletion: each fate of a living record counts once."""

    def work(store: Store) -> None:
        alive, told = set[str](), dict[tuple[str, str], Fate]()
        for number, (kind, *what) in enumerate(actions, start=1):
            if kind == "page":
                rows = [arriving(one, 0, None) for one in what[0]]
                store.source.store_page(
                    page_of(number, rows, generation=what[1]), resolve=larger_wins
                )
                alive |= set(what[0])
            elif kind == "gone":
                store.source.mark_gone("patients", what[0])
                alive -= set(what[0])
            elif kind == "fate":
                store.proof.set_outcomes(
                    [Outcome(what[0], what[1], what[2], "", "", "migrate")]
                )  # fmt: skip
                told[what[0], what[1]] = what[2]
            else:
                store.proof.clear_outcomes()
                told.clear()

        def counted(resource: str) -> dict[Fate, int]:
            fates = [fate for (of, one), fate in told.items() if of == resource and one in alive]
            return {fate: fates.count(fate) for fate in fates}

        assert store.proof.fates().get("patients", {}) == counted("patients")
        assert store.proof.file_fates() == counted("files:patients")
        assert store.proof.sums_hold()

    in_a_store(work)


@pytest.mark.parametrize(
    "change",
    ["UPDATE fates SET count=count+1", "DELETE FROM fates", "UPDATE volumes SET alive=alive-1"],
)
def test_a_sum_that_was_altered_is_found_by_counting(tmp_path: Path, change: str) -> None:
    """Sums that are kept are quick, and can be checked against what they are the sums of."""
    store = Store(tmp_path / "state.sqlite")
    store.source.store_page(page_of(1, [arriving("1", 0, None)]), resolve=larger_wins)
    store.proof.set_outcomes([Outcome("patients", "1", Fate.CREATED, "", "patient_1", "migrate")])
    assert store.proof.sums_hold()

    store.db.execute(change)

    assert not store.proof.sums_hold()
    store.close()


def test_files_are_counted_without_those_of_records_that_are_gone(tmp_path: Path) -> None:
    """A file whose record was deleted is nobody's to bring over."""
    store = Store(tmp_path / "state.sqlite")
    rows = [arriving(one, 0, None) for one in ("1", "2", "3")]
    store.source.store_page(page_of(1, rows), resolve=larger_wins)
    for one in ("1", "2", "3"):
        store.db.execute(
            "INSERT INTO files (resource, source_id, state) VALUES ('patients',?,'pending')", (one,)
        )
    store.db.execute("UPDATE files SET state='held' WHERE source_id='3'")

    store.source.mark_gone("patients", ["2", "3"])

    assert store.proof.files() == {FileState.PENDING: 1}
    store.close()


def test_records_come_in_the_order_of_their_numbers_however_many(tmp_path: Path) -> None:
    """Ten comes after nine; a stream that is fetched in parts leaves out none and repeats none."""
    store = Store(tmp_path / "state.sqlite")
    ids = [*IDS, *map(str, range(20, 1600)), "x", "1x"]
    rows = [arriving(one, 0, "7") for one in reversed(ids)]
    store.source.store_page(page_of(1, rows), resolve=larger_wins)
    store.source.mark_gone("patients", ["30", "1599"])

    def number(one: str) -> int:
        return int(store.db.execute("SELECT CAST(? AS INTEGER)", (one,)).fetchone()[0])

    expected = sorted(set(ids) - {"30", "1599"}, key=lambda one: (number(one), one.encode()))
    assert [one.source_id for one in store.source.records("patients")] == expected
    of_seven = store.source.records_of_patient("patients", "7")
    assert [one.source_id for one in of_seven] == expected
    store.close()


def test_what_arrives_while_records_are_streamed_is_not_held_up(tmp_path: Path) -> None:
    """A long stream keeps no lock: what is stored behind where it stands still comes."""
    store = Store(tmp_path / "state.sqlite")
    rows = [arriving(str(one), 0, None) for one in range(1, 1001)]
    store.source.store_page(page_of(1, rows), resolve=larger_wins)

    stream = store.source.records("patients")
    first = next(stream).source_id
    store.source.store_page(page_of(2, [arriving("1001", 0, None)]), resolve=larger_wins)
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert first == "1"
    assert (tmp_path / "state.sqlite-wal").stat().st_size == 0
    assert [one.source_id for one in stream][-1] == "1001"
    store.close()


def test_ids_that_a_pass_met_are_counted_between_two(tmp_path: Path) -> None:
    """A window of ids is held against what is here without looking at the records."""
    store = Store(tmp_path / "state.sqlite")
    ids = ["5", "6", "9", "2000"]
    store.source.store_page(page_of(1, [arriving(one, 0, None) for one in ids]),
                            resolve=larger_wins)  # fmt: skip
    assert store.source.all_numbered("patients", 0)
    store.source.store_page(page_of(2, [arriving("7b", 0, None)]), resolve=larger_wins)
    store.source.store_page(page_of(1, [arriving("6", 0, None)], generation=1),
                            resolve=larger_wins)  # fmt: skip

    def met(low: int, high: int, generation: int = 0) -> int:
        return store.source.count_met("patients", generation, low=low, high=high)

    assert (met(5, 9), met(7, 7), met(0, 1 << 70), met(0, 10, generation=1)) == (2, 0, 3, 1)
    assert not store.source.all_numbered("patients", 0)
    assert store.source.highest_met("patients", 0) == 2000
    assert store.source.highest_met("patients", 2) is None
    store.close()


@pytest.mark.parametrize("question", ["records", "records_of_patient", "outcomes", "count_met"])
def test_no_question_about_millions_sorts_or_reads_them_all(tmp_path: Path, question: str) -> None:
    """Each is answered from an index: nothing grows with what is held, and no copy is made."""
    store = Store(tmp_path / "state.sqlite")
    asked: list[str] = []
    store.db.set_trace_callback(asked.append)
    ask: dict[str, Callable[[], object]] = {
        "records": lambda: list(store.source.records("patients")),
        "records_of_patient": lambda: store.source.records_of_patient("patients", "1"),
        "outcomes": lambda: list(store.proof.outcomes()),
        "count_met": lambda: store.source.count_met("patients", 0, low=1, high=9),
    }
    ask[question]()
    store.db.set_trace_callback(None)

    plan = store.db.execute(f"EXPLAIN QUERY PLAN {asked[-1]}").fetchall()
    told = " ".join(str(row[-1]) for row in plan)
    assert "INDEX" in told
    assert "SCAN records" not in told
    assert question == "records_of_patient" or "TEMP B-TREE" not in told
    store.close()
