"""Which known field each source field is: by its name, held against what its values look like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from workbench.mapping import wording
from workbench.mapping.faults import ALTERNATIVES
from workbench.mapping.looks import fitting, looks_right, lower_case
from workbench.mapping.templates import ARCHIVE, Entry, Template
from workbench.mapping.transforms import TRANSFORMS
from workbench.staging.profile import FieldProfile

EXACT, TOLD, SYNONYM, NEAR, MAYBE = 0.98, 0.94, 0.9, 0.75, 0.7
"""A name we know; another word, and all values agree; another word; a misspelt one; an
ambiguous one."""
ELSEWHERE = 0.8
"""A name we know that means something else in other systems, and this may be one of those."""
MOST_OFFERED = 0.75
DOUBT = 0.5
"""At most half of a confidence is left where the values do not look like what the name says."""
SPOKEN_FIELDS, SPOKEN_SHARE = 5, 0.8
"""A resource speaks our vocabulary if so many of its fields, and such a share, have its names."""
CLEARLY = 0.95
SHORTEST_TYPO, LONG_WORD = 5, 9
LONGEST_HOUSE_NUMBER, LONGEST_REFERENCE = 10, 40

AMBIGUOUS = frozenset(
    ("name", "title", "state", "type", "number", "status", "reference", "contact", "date",
     "address", "note", "size", "start", "end", "duration")
)  # fmt: skip
"""Names that mean different things at different places."""
_TELLING = frozenset(("res.partner.email", "res.partner.x_date_of_birth"))
"""Targets of which the name in any language, together with the values, leaves no doubt."""
_ADDRESS = frozenset(
    f"res.partner.{name}" for name in ("street", "street2", "city", "zip", "state_id", "country_id")
)
_OWNERS = {"patients": "patient", "appointments": "appointment"}


class _Name(NamedTuple):
    """A name of an entry: whether it means that everywhere, and how usual it is (0 the most)."""

    entry: Entry
    name: str
    sure: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Match:
    """A known field that a source field may be, how surely, and why.

    `rank`: where the name stands among those of the entry, the most usual first.
    """

    entry: Entry
    confidence: float
    reasons: tuple[str, ...]
    rank: int = 0


class Matcher:
    """Compares field names with a template's; made once for each resource."""

    def __init__(self, template: Template, *, spoken: bool) -> None:
        """Index the template's names.

        Args:
            template: what is known of the resource.
            spoken: the resource's fields mostly have the very names we know.
        """
        self._template = template
        self._spoken = spoken
        self._owner = _OWNERS.get(template.resource, "")
        self._keys: defaultdict[wording.Key, list[_Name]] = defaultdict(list)
        self._joined: defaultdict[str, list[_Name]] = defaultdict(list)
        self._spelt: defaultdict[str, list[_Name]] = defaultdict(list)
        for entry in template.entries:
            named = (*(path for path in entry.paths if "[]" not in path), *entry.names)
            for rank, name in enumerate((*named, *entry.maybe)):
                said = wording.words(name)
                known = _Name(entry, name, rank < len(named), rank)
                self._keys[wording.key(said)].append(known)
                self._joined["".join(said)].append(known)
                if known.sure:
                    self._spelt[" ".join(said)].append(known)
        for word in wording.lexicon().same:
            self._spelt[word] += [
                one for one in self._keys.get(wording.key((word,)), ()) if one.sure
            ]
        self._words = {word for name in self._spelt for word in name.split()}

    def matches(self, profile: FieldProfile) -> list[Match]:
        """Give what a field may be, each judged by the values; best first."""
        found: dict[int, Match] = {}
        for entry, confidence, reason, rank in self._named(profile):
            match = replace(_judge(profile, entry, confidence, reason), rank=rank)
            # a name whose values look like something else is not that thing
            kept = found.get(id(entry))
            better = kept is None or (kept.confidence, -kept.rank) < (match.confidence, -rank)
            if match.confidence > DOUBT and better:
                found[id(entry)] = match
        return sorted(found.values(), key=lambda match: -match.confidence)

    def _named(self, profile: FieldProfile) -> Iterator[tuple[Entry, float, str, int]]:
        for entry in self._template.entries:
            if profile.path in entry.paths:
                yield entry, *self._exactly(profile.path), 0
        if not profile.filled:
            return
        last = profile.path.removeprefix("custom_fields.")
        for (entry, name, sure, rank), confidence in self._alike(profile.path):
            if profile.path in entry.paths or entry.transform == "identifier":
                continue
            if confidence == NEAR:
                yield entry, NEAR, f"{last} is spelt almost like {name}", rank
            elif sure:
                yield entry, SYNONYM, f"{last} is another word for {entry.shown}", rank
            else:
                yield entry, MAYBE, f"{last} often means {entry.shown}, though not everywhere", rank

    def _exactly(self, path: str) -> tuple[float, str]:
        if self._owner and not self._spoken and path in AMBIGUOUS:
            return ELSEWHERE, f"{path} is a name we know, and means other things elsewhere"
        return EXACT, f"{path} is a name we know"

    def _alike(self, path: str) -> Iterator[tuple[_Name, float]]:
        """Give the names that say, or almost spell, the same as a path."""
        if "[]" in path:
            known = [
                _Name(entry, name, sure=True, rank=0) for entry in self._template.entries
                for name in entry.names if name == path
            ]  # fmt: skip
            yield from ((one, SYNONYM) for one in known)
            return
        seen = False
        for key in wording.keys_of(path, owner=self._owner):
            for known_name in self._keys.get(key, ()):
                if _may_stand(path, known_name.entry):
                    seen = True
                    yield known_name, SYNONYM
        joined = "".join(wording.words(path.removeprefix("custom_fields.")))
        for known_name in self._joined.get(joined, ()):
            seen = True
            yield known_name, SYNONYM
        if not seen:
            yield from ((one, NEAR) for one in self._misspelt(path))

    def _misspelt(self, path: str) -> Iterator[_Name]:
        said = wording.words(path.removeprefix("custom_fields."))
        if not said:
            return
        for name, _, _ in process.extract(
            " ".join(said), self._spelt.keys(), scorer=OSA.distance, score_cutoff=2, limit=3
        ):
            if _typo(said, tuple(name.split()), known=self._words):
                yield from self._spelt[name]


