"""Named transforms: pure functions from source values to values Odoo is to hold.

A transform takes the values of its parts (a single one: the part "") and gives a value for
each of its outputs. What it cannot read is `Refused`, never an empty value: the caller then
keeps the raw text and lists an issue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workbench.mapping.combiners import (
    address,
    company,
    description,
    full_name,
    json_list,
    phone_list,
    practitioner,
    prescription,
    referrer,
    shown,
    visit_time,
)
from workbench.mapping.context import NOTHING, Made, Outcome, Outputs, Parts, Scope, Unmapped, made
from workbench.mapping.rows import Ref, RefKind
from workbench.mapping.templates import EMPTY_VALUE
from workbench.staging import normalise, places
from workbench.staging.checks import ValueKind
from workbench.staging.findings import Refused
from workbench.staging.markup import plain_text, safe_html
from workbench.staging.paths import is_empty
from workbench.staging.times import read_date, read_instant
from workbench.state import IssueKind, id_text


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
    kind: ValueKind = ValueKind.TEXT
    kinds: Mapping[str, ValueKind] = field(default_factory=dict)

    def kind_of(self, part: str) -> ValueKind:
        """Give what a check expects of the field that is a part."""
        return self.kinds.get(part, self.kind)

    def dates(self, part: str) -> bool:
        """Whether a part is read as a date, with or without a time of day."""
        return self.kind_of(part) in {ValueKind.DATE, ValueKind.INSTANT}

    @property
    def combines(self) -> bool:
        """Whether several fields may feed it."""
        return self.open_parts or set(self.parts) != {""}


def _single(reader: Callable[[object, Scope], Outcome]) -> Callable[[Parts, Scope], Outputs]:
    def make(parts: Parts, scope: Scope) -> Outputs:
        return {"value": reader(parts.get(""), scope)}

    return make


def text(value: object, scope: Scope) -> Outcome:
    """Keep one line of text, trimmed; line breaks become commas, a number is written out."""
    del scope
    return made(normalise.line(value))


def plain(value: object, scope: Scope) -> Outcome:
    """Keep text with its line breaks; HTML gives its words."""
    del scope
    return made(plain_text(value))


def html(value: object, scope: Scope) -> Outcome:
    """Make safe HTML of text or of HTML."""
    del scope
    return made(safe_html(value))


def date(value: object, scope: Scope) -> Outcome:
    """Read a date written year first, or with the year last in the order the map tells."""
    return made(read_date(value, order=scope.order()))


def datetime(value: object, scope: Scope) -> Outcome:
    """Read a local time in the clinic's zone, give it in UTC; the date as `date` reads it."""
    return made(read_instant(value, zone=scope.context.timezone, order=scope.order()))


def boolean(value: object, scope: Scope) -> Outcome:
    """Read yes or no; empty stays empty, which Odoo shows as no."""
    del scope
    return made(normalise.boolean(value))


def integer(value: object, scope: Scope) -> Outcome:
    """Read a whole number; empty stays empty, which Odoo shows as 0."""
    del scope
    return made(normalise.integer(value))


def decimal(value: object, scope: Scope) -> Outcome:
    """Read a number; empty stays empty, which Odoo shows as 0."""
    del scope
    return made(normalise.decimal(value))


def email(value: object, scope: Scope) -> Outcome:
    """Read an e-mail address; one that is none stays as typed, with an issue."""
    del scope
    return made(normalise.email(value))


def phone(value: object, scope: Scope) -> Outcome:
    """Read a telephone number, by the record's country, and write it as Odoo does."""
    return made(shown(normalise.phone(value, region=scope.region)))


def join_lines(value: object, scope: Scope) -> Outcome:
    """Put the values of a list on a line each."""
    del scope
    items = value if isinstance(value, list) else [value]
    lines = [str(found) for item in items if (found := normalise.pick(item))]
    return Made("\n".join(lines) or None)


def json_text(value: object, scope: Scope) -> Outcome:
    """Keep anything as its JSON text."""
    del scope
    if is_empty(value):
        return NOTHING
    return made(normalise.text(json.dumps(value, ensure_ascii=False, sort_keys=True)))


def country(value: object, scope: Scope) -> Outcome:
    """Find a country by code or by name."""
    del scope
    if is_empty(value):
        return NOTHING
    code = places.country_code(value)
    return Made(Ref(RefKind.COUNTRY, code)) if code else Refused(IssueKind.COUNTRY_UNKNOWN)


