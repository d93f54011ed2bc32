"""Odoo has contacts already: a patient who is one of them fills it, and takes nothing from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from tests.journey.support import PERSON, Journey, Row, Said, journey
from tests.support.snapshot import (
    STAMPS,
    UPDATED,
    Rows,
    Snapshot,
    differences,
    rows,
    snapshot,
    touched,
)
from workbench.sandbox.odoo import OdooConnection
from workbench.state import IssueKind

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-linked")]

OWN_PHONE = "+31 20 555 0199"
OWN_STREET = "Eigen Plein 9"


@dataclass
class There:
    """Contacts of Odoo's, the patients they are, and what was seen on the way."""

    journey: Journey
    patients: dict[str, Row]
    contacts: dict[str, int]
    before: Snapshot
    tables: dict[str, Rows]
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    sampled: Row = field(default_factory=dict)
    after_load: dict[str, Row] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    verified: Said | None = None
    minds: Said | None = None
    back: Said | None = None
    after: Snapshot = field(default_factory=dict)
    tables_after: dict[str, Rows] = field(default_factory=dict)

    def subject(self, role: str) -> str:
        """Name the question about one of the pairs."""
        return f"duplicate:patient_{self.patients[role]['id']}+contact_{self.contacts[role]}"

    def now(self, role: str) -> Row:
        """Read one of the contacts as it is."""
        return self.journey.rows(
            "res.partner", [["id", "=", self.contacts[role]]], "name", "email", "phone", "street",
            "city", "zip", "ref", "comment", "category_id", "active", "x_practicehub_id",
            "x_blood_type", "x_date_of_birth",
        )[0]  # fmt: skip


def people(made: Journey) -> dict[str, Row]:
    """Choose patients of whom all is known, and whom nobody resembles."""
    planted = made.clinic.planted
    alike = {one for pair in (*planted["duplicates"], *planted["lookalikes"]) for one in pair}
    known = [one for one in made.clinic["patients"]
             if one["id"] not in alike
             and all(one.get(name) for name in ("first_name", "last_name", "email", "city",
                                                "address_line_1", "date_of_birth"))]  # fmt: skip
    once = [one for one in known
            if sum(other["email"] == one["email"] for other in known) == 1]  # fmt: skip
    roles = ("filled", "kept apart", "employed", "archived", "overwritten")
    return dict(zip(roles, once, strict=False))


