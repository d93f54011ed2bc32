"""Transforms of one field: each reads any value and says what became of it.

What cannot be read is `Refused` (the caller keeps the raw text and lists an issue) or kept as
typed with a note; an empty value stays empty. Pure: no clock, no network, no locale.
"""

from __future__ import annotations

import json
from dataclasses import replace

from workbench.mapping.combiners import shown
from workbench.mapping.context import NOTHING, Made, Outcome, Outputs, Parts, Scope, Unmapped, made
from workbench.mapping.empty import LEAVE_EMPTY, key_of
from workbench.mapping.rows import Ref, RefKind
from workbench.staging import normalise, places
from workbench.staging.findings import Refused
from workbench.staging.markup import plain_text, safe_html
from workbench.staging.paths import is_empty
from workbench.staging.times import read_date, read_instant
from workbench.state import IssueKind, id_text


def text(value: object, scope: Scope) -> Outcome:
    """Keep one line of text, trimmed.

    Line breaks become commas, a number is written out, a list or an object becomes its JSON.
    Characters that no text may hold go, and are noted.
    """
    del scope
    return made(normalise.line(value))


def plain(value: object, scope: Scope) -> Outcome:
    """Keep text with its line breaks; HTML gives its words, its tags go.

    For a target of one line, line breaks become commas.
    """
    read = plain_text(value)
    if scope.type != "char":
        return made(read)
    return made(replace(read, value=normalise.line(read.value).value))


def html(value: object, scope: Scope) -> Outcome:
    """Make safe HTML of text or of HTML: simple tags, no script, no foreign address.

    That more than the look of the text went is noted.
    """
    del scope
    return made(safe_html(value))


def date(value: object, scope: Scope) -> Outcome:
    """Read a date written year first, or with the year last in the order the map tells.

    Gives "YYYY-MM-DD". Any other spelling is refused; a date of zeros is empty, and noted.
    """
    return made(read_date(value, order=scope.order()))


def datetime(value: object, scope: Scope) -> Outcome:
    """Read a local time in the clinic's zone and give it in UTC; the date as `date` reads it.

    What is no time is refused. A time that the clocks jumped over or passed twice is noted.
    """
    return made(read_instant(value, zone=scope.context.timezone, order=scope.order()))


def boolean(value: object, scope: Scope) -> Outcome:
    """Read yes or no, in words of several languages; any other word is refused.

    Empty stays empty, which Odoo shows as no.
    """
    del scope
    return made(normalise.boolean(value))


def integer(value: object, scope: Scope) -> Outcome:
    """Read a whole number that Odoo can store; any other text or number is refused.

    Empty stays empty, which Odoo shows as 0.
    """
    del scope
    return made(normalise.integer(value))


def decimal(value: object, scope: Scope) -> Outcome:
    """Read a number with a point or one comma; thousands marks and words are refused.

    Empty stays empty, which Odoo shows as 0.
    """
    del scope
    return made(normalise.decimal(value))


def email(value: object, scope: Scope) -> Outcome:
    """Read an e-mail address; one that is none stays as typed, with an issue."""
    del scope
    return made(normalise.email(value))


def phone(value: object, scope: Scope) -> Outcome:
    """Read a telephone number by the record's country and write it as Odoo does.

    What is not one number and nothing else stays as typed, with an issue.
    """
    return made(shown(normalise.phone(value, region=scope.region)))


def join_lines(value: object, scope: Scope) -> Outcome:
    """Put the values of a list on a line each; objects and lists in it as JSON."""
    del scope
    reads = [normalise.line(item) for item in (value if isinstance(value, list) else [value])]
    lines = [str(read.value) for read in reads if read.value is not None]
    notes = dict.fromkeys(note for read in reads for note in read.notes)
    return Made("\n".join(lines) or None, tuple(notes))


def json_text(value: object, scope: Scope) -> Outcome:
    """Keep anything as its JSON text, names in order."""
    del scope
    if is_empty(value):
        return NOTHING
    return made(normalise.text(json.dumps(value, ensure_ascii=False, sort_keys=True)))


