"""workflow_reference.html: how the clinic works, beside what in Odoo would do the same.

Workings are not moved, they are described: whoever rebuilds them reads what there is, on how
many records that rests, and which construct of which edition does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.reports.constructs import CONSTRUCTS, Construct, Edition
from workbench.reports.page import Page, Section, keep, render
from workbench.reports.workflow_facts import (
    HeldAutomations,
    HeldWorkings,
    held_automations,
    held_workings,
)
from workbench.reports.workflow_odoo import odoo_section
from workbench.reports.workflow_sections import describe
from workbench.reports.workflow_words import Described
from workbench.show import Table
from workbench.staging.workings_tally import ENOUGH
from workbench.state import Store

NAME = "workflow_reference.html"
PRIVACY = (
    "No patient is named in it, and nothing is quoted that was written about one. Values that "
    f"people typed stand in it only where at least {ENOUGH} patients have them; the clinic's own "
    "lists, practitioners, and what Odoo calls its rules and templates are shown as they are."
)
_LEAD = (
    "Workings are not moved: they are rebuilt in Odoo, from this page. Each section says what the "
    "clinic does today, on how many records that rests, and what in Odoo would do it."
)
_NOT_READ = "Nothing is told of the clinic yet: its records are counted in the extract phase."
_UNKNOWN = "not asked yet"


@dataclass(frozen=True, slots=True)
class Working(Section):
    """A section with an anchor, the evidence it rests on, and Odoo's constructs beside it."""

    anchor: str = ""
    evidence: str = ""
    constructs: tuple[tuple[Construct, str], ...] = ()


def write_workflow(store: Store, folder: Path) -> Path:
    """Write workflow_reference.html from what the run holds; either half may still be missing."""
    return keep(
        store, folder, NAME,
        render(workflow_page(held_workings(store), held_automations(store),
                             run=folder.name, head=store.ledger.head()),
               template="workflow.html.j2"),
    )  # fmt: skip


def workflow_glance(store: Store, *, note: str = "") -> Table:
    """Give the page in a few lines: each working, and what was found of it."""
    held = held_workings(store)
    rows = [(one.title, one.found, one.evidence) for one in describe(held)] if held else []
    return Table("How the clinic works", ("working", "found", "read from"), rows, note)


def workflow_page(
    held: HeldWorkings | None, odoo: HeldAutomations | None, *, run: str, head: str
) -> Page:
    """Put the page together as data."""
    told = list(describe(held)) if held else []
    sections = [_working(one, odoo) for one in told]
    lead = _LEAD if told else f"{_LEAD} {_NOT_READ}"
    return Page(
        "How the clinic works, and what in Odoo would do it", lead, run, head,
        facts=_facts(held, odoo),
        sections=[
            *([Working("At a glance", tables=[_glance(told, odoo)], anchor="glance")]
              if told else []),
            *sections,
            _anchored(odoo_section(odoo), "odoo"),
        ],
        privacy=PRIVACY,
    )  # fmt: skip


def _facts(held: HeldWorkings | None, odoo: HeldAutomations | None) -> list[tuple[str, object]]:
    edition = _UNKNOWN
    if odoo is not None:
        edition = "Enterprise" if odoo.enterprise else "Community, or one it does not name"
    facts: list[tuple[str, object]] = [("edition of Odoo", edition)]
    if held is not None:
        facts.append(("times are in", held.decided.zone))
        facts.append(("visits become", held.decided.visits_become))
    return facts


def _working(one: Described, odoo: HeldAutomations | None) -> Working:
    return Working(
        one.title, one.words, one.figures, one.tables, anchor=one.anchor, evidence=one.evidence,
        constructs=tuple((construct, _standing(construct, odoo))
                         for construct in CONSTRUCTS[one.anchor]),
    )  # fmt: skip


def _anchored(section: Section, anchor: str) -> Working:
    return Working(section.title, section.words, section.figures, section.tables, anchor=anchor)


def _standing(construct: Construct, odoo: HeldAutomations | None) -> str:
    """Say how a construct's module stands in the database."""
    return _UNKNOWN if odoo is None else odoo.modules.get(construct.module, _UNKNOWN)


def _glance(told: list[Described], odoo: HeldAutomations | None) -> Table:
    rows = [
        (one.title, one.found, _named(one.anchor, Edition.COMMUNITY, odoo),
         _named(one.anchor, Edition.ENTERPRISE, odoo))
        for one in told
    ]  # fmt: skip
    return Table(
        "What there is to rebuild",
        ("working", "found", "in Odoo Community", "in Odoo Enterprise besides"),
        rows,
        "" if odoo is None else "A tick stands before what is installed in this database.",
    )


def _named(anchor: str, edition: Edition, odoo: HeldAutomations | None) -> str:
    named = []
    for one in CONSTRUCTS[anchor]:
        if one.edition is edition:
            tick = "✓\u00a0" if _standing(one, odoo) == "installed" else ""
            named.append(f"{tick}{one.name}")
    return "; ".join(named) or "–"
