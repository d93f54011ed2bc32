"""Sending records that Odoo does not have yet, in calls of a steered size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.errors import OdooOutcomeUnknownError, OdooRefusedError
from workbench.mapping.rows import LoadRow
from workbench.odoo import _rows, _trouble
from workbench.odoo._attach import Files
from workbench.odoo._flight import Flight
from workbench.odoo._rows import Refusal
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import held
from workbench.odoo.lookups import Lookups
from workbench.odoo.settle import recorded, settle
from workbench.odoo.values import fingerprint, shape, without_values
from workbench.state import How, Link, OperationStatus, Store

TARGET_SECONDS = 2.0
"""How long one call should take: long enough to be quick, short enough to be lost."""
START, SMALLEST, LARGEST = 500, 20, 2000
"""Rows of the first calls of a model, and the bounds that steering keeps to."""
LOST_TRIES = 3
"""A batch is sent again this often when its answer is lost and Odoo does not have it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one signature, and how they are spelled for one call."""

    rows: list[LoadRow]
    table: _rows.Table


@dataclass(frozen=True, slots=True)
class _Landed:
    """A call that ended: with an answer still to be written down, or settled without one.

    `sent`: fingerprints by external id. `suspects`: None where all rows are in Odoo, else the
    places of faulty rows, with field and reason, as far as Odoo names any.
    """

    rows: list[LoadRow]
    sent: Mapping[str, str]
    operation: int
    answer: Mapping[str, Any] | None = None
    suspects: dict[int, tuple[str, str]] | None = None

    @property
    def went_well(self) -> bool:
        """Whether Odoo says that it took every row."""
        return self.answer is not None and bool(self.answer["ids"])


class Creator:
    """Creates records by `load()`; every row ends created or refused, none is forgotten.

    Each call is recorded before it is sent and closed with the links read back by name from
    `ir.model.data`. A row that Odoo names as faulty is taken out, the rest is sent again, and
    the row is then sent alone: only what is refused alone is refused, because Odoo blames the
    first row of a call for faults it cannot place, and stops counting after ten.
    """

    def __init__(
        self,
        odoo: Odoo,
        store: Store,
        *,
        module: str,
        phase: str,
        lookups: Lookups,
        folder: Path,
        files: Files,
        target_seconds: float = TARGET_SECONDS,
    ) -> None:
        self._odoo, self._store = odoo, store
        self._module, self._phase = module, phase
        self._lookups, self._folder, self._files = lookups, folder, files
        self._target = target_seconds
        self._size: dict[str, int] = {}

    def create(self, rows: Sequence[LoadRow]) -> Iterator[tuple[list[str], list[Refusal]]]:
        """Create rows of one model; yields what each call settled: created ids, refusals.

        While Odoo works at one call the next one is prepared; never are two under way.

        Raises:
            DestinationError: Odoo went away, or does not let us write at all.
            StateError: the run folder no longer has a file.
        """
        under_way: tuple[_Part, Flight] | None = None
        for part, refused in self._parts(rows):
            landed = self._await(*under_way) if under_way else None
            # what was refused is seen to before anything else is sent
            settled = self._settle(landed) if landed and not landed.went_well else None
            under_way = (part, self._take_off(part)) if part.rows else None
            if landed:
                yield settled or self._settle(landed)
            if refused:
                yield [], refused
        if under_way:
            yield self._settle(self._await(*under_way))

    def _parts(self, rows: Sequence[LoadRow]) -> Iterator[tuple[_Part, list[Refusal]]]:
        """Prepare calls, each when it is asked for; beside each, rows that are in none."""
        for batch, refused in self._batches(rows):
            fields = self._odoo.fields(rows[0].model)
            self._lookups.prepare(batch)
            good: list[LoadRow] = []
            for row in batch:
                fault = _rows.check(row, fields, self._lookups)
                if fault:
                    refused.append(fault)
                else:
                    good.append(row)
            yield self._part(good), refused

    def _batches(self, rows: Sequence[LoadRow]) -> Iterator[tuple[list[LoadRow], list[Refusal]]]:
        alike: dict[tuple[str, ...], list[LoadRow]] = {}
        for row in rows:
            alike.setdefault(_rows.signature(row), []).append(row)
        for same in alike.values():
            if same[0].blob is not None:  # bytes set the size of a call, and some fit into none
                yield from self._files.calls(same)
                continue
            rest = iter(same)
            while batch := list(islice(rest, self._size.get(same[0].model, START))):
                yield batch, []

    def _part(self, rows: list[LoadRow]) -> _Part:
        if not rows:
            return _Part([], _rows.Table([], []))
        table = _rows.table(
            rows, fields=self._odoo.fields(rows[0].model), lookups=self._lookups,
            module=self._module, folder=self._folder,
        )  # fmt: skip
        return _Part(rows, table)

    def _settle(self, landed: _Landed) -> tuple[list[str], list[Refusal]]:
        """Write down what a call did; what it refused is sent again, without the faulty rows."""
        created: list[str] = []
        refused: list[Refusal] = []
        todo: list[list[LoadRow]] = []
        while True:
            rows, suspects = landed.rows, landed.suspects
            if landed.answer is not None:
                suspects = self._close(landed, landed.answer)
            if suspects is None:
                created += [row.external_id for row in rows]
            elif len(rows) == 1:
                row, (field, message) = rows[0], suspects.get(0, ("", ""))
                too_large = self._files.unfit(row)  # known now, if it was not before
                refused.append(
                    _rows.refuse(row, "", too_large) if too_large else _refusal(row, field, message)
                )
            else:
                todo += _apart(rows, set(suspects))
            rest: list[LoadRow] = []
            while todo and not rest:
                again = todo.pop()
                # a call thought lost may have made some meanwhile
                there = self._store.destination.links_of([row.external_id for row in again])
                created += there
                rest = [row for row in again if row.external_id not in there]
            if not rest:
                return created, refused
            part = self._part(rest)
            landed = self._await(part, self._take_off(part))

    def _take_off(self, part: _Part) -> Flight:
        """Record a call and send it; its answer is waited for elsewhere."""
        model = part.rows[0].model
        operation = self._store.destination.intend(
            self._phase, "load", model, keys=[row.external_id for row in part.rows]
        )
        return Flight(operation, partial(self._call, model, part.table))

    def _await(self, part: _Part, flight: Flight) -> _Landed:
        """Wait for a call's answer; one that is lost is settled, and sent again where need be."""
        rows = part.rows
        # while Odoo is at it
        fields = self._odoo.fields(rows[0].model)
        sent = {
            row.external_id: fingerprint(
                row.values, row.blob, _rows.held_marks(row, fields, self._lookups)
            )
            for row in rows
        }
        for again in range(LOST_TRIES):
            if again:
                flight = self._take_off(part)
            try:
                with recorded(self._store, flight.operation):
                    answer = flight.answer()
                    _stop_where_the_server_fails(rows, answer)
            except OdooOutcomeUnknownError:
                settle(self._odoo, self._store, module=self._module)
                if self._linked(rows, sent):
                    return _Landed(rows, sent, flight.operation)
                continue
            except OdooRefusedError as error:
                self._files.learn(rows, error)
                alone = {0: ("", f"Odoo answered with {error.name}")} if len(rows) == 1 else {}
                return _Landed(rows, sent, flight.operation, suspects=alone)
            self._steer(rows, flight.seconds)
            return _Landed(rows, sent, flight.operation, answer=answer)
        what = f"The answers to {LOST_TRIES} calls in a row were lost."
        raise OdooOutcomeUnknownError(what)

    def _call(self, model: str, table: _rows.Table) -> dict[str, Any]:
        answer: dict[str, Any] = self._odoo.call(
            model, "load", fields=table.columns, data=table.rows,
            context={**context_for(self._odoo, model), "module": self._module},
        )  # fmt: skip
        return answer

    def _close(
        self, landed: _Landed, answer: Mapping[str, Any]
    ) -> dict[int, tuple[str, str]] | None:
        """Write down what a call did; a refusal is believed only of rows that Odoo lacks.

        None: all are in Odoo. Else: the faulty rows that Odoo names, if any.
        """
        rows, operation, sent = landed.rows, landed.operation, landed.sent
        names = [row.external_id for row in rows]
        # a name that leads to another model is the fence of a rollback beside us, no record of ours
        found = {
            name: there
            for name, there in held(self._odoo, self._module, names).items()
            if there.model == rows[0].model
        }
        links = [
            Link(row.external_id, row.model, found[row.external_id].res_id, row.resource,
                 row.source_id, How.CREATED, operation, sent[row.external_id])
            for row in rows
            if row.external_id in found
        ]  # fmt: skip
        if answer["ids"] or len(links) == len(rows):  # a call thought lost may have been faster
            self._store.destination.close(operation, OperationStatus.DONE, links=links)
            return None if len(links) == len(rows) else _absent(rows, set(found))
        named = _named(answer["messages"])
        note = f"{len(named)} rows named"
        self._store.destination.close(operation, OperationStatus.REFUSED, links=links, note=note)
        return named

    def _linked(self, rows: list[LoadRow], sent: Mapping[str, str]) -> bool:
        """Whether a settled call did happen; the links then get what only the rows know."""
        known = self._store.destination.links_of(sent)
        if len(known) < len(rows):
            return False
        by_operation: dict[int, list[Link]] = {}
        for row in rows:
            link = known[row.external_id]
            by_operation.setdefault(link.operation_id, []).append(
                replace(link, resource=row.resource, source_id=row.source_id,
                        sent=sent[row.external_id])
            )  # fmt: skip
        for operation, links in by_operation.items():
            self._store.destination.close(operation, OperationStatus.DONE, links=links)
        return True

    def _steer(self, rows: list[LoadRow], seconds: float) -> None:
        """Set the size of the next calls by the speed of this one."""
        model = rows[0].model
        size = self._size.get(model, START)
        if rows[0].blob is not None:  # bytes set the size
            self._files.steer(rows, factor=self._target / max(seconds, 0.001))
            return
        if len(rows) < min(size, START):
            return  # the rows ran out: the time tells nothing
        fit = int(len(rows) * self._target / max(seconds, 0.001))
        self._size[model] = min(LARGEST, max(SMALLEST, min(fit, 2 * size)))


