"""The panel over the plan of what Odoo will get: read it, then say who makes it."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets

from workbench.panels.desk import Brief, DecisionDesk, reasons, standing
from workbench.panels.frame import Frame, said, toolbar
from workbench.show import Table
from workbench.state import Decision, Store

SUBJECT = "schema"
APPLY, BY_HAND = "apply", "by hand"
SCHEMA = Brief(
    title="Schema",
    asks="May the workbench make in Odoo what this plan lists, or will a person make it by hand?",
    why="Fields, groups and screens appear for everybody who works in that Odoo.",
    follows="Agreeing makes nothing yet: the next cell does. What is there already is left as it "
    "is. By hand, that cell waits until all that is on the checklist is there and fits.",
)
LONGEST = 200
"""Lines shown at once; the filters find the others."""
_ANY = ""
_COLUMNS = ("kind", "in", "name", "stands", "")
_SIGNS = {"make": "○ to make", "exists": "✓ there already", "conflict": "⚠ in the way"}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One thing of a plan; `state` is make, exists or conflict."""

    kind: str
    model: str
    name: str
    state: str
    why: str = ""


def planned(store: Store) -> list[PlanLine]:
    """Give the plan as it was made last; nothing where there is none."""
    held = store.journey.document("schema_plan")
    items = held["items"] if isinstance(held, dict) else []
    names = ("kind", "model", "name", "state", "why")
    return [PlanLine(*(str(item[name]) for name in names)) for item in items]


def plan_table(lines: Sequence[PlanLine], *, title: str = "", most: int = LONGEST) -> Table:
    """Give a plan as a table: what is in the way first, then what is to be made."""
    order = ["conflict", "make", "exists"]
    sorted_ = sorted(lines, key=lambda line: order.index(line.state))
    more = len(lines) - most
    return Table(
        title or told(lines),
        _COLUMNS,
        [(one.kind, one.model, one.name, _SIGNS[one.state], one.why) for one in sorted_[:most]],
        note=f"and {more:,} more: narrow the list to see them" if more > 0 else "",
    )


def told(lines: Sequence[PlanLine]) -> str:
    """Count a plan: "31 to make, 8 there already, 0 in the way, 39 in all"."""
    counts = Counter(line.state for line in lines)
    named = ", ".join(f"{counts[state]:,} {sign[2:]}" for state, sign in _SIGNS.items())
    return f"{named}, {len(lines):,} in all"


def agreed(store: Store) -> str:
    """Say who agreed to what, when, and the hash of it."""
    decision = store.decisions.get(SUBJECT)
    return f"{standing(decision)}; {_hash(decision)}" if decision else "○ not asked yet"


class SchemaPanel(Frame):
    """Ask who makes the schema; holds nothing that is not in the run."""

    def __init__(self, desk: DecisionDesk, lines: Sequence[PlanLine]) -> None:
        self._lines = lines
        kinds = dict.fromkeys(line.kind for line in lines)
        self.kind = ipywidgets.Dropdown(
            description="Kind", options=[("all", _ANY), *((kind, kind) for kind in kinds)]
        )
        self.state = ipywidgets.Dropdown(
            description="Show",
            options=[("all", _ANY), *((sign[2:], state) for state, sign in _SIGNS.items())],
        )
        self.table = ipywidgets.HTML()
        self.standing = ipywidgets.HTML()
        self.apply = ipywidgets.Button(description="Agree: the workbench makes it")
        self.by_hand = ipywidgets.Button(description="By hand: a person makes it")
        super().__init__(
            desk,
            toolbar(self.kind, self.state),
            self.table,
            self.standing,
            toolbar(self.apply, self.by_hand),
        )
        self.add_class("wb-wide")
        for chooser in (self.kind, self.state):
            chooser.observe(lambda _: self.status.guard(self._draw), names=["value"])
        self.apply.on_click(lambda _: self._choose(APPLY))
        self.by_hand.on_click(lambda _: self._choose(BY_HAND))
        self._seen: Decision | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show the plan, and the question as it stands in the run now."""
        self.status.guard(self._draw)

    def _draw(self) -> None:
        shown = [
            one
            for one in self._lines
            if self.kind.value in {_ANY, one.kind} and self.state.value in {_ANY, one.state}
        ]
        table = plan_table(shown, title=f"{told(shown)}")
        self.table.value = f"<div class='wb-plan'>{table._repr_html_()}</div>"
        asked = self.desk.questions()
        self._seen = asked[0] if asked else None
        for button in (self.apply, self.by_hand):
            button.disabled = self._seen is None
        self.standing.value = _said(self._seen)

    def _choose(self, choice: str) -> None:
        def act() -> None:
            seen = self._seen
            assert seen is not None, "a button works with its question"  # noqa: S101 - disabled without
            try:
                self.desk.choose(seen, choice, by=self._named())
            finally:
                self._draw()
            self.status.say(f"Recorded: {choice}. Run the next cell.")

        self.status.guard(act)


def _said(decision: Decision | None) -> str:
    if decision is None:
        return said("Nothing is asked: run the plan step first.")
    lines = (decision.question, reasons(decision), standing(decision), _hash(decision))
    return f"<h4>{html.escape(lines[0])}</h4>" + "".join(map(said, lines[1:]))


def _hash(decision: Decision) -> str:
    return f"hash of what is agreed to: {decision.basis}"
