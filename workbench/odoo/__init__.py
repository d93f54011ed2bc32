"""The destination: Odoo's client, preflight, schema, load, read-back and rollback."""

from workbench.odoo._rows import Refusal
from workbench.odoo._update import Kept
from workbench.odoo.apply import SchemaReport, apply_schema
from workbench.odoo.automations import Access, Automation, Look, automations, modules
from workbench.odoo.by_hand import BEYOND_HANDS, SCREENS, ChecklistRow, checklist, to_do_by_hand
from workbench.odoo.client import Odoo, User, Version, open_odoo
from workbench.odoo.existing import Contact, Standing, contacts, standing
from workbench.odoo.load import Loader, LoadReport, NewLink
from workbench.odoo.lookups import Lookups
from workbench.odoo.preflight import Finding, Level, preflight
from workbench.odoo.readback import ATTACHMENT_FIELDS, read_back
from workbench.odoo.rollback import Keep, Removal, Restoration, RollbackPlan, plan_rollback
from workbench.odoo.schema import GROUP, ItemKind, ItemState, SchemaItem, SchemaPlan
from workbench.odoo.schema_look import plan_schema
from workbench.odoo.settle import settle
from workbench.odoo.shape import counted, shape
from workbench.odoo.undo import RollbackReport, apply_rollback
from workbench.odoo.users import (
    NewUser,
    UserItem,
    UserState,
    make_users,
    plan_users,
    visit_groups,
)
from workbench.odoo.values import Plain, plain, resolved, same
from workbench.odoo.wanted import wanted

__all__ = [
    "ATTACHMENT_FIELDS", "BEYOND_HANDS", "GROUP", "SCREENS", "Access", "Automation", "ChecklistRow",
    "Contact", "Finding", "ItemKind", "ItemState", "Keep", "Kept", "Level", "LoadReport",
    "Loader", "Look", "Lookups", "NewLink", "NewUser", "Odoo", "Plain", "Refusal", "Removal",
    "Restoration", "RollbackPlan", "RollbackReport", "SchemaItem", "SchemaPlan", "SchemaReport",
    "Standing", "User", "UserItem", "UserState", "Version", "apply_rollback", "apply_schema",
    "automations", "checklist", "contacts", "counted", "make_users", "modules", "open_odoo",
    "plain", "plan_rollback", "plan_schema", "plan_users", "preflight", "read_back", "resolved",
    "same", "settle", "shape", "standing", "to_do_by_hand", "visit_groups", "wanted",
]  # fmt: skip
