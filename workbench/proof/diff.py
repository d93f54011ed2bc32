"""Expected against actual, field by field, with a named reason for every tolerance."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from workbench.errors import EvidenceError
from workbench.mapping.rows import LoadRow, Ref, Value
from workbench.proof.markup import html_shape
from workbench.staging.paths import is_empty, value_at
from workbench.state import Difference, Store, Verdict, canonical


class Match(StrEnum):
    """How a field in Odoo compares with what was expected."""

    EQUAL = "equal"
    TOLERATED = "tolerated"
    DIFFERENT = "different"


class Rule(StrEnum):
    """Why a field that is not plainly equal got its verdict. The first seven tolerate.

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
    ABSENT = "absent"
    NOT_READ = "not_read"
    UNRESOLVED = "unresolved"


TOLERANCES = frozenset(
    {
        Rule.HTML_EQUIVALENT,
        Rule.EMPTY_IS_FALSE,
        Rule.EMPTY_IS_ZERO,
        Rule.FLOAT_ROUNDING,
        Rule.MORE_LINKS,
        Rule.EMPTY_FILE,
        Rule.ODOO_VALUE_STAYS,
    }
)
"""The rules that tolerate; any other one names a difference."""

WHOLE_RECORD = "*"
"""The field name under which an absent record is listed."""

Actual = Mapping[str, Mapping[str, object] | None]
"""What Odoo returned, by external id without module; None where it has no such record."""

Counts = dict[tuple[str, str, str, str], int]
"""Model, field, verdict and rule to how many cells."""

SourceOf = Callable[[LoadRow, str], str]
"""Gives the source value of one field of one row as text; "" where there is none."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One scope compared.

    `verdicts` are by model, field, verdict and rule; `differences` by record, then field,
    and hold values (they stay in the run). `absent` are external ids, in expected order.
    """

    verdicts: list[Verdict]
    differences: list[Difference]
    cells: int
    records: int
    absent: list[str] = field(default_factory=list)

    @property
    def different(self) -> int:
        """How many cells differ without a tolerance; 0 is what P1 asks for."""
        return different_cells(self.verdicts)

    @property
    def equal(self) -> bool:
        """Whether every cell is equal or tolerated by name."""
        return self.different == 0 and not self.absent


def different_cells(verdicts: Iterable[Verdict]) -> int:
    """Count the cells that differ without a tolerance."""
    return sum(row.count for row in verdicts if row.verdict == Match.DIFFERENT)


def compare(
    expected: Iterable[LoadRow],
    actual: Actual,
    *,
    resolve: Callable[[Ref], object],
    scope: str,
    types: Mapping[str, Mapping[str, str]],
    source_of: SourceOf,
    keep_equal: bool = False,
) -> Comparison:
    """Compare every expected field of every record with what Odoo returned.

    Only fields that the rows name are looked at. A many2one may come as a number or as
    number and name, a many2many as numbers in any order.

    Args:
        expected: the rows as they were meant to be; each external id once.
        actual: what was read back, by external id without module.
        resolve: gives the database id behind a reference, None (or False) if there is none.
        scope: under which name the result is kept ("sample", "all").
        types: model to field to Odoo's type, as `fields_get` tells.
        source_of: gives the source value shown beside a difference.
        keep_equal: list the equal cells as well (for a sample that a person walks through).

    Raises:
        EvidenceError: an external id is expected twice, so the comparison would not say
            which one it is about.
    """
    counts: Counts = {}
    equal: dict[str, dict[str, int]] = {}  # by model and field: the cells that need no look
    differences: list[Difference] = []
    absent: list[str] = []
    seen: set[str] = set()
    cells = 0
    for row in expected:
        if row.external_id in seen:
            what = f"{row.external_id} is expected twice."
            raise EvidenceError(what, do="Keep the run folder and report this.")
        seen.add(row.external_id)
        cells += len(row.values) + len(row.stays)
        found = actual.get(row.external_id)
        if found is None:
            absent.append(row.external_id)
            differences.append(_absence(row, scope, counts))
            continue
        kinds = types.get(row.model, {})
        plain = equal.setdefault(row.model, {})
        for name, value in row.values.items():
            got = found.get(name, _MISSING)
            # most cells end here: same type, same value, nothing to resolve or tolerate
            if got == value and type(got) is type(value):
                plain[name] = plain.get(name, 0) + 1
                if not keep_equal:
                    continue
                match, rule = Match.EQUAL, ""
                wanted: object = value
            else:
                wanted = _resolved(value, resolve)
                match, rule = _judge(wanted, got, kinds.get(name, ""))
                key = (row.model, name, match.value, rule)
                counts[key] = counts.get(key, 0) + 1
            if match is not Match.EQUAL or keep_equal:
                differences.append(
                    Difference(
                        scope=scope, external_id=row.external_id, model=row.model, field=name,
                        verdict=match.value, rule=rule,
                        source=source_of(row, name),
                        expected=_text(wanted) if rule != Rule.UNRESOLVED else _text(value),
                        actual="" if got is _MISSING else _text(_plain(got)),
                    )
                )  # fmt: skip
        differences += _stayed(row, found, scope, counts, source_of)
    for model, fields in equal.items():
        for name, count in fields.items():
            key = (model, name, Match.EQUAL.value, "")
            counts[key] = counts.get(key, 0) + count
    verdicts = [Verdict(scope, *key, count) for key, count in sorted(counts.items())]
    return Comparison(verdicts, differences, cells, len(seen), absent)


