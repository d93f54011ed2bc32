"""One function for each kind of decision that a notebook asks for."""

from __future__ import annotations

from typing import Protocol

from workbench.config import Config
from workbench.panels.desk import Brief, Counts, DecisionDesk
from workbench.panels.listing import Listing, question_row
from workbench.panels.pair_desk import COLUMNS, DuplicatesDesk, row_of
from workbench.panels.pair_panel import PairPanel
from workbench.panels.panel import DecisionPanel
from workbench.panels.people import PractitionersDesk
from workbench.panels.reveal import Curtain
from workbench.panels.rollback import Plan, RollbackDesk, RollbackPanel
from workbench.panels.schema_panel import (
    SCHEMA,
    SUBJECT,
    SchemaPanel,
    agreed,
    plan_table,
    planned,
)
from workbench.panels.table_panel import TablePanel
from workbench.panels.value_maps import ValuesDesk
from workbench.show import Lines, Stack
from workbench.state import Store

FIELDS = Brief(
    title="Fields",
    asks="What becomes of each field that PracticeHub's records have?",
    why="A field nobody decided on would be lost without a word; so none is left out.",
    follows="A target in Odoo, 'keep' (readable on the patient), or 'drop' (with your reason). "
    "Nothing is sent to Odoo by deciding.",
)
VALUES = Brief(
    title="Values",
    asks="Which value in Odoo stands for each value in PracticeHub?",
    why="Statuses become stages and locations become selections; every value seen needs one.",
    follows="A value that turns up later opens a new question before anything is loaded.",
)
PRACTITIONERS = Brief(
    title="Practitioners",
    asks="Which Odoo user stands for each practitioner?",
    why="Appointments are shown under their user; a practitioner's name stays on them either way.",
    follows="A user, an invitation, the fallback user, or the name only. "
    "Deciding changes nothing in Odoo; who is invited becomes a user when Odoo is prepared.",
)
DUPLICATES = Brief(
    title="Duplicates",
    asks="Are these two records one person?",
    why="Merging two persons mixes up their care; keeping one person twice does no harm.",
    follows="Nothing is lost by either choice: values that differ are kept as a note. "
    "Values are masked until you ask to see them.",
)
SAMPLE = Brief(
    title="Sample",
    asks="Does the sample in Odoo look as it should?",
    why="The full load does for everybody what was done for these patients.",
    follows="Approving holds for this mapping, this schema and this sample; rejecting stops here.",
)
SIGN_OFF = Brief(
    title="Sign-off",
    asks="Do you accept the migration on this reconciliation?",
    why="The figures above were computed from what PracticeHub gave and what Odoo returned.",
    follows="Accepting allows the run to be sealed. Refusing keeps everything as it is.",
)


class RunLike(Protocol):
    """What a panel needs of a run."""

    @property
    def store(self) -> Store:
        """The run's state."""
        ...

    @property
    def headless(self) -> bool:
        """Whether nobody is there to click."""
        ...

    @property
    def config(self) -> Config:
        """The run's configuration."""
        ...


def values(run: RunLike) -> TablePanel | Listing:
    """Ask which value stands for each source value, field by field."""
    desk = ValuesDesk(run.store, brief=VALUES)
    return Listing.of_table(desk) if run.headless else TablePanel(desk)


def practitioners(run: RunLike) -> TablePanel | Listing:
    """Ask which user stands for each practitioner, those with most appointments first."""
    fallback = run.config.migration.fallback_user
    desk = PractitionersDesk(run.store, brief=PRACTITIONERS, fallback=fallback)
    return Listing.of_table(desk) if run.headless else TablePanel(desk)


def duplicates(run: RunLike) -> PairPanel | Listing:
    """Ask which records are one person, side by side.

    Values are masked unless the configuration says `show_patient_data`, or the person asks to
    see them; without a person there are ids and reasons alone.
    """
    desk = DuplicatesDesk(run.store, brief=DUPLICATES)
    if run.headless:
        return Listing.of(desk, columns=COLUMNS, row=row_of, ordered=desk.ordered())
    return PairPanel(desk, Curtain(run.store, run.config))


def schema(run: RunLike) -> SchemaPanel | Stack:
    """Ask who makes what the run's plan lists; without a person the whole plan is a table."""
    desk = DecisionDesk(run.store, prefix=SUBJECT, brief=SCHEMA)
    lines = planned(run.store)
    if not run.headless:
        return SchemaPanel(desk, lines)
    return Stack((plan_table(lines, most=len(lines)), Listing.of(desk),
                  Lines("What is agreed to", [agreed(run.store)])))  # fmt: skip


def sample(run: RunLike) -> DecisionPanel | Listing:
    """Ask whether the sample is right."""
    return _shown(run, "sample", SAMPLE)


def sign_off(run: RunLike) -> DecisionPanel | Listing:
    """Ask whether the migration is accepted."""
    return _shown(run, "signoff", SIGN_OFF)


def rollback(run: RunLike, plan: Plan) -> RollbackPanel | Listing:
    """Ask for the database's name before a plan is carried out.

    The confirmation is the decision `rollback` with the choice "roll back", bound to
    `plan.hash`; `confirmed()` in `panels.rollback` checks it.
    """
    desk = RollbackDesk(run.store, plan_hash=plan.hash, database=run.config.odoo.database)
    if not run.headless:
        return RollbackPanel(desk)
    done = desk.confirmed
    decision = desk.decision
    rows = (question_row(decision),) if decision else ()
    return Listing("Roll back", Counts(int(not done), int(done), 0), rows)


def _shown(run: RunLike, prefix: str, brief: Brief) -> DecisionPanel | Listing:
    desk = DecisionDesk(run.store, prefix=prefix, brief=brief)
    return Listing.of(desk) if run.headless else DecisionPanel(desk)
