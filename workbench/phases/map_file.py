"""A map that somebody wrote, or another clinic confirmed, becomes decisions of this run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import MappingError, UsageError
from workbench.mapping import (
    AppointmentsTo,
    Disposition,
    MapOptions,
    Mapping,
    MapRow,
    as_choice,
    decided,
    people,
)
from workbench.mapping.drafts import field_of_fault, field_of_value
from workbench.mapping.model import field_subject, value_subject
from workbench.mapping.next_clinic import is_of_account
from workbench.mapping.options import where_visits_go
from workbench.mapping.transforms import TRANSFORMS
from workbench.mapping.yaml_io import load_nodes
from workbench.mapping.yaml_nodes import Node
from workbench.mapping.yaml_text import shown
from workbench.phases import agreement, gates, knowledge
from workbench.phases.recorder import Recorder, all_or_none
from workbench.staging.times import Order
from workbench.state import Decision, person, sha256

if TYPE_CHECKING:
    from workbench.run import Run

_SHOWN = 8
"""How many names a line lists."""
_KINDS = {"field:": "field(s)", "value:": "value(s)", people.SUBJECT: "practitioner(s)",
          gates.DUPLICATE: "pair(s) of duplicates"}  # fmt: skip
_PREFIXES = {"practitioners": people.SUBJECT, "duplicates": gates.DUPLICATE}


def take_map(run: Run, root: Node, content: bytes, *, name: str, by: str, dry: bool) -> list[str]:
    """Record what a map says as decisions, the same rows as a panel writes.

    Practitioners, duplicates and what the account's own ids stand for are taken only where
    the map is of this run's account. What the map says of fields this clinic does not have
    is listed; what this clinic has beside the map stays open.

    Raises:
        UsageError: nothing was asked about fields yet, or nobody is named.
        MappingError: the map has faults, or does not fit this clinic; all of them.
        BusyError: another process is at work on the run.
    """
    mapping, line_of = load_nodes(root, name=name, whole=False)
    if not run.store.decisions.questions("field:"):
        what = "This run has asked nothing about its fields yet."
        raise UsageError(what, do="Go through the audit first: workbench run FILE --until map")
    with (
        run.exclusive(),
        all_or_none(run, by=by, name=name, error=MappingError, dry=dry) as recorder,
    ):
        reading = _Reading(run, mapping, recorder, name=name, line_of=line_of)
        reading.take()
        if recorder.recorded:
            detail = {"sha256": sha256(content), "map": mapping.hash,
                      "recorded": recorder.recorded.total()}  # fmt: skip
            run.store.ledger.append("map read", name, detail=detail, actor=person(by))
        return [recorder.told(dry=dry), *reading.lines()]


class _Reading:
    """One map read into one run."""

    def __init__(
        self, run: Run, mapping: Mapping, recorder: Recorder, *, name: str,
        line_of: Callable[[str], int],
    ) -> None:  # fmt: skip
        self._line_of = line_of
        self._run, self._mapping, self._recorder = run, mapping, recorder
        self._decisions = run.store.decisions
        self._from = f"from {name}"
        self._own = mapping.account == run.config.practicehub.account
        self._taken: set[str] = set()
        self._doubtful: list[str] = []
        self._absent: dict[str, list[str]] = {}
        self._foreign: Counter[str] = Counter()

    def take(self) -> None:
        """Record all that fits; faults stay with the recorder."""
        for row in self._mapping.rows:
            self._field(row)
        # fields decided now may ask for values that nobody was asked about before
        knowledge.ask(self._run.map)
        self._values()
        for section, said in (
            ("practitioners", self._mapping.practitioners),
            ("duplicates", self._mapping.duplicates),
        ):
            self._people(section, said)
        for fault in knowledge.draft(self._run.map).faults:
            place = fault.where.removeprefix("values.")
            if field_of_fault(place, self._taken):
                line = self._line_of(fault.where)
                self._recorder.fault(f"{fault.what}.", fault.where, line=line)

    def lines(self) -> list[str]:
        """Say what was left out and what is still open, a line each."""
        told = []
        if self._absent:
            told.append(f"Named in the map, and not asked about here: {_listed(self._absent)}.")
        if self._foreign:
            counts = ", ".join(f"{count} {what}" for what, count in self._foreign.items())
            whose = shown(self._mapping.account) or "none that it names"
            told.append(f"Left out, for the map's account is {whose}: {counts}.")
        settings = list(self._settings()) if self._own else []
        if settings:
            told.append(f"The configuration counts, and not the map, for {', '.join(settings)}.")
        if self._doubtful:
            told.append(
                "Left open, for this clinic's records or configuration do not fit the map: "
                f"{_some(self._doubtful)}."
            )
        still = {what: [one.subject.partition(":")[2] for one in self._decisions.open(prefix)]
                 for prefix, what in _KINDS.items()}  # fmt: skip
        open_now = _listed(still)
        told.append(f"Still open: {open_now}." if open_now else "Nothing of the map is open.")
        told += [f"Open beside the map: {one.subject}: {one.question}"
                 for one in self._decisions.open(agreement.SUBJECT)]  # fmt: skip
        return told

    def _settings(self) -> Iterator[str]:
        """Name what the map of this account says otherwise than the configuration does."""
        options, mapping = self._recorder.check.options, self._mapping
        pairs = (("where visits go", mapping.appointments_to, options.appointments_to),
                 ("the time zone", mapping.zone, options.timezone),
                 ("the country", mapping.region, options.country))  # fmt: skip
        for what, there, here in pairs:
            if there != here:
                yield f"{what} ({here}, not {shown(there)})"

    def _field(self, row: MapRow) -> None:
        check, subject = self._recorder.check, field_subject(row.field)
        decision, proposed = self._decisions.get(subject), check.proposed.get(row.field)
        if decision is None or proposed is None:
            self._absent.setdefault("field(s)", []).append(row.field)
            return
        fitted = _fitted(row, proposed, check.options, own=self._own)
        if fitted is None:
            self._doubtful.append(row.field)
            return
        dropped = fitted.disposition is Disposition.DROPPED
        choice = as_choice(fitted, proposed, check.odoo_fields, options=check.options)
        if fitted == self._stands(decision, proposed):
            # said in other words, or with a comment of its own: the same all the same
            self._recorder.stood += 1
        elif not self._recorder.take(
            subject,
            choice,
            fitted.why if dropped else self._from,
            line=self._line_of(row.field),
            weighs=dropped,
        ):
            return
        self._taken.add(row.field)

    def _stands(self, decision: Decision, proposed: MapRow) -> MapRow | None:
        """Give the row that was decided; None while the question is open."""
        if decision.is_open or decision.choice is None:
            return None
        check = self._recorder.check
        try:
            return decided(proposed, decision.choice, check.odoo_fields, decision.comment,
                           options=check.options)  # fmt: skip
        except MappingError:  # what nobody can read stands for nothing
            return None

    def _values(self) -> None:
        asked: dict[str, set[str]] = {}
        for decision in self._decisions.questions("value:"):
            told = decision.subject.removeprefix("value:")
            source = field_of_value(told, self._mapping.values)
            if source:
                asked.setdefault(source, set()).add(told[len(source) + 1 :])
        for source, known in self._mapping.values.items():
            if is_of_account(source) and not self._own:
                self._foreign["value(s) that are ids"] += len(known)
                continue
            for value in sorted(known.keys() & asked.get(source, set())):
                line = self._line_of(f"values.{source}.{value}")
                self._recorder.take(
                    value_subject(source, value), known[value], self._from, line=line, weighs=False
                )
            gone = known.keys() - asked.get(source, set())
            if gone:
                self._absent.setdefault("value(s)", []).extend([source] * len(gone))

    def _people(self, section: str, said: MappingOf[str, str]) -> None:
        prefix = _PREFIXES[section]
        what = _KINDS[prefix]
        if said and not self._own:
            self._foreign[what] += len(said)
            return
        for one, choice in said.items():
            subject = f"{prefix}{one}"
            if self._decisions.get(subject) is None:
                self._absent.setdefault(what, []).append(one)
            else:
                line = self._line_of(f"{section}.{one}")
                self._recorder.take(subject, choice, self._from, line=line, weighs=False)


def _fitted(row: MapRow, proposed: MapRow, options: MapOptions, *, own: bool) -> MapRow | None:
    """Bring a row in line with where visits go here and how dates are written here.

    Returns:
        The row; None where a person has to look: visits go elsewhere, or the records name
        day and month in another order than the other clinic's did.
    """
    becomes_events = options.appointments_to is AppointmentsTo.EVENT
    if row.resource == "appointments" and row.model == "calendar.event" and not becomes_events:
        return None
    row = where_visits_go(row, options)
    transform = TRANSFORMS.get(row.transform)
    if transform is None or not transform.dates(row.part):
        return row
    seen = proposed.order
    if not row.order.is_told:
        return None if seen.is_open else replace(row, order=seen)
    return row if own or seen in {Order.ISO, Order.EITHER, row.order} else None


def _listed(names: MappingOf[str, Sequence[str]]) -> str:
    return ", ".join(f"{len(found)} {what} ({_some(found)})" for what, found in names.items()
                     if found)  # fmt: skip


def _some(names: Sequence[str]) -> str:
    """Name a few of them, and each once."""
    distinct = list(dict.fromkeys(names))
    more = ", …" if len(distinct) > _SHOWN else ""
    return ", ".join(map(shown, distinct[:_SHOWN])) + more
