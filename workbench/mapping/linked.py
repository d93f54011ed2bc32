"""What becomes of a patient who is a contact that Odoo has already: it is filled, not replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from workbench.mapping.context import Context
from workbench.mapping.naming import label_of
from workbench.mapping.notes import note
from workbench.mapping.outcome import Expected, message_values
from workbench.mapping.patients import shown
from workbench.mapping.rows import LoadRow, Value
from workbench.staging.findings import Finding
from workbench.state import Fate, IssueKind

ADDRESS = frozenset({"street", "street2", "zip", "city", "state_id", "country_id"})
"""One thing: a town of ours behind a street of Odoo's would be an address that is nobody's."""
SHARED = ADDRESS | {"vat", "company_registry", "industry_id"}
"""What Odoo copies between a contact, its company and the contacts below it."""

Agrees = Callable[[str, Value, object], bool]
"""Field, expected value and what Odoo holds → whether they are the same."""


@dataclass(frozen=True, slots=True, repr=False)
class OdooContact:
    """A contact as it was before we filled it. Holds values.

    Args:
        id: its number.
        held: field → what it held; empty is None, a reference its number.
        family: whether it shares its address with a company or with contacts below it.
        overwrite: whether a person chose that what PracticeHub knows replaces what it held.
    """

    id: int
    held: Mapping[str, object]
    family: bool = False
    overwrite: bool = False


def into_contact(
    expected: Expected, contact: OdooContact, *, agrees: Agrees, context: Context
) -> Expected:
    """Turn what is expected of a patient into what is expected of the contact it fills.

    Only empty fields get a value, and lists of records (tags) get more. What Odoo has stays,
    is listed, and what PracticeHub says otherwise stands in a note on the contact. An address
    is filled only as a whole, and not at all where Odoo would copy it to other contacts.

    Where a person chose to overwrite, what PracticeHub knows replaces what Odoo has; what it
    does not know stays, and so does what Odoo would copy to other contacts.
    """
    if not expected.rows:
        return expected
    row = expected.rows[0]
    moves = contact.overwrite and any(row.values.get(name) for name in ADDRESS)
    stays = {
        name: contact.held[name] for name, value in row.values.items()
        if name in contact.held and _keeps(name, value, contact, agrees)
        and not (moves and name in ADDRESS and not contact.family)
    }  # fmt: skip
    if _address_stays(row, contact, stays):
        stays |= {name: contact.held[name] for name in row.values
                  if name in ADDRESS and name in contact.held}  # fmt: skip
    told = {
        name: value for name, value in row.values.items()
        if name in stays and value is not None and not agrees(name, value, stays[name])
    }  # fmt: skip
    filled = replace(
        row,
        values={name: value for name, value in row.values.items() if name not in stays},
        stays=stays,
        overwrite=contact.overwrite,
    )
    odd = [
        Finding(IssueKind.ODOO_VALUE_STAYS, row.resource, row.source_id,
                row.sources.get(name, ""), "a contact keeps what it has",
                f"Odoo's own {name} stays; PracticeHub's is in a note")
        for name in sorted(told)
    ]  # fmt: skip
    return replace(
        expected,
        rows=(filled, *expected.rows[1:], *_told(row, told, context)),
        fate=Fate.UPDATED,
        reason=f"is the contact {contact.id} that Odoo had already",
        issues=(*expected.issues, *odd),
        fills=contact.id,
    )


def _keeps(name: str, value: Value, contact: OdooContact, agrees: Agrees) -> bool:
    """Whether a field keeps what Odoo has; an empty text, a 0 and a "no" make room."""
    held = contact.held[name]
    if contact.family and name in SHARED:
        return True
    if contact.overwrite and value not in {None, False, ""}:
        return False
    if isinstance(held, list | tuple) or not held:
        return False
    return not agrees(name, value, held)


def _address_stays(row: LoadRow, contact: OdooContact, stays: Mapping[str, object]) -> bool:
    """Whether any part of Odoo's address differs from ours, so that none of ours may join it."""
    return any(name in stays and contact.held[name] for name in ADDRESS & row.values.keys())


def _told(row: LoadRow, told: Mapping[str, Value], context: Context) -> list[LoadRow]:
    """Write what PracticeHub says otherwise into a note on the contact."""
    if not told:
        return []
    lines = [(label_of(name), shown(value)) for name, value in sorted(told.items())]
    body = note(f"What PracticeHub says of patient {row.source_id}", {}, lines=lines)
    title = "Values of PracticeHub"
    sources = ", ".join(row.sources[name] for name in sorted(told) if row.sources.get(name))
    return [
        LoadRow(
            "mail.message", f"{row.external_id}_linked", row.resource, row.source_id,
            message_values(row.external_id, title, body, context), sources={"body": sources},
        )
    ]  # fmt: skip
