"""What the phases' verbs share: one writer at a time, and waiting for a person."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from workbench.errors import DecisionNeededError
from workbench.phases import gates
from workbench.phases.finding import Finding
from workbench.state import Decision, Status

if TYPE_CHECKING:
    from workbench.run import Run

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Steps")

_SHOWN = 5
"""How many open questions an error names; `workbench status` lists them all."""


class Steps(ABC):
    """The verbs of one phase. Every verb is safe to run twice and safe to kill."""

    name: str

    def __init__(self, run: Run) -> None:
        self.run = run
        self.store = run.store
        self.config = run.config

    def prefixes(self) -> tuple[str, ...]:
        """Name the decisions this phase waits for, by how their subjects begin."""
        return ()

    @abstractmethod
    def judge(self) -> Finding:
        """Say from the state what is missing, and give the figures."""

    def open_decisions(self) -> list[Decision]:
        """List the questions of this phase that still wait for a person."""
        return [found for prefix in self.prefixes() for found in self.store.decisions.open(prefix)]

    def need_decisions(self) -> bool:
        """Tell whether a person has still to decide; headless, stop there.

        Raises:
            DecisionNeededError: the notebook runs headless and questions are open.
        """
        waiting = self.open_decisions()
        if not waiting:
            return False
        message = f"{len(waiting)} decision(s) wait for a person"
        self.store.journey.set_phase(
            self.name,
            Status.WAITING,
            message=message,
            basis=gates.basis(self.store, self.name),
        )
        if self.run.headless:
            raise DecisionNeededError(_sentence(self, waiting))
        return True


def _sentence(steps: Steps, waiting: list[Decision]) -> str:
    named = ", ".join(decision.subject for decision in waiting[:_SHOWN])
    more = f" and {len(waiting) - _SHOWN} more" if len(waiting) > _SHOWN else ""
    return (
        f"{steps.name}: {len(waiting)} decision(s) wait for a person: {named}{more}. "
        f"Decide in the {steps.name} notebook of {steps.run.folder}, or with "
        f"`workbench accept` and `workbench decide`."
    )


def alone(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let a verb change things only while no other process does."""

    @functools.wraps(verb)
    def held(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.run.exclusive():
            return verb(self, *args, **kwargs)

    return held
