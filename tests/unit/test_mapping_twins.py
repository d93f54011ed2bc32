"""What decisions about pairs make of people, and what becomes of a contact that is filled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.decided_map import world
from workbench.mapping import (
    Context,
    Expected,
    Expecter,
    Mapping,
    check,
    contact_pair,
    contact_questions,
    patient_fields,
    who_is_whom,
)
from workbench.mapping.linked import OdooContact, into_contact
from workbench.mapping.model import Disposition, MapRow
from workbench.mapping.naming import label_of
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.mapping.twins import reason_for_one
from workbench.staging import ContactPair, Verdict
from workbench.state import Decision, Fate, IssueKind

KEEP, MERGE, LINK, OVERWRITE = "keep both", "merge", "link", "link and overwrite"


# who is whom -----------------------------------------------------------------------------


def test_merged_patients_and_the_contact_of_one_of_them_are_one_person() -> None:
    """Whoever of them was linked, the one that stays fills the contact."""
    people = who_is_whom(
        {"patient_3+patient_12": MERGE, "patient_12+contact_45": LINK, "patient_4+contact_9": KEEP}
    )

    assert (people.survivors, people.linked, people.faults) == ({"12": "3"}, {"3": 45}, {})
    assert people.group("12") == ["3", "12"]


@pytest.mark.parametrize(
    ("decided", "where"),
    [
        ({"patient_1+patient_2": MERGE, "patient_2+patient_3": MERGE, "patient_1+patient_3": KEEP},
         {"patient_1+patient_3"}),
        ({"patient_1+contact_5": LINK, "patient_2+contact_5": LINK},
         {"patient_1+contact_5", "patient_2+contact_5"}),
        ({"patient_1+contact_5": LINK, "patient_1+contact_6": LINK},
         {"patient_1+contact_5", "patient_1+contact_6"}),
        ({"patient_1+patient_2": MERGE, "patient_1+contact_5": LINK, "patient_2+contact_6": LINK},
         {"patient_1+contact_5", "patient_2+contact_6"}),
        ({"patient_1+patient_2": MERGE, "patient_1+contact_5": LINK, "patient_2+contact_5": KEEP},
         {"patient_2+contact_5"}),
        ({"patient_1+patient_2": MERGE, "patient_1+contact_5": LINK,
          "patient_2+contact_5": OVERWRITE}, {"patient_2+contact_5"}),
    ],
    ids=["three of one", "two fill one", "one fills two", "merged and linked elsewhere",
         "kept apart and linked by way of another", "overwritten and not"],
)  # fmt: skip
def test_decisions_that_contradict_are_faults_with_their_place(
    decided: dict[str, str], where: set[str]
) -> None:
    """A person is told which answers cannot be together; nothing is guessed."""
    faults = check(Mapping(rows=(), duplicates=decided))

    assert set(who_is_whom(decided).faults) == where
    assert {f"duplicates.{one}" for one in where} <= {fault.where for fault in faults}


def test_two_entries_of_one_patient_may_both_be_the_contact() -> None:
    """Who accepts all three proposals has said one thing three times."""
    decided = {"patient_1+patient_2": MERGE, "patient_1+contact_5": LINK,
               "patient_2+contact_5": LINK}  # fmt: skip

    assert who_is_whom(decided).faults == {}
    assert who_is_whom(decided).linked == {"1": 5}


def test_who_overwrites_a_contact_is_known_with_the_link() -> None:
    """The answer is about one contact, and goes with the patient that stays."""
    people = who_is_whom(
        {"patient_3+patient_12": MERGE, "patient_12+contact_45": OVERWRITE,
         "patient_4+contact_9": LINK}
    )  # fmt: skip

    assert people.linked == {"3": 45, "4": 9}
    assert people.overwrites == {"3"}
    assert people.faults == {}


def test_to_overwrite_needs_a_reason_whatever_was_proposed() -> None:
    """What Odoo has is replaced, so that somebody says why."""
    pair = ContactPair("12", 45, 0.58, ("same name", "same e-mail"), Verdict.LINK)
    (asked,) = contact_questions([pair])
    seen = Decision(
        subject=asked.subject, phase=asked.phase, question=asked.question,
        options=list(asked.options), open_value=False, proposal=asked.proposal, reasons=[],
        confidence=None, basis="", choice=None, comment="", decided_by=None, decided_at=None,
    )  # fmt: skip

    assert reason_for_one(seen, OVERWRITE, " ") != []
    assert reason_for_one(seen, OVERWRITE, "the practice's data are newer") == []
    assert reason_for_one(seen, LINK, "") == []


def test_a_link_is_no_answer_about_two_patients_nor_a_merge_about_a_contact() -> None:
    """Each kind of pair has its own two answers."""
    decided = {"patient_1+patient_2": LINK, "patient_1+contact_5": MERGE}

    assert {fault.where for fault in check(Mapping(rows=(), duplicates=decided))} >= {
        "duplicates.patient_1+patient_2", "duplicates.patient_1+contact_5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pair", "read"),
    [("patient_12+contact_45", ("12", 45)), ("patient_a-b+contact_7", ("a-b", 7)),
     ("patient_12+patient_45", None), ("patient_12+contact_0", None),
     ("patient_12+contact_x", None)],
)  # fmt: skip
def test_a_pair_says_whether_it_is_about_a_contact(pair: str, read: tuple[str, int] | None) -> None:
    """The two kinds of pair are told apart by their names alone."""
    assert contact_pair(pair) == read


def test_a_question_about_a_contact_names_numbers_and_reasons() -> None:
    """It may be shown to anybody, and is asked anew when its reasons change."""
    pair = ContactPair("12", 45, 0.58, ("same name", "same e-mail"), Verdict.LINK)
    (one,) = contact_questions([pair])
    (other,) = contact_questions([replace(pair, reasons=("same name",))])

    assert one.subject == "duplicate:patient_12+contact_45"
    assert one.options == [KEEP, LINK, OVERWRITE]
    assert (one.proposal, one.confidence) == (LINK, 0.58)
    assert one.basis != other.basis


# which fields tell who somebody is ---------------------------------------------------------


def test_a_birth_date_that_is_left_behind_still_tells_people_apart() -> None:
    """A clinic may drop the date; father and son are not made one for it."""
    rows = (
        MapRow("patients.naam", Disposition.MAPPED, "res.partner.name", "text", "char"),
        MapRow("patients.birth_date", Disposition.DROPPED, why="not wanted"),
        MapRow("patients.number", Disposition.MAPPED, "res.partner.ref", "text", "char"),
    )
    fields = patient_fields(Mapping(rows=rows))

    assert (fields.full, fields.birth, fields.ref) == ("naam", ("birth_date",), ("number",))


# filling a contact -------------------------------------------------------------------------


def context() -> Context:
    """Know one patient."""
    return Context(timezone="UTC", patient_key=lambda one: f"patient_{one}")


def agrees(_name: str, value: Value, held: object) -> bool:
    """Compare as Odoo would where nothing is a reference."""
    return value == held


def filled(
    values: dict[str, Value],
    held: dict[str, object],
    *,
    family: bool = False,
    overwrite: bool = False,
) -> tuple[LoadRow, list[LoadRow], Expected]:
    """Give the contact's row, the notes beside it, and all that is expected."""
    sources = {name: f"patients.{name}" for name in values}
    row = LoadRow("res.partner", "patient_12", "patients", "12", values, sources=sources)
    made = into_contact(
        Expected((row,), Fate.CREATED), OdooContact(45, held, family=family, overwrite=overwrite),
        agrees=agrees, context=context(),
    )  # fmt: skip
    return made.rows[0], list(made.rows[1:]), made


