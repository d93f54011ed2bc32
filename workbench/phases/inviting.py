"""Practitioners whom a person decided to invite: made users of Odoo, or said why they wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench import show
from workbench.mapping import AppointmentsTo
from workbench.mapping.model import INVITE
from workbench.odoo import NewUser, UserItem, UserState, make_users, plan_users, visit_groups
from workbench.phases import knowledge
from workbench.state import Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

USERS = "Settings > Users & Companies > Users"
LICENCES = (
    "No mail is sent, and nobody can sign in yet. Odoo Enterprise and Odoo Online charge for each "
    "internal user."
)
_UNTIL = (
    ": they cannot sign in before. Odoo mails the key's user about people who have not done so "
    "after five days"
)


def wanted(steps: Steps) -> list[NewUser]:
    """List those who were decided to become users, in the order of their ids."""
    who = knowledge.practitioners(steps.store)
    chosen = knowledge.draft(steps).mapping.practitioners
    return [
        NewUser(number, " ".join(who[number].name.split()), (who[number].email or "").strip())
        for number, choice in sorted(chosen.items(), key=lambda one: (len(one[0]), one[0]))
        if choice == INVITE and number in who
    ]


def look(steps: Steps, *, refresh: bool = False) -> list[UserItem]:
    """Say of each whether they are a user of Odoo, will be made one, or must wait.

    Args:
        steps: the phase that asks.
        refresh: let what the run knows of Odoo's users be as it is now, where it matters.
    """
    people = wanted(steps)
    if people and refresh:
        knowledge.odoo_users(steps, refresh=True)
    return plan_users(steps.run.destination, people, module=steps.config.module)


def foreseen(steps: Steps) -> str:
    """Say beside the plan how many users will be made, and what that means; "" for none."""
    count = sum(item.state is UserState.MAKE for item in look(steps))
    return f"{count} user(s) will be made besides. {LICENCES}" if count else ""


def make(steps: Steps) -> show.Table:
    """Make those users who are missing, and show what stands for each."""
    people = wanted(steps)
    leads = steps.config.migration.appointments_to != AppointmentsTo.EVENT.value
    with steps.run.progress("making users", unit="users") as told:
        items = make_users(
            steps.run.destination, steps.store, people, module=steps.config.module,
            phase=steps.name, groups=visit_groups(leads=leads),
            timezone=steps.config.practicehub.timezone,
        )  # fmt: skip
        told(len(people), len(people), "")
    if people:
        knowledge.odoo_users(steps, refresh=True)
    return as_table(items, title="Practitioners who were to be invited")


def as_table(items: list[UserItem], *, title: str) -> show.Table:
    """Show what becomes of each, with what a person must do."""
    return show.Table(
        title,
        ("practitioner", "login", "state", "why", "what to do"),
        [(named(item), item.login, item.state.value, item.why, item.do) for item in items],
        note=LICENCES if items else "Nobody was decided to be invited; no user is made.",
    )


def waits(items: list[UserItem]) -> tuple[str, ...]:
    """Say who is no user yet and why; names, no address."""
    return tuple(
        f"{named(item)} {item.why or 'is to be invited and is no user of Odoo yet'}"
        for item in items
        if item.state is not UserState.THERE
    )


def by_person(store: Store, items: list[UserItem]) -> list[tuple[str, str]]:
    """List what an administrator must do about them: send invitations, clear the way."""
    todo = [
        (f"send {named(item)} <{item.login}> the invitation (or set a password){_UNTIL}", USERS)
        for item in items
        if item.state is UserState.THERE and store.destination.link(item.who.external_id)
    ]  # fmt: skip
    todo += [
        (f"{named(item)} <{item.login}> {item.why}. {item.do} Their appointments wait for it.",
         USERS)
        for item in items
        if item.state is UserState.WAITS
    ]  # fmt: skip
    return todo


def named(item: UserItem) -> str:
    """Name a practitioner."""
    return item.who.name or f"practitioner {item.who.source_id}"
