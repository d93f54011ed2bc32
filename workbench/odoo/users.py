"""Practitioners who become users of Odoo: only those a person decided on, and without a mail.

A user is made without a password, so that nobody can sign in as them until an administrator
sends the invitation. Making one sends nothing (the quiet context; Odoo's digest, to which it
subscribes every new user, is left again at once), and one `load()` call makes user, contact
and external ids in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.odoo.client import Odoo, context_for
from workbench.odoo.external_ids import held
from workbench.odoo.preflight import may
from workbench.odoo.settle import recorded, settle
from workbench.odoo.values import without_values
from workbench.state import How, Link, OperationStatus, Store

MODEL, DIGEST = "res.users", "digest.digest"
EMPLOYEE, SALES = "base.group_user", "sales_team.group_sale_salesman"
"""External ids of the access groups: internal user, and "User: Own Documents Only" of Sales."""

_USERS = "in Odoo (Settings > Users & Companies > Users)"
_OTHERWISE = "or decide otherwise about them"


class UserState(StrEnum):
    """What becomes of a practitioner who is to be a user."""

    THERE = "is a user"
    MAKE = "will be made"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class NewUser:
    """A practitioner who was decided to become a user; the e-mail address is the login."""

    source_id: str
    name: str
    email: str

    @property
    def external_id(self) -> str:
        """Name the user among our external ids."""
        return f"practitioner_user_{self.source_id}"


@dataclass(frozen=True, slots=True)
class UserItem:
    """One line of the plan; `do` says what a person must do, where it waits. No address in it."""

    who: NewUser
    state: UserState
    login: str
    why: str = ""
    do: str = ""


def visit_groups(*, leads: bool) -> tuple[str, ...]:
    """Give the least rights by which staff see their visits, as external ids of groups.

    The calendar every internal user sees. An opportunity only people of Sales see: by "Own
    Documents Only" their own, and those that are nobody's.
    """
    return (EMPLOYEE, SALES) if leads else (EMPLOYEE,)


def plan_users(odoo: Odoo, wanted: Sequence[NewUser], *, module: str) -> list[UserItem]:
    """Say of each practitioner whether they are a user, will be made one, or must wait.

    Logins and addresses are compared without case, of all users: archived ones and those of
    the portal too, so that nobody ever gets a second user. Only reads.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    if not wanted:
        return []
    rows = odoo.search_read(MODEL, [], fields=["login", "email", "active", "share"])
    ours = {
        row.name: row.res_id
        for row in held(odoo, module, [who.external_id for who in wanted]).values()
        if row.model == MODEL
    }
    allowed = may(odoo, MODEL, "create")
    names: dict[str, NewUser] = {}
    items = []
    for who in wanted:
        first = names.setdefault(_plain(who.email), who)
        known = [row for row in rows if row["id"] == ours.get(who.external_id)]
        known += [row for row in rows if row not in known and _plain(who.email) in _addresses(row)]
        items.append(_item(who, known, first=first, allowed=allowed))
    return items


def _item(
    who: NewUser, known: Sequence[Mapping[str, Any]], *, first: NewUser, allowed: bool
) -> UserItem:
    def waits(why: str, do: str) -> UserItem:
        return UserItem(who, UserState.WAITS, who.email, why, f"{do}, {_OTHERWISE}.")

    if _words(first.name) != _words(who.name):
        other = first.name or f"practitioner {first.source_id}"
        return waits(f"has the same e-mail address as {other}", "Mend one of the two")
    if known:
        hindrance = _hindrance(who, known)
        return waits(*hindrance) if hindrance else UserItem(
            who, UserState.THERE, next(row["login"] for row in known if _works(row))
        )  # fmt: skip
    if not allowed:
        return waits(
            "cannot be made a user: the key's user may not make users",
            f'Give the key\'s user the right "Administration: Access Rights" {_USERS}, make '
            "the user there by hand",
        )
    same = f"is one person with practitioner {first.source_id}" if first is not who else ""
    return UserItem(who, UserState.MAKE, _plain(who.email), same)


