"""Extraction killed at every numbered point, in a process of its own, then gone on with.

The points are before and after each request, rename and commit, and before each write, of an
extraction that meets every kind of page and file; an undisturbed one counts them. `make test`
kills at a share of them, and at each kind of place at least once; `make test-all` at every one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.killing.account import ADDED, HIDDEN, RESOURCES, make_account
from tests.support.killing.forking import Servant
from tests.support.killing.helper import PARALLEL, Told
from tests.support.killing.points import Point
from tests.support.processes import wait_until
from workbench.sandbox.practicehub import Control, PracticeHubConnection, running
from workbench.state import Store, WalkState

ALL = bool(os.environ.get("WORKBENCH_TESTS_ALL"))
SHARE = 6
"""`make test` kills at each sixth point, and where a kind of place is met for the first time."""

DOWNLOADS = 2 * PARALLEL + 2
"""Files asked for again: those in flight, begun and not settled; the one that is not to be had;
and the one whose address has expired, which waits to be listed again."""

BY_CHANCE = 4
"""Two bodies whose hashes begin alike share a folder, and one fsync less is made: addresses are
signed anew each time, so the last few of these points may not be met in a later extraction."""

KILLED = -signal.SIGKILL


class Helper(Servant):
    """The helper process, which forks an extraction for every order."""

    def do(self, stage: str, *kills: Point) -> Told:
        """Extract, be killed at each point in turn, and go on to the end."""
        told = self.ask({"stage": stage, "kills": kills})
        return Told(**{**told, "points": [Point(*one) for one in told["points"]]})


@pytest.fixture(scope="module")
def helper() -> Iterator[Helper]:
    """Start the helper; its run folders lie in memory where that can be: a kill loses no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - only where to make a folder of one's own
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        made = Helper("tests.support.killing.helper", Path(folder))
        yield made
        made.close()


def chosen(points: list[Point]) -> list[Point]:
    """Give the points to be killed at: all, or the share of a usual run."""
    return [
        point
        for place, point in enumerate(points)
        if ALL or place % SHARE == 0 or point.number == 1
    ]


def by_chance(point: Point, points: list[Point]) -> bool:
    """Say whether a point is one that an extraction may come by less often."""
    most = max(one.number for one in points if one.place == point.place)
    return point.place.startswith("before fsync") and point.number > most - BY_CHANCE


NOT_MET = "ended with [0, 0]"


def told_wrong(told: Told, kills: tuple[Point, ...]) -> str:
    """Say what is not as it must be after kills; nothing where all is well."""
    wrong = []
    if told.endings[-1] != 0 or told.endings[0] != KILLED:
        wrong.append(f"ended with {told.endings}")
    if told.requests > len(kills):
        wrong.append(f"{told.requests} requests more")
    if told.downloads > len(kills) * DOWNLOADS:
        wrong.append(f"{told.downloads} files fetched again")
    return "; ".join([*wrong, *told.differences])


@pytest.mark.parametrize("stage", ["pages", "files"])
def test_a_kill_at_any_point_loses_nothing_and_repeats_one_request(
    helper: Helper, stage: str
) -> None:
    """Killed at any instant and begun again, an extraction ends with the very same contents."""
    points = helper.do(stage).points
    found = {point: told_wrong(helper.do(stage, point), (point,)) for point in chosen(points)}
    unmet = [one for one in found if found[one] == NOT_MET and by_chance(one, points)]

    assert {one: wrong for one, wrong in found.items() if wrong and one not in unmet} == {}


@pytest.mark.parametrize("stage", ["pages", "files"])
def test_a_kill_during_the_going_on_loses_nothing_either(helper: Helper, stage: str) -> None:
    """A run that is killed a second time, at a like place, is as safe as it was."""
    points = helper.do(stage).points
    sure = [point for point in chosen(points) if not by_chance(point, points)]
    twice = [(point, point) for point in sure[::5]]
    found = {pair[0]: told_wrong(helper.do(stage, *pair), pair) for pair in twice}

    assert {point: wrong for point, wrong in found.items() if wrong} == {}


