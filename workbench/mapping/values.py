"""What each value of a pick-list becomes: the questions, what is proposed, and the limits."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from workbench.mapping.empty import EMPTY_VALUE, LEAVE_EMPTY, key_of
from workbench.mapping.faults import Fault, OdooFields
from workbench.mapping.model import VISIT_STATUS, Mapping, MapRow, value_subject
from workbench.mapping.templates import shipped
from workbench.mapping.transforms import TRANSFORMS
from workbench.staging.checks import ValueKind
from workbench.staging.normalise import folded, pick
from workbench.staging.paths import value_at
from workbench.staging.places import language_code
from workbench.state.decisions import Question

PHASE = "map"
KNOWN_VALUE, NEAR_VALUE, OWN_VALUE, NO_LANGUAGE = 0.95, 0.7, 0.6, 0.5
MOST_OPEN = 200
"""A field with more undecided values is no pick-list: nobody is asked so often."""
MOST_KEPT = 1000
"""Of a field with more different values, none is kept."""
LONGEST_SHOWN = 60
"""Characters of a value that a question shows."""

Choice = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class PickList:
    """The values of one field: key → how many records; none where there are too many."""

    values: MappingOf[str, int]
    distinct: int


@dataclass(frozen=True, slots=True)
class Offered:
    """What the actual Odoo has that values can become.

    Args:
        stages: names of the stages there are.
        languages: codes of the languages that are installed ("nl_NL").
        selections: target → stored value → label, of each selection field there is.
    """

    stages: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    selections: MappingOf[str, MappingOf[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Proposed:
    """What is proposed for one value; `target` None where a person has to say."""

    target: str | None
    confidence: float
    reason: str
    told: bool = False
    """A person said so of another spelling."""


def offered_selections(odoo_fields: OdooFields) -> dict[str, dict[str, str]]:
    """Give stored value → label of every selection that Odoo has; `fields_get` names them."""
    return {
        f"{model}.{name}": {str(value): str(label) for value, label in facts["selection"]}
        for model, fields in odoo_fields.items()
        for name, facts in fields.items()
        if facts.get("type") == "selection" and isinstance(facts.get("selection"), list)
    }


def stored_values(odoo_fields: OdooFields) -> dict[str, dict[str, str]]:
    """Give label → stored value of every selection that Odoo has; a stored value is its own."""
    return {
        target: {label: value for value, label in reversed(known.items())}
        | {value: value for value in known}
        for target, known in offered_selections(odoo_fields).items()
    }


def is_pick_list(row: MapRow) -> bool:
    """Whether a value map says what becomes of the field's values."""
    transform = TRANSFORMS.get(row.transform)
    return transform is not None and transform.kind is ValueKind.CHOICE


def pick_lists(
    mapping: Mapping, resource: str, records: Iterable[MappingOf[str, object]]
) -> dict[str, PickList]:
    """Count, in one pass, the values of all pick-lists of one resource, by source field.

    A value is spelt as the transforms look it up. That a visit has no status counts too.
    """
    rows = [row for row in mapping.of(resource) if is_pick_list(row)]
    counts: dict[str, Counter[str]] = {row.field: Counter() for row in rows}
    others: dict[str, set[int]] = {row.field: set() for row in rows}
    for record in records if rows else ():
        for row in rows:
            value = value_key(row, record)
            if value is None:
                continue
            seen = counts[row.field]
            if value in seen or len(seen) <= MOST_KEPT:
                seen[value] += 1
            else:
                others[row.field].add(hash(value))
    return {
        name: PickList({} if others[name] else dict(seen), len(seen) + len(others[name]))
        for name, seen in counts.items()
    }


def value_key(row: MapRow, record: MappingOf[str, object]) -> str | None:
    """Give the value of a pick-list in one record as its value map spells it; None for nothing.

    That a visit has no status has a key of its own.
    """
    value = pick(value_at(record, row.path))
    return key_of(value) if row.transform == "stage" else value


