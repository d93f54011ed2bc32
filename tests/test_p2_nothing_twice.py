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
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.journey import truth
from tests.journey.support import MODULE, Journey, Said, journey
from tests.support.processes import alive, children, wait_until
from workbench.mapping.clinical import VAULT
from workbench.sandbox.clinic import practitioner_accounts
from workbench.sandbox.odoo import OdooConnection
from workbench.state import PageKind

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("p2")]

SLOW = 0.05
"""Seconds that PracticeHub takes to answer while a walk is to be met in its middle."""
MODELS = ("res.partner", VAULT, "crm.lead", "mail.message", "ir.attachment")

Stop = Callable[["subprocess.Popen[str]"], None]


def _kill_the_command(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)


def _kill_the_kernel(process: subprocess.Popen[str]) -> None:
    os.kill(kernel_of(process), signal.SIGKILL)


def _ctrl_c(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


STOPS = {"command": _kill_the_command, "kernel": _kill_the_kernel, "Ctrl-C": _ctrl_c}
CALLS = {"command": "crm.lead", "kernel": "mail.message", "Ctrl-C": "ir.attachment"}
"""With what in flight the full load is stopped, each time in another way."""


@dataclass
class Stopped:
    """A migration that was stopped six times, and then came to its end."""

    journey: Journey
    extract: dict[str, Said] = field(default_factory=dict)
    migrate: dict[str, Said] = field(default_factory=dict)
    in_flight: dict[str, int] = field(default_factory=dict)
    """Calls to Odoo without an answer when the load was stopped."""
    requests: Counter[str] = field(default_factory=Counter)
    """How often each page was asked for until extract was done."""
    status: dict[str, Any] = field(default_factory=dict)


def kernel_of(process: subprocess.Popen[str]) -> int:
    """Find the kernel that a command runs a notebook on."""
    found = [pid for pid in children(process.pid)
             if b"workbench.kernel" in Path(f"/proc/{pid}/cmdline").read_bytes()]  # fmt: skip
    return found[-1]


def held_more(made: Journey, goal: int) -> bool:
    """Tell whether so many pages are held."""
    return made.pages() >= goal


def calling(made: Journey, model: str) -> bool:
    """Tell whether a call of the full load is on its way to Odoo."""
    return any(one.phase == "migrate" and one.model == model
               for one in made.store.destination.unsettled())  # fmt: skip


def stopped_at(made: Journey, stop: Stop, moment: Callable[[], bool], *, what: str) -> Said:
    """Go on with a migration and stop it at a moment of our choice; nothing of it is left."""
    process = made.go_on()

    def there() -> bool:
        assert process.poll() is None, f"it ended before {what}"
        return moment()

    wait_until(there, what=what)
    kernel = kernel_of(process)
    stop(process)
    said = made.finish(process, "run")
    wait_until(lambda: not alive(kernel), seconds=15, what="the kernel's end")
    return said


@pytest.fixture(scope="module")
def stopped(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stopped]:
    """30 patients; three times stopped while reading, three times while loading."""
    place = tmp_path_factory.mktemp("stopped")
    with journey(place, patients=30, page_size=10, sample_size=5) as made:
        found = Stopped(made)
        made.travel("--until", "prepare")
        made.control.switches(latency=SLOW)
        for name, stop in STOPS.items():
            held = made.pages()
            found.extract[name] = stopped_at(
                made, stop, partial(held_more, made, held + 8), what="the 8th page"
            )
        made.control.switches(latency=0)
        made.travel("--until", "extract")
        log: Any = made.control.state(log=True)["log"]
        found.requests.update(f"{one['path']}?{one['query']}" for one in log
                              if one["status"] == 200)  # fmt: skip
        made.travel("--until", "sample")
        for name, stop in STOPS.items():
            model = CALLS[name]
            found.migrate[name] = stopped_at(
                made, stop, partial(calling, made, model), what=f"a call on {model}"
            )
            found.in_flight[name] = len(made.store.destination.unsettled())
        made.travel()
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
    about = Counter(row["x_partner_id"][0] for row in made.rows(VAULT, [], "x_partner_id"))
    partners = [row["x_practicehub_id"] for row in
                made.rows("res.partner", [["x_practicehub_id", "!=", False]],
                          "x_practicehub_id")]  # fmt: skip
    leads = [row["x_practicehub_id"] for row in made.rows("crm.lead", [], "x_practicehub_id")]
    ids = set(made.external_ids("res.partner").values())
    notes = sum(1 for name in truth.NOTES for _ in truth.of_known(clinic, name))
    extra = sum(1 for name in made.external_ids("mail.message") if name.endswith("_values"))
    on_patients = [["model", "=", "res.partner"], ["res_id", "in", sorted(ids)]]

    assert sorted(partners) == sorted(truth.known(clinic) - set(truth.twins(clinic)))
    assert set(about.values()) == {1}
    assert about.keys() <= ids
    assert sorted(leads) == sorted(str(one["id"]) for one in clinic["appointments"]
                                   if one["patient_id"] is not None)  # fmt: skip
    assert made.count("mail.message", on_patients) == notes + extra
    assert made.count("ir.attachment", [["res_model", "=", "res.partner"],
                                        ["res_id", "in", sorted(ids)]]) == len(
        truth.papers(clinic))  # fmt: skip


def test_nothing_is_lost_either(stopped: Stopped) -> None:
    """P1 closes as if nothing had happened: the same fates, nothing open, nothing unknown."""
    expected = truth.fates(stopped.journey.clinic, users=len(practitioner_accounts()))

    assert truth.told(stopped.status) == expected
    assert {one["unresolved"] for one in stopped.status["resources"].values()} == {0}
    assert stopped.status["files"]["unresolved"] == 0
    assert stopped.status["phases"]["reconcile"] == "done"
    assert stopped.journey.store.destination.unsettled() == []


def test_the_load_was_stopped_in_the_middle_of_a_call(stopped: Stopped) -> None:
    """A stop hit a call whose outcome nobody had heard: what all this is about.

    Not each of the three has to: an answer may arrive while the signal is on its way.
    """
    assert max(stopped.in_flight.values()) >= 1


def test_at_most_the_page_in_hand_is_asked_for_twice(stopped: Stopped) -> None:
    """Every page that was held when the process died stays held: one request a stop."""
    twice = {page: count for page, count in stopped.requests.items() if count > 1}
    pages = stopped.journey.store.source.pages()
    meant = sum(page.kind is PageKind.AGAIN for page in pages)  # lists looked at once more

    assert len(stopped.requests) > 60
    assert sum(count - 1 for count in twice.values()) <= len(STOPS) + meant


@pytest.mark.parametrize("phase", ["extract", "migrate"])
def test_a_killed_kernel_is_told_as_what_it_is(stopped: Stopped, phase: str) -> None:
    """Exit 1 and three sentences: what happened, what is safe, what to do."""
    said = getattr(stopped, phase)["kernel"]

    assert said.code == 1
    assert "kernel was killed" in said.err
    assert "Traceback" not in said.err + said.out
    assert said.err.strip().splitlines()[-1].endswith("then run the phase again.")


@pytest.mark.parametrize("phase", ["extract", "migrate"])
def test_ctrl_c_ends_with_its_own_code_and_a_clear_word(stopped: Stopped, phase: str) -> None:
    """Exit 130, what is kept and how to go on, no traceback, and no kernel left behind."""
    said = getattr(stopped, phase)["Ctrl-C"]

    assert said.code == 130
    assert "Stopped by Ctrl-C." in said.err
    assert "Traceback" not in said.err + said.out
    assert "it goes on where it stopped" in said.err.strip().splitlines()[-1]


def test_a_killed_command_leaves_no_kernel_that_works_on(stopped: Stopped) -> None:
    """Nobody could say anything; its kernel noticed, and ended by itself."""
    assert {stopped.extract["command"].code, stopped.migrate["command"].code} == {-signal.SIGKILL}


def test_the_evidence_of_a_stopped_run_verifies(stopped: Stopped) -> None:
    """Half a notebook, and all: the ledger and the seal hold."""
    assert stopped.journey.workbench("verify", str(stopped.journey.folder)).code == 0
