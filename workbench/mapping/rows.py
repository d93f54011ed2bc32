"""What mapping hands to odoo: rows with their expected values, and the schema they need.

Nothing here knows HTTP or SQL. A value that only the destination can resolve (a country,
a user, another record) is a `Ref`, resolved to a number by `odoo.lookups`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RefKind(StrEnum):
    """What a reference points to, and so how its key reads.

    RECORD: the external id of one of our own records, without the module ("patient_12").
    COUNTRY: ISO 3166-1 alpha-2 ("NL"). STATE: country and code or name ("NL/NH").
    USER: a login. USER_CONTACT: a login; the contact of that user. STAGE: a CRM stage's name.
    TAG: a contact tag's name.
    ID: a database id already known, written "model:12".
    """

    RECORD = "record"
    COUNTRY = "country"
    STATE = "state"
    USER = "user"
    USER_CONTACT = "user contact"
    STAGE = "stage"
    TAG = "tag"
    ID = "id"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A reference that the destination resolves."""

    kind: RefKind
    key: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


Value = str | int | float | bool | None | Ref | tuple[Ref, ...]
"""A value as Odoo is expected to hold it.

Dates are "YYYY-MM-DD"; times "YYYY-MM-DD HH:MM:SS" in UTC; None is empty; a tuple of
references is a many2many (unordered, distinct).
"""


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One record as Odoo is expected to hold it afterwards.

    Args:
        model: Odoo's model, "res.partner".
        external_id: without module, "patient_12"; unique in the run.
        resource: the source resource it stems from.
        source_id: the source record it stems from.
        values: field name to expected value; fields not named are left alone.
        blob: SHA-256 of the file in the run's `files/` whose bytes go into `datas`.
        sources: field name to the source field paths it was made from (for the diff).
        stays: field name to what Odoo had there before us and is expected to keep, a
            reference as its number; never sent.
        overwrite: of a record that was there before us: its fields get these values where
            they have others; else only empty fields do.
    """

    model: str
    external_id: str
    resource: str
    source_id: str
    values: Mapping[str, Value]
    blob: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    stays: Mapping[str, object] = field(default_factory=dict)
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class FieldNeed:
    """A custom field the map asks for.

    `selection` lists the stored values in order, `labels` what people read for each (empty:
    the values themselves). `clinical`: for the clinical access group alone. `stood`: Odoo
    stored a field of that name before us. `related`: it stores nothing, and shows the value at
    the end of this path.
    """

    model: str
    name: str
    type: str
    label: str
    selection: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    relation: str = ""
    clinical: bool = False
    stood: bool = False
    related: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class StageNeed:
    """A CRM stage the value map asks for."""

    name: str
    sequence: int
    won: bool = False
    fold: bool = False


@dataclass(frozen=True, slots=True)
class SchemaNeeds:
    """All that must exist in Odoo before a load."""

    fields: tuple[FieldNeed, ...]
    stages: tuple[StageNeed, ...]
    tags: tuple[str, ...]
