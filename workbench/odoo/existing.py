"""The contacts that Odoo has already: to be compared with patients, and before they are filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import all_held, chunks
from workbench.odoo.values import Plain, plain

MODEL = "res.partner"
PAGE = 1000
"""Contacts a call."""
PHONES = ("phone", "mobile")
"""Odoo 19 has no `mobile` any more."""


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """A contact as Odoo has it, as far as it tells who it is. Holds values; empty is "".

    `births` are the values of the fields asked for. `user`: it belongs to a user of Odoo.
    """

    id: int
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    street: str
    zip: str
    city: str
    ref: str
    births: tuple[str, ...]
    archived: bool
    company: bool
    user: bool


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """What a contact's fields hold before we fill it. Holds values.

    `family`: it has a company or contacts of its own, with which it shares its address.
    """

    id: int
    fields: Mapping[str, Plain]
    family: bool


def contacts(odoo: Odoo, *, module: str, births: Sequence[str] = ()) -> Iterator[Contact]:
    """Read every contact with a name that is not of our making, archived ones too.

    Args:
        odoo: the client.
        module: our external ids' module; contacts that have one of these are left out.
        births: fields that may hold a birth date; those that Odoo does not have are left out.

    Yields:
        Contacts in the order of their numbers; a thousand at a time are in memory.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    known = odoo.fields(MODEL)
    phones = [name for name in PHONES if name in known]
    born = [name for name in births if name in known]
    texts = [name for name in ("email", "street", "zip", "city", "ref") if name in known]
    fields = ["name", "active", "is_company", *phones, *born, *texts]
    ours = {row.res_id for row in all_held(odoo, module).values() if row.model == MODEL}
    users = odoo.search_read("res.users", [], fields=["partner_id"])
    staff = {row["partner_id"][0] for row in users if row["partner_id"]}
    last = 0
    while True:
        rows = odoo.call(
            MODEL, "search_read", domain=[["id", ">", last]], fields=fields, order="id",
            limit=PAGE, context={"active_test": False, "lang": "en_US"},
        )  # fmt: skip
        for row in rows:
            if row["name"] and row["id"] not in ours:
                told = {name: str(row[name] or "") for name in (*phones, *born, *texts)}
                yield Contact(
                    id=row["id"], name=row["name"],
                    emails=_filled(told.get("email", "")),
                    phones=_filled(*(told[name] for name in phones)),
                    street=told.get("street", ""), zip=told.get("zip", ""),
                    city=told.get("city", ""), ref=told.get("ref", ""),
                    births=_filled(*(told[name] for name in born)),
                    archived=not row["active"], company=bool(row["is_company"]),
                    user=row["id"] in staff,
                )  # fmt: skip
        if len(rows) < PAGE:
            return
        last = rows[-1]["id"]


def standing(odoo: Odoo, ids: Iterable[int], *, fields: Sequence[str]) -> dict[int, Standing]:
    """Read what some contacts hold now, by number; one that is not there any more is left out.

    Args:
        odoo: the client.
        ids: numbers of contacts.
        fields: field names; those that Odoo does not have are left out.

    Raises:
        DestinationError: Odoo cannot be asked.
    """
    known = odoo.fields(MODEL)
    names = [name for name in dict.fromkeys(fields) if name in known]
    found: dict[int, Standing] = {}
    for part in chunks(dict.fromkeys(ids), PAGE):
        rows = odoo.search_read(
            MODEL, [["id", "in", part]], fields=[*names, "parent_id", "child_ids"]
        )
        for row in rows:
            values = {name: plain(row[name], kind=str(known[name]["type"])) for name in names}
            family = bool(row["parent_id"] or row["child_ids"])
            found[row["id"]] = Standing(row["id"], values, family)
    return found


def _filled(*values: str) -> tuple[str, ...]:
    return tuple(value for value in values if value)
