"""Which Odoo user a practitioner is: by e-mail, else by a unique name, else a person says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from workbench.mapping.combiners import practitioner_subject
from workbench.mapping.context import Practitioner
from workbench.mapping.model import FALLBACK, INVITE, NAME_ONLY, Mapping
from workbench.staging.normalise import email, folded, pick
from workbench.staging.paths import value_at
from workbench.state import IssueKind, id_text
from workbench.state.decisions import Question
from workbench.state.ids import id_order

PHASE = "map"
SUBJECT = "practitioner:"
"""How the subjects of questions about practitioners begin."""
SAME_MAIL, SAME_NAME, NO_VISIT = 0.97, 0.8, 0.9
_COSTS = (
    " Who is invited becomes a user of Odoo without a mail; Odoo Enterprise and Odoo Online "
    "charge for each user."
)


@dataclass(frozen=True, slots=True)
class OdooUser:
    """One internal user of Odoo; `active` False: archived there, and can own nothing new."""

    name: str
    email: str = ""
    active: bool = True


Users = MappingOf[str, OdooUser]
"""Odoo's internal users by login, archived ones too."""


@dataclass(frozen=True, slots=True)
class Match:
    """The user a practitioner seems to be; `login` None where that is not to be told."""

    login: str | None
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class AtStake:
    """A practitioner whose appointments have no Odoo user of their own, or who has left."""

    number: str
    name: str
    appointments: int
    at_work: bool
    reason: str


def at_stake(
    practitioners: MappingOf[str, Practitioner],
    users: Users,
    appointments: MappingOf[str, int],
    *,
    active: MappingOf[str, bool],
) -> list[AtStake]:
    """List whoever has no user in Odoo, or left the clinic; most appointments first."""
    found = []
    for number, who in practitioners.items():
        match = match_user(who, users)
        works = active.get(number, True)
        if match.login is None or not works:
            visits = appointments.get(number, 0)
            found.append(AtStake(number, who.name, visits, works, match.reason))
    return sorted(found, key=lambda one: (-one.appointments, id_order(one.number)))


def practitioner_questions(
    practitioners: MappingOf[str, Practitioner],
    users: Users,
    appointments: MappingOf[str, int],
    *,
    fallback: str = "",
    active: MappingOf[str, bool] | None = None,
) -> list[Question]:
    """Ask for each practitioner which Odoo user it is.

    Args:
        practitioners: id → who it is.
        users: Odoo's users by login.
        appointments: id → how many appointments hang on the answer.
        fallback: login of the user who owns what has no matching one; "" for none.
        active: id → whether the practitioner still works there; one not named does.

    Returns:
        Questions, those with most appointments first. For whoever has appointments, and no
        user or left the clinic, nothing is proposed: a person chooses.
    """
    asked = []
    for one, who in practitioners.items():
        works = (active or {}).get(one, True)
        visits = appointments.get(one, 0)
        found = match_user(who, users)
        proposal, confidence, reasons = found.login, found.confidence, [found.reason]
        options = [*([found.login] if found.login else []), *_offered(who, fallback)]
        if not works:
            reasons.append("no longer works there")
            proposal = None if visits else proposal
        if not visits:
            reasons.append("has no appointment")
            if proposal is None:
                proposal, confidence = NAME_ONLY, NO_VISIT
        asked.append(
            Question(
                subject=practitioner_subject(one),
                phase=PHASE,
                question=f"Which Odoo user is {who.name or 'nameless'} (practitioner {one})? "
                f"{visits} appointment(s) hang on it.{_COSTS if INVITE in options else ''}",
                options=list(dict.fromkeys(options)),
                basis={"id": one, "name": who.name, "email": who.email, "active": works},
                proposal=proposal,
                reasons=tuple(reasons),
                confidence=confidence if proposal else None,
                open_value=True,
            )
        )
    return sorted(
        asked, key=lambda one: (-appointments.get(one.subject.removeprefix(SUBJECT), 0),
                                one.subject)
    )  # fmt: skip


def _offered(who: Practitioner, fallback: str) -> list[str]:
    address = email(who.email)
    good = address.value is not None and IssueKind.EMAIL_INVALID not in address.notes
    invite = [INVITE] if good else []
    return [*invite, *([FALLBACK] if fallback else []), NAME_ONLY]


