"""Confirming a rollback: type the database's name, so that no click does it by accident."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from workbench.errors import UsageError
from workbench.state import Decision, Question, Store, digest, person

SUBJECT = "rollback"
ROLL_BACK = "roll back"
_PHASE = "rollback"


class Part(Protocol):
    """Records of one model that will go."""

    @property
    def model(self) -> str:
        """Odoo's model."""
        ...

    @property
    def ids(self) -> Sequence[int]:
        """The records' numbers."""
        ...


class Held(Protocol):
    """Something of this run's that people changed or tied something to."""

    @property
    def external_id(self) -> str:
        """Its external id, without module."""
        ...

    @property
    def model(self) -> str:
        """Odoo's model."""
        ...

    @property
    def reason(self) -> str:
        """Why it stays, or would."""
        ...

    @property
    def follows(self) -> str:
        """What taking it along does to what other people made; "" for nothing."""
        ...


class Kept(Held, Protocol):
    """One of them that stays."""

    @property
    def takes(self) -> bool:
        """Whether a person may take it along all the same."""
        ...


class Plan(Protocol):
    """What a rollback would do; the confirmation holds for this hash alone."""

    @property
    def hash(self) -> str:
        """The hash of the plan's content."""
        ...

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        ...

    @property
    def records(self) -> int:
        """How many records will go."""
        ...

    @property
    def remove(self) -> Sequence[Part]:
        """What will go, in this order."""
        ...

    @property
    def restore(self) -> Sequence[object]:
        """Records that get back what they held before."""
        ...

    @property
    def unlink(self) -> Sequence[str]:
        """External ids that go while the record behind them stays."""
        ...

    @property
    def keep(self) -> Sequence[Kept]:
        """What will stay."""
        ...

    @property
    def taken(self) -> Sequence[Held]:
        """What would stay, and is taken along by choice."""
        ...

    @property
    def blockers(self) -> Sequence[object]:
        """What would stop it half-way; each says so in a sentence. Nothing begins before."""
        ...


Tell = Callable[[int, int, str], None]
"""Told how many of how many records are done, and what is being done."""
Replan = Callable[[frozenset[str]], Plan]
"""External ids to take along → the plan as it is then; it is the one that is carried out."""
Go = Callable[[Tell], Sequence[str]]
"""Carries the confirmed plan out, looks again, and gives the proof, a sentence each."""


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
        name = person(by, do="Write your name into the first field.")
        if typed.strip() != self.database:
            what = "What was typed is not the name of the database."
            raise UsageError(what, do=f"Type {self.database} to confirm.")
        with self._store.transaction():
            # asked only now: a look at a plan leaves no question open behind it
            self._store.decisions.ask([question(self._hash)])
            self._store.decisions.decide(SUBJECT, ROLL_BACK, by=name)


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
