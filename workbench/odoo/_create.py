"""Sending records that Odoo does not have yet, in calls of a steered size."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.errors import OdooOutcomeUnknownError, OdooRefusedError
from workbench.mapping.rows import LoadRow
from workbench.odoo import _rows
from workbench.odoo._rows import Refusal
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import held
from workbench.odoo.lookups import Lookups
from workbench.odoo.settle import recorded, settle
from workbench.odoo.values import fingerprint, shape, without_values
from workbench.state import How, Link, OperationStatus, Store

TARGET_SECONDS = 2.0
"""How long one call should take: long enough to be quick, short enough to be lost."""
START, SMALLEST, LARGEST = 200, 20, 2000
"""Rows of the first call of a model, and the bounds that steering keeps to."""
BYTES = 6_000_000
"""File bytes a call, unless one file alone is larger; Odoo takes at most 128 MiB as base64."""
LOST_TRIES = 3
"""A batch is sent again this often when its answer is lost and Odoo does not have it."""


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
        target_seconds: float = TARGET_SECONDS,
    ) -> None:
        self._odoo, self._store = odoo, store
        self._module, self._phase = module, phase
        self._lookups, self._folder = lookups, folder
        self._target = target_seconds
        self._size: dict[str, int] = {}

    def create(self, rows: Sequence[LoadRow]) -> Iterator[tuple[list[str], list[Refusal]]]:
        """Create rows of one model; yields what each call settled: created ids, refusals.

        Raises:
            DestinationError: Odoo went away, or does not let us write at all.
        """
        fields = self._odoo.fields(rows[0].model)
        alike: dict[tuple[str, ...], list[LoadRow]] = {}
        refused: list[Refusal] = []
        for row in rows:
            fault = _rows.check(row, fields, self._lookups)
            if fault:
                refused.append(fault)
            else:
                alike.setdefault(_rows.signature(row), []).append(row)
        if refused:
            yield [], refused
        for part in alike.values():
            for batch in self._batches(part):
                yield self._settle_batch(batch)

    def _batches(self, rows: Sequence[LoadRow]) -> Iterator[list[LoadRow]]:
        model = rows[0].model
        batch: list[LoadRow] = []
        size = 0
        for row in rows:
            weight = _rows.size_of(self._folder, row)
            full = len(batch) >= self._size.get(model, START) or size + weight > BYTES
            if batch and full:
                yield batch
                batch, size = [], 0
            batch.append(row)
            size += weight
        if batch:
            yield batch

    def _settle_batch(self, batch: list[LoadRow]) -> tuple[list[str], list[Refusal]]:
        created: list[str] = []
        refused: list[Refusal] = []
        todo = [batch]
        while todo:
            part = todo.pop()
            if part is not batch:  # a call thought lost may have made some meanwhile
                there = dict.fromkeys(row.external_id for row in part if self._stands(row))
                created += there
                part = [row for row in part if row.external_id not in there]
                if not part:
                    continue
            suspects = self._send(part)
            if suspects is None:
                created += [row.external_id for row in part]
            elif len(part) == 1:
                row, (field, message) = part[0], suspects.get(0, ("", ""))
                refused.append(_refusal(row, field, message))
            else:
                todo += _apart(part, set(suspects))
        return created, refused

    def _stands(self, row: LoadRow) -> bool:
        return self._store.destination.link(row.external_id) is not None

    def _send(self, rows: list[LoadRow]) -> dict[int, tuple[str, str]] | None:
        """Send one call. None: all are in Odoo. Else: the faulty rows that Odoo names, if any."""
        table = _rows.table(
            rows, fields=self._odoo.fields(rows[0].model), lookups=self._lookups,
            module=self._module, folder=self._folder,
        )  # fmt: skip
        for _ in range(LOST_TRIES):
            operation = self._store.destination.intend(
                self._phase, "load", rows[0].model, keys=[row.external_id for row in rows]
            )
            started = time.monotonic()
            try:
                with recorded(self._store, operation):
                    answer = self._call(rows[0].model, table)
            except OdooOutcomeUnknownError:
                settle(self._odoo, self._store, module=self._module)
                if self._linked(rows):
                    return None
                continue
            except OdooRefusedError as error:
                return {0: ("", f"Odoo answered with {error.name}")} if len(rows) == 1 else {}
            self._steer(rows, time.monotonic() - started)
            return self._close(operation, rows, answer)
        what = f"The answers to {LOST_TRIES} calls in a row were lost."
        raise OdooOutcomeUnknownError(what)

    def _call(self, model: str, table: _rows.Table) -> dict[str, Any]:
        answer: dict[str, Any] = self._odoo.call(
            model, "load", fields=table.columns, data=table.rows,
            context={**context_for(self._odoo, model), "module": self._module},
        )  # fmt: skip
        return answer

    def _close(
        self, operation: int, rows: list[LoadRow], answer: dict[str, Any]
    ) -> dict[int, tuple[str, str]] | None:
        """Write down what a call did; a refusal is believed only of rows that Odoo lacks."""
        names = [row.external_id for row in rows]
        # a name that leads to another model is the fence of a rollback beside us, no record of ours
        found = {
            name: there
            for name, there in held(self._odoo, self._module, names).items()
            if there.model == rows[0].model
        }
        links = [
            Link(row.external_id, row.model, found[row.external_id].res_id, row.resource,
                 row.source_id, How.CREATED, operation, fingerprint(row.values, row.blob))
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

    def _linked(self, rows: list[LoadRow]) -> bool:
        """Whether a settled call did happen; the links then get what only the rows know."""
        links = [self._store.destination.link(row.external_id) for row in rows]
        known = [link for link in links if link is not None]
        if len(known) < len(rows):
            return False
        by_operation: dict[int, list[Link]] = {}
        for row, link in zip(rows, known, strict=True):
            by_operation.setdefault(link.operation_id, []).append(
                replace(link, resource=row.resource, source_id=row.source_id,
                        sent=fingerprint(row.values, row.blob))
            )  # fmt: skip
        for operation, part in by_operation.items():
            self._store.destination.close(operation, OperationStatus.DONE, links=part)
        return True

    def _steer(self, rows: list[LoadRow], seconds: float) -> None:
        model = rows[0].model
        size = self._size.get(model, START)
        if rows[0].blob is not None or len(rows) < size:
            return  # bytes set the size, or the rows ran out: the time tells nothing
        factor = min(2.0, max(0.5, self._target / max(seconds, 0.001)))
        self._size[model] = min(LARGEST, max(SMALLEST, int(size * factor)))


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
