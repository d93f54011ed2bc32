"""Named transforms: pure functions from source values to values Odoo is to hold.

A transform takes the values of its parts (a single one: the part "") and gives a value for
each of its outputs. What it cannot read is `Refused`, never an empty value: the caller then
keeps the raw text and lists an issue.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps

from workbench.mapping.addresses import address
from workbench.mapping.combiners import (
    NAME_PARTS,
    STREET_PARTS,
    company,
    description,
    full_name,
    json_list,
    phone_list,
    practitioner,
    prescription,
    referrer,
    street,
    visit_time,
)
from workbench.mapping.context import Made, Outcome, Outputs, Parts, Scope
from workbench.mapping.singles import (
    appointment_type,
    boolean,
    country,
    date,
    datetime,
    decimal,
    email,
    entity,
    file_bytes,
    html,
    integer,
    join_lines,
    json_text,
    language,
    patient,
    phone,
    plain,
    selection,
    stage,
    state,
    text,
    visit_title,
)
from workbench.staging.checks import ValueKind
from workbench.staging.paths import is_empty
from workbench.state import IssueKind


@dataclass(frozen=True, slots=True)
class Also:
    """A further output of a transform, fed to the row's `also` in order."""

    output: str
    type: str
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Transform:
    """One named transform.

    Args:
        name: as it stands in mapping.yaml.
        feeds: Odoo field types its main output may go to.
        make: the function.
        parts: part → output it feeds; {"": "value"} for a transform of one field.
        also: further outputs.
        open_parts: any part's name will do.
        spans: its parts may have different targets and still are one group.
        splits: it takes one value apart: without a target for each output some of it is missing.
        kind: what a check expects of the field.
        kinds: what it expects of a part, where that is something else.
    """

    name: str
    feeds: frozenset[str]
    make: Callable[[Parts, Scope], Outputs]
    parts: Mapping[str, str] = field(default_factory=lambda: {"": "value"})
    also: tuple[Also, ...] = ()
    open_parts: bool = False
    spans: bool = False
    splits: bool = False
    kind: ValueKind = ValueKind.TEXT
    kinds: Mapping[str, ValueKind] = field(default_factory=dict)

    def kind_of(self, part: str) -> ValueKind:
        """Give what a check expects of the field that is a part."""
        return self.kinds.get(part, self.kind)

    def dates(self, part: str) -> bool:
        """Whether a part is read as a date, with or without a time of day."""
        return self.kind_of(part) in {ValueKind.DATE, ValueKind.INSTANT}

    @property
    def about(self) -> str:
        """What it makes of a value, in one sentence."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]

    @property
    def combines(self) -> bool:
        """Whether several fields may feed it."""
        return self.open_parts or set(self.parts) != {""}


def _single(reader: Callable[[object, Scope], Outcome]) -> Callable[[Parts, Scope], Outputs]:
    @wraps(reader)
    def make(parts: Parts, scope: Scope) -> Outputs:
        return {"value": reader(parts.get(""), scope)}

    return make


def _told(transform: Transform) -> Transform:
    """See that nothing vanishes in silence: of what is nothing once it was read, say so."""

    @wraps(transform.make)
    def make(parts: Parts, scope: Scope) -> Outputs:
        outputs = transform.make(parts, scope)
        if any(one != Made(None) for one in outputs.values()) or all(map(is_empty, parts.values())):
            return outputs
        return {**outputs, next(iter(outputs)): Made(None, (IssueKind.VALUE_EMPTIED,))}

    return replace(transform, make=make)


def _of(
    name: str,
    feeds: str,
    reader: Callable[[object, Scope], Outcome],
    kind: ValueKind = ValueKind.TEXT,
) -> Transform:
    return Transform(name, frozenset(feeds.split()), _single(reader), kind=kind)


def _all() -> tuple[Transform, ...]:
    kinds = ValueKind
    return (
        _of("identifier", "char integer", text),
        _of("text", "char text", text),
        _of("plain_text", "char text", plain, kinds.PLAIN),
        _of("html", "html", html, kinds.HTML),
        _of("date", "date", date, kinds.DATE),
        _of("datetime", "datetime", datetime, kinds.INSTANT),
        _of("boolean", "boolean", boolean, kinds.BOOLEAN),
        _of("integer", "integer", integer, kinds.INTEGER),
        _of("float", "float monetary", decimal, kinds.DECIMAL),
        _of("email", "char", email, kinds.EMAIL),
        _of("phone", "char", phone, kinds.PHONE),
        _of("join_lines", "text", join_lines),
        _of("json_text", "text", json_text),
        _of("country", "many2one", country, kinds.COUNTRY),
        _of("state", "many2one", state, kinds.STATE),
        _of("selection", "selection", selection, kinds.CHOICE),
        _of("location", "selection", selection, kinds.CHOICE),
        _of("stage", "many2one", stage, kinds.CHOICE),
        _of("patient", "many2one many2one_reference many2many integer", patient),
        _of("appointment_type", "char", appointment_type),
        _of("entity", "char", entity),
        Transform(
            "file_bytes", frozenset({"binary"}), file_bytes,
            parts={"url": "value", "size": "value"},
        ),
        Transform("visit_title", frozenset({"char"}), visit_title, parts={"patient": "value"}),
        Transform(
            "language", frozenset({"selection", "char"}), language, also=(Also("raw", "char"),),
            kind=kinds.CHOICE,
        ),
        Transform(
            "full_name", frozenset({"char"}), full_name,
            parts=dict.fromkeys(NAME_PARTS, "value"),
        ),
        Transform(
            "street", frozenset({"char"}), street, parts=dict.fromkeys(STREET_PARTS, "value")
        ),
        Transform(
            "phone_list", frozenset({"char"}), phone_list, splits=True,
            parts=dict.fromkeys(("country_code", "number", "iso2"), "value"),
            also=(Also("mobile", "char"), Also("other", "char")),
            kinds={"number": kinds.PHONE},
        ),
        Transform(
            "visit_time", frozenset({"datetime"}), visit_time, spans=True,
            parts={"date": "start", "time": "start", "start": "start",
                   "minutes": "end", "end": "end"},
            kinds={"date": kinds.DATE, "start": kinds.INSTANT, "end": kinds.INSTANT,
                   "minutes": kinds.DECIMAL},
        ),
        Transform(
            "practitioner", frozenset({"many2one"}), practitioner,
            parts=dict.fromkeys(("id", "email", "name"), "value"), also=(Also("name", "char"),),
            kinds={"email": kinds.EMAIL},
        ),
        Transform(
            "referrer", frozenset({"text", "char"}), referrer,
            parts={"name": "value", "email": "value"},
            kinds={"email": kinds.EMAIL},
            also=(Also("link", "many2one", "res.partner"),),
        ),
        Transform(
            "company", frozenset({"char"}), company, also=(Also("link", "many2one", "res.partner"),)
        ),
        Transform(
            "address", frozenset({"char"}), address, splits=True,
            also=(Also("street2", "char"), Also("zip", "char"), Also("city", "char"),
                  Also("country", "many2one")),
        ),
        Transform("json_list", frozenset({"text"}), json_list, parts={}, open_parts=True),
        Transform("prescription", frozenset({"text"}), prescription, parts={}, open_parts=True),
        Transform("description", frozenset({"text"}), description, parts={}, open_parts=True),
    )  # fmt: skip


_ELSEWHERE = frozenset({"file_bytes"})
"""Transforms whose values go another way."""
TRANSFORMS: Mapping[str, Transform] = {
    one.name: one if one.name in _ELSEWHERE else _told(one) for one in _all()
}
"""Every transform by its name."""
