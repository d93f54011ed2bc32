"""What is proposed for every field that records really have, with reasons a person can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace

from workbench.mapping.faults import OdooFields
from workbench.mapping.guesses import BY_VALUES, guesses
from workbench.mapping.hints import hint
from workbench.mapping.matching import Match, assign
from workbench.mapping.model import RESERVED, Disposition, Mapping, MapRow, type_of
from workbench.mapping.naming import beside, collisions, custom_name
from workbench.mapping.offers import REUSED, Offers, Reused, holds
from workbench.mapping.options import MapOptions, where_visits_go
from workbench.mapping.suggested import Suggestion, suggested_row
from workbench.mapping.templates import Entry, shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.mapping.unknown import unknown_row
from workbench.staging.profile import FieldProfile
from workbench.staging.times import Order

BEFORE = 0.7
"""At most so sure is a row of before that would be proposed otherwise now."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one field; `confidence` from 0 to 1.

    `fixed`: the run hangs on it (an id), so no other choice is offered.
    """

    row: MapRow
    confidence: float
    reasons: tuple[str, ...]
    fixed: bool = False


def propose(
    profiles: Iterable[FieldProfile],
    *,
    odoo_fields: OdooFields,
    options: MapOptions,
    before: Mapping | None = None,
    suggested: MappingOf[str, Suggestion] | None = None,
) -> list[Proposal]:
    """Propose a disposition for every field path.

    A filled field is never proposed to be dropped. What nobody knows becomes a custom field
    of the patient or the visit, typed from its records, or stays in the record's note. Only
    a name that means one thing everywhere, or whose values confirm it, is proposed with a
    confidence above 0.9.

    Args:
        profiles: of every field of every resource; each path once.
        odoo_fields: model → field → description, as `fields_get` of the actual database:
            type, and where given label ("string"), "readonly", "store" and "selection".
        options: what the configuration says.
        before: a map that was proposed before: its rows are proposed again as they are, so
            that more records of the same fields do not reopen anything.
        suggested: full field name → what a language model suggests; counts only for fields
            that nothing else knows, and never much.

    Returns:
        One proposal for each profile, in the order of resources and paths given.
    """
    by_resource: defaultdict[str, list[FieldProfile]] = defaultdict(list)
    for profile in profiles:
        by_resource[profile.resource].append(profile)
    known = before.by_field if before else {}
    proposals: list[Proposal] = []
    for resource, fields in by_resource.items():
        made = _Resource(resource, fields, odoo_fields, options)
        proposals += made.proposals(known, suggested or {})
    return proposals


class _Resource:
    """The fields of one resource, and what they are known to be."""

    def __init__(
        self, resource: str, fields: list[FieldProfile], odoo: OdooFields, options: MapOptions
    ) -> None:
        self._fields, self._odoo, self._options = fields, odoo, options
        self._offers: dict[str, Offers] = {}
        self._template = shipped().of(
            resource, patient=any(one.path == "patient_id" for one in fields)
        )
        self._matches = _offered(assign(fields, self._template), odoo)
        unknown = [one for one in fields if one.path not in self._matches]
        self._matches |= self._by_values(unknown)
        unknown = [one for one in unknown if one.path not in self._matches]
        self._fitted = {
            profile.path: self._fit(_row(profile, self._matches[profile.path].entry), profile)
            for profile in fields
            if profile.path in self._matches
        }
        self._fed = {
            target for row, _ in self._fitted.values() for target in (row.target, *row.also)
        }
        self._taken = set(RESERVED) | {target.rpartition(".")[2] for target in self._fed}
        own = sorted({one.path.partition("[].")[0] for one in unknown})
        self._taken |= collisions(own)
        self._named = {custom_name(path, taken=self._taken) for path in own}

    def _by_values(self, unknown: list[FieldProfile]) -> dict[str, Match]:
        """Say what fields with names that tell nothing look like."""
        if self._template.resource != "patients":
            return {}
        fed = [match.entry.target for match in self._matches.values()]
        entries = {
            entry.target: entry
            for entry in self._template.entries
            if not entry.part and not entry.offered
        }
        return {
            path: Match(entries[guess.target], BY_VALUES, (guess.words,))
            for path, guess in guesses(unknown, fed=fed).items()
        }

    def proposals(
        self, known: MappingOf[str, MapRow], suggested: MappingOf[str, Suggestion]
    ) -> list[Proposal]:
        """Propose for each field, in the order given."""
        return [
            self._again(one, known[profile.field], profile) if profile.field in known else one
            for profile in self._fields
            for one in (self._proposal(profile, suggested.get(profile.field)),)
        ]

    def _proposal(self, profile: FieldProfile, suggestion: Suggestion | None) -> Proposal:
        match = self._matches.get(profile.path)
        row, confidence, reasons = (
            self._unknown(profile, suggestion) if match is None else self._known(profile, match)
        )
        told = (*reasons, *(f"it {words}" for words in profile.remarks))
        told += (*hint(profile), *_order_reasons(row, profile))
        fixed = match is not None and match.entry.fixed and profile.path in match.entry.paths
        return Proposal(row, round(confidence, 2), told, fixed)

    def _again(self, now: Proposal, row: MapRow, profile: FieldProfile) -> Proposal:
        """Propose a row of before again, as surely as it is found right now."""
        row = _relearnt(row, profile)
        if row == now.row:
            return now
        told = ("so it was proposed before", *_order_reasons(row, profile))
        return Proposal(row, min(now.confidence, BEFORE), told, now.fixed)

    def _known(self, profile: FieldProfile, match: Match) -> tuple[MapRow, float, tuple[str, ...]]:
        row, more = self._fitted[profile.path]
        reasons = (*match.reasons, *((match.entry.why,) if match.entry.why else ()), *more)
        alone = row.name.startswith("x_") and not TRANSFORMS[row.transform].combines
        ours = row.name.startswith("x_practicehub_")
        found = self._reused(row, profile) if alone and not ours else None
        if found is None:
            return row, match.confidence, reasons
        return found.row, min(match.confidence, REUSED), (*reasons, found.reason)

    def _reused(self, row: MapRow, profile: FieldProfile) -> Reused | None:
        """Give the field of the same words that Odoo has, and take it."""
        if row.model not in self._offers:
            self._offers[row.model] = Offers(self._odoo.get(row.model, {}), row.model)
        found = self._offers[row.model].reused(row, profile, taken=self._taken | self._named)
        if found is not None:
            self._taken.add(found.row.name)
            self._fed.add(found.row.target)
        return found

    def _unknown(
        self, profile: FieldProfile, suggestion: Suggestion | None
    ) -> tuple[MapRow, float, tuple[str, ...]]:
        row, confidence, reasons = unknown_row(profile, self._template, taken=self._taken)
        row, more = self._fit(row, profile)
        if self._template.unknown != "custom" or row.disposition is not Disposition.MAPPED:
            return row, confidence, (*reasons, *more)
        found = self._reused(row, profile)
        if found is not None:
            return found.row, found.confidence, (found.reason, reasons[-1])
        if suggestion is not None:
            taken = self._fed
            better = suggested_row(
                row, suggestion, profile, odoo_fields=self._odoo, options=self._options, fed=taken
            )
            if better is not None:
                self._fed.add(better[0].target)
                return better
        return row, confidence, (*reasons, *more)

    def _fit(self, row: MapRow, profile: FieldProfile) -> tuple[MapRow, tuple[str, ...]]:
        """Bring a row in line with what this Odoo has and where visits go."""
        row = where_visits_go(row, self._options)
        targets, reasons = [], []
        for number, target in enumerate((row.target, *row.also)):
            kind = row.type if number == 0 else ""
            fitted, reason = _target(target, kind, self._odoo, profile)
            targets.append(fitted)
            reasons += [reason] if reason else []
        return replace(row, target=targets[0], also=tuple(targets[1:])), tuple(reasons)


def _offered(matches: MappingOf[str, Match], odoo_fields: OdooFields) -> dict[str, Match]:
    """Leave out what is only proposed where this Odoo has the field."""

    def there(entry: Entry) -> bool:
        model, _, name = entry.target.rpartition(".")
        return not entry.offered or name in odoo_fields.get(model, {})

    return {path: match for path, match in matches.items() if there(match.entry)}


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


def _target(
    target: str, kind: str, odoo_fields: OdooFields, profile: FieldProfile
) -> tuple[str, str]:
    model, _, name = target.rpartition(".")
    known = odoo_fields.get(model)
    if not known or not name:
        return target, ""
    there = known.get(name)
    if not name.startswith("x_"):
        lacking = there is None and name not in {"id", "datas"}
        return (
            (f"{model}.x_{name}", f"this Odoo has no {name} on {model}")
            if lacking
            else (target, "")
        )
    if there is None or not kind:
        return target, ""
    other = ""
    if there.get("type") != kind:
        other = f"of type {there.get('type')}"
    elif there.get("readonly", False):
        other = "and makes its values itself"
    elif kind == "selection" and not holds(there, profile, name=name):
        other = "with other values to choose"
    if not other:
        return target, f"Odoo has {name} already, of this type"
    return f"{model}.{beside(name)}", f"Odoo has {name} already, {other}"
