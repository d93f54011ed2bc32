"""Who may be one person: seconds for 50,000 patients, and what comparing everybody would take."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import combinations

from tests.benchmarks.table import Row
from workbench.staging import KnownContact, PatientFields, Patients
from workbench.staging.persons import facts_of, liken

MANY, FEW = 50_000, 1_500
"""Patients: as many as a large clinic has, and as many as can be compared one with each other."""
SAME_NAME, DEFAULT_DATE, RECEPTION = 300, 2_000, 5_000
"""Patients of one name, with one birth date for all, and with the reception's telephone."""
CONTACTS_EVERY = 3
"""Of so many patients Odoo has one by name and e-mail address already."""
FIELDS = PatientFields()

Record = dict[str, object]


def measure(repeats: int) -> list[Row]:
    """Score patients with each other and with contacts; beside it all of them in few."""
    patients = list(clinic(MANY))
    few = patients[:FEW]
    pairs = [_pairs(patients) for _ in range(repeats)]
    contacts = [_contacts(patients) for _ in range(repeats)]
    ours = [_pairs(few) for _ in range(repeats)]
    naive = [_everybody(few) for _ in range(repeats)]
    return [
        Row(f"{MANY:,} patients, who is in twice", "s", pairs, "allowed", [60]),
        Row(f"… and who is one of {MANY // CONTACTS_EVERY:,} contacts", "s", contacts),
        Row(f"{FEW:,} patients, who is in twice", "s", ours, "each with each", naive),
    ]  # fmt: skip


def clinic(size: int) -> Iterator[tuple[str, Record]]:
    """Invent patients, with what makes pairing slow: a common name, a default date, one number."""
    rng = random.Random(5)  # noqa: S311 - invented people
    firsts = [_word(rng, 3, 8) for _ in range(600)]
    lasts = [_word(rng, 4, 10) for _ in range(9_000)]
    for number in range(1, size + 1):
        first, last = rng.choice(firsts), rng.choice(lasts)
        if number <= SAME_NAME:
            first, last = "Maria", "Garcia"
        born = f"{rng.randrange(1930, 2024)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        phone = f"06{rng.randrange(10**8):08}"
        if number % (size // DEFAULT_DATE or 1) == 0:
            born = "1900-01-01"
        if number % (size // RECEPTION or 1) == 0:
            phone = "020 555 0000"
        yield str(number), {
            "first_name": first, "last_name": last, "date_of_birth": born, "phone": phone,
            "email": f"{first}.{last}{number}@example.com",
            "zip": f"{rng.randrange(1000, 9999)} AB",
            "address_line_1": f"{rng.choice(lasts)}straat {rng.randrange(1, 200)}",
        }  # fmt: skip


def _word(rng: random.Random, shortest: int, longest: int) -> str:
    return "".join(rng.choices("abdeiklmnorst", k=rng.randint(shortest, longest))).title()


def _pairs(patients: list[tuple[str, Record]]) -> float:
    began = time.perf_counter()
    Patients(patients, fields=FIELDS).pairs()
    return time.perf_counter() - began


def _contacts(patients: list[tuple[str, Record]]) -> float:
    known = [
        KnownContact(number, f"{one['first_name']} {one['last_name']}", emails=(str(one["email"]),))
        for number, (_, one) in enumerate(patients[::CONTACTS_EVERY], start=1)
    ]
    index = Patients(patients, fields=FIELDS)
    began = time.perf_counter()
    index.against(known)
    return time.perf_counter() - began


def _everybody(patients: list[tuple[str, Record]]) -> float:
    began = time.perf_counter()
    facts = [facts_of(one, record, FIELDS) for one, record in patients]
    for a, b in combinations(facts, 2):
        liken(a, b)
    return time.perf_counter() - began
