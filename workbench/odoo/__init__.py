"""The destination: Odoo's client, preflight, schema, load, read-back and rollback."""

from workbench.odoo._rows import Refusal
from workbench.odoo._update import Kept
from workbench.odoo.apply import SchemaReport, apply_schema
from workbench.odoo.client import Odoo, User, Version, is_odoo_cloud, open_odoo
from workbench.odoo.existing import Contact, Standing, contacts, standing
from workbench.odoo.load import Loader, LoadReport, NewLink
from workbench.odoo.lookups import Lookups
from workbench.odoo.preflight import Finding, Level, preflight
from workbench.odoo.readback import ATTACHMENT_FIELDS, read_back
from workbench.odoo.rollback import Keep, Removal, Restoration, RollbackPlan, plan_rollback
from workbench.odoo.schema import (
    GROUP,
    ChecklistRow,
    ItemKind,
    ItemState,
    SchemaItem,
    SchemaPlan,
    checklist,
    plan_schema,
)
from workbench.odoo.settle import settle
from workbench.odoo.undo import RollbackReport, apply_rollback
from workbench.odoo.values import Plain, plain, resolved, same

__all__ = [
    "ATTACHMENT_FIELDS",
    "GROUP",
    "ChecklistRow", "Contact", "Finding", "ItemKind", "ItemState", "Keep", "Kept", "Level",
    "LoadReport", "Loader", "Lookups", "NewLink", "Odoo", "Plain", "Refusal", "Removal",
    "Restoration", "RollbackPlan", "RollbackReport", "SchemaItem", "SchemaPlan", "SchemaReport",
    "Standing", "User", "Version", "apply_rollback", "apply_schema", "checklist", "contacts",
    "is_odoo_cloud", "open_odoo", "plain", "plan_rollback", "plan_schema", "preflight",
    "read_back", "resolved", "same", "settle", "standing",
]  # fmt: skip
