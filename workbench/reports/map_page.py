"""mapping.html: the map for whoever looks after Odoo, with all that is to come there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.mapping import Disposition, Mapping, MapRow, schema_needs, stored_values
from workbench.mapping.model import value_subject
from workbench.mapping.naming import label_of
from workbench.mapping.rows import FieldNeed, SchemaNeeds
from workbench.reports.map_flow import map_flow, streams
from workbench.reports.page import Page, Section, keep, render
from workbench.show import Table
from workbench.state import Decision, Store

OdooFields = MappingOf[str, MappingOf[str, MappingOf[str, Any]]]

MOST_VALUES = 200
"""Values of one list that the page shows; mapping.yaml has them all."""
TYPED = (
    "It holds names of fields, counts and the values of pick-lists, and it names practitioners "
    "and users of Odoo. No patient's data is put into it; but why a field is left behind is shown "
    "as a person typed it, with nothing masked: read the reasons before you pass the page on."
)
"""What the page promises, and what nobody can promise for words that people type."""
_PAIRS = (
    "No rule decides who is whom. Patients who may be one person, or a contact that Odoo has "
    "already, are listed pair by pair, and a person says of each pair what becomes of it. Of two "
    "that are merged one record is made; what the other says differently stays readable on it."
)


@dataclass(frozen=True, slots=True)
class Person:
    """A practitioner as the page lists them; `appointments` hang on the choice."""

    id: str
    name: str
    appointments: int
    works: bool


def write_mapping(
    store: Store,
    folder: Path,
    *,
    mapping: Mapping,
    odoo_fields: OdooFields,
    lists: MappingOf[str, MappingOf[str, int]],
    people: Sequence[Person],
    checklist: Table,
) -> Path:
    """Write mapping.html: what becomes of every field, and what has to come in Odoo.

    Args:
        store: the run's state; it tells who decided what, and how full the fields are.
        folder: the run folder.
        mapping: as decided so far.
        odoo_fields: model → field → description, as Odoo had them before anything of ours.
        lists: source field of a pick-list → value → number of records.
        people: the practitioners.
        checklist: what has to be there in Odoo, and how to make it by hand.
    """
    decided = {one.subject: one for one in store.decisions.questions()}
    needs = schema_needs(mapping, stored=stored_values(odoo_fields))
    kinds = Counter(row.disposition.value for row in mapping.rows)
    open_ = sum(f"field:{row.field}" not in decided or decided[f"field:{row.field}"].is_open
                for row in mapping.rows)  # fmt: skip
    counted = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    lead = f"{len(mapping.rows):,} source fields, each with one disposition: {counted}."
    if open_:
        lead += f" {open_:,} of them still wait for a person; what is proposed stands here."
    page = Page(
        "What becomes of every field", lead, folder.name, store.ledger.head(),
        facts=[
            ("hash of the map", store.journey.document_hash("mapping") or "not confirmed yet"),
            ("custom fields to come", len(_to_come(needs.fields, odoo_fields))),
            ("appointments become", _VISITS[mapping.appointments_to.value]),
            ("times in PracticeHub", mapping.zone),
        ],
        sections=[
            Section("From PracticeHub to Odoo", figures=[map_flow(mapping)], tables=[
                Table("Fields by where they go", ("resource", "goes to", "and there", "fields"),
                      [(one.source, one.target, one.how, one.count)
                       for one in streams(mapping)])]),
            Section("To come in Odoo", tables=[checklist]),
            *_fields(store, mapping, needs, odoo_fields, decided),
            _values(mapping, lists, decided),
            _people(mapping, people, decided),
            _pairs(decided.values()),
        ],
        privacy=TYPED,
    )  # fmt: skip
    return keep(store, folder, "mapping.html", render(page))


_VISITS = {
    "crm.lead": "opportunities (crm.lead)",
    "calendar.event": "calendar events",
    "both": "opportunities (crm.lead) and calendar events",
}


# what is to come -------------------------------------------------------------------------


def _to_come(fields: Iterable[FieldNeed], odoo_fields: OdooFields) -> list[FieldNeed]:
    return [one for one in fields if one.name not in odoo_fields.get(one.model, {})]


# fields ----------------------------------------------------------------------------------


def _fields(
    store: Store,
    mapping: Mapping,
    needs: SchemaNeeds,
    odoo_fields: OdooFields,
    decided: MappingOf[str, Decision],
) -> list[Section]:
    profiles = {row.path: row.profile for row in store.staging.fields()}
    ours = {f"{one.model}.{one.name}": one for one in needs.fields}
    tables = []
    for resource in sorted({row.resource for row in mapping.rows}):
        rows = [
            (row.path, _share(profiles.get(row.field, {})), row.disposition.value,
             "; ".join(_called(row, ours, odoo_fields)), row.transform,
             _why(row, decided.get(f"field:{row.field}")),
             _by(decided.get(f"field:{row.field}")))
            for row in mapping.of(resource)
        ]  # fmt: skip
        tables.append(
            Table(
                f"{resource}, field by field",
                ("source field", "filled", "disposition", "in Odoo: label (type)",
                 "transform", "why", "decided by"),
                rows,
            )
        )  # fmt: skip
    return [Section("Field by field", tables=tables)]


def _targets(row: MapRow) -> list[str]:
    return [target for target in (row.target, *row.also) if target]


def _share(profile: MappingOf[str, object]) -> str:
    """Say how many records have something in the field, and which share of all that is."""
    filled, records = profile.get("filled"), profile.get("records")
    if not isinstance(filled, int) or not isinstance(records, int) or not records:
        return "not seen"
    share = 100 * filled / records
    # what is in one record of many is not nothing, and what lacks in one is not everything
    shown = "<1" if 0 < share < 1 else ">99" if 99 < share < 100 else f"{share:.0f}"  # noqa: PLR2004 - per cent
    return f"{filled:,}\u00a0({shown}\u00a0%)"


def _called(row: MapRow, ours: MappingOf[str, FieldNeed], odoo_fields: OdooFields) -> Iterator[str]:
    """Name each target of a field, with its label and type, and who may see it."""
    for number, target in enumerate(_targets(row)):
        if row.disposition.plain or target == "archive":
            yield target
            continue
        model, _, name = target.rpartition(".")
        need, there = ours.get(target), odoo_fields.get(model, {}).get(name, {})
        label = need.label if need else str(there.get("string") or label_of(name))
        kind = need.type if need else str(there.get("type") or (row.type if number == 0 else ""))
        kinds = ", ".join(word for word in (kind, "clinical" if row.clinical else "") if word)
        yield f"{target}: {label} ({kinds})" if kinds else f"{target}: {label}"


def _why(row: MapRow, decision: Decision | None) -> str:
    """Give a drop's reason as a person typed it, else why this was proposed."""
    if row.disposition is Disposition.DROPPED or decision is None:
        return row.why
    return "; ".join(decision.reasons)


