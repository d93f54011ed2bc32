"""Patients entered twice: found, scored with reasons, and never mistaken for their family."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.decided_map import Vocabulary, world
from workbench.mapping import patient_fields
from workbench.staging import (
    DuplicatePair,
    KnownContact,
    PatientFields,
    Patients,
    Verdict,
    birth_dates,
    candidates,
)
from workbench.staging.duplicates import CROWD
from workbench.staging.persons import facts_of, liken
from workbench.staging.times import Order

Row = dict[str, object]
FIELDS = PatientFields()
BASE: Row = {
    "first_name": "Anna", "last_name": "de Vries", "date_of_birth": "1984-07-19",
    "email": "devries@example.com", "phone": "020 123 4567", "zip": "1011 AB",
    "address_line_1": "Weg 1",
}  # fmt: skip
KEEP, MERGE, LINK = Verdict.KEEP, Verdict.MERGE, Verdict.LINK


def found(*rows: Row, fields: PatientFields = FIELDS) -> list[DuplicatePair]:
    """Compare patients, numbered from 1."""
    return candidates([(str(n), row) for n, row in enumerate(rows, start=1)], fields=fields)


def pair(**other: object) -> list[tuple[Verdict, tuple[str, ...]]]:
    """Compare the patient above with one who differs as said."""
    return [(one.proposal, one.reasons) for one in found(BASE, {**BASE, **other})]


def verdicts(*rows: Row) -> dict[tuple[str, str], Verdict]:
    """Give what is proposed for each pair among patients."""
    return {(one.a, one.b): one.proposal for one in found(*rows)}


# one person ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"first_name": "ANNA ", "last_name": "De  Vries", "email": None},
        {"first_name": "Ànna"},
        {"first_name": "de Vries", "last_name": "Anna"},
        {"first_name": "Anna de", "last_name": "Vries"},
        {"middle_name": "de", "last_name": "Vries"},
        {"date_of_birth": "1984-07-19T00:00:00Z"},
        {"date_of_birth": "19/07/1984"},
        {"date_of_birth": "07/19/1984"},
        {"email": "DeVries@Example.com ", "phone": None, "zip": None},
        {"phone": "+31 20 123 4567", "email": None, "zip": None},
        {"zip": "1011AB", "email": None, "phone": None},
    ],
    ids=str,
)
def test_one_person_typed_by_two_hands_is_proposed_to_be_merged(other: Row) -> None:
    """Capitals, spaces, accents, swapped names and another way to write a date hide nobody."""
    assert [proposal for proposal, _ in pair(**other)] == [MERGE]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Bjørn", "Bjorn"), ("Łukasz", "Lukasz"), ("Æsa", "Aesa"), ("José", "Jose\u0301")],
)
def test_letters_with_a_stroke_are_the_plain_ones(one: str, other: str) -> None:
    """Who has no such key on the keyboard types the letter without it."""
    assert list(verdicts({**BASE, "first_name": one}, {**BASE, "first_name": other}).values()) == [
        MERGE
    ]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"first_name": "Anan"}, "names nearly the same"),
        ({"last_name": "de Vires"}, "names nearly the same"),
        ({"last_name": "de Vris"}, "names nearly the same"),
        ({"last_name": "Bakker"}, "same first name, other last name"),
        ({"last_name": "Bakker", "email": None, "phone": None}, "same first name, other last name"),
        ({"last_name": "Bakker-de Vries", "email": None, "phone": None, "zip": None},
         "one last name is part of the other"),
        ({"first_name": "A.", "phone": None}, "one first name is short for the other"),
        ({"first_name": "Anna Maria"}, "one first name is short for the other"),
        ({"first_name": ""}, "same last name"),
    ],
    ids=str,
)  # fmt: skip
def test_what_may_be_one_person_is_asked_and_never_proposed_to_be_merged(
    other: Row, reason: str
) -> None:
    """A slip of the hand, a maiden name, an initial: a person looks at the two."""
    assert [(proposal, reasons[0]) for proposal, reasons in pair(**other)] == [(KEEP, reason)]


# two people ------------------------------------------------------------------------------


@pytest.mark.parametrize("born", ["2010-01-02", "19/07/1985", "07-18-1984", "1984-07-18"])
@pytest.mark.parametrize("other", [{}, {"first_name": "de Vries", "last_name": "Anna"}], ids=str)
def test_the_same_name_with_another_birth_date_is_never_one_person(born: str, other: Row) -> None:
    """Mother and daughter of one name stay two people, however the date is written."""
    assert pair(date_of_birth=born, **other) == []


@pytest.mark.parametrize(
    "born", ["", None, "0000-00-00", "soon", "84", "1084-07-19", "2184-07-19", 19840719, [], {}]
)
def test_a_birth_date_that_cannot_be_read_is_unknown_and_not_another_one(born: object) -> None:
    """Nobody is parted, and nobody is made one, by a date that says nothing."""
    told = pair(date_of_birth=born)

    assert [proposal for proposal, _ in told] == [KEEP]
    assert "no readable birth date on one side" in told[0][1]


def test_a_date_that_can_be_read_in_two_ways_parts_only_where_neither_fits() -> None:
    """07/08/1984 may be the seventh of August or the eighth of July, and nothing else."""
    summer = {**BASE, "date_of_birth": "1984-08-07"}
    unclear = {**BASE, "date_of_birth": "07/08/1984"}

    assert verdicts(summer, unclear) == {("1", "2"): KEEP}
    assert verdicts(unclear, {**BASE, "date_of_birth": "1984-09-07"}) == {}
    told = PatientFields(birth_order=Order.DAY_FIRST)
    assert [one.proposal for one in found(summer, unclear, fields=told)] == [MERGE]
    assert birth_dates(unclear, FIELDS) == {"1984-08-07", "1984-07-08"}


@pytest.mark.parametrize(
    "other",
    [
        {"first_name": "Bart", "date_of_birth": "1980-01-01"},
        {"first_name": "Bart", "date_of_birth": None},
        {"first_name": "Bart"},
        {"first_name": "Bart", "last_name": "Bakker", "date_of_birth": ""},
        {"first_name": "", "last_name": ""},
    ],
    ids=str,
)
def test_a_shared_e_mail_and_telephone_are_never_enough(other: Row) -> None:
    """Families share an address, a telephone and an e-mail."""
    assert pair(**other) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("Anna", "Anne"), ("Tim", "Tom"), ("Christina", "Christine"), ("Jan", "Jana"), ("", "")],
)
def test_twins_are_never_proposed_to_be_merged(one: str, other: str) -> None:
    """Children of one birth date, address and telephone, named alike or not named yet."""
    found_ = verdicts({**BASE, "first_name": one}, {**BASE, "first_name": other})

    assert set(found_.values()) <= {KEEP}


@pytest.mark.parametrize("told", [{}, {"email": None}, {"phone": None, "zip": None}], ids=str)
def test_father_and_son_of_one_name_without_birth_dates_are_kept_apart(told: Row) -> None:
    """All else may be the same: without a birth date nobody knows, so a person is asked."""
    father = {**BASE, **told, "date_of_birth": None}

    assert verdicts(father, dict(father)) == {("1", "2"): KEEP}
    assert verdicts(father, {**BASE, **told}) == {("1", "2"): KEEP}


def test_the_nameless_are_nobody() -> None:
    """Two records without a name have nothing that could make them one."""
    empty: Row = {**BASE, "first_name": None, "last_name": " - "}

    assert found(empty, dict(empty)) == []


# three of one person ---------------------------------------------------------------------


def test_three_records_of_one_person_are_proposed_as_one() -> None:
    """Where two pairs make the third one too, the third pair does not say otherwise."""
    rows = [
        {**BASE, "email": None, "address_line_1": None},
        BASE,
        {**BASE, "phone": None, "address_line_1": "Elders 2"},
    ]

    assert verdicts(*rows) == {("1", "2"): MERGE, ("2", "3"): MERGE, ("1", "3"): MERGE}


# what a crowd shares ---------------------------------------------------------------------


def crowd(size: int, **same: object) -> list[Row]:
    """Make people who have nothing in common but what is said."""
    letters = "bdfgklmnprst"
    return [
        {"first_name": f"{letters[n % 12]}o{letters[n // 12 % 12]}a{n}",
         "last_name": f"{letters[n // 7 % 12]}e{n}x{letters[n % 12]}",
         "date_of_birth": f"{1930 + n % 80}-{1 + n % 12:02}-{1 + n % 28:02}",
         "email": f"p{n}@example.com", "phone": f"06{n:08}", **same}
        for n in range(size)
    ]  # fmt: skip


def test_a_default_birth_date_makes_nobody_one() -> None:
    """A date that a crowd has is no birth date: who else of the name has it is somebody else."""
    default = {"date_of_birth": "1900-01-01", "email": None, "phone": None}
    same = {**BASE, **default, "zip": None, "address_line_1": None}
    rows = [*crowd(10 * CROWD, **default), same, dict(same)]
    told = found(*rows, {**BASE, "date_of_birth": "1900-01-01"})

    assert not [one for one in told if one.proposal is MERGE]


def test_a_default_birth_date_hides_nobody() -> None:
    """Name and telephone still bring two together whose birth date is a default."""
    default = {"date_of_birth": "1900-01-01"}
    told = found(*crowd(10 * CROWD, **default), {**BASE, **default}, {**BASE, **default})

    assert [one.proposal for one in told] == [KEEP]
    assert "a birth date that too many patients have" in told[0].reasons


def test_the_receptions_telephone_is_nobodys() -> None:
    """A number that a crowd has is no reason, and keeps no true pair from being found."""
    desk = {"phone": "020 555 0000", "email": None}
    told = found(*crowd(10 * CROWD, **desk), {**BASE, **desk}, {**BASE, **desk})

    assert [one.proposal for one in told] == [MERGE]
    assert "same telephone" not in told[0].reasons


def test_a_common_name_hides_no_pair_of_one_birth_date() -> None:
    """Of three hundred of one name, two who were born the same day are still found."""
    maria = {"first_name": "Maria", "last_name": "Garcia"}
    rows = [{**one, **maria} for one in crowd(300)]
    for place, one in enumerate(rows):
        one["date_of_birth"] = f"{1930 + place % 90}-{1 + place // 90:02}-11"
    rows[250] |= {"date_of_birth": rows[7]["date_of_birth"], "phone": rows[7]["phone"]}

    assert verdicts(*rows) == {("8", "251"): MERGE}


def test_many_of_one_birth_date_in_a_very_large_clinic_are_still_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a true birth date has too many patients for a block, name and initials part them."""
    monkeypatch.setattr("workbench.staging.duplicates.BLOCK_LIMIT", 3)
    rows = crowd(400)
    for place, one in enumerate(rows):
        one["date_of_birth"] = f"1940-{1 + place % 8:02}-{1 + place // 8 % 5:02}"
    first, last = str(rows[5]["first_name"]), str(rows[5]["last_name"])
    alone = {"email": None, "phone": None, "date_of_birth": rows[5]["date_of_birth"]}
    swapped = {"first_name": last, "last_name": first, **alone}
    parted = {"first_name": f"{first} {last}", "last_name": "", **alone}

    assert set(verdicts(*rows, swapped, parted)) == {("6", "401"), ("6", "402")}


