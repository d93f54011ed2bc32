"""Visits in the pipeline and in the calendar: two records of Odoo for one of PracticeHub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from tests.journey.support import PERSON, SIDE_EFFECTS, Journey, count_rows, journey
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-both")]


@dataclass(frozen=True)
class Both:
    """The migration, and what was counted before."""

    journey: Journey
    before: dict[str, int]
    invited: str


@pytest.fixture(scope="module")
def both(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """20 patients whose visits go to both places, up to the full load."""
    with journey(
        tmp_path_factory.mktemp("both"), patients=20, appointments_to="both", here=True
    ) as made:
        before = count_rows(made.odoo, *SIDE_EFFECTS)
        made.run("--until", "map")
        asked = next(one["subject"] for one in made.status()["decisions_open"]
                     if one["subject"].startswith("practitioner:") and not one["proposal"]
                     and "invite" in one["options"])  # fmt: skip
        file = made.config.with_name("who.yaml")
        file.write_text(yaml.safe_dump({asked: "invite"}), encoding="utf-8")
        made.workbench("decide", str(made.folder), str(file), "--by", PERSON)
        made.travel("--until", "migrate")
        yield Both(made, before, asked.removeprefix("practitioner:"))


def test_every_visit_stands_in_both_and_says_the_same(both: Both) -> None:
    """Lead and event of a visit agree on patient, user, begin, end, place and origin."""
    shared = ("x_visit_type", "x_clinic_location", "x_practitioner", "x_practicehub_id",
              "x_practicehub_created", "user_id", "description")  # fmt: skip
    ids = both.journey.external_ids()
    contacts = {row["id"]: row["partner_id"][0]
                for row in both.journey.rows("res.users", [], "partner_id")}  # fmt: skip
    own = ("name", "stage_id", "partner_id", "x_appointment_time", "x_appointment_end")
    leads = {row["id"]: row for row in both.journey.rows("crm.lead", [], *own, *shared)}
    its = ("name", "partner_ids", "start", "stop", "active", "show_as", "opportunity_id")
    events = {row["id"]: row for row in both.journey.rows("calendar.event", [], *its, *shared)}
    visits = [one for one in both.journey.clinic["appointments"] if one["patient_id"] is not None]
    wrong = []
    for visit in visits:
        lead = leads.pop(ids[f"appointment_{visit['id']}"])
        event = events.pop(ids[f"appointment_{visit['id']}_event"])
        attend = {lead["partner_id"][0]} if lead["partner_id"] else set()
        attend |= {contacts[lead["user_id"][0]]} if lead["user_id"] else set()
        stage = lead["stage_id"][1]
        off = stage in {"Cancelled", "Missed"}
        if (
            [lead[name] for name in shared] != [event[name] for name in shared]
            or (event["start"], event["stop"])
            != (lead["x_appointment_time"], lead["x_appointment_end"])
            or set(event["partner_ids"]) != attend
            or event["opportunity_id"][0] != lead["id"]
            or event["name"] != (f"{stage}: {lead['name']}" if off else lead["name"])
            or (event["active"], event["show_as"])
            != (stage != "Cancelled", "free" if off else "busy")
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


def test_who_was_invited_is_a_user_and_has_the_visits(both: Both) -> None:
    """Made by prepare, with the practitioner's e-mail address, and not asked for anywhere else."""
    made = both.journey
    who = next(one for one in made.clinic["practitioners"] if str(one["id"]) == both.invited)
    number = made.external_ids("res.users")[f"practitioner_user_{both.invited}"]
    (user,) = made.rows("res.users", [["id", "=", number]], "login", "email", "login_date", "tz")
    theirs = [one for one in made.clinic["appointments"] if one["patient_id"] is not None
              and str(one["practitioner_id"]) == both.invited]  # fmt: skip

    assert (user["login"], user["login_date"]) == (str(who["email"]).casefold(), False)
    assert user["tz"] == "Europe/Amsterdam"
    assert len(theirs) > 0
    assert made.count("crm.lead", [["user_id", "=", number]]) == len(theirs)
    assert made.count("calendar.event", [["user_id", "=", number]]) == len(theirs)


def test_no_invitation_goes_out(both: Both) -> None:
    """Nobody is written to about an event of years ago, and nobody is subscribed to it."""
    assert count_rows(both.journey.odoo, *SIDE_EFFECTS) == both.before
