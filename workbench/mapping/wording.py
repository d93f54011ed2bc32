"""The words of a field's name, and what they say whatever language and order they stand in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from workbench.assets import templates
from workbench.staging.profile import words_of

Key = tuple[str, ...]
"""What a name says: its words in one language, in the order of the alphabet."""

_SPELT = str.maketrans({"ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae",
                        "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "đ": "d"})  # fmt: skip
_LINKS = ("", "s", "en", "n", "e", "es")
"""Letters that join the parts of a compound: `Praxis-standort`, `verzekering-s-nummer`."""
_SHORTEST_PART = 3
_NAME = frozenset(("nom", "nombre", "nome", "nomes"))
"""A name of some kind; beside other words any name, alone a first or a last one."""
_NAME_KEYS = frozenset((("name",), ("full", "name"), ("name", "patient"), ("name", "person")))
"""What an object is called that holds the parts of a person's name."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that say the same, those that say nothing, and those that say whose a value is.

    `tails`: words that others are written together with, `Termin|datum`.
    """

    same: dict[str, tuple[str, ...]]
    tails: tuple[str, ...]
    silent: frozenset[str]
    around: frozenset[str]
    foreign: frozenset[str]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Read templates/mapping/words.yaml, once."""
    text = (templates() / "mapping" / "words.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    silent = frozenset(raw["silent"])
    same = {
        word: tuple(one for one in meant.split() if one not in silent)
        for meant, words in raw["same"].items()
        for word in words
    }
    around, foreign = frozenset(raw["around"]), frozenset(raw["foreign"])
    tails = tuple(sorted(raw["tails"], key=len, reverse=True))
    return Lexicon(same, tails, silent, around, foreign)


def words(text: str) -> tuple[str, ...]:
    """Split a name into lower-case words without accents: `E-Mail (privé)` → email, prive."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPELT)).encode("ascii", "ignore").decode()
    found: list[str] = []
    for word in words_of(plain):
        if word == "mail" and found[-1:] == ["e"]:
            found[-1] = "email"
        else:
            found.append(word)
    return tuple(found)


def key(said: tuple[str, ...]) -> Key:
    """Give what words say: `numero_de_telefono` and `Phone No.` have one key."""
    known = lexicon()
    meant: list[str] = []
    for word in said:
        if word in known.silent:
            continue
        if word in _NAME and len(said) > 1:
            meant.append("name")
        else:
            meant += known.same.get(word) or _parts(word)
    return tuple(sorted(meant))


@lru_cache(maxsize=4096)
def _parts(word: str) -> tuple[str, ...]:
    """Give what a compound says where all its parts are known: `afspraakdatum`; else the word."""
    known = lexicon()
    ours = {part for meant in known.same.values() for part in meant}
    for tail in known.tails:
        head = word.removesuffix(tail)
        if head == word or word in ours:
            continue
        for link in _LINKS:
            stem = head.removesuffix(link)
            if len(stem) < _SHORTEST_PART or stem + link != head:
                continue
            if stem in known.same or stem in ours:
                return *known.same.get(stem, (stem,)), *known.same.get(tail, (tail,))
    return (word,)


def keys_of(path: str, *, owner: str) -> Iterator[Key]:
    """Give the keys that a field may go by, the fullest first; distinct.

    An object's name is left off only where it says no more than that the fields are a
    person's own: `personal.phone` is `phone`, `insurance.phone` is not. So is the owner's.

    Args:
        path: of the field inside its record.
        owner: whose fields these are: "patient", "appointment".
    """
    *heads, leaf = path.removeprefix("custom_fields.").split(".")
    whole = tuple(word for step in (*heads, leaf) for word in words(step))
    ways = [whole]
    if heads and (around(heads) or of_name(heads)):
        ways.append(words(leaf))
    seen: dict[Key, None] = {}
    for way in ways:
        full = key(way)
        seen.setdefault(full)
        seen.setdefault(tuple(word for word in full if word != owner))
    return (one for one in seen if one)


def around(heads: list[str]) -> bool:
    """Whether objects of these names hold a person's own fields."""
    known = lexicon().around | {"address", "contact", "patient"}
    return all(word in known for head in heads for word in key(words(head)))


def of_name(heads: list[str]) -> bool:
    """Whether the object holds the parts of a person's own name: `name.surname`."""
    return bool(heads) and key(words(heads[-1])) in _NAME_KEYS and around(heads[:-1])


def foreign(path: str) -> bool:
    """Whether a name says that its value is somebody else's, or of another use."""
    said = words(path)
    known = lexicon().foreign
    return any(word in known for word in (*said, *key(said)))
