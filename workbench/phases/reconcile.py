"""09 reconcile: P1 over everything, read back in full; signed off by a person; sealed."""

from __future__ import annotations

from pathlib import Path

from workbench import panels, show
from workbench.phases import gates, proving
from workbench.phases.finding import Finding
from workbench.phases.migrate import balance_table
from workbench.phases.reporting import hashes, versions, write_all
from workbench.phases.steps import Steps, alone
from workbench.proof import balance, different_cells, orphans, seal
from workbench.reports import charts
from workbench.state import Fate, Question

SUBJECT = "signoff"


class Reconcile(Steps):
    """The verbs of 09_reconcile."""

    name = "reconcile"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for the sign-off."""
        return (SUBJECT,)

    @alone
    def read_back(self) -> show.Stack:
        """Read every record back from Odoo and compare every field that was mapped."""
        found = proving.compare_all(self, "all")
        parts = len(proving.refused_parts(self))
        self.store.journey.set_document(
            "compared", {"held": self.store.journey.meta("held") or "",
                         "cells": found.cells, "records": found.records,
                         "different": found.different, "absent": len(found.absent),
                         "refused_parts": parts},
        )  # fmt: skip
        return show.Stack((charts.verdicts(found.verdicts), proving.verdict_table(found)))

    @alone
    def balance(self) -> show.Stack:
        """Draw up the arithmetic: every distinct record has exactly one fate."""
        found = balance(self.store)
        return show.Stack((charts.flow(found), balance_table(found)))

    @alone
    def orphans(self) -> show.Stack:
        """List relations that lead nowhere, and what was excluded or rejected, with reasons."""
        reasons: dict[tuple[str, str, str], int] = {}
        for fate in (Fate.EXCLUDED, Fate.REJECTED):
            for one in self.store.proof.outcomes(fate=fate):
                key = (one.resource, fate.value, one.reason)
                reasons[key] = reasons.get(key, 0) + 1
        found = orphans(self.store)
        parts = proving.refused_parts(self)
        return show.Stack(
            (
                show.Table(
                    f"{len(found)} relation(s) lead to a record that PracticeHub does not have",
                    ("resource", "record", "field", "what happened"),
                    [(i.resource, i.source_id, i.field, i.outcome) for i in found],
                ),
                show.Table(
                    "Not in Odoo, and why",
                    ("resource", "fate", "reason", "records"),
                    [(*key, count) for key, count in sorted(reasons.items())],
                ),
                show.Table(
                    f"{len(parts)} row(s) refused of records that are in Odoo otherwise",
                    ("resource", "record", "not in Odoo", "reason"),
                    parts,
                ),
            )
        )

    @alone
    def sign_off(self) -> object:
        """Ask a person to accept the migration on these figures."""
        found = balance(self.store)
        differ = different_cells(self.store.proof.verdicts("all"))
        parts = self._compared().get("refused_parts", 0)
        self.store.decisions.ask(
            [
                Question(
                    SUBJECT, self.name, "Is the migration accepted on this reconciliation?",
                    ("accept", "refuse"),
                    basis={**gates.basis(self.store, self.name), "balance": found.as_json(),
                           "compared": self.store.journey.document("compared")},
                    reasons=(f"{found.unresolved} record(s) without a fate",
                             f"{differ} cell(s) differ",
                             f"{parts} row(s) refused of records that are in Odoo otherwise"),
                )
            ]
        )  # fmt: skip
        return panels.sign_off(self.run)

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
            return show.Lines("Not sealed: the sign-off is open", [str(p) for p in written])
        path = self.write_seal()
        return show.Lines(
            f"Sealed in {path.name}",
            [f"ledger head {self.store.ledger.head()}", f"{len(written)} reports"],
        )

    def write_seal(self) -> Path:
        """Seal what stands now; the runner does so again once this notebook is saved."""
        return seal(
            self.run.folder, self.store, versions=versions(self.run), hashes=hashes(self.run)
        )

    def judge(self) -> Finding:
        """Say whether the sums close, every cell is as expected, and nobody refused."""
        found = balance(self.store)
        missing = found.open_ends()
        facts = self._compared()
        if facts.get("held") != (self.store.journey.meta("held") or ""):
            missing.append("what stands in Odoo was not read back since it last changed")
        if facts.get("different") or facts.get("absent"):
            missing.append(f"{facts.get('different')} cell(s) differ, {facts.get('absent')} "
                           "record(s) are not in Odoo")  # fmt: skip
        decision = self.store.decisions.get(SUBJECT)
        if decision is not None and not decision.is_open and decision.choice == "refuse":
            missing.append(f"the sign-off was refused by {decision.decided_by}")
        return Finding(
            tuple(missing),
            (
                ("records read back", facts.get("records", 0)),
                ("cells compared", facts.get("cells", 0)),
                ("cells that differ", facts.get("different", 0)),
                ("rows refused of records in Odoo", facts.get("refused_parts", 0)),
                ("unresolved", found.unresolved),
            ),
        )

    def _compared(self) -> dict[str, object]:
        found = self.store.journey.document("compared")
        return found if isinstance(found, dict) else {}
