"""The panel of the sample: every field with bars, one record side by side, and the approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ipywidgets

from workbench.panels.asking import many
from workbench.panels.frame import said, toolbar
from workbench.panels.panel import DecisionPanel
from workbench.panels.reveal import Curtain
from workbench.panels.sample_desk import (
    SIGNS,
    CellTold,
    Only,
    SampleDesk,
    counted,
    patients_of,
)
from workbench.panels.sample_views import FieldsView, RecordView
from workbench.proof import Match
from workbench.state import ComparedRecord

_ANY = ""


class SamplePanel(DecisionPanel):
    """Look at the sample record by record, then approve or reject it.

    It holds what is looked at, and nothing that is not in the run: one record is read at a
    time, however many there are.
    """

    desk: SampleDesk

    def __init__(self, desk: SampleDesk, curtain: Curtain) -> None:
        self._curtain = curtain
        self._policy = curtain.aside
        self._listed: list[ComparedRecord] = []
        self._cells: list[CellTold] = []
        self._at = 0
        self._setting = False
        self.overview = FieldsView(self._look)
        self.only = ipywidgets.Dropdown(
            description="Cells", options=[(one.value, one) for one in Only]
        )
        self.field = ipywidgets.Dropdown(description="Field", options=[("every field", _ANY)])
        self.patient = ipywidgets.Dropdown(description="Patient", options=[("–", -1)])
        self.record = ipywidgets.Dropdown(description="Record", options=[("–", -1)])
        self.reload = ipywidgets.Button(description="Look anew")
        self.view = RecordView(
            {
                "ready": lambda _: self._show(real=self._policy),
                "show": lambda content: self._show(real=bool(content.get("real"))),
                "go": lambda content: self._go(1 if content.get("by") == 1 else -1),
            }
        )
        self.advice = ipywidgets.HTML()
        super().__init__(
            desk,
            self.overview,
            _choosers(self.only, self.field, self.reload),
            _choosers(self.patient, self.record),
            self.view,
            self.advice,
        )
        self.add_class("wb-wide")
        for chooser in (self.only, self.field):
            chooser.observe(lambda _: self._choose(self._list), names=["value"])
        self.patient.observe(lambda _: self._choose(self._to_patient), names=["value"])
        self.record.observe(lambda _: self._choose(self._to_record), names=["value"])
        self.reload.on_click(lambda _: self.refresh())

    def _draw(self) -> None:
        """Read all of it anew: the sums, which records there are, the first of them."""
        super()._draw()
        fields = self.desk.fields()
        self.overview.draw(self.desk.sums(), fields)
        self.advice.value = said(self.desk.advice())
        with self._quietly():
            names = [one.name for one in fields]
            kept = self.field.value if self.field.value in names else _ANY
            self.field.options = [("every field", _ANY), *((name, name) for name in names)]
            self.field.value = kept
        self._list()

    def _list(self) -> None:
        """List the records that the filters leave, and go to the first."""
        self._listed = self.desk.records(self.only.value, field=self.field.value)
        self._at = 0
        places = patients_of(self._listed)
        with self._quietly():
            self.patient.options = [
                (_patient_told(patient, [self._listed[at] for at in ats]), ats[0])
                for patient, ats in places.items()
            ] or [("–", -1)]
        self._draw_record()

    def _draw_record(self) -> None:
        if not self._listed:
            self._cells = []
            with self._quietly():
                self.record.options = [("–", -1)]
            self.view.draw({})
            return
        one = self._listed[self._at]
        mine = patients_of(self._listed)[one.patient]
        with self._quietly():
            self.patient.value = mine[0]
            self.record.options = [(_record_told(self._listed[at]), at) for at in mine]
            self.record.value = self._at
        self._cells = self.desk.cells(
            one.external_id, self.only.value, field=self.field.value
        )  # fmt: skip
        self.view.draw(self._described(one))
        self._send_values()

    def _described(self, one: ComparedRecord) -> dict[str, Any]:
        total = one.equal + one.tolerated + one.different
        left_out = max(0, total - len(self._cells))
        return {
            "record": one.external_id,
            "place": f"Record {self._at + 1:,} of {len(self._listed):,}: {one.external_id}",
            "of": f"{one.model}, of {_named(one.patient)}",
            "counts": counted(one) if not left_out else f"{many(left_out, 'cell')} not listed",
            "cells": [self._cell(cell) for cell in self._cells],
            "first": self._at == 0,
            "last": self._at + 1 >= len(self._listed),
        }

    def _cell(self, cell: CellTold) -> dict[str, str]:
        values = (cell.source, cell.expected, cell.actual)
        shown = values if cell.ours else tuple(map(self._curtain.masked, values))
        return {
            "field": cell.field,
            "origin": cell.origin,
            "source": shown[0],
            "transform": cell.transform,
            "expected": shown[1],
            "actual": shown[2],
            "kind": cell.match.value,
            "sign": SIGNS[cell.match],
            "rule": cell.rule,
            "why": "" if cell.match is Match.EQUAL else cell.why,
        }

    def _send_values(self) -> None:
        if not self._curtain.aside or not self._listed:
            return
        subject = self._listed[self._at].external_id
        self._curtain.note(subject, by=str(self.person.value).strip())
        look = self._curtain.look
        self.view.reveal(
            [(look(one.source), look(one.expected), look(one.actual)) for one in self._cells]
        )

    def _show(self, *, real: bool) -> None:
        def act() -> None:
            self._curtain.aside = real
            self._send_values()

        self.status.guard(act)

    def _go(self, by: int) -> None:
        def act() -> None:
            self._at = max(0, min(self._at + by, len(self._listed) - 1))
            self._draw_record()
            self.view.focus_record()

        self.status.guard(act)

    def _look(self, field: str) -> None:
        """Go to the records in which a field is not plainly equal."""

        def act() -> None:
            found = next((one for one in self.desk.fields() if one.name == field), None)
            if found is None:
                return
            with self._quietly():
                self.only.value = Only.DIFFERENT if found.different else Only.UNEQUAL
                self.field.value = field
            self._list()
            self.status.say(f"{many(len(self._listed), 'record')} listed: {self.only.value}.")
            self.view.focus_record()

        self.status.guard(act)

    def _to_patient(self) -> None:
        self._at = self.patient.value
        self._draw_record()

    def _to_record(self) -> None:
        self._at = self.record.value
        self._draw_record()

    def _choose(self, act: Any) -> None:  # noqa: ANN401 - one of the methods above
        if not self._setting:
            self.status.guard(act)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Set controls to what is drawn; nobody has chosen anything by that."""
        before, self._setting = self._setting, True
        try:
            yield
        finally:
            self._setting = before


def _choosers(*widgets: ipywidgets.Widget) -> ipywidgets.HBox:
    box = toolbar(*widgets)
    box.add_class("wb-choosers")
    return box


def _named(patient: str) -> str:
    return f"patient {patient}" if patient else "no patient"


def _patient_told(patient: str, records: Sequence[ComparedRecord]) -> str:
    differ = sum(one.different for one in records)
    tolerated = sum(one.tolerated for one in records)
    return (
        f"{_named(patient)}: {many(len(records), 'record')}, {differ:,} different, "
        f"{tolerated:,} tolerated"
    )


def _record_told(one: ComparedRecord) -> str:
    worst = Match.DIFFERENT if one.different else Match.TOLERATED if one.tolerated else Match.EQUAL
    number = getattr(one, worst.value)
    return f"{one.external_id} in {one.model}: {SIGNS[worst]} {number:,} {worst.value}"
