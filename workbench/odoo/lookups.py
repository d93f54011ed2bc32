"""References → numbers, asked once a run: countries, users, stages, tags, our own records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from workbench.errors import LookupFailedError
from workbench.mapping.people import OdooUser
from workbench.mapping.rows import LoadRow, Ref, RefKind
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import all_held, chunks
from workbench.state import Store

MODELS = {
    RefKind.COUNTRY: "res.country", RefKind.STATE: "res.country.state", RefKind.USER: "res.users",
    RefKind.STAGE: "crm.stage", RefKind.TAG: "res.partner.category",
}  # fmt: skip

_TOLD = frozenset({RefKind.RECORD, RefKind.USER, RefKind.USER_CONTACT, RefKind.STAGE, RefKind.TAG})
"""References whose key may stand in a reason; a country or a state is a patient's own value."""


class Lookups:
    """What references lead to. Each kind is read whole, once, when first asked for.

    Ambiguous is never guessed: a name that two records bear is a `LookupFailedError`, except
    where one of the two is ours. An archived record is found only where it is ours; of two, the
    one that is not archived is meant.

    Args:
        odoo: the client.
        store: where our own records' links stand; without it RECORD references fail.
        module: our external ids' module; "" knows none of ours.
    """

    def __init__(self, odoo: Odoo, *, store: Store | None = None, module: str = "") -> None:
        self._odoo = odoo
        self._store = store
        self._module = module
        self._records: dict[str, int] = {}
        self._xmlids_by_model: dict[str, dict[int, str]] = {}
        self._why: dict[tuple[RefKind, str], str] = {}

    def records(self, store: Store) -> None:
        """Resolve references to our own records from this run's links."""
        self._store = store
        self._records.clear()

    def prepare(self, rows: Iterable[LoadRow]) -> None:
        """Look up our own records that rows refer to, all of them in one question."""
        if self._store is None:
            return
        keys = {
            ref.key
            for row in rows
            for value in row.values.values()
            for ref in (value if isinstance(value, tuple) else (value,))
            if isinstance(ref, Ref) and ref.kind is RefKind.RECORD and ref.key not in self._records
        }
        if keys:
            found = self._store.destination.links_of(keys)
            self._records |= {key: link.res_id for key, link in found.items()}

    def resolve(self, ref: Ref) -> int:
        """Give the number of the record behind a reference.

        Raises:
            LookupFailedError: nothing there, or several; the text names the reference.
        """
        found: int | None = None
        match ref.kind:
            case RefKind.RECORD:
                found = self._record(ref.key)
            case RefKind.COUNTRY:
                found = self._countries.get(ref.key.upper())
            case RefKind.STATE:
                found = self._states.get(ref.key.casefold())
            case RefKind.USER:
                found = self._users_by_login.get(ref.key.casefold())
            case RefKind.USER_CONTACT:
                found = self._contacts_by_login.get(ref.key.casefold())
            case RefKind.STAGE:
                found = self._stages.get(ref.key.casefold())
            case RefKind.TAG:
                found = self._tags.get(ref.key.casefold())
            case RefKind.ID:
                number = ref.key.rpartition(":")[2]
                found = int(number) if number.isdigit() else None
        if not found:
            told = f"{ref.kind.value} {ref.key!r}" if ref.kind in _TOLD else ref.kind.value
            what = self._why.get((ref.kind, ref.key.casefold()), "In Odoo there is no {}.")
            raise LookupFailedError(what.format(told))
        return found

    def xmlid(self, ref: Ref) -> str | None:
        """Give a whole external id for a reference where one is known: cheaper in `load()`."""
        if ref.kind is RefKind.RECORD:
            return f"{self._module}.{ref.key}" if self._module else None
        model = MODELS.get(ref.kind)
        return self._xmlids(model).get(self.resolve(ref)) if model else None

    def languages(self) -> set[str]:
        """Give the codes of the languages that are installed ("nl_NL")."""
        return {code for code, _ in self._odoo.call("res.lang", "get_installed")}

    def stages(self) -> list[str]:
        """Give the names of the pipeline's stages, each once, in the pipeline's order."""
        rows = self._odoo.search_read("crm.stage", [], fields=["name", "sequence"])
        rows.sort(key=lambda row: (row["sequence"], row["id"]))
        return list(dict.fromkeys(row["name"] for row in rows))

    def users(self) -> dict[str, OdooUser]:
        """Give every internal user by login, archived ones too."""
        rows = self._odoo.search_read(
            "res.users", [["active", "in", [True, False]], ["share", "=", False]],
            fields=["login", "name", "email", "active"],
        )  # fmt: skip
        return {row["login"]: OdooUser(row["name"], row["email"] or "", row["active"])
                for row in rows}  # fmt: skip

    def note_subtype(self) -> int | None:
        """Give the number of the message subtype "Note": shown to staff, sent to nobody."""
        rows = self._odoo.search_read(
            "ir.model.data", [["module", "=", "mail"], ["name", "=", "mt_note"]],
            fields=["res_id"],
        )  # fmt: skip
        return rows[0]["res_id"] if rows else None

    def contacts(self, emails: Iterable[str]) -> dict[str, int]:
        """Give the one contact that has an e-mail, by the e-mail as asked.

        Contacts of our own (patients), archived ones, and addresses that several contacts share
        are left out, so that the answer is the same before and after a load.
        """
        asked: dict[str, list[str]] = {}
        for email in emails:
            if email:
                asked.setdefault(email.strip().casefold(), []).append(email)
        found: list[tuple[str, int]] = []
        for part in chunks(asked):
            rows = self._odoo.search_read(
                "res.partner", [["email_normalized", "in", part], ["active", "=", True]],
                fields=["email_normalized"],
            )  # fmt: skip
            found += [(row["email_normalized"], row["id"]) for row in rows]
        return {
            spelled: number
            for email, number in self._single(found).items()
            for spelled in asked[email]
        }

    def companies(self, names: Iterable[str]) -> dict[str, int]:
        """Give the one company contact of a name, by the name as asked; case does not count.

        Names that several companies bear, and archived companies, are left out.
        """
        asked: dict[str, list[str]] = {}
        for name in names:
            if name:
                asked.setdefault(" ".join(name.split()).casefold(), []).append(name)
        if not asked:
            return {}
        rows = self._odoo.search_read(
            "res.partner", [["is_company", "=", True], ["active", "=", True]], fields=["name"]
        )
        found = [(" ".join((row["name"] or "").split()).casefold(), row["id"]) for row in rows]
        single = self._single(found)
        return {
            spelled: single[name]
            for name, spellings in asked.items()
            if name in single
            for spelled in spellings
        }

    def _single(self, found: list[tuple[str, int]]) -> dict[str, int]:
        others = [(key, number) for key, number in found if number not in self._made_by_us]
        count = Counter(key for key, _ in others)
        return {key: number for key, number in others if count[key] == 1}

    def _record(self, key: str) -> int | None:
        if key not in self._records and self._store is not None:
            link = self._store.destination.link(key)
            if link is not None:
                self._records[key] = link.res_id
        return self._records.get(key)

    @cached_property
    def _made_by_us(self) -> set[int]:
        if not self._module:
            return set()
        rows = all_held(self._odoo, self._module).values()
        return {row.res_id for row in rows if row.model == "res.partner"}

    @cached_property
    def _countries(self) -> dict[str, int]:
        rows = self._odoo.search_read("res.country", [], fields=["code"])
        return {row["code"]: row["id"] for row in rows if row["code"]}

    @cached_property
    def _states(self) -> dict[str, int]:
        codes = {number: code for code, number in self._countries.items()}
        rows = self._odoo.search_read(
            "res.country.state", [], fields=["name", "code", "country_id"]
        )
        by_code, by_name = (
            [(f"{codes.get(row['country_id'][0], '')}/{row[spelled]}".casefold(), row["id"], True)
             for row in rows]
            for spelled in ("code", "name")
        )  # fmt: skip
        # a code means more than a name
        return self._single_of(RefKind.STATE, by_name) | self._single_of(RefKind.STATE, by_code)

    @cached_property
    def _accounts(self) -> list[dict[str, Any]]:
        """All users, archived ones too."""
        return self._odoo.search_read(
            "res.users", [["active", "in", [True, False]]], fields=["login", "partner_id", "active"]
        )

    @cached_property
    def _users_by_login(self) -> dict[str, int]:
        rows = [(row["login"].casefold(), row["id"], row["active"]) for row in self._accounts]
        return self._single_of(RefKind.USER, rows)

    @cached_property
    def _contacts_by_login(self) -> dict[str, int]:
        rows = [(row["login"].casefold(), row["partner_id"][0], row["active"])
                for row in self._accounts]  # fmt: skip
        return self._single_of(RefKind.USER_CONTACT, rows)

    @cached_property
    def _stages(self) -> dict[str, int]:
        rows = self._odoo.search_read("crm.stage", [], fields=["name"])
        found = [(row["name"].casefold(), row["id"], True) for row in rows]
        return self._single_of(RefKind.STAGE, found)

    @cached_property
    def _tags(self) -> dict[str, int]:
        rows = self._odoo.search_read("res.partner.category", [], fields=["name", "active"])
        found = [(row["name"].casefold(), row["id"], row["active"]) for row in rows]
        return self._single_of(RefKind.TAG, found)

    def _single_of(self, kind: RefKind, rows: Iterable[tuple[str, int, bool]]) -> dict[str, int]:
        """Give the one record behind each key, and remember why there is none where it is so.

        Args:
            kind: of what.
            rows: key, number, and whether it is not archived.
        """
        by_key: dict[str, list[tuple[int, bool]]] = {}
        for key, number, works in rows:
            by_key.setdefault(key, []).append((number, works))
        found: dict[str, int] = {}
        for key, bearers in by_key.items():
            working = [number for number, works in bearers if works]
            if len(bearers) == 1 and working:
                found[key] = working[0]
                continue
            ours = [number for number, _ in bearers if self._is_ours(kind, number)]
            if len(ours) == 1 or len(working) == 1:
                found[key] = ours[0] if len(ours) == 1 else working[0]
            elif working:
                self._why[kind, key] = "In Odoo there are several for the {}."
            else:
                self._why[kind, key] = "In Odoo the {} is archived."
        return found

    def _is_ours(self, kind: RefKind, number: int) -> bool:
        model = MODELS.get(kind)
        text = self._xmlids(model).get(number, "") if model else ""
        return bool(self._module) and text.startswith(f"{self._module}.")

    def _xmlids(self, model: str) -> dict[int, str]:
        """External ids of a model's records, by number; ours come first."""
        if model not in self._xmlids_by_model:
            rows = self._odoo.search_read(
                "ir.model.data", [["model", "=", model]], fields=["module", "name", "res_id"]
            )
            found: dict[int, str] = {}
            for row in rows:
                if row["res_id"] not in found or row["module"] == self._module:
                    found[row["res_id"]] = f"{row['module']}.{row['name']}"
            self._xmlids_by_model[model] = found
        return self._xmlids_by_model[model]
