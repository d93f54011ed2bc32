"""02 audit: the first pages of everything, every field they have, and what we propose."""

from __future__ import annotations

from workbench import show
from workbench.phases import knowledge, reading, suggesting
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.practicehub import walk
from workbench.reports import Inventory, charts

DRAWN = 60
"""A picture of more fields than this cannot be read."""
ODD_SHOWN = 50
FIRST_PAGES = 3
"""Pages of each resource that the audit reads: enough to meet nearly every field."""


class Audit(Steps):
    """The verbs of 02_audit."""

    name = "audit"

    @alone
    def pages(self) -> show.Table:
        """Read the first pages of every resource; extraction goes on from there."""
        with self.run.progress("first pages of the audit", unit="resources") as told:
            asked = reading.lists(self.run)
            for number, resource in enumerate(asked, start=1):
                for _page in walk(
                    self.run.source, self.store, resource.name,
                    folder=self.run.folder, pages=FIRST_PAGES, phase=self.name,
                ):  # fmt: skip
                    told(number - 1, len(asked), "PracticeHub's one request a second")
                told(number, len(asked), "")
        return show.Table(
            "Read so far",
            ("resource", "pages", "rows", "reported", ""),
            [(w.resource, w.pages, w.rows, "–" if w.reported is None else w.reported,
              reading.standing(w))
             for w in self.store.source.walks()],
        )  # fmt: skip

    @alone
    def fields(self) -> show.Stack:
        """Find out which fields the records have, how full they are, and what is odd."""
        profiles = knowledge.profile_all(self)
        rows = self.store.staging.fields("patients")
        odd = [(p.field, "; ".join(p.remarks)) for p in profiles if p.remarks and p.filled]
        empty = sum(not p.filled for p in profiles)
        return show.Stack(
            (
                *((charts.fill(rows),) if len(rows) <= DRAWN else ()),
                Inventory(profiles),
                show.Table(
                    f"{len(odd)} fields worth a look, {empty} that no record has filled",
                    ("field", "what is odd"), odd[:ODD_SHOWN],
                    note=f"{max(0, len(odd) - ODD_SHOWN)} more, and all fields, stand in "
                    "reports/inventory.csv.",
                ),
            )
        )  # fmt: skip

    @alone
    def proposals(self) -> show.Stack:
        """Propose what becomes of every field; the questions wait in the map phase."""
        suggested = suggesting.gather(self)
        knowledge.ask(self)
        found = self.store.decisions.questions("field:")
        return show.Stack(
            (
                *((suggested,) if suggested else ()),
                show.Table(
                    f"{len(found)} fields, each with a proposal for a person to confirm",
                    ("field", "proposal", "confidence", "because"),
                    [(d.subject.removeprefix("field:"), d.proposal or "none",
                      "" if d.confidence is None else f"{d.confidence:.0%}", "; ".join(d.reasons))
                     for d in found],
                ),
                reading.complexity(reading.forecast(self.run)),
            )
        )  # fmt: skip

    def judge(self) -> Finding:
        """Say whether fields were profiled and each has a question."""
        asked = {d.subject for d in self.store.decisions.questions("field:")}
        fields = self.store.staging.fields()
        missing = []
        if not fields:
            missing.append("no field was profiled")
        silent = [row.path for row in fields if f"field:{row.path}" not in asked]
        if silent:
            missing.append(f"{len(silent)} field(s) have no proposal: {', '.join(silent[:5])}")
        return Finding(
            tuple(missing),
            (
                ("fields", len(fields)),
                ("proposals", len(asked)),
                ("questions in all", len(self.store.decisions.questions())),
            ),
        )
