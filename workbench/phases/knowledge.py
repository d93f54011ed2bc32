"""What the records are like, and the questions that arise from it.

Used by audit (first pages), extract (all pages) and delta (newest pages): a field or value
that is first seen later becomes a question then, and opens the map again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from workbench.mapping import (
    AppointmentsTo,
    Draft,
    MapOptions,
    Mapping,
    MapRow,
    Practitioner,
    Proposal,
    field_questions,
    mapping_from,
    practitioner_of,
    practitioner_questions,
    propose,
    value_questions,
)
from workbench.mapping.faults import MODELS
from workbench.phases import gates, reading
from workbench.practicehub import Clarity
from workbench.staging import FieldProfile, profile_records
from workbench.state import Decision, Question, Store, id_text

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

_FIRST_ROWS = 100
"""Records of each list that a first look at its fields takes: a page."""

OdooFields = dict[str, dict[str, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The proposals, and every question of the map as it should stand now."""

    proposals: list[Proposal]
    fields: list[Question]
    values: list[Question]
    practitioners: list[Question]

    @property
    def all(self) -> list[Question]:
        """All questions, fields first."""
        return [*self.fields, *self.values, *self.practitioners]


def learn(steps: Steps) -> list[FieldProfile]:
    """Profile every record held, keep the profiles, and put the questions that arise."""
    profiles = profile_all(steps)
    ask(steps)
    return profiles


def profile_all(steps: Steps) -> list[FieldProfile]:
    """Profile every record held, resource by resource; counts and shapes are kept."""
    store = steps.store
    resources = store.source.resources()
    found: list[FieldProfile] = []
    with steps.run.progress("profiling fields", unit="resources") as told:
        for number, resource in enumerate(resources, start=1):
            profiles = profile_records(resource, (r.data for r in store.source.records(resource)))
            with store.transaction():
                for profile in profiles:
                    store.staging.set_field(profile.field, resource, profile.as_json())
            found += profiles
            told(number, len(resources), "")
    return found


def held_profiles(store: Store) -> list[FieldProfile]:
    """Give the profiles as they were kept last."""
    return [FieldProfile.from_json(row.resource, row.profile) for row in store.staging.fields()]


def odoo_fields(steps: Steps) -> OdooFields:
    """Give what Odoo offered before anything of ours was made there; asked once a run."""
    held = steps.store.journey.document("odoo_fields")
    if held is None:
        held = {model: steps.run.destination.fields(model) for model in sorted(MODELS)}
        steps.store.journey.set_document("odoo_fields", held)
    return cast("OdooFields", held)


def odoo_users(steps: Steps, *, refresh: bool = False) -> dict[str, tuple[str, str]]:
    """Give Odoo's users by login, with name and e-mail, as they were when last asked for."""
    held = steps.store.journey.document("odoo_users")
    if held is None or refresh:
        held = {login: list(facts) for login, facts in steps.run.lookups.users().items()}
        steps.store.journey.set_document("odoo_users", held)
    pairs = cast("dict[str, list[str]]", held)
    return {login: (name, email) for login, (name, email) in pairs.items()}


def ask(steps: Steps) -> Asked:
    """Put every question the map needs; withdraw those that no longer arise."""
    store = steps.store
    asked = _arising(steps)
    _keep_proposals(steps, asked.proposals)
    subjects = {question.subject for question in asked.all}
    with store.transaction():
        store.decisions.ask(asked.all)
        standing = [d for prefix in gates.MAP_PREFIXES for d in store.decisions.questions(prefix)]
        store.decisions.withdraw(d.subject for d in standing if d.subject not in subjects)
        store.journey.set_document(
            "questions",
            sorted([d.subject, d.basis] for d in standing if d.subject in subjects),
        )
    return asked


def open_questions(store: Store) -> int:
    """Count the questions about the map that still wait."""
    return sum(len(store.decisions.open(prefix)) for prefix in gates.MAP_PREFIXES)


def first_look(steps: Steps) -> Clarity:
    """Say of how many fields met so far it is clear what becomes of them; keeps nothing."""
    source = steps.store.source
    profiles = [
        profile
        for name in source.resources()
        for profile in profile_records(name, (r.data for r in source.sample(name, _FIRST_ROWS)))
    ]
    offered = propose(profiles, odoo_fields={}, options=options(steps))
    doubtful = sum(one.confidence < reading.CLEAR for one in offered)
    return Clarity(len(offered), doubtful, "fields met on the first pages")


