"""Pictures of the run: one look, counts only, each with a text that says the same.

Drawn as SVG without a window system, and deterministic: the same numbers give the same
bytes, so that a report's hash changes only when what it says does.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator

from workbench.proof.balance import Balance, Terms
from workbench.state import FieldRow, Verdict

_LOOK: dict[Any, Any] = {
    "svg.hashsalt": "workbench", "svg.fonttype": "path", "font.family": "DejaVu Sans",
    "font.size": 9, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
    "axes.edgecolor": "#666666", "ytick.left": False, "hatch.linewidth": 0.6,
    "figure.facecolor": "#ffffff", "text.color": "#1a1a1a", "axes.labelcolor": "#1a1a1a",
    "xtick.color": "#1a1a1a", "ytick.color": "#1a1a1a",
}  # fmt: skip

# told apart by people who see few colours, and by hatching where colours are not seen at all
_FATES = {
    "created": ("#0072b2", ""), "updated": ("#56b4e9", ""), "merged": ("#009e73", "--"),
    "excluded": ("#e69f00", "//"), "rejected": ("#cc79a7", "\\\\"), "unresolved": ("#d55e00", "xx"),
}  # fmt: skip
_MATCHES = {
    "equal": ("#0072b2", ""), "tolerated": ("#e69f00", "//"), "different": ("#d55e00", "xx"),
}  # fmt: skip
_SERIES = (("#0072b2", ""), ("#e69f00", "//"), ("#d55e00", "xx"), ("#56b4e9", ".."),
           ("#009e73", "--"), ("#cc79a7", "\\\\"), ("#c8d8e4", ""))  # fmt: skip
_PLAIN = "#0072b2"
_PALE = "#c8d8e4"
_WIDTH = 8.0
_ROW = 0.3
_MOST_GROUPS = 3
"""Bars that stand side by side and can be told apart."""
_TALLEST = 60
"""Rows in one picture; a longer list is a table's business."""
_THINNEST = 0.8
"""Per cent of a bar that a part takes at least: what is there can be seen, its count stands by."""


@dataclass(frozen=True, slots=True, repr=False)
class Figure:
    """A picture that draws itself in a notebook and in a report.

    `title` states the finding, `words` say all that the picture shows.
    """

    title: str
    words: str
    svg: str

    def text(self) -> str:
        """Give the picture in words."""
        return f"{self.title}. {self.words}" if self.words else f"{self.title}."

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        label = escape(self.text(), quote=True)
        return f'<div role="img" aria-label="{label}" style="max-width:50em">{self.svg}</div>'


def flow(balance: Balance) -> Figure:
    """Draw what became of every record, resource by resource, as shares with their counts."""
    terms = [*balance.resources]
    if balance.files.distinct:
        terms.append(balance.files)
    total = sum(one.distinct for one in balance.resources)
    if balance.closes:
        title = f"All {total:,} records and {balance.files.distinct:,} files have one fate each"
    else:
        title = f"{balance.unresolved:,} records or files have no fate yet"
    parts = [{name: max(0, getattr(one, name)) for name in _FATES} for one in terms]
    names = [_named(one, balance) for one in terms]
    return _shares(title, names, parts, _FATES, unit="share of distinct records")


def _named(one: Terms, balance: Balance) -> str:
    return "files (bytes)" if one is balance.files else one.name


def verdicts(rows: Sequence[Verdict]) -> Figure:
    """Draw how the fields compare: equal, tolerated by a named rule, different."""
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        one = counts.setdefault(f"{row.model}.{row.field}", dict.fromkeys(_MATCHES, 0))
        one[row.verdict] += row.count
    cells = sum(sum(one.values()) for one in counts.values())
    wrong = sum(one["different"] for one in counts.values())
    title = f"{wrong:,} of {cells:,} cells differ" if wrong else f"{cells:,} cells, none differs"
    # what needs a look comes first where not all fit
    ordered = sorted(counts, key=lambda name: (-counts[name]["different"],
                                               -counts[name]["tolerated"], name))  # fmt: skip
    return _shares(title, ordered, [counts[name] for name in ordered], _MATCHES,
                   unit="share of cells")  # fmt: skip


