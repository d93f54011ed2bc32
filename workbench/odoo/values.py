"""One value, four spellings: expected, in a cell of `load()`, for `write()`, and as read back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from html import unescape

from workbench.mapping.rows import Ref, Value
from workbench.state.canonical import canonical

TO_MANY = frozenset({"many2many", "one2many"})
NUMBERED = frozenset({"many2one_reference", "integer"})
"""Field types that hold a record's number without `load()` resolving it."""

TELLABLE = frozenset({"char", "text", "date", "datetime", "selection"})
"""Field types that Odoo stores as sent, so that an edit by a person shows in the hash."""

_TOLD = TELLABLE | {"html", "boolean", "integer", "float", "many2one", "many2many", *NUMBERED}
"""Field types of which `held_mark` tells an edit by a person; others Odoo rounds its own way."""

WHOLE = "#"
"""What stands in a fingerprint in place of a field's name for the row as a whole."""

_NUMBERS = frozenset({"integer", "float", "monetary"})

Resolve = Callable[[Ref], int]
Token = Callable[[Ref], str]

Plain = str | int | float | bool | None | tuple[int, ...]
"""A value as read back, references as numbers, a many2many as sorted numbers."""


def plain(value: object, *, kind: str) -> Plain:
    """Give what Odoo returned in the spelling that expected values use.

    Empty is None (Odoo says False), but a boolean stays one; a many2one is its number, a
    many2many its numbers, sorted.
    """
    if kind == "boolean":
        return bool(value)
    if kind in TO_MANY:
        return tuple(sorted(value)) if isinstance(value, list) else ()
    if value is False or value is None or value == "":
        return None
    if kind == "many2one" and isinstance(value, list):
        return int(value[0])
    if kind == "many2one_reference":
        return int(value) if isinstance(value, int | str) and value else None
    return value if isinstance(value, str | int | float) else canonical(value)


def resolved(value: Value, *, kind: str, resolve: Resolve) -> Plain:
    """Give an expected value in the same spelling, its references looked up.

    Raises:
        LookupFailedError: a reference leads nowhere.
    """
    if isinstance(value, Ref):
        number = resolve(value)
        return (number,) if kind in TO_MANY else number
    if isinstance(value, tuple):
        return tuple(sorted(resolve(ref) for ref in value))
    if kind == "boolean":
        return bool(value)
    if kind in TO_MANY and not value:
        return ()
    return None if value is None or value == "" else value


def same(expected: Plain, actual: Plain, *, kind: str) -> bool:
    """Whether Odoo holds what is expected; HTML by its words, numbers by their worth."""
    if kind == "html":
        return _words(expected) == _words(actual)
    if kind in _NUMBERS:
        return float(expected or 0) == float(actual or 0)  # type: ignore[arg-type]  # numbers
    return expected == actual


def for_write(value: Plain, *, kind: str) -> object:
    """Spell a plain value for `write()`; a one2many gets more records, and loses none."""
    if kind == "one2many":
        return [[4, number] for number in value] if isinstance(value, tuple) else []
    if kind in TO_MANY:
        return [[6, 0, list(value) if isinstance(value, tuple) else []]]
    return False if value is None else value


def cell(value: Value, *, kind: str, token: Token) -> str:
    """Spell an expected value for a cell of `load()`: always text, empty for nothing.

    Raises:
        LookupFailedError: a reference leads nowhere.
    """
    if value is None or value == ():
        return ""
    if isinstance(value, Ref):
        return token(value)
    if isinstance(value, tuple):
        return ",".join(sorted({token(ref) for ref in value}))
    if isinstance(value, bool):
        return "1" if value else ("0" if kind == "boolean" else "")
    return value if isinstance(value, str) else repr(value)


