"""Countries, their states and languages by their codes and names; postcodes by patterns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

import pycountry
import yaml

from workbench.assets import templates
from workbench.staging.normalise import folded, main_region, pick

_EIR = "AC-FHKNPRTV-Y"
POSTCODES = {
    "NL": re.compile(r"[1-9]\d{3}\s?[A-Z]{2}"),
    "GB": re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"),
    "IE": re.compile(rf"[{_EIR}]\d[\dW]\s?[\d{_EIR}]{{4}}"),
    "CA": re.compile(r"[A-Z]\d[A-Z]\s?\d[A-Z]\d"),
    "DE": re.compile(r"(?:D-)?\d{5}"),
    "FR": re.compile(r"(?:F-)?\d{5}"),
    "ES": re.compile(r"\d{5}"),
    "AT": re.compile(r"(?:A-)?\d{4}"),
    "BE": re.compile(r"(?:B-)?\d{4}"),
    "CH": re.compile(r"(?:CH-)?\d{4}"),
    "LU": re.compile(r"(?:L-)?\d{4}"),
    "AU": re.compile(r"\d{4}"),
    "US": re.compile(r"\d{5}(?:-\d{4})?"),
}
"""Postcode patterns of countries whose addresses can be split with certainty."""
POSTCODES_ALONE = frozenset({"CA", "GB", "IE", "NL"})
"""Countries whose postcodes hold letters, and look like those of no other country here."""
POSTCODE_LAST = frozenset({"AU", "CA", "GB", "IE", "US"})
"""Countries that write the postcode behind the town; all others write it before."""


def country_code(value: object) -> str | None:
    """Give a country's ISO 3166-1 alpha-2 code by code or name, None where it is none.

    Names are those of ISO and the other words of templates/mapping/values.yaml, without
    regard to case and accents.
    """
    return _countries().get(folded(value))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for one in pycountry.countries:
        for name in ("name", "official_name", "common_name", "alpha_2", "alpha_3"):
            spelt = getattr(one, name, None)
            if spelt:
                found[folded(spelt)] = one.alpha_2
    text = (templates() / "mapping" / "values.yaml").read_text(encoding="utf-8")
    others: dict[str, list[str]] = yaml.safe_load(text)["countries"]
    return found | {folded(word): code for code, words in others.items() for word in words}


def region_of(value: object) -> str:
    """Give the country (ISO alpha-2) that a value beside a telephone number tells; "" for none.

    A country's code or name does, and so does a dialling code ("31", "+31"); of a code that
    countries share, the main one answers, for the number itself says which it is.
    """
    return country_code(value) or main_region(dialling_code(value))


def dialling_code(value: object) -> str:
    """Give the digits of a dialling code written "31", "+31" or "0031"; "" where it is none."""
    found = re.fullmatch(r"(?:\(?\+|00)?\s?([1-9][0-9]{0,3})\)?", pick(value) or "")
    return found[1] if found else ""


def state_code(value: object, country: str) -> str | None:
    """Give a state's ISO 3166-2 code ("NL-NH") by code or name, None where it is none.

    Args:
        value: "NH", "NL-NH" or "Noord-Holland".
        country: the country it lies in, ISO 3166-1 alpha-2.

    Returns:
        The code; None too where two states of the country share the name.
    """
    return _states(country).get(folded(value))


@lru_cache(maxsize=64)
def _states(country: str) -> dict[str, str]:
    codes: dict[str, str] = {}
    names: dict[str, set[str]] = {}
    found = pycountry.subdivisions.get(country_code=country)  # type: ignore[no-untyped-call]  # the package types half of itself
    for one in found or ():
        codes |= {folded(one.code): one.code, folded(one.code.partition("-")[2]): one.code}
        for name in _spellings(one.name):
            names.setdefault(folded(name), set()).add(one.code)
    alone = {name: next(iter(found)) for name, found in names.items() if len(found) == 1}
    alone.pop("", None)
    return alone | codes


def _spellings(name: str) -> Iterator[str]:
    """Give the names that ISO writes as one: "Illes Balears [Islas Baleares]", "Vic, State of"."""
    yield name
    for part in re.split(r"[/\[\]]", name):
        yield part
        head, comma, tail = part.partition(",")
        if comma:
            yield f"{tail} {head}"


def language_code(value: object, installed: Collection[str]) -> str | None:
    """Give the installed language for a code ("nl", "nl-NL") or an English name, or None.

    Of several regions of a language the one named wins, then the language's own country
    (nl_NL), then en_US, then the first by name.
    """
    raw = (pick(value) or "").replace("-", "_")
    base, _, region = raw.partition("_")
    base = base.lower()
    if not re.fullmatch(r"[a-z]{2,3}", base):
        base = _language_names().get(folded(raw), "")
    wanted = f"{base}_{region.upper()}" if region else ""
    fitting = sorted(code for code in installed if code.split("_")[0].lower() == base)
    if not base or not fitting:
        return None
    for code in (wanted, f"{base}_{base.upper()}", "en_US", base):
        if code in fitting:
            return code
    return fitting[0]


@lru_cache(maxsize=1)
def _language_names() -> dict[str, str]:
    return {
        folded(one.name): one.alpha_2
        for one in pycountry.languages
        if getattr(one, "alpha_2", None)
    }
