"""Clinical facts of a patient, on a record of their own that one access group alone reads.

Odoo does not look at the access groups of a custom field: whoever reads contacts reads every
field that is stored on them, through its interface and in an export. Access rights of a model
do count. So clinical fields are stored on a model of their own, one record a patient, and the
contact only shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workbench.mapping.model import CLINICAL_LINK, CLINICAL_NAME, CLINICAL_OF
from workbench.mapping.rows import FieldNeed, LoadRow, Ref, RefKind, SchemaNeeds

CONTACT = "res.partner"
VAULT = "x_practicehub_clinical"
"""The model of the clinical records."""
_EDITED = "Shown from the contact's clinical record, and edited there."
_LINKED = (
    "What is clinically known of this contact, for the clinical group alone. A contact without "
    "one gets it in the menu PracticeHub, under Clinical records; of several the first shows here."
)


def vault_fields(needs: SchemaNeeds) -> frozenset[str]:
    """Name the patient's fields that are kept on the clinical record.

    All clinical ones but those that Odoo stored on contacts before: these stay where they are.
    """
    return frozenset(
        need.name
        for need in needs.fields
        if need.model == CONTACT and need.clinical and not need.stood
    )


def guarded(needs: SchemaNeeds) -> SchemaNeeds:
    """Move the clinical fields of contacts to the clinical record; contacts only show them.

    Clinical fields of visits stay where they are. Without clinical fields of contacts the same
    needs come back.
    """
    names = vault_fields(needs)
    if not names:
        return needs
    moved = [need for need in needs.fields if need.model == CONTACT and need.name in names]
    stored = [replace(need, model=VAULT, clinical=False) for need in moved]
    name = FieldNeed(VAULT, CLINICAL_NAME, "char", "Patient's name", related=f"{CLINICAL_OF}.name",
                     help="The contact's name.")  # fmt: skip
    link = FieldNeed(CONTACT, CLINICAL_LINK, "many2one", "Clinical record", relation=VAULT,
                     clinical=True, help=_LINKED)  # fmt: skip
    shown = {
        need.name: replace(need, selection=(), labels=(), help=_EDITED,
                           related=f"{CLINICAL_LINK}.{need.name}")
        for need in moved
    }  # fmt: skip
    rest = [shown.get(need.name, need) if need.model == CONTACT else need for need in needs.fields]
    return replace(needs, fields=(name, *stored, link, *rest))


def apart(row: LoadRow, names: frozenset[str], *, there: bool) -> Iterator[LoadRow]:
    """Part a patient's row into the contact's and, where it says anything, the clinical record's.

    Args:
        row: all that is expected of a patient.
        names: the fields that are kept on the clinical record.
        there: the patient has a clinical record in Odoo; it is written even to empty it.
    """
    values = {name: value for name, value in row.values.items() if name in names}
    if not values:
        yield row
        return
    rest = {name: value for name, value in row.values.items() if name not in names}
    sources = {name: told for name, told in row.sources.items() if name not in names}
    yield replace(row, values=rest, sources=sources)
    if there or any(value not in (None, "", ()) for value in values.values()):
        yield replace(
            row,
            model=VAULT,
            external_id=clinical_id(row.source_id),
            values={CLINICAL_OF: Ref(RefKind.RECORD, row.external_id), **values},
            sources={name: told for name, told in row.sources.items() if name in names},
        )


def clinical_id(patient: str) -> str:
    """Name a patient's clinical record, as external ids do."""
    return f"clinical_{patient}"
