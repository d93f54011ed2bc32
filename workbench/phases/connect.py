"""01 connect: both ends reachable, what is there, and how long it will take."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench import show
from workbench.mapping import AppointmentsTo
from workbench.mapping.rows import FieldNeed
from workbench.mapping.usual import usual_fields
from workbench.odoo import Level, preflight
from workbench.phases import agreement, knowledge, looked_at, reading, workings
from workbench.phases.finding import Finding
from workbench.phases.reporting import write_preflight_report
from workbench.phases.steps import Steps, alone
from workbench.practicehub import walk
from workbench.progress import duration
from workbench.state import Status, WalkState

FIRST = "patients"


class Connect(Steps):
    """The verbs of 01_connect."""

    name = "connect"

    @alone
    def source(self) -> show.Lines:
        """Ask PracticeHub one question with the key, and keep the answer.

        Raises:
            SourceError: it is not reachable, or refuses the key.
        """
        self._first_page(FIRST)
        volume = self.store.source.volumes().get(FIRST)
        reported = volume.reported if volume else None
        return show.Lines(
            "PracticeHub answers and accepts the key",
            [
                f"account {self.config.practicehub.account}",
                f"{reported if reported is not None else 'an unknown number of'} patients",
                f"at most {self.config.practicehub.requests_per_second:g} request(s) a second",
            ],
        )

    @alone
    def totals(self) -> show.Table:
        """Ask for the first page of every resource: its total, or that it is not there."""
        with self.run.progress("first pages", unit="resources") as told:
            asked = reading.lists(self.run)
            for number, resource in enumerate(asked, start=1):
                self._first_page(resource.name)
                told(number, len(asked), "PracticeHub's one request a second")
        rows = [
            (walked.resource, "–" if walked.reported is None else walked.reported,
             reading.standing(walked))
            for walked in self.store.source.walks()
        ]  # fmt: skip
        return show.Table("What PracticeHub reports", ("resource", "records", ""), rows)

    @alone
    def destination(self) -> show.Stack:
        """Look at Odoo: version, modules, rights, and what could fire when records are made."""
        odoo = self.run.destination
        self.store.journey.set_meta("odoo_version", odoo.version().text)
        wanted, decided = self._wanted()
        with self.run.progress("looking at Odoo", unit="looks") as told:
            findings = preflight(odoo, self.config, wanted=wanted, decided=decided, told=told)
        kept = [{"level": f.level.value, "subject": f.subject, "what": f.what, "do": f.do}
                for f in findings]  # fmt: skip
        self.store.journey.set_document("preflight", kept)
        workings.look_at_odoo(self.run)
        write_preflight_report(self.run)
        return show.Stack(looked_at.tables(kept))

    def _wanted(self) -> tuple[tuple[FieldNeed, ...], bool]:
        """Give the custom fields that the map asks for; before there is one, the usual ones."""
        if self.store.journey.phase("map").status is Status.DONE:
            mapping = knowledge.draft(self).mapping
            return agreement.needs(mapping, knowledge.odoo_fields(self)).fields, True
        return usual_fields(AppointmentsTo(self.config.migration.appointments_to)), False

    def forecast(self) -> show.Stack:
        """Say how long extraction will take and how complex the migration is."""
        found = reading.forecast(self.run, clarity=knowledge.first_look(self))
        zone = self.config.practicehub.timezone
        return show.Stack(
            (
                show.Lines(
                    f"About {duration(found.seconds)} of reading",
                    [reading.ending(found, zone=zone, now=datetime.now(UTC)),
                     reading.files_ahead(found)],
                ),
                reading.complexity(found),
            )
        )  # fmt: skip

    def judge(self) -> Finding:
        """Say whether both ends were reached and nothing blocks."""
        walks = self.store.source.walks()
        present = [walked for walked in walks if walked.state is not WalkState.ABSENT]
        refused = sum(
            walked.state is WalkState.ABSENT and walked.note == reading.FORBIDDEN
            for walked in walks
        )
        missing = []
        if not any(walked.resource == FIRST for walked in present):
            missing.append("PracticeHub's patients were not reached")
        asked = {walked.resource for walked in walks}
        unasked = [one.name for one in reading.lists(self.run) if one.name not in asked]
        if unasked:
            missing.append(f"not asked for yet: {', '.join(unasked)}")
        found = self.store.journey.document("preflight")
        findings = found if isinstance(found, list) else []
        if not findings:
            missing.append("Odoo was not looked at")
        blockers = [f for f in findings if f["level"] == Level.BLOCKER.value]
        missing += [f"{f['subject']}: {f['what']}" for f in blockers]
        return Finding(
            tuple(missing),
            (
                ("resources in this account", len(present)),
                ("resources the key may not read", refused),
                ("records reported", sum(w.reported or 0 for w in present)),
                ("findings in Odoo", f"{len(findings)}: {looked_at.counted(findings)}"),
            ),
            do=" ".join(dict.fromkeys(f["do"] for f in blockers)),
        )

    def _first_page(self, resource: str) -> None:
        for _page in walk(self.run.source, self.store, resource, folder=self.run.folder, pages=1,
                          phase=self.name):  # fmt: skip
            pass
