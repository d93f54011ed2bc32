"""A page's rows beside what is held: which are new, which come again, which copy counts.

The rows are gone through one after the other in memory; the table is asked once before and
told once after, since a million pages would else be a hundred million questions.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workbench.state.held import PageIn, PageKind, RecordIn

Resolve = Callable[[dict[str, object], dict[str, object]], tuple[bool, str]]
"""Given the copy held and the one that arrived: does the new one win, and by which rule."""

NEWER = "the newer pass counts"
_AT_ONCE = 500
"""How many ids one question names; a page has 100 rows, but nothing says that it must."""


@dataclass(slots=True)
class _Standing:
    """A record as it stands while its page is gone through; `raw` None: not looked up yet.

    `base` and `was_gone`: its hash, and whether it was gone, before the page.
    """

    generation: int
    page_id: int
    position: int
    sha256: str
    rows: int
    gone: int
    patient_id: str | None = None
    raw: str | None = None
    new: bool = False
    replaced: bool = False
    base: str = ""
    was_gone: int = 0


def _standing(row: tuple[Any, ...]) -> _Standing:
    held = _Standing(*row[1:])
    held.base, held.was_gone = held.sha256, held.gone
    return held


@dataclass(slots=True)
class Arrival:
    """One page being stored.

    `met` counts the records that its pass met first now, `alive` those that are new or back,
    `rows` what the page adds to the rows of the list: on a look of our own (a page asked for
    again, a window of ids) only what no page had shown.
    """

    db: sqlite3.Connection
    page: PageIn
    page_id: int
    resolve: Resolve
    met: int = 0
    alive: int = 0
    _standing: dict[str, _Standing] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _copies: list[tuple[object, ...]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Count the rows that PracticeHub's list gained by the page."""
        return len(self.page.records) if self._listed else self.met

    @property
    def _listed(self) -> bool:
        return self.page.kind is PageKind.PAGE

    def store(self) -> None:
        """Take in every row in its turn, then write what came of it."""
        ids = list({record.source_id for record in self.page.records})
        for start in range(0, len(ids), _AT_ONCE):
            self._look_up(ids[start : start + _AT_ONCE])
        for position, record in enumerate(self.page.records):
            self._take(position, record)
        self._write()

    def _look_up(self, ids: list[str]) -> None:
        marks = ",".join("?" * len(ids))
        for row in self.db.execute(
            "SELECT source_id, generation, page_id, position, sha256, rows, gone FROM records "
            f"WHERE resource=? AND source_id IN ({marks})",
            (self.page.resource, *ids),
        ):
            self._standing[row[0]] = _standing(row)

    def _take(self, position: int, record: RecordIn) -> None:
        generation = self.page.generation
        held = self._standing.get(record.source_id)
        if held is None:
            self._standing[record.source_id] = _Standing(
                generation, self.page_id, position, record.sha256, 1, 0,
                patient_id=record.patient_id, raw=record.raw, new=True,
            )  # fmt: skip
            self.met += 1
            self.alive += 1
            return
        self.met += held.generation < generation
        self.alive += held.gone
        held.gone = 0
        self._touched.add(record.source_id)
        rows = held.rows + self._listed if held.generation == generation else 1
        if held.sha256 != record.sha256 and not self._wins(held, position, record):
            held.rows += self._listed
            return
        held.rows, held.generation = rows, generation

    def _wins(self, held: _Standing, position: int, record: RecordIn) -> bool:
        """Put one of two differing copies aside; say whether the one that arrived counts."""
        if held.raw is None:
            row = self.db.execute(
                "SELECT raw FROM records WHERE resource=? AND source_id=?",
                (self.page.resource, record.source_id),
            ).fetchone()
            held.raw = str(row[0])
        if self.page.generation > held.generation:
            wins, rule = True, NEWER
        else:
            wins, rule = self.resolve(json.loads(held.raw), json.loads(record.raw))
        loser = (
            (held.sha256, held.page_id, held.position, held.raw)
            if wins
            else (record.sha256, self.page_id, position, record.raw)
        )
        self._copies.append((self.page.resource, record.source_id, *loser, rule))
        if wins:
            held.page_id, held.position, held.patient_id = self.page_id, position, record.patient_id
            held.sha256, held.raw, held.replaced = record.sha256, record.raw, True
        return wins

    def _write(self) -> None:
        resource = self.page.resource
        self.db.executemany(
            "INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,0)",
            [
                (resource, source_id, one.generation, one.page_id, one.position, one.patient_id,
                 one.sha256, one.raw, one.rows)
                for source_id, one in self._standing.items() if one.new
            ],
        )  # fmt: skip
        again = [(one, self._standing[one]) for one in self._touched]
        self.db.executemany(
            "UPDATE records SET rows=?, generation=?, gone=0 WHERE resource=? AND source_id=?",
            [
                (one.rows, one.generation, resource, source_id)
                for source_id, one in again if not one.new
            ],
        )  # fmt: skip
        self.db.executemany(
            "UPDATE records SET page_id=?, position=?, patient_id=?, sha256=?, raw=? "
            "WHERE resource=? AND source_id=?",
            [
                (one.page_id, one.position, one.patient_id, one.sha256, one.raw, resource,
                 source_id)
                for source_id, one in again if one.replaced and not one.new
            ],
        )  # fmt: skip
        self.db.executemany("INSERT OR IGNORE INTO copies VALUES (?,?,?,?,?,?,?)", self._copies)
        if self.page.generation:
            self._note_changes()

    def _note_changes(self) -> None:
        """Say what the pass found out about records, beside what earlier passes held of them."""
        for source_id, one in self._standing.items():
            if not (one.new or one.was_gone or one.replaced):
                continue
            place = (self.page.resource, self.page.generation, source_id)
            told = self.db.execute(
                "SELECT what, was FROM changes WHERE resource=? AND generation=? AND source_id=?",
                place,
            ).fetchone()
            what, was = told or ("", one.base)
            if what == "created" or (what == "back" and not one.was_gone):
                continue
            if one.new:
                what = "created"
            elif one.was_gone and what != "gone":
                what = "back"
            else:  # another copy of it, or one that came back within the pass that missed it
                what = "changed" if one.sha256 != was else ""
            if what:
                self.db.execute("INSERT OR REPLACE INTO changes VALUES (?,?,?,?,?)",
                                (*place, what, was))  # fmt: skip
            else:
                self.db.execute(
                    "DELETE FROM changes WHERE resource=? AND generation=? AND source_id=?", place
                )
