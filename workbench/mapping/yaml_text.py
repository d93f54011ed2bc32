"""How a map's texts are written: plain where that is safe to read back, else in quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_WORDS = re.compile(r"[^\W\d_][\w./+()%@&*'-]*(?: [\w./+()%@&*'-]+)*")
_PATH = re.compile(r"[^\W\d_][\w./+()%@&*'\[\]-]*(?: [\w./+()%@&*'\[\]-]+)*")
_TRAPS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that some reader of YAML takes for something else than text."""
_LONGEST_KEY = 1_000
"""A longer key must be announced by a question mark, or YAML does not see that it is one."""


def scalar(text: str) -> str:
    """Write a text so that every reader of YAML takes it as that text, on one line."""
    return text if _safe(_WORDS, text) else _quoted(text)


def key(text: str) -> str:
    """Write the name of a line, which may hold brackets: `numbers[].number`."""
    return text if _safe(_PATH, text) else _quoted(text)


def entry(indent: str, name: str, value: str) -> str:
    """Write one `name: value` line; an endless name takes two."""
    written = key(name)
    if len(written) > _LONGEST_KEY:
        return f"{indent}? {written}\n{indent}: {value}"
    return f"{indent}{written}: {value}"


def braces(pairs: Iterable[tuple[str, object]]) -> str:
    """Write texts, truths and lists of texts as `{name: …, name: …}`; names are ours."""
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in pairs) + "}"


def shown(where: str) -> str:
    """Give a name as a message may hold it: no line break, nothing that moves a cursor."""
    return "".join(one if one.isprintable() else _escaped(one) for one in where)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(scalar(str(one)) for one in value) + "]"
    return scalar(str(value))


def _safe(pattern: re.Pattern[str], text: str) -> bool:
    whole = len(text) <= _LONGEST_KEY and pattern.fullmatch(text) is not None
    return whole and text.isprintable() and text.casefold() not in _TRAPS


def _quoted(text: str) -> str:
    # JSON's escapes are YAML's too; what cannot be seen is escaped on top of them
    return shown(json.dumps(text, ensure_ascii=False))


def _escaped(one: str) -> str:
    code = ord(one)
    if code <= 0xFF:  # noqa: PLR2004 - what two digits hold
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - and four
