"""One journey on which everything goes wrong that can, each at its time, and none of it matters.

The disk fills up during extraction, Ctrl-C comes in the middle of a load, the sample is
rejected, and a mind is changed after it was approved.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journey.support import PERSON, WORKBENCH, Journey, Said, journey
from tests.journey_bad_input.support import (
    check_refusal,
    check_stopped,
    ctrl_c,
    leftovers,
)
from tests.support.processes import wait_until
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("bad-input-ends")]

ROOM = 150_000
"""Bytes that a file may have on the full disk: a few pages' worth of the state file's log."""

LIMITED = (
    "import os, resource, sys; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY)); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)
FIELD = "field:patients.blood_type"


@dataclass(frozen=True)
class Road:
    """What was said on the way, and how things stood at some of its bends."""

    made: Journey
    too_early: Said
    full: Said
    full_leftovers: list[str]
    held_when_full: int
    after_full: dict[str, int]
    stopped: Said
    loaded: Counter[str]
    unconfirmed: Said
    rejected: Said
    rejected_status: dict[str, Any]
    approved: Said
    reopened: Said
    asked_again: Said
    asked_again_status: dict[str, Any]


def decide(made: Journey, subject: str, choice: str, comment: str = "") -> None:
    """Decide one thing from a file."""
    file = made.config.with_name("one.yaml")
    file.write_text(
        yaml.safe_dump({subject: {"choice": choice, "comment": comment}}), encoding="utf-8"
    )
    answer = made.workbench("decide", str(made.folder), str(file), "--by", PERSON)
    assert answer.code == 0, answer.err


def on_a_full_disk(made: Journey, *options: str) -> Said:
    """Go on in a process that may write only small files, as if nothing else fitted."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIMITED, str(ROOM), str(WORKBENCH), "run", str(made.config),
         "--run", str(made.folder), *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=made.environment(), cwd=made.config.parent, process_group=0,
    )  # fmt: skip
    return made.finish(process, "run")


def until_the_sample_is_asked_about(made: Journey) -> Said:
    """Go on, deciding what is proposed, until only the sample is open."""
    while True:
        said = made.run("--until", "sample")
        waiting = [one["subject"] for one in made.status()["decisions_open"]]
        if said.code != 3 or waiting == ["sample"]:
            return said
        made.accept()


@pytest.fixture(scope="module")
def road(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """Go it."""
    place: Path = tmp_path_factory.mktemp("road")
    with journey(place, patients=12, page_size=5, sample_size=8) as made:
        assert made.run("--until", "map").code == 3
        made.decide()
        assert made.run("--until", "map").code == 0
        too_early = made.run("--phase", "migrate")

        full = on_a_full_disk(made, "--phase", "extract")
        full_leftovers, held_when_full = leftovers(made.folder), made.pages()
        said = made.run("--until", "extract")
        if said.code == 3:
            made.accept()
            said = made.run("--until", "extract")
        assert said.code == 0, said.err
        after_full = {name: v.distinct for name, v in made.store.source.volumes().items()}

        process = made.go_on("--until", "sample")
        wait_until(lambda: "created" in how_of(made).values(), what="a record was loaded")
        stopped = ctrl_c(made, process)
        assert until_the_sample_is_asked_about(made).code == 3
        loaded = Counter(made.external_ids("res.partner").keys())

        unconfirmed = made.workbench("rollback", str(made.folder))
        decide(made, "sample", "reject")
        rejected, rejected_status = made.run("--until", "sample"), made.status()
        decide(made, "sample", "approve")
        approved = made.run("--until", "sample")
        decide(made, FIELD, "drop", "never asked for")
        reopened = made.run("--phase", "migrate")
        asked_again = until_the_sample_is_asked_about(made)
        yield Road(
            made, too_early, full, full_leftovers, held_when_full, after_full, stopped, loaded,
            unconfirmed, rejected, rejected_status, approved, reopened, asked_again, made.status(),
        )  # fmt: skip


def test_a_load_before_its_sample_is_refused_at_the_gate(road: Road) -> None:
    """Nothing was approved yet, so nothing is loaded."""
    check_refusal(road.made, road.too_early, 4, "migrate needs sample, which is pending")


def test_a_disk_that_fills_up_is_told_as_that(road: Road) -> None:
    """Exit code 1, and what to do about it; pages that fitted are kept, no half file is."""
    check_refusal(road.made, road.full, 1, "is full", "Free some space")
    assert road.full_leftovers == []
    assert road.held_when_full > 0


def test_with_room_again_extraction_ends_complete(road: Road) -> None:
    """Every record of the clinic is held, as if the disk had never been full."""
    expected = {name: count for name, count in road.made.clinic.counts().items() if count}
    assert {name: road.after_full[name] for name in expected} == expected
    paths = road.made.control.state()["per_path"]
    assert road.made.control.state()["violations"] == 0, paths


def test_ctrl_c_in_the_middle_of_a_load_makes_nothing_twice(road: Road) -> None:
    """The next run asks Odoo what it holds, and loads the rest."""
    check_stopped(road.made, road.stopped)
    merged = [n for n, how in how_of(road.made).items() if how == "merged"]
    ids = [number for name, number in road.made.external_ids("res.partner").items()
           if name not in merged]  # fmt: skip
    assert len(ids) == len(set(ids))
    assert max(road.loaded.values()) == 1
    tagged = road.made.count("res.partner", [["category_id.name", "=", "PracticeHub patient"]])
    patients = [n for n in road.loaded if n.startswith("patient_") and n not in merged]
    assert tagged == len(patients) > 0


def how_of(made: Journey) -> dict[str, str]:
    """Give how each external id came to be."""
    return {link.external_id: link.how.value for link in made.store.destination.links()}


def test_a_rollback_without_yes_only_says_what_it_would_do(road: Road) -> None:
    """The plan on stdout, the missing word on stderr, and nothing taken out."""
    said = road.unconfirmed
    assert said.code == 2
    assert "Will be taken out" in said.out
    assert "--yes is missing" in said.err
    assert "Traceback" not in said.err


def test_a_rejected_sample_stops_the_journey_with_a_next_step(road: Road) -> None:
    """Exit code 1, who rejected it, and what can be done now."""
    check_refusal(road.made, road.rejected, 1, f"rejected by {PERSON}", "Decide anew what is wrong")
    assert road.rejected_status["phases"]["sample"] == "failed"


def test_a_person_may_approve_after_all(road: Road) -> None:
    """The phase is gone through again and is done."""
    assert road.approved.code == 0, road.approved.err


def test_a_mind_changed_after_the_approval_closes_the_gate_and_asks_again(road: Road) -> None:
    """The approval held for another map: the sample is loaded anew and asked about anew."""
    check_refusal(road.made, road.reopened, 4, "migrate needs sample", "has changed since")
    assert road.asked_again.code == 3
    assert road.asked_again_status["phases"]["sample"] == "waiting"
    assert [one["subject"] for one in road.asked_again_status["decisions_open"]] == ["sample"]
    kept = yaml.safe_load((road.made.folder / "mapping.yaml").read_text(encoding="utf-8"))
    assert kept["fields"]["patients"]["blood_type"]["as"] == "dropped"
