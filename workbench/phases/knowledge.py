"""What the records are like, and the questions that arise from it.

Used by audit (first pages), extract (all pages) and delta (newest pages): a field or value
that is first seen later becomes a question then, and opens the map again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from workbench.errors import MappingError
from workbench.mapping import (
    AppointmentsTo,
    Draft,
    Fault,
    MapOptions,
    Mapping,
    MapRow,
    OdooUser,
    Offered,
    PickList,
    Practitioner,
    Proposal,
    field_questions,
    list_faults,
    mapping_from,
    offered_selections,
    practitioner_fault,
    practitioner_of,
    practitioner_questions,
    propose,
    stored_values,
    value_questions,
)
from workbench.mapping.faults import MODELS
from workbench.mapping.people import SUBJECT as PRACTITIONER
from workbench.mapping.people import works_there
from workbench.mapping.suggested import Suggestion
from workbench.odoo import own_fields
from workbench.phases import agreement, counts, gates, reading
from workbench.phases.zones import country_of
from workbench.practicehub import Clarity
from workbench.reports import write_inventory
from workbench.staging import FieldProfile, profile_records
from workbench.state import Decision, Question, Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

_FIRST_ROWS = 100
"""Records of each list that a first look at its fields takes: a page."""

SUGGESTIONS = "suggestions"
"""Under which name the run keeps what a language model said, if one was asked."""

OdooFields = dict[str, dict[str, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The proposals, and every question of the map as it should stand now.

    `lists`: source field → its values, of each field that is a pick-list. `visits`:
    practitioner id → appointments. `decided`: all that was decided and is not open again.
    """

    proposals: list[Proposal]
    fields: list[Question]
    values: list[Question]
    practitioners: list[Question]
    lists: dict[str, PickList]
    visits: dict[str, int]
    decided: dict[str, Decision]

    def choice(self, subject: str) -> str | None:
        """Give what was decided; None while it is open."""
        found = self.decided.get(subject)
        return found.choice if found else None

    @property
    def all(self) -> list[Question]:
        """All questions, fields first."""
        return [*self.fields, *self.values, *self.practitioners]


def learn(steps: Steps) -> list[FieldProfile]:
    """Profile every record held, keep the profiles, and put the questions that arise."""
    profiles = profile_all(steps)
    counts.forget(steps.store)
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
                store.staging.drop_fields(_gone_inside(store, resource, profiles))
            found += profiles
            told(number, len(resources), "")
    write_inventory(store, steps.run.folder, found)
    return found


def _gone_inside(store: Store, resource: str, profiles: list[FieldProfile]) -> Iterator[str]:
    """Name lists and objects that were empty before, and whose own fields are known now."""
    known = {profile.field for profile in profiles}
    for row in store.staging.fields(resource):
        if row.path not in known and not row.profile.get("filled"):
            yield row.path


def held_profiles(store: Store) -> list[FieldProfile]:
    """Give the profiles as they were kept last."""
    return [FieldProfile.from_json(row.resource, row.profile) for row in store.staging.fields()]


def odoo_fields(steps: Steps) -> OdooFields:
    """Give what Odoo offered before anything of ours was made there; asked once a run."""
    held = steps.store.journey.document("odoo_fields")
    if held is None:
        held = own_fields(steps.run.destination, sorted(MODELS), module=steps.config.module)
        steps.store.journey.set_document("odoo_fields", held)
    return cast("OdooFields", held)


def stored(steps: Steps) -> dict[str, dict[str, str]]:
    """Give label → stored value of every selection that Odoo has of its own, by target."""
    return stored_values(odoo_fields(steps))


def offered(steps: Steps, *, refresh: bool = False) -> Offered:
    """Give the stages, languages and selections of Odoo that values may become.

    Args:
        steps: the phase that asks.
        refresh: ask again for languages and stages, which an administrator may add.
    """
    held = steps.store.journey.document("odoo_offered")
    if held is None or refresh:
        lookups = steps.run.lookups
        held = {"languages": sorted(lookups.languages()), "stages": lookups.stages()}
        steps.store.journey.set_document("odoo_offered", held)
    lists = cast("dict[str, list[str]]", held)
    return Offered(
        tuple(lists["stages"]), tuple(lists["languages"]), offered_selections(odoo_fields(steps))
    )


def odoo_users(steps: Steps, *, refresh: bool = False) -> dict[str, OdooUser]:
    """Give Odoo's internal users by login, archived ones too, as when last asked for."""
    held = held_users(steps.store)
    if held is None or refresh:
        held = steps.run.lookups.users()
        steps.store.journey.set_document(
            "odoo_users",
            {login: [user.name, user.email, user.active] for login, user in held.items()},
        )
    return held


def held_users(store: Store) -> dict[str, OdooUser] | None:
    """Give Odoo's users as when last asked for; None where nobody asked yet."""
    held = cast("dict[str, list[Any]] | None", store.journey.document("odoo_users"))
    return None if held is None else {login: OdooUser(*facts) for login, facts in held.items()}


def ask(steps: Steps) -> Asked:
    """Put every question the map needs, and the schema's; withdraw those that do not arise.

    The schema's is put with them, so that a person who takes what is proposed takes it along.
    """
    store = steps.store
    asked = _arising(steps)
    _keep_proposals(steps, asked.proposals)
    subjects = {question.subject for question in asked.all}
    with store.transaction():
        store.decisions.ask([*asked.all, _of_schema(steps, asked)])
        standing = [d for prefix in gates.MAP_PREFIXES for d in store.decisions.questions(prefix)]
        store.decisions.withdraw(d.subject for d in standing if d.subject not in subjects)
        store.journey.set_document(
            "questions",
            sorted([d.subject, d.basis] for d in standing if d.subject in subjects),
        )
    return asked


