"""A person can look at the migrated clinic: Odoo's web client works in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.browser import launch
from tests.support.real_odoo import post
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.browser, pytest.mark.odoo]

PATIENCE_MS = 60_000
"""A page's first drawing on a busy machine; usually two seconds."""


def test_a_contact_made_through_the_api_is_seen_in_the_browser(
    odoo_db: OdooConnection, tmp_path: Path
) -> None:
    """After logging in with the sandbox's password, a patient's form shows the patient's name."""
    patient = {"name": "Ann Example", "email": "ann@example.com"}
    made = post(odoo_db, "res.partner/create", vals_list=[patient])
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("response", lambda one: failed.append(one.url) if one.status >= 500 else None)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{odoo_db.url}/web/login?db={odoo_db.database}")
        page.get_by_label("Email").fill(odoo_db.login)
        page.get_by_label("Password").fill(odoo_db.password)
        page.screenshot(path=tmp_path / "login.png")
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url("**/odoo**")
        page.goto(f"{odoo_db.url}/odoo/contacts/{made.json()[0]}")
        name = page.locator(".o_form_view .o_field_widget[name=name]").first
        name.wait_for()
        seen = name.locator("input, textarea").first
        expect(seen).to_have_value("Ann Example")
        icon = page.evaluate(
            "() => document.fonts.load('16px FontAwesome').then((found) => found.length > 0)"
        )
        page.screenshot(path=tmp_path / "contact.png")
        browser.close()

    assert failed == []
    assert icon is True