NAMES = st.sampled_from(["Anna", "Anne", "An", "A.", "Bram", "", "Anna Maria", "de Vries", "Vries"])
PEOPLE = st.fixed_dictionaries(
    {
        "first_name": NAMES,
        "last_name": NAMES,
        "date_of_birth": st.sampled_from(["1984-07-19", "19/07/1984", "07/08/1984", "1984-08-07",
                                          "", None, "1990-01-01"]),
        "email": st.sampled_from(["a@example.com", "A@example.com", None, "b@example.com"]),
        "phone": st.sampled_from(["020 123 4567", "+31201234567", "", "06 11112222"]),
        "zip": st.sampled_from(["1011 AB", "", None]),
        "address_line_1": st.sampled_from(["Weg 1", "Weg 2", None]),
        "patient_number": st.sampled_from(["", "P1", "P2"]),
    }
)  # fmt: skip


@given(st.lists(PEOPLE, max_size=12))
def test_blocks_lose_no_pair_that_comparing_everybody_would_find(rows: list[Row]) -> None:
    """Who is looked at is a matter of speed, never of what is asked."""
    facts = [facts_of(str(n), row, FIELDS) for n, row in enumerate(rows, start=1)]
    everybody = {(a.id, b.id) for a, b in combinations(facts, 2) if liken(a, b) is not None}

    assert {(one.a, one.b) for one in found(*rows)} == everybody


