"""07 migrate: the full load, in dependency order."""

from __future__ import annotations

from workbench import show
from workbench.phases import duplicates, loading, proving
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.proof import Balance, balance
from workbench.reports import charts


class Migrate(Steps):
    """The verbs of 07_migrate."""

    name = "migrate"

    @alone
    def patients(self) -> show.Table:
        """Load practitioners' names and patients, prescriptions within them."""
        duplicates.settle(self)
        return self._load("references", "patients")

    @alone
    def appointments(self) -> show.Table:
        """Load visits, each in its stage, with its user, at its time."""
        return self._load("appointments")

    @alone
    def notes(self) -> show.Table:
        """Load notes, logs, forms, care plans, invoices and payments as messages."""
        return self._load("messages")

    @alone
    def files(self) -> show.Stack:
        """Load documents, files and prescriptions' papers, and compare Odoo's checksums."""
        loaded = self._load("files")
        return show.Stack((loaded, proving.files_table(self)))

    @alone
    def balance(self) -> show.Stack:
        """Draw up what became of every record."""
        loading.note_held(self)
        found = balance(self.store)
        return show.Stack((charts.flow(found), balance_table(found)))

    def judge(self) -> Finding:
        """Say whether every record has a fate."""
        found = balance(self.store)
        return Finding(
            tuple(found.open_ends()),
            (
                ("distinct records", sum(t.distinct for t in found.resources)),
                ("created", sum(t.created for t in found.resources)),
                ("rejected", sum(t.rejected for t in found.resources)),
                ("unresolved", found.unresolved),
            ),
        )

    def _load(self, *stages: str) -> show.Table:
        return loading.as_table("Loaded", loading.load_all(self, stages=stages))


def balance_table(found: Balance) -> show.Table:
    """Show P1's arithmetic on one screen."""
    return show.Table(
        "distinct = created + updated + merged + excluded + rejected",
        ("resource", "reported", "rows", "distinct", "created", "updated", "merged", "excluded",
         "rejected", "unresolved"),
        [(t.name, "–" if t.reported is None else t.reported, t.rows, t.distinct, t.created,
          t.updated, t.merged, t.excluded, t.rejected, t.unresolved)
         for t in found.every],
    )  # fmt: skip