def value_questions(
    mapping: Mapping,
    lists: MappingOf[str, PickList],
    *,
    names: MappingOf[str, MappingOf[str, str]] | None = None,
    offered: Offered | None = None,
    choice: Choice = lambda _subject: None,
) -> list[Question]:
    """Ask for each value of each mapped pick-list what it becomes.

    Args:
        mapping: the map as far as it is decided; only its rows count.
        lists: source field → its values.
        names: source field → value → what it is called, where another resource tells
            (`appointments.location_id` → "1" → "Amsterdam").
        offered: what Odoo has.
        choice: subject → what was decided, None while open.

    Returns:
        Questions by field, most frequent value first. A status that no record has filled
        in is asked about as "(empty)". Of a field with too many undecided values nothing is
        asked: see `list_faults`.
    """
    asked = list(_asked(mapping, lists, choice))
    called = {
        (row.field, value): told
        for row, known in asked
        for value in known.values
        if (told := (names or {}).get(row.field, {}).get(value, ""))
    }
    spellings = _Spellings(asked, called, choice)
    found: list[Question] = []
    for row, known in asked:
        for value, count in sorted(known.values.items(), key=lambda item: (-item[1], item[0])):
            name = called.get((row.field, value), "")
            found.append(
                _question(row, value, count=count, called=name, offered=offered or Offered(),
                          same=spellings(row, name or value))
            )  # fmt: skip
    return found


def list_faults(
    mapping: Mapping,
    lists: MappingOf[str, PickList],
    *,
    choice: Choice = lambda _subject: None,
) -> list[Fault]:
    """Name the fields that were decided to be pick-lists and have too many values for one."""
    return [
        Fault(
            row.field,
            f"has {lists[row.field].distinct:,} different values, and nobody is asked about more "
            f"than {MOST_OPEN}: give it a target that takes text, or keep it",
        )
        for row in mapping.rows
        if is_pick_list(row) and row.field in lists and _too_many(row, lists[row.field], choice)
    ]


def _asked(
    mapping: Mapping, lists: MappingOf[str, PickList], choice: Choice
) -> Iterator[tuple[MapRow, PickList]]:
    for name, known in lists.items():
        row = mapping.by_field.get(name)
        if row is not None and is_pick_list(row) and not _too_many(row, known, choice):
            yield row, known


def _too_many(row: MapRow, known: PickList, choice: Choice) -> bool:
    if known.distinct <= MOST_OPEN:
        return False
    decided = sum(choice(value_subject(row.field, value)) is not None for value in known.values)
    return known.distinct - decided > MOST_OPEN


def alike(value: str) -> str:
    """Reduce a value to what stays of it without case, accents and spaces; signs stay."""
    bare = (char for char in unicodedata.normalize("NFD", value) if not unicodedata.combining(char))
    return "".join("".join(bare).casefold().split()) or value


def _cased(value: str) -> str:
    return "".join(value.casefold().split())


class _Spellings:
    """Which of several spellings of one value stands for all of them.

    What was decided on another spelling counts, else the most frequent one. Fields whose
    targets bear one name share their spellings: a clinic of a patient and of a visit.
    """

    def __init__(
        self,
        asked: Iterable[tuple[MapRow, PickList]],
        called: MappingOf[tuple[str, str], str],
        choice: Choice,
    ) -> None:
        counts: dict[tuple[str, str], Counter[str]] = {}
        self._decided: dict[tuple[str, str], dict[str, str]] = {}
        for row, known in asked:
            for value, count in known.values.items():
                told = called.get((row.field, value)) or value
                key = (row.name, alike(told))
                counts.setdefault(key, Counter())[told] += count
                before = choice(value_subject(row.field, value))
                if before is not None:
                    self._decided.setdefault(key, {})[told] = before
        self._first = {key: min(seen, key=lambda one: (-seen[one], one))
                       for key, seen in counts.items()}  # fmt: skip

    def __call__(self, row: MapRow, value: str) -> _Proposed | None:
        """Give what to take for a value because of its other spellings; None: nothing."""
        key = (row.name, alike(value))
        for other, target in sorted(self._decided.get(key, {}).items()):
            if other != value:
                sure, what = _difference(value, other)
                return _Proposed(target, sure, f"{other!r} was decided so: {what}", told=True)
        first = self._first.get(key, value)
        if first == value:
            return None
        sure, what = _difference(value, first)
        return _Proposed(first, sure, f"{first!r} is its most frequent spelling: {what}")


