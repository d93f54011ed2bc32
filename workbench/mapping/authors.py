"""Who wrote a note: the contact of their own user of Odoo where they have one, else their name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from workbench.mapping.combiners import practitioner_number
from workbench.mapping.context import Context
from workbench.mapping.model import FALLBACK
from workbench.mapping.model import Mapping as Map
from workbench.mapping.rows import Ref, RefKind, Value
from workbench.staging import normalise
from workbench.state import id_text

ID, EMAIL = "practitioner_id", "practitioner_email"
"""Fields of a note that say which practitioner wrote it."""


@dataclass(frozen=True, slots=True)
class Author:
    """What a note says of its author: values of the message, lines in its text, and sources."""

    values: Mapping[str, Value] = field(default_factory=dict)
    lines: tuple[tuple[str, str], ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


NOBODY = Author()


def author_of(
    resource: str,
    record: Mapping[str, object],
    *,
    kept: Collection[str],
    mapping: Map,
    context: Context,
) -> Author:
    """Give the author of a note, as far as the record and the decisions tell.

    The user who stands in for practitioners without one of their own wrote nothing: such a
    note bears the practitioner's name, and so does one of somebody who is yet to be a user.

    Args:
        resource: whose record it is.
        record: the note.
        kept: paths that are kept of it; a field that the clinic dropped tells nothing.
        mapping: the confirmed map, with what was decided of each practitioner.
        context: the practitioners.
    """
    told = [path for path in (ID, EMAIL) if path in kept]
    number = id_text(record.get(ID)) if ID in told else None
    mail = normalise.pick(record.get(EMAIL)) if EMAIL in told else None
    known = context.practitioners
    if number not in known and mail:
        number = practitioner_number(known, mail)
    who = known.get(number or "")
    if who is None:
        return NOBODY
    name = who.name or who.email or f"practitioner {number}"
    source = ", ".join(f"{resource}.{path}" for path in told if record.get(path))
    lines = (("Practitioner", name),)
    own = mapping.practitioners.get(number or "") != FALLBACK and not who.waits
    if own and who.login:
        contact = Ref(RefKind.USER_CONTACT, who.login)
        return Author({"author_id": contact}, lines, {"author_id": source})
    return Author({"email_from": name}, lines, {"email_from": source})