def test_what_is_empty_is_filled_and_what_is_there_stays_and_is_told() -> None:
    """Odoo's own telephone stays; the patient's is in a note, and on the list."""
    values: dict[str, Value] = {"name": "Anna", "phone": "+31 2", "email": "a@example.com"}
    row, notes, made = filled(values, {"name": "Anna", "phone": "+31 1", "email": None})

    assert row.values == {"name": "Anna", "email": "a@example.com"}
    assert row.stays == {"phone": "+31 1"}
    assert [("+31 2" in str(one.values["body"]), one.external_id) for one in notes] == [
        (True, "patient_12_linked")
    ]
    assert [(one.kind, one.field) for one in made.issues] == [
        (IssueKind.ODOO_VALUE_STAYS, "patients.phone")
    ]
    assert (made.fate, made.fills) == (Fate.UPDATED, 45)
    assert "+31" not in str(made.issues) + made.reason


def test_what_practicehub_leaves_empty_takes_nothing_away() -> None:
    """An empty field is no wish to empty Odoo's; nothing is lost, so nothing is listed."""
    row, notes, made = filled({"name": "Anna", "comment": None}, {"comment": "<p>Fair.</p>"})

    assert row.stays == {"comment": "<p>Fair.</p>"}
    assert (notes, made.issues) == ([], ())


