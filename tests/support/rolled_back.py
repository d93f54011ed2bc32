"""A small clinic in a real Odoo, loaded, touched by people, and rolled back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support import real_odoo, small_load
from tests.support.snapshot import (
    STAMPS,
    UPDATED,
    Rows,
    Snapshot,
    differences,
    rows,
    snapshot,
    touched,
)
from workbench.odoo import (
    Loader,
    LoadReport,
    NewLink,
    Odoo,
    RollbackPlan,
    RollbackReport,
    apply_rollback,
    plan_rollback,
)
from workbench.sandbox.odoo import OdooConnection
from workbench.state import How, Store

MODULE = small_load.MODULE


@dataclass
class Clinic:
    """A database, its client and a run, with the snapshot from before anything was done."""

    connection: OdooConnection
    odoo: Odoo
    store: Store
    folder: Path
    contact: int
    before: Snapshot
    tables: dict[str, Rows]
    patients: int

    def prepare(self) -> None:
        """Make the schema."""
        small_load.prepare(self.odoo, self.store, restrict_clinical=True)

    def loader(self) -> Loader:
        """Give the loader."""
        return small_load.loader(self.odoo, self.store, self.folder)

    def migrate(self) -> LoadReport:
        """Load the clinic; patient 1 is a contact that was there before."""
        loader = self.loader()
        loader.link([
            NewLink("patient_1", "res.partner", self.contact, "patients", "1", How.LINKED),
            NewLink("patient_99", "res.partner", self.contact, "patients", "99", How.MERGED),
        ])  # fmt: skip
        return loader.load(
            small_load.restricted(small_load.clinic(self.folder, patients=self.patients))
        )

    def plan(self, *, take: Collection[str] = ()) -> RollbackPlan:
        """Plan it."""
        return plan_rollback(self.odoo, self.store, module=MODULE, take=frozenset(take))

    def apply(self, plan: RollbackPlan) -> RollbackReport:
        """Do it; nothing is in flight that would have to be waited for."""
        return apply_rollback(self.odoo, self.store, plan, patience=0)

    def roll_back(self) -> RollbackPlan:
        """Plan and do it."""
        plan = self.plan()
        self.apply(plan)
        return plan

    def number(self, external_id: str) -> int:
        """Give the record behind one of our external ids."""
        link = self.store.destination.link(external_id)
        assert link is not None, external_id
        return link.res_id

    def changed(self) -> dict[str, set[str]]:
        """Name what differs from before: by table, the columns of rows that were there before."""
        dsn, tables = self.connection.dsn, self.tables
        return {
            table: touched(tables[table], rows(dsn, table)) if table in tables else set()
            for table in differences(self.before, snapshot(dsn))
        }

    def is_as_before(self) -> bool:
        """Whether only stamps of records differ that were there before and were updated."""
        found = self.changed()
        return found.keys() <= UPDATED and all(columns <= STAMPS for columns in found.values())


@contextmanager
def clinic(connection: OdooConnection, folder: Path, *, patients: int = 50) -> Iterator[Clinic]:
    """Give an Odoo as a clinic has it before the migration, with one contact of its own."""
    with real_odoo.client(connection) as odoo:
        store = Store(folder / "state.sqlite")
        contact = odoo.call("res.partner", "create", vals_list=[{
            "name": "Person Number1", "email": "person1@example.org", "phone": "+31 20 555 9999",
        }], context={"tracking_disable": True})[0]  # fmt: skip
        with psycopg.connect(connection.dsn) as db:
            # older than the migration, and by somebody else: as a clinic's own contact is
            db.execute("UPDATE res_partner SET create_date='2020-01-01', write_uid=1 WHERE id=%s",
                       [contact])  # fmt: skip
        made = Clinic(
            connection, odoo, store, folder, contact, snapshot(connection.dsn),
            {table: rows(connection.dsn, table) for table in UPDATED}, patients,
        )  # fmt: skip
        yield made
        made.store.close()
