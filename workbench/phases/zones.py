"""Which country a time zone is of."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


@lru_cache
def country_of(zone: str) -> str:
    """Give the country (ISO) whose zone it is, from the time zone database; "" for none."""
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    for line in table.splitlines():
        parts = line.split("\t")
        if not line.startswith("#") and len(parts) > 2 and parts[2] == zone:  # noqa: PLR2004 - the format's third column
            return parts[0]
    return ""
