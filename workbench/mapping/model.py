"""The map: what becomes of every source field, value, practitioner and pair of duplicates."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Self

from workbench.mapping.empty import LEAVE_EMPTY, value_of
from workbench.mapping.naming import selection_keys
from workbench.mapping.transforms import TRANSFORMS
from workbench.staging.checks import Rule, ValueKind
from workbench.staging.forms import is_answer
from workbench.staging.outcomes import RAW_KEPT
from workbench.staging.times import Order
from workbench.state.canonical import digest
from workbench.state.ids import id_order


class Disposition(StrEnum):
    """What becomes of a source field; each has exactly one.

    MAPPED: one field goes to one target. COMBINED: several go to one target together.
    LOOKUP: the field says which record, user, country or choice is meant. KEPT: it stays
    readable in a note, a description, or the run's archive. DROPPED: it is left behind, for
    a reason that stands beside it.
    """

    MAPPED = "mapped"
    COMBINED = "combined"
    LOOKUP = "lookup"
    KEPT = "kept"
    DROPPED = "dropped"

    @property
    def plain(self) -> bool:
        """Whether no value is made of the field: it is kept as it came, or left behind."""
        return self in {Disposition.KEPT, Disposition.DROPPED}


class AppointmentsTo(StrEnum):
    """Where visits go."""

    LEAD = "crm.lead"
    EVENT = "calendar.event"
    BOTH = "both"


NAME_ONLY = "name only"
FALLBACK = "fallback"
INVITE = "invite"
"""The practitioner becomes a user of Odoo, made by prepare without a mail, if there is none yet.

The user with the practitioner's e-mail address is then theirs.
"""
MERGE = "merge"
LINK = "link"
"""The patient is the contact that Odoo has already, and fills what is empty there."""
OVERWRITE = "link and overwrite"
"""The patient is that contact, and what PracticeHub knows takes the place of what Odoo has."""
LINKS = frozenset({LINK, OVERWRITE})
"""The answers by which a patient and a contact of Odoo's are one."""
KEEP_BOTH = "keep both"

UNREAD = "x_unread_values"
"""The field that keeps, as text, what could not be read into its own field, or has none left."""
VISIT_STATUS = "x_visit_status"
"""The field that shows, on an event, the stage its visit is in."""

CLINICAL_LINK = "x_practicehub_clinical_id"
"""The field that leads from a contact to its clinical record."""
CLINICAL_OF = "x_partner_id"
"""The field that leads from a clinical record to the contact it is about."""
CLINICAL_NAME = "x_name"
"""What Odoo calls a record of a custom model by."""

RESERVED = frozenset({
    "x_practicehub_id", "x_practicehub_created", UNREAD, VISIT_STATUS, CLINICAL_LINK, CLINICAL_OF,
    CLINICAL_NAME,
})  # fmt: skip
"""Custom fields that the workbench itself needs."""

STANDARD_TYPES: MappingOf[str, str] = MappingProxyType(
    {
        "lang": "selection", "state_id": "many2one", "country_id": "many2one",
        "partner_id": "many2one", "partner_ids": "many2many", "user_id": "many2one",
        "stage_id": "many2one", "res_id": "many2one_reference", "comment": "html",
        "description": "html", "body": "html", "date": "datetime", "start": "datetime",
        "stop": "datetime", "datas": "binary", "id": "integer",
    }
)  # fmt: skip
"""Types of Odoo's own fields that maps use; any other one of Odoo's own is a char."""


def type_of(target: str, transform: str = "") -> str:
    """Give the type a target has when nothing is said: of a custom field, its transform's."""
    model, _, name = target.rpartition(".")
    if model == "ir.attachment" and name == "description":
        return "text"
    if name in STANDARD_TYPES:
        return STANDARD_TYPES[name]
    known = TRANSFORMS.get(transform)
    if name.startswith("x_") and known is not None and len(known.feeds) == 1:
        return next(iter(known.feeds))
    return "char"