def fill(fields: Iterable[FieldRow]) -> Figure:
    """Draw how many records have something in each source field."""
    rates = []
    for row in fields:
        records, filled = row.profile.get("records"), row.profile.get("filled")
        if isinstance(records, int) and isinstance(filled, int) and records:
            rates.append((row.path, filled, records))
    empty = sum(1 for _path, filled, _records in rates if not filled)
    title = f"{len(rates)} source fields, {empty} of them empty everywhere"
    rates.sort(key=lambda rate: (-rate[1] / rate[2], rate[0]))
    parts = [{"filled": filled, "empty": records - filled} for _p, filled, records in rates]
    colours = {"filled": (_PLAIN, ""), "empty": (_PALE, "")}
    return _shares(title, [path for path, *_ in rates], parts, colours, unit="share of records")


def issues(counts: Sequence[tuple[str, str, str, int]]) -> Figure:
    """Draw how often each kind of issue was met (kind, resource, field, how often)."""
    kinds: dict[str, int] = {}
    for kind, _resource, _field, count in counts:
        kinds[kind] = kinds.get(kind, 0) + count
    ordered = sorted(kinds, key=lambda kind: (-kinds[kind], kind))
    total = sum(kinds.values())
    title = f"Issues met: {total:,}, kinds: {len(kinds)}" if kinds else "No issues"
    return _bars(title, [kind.replace("_", " ") for kind in ordered],
                 {"issues": [kinds[kind] for kind in ordered]}, unit="records")  # fmt: skip


def volumes(balance: Balance) -> Figure:
    """Draw what PracticeHub reports, the rows it sent and the records they are."""
    resources = balance.resources
    repeated = sum(one.rows - one.distinct for one in resources if one.rows > one.distinct)
    title = f"{sum(one.rows for one in resources):,} rows read, {repeated:,} of them repeated"
    return _bars(
        title,
        [one.name for one in resources],
        {
            "reported": [one.reported or 0 for one in resources],
            "rows": [one.rows for one in resources],
            "distinct": [one.distinct for one in resources],
        },
        unit="records",
    )


def endings(types: Sequence[tuple[str, Mapping[str, int]]]) -> Figure:
    """Draw how visits end, type by type, as shares with their counts."""
    totals: dict[str, int] = {}
    for _name, statuses in types:
        for status, count in statuses.items():
            totals[status] = totals.get(status, 0) + count
    ordered = sorted(totals, key=lambda status: (-totals[status], status))
    shown = ordered[: len(_SERIES) - 1] if len(ordered) > len(_SERIES) else ordered
    parts = [{status: statuses.get(status, 0) for status in shown} for _name, statuses in types]
    if len(shown) < len(ordered):
        for part, (_name, statuses) in zip(parts, types, strict=True):
            part["all others"] = sum(statuses.values()) - sum(part.values())
    names = [*shown, "all others"] if len(shown) < len(ordered) else shown
    colours = dict(zip(names, _SERIES, strict=False))
    title = f"How {sum(totals.values()):,} visits ended, by type"
    return _shares(title, [name for name, _ in types], parts, colours, unit="share of visits")


def ahead(kinds: Mapping[str, Mapping[str, int]], buckets: Sequence[str]) -> Figure:
    """Draw how long before a visit messages go out, kind by kind: the first three, at least one."""
    shown = dict(list(kinds.items())[:_MOST_GROUPS])
    sent = sum(sum(counts.values()) for counts in shown.values())
    met = [name for name in buckets if any(counts.get(name) for counts in shown.values())]
    title = f"When {sent:,} messages went out before a visit"
    return _bars(title, met, {kind: [counts.get(name, 0) for name in met]
                              for kind, counts in shown.items()}, unit="messages")  # fmt: skip


# drawing ---------------------------------------------------------------------------------


