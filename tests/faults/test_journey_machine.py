"""Whatever happens on the way, in whatever order: P1, P2, P3 and P4 hold after every step.

A machine of rules drives a whole migration of a simulated clinic into a real Odoo. Calls are
lost on either side before and after they were done, the tool dies, the clinic goes on, people
work in Odoo, minds are changed, phases are run twice, all is rolled back and done again. After
every step both ends are looked at; after every step that changed Odoo, a copy of database and
run folder is rolled back and compared with what was there before the migration began.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.journey.support import MODULE
from tests.support import driving
from tests.support.colleague import (
    ADDED,
    DELETABLE,
    EDITABLE,
    TABLES,
    Colleague,
    external_ids,
    read,
    tables,
)
from tests.support.cutting_proxy import How
from tests.support.snapshot import STAMPS, UPDATED, Rows, Snapshot, differences, rows, snapshot
from tests.support.staged import Stages, beside
from workbench.errors import WorkbenchError
from workbench.odoo import Odoo, apply_rollback, plan_rollback
from workbench.phases import gates
from workbench.phases import rollback as rollback_phase
from workbench.phases.order import JOURNEY
from workbench.practicehub import Client
from workbench.proof import balance, verify
from workbench.run import Run
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Fate, Status, Store

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-machine")]

ALL = bool(os.environ.get("WORKBENCH_TESTS_ALL"))
EXAMPLES = 60 if ALL else 2
"""Migrations that are gone through; the same ones each time."""
STEPS = 8 if ALL else 5
PATIENTS = 3
ADMIN = 2
"""Number of the user whose key the migration uses."""

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone: nothing in it catches this."""


@dataclass(frozen=True)
class Snag:
    """A call to Odoo that goes wrong: of those of a method, the one after `skip` others."""

    method: str
    how: How
    skip: int
    after: int


@dataclass(frozen=True)
class Death:
    """The tool dies at a call to either end, before it is sent or after it is done."""

    call: int
    done: bool


snags = st.one_of(
    st.none(),
    st.builds(
        Snag, st.sampled_from(["load", "load", "write", "create", "unlink"]),
        st.sampled_from(How), st.integers(0, 3), st.sampled_from([0, 40, 200]),
    ),
)  # fmt: skip
deaths = st.one_of(st.none(), st.none(), st.builds(Death, st.integers(0, 60), st.booleans()))
spoils = st.one_of(
    st.none(),
    st.sampled_from(["429", "reset", "truncate", "half-json", "not-json", "empty", "status"]),
)
places = st.integers(0, 999)
"""Says which of several, in parts of a thousand: what there will be is not known beforehand."""
begun = st.sampled_from(["migrate", "reconcile", "reconcile", "sample", "extract", ""])


@dataclass(frozen=True)
class Ground:
    """What all examples share: stages to begin at, and what there was before any of them."""

    place: Path
    stages: Stages
    before: Snapshot
    rows_before: Mapping[str, Rows]


