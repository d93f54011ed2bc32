"""08 delta: what was created, changed or deleted in PracticeHub since the load."""

from __future__ import annotations

from workbench import show
from workbench.errors import GateError
from workbench.phases import cleansing, duplicates, gates, ground, knowledge, loading, reading
from workbench.phases.extract import fetch_all_files, read_everything
from workbench.phases.finding import Finding
from workbench.phases.migrate import balance_table
from workbench.phases.steps import Steps, alone
from workbench.practicehub import list_dangling
from workbench.proof import balance
from workbench.state import Issue, IssueKind, WalkState

_CONFIRM = (
    "Decide what is open, then `workbench run FILE`: it confirms the map, prepares Odoo for what "
    "is new and runs the delta again. The sample need not be approved again for a new value."
)
"""How what was decided reaches Odoo."""


class Delta(Steps):
    """The verbs of 08_delta."""

    name = "delta"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for fields, values, practitioners and duplicates that are new since."""
        return (*gates.MAP_PREFIXES, gates.DUPLICATE)

    @alone
    def look(self) -> show.Table:
        """Walk the source once more and compare every record by its content.

        A pass that was interrupted is gone on with; a finished one is followed by a new one.
        """
        generation = self._generation()
        before = {name: self._held(name) for name in self._names()}
        read_everything(self, generation=generation)
        rows = []
        for name in self._names():
            walked = self.store.source.walk(name, generation=generation)
            if walked is None or walked.state is not WalkState.DONE:
                continue
            now = self._held(name)
            gone = sorted(set(before[name]) - self.store.source.seen_in(name, generation))
            if gone:
                self.store.source.mark_gone(name, gone)
                self.store.staging.add_issues(
                    Issue(IssueKind.DELETED_IN_SOURCE, name, one, "", "not in the newest pass",
                          "kept in Odoo", self.name)
                    for one in gone
                )  # fmt: skip
            created = [one for one in now if one not in before[name]]
            changed = [one for one, sha in now.items() if before[name].get(one, sha) != sha]
            rows.append((name, len(created), len(changed), len(gone)))
        self.store.journey.set_document("delta", {"generation": generation, "rows": rows})
        fetch_all_files(self)
        knowledge.learn(self)
        cleansing.read_values(self)
        list_dangling(self.store, phase=self.name)
        duplicates.look(self)
        return show.Table(
            "Since the last pass",
            ("resource", "created", "changed", "deleted"),
            rows,
            note="What was deleted in PracticeHub is listed and stays in Odoo.",
        )

    @alone
    def apply(self) -> object:
        """Load what is new and write what changed; equal records cost no call.

        A record that waits for a decision is held back, and all others go on. What was held
        back is loaded by the delta after the decision.

        Raises:
            MappingError: what was decided does not fit together; names the field.
            GateError: something was decided since the map was confirmed.
        """
        draft = knowledge.fitting(self)
        if not ground.covers(self.store, draft.mapping):
            what = "Something was decided since the map was confirmed."
            raise GateError(what, do=_CONFIRM)
        duplicates.settle(self)
        cleansing.read_values(self)  # a field may have been decided about since
        loaded = loading.as_table("Brought over", loading.load_all(self))
        waiting = self.open_decisions()
        if not waiting:
            return loaded
        subjects = show.Table(
            f"{len(waiting)} decision(s) are open: records that wait for one were held back",
            ("subject", "question"),
            [(one.subject, one.question) for one in waiting],
            note=_CONFIRM,
        )
        return show.Stack((loaded, subjects))

    @alone
    def balance(self) -> show.Table:
        """Draw up what became of every record."""
        loading.note_held(self)
        return balance_table(balance(self.store))

    def judge(self) -> Finding:
        """Say whether the newest pass is complete and every record has a fate.

        While a decision is open, records wait for it: the phase then waits too, and the sums
        are judged once it is decided.
        """
        found = balance(self.store)
        missing = [] if self.open_decisions() else found.open_ends()
        document = self.store.journey.document("delta")
        rows = document["rows"] if isinstance(document, dict) else []
        if not isinstance(document, dict):
            missing.append("nobody looked")
        unread = cleansing.unread(self.store)
        if unread:
            missing.append(f"the values of {unread} record(s) are not checked")
        return Finding(
            tuple(missing),
            (
                ("created", sum(row[1] for row in rows)),
                ("changed", sum(row[2] for row in rows)),
                ("deleted", sum(row[3] for row in rows)),
                ("without a fate yet", found.unresolved),
            ),
        )

    def _generation(self) -> int:
        newest = self.store.source.last_generation()
        walks = self.store.source.walks(generation=newest)
        ended = {w.resource for w in walks if w.state is not WalkState.WALKING}
        complete = ended.issuperset(self._names())
        return newest + 1 if newest == 0 or complete else newest

    def _names(self) -> list[str]:
        return [resource.name for resource in reading.lists(self.run)]

    def _held(self, resource: str) -> dict[str, str]:
        return {r.source_id: r.sha256 for r in self.store.source.records(resource)}
