"""Contacts that Odoo has already: read, asked about, held as they were, and not asked twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.errors import GateError
from workbench.odoo import Lookups, Odoo, contacts
from workbench.phases import duplicates, linking
from workbench.phases.expectations import Expectations
from workbench.run import Run
from workbench.state import Fate, How, Link, OperationStatus

Row = dict[str, Any]
MODULE = "__practicehub_brightspine__"
BORN = "1984-07-19"


def patient(number: int, **changes: object) -> Row:
    """Make one patient; number 1 and 2 have nothing in common."""
    return {
        "id": number, "first_name": f"Anna{number}", "last_name": f"Vries{number}",
        "date_of_birth": f"19{40 + number}-07-19", "email": f"p{number}@example.com",
        "phone": f"020 123 000{number}", "patient_number": f"P{number}", **changes,
    }  # fmt: skip


def contact(number: int, name: str, **changes: object) -> Row:
    """Make one contact of Odoo's, empty but for its name."""
    return {
        "id": number, "name": name, "active": True, "is_company": False, "email": False,
        "phone": False, "street": False, "zip": False, "city": False, "ref": False,
        "comment": False, "lang": False, "parent_id": False, "child_ids": [],
        "category_id": [], "x_born": False, **changes,
    }  # fmt: skip


class SmallOdoo:
    """Contacts, a user, and external ids of ours; it counts the calls for contacts."""

    def __init__(self, *partners: Row) -> None:
        self.partners = {one["id"]: one for one in partners}
        self.ours: list[Row] = []
        self.users: list[Row] = []
        self.calls = 0

    def fields(self, model: str) -> dict[str, Row]:
        """Tell a contact's fields."""
        kinds = {"active": "boolean", "is_company": "boolean", "comment": "html",
                 "parent_id": "many2one", "child_ids": "one2many", "category_id": "many2many",
                 "x_born": "date"}  # fmt: skip
        names = contact(0, "") if model == "res.partner" else {}
        return {name: {"type": kinds.get(name, "char")} for name in names if name != "id"}

    def search_read(self, model: str, domain: list[Any], *, fields: list[str]) -> list[Row]:
        """Read by the few domains that are asked."""
        if model == "ir.model.data":
            return self.ours
        if model == "res.users":
            return self.users
        wanted = domain[0][2]
        return [{"id": one["id"]} | {name: one[name] for name in fields}
                for number, one in sorted(self.partners.items()) if number in wanted]  # fmt: skip

    def call(self, _model: str, _method: str, **asked: Any) -> list[Row]:  # noqa: ANN401 - JSON
        """Give a page of contacts, by number."""
        self.calls += 1
        after = asked["domain"][0][2]
        rows = [one for number, one in sorted(self.partners.items()) if number > after]
        return [{"id": one["id"]} | {name: one[name] for name in asked["fields"]}
                for one in rows[: asked["limit"]]]  # fmt: skip

    def own(self, name: str, number: int) -> None:
        """Give a contact an external id of ours."""
        self.ours.append({"id": len(self.ours) + 1, "name": name, "model": "res.partner",
                          "res_id": number, "create_date": "2026-01-01 00:00:00"})  # fmt: skip


def read_run(folder: Path, odoo: SmallOdoo, *patients: Row) -> Run:
    """Make a run that has read patients, and whose map is decided as proposed."""
    run = made_run(folder)
    store_page(run.folder, run.store, "patients", list(patients))
    for name in ("odoo_fields", "odoo_users"):
        run.store.journey.set_document(name, {})
    run.store.journey.set_document("odoo_offered", {"languages": ["en_US"], "stages": []})
    run.store.journey.set_document("offers", {"languages": {"en_US": 1}, "subtypes": {"note": 2}})
    run.destination = cast("Odoo", odoo)
    run.lookups = Lookups(cast("Odoo", odoo))
    run.extract.check()
    run.store.decisions.accept_proposed(by="Noor Visser")
    return run


def asked(run: Run) -> dict[str, str | None]:
    """Give the pairs that are asked about and what is decided of each."""
    return {one.subject.removeprefix("duplicate:"): None if one.is_open else one.choice
            for one in run.store.decisions.questions("duplicate:")}  # fmt: skip


def decide(run: Run, **pairs: str) -> None:
    """Decide about pairs: `p1c45="link"`, `p1p2="merge"`."""
    for pair, choice in pairs.items():
        first, _, second = (
            pair[1:].replace("p", " patient_").replace("c", " contact_").partition(" ")
        )
        run.store.decisions.decide(f"duplicate:patient_{first}+{second}", choice, by="Noor Visser")


def loaded(run: Run, name: str, number: int, how: How) -> None:
    """Note that a patient is in Odoo."""
    state = run.store.destination
    operation = state.intend("migrate", "link", "res.partner", keys=[name])
    link = Link(
        name, "res.partner", number, "patients", name.rpartition("_")[2], how, operation, ""
    )
    state.close(operation, OperationStatus.DONE, links=[link])


