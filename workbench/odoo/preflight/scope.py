"""Which models a migration reads and writes, by what the clinic wants of it."""

from __future__ import annotations

from workbench.config import MigrationConfig
from workbench.odoo.schema import MODEL_OF

ALL = ("read", "create", "write", "unlink")
"""Taking back needs `unlink` wherever `create` is used."""

READ = (
    "ir.model", "mail.activity", "res.company", "res.country", "res.country.state", "res.lang",
    "res.users",
)  # fmt: skip
"""What is only looked up."""

_CLINICAL = frozenset({"group", "model", "access"})
"""Kinds of the schema that are made for restricted clinical fields alone."""


def visit_models(config: MigrationConfig) -> list[str]:
    """List the models that a visit becomes a record of."""
    if config.appointments_to == "both":
        return ["crm.lead", "calendar.event"]
    return [config.appointments_to]


def record_models(config: MigrationConfig) -> list[str]:
    """List the models that get records of the clinic's."""
    return ["res.partner", *visit_models(config), "mail.message", "ir.attachment"]


def rights(config: MigrationConfig) -> dict[str, tuple[str, ...]]:
    """List what the user must be allowed to do, by model: neither less than needed nor more."""
    schema = [
        model
        for kind, model in MODEL_OF.items()
        if (config.restrict_clinical_fields or kind.value not in _CLINICAL)
        and (model != "crm.stage" or "crm.lead" in visit_models(config))
    ]
    written = [*record_models(config), "ir.model.data", *schema]
    return dict.fromkeys(READ, ("read",)) | dict.fromkeys(written, ALL)
