"""What a field is by its values alone, where its name tells nothing; never surely."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pycountry

from workbench.mapping import wording
from workbench.mapping.looks import dials_abroad, share_of
from workbench.mapping.unknown import CLEARLY
from workbench.staging.places import country_code
from workbench.staging.profile import FieldProfile

BY_VALUES = 0.6


@dataclass(frozen=True, slots=True)
class Guess:
    """The target that values alone suggest, and what they look like."""

    target: str
    words: str


def guesses(unknown: Iterable[FieldProfile], *, fed: Iterable[str]) -> dict[str, Guess]:
    """Say which of a patient's unknown fields look like a thing that no known field holds.

    Nothing is guessed where two fields look alike, for neither says which it is, nor of a
    field whose name says that its value is somebody else's (partner, doctor, billing).

    Args:
        unknown: the fields that no name told.
        fed: targets that known fields feed.

    Returns:
        Path → guess.
    """
    found: dict[str, Guess] = {}
    claims: dict[str, list[str]] = {}
    held = set(fed)
    for profile in unknown:
        guess = _guess(profile)
        if guess is not None and guess.target not in held:
            found[profile.path] = guess
            claims.setdefault(guess.target, []).append(profile.path)
    return {path: guess for path, guess in found.items() if len(claims[guess.target]) == 1}


def _guess(profile: FieldProfile) -> Guess | None:
    if not profile.filled or profile.listed or wording.foreign(profile.path):
        return None
    for looks, target, words in (
        ("email", "res.partner.email", "e-mail addresses"),
        ("blood_type", "res.partner.x_blood_type", "blood types"),
        ("postcode", "res.partner.zip", "postcodes"),
    ):
        if share_of(profile, frozenset((looks,))) >= CLEARLY:
            return Guess(target, f"the values are {words}, whatever the name says")
    if share_of(profile, frozenset(("phone",))) >= CLEARLY and dials_abroad(profile):
        return Guess("res.partner.phone", "the values are telephone numbers with a country's code")
    values = [value for value in profile.values if value]
    if len(values) > 1 and share_of(profile, frozenset(("language",))) >= CLEARLY:
        if all(pycountry.languages.get(alpha_2=value[:2]) for value in values):
            return Guess("res.partner.lang", "every value is the code of a language")
    elif len(values) > 1 and all(country_code(value) for value in values):
        return Guess("res.partner.country_id", "every value is a country")
    return None
