"""The desk behind a panel: what is open, what is proposed, and recording what a person says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.errors import UsageError
from workbench.state import Decision, Store

LOOK_AGAIN = "Look at what stands there now, then decide."
MEND = "Mend that, then confirm again; nothing was recorded."
AS_PROPOSED = "accepted as proposed"
_TOLD = 3
"""Faults told in one sentence; the others are counted."""

Check = Callable[[Decision, str, str], Sequence[str]]
"""Question, choice and comment → what is wrong with that choice, a sentence each."""


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


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many proposals were recorded, and why others were not, a sentence each."""

    taken: int
    left: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in a sentence or two."""
        more = len(self.left) - _TOLD
        told = " ".join(self.left[:_TOLD]) + (f" And {more} more." if more > 0 else "")
        return f"Recorded {self.taken} as proposed." + (
            f" Left open {len(self.left)}: {told}" if self.left else ""
        )


def nothing_wrong(_seen: Decision, _choice: str, _comment: str) -> Sequence[str]:
    """Find no fault: where the options alone say what may be chosen."""
    return ()


class DecisionDesk:
    """Questions of one kind, straight from the run; holds nothing of its own.

    Args:
        store: the run's state.
        prefix: what the subjects begin with, for example "field:".
        brief: what is asked.
        check: what is wrong with a choice; asked before anything is recorded.
    """

    def __init__(
        self, store: Store, *, prefix: str, brief: Brief, check: Check = nothing_wrong
    ) -> None:
        self._store = store
        self._prefix = prefix
        self._check = check
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
            UsageError: nobody is named, no such choice, the check finds a fault, or the
                question was changed or decided by somebody else since it was shown; nothing
                was recorded.
        """
        comment = comment.strip()
        with self._store.transaction():
            now = self.look(seen)
            if (now.choice, now.decided_at) != (seen.choice, seen.decided_at):
                what = (
                    f"{spoken(seen.subject)} was decided meanwhile: "
                    f"{now.choice!r} by {now.decided_by}."
                )
                raise UsageError(what, do=LOOK_AGAIN)
            # a blank is no choice, and that is for the state to say
            faults = self._check(now, choice, comment) if choice.strip() else ()
            if faults:
                raise UsageError(" ".join(faults), do=MEND)
            self._store.decisions.decide(
                seen.subject, choice, by=by, comment=comment, basis=seen.basis
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

    def proposed(
        self, *, at_least: float = 0.0, among: Iterable[Decision] | None = None
    ) -> list[Decision]:
        """List what could be accepted: open, with a proposal, and that sure.

        Args:
            at_least: the least confidence, 0 to 1; 0 takes proposals that carry none, too.
            among: questions as they are shown; None: all of the desk.
        """
        found = self.questions(Show.OPEN) if among is None else among
        return [
            one
            for one in found
            if one.is_open and one.proposal is not None and (one.confidence or 0.0) >= at_least
        ]

    def accept(self, seen: Iterable[Decision], *, by: str) -> Accepted:
        """Record the proposals of questions as the person saw them.

        A question that has changed since, that somebody else has decided, or whose proposal
        the check refuses, stays as it is and is told.

        Raises:
            UsageError: nobody is named; nothing was recorded.
        """
        taken, left = 0, []
        with self._store.transaction():
            for one in seen:
                now = self._store.decisions.get(one.subject)
                if now != one or now.proposal is None:
                    left.append(f"{spoken(one.subject)} has changed since it was shown.")
                    continue
                faults = self._check(now, now.proposal, AS_PROPOSED)
                if faults:
                    left.extend(faults)
                    continue
                self._store.decisions.decide(
                    one.subject, now.proposal, by=by, comment=AS_PROPOSED, basis=one.basis
                )
                taken += 1
        return Accepted(taken, tuple(left))


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
