"""Confirming a rollback: type the database's name, so that no click does it by accident."""

from __future__ import annotations

import html
from typing import Protocol

import ipywidgets

from workbench.errors import UsageError
from workbench.panels.status import StatusLine
from workbench.state import Decision, Question, Store, digest

SUBJECT = "rollback"
ROLL_BACK = "roll back"
_PHASE = "rollback"


class Plan(Protocol):
    """What a rollback would do; the confirmation holds for this hash alone."""

    @property
    def hash(self) -> str:
        """The hash of the plan's content."""
        ...


class RollbackDesk:
    """Records that a person confirmed one plan for one database, as the decision `rollback`."""

    def __init__(self, store: Store, *, plan_hash: str, database: str) -> None:
        self._store = store
        self._hash = plan_hash
        self.database = database

    @property
    def decision(self) -> Decision | None:
        """What was said about any plan, or None."""
        return self._store.decisions.get(SUBJECT)

    @property
    def confirmed(self) -> bool:
        """Whether a person has confirmed this very plan."""
        return confirmed(self._store, self._hash)

    def confirm(self, typed: str, *, by: str) -> None:
        """Record the confirmation.

        Raises:
            UsageError: nobody is named, or what was typed is not the database's name; nothing
                was recorded.
        """
        if typed.strip() != self.database:
            what = "What was typed is not the name of the database."
            raise UsageError(what, do=f"Type {self.database} to confirm.")
        with self._store.transaction():
            # asked only now: a look at a plan leaves no question open behind it
            self._store.decisions.ask([question(self._hash)])
            self._store.decisions.decide(SUBJECT, ROLL_BACK, by=by)


def question(plan_hash: str) -> Question:
    """Give the question that a rollback's confirmation answers."""
    return Question(
        subject=SUBJECT,
        phase=_PHASE,
        question="Take everything that this run made out of Odoo again?",
        options=(ROLL_BACK,),
        basis={"plan": plan_hash},
    )


def confirmed(store: Store, plan_hash: str) -> bool:
    """Whether a person has confirmed the rollback plan with this hash; changes nothing."""
    decision = store.decisions.get(SUBJECT)
    basis = digest(question(plan_hash).basis)
    return decision is not None and decision.choice == ROLL_BACK and decision.decided_basis == basis


class RollbackPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Ask for the database's name; the button works once it is typed."""

    def __init__(self, desk: RollbackDesk) -> None:
        self.desk = desk
        self.person = ipywidgets.Text(
            description="Your name", placeholder="who decides", continuous_update=False
        )
        self.typed = ipywidgets.Text(description=f"Type {desk.database} to confirm")
        self.confirm = ipywidgets.Button(
            description=f"Confirm the rollback of {desk.database}", button_style="danger"
        )
        self.standing = ipywidgets.HTML()
        self.status = StatusLine()
        introduction = (
            "<h3>Roll back</h3>"
            "<p>This removes from Odoo what this run created, and restores what it changed.</p>"
            "<p>Records that people changed since are kept and listed.</p>"
            "<p>Confirming changes nothing yet: the next cell does it.</p>"
        )
        super().__init__(
            [ipywidgets.HTML(introduction), self.person, self.typed, self.confirm,
             self.standing, self.status]
        )  # fmt: skip
        self.add_class("wb-panel")
        for widget in (self.person, self.typed):
            widget.style.description_width = "auto"
        self.typed.observe(lambda _: self._weigh(), names=["value"])
        self.confirm.on_click(lambda _: self.status.guard(self._confirm))
        self._weigh()

    def _weigh(self) -> None:
        self.confirm.disabled = self.typed.value.strip() != self.desk.database
        self.standing.value = f"<p>{html.escape(self._said())}</p>"

    def _said(self) -> str:
        decision = self.desk.decision
        if decision is None or not self.desk.confirmed:
            return "○ not confirmed"
        return f"✓ confirmed by {decision.decided_by}"

    def _confirm(self) -> None:
        if not self.person.value.strip():
            self.person.focus()
        self.desk.confirm(self.typed.value, by=self.person.value)
        self._weigh()
        self.status.say("Recorded. Run the next cell to roll back.")

    def __repr__(self) -> str:
        """Give the state, nothing typed: a repr is saved beside the widget."""
        return f"Roll back: {self._said()}"
