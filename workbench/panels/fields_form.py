"""The controls in which a person says what becomes of one field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

import ipywidgets

from workbench.mapping import Disposition, MapRow, decided
from workbench.mapping.choices import PLAIN_TRANSFORMS
from workbench.mapping.naming import custom_name, label_of
from workbench.mapping.transforms import TRANSFORMS
from workbench.panels.fields_facts import FieldFacts
from workbench.panels.fields_targets import (
    NEW_TYPES,
    Target,
    looks_up,
    target_of,
    targets_of,
    transforms_for,
)
from workbench.staging.times import Order


class Fate(StrEnum):
    """What may become of a field, in a word."""

    MAP = "map"
    KEEP = "keep"
    DROP = "drop"


_FATES = (
    ("Map: to a field in Odoo", Fate.MAP),
    ("Keep: readable in a note", Fate.KEEP),
    ("Drop: leave it behind", Fate.DROP),
)
_ORDERS = (
    ("year first, as in 1984-07-19", Order.ISO),
    ("day first, as in 19/07/1984", Order.DAY_FIRST),
    ("month first, as in 07/19/1984", Order.MONTH_FIRST),
)
_OPEN_ORDER = ("(choose)", Order.EITHER)
_TARGETS_SHOWN = 6


class FieldForm(ipywidgets.VBox):  # type: ignore[misc]
    """Shows one row of the map at a time, and gives the row that stands in the controls.

    Holds nothing that matters: `show()` puts what stands in the run into the controls.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._quiet = False
        self._proposed: MapRow | None = None
        self._facts: FieldFacts | None = None
        self._targets: list[Target] = []
        self._kind_before = ""
        self._shown: list[ipywidgets.DOMWidget] = []
        self.fate = ipywidgets.Dropdown(options=_FATES)
        self.search = ipywidgets.Text(
            description="Find a target", placeholder="part of a label, a name or a type"
        )
        self.target = ipywidgets.Select(description="Target in Odoo", rows=_TARGETS_SHOWN)
        self.name = ipywidgets.Text(
            description="Name of the new field", placeholder="x_…", continuous_update=False
        )
        self.kind = ipywidgets.Dropdown(description="Type of the new field", options=NEW_TYPES)
        self.label = ipywidgets.Text(
            description="Label people read", placeholder="made from the name",
            continuous_update=False,
        )  # fmt: skip
        self.clinical = ipywidgets.Checkbox(description="Clinical: for the clinical group only",
                                            indent=False)  # fmt: skip
        self.transform = ipywidgets.Dropdown(description="Transform")
        self.part = ipywidgets.Dropdown(description="Part it is of the target")
        self.own_part = ipywidgets.Text(
            description="Name in the target's list", continuous_update=False
        )
        self.order = ipywidgets.Dropdown(description="Day and month in its dates")
        self.comment = ipywidgets.Text(continuous_update=False)
        super().__init__()
        self.add_class("wb-question-controls")
        self.add_class("wb-field-form")
        for widget in self._all:
            widget.style.description_width = "auto"
        self.target.add_class("wb-wide")
        self.comment.add_class("wb-wide")
        self.search.observe(lambda _: self._listen(self._fill_targets), names=["value"])
        self.target.observe(lambda _: self._listen(self._retarget), names=["value"])
        self.kind.observe(lambda _: self._listen(self._retarget), names=["value"])
        self.transform.observe(lambda _: self._listen(self._repart), names=["value"])
        for widget in (self.fate, self.name, self.label, self.clinical, self.part, self.own_part,
                       self.order, self.comment):  # fmt: skip
            widget.observe(lambda _: self._listen(lambda: None), names=["value"])

    @property
    def _all(self) -> tuple[ipywidgets.DOMWidget, ...]:
        return (self.fate, self.search, self.target, self.name, self.kind, self.label,
                self.clinical, self.transform, self.part, self.own_part, self.order,
                self.comment)  # fmt: skip

    # showing -------------------------------------------------------------------------------

    def show(
        self, row: MapRow, proposed: MapRow, *, facts: FieldFacts, comment: str, fixed: bool
    ) -> None:
        """Put a row into the controls; of a fixed one they can only be looked at."""
        self._quiet = True
        try:
            self._facts, self._proposed = facts, proposed
            self.fate.description = f"What becomes of {row.field}"
            self.search.value = ""
            self.fate.value = _fate(row)
            self.comment.value = comment
            plain = row.disposition.plain
            mapped = proposed if plain and not proposed.disposition.plain else row
            self._targets = targets_of(row.resource, facts)
            self._put_target(mapped)
            self._fill_transforms(mapped.transform)
            self._fill_parts(mapped.part)
            self._fill_order(mapped.order)
            for widget in self._all:
                widget.disabled = fixed
            self.comment.disabled = False
        finally:
            self._quiet = False
        self._lay_out()

    def _put_target(self, row: MapRow) -> None:
        assert self._facts is not None  # noqa: S101 - set by show()
        there = None if row.disposition.plain else target_of(row, self._facts.odoo_fields)
        models = [one.model for one in self._targets if one.is_new]
        if there is None or there.name not in self._facts.odoo_fields.get(there.model, {}):
            # a field that is still to be made: its name and type may be said otherwise
            model = there.model if there else next(iter(models), "")
            there = there or Target(model, "", "char", "")
            known = there.name.startswith("x_") or not there.name
            self._put_new(row, there if known else None)
            there = Target(model, "", "", "") if known else there
        else:
            self._put_new(row, None)
        if there.path not in {one.path for one in self._targets}:
            self._targets.append(there)
        self.target.options = [(str(there), there.path)]
        self.target.value = there.path
        self._fill_targets()
        self.clinical.value = row.clinical

    def _put_new(self, row: MapRow, there: Target | None) -> None:
        self.name.value = (there.name if there else "") or custom_name(row.path)
        kind = there.type if there else "char"
        self.kind.options = NEW_TYPES if kind in NEW_TYPES else (kind, *NEW_TYPES)
        self.kind.value = kind
        self.label.value = row.label
        self.label.placeholder = label_of(self.name.value)

    def _fill_targets(self) -> None:
        """List what fits the words searched for; the chosen target always stays."""
        words = self.search.value.casefold().split()
        chosen = self.target.value
        listed = [
            one for one in self._targets
            if one.path == chosen or one.is_new
            or all(word in str(one).casefold() for word in words)
        ]  # fmt: skip
        first = [one for one in listed if one.path == chosen]
        others = [one for one in listed if one.path != chosen]
        self.target.options = [(str(one), one.path) for one in (*first, *others)]
        self.target.value = chosen

    def _fill_transforms(self, chosen: str) -> None:
        proposed = self._proposed.transform if self._proposed else ""
        target = self._target
        fitting = transforms_for(self._kind, target.relation, proposed=proposed)
        if chosen and chosen not in fitting:
            chosen = fitting[0] if fitting else ""
        self._kind_before = self._kind
        self.transform.options = fitting
        self.transform.value = (chosen or fitting[0]) if fitting else None

    def _fill_parts(self, chosen: str) -> None:
        known = TRANSFORMS.get(self.transform.value or "")
        parts = sorted(known.parts) if known else []
        self.part.options = parts or [""]
        self.part.value = chosen if chosen in parts else (parts or [""])[0]
        path = self._proposed.path if self._proposed else ""
        self.own_part.value = (chosen or path.rpartition("[].")[2]) if self._lists else ""

    def _fill_order(self, chosen: Order) -> None:
        known = [order for _, order in _ORDERS]
        self.order.options = _ORDERS if chosen in known else (_OPEN_ORDER, *_ORDERS)
        self.order.value = chosen if chosen in known else Order.EITHER

    def _lay_out(self) -> None:
        """Show the controls that matter for what is chosen, in the order of deciding."""
        shown: list[ipywidgets.DOMWidget] = [self.fate]
        fate, target = Fate(self.fate.value), self._target
        if fate is Fate.MAP:
            shown += [self.search, self.target]
            shown += [self.name, self.kind, self.label] if target.is_new else []
            shown += [self.transform] if self.transform.options else []
            shown += [self.own_part] if self._lists else []
            shown += [self.part] if len(self.part.options) > 1 else []
            shown += [self.order] if self._dates else []
            shown += [self.clinical] if target.is_new or target.name.startswith("x_") else []
        dropped = fate is Fate.DROP
        self.comment.description = "Reason (needed)" if dropped else "Comment"
        self.comment.placeholder = "why it may be left behind" if dropped else "optional"
        shown.append(self.comment)
        if shown != self._shown:
            self.children = self._shown = shown

    # reading -------------------------------------------------------------------------------

    def row(self) -> MapRow:
        """Give the row that stands in the controls now."""
        proposed, facts = self._proposed, self._facts
        assert proposed is not None  # noqa: S101 - a form is read after it was filled
        assert facts is not None  # noqa: S101
        if Fate(self.fate.value) is not Fate.MAP:
            return decided(
                proposed, self.fate.value, facts.odoo_fields, self.comment.value,
                options=facts.options,
            )  # fmt: skip
        target, transform = self._target, self.transform.value or ""
        path = f"{target.model}.{self.name.value.strip()}" if target.is_new else target.path
        same = transform == proposed.transform and not proposed.disposition.plain
        custom = path.rpartition(".")[2].startswith("x_")
        fresh = MapRow(proposed.field, Disposition.MAPPED)
        return replace(
            proposed if same else fresh,
            disposition=proposed.disposition if same else _disposition(transform),
            target=path,
            transform=transform,
            type=self._kind,
            part=self.own_part.value.strip() if self._lists else self.part.value,
            label=self.label.value.strip() if target.is_new else "",
            clinical=self.clinical.value and custom,
            order=Order(self.order.value) if self._dates else Order.ISO,
        )

    @property
    def _target(self) -> Target:
        found = next((one for one in self._targets if one.path == self.target.value), None)
        return found or Target("", "", "", "")

    @property
    def _kind(self) -> str:
        return str(self.kind.value) if self._target.is_new else self._target.type

    @property
    def _lists(self) -> bool:
        known = TRANSFORMS.get(self.transform.value or "")
        return known is not None and known.open_parts

    @property
    def _dates(self) -> bool:
        known = TRANSFORMS.get(self.transform.value or "")
        return known is not None and known.dates(self.part.value or "")

    # changing ------------------------------------------------------------------------------

    def _listen(self, act: Callable[[], None]) -> None:
        if self._quiet:
            return
        self._quiet = True
        try:
            act()
        finally:
            self._quiet = False
        self._lay_out()
        self._on_change()

    def _retarget(self) -> None:
        """Choose the transform anew where the type is another one: what fits may not suit."""
        kind, before = self._kind, self._kind_before
        proposed = self._proposed.type if self._proposed else ""
        held = self.transform.value if kind == before else ""
        plain = "" if kind == proposed else PLAIN_TRANSFORMS.get(kind, "")
        self._fill_transforms(held or plain)
        self._fill_parts(self.part.value or "")

    def _repart(self) -> None:
        self._fill_parts("")

    def __repr__(self) -> str:
        """Say nothing of the content: a repr may be saved in a notebook."""
        return "FieldForm()"


def _fate(row: MapRow) -> Fate:
    if not row.disposition.plain:
        return Fate.MAP
    return Fate.KEEP if row.disposition is Disposition.KEPT else Fate.DROP


def _disposition(transform: str) -> Disposition:
    if looks_up(transform):
        return Disposition.LOOKUP
    known = TRANSFORMS.get(transform)
    return Disposition.COMBINED if known and known.combines else Disposition.MAPPED