def source_texts(store: Store) -> SourceOf:
    """Give a look-up of the source values behind a cell, for the eyes of a reviewer.

    The paths in `LoadRow.sources` are looked up in the record that the row stems from;
    a field made from several source fields shows all that hold something, in their order.
    """
    held: dict[tuple[str, str], Mapping[str, object]] = {}

    def text(row: LoadRow, name: str) -> str:
        found = []
        for key, path in _named(row, name):
            if key not in held:
                if len(held) > _TOGETHER:
                    held.clear()  # rows of one record come together; nothing more need be kept
                record = store.source.record(*key)
                held[key] = record.data if record else {}
            value = value_at(held[key], path)
            if not is_empty(value):
                found.append(value if isinstance(value, str) else canonical(value))
        return " | ".join(found)

    return text


_TOGETHER = 20
"""Records kept at a time while source values are looked up."""


def _named(row: LoadRow, name: str) -> list[tuple[tuple[str, str], str]]:
    """Give record and path of each source field of a cell; the field's path may hold commas.

    A field of another record of the patient's, an answer to a form, names its record:
    "custom_form_responses/31.data[Intake / Allergies].value".
    """
    told = row.sources.get(name, "")
    other = r"(?P<resource>[a-z_]+)/(?P<id>[^./, ]+)"
    begins = list(re.finditer(rf"(?:^|, )(?:{re.escape(row.resource)}|{other})\.", told))
    if not begins:
        return []
    ends = [found.start() for found in begins[1:]] + [len(told)]
    return [
        ((found["resource"] or row.resource, found["id"] or row.source_id), told[found.end() : end])
        for found, end in zip(begins, ends, strict=True)
    ]


_SHA1_OF_NOTHING = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
_MISSING = object()
_UNRESOLVED = object()


def _absence(row: LoadRow, scope: str, counts: Counts) -> Difference:
    """Count every field of a record that is not there as different, and list it once."""
    for name in (*row.values, *row.stays):
        key = (row.model, name, Match.DIFFERENT.value, Rule.ABSENT.value)
        counts[key] = counts.get(key, 0) + 1
    return Difference(
        scope=scope, external_id=row.external_id, model=row.model, field=WHOLE_RECORD,
        verdict=Match.DIFFERENT.value, rule=Rule.ABSENT.value,
        source=f"{row.resource}/{row.source_id}", expected="a record", actual="",
    )  # fmt: skip


