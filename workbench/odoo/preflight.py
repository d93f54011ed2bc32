"""Before anything is written: can this Odoo take the migration, and what could it set off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from workbench.config import Config
from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.odoo.client import JSON2_SINCE, Odoo, is_odoo_cloud

OLDEST = 17
"""The oldest major version whose views and fields are known to fit."""
TESTED = 19
"""The major version that the tests run against."""

MODULES = {"contacts": "Contacts", "crm": "CRM", "calendar": "Calendar"}

WRITES = ("create", "write", "unlink")
RIGHTS: dict[str, tuple[str, ...]] = {
    "res.partner": ("read", *WRITES),
    "crm.lead": ("read", *WRITES),
    "calendar.event": ("read", *WRITES),
    "mail.message": ("read", *WRITES),
    "ir.attachment": ("read", *WRITES),
    "res.partner.category": ("read", *WRITES),
    "crm.stage": ("read", *WRITES),
    "ir.model.fields": ("read", *WRITES),
    "ir.model.fields.selection": ("read", *WRITES),
    "ir.ui.view": ("read", *WRITES),
    "ir.model.data": ("read", *WRITES),
    "res.groups": ("read", *WRITES),
    "res.users": ("read",),
    "res.country": ("read",),
    "res.country.state": ("read",),
    "ir.model": ("read",),
}
"""What is read and written; taking back needs `unlink` wherever `create` is used."""


class Level(StrEnum):
    """Fine: nothing to do. Warning: know it. Blocker: the migration cannot start."""

    FINE = "fine"
    WARNING = "warning"
    BLOCKER = "blocker"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `do` is empty where nothing needs doing."""

    level: Level
    subject: str
    what: str
    do: str = ""


def preflight(odoo: Odoo, config: Config) -> list[Finding]:
    """Look at everything that a migration relies on or could set off. Only reads.

    Raises:
        OdooUnreachableError, OdooAuthError, OdooDatabaseError: it cannot be looked at at all.
    """
    target = config.migration.appointments_to
    findings = [*_version(odoo), *_hosting(odoo), *_user(odoo), *_modules(odoo, target)]
    if any(finding.level is Level.BLOCKER and finding.subject == "modules"
           for finding in findings):  # fmt: skip
        return findings  # what a missing module would bring cannot be asked for
    findings += _rights(odoo, restrict=config.migration.restrict_clinical_fields)
    findings += _languages(odoo)
    findings += _companies(odoo)
    findings += _side_effects(odoo)
    findings += _custom_fields(odoo)
    return findings


def _version(odoo: Odoo) -> Iterator[Finding]:
    version = odoo.version()
    edition = "Enterprise" if version.enterprise else "Community, or an edition it does not name"
    if version.major < OLDEST:
        yield Finding(
            Level.BLOCKER, "version", f"Odoo {version.text} is older than {OLDEST}.",
            "Upgrade Odoo first.",
        )  # fmt: skip
    elif version.major != TESTED:
        yield Finding(
            Level.WARNING, "version", f"Odoo {version.text}; the tests run against {TESTED}.",
            "Look closely at the sample before the full load.",
        )  # fmt: skip
    else:
        yield Finding(Level.FINE, "version", f"Odoo {version.text}.")
    yield Finding(Level.FINE, "edition", f"{edition}.")
    if version.major >= JSON2_SINCE and odoo.protocol == "jsonrpc":
        yield Finding(
            Level.WARNING, "protocol", "JSON-RPC is used though JSON-2 is there.",
            "Set protocol to auto under [odoo]: JSON-RPC ends with Odoo 22.",
        )  # fmt: skip


def _hosting(odoo: Odoo) -> Iterator[Finding]:
    parts = urlsplit(odoo.url)
    host = parts.hostname or ""
    if is_odoo_cloud(odoo.url):
        yield Finding(
            Level.WARNING, "hosting", "Odoo's own cloud: about one call a second is agreed.",
            "API access needs the Custom plan; plan for the time shown in the forecast.",
        )  # fmt: skip
    elif host.endswith((".dev.odoo.com", ".odoo.sh")):
        yield Finding(
            Level.WARNING, "hosting", "An Odoo.sh build, which its platform may replace.",
            "Migrate into the production branch, not into a build for development.",
        )  # fmt: skip
    else:
        yield Finding(Level.FINE, "hosting", "A server of your own.")
    if parts.scheme != "https" and host not in {"127.0.0.1", "localhost", "::1"}:
        yield Finding(
            Level.WARNING, "hosting", "The address is not https: patients would travel openly.",
            "Use the https address.",
        )  # fmt: skip


def _user(odoo: Odoo) -> Iterator[Finding]:
    user = odoo.me()
    yield Finding(Level.FINE, "user", f"Works as {user.login} (user {user.id}).")
    rows = odoo.search_read(
        "res.users", [["id", "=", user.id], ["login_date", "!=", False]], fields=["login_date"]
    )
    if rows:
        yield Finding(
            Level.WARNING, "user", "Somebody also signs in as this user.",
            "Make a user for the migration alone: rollback keeps what other users changed, "
            "and cannot tell this user's own edits from the migration.",
        )  # fmt: skip