def spelled(value: Plain, *, kind: str) -> str:
    """Spell a plain value for a cell of `load()`: text, references as their numbers."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool) and kind == "boolean":
        return "1" if value else "0"
    return "" if value is None else str(value)


def fingerprint(
    values: Mapping[str, Value], blob: str | None, held: Mapping[str, str] | None = None
) -> str:
    """Tell what was sent, field by field, without a value: `name:hash,…` in order of names.

    Equal texts: nothing changed since. Where they differ, the hashes tell which fields the
    source changed, and so which a person changed in Odoo. The first hash is of the whole row
    (`WHOLE`): made in one go, it tells a row that is finished from one that is not.

    Args:
        values: what was sent.
        blob: hash of the file that was sent with it.
        held: field name to `held_mark` of what Odoo holds after it; it stands behind the
            field's own hash (`name:hash/held`) where it is another one, as of a reference.
    """
    return joined({**_marks(values, blob, held or {}), WHOLE: _whole(values, blob)})


def is_sent(sent: str, values: Mapping[str, Value], blob: str | None) -> bool:
    """Whether a fingerprint is of just these values: then there is nothing to do."""
    return sent.startswith(f"{WHOLE}:{_whole(values, blob)}")


def either(before: str | None, now: str) -> str:
    """Give the hash of a field that holds the one or the other, while a write has no answer.

    Of a field that was never sent before, the one is nobody's to know: `~now`.
    """
    if before == now or now in (before or "").split("~")[1:]:
        return before or now
    return f"{before or ''}~{now}"


def is_as_sent(told: str | None, value: Value) -> bool:
    """Whether the source still says of a field what was last sent of it, and nothing else was."""
    return told is not None and told.partition("/")[0] == mark(value) and "~" not in told


def edited(told: str | None, actual: Plain, *, kind: str) -> bool:
    """Whether Odoo holds of a field something else than what was last sent: a person changed it.

    Args:
        told: the field's hash in the fingerprint; None: it was never sent.
        actual: what Odoo holds now.
        kind: Odoo's type of the field; of some it cannot be told, and False is the answer.
    """
    if told is None or told.startswith("~") or kind not in _TOLD:
        return False
    return not is_ours(told, actual, kind=kind)


def is_ours(told: str | None, actual: Plain, *, kind: str) -> bool:
    """Whether a field holds what we sent of it; arguments as of `edited`, and of any type.

    Else what stands there was there before us, or is a person's.
    """
    if told is None:
        return False
    sent = {one.rpartition("/")[2] for one in told.split("~") if one}
    return held_mark(actual, kind=kind) in sent


def held_mark(value: Plain, *, kind: str) -> str:
    """Hash what Odoo holds: two values of a field that are the `same` have equal hashes."""
    if kind == "html":
        return _hashed(_words(value))
    if kind in _NUMBERS:
        return _hashed(float(value or 0))  # type: ignore[arg-type]  # numbers
    if isinstance(value, tuple):
        return _hashed(list(value))
    return _hashed(None if value == "" else value)


def _marks(
    values: Mapping[str, Value], blob: str | None, held: Mapping[str, str]
) -> dict[str, str]:
    marks = {}
    for name, value in values.items():
        ours, there = mark(value), held.get(name)
        marks[name] = ours if there is None or there == ours else f"{ours}/{there}"
    if blob is not None:
        marks["datas"] = blob[:10]
    return marks


def _whole(values: Mapping[str, Value], blob: str | None) -> str:
    plainly = {
        name: sorted(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
    text = _FLAT.encode([plainly, blob])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:20]


def _of_ref(value: object) -> list[str]:
    assert isinstance(value, Ref), "no other value is not JSON"  # noqa: S101 - a programmer's mistake
    return [value.kind.value, value.key]


_FLAT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_of_ref)
"""In plain ASCII, for half a character cannot be hashed otherwise."""


def joined(marks: Mapping[str, str]) -> str:
    """Spell a fingerprint from its fields' hashes."""
    return ",".join(f"{name}:{marks[name]}" for name in sorted(marks))


def marks_of(text: str) -> dict[str, str]:
    """Read the fields' hashes out of a fingerprint."""
    pairs = (part.rpartition(":") for part in text.split(",") if part)
    return {name: found for name, _, found in pairs if name != WHOLE}


def mark(value: Value) -> str:
    """Hash one value: ten hexadecimal digits."""
    if isinstance(value, tuple):
        spelled: object = sorted(str(ref) for ref in value)
    else:
        spelled = str(value) if isinstance(value, Ref) else value
    return _hashed(spelled)


def _hashed(spelled: object) -> str:
    text = canonical(spelled).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:10]


def _words(value: Plain) -> str:
    text = re.sub(r"<[^>]*>", " ", str(value or ""))
    return " ".join(unescape(text).split())


def shape(value: object) -> str:
    """Say what kind of value it is, never the value: "text of 12 characters"."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    return "a reference" if isinstance(value, Ref) else "references"


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019")
_WORD = re.compile(r"[^\W_]+")


def without_values(message: str, values: Mapping[str, object]) -> str:
    """Take out of Odoo's sentence whatever is quoted, numeric, or a word of the row's values.

    What is left tells why ("Contacts require a name"), not about whom. At most 160 characters.
    """
    known = {
        word.casefold()
        for value in values.values()
        if isinstance(value, str)
        for word in _WORD.findall(value)
    }
    bare = _QUOTED.sub("…", message)
    bare = _WORD.sub(
        lambda found: "…" if found[0].casefold() in known or found[0][:1].isdigit() else found[0],
        bare,
    )
    bare = re.sub(r"\S*@\S*", "…", bare)
    bare = re.sub(r"…(?:[\s,.;:@-]*…)+", "…", " ".join(bare.split()))
    return bare if len(bare) <= 160 else bare[:159] + "…"  # noqa: PLR2004  # as promised