def _by(decision: Decision | None) -> str:
    if decision is None or decision.is_open:
        return "open"
    day = (decision.decided_at or "")[:10].replace("-", "\u2011")  # a day stays on one line
    return f"{decision.decided_by}, {day}"


# values, practitioners, duplicates -------------------------------------------------------


def _values(
    mapping: Mapping,
    lists: MappingOf[str, MappingOf[str, int]],
    decided: MappingOf[str, Decision],
) -> Section:
    tables = []
    for field in sorted({*lists, *mapping.values}):
        counts, known = lists.get(field, {}), mapping.values.get(field, {})
        values = sorted({*counts, *known}, key=lambda one: (-counts.get(one, 0), one))
        rows = [
            (value, counts.get(value, 0), known.get(value, "open"),
             _by(decided.get(value_subject(field, value))))
            for value in values[:MOST_VALUES]
        ]  # fmt: skip
        more = len(values) - MOST_VALUES
        note = f"{more:,} more values stand in mapping.yaml." if more > 0 else ""
        columns = ("in PracticeHub", "records", "in Odoo", "decided by")
        tables.append(Table(f"Values of {field}", columns, rows, note))
    words = "" if tables else "No field is a pick-list."
    return Section("Value by value", words, tables=tables)


def _people(
    mapping: Mapping, people: Sequence[Person], decided: MappingOf[str, Decision]
) -> Section:
    rows = [
        (one.id, one.name or "nameless", "yes" if one.works else "no", one.appointments,
         mapping.practitioners.get(one.id, "open"), _by(decided.get(f"practitioner:{one.id}")))
        for one in sorted(people, key=lambda one: (-one.appointments, one.id))
    ]  # fmt: skip
    columns = ("id", "practitioner", "works there", "appointments", "user in Odoo", "decided by")
    return Section("Practitioners", tables=[Table("Who is which user", columns, rows)])


def _pairs(decided: Iterable[Decision]) -> Section:
    counts = Counter(
        "open" if one.is_open else one.choice or ""
        for one in decided
        if one.subject.startswith("duplicate:")
    )
    note = "Pairs are looked for once everything is read; cleanse.html lists them."
    table = Table("Pairs so far", ("decided", "pairs"), sorted(counts.items()), note)
    return Section("Duplicates", _PAIRS, tables=[table])
