"""A real Odoo for the tests: one server for the whole suite, a database for each test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workbench.sandbox.cache import locked
from workbench.sandbox.odoo import (
    OdooConnection,
    down,
    drop_database,
    fresh_database,
    status,
    up,
)
from workbench.sandbox.odoo.instance import Instance, current_instance

INSTANCE = "tests"
PREFIX = "t_"
KEPT = "WORKBENCH_TESTS_KEEP_ODOO"
"""Set: whoever started the suite ends the server; its workers never do."""


@pytest.fixture(scope="session")
def odoo_server() -> Iterator[OdooConnection]:
    """Bring up the suite's own instance; workers share it, and the last one ends it.

    Each worker signs in with its pid, so that a server is never ended under another's feet.
    The first one removes databases that a killed run left.
    """
    os.environ["WORKBENCH_SANDBOX_INSTANCE"] = INSTANCE
    users = current_instance().folder / "users"
    mine = users / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with locked(users / "lock"):
        connection = up()
        if not _others(users):
            for name in status()["databases"]:
                if name.startswith(PREFIX):
                    drop_database(name)
        mine.touch()
    yield connection
    os.environ["WORKBENCH_SANDBOX_INSTANCE"] = INSTANCE
    with locked(users / "lock"):
        mine.unlink()
        # `make test` ends the server itself, once, after its last worker
        if not _others(users) and not os.environ.get(KEPT):
            down()


@pytest.fixture
def odoo_db(odoo_server: OdooConnection) -> Iterator[OdooConnection]:
    """Lend the test a database of its own, as Odoo's installer leaves one."""
    with database() as connection:
        yield connection


@pytest.fixture
def own_instance(
    odoo_server: OdooConnection, monkeypatch: pytest.MonkeyPatch, worker_id: str
) -> Iterator[Instance]:
    """Lend the test an instance of its own; what it downloaded and its seed are shared."""
    monkeypatch.setenv("WORKBENCH_SANDBOX_INSTANCE", f"tests-own-{worker_id}")
    instance = current_instance()
    yield instance
    down()
    shutil.rmtree(instance.folder)


@contextmanager
def database() -> Iterator[OdooConnection]:
    """Lend a database of its own, as Odoo's installer leaves one; it is dropped in any case.

    The suite's Odoo must be up, and stay up until then (fixture `odoo_server`).
    """
    name = f"{PREFIX}{uuid.uuid4().hex[:16]}"
    connection = fresh_database(name)
    try:
        yield connection
    finally:
        drop_database(name)


def _others(users: Path) -> list[Path]:
    """List the workers that still use the server; those that were killed are struck off."""
    found = []
    for sign in users.glob("[0-9]*"):
        try:
            os.kill(int(sign.name.partition("-")[0]), 0)
        except ProcessLookupError:
            sign.unlink()
        else:
            found.append(sign)
    return found
