"""Who is whom: pairs of patients, and of a patient and a contact that Odoo has already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from workbench.mapping.model import (
    KEEP_BOTH,
    LINK,
    LINKS,
    MERGE,
    OVERWRITE,
    Mapping,
    MapRow,
    pair_ids,
    pair_name,
)
from workbench.staging.duplicates import ContactPair, DuplicatePair
from workbench.staging.persons import PatientFields
from workbench.staging.times import Order
from workbench.state.decisions import Decision, Question
from workbench.state.ids import id_order

PHASE = "extract"
_CONTACT = re.compile(r"patient_(?P<patient>.+)\+contact_(?P<contact>[1-9][0-9]{0,9})")
_BIRTH = re.compile(
    r"(date_of_)?birth(_?(date|day))?|dob|geboortedatum|geburtsdatum", re.IGNORECASE
)


def duplicate_questions(pairs: Iterable[DuplicatePair]) -> list[Question]:
    """Ask for each pair whether it is one person; names ids and reasons, never a value."""
    return [
        Question(
            subject=f"duplicate:{pair_name(pair.a, pair.b)}",
            phase=PHASE,
            question=f"Are patients {pair.a} and {pair.b} one person?",
            options=[KEEP_BOTH, MERGE],
            basis={"a": pair.a, "b": pair.b, "reasons": list(pair.reasons)},
            proposal=pair.proposal.value,
            reasons=pair.reasons,
            confidence=min(pair.score, 1.0),
        )
        for pair in pairs
    ]


def reason_for_one(seen: Decision, choice: str, comment: str) -> list[str]:
    """Ask for a reason where two records become one against the proposal; else nothing.

    That what Odoo has is overwritten is never proposed, and always needs one.
    """
    if comment.strip():
        return []
    if choice == OVERWRITE:
        return [f"To {choice} what Odoo has needs a reason: write it into the comment."]
    if choice in {MERGE, LINK} and seen.proposal == KEEP_BOTH:
        return [f"To {choice} against the proposal needs a reason: write it into the comment."]
    return []


def contact_questions(pairs: Iterable[ContactPair]) -> list[Question]:
    """Ask for each pair whether the patient is the contact that Odoo has; ids, never a value."""
    return [
        Question(
            subject=f"duplicate:{contact_pair_name(pair.patient, pair.contact)}",
            phase=PHASE,
            question=f"Is patient {pair.patient} the contact {pair.contact} that Odoo has already?",
            options=[KEEP_BOTH, LINK, OVERWRITE],
            basis={"patient": pair.patient, "contact": pair.contact,
                   "reasons": list(pair.reasons)},
            proposal=pair.proposal.value,
            reasons=pair.reasons,
            confidence=min(pair.score, 1.0),
        )
        for pair in pairs
    ]  # fmt: skip


def contact_pair(pair: str) -> tuple[str, int] | None:
    """Read "patient_12+contact_45" as ("12", 45); None for a pair of patients."""
    found = _CONTACT.fullmatch(pair)
    return (found["patient"], int(found["contact"])) if found else None


def contact_pair_name(patient: str, contact: int) -> str:
    """Write a patient and a contact of Odoo's as decisions call them."""
    return f"patient_{patient}+contact_{contact}"


@dataclass(frozen=True, slots=True)
class People:
    """Who is whom, as decided.

    Args:
        survivors: merged patient's id → the id of the patient it becomes.
        linked: patient's id (one that stays) → the number of Odoo's contact it fills.
        faults: pair → why what was decided about it cannot be together with the rest.
        overwrites: those of the linked patients whose values replace what the contact has.
    """

    survivors: MappingOf[str, str]
    linked: MappingOf[str, int]
    faults: MappingOf[str, str]
    overwrites: frozenset[str] = frozenset()

    def group(self, patient: str) -> list[str]:
        """List the patients who become one with this one, itself too, lowest id first."""
        stays = self.survivors.get(patient, patient)
        goes = [one for one, into in self.survivors.items() if into == stays]
        return sorted({stays, *goes}, key=id_order)


def who_is_whom(duplicates: MappingOf[str, str]) -> People:
    """Draw up what decisions about pairs make of patients, and where they contradict.

    Args:
        duplicates: "patient_12+patient_99" or "patient_12+contact_45" → what was decided.
    """
    survivors = Mapping(rows=(), duplicates=duplicates).survivors
    fills: dict[str, dict[int, str]] = {}
    filled: dict[int, dict[str, str]] = {}
    said: dict[str, set[str]] = {}
    for pair, choice in sorted(duplicates.items()):
        found = contact_pair(pair)
        if found is not None and choice in LINKS:
            patient, contact = found
            stays = survivors.get(patient, patient)
            said.setdefault(stays, set()).add(choice)
            fills.setdefault(stays, {})[contact] = pair
            filled.setdefault(contact, {})[stays] = pair
    linked = {stays: min(contacts) for stays, contacts in fills.items()}
    faults = dict(_two_ways(fills, filled, said)) | dict(_kept_apart(duplicates, survivors, fills))
    overwrites = frozenset(stays for stays, choices in said.items() if choices == {OVERWRITE})
    return People(survivors, linked, faults, overwrites)


