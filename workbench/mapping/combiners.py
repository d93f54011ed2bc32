"""Transforms that put several fields together, or give more than one value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest

from workbench.mapping.context import (
    NOTHING,
    Made,
    Outcome,
    Outputs,
    Parts,
    Practitioner,
    Scope,
    Unmapped,
    made,
)
from workbench.mapping.naming import label_of
from workbench.mapping.rows import Ref, RefKind
from workbench.staging import normalise, places
from workbench.staging.findings import Clean, Reading, Refused
from workbench.staging.markup import plain_text
from workbench.staging.paths import is_empty
from workbench.staging.times import join_instant, read_instant
from workbench.state import IssueKind, id_text


def _notes(*readings: Reading) -> tuple[IssueKind, ...]:
    seen: dict[IssueKind, None] = {}
    for read in readings:
        seen.update(dict.fromkeys(read.notes if isinstance(read, Clean) else ()))
    return tuple(seen)


NAME_PARTS = ("prefix", "first", "middle", "last", "second_last", "suffix")
STREET_PARTS = ("street", "number", "addition")


def full_name(parts: Parts, scope: Scope) -> Outputs:
    """Put a name together from its parts: prefix, first, middle, last names, suffix."""
    del scope
    return _in_order(parts, NAME_PARTS)


def street(parts: Parts, scope: Scope) -> Outputs:
    """Put a street, its house number and what is added to it on one line, in this order."""
    del scope
    return _in_order(parts, STREET_PARTS)


def _in_order(parts: Parts, names: tuple[str, ...]) -> Outputs:
    reads = [normalise.line(parts.get(part)) for part in names]
    words = [str(read.value) for read in reads if read.value]
    return {"value": Made(" ".join(words) or None, _notes(*reads))}


def shown(read: Clean) -> Clean:
    """Write a number that could be read as Odoo does."""
    return replace(read, value=normalise.international(str(read.value))) if read.value else read


def phone_list(parts: Parts, scope: Scope) -> Outputs:
    """Sort a list of numbers: the first land line, the first mobile, and all others.

    PracticeHub's list has no labels, so what a number is follows from the number. A number
    that cannot be read goes where it is not lost: first to the land line, then to the others.
    """
    taken: dict[str, str] = {}
    others: list[str] = []
    notes: list[IssueKind] = []
    for country_code, number, iso2 in zip_longest(
        *(_items(parts.get(name)) for name in ("country_code", "number", "iso2"))
    ):
        # a dialling code alone is no number; anything else that was typed is kept
        code = places.dialling_code(country_code)
        region = places.region_of(iso2) or ("" if code else scope.region)
        read = shown(normalise.phone(number, region=region, code=code))
        if not isinstance(read.value, str):
            continue
        notes += [note for note in read.notes if note not in notes]
        known = IssueKind.PHONE_UNREADABLE not in read.notes
        kind = "mobile" if known and normalise.is_mobile(read.value) else "value"
        if read.value in (*taken.values(), *others):
            continue
        if kind in taken:
            others.append(read.value)
        else:
            taken[kind] = read.value
    return {
        "value": Made(taken.get("value"), tuple(notes)),
        "mobile": Made(taken.get("mobile")),
        "other": Made(", ".join(others) or None),
    }


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def visit_time(parts: Parts, scope: Scope) -> Outputs:
    """Give start and end of a visit in UTC, from `start` and `end` or date, time and minutes.

    Minutes are real ones: a visit that begins before the clocks change ends that much later.
    A time that the clocks passed twice is the first of the two, unless start and end together
    say otherwise: no visit ends before it starts, and of two lengths the shorter one is meant.
    """
    starts = _readings(partial(_start, parts, scope))
    outputs: dict[str, Outcome] = {"start": made(starts[0])}
    if not is_empty(parts.get("end")):
        order, zone = scope.order("end"), scope.context.timezone
        ends = _readings(partial(read_instant, parts.get("end"), zone=zone, order=order))
        start, end = _together(starts, ends)
        outputs = {"start": made(start), "end": made(end)}
    elif not is_empty(parts.get("minutes")):
        outputs["end"] = _after(starts[0], parts.get("minutes"))
    else:
        outputs["end"] = NOTHING
    return outputs


def _start(parts: Parts, scope: Scope, *, later: bool) -> Reading:
    zone = scope.context.timezone
    if is_empty(parts.get("start")):
        day, clock = parts.get("date"), parts.get("time")
        return join_instant(day, clock, zone=zone, order=scope.order("date"), later=later)
    return read_instant(parts.get("start"), zone=zone, order=scope.order("start"), later=later)


def _readings(read: Callable[..., Reading]) -> list[Reading]:
    """Give what a local time may be: of one that the clocks passed twice both instants."""
    first = read(later=False)
    twice = isinstance(first, Clean) and IssueKind.TIME_TWICE in first.notes
    return [first, read(later=True)] if twice else [first]


def _together(starts: list[Reading], ends: list[Reading]) -> tuple[Reading, Reading]:
    """Choose among the readings of a start and an end those that lie closest, in order."""
    lengths = {
        (start, end): datetime.fromisoformat(end.value) - datetime.fromisoformat(start.value)
        for start in starts
        for end in ends
        if isinstance(start, Clean) and isinstance(start.value, str)
        and isinstance(end, Clean) and isinstance(end.value, str)
        and start.value <= end.value
    }  # fmt: skip
    return min(lengths, key=lambda pair: lengths[pair]) if lengths else (starts[0], ends[0])


def _after(start: Reading, minutes: object) -> Outcome:
    length = normalise.decimal(minutes)
    if not isinstance(start, Clean) or not isinstance(length, Clean):
        return Refused(IssueKind.TIME_UNREADABLE)
    # minutes without a start are no time, and somebody typed them
    if not isinstance(start.value, str) or length.value is None:
        return Refused(IssueKind.TIME_UNREADABLE)
    try:
        end = datetime.fromisoformat(start.value) + timedelta(minutes=float(length.value))
    except OverflowError:
        return Refused(IssueKind.TIME_UNREADABLE)
    return Made(end.isoformat(" ", "seconds"))


def practitioner(parts: Parts, scope: Scope) -> Outputs:
    """Give the Odoo user of a practitioner and, always, the practitioner's name.

    Found by id, else by e-mail. An address that is not the practitioner's own is kept
    behind the name.
    """
    known = scope.context.practitioners
    key = id_text(parts.get("id"))
    number = key or ""
    mail = normalise.pick(parts.get("email"))
    told = normalise.pick(parts.get("name"))
    found = known.get(number)
    if found is None and mail:
        number = practitioner_number(known, mail)
        found = known.get(number)
    if found is None:
        if key is None and mail is None and told is None:
            return {"value": NOTHING, "name": NOTHING}
        name = told or (f"practitioner {key}" if key else "")
        shown = f"{name} <{mail}>".strip() if mail else name
        return {"value": Made(None, (IssueKind.REFERENCE_UNKNOWN,)), "name": Made(shown)}
    name = found.name or told or found.email or f"practitioner {key}"
    if told and normalise.folded(told) != normalise.folded(name):
        name = f"{name} ({told})"
    if (mail and found.email and not _same(found.email, mail)) or (mail and not found.email):
        name = f"{name} <{mail}>"
    if found.waits:
        return {"value": Unmapped(number, practitioner_subject(number)), "name": Made(name)}
    user = Ref(RefKind.USER, found.login) if found.login else None
    return {"value": Made(user), "name": Made(name)}


def practitioner_subject(number: str) -> str:
    """Name the decision on a practitioner."""
    return f"practitioner:{number}"


def practitioner_number(known: Mapping[str, Practitioner], mail: str) -> str:
    """Give the id of the first practitioner who has an e-mail address; "" for nobody."""
    return next((number for number, one in known.items() if _same(one.email, mail)), "")


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.strip().casefold() == other.strip().casefold()


def practitioner_of(record: Mapping[str, object], login: str | None) -> Practitioner:
    """Make what the context knows of a practitioner from its record and the user decided on."""
    first, last = normalise.pick(record.get("first_name")), normalise.pick(record.get("last_name"))
    return Practitioner(
        name=" ".join(word for word in (first, last) if word),
        email=normalise.pick(record.get("email")),
        login=login,
    )


def referrer(parts: Parts, scope: Scope) -> Outputs:
    """Give a referring doctor as text, and the contact with that e-mail where Odoo has one."""
    name, mail = normalise.line(parts.get("name")), normalise.email(parts.get("email"))
    who, at = name.value, mail.value
    shown = f"{who} <{at}>" if who and at else who or at
    contact = scope.context.contacts.get(str(at).casefold()) if at else None
    link = Ref(RefKind.ID, f"res.partner:{contact}") if contact else None
    return {"value": Made(shown, _notes(name, mail)), "link": Made(link)}


def company(parts: Parts, scope: Scope) -> Outputs:
    """Give a company's name as text, and the company of that name where Odoo has one."""
    name = normalise.line(parts.get(""))
    if name.value is None:
        return {"value": made(name), "link": NOTHING}
    found = scope.context.companies.get(str(name.value).casefold())
    link = Ref(RefKind.ID, f"res.partner:{found}") if found else None
    return {"value": Made(name.value, name.notes), "link": Made(link)}


