"""What is found about a real Odoo before anything is written to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import real_odoo
from tests.support.odoo import database
from workbench.config import Config
from workbench.odoo import Finding, Level, Odoo, preflight
from workbench.sandbox.odoo import OdooConnection

pytestmark = pytest.mark.odoo


def _config(connection: OdooConnection) -> Config:
    return Config.model_validate({
        "practicehub": {"account": "test", "app_details": "workbench=ops@example.org"},
        "odoo": {"url": connection.url, "database": connection.database},
    })  # fmt: skip


def _levels(findings: list[Finding], subject: str) -> set[Level]:
    return {finding.level for finding in findings if finding.subject == subject}


@pytest.fixture(scope="module")
def connection(odoo_server: OdooConnection) -> Iterator[OdooConnection]:
    """One database for the cases of this module."""
    with database() as connection:
        yield connection


def test_an_administrator_meets_no_blocker(connection: OdooConnection) -> None:
    """The sandbox's Odoo can take a migration, and every finding says what to do where needed."""
    with real_odoo.client(connection) as odoo:
        findings = preflight(odoo, _config(connection))

    assert _levels(findings, "version") == {Level.FINE}
    assert _levels(findings, "rights") == {Level.FINE}
    assert Level.BLOCKER not in {finding.level for finding in findings}
    assert all(finding.do for finding in findings if finding.level is not Level.FINE)


def test_an_employee_is_stopped_for_want_of_rights(connection: OdooConnection) -> None:
    """The models and operations that are lacking are named, before the first write."""
    with real_odoo.person(connection, "employee") as odoo:
        findings = preflight(odoo, _config(connection))
    blockers = [finding for finding in findings if finding.level is Level.BLOCKER]

    assert {finding.subject for finding in blockers} >= {"rights"}
    assert "ir.model.fields" in next(f.what for f in blockers if f.subject == "rights")


def test_custom_fields_that_are_there_are_named(connection: OdooConnection) -> None:
    """What somebody built before is not found out by accident."""
    with real_odoo.client(connection) as odoo:
        model = odoo.call("ir.model", "search", domain=[["model", "=", "res.partner"]])[0]
        made = odoo.call("ir.model.fields", "create", vals_list=[{
            "name": "x_shoe_size", "field_description": "Shoe", "model_id": model, "ttype": "float",
        }])  # fmt: skip
        odoo.forget()
        findings = preflight(odoo, _config(connection))
        odoo.call("ir.model.fields", "unlink", ids=made)

    assert any("x_shoe_size" in finding.what for finding in findings)


def test_a_shared_user_is_warned_of(connection: OdooConnection) -> None:
    """Rollback keeps other users' work; it cannot tell the migrating user's own."""
    with real_odoo.client(connection) as odoo:
        odoo.call("res.users.log", "create", vals_list=[{}])  # as Odoo notes a sign-in
        found: Odoo = odoo
        findings = preflight(found, _config(connection))

    assert any(finding.subject == "user" for finding in findings)
    assert Level.WARNING in _levels(findings, "user")
