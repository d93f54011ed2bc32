"""Streaming records patient by patient, as the logs are measured against visits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_run import store_page
from workbench.state import Store
from workbench.state import source as source_module


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a state with logs of four patients and visits of three."""
    made = Store(tmp_path / "state.sqlite")
    logs: list[dict[str, object]] = [{"id": n, "patient_id": patient, "type": "sms"}
            for n, patient in enumerate((3, 1, 3, 2, 10, None), start=1)]  # fmt: skip
    visits: list[dict[str, object]] = [
        {"id": n, "patient_id": patient} for n, patient in enumerate((1, 3, 3, 4), start=1)
    ]
    store_page(tmp_path, made, "patient_logs", logs)
    store_page(tmp_path, made, "appointments", visits)
    return made


def seen(store: Store) -> list[tuple[str, list[str], list[str]]]:
    """Give who comes, with the ids of their logs and visits."""
    return [
        (patient, sorted(one.source_id for one in held["patient_logs"]),
         sorted(one.source_id for one in held["appointments"]))
        for patient, held in store.source.by_patient("patient_logs", "appointments")
    ]  # fmt: skip


EXPECTED = [("1", ["2"], ["1"]), ("10", ["5"], []), ("2", ["4"], []), ("3", ["1", "3"], ["2", "3"])]


def test_each_patient_with_a_log_comes_once_with_all_that_is_theirs(store: Store) -> None:
    """Whoever has visits only does not come, nor what is nobody's."""
    assert seen(store) == EXPECTED


def test_it_is_the_same_however_many_are_looked_up_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at a time, and the last round is full: nobody is left out, nobody comes twice."""
    monkeypatch.setattr(source_module, "_PATIENTS_AT_ONCE", 2)

    assert seen(store) == EXPECTED


def test_what_is_gone_from_practicehub_does_not_come(store: Store) -> None:
    """A deleted line is kept in the run, and told no more."""
    store.source.mark_gone("patient_logs", ["1", "2"])

    assert [(one[0], one[1]) for one in seen(store) if one[1]] == [
        ("10", ["5"]), ("2", ["4"]), ("3", ["3"])]  # fmt: skip
