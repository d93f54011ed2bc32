"""What an Odoo database already does by itself: rules, templates, plans, reminders, jobs.

Read so that nothing fires twice: whoever rebuilds the clinic's workings in Odoo sees what is
there, and preflight sees what could go off while records are made. Only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.odoo.client import Odoo

Row = Mapping[str, Any]


class Kind(StrEnum):
    """What can act by itself, or is sent by what does."""

    RULE = "automation rules"
    JOB = "scheduled actions"
    ASSIGNMENT = "assignment of leads"
    PLAN = "activity plans"
    ALARM = "calendar reminders"
    MAIL = "mail templates"
    SMS = "SMS templates"
    SENDER = "outgoing mail servers"
    INBOX = "incoming mail servers"


class Access(StrEnum):
    """Whether a kind could be looked at. "Not seen" is never shown as "there is none"."""

    SEEN = "seen"
    ABSENT = "its module is not installed"
    HIDDEN = "the key's user may not see it"


@dataclass(frozen=True, slots=True)
class Automation:
    """One thing that acts, or is sent.

    Args:
        kind: what it is.
        name: as Odoo has it, in English where translated.
        model: the technical name of what it works on; empty where it is not about one.
        when: when it acts, in words; empty where something else sets it off.
        active: whether it is switched on.
    """

    kind: Kind
    name: str
    model: str
    when: str
    active: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What there is of one kind, in the order of Odoo's ids; empty unless it was seen."""

    kind: Kind
    access: Access
    found: tuple[Automation, ...] = ()

    @property
    def active(self) -> list[Automation]:
        """Those that are switched on."""
        return [one for one in self.found if one.active]


class Module(StrEnum):
    """How a module stands in a database; elsewhere: this edition does not bring it."""

    INSTALLED = "installed"
    AVAILABLE = "can be installed"
    ELSEWHERE = "not in this edition"
    HIDDEN = "not known"


def automations(odoo: Odoo, *, kinds: Collection[Kind] = tuple(Kind)) -> tuple[Look, ...]:
    """Look at everything that acts by itself, or is sent by what does; switched off ones too.

    Args:
        odoo: the database.
        kinds: what to look at; all of it unless told otherwise.

    Returns:
        A look for each kind, in the order of `Kind`. A kind whose module is missing, or that
        the user may not see, says so.

    Raises:
        DestinationError: Odoo cannot be asked at all.
    """
    return tuple(_look(odoo, kind) for kind in Kind if kind in kinds)


def modules(odoo: Odoo, names: Collection[str]) -> dict[str, Module]:
    """Say of modules whether they are installed, could be, or are not in this edition.

    Raises:
        DestinationError: Odoo cannot be asked at all.
    """
    try:
        rows = odoo.search_read(
            "ir.module.module", [["name", "in", sorted(names)]], fields=["name", "state"]
        )
    except (OdooRightsError, OdooRefusedError):
        return dict.fromkeys(names, Module.HIDDEN)
    known = {row["name"]: _STATES.get(row["state"], Module.AVAILABLE) for row in rows}
    return {name: known.get(name, Module.ELSEWHERE) for name in names}


_STATES = {
    "installed": Module.INSTALLED,
    "to upgrade": Module.INSTALLED,
    "to remove": Module.INSTALLED,
    # listed only to be advertised: its code is not there
    "uninstallable": Module.ELSEWHERE,
}


# how each kind is read -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a kind is read: its model, the fields wanted (as far as there), and how."""

    model: str
    wanted: tuple[str, ...]
    read: Callable[[Odoo, Row], Automation]


def _look(odoo: Odoo, kind: Kind) -> Look:
    source = _SOURCES[kind]
    try:
        known = odoo.fields(source.model)
        rows = odoo.search_read(
            source.model, [], fields=[name for name in source.wanted if name in known]
        )
        found = tuple(source.read(odoo, row) for row in rows)
        if kind is Kind.ASSIGNMENT:
            found = tuple(_assignment(odoo, found))
    except OdooRightsError:
        return Look(kind, Access.HIDDEN)
    except OdooRefusedError:
        # 404: no such model in this database
        return Look(kind, Access.ABSENT)
    return Look(kind, Access.SEEN, found)


def _rule(odoo: Odoo, row: Row) -> Automation:
    when = _label(odoo, "base.automation", "trigger", row)
    span = row.get("trg_date_range")
    if span and str(row.get("trigger", "")).startswith("on_time"):
        side = "before" if row.get("trg_date_range_mode") == "before" or span < 0 else "after"
        when += f", {abs(span)} {row.get('trg_date_range_type') or ''} {side}"
    return Automation(Kind.RULE, _text(row), row.get("model_name") or "", when, _on(row))


