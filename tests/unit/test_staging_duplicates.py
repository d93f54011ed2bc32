"""Patients entered twice: found, scored with reasons, and never mistaken for their family."""

from __future__ import annotations

import random
import time

import pytest

from tests.support.decided_map import Vocabulary, world
from workbench.mapping import patient_fields
from workbench.staging import PatientFields, Verdict, candidates

Row = dict[str, object]
BASE: Row = {
    "first_name": "Anna", "last_name": "de Vries", "date_of_birth": "1984-07-19",
    "email": "devries@example.com", "phone": "020 123 4567", "zip": "1011 AB",
    "address_line_1": "Weg 1",
}  # fmt: skip


def pair(**other: object) -> list[tuple[Verdict, tuple[str, ...]]]:
    """Compare the patient above with one who differs as said."""
    found = candidates([("1", BASE), ("2", {**BASE, **other})], fields=PatientFields())
    return [(one.proposal, one.reasons) for one in found]


def test_one_person_typed_by_two_hands_is_proposed_to_be_merged() -> None:
    """Capitals, spaces and a missing e-mail do not hide that it is one person."""
    found = pair(first_name="ANNA ", last_name="De  Vries", email=None)

    assert [proposal for proposal, _ in found] == [Verdict.MERGE]
    assert found[0][1][:2] == ("same name", "same birth date")


def test_the_same_name_with_another_birth_date_is_never_one_person() -> None:
    """Mother and daughter of one name stay two people."""
    assert pair(date_of_birth="2010-01-02") == []


@pytest.mark.parametrize(
    "other",
    [
        {"first_name": "Bart", "date_of_birth": "1980-01-01"},
        {"first_name": "Bart", "date_of_birth": None},
        {"first_name": "Bart"},
    ],
)
def test_a_shared_e_mail_and_telephone_are_never_enough(other: Row) -> None:
    """Families share an address, a telephone and an e-mail."""
    assert pair(**other) == []


def test_twins_are_kept_apart_unless_a_person_says_otherwise() -> None:
    """Children born the same day with names alike are asked about, never proposed to be merged."""
    assert [proposal for proposal, _ in pair(first_name="Anne")] in ([], [Verdict.KEEP])


def test_a_missing_birth_date_makes_nobody_sure() -> None:
    """Without a birth date on one side the proposal is to keep both."""
    assert [proposal for proposal, _ in pair(date_of_birth="")] == [Verdict.KEEP]


def test_swapped_names_are_seen() -> None:
    """First and last name in each other's place are one of the reasons."""
    assert pair(first_name="de Vries", last_name="Anna")[0][1][0] == "first and last name swapped"


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_every_planted_duplicate_is_found_and_no_lookalike(vocabulary: Vocabulary) -> None:
    """In a synthetic clinic all those entered twice are found, and no family member."""
    made = world(vocabulary, patients=120)
    rows = [(str(one["id"]), one) for one in made.clinic["patients"]]
    found = {
        (int(one.a), int(one.b))
        for one in candidates(rows, fields=patient_fields(made.mapping))
        if one.proposal is Verdict.MERGE
    }

    assert found == {tuple(sorted(pair)) for pair in made.clinic.planted["duplicates"]}


def test_pairs_name_ids_and_reasons_but_no_value() -> None:
    """What is listed about a pair can be shown to anybody."""
    told = str(candidates([("1", BASE), ("2", BASE)], fields=PatientFields()))

    for secret in ("Anna", "Vries", "1984", "devries", "123 4567"):
        assert secret not in told


def test_thousands_of_patients_are_compared_in_seconds() -> None:
    """Pairs are looked for in blocks, never all against all."""
    rng = random.Random(3)  # noqa: S311 - invented people
    names = ["".join(rng.choices("abdeiklmnorst", k=6)) for _ in range(900)]
    rows: list[tuple[str, Row]] = [
        (
            str(number),
            {
                "first_name": rng.choice(names), "last_name": rng.choice(names),
                "date_of_birth": f"{rng.randrange(1930, 2020)}-{rng.randrange(1, 13):02}-11",
                "email": f"{rng.choice(names)}@example.com", "phone": "020 555 0000",
            },
        )
        for number in range(6_000)
    ]  # fmt: skip
    began = time.monotonic()
    candidates(rows, fields=PatientFields())

    assert time.monotonic() - began < 15
