"""Two records that may be one person, side by side: what agrees, what differs.

Compared is what a value says, not how it is written: names without case, birth dates as
dates, telephones by their last digits. A value is only ever compared here, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from workbench.mapping import contact_pair, load_yaml, patient_fields
from workbench.mapping.model import pair_ids
from workbench.staging.normalise import folded
from workbench.staging.paths import is_empty, leaves, value_at
from workbench.staging.persons import PatientFields, birth_dates, folded_mail, phone_tail
from workbench.state import Decision, Store

PREFIX = "duplicate:"
_MOST_OTHERS = 60
"""Further fields that are shown; the rest is counted."""


class Agreement(StrEnum):
    """How two values stand to each other; each has a sign and a word, never colour alone."""

    SAME = "same"
    ALIKE = "same, written differently"
    PARTLY = "partly the same"
    DIFFERS = "differs"
    LEFT = "only here, on the left"
    RIGHT = "only here, on the right"
    BESIDE = "counted, not compared"

    @property
    def sign(self) -> str:
        """Give the sign that stands before the word."""
        return _SIGNS[self]


_SIGNS = {
    Agreement.SAME: "=", Agreement.ALIKE: "≈", Agreement.PARTLY: "≈", Agreement.DIFFERS: "≠",
    Agreement.LEFT: "◀", Agreement.RIGHT: "▶", Agreement.BESIDE: "·",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """What both records say about one thing; several values where there is a list."""

    label: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    agreement: Agreement

    @property
    def counted(self) -> bool:
        """Whether it is a number that we counted, and no value of a patient."""
        return self.agreement is Agreement.BESIDE


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records side by side; `core` tells who it is, `others` is the rest of them.

    Args:
        left: name of the left record: "patient 12".
        right: name of the right one: "patient 99", "Odoo contact 45".
        core: who it is, in the order one would ask.
        others: every further field that one of them has filled; those that differ first.
        more: how many further fields are not among them.
        notes: what else is to be known of one of them, a sentence each.
    """

    left: str
    right: str
    core: tuple[Fact, ...]
    others: tuple[Fact, ...] = ()
    more: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    values: Mapping[str, tuple[str, ...]]
    rest: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    appointments: int | None = None


def pair_of(store: Store, decision: Decision) -> Pair:
    """Put the two records of a question side by side, as the run holds them now."""
    fields = _fields(store)
    said = decision.subject.removeprefix(PREFIX)
    contact = contact_pair(said)
    if contact is None:
        a, b = pair_ids(said)
        left, right = (_patient(store, one, fields, whole_name=False) for one in (a, b))
    else:
        left = _patient(store, contact[0], fields, whole_name=True)
        right = _contact(store, str(contact[1]))
    core = [
        fact
        for label, read in _CORE
        if (fact := _compared(label, left.values, right.values, read, fields)) is not None
    ]
    if left.appointments is not None and right.appointments is not None:
        counts = ((str(left.appointments),), (str(right.appointments),))
        core.append(Fact("Appointments", *counts, Agreement.BESIDE))
    others = list(_others(left.rest, right.rest)) if contact is None else []
    others.sort(key=lambda fact: fact.agreement is Agreement.SAME)
    return Pair(
        left=left.name,
        right=right.name,
        core=tuple(core),
        others=tuple(others[:_MOST_OTHERS]),
        more=max(0, len(others) - _MOST_OTHERS),
        notes=(*left.notes, *right.notes),
    )


def short_names(decision: Decision) -> str:
    """Name both records of a question: "patients 12 and 99", "patient 12 and Odoo contact 45"."""
    said = decision.subject.removeprefix(PREFIX)
    contact = contact_pair(said)
    if contact is not None:
        return f"patient {contact[0]} and Odoo contact {contact[1]}"
    return "patients {} and {}".format(*pair_ids(said))


_OF_CONTACTS = {
    "company": "is a company.",
    "user": "belongs to somebody who works with Odoo.",
    "archived": "is archived.",
}
"""What is told of a contact, by the flag that says so."""

Read = Callable[[str, PatientFields], frozenset[str]]
"""Value and what the fields mean → what the value says, for comparing; several where unsure."""


def _words(value: str, _fields: PatientFields) -> frozenset[str]:
    return frozenset({folded(value)})


def _birth(value: str, fields: PatientFields) -> frozenset[str]:
    days = birth_dates({"birth": value}, replace(fields, birth=("birth",)))
    return days or frozenset({folded(value)})


def _phone(value: str, _fields: PatientFields) -> frozenset[str]:
    return frozenset({phone_tail(value) or folded(value)})


def _mail(value: str, _fields: PatientFields) -> frozenset[str]:
    return frozenset({folded_mail(value)})


