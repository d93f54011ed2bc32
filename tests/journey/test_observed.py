"""The other vocabulary: an account that spells its fields as public clients have seen them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journey import truth
from tests.journey.support import Journey, journey
from workbench.sandbox.clinic import practitioner_accounts
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-observed")]

STAGES = {"pending": "New", "arrived": "In Progress", "processed": "Completed",
          "cancelled": "Cancelled", "missed": "Missed"}  # fmt: skip

NAMED = 'extra_resources = ["recalls", "letters"]'
RECALLS: list[dict[str, object]] = [
    {"id": 1, "patient_id": 101, "reason": "Check-up", "created": "2026-11-01 09:00:00"},
    {"id": 2, "patient_id": "102", "reason": "X-ray", "created": "2026-11-02 09:00:00"},
    {"id": 3, "patient_id": 5, "reason": "Nobody's", "created": "2026-11-03 09:00:00"},
    {"id": 4, "patient_id": None, "reason": "A template", "created": "2026-11-04 09:00:00"},
]
"""A list of this account's own: of two patients, of one nobody lists, and of none."""


@pytest.fixture(scope="module")
def done(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    """40 patients of the `observed` vocabulary, and recalls, from connect to reconcile."""
    place = tmp_path_factory.mktemp("observed")
    with journey(place, vocabulary="observed", patients=40) as made:
        text = made.config.read_text("utf-8")
        made.config.write_text(text.replace("[odoo]", f"{NAMED}\n[odoo]"), "utf-8")
        made.control.switches(extra_resources={"recalls": RECALLS})
        made.travel()
        yield made


@pytest.fixture(scope="module")
def partners(done: Journey) -> dict[str, dict[str, Any]]:
    """Read all patients in Odoo, by their id in PracticeHub."""
    return done.of_source(
        "res.partner", "patient", "name", "ref", "email", "phone", "x_mobile", "x_other_phones",
        "street", "city", "zip", "country_id", "x_date_of_birth", "x_practicehub_id",
    )  # fmt: skip


def test_every_resource_is_accounted_for(done: Journey) -> None:
    """The same sums as a second reckoning over the clinic, and nothing is open."""
    status = done.status()
    users = len(practitioner_accounts())

    assert {one["unresolved"] for one in status["resources"].values()} == {0}
    assert status["files"]["unresolved"] == 0
    assert truth.told(status) == {
        **truth.fates(done.clinic, users=users),
        "recalls": {"created": 2, "excluded": 1, "rejected": 1},
    }


def test_a_list_that_only_this_account_has_is_kept_on_its_patients(done: Journey) -> None:
    """A recall named in the configuration is a note on its patient, and verifies offline."""
    notes = done.of_source("mail.message", "recall", "model", "res_id", "body")
    partners = done.of_source("res.partner", "patient", "name")

    assert set(notes) == {"1", "2"}
    assert {note["model"] for note in notes.values()} == {"res.partner"}
    assert [notes[one]["res_id"] for one in ("1", "2")] == [partners[one]["id"] for one in
                                                            ("101", "102")]  # fmt: skip
    assert "Check-up" in notes["1"]["body"]
    assert done.workbench("verify", str(done.folder)).code == 0


def test_every_patient_arrived(done: Journey, partners: dict[str, dict[str, Any]]) -> None:
    """Name, e-mail, birth date, telephone and the parts of the address, for all of them."""
    clinic, gone = done.clinic, set(truth.twins(done.clinic))
    wrong: list[tuple[str, str]] = []
    for record in clinic["patients"]:
        source, address = str(record["id"]), record["address"]
        if source in gone:
            continue
        row = partners[source]
        assert isinstance(address, dict)
        numbers = {truth.digits(row[name]) for name in ("phone", "x_mobile", "x_other_phones")}
        typed = record["numbers"]
        assert isinstance(typed, list)
        facts = {
            "name": row["name"] == truth.full_name(record),
            "ref": row["ref"] == record["patient_number"],
            "email": (row["email"] or "").casefold()
            in {one.casefold() for one in truth.kept(clinic, source, "email")},
            "birth": (row["x_date_of_birth"] or "")
            in (truth.kept(clinic, source, "dob") - {"0000-00-00"} or {""}),
            "numbers": {truth.digits(one["number"]) for one in typed if one["number"]} <= numbers,
            "street": (row["street"] or "") == (address["line1"] or "").strip(),
            "city": (row["city"] or "") == (address["city"] or ""),
            "zip": (row["zip"] or "") == (address["postcode"] or ""),
        }
        wrong += [(source, name) for name, good in facts.items() if not good]

    assert wrong == []


def test_every_visit_arrived(done: Journey, partners: dict[str, dict[str, Any]]) -> None:
    """Patient, stage, begin and end in UTC and type, through the lists the account keeps."""
    types = {one["id"]: one["name"] for one in done.clinic["appointment_types"]}
    leads = done.of_source("crm.lead", "appointment", "partner_id", "stage_id", "x_visit_type",
                           "x_appointment_time", "x_appointment_end")  # fmt: skip
    wrong: list[tuple[str, str]] = []
    for visit in done.clinic["appointments"]:
        source, patient = str(visit["id"]), visit["patient_id"]
        if patient is None:
            continue
        row = leads.pop(source)
        facts = {
            "patient": (row["partner_id"] or [None])[0]
            == partners.get(str(patient), {"id": None})["id"],
            "stage": row["stage_id"][1] == STAGES[str(visit["status"])],
            "begins": row["x_appointment_time"]
            == truth.begins(str(visit["start"]), str(visit["end"] or "")),
            "type": (row["x_visit_type"] or None) == types.get(visit["appointment_type_id"]),
        }
        if visit["end"]:
            facts["ends"] = row["x_appointment_end"] == truth.utc(str(visit["end"]))
        wrong += [(source, name) for name, good in facts.items() if not good]

    assert wrong == []
    assert leads == {}


def test_every_file_arrived_to_the_byte(done: Journey) -> None:
    """Each attachment's checksum is that of the bytes the clinic holds."""
    papers = truth.papers(done.clinic)
    ids = done.external_ids("ir.attachment")
    rows = done.rows("ir.attachment", [["id", "in", list(ids.values())]], "checksum")
    stored = {row["id"]: row["checksum"] for row in rows}

    assert {name: stored[number] for name, number in ids.items()} == {
        name: truth.sha1(content) if content else False for name, content in papers.items()
    }


def test_what_was_read_back_equals_and_verifies(done: Journey) -> None:
    """No cell differs, and the evidence holds."""
    verdicts = {one.verdict for one in done.store.proof.verdicts("all")}

    assert verdicts <= {"equal", "tolerated"}
    assert done.workbench("verify", str(done.folder)).code == 0
