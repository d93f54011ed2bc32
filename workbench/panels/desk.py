"""The desk behind a panel: what is open, what is proposed, and recording what a person says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench.errors import UsageError
from workbench.state import Decision, Store

LOOK_AGAIN = "Look at what stands there now, then decide."


class Show(StrEnum):
    """Which questions are listed."""

    OPEN = "open"
    DECIDED = "decided"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Brief:
    """What a panel asks, why, and what happens next; whole sentences."""

    title: str
    asks: str
    why: str
    follows: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions are open, decided, and open with a proposal."""

    open: int
    decided: int
    proposed: int

    @property
    def total(self) -> int:
        """All questions of the desk."""
        return self.open + self.decided

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.open} open, {self.decided} decided, {self.total} in all"


class DecisionDesk:
    """Questions of one kind, straight from the run; holds nothing of its own.

    Args:
        store: the run's state.
        prefix: what the subjects begin with, for example "field:".
        brief: what is asked.
    """

    def __init__(self, store: Store, *, prefix: str, brief: Brief) -> None:
        self._store = store
        self._prefix = prefix
        self.brief = brief

    def questions(self, show: Show = Show.ALL, *, resource: str = "") -> list[Decision]:
        """List questions in the order of their subjects.

        Args:
            show: all, or only those that are open or decided.
            resource: only those about one resource ("patients"); empty: about any.
        """
        found = self._store.decisions.questions(self._prefix)
        if resource:
            found = [decision for decision in found if resource_of(decision.subject) == resource]
        if show is Show.ALL:
            return found
        return [decision for decision in found if decision.is_open is (show is Show.OPEN)]

    def resources(self) -> list[str]:
        """List the resources that questions are about, by name, each once."""
        named = {resource_of(decision.subject) for decision in self.questions()}
        return sorted(named - {""})

    def counts(self) -> Counts:
        """Count questions as they stand now."""
        found = self.questions()
        waiting = [decision for decision in found if decision.is_open]
        proposed = sum(decision.proposal is not None for decision in waiting)
        return Counts(len(waiting), len(found) - len(waiting), proposed)

    def choose(self, seen: Decision, choice: str, *, by: str, comment: str = "") -> Decision:
        """Record a choice on a question as the person saw it.

        Args:
            seen: the question as it was shown.
            choice: one of its options, or any text where it is open.
            by: the person's name.
            comment: why, in their words.

        Returns:
            The question as it stands now.

        Raises:
            UsageError: nobody is named, no such choice, or the question was changed or
                decided by somebody else since it was shown; nothing was recorded.
        """
        with self._store.transaction():
            now = self.look(seen)
            if (now.choice, now.decided_at) != (seen.choice, seen.decided_at):
                what = (
                    f"{spoken(seen.subject)} was decided meanwhile: "
                    f"{now.choice!r} by {now.decided_by}."
                )
                raise UsageError(what, do=LOOK_AGAIN)
            self._store.decisions.decide(
                seen.subject, choice, by=by, comment=comment.strip(), basis=seen.basis
            )
            return self.look(seen)

    def look(self, seen: Decision) -> Decision:
        """Give a question as it stands now.

        Raises:
            UsageError: it is no longer asked.
        """
        now = self._store.decisions.get(seen.subject)
        if now is None:
            what = f"{spoken(seen.subject)} is no longer asked."
            raise UsageError(what, do=LOOK_AGAIN)
        return now

    def accept_proposed(self, *, by: str) -> int:
        """Accept every open question's proposal; returns how many were accepted.

        Raises:
            UsageError: nobody is named; nothing was recorded.
        """
        return self._store.decisions.accept_proposed(self._prefix, by=by)


def resource_of(subject: str) -> str:
    """Name the resource that a field or value is of ("field:patients.dob": patients), or ""."""
    kind, _, rest = subject.partition(":")
    return rest.partition(".")[0] if kind in {"field", "value"} else ""


def spoken(subject: str) -> str:
    """Name what is decided on as a person would: "patients.dob", "practitioner 17"."""
    kind, _, rest = subject.partition(":")
    if not rest:
        return {"signoff": "sign-off"}.get(kind, kind)
    return rest if kind in {"field", "value", "duplicate"} else f"{kind} {rest}"


def standing(decision: Decision) -> str:
    """Say in a line where a question stands; a word and a sign, never colour alone."""
    if decision.choice is None:
        return "○ open"
    day = (decision.decided_at or "")[:10]
    said = f"{decision.choice!r} by {decision.decided_by} on {day}"
    if decision.is_open:
        return f"○ open again: it has changed since {said}"
    return f"✓ decided: {said}"


def reasons(decision: Decision) -> str:
    """Say what is proposed and why, or that nothing is."""
    seen = "; ".join(decision.reasons)
    if decision.proposal is None:
        known = f" What is known: {seen}." if seen else ""
        return f"Nothing is proposed: a person has to say it.{known}"
    sure = "" if decision.confidence is None else f", {decision.confidence:.0%} sure"
    because = f", because: {seen}" if seen else ""
    return f"Proposal{sure}: {decision.proposal}{because}"
