"""Countries and languages by their codes and names; postcodes by their patterns."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

import pycountry

from workbench.mapping.templates import shipped
from workbench.staging.normalise import folded, pick

POSTCODES = {
    "NL": re.compile(r"\d{4}\s?[A-Z]{2}"),
    "GB": re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"),
    "DE": re.compile(r"\d{5}"),
    "FR": re.compile(r"\d{5}"),
    "ES": re.compile(r"\d{5}"),
    "BE": re.compile(r"\d{4}"),
    "AU": re.compile(r"\d{4}"),
    "US": re.compile(r"\d{5}(-\d{4})?"),
}
"""Postcode patterns of countries whose addresses can be split with certainty."""


def country_code(value: object) -> str:
    """Give a country's ISO 3166-1 alpha-2 code by code or name, "" where it is none."""
    return _country(folded(value))


@lru_cache(maxsize=1024)
def _country(name: str) -> str:
    return _known_countries().get(name, "") if name else ""


@lru_cache(maxsize=1)
def _known_countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for one in pycountry.countries:
        for name in ("name", "official_name", "common_name", "alpha_2", "alpha_3"):
            spelt = getattr(one, name, None)
            if spelt:
                found[folded(spelt)] = one.alpha_2
    return found | dict(shipped().countries)


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
