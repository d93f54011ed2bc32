"""What transforms may know besides the value: the clinic's zone, and what Odoo offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workbench.mapping.rows import Value
from workbench.staging.findings import Clean, Reading, Refused
from workbench.staging.times import Order
from workbench.state import IssueKind


@dataclass(frozen=True, slots=True)
class Practitioner:
    """One practitioner; `login` is the Odoo user decided on, None where there is none.

    `waits`: nobody has said yet which user it is, and records that name them wait.
    """

    name: str
    email: str | None = None
    login: str | None = None
    waits: bool = False


def _nobody(_patient_id: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that is looked up for an expected value; frozen, no call leaves the process.

    Args:
        timezone: IANA zone of PracticeHub's local times.
        patient_key: patient id → external id of the patient's record ("patient_12"); of
            one merged into another, the survivor's; None for a patient who is unknown.
        patient_name: patient id → the name as Odoo shows it, or None.
        country: ISO code to assume for telephone numbers of patients without a country.
        appointment_types, payment_methods: id → name.
        practitioners: id → practitioner, with the user decided on.
        stored: target → label → stored value, of selections that Odoo has of its own.
        contacts: e-mail, without case → contact's database id, for referring doctors.
        companies: name, without case → company's database id, for insurers.
        states: "NL/Utrecht" as the source says it, without case, for each state that Odoo
            knows by code or by name; None: every state is handed on as it is.
        note_subtype: database id of Odoo's subtype "Note"; None leaves it to the load.
    """

    timezone: str
    patient_key: Callable[[str], str | None]
    patient_name: Callable[[str], str | None] = _nobody
    country: str = ""
    appointment_types: Mapping[str, str] = field(default_factory=dict)
    payment_methods: Mapping[str, str] = field(default_factory=dict)
    practitioners: Mapping[str, Practitioner] = field(default_factory=dict)
    stored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    contacts: Mapping[str, int] = field(default_factory=dict)
    companies: Mapping[str, int] = field(default_factory=dict)
    states: frozenset[str] | None = None
    note_subtype: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What one transform knows while it works on one record.

    `values` is the value map of the field (label of each value), `keys` the stored value of
    each label, `country` the record's own country where it has one, `orders` how each part's
    field writes a date with the year last, `type` the Odoo type of the target.
    """

    context: Context
    country: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    type: str = ""

    def order(self, part: str = "") -> Order:
        """Give the order of day and month in a part's field."""
        return self.orders.get(part, Order.ISO)

    @property
    def region(self) -> str:
        """The country to assume for a telephone number."""
        return self.country or self.context.country


@dataclass(frozen=True, slots=True)
class Made:
    """A value as Odoo is expected to hold it, with notes on oddities."""

    value: Value
    notes: tuple[IssueKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A pick-list value that the map does not know: the record waits.

    `subject`: the decision that is missing, where it is none on the value itself.
    """

    value: str
    subject: str = ""


Outcome = Made | Refused | Unmapped

NOTHING = Made(None)

Parts = Mapping[str, object]
"""Part of a transform → the value its field has; a transform of one field has the part ""."""
Outputs = Mapping[str, Outcome]
"""Output of a transform → what came of it."""


def made(read: Reading) -> Outcome:
    """Give a reading as an outcome."""
    return Made(read.value, read.notes) if isinstance(read, Clean) else read
