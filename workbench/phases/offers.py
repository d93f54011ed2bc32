"""What Odoo offers that expected values depend on: contacts, companies, states.

Asked once for each name and kept: what we load must not change what we expect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workbench.errors import LookupFailedError
from workbench.mapping import Mapping
from workbench.mapping.rows import Ref, RefKind
from workbench.staging import normalise
from workbench.staging.paths import value_at
from workbench.staging.places import country_code
from workbench.state import Store

if TYPE_CHECKING:
    from workbench.run import Run

DOCUMENT = "offers"
_REFERRER, _COMPANY, _STATE, _COUNTRY = "referrer", "company", "state", "country"


@dataclass(frozen=True, slots=True)
class Offers:
    """What was found; keys are without case. A name that Odoo does not know is not in it."""

    contacts: dict[str, int]
    companies: dict[str, int]
    states: frozenset[str]
    note_subtype: int | None


def held_offers(store: Store) -> Offers:
    """Give what was found so far."""
    held = cast("dict[str, dict[str, int]]", store.journey.document(DOCUMENT) or {})
    return Offers(
        {name: found for name, found in held.get("contacts", {}).items() if found},
        {name: found for name, found in held.get("companies", {}).items() if found},
        frozenset(name for name, found in held.get("states", {}).items() if found),
        held.get("subtypes", {}).get("note") or None,
    )


def gather(run: Run, mapping: Mapping) -> Offers:
    """Ask Odoo for the names in the records that it was not asked for before."""
    store, lookups = run.store, run.lookups
    held = cast("dict[str, dict[str, int]]", store.journey.document(DOCUMENT) or {})
    known = {kind: dict(held.get(kind, {}))
             for kind in ("contacts", "companies", "states", "subtypes")}  # fmt: skip
    if not known["subtypes"]:
        known["subtypes"] = {"note": lookups.note_subtype() or 0}
    _add(known["contacts"], _values(store, mapping, _REFERRER, part="email"), lookups.contacts)
    _add(known["companies"], _values(store, mapping, _COMPANY), lookups.companies)
    for key in sorted(set(_states(store, mapping)) - set(known["states"])):
        try:
            known["states"][key] = lookups.resolve(Ref(RefKind.STATE, key))
        except LookupFailedError:
            known["states"][key] = 0
    store.journey.set_document(DOCUMENT, known)
    return held_offers(store)


def _add(known: dict[str, int], names: Iterable[str], find: object) -> None:
    asked = sorted({name.casefold() for name in names} - set(known))
    if asked:
        found = find(asked)  # type: ignore[operator] # one of the two look-ups above
        known.update({name: found.get(name, 0) for name in asked})


def _values(store: Store, mapping: Mapping, transform: str, *, part: str = "") -> Iterator[str]:
    for row in mapping.rows:
        if row.transform == transform and row.part == part:
            for record in store.source.records(row.resource):
                value = normalise.line(value_at(record.data, row.path)).value
                if isinstance(value, str):
                    yield value


def _states(store: Store, mapping: Mapping) -> Iterator[str]:
    for row in mapping.rows:
        if row.transform != _STATE:
            continue
        countries = [r.path for r in mapping.of(row.resource) if r.transform == _COUNTRY]
        for record in store.source.records(row.resource):
            state = normalise.pick(value_at(record.data, row.path))  # as the transform reads it
            code = next((c for path in countries
                         if (c := country_code(value_at(record.data, path)))), "")  # fmt: skip
            if code and state:
                yield f"{code}/{state}".casefold()
