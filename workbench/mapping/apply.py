"""The map's rows of one resource, applied to one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from workbench.mapping.context import Context, Made, Outcome, Outputs, Scope, Unmapped
from workbench.mapping.model import Disposition, MapRow, field_subject, value_subject
from workbench.mapping.model import Mapping as Map
from workbench.mapping.naming import label_of
from workbench.mapping.rows import Value
from workbench.mapping.transforms import TRANSFORMS, Transform
from workbench.staging import normalise, places
from workbench.staging.findings import Finding, Refused
from workbench.staging.outcomes import HELD_BACK, RAW_KEPT, outcome_of
from workbench.staging.paths import filled_paths, is_empty, leaves, value_at
from workbench.state import IssueKind, id_text


@dataclass(frozen=True, slots=True)
class _Group:
    """The rows that feed one transform together."""

    transform: Transform
    rows: tuple[MapRow, ...]

    @property
    def targets(self) -> dict[str, str]:
        """Output → target's field name."""
        found: dict[str, str] = {}
        for row in self.rows:
            output = self.transform.parts.get(row.part, "value")
            found.setdefault(output, row.name)
            for also, target in zip(self.transform.also, row.also, strict=False):
                found.setdefault(also.output, target.rpartition(".")[2])
        return found

    def misses(self, outputs: Outputs) -> bool:
        """Whether something of the source would stand in no target: unread, or without one."""
        if any(isinstance(outputs.get(one), Refused) for one in self.targets):
            return True
        held = {one for one, outcome in outputs.items()
                if isinstance(outcome, Made) and outcome.value is not None}  # fmt: skip
        # what stands beside a value that has a target (a link, the same in other words) may go
        whole = held & self.targets.keys() and not self.transform.splits
        return not whole and bool(held - self.targets.keys())

    @property
    def source(self) -> str:
        return ", ".join(row.field for row in self.rows)


@dataclass(slots=True)
class Applied:
    """What the map made of one record.

    `values` by field name of the target's model, `sources` likewise; `refused` the names whose
    value could not be read; `unread` lines of raw text; `waiting` the subjects that must be
    decided first.
    """

    values: dict[str, Value] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


