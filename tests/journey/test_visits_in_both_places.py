"""Visits in the pipeline and in the calendar: two records of Odoo for one of PracticeHub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.journey.support import SIDE_EFFECTS, Journey, count_rows, journey
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-both")]


@dataclass(frozen=True)
class Both:
    """The migration, and what was counted before."""

    journey: Journey
    before: dict[str, int]


@pytest.fixture(scope="module")
def both(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """20 patients whose visits go to both places, up to the full load."""
    with journey(tmp_path_factory.mktemp("both"), patients=20, appointments_to="both") as made:
        before = count_rows(made.odoo, *SIDE_EFFECTS)
        made.travel("--until", "migrate")
        yield Both(made, before)


def test_every_visit_stands_in_both_and_says_the_same(both: Both) -> None:
    """Lead and event of a visit agree on patient, user, begin, end, place and origin."""
    shared = ("x_visit_type", "x_clinic_location", "x_practitioner", "x_practicehub_id",
              "x_practicehub_created", "name", "user_id", "description")  # fmt: skip
    ids = both.journey.external_ids()
    own = ("partner_id", "x_appointment_time", "x_appointment_end")
    leads = {row["id"]: row for row in both.journey.rows("crm.lead", [], *own, *shared)}
    own = ("partner_ids", "start", "stop")
    events = {row["id"]: row for row in both.journey.rows("calendar.event", [], *own, *shared)}
    visits = [one for one in both.journey.clinic["appointments"] if one["patient_id"] is not None]
    wrong = []
    for visit in visits:
        lead = leads.pop(ids[f"appointment_{visit['id']}"])
        event = events.pop(ids[f"appointment_{visit['id']}_event"])
        partner = [lead["partner_id"][0]] if lead["partner_id"] else []
        if (
            [lead[name] for name in shared] != [event[name] for name in shared]
            or (event["start"], event["stop"])
            != (lead["x_appointment_time"], lead["x_appointment_end"])
            or event["partner_ids"] != partner
        ):
            wrong.append(visit["id"])

    assert len(visits) > 100
    assert wrong == []
    assert leads == events == {}


def test_a_visit_in_two_places_is_still_one_record(both: Both) -> None:
    """The sums count what PracticeHub has, not what Odoo got."""
    terms = both.journey.status()["resources"]["appointments"]
    visits = [one["patient_id"] for one in both.journey.clinic["appointments"]]

    assert terms["distinct"] == len(visits)
    assert terms["created"] == len(visits) - visits.count(None)
    assert terms["unresolved"] == 0


def test_no_invitation_goes_out(both: Both) -> None:
    """Nobody is written to about an event of years ago, and nobody is subscribed to it."""
    assert count_rows(both.journey.odoo, *SIDE_EFFECTS) == both.before
