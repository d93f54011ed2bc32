"""Choices from a file: each one checked, all of them recorded or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, cast

from workbench.errors import WorkbenchError
from workbench.mapping import MapRow, choice_faults
from workbench.mapping.people import SUBJECT, practitioner_fault
from workbench.mapping.twins import reason_for_one
from workbench.mapping.yaml_text import shown
from workbench.phases import knowledge
from workbench.state import Decision, person

if TYPE_CHECKING:
    from workbench.run import Run

NOTHING = "Nothing was recorded: a file counts as a whole or not at all."
_FIELD = "field:"


class ChoiceCheck:
    """Says what is wrong with a choice, by what the run knows: without either server."""

    def __init__(self, run: Run) -> None:
        journey = run.store.journey
        held = journey.document("proposals")
        rows = held["rows"] if isinstance(held, dict) else []
        self.proposed = {row.field: row for row in map(MapRow.from_json, rows)}
        self.odoo_fields = cast("knowledge.OdooFields", journey.document("odoo_fields") or {})
        self.options = knowledge.options(run.map)
        self._users = knowledge.held_users(run.store)

    def __call__(self, decision: Decision, choice: str, comment: str) -> Sequence[str]:
        """List the faults of a choice, each a sentence that says what to do."""
        if not choice.strip():
            return ["Nothing is chosen: write a choice behind it."]
        if choice not in decision.options and not decision.open_value:
            listed = ", ".join(decision.options)
            return [f"{choice!r} is not a choice here: choose one of {listed}."]
        if decision.subject.startswith(_FIELD):
            return self._of_field(decision.subject.removeprefix(_FIELD), choice, comment)
        if decision.subject.startswith(SUBJECT) and self._users is not None:
            fault = practitioner_fault(choice, self._users, decision.options)
            offered = ", ".join(decision.options)
            return [f"{fault} Choose a login that Odoo has, or: {offered}."] if fault else []
        return reason_for_one(decision, choice, comment)

    def _of_field(self, field: str, choice: str, comment: str) -> Sequence[str]:
        proposed = self.proposed.get(field)
        if proposed is None:
            return []
        found = choice_faults(proposed, choice, comment, self.odoo_fields, options=self.options)
        return [what.removeprefix(f"{field} ") for what in found]  # the subject names it already


class Recorder:
    """Takes choices one by one; what is wrong is gathered, so that all of it can be told."""

    def __init__(self, run: Run, *, by: str) -> None:
        self.check = ChoiceCheck(run)
        self.faults: list[str] = []
        self.recorded: Counter[str] = Counter()
        self.stood = 0
        self._decisions = run.store.decisions
        self._by = by

    def take(
        self, subject: str, choice: str, comment: str, *, line: int = 0, weighs: bool = True
    ) -> bool:
        """Record one choice, unless it has a fault; what was decided so already is left alone.

        Args:
            subject: what is decided.
            choice: what the file says of it.
            comment: why; the reason of a dropped field.
            line: of the file, where it is known.
            weighs: whether another comment is reason enough to record the same choice again.

        Returns:
            Whether it stands now.
        """
        decision = self._decisions.get(subject)
        if decision is None:
            self.fault("no such question is in this run; `workbench status DIR` lists them.",
                       subject, line=line)  # fmt: skip
            return False
        wrong = self.check(decision, choice, comment)
        for what in wrong:
            self.fault(what, subject, line=line)
        if wrong:
            return False
        other = weighs and bool(comment.strip()) and comment != decision.comment
        if not decision.is_open and decision.choice == choice and not other:
            self.stood += 1
            return True
        self._decisions.decide(subject, choice, by=self._by, comment=comment, basis=decision.basis)
        self.recorded[subject.partition(":")[0]] += 1
        return True

    def fault(self, what: str, subject: str, *, line: int = 0) -> None:
        """Note what is wrong with one entry."""
        at = f"line {line}: " if line else ""
        self.faults.append(f"{at}{shown(subject)}: {what}")

    def told(self, *, dry: bool) -> str:
        """Say what was recorded, in a sentence."""
        count = self.recorded.total()
        stood = f" {self.stood} stood so already." if self.stood else ""
        how = "would be recorded" if dry else "recorded"
        return f"{count} decision(s) {how} for {self._by}.{stood}"


class _OnlyCheckedError(Exception):
    """Takes back what was recorded to see whether it could be."""


@contextmanager
def all_or_none(
    run: Run, *, by: str, name: str, error: type[WorkbenchError], dry: bool
) -> Iterator[Recorder]:
    """Record choices in one transaction, which a fault, or a dry run, takes back.

    Args:
        run: the run decided on.
        by: who decides.
        name: what to call the file in an error.
        error: what to raise for its faults.
        dry: whether to record nothing in any case.

    Raises:
        UsageError: nobody is named.
        WorkbenchError: of the class named, with every fault; nothing is recorded.
    """
    name_of = person(by, do="Name the person who decides: --by NAME.")
    with suppress(_OnlyCheckedError), run.store.transaction():
        recorder = Recorder(run, by=name_of)
        yield recorder
        if recorder.faults:
            raise faulty(name, recorder.faults, error=error)
        if dry:
            raise _OnlyCheckedError


def faulty(name: str, faults: Sequence[str], *, error: type[WorkbenchError]) -> WorkbenchError:
    """Make the error of a file's faults."""
    told = "\n".join(f"  {fault}" for fault in faults)
    what = f"{name} has {len(faults)} fault(s):\n{told}"
    return error(what, safe=NOTHING, do="Correct the file, then give the command again.")
