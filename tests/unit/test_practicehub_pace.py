"""The pace between requests, on clocks that the tests own."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workbench.errors import StateError, StorageFullError
from workbench.practicehub.pace import LONGEST_WAIT_SECONDS, Pace
from workbench.sandbox.practicehub.pacing import Gate


@dataclass
class Clock:
    """Two clocks that go forward together when somebody sleeps."""

    wall: float = 1_000_000.0
    monotonic: float = 5_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def pace(self, path: Path, *, per_second: float = 1.0) -> Pace:
        return Pace(
            path, per_second=per_second,
            wall=lambda: self.wall, monotonic=lambda: self.monotonic, sleep=self.sleep,
        )  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still until somebody sleeps."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the file that the processes share."""
    return tmp_path / "pace.lock"


def starts(clock: Clock, pace: Pace, *, requests: int, seconds: float) -> list[float]:
    """Make requests that each take so long, and note when they start."""
    found = []
    for _ in range(requests):
        with pace.turn():
            found.append(clock.monotonic)
            clock.pass_by(seconds)
    return found


def test_the_first_request_does_not_wait(clock: Clock, path: Path) -> None:
    """A run that has not asked anything yet starts at once."""
    with clock.pace(path).turn() as turn:
        pass

    assert turn.waited == 0
    assert clock.slept == []


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.99])
def test_gaps_are_counted_from_start_to_start(clock: Clock, path: Path, seconds: float) -> None:
    """However long an answer takes, the next request starts one gap after the last one did."""
    found = starts(clock, clock.pace(path), requests=5, seconds=seconds)

    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert gaps == pytest.approx([1.015] * 4)


def test_a_slow_answer_costs_no_extra_wait(clock: Clock, path: Path) -> None:
    """When an answer took longer than the gap, the next request leaves at once."""
    starts(clock, clock.pace(path), requests=3, seconds=5.0)

    assert clock.slept == []


@pytest.mark.parametrize("per_second", [0.5, 1.0, 5.0, 20.0, 1000.0])
def test_at_least_98_percent_of_the_allowed_rate_is_used(
    clock: Clock, path: Path, per_second: float
) -> None:
    """Over a long walk the waiting stays within two percent of what the account demands."""
    pace = clock.pace(path, per_second=per_second)
    found = starts(clock, pace, requests=1001, seconds=0.4 / per_second)

    assert 0.98 < 1000 / (found[-1] - found[0]) / per_second <= 1.0


@pytest.mark.parametrize(
    ("per_second", "late", "gap"),
    [(20.0, 0.004, 0.05475), (20.0, 0.2, 0.065), (4.0, 0.1, 0.265), (1.0, 0.5, 1.015)],
)
def test_a_request_that_may_have_been_noticed_late_is_given_as_much_more(
    clock: Clock, path: Path, per_second: float, late: float, gap: float
) -> None:
    """After an answer slower than the fastest, the next request keeps 15 ms away at most."""
    pace = clock.pace(path, per_second=per_second)
    starts(clock, pace, requests=1, seconds=0.001)
    (slow,) = starts(clock, pace, requests=1, seconds=0.001 + late)
    (following,) = starts(clock, pace, requests=1, seconds=0.001)

    assert following - slow == pytest.approx(max(gap, 0.001 + late))


@pytest.mark.parametrize("per_second", [1.0, 5.0, 20.0])
def test_requests_that_arrive_unevenly_late_are_never_too_early(
    clock: Clock, path: Path, per_second: float
) -> None:
    """Whatever the way takes, up to what the simulator forgives, none of 2,000 is refused."""
    chance, gate = random.Random(5), Gate()  # noqa: S311 - delays are no secret
    for start in starts(clock, clock.pace(path, per_second=per_second), requests=2000, seconds=0):
        late = chance.choice([0.0, 0.0, 0.001, 0.005])
        early = gate.arrive(start + late, rate=per_second, jitter=0.005, refused_counts=True)
        assert early == 0


