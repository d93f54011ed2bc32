"""The decision `schema`: a person agrees to what will be made in Odoo, or makes it by hand.

It is put together with the map's questions, from the map as decided or else proposed, so that
one answer to all of them takes it along; it is asked anew when the shape of the schema changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as MappingOf
from typing import TYPE_CHECKING, Any

from workbench.mapping import Mapping, schema_needs, stored_values, vault_fields
from workbench.mapping.rows import SchemaNeeds
from workbench.odoo import ItemKind, SchemaItem, counted, shape, wanted
from workbench.state import Question

if TYPE_CHECKING:
    from workbench.config import Config

SUBJECT = "schema"
APPLY, BY_HAND = "apply", "by hand"
_SAFE = "what is there already is left as it is, and a rollback takes out what was made"

OdooFields = MappingOf[str, MappingOf[str, MappingOf[str, Any]]]


def needs(mapping: Mapping, odoo_fields: OdooFields) -> SchemaNeeds:
    """List what a map asks of an Odoo that had these fields before anything of ours."""
    return schema_needs(mapping, stored=stored_values(odoo_fields), before=odoo_fields)


def items(config: Config, mapping: Mapping, odoo_fields: OdooFields) -> list[SchemaItem]:
    """List what a map asks of Odoo, each as if it were to be made; asks nobody."""
    return wanted(
        needs(mapping, odoo_fields),
        module=config.module,
        restrict_clinical=config.migration.restrict_clinical_fields,
    )


def clinical_fields(config: Config, mapping: Mapping, odoo_fields: OdooFields) -> frozenset[str]:
    """Name the fields of contacts whose values are kept on clinical records."""
    if not config.migration.restrict_clinical_fields:
        return frozenset()
    return vault_fields(needs(mapping, odoo_fields))


def question(found: list[SchemaItem]) -> Question:
    """Ask whether this may be made; what is decided on is its shape."""
    fields = Counter(item.model for item in found if item.kind is ItemKind.FIELD)
    listed = ", ".join(f"{count:,} of {model}" for model, count in sorted(fields.items()))
    return Question(
        SUBJECT,
        "prepare",
        f"Make {counted(found)} in Odoo?",
        (APPLY, BY_HAND),
        basis=shape(found),
        proposal=APPLY,
        reasons=(*([f"fields: {listed}"] if listed else []), _SAFE),
    )
