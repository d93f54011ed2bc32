"""03 map: a person confirms what becomes what; the map is then binding."""

from __future__ import annotations

from workbench import panels, show
from workbench.errors import MappingError
from workbench.mapping import dump_yaml
from workbench.phases import gates, knowledge
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.private import write_private
from workbench.state import sha256

FILE = "mapping.yaml"


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
        return panels.fields(self.run)

    @alone
    def values(self) -> object:
        """Ask which value in Odoo stands for each value in PracticeHub."""
        knowledge.ask(self)
        return panels.values(self.run)

    @alone
    def practitioners(self) -> object:
        """Ask which Odoo user stands for each practitioner, of those Odoo has today."""
        knowledge.odoo_users(self, refresh=True)
        knowledge.ask(self)
        return panels.practitioners(self.run)

    @alone
    def confirm(self) -> show.Lines:
        """Write the confirmed map to mapping.yaml, once every question is decided.

        Raises:
            DecisionNeededError: headless, and questions are open.
            MappingError: what was decided does not fit together; names the field.
        """
        knowledge.ask(self)
        if self.need_decisions():
            return show.Lines(
                "Not confirmed yet",
                [f"{len(self.open_decisions())} question(s) are open in the panels above"],
            )
        found = knowledge.draft(self)
        if found.faults:
            faults = "\n".join(f"  {fault.where} {fault.what}" for fault in found.faults)
            what = f"The decisions do not fit together:\n{faults}"
            raise MappingError(what, do="Decide these fields anew, then confirm again.")
        mapping = knowledge.without_duplicates(found.mapping)
        text = dump_yaml(mapping)
        path = self.run.folder / FILE
        encoded = text.encode()
        write_private(path, encoded)
        with self.store.transaction():
            self.store.journey.set_document("mapping", {"hash": mapping.hash, "yaml": text})
            self.store.journey.add_artefact(
                FILE, kind="mapping", sha256=sha256(encoded), size=len(encoded)
            )
        return show.Lines(
            "The map is confirmed",
            [
                f"{len(mapping.rows)} fields have a disposition each",
                f"hash of the map {mapping.hash}",
                f"written to {path}",
            ],
        )

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