@given(PEOPLE, PEOPLE)
def test_it_makes_no_difference_who_comes_first(one: Row, other: Row) -> None:
    """A pair is a pair from both sides, with the same score and reasons."""
    a, b = facts_of("1", one, FIELDS), facts_of("2", other, FIELDS)

    assert liken(a, b) == liken(b, a)


# contacts that Odoo has already ----------------------------------------------------------


def against(
    contact: KnownContact, *more: KnownContact, rows: tuple[Row, ...] = (BASE,)
) -> list[Verdict]:
    """Give what is proposed for contacts of Odoo's."""
    patients = Patients(((str(n), row) for n, row in enumerate(rows, start=1)), fields=FIELDS)
    patients.pairs()
    return [one.proposal for one in patients.against([contact, *more])]


ANNA = KnownContact(45, "Anna de Vries", emails=("devries@example.com",))


@pytest.mark.parametrize(
    "contact",
    [
        ANNA,
        KnownContact(45, "Vries, Anna de", emails=("devries@example.com",)),
        KnownContact(45, "anna  DE VRIES", phones=("+31 20 1234567",)),
        KnownContact(45, "Anna de Vries", ref="P7"),
        KnownContact(45, "Anna de Vries", birth="1984-07-19", street="Weg 1", postcode="1011AB"),
        KnownContact(45, "Anna de Vries", phones=("0201234567",), archived=True),
    ],
    ids=lambda one: str(sorted(one.phones + one.emails) or one.ref or one.street),
)
def test_a_contact_is_proposed_where_the_name_and_something_strong_agree(
    contact: KnownContact,
) -> None:
    """E-mail, telephone, patient number or birth date beside the whole name."""
    assert against(contact, rows=({**BASE, "patient_number": "P7"},)) == [LINK]