def test_two_processes_share_one_pace(clock: Clock, path: Path) -> None:
    """A second process waits for the gap that the first one began."""
    starts(clock, clock.pace(path), requests=1, seconds=0.2)
    [second] = starts(clock, clock.pace(path), requests=1, seconds=0.2)

    assert second - 5_000.0 == pytest.approx(1.015)


def test_a_crash_leaves_a_whole_gap(clock: Clock, path: Path) -> None:
    """When a process dies with a request on its way, the next one waits a whole gap."""
    with clock.pace(path).turn():
        left_behind = path.read_bytes()
    path.write_bytes(left_behind)  # a kill: the lock goes, the file stays as it was
    clock.pass_by(0.9)

    [start] = starts(clock, clock.pace(path), requests=1, seconds=0.1)
    assert start - 5_000.9 == pytest.approx(1.015)


def test_a_clock_set_back_makes_nobody_wait_for_long(clock: Clock, path: Path) -> None:
    """After the wall clock was set back an hour, the wait is still one gap at most."""
    starts(clock, clock.pace(path), requests=1, seconds=0.2)
    clock.wall -= 3600

    starts(clock, clock.pace(path), requests=1, seconds=0.2)
    assert sum(clock.slept) == pytest.approx(0.815)


def test_a_clock_set_forward_lets_nobody_hurry(clock: Clock, path: Path) -> None:
    """A wall clock that jumps ahead does not shorten the gap."""
    starts(clock, clock.pace(path), requests=1, seconds=0.2)
    clock.wall += 3600

    starts(clock, clock.pace(path), requests=1, seconds=0.2)
    assert sum(clock.slept) == pytest.approx(0.815)


def test_after_a_restart_of_the_machine_the_wall_clock_counts(clock: Clock, path: Path) -> None:
    """The other clock begins anew with the machine; nobody waits for it to catch up."""
    starts(clock, clock.pace(path), requests=1, seconds=0.2)
    clock.wall += 60
    clock.monotonic = 3.0

    starts(clock, clock.pace(path), requests=1, seconds=0.2)
    assert clock.slept == []


def test_the_gap_counts_from_when_a_request_really_left(clock: Clock, path: Path) -> None:
    """Opening a connection takes time; the next request waits from after it."""
    pace = clock.pace(path)
    with pace.turn() as turn:
        clock.pass_by(0.4)
        turn.sent()
        left = clock.monotonic
    [second] = starts(clock, pace, requests=1, seconds=0.0)

    assert second - left == pytest.approx(1.015)


def test_a_429_widens_the_gap_and_answers_narrow_it_again(clock: Clock, path: Path) -> None:
    """After a refusal there is more room, and after many answers as much as before."""
    pace = clock.pace(path)
    with pace.turn() as turn:
        turn.widen(None)
    found = starts(clock, pace, requests=60, seconds=0.0)

    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert gaps[0] > 1.4
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == pytest.approx(1.015)


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7.0), (0.0, 1.5225), (None, 1.5225)])
def test_a_429_is_waited_out_by_every_process(
    clock: Clock, path: Path, asked: float | None, waited: float
) -> None:
    """When PracticeHub names the seconds to wait, or none, no process asks earlier."""
    pace = clock.pace(path)
    with pace.turn() as turn:
        clock.pass_by(0.3)
        turn.widen(asked)
    refused = clock.monotonic
    [second] = starts(clock, clock.pace(path), requests=1, seconds=0.0)

    assert second - refused == pytest.approx(waited)


def test_a_wider_gap_holds_for_every_process(clock: Clock, path: Path) -> None:
    """What one process learned from a refusal, the other ones keep to, and narrow again."""
    with clock.pace(path).turn() as turn:
        turn.widen(None)
    found = [starts(clock, clock.pace(path), requests=1, seconds=0)[0] for _ in range(4)]

    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert gaps == pytest.approx([1.015 + 0.5075 * 0.9**narrower for narrower in (1, 2, 3)])


