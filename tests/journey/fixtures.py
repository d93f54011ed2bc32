"""The migration of the brief's clinic, made once for all tests that look at it.

A test module asks for it with `pytest_plugins = ["tests.journey.fixtures"]` and keeps to the
xdist group BRIEF, so that one worker makes it once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journey.support import SIDE_EFFECTS, Brief, count_rows, journey
from workbench.sandbox.odoo import OdooConnection


@pytest.fixture(scope="session")
def brief(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brief]:
    """200 patients and about 1,100 visits of the `brief` vocabulary, from connect to reconcile."""
    with journey(tmp_path_factory.mktemp("brief"), patients=200, sample_size=60) as made:
        tables = (*SIDE_EFFECTS, "mail_message", "res_users")
        before = count_rows(made.odoo, *tables)
        made.travel()
        commands = tuple((one.command[0], one.code) for one in made.said
                         if one.command[0] != "status")  # fmt: skip
        yield Brief(made, commands, before, count_rows(made.odoo, *tables), made.status())
