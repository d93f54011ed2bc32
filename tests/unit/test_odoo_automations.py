"""How Odoo's automations are read, where the module that has them is installed or is not."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from workbench.errors import OdooUnreachableError
from workbench.odoo import Access, Automation, Look, Odoo, automations, modules
from workbench.odoo.automations import Kind, Module

RULES = "base.automation"
FIELDS: dict[str, Any] = {
    "name": {"type": "char"}, "model_name": {"type": "char"}, "active": {"type": "boolean"},
    "trigger": {"type": "selection", "selection": [["on_time", "Based on date field"],
                                                   ["on_stage_set", "Stage is set to"]]},
    "trg_date_range": {"type": "integer"}, "trg_date_range_type": {"type": "selection"},
    "trg_date_range_mode": {"type": "selection"},
}  # fmt: skip


def odoo(answers: dict[str, Any], *, status: int = 404, error: str = "NotFound") -> Odoo:
    """Open an Odoo that answers "model/method" from a table, and refuses everything else."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/json/2/")
        if path not in answers:
            return httpx.Response(status, json={"name": f"odoo.exceptions.{error}", "message": "x"})
        rows = answers[path]
        if path.endswith("search_read"):
            wanted = json.loads(request.content)["fields"]
            rows = [{"id": 1} | {name: row.get(name, False) for name in wanted} for row in rows]
        return httpx.Response(200, json=rows)

    return Odoo(url="https://clinic.example.org", database="clinic", api_key="k",
                protocol="json2", transport=httpx.MockTransport(answer))  # fmt: skip


def rules(*rows: dict[str, Any], fields: dict[str, Any] = FIELDS) -> Look:
    """Read some automation rules."""
    made = odoo({f"{RULES}/fields_get": fields, f"{RULES}/search_read": list(rows)})
    [look] = automations(made, kinds=[Kind.RULE])
    return look


def test_a_rule_says_what_sets_it_off_and_on_what() -> None:
    """Its trigger in the words that Odoo's screens use."""
    look = rules({"name": "Thank", "model_name": "crm.lead", "trigger": "on_stage_set",
                  "active": True})  # fmt: skip

    assert look == Look(Kind.RULE, Access.SEEN, (
        Automation(Kind.RULE, "Thank", "crm.lead", "Stage is set to", active=True),))  # fmt: skip


@pytest.mark.parametrize(
    ("span", "mode", "when"),
    [(2, "before", "2 hour before"), (2, "after", "2 hour after"), (-24, False, "24 hour before"),
     (0, False, "")],
)  # fmt: skip
def test_a_rule_of_time_says_how_long_before_or_after(span: int, mode: object, when: str) -> None:
    """Older versions write "before" as a negative number."""
    look = rules({"name": "R", "model_name": "crm.lead", "trigger": "on_time", "active": True,
                  "trg_date_range": span, "trg_date_range_type": "hour",
                  "trg_date_range_mode": mode})  # fmt: skip

    assert look.found[0].when == ", ".join(filter(None, ("Based on date field", when)))


def test_a_rule_that_is_switched_off_is_found_and_not_active() -> None:
    """It could be switched on again by a click."""
    look = rules({"name": "Off", "model_name": "crm.lead", "trigger": "on_time", "active": False})

    assert (len(look.found), look.active) == (1, [])


def test_fields_that_a_version_does_not_have_are_not_asked_for() -> None:
    """An older Odoo answers for what it has, and is not taken for one without the module."""
    fields = {name: FIELDS[name] for name in ("name", "active")}
    look = rules({"name": "Old"}, fields=fields)

    assert look.access is Access.SEEN
    assert look.found[0].name == "Old"


def test_a_module_that_is_not_installed_has_no_automations() -> None:
    """Odoo knows no such model."""
    looks = automations(odoo({}))

    assert {look.access for look in looks} == {Access.ABSENT}


def test_what_may_not_be_seen_is_not_called_none() -> None:
    """The user lacks the right: nobody knows what there is."""
    looks = automations(odoo({}, status=403, error="AccessError"))

    assert {look.access for look in looks} == {Access.HIDDEN}
    assert modules(odoo({}, status=403, error="AccessError"), ["crm"]) == {"crm": Module.HIDDEN}


def test_an_odoo_that_does_not_answer_is_an_error_and_no_empty_list() -> None:
    """Could not find out is never an empty list."""

    def lost(_request: httpx.Request) -> httpx.Response:
        what = "no route"
        raise httpx.ConnectError(what)

    made = Odoo(url="https://clinic.example.org", database="clinic", api_key="k",
                protocol="json2", transport=httpx.MockTransport(lost))  # fmt: skip

    with pytest.raises(OdooUnreachableError):
        automations(made)


def test_modules_that_are_only_advertised_are_of_another_edition() -> None:
    """Community lists Enterprise's apps without their code."""
    rows = [{"name": "crm", "state": "installed"}, {"name": "survey", "state": "uninstalled"},
            {"name": "sign", "state": "uninstallable"},
            {"name": "mail", "state": "to upgrade"}]  # fmt: skip
    told = modules(odoo({"ir.module.module/search_read": rows}),
                   ["crm", "survey", "sign", "mail", "planning"])  # fmt: skip

    assert told == {"crm": Module.INSTALLED, "survey": Module.AVAILABLE, "mail": Module.INSTALLED,
                    "sign": Module.ELSEWHERE, "planning": Module.ELSEWHERE}  # fmt: skip
