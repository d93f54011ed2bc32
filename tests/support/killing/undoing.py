"""A process that rolls a clinic back, and kills itself at one of its calls."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from tests.support import real_odoo
from tests.support.small_load import MODULE
from workbench.odoo import apply_rollback, plan_rollback
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

WRITES = {"unlink", "write"}
IN_FLIGHT = 0.002
"""Seconds after which a call is under way: it was sent, and Odoo has not answered yet."""


def die() -> None:
    """End as `kill -9` ends it: nothing is caught, closed or written."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(connection: str, state: str, *, at: int, answered: bool) -> None:
    """Roll back; at the writing call of that number die, before or after its answer."""
    odoo = real_odoo.client(OdooConnection(**json.loads(connection)))
    store = Store(Path(state))
    calls = 0
    call = odoo.call

    def counted(model: str, method: str, /, **arguments: Any) -> Any:  # noqa: ANN401 - any JSON
        nonlocal calls
        calls += method in WRITES
        here = calls == at and method in WRITES
        if here and not answered:
            threading.Timer(IN_FLIGHT, die).start()
        answer = call(model, method, **arguments)
        if here:
            die()
        return answer

    vars(odoo)["call"] = counted
    plan = plan_rollback(odoo, store, module=MODULE)
    apply_rollback(odoo, store, plan, patience=3.0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], at=int(sys.argv[3]), answered=sys.argv[4] == "answered")