def _may_stand(path: str, entry: Entry) -> bool:
    """Whether a field of this object can be that: an address has no e-mail, a contact no name."""
    steps = path.removeprefix("custom_fields.").split(".")[:-1]
    heads = [word for head in steps for word in wording.key(wording.words(head))]
    if wording.of_name(steps):
        return entry.target.endswith(".name")
    if "address" in heads:
        return entry.target in _ADDRESS
    return "contact" not in heads or entry.target != "res.partner.name"


def _typo(said: tuple[str, ...], name: tuple[str, ...], *, known: Collection[str]) -> bool:
    """Whether words differ by slips of the hand: short words, numbers and first letters agree.

    A word that is known is no slip for another: a county's name is no country's.
    """
    return len(said) == len(name) and all(
        mine == theirs
        or (
            min(len(mine), len(theirs)) >= SHORTEST_TYPO
            and mine[0] == theirs[0]
            and mine not in known
            and not mine.isdigit()
            and OSA.distance(mine, theirs) <= (2 if len(theirs) >= LONG_WORD else 1)
        )
        for mine, theirs in zip(said, name, strict=True)
    )


def _judge(profile: FieldProfile, entry: Entry, confidence: float, reason: str) -> Match:
    if entry.offered:
        confidence = min(confidence, MOST_OFFERED)
    if not profile.filled:
        return Match(entry, confidence, (reason,))
    share = fitting(profile, entry)
    if share is None:
        return Match(entry, confidence, (reason,))
    words = f"{share:.0%} of the values look like it"
    if not looks_right(share):
        return Match(entry, confidence * DOUBT, (reason, words))
    if not _likely(profile, entry, confidence):
        return Match(entry, confidence * DOUBT, (reason,))
    if not entry.looks_like:
        return Match(entry, confidence, (reason,))
    if share >= CLEARLY and confidence == SYNONYM and entry.target in _TELLING:
        confidence = TOLD
    return Match(entry, confidence, (reason, words))


