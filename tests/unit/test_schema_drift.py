"""A plan holds for the database that it was made for, and for what is left of it after a kill."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from workbench.errors import GateError
from workbench.odoo import ItemKind, ItemState, SchemaItem, SchemaPlan
from workbench.odoo._drift import refuse_drift
from workbench.odoo.schema import make_item

FACTS = {"type": "selection", "string": "Clinic", "relation": None,
         "selection": [["n", "North"]]}  # fmt: skip
DETAIL = {"type": "selection", "label": "Clinic", "selection": ["n", "s"],
          "labels": ["North", "South"], "relation": "", "clinical": False}  # fmt: skip


def item(
    kind: ItemKind, name: str, found: dict[str, Any] | None = None, **detail: object
) -> SchemaItem:
    """Give an item that Odoo has, or, with nothing found, is to be given."""
    model = {ItemKind.STAGE: "crm.stage", ItemKind.GROUP: "res.groups"}.get(kind, "res.partner")
    made = make_item(kind, model, name, detail)
    state = ItemState.EXISTS if found else ItemState.MAKE
    return replace(made, state=state, found=found or {})


FIELD = item(ItemKind.FIELD, "x_clinic", FACTS, **DETAIL)
SOUTH = item(ItemKind.SELECTION, "x_clinic=s", field="x_clinic", value="s", label="South")
STAGE = item(ItemKind.STAGE, "Missed", {"id": 7, "name": "Missed", "is_won": False})
GROUP = item(ItemKind.GROUP, "PracticeHub clinical")
TAG = item(ItemKind.TAG, "PracticeHub patient")
VIEW = item(ItemKind.VIEW, "practicehub.form", {"active": True, "arch_db": "a1"}, inherits="b.v")
PLANNED = (FIELD, SOUTH, STAGE, GROUP, TAG, VIEW)


def told(*now: SchemaItem, ours: tuple[SchemaItem, ...] = ()) -> str:
    """Say why the plan is refused for what is there now; "" where it is not."""
    kept = json.loads(json.dumps(SchemaPlan("module", PLANNED).as_json()))
    try:
        refuse_drift(SchemaPlan.from_json(kept), now, ours={one.external_id for one in ours})
    except GateError as refused:
        return refused.what
    return ""


def seen(changed: SchemaItem, **facts: object) -> SchemaItem:
    """Give an item as it is found with other facts."""
    return replace(changed, found={**changed.found, **facts})


def test_a_database_that_stayed_as_it_was_is_not_refused() -> None:
    """Also where the plan was kept as JSON in between."""
    assert told(*PLANNED) == ""


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(FIELD, state=ItemState.CONFLICT, why="Odoo has a field of type char."),
         "field res.partner.x_clinic no longer fits: Odoo has a field of type char"),
        (seen(FIELD, string="Branch"), "field res.partner.x_clinic has another label"),
        (seen(FIELD, relation="res.users"), "field res.partner.x_clinic has another relation"),
        (seen(FIELD, selection=[["n", "Noord"]]), "has another selection"),
        (seen(FIELD, selection=[["n", "North"], ["e", "East"]]), "has another selection"),
        (replace(FIELD, state=ItemState.MAKE, found={}), "x_clinic is no longer there"),
        (seen(STAGE, is_won=True), "stage Missed has another won"),
        (seen(STAGE, name="missed"), "stage Missed has another name"),
        (seen(VIEW, active=False), "view practicehub.form has another archived"),
        (seen(VIEW, arch_db="b2"), "view practicehub.form has another content"),
        (seen(GROUP, name="PracticeHub clinical"), "was made by somebody else"),
        (replace(TAG, state=ItemState.EXISTS), "tag PracticeHub patient was made by somebody else"),
    ],
)  # fmt: skip
def test_what_changed_is_named(changed: SchemaItem, words: str) -> None:
    """Type, label, relation, values, name, won, archived: whatever a load or a screen rests on."""
    now = [changed if (one.kind, one.name) == (changed.kind, changed.name) else one
           for one in PLANNED]  # fmt: skip

    assert words in told(*now)


def test_what_went_and_what_came_is_named() -> None:
    """A view without its parent, a value somebody added, and one that somebody took away."""
    west = item(ItemKind.SELECTION, "x_clinic=n", field="x_clinic", value="n", label="North")
    without = [one for one in PLANNED if one not in (VIEW, SOUTH)]
    words = told(*without, west)

    assert "view practicehub.form can no longer be placed" in words
    assert "selection res.partner.x_clinic=s was made by somebody else" in words
    assert "selection res.partner.x_clinic=n is needed now" in words


def test_what_a_killed_apply_has_made_of_the_plan_is_no_change() -> None:
    """The value is in the field, the group and the tag are there, all with our external ids."""
    field = seen(FIELD, selection=[["n", "North"], ["s", "South"]])
    group = replace(GROUP, state=ItemState.EXISTS, found={"name": GROUP.name})
    tag = replace(TAG, state=ItemState.EXISTS)

    assert told(field, STAGE, group, tag, VIEW, ours=(SOUTH, GROUP, TAG)) == ""