def test_contacts_are_read_in_pages_and_ours_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Odoo has, few of them are in memory; what a load made is no contact of before."""
    monkeypatch.setattr("workbench.odoo.existing.PAGE", 2)
    odoo = SmallOdoo(*(contact(number, f"Name {number}") for number in range(1, 6)),
                     contact(6, ""), contact(9, "Staff", x_born=BORN, active=False))  # fmt: skip
    odoo.own("patient_7", 3)
    odoo.users = [{"id": 1, "partner_id": [9, "Staff"]}]
    found = list(contacts(cast("Odoo", odoo), module=MODULE, births=["x_born", "x_not_there"]))

    assert [one.id for one in found] == [1, 2, 4, 5, 9]
    assert odoo.calls == 4
    assert (found[-1].births, found[-1].user, found[-1].archived) == ((BORN,), True, True)


def test_a_contact_that_may_be_a_patient_is_asked_about_and_kept_for_a_look(
    tmp_path: Path,
) -> None:
    """What a person needs to compare the two is in the run; of other contacts nothing is."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="P1@example.com", city="Leiden"),
                     contact(46, "Somebody Else", email="else@example.com"))  # fmt: skip
    run = read_run(tmp_path, odoo, patient(1), patient(2))
    duplicates.look(run.extract)

    assert asked(run) == {"patient_1+contact_45": None}
    assert linking.held_contacts(run.store) == {
        "45": {"name": "Anna1 Vries1", "birth": "", "emails": ["P1@example.com"], "phones": [],
               "street": "", "zip": "", "city": "Leiden", "ref": "", "archived": False,
               "company": False, "user": False},
    }  # fmt: skip


def test_a_link_makes_a_patient_the_contact_that_is_there(tmp_path: Path) -> None:
    """Odoo's value stays, what it lacks is filled, and the patient counts as updated."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com", phone="+1"))
    run = read_run(tmp_path, odoo, patient(1), patient(2))
    duplicates.look(run.extract)
    decide(run, p1c45="link")
    duplicates.settle(run.extract)
    found = Expectations(run)
    found.hold_contacts()
    one, other = (due.expected for due in found.of_stage("patients"))

    assert (one.fate, one.fills, other.fate, other.fills) == (Fate.UPDATED, 45, Fate.CREATED, None)
    assert one.rows[0].stays["phone"] == "+1"
    assert one.rows[0].values["ref"] == "P1"
    assert "lang" not in one.rows[0].stays


def test_a_contact_is_overwritten_only_where_a_person_said_so(tmp_path: Path) -> None:
    """One contact takes PracticeHub's telephone, and the other keeps its own."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com", phone="+1", zip="9999"),
                     contact(46, "Anna2 Vries2", email="p2@example.com", phone="+2"))  # fmt: skip
    run = read_run(tmp_path, odoo, patient(1), patient(2))
    duplicates.look(run.extract)
    decide(run, p1c45="link and overwrite", p2c46="link")
    duplicates.settle(run.extract)
    found = Expectations(run)
    found.hold_contacts()
    one, other = (due.expected.rows[0] for due in found.of_stage("patients"))

    assert linking.linked(run.store) == {"1": 45, "2": 46}
    assert linking.overwriting(run.store) == {"1"}
    assert (one.overwrite, one.values["phone"]) == (True, "+31 20 123 0001")
    assert (other.overwrite, other.stays["phone"]) == (False, "+2")


def test_what_was_overwritten_in_odoo_is_not_taken_back_by_another_answer(tmp_path: Path) -> None:
    """A rollback puts Odoo's values back; until then the answer stands, and may be asked anew."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com"))
    run = read_run(tmp_path, odoo, patient(1))
    duplicates.look(run.extract)
    decide(run, p1c45="link")
    duplicates.settle(run.extract)
    loaded(run, "patient_1", 45, How.LINKED)
    decide(run, p1c45="link and overwrite")
    duplicates.settle(run.extract)
    later = linking.overwriting(run.store)
    decide(run, p1c45="link")

    assert later == {"1"}
    with pytest.raises(GateError, match="patient_1 replaced what the contact 45 had"):
        duplicates.settle(run.extract)
    run.store.decisions.withdraw(["duplicate:patient_1+contact_45"])
    duplicates.settle(run.extract)
    assert linking.overwriting(run.store) == {"1"}


def test_what_a_contact_held_is_read_once_and_kept_until_a_rollback(tmp_path: Path) -> None:
    """What we wrote ourselves is never taken for what was there before us."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com"))
    run = read_run(tmp_path, odoo, patient(1))
    duplicates.look(run.extract)
    decide(run, p1c45="link")
    duplicates.settle(run.extract)
    Expectations(run).hold_contacts()
    loaded(run, "patient_1", 45, How.LINKED)
    odoo.partners[45] |= {"phone": "+31 20 1230001", "ref": "P9"}
    again = Expectations(run)
    again.hold_contacts()
    (due,) = again.of_stage("patients")

    assert "ref" in due.expected.rows[0].values
    assert "phone" not in due.expected.rows[0].stays