_CORE: tuple[tuple[str, Read], ...] = (
    ("Name", _words), ("First name", _words), ("Last name", _words), ("Date of birth", _birth),
    ("E-mail", _mail), ("Telephone", _phone), ("Street", _words), ("Postcode", _words),
    ("Patient number", _words), ("Appointments", _words),
)  # fmt: skip


def _compared(
    label: str,
    left: Mapping[str, tuple[str, ...]],
    right: Mapping[str, tuple[str, ...]],
    read: Read,
    fields: PatientFields,
) -> Fact | None:
    """Compare one thing; None where neither record says anything about it."""
    ours, theirs = left.get(label, ()), right.get(label, ())
    if not ours and not theirs:
        return None
    left_says, right_says = (
        frozenset[str]().union(*(read(one, fields) for one in side)) for side in (ours, theirs)
    )
    return Fact(label, ours, theirs, _agreement(ours, theirs, left_says, right_says))


def _agreement(
    ours: tuple[str, ...], theirs: tuple[str, ...], left: frozenset[str], right: frozenset[str]
) -> Agreement:
    if not theirs:
        return Agreement.LEFT
    if not ours:
        return Agreement.RIGHT
    if sorted(ours) == sorted(theirs):
        return Agreement.SAME
    if left and left == right:
        return Agreement.ALIKE
    return Agreement.PARTLY if left & right else Agreement.DIFFERS


def _others(
    left: Mapping[str, tuple[str, ...]], right: Mapping[str, tuple[str, ...]]
) -> Iterator[Fact]:
    for path in dict.fromkeys((*left, *right)):
        ours, theirs = left.get(path, ()), right.get(path, ())
        left_says, right_says = (frozenset(map(folded, side)) for side in (ours, theirs))
        yield Fact(path, ours, theirs, _agreement(ours, theirs, left_says, right_says))


def _fields(store: Store) -> PatientFields:
    """Say which fields tell who a patient is, by the map as it was confirmed last."""
    held = store.journey.document("mapping")
    if not isinstance(held, dict):
        return PatientFields()
    return patient_fields(load_yaml(str(held["yaml"])))


def _patient(store: Store, number: str, fields: PatientFields, *, whole_name: bool) -> _Side:
    record = store.source.record("patients", number)
    data = record.data if record is not None and not record.gone else {}
    first, last = _texts(data, [fields.first]), _texts(data, fields.last)
    values = {
        "Date of birth": _texts(data, fields.birth),
        "E-mail": _texts(data, fields.emails),
        "Telephone": _texts(data, fields.phones),
        "Street": _texts(data, fields.street),
        "Postcode": _texts(data, fields.postcode),
        "Patient number": _texts(data, fields.ref),
    }
    if whole_name or not (first or last):
        name = " ".join((*first, *last))
        values["Name"] = (name,) if name else _texts(data, [fields.full])
    else:
        values |= {"First name": first, "Last name": last}
    used = {
        fields.first, *fields.last, fields.full, *fields.birth, *fields.emails, *fields.phones,
        *fields.street, *fields.postcode, *fields.ref, "id",
    }  # fmt: skip
    rest: dict[str, tuple[str, ...]] = {}
    for path, value in leaves(data):
        if path not in used and not is_empty(value):
            rest[path] = (*rest.get(path, ()), str(value))
    name = f"patient {number}"
    return _Side(
        name, values, rest,
        notes=() if data else (f"{name.capitalize()} is no longer held.",),
        appointments=len(store.source.records_of_patient("appointments", number)),
    )  # fmt: skip


def _contact(store: Store, number: str) -> _Side:
    """Read a contact of Odoo's as the search for duplicates kept it."""
    held = store.journey.document("odoo_contacts")
    facts = held.get(number, {}) if isinstance(held, dict) else {}
    values = {
        "Name": _texts(facts, ["name"]),
        "Date of birth": _texts(facts, ["birth"]),
        "E-mail": _texts(facts, ["emails"]),
        "Telephone": _texts(facts, ["phones"]),
        "Street": _texts(facts, ["street"]),
        "Postcode": _texts(facts, ["zip"]),
        "Patient number": _texts(facts, ["ref"]),
    }
    name = f"Odoo contact {number}"
    notes = [words for key, words in _OF_CONTACTS.items() if facts.get(key)]
    if not facts:
        notes = ["is not known to the run any more."]
    return _Side(name, values, {}, tuple(f"{name} {words}" for words in notes))


def _texts(data: Mapping[str, object], paths: Iterable[str]) -> tuple[str, ...]:
    """List what stands at some paths, each text once."""
    found: dict[str, None] = {}
    for path in paths:
        value = value_at(data, path) if path else None
        for one in value if isinstance(value, list) else [value]:
            if not is_empty(one):
                found[str(one)] = None
    return tuple(found)