def _stayed(
    row: LoadRow, found: Mapping[str, object], scope: str, counts: Counts, source_of: SourceOf
) -> list[Difference]:
    """See that what Odoo had before us, and is to keep, is what it holds now."""
    listed: list[Difference] = []
    for name, held in row.stays.items():
        got = found.get(name, _MISSING)
        match, rule = Match.DIFFERENT, Rule.NOT_READ.value if got is _MISSING else ""
        if (got or None) == (held or None):
            match, rule = Match.TOLERATED, Rule.ODOO_VALUE_STAYS.value
        key = (row.model, name, match.value, rule)
        counts[key] = counts.get(key, 0) + 1
        listed.append(
            Difference(
                scope=scope, external_id=row.external_id, model=row.model, field=name,
                verdict=match.value, rule=rule, source=source_of(row, name),
                expected=_text(held), actual="" if got is _MISSING else _text(_plain(got)),
            )
        )  # fmt: skip
    return listed


def _resolved(value: Value, resolve: Callable[[Ref], object]) -> object:
    if isinstance(value, Ref):
        found = resolve(value)
        return _UNRESOLVED if found is None or found is False else found
    if isinstance(value, tuple):
        ids = [resolve(ref) for ref in value]
        return _UNRESOLVED if any(one is None or one is False for one in ids) else frozenset(ids)
    return value


def _plain(got: object) -> object:
    """Take the number out of a many2one that comes as number and name."""
    if (
        isinstance(got, Sequence)
        and not isinstance(got, str)
        and len(got) == 2  # noqa: PLR2004 - a pair
        and isinstance(got[0], int)
        and isinstance(got[1], str)
    ):
        return got[0]
    return got


def _judge(wanted: object, got: object, kind: str) -> tuple[Match, str]:  # noqa: C901, PLR0911 - a table of cases, read from the top
    if wanted is _UNRESOLVED:
        return Match.DIFFERENT, Rule.UNRESOLVED.value
    if got is _MISSING:
        return Match.DIFFERENT, Rule.NOT_READ.value
    got = _plain(got)
    if wanted is None or wanted == "":
        return _judge_empty(wanted, got, kind)
    if isinstance(wanted, frozenset):
        return _judge_links(wanted, got)
    if wanted == _SHA1_OF_NOTHING and (got is False or got is None):
        return Match.TOLERATED, Rule.EMPTY_FILE.value
    if isinstance(wanted, bool) or isinstance(got, bool):
        return (Match.EQUAL if wanted is got else Match.DIFFERENT), ""
    if wanted == got:
        return Match.EQUAL, ""
    if isinstance(wanted, str) and isinstance(got, str):
        if kind == "html" and html_shape(wanted) == html_shape(got):
            return Match.TOLERATED, Rule.HTML_EQUIVALENT.value
    elif (
        isinstance(wanted, int | float)
        and isinstance(got, int | float)
        and math.isclose(wanted, got, rel_tol=1e-9)
    ):
        return Match.TOLERATED, Rule.FLOAT_ROUNDING.value
    return Match.DIFFERENT, ""


def _judge_links(wanted: frozenset[object], got: object) -> tuple[Match, str]:
    held = frozenset(got) if isinstance(got, list | tuple) else frozenset()
    if held == wanted:
        return Match.EQUAL, ""
    if wanted < held:
        return Match.TOLERATED, Rule.MORE_LINKS.value
    return Match.DIFFERENT, ""


def _judge_empty(wanted: object, got: object, kind: str) -> tuple[Match, str]:
    if got is False or got is None:
        # nothing expected and nothing there: False is how Odoo's interface spells it
        if wanted is None and kind != "boolean":
            return Match.EQUAL, ""
        return Match.TOLERATED, Rule.EMPTY_IS_FALSE.value
    if isinstance(got, int | float):
        empty = got == 0 and not isinstance(got, bool)
        return (Match.TOLERATED, Rule.EMPTY_IS_ZERO.value) if empty else (Match.DIFFERENT, "")
    if not got:
        return Match.EQUAL, ""
    if kind == "html" and isinstance(got, str) and not html_shape(got):
        return Match.TOLERATED, Rule.HTML_EQUIVALENT.value
    return Match.DIFFERENT, ""


def _text(value: object) -> str:
    if value is None or value is False:
        return ""
    if isinstance(value, frozenset | list | tuple):
        return ", ".join(sorted(map(str, value)))
    return str(value)
