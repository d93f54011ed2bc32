"""The pace between requests, on clocks that the tests own."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workbench.practicehub.pace import LONGEST_WAIT_SECONDS, Pace


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


def test_at_least_98_percent_of_the_allowed_rate_is_used(clock: Clock, path: Path) -> None:
    """Over a long walk the waiting stays within two percent of what the account demands."""
    found = starts(clock, clock.pace(path), requests=1001, seconds=0.4)

    assert 0.98 < 1000 / (found[-1] - found[0]) <= 1.0


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
    with pace.turn():
        pace.widen(None)
    found = starts(clock, pace, requests=60, seconds=0.0)

    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert gaps[0] > 1.4
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == pytest.approx(1.015)


def test_a_retry_after_is_waited_out(clock: Clock, path: Path) -> None:
    """When PracticeHub names the seconds to wait, no process asks earlier."""
    pace = clock.pace(path)
    with pace.turn():
        pace.widen(7.0)
    asked = clock.monotonic
    [second] = starts(clock, clock.pace(path), requests=1, seconds=0.0)

    assert second - asked == pytest.approx(7.0)


def test_an_absurd_retry_after_does_not_stop_the_run(clock: Clock, path: Path) -> None:
    """A wait of days is cut to ten minutes, after which PracticeHub is asked again."""
    pace = clock.pace(path)
    pace.widen(1e9)
    starts(clock, pace, requests=1, seconds=0.0)

    assert sum(clock.slept) == pytest.approx(LONGEST_WAIT_SECONDS)


def test_repeated_refusals_widen_further_up_to_a_limit(clock: Clock, path: Path) -> None:
    """Each refusal doubles the extra gap, and it never grows beyond thirty gaps."""
    pace = clock.pace(path)
    waits = []
    for _ in range(12):
        before = clock.monotonic
        with pace.turn():
            waits.append(clock.monotonic - before)
            pace.widen(None)

    assert waits[1:4] == pytest.approx([1.5225, 2.03, 3.045])
    assert max(waits) == pytest.approx(31 * 1.015)


def test_a_damaged_pace_file_costs_one_gap(clock: Clock, path: Path) -> None:
    """A file that cannot be understood makes the next request wait, never fail."""
    path.write_text("{half", encoding="utf-8")
    starts(clock, clock.pace(path), requests=1, seconds=0.0)

    assert clock.slept == pytest.approx([1.015])


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
