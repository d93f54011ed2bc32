"""One cell: is what Odoo returned equal to what was expected, and if not, is that tolerated?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from enum import StrEnum

from workbench.mapping.rows import Ref, Value
from workbench.proof.markup import same_html


class Match(StrEnum):
    """How a field in Odoo compares with what was expected."""

    EQUAL = "equal"
    TOLERATED = "tolerated"
    DIFFERENT = "different"


class Rule(StrEnum):
    """Why a field that is not plainly equal got its verdict. Those in `TOLERANCES` tolerate.

    HTML_EQUIVALENT: Odoo cleans HTML as it stores it: it wraps a bare text in a paragraph,
    spells entities its own way and adds attributes. Text, order and kind of tags, and the
    targets of links and images are the same.
    EMPTY_IS_FALSE: an empty text, or a yes/no that was never answered, reads back as
    False: Odoo has one spelling for all three.
    EMPTY_IS_ZERO: an empty number reads back as 0: Odoo has no empty number.
    FLOAT_ROUNDING: two spellings of one number, apart by less than a billionth of it.
    MORE_LINKS: every link that was expected is there, beside others that Odoo or a person
    added (a contact that existed before keeps its own tags).
    EMPTY_FILE: Odoo keeps no checksum of a file of 0 bytes; ours is the checksum of nothing.
    ODOO_VALUE_STAYS: the contact was there before the patient was linked to it, and holds
    what it held then; what PracticeHub says otherwise stands in a note on it.
    KEPT_BY_DECISION: somebody changed the field in Odoo since the load, a named person decided
    that this value stays, and it is still there; or deleted the record, and it stays deleted.
    ABSENT: Odoo has no record of that external id.
    NOT_READ: the field was not among what Odoo answered.
    UNRESOLVED: what the field should point to does not exist in Odoo.
    """

    HTML_EQUIVALENT = "html_equivalent"
    EMPTY_IS_FALSE = "empty_is_false"
    EMPTY_IS_ZERO = "empty_is_zero"
    FLOAT_ROUNDING = "float_rounding"
    MORE_LINKS = "more_links"
    EMPTY_FILE = "empty_file"
    ODOO_VALUE_STAYS = "odoo_value_stays"
    KEPT_BY_DECISION = "kept_by_decision"
    ABSENT = "absent"
    NOT_READ = "not_read"
    UNRESOLVED = "unresolved"


TOLERANCES = frozenset(Rule) - {Rule.ABSENT, Rule.NOT_READ, Rule.UNRESOLVED}
"""The rules that tolerate; any other one names a difference."""

MISSING = object()
"""What stands for a field that Odoo's answer does not have."""
UNRESOLVED = object()
"""What a reference that leads nowhere resolves to."""

_SHA1_OF_NOTHING = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
_NONE = ""


def resolved(value: Value, resolve: Callable[[Ref], object]) -> object:
    """Give an expected value with numbers for its references; `UNRESOLVED` where one is lost."""
    if isinstance(value, Ref):
        found = resolve(value)
        return UNRESOLVED if found is None else found
    if isinstance(value, tuple):
        ids = [resolve(ref) for ref in value]
        return UNRESOLVED if None in ids else frozenset(ids)
    return value


def judge(wanted: object, got: object, kind: str) -> tuple[Match, str]:  # noqa: C901, PLR0911 - a table of cases, read from the top
    """Compare one cell; give the verdict and the rule behind it ("" where none is needed).

    Args:
        wanted: the expected value, resolved.
        got: what Odoo returned, or `MISSING`.
        kind: Odoo's type of the field; "" where it is not known.
    """
    if wanted is UNRESOLVED:
        return Match.DIFFERENT, Rule.UNRESOLVED
    if got is MISSING:
        return Match.DIFFERENT, Rule.NOT_READ
    got = _number(got)
    if wanted is None or wanted == "":
        return _judge_empty(wanted, got, kind)
    if isinstance(wanted, frozenset):
        return _judge_links(wanted, got)
    if wanted == _SHA1_OF_NOTHING and (got is False or got is None):
        return Match.TOLERATED, Rule.EMPTY_FILE
    if isinstance(wanted, bool) or isinstance(got, bool):
        return (Match.EQUAL if wanted is got else Match.DIFFERENT), _NONE
    if wanted == got:
        return Match.EQUAL, _NONE
    if isinstance(wanted, str) and isinstance(got, str):
        if kind == "html" and same_html(wanted, got):
            return Match.TOLERATED, Rule.HTML_EQUIVALENT
    elif (
        isinstance(wanted, int | float)
        and isinstance(got, int | float)
        and math.isclose(wanted, got, rel_tol=1e-9)
    ):
        return Match.TOLERATED, Rule.FLOAT_ROUNDING
    return Match.DIFFERENT, _NONE


def shown(value: object) -> str:
    """Write a value of a cell, expected or returned, as text; empty for nothing."""
    value = _number(value)
    if value is None or value is False or value is MISSING:
        return ""
    if isinstance(value, frozenset | list | tuple):
        return ", ".join(sorted(map(str, value)))
    return str(value)


def _number(got: object) -> object:
    """Take the number out of a many2one that comes as number and name."""
    if (
        isinstance(got, list | tuple)
        and len(got) == 2  # noqa: PLR2004 - a pair
        and isinstance(got[0], int)
        and isinstance(got[1], str)
    ):
        return got[0]
    return got


def _judge_links(wanted: frozenset[object], got: object) -> tuple[Match, str]:
    held = frozenset(got) if isinstance(got, list | tuple) else frozenset()
    if held == wanted:
        return Match.EQUAL, _NONE
    if wanted < held:
        return Match.TOLERATED, Rule.MORE_LINKS
    return Match.DIFFERENT, _NONE


def _judge_empty(wanted: object, got: object, kind: str) -> tuple[Match, str]:
    if got is False or got is None:
        # nothing expected and nothing there: False is how Odoo's interface spells it
        if wanted is None and kind != "boolean":
            return Match.EQUAL, _NONE
        return Match.TOLERATED, Rule.EMPTY_IS_FALSE
    if isinstance(got, int | float):
        empty = got == 0 and not isinstance(got, bool)
        return (Match.TOLERATED, Rule.EMPTY_IS_ZERO) if empty else (Match.DIFFERENT, _NONE)
    if not got:
        return Match.EQUAL, _NONE
    if kind == "html" and isinstance(got, str) and same_html("", got):
        return Match.TOLERATED, Rule.HTML_EQUIVALENT
    return Match.DIFFERENT, _NONE
