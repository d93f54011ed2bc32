"""What is proposed for every field that records really have, with reasons a person can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from workbench.mapping.faults import ALTERNATIVES, OdooFields
from workbench.mapping.model import (
    RESERVED,
    AppointmentsTo,
    Disposition,
    Mapping,
    MapRow,
    type_of,
)
from workbench.mapping.naming import beside, collisions, words_key
from workbench.mapping.templates import Entry, Template, shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.mapping.unknown import unknown_row
from workbench.staging.profile import FieldProfile
from workbench.staging.times import Order

EXACT = 0.98
SYNONYM = 0.9
NEAR = 0.75
UNFIT = 0.5
"""What is left of a confidence where the values do not look like what the name says."""
ALIKE = 90.0
FITS = 0.5


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What the configuration says: where visits go, the clinic's zone and country (ISO)."""

    appointments_to: AppointmentsTo = AppointmentsTo.LEAD
    timezone: str = "UTC"
    country: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one field; `confidence` from 0 to 1.

    `fixed`: the run hangs on it (an id), so no other choice is offered.
    """

    row: MapRow
    confidence: float
    reasons: tuple[str, ...]
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class _Match:
    entry: Entry
    confidence: float
    reasons: tuple[str, ...]


def propose(
    profiles: Iterable[FieldProfile],
    *,
    odoo_fields: OdooFields,
    options: MapOptions,
    confirmed: Mapping | None = None,
) -> list[Proposal]:
    """Propose a disposition for every field path.

    A filled field is never proposed to be dropped. What nobody knows becomes a custom field
    of the patient or the visit, typed from its records, or stays in the record's note.

    Args:
        profiles: of every field of every resource; each path once.
        odoo_fields: model → field → description, as `fields_get` of the actual database.
        options: what the configuration says.
        confirmed: a map that people confirmed before: its rows are proposed again as they
            are, so that more records of the same fields do not reopen anything.

    Returns:
        One proposal for each profile, in the order of resources and paths given.
    """
    by_resource: defaultdict[str, list[FieldProfile]] = defaultdict(list)
    for profile in profiles:
        by_resource[profile.resource].append(profile)
    known = confirmed.by_field if confirmed else {}
    proposals: list[Proposal] = []
    for resource, fields in by_resource.items():
        proposals += _of_resource(resource, fields, odoo_fields, options, known)
    return proposals


def _of_resource(
    resource: str,
    fields: list[FieldProfile],
    odoo_fields: OdooFields,
    options: MapOptions,
    known: MappingOf[str, MapRow],
) -> list[Proposal]:
    template = shipped().of(resource, patient=any(one.path == "patient_id" for one in fields))
    matches = _assign(fields, template)
    taken = set(RESERVED)
    for entry in (match.entry for match in matches.values()):
        taken |= {name.rpartition(".")[2] for name in (entry.target, *entry.also)}
    unknown = {one.path.partition("[].")[0] for one in fields if one.path not in matches}
    taken |= collisions(sorted(unknown))
    made: list[Proposal] = []
    for profile in fields:
        match = matches.get(profile.path)
        fixed = match is not None and match.entry.fixed
        if profile.field in known:
            row = _relearnt(known[profile.field], profile)
            told = ("confirmed before", *_order_reasons(row, profile))
            made.append(Proposal(row, 1.0, told, fixed))
            continue
        row, confidence, reasons = unknown_row(profile, template, taken=taken)
        if match is not None:
            row, confidence = _row(profile, match.entry), match.confidence
            reasons = (*match.reasons, *((match.entry.why,) if match.entry.why else ()))
        row, more = _fit(row, odoo_fields, options)
        told = (*reasons, *(f"it {words}" for words in profile.remarks))
        told += (*more, *_order_reasons(row, profile))
        made.append(Proposal(row, round(confidence, 2), told, fixed))
    return made


def _assign(fields: list[FieldProfile], template: Template) -> dict[str, _Match]:
    """Give each known entry to the field that fits it best; nothing is given twice."""
    offers: list[tuple[float, str, _Match]] = []
    for profile in fields:
        offers += [
            (-match.confidence, profile.path, match) for match in _matches(profile, template)
        ]
    given: dict[str, _Match] = {}
    claimed: set[tuple[str, str]] = set()
    for _, path, match in sorted(offers, key=lambda offer: offer[:2]):
        entry = match.entry
        claim = (entry.target, entry.part)
        whole = TRANSFORMS[entry.transform].combines if entry.transform else True
        others = {target for target, _ in claimed}
        if path in given or claim in claimed or (not whole and _held(entry, others, given)):
            continue
        given[path] = match
        claimed.add(claim)
    return given


def _held(entry: Entry, targets: set[str], given: MappingOf[str, _Match]) -> bool:
    """Whether the target is fed already, and not by another spelling of the same thing."""
    if entry.target not in targets or entry.target in {"archive", "mail.message.body"}:
        return False
    ways = {match.entry.transform for match in given.values() if match.entry.target == entry.target}
    return not any({entry.transform, *ways} <= pair for pair in ALTERNATIVES)


def _matches(profile: FieldProfile, template: Template) -> list[_Match]:
    last = profile.path.rpartition(".")[2]
    own = {words_key(profile.path), words_key(last)}
    found: list[_Match] = []
    for entry in template.entries:
        if profile.path in entry.paths:
            found.append(_judge(profile, entry, EXACT, f"{profile.path} is a name we know"))
            continue
        if "[]" in profile.path or any("[]" in path for path in entry.paths):
            continue
        names = {*entry.names, *(words_key(path) for path in entry.paths)}
        if own & names:
            match = _judge(profile, entry, SYNONYM, f"{last} is another word for {entry.paths[0]}")
        else:
            near = process.extractOne(words_key(last), names, scorer=fuzz.ratio, score_cutoff=ALIKE)
            if near is None:
                continue
            words = f"{last} is spelt almost like {near[0]}"
            match = _judge(profile, entry, NEAR * near[1] / 100, words)
        # a name we do not know, whose values look like something else, is not that thing
        if match.confidence > UNFIT:
            found.append(match)
    return found


def _judge(profile: FieldProfile, entry: Entry, confidence: float, reason: str) -> _Match:
    if not profile.filled:
        return _Match(entry, confidence, (reason,))
    if entry.looks_like and profile.formats:
        share = profile.share(*entry.looks_like)
        words = f"{share:.0%} of the values look like it"
        fits = share >= FITS
        return _Match(entry, confidence if fits else confidence * UNFIT, (reason, words))
    return _Match(entry, confidence, (reason,))


def _row(profile: FieldProfile, entry: Entry) -> MapRow:
    transform, kind = _by_values(profile, entry)
    return MapRow(
        field=profile.field,
        disposition=Disposition(entry.disposition),
        target=entry.target,
        transform=transform,
        type=kind or (type_of(entry.target, transform) if transform else ""),
        part=entry.part,
        also=entry.also,
        clinical=entry.clinical,
        order=profile.order if _dates(transform, entry.part) else Order.ISO,
    )


def _dates(transform: str, part: str) -> bool:
    known = TRANSFORMS.get(transform)
    return known is not None and known.dates(part)


def _relearnt(row: MapRow, profile: FieldProfile) -> MapRow:
    """Give a row that was proposed before; dates that say otherwise since open it again."""
    seen = profile.order
    if not _dates(row.transform, row.part) or seen in {Order.ISO, row.order}:
        return row
    # what a person said, or other values told, is not doubted by values that do not tell
    if seen is Order.EITHER and row.order is not Order.ISO:
        return row
    contrary = row.order.is_told and seen.is_told
    return replace(row, order=Order.MIXED if contrary else seen)


def _order_reasons(row: MapRow, profile: FieldProfile) -> tuple[str, ...]:
    """Say how the order of day and month was learnt, or why it was not."""
    if row.order is Order.EITHER:
        return ("every date could be read day first or month first",)
    if row.order is Order.MIXED:
        return ("some dates can only be read day first, others only month first",)
    if not row.order.is_told:
        return ()
    count = sum(profile.formats.get(f"{kind}_{row.order}", 0) for kind in ("date", "datetime"))
    words = "day first" if row.order is Order.DAY_FIRST else "month first"
    return (f"{count} value(s) can only be read {words}, none the other way round",)


def _by_values(profile: FieldProfile, entry: Entry) -> tuple[str, str]:
    """Choose the reading that the values ask for: long lists as text."""
    if entry.transform == "selection" and profile.filled and not profile.values:
        return "text", "char"
    return entry.transform, entry.type


def _fit(
    row: MapRow, odoo_fields: OdooFields, options: MapOptions
) -> tuple[MapRow, tuple[str, ...]]:
    """Bring a row in line with what this Odoo has and where visits go."""
    row = where_visits_go(row, options)
    targets, reasons = [], []
    for number, target in enumerate((row.target, *row.also)):
        fitted, reason = _target(target, row.type if number == 0 else "", odoo_fields)
        targets.append(fitted)
        reasons += [reason] if reason else []
    return replace(row, target=targets[0], also=tuple(targets[1:])), tuple(reasons)


def _target(target: str, kind: str, odoo_fields: OdooFields) -> tuple[str, str]:
    model, _, name = target.rpartition(".")
    known = odoo_fields.get(model)
    if not known or not name:
        return target, ""
    if name.startswith("x_"):
        there = known.get(name)
        if there is not None and kind and there.get("type") != kind:
            return (
                f"{model}.{beside(name)}",
                f"Odoo has {name} already, of type {there.get('type')}",
            )
        return target, ""
    if name not in known and name not in {"id", "datas"}:
        return f"{model}.x_{name}", f"this Odoo has no {name} on {model}"
    return target, ""


def where_visits_go(row: MapRow, options: MapOptions) -> MapRow:
    """Move a row from the lead to the event where visits become events alone."""
    return _to_event(row) if options.appointments_to is AppointmentsTo.EVENT else row


def _to_event(row: MapRow) -> MapRow:
    def moved(target: str) -> str:
        model, _, name = target.rpartition(".")
        return (
            f"calendar.event.{shipped().events.get(name, name)}" if model == "crm.lead" else target
        )

    target = moved(row.target)
    kind = "selection" if row.transform == "stage" else row.type
    if row.transform == "patient" and target != row.target:
        kind = "many2many"
    transform = "selection" if row.transform == "stage" and target != row.target else row.transform
    return replace(
        row, target=target, also=tuple(map(moved, row.also)), type=kind, transform=transform
    )
