"""An Odoo for the preflight: tables that are read over JSON-2, with no socket and no server.

It stands in for databases that the suite's real Odoo cannot be: with Enterprise modules, on
Odoo's cloud, with automation rules. It answers what a preflight asks and writes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from workbench.odoo import Odoo

Row = dict[str, Any]
ME = 6


def _tables() -> dict[str, list[Row]]:
    standard = ["base", "contacts", "crm", "calendar"]
    return {
        "res.users": [{"id": ME, "login": "migration", "lang": "en_US", "tz": False,
                       "share": False, "login_date": False, "all_group_ids": [1],
                       "company_id": [1, "Clinic"], "company_ids": [1]}],
        "res.company": [{"id": 1, "name": "Clinic"}],
        "ir.module.module": [
            {"id": number, "name": name, "shortdesc": name.title(), "author": "Odoo S.A.",
             "state": "installed"}
            for number, name in enumerate(standard, start=1)
        ],
        "ir.config_parameter": [], "ir.rule": [], "ir.cron": [], "ir.mail_server": [],
        "ir.model.constraint": [], "ir.model.data": [], "ir.actions.server": [],
        "res.users.apikeys": [], "res.device.log": [], "fetchmail.server": [],
        "crm.lead": [], "crm.stage": [], "calendar.event": [], "res.partner": [],
        "mail.message": [], "ir.attachment": [],
    }  # fmt: skip


@dataclass
class TableOdoo:
    """A database. `forbidden` models may not be read at all; `fields` adds to a model's own."""

    tables: dict[str, list[Row]] = field(default_factory=_tables)
    forbidden: set[str] = field(default_factory=set)
    fields: dict[str, dict[str, Row]] = field(
        default_factory=lambda: {"res.users": {"all_group_ids": {"type": "many2many"}}}
    )
    version: str = "19.0"
    url: str = "https://odoo.clinic.example"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def client(self, **options: object) -> Odoo:
        """Open it."""
        settings: dict[str, object] = {"protocol": "json2", "login": "migration", **options}
        return Odoo(
            url=self.url, database="clinic", api_key="k",
            transport=httpx.MockTransport(self._answer), **settings,  # type: ignore[arg-type]  # by tests
        )  # fmt: skip

    def add(self, model: str, /, **values: object) -> None:
        """Put a record into a table; the table is there from then on."""
        rows = self.tables.setdefault(model, [])
        rows.append({"id": len(rows) + 100, **values})

    def install(self, name: str, *, title: str = "", author: str = "Odoo S.A.") -> None:
        """Have a module installed."""
        self.add("ir.module.module", name=name, shortdesc=title or name, author=author,
                 state="installed")  # fmt: skip

    def put(self, key: str, value: str) -> None:
        """Set a system parameter."""
        self.add("ir.config_parameter", key=key, value=value)

    def models(self) -> set[str]:
        """Name the models that were asked about."""
        return {model for model, _ in self.asked}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/web/version":
            number = int(self.version.partition(".")[0].rpartition("~")[2])
            return httpx.Response(200, json={"version": self.version, "version_info": [number, 0]})
        if request.url.path == "/jsonrpc":
            return self._rpc(json.loads(request.content)["params"])
        model, method = request.url.path.split("/")[-2:]
        return self._call(model, method, json.loads(request.content))

    def _rpc(self, params: Row) -> httpx.Response:
        if params["service"] == "common":
            return httpx.Response(200, json={"result": ME})
        model, method, positional, by_name = params["args"][3:]
        found = self._call(model, method, by_name | ({"ids": positional[0]} if positional else {}))
        if found.is_success:
            return httpx.Response(200, json={"result": found.json()})
        return httpx.Response(200, json={"error": {"data": found.json()}})

    def _call(self, model: str, method: str, arguments: Row) -> httpx.Response:
        self.asked.append((model, method))
        told: dict[str, object] = {
            "context_get": {"uid": ME},
            "get_installed": [["en_US", "English"]],
            "has_access": model not in self.forbidden,
            "check_access_rights": model not in self.forbidden,
        }
        if method in told:
            return httpx.Response(200, json=told[method])
        if model in self.forbidden:
            return httpx.Response(403, json={"name": "odoo.exceptions.AccessError"})
        if method == "fields_get":
            return self._fields_of(model)
        if method == "default_get":
            return httpx.Response(200, json={})
        return self._search(model, method, arguments)

    def _fields_of(self, model: str) -> httpx.Response:
        if model not in self.tables:
            return httpx.Response(404, json={"name": "werkzeug.exceptions.NotFound"})
        met = {name: {"type": "char"} for row in self.tables[model] for name in row}
        own = {"id": {"type": "integer"}, "name": {"type": "char"}}
        return httpx.Response(200, json=own | met | self.fields.get(model, {}))

    def _search(self, model: str, method: str, arguments: Row) -> httpx.Response:
        if model == "ir.model":
            rows = [{"id": n, "model": name} for n, name in enumerate(sorted(self.tables))]
        elif model in self.tables:
            rows = self.tables[model]
        else:
            return httpx.Response(404, json={"name": "werkzeug.exceptions.NotFound"})
        found = [row for row in rows if _fits(row, arguments["domain"])]
        if method == "search_count":
            return httpx.Response(200, json=len(found))
        return httpx.Response(
            200,
            json=[{name: row.get(name, False) for name in ("id", *arguments["fields"])}
                  for row in found],
        )  # fmt: skip


def _fits(row: Row, domain: list[Any]) -> bool:
    return all(
        row.get(name) in value if operator == "in" else (
            (row.get(name, False) == value) is (operator == "=")
        )
        for name, operator, value in domain
        if name in row or operator == "!="
    )  # fmt: skip