def test_an_absurd_retry_after_does_not_stop_the_run(clock: Clock, path: Path) -> None:
    """A wait of days is cut to ten minutes, after which PracticeHub is asked again."""
    pace = clock.pace(path)
    with pace.turn() as turn:
        turn.widen(1e9)
    starts(clock, pace, requests=1, seconds=0.0)

    assert sum(clock.slept) == pytest.approx(LONGEST_WAIT_SECONDS)


def test_repeated_refusals_widen_further_up_to_a_limit(clock: Clock, path: Path) -> None:
    """Each refusal doubles the extra gap, and it never grows beyond thirty gaps."""
    pace = clock.pace(path)
    waits = []
    for _ in range(12):
        before = clock.monotonic
        with pace.turn() as turn:
            waits.append(clock.monotonic - before)
            turn.widen(None)

    assert waits[1:4] == pytest.approx([1.5225, 2.03, 3.045])
    assert max(waits) == pytest.approx(31 * 1.015)


def test_only_waits_beyond_the_ordinary_pace_are_told(clock: Clock, path: Path) -> None:
    """A person hears of the seconds that PracticeHub asked for, not of every page's second."""
    pace, told = clock.pace(path), list[float]()
    for _ in range(3):
        with pace.turn(told.append):
            pass
    with pace.turn(told.append) as turn:
        turn.widen(12.0)
    with clock.pace(path).turn(told.append):
        pass

    assert told == pytest.approx([12.0])