def count_visits(
    visits: Iterable[MappingOf[str, object]],
    mapping: Mapping,
    practitioners: MappingOf[str, Practitioner],
) -> dict[str, int]:
    """Count, in one pass, the appointments of each practitioner; who has none is not in it.

    A practitioner is found as the load finds them: by id, else by e-mail. A block in the
    calendar, which has no patient, is no appointment.
    """
    rows = mapping.of("appointments")
    paths = {row.part: row.path for row in rows if row.transform == "practitioner"}
    patient = next((row.path for row in rows if row.transform == "patient"), "patient_id")
    by_mail: dict[str, str] = {}
    for number, who in practitioners.items():
        by_mail.setdefault(_plain(who.email), number)
    counts: Counter[str] = Counter()
    for visit in visits:
        if id_text(value_at(visit, patient)) is None:
            continue
        number = id_text(value_at(visit, paths.get("id", "practitioner_id"))) or ""
        if number not in practitioners:
            mail = pick(value_at(visit, paths.get("email", "practitioner_email")))
            number = by_mail.get(_plain(mail), "") if mail else ""
        if number:
            counts[number] += 1
    return dict(counts)


def match_user(who: Practitioner, users: Users) -> Match:
    """Find the Odoo user of a practitioner: by e-mail, else by a name that one user has.

    An archived user is never the answer: it is named in the reason.
    """
    mail = _plain(who.email)
    by_mail = [login for login in users if mail and mail in _addresses(login, users[login])]
    name = _words(who.name)
    by_name = [login for login, user in users.items() if name and _words(user.name) == name]
    ways = ((by_mail, SAME_MAIL, "e-mail address"), (by_name, SAME_NAME, "name"))
    for found, confidence, what in ways:
        working = [login for login in found if users[login].active]
        if len(working) == 1:
            return Match(working[0], confidence, f"one user has the same {what}")
        if working:
            return Match(None, 0.0, f"{len(working)} users have that {what}")
    archived = [*by_mail, *by_name]
    if archived:
        return Match(None, 0.0, f"the user {archived[0]} is archived in Odoo")
    return Match(None, 0.0, "no user has that e-mail address or name")


def practitioner_fault(choice: str, users: Users, options: Collection[str]) -> str | None:
    """Say what is wrong with the answer to a question about a practitioner; None: nothing is.

    Args:
        choice: what a person said: a login, "invite", "fallback" or "name only".
        users: Odoo's users by login, as they were when last asked for.
        options: those of the question.
    """
    said = choice.strip()
    if said == NAME_ONLY:
        return None
    if said == INVITE:
        return None if INVITE in options else "Nobody can be invited without an e-mail address."
    if said == FALLBACK:
        known = FALLBACK in options
        return None if known else "No fallback_user stands in the configuration."
    user = _by_login(users).get(said.casefold())
    if user is None:
        return f"Odoo has no user with the login {said!r}."
    return None if user.active else f"The user {said!r} is archived in Odoo."


def works_there(record: MappingOf[str, object]) -> bool:
    """Say whether a practitioner's record is of somebody who still works at the clinic."""
    return str(record.get("active", "1")) not in {"0", "False", "false"}


def login_of(choice: str, who: Practitioner, users: Users, *, fallback: str = "") -> str | None:
    """Give the login that a choice means; None for nobody, and while an invited one is missing."""
    if choice == NAME_ONLY:
        return None
    if choice == FALLBACK:
        return fallback or None
    return invited(who, users) if choice == INVITE else choice


def invited(who: Practitioner, users: Users) -> str | None:
    """Give the one active user who has a practitioner's e-mail address."""
    mail = _plain(who.email)
    found = [login for login, user in users.items()
             if mail and user.active and mail in _addresses(login, user)]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _addresses(login: str, user: OdooUser) -> set[str]:
    return {_plain(login), _plain(user.email)}


def _plain(mail: str | None) -> str:
    return (mail or "").strip().casefold()


def _words(name: str) -> str:
    return " ".join(sorted(folded(name).split()))


def _by_login(users: Users) -> dict[str, OdooUser]:
    return {login.casefold(): user for login, user in users.items()}
