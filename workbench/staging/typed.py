"""Typed values beside the raw ones: a schema reads each record and collects all that fails.

The schema is made of the map's rules. It checks what the readers of single values give as
well: a date is a date whoever read it. What it says of a record names fields and kinds of
oddity, never a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidationInfo,
    create_model,
)
from pydantic_core import PydanticCustomError

from workbench.staging.checks import Rule, Rules, ValueKind, read_value
from workbench.staging.findings import Finding, Refused, Scalar
from workbench.staging.outcomes import HELD_BACK, outcome_of
from workbench.staging.paths import filled_paths, is_empty, value_at
from workbench.staging.places import dialling_code, region_of
from workbench.state import IssueKind
from workbench.state.canonical import digest

UNKNOWN_RULE = "every field has a disposition"
_KINDS = {kind.value: kind for kind in IssueKind}
TYPED_RULES = frozenset({kind.value for kind in ValueKind} | {UNKNOWN_RULE})
"""The rules that findings of typed values name."""

_DAY = Annotated[StrictStr, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
_INSTANT = Annotated[StrictStr, Field(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$")]
_FORMS: Mapping[ValueKind, Any] = {
    ValueKind.DATE: _DAY,
    ValueKind.DATE_DAY_FIRST: _DAY,
    ValueKind.DATE_MONTH_FIRST: _DAY,
    ValueKind.INSTANT: _INSTANT,
    ValueKind.INSTANT_DAY_FIRST: _INSTANT,
    ValueKind.INSTANT_MONTH_FIRST: _INSTANT,
    ValueKind.COUNTRY: Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$")],
    ValueKind.BOOLEAN: StrictBool,
    ValueKind.INTEGER: Annotated[StrictInt, Field(ge=-(2**31) + 1, le=2**31 - 1)],
    ValueKind.DECIMAL: Annotated[StrictFloat, Field(allow_inf_nan=False)],
}
"""What a value that was read as a kind must be; any other kind is text."""
_OF_A_COUNTRY = frozenset({ValueKind.PHONE, ValueKind.STATE})
"""Kinds that are read by the country that stands beside the value."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value whose typed form is not the raw text: by which rule, from what, to what.

    It holds a patient's values: it is shown to a person who asks, and never stored.
    """

    path: str
    rule: str
    before: object
    after: Scalar


@dataclass(frozen=True, slots=True)
class Typed:
    """One record, read by its rules.

    Args:
        values: field path → typed value, a list where the path leads through or to one;
            paths that no rule knows and values that are empty are left out.
        findings: everything odd, by field; at most one for each kind and field.
        changes: every value whose typed form is not the raw text, by field.
    """

    values: dict[str, object]
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]

    @property
    def changed(self) -> list[str]:
        """The paths with a change, each once, ordered."""
        return list(dict.fromkeys(change.path for change in self.changes))


class _Odd(NamedTuple):
    """What is odd about a field's value; `failed`: it could not be read and is left empty."""

    path: str
    kind: IssueKind
    failed: bool


