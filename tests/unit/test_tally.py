"""What every table adds up to is kept as it changes, whatever changes it and whatever is undone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.proof.told import replay
from workbench.state import Issue, IssueKind, Store, sha256
from workbench.state.tally import add_up


class StoppedError(Exception):
    """Ends a transaction half-way."""


def sums(store: Store) -> tuple[object, object, object]:
    """Give what the tables add up to: counted now, as kept, and as the ledger told last."""
    counted = {table: [rows, sha256(total)] for table, rows, total in add_up(store.db) if rows}
    kept = {table: held for table, held in store.audit.kept_sums().items() if held[0]}
    told = replay(store.ledger.entries()).stands
    return counted, kept, {table: held for table, (held, _seq) in told.items() if held[0]}


def stop(store: Store, step: Callable[[Store, int], object], number: int) -> None:
    """Take a step in a transaction that does not come to its end."""
    with store.transaction():
        step(store, number)
        raise StoppedError


def issue(number: int) -> Issue:
    """Make up an issue."""
    return Issue(IssueKind.ORPHAN, "visits", str(number), "patient_id", "unknown", "kept", "test")


STEPS: dict[str, Callable[[Store, int], object]] = {
    "put": lambda store, n: store.journey.set_meta(f"key {n % 3}", str(n)),
    "replace a document": lambda store, n: store.journey.set_document(f"d{n % 2}", [n, None, 1.5]),
    "list": lambda store, n: store.staging.add_issues([issue(n % 4), issue(n % 5)]),
    "take off": lambda store, n: store.staging.replace_issues(
        "visits", str(n % 4), list(IssueKind), by=[]
    ),
    "count": lambda store, n: store.journey.count("odoo_calls", n),
    "profile": lambda store, n: store.staging.set_field(f"f{n % 3}", "visits", {"records": n}),
    "forget profiles": lambda store, n: store.staging.drop_fields([f"f{n % 3}"]),
    "phase": lambda store, n: store.journey.set_notebook("map", f"notebooks/{n}.ipynb"),
}
DONE = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9), st.booleans()),
                max_size=12)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(DONE)
def test_the_sums_are_those_of_the_rows_whatever_happens(
    steps: list[tuple[str, int, bool]],
) -> None:
    """Rows put, replaced, changed, dropped or undone by two processes: kept and told are right."""
    with tempfile.TemporaryDirectory() as folder:
        stores = [Store(Path(folder) / "state.sqlite") for _ in range(2)]
        for place, (name, number, undone) in enumerate(steps):
            store = stores[place % 2]
            if not undone:
                STEPS[name](store, number)
                continue
            with pytest.raises(StoppedError):
                stop(store, STEPS[name], number)
        counted, kept, told = sums(stores[0])
        for store in stores:
            store.close()

    assert counted == kept == told


def test_a_change_that_no_event_tells_of_is_noted(tmp_path: Path) -> None:
    """A fact that is put down by itself leaves a row in the ledger all the same."""
    store = Store(tmp_path / "state.sqlite")
    store.journey.set_meta("account", "brightspine")
    store.journey.set_meta("account", "brightspine")
    store.journey.set_progress("load", "migrate", done=1, total=2, unit="records")
    entries = list(store.ledger.entries())
    store.close()

    assert [(one.event, one.subject, list(one.stands)) for one in entries] == [
        ("noted", "meta", ["meta"])
    ]
    assert entries[0].stands["meta"][0] == 1


def test_an_event_tells_what_its_tables_add_up_to(tmp_path: Path) -> None:
    """One row of the ledger for one change: what was done, and what stands since."""
    store = Store(tmp_path / "state.sqlite")
    with store.transaction():
        store.journey.set_document("mapping", {"rows": 1})
        store.staging.add_issues([issue(1), issue(2)])
    entries = list(store.ledger.entries())
    store.close()

    told = [(one.event, {name: rows for name, (rows, _) in one.stands.items()}) for one in entries]
    assert told == [("document", {"documents": 1}), ("issues listed", {"issues": 2})]


def test_the_state_file_can_be_read_without_the_workbench(tmp_path: Path) -> None:
    """What listens is not in the file: any SQLite opens it, reads it and could write it."""
    store = Store(tmp_path / "state.sqlite")
    store.journey.set_meta("account", "brightspine")
    names = store.db.execute(
        "SELECT COUNT(*) FROM main.sqlite_master WHERE name LIKE 'tally%' OR sql LIKE '%tallied%'"
    ).fetchone()
    store.close()

    assert names == (0,)
