"""The whole journey killed at every numbered point of every phase, then gone on with.

The points are before each effect that a phase has: a request and its answer, a file made and
named, a commit; and around each call that changes something in Odoo: before it is sent, when
Odoo has committed and its answer is on the way, and after the answer. An undisturbed phase
counts them. A phase that was killed and begun again must end as the undisturbed one did: the
same run folder and the same Odoo, apart from moments and numbers, and evidence that verifies.
`make test` kills at a fixed share of the points; `make test-all` at every one.

Where a kill leaves all as another one did, nothing that is begun again can tell them apart: so
each point is killed at, and what is left is gone on with once. How extraction is killed while it
reads is in `test_extraction_kill`; what it does besides is here.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.support import driving
from tests.support.killing.calls import kind_of
from tests.support.killing.forking import Servant
from tests.support.killing.journey import STAGES, Told
from tests.support.killing.points import Point
from workbench.sandbox.odoo import OdooConnection

pytestmark = pytest.mark.odoo

ALL = bool(os.environ.get("WORKBENCH_TESTS_ALL"))
KILLED = -signal.SIGKILL
EFFECTS_IN_ODOO = ("prepare", "sample", "migrate", "delta", "rollback")
SECOND_HALF = ("migrate", "delta", "reconcile", "rollback")
GONE_ON_AFTER = ("prepare", "sample", "migrate", "delta") if ALL else ("delta",)
KILLED_TWICE = STAGES if ALL else ("migrate",)
TWICE_EVERY = 25
"""All are killed at once; every 25th is killed a second time at the same place."""
USUAL = {
    "before the commit": ["prepare", "delta", "rollback"],
    "before rename in": ["migrate"],
    "Odoo has committed the call": ["migrate", "delta", "rollback"],
}
"""Where `make test` kills: the one in the middle of those of a kind."""
KILLED_ONCE = [one for one in STAGES if ALL or any(one in phases for phases in USUAL.values())]


def of_phase(phase: str, *rest: object) -> Any:  # noqa: ANN401 - pytest's own kind of a thing
    """Make a parameter: all of a phase in one process, the phases in two where it takes long."""
    half = "second" if ALL and phase in SECOND_HALF else "first"
    mark = pytest.mark.xdist_group(f"journey-kill-{half}")
    return pytest.param(phase, *rest, marks=mark, id="-".join(map(str, (phase, *rest))))


class Helper(Servant):
    """The helper process, which forks a phase for every order."""

    def __init__(self, folder: Path) -> None:
        super().__init__("tests.support.killing.journey", folder)
        self.run = folder / "runs" / "clinic"

    def do(self, phase: str, *kills: Point, on: bool = False, late: str = "") -> Told:
        """Go through a phase, be killed at each point in turn, and go on to its end."""
        told = self.ask({"phase": phase, "kills": kills, "on": on, "late": late})
        return Told(**{**told, "points": [Point(*one) for one in told["points"]]})

    def points(self, phase: str) -> list[Point]:
        """Give the points of the undisturbed phase."""
        return [Point(*one) for one in self.ask({"points": phase})["points"]]


@pytest.fixture(scope="module")
def helper(odoo_server: OdooConnection) -> Iterator[Helper]:
    """Start the helper; its run folders lie in memory where that can be: a kill loses no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - only where to make a folder of one's own
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        made = Helper(Path(folder))
        yield made
        made.close()


