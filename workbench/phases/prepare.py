"""04 prepare: plan what Odoo needs, let a person agree, then make just that."""

from __future__ import annotations

from typing import Any, cast

from workbench import panels, show
from workbench.errors import GateError
from workbench.mapping.model import NAME_ONLY
from workbench.odoo import (
    GROUP,
    ItemKind,
    ItemState,
    Level,
    SchemaItem,
    SchemaPlan,
    apply_schema,
    plan_schema,
    settle,
    shape,
    to_do_by_hand,
)
from workbench.phases import agreement, by_hand, inviting, knowledge
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.state import Status, digest

WAITING = (
    "The checklist says of each what to do in Odoo; then run this phase again. Or decide "
    "otherwise about them: another user's login, or `name only`."
)
"""What to do about practitioners who could not be made users."""
HANDS = (
    "Make them in Odoo by reports/schema_checklist.html in the run folder, then run this phase "
    "again: it looks. Or decide `schema: apply`, and the workbench makes what is missing."
)
"""What to do about what a person wanted to make by hand."""
_PLAN, _ASKED = "schema_plan", "schema_by_hand"
_SHOWN = 10
"""How many missing things a sentence names; the checklist names them all."""


class Prepare(Steps):
    """The verbs of 04_prepare."""

    name = "prepare"

    def prefixes(self) -> tuple[str, ...]:
        """Wait until a person has agreed to what is made."""
        return (agreement.SUBJECT,)

    @alone
    def plan(self) -> show.Table:
        """Compare what the map needs with what Odoo has; writes nothing there."""
        settle(self.run.destination, self.store, module=self.config.module)
        knowledge.ask_about_schema(self)
        plan = self._look()
        held = {**plan.as_json(), "wanted": _exactly(self._wanted())}
        self.store.journey.set_document(_PLAN, held)
        by_kind = {kind: [i.state for i in plan.items if i.kind is kind] for kind in ItemKind}
        return show.Table(
            f"{len(plan.to_make())} of {len(plan.items)} are to be made",
            ("kind", "to make", "there already", "in the way"),
            [(kind.value, *(found.count(state) for state in
                            (ItemState.MAKE, ItemState.EXISTS, ItemState.CONFLICT)))
             for kind, found in by_kind.items() if found],
            note=inviting.foreseen(self),
        )  # fmt: skip

    @alone
    def schema(self) -> object:
        """Show the whole plan, and ask a person who makes it."""
        self._planned()
        return panels.schema(self.run)

    @alone
    def apply(self) -> show.Lines:
        """Make what was agreed to; what is there already is left as it is.

        Raises:
            DecisionNeededError: headless, and nobody has agreed to this schema.
            GateError: the map or Odoo changed since the plan was shown, or something of our
                name is there and does not fit.
        """
        knowledge.ask_about_schema(self)
        if self.need_decisions():
            return show.Lines("Nothing is made yet", ["a person has to agree in the panel above"])
        plan, wanted = self._planned()
        decision = self.store.decisions.get(agreement.SUBJECT)
        now = self._wanted()
        if decision is None or decision.basis != digest(shape(now)) or wanted != _exactly(now):
            what = "The map changed since the schema was planned."
            raise GateError(what, do="Run the plan step again, and look at the plan.")
        said = panels.agreed(self.store)
        self._undoable()  # before anything is made: it may be killed in the midst of it
        if decision.choice == agreement.BY_HAND:
            return self._left_to_hands(said)
        with self.run.progress("making fields and views", unit="steps") as told:
            report = apply_schema(self.run.destination, self.store, plan, phase=self.name)
            told(1, 1, "")
        self._keep(self._look())
        return show.Lines(
            "Odoo is prepared",
            [f"{len(report.made)} made", f"{report.existed} were there already", said],
        )

    def _left_to_hands(self, said: str) -> show.Lines:
        """See how far a person is, and go on once what a load relies on is there and fits."""
        plan = self._look()
        asked = {*self._asked(), *(item.title for item in plan.to_make())}
        self.store.journey.set_document(_ASKED, sorted(asked))
        missing = to_do_by_hand(plan, asked=asked)
        if not missing:
            self._keep(plan)
            return show.Lines("Odoo is prepared", ["all that is needed was made by hand", said])
        return show.Lines("Left to a person's hands", [*_some(missing), said])

    def _asked(self) -> list[str]:
        """List the titles of what a person was asked to make by hand."""
        return cast("list[str]", self.store.journey.document(_ASKED) or [])

    def _keep(self, after: SchemaPlan) -> None:
        """Keep what the later phases rest on: what stands in Odoo, and the shape agreed to."""
        self.store.journey.set_document("schema", _what_stands(after))
        self.store.journey.set_document("shape", shape(self._wanted()))

    def _planned(self) -> tuple[SchemaPlan, str]:
        """Give the plan that was shown, and the digest of what it was made for."""
        held = self.store.journey.document(_PLAN)
        if not isinstance(held, dict):
            what = "prepare has no plan to apply."
            raise GateError(what, do="Run the plan step first.")
        found = cast("dict[str, Any]", held)
        return SchemaPlan.from_json(found), str(found.get("wanted", ""))

    def _undoable(self) -> None:
        if self.store.journey.phase("rollback").status is not Status.PENDING:
            self.store.journey.set_phase(
                "rollback", Status.PENDING, message="there is something to take out again"
            )

    @alone
    def users(self) -> show.Table | show.Lines:
        """Make users of the practitioners who were decided to be invited; no mail goes out.

        Raises:
            DecisionNeededError: headless, and nobody has agreed to what is made.
        """
        if self.need_decisions():
            return show.Lines("No user is made yet", ["a person has to agree in the panel above"])
        if inviting.wanted(self):
            self._undoable()
        return inviting.make(self)

    @alone
    def checklist(self) -> show.Stack:
        """Show what only a person can do, and write how to make all of it by hand."""
        plan = self._look()
        page = by_hand.write(self.run, plan)
        return show.Stack(
            (
                show.Table("For an administrator of Odoo", ("what", "where"), self._by_person()),
                by_hand.table(plan),
                show.Lines("To be handed on", [f"{page}, and the same as CSV beside it"]),
            )
        )

    def _by_person(self) -> list[tuple[str, str]]:
        """List what no key may do: people's groups, new users, and what connect warned of."""
        mapping = knowledge.draft(self).mapping
        todo = []
        if any(item.kind is ItemKind.GROUP for item in self._wanted()):
            todo.append((f"put those who should see clinical fields into the group {GROUP!r}",
                         "Settings > Users & Companies > Groups"))  # fmt: skip
        todo += inviting.by_person(self.store, inviting.look(self))
        who = knowledge.practitioners(self.store)
        todo += [
            (f"invite {who[number].name or f'practitioner {number}'}, should they work in Odoo",
             inviting.USERS)
            for number, choice in sorted(mapping.practitioners.items())
            if choice == NAME_ONLY and number in who
        ]  # fmt: skip
        found = self.store.journey.document("preflight")
        findings = found if isinstance(found, list) else []
        todo += [(f"{f['what']} {f['do']}", f["subject"])
                 for f in findings if f["level"] != Level.FINE.value and f["do"]]  # fmt: skip
        return todo

    def judge(self) -> Finding:
        """Say whether all that the map needs is there, users among it."""
        plan, waits = self._look(), inviting.waits(inviting.look(self, refresh=True))
        facts = (("needed", len(plan.items)), ("there", len(plan.items) - len(plan.to_make())),
                 ("schema", panels.agreed(self.store)))  # fmt: skip
        if self.open_decisions():
            return Finding(facts=facts)
        if self.store.decisions.choice(agreement.SUBJECT) == agreement.BY_HAND:
            todo = _some(to_do_by_hand(plan, asked=self._asked()))
            if todo:
                return Finding(facts=facts, do=HANDS, waits=tuple(todo))
            missing = []
        else:
            missing = [f"{one.title} is not there" for one in plan.to_make()]
            missing += [f"{one.title}: {one.why}" for one in plan.conflicts()]
        if self.store.journey.document("schema") is None:
            missing.append("the schema was not applied")
        return Finding(
            tuple(missing[:_SHOWN]),
            facts,
            do=WAITING if waits and not missing else "",
            waits=waits,
        )

    def _wanted(self) -> list[SchemaItem]:
        mapping = knowledge.draft(self).mapping
        return agreement.items(self.config, mapping, knowledge.odoo_fields(self))

    def _look(self) -> SchemaPlan:
        mapping = knowledge.draft(self).mapping
        return plan_schema(
            self.run.destination,
            agreement.needs(mapping, knowledge.odoo_fields(self)),
            module=self.config.module,
            restrict_clinical=self.config.migration.restrict_clinical_fields,
        )


def _some(told: list[str]) -> list[str]:
    more = len(told) - _SHOWN
    return [*told[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _exactly(items: list[SchemaItem]) -> str:
    """Hash what is wanted down to the last label, for a plan is of just that."""
    return digest([[one.kind.value, one.model, one.name, dict(one.detail)] for one in items])


def _what_stands(plan: SchemaPlan) -> list[list[str]]:
    """Give what a delta rests on: names and kinds of what is there, not who made it."""
    there = [item for item in plan.items if item.state is ItemState.EXISTS]
    return sorted([item.kind.value, item.model, item.name] for item in there)
