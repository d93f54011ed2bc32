"""Patients who are contacts that Odoo has already: asked about, held as they were, and filled.

What a contact holds is read once, just before the first of ours is written into it, and kept
in the run until a rollback: what is expected of it, and what must stay, is told from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from workbench.errors import GateError, LookupFailedError
from workbench.mapping import (
    Context,
    Expected,
    People,
    birth_targets,
    contact_pair,
    contact_questions,
)
from workbench.mapping.linked import OdooContact, into_contact
from workbench.mapping.rows import Value
from workbench.odoo import Contact, NewLink, contacts, resolved, same, standing
from workbench.phases import gates, knowledge
from workbench.staging import ContactPair, KnownContact, Patients
from workbench.state import How, Question, Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps
    from workbench.run import Run

CONTACTS = "odoo_contacts"
"""Document: number → what tells who a contact of a candidate pair is; for the side-by-side."""
LINKED = "linked"
"""Document: patient's id → the number of the contact it fills, as last settled."""
OVERWRITING = "linked_overwriting"
"""Document: ids of those of them whose values replace what their contact has."""
HELD = "linked_before"
"""Document: number → what a linked contact held before we filled it."""
MODEL = "res.partner"


def look(steps: Steps, patients: Patients) -> tuple[list[Question], set[str]]:
    """Compare patients with the contacts Odoo has; give what is to be asked, and what stands.

    Of a patient who is in Odoo by now nothing is asked anew: the subjects that stand are
    those of questions about such patients, which stay as they were decided.
    """
    store = steps.store
    seen: dict[int, Contact] = {}
    pairs = [pair for pair in patients.against(_known(steps, seen))
             if store.destination.link(f"patient_{pair.patient}") is None]  # fmt: skip
    stands = {decision.subject for decision in store.decisions.questions(gates.DUPLICATE)
              if _is_settled(store, decision.subject)}  # fmt: skip
    _keep_contacts(store, pairs, seen, stands)
    return contact_questions(pairs), stands


def _known(steps: Steps, seen: dict[int, Contact]) -> Iterator[KnownContact]:
    """Hand contacts on as what staging compares; note each under its number."""
    births = birth_targets(knowledge.draft(steps).mapping)
    for one in contacts(steps.run.destination, module=steps.config.module, births=births):
        seen[one.id] = one
        yield KnownContact(
            one.id, one.name, emails=one.emails, phones=one.phones, postcode=one.zip,
            street=one.street, ref=one.ref, birth=next(iter(one.births), None),
            company=one.company, user=one.user, archived=one.archived,
        )  # fmt: skip


def _is_settled(store: Store, subject: str) -> bool:
    """Whether a question is about a patient who has a record in Odoo by now."""
    pair = contact_pair(subject.removeprefix(gates.DUPLICATE))
    return pair is not None and store.destination.link(f"patient_{pair[0]}") is not None


def _keep_contacts(
    store: Store, pairs: Iterable[ContactPair], seen: dict[int, Contact], stands: Iterable[str]
) -> None:
    """Keep what tells who the candidates are; of settled pairs, what was kept before."""
    before = held_contacts(store)
    settled = (contact_pair(one.removeprefix(gates.DUPLICATE)) for one in stands)
    numbers = {str(pair[1]) for pair in settled if pair is not None}
    told = {number: facts for number, facts in before.items() if number in numbers}
    for pair in pairs:
        one = seen[pair.contact]
        told[str(one.id)] = {
            "name": one.name, "birth": next(iter(one.births), ""), "emails": list(one.emails),
            "phones": list(one.phones), "street": one.street, "zip": one.zip, "city": one.city,
            "ref": one.ref, "archived": one.archived, "company": one.company, "user": one.user,
        }  # fmt: skip
    store.journey.set_document(CONTACTS, dict(sorted(told.items())))


def held_contacts(store: Store) -> dict[str, dict[str, object]]:
    """Give what was kept of candidate contacts, by number as text."""
    return cast("dict[str, dict[str, object]]", store.journey.document(CONTACTS) or {})


def settle(store: Store, people: People, *, as_before: str) -> dict[str, int]:
    """Keep which patient fills which contact, as decided so far.

    While a question is open again, what was decided before stands; so does a link that was
    carried out in Odoo and is no longer asked about.

    Raises:
        GateError: what was decided since contradicts what was carried out in Odoo.
    """
    found = dict(people.linked)
    for patient, contact in linked(store).items():
        if patient in found or patient in people.survivors:
            continue
        link = store.destination.link(f"patient_{patient}")
        done = link is not None and link.how is How.LINKED
        asked = [one for one in store.decisions.questions(gates.DUPLICATE)
                 if _fits(one.subject, people.group(patient), contact)]  # fmt: skip
        if any(one.is_open for one in asked) or (done and not asked):
            found[patient] = contact
        elif done:
            what = f"patient_{patient} fills the contact {contact} in Odoo."
            raise GateError(what, do=as_before)
    for patient, contact in found.items():
        link = store.destination.link(f"patient_{patient}")
        if link is not None and (link.how is not How.LINKED or link.res_id != contact):
            what = f"patient_{patient} has a record of its own in Odoo, or fills another contact."
            raise GateError(what, do=as_before)
    found = dict(sorted(found.items()))
    store.journey.set_document(OVERWRITING, _overwriting(store, people, found, as_before=as_before))
    store.journey.set_document(LINKED, found)
    return found