def chosen(phase: str, points: list[Point]) -> list[Point]:
    """Give the points to be killed at: all, or the share of a usual run."""
    if ALL:
        return points
    kinds = {kind: [point for point in points if kind_of(point) == kind] for kind in USUAL}
    return [kinds[kind][len(kinds[kind]) // 2] for kind, phases in USUAL.items() if phase in phases]


def wrong(told: Told, *endings: int) -> str:
    """Say what is not as it must be after kills; nothing where all is well."""
    if told.known and told.endings == [KILLED]:
        return ""
    ended = [] if told.endings == list(endings) else [f"ended with {told.endings}"]
    return "; ".join([*ended, *told.unlike])


@pytest.mark.parametrize("phase", [of_phase(phase) for phase in KILLED_ONCE])
def test_a_phase_killed_anywhere_and_begun_again_ends_as_if_undisturbed(
    helper: Helper, tell: list[str], phase: str
) -> None:
    """Nothing is lost, nothing is there twice, and nobody can tell afterwards."""
    every = helper.points(phase)
    points = chosen(phase, every)
    done = {point: helper.do(phase, point) for point in points}
    found = {point: wrong(told, KILLED, 0) for point, told in done.items()}
    if ALL:  # nor do two that nobody disturbs
        assert wrong(helper.do(phase), 0) == ""
    bad = {point: what for point, what in found.items() if what}
    known = sum(told.known for told in done.values())
    tell.append(
        f"{phase}: {len(every)} points; killed at {len(points)}, which left "
        f"{len(points) - known} different states; {len(bad)} ended otherwise than undisturbed"
    )

    assert points
    assert bad == {}


@pytest.mark.parametrize("phase", [of_phase(phase) for phase in KILLED_TWICE])
def test_a_phase_killed_twice_is_as_safe(helper: Helper, phase: str) -> None:
    """Who is killed while going on goes on all the same."""
    points = helper.points(phase)[::TWICE_EVERY] if ALL else chosen(phase, helper.points(phase))[:1]
    # the second time there may be less to do: then it ends well before
    found = {one: wrong(told, KILLED, told.endings[1], 0) for one in points
             for told in [helper.do(phase, one, one)]}  # fmt: skip

    assert found
    assert {point: what for point, what in found.items() if what} == {}


@pytest.mark.parametrize("phase", [of_phase(phase) for phase in GONE_ON_AFTER])
def test_the_rest_of_the_journey_does_not_notice(helper: Helper, phase: str) -> None:
    """Gone on with to the signed end, everything is as in a journey that was never killed."""
    committed = [one for one in helper.points(phase)
                 if kind_of(one) == "Odoo has committed the call"]  # fmt: skip
    found = {point: wrong(helper.do(phase, point, on=True), KILLED, 0) for point in committed[-1:]}

    assert len(found) == 1
    assert {point: what for point, what in found.items() if what} == {}


def late(phase: str) -> tuple[str, ...]:
    """Say what is begun while the call of a killed phase is still at work."""
    return (phase,) if phase in {"delta", "rollback"} else (phase, "rollback")


@pytest.mark.parametrize(
    ("phase", "then"),
    [of_phase(phase, then) for phase in EFFECTS_IN_ODOO for then in late(phase)
     if ALL or (phase, then) in {("migrate", "rollback"), ("rollback", "rollback")}],
)  # fmt: skip
def test_a_call_that_commits_after_its_sender_was_killed_does_no_harm(
    helper: Helper, tell: list[str], phase: str, then: str
) -> None:
    """Odoo goes on with it, and ends it while the phase, or a rollback, has begun again."""
    sent = [one for one in helper.points(phase) if kind_of(one) == "before the call"]
    points = sent if ALL else sent[len(sent) // 2 :][:1]
    done = {point: helper.do(phase, point, late=then) for point in points}
    # a call that writes to none of the tables that are barred is through before the kill
    waited = {point: told for point, told in done.items() if told.endings[0] == KILLED}
    found = {point: wrong(told, KILLED, 0) for point, told in waited.items()}
    tell.append(f"{phase}: {len(waited)} of {len(sent)} calls commit late, while {then} begins")

    assert len(waited) > len(points) // 2
    assert {point: what for point, what in found.items() if what} == {}


@pytest.mark.parametrize("phase", [of_phase(phase) for phase in EFFECTS_IN_ODOO])
def test_the_points_are_around_everything_that_a_phase_does(helper: Helper, phase: str) -> None:
    """Each call that changes something has its three; files and commits have theirs."""
    points = helper.points(phase)
    calls = sorted(one.place.partition(" the call ")[2] + f" {one.number}" for one in points
                   if " the call " in one.place or "answer to the call" in one.place)  # fmt: skip
    around = {call: len(list(same)) for call, same in groupby(calls)}

    assert around
    assert set(around.values()) == {3}
    assert {"an empty file in", "before rename in", "before the commit"} <= {
        kind_of(point) for point in points
    }


@pytest.mark.parametrize("phase", [of_phase("reconcile")])
def test_what_the_kills_are_compared_with_is_the_whole_clinic(helper: Helper, phase: str) -> None:
    """Undisturbed, the sums close: patients made, merged and filled, and papers of every kind."""
    assert wrong(helper.do(phase), 0) == ""
    standing = driving.standing(helper.run)
    sums = standing["resources"]

    assert standing["phases"]["reconcile"] == "done"
    assert {one["unresolved"] for one in (*sums.values(), standing["files"])} == {0}
    assert min(sums["patients"][what] for what in ("created", "merged", "updated")) >= 1
    assert all(sums[name]["distinct"] - sums[name]["excluded"] - sums[name]["rejected"] >= 1
               for name in ("appointments", "clinical_notes", "patient_logs", "prescriptions",
                            "documents", "files", "invoices"))  # fmt: skip
