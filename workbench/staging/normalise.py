"""Readings of single values: text, e-mail address, telephone number, yes or no, number.

Each takes any JSON value and gives a `Clean` (with notes on oddities) or, where not every
text can be read so, a `Refused`.
Pure: no clock, no network, no locale of the machine. Applying one to its own result gives
that result again.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from workbench.staging.findings import EMPTY, Clean, Reading, Refused
from workbench.staging.paths import is_empty
from workbench.state import IssueKind

_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"\s+")
_YES = frozenset(("true", "yes", "y", "1", "ja", "si", "sí", "oui", "on", "wahr", "vrai", "x"))
_NO = frozenset(("false", "no", "n", "0", "nee", "nein", "non", "off", "falsch", "faux"))
_TELEPHONE = re.compile(r"[\d\s()+\-./\u00a0]+")
_REGION = re.compile(r"[A-Z]{2}")


def text(value: object) -> Clean:
    """Read anything as text: trimmed, line ends as line feeds, impossible characters gone.

    NUL, other control characters and halves of surrogate pairs cannot be stored; that they
    went is noted. Objects and lists become JSON.
    """
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return Clean("true" if value else "false")
    if isinstance(value, int | float):
        return Clean(str(value))
    raw = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    kept = _ODD.sub("", raw)
    notes = (IssueKind.CONTROL_CHARACTERS,) if kept != raw else ()
    return Clean(kept.strip() or None, notes)


def line(value: object) -> Clean:
    """Read as one line of text: line breaks become commas, runs of white space one space."""
    read = text(value)
    if not isinstance(read.value, str):
        return read
    parts = (_SPACES.sub(" ", part).strip() for part in read.value.split("\n"))
    return Clean(", ".join(part for part in parts if part) or None, read.notes)


def email(value: object) -> Clean:
    """Read an e-mail address; one that cannot be an address is kept as typed, and noted."""
    read = line(value)
    if not isinstance(read.value, str):
        return read
    good = _address(read.value)
    if good is None:
        return Clean(read.value, (*read.notes, IssueKind.EMAIL_INVALID))
    return Clean(good, read.notes)


@lru_cache(maxsize=4096)
def _address(raw: str) -> str | None:
    try:
        return validate_email(raw, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def phone(value: object, *, region: str = "") -> Clean:
    """Read a telephone number into its international form: "+31 6 12345678".

    Args:
        value: as typed, with or without a country's dialling code.
        region: the country (ISO 3166-1 alpha-2) to assume where no code is given.

    Returns:
        The international form; or the text as typed with a note, where it is not one
        number and nothing else: words, extensions and second numbers are never cut off.
    """
    read = line(value)
    if not isinstance(read.value, str):
        return read
    raw = read.value
    unread = Clean(raw, (*read.notes, IssueKind.PHONE_UNREADABLE))
    if not _TELEPHONE.fullmatch(raw):
        return unread
    found = _number(raw, region if _REGION.fullmatch(region) else None)
    if found is None:
        return unread
    shown, digits, valid = found
    if not re.sub(r"\D", "", raw).endswith(digits):
        return unread
    return Clean(shown, read.notes if valid else (*read.notes, IssueKind.PHONE_DOUBTFUL))


@lru_cache(maxsize=4096)
def _number(raw: str, region: str | None) -> tuple[str, str, bool] | None:
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return shown, str(number.national_number), phonenumbers.is_valid_number(number)


def is_mobile(number: str) -> bool:
    """Say whether an international number can only be a mobile telephone."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE


def boolean(value: object) -> Reading:
    """Read yes or no, in digits or in words of the languages PracticeHub is used in."""
    if is_empty(value):
        return EMPTY
    if isinstance(value, bool):
        return Clean(value)
    word = str(value).strip().casefold()
    if word in _YES:
        return Clean(value=True)
    if word in _NO:
        return Clean(value=False)
    return Refused(IssueKind.BOOLEAN_UNREADABLE)


def integer(value: object) -> Reading:
    """Read a whole number of at most 2^31 - 1, as Odoo stores; 12.0 is one, 12.5 is not."""
    read = decimal(value)
    if isinstance(read, Refused) or read.value is None:
        return read
    number = float(read.value)
    if not number.is_integer() or abs(number) > 2**31 - 1:
        return Refused(IssueKind.NUMBER_UNREADABLE)
    return Clean(int(number), read.notes)


def decimal(value: object) -> Reading:
    """Read a number: a point or a single comma before the decimals, no thousands marks."""
    if is_empty(value):
        return EMPTY
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return Refused(IssueKind.NUMBER_UNREADABLE)
    raw = str(value).strip()
    if raw.count(",") == 1 and "." not in raw and not re.search(r",\d{3}$", raw):
        raw = raw.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", raw):
        return Refused(IssueKind.NUMBER_UNREADABLE)
    try:
        number = float(Decimal(raw))
    except (InvalidOperation, OverflowError):
        return Refused(IssueKind.NUMBER_UNREADABLE)
    return Clean(number) if math.isfinite(number) else Refused(IssueKind.NUMBER_UNREADABLE)


def folded(value: object) -> str:
    """Reduce a text for comparing: no case, no accents, letters and digits and single spaces."""
    read = text(value)
    raw = read.value if isinstance(read.value, str) else ""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", raw) if not unicodedata.combining(char)
    ).casefold()
    return _SPACES.sub(" ", "".join(c if c.isalnum() else " " for c in plain)).strip()


def pick(value: object) -> str | None:
    """Give a pick-list value in the one spelling that value maps use; None where empty.

    White space is trimmed and collapsed; case stays, for a clinic may mean it.
    """
    read = line(value)
    return read.value if isinstance(read.value, str) else None
