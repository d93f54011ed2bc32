"""The panel of the rollback: what goes, what stays and why, and one click that does it."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from pathlib import Path

import anywidget
import ipywidgets
import traitlets

from workbench.errors import UsageError
from workbench.panels.asking import many
from workbench.panels.frame import said
from workbench.panels.rollback import Go, Held, Plan, Replan, RollbackDesk
from workbench.panels.status import StatusLine
from workbench.state import Store

_STATIC = Path(__file__).parent / "static"

STOPPED = (
    "It stopped before it was done. What was taken out is out, the rest stands. Plan anew, and "
    "confirm again: it goes on from there."
)
_UNMADE = "No new plan was made; the one below still stands. Look at Odoo, then try again."


class PlanView(anywidget.AnyWidget):
    """Draws a plan: what goes, what stays, each with a box where it may be taken along.

    External ids, models, numbers and reasons; no value of a record. A box that was ticked
    changes nothing before a new plan was made of it.

    Args:
        on_replan: told the external ids that are ticked.
        on_tick: told whether the boxes are other ones than the plan's.
    """

    _esm = _STATIC / "rollback.js"
    _css = _STATIC / "rollback.css"
    plan = traitlets.Dict().tag(sync=True)

    def __init__(
        self, *, on_replan: Callable[[frozenset[str]], None], on_tick: Callable[[bool], None]
    ) -> None:
        super().__init__()
        self._on_replan, self._on_tick = on_replan, on_tick
        self._drawn = 0
        self.on_msg(lambda _widget, content, _buffers: self.told(content))

    def draw(self, plan: Plan) -> None:
        """Show a plan; its taken records are ticked, and no other."""
        self._drawn += 1  # the same plan once more is drawn too: a button waits for it
        self.plan = {
            "stamp": self._drawn,
            "records": plan.records,
            "remove": [[part.model, len(part.ids)] for part in plan.remove],
            "restore": len(plan.restore),
            "unlink": len(plan.unlink),
            "keep": [{**_held(one), "takes": one.takes} for one in plan.keep],
            "taken": [{**_held(one), "takes": True} for one in plan.taken],
            "blockers": [str(one) for one in plan.blockers],
        }

    def told(self, content: Mapping[str, object]) -> None:
        """Take what the browser says: boxes were ticked, or a plan is wanted with them."""
        if content.get("kind") == "tick":
            self._on_tick(bool(content.get("other")))
        elif content.get("kind") == "replan":
            take = content.get("take")
            self._on_replan(frozenset(map(str, take)) if isinstance(take, list) else frozenset())

    def __repr__(self) -> str:
        """Say nothing of the content: a repr may be saved in a notebook."""
        return "PlanView()"


class RollbackPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Show the plan, ask for the database's name, do it on one click, and show the proof.

    Args:
        store: the run's state.
        plan: what would be done, as Odoo stands now.
        database: its name, which has to be typed.
        go: does what was confirmed, and proves it.
        replan: makes the plan anew, with what is to be taken along.
    """

    def __init__(self, store: Store, plan: Plan, *, database: str, go: Go, replan: Replan) -> None:
        self._store, self._go, self._replan = store, go, replan
        self._database = database
        self._plan = plan
        self._other_boxes = False
        self._begun = False
        self._done = False
        self.person = ipywidgets.Text(
            description="Your name", placeholder="who decides", continuous_update=False
        )
        self.typed = ipywidgets.Text(description=f"Type {database} to confirm")
        self.confirm = ipywidgets.Button(
            description=f"Roll back {database} now", button_style="danger"
        )
        self.confirm.add_class("wb-go")
        self.view = PlanView(on_replan=self._plan_anew, on_tick=self._tick)
        self.standing = ipywidgets.HTML()
        self.bar = ipywidgets.IntProgress(min=0, max=1)
        self.bar.add_class("wb-progress")
        self.far = ipywidgets.HTML()
        self.proof = ipywidgets.HTML()
        self.status = StatusLine()
        introduction = (
            "<h3>Roll back</h3>"
            "<p>This removes from Odoo what this run created, and restores what it changed.</p>"
            "<p>Records that people changed since are kept, unless you take them along.</p>"
            f"<p>The button below does it at once, in {html.escape(database)}.</p>"
        )
        self._asking = [self.person, self.typed, self.confirm]
        super().__init__(
            [ipywidgets.HTML(introduction), self.view, *self._asking, self.standing, self.status,
             self.bar, self.far, self.proof]
        )  # fmt: skip
        for widget in (self.person, self.typed):
            widget.style.description_width = "auto"
        for name in ("wb-panel", "wb-wide"):
            self.add_class(name)
        self.typed.observe(lambda _: self._weigh(), names=["value"])
        self.confirm.on_click(lambda _: self._confirm())
        self._draw()

    @property
    def desk(self) -> RollbackDesk:
        """Where the plan that is drawn is confirmed."""
        return RollbackDesk(self._store, plan_hash=self._plan.hash, database=self._database)

    def _draw(self) -> None:
        self.view.draw(self._plan)
        self._show_bar(shown=False)
        self._weigh()

    def _weigh(self) -> None:
        """Say where it stands; the button is there while it may be pressed at all."""
        why = self._why_not()
        offered = not (self._done or self._plan.blockers or self._plan.empty)
        for widget in self._asking:
            widget.layout.display = None if offered else "none"
        typed = str(self.typed.value).strip() == self._database
        self.confirm.disabled = bool(why) or not typed
        self.standing.value = said(why or ("" if self._done else "○ not confirmed"))

    def _why_not(self) -> str:
        if self._done:
            return ""
        if self._plan.blockers:
            number = len(self._plan.blockers)
            return (
                f"⚠ {many(number, 'thing')} would stop it half-way, so it cannot begin: see to "
                "what the plan names, then plan anew."
            )
        if self._plan.empty:
            return "✓ Nothing that this run made is left to take out, but for what stays."
        if self._begun:
            return "⚠ It was begun and is not finished: plan anew, then confirm again."
        if self._other_boxes:
            return "⚠ Other boxes are ticked than the plan was made with: plan anew first."
        return ""

    def _tick(self, other: bool) -> None:  # noqa: FBT001 - what the browser says
        self._other_boxes = other
        self._weigh()

    def _plan_anew(self, take: frozenset[str]) -> None:
        def act() -> None:
            try:
                self._plan = self._replan(take)
                self._other_boxes = self._begun = False
            finally:
                self._draw()
            told = f", with {many(len(take), 'record')} taken along" if take else ""
            self.status.say(
                f"Planned anew{told}: {many(self._plan.records, 'record')} will go, "
                f"{len(self._plan.keep):,} will stay."
            )

        self.status.guard(act, otherwise=_UNMADE)

    def _confirm(self) -> None:
        if self._done:
            return  # a second click, made while the first one was at work

        def act() -> None:
            why = self._why_not()
            if why:
                raise UsageError(why.removeprefix("⚠ "), do="Nothing was recorded.")
            try:
                self.desk.confirm(str(self.typed.value), by=str(self.person.value))
            except UsageError:
                (self.typed if str(self.person.value).strip() else self.person).focus()
                raise
            self._carry_out()

        self.confirm.disabled = True
        self.status.guard(act, otherwise=STOPPED)
        self._weigh()

    def _carry_out(self) -> None:
        self._begun = True
        self.status.say("Taking it out. Leave this page open until it is done.")
        self._show_bar(shown=True)
        proof = self._go(self._tell)
        self._done = True
        for part in (self.view, self.bar, self.far):
            part.layout.display = "none"
        lines = "".join(map(said, proof))
        self.proof.value = f"<h4>Looked at again</h4>{lines}"
        self.status.say("Done. The next cells say the same, and do nothing again.")

    def _tell(self, done: int, total: int, words: str = "") -> None:
        self.bar.max, self.bar.value = max(total, 1), done
        self.far.value = said(f"{done:,} of {many(total, 'record')}{f', {words}' if words else ''}")

    def _show_bar(self, *, shown: bool) -> None:
        for part in (self.bar, self.far):
            part.layout.display = None if shown else "none"

    def __repr__(self) -> str:
        """Give the state, nothing typed: a repr is saved beside the widget."""
        if self._done:
            return "Roll back: ✓ done"
        decision = self.desk.decision
        if decision is not None and self.desk.confirmed:
            return f"Roll back: ✓ confirmed by {decision.decided_by}"
        return "Roll back: ○ not confirmed"


def _held(one: Held) -> dict[str, object]:
    return {"name": one.external_id, "model": one.model, "why": one.reason,
            "follows": one.follows}  # fmt: skip