def contacts(made: Journey, patients: dict[str, Row]) -> dict[str, int]:
    """Put the patients into Odoo as a person would have: by hand, and not alike."""
    tag, firm = (made.ask(model, "create", vals_list=[values])[0] for model, values in (
        ("res.partner.category", {"name": "Newsletter"}),
        ("res.partner", {"name": "Bakery Ltd", "is_company": True, "city": "Leiden"}),
    ))  # fmt: skip
    own: dict[str, Row] = {
        "filled": {"phone": OWN_PHONE, "comment": "<p>Met at the fair.</p>",
                   "category_id": [[6, 0, [tag]]]},
        "kept apart": {},
        "employed": {"parent_id": firm},
        "archived": {"street": OWN_STREET, "active": False},
        "overwritten": {"phone": OWN_PHONE, "street": OWN_STREET, "street2": "Third floor"},
    }  # fmt: skip
    return {
        role: made.ask(
            "res.partner", "create",
            vals_list=[{"name": f"{one['first_name']} {one['last_name']}", "email": one["email"],
                        **own[role]}],
        )[0]
        for role, one in patients.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def there(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    """Four patients are in Odoo already; three are linked, one is kept apart; there and back."""
    place = tmp_path_factory.mktemp("linked")
    with journey(place, patients=25, here=True) as made:
        patients = people(made)
        numbers = contacts(made, patients)
        dsn = made.odoo.dsn
        found = There(made, patients, numbers, snapshot(dsn), {n: rows(dsn, n) for n in UPDATED})
        made.travel("--until", "map")
        made.run("--until", "extract")
        found.asked = {one["subject"]: one for one in made.status()["decisions_open"]}
        newer = {"choice": "link and overwrite", "comment": "the practice's data are newer"}
        decide(found, {found.subject("kept apart"): "keep both",
                       found.subject("overwritten"): newer,
                       found.subject("archived"): "link"})  # fmt: skip
        made.travel("--until", "sample")
        found.sampled = found.now("filled")
        made.travel()
        found.after_load = {role: found.now(role) for role in patients}
        found.names = made.external_ids("res.partner")
        found.status = made.status()
        found.verified = made.workbench("verify", str(made.folder))
        decide(found, {found.subject("filled"): "keep both"})
        found.minds = made.run()
        decide(found, {found.subject("filled"): "link"})
        found.back = made.workbench("rollback", str(made.folder), "--yes")
        found.after = snapshot(dsn)
        found.tables_after = {name: rows(dsn, name) for name in UPDATED}
        yield found


def decide(there: There, choices: Mapping[str, str | dict[str, str]]) -> None:
    """Write decisions in a file and record them."""
    made = there.journey
    file = made.config.with_name("who.yaml")
    file.write_text(yaml.safe_dump(dict(choices)), encoding="utf-8")
    said = made.workbench("decide", str(made.folder), str(file), "--by", PERSON)
    assert said.code in {0, 3}, said.err


def test_contacts_that_odoo_has_are_asked_about_without_a_value(there: There) -> None:
    """A person sees who and why, by ids and reasons; the same name and e-mail propose a link."""
    asked = [there.asked[there.subject(role)] for role in there.patients]
    options = ["keep both", "link", "link and overwrite"]

    assert [one["options"] for one in asked] == [options] * 5
    assert {one["proposal"] for one in asked} == {"link"}
    told = str(asked)
    for one in there.patients.values():
        assert one["last_name"] not in told
        assert one["email"] not in told


def test_the_sample_fills_the_contact_already(there: There) -> None:
    """What is approved is what will happen: the contact itself has the patient's number."""
    assert there.sampled["x_practicehub_id"] == str(there.patients["filled"]["id"])
    assert there.sampled["phone"] == OWN_PHONE


def test_a_linked_contact_gets_what_it_lacked_and_keeps_what_it_had(there: There) -> None:
    """Empty fields are filled, a tag is added, and nothing of Odoo's own is overwritten."""
    one, row = there.patients["filled"], there.after_load["filled"]

    assert there.names[f"patient_{one['id']}"] == there.contacts["filled"]
    assert (row["street"], row["city"]) == (one["address_line_1"], one["city"])
    assert row["x_date_of_birth"] == one["date_of_birth"]
    assert row["phone"] == OWN_PHONE
    assert "Met at the fair." in row["comment"]
    assert len(row["category_id"]) == 2


def test_what_practicehub_says_otherwise_stands_in_a_note(there: There) -> None:
    """Nothing of the patient is lost: the number that Odoo does not take is read on the contact."""
    made, number = there.journey, there.patients["filled"]["id"]
    kept = made.store.staging.issues(kind=IssueKind.ODOO_VALUE_STAYS)
    listed = {one.source_id for one in kept if "phone" in one.outcome}

    assert str(number) in listed
    differences_ = [one for one in made.store.proof.differences("all")
                    if one.rule == "odoo_value_stays" and one.external_id == f"patient_{number}"
                    and one.field == "phone"]  # fmt: skip
    assert [one.actual for one in differences_] == [OWN_PHONE]


def test_an_address_is_never_mixed_nor_given_to_others(there: There) -> None:
    """A street of Odoo's gets no town of ours; a company's address is not overwritten."""
    archived, employed = there.after_load["archived"], there.after_load["employed"]
    firm = there.journey.rows("res.partner", [["name", "=", "Bakery Ltd"]], "street", "city")

    assert (archived["street"], archived["city"], archived["active"]) == (OWN_STREET, False, False)
    assert employed["street"] is False
    assert employed["x_practicehub_id"] == str(there.patients["employed"]["id"])
    assert [(one["street"], one["city"]) for one in firm] == [(False, "Leiden")]


def test_a_contact_that_a_person_chose_to_overwrite_says_what_practicehub_says(
    there: There,
) -> None:
    """Its telephone and its whole address are PracticeHub's, on the contact that was there."""
    one, row = there.patients["overwritten"], there.after_load["overwritten"]

    assert there.names[f"patient_{one['id']}"] == there.contacts["overwritten"]
    assert row["phone"] not in {OWN_PHONE, False}
    assert (row["street"], row["city"]) == (one["address_line_1"], one["city"])


def test_whom_a_person_keeps_apart_gets_a_record_of_their_own(there: There) -> None:
    """Odoo then has two contacts, and the one that was there is not touched."""
    number = there.contacts["kept apart"]
    before, row = there.tables["res_partner"][number], there.after_load["kept apart"]

    assert there.names[f"patient_{there.patients['kept apart']['id']}"] != number
    assert row["x_practicehub_id"] is False
    assert row["name"] == before["name"]


def test_the_books_balance_and_the_evidence_verifies(there: There) -> None:
    """Linked patients count as updated; what stays is tolerated by name, and nothing differs."""
    patients = there.status["resources"]["patients"]

    assert there.status["phases"]["reconcile"] == "done"
    assert (patients["updated"], patients["unresolved"]) == (4, 0)
    assert there.verified is not None
    assert there.verified.code == 0, there.verified.err


def test_a_changed_mind_about_a_link_is_refused(there: There) -> None:
    """What was carried out in Odoo is not undone by another answer: a rollback does that."""
    assert there.minds is not None
    assert there.minds.code == 4
    number = there.patients["filled"]["id"]
    assert f"patient_{number} fills the contact {there.contacts['filled']} in Odoo." in (
        there.minds.err
    )


def test_a_rollback_keeps_the_contacts_exactly_as_they_were(there: There) -> None:
    """Every row of every table is as before, but for who wrote a contact last."""
    assert there.back is not None
    assert there.back.code == 0, there.back.err
    assert differences(there.before, there.after) <= UPDATED
    for name in UPDATED:
        assert touched(there.tables[name], there.tables_after[name]) <= STAMPS
