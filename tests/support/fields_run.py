"""A run as the audit leaves it, with fields of every kind to decide on; no server answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.made_runs import made_run
from tests.support.small_run import store_page
from workbench.mapping import MapOptions, field_questions, propose
from workbench.run import Run
from workbench.staging import profile_records
from workbench.state import canonical

MARKUP = "<script>alert(1)</script>"
SQL = "'; DROP TABLE decisions; --"
CANARY = "Quillonbrook"
"""A surname that no other text here holds: where it shows, a patient's value does."""

ODOO_FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    "res.partner": {
        **{name: {"type": "char", "string": label, "store": True, "readonly": False}
           for name, label in (("name", "Name"), ("ref", "Reference"), ("email", "Email"),
                               ("phone", "Phone"), ("street", "Street"), ("street2", "Street 2"),
                               ("city", "City"), ("zip", "ZIP"), ("function", "Job Position"),
                               ("website", "Website Link"))},
        "lang": {"type": "selection", "string": "Language", "selection": [["en_US", "English"]]},
        "comment": {"type": "html", "string": "Notes"},
        "color": {"type": "integer", "string": "Color Index"},
        "state_id": {"type": "many2one", "string": "State", "relation": "res.country.state"},
        "country_id": {"type": "many2one", "string": "Country", "relation": "res.country"},
        "industry_id": {"type": "many2one", "string": "Industry",
                        "relation": "res.partner.industry"},
        "complete_name": {"type": "char", "string": "Complete Name", "readonly": True},
        "x_zwem": {"type": "float", "string": "Own number"},
    },
}  # fmt: skip
"""Part of what Odoo 19 offers on a contact, and one custom field."""

UNREADABLE = "31/02/2020"
"""A day that no month has."""

DAYS, EITHER, NUMBERS, WORDS = (
    f"patients.custom_fields.{name}" for name in ("Zwik", "Zwak", "Zwem", "Zwop")
)
"""Fields whose names nobody knows: dates day first, dates of either order, numbers, words."""

OPTIONS = MapOptions(timezone="Europe/Amsterdam", country="NL")


def patients(count: int = 30) -> list[dict[str, object]]:
    """Make synthetic patients, the third of whom has a date that cannot be read."""
    return [
        {
            "id": number,
            "first_name": f"Anna{number}",
            "last_name": CANARY,
            "email": f"anna{number}@example.org",
            "phone": f"020 555 {number:04}",
            "custom_fields": {
                "Zwik": UNREADABLE if number == 3 else f"{number % 28 + 1}/{number % 12 + 1}/2020",
                "Zwak": f"{number % 9 + 1}/{number % 12 + 1}/2021",
                "Zwem": f"{36 + number % 9}.5",
                "Zwop": f"word {number % 7} of mine",
                MARKUP: f"text {number}",
                SQL: f"words {number}",
            },
        }
        for number in range(1, count + 1)
    ]  # fmt: skip


def fields_run(folder: Path, *, rows: Sequence[dict[str, object]] | None = None) -> Run:
    """Make a run at `folder`/runs/clinic whose fields are profiled, proposed and asked about."""
    run = made_run(folder)
    for resource, records in (("patients", list(rows or patients())), ("rooms", ROOMS)):
        store_page(run.folder, run.store, resource, records)
    ask(run)
    return run


ROOMS: list[dict[str, object]] = [{"id": n, "colour": "#00ff00"} for n in (1, 2, 3)]


def ask(run: Run) -> None:
    """Profile what is held and ask about it, as the audit does once Odoo has answered."""
    store = run.store
    profiles = [
        profile
        for resource in store.source.resources()
        for profile in profile_records(resource, (r.data for r in store.source.records(resource)))
    ]
    proposals = propose(profiles, odoo_fields=ODOO_FIELDS, options=OPTIONS)
    with store.transaction():
        for profile in profiles:
            store.staging.set_field(profile.field, profile.resource, profile.as_json())
        store.journey.set_document("odoo_fields", json.loads(canonical(ODOO_FIELDS)))
        store.journey.set_document(
            "proposals", {"config": "", "rows": [one.row.as_json() for one in proposals]}
        )
        store.decisions.ask(field_questions(proposals))
