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
    """The migration after two days, and what happened in the clinic on them.

    `edited`: the patient whose street somebody changed in Odoo, and PracticeHub too.
    """

    journey: Journey
    told: dict[str, Any]
    before: dict[str, int]
    now: dict[str, list[dict[str, Any]]]
    edited: str


BY_HAND = "Handweg 1"


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
    with journey(tmp_path_factory.mktemp("delta"), patients=30, here=True) as made:
        made.travel("--until", "migrate")
        before = made.external_ids()
        told = made.control.a_day_passes(days=2)
        edited = _edit(made, told, before)
        made.travel("--phase", "delta")
        made.travel()
        names = ("patients", "appointments")
        made.control.switches(rate=0)  # what is read now is no run's doing
        yield Delta(made, told, before, {name: read(made, name) for name in names}, edited)


def _edit(made: Journey, told: dict[str, Any], before: dict[str, int]) -> str:
    """Change the street of a patient in Odoo whose street PracticeHub has changed, too."""
    twins = {*truth.twins(made.clinic), *truth.twins(made.clinic).values()}
    gone = {_split(name)[1] for name in told["deleted"]}
    patient = next(number for resource, number in map(_split, told["changed"])
                   if resource == "patients" and number not in twins | gone)  # fmt: skip
    made.ask("res.partner", "write", ids=[before[f"patient_{patient}"]], vals={"street": BY_HAND})
    return patient


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
            street = BY_HAND if number == delta.edited else one["address_line_1"]
            if (row["street"], row["x_allergies"]) != (street, one["allergies"]):
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


def test_what_a_person_changed_in_odoo_was_asked_about_and_kept_as_decided(delta: Delta) -> None:
    """The street waited for a person, and everything else of the patient went over."""
    store = delta.journey.store
    subject = f"conflict:patient_{delta.edited}.street"
    decision = store.decisions.get(subject)
    rules = {(one.field, one.rule) for one in store.proof.verdicts("all") if one.rule}

    assert decision is not None
    assert (decision.choice, decision.is_open) == ("keep Odoo's value", False)
    assert ("street", "kept_by_decision") in rules


def test_a_visit_made_anew_is_told_apart_and_its_old_one_is_in_the_archive(delta: Delta) -> None:
    """The same patient, practitioner and day: the visit is seen once, and can be brought back."""
    made = delta.journey
    anew = {str(old): str(new) for old, new in delta.told["recreated"]}
    leads = made.of_source("crm.lead", "appointment", "active")
    document = made.store.journey.document("remade")

    assert anew
    assert document == anew
    assert {leads[old]["active"] for old in anew} == {False}
    assert {leads[new]["active"] for new in anew.values() if new in leads} <= {True}


def test_what_was_deleted_is_kept_in_sight_as_was_proposed(delta: Delta) -> None:
    """Nothing else was archived: that is for the clinic to say."""
    made = delta.journey
    gone = {_split(name) for name in delta.told["deleted"]}
    leads = made.of_source("crm.lead", "appointment", "active")
    partners = made.of_source("res.partner", "patient", "active")
    anew = {str(old) for old, _new in delta.told["recreated"]}

    assert [n for r, n in gone if r == "appointments" and n in leads and n not in anew
            and not leads[n]["active"]] == []  # fmt: skip
    assert [n for r, n in gone if r == "patients" and n in partners
            and not partners[n]["active"]] == []  # fmt: skip


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


def test_a_mind_that_is_changed_is_carried_out_by_the_next_run(delta: Delta) -> None:
    """PracticeHub's street counts after all, what was deleted goes to the archive; then sealed."""
    made = delta.journey
    gone = [n for r, n in map(_split, delta.told["deleted"]) if r == "appointments"]
    file = made.config.with_name("after all.yaml")
    said = {f"conflict:patient_{delta.edited}.street": "write PracticeHub's value",
            "deleted:appointments": "archive"}  # fmt: skip
    asked = {one.subject for one in made.store.decisions.questions("deleted:")}
    lines = [f'"{k}": "{v}"' for k, v in said.items() if not k.startswith("deleted") or k in asked]
    file.write_text("\n".join(lines), encoding="utf-8")
    code = made.workbench("decide", str(made.folder), str(file), "--by", PERSON).code
    made.control.switches(rate=100.0)
    made.travel()
    patients = {str(one["id"]): one for one in delta.now["patients"]}
    partners = made.of_source("res.partner", "patient", "street")
    leads = made.of_source("crm.lead", "appointment", "active")

    assert code == 0
    assert partners[delta.edited]["street"] == patients[delta.edited]["address_line_1"]
    assert {leads[n]["active"] for n in gone if n in leads} <= {False}
    assert made.status()["phases"]["reconcile"] == "done"
    assert made.workbench("verify", str(made.folder)).code == 0


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
