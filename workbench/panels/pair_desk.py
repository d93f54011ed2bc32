"""The desk of pairs: which two records may be one person, and what each choice does."""

from __future__ import annotations

from workbench.mapping import who_is_whom
from workbench.mapping.model import KEEP_BOTH, LINK, MERGE, OVERWRITE
from workbench.mapping.twins import reason_for_one
from workbench.panels.desk import Brief, DecisionDesk, Show, reasons, spoken, standing
from workbench.panels.pairs import PREFIX, Pair, pair_of, short_names
from workbench.state import Decision, Store

COLUMNS = ("pair", "records", "proposal and why", "where it stands")

_TOLD = 3
"""Contradictions that are told; the others are counted."""

FOLLOWS = {
    KEEP_BOTH: "Each stays a record of its own in Odoo.",
    MERGE: "One contact in Odoo stands for both; values that differ are kept on it as a note, and "
    "both PracticeHub ids point to it.",
    LINK: "No second contact is made: the patient fills what is empty on the contact Odoo has; "
    "what Odoo holds stays, and what PracticeHub says otherwise is kept on it as a note.",
    OVERWRITE: "No second contact is made, and what PracticeHub knows takes the place of what Odoo "
    "holds; a rollback puts that back. Say why in the comment.",
}
"""What happens then, by choice; a sentence each."""


class DuplicatesDesk(DecisionDesk):
    """Pairs, the most likely first; two that nobody thinks one need a reason to become one."""

    def __init__(self, store: Store, *, brief: Brief) -> None:
        super().__init__(store, prefix=PREFIX, brief=brief, check=reason_for_one)

    def ordered(self, show: Show = Show.ALL) -> list[Decision]:
        """List pairs, open ones first, the most likely first."""
        return sorted(
            self.questions(show),
            key=lambda one: (not one.is_open, -(one.confidence or 0.0), one.subject),
        )

    def contradictions(self) -> str:
        """Name pairs whose answers cannot be together with the others'; "" for none."""
        said = {
            one.subject.removeprefix(PREFIX): one.choice or ""
            for one in self.questions(Show.DECIDED)
        }
        faults = who_is_whom(said).faults
        if not faults:
            return ""
        told = "; ".join(f"{pair}: {fault}" for pair, fault in sorted(faults.items())[:_TOLD])
        more = len(faults) - _TOLD
        return (
            f"⚠ These answers contradict each other: {told}"
            f"{f'; and {more} more' if more > 0 else ''}. Nothing is loaded until one is decided "
            "otherwise."
        )

    def pair(self, decision: Decision) -> Pair:
        """Give the two records of a question side by side, with their values."""
        return pair_of(self._store, decision)


def row_of(decision: Decision) -> tuple[str, str, str, str]:
    """Give a pair as a row: ids and reasons, no value."""
    return (
        spoken(decision.subject), short_names(decision), reasons(decision), standing(decision)
    )  # fmt: skip
