"""Transforms that put several fields together, or give more than one value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import zip_longest

from workbench.mapping.context import (
    NOTHING,
    Made,
    Outcome,
    Outputs,
    Parts,
    Practitioner,
    Scope,
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


def full_name(parts: Parts, scope: Scope) -> Outputs:
    """Put a name together from its parts, in the order prefix, first, middle, last, suffix."""
    del scope
    reads = [
        normalise.line(parts.get(part)) for part in ("prefix", "first", "middle", "last", "suffix")
    ]
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
    A start that the clocks passed twice is the first of the two; such an end is the second
    where the first lies before the start.
    """
    zone = scope.context.timezone
    if is_empty(parts.get("start")):
        start = join_instant(
            parts.get("date"), parts.get("time"), zone=zone, order=scope.order("date")
        )
    else:
        start = read_instant(parts.get("start"), zone=zone, order=scope.order("start"))
    outputs: dict[str, Outcome] = {"start": made(start)}
    if not is_empty(parts.get("end")):
        order = scope.order("end")
        end = read_instant(parts.get("end"), zone=zone, order=order)
        if _before(end, start):
            end = read_instant(parts.get("end"), zone=zone, order=order, later=True)
        outputs["end"] = made(end)
    elif not is_empty(parts.get("minutes")):
        outputs["end"] = _after(start, parts.get("minutes"))
    else:
        outputs["end"] = NOTHING
    return outputs


def _before(end: Reading, start: Reading) -> bool:
    return (
        isinstance(end, Clean)
        and isinstance(start, Clean)
        and isinstance(end.value, str)
        and isinstance(start.value, str)
        and end.value < start.value
    )


def _after(start: Reading, minutes: object) -> Outcome:
    length = normalise.decimal(minutes)
    if isinstance(start, Refused) or isinstance(length, Refused):
        return Refused(IssueKind.TIME_UNREADABLE)
    if not isinstance(start.value, str) or length.value is None:
        return NOTHING
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
    mail = normalise.pick(parts.get("email"))
    told = normalise.pick(parts.get("name"))
    found = known.get(key or "")
    if found is None and mail:
        found = next((one for one in known.values() if _same(one.email, mail)), None)
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
    user = Ref(RefKind.USER, found.login) if found.login else None
    return {"value": Made(user), "name": Made(name)}


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


def address(parts: Parts, scope: Scope) -> Outputs:
    """Split an address in one string where it is certain, else keep it as one honest line.

    Certain: lines, of which the last names a known country and the one before holds a
    postcode of that country, first or last on its line.
    """
    empty: dict[str, Outcome] = dict.fromkeys(("street2", "zip", "city", "country"), NOTHING)
    read = plain_text(parts.get(""))
    if not isinstance(read.value, str):
        return {**empty, "value": made(read)}
    lines = [line.strip(" ,") for line in read.value.split("\n") if line.strip(" ,")]
    code = places.country_code(lines[-1]) if len(lines) in {3, 4} else None
    pattern = places.POSTCODES.get(code or "")
    place = _postcode(lines[-2], pattern) if pattern else None
    if place is None or code is None:
        whole = ", ".join(lines)
        return {**empty, "value": Made(whole, (*read.notes, IssueKind.ADDRESS_UNSPLIT))}
    del scope
    return {
        "value": Made(lines[0], read.notes),
        "street2": Made(lines[1] if len(lines) == 4 else None),  # noqa: PLR2004 - two streets, a town, a country
        "zip": Made(place[0]),
        "city": Made(place[1]),
        "country": Made(Ref(RefKind.COUNTRY, code)),
    }


def _postcode(line: str, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    for found in (
        re.fullmatch(rf"(?P<zip>{pattern.pattern}),?\s+(?P<city>\D+)", line),
        re.fullmatch(rf"(?P<city>\D+?),?\s+(?P<zip>{pattern.pattern})", line),
    ):
        if found:
            return found["zip"], found["city"].strip(" ,")
    return None


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
    return {"value": Made(json.dumps(row, ensure_ascii=False))}


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
