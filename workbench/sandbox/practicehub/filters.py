"""The filter language of lists: `attribute=operator:value`; whatever is not understood is ignored.

Source: PracticeHub developer guide, filtering. Comparisons follow SQL: nothing compares with null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

Record = dict[str, object]
Test = Callable[[object], bool]

RESERVED = frozenset({"page", "page_size"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?")


class Operator(StrEnum):
    """The operators of the developer guide."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    NULL = "null"
    NOT_NULL = "not-null"
    LIKE = "like"
    IN = "in"
    NOT_IN = "not-in"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Filter:
    """One understood filter: records pass when `test` holds for their attribute."""

    attribute: str
    test: Test

    def passes(self, record: Record) -> bool:
        """Say whether a record satisfies the filter."""
        return self.test(record.get(self.attribute))


@dataclass(frozen=True, slots=True)
class Question:
    """What a query string asked for."""

    filters: tuple[Filter, ...] = ()
    ignored: tuple[str, ...] = ()  # attribute names, in order

    def answer(self, records: Sequence[Record]) -> Sequence[Record]:
        """Give the records that pass every filter, in their order."""
        if not self.filters:
            return records
        return [record for record in records if all(one.passes(record) for one in self.filters)]


def understand(
    pairs: Iterable[tuple[str, str]], records: Sequence[Record], *, bare_is_eq: bool = False
) -> Question:
    """Read the query of a list request.

    Args:
        pairs: name and value of each query parameter, decoded.
        records: the list that is asked; says which attributes exist and of which kind they are.
        bare_is_eq: take a value without an operator for `eq`.

    Returns:
        The filters understood, and the attributes of those that were not.
    """
    filters: list[Filter] = []
    ignored: list[str] = []
    for name, text in pairs:
        if name in RESERVED:
            continue
        test = _test(text, _sample(name, records), bare_is_eq=bare_is_eq)
        if test is None or not any(name in record for record in records[:1]):
            ignored.append(name)
        else:
            filters.append(Filter(name, test))
    return Question(tuple(filters), tuple(ignored))


def _sample(name: str, records: Sequence[Record]) -> object:
    """Find some value of an attribute, to know its kind."""
    return next((value for record in records if (value := record.get(name)) is not None), None)


def _test(text: str, sample: object, *, bare_is_eq: bool) -> Test | None:
    word, colon, value = text.partition(":")
    if word in {Operator.NULL, Operator.NOT_NULL}:
        wanted = word == Operator.NULL
        return lambda held: (held is None) is wanted
    try:
        operator = Operator(word) if colon else None
    except ValueError:
        operator = None
    if operator is None:
        if not bare_is_eq:
            return None
        operator, value = Operator.EQ, text
    return _comparison(operator, value, sample)


def _comparison(operator: Operator, value: str, sample: object) -> Test | None:
    operands = value.split(",") if operator in _LISTS else [value]
    if operator is Operator.BETWEEN and len(operands) != 2:  # noqa: PLR2004 - from, to
        return None
    if operator is not Operator.LIKE and not all(_readable(one, sample) for one in operands):
        return None
    if operator is Operator.LIKE:
        return _like(value)
    agrees = _AGREES[operator]
    return lambda held: held is not None and agrees([_order(held, one) for one in operands])


# Each reads how a value compares with the operands: -1 below, 0 equal, 1 above.
_AGREES: dict[Operator, Callable[[list[int]], bool]] = {
    Operator.EQ: lambda signs: signs[0] == 0,
    Operator.NE: lambda signs: signs[0] != 0,
    Operator.GT: lambda signs: signs[0] > 0,
    Operator.GTE: lambda signs: signs[0] >= 0,
    Operator.LT: lambda signs: signs[0] < 0,
    Operator.LTE: lambda signs: signs[0] <= 0,
    Operator.IN: lambda signs: 0 in signs,
    Operator.NOT_IN: lambda signs: 0 not in signs,
    Operator.BETWEEN: lambda signs: signs[0] >= 0 >= signs[1],
}
_LISTS = frozenset({Operator.IN, Operator.NOT_IN, Operator.BETWEEN})


def _readable(operand: str, sample: object) -> bool:
    """Say whether an operand can be compared with values like `sample`."""
    if isinstance(sample, bool):
        return operand.casefold() in {"0", "1", "true", "false"}
    if isinstance(sample, int | float):
        return _number(operand) is not None
    if isinstance(sample, str) and _DATE.fullmatch(sample):
        return _DATE.fullmatch(operand) is not None
    return True


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _order(held: object, operand: str) -> int:
    """Compare like a database: numbers as numbers, all else as text without regard to case."""
    if isinstance(held, bool):
        held = int(held)
        operand = {"true": "1", "false": "0"}.get(operand.casefold(), operand)
    left, right = _number(str(held)), _number(operand)
    if left is not None and right is not None:
        return (left > right) - (left < right)
    one, other = str(held).casefold(), operand.casefold()
    return (one > other) - (one < other)


def _like(pattern: str) -> Test:
    shape = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)
    wanted = re.compile(shape, re.IGNORECASE | re.DOTALL)
    return lambda held: held is not None and wanted.fullmatch(str(held)) is not None
