"""What a value looks like, told without telling the value."""

from __future__ import annotations

import re
from itertools import groupby

from workbench.staging.markup import looks_like_html
from workbench.staging.times import Order

SHAPE_LENGTH = 24
MONTHS = 12
_PARTS = frozenset({"date_parts", "datetime_parts"})

_DAY = r"\d{4}-\d{2}-\d{2}"
_YEAR_LAST = r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
_CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?"
_HOUR = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"

_FORMATS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("zero_date", re.compile(r"0000-00-00([ T].*)?")),
    ("date_iso", re.compile(_DAY)),
    ("datetime_iso", re.compile(rf"{_DAY}[ T]{_CLOCK}")),
    ("time", re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")),
    ("date_parts", re.compile(_YEAR_LAST)),
    ("datetime_parts", re.compile(rf"{_YEAR_LAST}[ T]{_HOUR}(\s?[AaPp]\.?[Mm]\.?)?")),
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")),
    ("url", re.compile(r"(https?|ftp|blob):\S+")),
    ("blood_type", re.compile(r"(A|B|AB|O|0)\s?(\+|-|pos|neg|positive|negative)", re.IGNORECASE)),
    ("integer_text", re.compile(r"[+-]?\d{1,9}")),
    ("decimal_text", re.compile(r"[+-]?\d{1,12}[.,]\d{1,6}")),
    ("phone", re.compile(r"\+?[\d\s()\-./]{7,24}")),
    ("boolean_word", re.compile(r"true|false|yes|no|ja|nee|nein|si|sí|oui|non", re.IGNORECASE)),
    ("colour", re.compile(r"#[0-9a-fA-F]{6}")),
    ("postcode", re.compile(r"\d{4}\s?[A-Z]{2}|\d{5}|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}")),
    ("language", re.compile(r"[a-z]{2}([-_][A-Z]{2})?")),
    ("mime", re.compile(r"[a-z]+/[a-z0-9.+-]+")),
    ("json", re.compile(r"[\[{].*[\]}]", re.DOTALL)),
)  # fmt: skip


def format_of(value: str) -> str:
    """Name the format of a filled text: one of a closed list, "lines" or "words" at last.

    A date with the year last is "date_dmy" or "date_mdy" where only one reading is
    possible, else "date_either"; with a time of day behind it "datetime_dmy" and so on.
    """
    raw = value.strip()
    for name, pattern in _FORMATS:
        if pattern.fullmatch(raw):
            return f"{name.removesuffix('parts')}{_order(raw)}" if name in _PARTS else name
    if looks_like_html(raw):
        return "html"
    return "lines" if "\n" in raw else "words"


def _order(raw: str) -> Order:
    first, second = (int(part) for part in re.split(r"[-/.]", raw)[:2])
    if first > MONTHS:
        return Order.DAY_FIRST
    return Order.MONTH_FIRST if second > MONTHS else Order.EITHER


def shape_of(value: str) -> str:
    """Mask a text: letters as A or a (runs as one), digits as 9, marks as they are.

    "Jan de Vries" gives "Aa a Aa", "1984-07-19" gives "9999-99-99"; at most 24 characters.
    """
    kinds = ((_kind(char), char) for char in value.strip()[: SHAPE_LENGTH * 4])
    out: list[str] = []
    for kind, run in groupby(kinds, key=lambda pair: pair[0]):
        chars = [char for _, char in run]
        out.append(
            kind
            if kind in {"A", "a", " "}
            else kind * len(chars)
            if kind == "9"
            else "".join(chars)
        )
    return "".join(out)[:SHAPE_LENGTH]


def _kind(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return " " if char.isspace() else "-" if char.isascii() else "a"
