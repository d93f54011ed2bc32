"""Ctrl-C at any point, and a second run beside the first: nothing lost, nothing left running."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import nbformat
import pytest

from tests.journey.support import Journey, Said, journey
from tests.journey_bad_input.support import (
    asked,
    check_refusal,
    check_stopped,
    ctrl_c,
    leftovers,
    variant,
)
from tests.support.processes import wait_until
from workbench.errors import BusyError
from workbench.run import Run
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("bad-input-stops")]

PACE = "requests_per_second = 90.0"


@pytest.fixture(scope="module")
def made(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    """Set a very small clinic up."""
    with journey(tmp_path_factory.mktemp("stops"), patients=6) as made:
        yield made


# beside another run -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """What was said while a first run was going, and how that one ended."""

    second: Said
    other: Said
    status: Said
    by_hand: BusyError
    first: Said
    between: dict[str, int]


@pytest.fixture(scope="module")
def beside(made: Journey) -> Beside:
    """Start a slow run, and try everything else on its folder meanwhile."""
    slow = variant(made, "slow", (PACE, "requests_per_second = 1.5"))
    first = slow.go_on("--until", "connect")
    wait_until(lambda: asked(made) != {}, what="the first run asked")
    second = slow.run("--until", "connect")
    other = variant(made, "other", (PACE, "requests_per_second = 1.0"), folder="slow").run()
    status = slow.workbench("status", str(slow.folder), "--json")
    opened = Run.open(slow.folder, phase="connect")
    with pytest.raises(BusyError) as by_hand:
        opened.connect.source()
    opened.store.close()
    assert first.poll() is None, "the first run ended too soon to be disturbed"
    said = slow.finish(first, "run")
    return Beside(second, other, status, by_hand.value, said, asked(made))


def test_a_second_run_is_refused_at_once(made: Journey, beside: Beside) -> None:
    """With the same configuration or another one; it has not waited for the first."""
    for said in (beside.second, beside.other):
        check_refusal(made, said, 4, "Another process is working in", "workbench status")
        assert said.seconds < 8


def test_a_notebook_opened_by_hand_changes_nothing_beside_a_run(beside: Beside) -> None:
    """Its cell shows the sentence, and can be run again later."""
    assert "Another process is working in" in beside.by_hand.what


def test_status_answers_while_a_run_is_going(beside: Beside) -> None:
    """It waits for nobody."""
    assert (beside.status.code, beside.status.err) == (0, "")
    assert beside.status.seconds < 8


def test_the_first_run_was_not_disturbed(made: Journey, beside: Beside) -> None:
    """It ends as it would have, its configuration is its own, and nobody else has asked."""
    assert beside.first.code == 0, beside.first.err
    kept = (made.folder.parent / "slow" / "migration.toml").read_bytes()
    assert kept == made.config.with_name("slow.toml").read_bytes()
    assert set(beside.between.values()) == {1}


# Ctrl-C -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0.25, 0.6, 1.0, 1.5])
def test_ctrl_c_while_a_run_is_starting_is_told_as_that(made: Journey, delay: float) -> None:
    """While libraries are imported, the folder is made, the kernel starts: whatever is then."""
    slow = variant(made, "early", (PACE, "requests_per_second = 0.1"))
    process = slow.go_on("--until", "connect")
    time.sleep(delay)

    check_stopped(made, ctrl_c(made, process))


def kept(made: Journey) -> int:
    """Count the resources of which a run holds an answer; 0 where it has no state yet."""
    state = made.folder / "state.sqlite"
    if not state.exists():
        return 0
    with closing(Store(state)) as store:
        return len(store.source.walks())


def test_ctrl_c_while_the_pace_is_waited_for_ends_at_once(made: Journey) -> None:
    """Nobody sits out the ten seconds to the next request, and the notebook tells of it."""
    slow = variant(made, "early", (PACE, "requests_per_second = 0.1"))
    before, held = asked(made), kept(slow)
    process = slow.go_on("--until", "connect")
    wait_until(lambda: asked(made) != before, what="the first request")
    wait_until(lambda: kept(slow) > held, what="the first answer was kept")

    said = ctrl_c(made, process, in_a_cell=True)

    check_stopped(made, said)
    assert said.seconds < 7
    executed = nbformat.read(slow.notebooks("connect")[-1], as_version=4)
    assert executed.metadata.workbench.outcome == "interrupted"
    assert slow.status()["phases"]["connect"] == "pending"


def test_an_impatient_person_changes_nothing_by_pressing_again(made: Journey) -> None:
    """Three times in a row, in the middle of a cell: the same sentences, no kernel left."""
    slow = variant(made, "early", (PACE, "requests_per_second = 0.1"))
    before = slow.notebooks("connect")
    process = slow.go_on("--until", "connect")
    wait_until(lambda: slow.notebooks("connect") != before, what="the notebook began")
    began = slow.notebooks("connect")[-1]
    wait_until(lambda: '"status": "running"' in began.read_text(), what="a cell runs")

    check_stopped(made, ctrl_c(made, process, times=3, in_a_cell=True))


def test_the_next_run_goes_on_in_the_same_folder(made: Journey) -> None:
    """Whatever was stopped, however early: no half file, no page asked for twice."""
    right = variant(made, "early")

    assert right.run("--until", "connect").code == 0
    assert leftovers(right.folder) == []
    assert made.control.state()["violations"] == 0
