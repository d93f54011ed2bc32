"""What an Odoo database holds apart from ids and times: two loads of one clinic compare equal.

A row is told by what it says. Its number is left out, and whatever points to another row says
that row's external id instead, or, where it has none, a digest of what that row says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql

Content = Mapping[str, Counter[str]]
"""Table → its rows, each as readable text, and how often each is there."""

BOOKKEEPING = re.compile(r"ir_cron_.*|orm_signaling_.*|ir_sessions?|.*_log|ir_logging")
"""Tables in which the server keeps notes for itself; sequences are no tables."""
IN_FLIGHT = "bus_bus"
"""What open browsers are told, with numbers and times in it; Odoo drops it after a day."""

STAMPS = frozenset({"write_date", "write_uid"})
"""Columns that say who wrote a row last, and when: an undone change leaves them changed."""
CLOCK = STAMPS | {
    "create_date", "date_open", "date_last_stage_update", "date_closed", "date_automation_last",
    "date_conversion", "last_activity", "last_seen_dt", "calendar_last_notif_ack",
}  # fmt: skip
"""Columns that Odoo fills by its own clock."""
BY_CHANCE = frozenset({
    ("mail_message", "message_id"), ("res_partner_category", "color"), ("crm_tag", "color"),
    ("calendar_event", "access_token"), ("calendar_attendee", "access_token"),
    ("ir_attachment", "access_token"), ("ir_config_parameter", "value"),
    ("res_users_apikeys", "key"), ("res_users_apikeys", "index"),
    ("res_users_apikeys", "expiration_date"),
})  # fmt: skip
"""Columns that Odoo fills with random values, or with the database's own name."""
_ABOUT = (("res_model", "res_id"), ("model", "res_id"))
"""Pairs of columns that point to a row by its model's name and its number."""
_MODEL_OF = {
    "ir_act_window": "ir.actions.act_window", "ir_act_server": "ir.actions.server",
    "ir_act_report_xml": "ir.actions.report", "ir_act_url": "ir.actions.act_url",
    "ir_act_client": "ir.actions.client",
}  # fmt: skip
_TAGS = re.compile(r"(?<='default_category_id': \[)\d+(?=\])")
"""The tag's number in the words of the action that shows patients."""
_REFERENCE = re.compile(r"([a-z_]+(?:\.[a-z_]+)+),(\d+)")
_DEPTH = 3
"""How many rows without external ids are followed one behind the other."""

Row = dict[str, Any]


def content(dsn: str) -> Content:
    """Give what every table says but the server's own notes, apart from ids and times."""
    with psycopg.connect(dsn) as db:
        found = _Database(db)
    return {table: Counter(found.told(table)) for table in found.tables}


def unlike(one: Content, other: Content) -> dict[str, tuple[list[str], list[str]]]:
    """Give by table the rows that only the one and only the other has; empty where equal."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for table in sorted(one.keys() | other.keys()):
        left, right = one.get(table, Counter()), other.get(table, Counter())
        if left != right:
            found[table] = (sorted((left - right).elements()), sorted((right - left).elements()))
    return found


class _Database:
    """All rows of a database, read once."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        names = db.execute("SELECT tablename FROM pg_tables WHERE schemaname='public'").fetchall()
        self.tables = sorted(
            name for (name,) in names if name != IN_FLIGHT and not BOOKKEEPING.fullmatch(name)
        )
        self._rows = {table: _read(db, table) for table in self.tables}
        self._links = {
            (table, column): target
            for table, column, target in db.execute(
                "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text "
                "FROM pg_constraint c JOIN pg_attribute a "
                "ON a.attrelid=c.conrelid AND a.attnum=c.conkey[1] "
                "WHERE c.contype='f' AND cardinality(c.conkey)=1"
            )
        }
        self._digests: dict[tuple[str, int, int], str] = {}

    @cached_property
    def _table_of(self) -> dict[str, str]:
        """Give models' names with their tables."""
        known = {table: _MODEL_OF.get(table, "") for table in self.tables}
        plainly = {name.replace("_", "."): name for name in known}
        models = (row["model"] for row in self._rows["ir_model"])
        by_name = {model: model.replace(".", "_") for model in models}
        named = {model: table for table, model in known.items() if model}
        return {**plainly, **{m: t for m, t in by_name.items() if t in known}, **named}

    @cached_property
    def _by_id(self) -> dict[str, dict[int, Row]]:
        return {
            table: {row["id"]: row for row in rows if "id" in row}
            for table, rows in self._rows.items()
        }

    @cached_property
    def _names(self) -> dict[tuple[str, int], str]:
        """Give rows' external ids: all of a row's, in order."""
        names: dict[tuple[str, int], list[str]] = {}
        for row in self._rows["ir_model_data"]:
            table = self._table_of.get(row["model"], "")
            names.setdefault((table, row["res_id"]), []).append(f"{row['module']}.{row['name']}")
        return {key: " ".join(sorted(found)) for key, found in names.items()}

    def told(self, table: str) -> Iterable[str]:
        """Give a table's rows as texts."""
        for row in self._rows[table]:
            name = self._names.get((table, row["id"])) if "id" in row else None
            said = self._said(table, row, depth=_DEPTH)
            yield json.dumps({"": name} | said if name else said, sort_keys=True, default=str)

    def _said(self, table: str, row: Row, *, depth: int) -> dict[str, Any]:
        said: dict[str, Any] = {}
        about = {number: row[model] for model, number in _ABOUT if model in row and number in row}
        for column, value in row.items():
            if column in CLOCK or column == "id" or (table, column) in BY_CHANCE or value is None:
                continue
            if (table, column) in self._links:
                said[column] = self._name(self._links[table, column], value, depth=depth)
            elif column in about:
                target = self._table_of.get(about[column] or "", "")
                said[column] = self._name(target, value, depth=depth) if target else bool(value)
            elif column == "parent_path":
                numbers = [int(part) for part in value.split("/") if part]
                said[column] = [self._name(table, number, depth=depth) for number in numbers]
            elif isinstance(value, str) and (found := _REFERENCE.fullmatch(value)):
                target = self._table_of.get(found[1], "")
                said[column] = self._name(target, int(found[2]), depth=depth)
            elif (table, column) == ("ir_act_window", "context"):
                said[column] = _TAGS.sub(self._tag, value)
            else:
                said[column] = value
        return said

    def _name(self, table: str, number: int, *, depth: int) -> str:
        """Tell a row by its external id, else by what it says; by nothing where it is gone."""
        if name := self._names.get((table, number)):
            return name
        key = (table, number, depth)
        if key not in self._digests:
            row = self._by_id.get(table, {}).get(number)
            self._digests[key] = f"{table}:gone" if row is None else self._digest(table, row, depth)
        return self._digests[key]

    def _tag(self, found: re.Match[str]) -> str:
        return self._name("res_partner_category", int(found[0]), depth=1)

    def _digest(self, table: str, row: Row, depth: int) -> str:
        if not depth:
            return table
        said = json.dumps(self._said(table, row, depth=depth - 1), sort_keys=True, default=str)
        return f"{table}:{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def _read(db: psycopg.Connection[Any], table: str) -> list[Row]:
    # ONLY: what a child table adds is told there
    cursor = db.execute(sql.SQL("SELECT * FROM ONLY {}").format(sql.Identifier(table)))
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]