@dataclass(frozen=True, slots=True)
class MapRow:
    """What becomes of one source field.

    Args:
        field: the full path, "patients.date_of_birth".
        disposition: one of the closed list.
        target: model and field, "res.partner.x_date_of_birth"; empty where dropped.
        transform: a name from `transforms`; empty where kept or dropped.
        type: the target's Odoo type; empty where kept or dropped.
        part: which part of a combining transform the field is.
        also: further targets the transform feeds, in its order.
        clinical: the target is for the clinical access group only.
        label: what people read over a custom field; empty: made from its name.
        why: the reason; required where dropped.
        order: how a date with the year last is written; told, or still open.
    """

    field: str
    disposition: Disposition
    target: str = ""
    transform: str = ""
    type: str = ""
    part: str = ""
    also: tuple[str, ...] = ()
    clinical: bool = False
    label: str = ""
    why: str = ""
    order: Order = Order.ISO

    @property
    def resource(self) -> str:
        """The resource the field belongs to."""
        return self.field.partition(".")[0]

    @property
    def path(self) -> str:
        """The path inside a record."""
        return self.field.partition(".")[2]

    @property
    def model(self) -> str:
        """The target's model; empty where dropped, and for the archive."""
        return self.target.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The target's field name."""
        return self.target.rpartition(".")[2]

    @property
    def choice(self) -> str:
        """The row in the words of a decision: a target, "keep" or "drop"."""
        if self.disposition is Disposition.DROPPED:
            return "drop"
        return "keep" if self.disposition is Disposition.KEPT else self.target

    def as_json(self) -> dict[str, object]:
        """Give the row as a document, without what is empty."""
        full: dict[str, object] = {
            "field": self.field, "as": self.disposition.value, "to": self.target,
            "with": self.transform, "type": self.type, "part": self.part,
            "also": list(self.also), "clinical": self.clinical, "label": self.label,
            "why": self.why, "order": "" if self.order is Order.ISO else self.order.value,
        }  # fmt: skip
        return {key: value for key, value in full.items() if value}

    @classmethod
    def from_json(cls, document: MappingOf[str, object]) -> Self:
        """Read a row back from its document."""

        def text(name: str) -> str:
            return str(document.get(name, ""))

        also = document.get("also")
        return cls(
            field=text("field"), disposition=Disposition(text("as")), target=text("to"),
            transform=text("with"), type=text("type"), part=text("part"),
            also=tuple(map(str, also)) if isinstance(also, list) else (),
            clinical=bool(document.get("clinical")), label=text("label"), why=text("why"),
            order=Order(text("order") or Order.ISO),
        )  # fmt: skip


_ORDERED: MappingOf[tuple[ValueKind, Order], ValueKind] = MappingProxyType(
    {
        (ValueKind.DATE, Order.DAY_FIRST): ValueKind.DATE_DAY_FIRST,
        (ValueKind.DATE, Order.MONTH_FIRST): ValueKind.DATE_MONTH_FIRST,
        (ValueKind.INSTANT, Order.DAY_FIRST): ValueKind.INSTANT_DAY_FIRST,
        (ValueKind.INSTANT, Order.MONTH_FIRST): ValueKind.INSTANT_MONTH_FIRST,
    }
)

_UNREAD_GOES: MappingOf[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("res.partner", "crm.lead", "calendar.event"), RAW_KEPT),
        "mail.message": "the raw text stands in the note",
        "ir.attachment": "the raw text stands in the file's description",
    }
)
"""Model of the target → where the raw text of what could not be read is kept."""

ValueMap = MappingOf[str, str]
"""A pick-list's values as the source has them → the label or stage each becomes."""


