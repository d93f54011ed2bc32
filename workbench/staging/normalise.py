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
from phonenumbers import ValidationResult

from workbench.staging.findings import EMPTY, Clean, Reading, Refused
from workbench.staging.paths import is_empty
from workbench.state import IssueKind

_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
    # Persian, Indian scripts and emoji need joiners; Latin, Greek and Cyrillic do not
    "|(?<![^\x00-\u052f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u052f])"
)
_BRACKETS = re.compile("([<>])")
_SPACES = re.compile(r"\s+")
_YES = frozenset(("true", "yes", "y", "1", "ja", "si", "sí", "oui", "on", "wahr", "vrai", "x"))
_NO = frozenset(("false", "no", "n", "0", "nee", "nein", "non", "off", "falsch", "faux"))
_TELEPHONE = re.compile(r"[\d\s()+\-./\u00a0]+")
_REGION = re.compile(r"[A-Z]{2}")
_CODE = re.compile("[1-9][0-9]{0,3}")
_E164 = re.compile(r"\+[0-9]{2,15}")


def text(value: object) -> Clean:
    """Read anything as text: trimmed, line ends as line feeds, impossible characters gone.

    NUL, other control characters and halves of surrogate pairs cannot be stored; invisible
    characters make equal words differ: that they went is noted. Letters and their accents
    become one character where there is one (Unicode NFC). A no-break space stays one; only
    in a `line` it is a space like any other. Objects and lists become JSON.
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
    shown = visible(kept)
    if len(shown) != len(kept):
        notes = (*notes, IssueKind.INVISIBLE_CHARACTERS)
    return Clean(composed(shown).strip() or None, notes)


def visible(raw: str) -> str:
    """Take out the characters that nobody sees; those between which they stood may join."""
    if raw.isascii():
        return raw
    while (shown := _INVISIBLE.sub("", raw)) != raw:
        raw = shown
    return raw


def composed(raw: str) -> str:
    """Write each letter and its accents as one character, as far as Unicode has one (NFC).

    A bracket of HTML stays one: "<" and a stroke through it would become another character.
    """
    if raw.isascii():
        return raw
    return "".join(unicodedata.normalize("NFC", part) for part in _BRACKETS.split(raw))


def line(value: object) -> Clean:
    """Read as one line of text: line breaks become commas, runs of white space one space."""
    read = text(value)
    if not isinstance(read.value, str):
        return read
    parts = (_SPACES.sub(" ", part).strip() for part in read.value.split("\n"))
    return Clean(", ".join(part for part in parts if part) or None, read.notes)


def email(value: object) -> Clean:
    """Read an e-mail address; what is not one address and nothing else is kept, and noted.

    Nobody is asked whether the address exists. The domain is written in small letters; of
    several addresses, a name before one or "mailto:", nothing is cut off.
    """
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
        return validate_email(raw, check_deliverability=False, allow_quoted_local=True).normalized
    except EmailNotValidError:
        return None


def phone(value: object, *, region: str = "", code: str = "") -> Clean:
    """Read a telephone number as E.164: "+31612345678".

    Args:
        value: as typed, with or without a country's dialling code.
        region: the country (ISO 3166-1 alpha-2) to assume where no code is given.
        code: digits of the dialling code that stands beside the number, where one does.

    Returns:
        The number; or the text as typed (behind the code that stood beside it) with a note,
        where it is not one number and nothing else: words, extensions and second numbers are
        never cut off. Where `code` is not that of `region`, nobody knows whose number it is.
    """
    read = line(value)
    if not isinstance(read.value, str):
        return read
    raw = read.value
    region = region or main_region(code)
    alone = not code or raw.startswith(("+", "00"))
    tried = (raw,) if alone else _with_code(raw, region, code)
    for spelt in tried if _TELEPHONE.fullmatch(raw) else ():
        found = _number(spelt, region if _REGION.fullmatch(region) else None)
        if found is None or not found[1].strip("0"):
            continue  # nothing but zeros is no number, and would read as another the next time
        if re.sub(r"\D", "", spelt).endswith(found[1]):
            doubtful = () if found[2] else (IssueKind.PHONE_DOUBTFUL,)
            return Clean(found[0], (*read.notes, *doubtful))
    kept = raw if alone else f"+{code} {raw}"
    return Clean(kept, (*read.notes, IssueKind.PHONE_UNREADABLE))


@lru_cache(maxsize=256)
def main_region(code: str) -> str:
    """Give the country (ISO alpha-2) of a dialling code; the main one of those that share it.

    "" for a code of no country.
    """
    region = phonenumbers.region_code_for_country_code(int(code)) if _CODE.fullmatch(code) else ""
    return region if _REGION.fullmatch(region) and region != "ZZ" else ""


def _with_code(raw: str, region: str, code: str) -> tuple[str, ...]:
    """Spell a number with the code beside it; not at all where the country has another one."""
    if not region:
        return (f"+{code} {raw}",)
    country = phonenumbers.country_code_for_region(region)
    if country == 0 or not code.startswith(str(country)):
        return ()
    if str(country) == code:
        return (raw,)
    # a code of North America may hold the area's code as well, and the number may or may not
    return (f"+{code} {raw}", raw) if country == 1 else ()


@lru_cache(maxsize=4096)
def _number(raw: str, region: str | None) -> tuple[str, str, bool] | None:
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    # what can be dialled inside its own town alone has no international form
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return shown, str(number.national_number), phonenumbers.is_valid_number(number)


def international(number: str) -> str:
    """Write an E.164 number as Odoo does: "+31 6 12345678"; any other text stays as it is."""
    if not _E164.fullmatch(number) or _number(number, None) is None:
        return number
    parsed = phonenumbers.parse(number, None)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


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
    read = line(value)
    word = str(read.value).casefold()
    if read.value is None or word in _YES | _NO:
        return Clean(None if read.value is None else word in _YES, read.notes)
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
    read = line(value)
    if not isinstance(read.value, str):
        return read
    raw = read.value
    if raw.count(",") == 1 and "." not in raw and not re.search(r",\d{3}$", raw):
        raw = raw.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", raw):
        return Refused(IssueKind.NUMBER_UNREADABLE)
    try:
        number = float(Decimal(raw))
    except (InvalidOperation, OverflowError):
        return Refused(IssueKind.NUMBER_UNREADABLE)
    return (
        Clean(number, read.notes) if math.isfinite(number) else Refused(IssueKind.NUMBER_UNREADABLE)
    )


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
