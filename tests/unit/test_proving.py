"""Reading back and comparing: window by window, with just what is due, told as it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.made_runs import made_run
from workbench.errors import LookupFailedError
from workbench.mapping import Disposition, Expected, MapRow
from workbench.mapping import Mapping as Map
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.phases import knowledge, proving
from workbench.phases.expectations import Due
from workbench.run import Run
from workbench.state import Difference, Fate, How, Link, OperationStatus

MAP = Map((MapRow("patients.note", Disposition.MAPPED, "res.partner.comment", "html", "html"),))
NOBODY = 13
"""The patient to whom a reference leads nowhere."""


@dataclass
class Odoo:
    """A destination that holds what it is given, and notes what it is asked."""

    held: dict[int, dict[str, Any]]
    asked: list[int] = field(default_factory=list)

    def fields(self, _model: str) -> dict[str, dict[str, Any]]:
        """Tell of the fields."""
        kinds = {"name": "char", "comment": "html", "parent_id": "many2one"}
        return {name: {"type": kind} for name, kind in kinds.items()}

    def by_id(self, _model: str, ids: list[int], *, fields: list[str]) -> list[dict[str, Any]]:
        """Give the records that are there."""
        self.asked.append(len(ids))
        return [{"id": one, **{name: self.held[one][name] for name in fields}}
                for one in ids if one in self.held]  # fmt: skip


class Lookups:
    """References by number; remembers how many of our own records it was asked to know at once."""

    def __init__(self) -> None:
        self.known = self.most = 0

    def records(self, _store: object) -> None:
        """Forget."""
        self.known = 0

    def prepare(self, rows: list[LoadRow]) -> None:
        """Learn of some rows."""
        self.known += len(rows)
        self.most = max(self.most, self.known)

    def resolve(self, ref: Ref) -> int:
        """Follow a reference."""
        number = int(ref.key.rpartition("_")[2])
        if number == NOBODY:
            what = "nobody"
            raise LookupFailedError(what)
        return number


def row(number: int, suffix: str = "") -> LoadRow:
    """Expect one contact."""
    return LoadRow(
        "res.partner", f"patient_{number}{suffix}", "patients", str(number),
        {"name": f"N{number}", "comment": "a", "parent_id": Ref(RefKind.RECORD, f"p_{number}")},
        sources={"comment": "patients.note"},
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Open a run that loaded 20 patients; of patient 7 Odoo has another name."""
    run = made_run(tmp_path)
    rows = [row(number) for number in range(1, 21)]
    operation = run.store.destination.intend("migrate", "load", "res.partner", keys=[])
    run.store.destination.close(
        operation, OperationStatus.DONE,
        links=[Link(one.external_id, "res.partner", int(one.source_id), "patients", one.source_id,
                    How.CREATED, operation, "") for one in rows],
    )  # fmt: skip
    held = {number: {"name": f"N{number}", "comment": "<p>a</p>", "parent_id": [number, "x"]}
            for number in range(1, 21)}  # fmt: skip
    held[7]["name"] = "Somebody"
    del held[9]
    run.__dict__["destination"] = Odoo(held)
    run.__dict__["lookups"] = Lookups()
    monkeypatch.setattr(knowledge, "draft", lambda _steps: SimpleNamespace(mapping=MAP))
    monkeypatch.setattr(proving, "_TOGETHER", 6)
    return run


@dataclass
class Watched:
    """Windows as they were told, with how many records had been made by then."""

    made: int = 0
    windows: list[tuple[int, int, int]] = field(default_factory=list)

    def dues(self, *_args: object) -> Iterator[Due]:
        """Yield 20 patients, and one who was left out."""
        for number in range(1, 21):
            self.made += 1
            yield Due("patients", str(number), Expected((row(number),), Fate.CREATED))
        self.made += 1
        yield Due("patients", "99", Expected(fate=Fate.EXCLUDED, reason="a test"))

    def window(self, dues: list[Due], cells: list[Difference]) -> None:
        """Be told of a window."""
        self.windows.append((len(dues), len(cells), self.made))


def test_a_clinic_is_compared_window_by_window(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than a window is made, asked for and looked up at a time; all of it is told."""
    watched = Watched()
    monkeypatch.setattr(proving, "_loaded", watched.dues)
    found = proving.compare_all(
        run.reconcile,
        "all",
        on_window=watched.window,  # type: ignore[arg-type]  # lists do
    )
    kept = {(one.external_id, one.field): one for one in run.store.proof.differences("all")}
    different = {key: (one.rule, one.actual) for key, one in kept.items()
                 if one.verdict == "different"}  # fmt: skip

    assert [(dues, made) for dues, _cells, made in watched.windows] == [
        (6, 6), (6, 12), (6, 18), (3, 21)
    ]  # fmt: skip
    assert run.__dict__["destination"].asked == [6, 6, 6, 2]
    assert run.__dict__["lookups"].most == 6
    assert (found.records, found.cells, found.absent, found.different) == (20, 60, 1, 5)
    assert sum(cells for _dues, cells, _made in watched.windows) == len(kept) == 22
    assert different == {
        ("patient_7", "name"): ("", "Somebody"), ("patient_9", "*"): ("absent", ""),
        (f"patient_{NOBODY}", "parent_id"): ("unresolved", str(NOBODY)),
    }  # fmt: skip
    assert (kept["patient_1", "comment"].transform, kept["patient_1", "comment"].rule) == (
        "html", "html_equivalent"
    )  # fmt: skip
    assert run.store.proof.verdicts("all") == found.verdicts


def test_of_a_sample_every_cell_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person walks through what is equal too."""
    monkeypatch.setattr(proving, "_loaded", Watched().dues)
    found = proving.compare_all(run.sample, "sample", keep_equal=True)
    kept = list(run.store.proof.differences("sample"))

    # of the record that is absent one line stands for its three cells
    assert len(kept) == found.cells - 2
    assert run.store.proof.compared_records("sample", patient="1")[0].equal == 2


def test_a_comparison_that_breaks_off_leaves_the_one_before(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Odoo goes away half-way: what was proved before is still there, whole."""
    monkeypatch.setattr(proving, "_loaded", Watched().dues)
    first = proving.compare_all(run.reconcile, "all")
    held: Mapping[int, object] = run.__dict__["destination"].held

    def broken(_dues: object, _cells: object) -> None:
        if len(run.__dict__["destination"].asked) > 5:
            what = "gone"
            raise LookupFailedError(what)

    with pytest.raises(LookupFailedError):
        proving.compare_all(run.reconcile, "all", on_window=broken)

    assert run.store.proof.verdicts("all") == first.verdicts
    assert len(list(run.store.proof.differences("all"))) == 22
    assert len(held) == 19
