"""08 delta: what was created, changed or deleted in PracticeHub since the load."""

from __future__ import annotations

from typing import Any

from workbench import panels, show
from workbench.errors import GateError
from workbench.phases import (
    cleansing,
    conflicts,
    departed,
    duplicates,
    gates,
    ground,
    knowledge,
    loading,
    looks,
    reading,
    vanished,
)
from workbench.phases.extract import fetch_all_files, read_everything
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.practicehub import list_dangling, unstamped
from workbench.proof import balance
from workbench.reports import balance_table
from workbench.state import WalkState

_CONFIRM = (
    "Decide what is open, then `workbench run FILE`: it confirms the map, prepares Odoo for what "
    "is new and runs the delta again. The sample need not be approved again for a new value."
)
"""How what was decided reaches Odoo."""


class Delta(Steps):
    """The verbs of 08_delta."""

    name = "delta"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for what is new to the map, for duplicates, conflicts, and what was deleted."""
        return (*gates.MAP_PREFIXES, gates.DUPLICATE, conflicts.PREFIX, *departed.PREFIXES)

    @alone
    def look(self, *, whole: bool = True) -> show.Table:
        """Read the source once more and tell what is new, what has changed and what is gone.

        A look that was interrupted is gone on with; a finished one is followed by a new one.
        What is counted is all that happened since the last delta that was carried out.

        Args:
            whole: read every list whole and compare all of it by content. False: ask only for
                what changed where PracticeHub is shown to tell; an edit that leaves the time
                of change as it was is then found by the next whole look.
        """
        before = looks.last(self.store)
        generation = self._generation(before, whole=whole)
        since = looks.first_untold(before, generation)
        trusted = looks.stamped(self.store)
        read_everything(
            self, generation=generation, by_time=lambda name: not whole and trusted(name)
        )
        self._learn_about_times(generation)
        fetch_all_files(self)
        knowledge.learn(self)
        cleansing.read_values(self)
        list_dangling(self.store, phase=self.name)
        duplicates.look(self)
        departed.look(self)
        walks = self.store.source.walks(generation=generation)
        looks.keep(
            self.store, generation=generation, since=since,
            by_time=[walked.resource for walked in walks if walked.since],
            rows=looks.count(self.store, [w.resource for w in walks if w.state is WalkState.DONE],
                             since=since, until=generation),
        )  # fmt: skip
        return looks.table(self.store)

    def deleted(self) -> show.Table:
        """List what PracticeHub has no longer, record by record, and what becomes of it."""
        return show.Table(
            "Gone from PracticeHub",
            ("resource", "record", "what happened", "in Odoo"),
            departed.rows(self.store),
            note="Nothing is deleted in Odoo. What is archived there can be brought back.",
        )

    @alone
    def apply(self) -> object:
        """Load what is new and write what changed; equal records cost no call.

        A record that waits for a decision is held back, and so is a field that somebody changed
        in Odoo; all others go on. What was held back is loaded by the delta after the decision.

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
        vanished.make_anew(self)
        shown = [loading.as_table("Brought over", loading.load_all(self))]
        shown += [found] if (found := departed.apply(self)) is not None else []
        vanished.look(self)
        looks.carried_out(self.store)
        return show.Stack(tuple(shown)) if len(shown) > 1 else shown[0]

    def changes(self) -> object:
        """Ask about fields that somebody changed in Odoo, and about what was deleted."""
        return panels.changes(self.run)

    @alone
    def balance(self) -> show.Table:
        """Draw up what became of every record."""
        return balance_table(balance(self.store))

    def judge(self) -> Finding:
        """Say whether the newest pass is complete and every record has a fate.

        While a decision is open, records wait for it: the phase then waits too, and the sums
        are judged once it is decided.
        """
        loading.note_held(self)
        found = balance(self.store)
        missing = [] if self.open_decisions() else found.open_ends()
        look = looks.last(self.store)
        if look is None:
            missing.append("nobody looked")
        unread = cleansing.unread(self.store)
        if unread:
            missing.append(f"the values of {unread} record(s) are not checked")
        missing += vanished.told(self.store)
        totals = looks.totals(look)
        return Finding(
            tuple(missing),
            (
                ("created", totals.created),
                ("changed", totals.changed),
                ("deleted", totals.deleted),
                ("made anew under another id", totals.anew),
                ("lists not read whole", len(look.by_time) if look else 0),
                ("without a fate yet", found.unresolved),
            ),
        )

    def _generation(self, before: looks.Look | None, *, whole: bool) -> int:
        newest = self.store.source.last_generation()
        walks = self.store.source.walks(generation=newest)
        ended = {w.resource for w in walks if w.state is not WalkState.WALKING}
        complete = ended.issuperset(resource.name for resource in reading.lists(self.run))
        finished = complete and before is not None and before.generation >= newest
        in_part = whole and any(w.since and w.state is WalkState.DONE for w in walks)
        return newest + 1 if newest == 0 or finished or in_part else newest

    def _learn_about_times(self, generation: int) -> None:
        """Note of which resources an edit was met that left the time of change as it was."""
        zone: Any = self.config.practicehub.timezone
        for walked in self.store.source.walks(generation=generation):
            missed = unstamped(self.store, walked.resource, generation=generation, zone=zone)
            if missed:
                looks.distrust(self.store, walked.resource, missed)