class Applier:
    """Applies the rows of one resource whose targets are on one model.

    Args:
        mapping: the confirmed map.
        context: what lookups know.
        resource: whose records.
        model: rows to other models are left to another applier.
    """

    def __init__(self, mapping: Map, context: Context, *, resource: str, model: str) -> None:
        self._mapping = mapping
        self._context = context
        self._resource = resource
        self._rows = [row for row in mapping.of(resource) if row.model == model]

    @cached_property
    def _groups(self) -> list[_Group]:
        found: dict[tuple[str, str], list[MapRow]] = {}
        for row in self._rows:
            transform = TRANSFORMS.get(row.transform)
            if transform is None or row.disposition.plain:
                continue
            alone = not transform.combines
            key = (row.transform, "" if transform.spans else row.field if alone else row.target)
            found.setdefault(key, []).append(row)
        groups = [_Group(TRANSFORMS[key[0]], tuple(rows)) for key, rows in found.items()]
        # a town with a field of its own counts before one that was cut out of an address
        return sorted(groups, key=lambda group: group.transform.splits)

    @cached_property
    def kept(self) -> frozenset[str]:
        """Paths that are kept in a text of the record."""
        return frozenset(row.path for row in self._rows if row.disposition is Disposition.KEPT)

    def __call__(self, record: Mapping[str, object], source_id: str) -> Applied:
        """Apply every row to a record; a row whose field the record lacks gives empty."""
        return self._applied(self._groups, record, source_id)

    def part(self, fields: Mapping[str, object], source_id: str) -> Applied:
        """Apply to some fields of a record, by path, the rows they feed, and no other."""
        groups = [one for one in self._groups if any(row.path in fields for row in one.rows)]
        return self._applied(groups, fields, source_id)

    def _applied(
        self, groups: Iterable[_Group], record: Mapping[str, object], source_id: str
    ) -> Applied:
        made = Applied()
        country = self._country(record)
        for group in groups:
            scope = self._scope(group, country)
            parts = {row.part: value_at(record, row.path) for row in group.rows}
            outputs = group.transform.make(parts, scope)
            for output, name in group.targets.items():
                outcome = outputs.get(output, Made(None))
                differs = _differs(made.values.get(name), outcome)
                self._take(made, group, name, outcome, source_id)
                if differs:
                    made.unread += raw_lines(record, group.rows)
                    made.findings.append(
                        self._finding(
                            IssueKind.VALUE_DIFFERS, source_id, group.source, group, RAW_KEPT
                        )
                    )
            if group.misses(outputs):
                made.unread += [
                    line for line in raw_lines(record, group.rows) if line not in made.unread
                ]
        return made

    def _scope(self, group: _Group, country: str) -> Scope:
        row = group.rows[0]
        return Scope(
            context=self._context,
            country=country,
            values=self._mapping.values.get(row.field, {}),
            keys={
                **self._mapping.selections.get(row.target, {}),
                **self._context.stored.get(row.target, {}),
            },
            orders={one.part: one.order for one in group.rows},
            type=row.type,
        )

    def _country(self, record: Mapping[str, object]) -> str:
        for row in self._rows:
            if row.transform == "country":
                code = places.country_code(value_at(record, row.path))
                if code:
                    return code
        return ""

    def _take(
        self, made: Applied, group: _Group, name: str, outcome: Outcome, source_id: str
    ) -> None:
        field_name = group.source
        if isinstance(outcome, Unmapped):
            row = group.rows[0]
            made.waiting.append(outcome.subject or value_subject(row.field, outcome.value))
            made.findings.append(
                self._finding(IssueKind.VALUE_UNMAPPED, source_id, field_name, group, HELD_BACK)
            )
            return
        if isinstance(outcome, Refused):
            made.findings.append(
                self._finding(outcome.reason, source_id, field_name, group, RAW_KEPT)
            )
            made.refused.add(name)
            outcome = Made(None)
        for note in outcome.notes:
            made.findings.append(
                self._finding(note, source_id, field_name, group, outcome_of(note))
            )
        # of two spellings of one reference (a name here, an id there) the filled one counts
        if made.values.get(name) is None:
            made.values[name] = outcome.value
            made.sources[name] = field_name
        else:
            made.sources[name] = f"{made.sources[name]}, {field_name}"

    def _finding(
        self, kind: IssueKind, source_id: str, field_name: str, group: _Group, outcome: str
    ) -> Finding:
        return Finding(kind, self._resource, source_id, field_name, group.transform.name, outcome)


def _differs(held: Value, outcome: Outcome) -> bool:
    """Tell whether a second spelling of one reference says something else than the first."""
    said = outcome.value if isinstance(outcome, Made) else None
    return held is not None and said is not None and said != held


def raw_lines(record: Mapping[str, object], rows: Iterable[MapRow]) -> Iterator[str]:
    """Give the filled fields of some rows as "path: raw text" lines."""
    for row in rows:
        value = value_at(record, row.path)
        if not is_empty(value):
            yield f"{row.path}: {normalise.line(value).value}"


def unknown_fields(mapping: Map, resource: str, record: Mapping[str, object]) -> list[str]:
    """List the subjects of filled fields that the map does not know: they come first."""
    known = mapping.rules(resource)
    unknown = (path for path in filled_paths(record) if path not in known)
    return sorted(field_subject(f"{resource}.{path}") for path in unknown)


def source_id_of(record: Mapping[str, object]) -> str:
    """Give a record's own id as text."""
    return id_text(record.get("id")) or ""


def kept_lines(record: Mapping[str, object], kept: Iterable[str]) -> list[tuple[str, str]]:
    """Give label and raw text of the kept paths that are filled, in the record's order."""
    wanted = frozenset(kept)
    return [
        (label_of(path.removeprefix("custom_fields.")), str(value))
        for path, value in leaves(record)
        if path in wanted and not is_empty(value)
    ]
