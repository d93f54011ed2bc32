"""What the panel of fields has to know, and how it says so in a line."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from workbench.errors import UsageError
from workbench.mapping import Context, MapOptions, MapRow
from workbench.mapping.faults import OdooFields
from workbench.staging import FieldProfile

SHORT_LIST = 12
"""Values of a pick-list that are shown one by one; of a longer one they are counted."""
_WHOLE = 0.995
"""A share from here on is said without a figure."""

_FORMATS = {
    "zero_date": "dates of zeros", "date_iso": "dates, year first", "date_dmy": "dates, day first",
    "date_mdy": "dates, month first", "date_either": "dates, day or month first",
    "datetime_iso": "dates and times, year first", "datetime_dmy": "dates and times, day first",
    "datetime_mdy": "dates and times, month first",
    "datetime_either": "dates and times, day or month first", "time": "times of day",
    "email": "e-mail addresses", "url": "web addresses", "blood_type": "blood types",
    "integer_text": "whole numbers, as text", "decimal_text": "numbers, as text",
    "phone": "telephone numbers", "boolean_word": "yes or no, as text", "colour": "colours",
    "postcode": "postcodes", "language": "languages", "mime": "kinds of file", "json": "JSON",
    "html": "HTML", "lines": "text of several lines", "words": "short text",
}  # fmt: skip
_TYPES = {"boolean": "yes or no", "integer": "whole numbers", "decimal": "numbers"}


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What stands in the run about its fields, at one moment.

    Args:
        proposals: source field → the row that is proposed for it.
        profiles: source field → what its records hold.
        odoo_fields: model → field → description, as the actual database gave it.
        options: what the configuration says about the map.
        context: what transforms may look up, from what is held; no call leaves for it.
        values: source field → its value map, as far as it is decided or proposed.
        looked_up: whether Odoo was asked already for its contacts, companies and states.
    """

    proposals: MappingOf[str, MapRow]
    profiles: MappingOf[str, FieldProfile]
    odoo_fields: OdooFields
    options: MapOptions
    context: Context
    values: MappingOf[str, MappingOf[str, str]]
    looked_up: bool

    def proposed(self, field: str) -> MapRow:
        """Give the row that is proposed for a field.

        Raises:
            UsageError: the field was met after these facts were gathered.
        """
        row = self.proposals.get(field)
        if row is None:
            what = f"{field} was first seen after this list was made."
            raise UsageError(what, do="Run the cell again.")
        return row


def percent(share: float) -> str:
    """Write a share, 0 to 1, so that only all is 100 % and only nothing is 0 %."""
    if 0 < share < 0.01:  # noqa: PLR2004 - a percent
        return "under 1 %"
    return f"{min(share, 0.99) if share < 1 else 1:.0%}".replace("%", " %")


def filled(profile: FieldProfile | None) -> str:
    """Say which share of the records holds something."""
    return "not known" if profile is None else percent(profile.filled_share)


def looks_like(profile: FieldProfile | None) -> str:
    """Say in a few words what the values look like."""
    if profile is None:
        return "not known"
    if not profile.filled:
        return "always empty"
    words = _kind(profile)
    if 0 < len(profile.values) <= SHORT_LIST:
        few = len(profile.values)
        words = f"{words}; one of {few} values" if few > 1 else f"{words}; one value"
    return f"lists: {words}" if profile.listed else words


def format_words(name: str) -> str:
    """Name a format as a person would; a new one by its own words."""
    return _FORMATS.get(name, name.replace("_", " "))


def _kind(profile: FieldProfile) -> str:
    kinds = {kind: n for kind, n in profile.types.items() if kind != "null"}
    if len(kinds) > 1:
        return "changes its type"
    if profile.formats:
        name = max(profile.formats, key=lambda one: profile.formats[one])
        words, share = format_words(name), profile.share(name)
        return words if share >= _WHOLE else f"{words} ({percent(share)})"
    return _TYPES.get(next(iter(kinds), ""), "nothing we know")