def ask_about_schema(steps: Steps, *, first: bool = True) -> None:
    """Put the schema's question as it stands on what is decided now; the map's stay as put.

    Where it was put before (not `first`) no server is asked for anything.
    """
    if first or steps.store.decisions.get(agreement.SUBJECT) is not None:
        steps.store.decisions.ask([_of_schema(steps, _arising(steps))])


def _of_schema(steps: Steps, asked: Asked) -> Question:
    """Ask about the schema of the map as it is decided, or else proposed."""
    proposed = {one.subject: one.proposal for one in (*asked.fields, *asked.values)}
    foreseen = mapping_from(
        asked.proposals,
        lambda subject: asked.choice(subject) or proposed.get(subject),
        options=options(steps),
        values=asked.values,
        odoo_fields=odoo_fields(steps),
    ).mapping
    return agreement.question(agreement.items(steps.config, foreseen, odoo_fields(steps)))


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
    asked = _arising(steps)

    def comment(subject: str) -> str | None:
        found = asked.decided.get(subject)
        return found.comment if found else None

    found = mapping_from(
        asked.proposals,
        asked.choice,
        options=options(steps),
        values=asked.values,
        practitioners=asked.practitioners,
        duplicates=[_as_question(one) for one in steps.store.decisions.questions(gates.DUPLICATE)],
        odoo_fields=odoo_fields(steps),
        comment=comment,
    )
    users = odoo_users(steps)
    more = (
        *list_faults(found.mapping, asked.lists, choice=asked.choice),
        *_of_values(asked),
        *_of_practitioners(asked, users),
    )
    return replace(found, faults=(*found.faults, *more)) if more else found


def _of_values(asked: Asked) -> Iterator[Fault]:
    """Name values that were given what Odoo does not have (any more)."""
    for question in asked.values:
        choice = asked.choice(question.subject)
        if choice is not None and not question.open_value and choice not in question.options:
            where = question.subject.partition("=")[0].removeprefix("value:")
            yield Fault(f"values.{where}", f"Odoo does not have {choice!r} for one of its values")


def _of_practitioners(asked: Asked, users: dict[str, OdooUser]) -> Iterator[Fault]:
    """Name practitioners who were given a user that Odoo does not have (any more)."""
    for question in asked.practitioners:
        choice = asked.choice(question.subject)
        fault = practitioner_fault(choice, users, question.options) if choice else None
        if fault:
            yield Fault(f"practitioners.{question.subject.removeprefix(PRACTITIONER)}", fault)


def fitting(steps: Steps) -> Draft:
    """Make the map as `draft` does, and refuse one whose parts do not fit together.

    Raises:
        MappingError: what was decided does not fit together; names the field.
    """
    found = draft(steps)
    if found.faults:
        faults = "\n".join(f"  {fault.where} {fault.what}" for fault in found.faults)
        what = f"The decisions do not fit together:\n{faults}"
        raise MappingError(what, do="Decide these anew, then confirm the map again.")
    return found


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


def at_work(store: Store) -> dict[str, bool]:
    """Say of each practitioner whether they still work at the clinic, by id."""
    return {r.source_id: works_there(r.data) for r in store.source.records("practitioners")}


def _arising(steps: Steps) -> Asked:
    store = steps.store
    decided = {
        one.subject: one
        for prefix in (*gates.MAP_PREFIXES, gates.DUPLICATE)
        for one in store.decisions.questions(prefix)
        if not one.is_open
    }
    profiles = held_profiles(store)
    offered_rows = propose(
        profiles,
        odoo_fields=odoo_fields(steps),
        options=options(steps),
        before=_proposed_before(steps),
        suggested=_suggested(store),
    )
    fields = field_questions(offered_rows)
    proposed = {question.subject: question.proposal for question in fields}

    def choice_or_proposal(subject: str) -> str | None:
        one = decided.get(subject)
        return one.choice if one else proposed.get(subject)

    def choice(subject: str) -> str | None:
        one = decided.get(subject)
        return one.choice if one else None

    expected = mapping_from(
        offered_rows, choice_or_proposal, options=options(steps), odoo_fields=odoo_fields(steps)
    ).mapping
    lists = counts.lists(store, expected)
    values = value_questions(
        expected, lists, names=_called(store, expected), offered=offered(steps), choice=choice
    )
    who = practitioners(store)
    visits = counts.visits(store, expected, who)
    people = practitioner_questions(
        who,
        odoo_users(steps),
        visits,
        fallback=steps.config.migration.fallback_user,
        active=at_work(store),
    )
    return Asked(offered_rows, fields, values, people, lists, visits, decided)


def _suggested(store: Store) -> dict[str, Suggestion]:
    """Give what a language model suggested when the audit asked it; nothing where none was."""
    held = store.journey.document(SUGGESTIONS)
    found = held["found"] if isinstance(held, dict) else {}
    return {name: Suggestion(one["target"], one["reason"]) for name, one in found.items()}


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


def _called(store: Store, mapping: Mapping) -> dict[str, dict[str, str]]:
    """Give what locations are called, by each field that names them by number."""
    names = {r.source_id: str(r.data.get("name") or "") for r in store.source.records("locations")}
    return {row.field: names for row in mapping.rows if row.transform == "location"}
