"""Records held against what the map expects of their fields, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from workbench.staging import normalise
from workbench.staging.findings import Finding, Reading, Refused
from workbench.staging.markup import plain_text, safe_html
from workbench.staging.paths import filled_paths, is_empty, value_at
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
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    HTML = "html"
    PLAIN = "plain_text"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one field path is expected to hold; `choices` are the values the map knows."""

    path: str
    kind: ValueKind
    choices: frozenset[str] | None = None
    outcome: str = "kept as it is"


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


def check(
    resource: str, source_id: str, data: Mapping[str, object], *, mapping: Rules
) -> list[Finding]:
    """List what is odd about one record: unreadable values, values and fields not in the map.

    Args:
        resource: the resource's name.
        source_id: the record's id.
        data: the record as it came.
        mapping: the confirmed map.

    Returns:
        Findings by field path; at most one for each kind and field.
    """
    rules = mapping.rules(resource)
    found: set[Finding] = set()
    for path in filled_paths(data):
        rule = rules.get(path)
        if rule is None:
            found.add(
                Finding(IssueKind.FIELD_UNKNOWN, resource, source_id, f"{resource}.{path}",
                        "every field has a disposition", "the record waits for a decision")
            )  # fmt: skip
            continue
        value = value_at(data, path)
        for one in value if isinstance(value, list) else [value]:
            for kind in _kinds(rule, one, mapping):
                outcome = (
                    "the record waits for a decision"
                    if kind is IssueKind.VALUE_UNMAPPED
                    else rule.outcome
                )
                found.add(
                    Finding(kind, resource, source_id, f"{resource}.{path}", rule.kind, outcome)
                )
    return sorted(found, key=lambda one: (one.field, one.kind))


def _kinds(rule: Rule, value: object, mapping: Rules) -> Iterable[IssueKind]:
    if is_empty(value):
        return ()
    if rule.kind is ValueKind.CHOICE:
        known = rule.choices is None or normalise.pick(value) in rule.choices
        return () if known else (IssueKind.VALUE_UNMAPPED,)
    read = _read(rule.kind, value, mapping)
    if isinstance(read, Refused):
        return (read.reason,)
    # a country may stand in another field, so a number without a code is left to the load
    return [note for note in read.notes if note is not IssueKind.PHONE_DOUBTFUL]


def _read(kind: ValueKind, value: object, mapping: Rules) -> Reading:
    match kind:
        case ValueKind.PHONE:
            return normalise.phone(value, region=mapping.region)
        case ValueKind.INSTANT:
            return read_instant(value, zone=mapping.zone)
        case ValueKind.DATE_DAY_FIRST:
            return read_date(value, order=Order.DAY_FIRST)
        case ValueKind.DATE_MONTH_FIRST:
            return read_date(value, order=Order.MONTH_FIRST)
        case _:
            return _PLAIN_READERS[kind](value)


_PLAIN_READERS: Mapping[ValueKind, Callable[[object], Reading]] = {
    ValueKind.EMAIL: normalise.email,
    ValueKind.DATE: read_date,
    ValueKind.BOOLEAN: normalise.boolean,
    ValueKind.INTEGER: normalise.integer,
    ValueKind.DECIMAL: normalise.decimal,
    ValueKind.HTML: safe_html,
    ValueKind.PLAIN: plain_text,
    ValueKind.TEXT: normalise.text,
    ValueKind.CHOICE: normalise.text,
}