class RecordSchema:
    """Reads the records of one resource; pure, and the same record always gives the same.

    Args:
        resource: the resource's name.
        mapping: the map as far as it is decided.
    """

    def __init__(self, resource: str, mapping: Rules) -> None:
        self._resource = resource
        self._rules = mapping.rules(resource)
        self._region = mapping.region
        self._aliases = {f"field_{n}": path for n, path in enumerate(sorted(self._rules))}
        self._model = _model(resource, self._rules, self._aliases, zone=mapping.zone)
        self.hash = digest(
            [
                [mapping.zone, mapping.region],
                [[rule.path, rule.kind.value, sorted(rule.choices or ()), rule.choices is None,
                  list(rule.countries), rule.code, rule.outcome]
                 for _path, rule in sorted(self._rules.items())],
            ]
        )  # fmt: skip
        """Hash of the rules; values that were typed with equal ones need not be typed again."""

    def __call__(self, source_id: str, data: Mapping[str, object]) -> Typed:
        """Read one record."""
        raws = {path: data[path] if path in data else value_at(data, path)
                for path in sorted(filled_paths(data))}  # fmt: skip
        given = {path: self._given(path, raw, data) for path, raw in raws.items()}
        odd: set[_Odd] = set()
        read = self._validated(given, odd)
        values: dict[str, object] = {}
        changes: list[Change] = []
        for path, raw in raws.items():
            if path not in read:
                continue
            rule = self._rules[path]
            for before, after in zip(_scalars(raw), read[path], strict=True):
                if not is_empty(before) and _text(before) != _text(after):
                    changes.append(Change(path, rule.kind.value, before, after))
            if any(one is not None for one in read[path]):
                values[path] = _rebuilt(raw, iter(read[path]))
        findings = {self._finding(source_id, one) for one in odd}
        return Typed(
            values,
            tuple(sorted(findings, key=lambda one: (one.field, one.kind))),
            tuple(changes),
        )

    def _given(self, path: str, raw: object, data: Mapping[str, object]) -> list[object]:
        """Give the scalars of a field; numbers and states each with their country and code."""
        scalars = list(_scalars(raw))
        rule = self._rules.get(path)
        if rule is None or rule.kind not in _OF_A_COUNTRY:
            return scalars
        count = len(scalars)
        codes = [dialling_code(one) for one in _beside(rule.code, path, data, count)]
        regions = self._regions(rule, data, codes)
        return list(zip(scalars, regions, codes, strict=True))

    def _regions(self, rule: Rule, data: Mapping[str, object], codes: list[str]) -> list[str]:
        """Give a country for each of a field's values: its own, the record's, the clinic's.

        A number with a dialling code beside it needs no clinic: the code tells. A state is
        never taken for one of the clinic's country.
        """
        found = [""] * len(codes)
        for path in rule.countries:
            told = [region_of(one) for one in _beside(path, rule.path, data, len(codes))]
            found = [held or new for held, new in zip(found, told, strict=True)]
            if all(found):
                break
        clinic = self._region if rule.kind is ValueKind.PHONE else ""
        return [one or ("" if code else clinic)
                for one, code in zip(found, codes, strict=True)]  # fmt: skip

    def _validated(self, given: dict[str, list[object]], odd: set[_Odd]) -> dict[str, list[Scalar]]:
        """Read all values; where some fail, note which, and read the others without them."""
        notes: list[_Odd] = []
        try:
            read = self._model.model_validate(given, context=notes)
        except ValidationError as error:
            failures = error.errors(include_url=False, include_context=False, include_input=False)
        else:
            odd.update(notes)
            return {self._aliases[name]: getattr(read, name) for name in read.model_fields_set}
        for failure in failures:
            path, *place = failure["loc"]
            kind = self._kind(str(path), failure["type"])
            odd.add(_Odd(str(path), kind, failed=True))
            if kind is IssueKind.FIELD_UNKNOWN:
                del given[str(path)]
            else:
                given[str(path)][int(place[0])] = None
        return self._validated(given, odd)

    def _kind(self, path: str, failure: str) -> IssueKind:
        if failure == "extra_forbidden":
            return IssueKind.FIELD_UNKNOWN
        if failure in _KINDS:
            return _KINDS[failure]
        what = f"{self._resource}.{path} was read into another form than its rule's: {failure}"
        raise AssertionError(what)

    def _finding(self, source_id: str, odd: _Odd) -> Finding:
        field = f"{self._resource}.{odd.path}"
        rule = self._rules.get(odd.path)
        if rule is None:
            return Finding(odd.kind, self._resource, source_id, field, UNKNOWN_RULE, HELD_BACK)
        waits = odd.kind is IssueKind.VALUE_UNMAPPED
        outcome = rule.outcome if odd.failed and not waits else outcome_of(odd.kind)
        return Finding(odd.kind, self._resource, source_id, field, rule.kind.value, outcome)


def explain(resource: str, data: Mapping[str, object], mapping: Rules) -> list[Change]:
    """List every value of a record whose typed form is not the raw text: rule, before, after."""
    return list(RecordSchema(resource, mapping)("", data).changes)


def _model(
    resource: str, rules: Mapping[str, Rule], aliases: Mapping[str, str], *, zone: str
) -> type[BaseModel]:
    """Make the schema of a resource: flat, a list of values for each path that has a rule."""
    fields: dict[str, Any] = {}
    for name, path in aliases.items():
        rule = rules[path]
        form = _FORMS.get(rule.kind, StrictStr)
        value: Any = Annotated[form | None, BeforeValidator(_validator(rule, zone))]
        fields[name] = (list[value], Field(default=(), alias=path))
    config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    return create_model(resource, __config__=config, **fields)


def _validator(rule: Rule, zone: str) -> Callable[[object, ValidationInfo], Scalar]:
    placed = rule.kind in _OF_A_COUNTRY

    def validate(value: Any, info: ValidationInfo) -> Scalar:  # noqa: ANN401 - JSON, or a number with its country
        raw, region, code = value if placed and value is not None else (value, "", "")
        if raw is None:
            return None
        found = read_value(rule, raw, zone=zone, region=region, code=code)
        if isinstance(found, Refused):
            raise PydanticCustomError(found.reason.value, "the value cannot be read")
        notes: list[_Odd] = cast("Any", info.context)
        notes.extend(_Odd(rule.path, note, failed=False) for note in found.notes)
        return found.value

    return validate


def _beside(path: str, of: str, data: Mapping[str, object], count: int) -> list[object]:
    """Give what stands at a path beside each of a field's `count` values.

    In a list of objects each has its own; what stands elsewhere is that of all.
    """
    told = list(_scalars(value_at(data, path))) if path else []
    own = "[]" in path and path.rpartition("[]")[0] == of.rpartition("[]")[0]
    if own and len(told) == count:
        return told
    return [next((one for one in told if not is_empty(one)), None)] * count


def _scalars(value: object) -> Iterator[object]:
    """Yield the scalars of a value in order; objects in a list have paths of their own."""
    if isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    elif not isinstance(value, Mapping):
        yield value


def _rebuilt(raw: object, typed: Iterator[Scalar]) -> object:
    """Put typed scalars where the raw ones stood."""
    if isinstance(raw, list):
        return [_rebuilt(inner, typed) for inner in raw if not isinstance(inner, Mapping)]
    return next(typed)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
