"""Who the synthetic clinic knows: patients and practitioners, as facts without a vocabulary."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache

from workbench.sandbox.clinic import texts
from workbench.sandbox.clinic.names import (
    LOCALES,
    STATES,
    pool,
    telephone,
)
from workbench.sandbox.clinic.randomness import (
    chance,
    office_hours,
    pick,
    stream,
    weighted,
)

FIRST_PATIENT_ID = 101
FIRST_PRACTITIONER_ID = 11
ORPHAN_PATIENT_IDS = (17, 23, 42)  # below the first id: deleted long ago
YEARS = 4
PRACTITIONERS = 6
ACTIVE_PRACTITIONERS = 4
DOMAINS = ("example.com", "example.org", "example.net")
FAMILY_EVERY = 14
PLANT_EVERY = 60
NAMELESS = 6  # the place, in order of entry, of a patient without a first name


@dataclass(frozen=True, slots=True)
class Practitioner:
    """One practitioner; `email` is the one of their Odoo user too."""

    id: int
    first_name: str
    last_name: str
    email: str
    active: bool
    color: str
    created: datetime
    left: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One patient; times naive in the clinic's zone, empty strings and nulls as typed."""

    id: int
    patient_number: str
    first_name: str | None
    last_name: str | None
    sex: str
    email: str | None
    phone: str | None
    mobile: str | None
    street: str | None
    street2: str | None
    city: str | None
    state: str | None
    postcode: str | None
    country: str | None
    language: str | None
    birth: str | None
    note: str | None
    blood_type: str | None
    allergies: str | None
    emergency_contact: str | None
    medical_history: str | None
    contact_status: str | None
    visit_type: str | None
    location: int | None
    practitioner: int
    referrer: tuple[str, str | None] | None
    insurer: str | None
    policy: str | None
    reference: str | None
    custom: dict[str, object] | None
    created: datetime
    updated: datetime


@dataclass(slots=True)
class Population:
    """All patients in the order they were entered, and what was planted among them."""

    people: list[Person]
    families: list[tuple[int, ...]] = field(default_factory=list)
    duplicates: list[tuple[int, int]] = field(default_factory=list)
    lookalikes: list[tuple[int, int]] = field(default_factory=list)