def test_the_points_are_around_everything_that_an_extraction_does(helper: Helper) -> None:
    """Requests, bodies, names, and commits of every kind: each has its points."""
    places = {point.place for stage in ("pages", "files") for point in helper.do(stage).points}
    done = ["a request", "a download", "rename in pages", "rename in files"]
    done += [f"the commit of {what}" for what in ("counters", "files", "pages", "walks")]
    begun = [f"{what} in {where}" for what in ("write", "fsync") for where in ("pages", "files")]
    around = {f"{when} {one}" for when in ("before", "after") for one in done}

    assert around | {f"before {one}" for one in [*begun, "pwrite in pace.lock"]} <= places


def test_undisturbed_every_record_is_held(helper: Helper) -> None:
    """What the kills are compared with is the whole account: shown, hidden, and added meanwhile."""
    clinic = make_account("").clinic
    readable = [name for name in RESOURCES if name not in {"locations", "clinical_notes"}]
    whole = {f"{name}/{row['id']}" for name in readable for row in clinic[name]}

    assert f"invoices/{HIDDEN}" in whole
    assert set(helper.do("pages").records) == whole | {f"patient_logs/{ADDED}"}


@pytest.mark.parametrize("stage", ["pages", "files"])
def test_a_finished_extraction_costs_no_request(helper: Helper, stage: str) -> None:
    """Begun once more after its end it changes nothing, and tries the one missing file again."""
    helper.do(stage)
    never = Point("before a request", 1_000_000)
    told = helper.do(stage, never)

    assert told.endings == [0, 0]
    assert (told.requests, told.differences) == (0, [])
    assert told.downloads == (1 if stage == "files" else 0)


# Ctrl-C --------------------------------------------------------------------------------------

SCRIPT = textwrap.dedent(
    """
    import signal, sys
    from pathlib import Path
    from workbench.practicehub import Client, Pace, walk
    from workbench.state import Store

    # whoever starts the tests in the background has Ctrl-C ignored from here on down
    signal.signal(signal.SIGINT, signal.default_int_handler)
    url, key, app, folder = sys.argv[1:]
    store = Store(Path(folder) / "state.sqlite")
    with Client(base_url=url, api_key=key, app_details=app, page_size=20,
                pace=Pace(Path(folder) / "pace.lock", per_second=1000)) as client:
        for _ in walk(client, store, "appointments", folder=Path(folder)):
            pass
    """
)


@dataclass(frozen=True)
class Sandbox:
    """A simulator of this module's own."""

    connection: PracticeHubConnection
    control: Control

    def process(self, folder: Path) -> subprocess.Popen[str]:
        one = self.connection
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT, one.base_url, one.api_key, one.app_details, str(folder)],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small clinic."""
    with running(vocabulary="brief", patients=40, seed=3, rate=0) as (connection, control):
        yield Sandbox(connection, control)


def test_ctrl_c_ends_a_slow_request_at_once_and_the_next_run_goes_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A person who stops a run does not wait for PracticeHub, and loses nothing."""
    control = sandbox.control
    control.fault("slow", path="/appointments", page=3, seconds=5.0)
    process = sandbox.process(tmp_path)
    wait_until(lambda: control.state()["faults"] == 1, seconds=30, what="the slow request")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)

    assert "KeyboardInterrupt" in told
    assert time.monotonic() - began < 3
    again = sandbox.process(tmp_path)
    again.communicate(timeout=30)
    assert again.returncode == 0
    store = Store(tmp_path / "state.sqlite")
    held = store.source.walk("appointments")
    store.close()
    assert held is not None
    assert (held.state, held.distinct) == (WalkState.DONE, held.reported)
    asked = control.state()["requests"]
    assert asked == held.pages + 1
