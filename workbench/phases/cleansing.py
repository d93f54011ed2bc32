"""Typed values beside the raw ones, for every record that is held, and what reading them changed.

A field is read by what was decided about it. One that still waits for a decision has no rule
yet: it is listed as such, and read once it has one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from workbench.phases import knowledge
from workbench.practicehub import resource as resource_named
from workbench.staging import TYPED_RULES, RecordSchema
from workbench.state import Issue, RawRecord, Store, TypedRow

if TYPE_CHECKING:
    from workbench.mapping import Mapping
    from workbench.phases.steps import Steps

_TOGETHER = 500
"""Records typed and stored in one transaction."""
READ_BY = "typed"
"""Document: resource → hash of the rules its records were last read by."""
CHANGES = "changes"
"""Document: what reading changed, by field; counts, no values (`reports.changes_table`)."""


def read_values(steps: Steps) -> None:
    """Go once over all records held, and keep typed values and findings of those not yet read.

    A record is read again where its raw copy or a rule of its resource has changed since;
    what was found about its values then makes room for what is found now.
    """
    store = steps.store
    mapping = knowledge.draft(steps).mapping
    schemas = {name: RecordSchema(name, mapping) for name in store.source.resources()}
    total = sum(store.staging.count_untyped(name, rules=one.hash) for name, one in schemas.items())
    done = 0
    with steps.run.progress("reading values", unit="records") as told:
        for resource, schema in schemas.items():
            after = ""
            file = resource_named(resource).file
            secret = file.url if file else ()
            while batch := store.staging.untyped(
                resource, rules=schema.hash, after=after, most=_TOGETHER
            ):
                store.staging.set_typed(
                    resource, [_typed(schema, one, steps.name, secret=secret) for one in batch],
                    rules=schema.hash, replacing=TYPED_RULES,
                )  # fmt: skip
                after, done = batch[-1].source_id, done + len(batch)
                told(done, total, "")
    store.journey.set_document(READ_BY, {name: one.hash for name, one in schemas.items()})
    store.journey.set_document(CHANGES, _changes(store, mapping))


def unread(store: Store) -> int:
    """Count the records whose values were not read yet, or not as they stand now."""
    held = store.journey.document(READ_BY)
    rules = cast("dict[str, str]", held) if isinstance(held, dict) else {}
    return sum(
        store.staging.count_untyped(resource, rules=rules.get(resource, ""))
        for resource in store.source.resources()
    )


def _typed(
    schema: RecordSchema, raw: RawRecord, phase: str, *, secret: Collection[str]
) -> TypedRow:
    """Read one record; its signed address, which lets whoever has it read, is left out."""
    read = schema(raw.source_id, raw.data)
    values = {path: value for path, value in read.values.items() if path not in secret}
    issues = [
        Issue(f.kind, f.resource, f.source_id, f.field, f.rule, f.outcome, phase)
        for f in read.findings
    ]
    return TypedRow(raw, values, read.changed, issues)


def _changes(store: Store, mapping: Mapping) -> list[dict[str, object]]:
    """Count, for each field with something to tell, what changed and what was odd."""
    changed = {f"{resource}.{path}": count
               for resource, path, count in store.staging.changed_counts()}  # fmt: skip
    odd: dict[str, Counter[str]] = {}
    for kind, _resource, field, count in store.staging.issue_counts():
        odd.setdefault(field, Counter())[kind] += count
    return [
        {"field": row.path, "rule": rule.kind.value, "filled": row.profile.get("filled", 0),
         "changed": changed.get(row.path, 0), "odd": dict(sorted(odd.get(row.path, {}).items()))}
        for row in store.staging.fields()
        if (rule := mapping.rules(row.resource).get(row.path.partition(".")[2])) is not None
        and (row.path in changed or row.path in odd)
    ]  # fmt: skip
