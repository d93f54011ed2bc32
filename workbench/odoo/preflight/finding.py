"""What is found, and a way of looking that never takes "may not look" for "there is none"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, cast

from workbench.errors import OdooRefusedError, OdooRightsError
from workbench.odoo.client import Odoo

Row = dict[str, Any]


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


def fine(subject: str, what: str, do: str = "") -> Finding:
    """Say that something is as it should be."""
    return Finding(Level.FINE, subject, what, do)


def warning(subject: str, what: str, do: str) -> Finding:
    """Say what a person should know, and do, before the first write."""
    return Finding(Level.WARNING, subject, what, do)


def blocker(subject: str, what: str, do: str) -> Finding:
    """Say what keeps the migration from starting, and how it is mended."""
    return Finding(Level.BLOCKER, subject, what, do)


def unseen(subject: str, what: str, do: str = "") -> Finding:
    """Say that something could not be looked at: unknown is never shown as fine."""
    return warning(
        subject, f"{what} could not be looked at.",
        do or "Give the user Administration: Settings, or look by hand.",
    )  # fmt: skip


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Put blockers first, then warnings, then what is fine; within each as they were found."""
    order = list(Level)[::-1]
    return sorted(findings, key=lambda finding: order.index(finding.level))


def listed(names: Iterable[str], *, most: int = 8) -> str:
    """Name things in one line; beyond `most` only how many more there are."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def may(odoo: Odoo, model: str, operation: str) -> bool:
    """Whether the user's groups allow something on a model's records; no such model: no.

    Record rules are not asked: they decide record by record.
    """
    try:
        if odoo.version().major >= 18:  # noqa: PLR2004  # has_access came with 18
            return bool(odoo.call(model, "has_access", ids=[], operation=operation))
        return bool(
            odoo.call(model, "check_access_rights", operation=operation, raise_exception=False)
        )
    except (OdooRefusedError, OdooRightsError):
        return False


class Glance:
    """Reads of Odoo that answer None where the user may not look.

    Which models there are is asked once, so that a model that a missing module would bring
    counts as empty, while one the user may not read counts as not looked at.
    """

    OPTIONAL = (
        "base.automation", "digest.digest", "mailing.mailing", "marketing.campaign",
        "res.device.log",
    )  # fmt: skip
    """Models that some Odoo has and another has not."""

    PARAMETERS = (
        "crm.iap.lead.enrich.setting", "database.expiration_date", "database.is_neutralized",
        "google_calendar_sync_paused", "ir_attachment.location",
        "microsoft_calendar_sync_paused", "web.max_file_upload_size",
    )  # fmt: skip
    """The system parameters that matter here; others hold secrets and are never asked for."""

    def __init__(self, odoo: Odoo) -> None:
        self.odoo = odoo

    def rows(self, model: str, domain: list[Any], fields: list[str]) -> list[Row] | None:
        """Read records; empty where no module brings the model, None where it is refused."""
        if not self.has(model):
            return []
        try:
            return self.odoo.search_read(model, domain, fields=fields)
        except (OdooRightsError, OdooRefusedError):
            return None

    def count(self, model: str, domain: list[Any]) -> int | None:
        """Count records, archived ones not among them."""
        if not self.has(model):
            return 0
        try:
            return int(self.odoo.call(model, "search_count", domain=domain))
        except (OdooRightsError, OdooRefusedError):
            return None

    def fields(self, model: str) -> Mapping[str, Mapping[str, Any]]:
        """Give those fields of a model that the user may see; none where it is refused."""
        try:
            return self.odoo.fields(model)
        except (OdooRightsError, OdooRefusedError):
            return {}

    def has(self, model: str) -> bool:
        """Whether there may be such a model: unknown counts as there, and is refused then."""
        return model not in self.OPTIONAL or self._there is None or model in self._there

    def may(self, model: str, operation: str) -> bool:
        """Whether the user's groups allow something on a model; no such model: no."""
        return may(self.odoo, model, operation)

    def parameter(self, key: str) -> str | None:
        """Give a system parameter, empty where it is not set; None where it is not to be read."""
        return None if self._parameters is None else self._parameters.get(key, "")

    def installed(self, *modules: str) -> set[str] | None:
        """Give those of some modules that are installed; None where it is not to be read."""
        if self.modules is None:
            return None
        return {row["name"] for row in self.modules} & set(modules)

    @cached_property
    def modules(self) -> list[Row] | None:
        """The installed modules, with title and author; None where they are not to be read."""
        return self.rows(
            "ir.module.module", [["state", "=", "installed"]], ["name", "shortdesc", "author"]
        )

    @cached_property
    def _there(self) -> set[str] | None:
        try:
            rows = self.odoo.search_read(
                "ir.model", [["model", "in", list(self.OPTIONAL)]], fields=["model"]
            )
        except (OdooRightsError, OdooRefusedError):
            return None
        return {cast("str", row["model"]) for row in rows}

    @cached_property
    def _parameters(self) -> dict[str, str] | None:
        rows = self.rows(
            "ir.config_parameter", [["key", "in", list(self.PARAMETERS)]], ["key", "value"]
        )
        return None if rows is None else {row["key"]: row["value"] or "" for row in rows}
