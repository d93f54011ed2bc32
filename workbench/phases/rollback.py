"""10 rollback: take out what was made, as it was before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, cast

from workbench import panels, show
from workbench.errors import DecisionNeededError, UsageError
from workbench.odoo import (
    RollbackPlan,
    RollbackReport,
    apply_rollback,
    demand,
    plan_rollback,
)
from workbench.panels import RollbackDesk
from workbench.panels.rollback import Tell
from workbench.phases import conflicts, departed, gates, linking, proving
from workbench.phases.finding import Finding
from workbench.phases.reporting import write_rollback
from workbench.phases.steps import Steps, alone
from workbench.state import Status

if TYPE_CHECKING:
    from workbench.run import Run

UNDONE = ("prepare", "sample", "migrate", "delta", "reconcile")
"""The phases whose work a rollback takes out; they can be gone through again."""
_PLAN, _TAKE, _DONE, _LEFT = "rollback", "rollback_take", "rolled_back", "rollback_left"
"""Documents: the plan looked at last, what it takes along, what was done, what is left."""
_NOT_BACK = "record(s) or former value(s) of this run's are still as the run left them"
_CONFIRM = "`workbench rollback DIR --yes`, or confirm it in 10_rollback.ipynb."
_BEGUN = "begun, and not carried out to the end: run it again"
_SHOWN = 5
"""How many records a sentence names; the report names them all."""


class Rollback(Steps):
    """The verbs of 10_rollback."""

    name = "rollback"

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._made: RollbackPlan | None = None

    @property
    def _plan(self) -> RollbackPlan:
        """Give the plan that was made last; after a restart of the kernel it is made anew."""
        return self._made or self._look(self._taken_along())

    def _look(self, take: Collection[str]) -> RollbackPlan:
        self._made = plan_rollback(
            self.run.destination, self.store, module=self.config.module, take=frozenset(take)
        )
        return self._made

    def _taken_along(self) -> frozenset[str]:
        return frozenset(cast("list[str]", self.store.journey.document(_TAKE) or []))

    @alone
    def replan(self, take: Collection[str]) -> RollbackPlan:
        """Look again, with what is to be taken along; the steps after it go by this plan."""
        plan = self._look(take)
        with self.store.transaction():
            if self._taken_along() != frozenset(take):
                self.store.journey.set_document(_TAKE, sorted(take))
            self.store.journey.set_document(_PLAN, plan.as_json())
        return plan

    @alone
    def replan_all(self) -> RollbackPlan:
        """Look again, with all taken along that can be."""
        plan, take = self.replan(frozenset()), frozenset[str]()
        while more := {item.external_id for item in plan.keep if item.takes} - take:
            take |= more
            plan = self.replan(take)
        return plan

    @alone
    def plan(self) -> show.Stack:
        """Look at what Odoo holds now: what will go, what will stay and why."""
        plan = self.replan(self._taken_along())  # a cell run again looks again
        parts = [
            show.Table(
                "Will be taken out, in this order",
                ("model", "records"),
                [(part.model, len(part.ids)) for part in plan.remove],
            ),
            show.Table(
                "Will stay, because people changed it since",
                ("record", "reason", "may be taken along", "then"),
                [(kept.external_id, kept.reason, "yes" if kept.takes else "no",
                  kept.follows if kept.takes else "") for kept in plan.keep],
                note=f"{len(plan.restore)} record(s) get back what they held before.",
            ),
        ]  # fmt: skip
        if plan.taken:
            parts.append(show.Table(
                "Will be taken along, although people changed it since",
                ("record", "reason it would stay", "what becomes of other people's"),
                [(one.external_id, one.reason, one.follows) for one in plan.taken],
            ))  # fmt: skip
        if plan.blockers:
            parts.append(show.Table(
                "Would stop it half-way, so it cannot begin",
                ("what", "why"), [(one.about, one.what) for one in plan.blockers],
            ))  # fmt: skip
        return show.Stack(tuple(parts))

    def known(self, names: Collection[str]) -> None:
        """Refuse names that never were external ids of this run.

        Raises:
            UsageError: names the first of them.
        """
        strange = sorted(set(names) - self.store.destination.ever_linked(names))
        if strange:
            what = f"This run has nothing called {', '.join(strange[:_SHOWN])}."
            raise UsageError(what, do="The plan lists what stays, by external id.")

    @alone
    def confirm(self) -> object:
        """Show the plan, ask for the database's name, and carry it out on one click."""
        return panels.rollback(self.run, self._plan, go=self.go, replan=self.replan)

    def approve(self, *, by: str) -> None:
        """Record the confirmation of the plan as it stands, for the command line's --yes.

        Raises:
            GateError: something would stop it half-way.
        """
        demand(self._plan)
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
            GateError: something would stop it half-way; nothing was removed.
        """
        plan = self._plan
        if plan.empty and not plan.gone and self._document(_DONE).get("ended"):
            return show.Lines("Done already", self._account())
        if not plan.empty and not self._desk().confirmed:
            if self.run.headless:
                raise DecisionNeededError(self._unconfirmed(), do=_CONFIRM)
            return show.Lines("Not confirmed yet", ["type the database's name in the panel above"])
        report = self._carry_out(plan)
        return show.Table(
            self._account()[0],
            ("stays", "record", "reason"),
            [("kept", k.external_id, k.reason) for k in report.kept]
            + [("refused by Odoo", k.external_id, k.reason) for k in report.stuck],
        )

    @alone
    def go(self, tell: Tell) -> list[str]:
        """Carry out the plan that was confirmed, look again, and give the proof.

        Args:
            tell: told how many records of how many are out.

        Raises:
            DecisionNeededError: nobody confirmed this plan.
            GateError: something would stop it half-way; nothing was removed.
        """
        plan = self._plan
        if not plan.empty and not self._desk().confirmed:
            raise DecisionNeededError(self._unconfirmed(), do=_CONFIRM)
        report = self._carry_out(plan, tell=tell)
        self.prove()
        stuck = [f"{item.external_id}: {item.reason}" for item in report.stuck]
        return [*self._account(), *stuck, *repr(self.result()).splitlines()]

    def _carry_out(self, plan: RollbackPlan, *, tell: Tell | None = None) -> RollbackReport:
        demand(plan)
        self._begin(plan)
        with self.run.progress("taking out", unit="records") as told:
            report = apply_rollback(
                self.run.destination,
                self.store,
                plan,
                on_progress=_both(lambda done: told(done, plan.records, ""), tell, plan.records),
            )
        self._end(report)
        self._made = None
        return report

    def _begin(self, plan: RollbackPlan) -> None:
        """Note before the first removal that nothing stands as it did: it may be killed."""
        done = self._document(_DONE)
        again = done and not done.get("ended")
        since = done["since"] if again else self.store.destination.last_operation()
        with self.store.transaction():
            for phase in UNDONE:
                if self.store.journey.phase(phase).status is not Status.PENDING:
                    self.store.journey.set_phase(
                        phase, Status.PENDING, message="taken out by a rollback"
                    )
            self.store.journey.set_phase(
                self.name, Status.FAILED, message=_BEGUN,
                basis=gates.basis(self.store, self.name),
            )  # fmt: skip
            self.store.proof.clear_outcomes()
            self.store.journey.set_meta(proving.SAMPLE_STALE, "it was taken out of Odoo")
            self.store.journey.set_document(
                _DONE, {"plan": plan.hash, "since": since, "ended": False}
            )

    def _end(self, report: RollbackReport) -> None:
        done = self._document(_DONE)
        since = cast("int", done["since"])
        count = self.store.destination.done_since
        with self.store.transaction():
            linking.forget(self.store)
            conflicts.forget(self.store)
            departed.forget(self.store)
            self.store.journey.set_document(_TAKE, [])
            self.store.journey.set_document(
                _DONE,
                {**done, "ended": True, "removed": count(since, "rollback", "unlink"),
                 "restored": count(since, "rollback", "restore"),
                 "kept": [[one.external_id, one.reason] for one in report.kept],
                 "stuck": [[one.external_id, one.reason] for one in report.stuck]},
            )  # fmt: skip

    @alone
    def prove(self) -> show.Table:
        """Look again: nothing that this run made is left, but for what was kept."""
        done = self._document(_DONE)
        stuck = dict(_pairs(done.get("stuck")))
        hold = {**dict(_pairs(done.get("kept"))), **stuck}
        left = plan_rollback(self.run.destination, self.store, module=self.config.module, hold=hold)
        still = [item for item in left.keep if item.external_id in stuck]
        number = left.records + len(left.restore) + len(still)
        counts = {"removed": done.get("removed", 0), "restored": done.get("restored", 0),
                  "kept": len(left.keep) - len(still), "left": number}  # fmt: skip
        with self.store.transaction():
            self.store.journey.set_document(_LEFT, counts)
            self.store.ledger.append("rolled back", self.config.odoo.database, detail=counts)
            if self._applied():
                self._note_end(self.judge())
        write_rollback(self.run, left=left)
        return show.Table(
            "Still in Odoo of what this run made",
            ("model", "records"),
            [(part.model, len(part.ids)) for part in left.remove]
            + [(item.model, item.external_id) for item in still],
            note=f"{counts['kept']} record(s) were kept on purpose; "
            f"{len(left.restore)} did not get back what they held before.",
        )

    def _note_end(self, finding: Finding) -> None:
        """Note how it ended: who rolls back in the panel need not run the verdict's cell."""
        status = Status.FAILED if finding.missing else Status.DONE
        self.store.journey.set_phase(
            self.name, status, message="; ".join(finding.missing) or "all of it",
            basis=gates.basis(self.store, self.name),
        )  # fmt: skip

    def result(self) -> show.Lines:
        """Say how the last rollback ended, from the state."""
        number = len(_pairs(self._document(_DONE).get("kept")))
        left = self._document(_LEFT).get("left") or 0
        but = [f"{number} record(s) were kept, because people changed them since"] if number else []
        but += [f"{left} {_NOT_BACK}"] if left else []
        return show.Lines(
            f"{self.config.odoo.database} is as it was before this run" + (", but for" * bool(but)),
            but,
        )

    def _account(self) -> list[str]:
        """Say what was done in all, those counted that a killed attempt took out."""
        done = self._document(_DONE)
        removed, restored = cast("int", done["removed"]), cast("int", done["restored"])
        return [f"{removed:,} records removed, {restored:,} put back as they were"]

    def judge(self) -> Finding:
        """Say whether anything that this run made is left in Odoo."""
        found = self._document(_LEFT)
        if not found:
            return Finding(("nobody looked whether anything is left",))
        left = found["left"]
        missing = []
        if left and self._applied():
            stuck = _pairs(self._document(_DONE).get("stuck"))
            missing = [f"{left} {_NOT_BACK}", *(f"{name}: {why}" for name, why in stuck[:_SHOWN])]
        return Finding(tuple(missing), (("left in Odoo", left), ("kept", found.get("kept", 0))))

    def need_decisions(self) -> bool:
        """Wait while there is something to take out and nobody has confirmed the plan."""
        if self._applied() or not self._document(_LEFT).get("left"):
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
        done = self._document(_DONE)
        looked_at = self.store.journey.document_hash(_PLAN)
        return bool(done.get("ended")) and done.get("plan") == looked_at

    def _document(self, name: str) -> dict[str, object]:
        found = self.store.journey.document(name)
        return found if isinstance(found, dict) else {}

    def _unconfirmed(self) -> str:
        return f"rollback: nobody confirmed what is taken out of {self.config.odoo.database}."


def _both(note: Callable[[int], None], tell: Tell | None, total: int) -> Callable[[int], None]:
    def told(done: int) -> None:
        note(done)
        if tell is not None:
            tell(done, max(total, done), "")

    return told


def _pairs(found: object) -> list[tuple[str, str]]:
    rows = cast("Sequence[Sequence[str]]", found) if isinstance(found, list) else ()
    return [(name, why) for name, why in rows]
