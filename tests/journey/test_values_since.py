"""A value that nobody had seen before turns up after the load: only its records wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.journey.support import Journey, Said, journey
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-values")]

STATUS, STANDING = "Rebooked online", "On hold"
SUBJECTS = (
    f"value:appointments.visit_status={STATUS}",
    f"value:patients.contact_status={STANDING}",
)


@dataclass(frozen=True)
class Since:
    """The migration as it was, as the first delta left it, and as it is after the decision.

    `stages` and `standings` are what Odoo shows by source id, in these three moments.
    """

    journey: Journey
    said: Said
    waiting: dict[str, Any]
    visit: str
    other: str
    patient: str
    stages: tuple[dict[str, str], ...]
    titles: tuple[dict[str, str], ...]
    standings: tuple[dict[str, str], ...]


def looked_at(
    made: Journey,
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Read each visit's stage and title, and each patient's standing, as Odoo shows them."""
    leads = made.of_source("crm.lead", "appointment", "stage_id", "name")
    partners = made.of_source("res.partner", "patient", "x_contact_status")
    labels = made.labels("res.partner", "x_contact_status")
    return (
        {one: row["stage_id"][1] for one, row in leads.items()},
        {one: row["name"] for one, row in leads.items()},
        {one: labels[row["x_contact_status"]] for one, row in partners.items()},
    )


@pytest.fixture(scope="module")
def since(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Since]:
    """Fifteen patients loaded; then two records get new values, and one visit a known one."""
    with journey(tmp_path_factory.mktemp("values"), patients=15, here=True) as made:
        made.travel("--until", "migrate")
        before = looked_at(made)
        visit, other = [
            str(row["id"]) for row in made.clinic["appointments"]
            if row["patient_id"] and before[0].get(str(row["id"])) == "Completed"
        ][:2]  # fmt: skip
        [patient] = {str(row["patient_id"]) for row in made.clinic["appointments"]
                     if str(row["id"]) == other}  # fmt: skip
        made.control.switches(
            overrides={
                "appointments": {visit: {"visit_status": STATUS},
                                 other: {"visit_status": "Cancelled"}},
                "patients": {patient: {"contact_status": STANDING}},
            }
        )  # fmt: skip
        said = made.run("--phase", "delta")
        waiting, between = made.status(), looked_at(made)
        made.run("--phase", "delta")  # nobody has decided yet, and the clinic goes on
        made.decide()
        made.travel()
        moments = tuple(zip(before, between, looked_at(made), strict=True))
        yield Since(made, said, waiting, visit, other, patient, *moments)


def test_the_delta_ends_asking_about_the_new_values_alone(since: Since) -> None:
    """Exit code 3; the subjects are named, on the screen and by `status`."""
    asked = {one["subject"] for one in since.waiting["decisions_open"]}

    assert since.said.code == 3
    assert all(subject in since.said.err for subject in SUBJECTS)
    assert asked == set(SUBJECTS)
    assert since.waiting["phases"]["delta"] == "waiting"


def test_all_other_records_go_on(since: Since) -> None:
    """A visit whose status is known has its new stage at once, though its patient waits."""
    before, between, _ = since.stages
    titles = since.titles

    assert (before[since.other], between[since.other]) == ("Completed", "Cancelled")
    assert between[since.visit] == before[since.visit]
    assert since.standings[1] == since.standings[0]
    assert titles[0] == titles[1] == titles[2]


def test_what_was_held_back_comes_with_the_delta_after_the_decision(since: Since) -> None:
    """The visit is in the stage that was decided on, the patient has the new standing."""
    stages, standings = since.stages[2], since.standings[2]

    assert stages[since.visit] == STATUS
    assert standings[since.patient] == STANDING
    assert {one: stage for one, stage in since.stages[1].items() if one != since.visit} == {
        one: stage for one, stage in stages.items() if one != since.visit
    }


def test_neither_the_sample_nor_the_full_load_is_gone_through_again(since: Since) -> None:
    """The map and the preparation are, for the new stage and choice; the approval stands."""
    made = since.journey
    runs = {name: len(made.notebooks(name))
            for name in ("extract", "sample", "migrate", "prepare", "delta")}  # fmt: skip
    deltas = [one.code for one in made.said if "delta" in one.command]

    assert runs["migrate"] == 1
    assert (runs["prepare"], runs["delta"]) == (2, 3)
    assert runs["extract"] <= 2  # it waits once for pairs of patients
    assert runs["sample"] == 2  # it waits once for the approval
    assert deltas == [3, 3]


def test_the_books_close_and_the_evidence_verifies(since: Since) -> None:
    """Nothing is without a fate once the delta is done, and the run is sealed."""
    status = since.journey.status()

    assert {one["unresolved"] for one in status["resources"].values()} == {0}
    assert status["phases"]["reconcile"] == "done"
    assert since.journey.workbench("verify", str(since.journey.folder)).code == 0