def ascii_name(name: str) -> str:
    """Reduce a name to lower-case ASCII letters; empty for a script without any."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalpha())


def practitioners(seed: int, today: date) -> list[Practitioner]:
    """Make the six practitioners: four active, then two who left.

    Who they are depends on the seed only; `created` and `left` also on `today`.
    """
    rng = stream(seed, "practitioners")
    staff: list[Practitioner] = []
    seen: set[str] = set()
    opened = datetime.combine(today, time(9)) - timedelta(days=365 * YEARS + 90)
    for index in range(PRACTITIONERS):
        locale = ("nl_NL", "nl_NL", "es_ES", "de_DE", "en_GB", "fr_FR")[index]
        names = pool(locale)
        while True:
            first, last = pick(rng, names.women if index % 2 else names.men), pick(rng, names.last)
            if ascii_name(last) not in seen:
                break
        seen.add(ascii_name(last))
        active = index < ACTIVE_PRACTITIONERS
        staff.append(
            Practitioner(
                id=FIRST_PRACTITIONER_ID + index,
                first_name=first,
                last_name=last,
                email=f"{ascii_name(first)}.{ascii_name(last)}@example.org",
                active=active,
                color=f"#{rng.randrange(0x1000000):06x}",
                created=opened + timedelta(days=index),
                left=None if active else opened + timedelta(days=300 * (index - 2)),
            )
        )
    return staff


def _birth(rng: random.Random, today: date, index: int) -> str | None:
    if index == 5:  # noqa: PLR2004 - one record with the database's own idea of nothing
        return "0000-00-00"
    if chance(rng, 0.04):
        return pick(rng, (None, ""))
    return (today - timedelta(days=rng.randrange(2 * 365, 90 * 365))).isoformat()


def _email(first: str, last: str, patient: int, rng: random.Random) -> str | None:
    if chance(rng, 0.07):
        return pick(rng, (None, None, ""))
    local = f"{ascii_name(first)}.{ascii_name(last)}".strip(".")
    return f"{local or 'patient'}{patient}@{pick(rng, DOMAINS)}"


def _custom(rng: random.Random, created: datetime) -> dict[str, object] | None:
    if chance(rng, 0.05):
        return None
    fields: dict[str, object] = {
        "occupation": pick(rng, (*texts.OCCUPATIONS, None)),
        "sport": pick(rng, (*texts.SPORTS, None, "")),
        "shoe_size": pick(rng, (36, 37.5, 38, 39, 40.5, 41, 42, 43.5, 44, 46, None)),
        "newsletter_consent": chance(rng, 0.6),
        "first_visit_reason": pick(rng, texts.REASONS),
        "intake_date": (created + timedelta(days=rng.randrange(5))).date().isoformat(),
    }
    if chance(rng, 0.1):
        del fields["sport"]
    return fields


def person(
    seed: int,
    index: int,
    created: datetime,
    *,
    today: date,
    staff: list[Practitioner],
    running: int,
) -> Person:
    """Invent the `index`-th patient entered (0-based); the same seed gives the same patient.

    Args:
        seed: seed of the clinic.
        index: place in the order of entry; the id follows from it.
        created: when the patient was entered (naive local time).
        today: the clinic's present day.
        staff: the practitioners, of whom one is the patient's own.
        running: running number of the patient in the year of entry, from 1.
    """
    rng = stream(seed, "person", index)
    locale, language, country, _ = _deck(seed)[index % len(_deck(seed))]
    names, home = pool(locale), pool(locale if country != "NL" else "nl_NL")
    sex = pick(rng, ("F", "M"))
    first = pick(rng, names.women if sex == "F" else names.men)
    last = pick(rng, names.last)
    number = FIRST_PATIENT_ID + index
    mobile = telephone(rng, country, mobile=True) if chance(rng, 0.85) else None
    phone = telephone(rng, country, mobile=False) if chance(rng, 0.4) else pick(rng, (None, ""))
    return Person(
        id=number,
        patient_number=f"{created.year}{running:05d}",
        first_name=None if index == NAMELESS else first,
        last_name=last,
        sex=sex,
        email=_email(first, last, number, rng),
        phone=phone,
        mobile=mobile,
        street=pick(rng, home.streets) if chance(rng, 0.93) else None,
        street2=pick(rng, ("Apt. 2", "2e verdieping", "c/o")) if chance(rng, 0.1) else "",
        city=pick(rng, home.cities) if chance(rng, 0.95) else None,
        state=pick(rng, STATES[country]) if chance(rng, 0.5) else None,
        postcode=pick(rng, home.postcodes),
        country=country if chance(rng, 0.95) else None,
        language=language if chance(rng, 0.96) else None,
        birth=_birth(rng, today, index),
        note=texts.sticky_note(rng, index),
        blood_type=weighted(rng, texts.BLOOD_TYPES),
        allergies=pick(rng, texts.ALLERGIES) if chance(rng, 0.55) else pick(rng, (None, "")),
        emergency_contact=_emergency(rng, country, last) if chance(rng, 0.6) else None,
        medical_history=texts.medical_history(rng) if chance(rng, 0.5) else None,
        contact_status=weighted(rng, texts.CONTACT_STATUSES),
        visit_type=pick(rng, texts.VISIT_TYPES) if chance(rng, 0.9) else None,
        location=rng.randrange(len(texts.LOCATIONS)) if chance(rng, 0.94) else None,
        practitioner=rng.randrange(len(staff)),
        referrer=pick(rng, texts.REFERRERS) if chance(rng, 0.4) else None,
        insurer=pick(rng, texts.INSURERS) if chance(rng, 0.7) else pick(rng, (None, "")),
        policy=f"POL-{rng.randrange(10**7):07d}" if chance(rng, 0.65) else None,
        reference=_reference(rng),
        custom=_custom(rng, created),
        created=created,
        updated=min(
            created + timedelta(days=rng.randrange(300), minutes=rng.randrange(600)),
            max(created, datetime.combine(today, time(17))),
        ),
    )


def _emergency(rng: random.Random, country: str, last: str) -> str:
    names = pool({"GB": "en_GB", "DE": "de_DE", "FR": "fr_FR", "ES": "es_ES"}.get(country, "nl_NL"))
    relation = pick(rng, ("partner", "mother", "father", "sister", "son", "neighbour"))
    return f"{pick(rng, names.women)} {last} ({relation}) {telephone(rng, country, mobile=True)}"


def _reference(rng: random.Random) -> str | None:
    if chance(rng, 0.8):
        return None
    # All digits on purpose: it looks like a patient number and is none.
    return pick(rng, (f"2023{rng.randrange(10**5):05d}", f"REF-{rng.randrange(10**4):04d}"))


@cache
def _deck(seed: int) -> list[tuple[str, str, str, int]]:
    cards = [entry for entry in LOCALES for _ in range(entry[3])]
    stream(seed, "deck").shuffle(cards)
    return cards


def population(seed: int, count: int, *, today: date, staff: list[Practitioner]) -> Population:
    """Make `count` patients, entered over four years up to yesterday, in order of entry.

    Families share surname, e-mail and address. Of every sixty patients one is typed twice
    (same name and birth date, the rest slightly different) and one shares only a name.
    """
    rng = stream(seed, "entered")
    days = sorted(rng.randrange(1, 365 * YEARS) for _ in range(count))
    entered = sorted(office_hours(rng, today - timedelta(days=day + 2)) for day in days)
    people: list[Person] = []
    yearly: dict[int, int] = {}
    for index, created in enumerate(entered):
        yearly[created.year] = yearly.get(created.year, 0) + 1
        people.append(
            person(seed, index, created, today=today, staff=staff, running=yearly[created.year])
        )
    crowd = Population(people)
    _families(seed, crowd)
    _twins(seed, crowd)
    return crowd


def _families(seed: int, crowd: Population) -> None:
    people = crowd.people
    for first in range(2, len(people) - 4, FAMILY_EVERY):
        rng = stream(seed, "family", first)
        head = people[first]
        email = head.email or f"family{head.id}@example.org"
        members = range(first, first + rng.randrange(2, 5))
        for index in members:
            people[index] = replace(
                people[index],
                last_name=head.last_name,
                email=email,
                street=head.street,
                street2=head.street2,
                city=head.city,
                state=head.state,
                postcode=head.postcode,
                country=head.country,
            )
        crowd.families.append(tuple(people[index].id for index in members))


def _twins(seed: int, crowd: Population) -> None:
    people = crowd.people
    taken = {member for family in crowd.families for member in family}
    free = [index for index, one in enumerate(people) if one.id not in taken and index > NAMELESS]
    wanted = max(1, len(people) // PLANT_EVERY)
    stream(seed, "twins").shuffle(free)
    for turn in range(wanted):
        if len(free) < 4:  # noqa: PLR2004 - two pairs a turn
            return
        older, newer = sorted((free.pop(), free.pop()))
        people[newer] = _typed_twice(people[older], people[newer], turn)
        people[older] = replace(people[older], birth=people[newer].birth)
        crowd.duplicates.append((people[older].id, people[newer].id))
        one, other = sorted((free.pop(), free.pop()))
        people[one] = replace(people[one], birth="1971-03-05")
        people[other] = replace(
            people[other],
            first_name=people[one].first_name,
            last_name=people[one].last_name,
            sex=people[one].sex,
            birth="1998-11-23",
        )
        crowd.lookalikes.append((people[one].id, people[other].id))


def _typed_twice(original: Person, entry: Person, turn: int) -> Person:
    """Give the second entry of a person: same name and birth date, typed by another hand."""
    birth = original.birth if original.birth and original.birth[0] != "0" else "1984-07-19"
    same = replace(
        original,
        id=entry.id,
        patient_number=entry.patient_number,
        created=entry.created,
        updated=entry.updated,
        birth=birth,
        note=entry.note,
        reference=None,
    )
    match turn % 3:
        case 0:
            return replace(
                same, email=None, mobile=(original.mobile or "06 1234 5000").replace(" ", "")
            )
        case 1:
            return replace(
                same,
                first_name=f"{original.first_name} ",
                last_name=(original.last_name or "").upper(),
                email=(original.email or f"patient{original.id}@example.com").upper(),
            )
        case _:
            return replace(same, street="Nieuwe Weg 4", phone=None, insurer="", policy=None)