def _stop_where_the_server_fails(rows: Sequence[LoadRow], answer: Mapping[str, Any]) -> None:
    """Raise where rows are refused for the server's sake: the next ones would be, too."""
    if answer["ids"]:
        return
    values = [value for row in rows for value in row.values.values()]
    for message in answer["messages"]:
        if trouble := _trouble.said(str(message.get("message") or ""), values=values):
            raise trouble


def _named(messages: Sequence[dict[str, Any]]) -> dict[int, tuple[str, str]]:
    named: dict[int, tuple[str, str]] = {}
    for message in messages:
        rows = message.get("rows")
        if message.get("type") != "error" or not rows:
            continue
        place = message.get("record", rows.get("from"))
        if isinstance(place, int):
            named.setdefault(place, (str(message.get("field") or ""), str(message["message"])))
    return named


def _absent(rows: Sequence[LoadRow], there: set[str]) -> dict[int, tuple[str, str]]:
    return {
        place: ("", "Odoo said done, and the record is not there")
        for place, row in enumerate(rows)
        if row.external_id not in there
    }


def _apart(rows: list[LoadRow], suspects: set[int]) -> list[list[LoadRow]]:
    """Part a refused call: the good rows in bulk first, then each suspect alone."""
    suspects &= set(range(len(rows)))
    if not suspects:  # nobody is named: halve
        middle = len(rows) // 2
        return [rows[middle:], rows[:middle]]
    rest = [row for place, row in enumerate(rows) if place not in suspects]
    alone = [[rows[place]] for place in sorted(suspects, reverse=True)]
    return [*alone, rest] if rest else alone


def _refusal(row: LoadRow, field: str, message: str) -> Refusal:
    name = field if field in row.values else ""
    said = without_values(message, row.values)
    kind = f" ({shape(row.values[name])})" if name else ""
    return _rows.refuse(row, name, f"Odoo refused it{kind}: {said}")