def _job(_odoo: Odoo, row: Row) -> Automation:
    unit, number = str(row.get("interval_type", "?")), row.get("interval_number", "?")
    when = f"every {unit.removesuffix('s')}" if number == 1 else f"every {number} {unit}"
    name = str(row.get("cron_name") or row.get("name") or "")
    return Automation(Kind.JOB, name, row.get("model_name") or "", when, _on(row))


def _team(_odoo: Odoo, row: Row) -> Automation:
    active = _on(row) and not row.get("assignment_optout")
    return Automation(Kind.ASSIGNMENT, _text(row), "crm.lead", "", active)


def _plan(_odoo: Odoo, row: Row) -> Automation:
    steps = len(row.get("template_ids") or ())
    when = f"when someone starts it: {steps} step{'' if steps == 1 else 's'}"
    return Automation(Kind.PLAN, _text(row), row.get("res_model") or "", when, _on(row))


def _alarm(odoo: Odoo, row: Row) -> Automation:
    kind = _label(odoo, "calendar.alarm", "alarm_type", row)
    unit, number = str(row.get("interval", "?")), row.get("duration", "?")
    when = f"{kind}, {number} {unit.removesuffix('s') if number == 1 else unit} before"
    return Automation(Kind.ALARM, _text(row), "calendar.event", when, _on(row))


def _mail(_odoo: Odoo, row: Row) -> Automation:
    return Automation(Kind.MAIL, _text(row), row.get("model") or "", "", _on(row))


def _sms(_odoo: Odoo, row: Row) -> Automation:
    return Automation(Kind.SMS, _text(row), row.get("model") or "", "", _on(row))


def _sender(_odoo: Odoo, row: Row) -> Automation:
    return Automation(Kind.SENDER, _text(row), "", "whenever mail is queued", _on(row))


def _inbox(_odoo: Odoo, row: Row) -> Automation:
    return Automation(Kind.INBOX, _text(row), "", "when mail arrives", _on(row))


_SOURCES: Mapping[Kind, _Source] = {
    Kind.RULE: _Source(
        "base.automation",
        ("name", "model_name", "trigger", "active", "trg_date_range", "trg_date_range_type",
         "trg_date_range_mode"), _rule),
    Kind.JOB: _Source(
        "ir.cron",
        ("cron_name", "name", "model_name", "interval_number", "interval_type", "active"), _job),
    Kind.ASSIGNMENT: _Source("crm.team", ("name", "active", "assignment_optout"), _team),
    Kind.PLAN: _Source(
        "mail.activity.plan", ("name", "res_model", "template_ids", "active"), _plan),
    Kind.ALARM: _Source(
        "calendar.alarm", ("name", "alarm_type", "duration", "interval"), _alarm),
    Kind.MAIL: _Source("mail.template", ("name", "model", "active"), _mail),
    Kind.SMS: _Source("sms.template", ("name", "model"), _sms),
    Kind.SENDER: _Source("ir.mail_server", ("name", "active"), _sender),
    Kind.INBOX: _Source("fetchmail.server", ("name", "active"), _inbox),
}  # fmt: skip

_ASSIGNS = "crm.lead.auto.assignment"
"""The setting that lets Odoo hand out leads by itself (Settings, CRM, rule-based assignment)."""


def _assignment(odoo: Odoo, teams: Collection[Automation]) -> Iterator[Automation]:
    """Tell of each sales team whether leads are handed out in it; off unless switched on."""
    rows = odoo.search_read("ir.config_parameter", [["key", "=", _ASSIGNS]], fields=["value"])
    on = any(str(row["value"]).lower() not in {"", "0", "false"} for row in rows)
    when = "rule-based assignment is on" if on else "rule-based assignment is off"
    for team in teams:
        yield Automation(team.kind, team.name, team.model, when, on and team.active)


def _label(odoo: Odoo, model: str, field: str, row: Row) -> str:
    """Give a choice as people read it."""
    value = row.get(field)
    choices = odoo.fields(model).get(field, {}).get("selection") or ()
    return str(dict(choices).get(value, value or ""))


def _text(row: Row) -> str:
    return str(row.get("name") or "")


def _on(row: Row) -> bool:
    """Whether it is switched on; what has no switch always is."""
    return bool(row.get("active", True))