def _overwriting(
    store: Store, people: People, found: Mapping[str, int], *, as_before: str
) -> list[str]:
    """List whose values replace what their contact has; once done, that is not taken back."""
    before = overwriting(store) & found.keys()
    said = people.overwrites & found.keys()
    for patient in sorted(before - said):
        link = store.destination.link(f"patient_{patient}")
        if patient in people.linked and link is not None and link.how is How.LINKED:
            what = f"patient_{patient} replaced what the contact {found[patient]} had in Odoo."
            raise GateError(what, do=as_before)
    return sorted(said | (before - people.linked.keys()))


def _fits(subject: str, patients: Iterable[str], contact: int) -> bool:
    pair = contact_pair(subject.removeprefix(gates.DUPLICATE))
    return pair is not None and pair[0] in patients and pair[1] == contact


def linked(store: Store) -> dict[str, int]:
    """Give patient's id to the number of the contact it fills, as last settled."""
    found = store.journey.document(LINKED)
    return {str(k): int(v) for k, v in found.items()} if isinstance(found, dict) else {}


def overwriting(store: Store) -> set[str]:
    """Give those linked patients whose values replace what their contact has."""
    found = store.journey.document(OVERWRITING)
    return set(map(str, found)) if isinstance(found, list) else set()


def hold(run: Run, expected: Mapping[str, Expected]) -> None:
    """Read what contacts hold that are about to be filled for the first time, and keep it.

    Args:
        run: the run.
        expected: patient's id → what is expected of a patient who is linked and not loaded.

    Raises:
        GateError: a contact is not in Odoo any more.
    """
    store = run.store
    fills = linked(store)
    kept = cast("dict[str, object]", store.journey.document(HELD) or {})
    todo = {patient: one.rows[0].values for patient, one in expected.items() if one.rows}
    if not todo:
        return
    names = list(dict.fromkeys(name for values in todo.values() for name in values))
    found = standing(run.destination, [fills[one] for one in todo], fields=names)
    for patient in todo:
        contact = found.get(fills[patient])
        if contact is None:
            what = f"The contact {fills[patient]}, which patient_{patient} is to fill, is gone."
            raise GateError(what, do="Decide `keep both` about the two, then go on.")
        kept[str(contact.id)] = {"fields": dict(contact.fields), "family": contact.family}
    store.journey.set_document(HELD, kept)


def forget(store: Store) -> None:
    """Forget what contacts held: after a rollback they hold it again."""
    store.journey.set_document(HELD, {})


class Filling:
    """Turns what is expected of linked patients into what is expected of their contacts."""

    def __init__(self, run: Run, context: Context) -> None:
        self._run, self._context = run, context
        self._linked, self._overwriting = linked(run.store), overwriting(run.store)
        self._held = cast("dict[str, dict[str, object]]", run.store.journey.document(HELD) or {})

    @property
    def patients(self) -> set[str]:
        """The patients that are linked."""
        return set(self._linked)

    def name_of(self, patient: str) -> str:
        """Give the name that the contact of a linked patient keeps; "" where it has none."""
        contact = self._contact(patient)
        return str((contact.held.get("name") if contact else "") or "")

    def __call__(self, patient: str, expected: Expected) -> Expected:
        """Give what is expected of a patient, linked or not."""
        contact = self._contact(patient)
        if contact is None:
            return expected
        return into_contact(expected, contact, agrees=self._agrees, context=self._context)

    def _contact(self, patient: str) -> OdooContact | None:
        number = self._linked.get(patient)
        if number is None:
            return None
        held = self._held.get(str(number), {})
        fields = cast("dict[str, object]", held.get("fields") or {})
        return OdooContact(
            number, fields, family=bool(held.get("family")),
            overwrite=patient in self._overwriting,
        )  # fmt: skip

    @cached_property
    def _fields(self) -> dict[str, dict[str, Any]]:
        return self._run.destination.fields(MODEL)

    def _agrees(self, name: str, value: Value, held: object) -> bool:
        kind = str(self._fields[name]["type"])
        try:
            wanted = resolved(value, kind=kind, resolve=self._run.lookups.resolve)
        except LookupFailedError:
            return False  # the load refuses such a record, with the reason
        return same(wanted, cast("str | int | float | bool | None", held), kind=kind)


def new_links(resource: str, source_id: str, expected: Expected) -> Iterator[NewLink]:
    """Give the link that makes a contact ours to fill, before anything is written to it."""
    if expected.fills is not None and expected.rows:
        row = expected.rows[0]
        yield NewLink(row.external_id, row.model, expected.fills, resource, source_id, How.LINKED)