def _difference(value: str, other: str) -> tuple[float, str]:
    if _cased(value) == _cased(other):
        return KNOWN_VALUE, "only case or spaces differ"
    return NEAR_VALUE, "accents differ"


def _question(
    row: MapRow, value: str, *, count: int, called: str, offered: Offered, same: _Proposed | None
) -> Question:
    stage = row.transform == "stage" or row.name == VISIT_STATUS
    fixed = row.transform == "language"
    if fixed:
        made, options = _language(value, offered.languages)
    elif stage:
        made = propose_value(value, stage=True, same=same)
        options = [*(one.name for one in shipped().stages), *offered.stages]
    else:
        known = offered.selections.get(row.target, {})
        fixed = bool(known) and not row.name.startswith("x_")
        made = propose_value(value, stage=False, called=called, same=same)
        if row.transform == "location" and not called:
            reason = "PracticeHub gives a number and no name"
            made = _Proposed(f"Location {value}", made.confidence, reason)
        options = list(known.values())
        if known:
            made = _of_known(made, called or value, known, fixed=fixed)
    if made.target is not None:
        options = [made.target, *options]
    shown = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
    return Question(
        subject=value_subject(row.field, value),
        phase=PHASE,
        question=f"What does {shown!r} of {row.field} become? {count} record(s) have it.",
        options=list(dict.fromkeys(options)),
        basis={"field": row.field, "value": value, "target": row.target},
        proposal=made.target,
        reasons=(made.reason,),
        confidence=made.confidence if made.target is not None else None,
        open_value=not fixed,
    )


def _language(value: str, installed: tuple[str, ...]) -> tuple[_Proposed, list[str]]:
    options = [*sorted(installed), LEAVE_EMPTY]
    code = language_code(value, installed)
    if code is None:
        reason = (
            "Odoo has no such language installed: an administrator may add it and this be asked "
            "again; PracticeHub's code is kept either way"
        )
        return _Proposed(LEAVE_EMPTY, NO_LANGUAGE, reason), options
    region = value.replace("-", "_").partition("_")[2].upper()
    if region and code.partition("_")[2] not in {region, ""}:
        return _Proposed(code, NEAR_VALUE, f"of this language Odoo has {code} alone"), options
    return _Proposed(code, KNOWN_VALUE, f"{code} is installed in Odoo"), options


def _of_known(made: _Proposed, value: str, known: MappingOf[str, str], *, fixed: bool) -> _Proposed:
    """Prefer a value that Odoo's own field has; of a standard field, no other can be taken."""
    for same in (str, _cased, alike):
        for stored, label in known.items():
            if same(value) in {same(label), same(stored)}:
                sure = NEAR_VALUE if same is alike else KNOWN_VALUE
                return _Proposed(label, sure, f"Odoo's field has {label!r}")
    return _Proposed(None, 0.0, "Odoo's field has no such value") if fixed else made


def propose_value(
    value: str, *, stage: bool, called: str = "", same: _Proposed | None = None
) -> _Proposed:
    """Propose what a pick-list's value becomes: the target, a confidence and the reason.

    A status is looked up among the words we know; one that is like none of them gets a
    stage of its own, so that nothing is merged unseen. Any other value stays itself, or
    becomes the spelling that stands for it (`same`).
    """
    if stage:
        return _stage(value, same)
    if same is not None:
        return same
    if called:
        return _Proposed(called, KNOWN_VALUE, "PracticeHub calls it so")
    return _Proposed(value, OWN_VALUE, "stays what it is")


def _stage(value: str, same: _Proposed | None) -> _Proposed:
    if same is not None and same.told:
        return same
    words = shipped().stage_words
    key = value if value == EMPTY_VALUE else folded(value)
    if key in words:
        return _Proposed(words[key], KNOWN_VALUE, f"{value!r} is a word we know")
    near = process.extractOne(key, words.keys(), scorer=fuzz.ratio, score_cutoff=85)
    if near is not None:
        return _Proposed(words[near[0]], NEAR_VALUE, f"spelt almost like {near[0]!r}")
    own = same.target if same is not None and same.target else value
    reason = same.reason if same is not None else "not a word we know"
    sure = min(OWN_VALUE, same.confidence) if same is not None else OWN_VALUE
    return _Proposed(own[:1].upper() + own[1:], sure, f"{reason}: a stage of its own")
