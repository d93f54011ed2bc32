"""A real Odoo 19 with CRM, Contacts and Calendar on a real PostgreSQL, on loopback.

`up()` brings one up, `fresh_database()` copies a new database in about a second, `down()`
leaves no process. Several instances (environment variable WORKBENCH_SANDBOX_INSTANCE) share
what was downloaded and nothing else.
"""

from __future__ import annotations

from workbench.sandbox.odoo.connection import OdooConnection
from workbench.sandbox.odoo.databases import add_users
from workbench.sandbox.odoo.lifecycle import (
    down,
    drop_database,
    fresh_database,
    reset_database,
    status,
    up,
)

__all__ = [
    "OdooConnection",
    "add_users",
    "down",
    "drop_database",
    "fresh_database",
    "reset_database",
    "status",
    "up",
]
