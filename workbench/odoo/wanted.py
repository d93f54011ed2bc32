"""From what the map needs to the items of the schema that give it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.mapping.clinical import CONTACT, VAULT, guarded
from workbench.mapping.model import CLINICAL_LINK, CLINICAL_NAME, CLINICAL_OF
from workbench.mapping.rows import FieldNeed, SchemaNeeds, StageNeed
from workbench.odoo.menus import actions, menus
from workbench.odoo.own_views import own_views
from workbench.odoo.schema import GROUP, ItemKind, SchemaItem, make_item
from workbench.odoo.views import View, views

_ALONE = (
    "Its members alone read clinical records, on screens, through the API and in an export; "
    "administrators only once they join it. Notes and files on a contact are no such records: "
    "whoever reads the contact reads those."
)
_ON_SCREENS = "Hidden on screens from who is outside the group; the API and an export give it."
_FOR_ALL = "Odoo had this field before us: whoever reads contacts reads it."
_LOOK_UP = """\
found = {{}}
if self.env.user.has_group('{group}'):
    for one in self.env['{vault}'].sudo().search([('{of}', 'in', self.ids)], order='id desc'):
        found[one['{of}'].id] = one.id
for contact in self:
    contact['{link}'] = found.get(contact.id)
"""
"""What Odoo runs to find contacts' clinical records, of several the first; none for outsiders.

The user is the person also where Odoo reads on with all rights, as it does for shown fields.
"""


def wanted(
    needs: SchemaNeeds, *, module: str, restrict_clinical: bool, rows: str = "list"
) -> list[SchemaItem]:
    """List everything a load relies on, each as if it were to be made.

    Args:
        needs: what the map asks for.
        module: our external ids' module.
        restrict_clinical: keep contacts' clinical fields on records that one group alone reads.
        rows: what this Odoo calls a list.
    """
    if restrict_clinical:
        needs = guarded(needs)
    fields = [
        replace(need, clinical=need.clinical and restrict_clinical and not need.stood)
        for need in needs.fields
    ]
    items: list[SchemaItem] = []
    if any(need.clinical for need in fields):
        comment = "Alone reads the clinical records that came from PracticeHub."
        item = make_item(ItemKind.GROUP, "res.groups", GROUP, {"comment": comment})
        items.append(replace(item, why=_ALONE))
    group = f"{module}.{make_item(ItemKind.GROUP, 'res.groups', GROUP, {}).external_id}"
    if any(need.model == VAULT for need in fields):
        items += _vault(group)
    items += [_field(need, group=group, restrict=restrict_clinical) for need in needs.fields]
    items += [_stage(need) for need in needs.stages]
    items += [make_item(ItemKind.TAG, "res.partner.category", name, {}) for name in needs.tags]
    shown: list[View] = []
    for model in dict.fromkeys(need.model for need in fields):
        of_model = [need for need in fields if need.model == model]
        if model == VAULT:  # the patient stands for the patient's name
            of_model = [need for need in of_model if need.name != CLINICAL_NAME]
            of_model.append(FieldNeed(VAULT, CLINICAL_OF, "many2one", "Patient", relation=CONTACT))
        shown += views(model, of_model, group=group)
        shown += own_views(model, of_model, rows=rows)
    items += [_view(view) for view in shown]
    names = [view.name for view in shown]
    opened = actions(needs, views=names, group=group, rows=rows)
    items += [make_item(ItemKind.ACTION, one.model, one.name, one.detail()) for one in opened]
    items += [make_item(ItemKind.MENU, one.model, one.path, one.detail()) for one in menus(opened)]
    return items


def _vault(group: str) -> list[SchemaItem]:
    """List the model of the clinical records, and the one right to read and write them."""
    detail = {"title": "Clinical record", "of": CLINICAL_OF, "relation": CONTACT}
    return [
        make_item(ItemKind.MODEL, "ir.model", VAULT, detail),
        make_item(ItemKind.ACCESS, VAULT, GROUP, {"group": group}),
    ]


def _field(need: FieldNeed, *, group: str, restrict: bool) -> SchemaItem:
    clinical = need.clinical and restrict
    detail: dict[str, Any] = {
        "type": need.type, "label": need.label, "selection": list(need.selection),
        "labels": list(need.labels or need.selection),
        "relation": need.relation, "clinical": clinical and not need.stood,
    }  # fmt: skip
    if need.help:
        detail["help"] = need.help
    if need.related:
        detail["related"] = need.related
    elif (need.model, need.name) == (CONTACT, CLINICAL_LINK):
        detail["compute"] = _LOOK_UP.format(
            group=group, vault=VAULT, of=CLINICAL_OF, link=CLINICAL_LINK
        )
    item = make_item(ItemKind.FIELD, need.model, need.name, detail)
    if clinical and need.stood:
        return replace(item, why=_FOR_ALL)
    if clinical and need.model != CONTACT:
        return replace(item, why=_ON_SCREENS)
    return item


def _stage(need: StageNeed) -> SchemaItem:
    detail = {"sequence": need.sequence, "fold": need.fold}
    return make_item(ItemKind.STAGE, "crm.stage", need.name, detail)


def _view(view: View) -> SchemaItem:
    detail = {"inherits": view.inherits, "arch": view.arch, "alone": view.alone}
    return make_item(ItemKind.VIEW, view.model, view.name, detail)