def _shares(
    title: str,
    names: Sequence[str],
    parts: Sequence[Mapping[str, int]],
    colours: Mapping[str, tuple[str, str]],
    *,
    unit: str,
) -> Figure:
    """Draw a bar a name, as long as its whole, split into parts; counts stand beside it."""
    words = "; ".join(f"{name}: {_counts(part)}" for name, part in zip(names, parts, strict=True))
    shown, kept = names[:_TALLEST], parts[:_TALLEST]
    with mpl.rc_context(_LOOK):
        canvas, axes = _canvas(len(shown), legend=True)
        left = [0.0] * len(shown)
        for part, (colour, hatch) in colours.items():
            widths = [_share(one, part) for one in kept]
            if any(widths):
                axes.barh(range(len(shown)), widths, left=left, height=0.7, color=colour,
                          hatch=hatch, edgecolor="#ffffff", linewidth=0.4, label=part)  # fmt: skip
            left = [begin + width for begin, width in zip(left, widths, strict=True)]
        for place, one in enumerate(kept):
            axes.text(101, place, _counts(one), va="center", fontsize=7.5)
        axes.set_xlim(0, 100)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _at: f"{value:.0f} %"))
        return _finished(canvas, axes, title=title, names=shown, unit=unit, words=words)


def _share(parts: Mapping[str, int], part: str) -> float:
    """Give a part of a whole in per cent; three of a million can still be seen."""
    total = sum(parts.values())
    if not total or not parts[part]:
        return 0.0
    seen = {name: max(100 * count / total, _THINNEST) for name, count in parts.items() if count}
    return 100 * seen[part] / sum(seen.values())


def _bars(
    title: str, names: Sequence[str], series: Mapping[str, Sequence[int]], *, unit: str
) -> Figure:
    """Draw a group of bars a name, one for each series, with their counts."""
    words = "; ".join(
        f"{name}: {_counts({part: counts[place] for part, counts in series.items()}, every=True)}"
        for place, name in enumerate(names)
    )
    shown = names[:_TALLEST]
    colours = [_PLAIN, "#e69f00", "#009e73"]
    with mpl.rc_context(_LOOK):
        canvas, axes = _canvas(len(shown) * (1 + len(series)) / 2, legend=len(series) > 1)
        height = 0.8 / len(series)
        for number, (part, counts) in enumerate(series.items()):
            places = [place - 0.4 + height * (number + 0.5) for place in range(len(shown))]
            axes.barh(places, counts[:_TALLEST], height=height, color=colours[number], label=part)
            for place, count in zip(places, counts[:_TALLEST], strict=True):
                axes.text(count, place, f" {count:,}", va="center", fontsize=7)
        axes.margins(x=0.12)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _at: f"{value:,.0f}"))
        return _finished(canvas, axes, title=title, names=shown, unit=unit, words=words)


def _canvas(rows: float, *, legend: bool) -> tuple[Canvas, Axes]:
    height = 1.0 + _ROW * max(1.0, rows) + (0.35 if legend else 0)
    canvas = Canvas(figsize=(_WIDTH, height))
    FigureCanvasSVG(canvas)
    return canvas, canvas.add_subplot()


def _finished(
    canvas: Canvas, axes: Axes, *, title: str, names: Sequence[str], unit: str, words: str
) -> Figure:
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.4 if names else 0.6, -0.6)  # the first name stands on top
    axes.set_xlabel(unit)
    axes.set_title(title, x=0)
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1:
        below = -0.5 / (0.77 * canvas.get_figheight())  # half an inch under the axis
        axes.legend(handles, labels, ncols=len(labels), frameon=False, loc="upper left",
                    bbox_to_anchor=(0, below), fontsize=8)  # fmt: skip
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    canvas.savefig(out, format="svg", bbox_inches="tight", metadata=nothing)
    return Figure(title, words, _inline(out.getvalue()))


def _inline(svg: str) -> str:
    """Make a whole SVG file fit to stand in a page beside others: no head, ids of its own."""
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    mark = f"f{hashlib.sha256(body.encode()).hexdigest()[:8]}-"
    body = re.sub(r'\bid="', f'id="{mark}', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{mark}", body)
    head, rest = body.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    return f'{head} aria-hidden="true" style="width:100%;height:auto">{rest}'.strip()


def _counts(part: Mapping[str, int], *, every: bool = False) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in part.items() if count or every) or "0"
