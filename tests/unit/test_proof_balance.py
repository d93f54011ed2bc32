"""P1's arithmetic: what came equals what became of it."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.support import small_run as made
from workbench.proof import balance
from workbench.proof.balance import terms_of
from workbench.state import Fate, FileState, Outcome, Store


def test_a_finished_run_closes(tmp_path: Path) -> None:
    """Every record and file of a finished run has exactly one fate."""
    store = made.small_run(tmp_path)

    found = balance(store)

    assert found.closes
    assert found.unresolved == 0
    assert found.as_json() == {
        "resources": {
            "patients": {"reported": 1, "rows": 3, "distinct": 2, "created": 2, "updated": 0,
                         "merged": 0, "excluded": 0, "rejected": 0, "unresolved": 0},
            "appointments": {"reported": 3, "rows": 3, "distinct": 3, "created": 3, "updated": 0,
                             "merged": 0, "excluded": 0, "rejected": 0, "unresolved": 0},
            "files": {"reported": 1, "rows": 1, "distinct": 1, "created": 1, "updated": 0,
                      "merged": 0, "excluded": 0, "rejected": 0, "unresolved": 0},
        },
        "files": {"reported": 1, "rows": 1, "distinct": 1, "created": 1, "updated": 0,
                  "merged": 0, "excluded": 0, "rejected": 0, "unresolved": 0},
    }  # fmt: skip
    store.close()


def test_orphans_are_listed_by_record_and_field(tmp_path: Path) -> None:
    """A relation that leads to nothing is listed with its record and field."""
    store = made.small_run(tmp_path)

    assert [(one.resource, one.source_id, one.field) for one in store.lists.nowhere()] == [
        ("appointments", "7", "patient_id")
    ]
    store.close()


def test_a_walk_or_file_still_open_keeps_the_balance_open(tmp_path: Path) -> None:
    """Sums that happen to agree are not final while reading goes on."""
    store = Store(tmp_path / "state.sqlite")
    made.store_page(tmp_path, store, "patients", made.PATIENTS[:1], last=False)
    store.proof.set_outcomes([Outcome("patients", "1", Fate.CREATED, "", "patient_1", "migrate")])

    assert balance(store).unresolved == 0
    assert not balance(store).closes

    made.store_page(tmp_path, store, "patients", made.PATIENTS[1:2], number=2)
    store.proof.set_outcomes([Outcome("patients", "2", Fate.MERGED, "twin", "patient_1", "x")])
    assert balance(store).closes

    made.store_page(tmp_path, store, "files", made.FILES)
    store.proof.set_outcomes(
        Outcome(kind, "9", Fate.REJECTED, "no file", "", "x") for kind in ("files", "files:files")
    )
    store.source.add_file("files", "9", patient_id="1", declared=None, record="")
    assert not balance(store).closes

    store.source.close_file("files", "9", FileState.MISSING, reason="404")
    assert balance(store).closes
    store.close()


@given(
    ids=st.sets(st.integers(1, 40), min_size=1, max_size=12),
    fates=st.dictionaries(st.integers(1, 40), st.sampled_from(list(Fate)), max_size=20),
)
def test_the_balance_closes_exactly_when_every_distinct_record_has_a_fate(
    ids: set[int], fates: dict[int, Fate]
) -> None:
    """Fates of records that were never read close nothing, and a missing one keeps it open."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        store = Store(folder / "state.sqlite")
        made.store_page(folder, store, "patients", [{"id": one} for one in sorted(ids)])
        store.proof.set_outcomes(
            Outcome("patients", str(one), fate, "why", "", "x") for one, fate in fates.items()
        )

        found = balance(store)

        assert found.closes == (ids <= set(fates))
        counted = found.resources[0]
        assert counted.resolved == len(ids & set(fates))
        expected = Counter(fate for one, fate in fates.items() if one in ids)
        assert (counted.created, counted.rejected) == (
            expected[Fate.CREATED], expected[Fate.REJECTED],
        )  # fmt: skip
        store.close()


def test_what_is_held_short_of_what_was_reported_shows() -> None:
    """Fewer records than PracticeHub reports is a number of its own, never rounded away."""
    assert terms_of("patients", [], reported=10, rows=9, distinct=7).short == 3
    assert terms_of("patients", [], reported=None, rows=9, distinct=7).short == 0
    assert terms_of("patients", [(Fate.CREATED, 8)], reported=7, rows=7, distinct=7).closes is False


def test_a_resource_that_a_later_pass_is_refused_stays_in_the_sums(tmp_path: Path) -> None:
    """What was read before counts on, when the account no longer shows it."""
    store = made.small_run(tmp_path)
    before = balance(store)
    store.source.mark_absent("appointments", generation=1, note="403")

    assert balance(store) == before
    store.close()


def test_the_file_of_a_record_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    """A file found by a delta whose record went before it was loaded needs no fate."""
    store = made.small_run(tmp_path)
    before = balance(store)
    late = {"id": 10, "patient_id": 1, "file_name": "late.pdf", "url": "https://x.example.com/b"}
    made.store_page(tmp_path, store, "files", [*made.FILES, late], generation=1)
    store.source.add_file("files", "10", patient_id="1", declared=None, record="")
    assert not balance(store).closes

    store.source.mark_gone("files", ["10"])

    assert balance(store).closes
    assert balance(store).files == before.files
    store.close()
