"""P2: one source record has at most one Odoo record, whatever was killed or stopped.

The processes are real: the command, the kernel that it runs a notebook on, and Odoo, which goes
on with a call although nobody waits for its answer any more.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.journey import truth
from tests.journey.support import (
    MODULE,
    Journey,
    Said,
    alive,
    children,
    journey,
    wait_until,
)
from workbench.sandbox.clinic import practitioner_accounts
from workbench.sandbox.odoo import OdooConnection

pytest_plugins = ["tests.support.groups"]
pytestmark = pytest.mark.odoo

SLOW = 0.05
"""Seconds that PracticeHub takes to answer while a walk is to be met in its middle."""
MODELS = ("res.partner", "crm.lead", "mail.message", "ir.attachment")

Stop = Callable[[Journey, "subprocess.Popen[str]"], None]


@dataclass
class Stopped:
    """A migration that was stopped in extract and again in migrate, and then came to its end."""

    journey: Journey
    extract: Said
    migrate: Said
    left: list[int] = field(default_factory=list)
    """Processes that outlived the command that had started them."""
    requests: Counter[str] = field(default_factory=Counter)
    """How often each page was asked for until extract was done."""
    open_operations: int = 0
    status: dict[str, Any] = field(default_factory=dict)


def _kill_the_command(_journey: Journey, process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)


def _kill_the_kernel(_journey: Journey, process: subprocess.Popen[str]) -> None:
    os.kill(kernel_of(process), signal.SIGKILL)


def _ctrl_c(_journey: Journey, process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


STOPS = [
    pytest.param(_kill_the_command, id="the command is killed",
                 marks=pytest.mark.xdist_group("p2-command")),
    pytest.param(_kill_the_kernel, id="its kernel is killed",
                 marks=pytest.mark.xdist_group("p2-kernel")),
    pytest.param(_ctrl_c, id="Ctrl-C", marks=pytest.mark.xdist_group("p2-interrupt")),
]  # fmt: skip


def kernel_of(process: subprocess.Popen[str]) -> int:
    """Find the kernel that a command runs a notebook on."""
    found = [pid for pid in children(process.pid)
             if b"workbench.kernel" in Path(f"/proc/{pid}/cmdline").read_bytes()]  # fmt: skip
    return found[-1]


def pages(made: Journey) -> int:
    """Count the pages held."""
    return sum(walked.pages for walked in made.store.source.walks())


def in_flight(made: Journey) -> bool:
    """Tell whether a call of the full load is on its way to Odoo, and visits are in it."""
    return any(one.phase == "migrate" and one.model == "crm.lead"
               for one in made.store.destination.unsettled())  # fmt: skip


def stopped_at(made: Journey, stop: Stop, moment: Callable[[], bool], *, what: str) -> Said:
    """Go on with a migration and stop it at a moment of our choice."""
    words = ("run", str(made.config), "--run", str(made.folder))
    process = made.start(*words)

    def there() -> bool:
        assert process.poll() is None, f"it ended before {what}"
        return moment()

    wait_until(there, what=what)
    kernel = kernel_of(process)
    stop(made, process)
    said = made.finish(process, *words)
    wait_until(lambda: not alive(kernel), seconds=15, what="the kernel's end")
    return said


@pytest.fixture(scope="module", params=STOPS)
def stopped(
    request: pytest.FixtureRequest,
    odoo_server: OdooConnection,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stopped]:
    """30 patients; stopped in the middle of reading, and in the middle of loading."""
    place = tmp_path_factory.mktemp("stopped")
    with journey(place, patients=30, page_size=10, sample_size=5) as made:
        made.travel("--until", "prepare")
        made.control.switches(latency=SLOW)
        goal = pages(made) + 12
        extract = stopped_at(made, request.param, lambda: pages(made) >= goal, what="the 12th page")
        made.control.switches(latency=0)
        made.travel("--until", "extract")
        log = made.source_state(log=True)["log"]
        asked = Counter(f"{one['path']}?{one['query']}" for one in log if one["status"] == 200)
        made.travel("--until", "sample")
        migrate = stopped_at(made, request.param, lambda: in_flight(made), what="a call in flight")
        found = Stopped(made, extract, migrate, requests=asked)
        found.open_operations = len(made.store.destination.unsettled())
        # one of the three goes on to the end: the other phases meet nothing that was stopped
        made.travel(*([] if request.param is _kill_the_command else ["--until", "migrate"]))
        found.status = made.status()
        yield found


def test_no_record_is_in_odoo_twice(stopped: Stopped) -> None:
    """Patients, visits, notes and files: each external id leads to a record of its own."""
    made = stopped.journey
    ours = [["module", "=", MODULE], ["model", "in", list(MODELS)]]
    rows = made.rows("ir.model.data", ours, "name", "model", "res_id")
    names = Counter(row["name"] for row in rows)
    merged = {f"patient_{newer}" for newer in truth.twins(made.clinic)}
    records = Counter((row["model"], row["res_id"]) for row in rows if row["name"] not in merged)

    assert max(names.values()) == 1
    assert max(records.values()) == 1


def test_odoo_holds_just_the_clinic(stopped: Stopped) -> None:
    """Counted in Odoo, without our external ids: no record of unknown origin was left."""
    made = stopped.journey
    clinic = made.clinic
    partners = [row["x_practicehub_id"] for row in
                made.rows("res.partner", [["x_practicehub_id", "!=", False]],
                          "x_practicehub_id")]  # fmt: skip
    leads = [row["x_practicehub_id"] for row in made.rows("crm.lead", [], "x_practicehub_id")]
    ids = set(made.external_ids("res.partner").values())
    notes = sum(1 for name in truth.NOTES for _ in truth.of_known(clinic, name))
    extra = sum(1 for name in made.external_ids("mail.message") if name.endswith("_values"))
    on_patients = [["model", "=", "res.partner"], ["res_id", "in", sorted(ids)]]

    assert sorted(partners) == sorted(truth.known(clinic) - set(truth.twins(clinic)))
    assert sorted(leads) == sorted(str(one["id"]) for one in clinic["appointments"]
                                   if one["patient_id"] is not None)  # fmt: skip
    assert made.count("mail.message", on_patients) == notes + extra
    assert made.count("ir.attachment", [["res_model", "=", "res.partner"],
                                        ["res_id", "in", sorted(ids)]]) == len(
        truth.papers(clinic))  # fmt: skip


def test_nothing_is_lost_either(stopped: Stopped) -> None:
    """P1 closes as if nothing had happened: the same fates, nothing open, nothing unknown."""
    expected = truth.fates(stopped.journey.clinic, users=len(practitioner_accounts()))
    found = {name: {fate: one[fate] for fate in ("created", "updated", "merged", "excluded",
                                                 "rejected") if one[fate]}
             for name, one in stopped.status["resources"].items()}  # fmt: skip

    assert found == {name: {fate: count for fate, count in one.items() if count}
                     for name, one in expected.items()}  # fmt: skip
    assert {one["unresolved"] for one in stopped.status["resources"].values()} == {0}
    assert stopped.status["files"]["unresolved"] == 0
    assert stopped.status["phases"]["migrate"] == "done"
    assert stopped.journey.store.destination.unsettled() == []


def test_the_load_was_stopped_in_the_middle_of_a_call(stopped: Stopped) -> None:
    """The stop hit a call whose outcome nobody had heard: what all this is about."""
    assert stopped.open_operations >= 1


def test_at_most_one_page_is_asked_for_twice(stopped: Stopped) -> None:
    """Every page that was held when the process died stays held."""
    twice = {page: count for page, count in stopped.requests.items() if count > 1}

    assert len(stopped.requests) > 60
    assert sum(count - 1 for count in twice.values()) <= 1


def test_the_command_ends_as_it_should(stopped: Stopped, request: pytest.FixtureRequest) -> None:
    """Killed: nothing can be said. Its kernel killed: exit 1. Ctrl-C: exit 130. No traceback."""
    codes = {_kill_the_command: -signal.SIGKILL, _kill_the_kernel: 1, _ctrl_c: 130}
    words = {_kill_the_command: "", _kill_the_kernel: "kernel was killed",
             _ctrl_c: "Stopped by Ctrl-C"}  # fmt: skip
    stop = request.node.callspec.params["stopped"]
    for said in (stopped.extract, stopped.migrate):
        assert said.code == codes[stop]
        assert words[stop] in said.err
        assert "Traceback" not in said.err + said.out
        if words[stop]:
            assert len(said.err.strip().splitlines()[-3:]) == 3
            assert "gain" in said.err.strip().splitlines()[-1]


def test_the_evidence_of_a_stopped_run_verifies(stopped: Stopped) -> None:
    """Half a notebook, and all: everything holds but for a seal that nobody made yet."""
    sealed = stopped.status["phases"]["reconcile"] == "done"
    said = stopped.journey.workbench("verify", str(stopped.journey.folder))
    bad = [line for line in said.out.splitlines() if line.startswith("✗")]

    assert [line for line in bad if not line.startswith("✗ seal")] == []
    assert said.code == (0 if sealed else 5)
