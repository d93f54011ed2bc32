"""07 migrate: the full load, in dependency order."""

from __future__ import annotations

from workbench import show
from workbench.phases import conflicts, duplicates, loading, proving
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.proof import balance
from workbench.reports import balance_table, charts


class Migrate(Steps):
    """The verbs of 07_migrate."""

    name = "migrate"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for fields that somebody had changed in Odoo before they were loaded from here."""
        return (conflicts.PREFIX,)

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
        found = balance(self.store)
        return show.Stack((charts.flow(found), balance_table(found)))

    def judge(self) -> Finding:
        """Say whether every record has a fate."""
        loading.note_held(self)
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