def test_to_overwrite_replaces_what_practicehub_knows_and_nothing_else() -> None:
    """Its telephone replaces Odoo's, its address the whole one; what it does not know stays."""
    values: dict[str, Value] = {"phone": "+31 2", "comment": None, "street": "Weg 1",
                                "street2": None, "city": "Leiden"}  # fmt: skip
    held: dict[str, object] = {"phone": "+31 1", "comment": "<p>Fair.</p>", "street": "Plein 9",
                               "street2": "Third floor", "city": None}  # fmt: skip
    row, notes, made = filled(values, held, overwrite=True)

    assert row.values == {"phone": "+31 2", "street": "Weg 1", "street2": None, "city": "Leiden"}
    assert row.stays == {"comment": "<p>Fair.</p>"}
    assert row.overwrite
    assert (notes, made.issues) == ([], ())


def test_to_overwrite_takes_no_address_from_a_family_and_none_for_nothing() -> None:
    """Odoo would copy it to a company's other contacts; and no address is no better one."""
    held: dict[str, object] = {"street": "Plein 9", "city": "Leiden"}
    shared, _, _ = filled({"street": "Weg 1", "city": "Delft"}, held, family=True, overwrite=True)
    empty, _, _ = filled({"street": None, "city": None}, held, overwrite=True)

    assert (shared.values, shared.stays) == ({}, held)
    assert (empty.values, empty.stays) == ({}, held)


def test_a_zero_a_no_and_a_list_make_room() -> None:
    """Odoo has no empty number and no empty yes or no, and a tag joins the others."""
    tags = (Ref(RefKind.TAG, "PracticeHub patient"),)
    values: dict[str, Value] = {"x_size": 40, "x_consent": True, "category_id": tags}
    row, _, _ = filled(values, {"x_size": 0, "x_consent": False, "category_id": [4]})

    assert row.values == values
    assert row.stays == {}


@pytest.mark.parametrize(
    ("held", "family", "stays"),
    [
        ({"street": None, "city": None, "zip": None}, False, set()),
        ({"street": "Weg 1", "city": None, "zip": None}, False, set()),
        ({"street": "Plein 9", "city": None, "zip": None}, False, {"street", "city", "zip"}),
        ({"street": None, "city": "Leiden", "zip": None}, False, {"street", "city", "zip"}),
        ({"street": None, "city": None, "zip": None}, True, {"street", "city", "zip"}),
    ],
    ids=["empty", "the same street", "another street", "another town", "shared with a company"],
)
def test_an_address_is_filled_as_a_whole_or_not_at_all(
    held: dict[str, object],
    stays: set[str],
    *,
    family: bool,
) -> None:
    """Our town behind Odoo's street would be an address that is nobody's."""
    values: dict[str, Value] = {"street": "Weg 1", "city": "Utrecht", "zip": "3511 AA"}
    row, notes, _ = filled(values, held, family=family)

    assert set(row.stays) == stays
    assert set(row.values) == set(values) - stays
    told = "".join(str(one.values["body"]) for one in notes)
    assert all((str(values[name]) in told) is (name in stays) for name in values)


def test_a_patient_who_waits_for_a_decision_fills_nothing() -> None:
    """Nothing is expected of the contact before all is decided."""
    waits = Expected(waiting=("field:patients.shoe",))
    contact = OdooContact(45, {})

    assert into_contact(waits, contact, agrees=agrees, context=context()) == waits


def test_every_value_of_a_linked_patient_is_either_sent_or_told() -> None:
    """Whatever the contact held, all that the patient's record says can be read in Odoo."""
    made = world("brief")
    expecter = Expecter(made.mapping, made.context)
    for record in made.clinic["patients"][:20]:
        expected = expecter.patient(record)
        if not expected.rows:
            continue
        plain = expected.rows[0].values
        held: dict[str, object] = {name: "Odoo's own" for name in plain if name != "category_id"}
        done = into_contact(expected, OdooContact(45, held), agrees=agrees, context=made.context)
        body = next(str(one.values["body"]) for one in done.rows
                    if one.external_id.endswith("_linked"))  # fmt: skip
        lost = [name for name, value in plain.items()
                if value is not None and name not in done.rows[0].values
                and label_of(name) not in body]  # fmt: skip
        assert lost == []
        assert set(done.rows[0].values) == {"category_id"}
