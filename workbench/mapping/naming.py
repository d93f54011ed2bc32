"""Names: custom fields, selection values and labels made from what a clinic calls things."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable

LONGEST = 56
"""Characters of a custom field's name; PostgreSQL cuts identifiers at 63 bytes."""
LONGEST_LABEL = 80
"""Characters of a label; a form has no room for more."""
CUSTOM = re.compile(r"x_[a-z0-9_]{1,59}")
_MADE = re.compile(r"[A-Za-z0-9]+([_.-]+[A-Za-z0-9]+)*")
BESIDE = "_practicehub"
"""Ends the name of ours where Odoo has a field of that name, of another type."""


_LABELS = {
    "x_practicehub_id": "PracticeHub id",
    "x_practicehub_created": "Created in PracticeHub",
    "x_practicehub_updated": "Changed in PracticeHub",
    "x_language": "Language in PracticeHub",
    "x_other_phones": "Other telephone numbers",
    "x_prescription_summary": "Prescriptions",
    "x_unread_values": "Values without a field of their own",
}


def short_hash(text: str) -> str:
    """Give six hexadecimal digits that tell one name from another."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def slug(text: str) -> str:
    """Reduce a text to lower-case ASCII letters, digits and underscores; may be empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    return re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_")


def custom_name(path: str, *, taken: Collection[str] = ()) -> str:
    """Name the custom field of a source path: `custom_fields.Shoe size` → `x_shoe_size`.

    A name that is taken, too long, or made of no Latin letter gets a mark of the path, so
    that the same path is always named alike and two never share a name.
    """
    own = path.removeprefix("custom_fields.").removesuffix("[]")
    base = slug(own)
    name = f"x_{base}"
    if base and len(name) <= LONGEST and name not in taken:
        return name
    return f"x_{base[: LONGEST - 9].rstrip('_') or 'field'}_{short_hash(path)}"


def beside(name: str) -> str:
    """Name our field where Odoo has another one of that name; a long name is cut and marked."""
    if CUSTOM.fullmatch(name + BESIDE):
        return name + BESIDE
    mark = f"_{short_hash(name)}{BESIDE}"
    return name[: LONGEST - len(mark)].rstrip("_") + mark


def collisions(paths: Iterable[str]) -> frozenset[str]:
    """Give the plain names that more than one path would get: all of those are marked."""
    seen: set[str] = set()
    twice: set[str] = set()
    for path in paths:
        name = custom_name(path)
        (twice if name in seen else seen).add(name)
    return frozenset(twice)


def custom_label(path: str, *, name: str) -> str:
    """Give the words people read over a custom field: the clinic's own where it wrote words.

    A name made for machines (`shoe_size`) becomes words, unless another field's name gives the
    same ones; anything else stays as it is written, markup and all, for labels are escaped
    where they are shown. Characters that cannot be seen go, and a long text loses its middle.

    Args:
        path: of the field inside its record.
        name: of the custom field, as `custom_name` gave it.
    """
    own = path.removeprefix("custom_fields.").removesuffix("[]")
    if _MADE.fullmatch(own) and name == custom_name(path):
        return _cut(label_of(own))
    seen = "".join(char for char in own if char.isprintable() or char.isspace())
    return _cut(" ".join(seen.split())) or label_of(name)


def _cut(words: str) -> str:
    half = LONGEST_LABEL // 2
    return words if len(words) <= LONGEST_LABEL else f"{words[: half - 1]}…{words[-half:]}"


def selection_keys(labels: Iterable[str]) -> dict[str, str]:
    """Give each label of a selection its stored value: a slug, marked where two would agree."""
    distinct = sorted(set(labels))
    slugs = {label: slug(label)[:40] for label in distinct}
    counts = Counter(slugs.values())
    return {
        label: key if key and counts[key] == 1 else f"{key or 'value'}_{short_hash(label)}"
        for label, key in slugs.items()
    }


def label_of(name: str) -> str:
    """Give words for a field's name: `x_date_of_birth` → "Date of birth"."""
    if name in _LABELS:
        return _LABELS[name]
    words = slug(name.removeprefix("x_").removesuffix("_id")).replace("_", " ").strip()
    return (words[:1].upper() + words[1:]) or name
