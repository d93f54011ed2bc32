"""What is kept of a comparison: written bit by bit, seen as a whole, read page by page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.state import ComparedRecord, Difference, Store, Verdict


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a state file."""
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


def cell(
    patient: str, field: str, verdict: str = "equal", *, record: str = "", model: str = "m"
) -> Difference:
    """Make one compared cell."""
    return Difference("sample", record or f"patient_{patient}", model, field, verdict, "", "s", "e",
                      "a", transform="text", patient=patient)  # fmt: skip


CELLS = [
    cell("10", "name"), cell("10", "ref", "different"),
    cell("2", "name", "tolerated"), cell("2", "stage", record="visit_7", model="lead"),
    cell("", "name", record="place_1"),
]  # fmt: skip


def keep(store: Store, cells: list[Difference], *, scope: str = "sample") -> None:
    """Keep a whole comparison."""
    store.proof.set_comparison(
        scope, verdicts=[Verdict(scope, "m", "name", "equal", "", 1)], differences=cells
    )


def test_a_comparison_is_seen_when_it_is_whole(store: Store) -> None:
    """While the next one is made, and where it was broken off, the one before stands."""
    keep(store, CELLS)
    before = list(store.proof.differences("sample"))
    heads = [store.ledger.head()]
    writing = store.proof.comparison("sample")
    writing.add([cell("3", "name")])
    meanwhile = list(store.proof.differences("sample"))
    again = store.proof.comparison("sample")  # another process: the first one was killed
    again.add([cell("4", "name")])
    again.add([cell("4", "ref", "different")])
    again.finish([Verdict("sample", "m", "name", "equal", "", 2)])

    assert before == meanwhile
    assert {one.patient for one in store.proof.differences("sample")} == {"4"}
    assert store.proof.verdicts("sample") == [Verdict("sample", "m", "name", "equal", "", 2)]
    assert store.ledger.head() not in heads


def test_scopes_do_not_disturb_each_other(store: Store) -> None:
    """The sample's comparison stands while all of it is compared."""
    keep(store, CELLS)
    keep(store, [], scope="all")

    assert len(list(store.proof.differences("sample"))) == len(CELLS)
    assert list(store.proof.differences("all")) == []


def test_cells_come_by_the_number_of_their_patient(store: Store) -> None:
    """Patient 2 stands before patient 10, and what belongs to nobody comes first."""
    keep(store, CELLS)

    assert [(d.patient, d.external_id, d.field) for d in store.proof.differences("sample")] == [
        ("", "place_1", "name"), ("2", "patient_2", "name"), ("2", "visit_7", "stage"),
        ("10", "patient_10", "name"), ("10", "patient_10", "ref"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"patient": "2"}, ["patient_2.name", "visit_7.stage"]),
        ({"patient": ""}, ["place_1.name"]),
        ({"external_id": "patient_10"}, ["patient_10.name", "patient_10.ref"]),
        ({"model": "lead"}, ["visit_7.stage"]),
        ({"field": "name", "patient": "10"}, ["patient_10.name"]),
        ({"verdict": "tolerated"}, ["patient_2.name"]),
        ({"unequal": True}, ["patient_2.name", "patient_10.ref"]),
        ({"limit": 2}, ["place_1.name", "patient_2.name"]),
        ({"field": "' OR 1=1 --"}, []),
    ],
)
def test_cells_are_found_by_what_is_asked(
    store: Store, asked: dict[str, object], found: list[str]
) -> None:
    """One record, one field, one verdict: each can be looked at alone."""
    keep(store, CELLS)

    told = store.proof.differences("sample", **asked)  # type: ignore[arg-type]  # as asked

    assert [f"{one.external_id}.{one.field}" for one in told] == found


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_paging_gives_every_cell_once(store: Store, size: int) -> None:
    """A long list is read in parts, each beginning behind the last one seen."""
    keep(store, CELLS)
    found: list[Difference] = []
    last: Difference | None = None
    while part := list(store.proof.differences("sample", after=last, limit=size)):
        found += part
        last = part[-1]

    assert found == list(store.proof.differences("sample"))


def test_records_are_counted_by_verdict(store: Store) -> None:
    """A reviewer sees for each record how many cells are equal, tolerated and different."""
    keep(store, CELLS)
    ten = ComparedRecord("10", "patient_10", "m", 1, 0, 1)

    assert store.proof.compared_records("sample")[-1] == ten
    assert store.proof.compared_records("sample", patient="10") == [ten]
    assert store.proof.compared_records("sample", patient="10", unequal=True) == [ten]
    assert [one.external_id for one in store.proof.compared_records("sample", unequal=True)] == [
        "patient_2", "patient_10"
    ]  # fmt: skip