GOOD = {"wall": 1_000_000.0, "monotonic": 5_000.0, "wait": 1.0, "extra": 0.0, "busy": False}
DAMAGED = {
    "half": "{half",
    "long": "x" * 5000,
    "no text": "\udcff\udcfe",
    "a list": "[1, 2]",
    "a number": "7",
    "nothing": "null",
    "nulls": json.dumps({**GOOD, "wall": None}),
    "words": json.dumps({**GOOD, "wait": "1.0"}),
    "no number": json.dumps({**GOOD, "wait": float("nan")}),
    "without end": json.dumps({**GOOD, "wait": float("inf")}),
    "negative": json.dumps({**GOOD, "wait": -5.0}),
    "a negative extra": json.dumps({**GOOD, "extra": -1.0}),
    "no yes or no": json.dumps({**GOOD, "busy": "perhaps"}),
    "more names": json.dumps({**GOOD, "more": 1}),
    "of the future": json.dumps({**GOOD, "wall": 9e9, "monotonic": 9e9}),
    "cut off": json.dumps({**GOOD, "busy": True}),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_pace_file_costs_one_gap(clock: Clock, path: Path, kind: str) -> None:
    """A file that cannot be understood makes one request wait a gap, and is mended by it."""
    path.write_bytes(DAMAGED[kind].encode(errors="surrogateescape"))
    starts(clock, clock.pace(path), requests=1, seconds=0.4)
    assert clock.slept == pytest.approx([1.015])

    starts(clock, clock.pace(path), requests=1, seconds=0.4)
    assert clock.slept == pytest.approx([1.015, 0.615])


def test_no_mark_makes_anybody_wait_for_hours(clock: Clock, path: Path) -> None:
    """Whatever number stands in the file, ten minutes are the most."""
    path.write_text(json.dumps({**GOOD, "wait": 1e12, "extra": 1e12}), encoding="utf-8")
    starts(clock, clock.pace(path), requests=2, seconds=0.0)

    assert clock.slept == pytest.approx([LONGEST_WAIT_SECONDS, (1 + 30 * 0.9) * 1.015])


def test_a_slower_configuration_is_kept_at_once(clock: Clock, path: Path) -> None:
    """After the rate was lowered, the first request waits by the new rate, not by the file."""
    starts(clock, clock.pace(path, per_second=20), requests=1, seconds=0.0)
    starts(clock, clock.pace(path, per_second=1), requests=1, seconds=0.0)

    assert clock.slept == pytest.approx([1.015])


def test_a_faster_configuration_leaves_the_last_gap_whole(clock: Clock, path: Path) -> None:
    """After the rate was raised, the gap that was begun is kept, and the next is shorter."""
    starts(clock, clock.pace(path, per_second=1), requests=1, seconds=0.0)
    starts(clock, clock.pace(path, per_second=20), requests=2, seconds=0.0)

    assert clock.slept == pytest.approx([1.015, 0.05075])


@pytest.mark.parametrize("change", ["removed", "emptied", "put back"])
def test_a_lost_pace_file_lets_nobody_hurry(clock: Clock, path: Path, change: str) -> None:
    """Who has asked remembers when, whatever became of the file."""
    pace = clock.pace(path)
    starts(clock, pace, requests=1, seconds=0.0)
    older = path.read_bytes()
    starts(clock, pace, requests=1, seconds=0.0)
    match change:
        case "removed":
            path.unlink()
        case "emptied":
            path.write_bytes(b"")
        case _:
            path.write_bytes(older)
    starts(clock, pace, requests=1, seconds=0.0)

    assert clock.slept == pytest.approx([1.015, 1.015])


def test_a_pace_file_removed_in_flight_lets_no_second_request_out(path: Path) -> None:
    """Who removes the file to help along gets neither two requests at once nor a short gap."""
    entered = threading.Event()
    slept: list[float] = []

    def ask() -> None:
        with Pace(path, per_second=0.01, sleep=slept.append).turn():
            entered.set()

    other = threading.Thread(target=ask)
    with Pace(path, per_second=0.01).turn():
        path.unlink()
        other.start()
        assert not entered.wait(0.2)
    other.join()
    assert entered.is_set()
    assert slept == pytest.approx([101.5], abs=20)


def test_a_wait_cut_short_leaves_the_pace_as_it_was(clock: Clock, path: Path) -> None:
    """Ctrl-C in a wait frees the turn, and the next one waits what was left."""

    def stop(_seconds: float) -> None:
        clock.pass_by(0.2)
        raise KeyboardInterrupt

    starts(clock, clock.pace(path), requests=1, seconds=0.0)
    pace = Pace(path, per_second=1.0, wall=lambda: clock.wall,
                monotonic=lambda: clock.monotonic, sleep=stop)  # fmt: skip
    with pytest.raises(KeyboardInterrupt), pace.turn():
        pass
    starts(clock, clock.pace(path), requests=1, seconds=0.0)

    assert clock.slept == pytest.approx([0.815])


def test_a_request_that_fails_frees_the_turn(clock: Clock, path: Path) -> None:
    """After an error in flight the next request waits its gap, counted from the start."""

    def fail() -> None:
        clock.pass_by(0.4)
        raise KeyError

    with pytest.raises(KeyError), clock.pace(path).turn():
        fail()
    starts(clock, clock.pace(path), requests=1, seconds=0.0)

    assert clock.slept == pytest.approx([0.615])


def test_a_clock_set_back_in_a_wait_shortens_no_gap(clock: Clock, path: Path) -> None:
    """A wall clock that is set back while somebody waits changes neither this gap nor the next."""
    pace = clock.pace(path)
    [first] = starts(clock, pace, requests=1, seconds=0.0)
    clock.wall -= 0.5
    found = starts(clock, pace, requests=2, seconds=0.0)

    assert [one - first for one in found] == pytest.approx([1.015, 2.03])


def test_a_file_that_cannot_be_used_is_told_and_nothing_is_sent(path: Path) -> None:
    """Without a place to note the start no request leaves, and the folder's lock is free again."""
    path.mkdir()
    with pytest.raises(StateError, match=r"pace\.lock"), Pace(path, per_second=1000).turn():
        pytest.fail("the request would have left")
    path.rmdir()
    with Pace(path, per_second=1000).turn() as turn:
        assert turn.waited < 60


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """A run folder that somebody removed ends in a sentence."""
    pace = Pace(tmp_path / "gone" / "pace.lock", per_second=1000)
    with pytest.raises(StateError, match=r"pace\.lock"), pace.turn():
        pytest.fail("the request would have left")


def test_a_full_disk_is_told_before_anything_is_sent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that cannot be noted does not happen."""

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageFullError), Pace(path, per_second=1000).turn():
        pytest.fail("the request would have left")


def python(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a process that runs a script and talks to us."""
    return subprocess.Popen([sys.executable, "-c", script, *arguments], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip


def ended(process: subprocess.Popen[str]) -> int:
    """Wait for a process, and for its output, to end."""
    process.communicate(timeout=60)
    return process.returncode


def said(process: subprocess.Popen[str]) -> str:
    """Read the next line that a process says."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_after_a_kill_in_flight_the_next_process_waits_a_whole_gap(path: Path) -> None:
    """A process killed with a request on its way leaves the turn free, and a gap behind it."""
    process = python(
        "import sys, time; from pathlib import Path; from workbench.practicehub import Pace\n"
        "with Pace(Path(sys.argv[1]), per_second=0.01).turn():\n"
        "    print('in flight', flush=True); time.sleep(600)\n",
        str(path),
    )
    assert said(process) == "in flight"
    process.kill()
    assert ended(process) == -signal.SIGKILL
    slept: list[float] = []
    with Pace(path, per_second=0.01, sleep=slept.append).turn():
        pass

    assert slept == [pytest.approx(101.5)]


def test_a_forked_child_neither_keeps_the_turn_nor_takes_a_second_one(path: Path) -> None:
    """A child made in flight waits for its parent's answer, and holds nobody up by living on."""
    process = python(
        "import os, sys, time; from pathlib import Path; from workbench.practicehub import Pace\n"
        "path = Path(sys.argv[1]); pace = Pace(path, per_second=1000)\n"
        "with pace.turn():\n"
        "    idle = os.fork()\n"
        "    if not idle: time.sleep(600)\n"
        "    asking = os.fork()\n"
        "    if not asking:\n"
        "        with pace.turn(): os._exit(7)\n"
        "    time.sleep(0.2)\n"
        "    print(os.waitpid(asking, os.WNOHANG), flush=True)\n"
        "print(idle, flush=True)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(asking, 0)[1]), flush=True)\n"
        "with Pace(path, per_second=1000).turn(): print('turn', flush=True)\n"
        "os.kill(idle, 9)\n",
        str(path),
    )
    still_waiting, idle = said(process), int(said(process))

    def give_up() -> None:
        os.kill(idle, signal.SIGKILL)
        process.kill()

    limit = threading.Timer(30, give_up)
    limit.start()
    found = [still_waiting, said(process), said(process)]
    limit.cancel()
    ended(process)

    assert found == ["(0, 0)", "7", "turn"]


def test_only_its_owner_may_read_the_pace_file(clock: Clock, path: Path) -> None:
    """The run folder holds nothing that other accounts of the machine can read."""
    starts(clock, clock.pace(path), requests=1, seconds=0.0)

    assert path.stat().st_mode & 0o777 == 0o600


def test_threads_never_have_two_requests_in_flight(path: Path) -> None:
    """However many ask at once, one is in flight at a time."""
    paces = [Pace(path, per_second=1000), Pace(path, per_second=1000)]
    flying, most = [0], [0]

    def ask(pace: Pace) -> None:
        for _ in range(20):
            with pace.turn():
                flying[0] += 1
                most[0] = max(most[0], flying[0])
                time.sleep(0.0005)  # long enough for another to come in, if it could
                flying[0] -= 1

    threads = [threading.Thread(target=ask, args=(paces[one % 2],)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