def json_list(parts: Parts, scope: Scope) -> Outputs:
    """Keep a list of objects as a JSON list, an object a line."""
    del scope
    names = sorted(parts)
    rows = [
        {name: value for name, value in zip(names, values, strict=True) if not is_empty(value)}
        for values in zip_longest(*(_items(parts[name]) for name in names))
    ]
    return {"value": Made(json_lines([row for row in rows if row]))}


def json_lines(rows: list[dict[str, object]]) -> str | None:
    """Write objects as a JSON list with a line each, impossible characters left out."""
    if not rows:
        return None
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    text = normalise.text("[\n" + ",\n".join(lines) + "\n]")
    return text.value if isinstance(text.value, str) else None


def prescription(parts: Parts, scope: Scope) -> Outputs:
    """Give one prescription as a JSON object; the patient's list is made of these."""
    del scope
    row = {name: value for name, value in parts.items() if not is_empty(value)}
    return {"value": made(normalise.text(json.dumps(row, ensure_ascii=False)))}


def description(parts: Parts, scope: Scope) -> Outputs:
    """Put what is known of a file on lines: title and description bare, the rest labelled."""
    del scope
    lines = []
    notes: list[IssueKind] = []
    for name in sorted(parts, key=_by_weight):
        read = plain_text(_flat(parts[name]))
        if read.value:
            notes += read.notes
            bare = name in {"title", "description"}
            lines.append(str(read.value) if bare else f"{label_of(name)}: {read.value}")
    return {"value": Made("\n".join(lines) or None, tuple(dict.fromkeys(notes)))}


def _by_weight(name: str) -> tuple[int, str]:
    return ({"title": 0, "description": 1}.get(name, 2), name)


def _flat(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(_words(value))
    return value


def _words(values: list[object]) -> Iterator[str]:
    for value in values:
        found = normalise.pick(value)
        if found:
            yield found