def _modules(odoo: Odoo, target: str) -> Iterator[Finding]:
    needed = dict(MODULES)
    if target == "crm.lead":
        needed.pop("calendar")
    elif target == "calendar.event":
        needed.pop("crm")
    there = _installed(odoo, set(needed))
    for module, name in needed.items():
        if module in there:
            yield Finding(Level.FINE, "modules", f"{name} is installed.")
        else:
            yield Finding(
                Level.BLOCKER, "modules", f"{name} is not installed.",
                f"Install {name} under Apps in Odoo.",
            )  # fmt: skip


def _installed(odoo: Odoo, modules: set[str]) -> set[str]:
    try:
        rows = odoo.search_read(
            "ir.module.module", [["name", "in", sorted(modules)], ["state", "=", "installed"]],
            fields=["name"],
        )  # fmt: skip
        return {row["name"] for row in rows}
    except OdooRightsError:  # for administrators alone: what they bring is asked for instead
        models = {"contacts": "res.partner", "crm": "crm.lead", "calendar": "calendar.event"}
        return {module for module in modules if _has_model(odoo, models[module])}


def _has_model(odoo: Odoo, model: str) -> bool:
    try:
        odoo.call(model, "fields_get", attributes=["type"])
    except OdooRightsError:
        return True
    except OdooRefusedError:
        return False
    return True


def _rights(odoo: Odoo, *, restrict: bool) -> Iterator[Finding]:
    asked = {model: rights for model, rights in RIGHTS.items() if restrict or model != "res.groups"}
    missing: list[str] = []
    for model, operations in asked.items():
        lacking = [name for name in operations if not may(odoo, model, name)]
        if lacking:
            missing.append(f"{model} ({', '.join(lacking)})")
    if missing:
        yield Finding(
            Level.BLOCKER, "rights", f"The user lacks rights: {'; '.join(missing)}.",
            "Give the user Administration: Settings and Sales: Administrator for the migration.",
        )  # fmt: skip
    else:
        yield Finding(Level.FINE, "rights", f"All rights on {len(asked)} models are there.")


def may(odoo: Odoo, model: str, operation: str) -> bool:
    """Whether the user may do something with a model's records; no such model: may not."""
    try:
        if odoo.version().major >= 18:  # noqa: PLR2004  # has_access came with 18
            return bool(odoo.call(model, "has_access", ids=[], operation=operation))
        return bool(
            odoo.call(model, "check_access_rights", operation=operation, raise_exception=False)
        )
    except (OdooRefusedError, OdooRightsError):
        return False


def _languages(odoo: Odoo) -> Iterator[Finding]:
    codes = sorted(code for code, _ in odoo.call("res.lang", "get_installed"))
    yield Finding(
        Level.FINE, "languages", f"Installed: {', '.join(codes)}.",
        "Patients whose language is not among them keep it in a field of its own.",
    )  # fmt: skip


def _companies(odoo: Odoo) -> Iterator[Finding]:
    count = odoo.call("res.company", "search_count", domain=[])
    if count > 1:
        yield Finding(
            Level.WARNING, "companies", f"There are {count} companies.",
            "Contacts are shared by all of them; visits go to the user's own company.",
        )  # fmt: skip
    else:
        yield Finding(Level.FINE, "companies", "There is one company.")


def _side_effects(odoo: Odoo) -> Iterator[Finding]:
    yield from _counted(
        odoo, "ir.mail_server", [["active", "=", True]], "outgoing mail servers",
        "Nothing is mailed by the migration; a rule of your own still could.",
    )  # fmt: skip
    yield from _counted(
        odoo, "base.automation", [["active", "=", True],
                                  ["model_id.model", "in", list(RIGHTS)]],
        "active automation rules on models that are written",
        "Switch them off for the migration: they run on every record that is made.",
    )  # fmt: skip
    if may(odoo, "calendar.event", "read"):
        yield Finding(Level.FINE, "mail", "Events are made without inviting anybody.")


def _counted(odoo: Odoo, model: str, domain: list[object], what: str, do: str) -> Iterator[Finding]:
    try:
        count = odoo.call(model, "search_count", domain=domain)
    except OdooRightsError:
        yield Finding(
            Level.WARNING, "side effects", f"The user may not see {what}.", "Look by hand."
        )
        return
    except OdooRefusedError:
        count = 0  # the module that would have them is not installed
    if count:
        yield Finding(Level.WARNING, "side effects", f"There are {count} {what}.", do)
    else:
        yield Finding(Level.FINE, "side effects", f"There are no {what}.")


def _custom_fields(odoo: Odoo) -> Iterator[Finding]:
    for model in ("res.partner", "crm.lead", "calendar.event"):
        if not may(odoo, model, "read"):
            continue
        names = sorted(name for name in odoo.fields(model) if name.startswith("x_"))
        if names:
            yield Finding(
                Level.WARNING, "custom fields",
                f"{model} has {len(names)} custom fields already: {', '.join(names)}.",
                "The schema plan says which of them fit and which stand in the way.",
            )  # fmt: skip
        else:
            yield Finding(Level.FINE, "custom fields", f"{model} has none yet.")
