"""What a person was asked, what was proposed, and what they said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import UsageError
from workbench.state._clock import now
from workbench.state._part import Part
from workbench.state.canonical import canonical, digest

NEVER_PROPOSED = frozenset({"sample", "signoff"})
"""Subjects that only a person may say: they never carry a proposal."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person must decide.

    `basis` is what is decided on, hashed: when it changes, the decision opens again.
    `open_value` True: any text is a choice (a target field, a login), not options alone.
    """

    subject: str
    phase: str
    question: str
    options: Sequence[str]
    basis: object
    proposal: str | None = None
    reasons: Sequence[str] = ()
    confidence: float | None = None
    open_value: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A question as it stands; open while `choice` is None or the basis has changed."""

    subject: str
    phase: str
    question: str
    options: list[str]
    open_value: bool
    proposal: str | None
    reasons: list[str]
    confidence: float | None
    basis: str
    choice: str | None
    comment: str
    decided_by: str | None
    decided_at: str | None
    decided_basis: str | None = field(default=None)

    @property
    def is_open(self) -> bool:
        """Whether a person still has to say something."""
        return self.choice is None or self.decided_basis != self.basis


_COLUMNS = (
    "subject, phase, question, options, open_value, proposal, reasons, confidence, basis, "
    "choice, comment, decided_by, decided_at, decided_basis"
)


class Decisions(Part):
    """Written alike by panels, the command line and decision files."""

    def ask(self, questions: Iterable[Question]) -> None:
        """Put questions; one that was decided on the same basis stays decided.

        Its words may change without that: how many records it is about, what is offered.
        """
        with self._store.transaction() as db:
            for question in questions:
                proposal = None if question.subject in NEVER_PROPOSED else question.proposal
                basis = digest(question.basis)
                options = canonical(list(question.options))
                reasons = canonical(list(question.reasons))
                row = self._one(
                    "SELECT basis, withdrawn, proposal, question, options, open_value, reasons, "
                    "confidence FROM decisions WHERE subject=?",
                    question.subject,
                )
                if row == (basis, 0, proposal, question.question, options,
                           int(question.open_value), reasons, question.confidence):  # fmt: skip
                    continue
                db.execute(
                    "INSERT INTO decisions (subject, phase, question, options, open_value, "
                    "proposal, reasons, confidence, basis, asked_at) "
                    "VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (subject) DO UPDATE SET "
                    "phase=excluded.phase, question=excluded.question, options=excluded.options, "
                    "open_value=excluded.open_value, proposal=excluded.proposal, "
                    "reasons=excluded.reasons, confidence=excluded.confidence, "
                    "basis=excluded.basis, asked_at=excluded.asked_at, withdrawn=0",
                    (question.subject, question.phase, question.question,
                     options, int(question.open_value), proposal, reasons, question.confidence,
                     basis, now()),
                )  # fmt: skip
                self._store.ledger.append("asked", question.subject, detail={"basis": basis})

    def withdraw(self, subjects: Iterable[str]) -> None:
        """Take back questions that no longer arise; what was said is kept in the ledger."""
        with self._store.transaction() as db:
            for subject in subjects:
                if db.execute(
                    "UPDATE decisions SET withdrawn=1 WHERE subject=? AND withdrawn=0", (subject,)
                ).rowcount:
                    self._store.ledger.append("withdrawn", subject)

    def decide(
        self, subject: str, choice: str, *, by: str, comment: str = "", basis: str | None = None
    ) -> None:
        """Record a person's choice, with who, when and on what.

        Args:
            subject: what is decided.
            choice: one of the options, or any text where the question is open.
            by: the person's name.
            comment: why, in the person's words.
            basis: the hash of what the person was shown; None takes what stands now.

        Raises:
            UsageError: nobody is named, no such question, no such option, or the question
                has changed since the person looked.
        """
        name = person(by)
        with self._store.transaction() as db:
            decision = self.get(subject)
            if decision is None:
                what = f"There is no question {subject!r} in this run."
                raise UsageError(what, do="`workbench status DIR` lists the open questions.")
            if not choice.strip() or (choice not in decision.options and not decision.open_value):
                shown = ", ".join(decision.options) or "any text"
                what = f"{choice!r} is not a choice for {subject}."
                raise UsageError(what, do=f"Choose one of: {shown}.")
            if basis is not None and basis != decision.basis:
                what = f"{subject} has changed since it was shown."
                raise UsageError(what, do="Look at it again, then decide.")
            db.execute(
                "UPDATE decisions SET choice=?, comment=?, decided_by=?, decided_at=?, "
                "decided_basis=basis WHERE subject=?",
                (choice, comment, name, now(), subject),
            )
            self._store.ledger.append(
                "decided",
                subject,
                detail={"choice_hash": digest(choice), "basis": decision.basis},
                actor=name,
            )

    def accept_proposed(self, prefix: str = "", *, by: str) -> int:
        """Take what is proposed for every open question whose subject begins with `prefix`.

        Returns:
            How many were accepted; a question without a proposal stays open.

        Raises:
            UsageError: nobody is named; nothing was recorded.
        """
        accepted = 0
        with self._store.transaction():
            for one in self.open(prefix):
                if one.proposal is not None:
                    self.decide(one.subject, one.proposal, by=by,
                                comment="accepted as proposed", basis=one.basis)  # fmt: skip
                    accepted += 1
        return accepted

    def get(self, subject: str) -> Decision | None:
        """Give one question and what was said, or None."""
        row = self._one(
            f"SELECT {_COLUMNS} FROM decisions WHERE subject=? AND withdrawn=0", subject
        )
        return _decision(row) if row else None

    def questions(self, prefix: str = "") -> list[Decision]:
        """List questions whose subject begins with `prefix`, in the order of their subjects."""
        rows = self._all(
            f"SELECT {_COLUMNS} FROM decisions WHERE withdrawn=0 "
            "AND substr(subject, 1, length(?1))=?1 ORDER BY subject",
            prefix,
        )
        return [_decision(row) for row in rows]

    def open(self, prefix: str = "") -> list[Decision]:
        """List the questions that still wait for a person."""
        return [decision for decision in self.questions(prefix) if decision.is_open]

    def choice(self, subject: str) -> str | None:
        """Give what was decided, or None while it is open."""
        decision = self.get(subject)
        return None if decision is None or decision.is_open else decision.choice


def person(by: str, *, do: str = "Name the person who decides.") -> str:
    """Give the name of who decides, in one line and without stray blanks.

    Raises:
        UsageError: there is no letter and no digit in it, so it names nobody; `do` is said.
    """
    name = " ".join(by.split())
    if not any(char.isalnum() for char in name):  # signs that nobody sees are no name
        what = "Nobody is named as deciding."
        raise UsageError(what, do=do)
    return name


def _decision(row: tuple[Any, ...]) -> Decision:
    options, reasons = json.loads(row[3]), json.loads(row[6])
    return Decision(*(*row[:3], options, bool(row[4]), row[5], reasons, *row[7:]))
