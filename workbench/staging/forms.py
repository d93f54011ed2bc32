"""Answers of filled forms as fields: each question of each form has a path of its own.

A form's response lists its answers as objects that all look alike (`name`, `label`,
`value`), so by their keys alone all answers of all forms would be one field. Here the value
is named after its form and its question: `data[Intake / Allergies].value`. What stands beside
it (`data[].label`, `data[].help_text`) is the same for all and keeps its plain path.

Source: PracticeHub developer guide, custom form responses.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

ANSWERS = "data"
"""The key of a response's answers."""
VALUE = "value"
"""The key of an answer's value."""

_BETWEEN = " / "
_FORM_LONGEST = 60
_QUESTION_LONGEST = 100
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_BRACKETS = str.maketrans("[]", "()")


def form_of(record: Mapping[str, object]) -> str | None:
    """Give the name of the form that a record is a response to; None where it is none.

    A response says which form it answers and has a list of answers. One without the form's
    name goes by the form's number.
    """
    if not isinstance(record.get(ANSWERS), list):
        return None
    name = _told(record.get("form_name"))
    if name:
        return name
    number = _told(record.get("form_id"))
    return f"form {number}" if number else None


def answer_path(form: str, item: object) -> str | None:
    """Give the path of an answer's value: named by its label, else by its name.

    None for what is no answer, or has neither: it stays one field with all such.
    """
    if not isinstance(item, Mapping) or VALUE not in item:
        return None
    question = _told(item.get("label")) or _told(item.get("name"))
    return _path(form, question) if question else None


def is_answer(path: str) -> bool:
    """Say whether a path is that of an answer, or leads into one."""
    return path.startswith(f"{ANSWERS}[") and not path.startswith(f"{ANSWERS}[]")


def question_of(path: str) -> str:
    """Give the words of the question in an answer's path; any other path as it is."""
    if not is_answer(path):
        return path
    inside, _, _ = path.removeprefix(f"{ANSWERS}[").partition("]")
    return inside.partition(_BETWEEN)[2]


@lru_cache(maxsize=4096)
def _path(form: str, question: str) -> str:
    """Name an answer: on one line, without brackets, of a length that people can read.

    Where the form's or the question's own words do not survive that, a mark tells one such
    question from another; the same words always give the same path.
    """
    shown = _BETWEEN.join((_cut(form, _FORM_LONGEST), _cut(question, _QUESTION_LONGEST)))
    plain = shown.translate(_BRACKETS)
    if plain != _BETWEEN.join((form, question)) or _BETWEEN in form:
        whole = json.dumps([form, question])
        plain = f"{plain} #{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
    return f"{ANSWERS}[{plain}].{VALUE}"


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def _told(value: object) -> str:
    """Read a name: one line, letters and their accents as one, nothing that nobody sees."""
    if value is None or isinstance(value, bool):
        return ""
    raw = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if raw in {"[]", "{}"}:
        return ""
    return " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", raw)).split())
