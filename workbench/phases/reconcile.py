"""09 reconcile: P1 over everything, read back in full; signed off by a person; sealed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import panels, show
from workbench.errors import GateError
from workbench.odoo import CellName
from workbench.phases import conflicts, gates, loading, proving
from workbench.phases.edits import Edits
from workbench.phases.finding import Finding
from workbench.phases.relating import Relating
from workbench.phases.reporting import handover, hashes, versions, write_all
from workbench.phases.steps import Steps, alone
from workbench.proof import WHOLE_RECORD, Match, balance, seal
from workbench.reports import (
    balance_table,
    charts,
    files_table,
    gaps_table,
    listed,
    orphans_table,
    reasons_table,
    refused_table,
    relations_table,
    verdict_table,
)
from workbench.reports.tables import MOST
from workbench.state import Fate, Question, digest

if TYPE_CHECKING:
    from workbench.phases.expectations import Due
    from workbench.state import Decision, Difference

SUBJECT = "signoff"
COMPARED = "compared"
"""Document: what the last full comparison was made on, and its figures."""


class Reconcile(Steps):
    """The verbs of 09_reconcile."""

    name = "reconcile"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for what was changed in Odoo to be decided about, and for the sign-off."""
        return (conflicts.PREFIX, SUBJECT)

    @alone
    def read_back(self) -> show.Stack:
        """Read every record back from Odoo; compare every mapped field, file and relation.

        What somebody changed in Odoo since is asked about.
        """
        loading.note_held(self)
        on, kept = gates.basis(self.store, self.name), conflicts.kept(self.store)
        relating, edits = Relating(self), Edits(self)

        def window(dues: Sequence[Due], cells: Sequence[Difference]) -> None:
            relating.window(dues, cells)
            edits.window(dues, cells)

        found = proving.compare_all(self, "all", on_window=window)
        relating.finish()
        settled = edits.finish()
        if conflicts.kept(self.store) == {k: v for k, v in kept.items() if k not in settled}:
            on = gates.basis(self.store, self.name)  # nobody decided anything meanwhile
        self.store.journey.set_document(
            COMPARED,
            {
                "on": on,
                "cells": found.cells,
                "records": found.records,
                "different": found.different,
                "absent": found.absent,
                "read_back": dict(sorted(relating.read_back.items())),
                "relations": sum(one.expected for one in self.store.lists.relations()),
                "missing": self.store.lists.missing_relations(),
                "refused_parts": len(proving.refused_parts(self)),
            },
        )
        return show.Stack(
            (
                charts.verdicts(found.verdicts),
                verdict_table(found.verdicts),
                files_table(found.verdicts),
            )
        )

    @alone
    def balance(self) -> show.Stack:
        """Draw up the arithmetic: every distinct record has exactly one fate, every relation."""
        found = balance(self.store)
        return show.Stack(
            (
                charts.flow(found),
                balance_table(found, read_back=self._read_back()),
                relations_table(self.store.lists.relations()),
            )
        )

    @alone
    def orphans(self) -> show.Stack:
        """List relations that lead nowhere, and what was excluded or rejected, with reasons."""
        parts = proving.refused_parts(self)
        return show.Stack(
            (
                gaps_table(self.store),
                orphans_table(self.store),
                *(reasons_table(self.store, fate) for fate in (Fate.EXCLUDED, Fate.REJECTED)),
                refused_table(self.store),
                show.Table(
                    f"{len(parts)} row(s) refused of records that are in Odoo otherwise",
                    ("resource", "record", "not in Odoo", "reason"),
                    parts,
                ),
                charts.issues(self.store.staging.issue_counts()),
            )
        )

    @alone
    def sign_off(self) -> object:
        """Ask a person to accept the migration on these figures.

        While it is open what becomes of what people changed in Odoo, there is nothing to accept.
        """
        undecided = self.store.decisions.open(conflicts.PREFIX)
        if undecided:
            return show.Table(
                f"Not asked yet: {len(undecided)} field(s) were changed in Odoo since the load",
                ("subject", "question", "proposal", "why"),
                [(one.subject, one.question, one.proposal, one.reasons[0])
                 for one in undecided[:MOST]],
            )  # fmt: skip
        self.store.decisions.ask([self._question()])
        return panels.sign_off(self.run, obstacles=self.obstacles, lists=self.lists)

    @alone
    def seal(self) -> show.Lines:
        """Write the reports and seal the run: anyone can then check that nothing was altered.

        Without the sign-off the reports are written and nothing is sealed.
        """
        written = write_all(self.run)
        missing = self.judge().missing
        if missing:
            return show.Lines("Not sealed", missing)
        if self.need_decisions():
            return show.Lines("Not sealed: a decision is open", [str(p) for p in written])
        path = self.write_seal()
        return show.Lines(
            f"Sealed in {path.name}",
            [f"ledger head {self.store.ledger.head()}", f"{len(written)} reports",
             "reports/handover.html prints the head: keep it apart from the run folder"],
        )  # fmt: skip

    def write_seal(self) -> Path:
        """Seal what stands now, and hand over; the runner does so again once this is saved.

        Raises:
            GateError: something does not close, or nobody accepted it.
        """
        missing = [*self.judge().missing, *(f"{one.subject} is open"
                                            for one in self.open_decisions())]  # fmt: skip
        if missing:
            what = f"The run cannot be sealed: {'; '.join(missing)}."
            raise GateError(what, do="Go through 09_reconcile.ipynb again.")
        path = seal(
            self.run.folder, self.store, versions=versions(self.run), hashes=hashes(self.run),
            key=self.run.signing_key,
        )  # fmt: skip
        handover(self.run)
        return path

    def _question(self) -> Question:
        """Put the question of the sign-off on what stands now."""
        found = balance(self.store)
        facts = self._compared()
        return Question(
            SUBJECT, self.name, "Is the migration accepted on this reconciliation?",
            ("accept", "refuse"),
            basis={**gates.basis(self.store, self.name), "balance": found.as_json(),
                   "compared": facts},
            reasons=(f"{found.unresolved} record(s) without a fate",
                     f"{facts.get('different', 0)} cell(s) differ",
                     f"{facts.get('missing', 0)} relation(s) are missing",
                     f"{facts.get('refused_parts', 0)} row(s) refused of records in Odoo"),
        )  # fmt: skip

    def obstacles(self) -> list[str]:
        """Say why it cannot be accepted as it stands: what is not settled, what differs."""
        sums = balance(self.store)
        missing = sums.open_ends()
        if self._compared().get("on") != {**gates.basis(self.store, self.name),
                               "held": self.store.lists.held()}:  # fmt: skip
            return [*missing, "what is there now was not read back since it last changed"]
        missing += [*self._differences(), *self._gaps()]
        return [*missing, *sums.not_read_back(self._read_back() or {})]

    def _differences(self) -> list[str]:
        """Say how much differs that nobody is asked about."""
        asked, to_write = self._asked()
        counts = dict.fromkeys(("differ", "wait", "absent"), 0)
        for cell in self.store.proof.differences("all", verdict=Match.DIFFERENT):
            place = (cell.external_id, cell.field)
            if place in to_write:
                counts["wait"] += 1
            elif cell.field == WHOLE_RECORD:
                counts["absent"] += 1
            elif place not in asked:
                counts["differ"] += 1
        said = {
            "differ": "field(s) differ: reports/differences.csv names them",
            "wait": "field(s) wait for the delta to write PracticeHub's value",
            "absent": "record(s) are not in Odoo: reports/differences.csv names them",
        }
        return [f"{count} {said[name]}" for name, count in counts.items() if count]

    def _gaps(self) -> list[str]:
        """Say how many relations are missing that nobody is asked about."""
        asked, to_write = self._asked()
        lost = {(gap.external_id or gap.name, gap.field, gap.source_id)
                for gap in self.store.lists.gaps()
                if not {(gap.external_id, gap.field)} & (asked | to_write)}  # fmt: skip
        return [f"{len(lost)} relation(s) are missing: reports/missing_relations.csv names them"
                ] if lost else []  # fmt: skip

    def _asked(self) -> tuple[set[CellName], set[CellName]]:
        """Give the fields about which a person is asked, and those to be written by decision."""
        waiting = {one.subject for one in self.store.decisions.open(conflicts.PREFIX)}
        asked = {(one.external_id, one.field) for one in self.store.conflicts.all()
                 if conflicts.subject(one.external_id, one.field) in waiting}  # fmt: skip
        return asked, set(conflicts.to_write(self.store))

    def lists(self) -> list[tuple[str, int, str]]:
        """Say what is listed record by record: what, how many, in which file of the folder."""
        return [(one.what, one.count, f"reports/{one.file}") for one in listed(self.store)]

    def judge(self) -> Finding:
        """Say whether the sums close, every cell and relation is there, and nobody refused."""
        loading.note_held(self)
        missing = self.obstacles()
        facts = self._compared()
        decision = self.store.decisions.get(SUBJECT)
        undecided = self.store.decisions.open(conflicts.PREFIX)
        if decision is not None and not decision.is_open and decision.choice == "refuse":
            missing.append(f"the sign-off was refused by {decision.decided_by}")
        elif not undecided and not missing and not self._is_asked(decision):
            missing.append("nobody was asked to accept what stands now")
        return Finding(
            tuple(missing),
            (
                ("records read back", facts.get("records", 0)),
                ("cells compared", facts.get("cells", 0)),
                ("cells that differ", facts.get("different", 0)),
                ("relations looked for", facts.get("relations", 0)),
                ("relations missing", facts.get("missing", 0)),
                ("rows refused of records in Odoo", facts.get("refused_parts", 0)),
                ("unresolved", balance(self.store).unresolved),
            ),
        )

    def _is_asked(self, decision: Decision | None) -> bool:
        """Whether the sign-off is about what stands now, and not about an older comparison."""
        return decision is not None and decision.basis == digest(self._question().basis)

    def _read_back(self) -> dict[str, int] | None:
        found = self._compared().get("read_back")
        return found if isinstance(found, dict) else None

    def _compared(self) -> dict[str, object]:
        found = self.store.journey.document(COMPARED)
        return found if isinstance(found, dict) else {}
