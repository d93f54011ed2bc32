"""04 prepare: plan what Odoo needs, then make just that."""

from __future__ import annotations

from workbench import show
from workbench.errors import GateError
from workbench.mapping import Practitioner, invited, schema_needs
from workbench.mapping.model import INVITE, NAME_ONLY
from workbench.mapping.rows import SchemaNeeds
from workbench.odoo import (
    GROUP,
    ItemKind,
    Level,
    SchemaPlan,
    apply_schema,
    checklist,
    plan_schema,
    settle,
)
from workbench.phases import knowledge
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.state import Status

INVITED = (
    "An administrator invites them in Odoo (Settings > Users & Companies > Users), each with the "
    "e-mail address that the checklist names; then run this phase again. Or decide otherwise "
    "about them: another user's login, or `name only`."
)
"""What to do about users who are missing."""
_CHOICES = frozenset({ItemKind.SELECTION.value, ItemKind.STAGE.value})
"""What is in the schema because of single values: it may grow after a sample was approved."""


class Prepare(Steps):
    """The verbs of 04_prepare."""

    name = "prepare"

    @alone
    def plan(self) -> show.Table:
        """List every field, selection, stage, tag, group and view to be made, or there already."""
        settle(self.run.destination, self.store, module=self.config.module)
        plan = self._look()
        self.store.journey.set_document("schema_plan", plan.as_json())
        return show.Table(
            f"{len(plan.to_make())} of {len(plan.items)} are to be made",
            ("kind", "in", "name", "state"),
            [(i.kind.value, i.model, i.name, i.state.value) for i in plan.items],
        )

    @alone
    def apply(self) -> show.Lines:
        """Make what the plan lists; what is there already is left as it is.

        Raises:
            GateError: Odoo changed since the plan was shown, or a field of our name is
                there with another type.
        """
        held = self.store.journey.document("schema_plan")
        if not isinstance(held, dict):
            what = "prepare has no plan to apply."
            raise GateError(what, do="Run the plan step first.")
        with self.run.progress("making fields and views", unit="steps") as told:
            report = apply_schema(
                self.run.destination, self.store, SchemaPlan.from_json(held), phase=self.name
            )
            told(1, 1, "")
        if self.store.journey.phase("rollback").status is not Status.PENDING:
            self.store.journey.set_phase(
                "rollback", Status.PENDING, message="there is something to take out again"
            )
        after = self._look()
        stands = _what_stands(after)
        self.store.journey.set_document("schema", stands)
        self.store.journey.set_document("shape", [one for one in stands if one[0] not in _CHOICES])
        return show.Lines(
            "Odoo is prepared", [f"{len(report.made)} made", f"{report.existed} were there already"]
        )

    @alone
    def checklist(self) -> show.Stack:
        """Show what only a person can do, and the plan as a list for doing it all by hand."""
        return show.Stack(
            (
                show.Table("For an administrator of Odoo", ("what", "where"), self._by_person()),
                show.Table(
                    "The plan, for those who would rather do it by hand",
                    ("done", "where", "what", "how"),
                    [
                        ("✓" if row.done else "", row.where, row.what, row.how)
                        for row in checklist(self._look())
                    ],
                ),
            )
        )

    def _by_person(self) -> list[tuple[str, str]]:
        """List what no key may do: people's groups, new users, and what connect warned of."""
        mapping = knowledge.draft(self).mapping
        todo = []
        clinical = any(need.clinical for need in self._needs().fields)
        if clinical and self.config.migration.restrict_clinical_fields:
            todo.append((f"put those who should see clinical fields into the group {GROUP!r}",
                         "Settings > Users & Companies > Groups"))  # fmt: skip
        who = knowledge.practitioners(self.store)
        users = "Settings > Users & Companies > Users"
        for number in self._to_invite():
            mail = f"{_named(number, who[number])} <{who[number].email}>"
            todo.append((f"invite {mail} as a user: their appointments wait for it", users))
        todo += [
            (f"invite {_named(number, who[number])}, should they work in Odoo", users)
            for number, choice in sorted(mapping.practitioners.items())
            if choice == NAME_ONLY and number in who
        ]  # fmt: skip
        found = self.store.journey.document("preflight")
        findings = found if isinstance(found, list) else []
        todo += [(f"{f['what']} {f['do']}", f["subject"])
                 for f in findings if f["level"] != Level.FINE.value and f["do"]]  # fmt: skip
        return todo

    def _to_invite(self) -> list[str]:
        """Give the ids of those who were to be invited and are no user of Odoo yet."""
        users = knowledge.odoo_users(self, refresh=True)
        who = knowledge.practitioners(self.store)
        chosen = knowledge.draft(self).mapping.practitioners
        return [
            number
            for number, choice in sorted(chosen.items())
            if choice == INVITE and number in who and not invited(who[number], users)
        ]

    def judge(self) -> Finding:
        """Say whether all that the map needs is there; users are invited by a person."""
        plan = self._look()
        who = knowledge.practitioners(self.store)
        missing = [f"{i.kind.value} {i.name} is not there" for i in plan.to_make()]
        missing += [f"{i.kind.value} {i.name}: {i.why}" for i in plan.conflicts()]
        if self.store.journey.document("schema") is None:
            missing.append("the schema was not applied")
        waits = tuple(f"{_named(number, who[number])} is to be invited and is no user of Odoo yet"
                      for number in self._to_invite())  # fmt: skip
        return Finding(
            tuple(missing[:10]),
            (("needed", len(plan.items)), ("there", len(plan.items) - len(plan.to_make()))),
            do=INVITED if waits and not missing else "",
            waits=waits,
        )

    def _needs(self) -> SchemaNeeds:
        return schema_needs(knowledge.draft(self).mapping, stored=knowledge.stored(self))

    def _look(self) -> SchemaPlan:
        return plan_schema(
            self.run.destination,
            self._needs(),
            module=self.config.module,
            restrict_clinical=self.config.migration.restrict_clinical_fields,
        )


def _named(number: str, who: Practitioner) -> str:
    return who.name or f"practitioner {number}"


def _what_stands(plan: SchemaPlan) -> list[list[str]]:
    """Give what the approval of a sample rests on: names and kinds, not who made them."""
    return sorted([item.kind.value, item.model, item.name] for item in plan.items)
