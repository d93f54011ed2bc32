"""What somebody outside the rules, a language model, suggests for a field; never more than that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from workbench.mapping.choices import choice_faults, decided
from workbench.mapping.faults import OdooFields
from workbench.mapping.looks import NEVER, looks_right, share_of
from workbench.mapping.model import Disposition, MapRow
from workbench.mapping.options import MapOptions
from workbench.staging.profile import FieldProfile

MOST = 0.6
"""No suggestion is ever proposed with more confidence than this."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A target suggested for one field, and the suggester's reason in a sentence.

    `target`: model and field ("res.partner.function"), or "keep". It is checked like a
    person's choice before it is offered.
    """

    target: str
    reason: str = ""


def suggested_row(
    row: MapRow,
    suggestion: Suggestion,
    profile: FieldProfile,
    *,
    odoo_fields: OdooFields,
    options: MapOptions,
    fed: Collection[str],
) -> tuple[MapRow, float, tuple[str, ...]] | None:
    """Give the row a suggestion makes, a confidence and reasons; None where it will not do.

    It will not where a person could not choose it, where the target is fed by another field,
    where the values do not look like what it takes, and where it would drop anything.

    Args:
        row: what is proposed without it.
        suggestion: the suggestion.
        profile: the field's values.
        odoo_fields: as for `check`.
        options: what the configuration says.
        fed: targets that other source fields feed.
    """
    target = suggestion.target.strip()
    if not target or target.startswith(("drop", "{")) or target in fed:
        return None
    if choice_faults(row, target, "", odoo_fields, options=options):
        return None
    made = decided(row, target, odoo_fields, "", options=options)
    never = NEVER.get(made.transform, frozenset())
    if made.disposition is Disposition.DROPPED or not looks_right(1 - share_of(profile, never)):
        return None
    reason = " ".join(suggestion.reason.split())
    return made, MOST, (f"suggested by the language model{f': {reason}' if reason else ''}",)