class Journeying(RuleBasedStateMachine):
    """One clinic, one Odoo, one run folder."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.exit = ExitStack()
        self.stale = False
        """Whether Odoo may have changed since a copy of it was rolled back."""

    @initialize(phase=begun)
    def a_migration(self, phase: str) -> None:
        """Take up a migration that is done up to a phase."""
        self.stage = self.exit.enter_context(self.ground.stages.at(phase))
        known = {table: set(held) for table, held in self.ground.rows_before.items()}
        self.ann = Colleague(self.stage.ann, known)

    # the tool --------------------------------------------------------------------------------

    @rule(until=st.sampled_from(JOURNEY), snag=snags, death=deaths, spoil=spoils)
    def the_migration_goes_on(
        self, until: str, snag: Snag | None, death: Death | None, spoil: str | None
    ) -> None:
        """A person goes on with the migration, and decides what is asked."""
        well = not (snag or death or spoil)
        with self.trouble(snag, death, spoil):
            if self.tried(
                lambda: driving.travel(self.stage.config, self.stage.folder, until=until),
                well=well and not self.ann.deleted,
            ):
                with self.store() as store:
                    assert gates.is_current(store, until), until

    @precondition(lambda self: self.began)
    @rule(phase=st.sampled_from(JOURNEY[3:]), snag=snags, death=deaths)
    def a_phase_is_run_again(self, phase: str, snag: Snag | None, death: Death | None) -> None:
        """A person runs one phase once more, done or not; its gate may be closed."""
        with self.trouble(snag, death, None):
            self.tried(
                lambda: driving.travel(self.stage.config, self.stage.folder, only=phase),
                well=False,
            )

    @precondition(lambda self: self.began)
    @rule(snag=snags, death=deaths)
    def all_is_rolled_back(self, snag: Snag | None, death: Death | None) -> None:
        """A person has all taken out again."""
        well = self.prepared and not (snag or death)
        with self.trouble(snag, death, None):
            if self.tried(lambda: driving.roll_back(self.stage.folder), well=well):
                self.check_gone(self.stage.odoo)

    @precondition(lambda self: self.stage.to_odoo.late)
    @rule()
    def a_lost_call_arrives(self) -> None:
        """What was on its way to Odoo when its line broke is done after all."""
        self.stale = True
        self.stage.to_odoo.arrive()

    def tried(self, work: Callable[[], object], *, well: bool) -> bool:
        """Do something that may fail as the tool says; say whether it did not.

        Args:
            work: what to do.
            well: whether nothing goes wrong on its way, so that it must end well.
        """
        self.stale = True
        try:
            with self.patient():
                work()
        except Killed:
            return False
        except WorkbenchError as error:
            if well:
                raise AssertionError(str(error)) from error
            return False
        finally:
            self.stage.to_odoo.heal()
            self.stage.control.clear_faults()
            for thread in threading.enumerate():
                if thread.name == "odoo call":
                    thread.join()
        return True

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Let waits for calls under way in Odoo end when these do, and ask PracticeHub at once."""
        late = partial(apply_rollback, sleep=lambda _seconds: self.stage.to_odoo.arrive())
        with (
            mock.patch.object(rollback_phase, "apply_rollback", late),
            mock.patch.dict(Client.__init__.__kwdefaults__, {"wait_initial": 0.0}),
        ):
            yield

    @contextmanager
    def trouble(self, snag: Snag | None, death: Death | None, spoil: str | None) -> Iterator[None]:
        """Let things go wrong on either side for the length of the block."""
        if snag:
            marker = f"/{snag.method} HTTP/1.1"
            self.stage.to_odoo.lose(marker, snag.how, skip=snag.skip, after=snag.after)
        if spoil:
            rate = {"retry_after": "1"} if spoil == "429" else {}
            self.stage.control.fault(spoil, times=2, after=1, status=503, **rate)
        with _mortal(death):
            yield

    # the clinic, and minds -------------------------------------------------------------------

    @rule()
    def a_day_passes(self) -> None:
        """Records are new, changed, deleted, and made anew under another id."""
        self.stage.control.a_day_passes()

    @precondition(lambda self: self.status("sample") is not Status.PENDING)
    @rule(place=places, other=places)
    def a_mind_is_changed(self, place: int, other: int) -> None:
        """A value that was mapped is mapped to something else."""
        with self.store() as store:
            found = [one for one in store.decisions.questions("value:")
                     if not one.is_open and len(one.options) > 1]  # fmt: skip
            if found:
                chosen = _at(found, place)
                choice = _at([one for one in chosen.options if one != chosen.choice], other)
                store.decisions.decide(chosen.subject, choice, by=driving.PERSON)

    # people in Odoo --------------------------------------------------------------------------

    def met(self, model: str, place: int) -> int | None:
        """Give one of our records that a person looks at, what is under way in Odoo done."""
        self.stage.to_odoo.arrive()
        self.stale = True
        return _at(found, place) if (found := self.ann.ours(model)) else None

    @precondition(lambda self: self.prepared)
    @rule(model=st.sampled_from(sorted(EDITABLE)), field=st.integers(0, 2), place=places)
    def somebody_edits(self, model: str, field: int, place: int) -> None:
        """A person changes a field of a record."""
        names = EDITABLE[model]
        if number := self.met(model, place):
            value = f"by Ann {len(self.ann.edited)}"
            self.ann.edits(model, number, field=names[field % len(names)], value=value)

    @precondition(lambda self: self.prepared)
    @rule(place=places)
    def somebody_archives(self, place: int) -> None:
        """A person archives a patient."""
        if number := self.met("res.partner", place):
            self.ann.edits("res.partner", number, field="active", value=False)

    @precondition(lambda self: self.prepared)
    @rule(model=st.sampled_from(DELETABLE), place=places)
    def somebody_deletes(self, model: str, place: int) -> None:
        """A person deletes a record of ours, where Odoo lets them."""
        if number := self.met(model, place):
            self.ann.deletes(model, number)

    @precondition(lambda self: self.prepared)
    @rule(what=st.sampled_from(ADDED), place=places)
    def somebody_adds(self, what: str, place: int) -> None:
        """A person answers, plans, or makes a record that belongs to a patient."""
        if number := self.met("res.partner", place):
            self.ann.adds(what, number)

    # what stands -----------------------------------------------------------------------------

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the run's state."""
        store = Store(self.stage.folder / "state.sqlite")
        try:
            yield store
        finally:
            store.close()

    @property
    def began(self) -> bool:
        """Say whether there is a run folder."""
        return (self.stage.folder / "state.sqlite").exists()

    @property
    def prepared(self) -> bool:
        """Say whether there may be something to take out."""
        return any(self.status(one) is not Status.PENDING for one in ("prepare", "rollback"))

    def status(self, phase: str) -> Status:
        """Say how a phase stands."""
        if not self.began:
            return Status.PENDING
        with self.store() as store:
            return store.journey.phase(phase).status

    # what must be so -------------------------------------------------------------------------

    @invariant()
    def the_sums_claim_no_more_than_there_is(self) -> None:
        """No resource has more fates than records; what has a fate in Odoo is there (P1)."""
        if not self.began:
            return
        there = external_ids(self.stage.odoo).keys() | self.ann.deleted
        with self.store() as store:
            sums = balance(store)
            assert all(terms.unresolved >= 0 for terms in sums.every)
            for outcome in store.proof.outcomes():
                if outcome.external_id and outcome.fate in {Fate.CREATED, Fate.UPDATED}:
                    assert outcome.external_id in there, outcome.external_id
            for phase in ("migrate", "delta", "reconcile"):
                if gates.is_current(store, phase):
                    assert sums.unresolved == 0, phase

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """Every record that we made has an external id, and the links lead to these (P2)."""
        there = external_ids(self.stage.odoo)
        for model in tables(self.stage.odoo):
            query = f"SELECT id FROM {TABLES[model]} WHERE create_uid=%s"
            made = {row["id"] for row in read(self.stage.odoo, query, ADMIN)}
            named = {number for name, number in there.values() if name == model}
            hers = {number for name, number in self.ann.made if name == model}
            stray = made - named - hers - self.ground.rows_before.get(TABLES[model], {}).keys()
            assert not stray, (model, stray)
        if self.began:
            with self.store() as store:
                gone = self.ann.deleted.union(*(
                    one.keys for one in store.destination.unsettled() if one.kind == "unlink"
                ))  # fmt: skip
                for link in store.destination.links():
                    stands = there.get(link.external_id)
                    assert stands == (link.model, link.res_id) or (
                        stands is None and link.external_id in gone
                    ), link.external_id

    @invariant()
    def what_people_wrote_stays(self) -> None:
        """No value that a person wrote in Odoo is overwritten: nobody decided that it is."""
        for (model, number, field), value in self.ann.edited.items():
            query = f"SELECT {field} AS held FROM {TABLES[model]} WHERE id=%s"
            found = [row["held"] for row in read(self.stage.odoo, query, number)]
            assert found == [value], (model, field)

    @invariant()
    def the_evidence_verifies(self) -> None:
        """At any time, a stranger finds the run folder's evidence whole (P4)."""
        if self.began:
            bad = verify(self.stage.folder).first_bad
            assert bad is None, bad

    @invariant()
    def all_can_be_undone(self) -> None:
        """On a copy of Odoo and run folder, a rollback leaves what was there, and people's (P3)."""
        if not (self.stale and self.prepared):
            return
        self.stale = False
        with beside(self.stage, self.ground.place) as other:
            run = Run.open(other.folder)
            try:
                plan = plan_rollback(run.destination, run.store, module=MODULE)
                apply_rollback(run.destination, run.store, plan, patience=0)
            finally:
                driving.close(run)
            self.check_gone(other.odoo)

    def check_gone(self, odoo: OdooConnection) -> None:
        """Nothing of ours is left but what people had to do with, and what that hangs on."""
        if not self.ann.did_something:
            assert differences(self.ground.before, snapshot(odoo.dsn)) <= UPDATED
        stays = self.ann.kept(odoo) | self.ann.made
        there = tables(odoo)
        for model, table in TABLES.items():
            now = rows(odoo.dsn, table) if model in there else {}
            then = self.ground.rows_before.get(table, {})
            # Odoo itself tells in messages what people did
            new = {number for number in now.keys() - then.keys()
                   if model != "mail.message" or now[number]["create_uid"] == ADMIN
                   or (model, number) in stays}  # fmt: skip
            expected = {number for name, number in stays if name == model}
            assert new == expected, (model, new - expected, expected - new)
            for number, row in then.items():
                assert _unlike(row, now.get(number, {})) <= STAMPS, (model, number)

    # the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Leave all quiet: the migration comes to its end, and all can be undone."""
        try:
            if hasattr(self, "stage") and sys.exception() is None:
                self.stage.to_odoo.arrive()
                self.the_migration_goes_on("reconcile", None, None, None)
                self.the_sums_claim_no_more_than_there_is()
                self.nothing_is_there_twice()
                self.what_people_wrote_stays()
                self.the_evidence_verifies()
                self.all_is_rolled_back(None, None)
        finally:
            self.exit.close()