def _likely(profile: FieldProfile, entry: Entry, confidence: float) -> bool:
    """Whether values could be the thing as far as length and letters tell."""
    name = entry.target.rpartition(".")[2]
    if name == "state_id":
        return not lower_case(profile)
    if entry.transform == "street":
        return profile.longest <= LONGEST_HOUSE_NUMBER
    if name == "ref":
        numbers = confidence == MAYBE and profile.share("phone") > DOUBT
        return profile.longest <= LONGEST_REFERENCE and not numbers
    return True


def speaks(fields: Iterable[FieldProfile], template: Template) -> bool:
    """Whether the fields of a resource mostly have the very names the template knows."""
    known = {path for entry in template.entries for path in entry.paths}
    own = [one.path for one in fields if not one.path.startswith("custom_fields.")]
    count = sum(path in known for path in own)
    return count >= SPOKEN_FIELDS and count >= SPOKEN_SHARE * len(own)


def assign(fields: list[FieldProfile], template: Template) -> dict[str, Match]:
    """Give each known entry to the field that fits it best; nothing is given twice.

    Returns:
        Path → match, for the fields that are known. The matches of one target can stand
        together: they are parts of one combination, or two spellings of one thing.
    """
    matcher = Matcher(template, spoken=speaks(fields, template))
    found = {profile.path: matcher.matches(profile) for profile in fields}
    offers = [
        (not profile.filled, -match.confidence, match.rank, profile.path, match)
        for profile in fields
        for match in _sensible(profile.path, found)
    ]
    given: dict[str, Match] = {}
    for _, _, _, path, match in sorted(offers, key=lambda offer: offer[:4]):
        if path not in given and _free(match.entry, given.values()):
            given[path] = match
    return dict(_streets(given))


def _sensible(path: str, found: MappingOf[str, list[Match]]) -> list[Match]:
    """Leave out what the other fields make needless.

    An address is taken apart only where its parts have no fields of their own; the minutes of
    a visit give its end only where no field tells it.
    """
    others = [
        match.entry for other, matches in found.items() if other != path for match in matches[:1]
    ]
    parted = any(
        entry.target in _ADDRESS - {"res.partner.street"} and entry.transform != "address"
        for entry in others
    )
    ended = any(entry.part == "end" for entry in others)
    mine = found[path]
    whole = any(match.entry.transform == "address" for match in mine)
    return [
        match for match in mine
        if not (match.entry.transform == "address" and parted)
        and not (match.entry.part == "minutes" and ended)
        and not (whole and not parted and match.entry.transform == "text")
    ]  # fmt: skip


def _free(entry: Entry, given: Iterable[Match]) -> bool:
    """Whether nothing else feeds the entry's targets, but for what it may be joined with."""
    targets = {entry.target, *entry.also}
    for other in (match.entry for match in given):
        if (other.target, other.part) == (entry.target, entry.part):
            return False
        if entry.target in {ARCHIVE, "mail.message.body"}:
            continue
        if targets & {other.target, *other.also} and not _together(entry, other):
            return False
    return True


def _together(one: Entry, other: Entry) -> bool:
    ways = {one.transform, other.transform}
    if len(ways) == 1:
        return TRANSFORMS[one.transform].combines and one.part != other.part
    return ways in ALTERNATIVES or ways == {"text", "street"}


def _streets(given: MappingOf[str, Match]) -> Iterator[tuple[str, Match]]:
    """Join a street with its house number; a number without a street is no part of one."""
    numbered = any(match.entry.transform == "street" for match in given.values())
    streets = {p for p, m in given.items() if m.entry.target.endswith("res.partner.street")}
    named = any(given[path].entry.transform == "text" for path in streets)
    for path, match in given.items():
        joins = path in streets and numbered
        if joins and match.entry.transform == "text":
            entry = replace(match.entry, disposition="combined", transform="street", part="street")
            yield path, replace(match, entry=entry)
        elif not joins or (match.entry.transform == "street" and named):
            yield path, match
