"""A database of the suite's Odoo that is kept as it was at several moments, and put back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

from tests.support.odoo import PREFIX
from workbench.sandbox.odoo import OdooConnection, drop_database, fresh_database
from workbench.sandbox.odoo.databases import cluster_of
from workbench.sandbox.odoo.instance import current_instance
from workbench.sandbox.odoo.postgres import ROLE

# Odoo remembers what it knows of a database by the highest of these numbers: one that it cannot
# have met lets it forget all of it.
_FORGET = """
SELECT setval('orm_signaling_registry_id_seq',
              (SELECT max(id) FROM orm_signaling_registry) + 1000 + (random() * 1000000)::int);
INSERT INTO orm_signaling_registry DEFAULT VALUES;
"""


@dataclass
class Moments:
    """One database under one name, and copies of it as it was.

    Its files need no copies: Odoo names them by their content and leaves them where they are.
    """

    odoo: OdooConnection = field(default_factory=lambda: fresh_database(_name()))
    _kept: dict[str, str] = field(default_factory=dict)

    def keep(self, moment: str) -> None:
        """Keep the database as it is now."""
        self._kept[moment] = _name()
        self._copy(self.odoo.database, self._kept[moment])

    def back_to(self, moment: str) -> None:
        """Put the database back to what it was; whoever is connected is thrown out."""
        self._sql(f'DROP DATABASE "{self.odoo.database}" WITH (FORCE);')
        self._copy(self._kept[moment], self.odoo.database)
        self._sql(_FORGET, database=self.odoo.database)

    def at(self, moment: str) -> OdooConnection:
        """Say how to reach a copy, for reading it."""
        name = self._kept[moment]
        return replace(
            self.odoo, database=name, dsn=self.odoo.dsn.removesuffix(self.odoo.database) + name
        )

    def drop(self) -> None:
        """Remove the database and its copies."""
        for name in self._kept.values():  # Odoo never met them
            self._sql(f'DROP DATABASE "{name}" WITH (FORCE);')
        drop_database(self.odoo.database)

    def _copy(self, source: str, target: str) -> None:
        self._sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='{source}';"
        )
        self._sql(f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER {ROLE};')

    @staticmethod
    def _sql(script: str, *, database: str = "postgres") -> None:
        cluster_of(current_instance().running()).sql(script, database=database)


def _name() -> str:
    return f"{PREFIX}{uuid.uuid4().hex[:16]}"
