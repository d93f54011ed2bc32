"""What the map expects of each field, and how a value is read as that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol

from workbench.staging import normalise
from workbench.staging.findings import Clean, Reading, Refused
from workbench.staging.markup import plain_text, safe_html
from workbench.staging.paths import is_empty
from workbench.staging.places import country_code, state_code
from workbench.staging.times import Order, read_date, read_instant
from workbench.state import IssueKind


class ValueKind(StrEnum):
    """What a field is expected to hold."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    DATE_DAY_FIRST = "date_dmy"
    DATE_MONTH_FIRST = "date_mdy"
    INSTANT = "datetime"
    INSTANT_DAY_FIRST = "datetime_dmy"
    INSTANT_MONTH_FIRST = "datetime_mdy"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    HTML = "html"
    PLAIN = "plain_text"
    CHOICE = "choice"
    COUNTRY = "country"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one field path is expected to hold.

    `choices` are the values the map knows; `countries` the paths of the same record that
    tell the country of a telephone number or a state (`places.region_of` reads each), the
    first that tells one counts; `code` the path of the dialling code beside a number.
    """

    path: str
    kind: ValueKind
    choices: frozenset[str] | None = None
    outcome: str = "kept as it is"
    countries: tuple[str, ...] = ()
    code: str = ""


class Rules(Protocol):
    """What the map tells of a resource; `mapping.Mapping` is such."""

    def rules(self, resource: str) -> Mapping[str, Rule]:
        """Give a rule for each field path that the map knows, dropped ones too."""
        ...

    @property
    def zone(self) -> str:
        """The IANA zone of local times."""
        ...

    @property
    def region(self) -> str:
        """The country to assume for telephone numbers without a code."""
        ...


def read_value(
    rule: Rule, value: object, *, zone: str, region: str = "", code: str = ""
) -> Reading:
    """Read one value as its rule says.

    Args:
        rule: what is expected of the field.
        value: a scalar, as it came.
        zone: the IANA zone of local times.
        region: the country (ISO 3166-1 alpha-2) to assume for a telephone number, or that
            a state lies in.
        code: digits of the dialling code that stands beside a telephone number.

    Returns:
        The value, None only where nothing stood there or a note says why; or `Refused`, of
        a choice that the map does not know too.
    """
    order = _INSTANTS.get(rule.kind)
    if order is not None:
        read = read_instant(value, zone=zone, order=order)
    elif rule.kind is ValueKind.PHONE:
        read = normalise.phone(value, region=region, code=code)
    elif rule.kind is ValueKind.STATE:
        read = _state(value, region)
    else:
        read = _READERS[rule.kind](value)
    if isinstance(read, Refused):
        return read
    if rule.kind is ValueKind.CHOICE and rule.choices is not None and read.value is not None:
        return read if read.value in rule.choices else Refused(IssueKind.VALUE_UNMAPPED)
    if read.value is None and not read.notes and not is_empty(value):
        return Clean(None, (IssueKind.VALUE_EMPTIED,))
    return read


def _country(value: object) -> Reading:
    """Read a country as its ISO 3166-1 alpha-2 code."""
    code = country_code(value)
    if code is None and not is_empty(value):
        return Refused(IssueKind.COUNTRY_UNKNOWN)
    return Clean(code)


def _state(value: object, region: str) -> Clean:
    """Read a state as its ISO 3166-2 code; one that ISO does not name stays as it is.

    Odoo has states of its own, so only the load can tell which is none.
    """
    code = state_code(value, region) if region else None
    return normalise.line(value) if code is None else Clean(code)


_INSTANTS: Mapping[ValueKind, Order] = {
    ValueKind.INSTANT: Order.ISO,
    ValueKind.INSTANT_DAY_FIRST: Order.DAY_FIRST,
    ValueKind.INSTANT_MONTH_FIRST: Order.MONTH_FIRST,
}
_READERS: Mapping[ValueKind, Callable[[object], Reading]] = {
    ValueKind.DATE: read_date,
    ValueKind.DATE_DAY_FIRST: partial(read_date, order=Order.DAY_FIRST),
    ValueKind.DATE_MONTH_FIRST: partial(read_date, order=Order.MONTH_FIRST),
    ValueKind.EMAIL: normalise.email,
    ValueKind.BOOLEAN: normalise.boolean,
    ValueKind.INTEGER: normalise.integer,
    ValueKind.DECIMAL: normalise.decimal,
    ValueKind.HTML: safe_html,
    ValueKind.PLAIN: plain_text,
    ValueKind.TEXT: normalise.text,
    ValueKind.CHOICE: normalise.line,
    ValueKind.COUNTRY: _country,
}
