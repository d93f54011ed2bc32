"""The destination: Odoo's client, preflight, schema, load, read-back and rollback."""

from workbench.odoo._compare import EDITED, CellName, Kept, Said
from workbench.odoo._rows import Refusal
from workbench.odoo.apply import SchemaReport, apply_schema
from workbench.odoo.automations import Access, Automation, Look, automations, modules
from workbench.odoo.by_hand import BEYOND_HANDS, SCREENS, ChecklistRow, checklist, to_do_by_hand
from workbench.odoo.client import Odoo, User, Version, open_odoo
from workbench.odoo.existing import Contact, Standing, contacts, standing
from workbench.odoo.load import Loader, LoadReport, NewLink
from workbench.odoo.lookups import Lookups
from workbench.odoo.preflight import Finding, Level, preflight
from workbench.odoo.readback import ATTACHMENT_FIELDS, read_back, standing_ids, vanished
from workbench.odoo.rollback import plan_rollback
from workbench.odoo.rollback_plan import (
    Along,
    Blocker,
    Keep,
    Removal,
    Restoration,
    RollbackPlan,
    Taken,
)
from workbench.odoo.schema import GROUP, ItemKind, ItemState, SchemaItem, SchemaPlan
from workbench.odoo.schema_look import own_fields, plan_schema
from workbench.odoo.settle import settle
from workbench.odoo.shape import counted, shape
from workbench.odoo.undo import RollbackReport, apply_rollback, demand
from workbench.odoo.users import (
    NewUser,
    UserItem,
    UserState,
    make_users,
    plan_users,
    visit_groups,
)
from workbench.odoo.values import Plain, edited, held_mark, marks_of, plain, resolved, same
from workbench.odoo.wanted import wanted

__all__ = [
    "ATTACHMENT_FIELDS", "BEYOND_HANDS", "EDITED", "GROUP", "SCREENS", "Access", "Along",
    "Automation", "Blocker", "CellName", "ChecklistRow", "Contact", "Finding", "ItemKind",
    "ItemState", "Keep", "Kept", "Level", "LoadReport", "Loader", "Look", "Lookups", "NewLink",
    "NewUser", "Odoo", "Plain", "Refusal", "Removal", "Restoration", "RollbackPlan",
    "RollbackReport", "Said", "SchemaItem", "SchemaPlan", "SchemaReport", "Standing", "Taken",
    "User", "UserItem", "UserState", "Version", "apply_rollback", "apply_schema", "automations",
    "checklist", "contacts", "counted", "demand", "edited", "held_mark", "make_users", "marks_of",
    "modules", "open_odoo", "own_fields", "plain", "plan_rollback", "plan_schema", "plan_users",
    "preflight", "read_back", "resolved", "same", "settle", "shape", "standing", "standing_ids",
    "to_do_by_hand", "vanished", "visit_groups", "wanted",
]  # fmt: skip
