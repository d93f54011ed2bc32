"""Users that we made, and whether they may go again: not once somebody relies on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.odoo.client import Odoo

USERS, CONTACTS = "res.users", "res.partner"
VISITS = ("crm.lead", "calendar.event")
_LOGGED = ("create_uid", "write_uid")
"""Who made and who wrote a record; told apart by whether the user ever signed in."""


def relied_on(
    odoo: Odoo, users: Collection[int], *, ours: Mapping[str, Collection[int]]
) -> dict[int, str]:
    """Give the users that must stay, each with the reason.

    Args:
        odoo: the client.
        users: numbers of users that we made.
        ours: model → numbers of the data records that we made, which go as well.
    """
    rows = odoo.search_read(USERS, [["id", "in", sorted(users)]], fields=["login_date"])
    found = {row["id"]: "has signed in since" for row in rows if row["login_date"]}
    left = sorted(row["id"] for row in rows if row["id"] not in found)
    for model, field in _pointers(odoo) if left else ():
        domain = [[field, "in", left], ["id", "not in", sorted(ours.get(model, ()))]]
        try:
            others = odoo.search_read(model, domain, fields=[field])
        except (OdooRefusedError, OdooRightsError):
            continue  # a model that cannot be asked cannot be shown to the user either
        found |= {row[field][0]: f"a record of {model} is theirs" for row in others}
    return found


def _pointers(odoo: Odoo) -> list[tuple[str, str]]:
    """List the stored fields that say whose a record is; not what Odoo keeps with each user."""
    rows = odoo.search_read(
        "ir.model.fields",
        [["relation", "=", USERS], ["ttype", "=", "many2one"], ["store", "=", True],
         ["name", "not in", list(_LOGGED)], ["model_id.transient", "=", False]],
        fields=["model", "name"],
    )  # fmt: skip
    return [(row["model"], row["name"]) for row in rows if not row["model"].startswith(USERS)]


def with_staff(
    odoo: Odoo, keep: Mapping[str, str], *, ours: Mapping[str, Mapping[int, str]]
) -> dict[str, str]:
    """Add the users whose visits stay, and let user and contact stay or go together.

    Args:
        odoo: the client.
        keep: external id → reason, of what stays.
        ours: model → number → external id, of the data records that we made.
    """
    result, users = dict(keep), ours.get(USERS, {})
    if not users:
        return result
    for model in VISITS:
        staying = [number for number, name in ours.get(model, {}).items() if name in keep]
        domain = [["id", "in", staying], ["user_id", "in", sorted(users)]]
        for row in odoo.search_read(model, domain, fields=["user_id"]) if staying else ():
            result.setdefault(users[row["user_id"][0]], "a visit of theirs stays")
    contacts = ours.get(CONTACTS, {})
    for row in odoo.search_read(USERS, [["id", "in", sorted(users)]], fields=["partner_id"]):
        both = [users[row["id"]], *filter(None, [contacts.get(row["partner_id"][0])])]
        if any(name in result for name in both):
            result |= {name: "user and contact stay together" for name in both
                       if name not in result}  # fmt: skip
    return result