def draft(steps: Steps) -> Draft:
    """Make the map of what was decided so far; says what is open and what does not fit."""
    decisions = steps.store.decisions
    asked = _arising(steps)

    def comment(subject: str) -> str | None:
        found = decisions.get(subject)
        return found.comment if found else None

    return mapping_from(
        asked.proposals,
        decisions.choice,
        options=options(steps),
        values=asked.values,
        practitioners=asked.practitioners,
        duplicates=map(_as_question, decisions.questions(gates.DUPLICATE)),
        odoo_fields=odoo_fields(steps),
        comment=comment,
    )


def without_duplicates(mapping: Mapping) -> Mapping:
    """Give the map that people confirm: who is whom twice is decided later, on its own."""
    return replace(mapping, duplicates={})


def options(steps: Steps) -> MapOptions:
    """Give what the configuration says about the map."""
    zone = steps.config.practicehub.timezone
    return MapOptions(
        appointments_to=AppointmentsTo(steps.config.migration.appointments_to),
        timezone=zone,
        country=country_of(zone),
    )


def practitioners(store: Store) -> dict[str, Practitioner]:
    """Give the practitioners by id, inactive ones too: old visits are theirs."""
    return {
        r.source_id: practitioner_of(r.data, None) for r in store.source.records("practitioners")
    }


@lru_cache
def country_of(zone: str) -> str:
    """Give the country (ISO) whose zone it is, from the time zone database; "" for none."""
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    for line in table.splitlines():
        parts = line.split("\t")
        if not line.startswith("#") and len(parts) > 2 and parts[2] == zone:  # noqa: PLR2004 - the format's third column
            return parts[0]
    return ""


def _arising(steps: Steps) -> Asked:
    store = steps.store
    profiles = held_profiles(store)
    offered = propose(
        profiles,
        odoo_fields=odoo_fields(steps),
        options=options(steps),
        confirmed=_proposed_before(steps),
    )
    fields = field_questions(offered)
    proposed = {question.subject: question.proposal for question in fields}

    def choice_or_proposal(subject: str) -> str | None:
        return store.decisions.choice(subject) or proposed.get(subject)

    expected = mapping_from(offered, choice_or_proposal, options=options(steps)).mapping
    values = value_questions(expected, profiles, names=_called(store))
    who = practitioners(store)
    people = practitioner_questions(
        who,
        odoo_users(steps),
        _visits(store),
        fallback=steps.config.migration.fallback_user,
        active={r.source_id: str(r.data.get("active", "1")) not in {"0", "False", "false"}
                for r in store.source.records("practitioners")},
    )  # fmt: skip
    return Asked(offered, fields, values, people)


def _keep_proposals(steps: Steps, offered: Iterable[Proposal]) -> None:
    """Keep what was proposed, so that more records of the same fields change no question."""
    steps.store.journey.set_document(
        "proposals",
        {"config": steps.store.journey.meta("config_hash"),
         "rows": [proposal.row.as_json() for proposal in offered]},
    )  # fmt: skip


def _proposed_before(steps: Steps) -> Mapping | None:
    held = steps.store.journey.document("proposals")
    if not isinstance(held, dict) or held["config"] != steps.store.journey.meta("config_hash"):
        return None
    return Mapping(rows=tuple(MapRow.from_json(row) for row in held["rows"]))


def _as_question(decision: Decision) -> Question:
    return Question(decision.subject, decision.phase, decision.question, decision.options, None)


def _called(store: Store) -> dict[str, dict[str, str]]:
    """Give what locations are called, where the account has a list of them."""
    names = {r.source_id: str(r.data.get("name") or "") for r in store.source.records("locations")}
    return {"appointments.location_id": names} if names else {}


def _visits(store: Store) -> dict[str, int]:
    """Count visits by practitioner id."""
    counts: dict[str, int] = {}
    for record in store.source.records("appointments"):
        practitioner = id_text(record.data.get("practitioner_id"))
        if practitioner is not None:
            counts[practitioner] = counts.get(practitioner, 0) + 1
    return counts