@pytest.mark.parametrize(
    "contact",
    [
        KnownContact(45, "Anna de Vries", birth="1984-07-18", emails=("devries@example.com",)),
        KnownContact(45, "Bart de Vries", emails=("devries@example.com",)),
        KnownContact(45, "Anna de Vries"),
        KnownContact(45, "", emails=("devries@example.com",)),
        KnownContact(45, "De Vries Holding", emails=("devries@example.com",), company=True),
    ],
    ids=lambda one: f"{one.name}{one.birth or ''}",
)
def test_a_contact_that_cannot_be_the_patient_is_not_asked_about(contact: KnownContact) -> None:
    """Another birth date, another first name, or nothing besides the name."""
    assert against(contact) == []


@pytest.mark.parametrize(
    "contact",
    [
        KnownContact(45, "Anna de Vries", birth="1984-07-19"),
        KnownContact(45, "Anna de Vries", street="Weg 1", postcode="1011 AB"),
        KnownContact(45, "Anna de Vries", emails=("devries@example.com",), user=True),
    ],
    ids=["birth date alone", "address alone", "a user's own contact"],
)
def test_a_contact_that_may_be_the_patient_is_asked_about_and_kept_apart(
    contact: KnownContact,
) -> None:
    """Without something strong the proposal is to keep both; so it is for a user's own contact."""
    assert against(contact) == [KEEP]


def test_a_contact_without_a_birth_date_is_never_certain() -> None:
    """All else agrees, and the confidence stays below what is accepted in bulk."""
    twin = KnownContact(
        45, "Anna de Vries", emails=("devries@example.com",), phones=("0201234567",),
        postcode="1011 AB", street="Weg 1", ref="P7",
    )  # fmt: skip
    patients = Patients([("1", {**BASE, "patient_number": "P7"})], fields=FIELDS)

    assert [one.score < 0.9 for one in patients.against([twin])] == [True]


def test_who_fits_twice_is_proposed_to_nobody() -> None:
    """Two contacts for one patient, or father and son for one contact: a person chooses."""
    other = KnownContact(46, "Anna de Vries", phones=("0201234567",))
    son = {**BASE, "date_of_birth": "2010-01-02"}

    assert against(ANNA, other) == [KEEP, KEEP]
    assert against(ANNA, rows=(BASE, son)) == [KEEP, KEEP]


def test_one_patient_entered_twice_is_proposed_to_one_contact() -> None:
    """Who accepts every proposal gets one person: both entries, and the contact."""
    assert against(ANNA, rows=(BASE, {**BASE, "email": None, "phone": "020 1234567"})) == [LINK]
    assert against(ANNA, rows=(BASE, dict(BASE))) == [LINK, LINK]


def test_pairs_name_ids_and_reasons_but_no_value() -> None:
    """What is listed about a pair can be shown to anybody."""
    patients = Patients([("1", BASE), ("2", BASE)], fields=FIELDS)
    told = str(patients.pairs()) + str(patients.against([ANNA])) + repr(ANNA)

    for secret in ("Anna", "Vries", "1984", "devries", "123 4567"):
        assert secret not in told


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_planted_duplicate_is_found_and_no_lookalike(vocabulary: Vocabulary) -> None:
    """In a synthetic clinic all those entered twice are found, and no family member."""
    made = world(vocabulary, patients=120)
    rows = [(str(one["id"]), one) for one in made.clinic["patients"]]
    merged = {
        (int(one.a), int(one.b))
        for one in candidates(rows, fields=patient_fields(made.mapping))
        if one.proposal is MERGE
    }

    assert merged == {tuple(sorted(pair)) for pair in made.clinic.planted["duplicates"]}