def _two_ways(
    fills: MappingOf[str, MappingOf[int, str]],
    filled: MappingOf[int, MappingOf[str, str]],
    said: MappingOf[str, Collection[str]],
) -> Iterator[tuple[str, str]]:
    """Find pairs whose link another one contradicts: in who it is, or in how."""
    for stays, choices in said.items():
        if len(choices) > 1:  # two who are merged, and a contact that each of them is
            what = f"patient_{stays} is linked with and without {OVERWRITE!r}"
            yield from ((pair, what) for pair in fills[stays].values())
    for stays, contacts in fills.items():
        if len(contacts) > 1:
            named = " and ".join(f"contact {one}" for one in sorted(contacts))
            what = f"patient_{stays} is linked to {named}; it can be one of them only"
            yield from ((pair, what) for pair in contacts.values())
    for contact, stayers in filled.items():
        if len(stayers) > 1:
            named = " and ".join(f"patient_{one}" for one in sorted(stayers, key=id_order))
            what = f"{named} are linked to contact {contact}, and not merged"
            yield from ((pair, what) for pair in stayers.values())


def _kept_apart(
    duplicates: MappingOf[str, str],
    survivors: MappingOf[str, str],
    fills: MappingOf[str, MappingOf[int, str]],
) -> Iterator[tuple[str, str]]:
    """Find pairs that are to stay two, and become one by way of other pairs."""
    for pair, choice in sorted(duplicates.items()):
        if choice != KEEP_BOTH:
            continue
        found = contact_pair(pair)
        if found is not None:
            patient, contact = found
            if contact in fills.get(survivors.get(patient, patient), {}):
                yield pair, "is kept apart here and linked by way of other pairs"
        else:
            a, b = pair_ids(pair)
            if survivors.get(a, a) == survivors.get(b, b):
                yield pair, "is kept apart here and merged by way of other pairs"


def pair_faults(duplicates: MappingOf[str, str]) -> Iterator[tuple[str, str]]:
    """Give pair and fault of every decision that is none, or contradicts the others."""
    for pair, choice in duplicates.items():
        may = [LINK, OVERWRITE] if contact_pair(pair) else [MERGE]
        if choice not in {*may, KEEP_BOTH}:
            yield pair, f"is neither {' nor '.join(map(repr, [*may, KEEP_BOTH]))}"
    yield from who_is_whom(duplicates).faults.items()


def patient_fields(mapping: Mapping) -> PatientFields:
    """Say by which fields the map tells who a patient is, for `staging.Patients`.

    A birth date that is kept or dropped still tells two people apart.
    """
    rows = mapping.of("patients")

    def paths(*targets: str) -> tuple[str, ...]:
        return tuple(row.path for row in rows if row.name in targets)

    parts = {row.part: row.path for row in rows if row.transform == "full_name"}
    phones = [row.path for row in rows if row.transform == "phone"]
    phones += [row.path for row in rows if row.transform == "phone_list" and row.part == "number"]
    births = _births(rows)
    whole = [row.path for row in rows if row.name == "name" and row.transform != "full_name"]
    last = (parts.get(part, "") for part in ("middle", "last", "second_last"))
    return PatientFields(
        first=parts.get("first", ""),
        last=tuple(path for path in last if path),
        full=whole[0] if whole else "",
        birth=tuple(row.path for row in births),
        emails=paths("email"),
        phones=tuple(phones),
        postcode=paths("zip"),
        street=paths("street"),
        ref=paths("ref"),
        birth_order=births[0].order if births else Order.ISO,
    )


def birth_targets(mapping: Mapping) -> list[str]:
    """Name the fields of Odoo's contacts to which the map brings the birth date."""
    return [row.name for row in _births(mapping.of("patients")) if row.model == "res.partner"]


def _births(rows: Iterable[MapRow]) -> list[MapRow]:
    """List the rows that tell a birth date: by their target, else by what they are called."""
    rows = list(rows)
    by_target = [row for row in rows if row.name == "x_date_of_birth"]
    return by_target or [row for row in rows if _BIRTH.fullmatch(row.path.rpartition(".")[2])]