def _hindrance(who: NewUser, known: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """Say why the users that Odoo has with an address do not tell who it is, and what to do."""
    working = [row for row in known if _works(row)]
    if len(working) > 1:
        return "has the address of several users of Odoo", "Choose one of them by login"
    if working and _plain(who.email) not in _addresses(working[0]):
        return "is a user of Odoo who has another address by now", "Choose that user's login"
    if working:
        return None
    if any(not row["active"] for row in known):
        return "is an archived user of Odoo", f"Make that user active again {_USERS}"
    return "is a user of Odoo's portal", f"Give that user the type Internal User {_USERS}"


def _works(row: Mapping[str, Any]) -> bool:
    return bool(row["active"] and not row["share"])


def make_users(
    odoo: Odoo,
    store: Store,
    wanted: Sequence[NewUser],
    *,
    module: str,
    phase: str,
    groups: Sequence[str],
    timezone: str,
) -> list[UserItem]:
    """Make the users that the plan lists as missing; give what stands afterwards.

    Safe to repeat and to kill: each user is one call, recorded before it is sent, and found
    again by its external id.

    Args:
        odoo: the client.
        store: the run's state.
        wanted: those whom a person decided to invite.
        module: our external ids' module.
        phase: the phase on whose behalf they are made.
        groups: external ids of the access groups they get.
        timezone: the clinic's IANA zone.

    Raises:
        OdooOutcomeUnknownError: an answer was lost; run again.
        DestinationError: Odoo went away.
    """
    if not wanted:
        return []
    settle(odoo, store, module=module)
    refused: dict[str, str] = {}
    done: set[str] = set()
    for item in plan_users(odoo, wanted, module=module):
        if item.state is UserState.MAKE and item.login not in done:
            done.add(item.login)
            columns = _columns(odoo, item, groups=groups, timezone=timezone)
            fault = _make(odoo, store, item.who, columns, module=module, phase=phase)
            if fault:
                refused[item.who.external_id] = fault
    _leave_digests(odoo, store, wanted, module=module, phase=phase)
    return [
        UserItem(item.who, UserState.WAITS, item.login, f"was refused by Odoo: {why}",
                 f"Make the user by hand {_USERS}, {_OTHERWISE}.")
        if (why := refused.get(item.who.external_id))
        else item
        for item in plan_users(odoo, wanted, module=module)
    ]  # fmt: skip


def _columns(odoo: Odoo, item: UserItem, *, groups: Sequence[str], timezone: str) -> dict[str, str]:
    fields = odoo.fields(MODEL)
    named = "group_ids" if "group_ids" in fields else "groups_id"  # 18 and older
    columns = {
        "name": item.who.name or item.who.email,
        "login": item.login,
        "email": item.who.email,
        f"{named}/id": ",".join(groups),
    }
    if timezone in {value for value, _ in fields["tz"].get("selection", ())}:
        columns["tz"] = timezone
    return columns


def _make(
    odoo: Odoo, store: Store, who: NewUser, columns: Mapping[str, str], *, module: str, phase: str
) -> str:
    """Make one user; give why Odoo refused, "" where it did not."""
    name = who.external_id
    operation = store.destination.intend(phase, "load", MODEL, keys=[name])
    try:
        with recorded(store, operation):
            answer = odoo.call(
                MODEL, "load", fields=["id", *columns],
                data=[[f"{module}.{name}", *columns.values()]],
                # as for a contact: the language is that of the key's user, the zone is told
                context=context_for(odoo, "res.partner"),
            )  # fmt: skip
    except (OdooRefusedError, OdooRightsError) as error:
        named = error.name if isinstance(error, OdooRefusedError) else ""
        return named or "no right to make users"
    row = held(odoo, module, [name]).get(name)
    if row is None or row.model != MODEL:
        said = {without_values(str(text["message"]), columns) for text in answer["messages"]}
        store.destination.close(operation, OperationStatus.REFUSED, note="refused rows")
        return "; ".join(sorted(said)) or "no reason given"
    link = Link(name, MODEL, row.res_id, "practitioners", who.source_id, How.CREATED, operation, "")
    store.destination.close(operation, OperationStatus.DONE, links=[link])
    return ""


def _leave_digests(
    odoo: Odoo, store: Store, wanted: Iterable[NewUser], *, module: str, phase: str
) -> None:
    """Take users who never signed in off the digests that Odoo put them on: these are mails."""
    names = [who.external_id for who in wanted]
    made = [row.res_id for row in held(odoo, module, names).values() if row.model == MODEL
            and (link := store.destination.link(row.name)) and link.how is How.CREATED]  # fmt: skip
    rows = odoo.search_read(MODEL, [["id", "in", made]], fields=["login_date"]) if made else []
    new = [row["id"] for row in rows if not row["login_date"]]
    if not new or not odoo.call("ir.model", "search_count", domain=[["model", "=", DIGEST]]):
        return
    for row in odoo.search_read(DIGEST, [["user_ids", "in", new]], fields=["user_ids"]):
        off = [[3, number] for number in sorted({*new} & {*row["user_ids"]})]
        operation = store.destination.intend(phase, "leave", DIGEST, keys=[str(row["id"])])
        with recorded(store, operation):
            odoo.call(DIGEST, "write", ids=[row["id"]], vals={"user_ids": off},
                      context=context_for(odoo, DIGEST))  # fmt: skip
        store.destination.close(operation, OperationStatus.DONE)


def _addresses(row: Mapping[str, Any]) -> set[str]:
    return {_plain(row["login"]), _plain(row["email"] or "")}


def _plain(mail: str) -> str:
    return mail.strip().casefold()


def _words(name: str) -> str:
    return " ".join(sorted(name.casefold().split()))