def state(value: object, scope: Scope) -> Outcome:
    """Find a state of the record's country, by code or by name."""
    name = normalise.pick(value)
    if name is None:
        return NOTHING
    key = f"{scope.country}/{name}"
    known = scope.context.states
    if not scope.country or (known is not None and key.casefold() not in known):
        return Refused(IssueKind.STATE_UNKNOWN)
    return Made(Ref(RefKind.STATE, key))


def language(parts: Parts, scope: Scope) -> Outputs:
    """Find an installed language; the code as PracticeHub has it is kept beside it."""
    raw = normalise.pick(parts.get(""))
    if raw is None:
        return {"value": NOTHING, "raw": NOTHING}
    code = places.language_code(raw, scope.context.languages)
    notes = () if code else (IssueKind.LANGUAGE_NOT_INSTALLED,)
    return {"value": Made(code, notes), "raw": Made(raw)}


def selection(value: object, scope: Scope) -> Outcome:
    """Give the stored value of what a pick-list's value was mapped to."""
    raw = normalise.pick(value)
    if raw is None:
        return NOTHING
    label = scope.values.get(raw)
    return Unmapped(raw) if label is None else Made(scope.keys.get(label, label))


def stage(value: object, scope: Scope) -> Outcome:
    """Give the stage that a status was mapped to; an empty status is a value too."""
    raw = normalise.pick(value) or EMPTY_VALUE
    label = scope.values.get(raw)
    return Unmapped(raw) if label is None else Made(Ref(RefKind.STAGE, label))


def patient(value: object, scope: Scope) -> Outcome:
    """Refer to the patient's record; of one merged into another, to the survivor's."""
    raw = id_text(value)
    if raw is None:
        return NOTHING
    key = scope.context.patient_key(raw)
    return Made(Ref(RefKind.RECORD, key)) if key else Made(None, (IssueKind.ORPHAN,))


def appointment_type(value: object, scope: Scope) -> Outcome:
    """Give the name of an appointment type."""
    raw = id_text(value)
    if raw is None:
        return NOTHING
    name = normalise.pick(scope.context.appointment_types.get(raw))
    return Made(name) if name else Made(f"type {raw}", (IssueKind.REFERENCE_UNKNOWN,))


def visit_title(parts: Parts, scope: Scope) -> Outputs:
    """Give the patient's name as it stands on the visit; the title is made with it."""
    return {"value": text(parts.get("patient"), scope)}


def entity(value: object, scope: Scope) -> Outcome:
    """Say on which model a file hangs."""
    del scope
    return Made("res.partner" if (normalise.pick(value) or "patient") == "patient" else None)


def file_bytes(parts: Parts, scope: Scope) -> Outputs:
    """Stand for the bytes of a file, which are fetched and checked elsewhere."""
    del parts, scope
    return {"value": NOTHING}


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
        _of("text", "char text selection", text),
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
        _of("stage", "many2one selection", stage, kinds.CHOICE),
        _of("patient", "many2one many2one_reference many2many integer", patient),
        _of("appointment_type", "char", appointment_type),
        _of("entity", "char", entity),
        Transform(
            "file_bytes", frozenset({"binary"}), file_bytes,
            parts={"url": "value", "size": "value"},
        ),
        Transform("visit_title", frozenset({"char"}), visit_title, parts={"patient": "value"}),
        Transform(
            "language", frozenset({"selection", "char"}), language, also=(Also("raw", "char"),)
        ),
        Transform(
            "full_name", frozenset({"char"}), full_name,
            parts=dict.fromkeys(("prefix", "first", "middle", "last", "suffix"), "value"),
        ),
        Transform(
            "phone_list", frozenset({"char"}), phone_list,
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
            "address", frozenset({"char"}), address,
            also=(Also("street2", "char"), Also("zip", "char"), Also("city", "char"),
                  Also("country", "many2one")),
        ),
        Transform("json_list", frozenset({"text"}), json_list, parts={}, open_parts=True),
        Transform("prescription", frozenset({"text"}), prescription, parts={}, open_parts=True),
        Transform("description", frozenset({"text"}), description, parts={}, open_parts=True),
    )  # fmt: skip


TRANSFORMS: Mapping[str, Transform] = {one.name: one for one in _all()}
"""Every transform by its name."""
