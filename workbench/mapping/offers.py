"""What the actual Odoo has to offer for a field: one of the same words that somebody made there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbench.mapping import wording
from workbench.mapping.model import RESERVED, MapRow
from workbench.mapping.naming import selection_keys, slug
from workbench.mapping.templates import shipped
from workbench.staging.profile import FieldProfile

REUSED, LABELLED = 0.8, 0.7
"""A custom field of the same words is there; one of Odoo's own of that name or label is."""

Fields = MappingOf[str, MappingOf[str, Any]]
_FITTING: MappingOf[str, dict[str, tuple[str, str]]] = {
    "char": {"char": ("", "char"), "text": ("plain_text", "text")},
    "text": {"text": ("", "text")},
    "integer": {"integer": ("", "integer"), "float": ("float", "float")},
    "float": {"float": ("", "float")},
    "selection": {"selection": ("", "selection"), "char": ("text", "char")},
    "boolean": {"boolean": ("", "boolean")},
    "date": {"date": ("", "date")},
    "datetime": {"datetime": ("", "datetime")},
    "html": {"html": ("", "html")},
}
"""Type proposed → type there → transform (empty: as proposed) and type."""
_OWN_TYPES = frozenset(("char", "text", "html", "date"))
"""Types of Odoo's own fields that are offered by their label: others steer what Odoo does."""
_NEVER_OWN = frozenset(
    ("active", "barcode", "color", "type", "tz", "display_name", "complete_name", "date", "ref",
     "email_normalized", "signup_type", "company_registry", "create_date", "write_date", "name")
)  # fmt: skip
"""Odoo's own fields that mean something to Odoo, whatever they are called elsewhere."""


@dataclass(frozen=True, slots=True)
class Reused:
    """A row that feeds a field which Odoo has already, how surely, and why."""

    row: MapRow
    confidence: float
    reason: str


class Offers:
    """The fields of one model that may be fed, by what their names and labels say."""

    def __init__(self, known: Fields, model: str) -> None:
        """Index the fields.

        Args:
            known: the model's fields, as `fields_get` gives them.
            model: its name.
        """
        self._known = known
        self._said: defaultdict[wording.Key, list[tuple[str, bool]]] = defaultdict(list)
        for name, there, made in _usable(known, model):
            for key in _said(name, there):
                self._said[key].append((name, made))

    def reused(
        self, row: MapRow, profile: FieldProfile, *, taken: Collection[str]
    ) -> Reused | None:
        """Give the row that feeds a field of the same words, where Odoo has one.

        Only for a row that would make a field of its own: a custom field that somebody made
        in Odoo, of a type that can hold the values, is better than a second one.

        Args:
            row: what was proposed.
            profile: the values; a selection is fed only with values that it has.
            taken: names of fields that other source fields go to.
        """
        if row.name in self._known:
            return None
        own = dict.fromkeys(wording.keys_of(profile.path, owner="patient"))
        own.setdefault(wording.key(wording.words(row.name.removeprefix("x_"))))
        for name, made in (offer for key in own for offer in self._said.get(key, ())):
            there = self._known[name]
            fitting = _FITTING.get(row.type, {}).get(str(there.get("type")))
            if name in taken or fitting is None:
                continue
            if fitting[1] == "selection" and not holds(there, profile, name=name):
                continue
            label = str(there.get("string") or name)
            if made:
                words = f"Odoo has {name} already, called {label}, and it can hold this"
                return Reused(_fed(row, name, *fitting), REUSED, words)
            words = f"Odoo's own field {name} is called {label}"
            return Reused(_fed(row, name, *fitting), LABELLED, words)
        return None


def holds(there: MappingOf[str, Any], profile: FieldProfile, *, name: str) -> bool:
    """Whether a selection that Odoo has can take a field's values.

    It can where it knows every value, by the key that we would store; and one of the
    workbench's own making can be given more.
    """
    pairs = [(str(key), str(label)) for key, label in there.get("selection") or ()]
    if not profile.values:
        return not pairs
    keys = {key for key, _ in pairs}
    if set(selection_keys(profile.values).values()) <= keys:
        return True
    ours = all(key == slug(label)[:40] or slug(label)[:40] in key for key, label in pairs)
    return ours and name in _template_names()


@lru_cache(maxsize=1)
def _template_names() -> frozenset[str]:
    return frozenset(
        entry.target.rpartition(".")[2]
        for template in shipped().resources.values()
        for entry in template.entries
    )


def _usable(known: Fields, model: str) -> Iterator[tuple[str, MappingOf[str, Any], bool]]:
    """Give the fields that may be fed: custom ones first, then Odoo's own of a contact."""
    plain = [
        (name, there) for name, there in sorted(known.items())
        if there.get("store", True) and not there.get("readonly", False)
    ]  # fmt: skip
    for name, there in plain:
        if name.startswith("x_") and name not in RESERVED:
            yield name, there, True
    if model == "res.partner":  # other models copy what is written there to the contact
        never = _NEVER_OWN | _template_names()  # those were held against names and values
        for name, there in plain:
            own = not name.startswith("x_") and "string" in there
            if own and there.get("type") in _OWN_TYPES and name not in never:
                yield name, there, False


def _said(name: str, there: MappingOf[str, Any]) -> set[wording.Key]:
    plain = name.removeprefix("x_").removeprefix("studio_")
    found = {
        wording.key(wording.words(plain)),
        wording.key(wording.words(str(there.get("string", "")))),
    }
    return {one for one in found if one}


def _fed(row: MapRow, name: str, transform: str, kind: str) -> MapRow:
    return MapRow(
        row.field, row.disposition, f"{row.model}.{name}", transform or row.transform, kind,
        row.part, row.also, row.clinical, order=row.order,
    )  # fmt: skip
