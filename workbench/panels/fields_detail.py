"""What is known of one field, and how far the map is, as HTML; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from workbench.panels.desk import Counts, reasons, spoken, standing
from workbench.panels.fields_facts import SHORT_LIST, filled, format_words, looks_like
from workbench.staging import FieldProfile
from workbench.state import Decision


def heading(decision: Decision) -> str:
    """Give the field's name and the question."""
    field = spoken(decision.subject)
    return f"<h4>{escape(field)}: {escape(decision.question)}</h4>"


def detail(decision: Decision, profile: FieldProfile | None) -> str:
    """Say why a row is proposed, what the records hold, and where the question stands."""
    lines = [standing(decision), reasons(decision)]
    if decision.comment:
        lines.append(f"Comment: {decision.comment}")
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    if profile is None:
        return f"{said}<p>Nothing is known of what its records hold.</p>"
    terms = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>"
        for name, text in _facts(profile)
    )
    return f"{said}<dl class='wb-facts'>{terms}</dl>"


def _facts(profile: FieldProfile) -> Iterable[tuple[str, str]]:
    yield "Filled", f"{filled(profile)}: {profile.filled} of {profile.records} records"
    yield "Looks like", looks_like(profile)
    yield "Types seen", _counted(profile.types)
    yield "Distinct values", profile.distinct_told
    yield "Longest", "1 character" if profile.longest == 1 else f"{profile.longest:,} characters"
    if profile.formats:
        named = {format_words(name): count for name, count in profile.formats.items()}
        yield "Formats", _counted(named)
    if profile.remarks:
        yield "Remarks", "; ".join(f"it {words}" for words in profile.remarks)
    if profile.shapes:
        yield "Masked examples", _counted(profile.shapes)
    if profile.values:
        yield "Values", _counted(profile.values, most=SHORT_LIST)


def _counted(counts: Mapping[str, int], *, most: int = 6) -> str:
    """Write the most frequent of some things with how often they were met."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = f"; and {len(ordered) - most} more" if len(ordered) > most else ""
    return "; ".join(f"{name} ({count:,})" for name, count in ordered[:most]) + more


def progress(by_resource: Mapping[str, Counts]) -> str:
    """Draw how much is decided, over all and by resource: bars with their figures in words."""
    counted = by_resource.values()
    whole = Counts(
        sum(one.open for one in counted),
        sum(one.decided for one in counted),
        sum(one.proposed for one in counted),
    )
    bars = "".join(f"<li>{_bar(name, counts)}</li>" for name, counts in by_resource.items())
    return (
        f"<div class='wb-progress'>{_bar('All fields', whole)}"
        f"<ul aria-label='Progress by resource'>{bars}</ul></div>"
    )


def _bar(name: str, counts: Counts) -> str:
    said = f"{counts.decided} of {counts.total} decided"
    if not counts.open:
        said = f"✓ all {counts.total} decided"
    label = escape(f"{name}: {said}", quote=True)
    return (
        f"<span class='wb-bar'><span>{escape(name)}: {said}</span>"
        f"<progress aria-label='{label}' value='{counts.decided}' max='{max(1, counts.total)}'>"
        f"</progress></span>"
    )


def names(title: str, lines: Iterable[str]) -> str:
    """List what is about to be confirmed, each by name."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p><strong>{escape(title)}</strong></p><ol class='wb-names'>{items}</ol>"
