"""Ways into a real Odoo: the workbench's client, a person with a password, a plain call."""

from __future__ import annotations

import base64
import hashlib
import os
import uuid

import httpx
import psycopg

from workbench.odoo import Odoo
from workbench.sandbox.odoo import OdooConnection


def client(connection: OdooConnection, *, protocol: str = "json2", url: str = "") -> Odoo:
    """Open the database as its administrator, perhaps through another address."""
    return Odoo(
        url=url or connection.url, database=connection.database, api_key=connection.api_key,
        login=connection.login, protocol="jsonrpc" if protocol == "jsonrpc" else "json2",
    )  # fmt: skip


def post(connection: OdooConnection, path: str, **arguments: object) -> httpx.Response:
    """Call "model/method" over JSON-2, without a line of the workbench's own client."""
    return httpx.post(
        f"{connection.url}/json/2/{path}",
        headers={"Authorization": f"bearer {connection.api_key}",
                 "X-Odoo-Database": connection.database},
        json=arguments, timeout=120,
    )  # fmt: skip


def person(connection: OdooConnection, login: str, *, groups: tuple[str, ...] = ()) -> Odoo:
    """Make an internal user with a password, and open the database as that person.

    `groups` are external ids; every internal user is an employee and nothing more otherwise.
    """
    with client(connection) as odoo:
        names = [name.partition(".")[2] for name in ("base.group_user", *groups)]
        rows = odoo.search_read(
            "ir.model.data", [["model", "=", "res.groups"], ["name", "in", names]],
            fields=["res_id"],
        )  # fmt: skip
        odoo.call("res.users", "create", vals_list=[{
            "name": login.title(), "login": login, "email": f"{login}@example.com",
            "password": f"{login}-password-1", "group_ids": [[6, 0, [r["res_id"] for r in rows]]],
        }], context={"no_reset_password": True})  # fmt: skip
    return Odoo(
        url=connection.url, database=connection.database, api_key=f"{login}-password-1",
        login=login, protocol="jsonrpc",
    )  # fmt: skip


def key_of(connection: OdooConnection, login: str) -> str:
    """Give a user an API key, stored as Odoo checks it: a prefix, and a hash of the whole."""
    key = uuid.uuid4().hex + uuid.uuid4().hex[:8]
    salt = os.urandom(16)
    rounds = 6000
    hashed = hashlib.pbkdf2_hmac("sha512", key.encode(), salt, rounds)
    stored = f"$pbkdf2-sha512${rounds}${_ab64(salt)}${_ab64(hashed)}"
    with psycopg.connect(connection.dsn) as db:
        db.execute(
            "INSERT INTO res_users_apikeys (name, user_id, scope, key, index, create_date) "
            "SELECT 'test', id, 'rpc', %s, %s, now() FROM res_users WHERE login=%s",
            [stored, key[:8], login],
        )
    return key


def revoke(connection: OdooConnection, login: str) -> None:
    """Take all of a user's API keys back."""
    with psycopg.connect(connection.dsn) as db:
        db.execute(
            "DELETE FROM res_users_apikeys USING res_users "
            "WHERE res_users.id = user_id AND login = %s",
            [login],
        )


def _ab64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=").replace("+", ".")
