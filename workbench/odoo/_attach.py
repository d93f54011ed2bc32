"""Files on their way to Odoo: what fits into a call, and whose bytes go once for several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import DestinationError, OdooRefusedError
from workbench.mapping.rows import LoadRow
from workbench.odoo import _rows
from workbench.odoo._rows import Refusal
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.settle import recorded
from workbench.state import Link, OperationStatus, Store

if TYPE_CHECKING:
    from workbench.odoo._create import Creator
    from workbench.odoo._update import Updater

LARGEST, SMALLEST, ROWS = 16_000_000, 1_000_000, 500
"""File bytes a call at most (one file may be larger) and at least; and records a call."""
LIMIT = 128 * 2**20
"""Bytes of a request that Odoo takes, unless its administrator set another limit."""
PARAMETER = "web.max_file_upload_size"
"""The system parameter that sets another one; JSON-RPC names its database too late for it."""
TOO_LARGE = {
    "werkzeug.exceptions.RequestEntityTooLarge": "Odoo",
    "http.413": "what stands between here and Odoo (a proxy)",
}
"""Kinds of refusal that are about the size alone, and who refuses."""
WORTH = 1_000_000
"""Bytes not sent again that make up for the further calls of a shared file."""
WORK = 60_000_000
"""Bytes of shared files a call: Odoo goes through them once for every record that has them."""
SHARERS = 8
"""Records that share a file of any size in one call all the same."""


class Files:
    """Knows what a request may weigh, and learns it where somebody refuses one.

    Args:
        odoo: the client.
        folder: the run folder, whose `files/` holds the bytes.
    """

    def __init__(self, odoo: Odoo, *, folder: Path) -> None:
        self._odoo, self._folder = odoo, folder
        self._bytes = LARGEST
        self._refused_at: int | None = None
        self._refuser = ""
        self._allowed: int | None = None

    def length(self, row: LoadRow) -> int:
        """Give the characters that a row's file takes in a request; 0 without a file.

        Raises:
            StateError: the run folder no longer has it.
        """
        return _rows.content(self._folder, row.blob).length if row.blob is not None else 0

    def calls(self, rows: Sequence[LoadRow]) -> Iterator[tuple[list[LoadRow], list[Refusal]]]:
        """Part rows with files into calls; beside each, the rows that fit into none.

        What was learned while one call was sent counts for the next.

        Raises:
            StateError: the run folder no longer has a file.
        """
        batch: list[LoadRow] = []
        refused: list[Refusal] = []
        weight = 0
        for row in rows:
            length = self.length(row)
            if reason := self.unfit(row):
                refused.append(_rows.refuse(row, "", reason))
                continue
            if batch and (weight + length > self._budget or len(batch) >= ROWS):
                yield batch, refused
                batch, refused, weight = [], [], 0
            batch.append(row)
            weight += length
        if batch or refused:
            yield batch, refused

    def unfit(self, row: LoadRow) -> str:
        """Say why a row's file cannot be sent; empty where it can, as far as is known.

        Raises:
            StateError: the run folder no longer has it.
        """
        length = self.length(row)
        if self._refused_at is not None and length >= self._refused_at:
            return self._reason(row, self._refuser)
        if length >= LIMIT and length >= self._limit():
            return self._reason(row, "Odoo")
        return ""

    def learn(self, rows: Sequence[LoadRow], error: OdooRefusedError) -> None:
        """Learn from the refusal of a call what is too much for another one."""
        weight = sum(map(self.length, rows))
        if error.name not in TOO_LARGE or not weight:
            return
        if self._refused_at is None or weight < self._refused_at:
            self._refused_at, self._refuser = weight, TOO_LARGE[error.name]

    def steer(self, rows: Sequence[LoadRow], *, factor: float) -> None:
        """Take more or fewer bytes a call from now on; a line may be slow, a call may be lost.

        Args:
            rows: what was sent; a call that was far from full tells nothing.
            factor: how many times as much would have taken the time that a call should take.
        """
        if sum(map(self.length, rows)) * 2 >= self._budget:
            factor = min(2.0, max(0.5, factor))
            self._bytes = min(LARGEST, max(SMALLEST, int(self._bytes * factor)))

    def shared(self, rows: Sequence[LoadRow]) -> list[list[LoadRow]]:
        """Find the rows whose bytes would go several times: those of one file together.

        Raises:
            StateError: the run folder no longer has a file.
        """
        alike: dict[tuple[str | None, object], list[LoadRow]] = {}
        for row in rows:
            if row.blob is not None:
                alike.setdefault((row.blob, row.values.get("mimetype")), []).append(row)
        return [
            group
            for group in alike.values()
            if (len(group) - 1) * self.length(group[0]) >= WORTH and not self.unfit(group[0])
        ]

    @property
    def _budget(self) -> int:
        """Characters of files a call, well below what was refused: the rest weighs, too."""
        most = self._bytes * 4 // 3
        return most if self._refused_at is None else min(most, self._refused_at // 2)

    def _limit(self) -> int:
        """Ask Odoo's limit, once, and only for a file above the usual one."""
        if self._odoo.protocol == "jsonrpc":
            return LIMIT
        if self._allowed is None:
            self._allowed = LIMIT
            try:
                found = self._odoo.search_read(
                    "ir.config_parameter", [["key", "=", PARAMETER]], fields=["value"]
                )
            except DestinationError:
                return self._allowed  # not for this user to see: the usual limit holds
            value = str(found[0]["value"]) if found else ""
            self._allowed = int(value) if value.isdecimal() else LIMIT
        return self._allowed

    def _reason(self, row: LoadRow, who: str) -> str:
        file = _rows.content(self._folder, row.blob or "")
        need = -(-(file.length + 2**16) // 2**20)
        told = f"{who} takes no request as large as this file of {file.size} bytes needs; "
        if who != "Odoo":
            told += f"set its limit (nginx: client_max_body_size) to {need} MB and run again, or "
        elif self._odoo.protocol == "json2":
            told += f"set its system parameter {PARAMETER} to {need * 2**20} and run again, or "
        return f"{told}attach the file by hand"


class Attacher:
    """Creates attachments; bytes that several of them have are sent once for all of a window.

    (For as many records a call, at least eight, as Odoo works through in time.)

    `load()` has no way to say "the bytes of that other row", and a copy made by Odoo could
    not be told from a second one when its answer is lost: its external id comes in another
    call. So the records of a shared file are first made by `load()` without bytes, each with
    its external id in the same transaction, and the bytes are then written to all of them at
    once. A call lost or a tool killed in between leaves records whose file is known to be
    missing; the next load writes it. What cannot be written is taken out again.
    """

    def __init__(
        self, odoo: Odoo, store: Store, *, phase: str, files: Files, creator: Creator,
        updater: Updater,
    ) -> None:  # fmt: skip
        self._odoo, self._store, self._phase = odoo, store, phase
        self._files, self._creator, self._updater = files, creator, updater

    def create(self, rows: Sequence[LoadRow]) -> Iterator[tuple[list[str], list[Refusal]]]:
        """Create rows of one model; yields what each step settled: created ids, refusals.

        Raises:
            DestinationError: Odoo went away, or does not let us write at all.
            StateError: the run folder no longer has a file.
        """
        groups = self._files.shared(rows)
        together = {row.external_id for group in groups for row in group}
        alone = [row for row in rows if row.external_id not in together]
        if alone:
            yield from self._creator.create(alone)
        for part in self._parts(groups):
            yield from self._share(part)

    def _parts(self, groups: Sequence[Sequence[LoadRow]]) -> Iterator[list[LoadRow]]:
        """Take as many records at a time as Odoo can count the bytes of in one call."""
        part: list[LoadRow] = []
        weight = 0
        for group in groups:
            for row in group:
                length = self._files.length(row)
                if len(part) >= SHARERS and weight + length > WORK:
                    yield part
                    part, weight = [], 0
                part.append(row)
                weight += length
        if part:
            yield part

    def _share(self, rows: Sequence[LoadRow]) -> Iterator[tuple[list[str], list[Refusal]]]:
        whole = {row.external_id: row for row in rows}
        pairs: list[tuple[LoadRow, Link]] = []
        for created, refused in self._creator.create([replace(row, blob=None) for row in rows]):
            links = [self._store.destination.link(name) for name in created]
            pairs += [(whole[link.external_id], link) for link in links if link is not None]
            if refused:
                yield [], refused
        if not pairs:
            return
        done = self._updater.update(pairs)
        failed = {one.external_id for one in done.refused}
        self._take_out([link for _, link in pairs if link.external_id in failed])
        made = [link.external_id for _, link in pairs if link.external_id not in failed]
        yield made, done.refused

    def _take_out(self, links: Sequence[Link]) -> None:
        """Leave no record without its bytes where Odoo refused them."""
        if not links:
            return
        names = [link.external_id for link in links]
        model = links[0].model
        operation = self._store.destination.intend(self._phase, "unlink", model, keys=names)
        with recorded(self._store, operation):
            # somebody may have been quicker
            there = self._odoo.call(
                model, "search", domain=[["id", "in", [link.res_id for link in links]]]
            )
            self._odoo.call(model, "unlink", ids=there, context=context_for(self._odoo, model))
        with self._store.transaction():
            self._store.destination.remove_links(names)
            self._store.destination.close(operation, OperationStatus.DONE)
