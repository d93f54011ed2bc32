"""Names, places and telephone numbers to draw from; none belongs to a real person.

Names and streets come from Faker, each locale once, always with the same seed. Telephone
numbers come from ranges set aside for fiction where a country has one (Great Britain, France,
Germany); elsewhere they count up or run in zeros, which nobody would take for real.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from faker import Faker

from workbench.sandbox.clinic.randomness import chance, pick

POOL_SIZE = 240

# Faker's locale, language code, home country, weight in a deck of forty.
LOCALES: tuple[tuple[str, str, str, int], ...] = (
    ("nl_NL", "nl", "NL", 18),
    ("en_GB", "en", "GB", 6),
    ("de_DE", "de", "DE", 4),
    ("fr_FR", "fr", "FR", 3),
    ("es_ES", "es", "ES", 3),
    ("el_GR", "el", "NL", 1),
    ("ar_AA", "ar", "NL", 2),
    ("ja_JP", "ja", "NL", 1),
    ("uk_UA", "uk", "NL", 2),
)

DIALLING = {"NL": "31", "GB": "44", "DE": "49", "FR": "33", "ES": "34"}
COUNTRIES = {
    "NL": "Netherlands",
    "GB": "United Kingdom",
    "DE": "Germany",
    "FR": "France",
    "ES": "Spain",
}
STATES: dict[str, tuple[str, ...]] = {
    "NL": ("Noord-Holland", "Utrecht", "Flevoland", "Zuid-Holland"),
    "GB": ("Kent", "Norfolk", "Devon"),
    "DE": ("Nordrhein-Westfalen", "Bayern", "Berlin"),
    "FR": ("Bretagne", "Occitanie"),
    "ES": ("Madrid", "Valencia", "Sevilla"),
}


@dataclass(frozen=True, slots=True)
class Pool:
    """Names and addresses of one locale, ordered, not distinct."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    postcodes: tuple[str, ...]


@cache
def pool(locale: str) -> Pool:
    """Draw the pool of one Faker locale; always the same one for the same Faker release."""
    fake = Faker(locale)
    fake.seed_instance(f"clinic/{locale}")

    def many(draw: Callable[[], str]) -> tuple[str, ...]:
        return tuple(str(draw()).replace("\n", ", ") for _ in range(POOL_SIZE))

    return Pool(
        women=many(fake.first_name_female),
        men=many(fake.first_name_male),
        last=many(fake.last_name),
        streets=many(fake.street_address),
        cities=many(fake.city),
        postcodes=many(fake.postcode),
    )


def telephone(rng: random.Random, country: str, *, mobile: bool) -> str:
    """Invent a telephone number as somebody at a desk would type it.

    Args:
        rng: the stream to draw from.
        country: ISO code, one of `DIALLING`.
        mobile: a mobile number rather than a land line.
    """
    n = rng.randrange(1000)
    plain = {
        ("NL", True): f"06 1234 5{n:03d}",
        ("NL", False): f"020 123 4{n:03d}",
        ("GB", True): f"07700 900{n:03d}",
        ("GB", False): f"020 7946 0{n:03d}",
        ("DE", True): f"0171 39200{n % 100:02d}",
        ("DE", False): f"030 23125 {n:03d}",
        ("FR", True): f"06 39 98 {n % 90 + 10:02d} {n % 89 + 10:02d}",
        ("FR", False): f"01 99 00 {n % 90 + 10:02d} {n % 89 + 10:02d}",
        ("ES", True): f"612 345 {n:03d}",
        ("ES", False): f"910 000 {n:03d}",
    }[country, mobile]
    if chance(rng, 0.25):
        return plain.replace(" ", "-")
    if chance(rng, 0.25):
        local = plain.removeprefix("0")
        zero = "(0)" if plain.startswith("0") else ""
        return f"+{DIALLING[country]} {zero}{local}"
    if chance(rng, 0.1):
        return plain.replace(" ", "")
    return pick(rng, (plain, plain, f"{plain} "))
