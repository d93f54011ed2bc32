"""The picture of the map: how many fields flow from each resource to what in Odoo."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from workbench.mapping import AppointmentsTo, Disposition, Mapping, MapRow
from workbench.reports.charts import Figure

NOTE, ARCHIVE, LEFT = "Note on the contact", "Run folder, not in Odoo", "Left behind"
_CALLED = {
    "res.partner": "Contact",
    "crm.lead": "Opportunity",
    "calendar.event": "Calendar event",
    "mail.message": NOTE,
    "ir.attachment": "File on the contact",
    "archive": ARCHIVE,
}
_LAST = (NOTE, ARCHIVE, LEFT)
"""Notes, and what Odoo does not get, stand below everything else."""

_WIDTH, _BOX, _TOP, _GAP = 760, 210, 34, 12
_LEAST, _ALL = 34.0, 420.0
_LONGEST = 26
_READABLE = 11.0
"""A thinner band has no room for its number; the table beside the picture has them all."""
_LOOK = {
    # told apart in black and white too: full, open, and dashed
    "becomes": 'fill="#0072b2" fill-opacity=".38" stroke="#1a1a1a" stroke-width=".7"',
    "stays readable": 'fill="#ffffff" fill-opacity=".6" stroke="#1a1a1a" stroke-width=".9"',
    "is left": 'fill="none" stroke="#1a1a1a" stroke-width="1" stroke-dasharray="5 3"',
}


@dataclass(frozen=True, slots=True)
class Stream:
    """So many fields of a resource that go one way.

    `how` is "becomes" (a part of a field in Odoo), "stays readable" or "is left".
    """

    source: str
    target: str
    how: str
    count: int


@dataclass(slots=True)
class _Box:
    name: str
    count: int
    x: float
    y: float
    height: float
    used: float = 0.0

    def part(self, count: int) -> tuple[float, float]:
        """Give the upper and lower end of the next part, for so many of its fields."""
        begin = self.y + self.used
        self.used += self.height * count / self.count
        return begin, self.y + self.used


def goes_to(row: MapRow, mapping: Mapping) -> str:
    """Say in a clinic's words what a field becomes a part of."""
    if row.disposition is Disposition.DROPPED:
        return LEFT
    model = row.model or row.target
    if model == "crm.lead" and mapping.appointments_to is AppointmentsTo.BOTH:
        return "Opportunity and event"
    return _CALLED.get(model, model or ARCHIVE)


def streams(mapping: Mapping) -> list[Stream]:
    """Count fields by resource and by what they become; resources with most fields first."""
    found = Counter((row.resource, goes_to(row, mapping), _how(row)) for row in mapping.rows)
    counted = [Stream(*key, count) for key, count in found.items()]
    sources, targets = _sums(counted)
    return sorted(
        counted,
        key=lambda one: (-sources[one.source], one.source, *_place(one.target, targets), one.how),
    )


def map_flow(mapping: Mapping) -> Figure:
    """Draw the fields of each resource as bands to what they become in Odoo, with counts.

    Full bands become a part of a field, open ones stay readable, dashed ones are left behind.
    """
    found = streams(mapping)
    how = Counter(_how(row) for row in mapping.rows)
    title = (
        f"{len(mapping.rows):,} source fields: {how['becomes']:,} become a part of a field in "
        f"Odoo, {how['stays readable']:,} stay readable, {how['is left']:,} are left behind"
    )
    words = "; ".join(f"{one.source} to {one.target}: {one.count:,} ({one.how})" for one in found)
    return Figure(title, words, _svg(title, words, found))


def _how(row: MapRow) -> str:
    if row.disposition is Disposition.DROPPED:
        return "is left"
    kept = row.disposition is Disposition.KEPT or row.target == "archive"
    return "stays readable" if kept else "becomes"


def _sums(found: Sequence[Stream]) -> tuple[Counter[str], Counter[str]]:
    sources: Counter[str] = Counter()
    targets: Counter[str] = Counter()
    for one in found:
        sources[one.source] += one.count
        targets[one.target] += one.count
    return sources, targets


def _place(target: str, counts: MappingOf[str, int]) -> tuple[int, int, str]:
    return (_LAST.index(target) + 1 if target in _LAST else 0, -counts[target], target)


def _svg(title: str, words: str, found: Sequence[Stream]) -> str:
    sources, targets = _sums(found)
    left = _boxes({one.source: sources[one.source] for one in found}, 0)
    right = _boxes(
        {name: targets[name] for name in sorted(targets, key=lambda one: _place(one, targets))},
        _WIDTH - _BOX,
    )
    height = max((box.y + box.height for box in (*left.values(), *right.values())), default=_TOP)
    # parts are given in the order of the boxes on the other side, so bands cross little
    bands = "".join(
        _band(left[one.source].part(one.count), right[one.target].part(one.count), one)
        for one in found
    )
    drawn = "".join(_drawn(box) for box in (*left.values(), *right.values()))
    mark = f"m{hashlib.sha256(f'{title}{words}'.encode()).hexdigest()[:8]}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height + 8:.0f}" role="img" xmlns="http://www.w3.org/2000/svg"'
        f' aria-labelledby="{mark}-title {mark}-words" style="width:100%;height:auto"'
        ' font-family="DejaVu Sans, Verdana, sans-serif" font-size="13" fill="#1a1a1a">'
        f'<title id="{mark}-title">{escape(title)}</title>'
        f'<desc id="{mark}-words">{escape(words)}</desc>'
        f'<text x="0" y="16" font-weight="bold">PracticeHub</text>'
        f'<text x="{_WIDTH - _BOX}" y="16" font-weight="bold">Odoo</text>'
        f"{bands}{drawn}</svg>"
    )


def _boxes(counts: MappingOf[str, int], x: float) -> dict[str, _Box]:
    total = sum(counts.values()) or 1
    boxes: dict[str, _Box] = {}
    y = float(_TOP)
    for name, count in counts.items():
        height = max(_LEAST, _ALL * count / total)
        boxes[name] = _Box(name, count, x, y, height)
        y += height + _GAP
    return boxes


def _band(begin: tuple[float, float], end: tuple[float, float], one: Stream) -> str:
    (a, b), (c, d) = begin, end
    x, far, middle = _BOX, _WIDTH - _BOX, _WIDTH / 2
    return (
        f'<path d="M{x} {a:.1f} C{middle} {a:.1f} {middle} {c:.1f} {far} {c:.1f} L{far} {d:.1f} '
        f'C{middle} {d:.1f} {middle} {b:.1f} {x} {b:.1f} Z" {_LOOK[one.how]}/>'
        + (
            f'<text x="{x + 8}" y="{(a + b) / 2 + 4:.1f}" font-size="11">{one.count:,}</text>'
            if b - a >= _READABLE
            else ""
        )
    )


def _drawn(box: _Box) -> str:
    name = box.name if len(box.name) <= _LONGEST else f"{box.name[: _LONGEST - 1]}…"
    middle = box.y + box.height / 2
    fields = "field" if box.count == 1 else "fields"
    return (
        f'<rect x="{box.x + 0.5:.1f}" y="{box.y:.1f}" width="{_BOX - 1}" height="{box.height:.1f}" '
        'rx="4" fill="#ffffff" stroke="#1a1a1a"/>'
        f'<text x="{box.x + 10:.1f}" y="{middle - 2:.1f}">{escape(name)}</text>'
        f'<text x="{box.x + 10:.1f}" y="{middle + 13:.1f}" font-size="11">'
        f"{box.count:,} {fields}</text>"
    )
