"""Patients who may be one person entered twice, or a contact that Odoo has already.

Nobody is compared with everybody: a pair is looked at where both have the same birth date,
telephone, e-mail address, street address or patient number, for a pair that shares none of
these is never asked about (`persons.liken`). What a whole crowd shares (a default birth date,
the reception's telephone) tells nothing about anybody, and counts neither for nor against.

Memory: about two kilobytes for each patient and each contact; the records themselves stream by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from workbench.staging.persons import (
    NOT_CERTAIN,
    Facts,
    KnownContact,
    Likeness,
    PatientFields,
    Verdict,
    aligned,
    facts_of,
    facts_of_contact,
    liken,
)
from workbench.state.ids import id_order

BLOCK_LIMIT = 60
"""More patients of one birth date are parted further, by their initials, then by their names."""
CROWD = 20
"""What more than this many share tells nothing about anybody."""
CROWD_OF_DATES = 12
"""… and of a birth date: this many times as many as chance would give a day."""
DAYS = 20_000
"""Days on which a clinic's patients were born, by and large: 55 years."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two patients who may be one; `a` is the lower id. `score` from 0 to 1."""

    a: str
    b: str
    score: float
    reasons: tuple[str, ...]
    proposal: Verdict


@dataclass(frozen=True, slots=True)
class ContactPair:
    """A patient who may be a contact that Odoo has. `score` from 0 to 1."""

    patient: str
    contact: int
    score: float
    reasons: tuple[str, ...]
    proposal: Verdict


def candidates(
    patients: Iterable[tuple[str, Mapping[str, object]]], *, fields: PatientFields
) -> list[DuplicatePair]:
    """Find pairs of patients who may be one person; see `Patients.pairs`."""
    return Patients(patients, fields=fields).pairs()


