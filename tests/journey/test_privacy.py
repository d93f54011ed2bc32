"""No patient and no key outside the data files: not in notebooks, reports, logs or the map."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.canaries import canaries, found_in
from tests.journey.support import BRIEF, Brief
from workbench.reports.workflow_facts import held_automations

pytest_plugins = ["tests.journey.fixtures"]
pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group(BRIEF)]

DATA = ("pages", "files")
WORKFLOW = "reports/workflow_reference.html"


def told(folder: Path) -> Iterator[tuple[str, str]]:
    """Give every text under a run folder that is no data file, as it reads."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and place.parts[0] not in DATA and not place.name.startswith("state."):
            yield str(place), path.read_bytes().decode("utf-8", "replace")


def odoos_own_names(brief: Brief) -> list[str]:
    """Give what Odoo calls its own jobs and templates: a word of them may be somebody's name."""
    held = held_automations(brief.journey.store)
    assert held is not None
    return [one["name"] for look in held.looks for one in look.found]


def test_the_search_finds_what_it_looks_for(brief: Brief) -> None:
    """The same search over the pages' data finds patients by the hundred."""
    wanted = canaries(brief.journey.clinic)
    raw = "\n".join(json.dumps(one.data) for one in brief.journey.store.source.records("patients"))

    assert len(wanted) > 1500
    assert len(found_in(raw, wanted)) > 900


def test_no_patient_stands_outside_the_data_files(brief: Brief) -> None:
    """Executed notebooks, reports, the map, the seal and the configuration name nobody."""
    wanted = canaries(brief.journey.clinic)
    places = dict(told(brief.journey.folder))
    for name in odoos_own_names(brief):
        places[WORKFLOW] = places[WORKFLOW].replace(name, "")
    leaks = {place: sorted(found)[:5] for place, text in places.items()
             if (found := found_in(text, wanted))}  # fmt: skip

    assert {"mapping.yaml", "seal.json", "reports/summary.html", WORKFLOW} <= set(places)
    assert leaks == {}


def test_no_patient_stands_in_what_the_commands_said(brief: Brief) -> None:
    """Neither the screen nor a log file of it tells who was migrated."""
    wanted = canaries(brief.journey.clinic)
    spoken = "\n".join(one.out + one.err for one in brief.journey.said)

    assert len(spoken) > 10_000
    assert found_in(spoken, wanted) == set()


def test_the_ledger_and_what_is_known_of_fields_name_no_patient(brief: Brief) -> None:
    """Within the state file too: values stand in the tables of values, nowhere else."""
    wanted = canaries(brief.journey.clinic)
    store = brief.journey.store
    ledger = "\n".join(json.dumps([one.subject, one.detail], ensure_ascii=False)
                       for one in store.ledger.entries())  # fmt: skip
    issues = "\n".join(f"{one.field} {one.rule} {one.outcome}" for one in store.staging.issues())
    notes = "\n".join(one.note for one in store.destination.operations())
    workings = json.dumps(store.journey.document("workings"), ensure_ascii=False)

    assert found_in(ledger, wanted) == set()
    assert found_in(issues, wanted) == set()
    assert found_in(notes, wanted) == set()
    assert found_in(workings, wanted) == set()


def test_no_key_stands_anywhere(brief: Brief) -> None:
    """Neither key is in any byte of the run folder, the data files included, nor on a screen."""
    journey = brief.journey
    keys = [journey.source.api_key.encode(), journey.odoo.api_key.encode(),
            journey.odoo.password.encode()]  # fmt: skip
    places = [path for path in journey.folder.rglob("*") if path.is_file()]
    spoken = "\n".join(one.out + one.err for one in journey.said).encode()

    assert [path for path in places for key in keys if key in path.read_bytes()] == []
    assert [key for key in keys if key in spoken] == []
