"""Where a field may go: what the actual Odoo offers, and which transforms feed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.mapping import MapRow
from workbench.mapping.choices import PLAIN_TRANSFORMS
from workbench.mapping.faults import CUSTOM_TYPES, MODELS, OdooFields
from workbench.mapping.model import RESERVED
from workbench.mapping.naming import label_of
from workbench.mapping.templates import ARCHIVE, shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.panels.fields_facts import FieldFacts
from workbench.staging.forms import is_answer

NEW_TYPES = tuple(sorted(CUSTOM_TYPES - {"many2one"}))
"""Types of a new custom field that a person may choose; a link is proposed, never made up."""

_RELATIONS = {
    "country": "res.country", "state": "res.country.state", "stage": "crm.stage",
    "patient": "res.partner", "practitioner": "res.users",
}  # fmt: skip
"""Transform that gives a record → the model it is of."""
_BOOKKEEPING = {
    "id", "display_name", "create_uid", "create_date", "write_uid", "write_date", "active",
    "message_main_attachment_id", *RESERVED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """One field of Odoo, or (no name) a new custom field of a model."""

    model: str
    name: str
    type: str
    label: str
    relation: str = ""

    @property
    def path(self) -> str:
        """Model and field, "res.partner.phone"; "res.partner." for a new one."""
        return f"{self.model}.{self.name}" if self.model else self.name

    @property
    def is_new(self) -> bool:
        """Whether it is a new custom field, still to be named."""
        return not self.name

    def __str__(self) -> str:
        """Say label, name and type."""
        if self.path == ARCHIVE:
            return "the run folder alone: nothing in Odoo would show it"
        if self.is_new:
            return f"New: a custom field of {self.model}"
        return f"{self.label} · {self.path} ({self.type})"


def targets_of(resource: str, facts: FieldFacts) -> list[Target]:
    """List where fields of a resource may go: new fields first, then Odoo's own by label."""
    models = models_of(resource, facts.proposals.values())
    found = [
        _target(model, name, facts.odoo_fields)
        for model in models
        for name in facts.odoo_fields.get(model, {})
        if _offered(name, facts.odoo_fields[model][name])
    ]
    fresh = [Target(model, "", "", "") for model in models]
    return [*fresh, *sorted(found, key=lambda one: (one.label.casefold(), one.path))]


def models_of(resource: str, rows: Iterable[MapRow]) -> list[str]:
    """Name the models that records of a resource become, by what is proposed for its fields."""
    own = [row for row in rows if row.resource == resource]
    named = {row.model for row in own if not row.disposition.plain} & MODELS
    answers = {"res.partner"} if any(is_answer(row.path) for row in own) else set()
    return sorted((named or {row.model for row in own} & MODELS) | answers)


def target_of(row: MapRow, odoo_fields: OdooFields) -> Target:
    """Give the target of a row: a field that Odoo has, or the new one of that name."""
    known = odoo_fields.get(row.model, {})
    if row.name in known:
        return _target(row.model, row.name, odoo_fields)
    return Target(row.model, row.name, row.type, row.label or label_of(row.name))


def transforms_for(kind: str, relation: str = "", *, proposed: str = "") -> list[str]:
    """Name the transforms that feed a field of a type: the proposed one, the plain one, others."""
    fitting = sorted(name for name, one in TRANSFORMS.items() if kind in one.feeds)
    if relation:
        fitting = [name for name in fitting if _RELATIONS.get(name, relation) == relation]
    first = [name for name in (proposed, PLAIN_TRANSFORMS.get(kind, "")) if name in fitting]
    return list(dict.fromkeys([*first, *fitting]))


def looks_up(transform: str) -> bool:
    """Whether a transform says which record, user, country or choice is meant."""
    return any(
        entry.transform == transform and entry.disposition == "lookup"
        for template in shipped().resources.values()
        for entry in template.entries
    )


def _target(model: str, name: str, odoo_fields: OdooFields) -> Target:
    there = odoo_fields[model][name]
    return Target(
        model, name, str(there.get("type")), str(there.get("string") or label_of(name)),
        str(there.get("relation") or ""),
    )  # fmt: skip


def _offered(name: str, there: object) -> bool:
    """Leave out what Odoo fills itself, and what no transform can fill."""
    if not isinstance(there, dict) or name in _BOOKKEEPING:
        return False
    if there.get("readonly") or there.get("store") is False:
        return False
    if name.startswith(("message_", "activity_", "my_activity_", "__")):
        return False
    kind, relation = str(there.get("type")), str(there.get("relation") or "")
    if kind == "many2one":
        return relation in _RELATIONS.values()
    return kind in CUSTOM_TYPES | {"monetary"}