def country(value: object, scope: Scope) -> Outcome:
    """Find a country by code or by name, in several languages; any other word is refused."""
    del scope
    if is_empty(value):
        return NOTHING
    code = places.country_code(value)
    return Made(Ref(RefKind.COUNTRY, code)) if code else Refused(IssueKind.COUNTRY_UNKNOWN)


def state(value: object, scope: Scope) -> Outcome:
    """Find a state of the record's country, by code or by name.

    One that Odoo does not know, or without a country, is refused.
    """
    read = normalise.line(value)
    name = read.value
    if name is None:
        return made(read)
    key = f"{scope.country}/{name}"
    known = scope.context.states
    if not scope.country or (known is not None and key.casefold() not in known):
        return Refused(IssueKind.STATE_UNKNOWN)
    return Made(Ref(RefKind.STATE, key))


def language(parts: Parts, scope: Scope) -> Outputs:
    """Give the installed language that a code was mapped to; the code is kept beside it.

    A code that nobody mapped waits for a decision.
    """
    raw = normalise.pick(parts.get(""))
    if raw is None:
        return {"value": NOTHING, "raw": NOTHING}
    code = scope.values.get(raw)
    if code is None:
        return {"value": Unmapped(raw), "raw": Made(raw)}
    if code == LEAVE_EMPTY:
        value: Outcome = Made(None, (IssueKind.LANGUAGE_NOT_INSTALLED,))
    else:
        value = Made(scope.keys.get(code, code))
    return {"value": value, "raw": Made(raw)}


def selection(value: object, scope: Scope) -> Outcome:
    """Give the stored value of what a pick-list's value was mapped to.

    A value that nobody mapped waits for a decision.
    """
    raw = normalise.pick(value)
    if raw is None:
        return NOTHING
    label = scope.values.get(raw)
    return Unmapped(raw) if label is None else Made(scope.keys.get(label, label))


def stage(value: object, scope: Scope) -> Outcome:
    """Give the stage that a status was mapped to; an empty status is a value too.

    A status that nobody mapped waits for a decision.
    """
    raw = key_of(normalise.pick(value))
    label = scope.values.get(raw)
    return Unmapped(raw) if label is None else Made(Ref(RefKind.STAGE, label))


def patient(value: object, scope: Scope) -> Outcome:
    """Refer to the patient's record; of one merged into another, to the survivor's.

    A patient whom PracticeHub does not list gives nothing, and is noted.
    """
    if is_empty(value):
        return NOTHING
    raw = id_text(value)
    key = scope.context.patient_key(raw) if raw else None
    return Made(Ref(RefKind.RECORD, key)) if key else Made(None, (IssueKind.ORPHAN,))


def appointment_type(value: object, scope: Scope) -> Outcome:
    """Give the name of an appointment type; one that nobody lists goes by its number."""
    read = normalise.line(value)
    if read.value is None:
        return made(read)
    name = normalise.pick(scope.context.appointment_types.get(id_text(value) or ""))
    return Made(name) if name else Made(f"type {read.value}", (IssueKind.REFERENCE_UNKNOWN,))


def visit_title(parts: Parts, scope: Scope) -> Outputs:
    """Give the patient's name as it stands on the visit; the title is made with it."""
    return {"value": text(parts.get("patient"), scope)}


def entity(value: object, scope: Scope) -> Outcome:
    """Say on which model a file hangs; one of anything but a patient on none, and is noted."""
    del scope
    if (normalise.pick(value) or "patient") == "patient":
        return Made("res.partner")
    return Made(None, (IssueKind.FILE_OF_ANOTHER_KIND,))


def file_bytes(parts: Parts, scope: Scope) -> Outputs:
    """Stand for the bytes of a file, which are fetched and checked elsewhere."""
    del parts, scope
    return {"value": NOTHING}
