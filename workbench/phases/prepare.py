"""04 prepare: plan what Odoo needs, then make just that."""

from __future__ import annotations

from workbench import show
from workbench.errors import GateError
from workbench.mapping import schema_needs
from workbench.mapping.model import NAME_ONLY
from workbench.odoo import (
    GROUP,
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
        self.store.journey.set_document("schema", _what_stands(after))
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
        clinical = any(need.clinical for need in schema_needs(mapping).fields)
        if clinical and self.config.migration.restrict_clinical_fields:
            todo.append((f"put those who should see clinical fields into the group {GROUP!r}",
                         "Settings > Users & Companies > Groups"))  # fmt: skip
        who = knowledge.practitioners(self.store)
        todo += [
            (f"invite {who[number].name or 'practitioner ' + number}, should they work in Odoo",
             "Settings > Users & Companies > Users")
            for number, choice in sorted(mapping.practitioners.items())
            if choice == NAME_ONLY and number in who
        ]  # fmt: skip
        found = self.store.journey.document("preflight")
        findings = found if isinstance(found, list) else []
        todo += [(f"{f['what']} {f['do']}", f["subject"])
                 for f in findings if f["level"] != Level.FINE.value and f["do"]]  # fmt: skip
        return todo

    def judge(self) -> Finding:
        """Say whether all that the map needs is there."""
        plan = self._look()
        missing = [f"{i.kind.value} {i.name} is not there" for i in plan.to_make()]
        missing += [f"{i.kind.value} {i.name}: {i.why}" for i in plan.conflicts()]
        if self.store.journey.document("schema") is None:
            missing.append("the schema was not applied")
        return Finding(
            tuple(missing[:10]),
            (("needed", len(plan.items)), ("there", len(plan.items) - len(plan.to_make()))),
        )

    def _look(self) -> SchemaPlan:
        return plan_schema(
            self.run.destination,
            schema_needs(knowledge.draft(self).mapping),
            module=self.config.module,
            restrict_clinical=self.config.migration.restrict_clinical_fields,
        )


def _what_stands(plan: SchemaPlan) -> list[list[str]]:
    """Give what the approval of a sample rests on: names and kinds, not who made them."""
    return sorted([item.kind.value, item.model, item.name] for item in plan.items)