@contextmanager
def _mortal(death: Death | None) -> Iterator[None]:
    """Let the tool die at a call to either end."""
    calls = 0

    def around(inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever `inner` takes
            nonlocal calls
            dies = death is not None and calls == death.call
            calls += 1
            if dies and death is not None and not death.done:
                raise Killed
            answer = inner(*arguments, **more)
            if dies:
                raise Killed
            return answer

        return outer

    with (
        mock.patch.object(Odoo, "call", around(Odoo.call)),
        mock.patch.object(Client, "get", around(Client.get)),
    ):
        yield


def _at(found: Sequence[T], place: int) -> T:
    return found[place * len(found) // 1000]


def _unlike(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {name for name in one if name not in other or one[name] != other[name]}


def live(place: Path, **options: Any) -> None:  # noqa: ANN401 - settings' own types
    """Go through migrations; `options` are settings that differ."""
    stages = Stages(place, patients=PATIENTS)
    odoo = stages.template
    held = {TABLES[model]: rows(odoo.dsn, TABLES[model]) for model in tables(odoo)}
    ground = Ground(place, stages, snapshot(odoo.dsn), held)
    usual: dict[str, Any] = {
        "max_examples": EXAMPLES, "stateful_step_count": STEPS, "derandomize": True,
        "deadline": None, "database": None, "report_multiple_bugs": False,
        "phases": [Phase.generate], "suppress_health_check": list(HealthCheck),
    }  # fmt: skip
    try:
        with mock.patch.object(Journeying, "ground", ground, create=True):
            run_state_machine_as_test(Journeying, settings=settings(**(usual | options)))
    finally:
        stages.close()


def test_the_promises_hold_after_every_step(odoo_server: OdooConnection, tmp_path: Path) -> None:
    """Lost calls, deaths, drift, edits, deletions, changed minds, repeats, rollbacks."""
    live(tmp_path)
