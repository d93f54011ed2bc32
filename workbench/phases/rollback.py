"""10 rollback: take out what was made, as it was before."""

from __future__ import annotations

from functools import cached_property

from workbench import panels, show
from workbench.errors import DecisionNeededError
from workbench.odoo import RollbackPlan, apply_rollback, plan_rollback
from workbench.panels import RollbackDesk
from workbench.phases import gates, linking
from workbench.phases.finding import Finding
from workbench.phases.reporting import write_rollback
from workbench.phases.steps import Steps, alone
from workbench.state import Status

UNDONE = ("prepare", "sample", "migrate", "delta", "reconcile")
"""The phases whose work a rollback takes out; they can be gone through again."""
_NOT_BACK = "record(s) or former value(s) of this run's are still as the run left them"
_CONFIRM = "`workbench rollback DIR --yes`, or confirm it in 10_rollback.ipynb."


class Rollback(Steps):
    """The verbs of 10_rollback."""

    name = "rollback"

    @cached_property
    def _plan(self) -> RollbackPlan:
        return plan_rollback(self.run.destination, self.store, module=self.config.module)

    @alone
    def plan(self) -> show.Stack:
        """Look at what Odoo holds now: what will go, what will stay and why."""
        self.__dict__.pop("_plan", None)  # a cell run again looks again
        plan = self._plan
        self.store.journey.set_document("rollback", plan.as_json())
        return show.Stack(
            (
                show.Table(
                    "Will be taken out, in this order",
                    ("model", "records"),
                    [(part.model, len(part.ids)) for part in plan.remove],
                ),
                show.Table(
                    "Will stay, because people changed it since",
                    ("record", "reason"),
                    [(kept.external_id, kept.reason) for kept in plan.keep],
                    note=f"{len(plan.restore)} record(s) get back what they held before.",
                ),
            )
        )

    @alone
    def confirm(self) -> object:
        """Ask for the database's name before anything is taken out."""
        return panels.rollback(self.run, self._plan)

    def approve(self, *, by: str) -> None:
        """Record the confirmation of the plan as it stands, for the command line's --yes."""
        self._desk().confirm(self.config.odoo.database, by=by)

    def _desk(self) -> RollbackDesk:
        return RollbackDesk(
            self.store, plan_hash=self._plan.hash, database=self.config.odoo.database
        )

    @alone
    def apply(self) -> show.Table | show.Lines:
        """Take it out: children before parents, before-images put back, the schema last.

        Raises:
            DecisionNeededError: nobody confirmed this plan.
        """
        plan = self._plan
        empty = not (plan.remove or plan.restore or plan.unlink)
        if not empty and not self._desk().confirmed:
            if self.run.headless:
                raise DecisionNeededError(self._unconfirmed(), do=_CONFIRM)
            return show.Lines("Not confirmed yet", ["type the database's name in the panel above"])
        with self.run.progress("taking out", unit="records") as told:
            report = apply_rollback(
                self.run.destination,
                self.store,
                plan,
                on_progress=lambda done: told(done, plan.records, ""),
            )
        with self.store.transaction():
            self.store.proof.clear_outcomes()
            linking.forget(self.store)
            for phase in UNDONE:
                if self.store.journey.phase(phase).status is not Status.PENDING:
                    self.store.journey.set_phase(
                        phase, Status.PENDING, message="taken out by a rollback"
                    )
            removed = sum(report.removed.values())
            self.store.journey.set_document(
                "rolled_back",
                {"plan": plan.hash, "removed": removed, "restored": report.restored,
                 "kept": len(report.kept)},
            )  # fmt: skip
        del self._plan
        return show.Table(
            f"{removed:,} records removed, {report.restored:,} put back as they were",
            ("stays", "record", "reason"),
            [("kept", k.external_id, k.reason) for k in report.kept]
            + [("refused by Odoo", k.external_id, k.reason) for k in report.stuck],
        )

    @alone
    def prove(self) -> show.Table:
        """Look again: nothing that this run made is left, but for what was kept."""
        left = plan_rollback(self.run.destination, self.store, module=self.config.module)
        self.store.journey.set_document("rollback_left", {"left": left.records + len(left.restore)})
        write_rollback(self.run, left=left)
        return show.Table(
            "Still in Odoo of what this run made",
            ("model", "records"),
            [(part.model, len(part.ids)) for part in left.remove],
            note=f"{len(left.keep)} record(s) were kept on purpose; "
            f"{len(left.restore)} did not get back what they held before.",
        )

    def result(self) -> show.Lines:
        """Say how the last rollback ended, from the state."""
        kept = self.store.journey.document("rolled_back")
        number = kept["kept"] if isinstance(kept, dict) else 0
        found = self.store.journey.document("rollback_left")
        left = found["left"] if isinstance(found, dict) else 0
        but = [f"{number} record(s) were kept, because people changed them since"] if number else []
        but += [f"{left} {_NOT_BACK}"] if left else []
        return show.Lines(
            f"{self.config.odoo.database} is as it was before this run" + (", but for" * bool(but)),
            but,
        )

    def judge(self) -> Finding:
        """Say whether anything that this run made is left in Odoo."""
        found = self.store.journey.document("rollback_left")
        left = found["left"] if isinstance(found, dict) else None
        if left is None:
            return Finding(("nobody looked whether anything is left",))
        stuck = left and self._applied()
        missing = (f"{left} {_NOT_BACK}",) if stuck else ()
        return Finding(missing, (("left in Odoo", left),))

    def need_decisions(self) -> bool:
        """Wait while there is something to take out and nobody has confirmed the plan."""
        found = self.store.journey.document("rollback_left")
        if self._applied() or not (isinstance(found, dict) and found["left"]):
            return False
        self.store.journey.set_phase(
            self.name, Status.WAITING, message="nobody confirmed the plan",
            basis=gates.basis(self.store, self.name),
        )  # fmt: skip
        if self.run.headless:
            raise DecisionNeededError(self._unconfirmed(), do=_CONFIRM)
        return True

    def _applied(self) -> bool:
        """Tell whether the plan that was looked at last is the one that was carried out."""
        done = self.store.journey.document("rolled_back")
        looked_at = self.store.journey.document_hash("rollback")
        return isinstance(done, dict) and done.get("plan") == looked_at

    def _unconfirmed(self) -> str:
        return f"rollback: nobody confirmed what is taken out of {self.config.odoo.database}."
