"""03 map: a person confirms what becomes what; the map is then binding."""

from __future__ import annotations

from dataclasses import replace

from workbench import panels, show
from workbench.mapping import at_stake, dump_yaml, next_clinic
from workbench.mapping.combiners import practitioner_subject
from workbench.mapping.next_clinic import for_next_clinic
from workbench.phases import agreement, fields, gates, ground, knowledge, reporting
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.private import write_private
from workbench.state import sha256

FILE, TEMPLATE = "mapping.yaml", "mapping-template.yaml"


class Map(Steps):
    """The verbs of 03_map."""

    name = "map"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for fields, values and practitioners."""
        return gates.MAP_PREFIXES

    @alone
    def fields(self) -> object:
        """Ask what becomes of each field."""
        knowledge.ask(self)
        return panels.fields(self.run, lambda: fields.facts(self))

    @alone
    def values(self) -> object:
        """Ask which value in Odoo stands for each value in PracticeHub."""
        knowledge.offered(self, refresh=True)
        knowledge.ask(self)
        return panels.values(self.run)

    @alone
    def practitioners(self) -> object:
        """Ask which Odoo user stands for each practitioner, of those Odoo has today.

        Above the questions stand those without a user, and those who left the clinic, with
        the number of appointments at stake.
        """
        knowledge.odoo_users(self, refresh=True)
        asked = knowledge.ask(self)
        return show.Stack((self._at_stake(asked), panels.practitioners(self.run)))

    def _at_stake(self, asked: knowledge.Asked) -> show.Table:
        found = at_stake(
            knowledge.practitioners(self.store),
            knowledge.odoo_users(self),
            asked.visits,
            active=knowledge.at_work(self.store),
        )
        return show.Table(
            f"{len(found)} practitioner(s) without a user in Odoo, or no longer at work",
            ("practitioner", "appointments", "at work", "in Odoo", "decided"),
            [(one.name or f"practitioner {one.number}", one.appointments,
              "yes" if one.at_work else "no", one.reason,
              asked.choice(practitioner_subject(one.number)) or "open")
             for one in found],
        )  # fmt: skip

    @alone
    def confirm(self) -> show.Lines:
        """Write the confirmed map to mapping.yaml, once every question is decided.

        Beside it mapping-template.yaml: what of it another clinic can start from.

        Raises:
            DecisionNeededError: headless, and questions are open.
            MappingError: what was decided does not fit together; names the field.
        """
        asked = knowledge.ask(self)
        if self.need_decisions():
            return show.Lines(
                "Not confirmed yet",
                [f"{len(self.open_decisions())} question(s) are open in the panels above"],
            )
        found = knowledge.fitting(self)
        account = self.config.practicehub.account
        mapping = replace(knowledge.without_duplicates(found.mapping), account=account)
        text = dump_yaml(mapping)
        counts = {field: known.values for field, known in asked.lists.items()}
        start = dump_yaml(for_next_clinic(mapping, counts), head=next_clinic.HEAD)
        written = {FILE: text.encode(), TEMPLATE: start.encode()}
        for name, content in written.items():
            write_private(self.run.folder / name, content)
        with self.store.transaction():
            self.store.journey.set_document("mapping", {"hash": mapping.hash, "yaml": text})
            ground.lay(self.store, mapping)
            for name, content in written.items():
                self.store.journey.add_artefact(
                    name, kind="mapping", sha256=sha256(content), size=len(content)
                )
        page = reporting.write_map(self)
        return show.Lines(
            "The map is confirmed",
            [
                f"{len(mapping.rows)} fields have a disposition each",
                f"hash of the map {mapping.hash}",
                f"written to {self.run.folder / FILE}",
                *self._schema(),
                f"another clinic can start from {TEMPLATE}, beside it",
                f"for the administrator of Odoo: {page}",
            ],
        )

    def _schema(self) -> list[str]:
        """Say what this map asks of Odoo, and whether a person has agreed to it."""
        asked = self.store.decisions.get(agreement.SUBJECT)
        return [f"{asked.question} {panels.agreed(self.store)}"] if asked else []

    def judge(self) -> Finding:
        """Say whether every question is decided and the map is written."""
        missing = []
        if not self.open_decisions() and self.store.journey.document("mapping") is None:
            missing.append("the map was not confirmed")
        decided = [d for prefix in self.prefixes() for d in self.store.decisions.questions(prefix)]
        return Finding(
            tuple(missing),
            (
                ("decided", sum(1 for d in decided if not d.is_open)),
                ("open", sum(1 for d in decided if d.is_open)),
            ),
        )