@dataclass(frozen=True)
class Mapping:
    """The confirmed map of one run; order of rows and values means nothing, also to `==`.

    Args:
        rows: one for each source field; distinct fields; kept by field.
        values: source field → its value map.
        practitioners: id → a login, "invite", "fallback" or "name only".
        duplicates: "patient_12+patient_99" → "merge" or "keep both";
            "patient_12+contact_45" → "link", "link and overwrite" or "keep both".
        appointments_to: where visits go.
        zone: IANA zone of PracticeHub's local times.
        region: ISO code to assume for telephone numbers without a country.
        account: the PracticeHub account whose ids practitioners and duplicates are; "" where
            nobody said. Where a map was made is no part of what a load depends on.
    """

    rows: tuple[MapRow, ...]
    values: MappingOf[str, ValueMap] = field(default_factory=dict)
    practitioners: MappingOf[str, str] = field(default_factory=dict)
    duplicates: MappingOf[str, str] = field(default_factory=dict)
    appointments_to: AppointmentsTo = AppointmentsTo.LEAD
    zone: str = "UTC"
    region: str = ""
    account: str = ""

    def __post_init__(self) -> None:
        """Bring rows and value maps into the one form that equal maps share."""
        rows = tuple(sorted(self.rows, key=lambda row: row.field))
        object.__setattr__(self, "rows", rows)
        filled = {source: known for source, known in self.values.items() if known}
        object.__setattr__(self, "values", filled)

    @cached_property
    def hash(self) -> str:
        """Hash of all that a load depends on (not `account`); equal for equal maps."""
        return digest(self.as_json())

    def as_json(self) -> dict[str, object]:
        """Give the map as a document in one fixed order."""
        return {
            "rows": [row.as_json() for row in self.rows],
            "values": {key: dict(known) for key, known in self.values.items()},
            "practitioners": dict(self.practitioners),
            "duplicates": dict(self.duplicates),
            "appointments_to": self.appointments_to.value,
            "zone": self.zone,
            "region": self.region,
        }

    @cached_property
    def by_field(self) -> dict[str, MapRow]:
        """Rows by source field."""
        return {row.field: row for row in self.rows}

    def of(self, resource: str) -> list[MapRow]:
        """List the rows of one resource, by field."""
        return list(self._by_resource.get(resource, ()))

    def resources(self) -> list[str]:
        """List the resources the map knows, by name."""
        return sorted(self._by_resource)

    @cached_property
    def _by_resource(self) -> dict[str, list[MapRow]]:
        found: dict[str, list[MapRow]] = {}
        for row in self.rows:
            found.setdefault(row.resource, []).append(row)
        return found

    @cached_property
    def selections(self) -> dict[str, dict[str, str]]:
        """Target of each selection of ours → label → stored value, of all fields that feed it."""
        labels: dict[str, set[str]] = {}
        for row in self.rows:
            choice = row.type == "selection" and TRANSFORMS[row.transform].kind is ValueKind.CHOICE
            if choice and row.name.startswith("x_"):
                known = set(self.values.get(row.field, {}).values())
                known -= {LEAVE_EMPTY} if row.transform == "language" else set()
                labels.setdefault(row.target, set()).update(known)
        return {target: selection_keys(known) for target, known in labels.items()}

    def rules(self, resource: str) -> dict[str, Rule]:
        """Say what each field path of a resource is expected to hold, for `staging`."""
        return self._rules.get(resource, {})

    @cached_property
    def _rules(self) -> dict[str, dict[str, Rule]]:
        found: dict[str, dict[str, Rule]] = {}
        for row in self.rows:
            found.setdefault(row.resource, {})[row.path] = self._rule(row)
        return found

    def _rule(self, row: MapRow) -> Rule:
        transform = TRANSFORMS.get(row.transform)
        kind = ValueKind.TEXT if transform is None else transform.kind_of(row.part)
        choices = self._choices(row) if kind is ValueKind.CHOICE else None
        # an answer to a form stands in the form's note, whatever field it feeds
        goes = "mail.message" if is_answer(row.path) else row.model
        outcome = f"left empty; {_UNREAD_GOES.get(goes, 'the raw text stays in the run folder')}"
        kind = _ORDERED.get((kind, row.order), kind)
        if kind not in {ValueKind.PHONE, ValueKind.STATE}:
            return Rule(row.path, kind, choices, outcome)
        own = {one.part: one.path for one in self._beside(row)}
        countries = [own[part] for part in ("iso2", "country_code") if part in own]
        countries += self._countries.get(row.resource, [])
        return Rule(row.path, kind, choices, outcome, tuple(countries), own.get("country_code", ""))

    def _choices(self, row: MapRow) -> frozenset[str]:
        """Give the values the map knows, as records have them; a missing one is none."""
        known = self.values.get(row.field, {})
        if row.transform != "stage":
            return frozenset(known)
        return frozenset(value for key in known if (value := value_of(key)) is not None)

    def _beside(self, row: MapRow) -> list[MapRow]:
        """List the rows that feed a combining transform together with this one."""
        return self._groups[row.resource, row.transform, row.target] if row.part else []

    @cached_property
    def _groups(self) -> dict[tuple[str, str, str], list[MapRow]]:
        found: dict[tuple[str, str, str], list[MapRow]] = {}
        for row in self.rows:
            found.setdefault((row.resource, row.transform, row.target), []).append(row)
        return found

    @cached_property
    def _countries(self) -> dict[str, list[str]]:
        """Resource → the paths of its fields that name a country."""
        return {
            resource: [row.path for row in rows if row.transform == "country"]
            for resource, rows in self._by_resource.items()
        }

    @property
    def lead_model(self) -> str:
        """The model that carries a visit's fields."""
        return "calendar.event" if self.appointments_to is AppointmentsTo.EVENT else "crm.lead"

    @cached_property
    def survivors(self) -> dict[str, str]:
        """Merged patient's id → the id of the patient it became, the lowest of its group."""
        groups: dict[str, str] = {}

        def root(one: str) -> str:
            while groups.get(one, one) != one:
                one = groups[one]
            return one

        for pair, choice in sorted(self.duplicates.items()):
            if choice == MERGE:
                first, second = sorted(map(root, pair_ids(pair)), key=id_order)
                groups[second] = first
        return {one: root(one) for one in groups if root(one) != one}


def field_subject(field: str) -> str:
    """Name the decision on a source field."""
    return f"field:{field}"


def value_subject(field: str, value: str) -> str:
    """Name the decision on a pick-list's value."""
    return f"value:{field}={value}"


def pair_ids(pair: str) -> tuple[str, str]:
    """Read "patient_12+patient_99" as ("12", "99")."""
    first, _, second = pair.partition("+")
    return first.removeprefix("patient_"), second.removeprefix("patient_")


def pair_name(a: str, b: str) -> str:
    """Write a pair of patient ids as decisions call it, the lower id first."""
    first, second = sorted((a, b), key=id_order)
    return f"patient_{first}+patient_{second}"
