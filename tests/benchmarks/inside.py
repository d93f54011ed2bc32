"""The limit: Odoo's own `create`, called inside Odoo, with no network and no client at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import SandboxError
from workbench.sandbox.odoo import OdooConnection, databases, lifecycle
from workbench.sandbox.odoo.instance import current_instance
from workbench.sandbox.odoo.server import Odoo as Server

SIZES = (500, 2000)
"""Records a call, and a commit after each."""

# What `odoo shell` runs. A reference to a record made here ("ref") becomes its number before
# the clock starts; a few records first, for the caches of a process that has just begun.
SCRIPT = """
import json, time
given = json.loads({given!r})
user = env.ref("base.user_admin").id

def numbered(value, ids):
    if isinstance(value, dict):
        return ids[value["ref"]]
    return [numbered(one, ids) for one in value] if isinstance(value, list) else value

def made(most, size):
    ids, taken, gone = {{}}, {{}}, []
    for name, model, context, rows in given["parts"]:
        rows = rows[:most]
        values = [{{k: numbered(v, ids) for k, v in row.items()}} for _, row in rows]
        records = env(user=user)[model].with_context(**context)
        numbers = []
        began = time.perf_counter()
        for start in range(0, len(values), size):
            numbers += records.create(values[start:start + size]).ids
            env.cr.commit()
        taken[name] = len(values) / (time.perf_counter() - began)
        ids.update(zip([key for key, _ in rows], numbers))
        gone.append(records.browse(numbers))
    for records in reversed(gone):
        records.unlink()
        env.cr.commit()
    return taken

made(20, 20)
print("TAKEN " + json.dumps([made(None, size) for size in given["sizes"]]))
"""

Part = tuple[str, str, Mapping[str, Any], Sequence[tuple[str, Mapping[str, object]]]]
"""A name, a model, the context, and each record's key and values as `create` takes them."""


def taken_inside(connection: OdooConnection, parts: Sequence[Part]) -> dict[int, dict[str, float]]:
    """Create the records in a process of Odoo's own, and take them out; records/s by size and name.

    Raises:
        SandboxError: Odoo's shell failed; its log is named.
    """
    server = _server()
    given = json.dumps({"parts": parts, "sizes": SIZES})
    printed = server.command(
        ["shell", "-d", connection.database, "--no-http"], stdin=SCRIPT.format(given=given)
    )
    lines = [line for line in printed.splitlines() if line.startswith("TAKEN ")]
    if not lines:
        what = f"Odoo's shell did not create the records; the log is {server.setup_log}."
        raise SandboxError(what)
    found = json.loads(lines[-1].removeprefix("TAKEN "))
    return dict(zip(SIZES, found, strict=True))


def _server() -> Server:
    """Give a handle of the instance that runs, for one command of Odoo's beside its server."""
    running = current_instance().running()
    parts = lifecycle._parts(progress=lifecycle._nobody)
    return Server(
        source=parts.source, python=parts.python, account=parts.odoo_account,
        folder=Path(running.folder) / "odoo", cluster=databases.cluster_of(running),
        master=running.master,
    )  # fmt: skip
