"""The last days before the switch: what the clinic did since the load comes over too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.journey import truth
from tests.journey.support import PERSON, Journey, journey
from tests.support.snapshot import differences, snapshot
from workbench.sandbox.odoo import OdooConnection
from workbench.state import IssueKind

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-delta")]


@dataclass(frozen=True)
class Delta:
    """The migration after two days, and what happened in the clinic on them."""

    journey: Journey
    told: dict[str, Any]
    before: dict[str, int]
    now: dict[str, list[dict[str, Any]]]


def read(made: Journey, resource: str) -> list[dict[str, Any]]:
    """Read what PracticeHub has now, without the workbench's client."""
    found: list[dict[str, Any]] = []
    address: str | None = f"{made.source.base_url}/{resource}?page=1"
    while address:
        answer = httpx.get(address, headers={"x-practicehub-key": made.source.api_key,
                                             "x-app-details": made.source.app_details})  # fmt: skip
        assert answer.status_code == 200
        found += answer.json()["data"]
        address = answer.json()["links"]["next"]
    return found


@pytest.fixture(scope="module")
def delta(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delta]:
    """30 patients loaded; then two days pass, and delta and reconcile are run."""
    with journey(tmp_path_factory.mktemp("delta"), patients=30) as made:
        made.travel("--until", "migrate")
        before = made.external_ids()
        told = made.control.a_day_passes(days=2)
        made.travel("--phase", "delta")
        made.travel()
        names = ("patients", "appointments")
        made.control.switches(rate=0)  # what is read now is no run's doing
        yield Delta(made, told, before, {name: read(made, name) for name in names})


def _split(name: object) -> tuple[str, str]:
    resource, _, number = str(name).partition("/")
    return resource, number


def test_what_is_new_is_in_odoo(delta: Delta) -> None:
    """New patients, their visits, files and log lines have their records, each one."""
    prefixes = {**truth.NOTES, "patients": "patient", "appointments": "appointment",
                "files": "file"}  # fmt: skip
    ids = delta.journey.external_ids()
    gone = set(delta.told["deleted"])
    new = [f"{prefixes[resource]}_{number}"
           for name in delta.told["new"] if name not in gone
           for resource, number in [_split(name)]]  # fmt: skip

    assert len(new) >= 6
    assert [name for name in new if name not in ids] == []
    assert [name for name in new if name in delta.before] == []


def test_what_changed_is_changed_in_odoo_and_in_place(delta: Delta) -> None:
    """The same contacts and visits, now with the new street, allergies and stage."""
    made = delta.journey
    merged = truth.twins(made.clinic)
    changed = [_split(name) for name in delta.told["changed"]]
    changed = [one for one in changed if one[0] != "patients" or one[1] not in merged]
    partners = made.of_source("res.partner", "patient", "street", "x_allergies")
    leads = made.of_source("crm.lead", "appointment", "stage_id")
    patients = {str(one["id"]): one for one in delta.now["patients"]}
    visits: dict[str, dict[str, Any]] = {}
    for one in delta.now["appointments"]:
        visits.setdefault(str(one["id"]), one)
    wrong = []
    for resource, number in changed:
        if resource == "patients" and number in patients:
            one, row = patients[number], partners[number]
            if (row["street"], row["x_allergies"]) != (one["address_line_1"], one["allergies"]):
                wrong.append((resource, number))
        elif resource == "appointments" and number in visits:
            status = leads[number]["stage_id"][1]
            wrong += [(resource, number)] * (status != visits[number]["visit_status"])

    assert {resource for resource, _ in changed} == {"patients", "appointments"}
    assert wrong == []
    assert delta.before.items() <= made.external_ids().items()


def test_what_was_deleted_stays_in_odoo_and_is_listed(delta: Delta) -> None:
    """Nothing is taken out behind anybody's back: the clinic gets a list."""
    gone = {_split(name) for name in delta.told["deleted"] if name not in delta.told["new"]}
    gone |= {("appointments", str(old)) for old, _new in delta.told["recreated"]}
    found = delta.journey.store.staging.issues(kind=IssueKind.DELETED_IN_SOURCE)
    listed = {(one.resource, one.source_id) for one in found}
    ids = delta.journey.external_ids()

    assert gone
    assert gone - listed == set()
    assert [one for one in gone if f"{one[0].removesuffix('s')}_{one[1]}" not in ids] == []


def test_the_books_balance_over_the_clinic_as_it_is_now(delta: Delta) -> None:
    """Distinct is what PracticeHub has today; every term closes; the run is signed and sealed."""
    status = delta.journey.status()
    there: Any = delta.journey.control.state()["clinic"]
    found = {name: one["distinct"] for name, one in status["resources"].items()}

    assert found == {name: there[name] for name in found}
    assert {one["unresolved"] for one in status["resources"].values()} == {0}
    assert status["files"]["unresolved"] == 0
    assert status["phases"]["reconcile"] == "done"
    assert delta.journey.workbench("verify", str(delta.journey.folder)).code == 0


def test_a_merge_in_odoo_is_not_undone_by_a_changed_mind(delta: Delta) -> None:
    """Deciding otherwise about two patients who are one record in Odoo is refused, in words."""
    made = delta.journey
    odoo = snapshot(made.odoo.dsn)
    (newer, older), *_ = truth.twins(made.clinic).items()
    subject = f"duplicate:patient_{older}+patient_{newer}"
    file = made.config.with_name("changed.yaml")
    file.write_text(f"{subject}: keep both\n", encoding="utf-8")
    made.workbench("decide", str(made.folder), str(file), "--by", PERSON)
    said = made.run()

    assert said.code == 4
    assert f"patient_{newer} and patient_{older} are one record in Odoo." in said.err
    assert differences(odoo, snapshot(made.odoo.dsn)) == set()