def test_a_contact_that_is_gone_stops_the_load_in_words(tmp_path: Path) -> None:
    """Somebody deleted it since the decision: nothing is made in its place unasked."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com"))
    run = read_run(tmp_path, odoo, patient(1))
    duplicates.look(run.extract)
    decide(run, p1c45="link")
    duplicates.settle(run.extract)
    del odoo.partners[45]

    with pytest.raises(GateError, match="The contact 45, which patient_1 is to fill, is gone"):
        Expectations(run).hold_contacts()


def test_after_the_load_nothing_is_asked_anew(tmp_path: Path) -> None:
    """The contact is ours now and filled: all that was decided stands as it was."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com"),
                     contact(46, "Anna2 Vries2", email="p2@example.com"))  # fmt: skip
    run = read_run(tmp_path, odoo, patient(1), patient(2))
    duplicates.look(run.extract)
    decide(run, p1c45="link", p2c46="keep both")
    duplicates.settle(run.extract)
    before = asked(run)
    loaded(run, "patient_1", 45, How.LINKED)
    loaded(run, "patient_2", 77, How.CREATED)
    odoo.own("patient_1", 45)
    odoo.partners[46]["phone"] = "020 123 0002"
    duplicates.look(run.extract)

    assert asked(run) == before
    assert set(linking.held_contacts(run.store)) == {"45", "46"}
    assert linking.linked(run.store) == {"1": 45}


@pytest.mark.parametrize(
    ("how", "number", "choice", "what"),
    [
        (How.LINKED, 45, "keep both", "patient_1 fills the contact 45 in Odoo"),
        (How.CREATED, 77, "link", "patient_1 has a record of its own in Odoo"),
        (How.LINKED, 46, "link", "or fills another contact"),
    ],
)
def test_a_changed_mind_is_refused_once_it_was_carried_out(
    tmp_path: Path, how: How, number: int, choice: str, what: str
) -> None:
    """Another answer after the load would leave two records, or take over a third."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com"))
    run = read_run(tmp_path, odoo, patient(1))
    duplicates.look(run.extract)
    if how is How.LINKED:
        decide(run, p1c45="link")
        duplicates.settle(run.extract)
    loaded(run, "patient_1", number, how)
    decide(run, p1c45=choice)

    with pytest.raises(GateError, match=what):
        duplicates.settle(run.extract)


def test_two_patients_linked_to_one_contact_are_a_fault_before_the_load(tmp_path: Path) -> None:
    """The phase names both pairs, and no load begins."""
    odoo = SmallOdoo(contact(45, "Anna1 Vries1", email="p1@example.com"))
    run = read_run(tmp_path, odoo, patient(1), patient(2, first_name="Anna1", last_name="Vries1",
                                                       email="p1@example.com"))  # fmt: skip
    duplicates.look(run.extract)
    decide(run, p1c45="link", p2c45="link")
    missing = run.extract.judge().missing

    assert sum("are linked to contact 45, and not merged" in one for one in missing) == 2
    with pytest.raises(GateError, match="contradict"):
        duplicates.settle(run.extract)


def test_two_birth_dates_are_never_one_person_by_way_of_a_third(tmp_path: Path) -> None:
    """Who has no birth date may be father or son; to say both would make these two one."""
    name = {"first_name": "Anna", "last_name": "de Vries", "phone": "020 123 4567"}
    odoo = SmallOdoo()
    run = read_run(tmp_path, odoo, patient(1, **name), patient(2, **name, date_of_birth=None),
                   patient(3, **name))  # fmt: skip
    duplicates.look(run.extract)
    decide(run, p1p2="merge", p2p3="merge")

    assert set(asked(run)) == {"patient_1+patient_2", "patient_2+patient_3"}
    assert [one for one in run.extract.judge().missing if "birth" in one] == [
        "patient_1+patient_3 have two birth dates, and are made one by way of other pairs"
    ]
    with pytest.raises(GateError, match="two birth dates"):
        duplicates.settle(run.extract)


def test_a_merged_patient_takes_its_contact_along(tmp_path: Path) -> None:
    """Whichever of the two entries was linked, the one that stays fills the contact."""
    name = {"first_name": "Anna", "last_name": "de Vries", "date_of_birth": BORN,
            "phone": "020 123 4567"}  # fmt: skip
    odoo = SmallOdoo(contact(45, "Anna de Vries", email="p2@example.com"))
    run = read_run(tmp_path, odoo, patient(1, **name), patient(2, **name))
    duplicates.look(run.extract)
    decide(run, p1p2="merge", p2c45="link")

    assert duplicates.settle(run.extract) == {"2": "1"}
    assert linking.linked(run.store) == {"1": 45}
