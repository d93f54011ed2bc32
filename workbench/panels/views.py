"""One function for each kind of decision that a notebook asks for."""

from __future__ import annotations

from typing import Protocol

from workbench.config import Config
from workbench.panels.changes import ChangesDesk
from workbench.panels.changes_panel import ChangesPanel
from workbench.panels.desk import Brief, Counts, DecisionDesk
from workbench.panels.listing import Listing, question_row
from workbench.panels.pair_desk import COLUMNS, DuplicatesDesk, row_of
from workbench.panels.pair_panel import PairPanel
from workbench.panels.people import PractitionersDesk
from workbench.panels.reveal import Curtain
from workbench.panels.rollback import Go, Plan, Replan, RollbackDesk
from workbench.panels.rollback_panel import RollbackPanel
from workbench.panels.sample_desk import SampleDesk
from workbench.panels.sample_panel import SamplePanel
from workbench.panels.schema_panel import (
    SCHEMA,
    SUBJECT,
    SchemaPanel,
    agreed,
    plan_table,
    planned,
)
from workbench.panels.sign_off_panel import Lists, Obstacles, SignOffDesk, SignOffPanel
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
    follows="Approving holds for this mapping, this schema and this sample; rejecting stops here. "
    "Values are masked until you ask to see them.",
)
CHANGES = Brief(
    title="Changes",
    asks="Whose value counts, and what becomes of what was deleted?",
    why="Nothing that people did in Odoo is overwritten in silence, and nothing is deleted there.",
    follows="What you decide is carried out by the next `workbench run FILE`; until then the "
    "fields stay as they are, and everything else goes over.",
)
SIGN_OFF = Brief(
    title="Sign-off",
    asks="Do you accept the migration on this reconciliation?",
    why="The figures below were computed from what PracticeHub gave and what Odoo returned.",
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


def sample(run: RunLike) -> SamplePanel | Stack:
    """Ask whether the sample is right, with every cell of it to look at.

    Values are masked unless the configuration says `show_patient_data`, or the person asks to
    see them; without a person there are counts alone.
    """
    desk = SampleDesk(run.store, prefix="sample", brief=SAMPLE)
    if run.headless:
        return Stack((desk.table(), Listing.of(desk)))
    return SamplePanel(desk, Curtain(run.store, run.config))


def sign_off(run: RunLike, *, obstacles: Obstacles, lists: Lists) -> SignOffPanel | Stack:
    """Ask whether the migration is accepted, with the figures it rests on.

    Args:
        run: the run that is open.
        obstacles: why it cannot be accepted as it stands, a sentence each.
        lists: what is listed record by record: what, how many, in which file.
    """
    desk = SignOffDesk(run.store, brief=SIGN_OFF, obstacles=obstacles, lists=lists)
    if run.headless:
        return Stack((desk.arithmetic(), desk.compared(), desk.listed(), desk.against(),
                      Listing.of(desk)))  # fmt: skip
    return SignOffPanel(desk)


def changes(run: RunLike) -> ChangesPanel | Listing:
    """Ask about fields that people changed in Odoo, and about what PracticeHub has no longer.

    Values are masked unless the configuration says `show_patient_data`, or the person asks to
    see them.
    """
    curtain = Curtain(run.store, run.config)
    if run.headless:
        desk = ChangesDesk(run.store, brief=CHANGES, shown=curtain.look)
        return Listing.of_table(desk)
    # what a widget holds may be saved: its values are masked, whatever is on the screen
    return ChangesPanel(ChangesDesk(run.store, brief=CHANGES, shown=curtain.masked), curtain)


def rollback(run: RunLike, plan: Plan, *, go: Go, replan: Replan) -> RollbackPanel | Listing:
    """Show a plan and carry it out once the database's name is typed.

    The confirmation is the decision `rollback` with the choice "roll back", bound to
    `plan.hash`; `confirmed()` in `panels.rollback` checks it. Without a person nothing is
    carried out here: where it stands is told.

    Args:
        run: the run that is open.
        plan: what would be done, as Odoo stands now.
        go: carries out what was confirmed, and gives the proof.
        replan: makes the plan anew with records to take along.
    """
    database = run.config.odoo.database
    if not run.headless:
        return RollbackPanel(run.store, plan, database=database, go=go, replan=replan)
    desk = RollbackDesk(run.store, plan_hash=plan.hash, database=database)
    done = desk.confirmed
    decision = desk.decision
    rows = (question_row(decision),) if decision else ()
    return Listing("Roll back", Counts(int(not done), int(done), 0), rows)
