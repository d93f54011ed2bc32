"""What a delta asks of Odoo follows what changed, not how much there is: calls are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.odoo import Loader, Lookups, Odoo, _create
from workbench.state import Store

Row = dict[str, Any]
FIELDS = {
    "res.partner": {"name": "char", "street": "char", "x_practicehub_id": "char"},
    "crm.lead": {"name": "char", "partner_id": "many2one", "x_practicehub_id": "char"},
    "mail.message": {"subject": "char", "res_id": "many2one_reference", "body": "html"},
}
STAMP = "2026-11-20 10:00:00"
AT_ONCE = 60
"""Rows that this Odoo takes in the seconds that a call should last, as a hosted one does."""


class Counted(Odoo):
    """An Odoo of three tables in memory; takes what is written, and counts the calls."""

    def __init__(self) -> None:
        super().__init__(url="http://127.0.0.1:1", database="clinic", api_key="k", protocol="json2")
        self.tables: dict[str, dict[int, Row]] = {model: {} for model in FIELDS}
        self.names: dict[str, tuple[str, int]] = {}
        self.calls: Counter[tuple[str, str]] = Counter()

    def call(self, model: str, method: str, /, **arguments: Any) -> Any:  # noqa: ANN401 - any JSON
        self.calls[model, method] += 1
        return getattr(self, f"_{method}")(model, **arguments)

    def _context_get(self, _model: str) -> Row:
        return {"uid": 2}

    def _fields_get(self, model: str, **_: object) -> Row:
        return {name: {"type": kind} for name, kind in FIELDS.get(model, {}).items()}

    def _search_read(self, model: str, *, domain: Any, **_: object) -> list[Row]:  # noqa: ANN401
        if model == "res.users":
            return [{"id": 2, "login": "migration", "lang": "en_US"}]
        if model == "ir.model.data":
            names = next((part[2] for part in domain if part[0] == "name"), ())
            there = {name: self.names[name] for name in names if name in self.names}
            return [{"id": 1, "name": name, "model": model, "create_date": STAMP, "res_id": number}
                    for name, (model, number) in there.items()]  # fmt: skip
        table = self.tables[model]
        return [{**table[number], "id": number} for number in domain[0][2] if number in table]

    def _write(self, model: str, *, ids: list[int], vals: Row, **_: object) -> bool:
        for number in ids:
            self.tables[model][number] |= vals
        return True

    def _load(self, model: str, *, fields: list[str], data: list[list[Any]], **_: object) -> Row:
        table, ids = self.tables[model], []
        for line in data:
            values = dict(zip(fields, line, strict=True))
            key = values.pop("id", None)
            if key is None:
                number = int(values.pop(".id"))
                table[number] |= values
            else:
                number = len(table) + 1
                table[number] = {**values, "create_date": STAMP, "write_date": STAMP}
                self.names[str(key).partition(".")[2]] = (model, number)
            ids.append(number)
        return {"ids": ids, "messages": []}


@dataclass
class Clinic:
    """Rows of a clinic, and the Odoo and the run they go to."""

    odoo: Counted
    store: Store
    folder: Path
    rows: list[LoadRow]

    def load(self, rows: list[LoadRow]) -> int:
        """Load rows; give how many calls that was, what a client asks once left out."""
        self.odoo.calls.clear()
        loader = Loader(
            self.odoo, self.store, module="__test__", phase="delta", folder=self.folder,
            lookups=Lookups(self.odoo, store=self.store, module="__test__"),
        )  # fmt: skip
        todo = loader.unfinished(rows)
        report = loader.load(row for row in rows if row.external_id in todo)
        assert report.refused == []
        return sum(self.odoo.calls.values())

    def changed(self, every: int) -> list[LoadRow]:
        """Give the rows with each `every`-th one changed, each to a value of its own."""
        return [
            replace(row, values={**row.values, _field(row): f"changed {place}"})
            if place % every == 0 else row
            for place, row in enumerate(self.rows)
        ]  # fmt: skip


def _field(row: LoadRow) -> str:
    return {"res.partner": "street", "crm.lead": "name", "mail.message": "subject"}[row.model]


def rows_of(patients: int) -> list[LoadRow]:
    """Make patients, five visits and ten notes of each."""

    def row(model: str, key: str, resource: str, number: int, values: dict[str, Value]) -> LoadRow:
        return LoadRow(model, f"{key}_{number}", resource, str(number), values)

    people = range(1, patients + 1)
    patient = {n: Ref(RefKind.RECORD, f"patient_{n}") for n in people}
    return [
        *(row("res.partner", "patient", "patients", n, {"name": f"P{n}", "street": f"S {n}"})
          for n in people),
        *(row("crm.lead", "appointment", "appointments", n,
              {"name": f"Visit {n}", "partner_id": patient[1 + n % patients]})
          for n in range(1, 5 * patients + 1)),
        *(row("mail.message", "note", "clinical_notes", n,
              {"subject": f"Note {n}", "res_id": patient[1 + n % patients]})
          for n in range(1, 10 * patients + 1)),
    ]  # fmt: skip


@pytest.fixture
def clinic_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a maker of loaded clinics."""
    for name in ("START", "LARGEST"):
        monkeypatch.setattr(_create, name, AT_ONCE)
    made: list[Clinic] = []

    def make(patients: int) -> Clinic:
        folder = tmp_path / str(patients)
        folder.mkdir()
        odoo, store = Counted(), Store(folder / "state.sqlite")
        made.append(Clinic(odoo, store, folder, rows_of(patients)))
        return made[-1]

    yield make
    for clinic in made:
        clinic.store.close()
        clinic.odoo.close()


def test_one_percent_changed_costs_under_three_percent_of_the_calls(clinic_of: Any) -> None:  # noqa: ANN401
    """Of 12,000 records 120 changed, all over the clinic: a few calls beside some hundred."""
    clinic = clinic_of(750)
    full = clinic.load(clinic.rows)
    delta = clinic.load(clinic.changed(every=100))

    assert len(clinic.rows) == 12_000
    assert full >= 400
    assert delta < 0.03 * full
    assert clinic.load(clinic.changed(every=100)) == 0


def test_the_same_changes_cost_the_same_calls_in_a_clinic_ten_times_as_large(
    clinic_of: Any,  # noqa: ANN401
) -> None:
    """Sixteen records changed are sixteen records changed."""
    calls = []
    for patients, every in ((10, 10), (100, 100)):
        clinic = clinic_of(patients)
        clinic.load(clinic.rows)
        calls.append(clinic.load(clinic.changed(every=every)))

    assert calls[0] == calls[1] <= 8