class Patients:
    """All patients, reduced to what tells who they are, and found again by what they share.

    Args:
        patients: id and record of each; ids distinct. Read once, one after another.
        fields: which fields tell who a patient is.
    """

    def __init__(
        self, patients: Iterable[tuple[str, Mapping[str, object]]], *, fields: PatientFields
    ) -> None:
        facts = [facts_of(one, record, fields) for one, record in patients]
        self._crowds = _Crowds(facts)
        self._facts = [self._crowds.without(one) for one in facts]
        self._merged: dict[str, str] = {}

    def pairs(self) -> list[DuplicatePair]:
        """Find pairs of patients who may be one person.

        Returns:
            Distinct pairs, most likely first. "merge" is proposed only where the whole name
            and the birth date are the same and something else agrees too, or where two
            such pairs make one person of a third; twins get "keep both".
        """
        found: list[tuple[Facts, Facts, Likeness]] = []
        blocks: defaultdict[Key, list[int]] = defaultdict(list)
        for place, one in enumerate(self._facts):
            keys = list(self._crowds.keys(one))
            for other in {earlier for key in keys for earlier in blocks[key]}:
                a, b = sorted((one, self._facts[other]), key=lambda fact: id_order(fact.id))
                like = liken(a, b)
                if like is not None:
                    found.append((a, b, like))
            for key in keys:
                blocks[key].append(place)
        self._merged = _groups((a.id, b.id) for a, b, like in found if like.certain)
        pairs = [_pair(a, b, like, self._merged) for a, b, like in found]
        return sorted(pairs, key=lambda pair: (-pair.score, id_order(pair.a), id_order(pair.b)))

    def against(self, contacts: Iterable[KnownContact]) -> list[ContactPair]:
        """Find contacts of Odoo's who may be one of the patients.

        Args:
            contacts: read once, and not at all where nothing tells who a patient is.

        Returns:
            Distinct pairs, most likely first. "link" is proposed only where the whole name
            and something strong agree (the birth date and one thing more; the e-mail
            address, a telephone or the patient number where Odoo knows no birth date), and
            for no second person or contact as well; patients whom `pairs` proposes to merge
            are one person, so that is asked first. A company counts only by its whole name;
            the contact of somebody who works with Odoo is never proposed.
        """
        blocks: defaultdict[Key, list[int]] = defaultdict(list)
        for place, patient in enumerate(self._facts):
            for key in self._crowds.keys(patient):
                blocks[key].append(place)
        if not blocks:
            return []
        known = [(one, facts_of_contact(one)) for one in contacts if one.name]
        theirs = _Crowds([facts for _, facts in known])
        found: list[tuple[Facts, KnownContact, Likeness]] = []
        for contact, facts in known:
            facts = theirs.without(self._crowds.without(facts))  # noqa: PLW2901 - the same, reduced
            near = {place for key in self._crowds.keys(facts) for place in blocks.get(key, ())}
            for place in sorted(near):
                patient = self._facts[place]
                like = liken(patient, aligned(facts, patient))
                if like is not None and (like.same or not contact.company):
                    found.append((patient, contact, like))
        linked = self._unrivalled(
            (self._group(patient.id), contact.id)
            for patient, contact, like in found
            if _is_strong(like) and not contact.user
        )
        pairs = [
            _contact_pair(
                patient, contact, like, linked=(self._group(patient.id), contact.id) in linked
            )
            for patient, contact, like in found
        ]
        return sorted(pairs, key=lambda one: (-one.score, id_order(one.patient), one.contact))

    def _group(self, patient: str) -> str:
        """Name the patients who are proposed to be one by one of them."""
        return self._merged.get(patient, patient)

    def _unrivalled(self, strong: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Take out those where a second person or contact fits as well."""
        distinct = set(strong)
        contacts = Counter(contact for _, contact in distinct)
        people = Counter(person for person, _ in distinct)
        return {
            (person, contact)
            for person, contact in distinct
            if contacts[contact] == people[person] == 1
        }


class _Crowds:
    """What too many have, and how those who are left are found."""

    def __init__(self, facts: list[Facts]) -> None:
        births = Counter(day for one in facts for day in one.births)
        most = max(CROWD, CROWD_OF_DATES * len(facts) / DAYS)
        self._births = {day for day, count in births.items() if count > most}
        self._large = {day for day, count in births.items() if count > BLOCK_LIMIT} - self._births
        self._phones = _crowded(value for one in facts for value in one.phones)
        self._emails = _crowded(value for one in facts for value in one.emails)
        self._places = _crowded(one.place for one in facts)
        self._refs = _crowded(one.ref for one in facts)
        parted = Counter(
            key for one in facts if one.born in self._large for key in _parted(one, fine=False)
        )
        self._larger = {key for key, count in parted.items() if count > BLOCK_LIMIT}

    def without(self, one: Facts) -> Facts:
        """Take out of an entry what a crowd has."""
        place, ref = one.place, one.ref
        return replace(
            one,
            placeholder=one.placeholder or not one.births.isdisjoint(self._births),
            phones=one.phones - self._phones,
            emails=one.emails - self._emails,
            place="" if place in self._places else place,
            ref="" if ref in self._refs else ref,
        )

    def keys(self, one: Facts) -> Iterator[Key]:
        """Give what a pair must share at least one of to be looked at."""
        if not one.name:
            return
        if one.born in self._large:
            for key in _parted(one, fine=False):
                if key not in self._larger:
                    yield key
            yield from _parted(one, fine=True)
        elif one.born:
            yield "birth", one.born
        yield from (("phone", phone) for phone in one.phones)
        yield from (("mail", mail) for mail in one.emails)
        if one.place:
            yield "place", one.place
        if one.ref:
            yield "ref", one.ref


def _parted(one: Facts, *, fine: bool) -> list[Key]:
    """Part a large birth date's block by initials or, finer, by whole names, in any order."""
    words = sorted(one.name.split())
    told = words if fine else sorted({one.first[:1], one.last[:1]})
    return [("birth and name" if fine else "birth", f"{one.born} {' '.join(told)}")]


def _crowded(values: Iterable[str]) -> set[str]:
    return {value for value, count in Counter(values).items() if value and count > CROWD}


def _pair(a: Facts, b: Facts, like: Likeness, whole: Mapping[str, str]) -> DuplicatePair:
    reasons, merge = like.reasons, like.certain
    if not merge and like.same and like.born and whole.get(a.id, a.id) == whole.get(b.id, b.id):
        merge, reasons = True, (*reasons, "both are one person with a third")
    proposal = Verdict.MERGE if merge else Verdict.KEEP
    return DuplicatePair(a.id, b.id, like.score, reasons, proposal)


def _contact_pair(
    patient: Facts, contact: KnownContact, like: Likeness, *, linked: bool
) -> ContactPair:
    reasons = list(like.reasons)
    reasons += ["the contact is a company"] if contact.company else []
    reasons += ["the contact belongs to a user of Odoo"] if contact.user else []
    reasons += ["the contact is archived"] if contact.archived else []
    if linked and not _is_strong(like):
        reasons.append("one person with a patient who is this contact")
    elif _is_strong(like) and not contact.user and not linked:
        reasons.append("another patient or contact fits as well")
    score = like.score if like.born else min(like.score, NOT_CERTAIN)
    verdict = Verdict.LINK if linked else Verdict.KEEP
    return ContactPair(patient.id, contact.id, score, tuple(reasons), verdict)


def _is_strong(like: Likeness) -> bool:
    """Whether name and something strong agree; an address alone is a whole family's."""
    return like.same and (like.certain or bool(like.others - {"same address"}))


def _groups(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give each member of connected pairs the name of its group."""
    leads: dict[str, str] = {}

    def root(one: str) -> str:
        while leads.get(one, one) != one:
            one = leads[one]
        return one

    for a, b in pairs:
        leads[root(b)] = root(a)
    return {one: root(one) for one in leads} | {root(one): root(one) for one in leads}
