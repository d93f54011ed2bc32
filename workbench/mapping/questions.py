"""What a person is asked about the map, and the map that their answers make."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingOf

from rapidfuzz import fuzz, process

from workbench.mapping.choices import may_be_text
from workbench.mapping.context import Practitioner
from workbench.mapping.faults import AS_TEXT, DAY_FIRST, MONTH_FIRST
from workbench.mapping.model import (
    FALLBACK,
    NAME_ONLY,
    VISIT_STATUS,
    Mapping,
    MapRow,
    field_subject,
    pair_name,
    value_subject,
)
from workbench.mapping.propose import Proposal
from workbench.mapping.templates import EMPTY_VALUE, shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.staging.checks import ValueKind
from workbench.staging.duplicates import DuplicatePair, PatientFields
from workbench.staging.normalise import folded
from workbench.staging.profile import FieldProfile
from workbench.staging.times import Order
from workbench.state.decisions import Question

PHASE = "map"
DUPLICATES_PHASE = "extract"
KNOWN_VALUE, NEAR_VALUE, OWN_VALUE = 0.95, 0.7, 0.6
SAME_MAIL, SAME_NAME = 0.97, 0.8


def field_questions(proposals: Iterable[Proposal]) -> list[Question]:
    """Ask for each field what becomes of it; least certain first within a resource.

    The basis is the proposed row, so more records of the same kind do not reopen anything.
    Where nobody can tell the day of a date from the month, nothing is proposed.
    """
    order: dict[str, int] = {}
    listed = list(proposals)
    for proposal in listed:
        order.setdefault(proposal.row.resource, len(order))
    listed.sort(key=lambda one: (order[one.row.resource], one.confidence, one.row.field))
    return [_field_question(one) for one in listed]


def _field_question(proposal: Proposal) -> Question:
    row = proposal.row
    options = [row.choice]
    if row.order.is_open:
        options = [f"{row.choice}{how}" for how in (DAY_FIRST, MONTH_FIRST)]
        # parts of a visit's time feed a time; a field of dates alone may stay what was typed
        options += [f"{row.choice}{AS_TEXT}"] if may_be_text(row) else []
    if not proposal.fixed:
        options += [choice for choice in ("keep", "drop") if choice != row.choice]
    return Question(
        subject=field_subject(row.field),
        phase=PHASE,
        question=f"What becomes of {row.path} in {row.resource}?"
        + (" Which comes first in its dates, the day or the month?" if row.order.is_open else ""),
        options=options,
        basis={"row": row.as_json()},
        proposal=None if row.order.is_open else row.choice,
        reasons=proposal.reasons,
        confidence=None if row.order.is_open else proposal.confidence,
        open_value=not proposal.fixed,
    )


def value_questions(
    mapping: Mapping,
    profiles: Iterable[FieldProfile],
    *,
    names: MappingOf[str, MappingOf[str, str]] | None = None,
) -> list[Question]:
    """Ask for each value of each mapped pick-list what it becomes.

    Args:
        mapping: the map as far as it is decided; only its rows count.
        profiles: of all fields, as the records have them.
        names: source field → value → what it is called, where another resource tells
            (`appointments.location_id` → "1" → "Amsterdam").

    Returns:
        Questions by field, most frequent value first. A status that no record has filled
        in is asked about as "(empty)".
    """
    asked: list[Question] = []
    rows = mapping.by_field
    for profile in profiles:
        row = rows.get(profile.field)
        if row is None or not _is_pick_list(row):
            continue
        called = (names or {}).get(profile.field, {})
        values = dict(profile.values)
        if row.transform == "stage" and profile.filled < profile.records:
            values[EMPTY_VALUE] = profile.records - profile.filled
        asked += [
            _value_question(row, value, count, called.get(value, ""))
            for value, count in sorted(values.items(), key=lambda item: (-item[1], item[0]))
        ]
    return asked


def _is_pick_list(row: MapRow) -> bool:
    transform = TRANSFORMS.get(row.transform)
    return transform is not None and transform.kind is ValueKind.CHOICE


def _value_question(row: MapRow, value: str, count: int, called: str) -> Question:
    stage = row.transform == "stage" or row.name == VISIT_STATUS
    proposal, confidence, reason = propose_value(value, stage=stage, called=called)
    if row.transform == "location" and not called:
        proposal, reason = f"Location {value}", "PracticeHub gives a number and no name"
    options = [proposal]
    if stage:
        options += [one.name for one in shipped().stages if one.name != proposal]
    return Question(
        subject=value_subject(row.field, value),
        phase=PHASE,
        question=f"What does {value!r} of {row.field} become? {count} record(s) have it.",
        options=options,
        basis={"field": row.field, "value": value, "target": row.target},
        proposal=proposal,
        reasons=(reason,),
        confidence=confidence,
        open_value=True,
    )


def propose_value(value: str, *, stage: bool, called: str = "") -> tuple[str, float, str]:
    """Propose what a pick-list's value becomes: the target, a confidence and the reason.

    A status is looked up among the words we know; one that is like none of them gets a
    stage of its own, so that nothing is merged unseen. Any other value stays itself.
    """
    if called:
        return called, KNOWN_VALUE, "PracticeHub calls it so"
    if not stage:
        return value, OWN_VALUE if value.strip() else 0.0, "stays what it is"
    words = shipped().stage_words
    key = value if value == EMPTY_VALUE else folded(value)
    if key in words:
        return words[key], KNOWN_VALUE, f"{value!r} is a word we know"
    near = process.extractOne(key, words.keys(), scorer=fuzz.ratio, score_cutoff=85)
    if near is not None:
        return words[near[0]], NEAR_VALUE, f"{value!r} is spelt almost like {near[0]!r}"
    own = value[:1].upper() + value[1:]
    return own, OWN_VALUE, "not a word we know: a stage of its own"


def practitioner_questions(
    practitioners: MappingOf[str, Practitioner],
    users: MappingOf[str, tuple[str, str]],
    appointments: MappingOf[str, int],
    *,
    fallback: str = "",
    active: MappingOf[str, bool] | None = None,
) -> list[Question]:
    """Ask for each practitioner which Odoo user it is.

    Args:
        practitioners: id → who it is.
        users: login → name and e-mail of Odoo's users.
        appointments: id → how many visits hang on the answer.
        fallback: login of the user who owns what has no matching one; "" for none.
        active: id → whether the practitioner still works there; one not named does.

    Returns:
        Questions, those with most visits first. An unmatched one who is active and has
        visits gets no proposal: a person chooses.
    """
    asked = []
    for one, who in practitioners.items():
        works = (active or {}).get(one, True)
        visits = appointments.get(one, 0)
        proposal, confidence, reason = match_user(who, users)
        if proposal is None and (not works or not visits):
            state = "no longer works there" if not works else "has no visit"
            proposal, confidence, reason = NAME_ONLY, 0.9, f"{reason}; {state}"
        options = [*([proposal] if proposal else []), *([FALLBACK] if fallback else []), NAME_ONLY]
        asked.append(
            Question(
                subject=f"practitioner:{one}",
                phase=PHASE,
                question=f"Which Odoo user is {who.name or 'nameless'} (practitioner {one})? "
                f"{visits} visit(s) hang on it.",
                options=list(dict.fromkeys(options)),
                basis={"id": one, "name": who.name, "email": who.email, "active": works},
                proposal=proposal,
                reasons=(reason,),
                confidence=confidence if proposal else None,
                open_value=True,
            )
        )
    return sorted(
        asked, key=lambda one: (-appointments.get(one.subject.partition(":")[2], 0), one.subject)
    )


def match_user(
    who: Practitioner, users: MappingOf[str, tuple[str, str]]
) -> tuple[str | None, float, str]:
    """Find the Odoo user of a practitioner: by e-mail, else by a name that one user has."""
    mail = (who.email or "").strip().casefold()
    if mail:
        by_mail = [
            login
            for login, (_, email) in users.items()
            if mail in {email.strip().casefold(), login.strip().casefold()}
        ]
        if len(by_mail) == 1:
            return by_mail[0], SAME_MAIL, "same e-mail address"
    name = " ".join(sorted(folded(who.name).split()))
    by_name = [
        login
        for login, (called, _) in users.items()
        if name and " ".join(sorted(folded(called).split())) == name
    ]
    if len(by_name) == 1:
        return by_name[0], SAME_NAME, "same name, and only one user has it"
    if by_name:
        return None, 0.0, f"{len(by_name)} users have that name"
    return None, 0.0, "no user has that e-mail address or name"


def duplicate_questions(pairs: Iterable[DuplicatePair]) -> list[Question]:
    """Ask for each pair whether it is one person; names ids and reasons, never a value."""
    return [
        Question(
            subject=f"duplicate:{pair_name(pair.a, pair.b)}",
            phase=DUPLICATES_PHASE,
            question=f"Are patients {pair.a} and {pair.b} one person?",
            options=["keep both", "merge"],
            basis={"a": pair.a, "b": pair.b, "reasons": list(pair.reasons)},
            proposal=pair.proposal.value,
            reasons=pair.reasons,
            confidence=min(pair.score, 1.0),
        )
        for pair in pairs
    ]


def patient_fields(mapping: Mapping) -> PatientFields:
    """Say by which fields the map tells who a patient is, for `staging.candidates`."""

    def paths(*targets: str) -> tuple[str, ...]:
        return tuple(row.path for row in mapping.of("patients") if row.name in targets)

    parts = {row.part: row.path for row in mapping.of("patients") if row.transform == "full_name"}
    births = [row for row in mapping.of("patients") if row.name == "x_date_of_birth"]
    phones = [row.path for row in mapping.of("patients") if row.transform == "phone"]
    phones += [
        row.path
        for row in mapping.of("patients")
        if row.transform == "phone_list" and row.part == "number"
    ]
    return PatientFields(
        first=parts.get("first", ""),
        last=parts.get("last", ""),
        birth=tuple(row.path for row in births),
        emails=paths("email"),
        phones=tuple(phones),
        postcode=paths("zip"),
        street=paths("street"),
        birth_order=births[0].order if births else Order.ISO,
    )
