"""P4 at the far end: the ledger tells of every call that changes Odoo before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import real_odoo, small_load
from tests.support.odoo import database
from workbench.odoo import apply_rollback, plan_rollback, settle
from workbench.odoo.client import READS
from workbench.sandbox.odoo import OdooConnection
from workbench.state import OperationStatus, Store

pytestmark = pytest.mark.odoo


@dataclass
class Watched:
    """Stands before a client's calls: those that change something, and those untold of."""

    store: Store
    call: Callable[..., Any]
    made: set[str] = field(default_factory=set)
    untold: list[str] = field(default_factory=list)

    def __call__(self, model: str, method: str, **arguments: object) -> Any:  # noqa: ANN401 - as Odoo answers
        """Look at the ledger, then send."""
        if method not in READS:
            self.made.add(f"{model}.{method}")
            last = list(self.store.ledger.entries())[-1].event
            if not self.store.destination.unsettled() and last not in {"fenced", "unfenced"}:
                self.untold.append(f"{model}.{method}")
        return self.call(model, method, **arguments)


def test_no_call_changes_odoo_before_the_ledger_tells_of_it(
    odoo_server: OdooConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Schema, load, changes, fences and rollback: each is recorded, then sent."""
    store = Store(tmp_path / "state.sqlite")
    with database() as connection, real_odoo.client(connection) as odoo:
        watched = Watched(store, odoo.call)
        monkeypatch.setattr(odoo, "call", watched)
        small_load.prepare(odoo, store)
        rows = [small_load.partner(1), small_load.partner(2), small_load.message(1, 1),
                small_load.attachment(1, 1, tmp_path, b"%PDF-1.4 one", "letter.pdf")]  # fmt: skip
        small_load.loader(odoo, store, tmp_path).load(rows)
        changed = [small_load.partner(1, city="Zeist"), *rows[1:]]
        small_load.loader(odoo, store, tmp_path).load(changed)
        lost = store.destination.intend("migrate", "load", "res.partner", keys=["patient_9"])
        store.destination.close(lost, OperationStatus.UNKNOWN)
        settle(odoo, store, module=small_load.MODULE, fence=True, patience=0)
        plan = plan_rollback(odoo, store, module=small_load.MODULE)
        apply_rollback(odoo, store, plan, patience=0)
    events = {entry.event for entry in store.ledger.entries()}
    store.close()

    assert watched.untold == []
    assert {"res.partner.load", "ir.model.data.create", "res.partner.unlink"} <= watched.made
    assert {"intended", "fenced", "unfenced", "operation done"} <= events
