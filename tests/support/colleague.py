"""Somebody who works in Odoo while a migration goes on, and remembers what she did there."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.journey.support import MODULE
from tests.support.real_odoo import post
from workbench.mapping.clinical import VAULT
from workbench.mapping.model import CLINICAL_OF
from workbench.odoo.settle import FENCE
from workbench.sandbox.odoo import OdooConnection

TABLES = {
    "res.partner": "res_partner", "crm.lead": "crm_lead", "calendar.event": "calendar_event",
    "mail.message": "mail_message", "ir.attachment": "ir_attachment",
    VAULT: "x_practicehub_clinical", "res.users": "res_users",
}  # fmt: skip
"""Models with records of patients, and where Odoo keeps them."""
EDITABLE = {"res.partner": ("phone", "street", "function"), "crm.lead": ("name", "email_from")}
DELETABLE = ("res.partner", "crm.lead", "calendar.event")
ADDED = ("answer", "activity", "contact", "lead")

Record = tuple[str, int]
"""Model and number."""


class Colleague:
    """Works on records that a migration made.

    `edited`: model, number and field → what she wrote. `touched`: records of ours that she had
    to do with; `made`: records of her own; `deleted`: external ids of those that she deleted.

    Args:
        odoo: the database, as she opens it.
        before: the numbers of the records of each table that were there before the migration.
    """

    def __init__(self, odoo: OdooConnection, before: dict[str, set[int]]) -> None:
        self._odoo, self._before = odoo, before
        self.edited: dict[tuple[str, int, str], object] = {}
        self.touched: set[Record] = set()
        self.made: set[Record] = set()
        self.deleted: set[str] = set()

    @property
    def did_something(self) -> bool:
        """Say whether there is anything of hers in Odoo."""
        return bool(self.edited or self.touched or self.made)

    def ours(self, model: str) -> list[int]:
        """List the records of a model that the migration made and that are there."""
        there = numbers(self._odoo, TABLES[model])
        known = self._before.get(TABLES[model], set())
        return sorted({number for name, number in external_ids(self._odoo).values()
                       if name == model and number in there - known})  # fmt: skip

    def edits(self, model: str, number: int, *, field: str, value: object) -> None:
        """Change a field of a record."""
        self._call(model, "write", ids=[number], vals={field: value})
        self.edited[model, number, field] = value
        self.touched.add((model, number))

    def deletes(self, model: str, number: int) -> bool:
        """Delete a record, and what Odoo deletes with it; say whether Odoo let her.

        Visits stay without their patient: by their values they are changed, and so by her.
        """
        before = external_ids(self._odoo).keys()
        about = f"SELECT id FROM {TABLES['crm.lead']} WHERE partner_id=%s"
        visits = read(self._odoo, about, number) if model == "res.partner" else []
        if post(self._odoo, f"{model}/unlink", ids=[number]).status_code != 200:
            return False
        there = {name: numbers(self._odoo, TABLES[name]) for name in tables(self._odoo)}
        self.deleted |= before - external_ids(self._odoo).keys()
        self.edited = {key: value for key, value in self.edited.items() if key[1] in there[key[0]]}
        self.made = {one for one in self.made if one[1] in there[one[0]]}
        self.touched |= {("crm.lead", row["id"]) for row in visits}
        self.touched = {one for one in self.touched if one[1] in there[one[0]]}
        return True

    def adds(self, what: str, patient: int) -> None:
        """Write an answer below a patient, plan a call, or make a record that belongs to them."""
        if what == "answer":
            made = self._call("res.partner", "message_post", ids=[patient], body="Called back.",
                              message_type="comment", subtype_xmlid="mail.mt_note")  # fmt: skip
            self.made.add(("mail.message", made[0] if isinstance(made, list) else made))
        elif what == "activity":
            about = read(self._odoo, "SELECT id FROM ir_model WHERE model='res.partner'")[0]["id"]
            self._make("mail.activity", res_model_id=about, res_id=patient, summary="Call")
        elif what == "contact":
            made = self._make("res.partner", name="Parent of a patient", parent_id=patient)
            self.made.add(("res.partner", made))
        else:
            made = self._make("crm.lead", name="Her own", partner_id=patient, type="opportunity")
            self.made.add(("crm.lead", made))
        self.touched.add(("res.partner", patient))

    def kept(self, odoo: OdooConnection) -> set[Record]:
        """Give the records of ours that a rollback leaves her, in `odoo` or a copy of it.

        Those that she had to do with, the patients whom they are about, and what is clinically
        known of these.
        """
        kept = set(self.touched)
        patients = set(self.ours("res.partner"))
        for row in read(self._odoo, "SELECT id, partner_id FROM crm_lead"):
            if ("crm.lead", row["id"]) in kept and row["partner_id"] in patients:
                kept.add(("res.partner", row["partner_id"]))
        if VAULT in tables(odoo):
            for row in read(odoo, f"SELECT id, {CLINICAL_OF} AS of FROM {TABLES[VAULT]}"):
                if ("res.partner", row["of"]) in kept:
                    kept.add((VAULT, row["id"]))
        return kept

    def _make(self, model: str, **values: object) -> int:
        made: list[int] = self._call(model, "create", vals_list=[values])
        return made[0]

    def _call(self, model: str, method: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        answer = post(self._odoo, f"{model}/{method}", **arguments)
        assert answer.status_code == 200, f"{model}.{method}: {answer.status_code} {answer.text}"
        return answer.json()


def read(odoo: OdooConnection, query: str, *values: object) -> list[dict[str, Any]]:
    """Ask Odoo's own tables."""
    with psycopg.connect(odoo.dsn, row_factory=dict_row) as db:
        return db.execute(query.encode(), values or None).fetchall()


def tables(odoo: OdooConnection) -> list[str]:
    """List those of the models with patients' records that there are."""
    found = read(odoo, "SELECT tablename FROM pg_tables WHERE schemaname='public'")
    names = {row["tablename"] for row in found}
    return [model for model, table in TABLES.items() if table in names]


def numbers(odoo: OdooConnection, table: str) -> set[int]:
    """Give the numbers of all records of a table."""
    return {row["id"] for row in read(odoo, f"SELECT id FROM {table}")}


def external_ids(odoo: OdooConnection) -> dict[str, Record]:
    """Give our external ids, but for the fences of a rollback: name to record."""
    query = "SELECT name, model, res_id FROM ir_model_data WHERE module=%s AND model<>%s"
    return {row["name"]: (row["model"], row["res_id"])
            for row in read(odoo, query, MODULE, FENCE)}  # fmt: skip
